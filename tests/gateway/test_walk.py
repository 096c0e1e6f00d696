"""No page is left out of what is checked of all pages with a browser."""

from gateway.pages.entrance import ACTIONS
from tests.gateway.walk import NO_PAGE, VISITS


def test_every_page_is_walked_to_by_a_browser() -> None:
    """So it is checked by axe, keyboard, paper and in Russian (`test_browser_access.py`); what is no page says what it is."""
    assert ACTIONS.keys() - NO_PAGE.keys() == {one.name for one in VISITS}
    assert NO_PAGE.keys() <= ACTIONS.keys()
    assert len(VISITS) == len(set(map(str, VISITS)))
