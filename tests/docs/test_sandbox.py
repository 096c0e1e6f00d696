"""The pages of docs/sandbox/ as they stand: a sandbox, a service that is not Vigil's, requests that come, answers judged."""

import asyncio
import re
import shutil
import sysconfig
from pathlib import Path

import pytest

from rehearsal.over_http import free_ports

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "sandbox"
AT_MOST = 240
"""Seconds for a page: a bound for what hangs, on a busy machine too."""
SIGNED = "uz.prosecutor signed that the request was received"
WAYS = {"webhook": SIGNED, "polling": SIGNED}
ASKED = "-> uz.prosecutor is asked at consent-uz: "
JUDGED = "uz.prosecutor: authorisation refused"


def steps_of(page: str, folder: Path) -> str:
    """The commands of a page in its order, on ports of their own; its programs are written into the folder."""
    text = (PAGES / f"{page}.md").read_text(encoding="utf-8")
    gateway, service, temporal, ui = map(str, free_ports(4))
    for name, program in re.findall(r"```python sandbox (\S+)\n(.*?)```", text, re.DOTALL):
        (folder / name).write_text(program, encoding="utf-8")
    steps = "\n".join(re.findall(r"```sh sandbox\n(.*?)```", text, re.DOTALL)).replace("8470", gateway).replace("9101", service)
    return steps.replace("vigil sandbox ", f"vigil sandbox --port {gateway} --temporal-port {temporal} --ui-port {ui} ")


@pytest.mark.slow
@pytest.mark.parametrize("page", ["webhook", "polling", "changes", "command-line"])
async def test_a_page_works_word_for_word(page: str, tmp_path: Path) -> None:
    """Every command, in one shell that stops at the first failure: the request comes, the answer is judged and shown."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    binaries = f'export PATH="{sysconfig.get_path("scripts")}:$PATH"'
    end = "trap 'kill %1 %2 2>/dev/null; wait' EXIT"
    shown = "until test -e shown; do sleep 0.1; done"
    process = await asyncio.create_subprocess_exec(
        *("timeout", str(AT_MOST), "bash", "-c", f"set -em -o pipefail\n{binaries}\n{end}\n{steps_of(page, tmp_path)}\n{shown}"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    expected, out = {ASKED, JUDGED, WAYS.get(page, "")}, ""
    async for line in process.stdout:
        out += line.decode()
        if all(text in out for text in expected):
            (tmp_path / "shown").touch()

    assert 0 == await process.wait(), out
    assert all(text in out for text in expected), out
    assert "stopping ..." in out, out


def test_every_way_in_has_a_page() -> None:
    """The page on top names each of the others, and there is no other."""
    named = set(re.findall(r"\]\((\w[\w-]*\.md)\)", (PAGES / "README.md").read_text(encoding="utf-8")))

    assert {path.name for path in PAGES.glob("*.md")} - {"README.md"} == named
