"""docs/keys.md: its commands do what it says, and it names every file that they leave."""

import re
import shlex
import stat
from pathlib import Path

import pytest

from domain.signing.canonical import digest
from domain.signing.keys import key_id
from process import keyfile
from process.configuration import directory_in
from tests.command import vigil
from tests.support import EXAMPLES, example_of, example_plan

ROOT = EXAMPLES.parent
TEXT = (ROOT / "docs" / "keys.md").read_text(encoding="utf-8")
POLICE = "uz.police"
PLAN = digest(example_plan("almaty-tashkent"))
BLOCKS = re.findall(r"^```sh run( first)?\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)
COMMANDS = [line for when in (" first", "") for first, block in BLOCKS if first == when for line in block.splitlines()]


def filled(command: str, folder: Path) -> list[str]:
    """The command's words, with what stands for a key of the police or a file replaced by those that there are."""
    words = shlex.split(command)
    key = keyfile.read(folder / "keys" / f"{POLICE}.pem").key if f"keys replace {POLICE}" in command else None
    if key is not None:
        words = [{"ed25519:...": key.public, "age1...": key.recipient or ""}.get(word, word) for word in words]
    known = directory_in(folder / "directory.yaml").get(POLICE).keys
    announced = sorted(folder.glob("*.keys.json"))
    replaced = {
        "KEYID": key_id(known[0].public) if known else "",
        "FILE": str(announced[-1]) if announced else "",
        "DIGEST": PLAN,
    }
    return [replaced.get(word, word) for word in words]


def files_in(folder: Path) -> list[Path]:
    """The keys, and the signed changes of keys."""
    return [*(folder / "keys").iterdir(), *folder.glob("*.keys.json")]


async def test_its_commands_do_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, with the passphrase in a file: every one succeeds, and the files are those of its table, for their owner only."""
    example_of(tmp_path, "KZ", "UZ")
    (tmp_path / "pass").write_text("correct horse battery staple\n")
    monkeypatch.setenv("VIGIL_KEYS", str(tmp_path / "keys"))
    for command in COMMANDS:
        program, *words = filled(command, tmp_path)
        ran = await vigil("--passphrase-file", tmp_path / "pass", *words, cwd=tmp_path)
        assert ("vigil", 0) == (program, ran.code), f"{command}\n{ran.out}{ran.err}"
    known = directory_in(tmp_path / "directory.yaml").get(POLICE).keys
    table = re.findall(r"^\| `(SERVICE\S+?)` \|.*\(600\)", TEXT, re.MULTILINE)
    forms = [re.sub("SERVICE|MOMENT|KEYID", r"\\S+", re.escape(name)) for name in table]
    kept = files_in(tmp_path)

    assert [True, False, False] == [key.revoked_at is not None for key in known]
    assert 3 == len(table)
    assert [] == [path.name for path in kept if not any(re.fullmatch(form, path.name) for form in forms)]
    assert {0o600} == {stat.S_IMODE(path.stat().st_mode) for path in kept}
    assert 0o700 == stat.S_IMODE((tmp_path / "keys").stat().st_mode)


def test_every_refusal_it_explains_is_one_of_vigils() -> None:
    """The words stand in the code."""
    code = "".join(
        path.read_text() for room in ("client", "process", "domain", "gateway") for path in sorted((ROOT / room).rglob("*.py"))
    )
    words = re.findall(r"^\| [1-7] \| (.+?) \| ", TEXT, re.MULTILINE)

    assert 10 == len(words)
    assert [] == [part for one in words for part in one.split("...") if part.strip(" :") not in code]


def test_every_link_leads_somewhere() -> None:
    """No document it names is missing."""
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", TEXT) if "://" not in link]

    assert [] == [link for link in links if not (ROOT / "docs" / link).exists()]
