"""A paper in the format that somebody wants."""

import base64

from domain.papers.handed import Format, PaperFile, identity_of
from domain.papers.making import Made
from domain.record.packet import Purpose
from papers import html, pdf


def render(made: Made, purpose: Purpose, wanted: Format) -> bytes:
    """The bytes of its file: the same for the same paper. Raises what `papers.pdf.render` does."""
    return html.render(made, purpose) if wanted == "html" else pdf.render(made, purpose)


def packed(made: Made, purpose: Purpose, wanted: Format) -> PaperFile:
    """The same, as it is handed over."""
    content = base64.b64encode(render(made, purpose, wanted)).decode()
    return PaperFile(paper=identity_of(made, purpose), format=wanted, file=content)
