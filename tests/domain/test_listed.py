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


def test_exhibits_are_said_with_what_became_of_them_and_a_correction_says_what_is_right() -> None:
    """Labels that the rules give, fates and masses in the reader's language; what a corrected act should have said."""
    parts = [{"label": "A", "net": "900 g"}, {"label": "B"}]
    became = {
        "kind": "disposed",
        "exhibits": ["removed", "A"],
        "how": "returned",
        "reference": "3/1 of 2022-03-05",
        "to": "Firm A",
    }
    report = {"exhibit": "samples", "report": "test_report", "reference": "1 of 2022-03-05", "substance": "heroin"}
    weighed = {"received": "12 g", "spent": "2 g", "left": "10 g"}
    offered = {"kind": "exhibits_offered", "exhibits": ["A"], "to": "kz.knb", "purpose": "expert"}
    correction = {"kind": "correction", "of": "act-number-1", "reason": "x", "content": became}
    returned = ("what was taken out, A: returned: Firm A", "извлечённое, A: возвращено: Firm A")
    for said, *in_words in (
        ({"kind": "exhibit_divided", "exhibit": "seized", "into": parts}, "what was seized: A 900 g, B", "изъятое: A 900 г, B"),
        (offered, "A, to kz.knb: expert", "A, кому: kz.knb; expert"),
        ({"kind": "exhibits_accepted", "exhibits": ["A", "B"], "giver": "kz.knb", "intact": True}, "A, B", "A, B"),
        ({"kind": "laboratory_report"} | report, "samples: heroin", "образцы: heroin"),
        ({"kind": "laboratory_report"} | report | weighed, "samples: heroin, 10 g left", "образцы: heroin, осталось 10 г"),
        (became, *returned),
        (correction, *returned),
    ):
        assert in_words == [*listed(BOOK.content(said)), *listed(BOOK.content(said), speaker("ru"))]
