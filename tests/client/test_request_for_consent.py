"""The request for consent on the command line: before anybody is asked, and where an officer reads what it decides on."""

from domain.plan.request_for_consent import digest_of_request, request_for_consent
from domain.signing.canonical import plain
from tests.command import vigil
from tests.support import EXAMPLES, example_plan

STEPPE = EXAMPLES / "kyrgyzstan-kazakhstan-russia" / "plan.yaml"


async def test_an_officer_reads_what_each_state_will_be_asked() -> None:
    """In sentences for people, with the digest; as data for programs; to one State alone where one is named."""
    plan = example_plan("kyrgyzstan-kazakhstan-russia")
    text, document = await vigil("plan", "request", STEPPE, "--to", "RU"), await vigil("plan", "request", STEPPE, "-o", "json")

    assert (0, 0) == (text.code, document.code)
    flat = " ".join(text.out.split())
    assert all(one in flat for one in ("Return of exhibits", str(digest_of_request(plan, "RU")), "responsible: kz.knb"))
    assert plan.request.to["KG"].asks not in flat
    assert ["KG", "KZ", "RU"] == list(document.json)
    assert document.json["KZ"] == {
        "request": plain(request_for_consent(plan, "KZ")),
        "request_digest": digest_of_request(plan, "KZ"),
    }


async def test_it_is_said_in_russian() -> None:
    """Headings and sentences of ours; what was written stays in its own words."""
    text = await vigil("--lang", "ru", "plan", "request", STEPPE, "--to", "RU")

    assert 0 == text.code
    assert all(one in text.out for one in ("Кто и кого запрашивает", "Квалификация", "через ЦАРИКЦ", "CARICC Agreement"))


async def test_a_state_that_is_asked_nothing_has_no_request() -> None:
    """It is a slip of the hand, and the answer says who is asked."""
    wrong = await vigil("plan", "request", STEPPE, "--to", "FR")

    assert 2 == wrong.code
    assert "it asks KG, KZ, RU" in wrong.err
