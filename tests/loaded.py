"""What the processes that become the `vigil` command find ready, as one does that has run a command before: modules that are
loaded at their first use, the commands put together, and what is read with any plan of `examples/`.
"""

from importlib import import_module, metadata

from client.cli import put_together
from papers.outlines import outlines
from process.configuration import cards_in, directory_in
from tests.support import EXAMPLES

LATER = ("typer._adapters", "typer._click._textwrap", "typer._click.decorators")
"""Loaded by most commands, at their first use."""

put_together()
directory_in(EXAMPLES / "directory.yaml")
cards_in(EXAMPLES / "cards")
outlines()
metadata.version("vigil")
for one in LATER:
    import_module(one)
