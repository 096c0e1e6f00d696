"""What the templates of a paper are given, of HTML and of PDF alike: the paper and its frame as data, with each map drawn.

Every text of it is as it is seen, so that no character in a paper turns, hides or ends what stands beside it.
"""

from typing import Any

from domain.papers.making import Made
from domain.words.legible import legible
from papers.maps import with_pictures


def printed(made: Made) -> dict[str, Any]:
    """Paper and frame. The digest of the paper is over its data as they are."""
    return {"paper": with_pictures(legible(made.paper.data)), "frame": legible(made.frame.plain())}
