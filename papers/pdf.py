"""A paper as PDF, by typst: one template shows what it is given as data, so nothing in it is ever read as markup.

Nothing is fetched, and no font of the machine is used: the same paper has the same bytes wherever the same typst makes it.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from domain.papers.handed import identity_of
from domain.papers.making import Made
from domain.record.packet import Purpose
from domain.words.errors import TimedOut, Unavailable
from domain.words.text import fill, mark, shown
from papers.file import in_pdf
from papers.printed import printed

SECONDS = 120
"""That whoever waits for one gives it; the process that makes it bounds itself."""
ROOT = Path(__file__).parent.parent
NO_LETTERS = re.compile("[^\u0000-\u06ff\u10a0-\u10ff\u1e00-\u1fff\u2000-\u2bff\ua640-\ua69f\ufb1d-\ufdff\ufe70-\ufeff]")
"""For what the fonts of the typesetter have no picture: all but Latin, Greek, Cyrillic, Armenian, Georgian, Hebrew and Arabic."""
AS_HTML = mark("make it as HTML, which a browser prints")


def given(made: Made, purpose: Purpose = "operation") -> bytes:
    """What the template is given: nothing else reaches it."""
    return json.dumps(printed(made) | {"identity": in_pdf(identity_of(made, purpose))}).encode()


def render(made: Made, purpose: Purpose = "operation") -> bytes:
    """The bytes of the file, made by a process of its own. Raises `TimedOut`, and `Unavailable` where it fails or would print
    boxes where letters were written.
    """
    strange = NO_LETTERS.search("".join(shown(getattr(one, "text", "")) for one in made.paper.pieces))
    if strange is not None:
        raise Unavailable(fill("the fonts of a PDF have no letter {letter}", letter=strange[0]), hint=AS_HTML)
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "papers.typeset"],
            input=given(made, purpose),
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env={"PYTHONPATH": str(ROOT), "PATH": os.defpath},
        )
    except subprocess.TimeoutExpired as error:
        raise TimedOut(fill("the PDF was not made within {seconds} seconds", seconds=SECONDS), hint=AS_HTML) from error
    if done.returncode != 0 or not done.stdout.startswith(b"%PDF-"):
        raise Unavailable(mark("the PDF could not be made"), hint=AS_HTML)
    return done.stdout
