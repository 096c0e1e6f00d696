import asyncio
import re
import shutil
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text()


@pytest.mark.slow
@pytest.mark.usefixtures("usual_ports")
async def test_the_tour_of_the_readme_works_word_for_word(tmp_path: Path) -> None:
    """Every command of the tour, in order, in one shell that stops at the first failure; only `make venv` is skipped."""
    tour = "\n".join(re.findall(r"```sh tour\n(.*?)```", README, re.DOTALL)).replace("make venv\n", "")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    (tmp_path / ".venv").mkdir()
    (tmp_path / ".venv" / "bin").symlink_to(sysconfig.get_path("scripts"))
    process = await asyncio.create_subprocess_exec(
        "timeout",
        "900",  # seconds: a bound for what hangs, on a busy machine too
        "bash",
        "-c",
        f"set -em\ntrap 'kill %1 2>/dev/null' EXIT\n{tour}",
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out = (await process.communicate())[0].decode()

    assert 0 == process.returncode, out
    assert "uz.prosecutor: authorisation refused" in out
    assert "directory.yaml: every signature, every link, every rule" in out
    assert re.search(r"^outcome +refused", out, re.MULTILINE)


def test_the_commands_it_names_exist() -> None:
    """Both commands at the top are targets of the Makefile, with a line in `make help`."""
    makefile = (ROOT / "Makefile").read_text()
    for name in re.findall(r"^make (\w+) ", README, re.MULTILINE):
        assert re.search(rf"^{name}:.*## ", makefile, re.MULTILINE), name


def test_every_link_of_the_readme_leads_somewhere() -> None:
    """No document it names is missing."""
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]

    assert [] == [link for link in links if not (ROOT / link).exists()]
