"""A module as it would be if its source were another, without a file being changed."""

import ast
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parents[1]


def source_of(module: str) -> str:
    """The source of a module of ours."""
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_text(encoding="utf-8")


def run_as(module: str, tree: ast.Module) -> None:
    """What happens at its import, were this its source. The module that is imported stays as it is."""
    exec(compile(tree, f"<{module}>", "exec"), {"__name__": module})  # noqa: S102 - our own source


def table(tree: ast.Module, name: str) -> ast.expr:
    """The literal that a table of this name is made of."""
    for node in tree.body:
        named = node.target if isinstance(node, ast.AnnAssign) else node.targets[0] if isinstance(node, ast.Assign) else None
        if isinstance(named, ast.Name) and named.id == name:
            assert isinstance(node, ast.AnnAssign | ast.Assign)
            assert node.value is not None
            return next(one for one in ast.walk(node.value) if isinstance(one, ast.Dict | ast.Set | ast.Tuple))
    raise LookupError(name)


def edited(module: str, name: str, change: Callable[[ast.expr], str]) -> tuple[ast.Module, str]:
    """The source of a module with one table changed, and what `change` says of it."""
    tree = ast.parse(source_of(module))
    said = change(table(tree, name))
    return ast.fix_missing_locations(tree), said


def without_one(literal: ast.expr) -> str:
    """Takes the last entry out of a table; which it was."""
    if isinstance(literal, ast.Dict):
        key = literal.keys.pop()
        literal.values.pop()
    else:
        assert isinstance(literal, ast.Set | ast.Tuple)
        key = literal.elts.pop()
    assert key is not None
    return key.value if isinstance(key, ast.Constant) else ast.unparse(key)


def with_one_more(word: str) -> Callable[[ast.expr], str]:
    """Puts a word more into a set of them."""

    def change(literal: ast.expr) -> str:
        assert isinstance(literal, ast.Set)
        literal.elts.append(ast.Constant(word))
        return word

    return change
