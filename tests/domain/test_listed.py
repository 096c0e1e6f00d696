"""What a statement lists is said in one place, for the command line and the desk alike."""

from domain.rules.books import BOOK
from domain.views.listed import listed
from process.language import speaker


def test_persons_and_prosecutions_are_said_with_their_roles_in_the_readers_language() -> None:
    """One supplier, not suppliers; and no blank where a whole role is prosecuted."""
    arrest = BOOK.content({"kind": "arrest_made", "persons": [{"code": "P-1", "role": "supplier"}], "place": "Almaty"})
    understood = BOOK.content(
        {
            "kind": "jurisdiction_understood",
            "prosecutions": [{"role": "supplier", "state": "KZ"}, {"role": "courier", "state": "UZ", "person": "P-2"}],
        }
    )

    assert ["P-1 (supplier)"] == list(listed(arrest))
    assert ["supplier: KZ", "courier P-2: UZ"] == list(listed(understood))
    assert list(listed(arrest)) != list(listed(arrest, speaker("ru")))
