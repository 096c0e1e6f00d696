"""Papers: what they print, where each value comes from, and who may have them."""

import re
from datetime import timedelta
from functools import cache
from itertools import pairwise

import pytest

from domain.delivery.delivery import Delivery
from domain.delivery.reported import Amended
from domain.papers.forms import FORMS
from domain.papers.forms.parts import MOST_TOLD, bounded, row, some
from domain.papers.making import LANGUAGES, Made, Wanted, make, offered
from domain.papers.paper import (
    Bars,
    Blank,
    Column,
    Columns,
    Dated,
    Line,
    Map,
    Paragraph,
    Sentence,
    Summary,
    Table,
    Value,
    Words,
    in_groups,
)
from domain.papers.record import Record
from domain.papers.tongue import Tongue
from domain.plan.key_changes import KeyChange, KeyEnd
from domain.plan.plan import Call, Plan
from domain.plan.request_for_consent import digest_of_request
from domain.plan.vocabulary import HandlingCode
from domain.record.door import amend, change_keys
from domain.record.replay import replay
from domain.rules.balance import PartsEnded
from domain.rules.consent import AuthorisationGranted
from domain.rules.custody import HandoverAccepted
from domain.signing.canonical import canonical, plain
from domain.signing.envelope import KEYS_TYPE, sign
from domain.signing.keys import key_id, public_text
from domain.words.errors import NotAllowed, NotFound, RuleBroken
from domain.words.limits import MOST_CALLS, MOST_PRINTED_ROWS
from domain.words.moments import instant, utc_text
from domain.words.quantities import Money
from process.language import speakers
from rehearsal.services import private_key_of, second
from rehearsal.simulator import World, simulate
from tests.domain.test_changes import FRESH, change, changed, elsewhere_with_consent
from tests.domain.test_hostile_stand_ins import LAW
from tests.domain.test_successors import BESIDE, instead
from tests.domain.test_surveillance import in_charge_instead
from tests.support import PHOTOGRAPH, asks, card_of, example_cards, example_directory, example_scenario, signed_plan, with_changes
from tests.support import Table as Table_

SPEAKERS = speakers(None)
HANDOVER = "handover.tashkent-airport"
NOT_TRANSLATED = {"UTC", "SHA", "ISO", "Natural", "Earth"}
"""Names of standards and sources in fixed wording, which are the same in Russian."""
SAMPLES = ("almaty-tashkent", "partial-replacement", "cash-by-bus", "stopped-under-way")


@cache
def delivered(name: str = "almaty-tashkent", code: HandlingCode = "H0") -> Delivery:
    """An example, to its end."""
    plan, scenario = example_scenario(name)
    coded = plan.model_copy(update={"handling_code": code})
    return simulate(World(coded, example_directory(), example_cards(), scenario, 1)).delivery


def made(record: Record, name: str, language: str = "en") -> Made:
    """A paper of it."""
    return make(record, Wanted(name, language, "court" if name == "court" else "operation"), SPEAKERS)


def names_of(record: Record) -> list[str]:
    """Every paper that there is of it."""
    return [one.name for one in offered(record)]


@pytest.mark.parametrize("example", SAMPLES)
def test_every_paper_is_made_in_every_language(example: str) -> None:
    """Each paper that is offered is made in each language that it is offered in, by entries that are there."""
    record = Record.of(delivered(example))
    for one in offered(record):
        for language in one.languages:
            paper = made(record, one.name, language).paper

            assert one.name == paper.name
            assert all(0 <= seq < paper.size for seq in paper.entries)


@pytest.mark.parametrize("example", SAMPLES)
def test_a_paper_stays_what_it_was(example: str) -> None:
    """A paper that is not about the whole is the same, made from the ledger as far as it went then and from all of it."""
    record = Record.of(delivered(example))
    for name in names_of(record):
        if not FORMS[name.partition(".")[0]].of_the_whole:
            paper = made(record, name).paper

            before = made(record.until(paper.size - 1), name).paper
            assert (paper.digest, paper.size, paper.root) == (before.digest, before.size, before.root)
            assert paper.size == 1 + max((paper.entries or (0,))[-1], record.plan_entry)


@pytest.mark.parametrize("name", ["examination.preparation", "seizure.accounting"])
def test_cash_stands_by_its_notes_and_the_digest_of_their_numbers(name: str) -> None:
    """How many of which denomination, and the digest of their serial numbers: what was seized is told to be what was sent."""
    printed = "".join(getattr(one, "text", "") for one in made(Record.of(delivered("cash-by-bus")), name).paper.pieces)

    assert "cash EUR: 2,500 × 100.00\u202fEUR; " in printed
    assert "250,000.00\u202fEUR; notes: 2,500" in printed
    assert "serial numbers: 5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef" in printed


def test_r20_what_one_of_two_officers_has_said_is_in_no_paper_yet() -> None:
    """With the second one's signature it is, under both codes and once: cash of one seizure is no more for being said twice."""
    record = Record.of(delivered("cash-by-bus"))
    said = [one for one in record.heard if one.statement.kind == "seizure"]
    first = record.until(min(said[0].entries))

    assert ["seizure.accounting"] == [name for name in names_of(record) if name.startswith("seizure.")]
    assert not [name for name in names_of(first) if name.startswith("seizure.")]
    assert 2 == len(said[0].officers) == len(set(said[0].officers))
    printed = [getattr(one, "text", "") for one in made(record, "seizure.accounting").paper.pieces]
    assert ", ".join(said[0].officers) in printed
    summary = next(one for one in made(record, "results").paper.blocks if isinstance(one, Summary))
    assert "250,000.00\u202fEUR" in [getattr(piece, "text", "") for figure, _ in summary.cells for piece in figure]


TWO_CONSENT = with_changes(consent_uz={"requires": asks("uz.prosecutor authorisation 2")})


def consents(table: Table_) -> list[tuple[str, ...]]:
    """The officers of each consent that a paper may print."""
    return [one.officers for one, _ in Record.of(table.delivery).said(AuthorisationGranted)]


def test_r24_a_first_officers_word_under_a_key_revoked_since_is_in_no_paper() -> None:
    """Whoever signs after the revocation is the first, and the thief's word is in no consent that counts later."""
    table = Table_(TWO_CONSENT)
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", officer="officer-2")
    end = KeyEnd(key=key_id(public_text(private_key_of(second("uz.prosecutor")))), at=utc_text(table.now), revoked=True)
    record = KeyChange(service="uz.prosecutor", by="administration", made_at=utc_text(table.now), ended=(end,))
    change_keys(table.delivery, sign(canonical(record), KEYS_TYPE, private_key_of("administration")), table.now)
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")

    assert not table.delivery.state.grants
    assert not consents(table)


def test_r22_a_first_officers_consent_to_the_plan_before_is_in_no_paper() -> None:
    """It is with the second one's to the plan in force, and the first one's to that."""
    table = Table_(TWO_CONSENT)
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", officer="officer-2")
    other = table.delivery.plan.model_copy(update={"title": "Another title"})
    amend(table.delivery, Amended(plan=signed_plan(other)), table.now)
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    assert not consents(table)

    table.say("uz.prosecutor", "authorisation_granted", "consent-uz", officer="officer-2")
    assert [("officer-1", "officer-2")] == consents(table)
    assert table.delivery.state.grants


def court_says(record: Record) -> list[str]:
    """What the report for the court says of the record as it stands."""
    blocks = FORMS["court"].blocks(record, "", Tongue("en", SPEAKERS["en"]))
    return ["".join(map(text_of, one.line)) for one in blocks if isinstance(one, Sentence)]


def test_r22_the_court_is_told_who_was_responsible_before_a_changed_plan_put_another_in_charge() -> None:
    """Each from when until when: responsibility for a leg is not said to have been its newest holder's from its start."""
    table = Table_().dispatch()
    table.pass_time(hours=1)
    change(table, in_charge_instead(table.plan))
    told = [one for one in court_says(Record.of(table.delivery)) if "was responsible" in one]

    assert ["Ministry", "Border"] == [one.split()[1] for one in told]
    assert re.findall(r"until (\S+ \S+), Kaz", told[0]) == re.findall(r"from (\S+ \S+) on", told[1])


def test_r22_what_was_cleared_by_the_plan_before_is_not_said_of_the_way_of_a_changed_one() -> None:
    """Uzbekistan's authorisation was looked at before the crossing, and not that of the State in which it stays now."""
    table = Table_().dispatch()
    legs = table.plan.legs
    other = table.plan.model_copy(update={"legs": (legs[0], legs[1].model_copy(update={"state": "KZ"}))})
    table.delivery.append(Amended(plan=signed_plan(other)), table.now)

    crossed = [one for one in court_says(Record.of(table.delivery)) if one.startswith("Before it went into")]
    assert ["Uzbekistan"] == [re.findall("into ([A-Z][a-z]+)", one)[0] for one in crossed]


@pytest.mark.parametrize("withdrawn", [False, True])
def test_r22_what_a_successor_writes_extends_or_takes_back_stands_in_the_papers(*, withdrawn: bool) -> None:
    """The court is not told that what was given by word of mouth was never written, nor that it ran to another day."""
    oral = {"forms": ["oral"], "written_within": "24h", "of": ["authorisation"], "law": LAW}
    plan = with_changes(consent_kz={"requires": asks("kz.prosecutor authorisation")})
    table = Table_(plan, other_cards=card_of("KZ", urgent=[oral], **BESIDE))
    spoken = {"form": "oral", "given_at": table.now.isoformat(), "valid_until": (table.now + timedelta(hours=50)).isoformat()}
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", **spoken)
    change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))
    table.pass_time(hours=3)
    words = {"state": "KZ", "reference": "TEST-7", "written_by_role": "head", "written_at": table.now.isoformat()}
    table.say("kz.court", "authorisation_confirmed", legal_basis="test", **words)
    table.say("kz.court", "authorisation_extended", valid_until="2022-03-20T06:00:00Z")
    if withdrawn:
        table.say("kz.court", "authorisation_withdrawn")
    record = Record.of(table.delivery)
    given = next(one for one in court_says(record) if "has authorised it by" in one)

    assert "confirmed in writing by" in given
    assert ("until 20.03.2022" in given) is not withdrawn
    assert table.delivery.state.grants["kz.prosecutor"].withdrawn is withdrawn
    ordered = " ".join(map(text_of, made(record, "order.KZ").paper.pieces))
    assert ordered.count("20.03.2022") == 2


def test_r22_what_came_in_the_place_of_an_authorisation_ends_it_in_the_papers() -> None:
    """The successor's own act runs for less long: the one before, which counts for nothing, is not said to run on beside it."""
    plan = with_changes(consent_kz={"requires": asks("kz.prosecutor authorisation")})
    table = Table_(plan, other_cards=card_of("KZ", **BESIDE))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", valid_until="2022-03-30T06:00:00Z")
    change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))
    table.say("kz.court", "authorisation_granted", "consent-kz-2", valid_until="2022-03-10T06:00:00Z")
    given = [one for one in court_says(Record.of(table.delivery)) if "has authorised it by" in one]

    assert list(table.delivery.state.grants) == ["kz.court"]
    assert len(given) == 2
    assert not any("30.03.2022" in one for one in given)


def test_r1_a_provisional_authorisation_is_no_order_and_nothing_that_a_report_says_was_authorised() -> None:
    """Until it is made final it authorises nothing."""
    table = Table_()
    for final in (False, True):
        table.say("uz.prosecutor", "authorisation_granted", "consent-uz", provisional=not final)
        record = Record.of(table.delivery)
        assert any("has authorised it by" in one for one in court_says(record)) is final
        assert ("order.UZ" in names_of(record)) is final


def test_a_value_says_where_it_comes_from() -> None:
    """A value without a source cannot be printed, and no sentence of a report without a value."""
    with pytest.raises(ValueError, match="says where it comes from"):
        Value("5 kg", ())
    with pytest.raises(ValueError, match="rests on no entry"):
        Sentence("1.1", (Words("Everything was in order."),))


def test_languages_of_a_form() -> None:
    """A form in two columns is made in both languages at once, and no other is."""
    record = Record.of(delivered())
    offers = {one.name: one.languages for one in offered(record)}

    assert all((LANGUAGES[-1] in languages) == FORMS[name.partition(".")[0]].two_columns for name, languages in offers.items())


def test_what_may_not_go_before_a_court_is_refused() -> None:
    """Under H1 no paper goes before a court until each provider has permitted it: whom to ask is said (R23)."""
    record = Record.of(delivered(code="H1"))
    for name in ("court", "handover.tashkent-airport"):
        with pytest.raises(RuleBroken, match=r"kz\.police has not permitted") as refused:
            make(record, Wanted(name, "en", "court"), SPEAKERS)

        assert "disclosure_permitted" in refused.value.hint


def test_what_may_not_go_to_a_third_state_is_refused() -> None:
    """Under H2 a paper of two States is made for them, and refused for a third, which is told whom to ask (R23)."""
    record = Record.of(delivered(code="H2"))

    assert make(record, Wanted("handover.tashkent-airport", "en", "KZ"), SPEAKERS)
    with pytest.raises(RuleBroken, match=r"uz\.customs has not permitted"):
        make(record, Wanted("handover.tashkent-airport", "en", "RU"), SPEAKERS)


@pytest.mark.parametrize(
    ("service", "name", "may"),
    [
        ("kz.police", "handover.tashkent-airport", True),
        ("uz.customs", "handover.tashkent-airport", True),
        ("uz.police", "handover.tashkent-airport", False),
        ("uz.customs", "order.KZ", False),
        ("uz.customs", "order.UZ", True),
        ("uz.prosecutor", "request.uz.prosecutor", True),
        ("uz.prosecutor", "request.kz.prosecutor", False),
        ("uz.customs", "examination.preparation", False),
        ("kz.police", "examination.preparation", True),
        ("uz.customs", "results", False),
        ("uz.customs", "results.UZ", True),
        ("uz.customs", "results.KZ", False),
        ("uz.customs", "court", False),
        ("kz.knb", "court", True),
    ],
)
def test_a_reader_has_its_own_papers(service: str, name: str, may: bool) -> None:  # noqa: FBT001
    """Whoever runs the operation has every paper; others those of their own State and their own handovers (R11)."""
    record = Record.of(delivered())
    reader = record.directory.get(service)

    assert may == (name in [one.name for one in offered(record, reader)])
    if not may:
        with pytest.raises(NotAllowed, match="R11"):
            make(record, Wanted(name, "en"), SPEAKERS, reader)


def test_an_order_tells_no_state_what_another_decided() -> None:
    """The order of one State names no act of another, and the report of its part no arrest of another."""
    record = Record.of(delivered("partial-replacement"))
    printed = {name: " ".join(_texts(record, name)) for name in ("order.RU", "results.RU", "results")}

    assert "KZ-17/2022" not in printed["order.RU"]
    assert "KZ-17/2022" not in printed["results.RU"]
    assert "P-1 “art. 228.1”" in printed["results.RU"]
    assert "Astana" not in printed["results.RU"]
    assert "Astana" in printed["results"]


def test_what_was_authorised_before_it_was_written_is_said_so() -> None:
    """By whom, at which hour, in which form, and what has confirmed it, if anything: in orders and reports."""
    record = Record.of(delivered("leaves-in-an-hour"))
    for name, of in (("order.EE", "EE"), ("results", "EE"), ("court", "EE"), ("order.LV", "LV")):
        said = _whole(record, name)
        form = {
            "EE": "given in a form that can be read again on 01.03.2022 06:15 UTC",
            "LV": "given by word of mouth, by telephone, on ",
        }[of]
        assert form in said
        assert "confirmed in writing by No. " in said
        assert "not confirmed in writing" not in said
    granted = next(one for one, content in record.said(AuthorisationGranted) if content.state == "EE")
    assert "not confirmed in writing" in _whole(record.until(granted.counted), "order.EE")
    assert "confirmed in writing" not in _whole(Record.of(delivered()), "order.KZ")


def test_an_order_names_the_act_by_which_it_was_extended() -> None:
    """It has a number and a day as the first one has; where they were not said, that is a blank."""
    longer = {"state": "KZ", "valid_until": "2022-04-20T00:00:00Z"}
    for more, printed in (({}, False), ({"reference": "7/9 of 2022-03-01"}, True)):
        table = Table_().consent()
        assert table.say("kz.prosecutor", "authorisation_extended", **longer, **more).verdict.verdict == "accepted"
        assert ("No. 7/9 of 01.03.2022" in _whole(Record.of(table.delivery), "order.KZ")) is printed


def _whole(record: Record, name: str) -> str:
    return "".join(one.text for one in made(record, name).paper.pieces if isinstance(one, Value | Words))


def _texts(record: Record, name: str) -> list[str]:
    return [one.text for one in made(record, name).paper.pieces if isinstance(one, Value)]


def test_every_sentence_of_the_report_rests_on_something() -> None:
    """Of each sentence of the report for the court it is said where it comes from, and every entry it names is there."""
    paper = made(Record.of(delivered("partial-replacement")), "court").paper
    sentences = [one for one in paper.blocks if isinstance(one, Sentence)]

    assert len(sentences) > 30
    assert len(sentences) == len({one.number for one in sentences})
    assert all(any(isinstance(piece, Value) and piece.sources for piece in one.line) for one in sentences)


def test_an_arrest_outside_the_time_is_said() -> None:
    """That a State arrests when no authorisation of it is valid any more, the report for the court says by itself."""
    texts = [
        " ".join(getattr(piece, "text", "") for piece in one.line)
        for one in made(Record.of(delivered("partial-replacement")), "court").paper.blocks
        if isinstance(one, Sentence)
    ]

    assert 1 == sum("Outside the time" in text and "Kazakhstan" in text for text in texts)


def sentences(example: str, name: str = "court", language: str = "en") -> list[str]:
    """Every sentence of a report, without marks."""
    blocks = made(Record.of(delivered(example)), name, language).paper.blocks
    return ["".join(getattr(piece, "text", "") for piece in one.line) for one in blocks if isinstance(one, Sentence)]


def test_english_sentences_have_their_articles() -> None:
    """A State or service that an English sentence names has "the" where English wants it, with a capital letter where it begins
    the sentence; not in a list, nor where it is a name of one word. What a table sorts by its short name is turned round.
    """
    english, russian = (Tongue(code, SPEAKERS[code]) for code in ("en", "ru"))
    record = Record.of(delivered("partial-replacement"))
    told = {"RU": "the Russian Federation", "NL": "the Netherlands", "KZ": "Kazakhstan", "IR": "the Islamic Republic of Iran"}

    assert told == {code: english.the_state(code, "plan").text for code in told}
    assert "Российская Федерация" == russian.the_state("RU", "plan").text
    assert "nobody.here" == english.the_service(record, "nobody.here").text
    assert any(one.startswith("The Federal Customs Service of Russia, ") for one in sentences("partial-replacement"))
    assert any("went into the Russian Federation" in one for one in sentences("partial-replacement"))
    assert "National Security Committee of Kazakhstan" == english.service(record, "kz.knb").text


def map_of(example: str) -> tuple[Map, Table]:
    """The map of a report for the court, and the table that explains it."""
    blocks = made(Record.of(delivered(example)), "court").paper.blocks
    number = next(number for number, one in enumerate(blocks) if isinstance(one, Map))
    found, explained = blocks[number : number + 2]
    assert isinstance(found, Map)
    assert isinstance(explained, Table)
    return found, explained


def test_the_route_stands_on_a_map() -> None:
    """Each place of the way has its number on the map and its row in the table, and what was reached names its entry."""
    found, explained = map_of("partial-replacement")
    stations = [one for strip in found.strips for one in strip.stations]

    assert ["1", "2", "3", "4"] == [one.number for one in stations]
    assert {"recorded"} == {one.known for one in stations}
    assert all(any(isinstance(piece, Value) for piece in one.below) for one in stations)
    assert [one.number for one in stations] == [getattr(one.cells[0][0], "text", "") for one in explained.rows]
    assert all(one.gone == one.end for strip in found.strips for one in strip.stretches)


def test_a_report_for_the_court_says_where_its_places_are() -> None:
    """Their coordinates are data of the paper, in map and table, and come from the plan; where it has none, there are none."""
    found, explained = map_of("partial-replacement")
    plan, _ = example_scenario("partial-replacement")
    planned = [one.at for leg in (plan.legs[0].start, *(one.end for one in plan.legs)) if (one := plan.find(leg)) is not None]

    assert planned == [(one.longitude, one.latitude) for one in found.located]
    assert all(one.gone for one in found.located)
    assert [", ".join(at) for at in planned if at is not None] == [getattr(one.cells[4][0], "text", "") for one in explained.rows]
    assert (("KG", "Kyrgyzstan"), ("KZ", "Kazakhstan"), ("RU", "Russian Federation")) == found.states
    early, _ = map_of("stopped-under-way")
    assert ["1", "3", "4"] == [one.number for one in early.located]
    assert [True, False, False] == [one.gone for one in early.located]
    assert 4 == len(map_of("aktobe-post-office")[1].columns)


def test_a_way_that_ended_early_is_drawn_so() -> None:
    """Where it was seized on the way, the map goes on as planned alone, and no stretch behind it was gone."""
    found, _ = map_of("stopped-under-way")
    strip = found.strips[0]

    assert ["recorded", "seized", "planned", "planned"] == [one.known for one in strip.stations]
    assert [True, False, False] == [one.gone == one.end for one in strip.stretches]


def test_a_long_way_is_drawn_in_strips() -> None:
    """Of a way of many places each strip begins where the one before it ends, and all of it is inside of the sheet."""
    plan, scenario = example_scenario("almaty-tashkent")
    calls = tuple(Call(kind="air", place=f"Point {number}", not_touched="high_seas") for number in range(MOST_CALLS))
    first = plan.legs[0].model_copy(update={"calls": calls})
    long = plan.model_copy(update={"legs": (first, *plan.legs[1:]), "handling_code": "H0"})
    record = Record.of(simulate(World(long, example_directory(), example_cards(), scenario, 1)).delivery)
    found = next(one for one in made(record, "court").paper.blocks if isinstance(one, Map))

    assert 3 == len(found.strips)
    for before, after in pairwise(found.strips):
        assert before.stations[-1].number == after.stations[0].number
    assert MOST_CALLS + 3 == len({one.number for strip in found.strips for one in strip.stations})
    assert all(0 < one.at < 1000 for strip in found.strips for one in strip.stations)


def test_a_seizure_on_the_way_is_a_seizure() -> None:
    """The reports of what was stopped say that it was, and that it was seized, by whom and when, and never that nothing was."""
    told = sentences("stopped-under-way")

    assert any("seized the consignment on the way" in one for one in told)
    assert not any("no seizure" in one or "end of that leg is not recorded" in one for one in told)
    assert any("the consignment, on the way" in "".join(map(text_of, one)) for one in summary_of("stopped-under-way", "results"))
    assert any(
        "the consignment, before it had left" in "".join(map(text_of, one))
        for one in summary_of("destination-refuses", "results")
    )
    printed = "".join(map(text_of, made(Record.of(delivered("stopped-under-way")), "results").paper.pieces))
    assert "Customs Committee of Uzbekistan: stop ordered, “the recipient has been warned”" in printed
    assert "nothing was recorded to have gone otherwise" not in printed


def test_a_consignment_that_split_ended_its_way_there() -> None:
    """The reports say into which parts it split, what went in which and how each ended, by the entries that say so; the part of a
    State that has said none of it does not (R11).
    """
    record = Record.of(delivered("split-on-the-way"))
    court, results, other = (made(record, one).paper.pieces for one in ("court", "results", "results.UZ"))
    told = [" ".join("".join(map(text_of, pieces)).split()) for pieces in (court, results, other)]
    heads = ("saxaul-22-1 (mephedrone (4-MMC) 6,000 g)", "saxaul-22-2 (mephedrone (4-MMC) 7,200 g)")
    ends = [f"{name} – delivered, with arrests, recovered: mephedrone (4-MMC)" for name in ("saxaul-22-1", "saxaul-22-2")]

    assert any("it split on the way, as recorded on 01.03.2022 11:28." in one for one in sentences("split-on-the-way"))
    assert not any("end of that leg is not recorded" in one for one in sentences("split-on-the-way"))
    assert all(part in text for text in told[:2] for part in (*heads, *ends))
    assert "saxaul-22-1" not in told[2]
    assert "2\u202fh" in ["".join(map(text_of, one)) for one in summary_of("split-on-the-way", "results")]
    rests = {entry.seq for entry in record.entries if entry.seq in (38, 43)}
    parts = [one.sources for one in court if isinstance(one, Value) and one.text.startswith("saxaul-22-")]
    assert rests == {seq for one in parts for seq in one}
    assert (38,) in [one.sources for one in court if text_of(one) == "gone on in deliveries of its parts"]


def test_a_split_is_not_told_as_nothing_seized_and_nobody_arrested() -> None:
    """What was recovered of its parts is seized, once it is said how they ended; no sum of what split counts them otherwise."""
    whole = delivered("split-on-the-way")
    heard = Record.of(whole).said(PartsEnded)[0][0].seq
    before = Record.of(replay(whole.ledger.since(0)[:heard], whole.directory, whole.cards))

    for name in ("court", "results"):
        short = ["".join(map(text_of, one)) for one in summary_of("split-on-the-way", name)]
        assert "of its parts mephedrone (4-MMC) 13,200\u202fg" in short
        assert "0, not counting its parts" in short
        told = [figure for one in made(before, name).paper.blocks if isinstance(one, Summary) for figure, _ in one.cells]
        assert "nothing, not counting its parts" in ["".join(map(text_of, one)) for one in told]
    other = ["".join(map(text_of, one)) for one in summary_of("split-on-the-way", "results.UZ")]
    assert {"nothing", "0"} <= set(other)


def test_a_leg_without_an_end_goes_as_far_as_the_record() -> None:
    """A State is shown to be responsible until the newest entry and no longer; until when its authorisation is valid stands
    beside the bars, where none covers it; and how long it was on the way is not told as no time.
    """
    whole = delivered("delegated-say")
    over = Record.of(whole).said(HandoverAccepted)[0][0].seq
    record = Record.of(replay(whole.ledger.since(0)[:over], whole.directory, whole.cards), "court")
    bars = next(one for one in made(record, "court").paper.blocks if isinstance(one, Bars))
    row = next(one for one in bars.rows if text_of(one.name[0]).startswith("Belarus"))
    valid, responsible = row.bars

    assert responsible.begin < responsible.end < valid.end
    assert "until 06.03.2022 02:46" in "".join(map(text_of, row.name))
    assert not any(one.label for one in row.bars)
    report = made(Record.of(record.delivery), "results").paper
    figures = ["".join(map(text_of, cell)) for one in report.blocks if isinstance(one, Summary) for cell, _ in one.cells]
    assert "still on the way" in figures


def text_of(piece: object) -> str:
    """What a piece prints."""
    return getattr(piece, "text", "")


def summary_of(example: str, name: str) -> list[Line]:
    """The figures of a report in short."""
    blocks = made(Record.of(delivered(example)), name).paper.blocks
    return [figure for one in blocks if isinstance(one, Summary) for figure, _ in one.cells]


def test_permissions_stand_among_the_authorisations() -> None:
    """What a court has permitted beside the authorisation is told to the court with its act, provision and term."""
    assert any("has permitted" in one and "by No. " in one and "until" in one for one in sentences("omsk-taraz"))


def test_an_exhibit_rests_on_the_entry_that_made_it_one() -> None:
    """Each exhibit in the report for the court names the statement in which it was taken out, put in, seized or found."""
    paper = made(Record.of(delivered("partial-replacement")), "court").paper
    lines = [one.line for one in paper.blocks if isinstance(one, Sentence) and text_of(one.line[0]).startswith("Exhibit")]

    assert 7 == len(lines)
    for line in lines:
        named = next(one for one in line if isinstance(one, Value))
        assert any(isinstance(one, int) for one in named.sources)


def test_an_arrest_outside_the_time_says_since_when() -> None:
    """That no authorisation was valid any more comes with the moment at which the last had ended, and its entry; where the rules
    remark it, with the State by name, in the part of that State and in no other's.
    """
    told = next(one for one in sentences("partial-replacement") if "Outside the time" in one)
    parts = {one: " ".join(_texts(Record.of(delivered("partial-replacement")), f"results.{one}")) for one in ("KG", "KZ", "RU")}

    assert "The last one had ended on 07.03.2022" in told
    assert ["KZ"] == [state for state, said in parts.items() if "done in Kazakhstan, where no authorisation" in said]
    assert ["RU"] == [state for state, said in parts.items() if "whose verification had ended" in said]
    assert "Crossing Kyrgyzstan-Kazakhstan (example) National Security Committee of Kazakhstan" in parts["KG"]


def test_responsibility_passes_as_the_plan_has_it() -> None:
    """Where by the plan it passes with the signature, the act leaves a blank for the hour and does not say that it has passed."""
    by_signature, by_entry = (
        " ".join(map(text_of, made(Record.of(delivered(example)), name).paper.pieces))
        for example, name in (("partial-replacement", "handover.kazakh-russian-border"), ("almaty-tashkent", HANDOVER))
    )

    assert "responsibility passes when this act is signed" in by_signature
    assert "Responsibility passed at" not in by_signature
    assert "Responsibility passed at" in by_entry


@pytest.mark.parametrize("example", SAMPLES)
def test_a_russian_paper_is_russian(example: str) -> None:
    """No fixed wording of a Russian paper, no label of the rules and no moment in it is left in English."""
    record = Record.of(delivered(example))
    for name in names_of(record):
        pieces = made(record, name, "ru").paper.pieces
        words = " ".join(one.text for one in pieces if isinstance(one, Words))
        values = [one.text for one in pieces if isinstance(one, Value)]

        assert set() == set(re.findall("[A-Za-z]{3,}", words)) - NOT_TRANSLATED
        assert not {"removed", "samples", "seized", "number plate"} & set(values)
        assert not any(re.search("[0-9]T[0-9]{2}:", one) for one in values)


def test_names_of_persons_are_blanks() -> None:
    """Lines for names are blanks; a paper says how many it has, and for how many of them nobody can ask the system."""
    made_ = made(Record.of(delivered()), "order.KZ")

    assert made_.paper.blanks > 10
    assert f"{made_.paper.blanks}." in made_.frame.notes[1]


def test_a_second_print_with_later_entries_names_the_first() -> None:
    """A record of preparation that was corrected says which code it takes the place of, and stays the same until then."""
    table = Table_().prepare()
    said = next(one for one in Record.of(table.delivery).heard if one.statement.kind == "prepared")
    first = made(Record.of(table.delivery), "examination.preparation")
    right = plain(said.content) | {"test": "rapid test: positive"}
    table.say(said.service, "correction", of=said.statement.id, reason="the test was left out", content=right)
    again = made(Record.of(table.delivery), "examination.preparation")

    assert not any("replaces" in one for one in first.frame.notes)
    assert in_groups(first.paper.code) in again.frame.notes[-1]
    assert "rapid test: positive" in " ".join(one.text for one in again.paper.pieces if isinstance(one, Value))


def test_a_table_has_an_end() -> None:
    """Of thousands of rows a paper prints so many, and says which entries hold the rest."""
    rows = tuple(row((Value(str(seq), (seq,)),)) for seq in range(10_000))
    table = bounded(Table((Column((Words("n"),)),), rows), Tongue("en", SPEAKERS["en"]), range(10_000))

    assert MOST_PRINTED_ROWS == len(table.rows)
    assert [str(10_000 - MOST_PRINTED_ROWS), str(MOST_PRINTED_ROWS), "9999"] == [
        one.text for one in table.left_out if isinstance(one, Value)
    ]
    assert MOST_TOLD + 1 == len(some([rows[0].cells[0]] * 1000, Tongue("en", SPEAKERS["en"])))


def test_r22_a_state_that_is_asked_afresh_is_sent_what_it_is_asked_now() -> None:
    """The request that an authority is handed after a changed plan has the new way and its digest, and replaces the first."""
    table = Table_().dispatch()
    first = made(Record.of(table.delivery), "request.uz.prosecutor").paper
    change(table, changed(elsewhere_with_consent))
    record = Record.of(table.delivery)
    again = made(record, "request.uz.prosecutor")

    assert "Another address, Samarkand" in _whole(record, "request.uz.prosecutor")
    assert digest_of_request(table.delivery.plan, "UZ") in _texts(record, "request.uz.prosecutor")
    assert in_groups(first.code) in again.frame.notes[-1]


def test_r22_an_order_rests_on_what_the_state_has_authorised_of_the_plan_in_force() -> None:
    """No act that another has come in the place of permits anything, nor makes the term longer than the one that counts."""
    table = Table_().dispatch()
    table.say("uz.prosecutor", "authorisation_extended", valid_until="2022-04-20T00:00:00Z", state="UZ", reference="LONGER-1")
    change(table, changed(elsewhere_with_consent))
    ends = {"valid_until": "2022-03-09T06:00:00Z"}
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz-2", reference="SECOND-2", **ends)
    ordered = _whole(Record.of(table.delivery), "order.UZ")

    assert table.delivery.state.grants["uz.prosecutor"].valid_until == instant(ends["valid_until"])
    assert "valid until 09.03.2022" in ordered
    assert "permitted by No. SECOND-2" in ordered
    assert not re.search("TEST-1|LONGER-1|20.04.2022", ordered)


def test_r22_an_act_of_handover_names_no_condition_of_an_authorisation_that_binds_no_more() -> None:
    """What the one before had set nobody was asked to meet: it is not said that nobody has met it."""
    plan = with_changes(consent_kz={"requires": asks("kz.prosecutor authorisation")})
    table = Table_(plan, other_cards=card_of("KZ", **BESIDE))
    day, night = ({"text": text, "at": "tashkent-airport"} for text in ("Only by day.", "Only by night."))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", conditions=[day])
    change(table, instead(table.delivery.plan, "kz.prosecutor", "kz.court"))
    table.say("kz.court", "authorisation_granted", "consent-kz-2", conditions=[night])
    table.say("uz.prosecutor", "authorisation_granted", "consent-uz")
    table.say("kz.police", "prepared", "preparation")
    table.say("kz.knb", "ready", "preparation")
    table.say("uz.customs", "ready", "departure")
    table.say("uz.police", "ready", "departure")
    table.say("kz.police", "dispatched", "departure")
    table.say("kz.police", "handover_offered", "tashkent-airport", fulfils=["kz.court/1"])
    table.say("uz.customs", "handover_accepted", "tashkent-airport", fulfils=["kz.court/1"])
    printed = _whole(Record.of(table.delivery), HANDOVER)

    assert "Only by night." in printed
    assert "Only by day." not in printed


def test_r22_what_an_authorisation_covered_before_another_came_is_not_outside_the_time() -> None:
    """The court is told both, the first as far as it ran; what was done under it is not said to have been authorised by none."""
    table = Table_().dispatch()
    table.pass_time(hours=1)
    document = table.delivery.plan.model_dump()
    asked = FRESH | {"id": "consent-kz-2", "state": "KZ", "place": "Astana", "requires": asks("kz.prosecutor authorisation")}
    change(table, Plan.model_validate(document | {"checkpoints": [*document["checkpoints"], asked]}))
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz-2", reference="SECOND-2", valid_from=utc_text(table.now))
    said = court_says(Record.of(table.delivery))
    given = [one for one in said if "Kazakhstan, prosecutor, has authorised it by" in one]

    assert not any("Outside the time" in one for one in said)
    assert ["TEST-1", "SECOND-2"] == [re.findall(r"No\. (\S+)", one)[0] for one in given]
    assert re.findall("until (.*)[.]$", given[0]) == re.findall("from (.*) until", given[1])


def test_r1_no_paper_names_a_provisional_authorisation_as_a_ground() -> None:
    """What was done rests on the act that is final, in the record of examination and on the watch, and in the submission."""
    table = Table_()
    table.say("kz.prosecutor", "authorisation_granted", "consent-kz", provisional=True, reference="PROVISIONAL-1")
    table.consent().dispatch()
    table.say("kz.police", "sighted", place="the apron")
    table.say("kz.police", "stop_requested")
    table.say("kz.police", "interdicted", "stop.interdiction", place="the yard", gross="13.9 kg")
    record = Record.of(table.delivery)

    for name, listed in (("examination.preparation", 0), ("surveillance.flight", 0), ("submission.KZ", 1)):
        printed = _whole(record, name)
        assert "TEST-1" in printed
        assert printed.count("PROVISIONAL-1") == listed, "it is one of the statements, and no act by which anything was done"


def test_r22_the_watch_of_a_leg_is_told_of_all_who_were_in_charge_of_it() -> None:
    """What who was responsible before a changed plan has lost from sight stands in the memorandum, and until when it was so."""
    table = Table_().dispatch()
    table.pass_time(hours=1)
    table.say("kz.police", "surveillance_lost", reason="fog over the runway")
    change(table, in_charge_instead(table.plan))
    table.say("kz.border", "surveillance_regained", place="the apron", reason="it had been moved")
    printed = _whole(Record.of(table.delivery), "surveillance.flight")

    assert "fog over the runway" in printed
    assert "it had been moved" in printed
    assert "Internal Affairs of Kazakhstan was responsible from 01.03.2022 06:00 until 01.03.2022 07:00" in printed


def test_results_that_were_submitted_before_the_first_arrest_have_their_order() -> None:
    """It is of what there was then; and no other paper of the delivery fails to be found by its code for that."""
    table = Table_().deliver()
    table.say("uz.police", "results_submitted", reference="5 of 2022-03-05", addressee="Prosecutor's office", copies=2)
    table.say("uz.police", "arrest_made", "arrest-tashkent")
    printed = _whole(Record.of(table.delivery), "submission.UZ")

    assert "of the Ministry of Internal Affairs of Uzbekistan" in printed
    assert "Prosecutor's office" in printed


def test_r9_any_contact_ends_a_gap_in_the_papers() -> None:
    """Whoever sees it or has it in hand has it back, as the rules have it: no act omits a gap, and no report says that it was
    never in sight again. A loss that is reported twice is one.
    """
    table = Table_().dispatch()
    table.say("kz.police", "surveillance_lost", reason="fog over the runway")
    table.pass_time(minutes=7)
    table.say("kz.police", "surveillance_lost", reason="still fog")
    table.say("kz.police", "sighted", place="the apron")
    table.pass_time(minutes=7)
    table.say("kz.police", "surveillance_lost", reason="night")
    table.pass_time(minutes=7)
    record = Record.of(table.hand_over().delivery)
    gaps = [("01.03.2022 06:00", "01.03.2022 06:07"), ("01.03.2022 06:14", "01.03.2022 06:21")]

    assert gaps == re.findall("a gap from (.{16}) to (.{16})", _whole(record, HANDOVER))
    assert gaps == re.findall("Out of sight from (.{16}) to (.{16}): “(?:fog|night)", _whole(record, "results"))
    assert "not in sight again" not in _whole(record, "results")
    assert "gaps in the watch: 2" in _whole(record, "results")


def test_what_was_seized_in_the_middle_of_a_search_is_not_told_as_never_seen_again() -> None:
    """It was found where it was seized."""
    table = Table_().dispatch()
    table.say("kz.police", "surveillance_lost", reason="fog over the runway")
    table.say("kz.police", "stop_requested")
    table.say("kz.police", "interdicted", "stop.interdiction", place="the yard", gross="13.9 kg")

    assert "Out of sight from" in _whole(Record.of(table.delivery), "results")
    assert "not in sight again" not in _whole(Record.of(table.delivery), "results")


def test_r23_a_paper_is_kept_by_the_code_of_what_was_said_after_a_permission() -> None:
    """Who has permitted all that it had said so far has not permitted what it says later, to whoever reads that in a paper."""
    table = Table_(with_changes(plan_={"handling_code": "H0"})).dispatch()
    table.say("kz.police", "disclosure_permitted", to="UZ")
    table.say("kz.police", "handover_offered", "tashkent-airport", handling={"code": "H2", "caveat": ""})
    table.say("uz.customs", "handover_accepted", "tashkent-airport")
    taker, wanted = table.directory.get("uz.customs"), Wanted(HANDOVER, "en")
    with pytest.raises(RuleBroken, match="has not permitted handover_offered"):
        make(Record.of(table.delivery), wanted, SPEAKERS, taker)

    table.say("kz.police", "disclosure_permitted", to="UZ")
    assert make(Record.of(table.delivery), wanted, SPEAKERS, taker)


def test_what_is_not_there_yet_is_not_made() -> None:
    """A paper whose statements have not come, or in a language it is not made in, is not found; it is said which there are."""
    record = Record.of(delivered())
    for wanted in (Wanted("handover.nowhere", "en"), Wanted("order.KZ", "ru-en"), Wanted("letter", "en")):
        with pytest.raises(NotFound) as missing:
            make(record, wanted, SPEAKERS)

        assert missing.value.hint
    with pytest.raises(NotFound):
        make(record.until(3), Wanted("handover.tashkent-airport", "en"), SPEAKERS)


def test_what_was_permitted_to_go_before_a_court_says_so() -> None:
    """A report made of what its code keeps from courts names the entries in which each provider has permitted that."""
    table = made(Record.of(simulated("partial-replacement")), "court").paper
    first = next(one for one in table.blocks if isinstance(one, Columns))
    said = [one.line for one in first.left if isinstance(one, Paragraph) and "permitted: " in text_of(one.line[0])]

    assert "H2" == table.handling
    assert 7 == sum(isinstance(piece, Value) for line in said for piece in line)


@cache
def simulated(name: str) -> Delivery:
    """An example under its own handling code."""
    plan, scenario = example_scenario(name)
    return simulate(World(plan, example_directory(), example_cards(), scenario, 1)).delivery


def test_a_number_is_written_once() -> None:
    """An act in two languages has one blank for its number, behind both words for it; and no figure of it has a comma, which is a
    point to one of its readers and thousands to the other.
    """
    dated = next(one for one in made(Record.of(delivered()), HANDOVER, "ru-en").paper.blocks if isinstance(one, Dated))

    assert 1 == sum(isinstance(piece, Blank) for piece in dated.number)
    both = [Tongue(code, SPEAKERS[code], neutral=True) for code in LANGUAGES[:2]]
    assert {("50.626\u202fg", "1\u202f149.979555\u202fkg")} == {(one.mass(50_626), one.mass(1_149_979_555)) for one in both}
    assert {"1\u202f500.50\u202fEUR"} == {one.money(Money(currency="EUR", minor=150_050)) for one in both}


def test_a_request_says_where_it_calls() -> None:
    """Whoever is asked to decide, and whoever plans, reads at which ports and airports a leg calls."""
    record = Record.of(delivered("provisional-and-conditional"))
    calls = [one.place for leg in record.plan.legs for one in leg.calls]

    assert calls
    for name in (next(one for one in names_of(record) if one.startswith("request.")), "measures"):
        printed = " ".join(map(text_of, made(record, name).paper.pieces))
        assert all(place in printed for place in calls)


def test_a_recording_that_the_card_wants_is_named_or_missed() -> None:
    """Where the card wants a recording, the record of seizure names the digest of one, or says that the rule is not met."""
    printed = {}
    for named in ((), (PHOTOGRAPH,)):
        table = Table_().dispatch()
        table.say("kz.police", "interdicted", place="Almaty", attachments=named)
        record = Record.of(table.delivery)
        name = next(one for one in names_of(record) if one.startswith("seizure."))
        printed[bool(named)] = " ".join(map(text_of, made(record, name).paper.pieces))

    assert "The rule of the card is not met" in printed[False]
    assert "The rule of the card is not met" not in printed[True]
    assert PHOTOGRAPH.digest in printed[True]


def test_each_file_is_named_in_the_papers_of_what_names_it() -> None:
    """Of whatever type: by digest and what it shows, in the record of seizure and in the report for the court, which says whether
    the file itself may go there; where none is named, no paper says a word of files.
    """
    scanned = PHOTOGRAPH.model_copy(
        update={"digest": "cd" * 32, "media_type": "application/pdf", "shows": "the act, scanned", "handling": "H1"}
    )
    printed = {}
    for named in ((), (PHOTOGRAPH, scanned)):
        table = Table_(with_changes(plan_={"handling_code": "H0"})).dispatch()
        table.say("kz.police", "interdicted", place="Almaty", attachments=named)
        record = Record.of(table.delivery)
        for name in (next(one for one in names_of(record) if one.startswith("seizure.")), "court"):
            printed[name.partition(".")[0], bool(named)] = " ".join(map(text_of, made(record, name).paper.pieces))

    assert all(one.digest in printed[name, True] for one in (PHOTOGRAPH, scanned) for name in ("seizure", "court"))
    assert all(scanned.shows in printed[name, True] for name in ("seizure", "court"))
    assert re.search(rf"{PHOTOGRAPH.digest} yes.*{scanned.digest} no", printed["court", True])
    assert not any("SHA-256" in printed["court", False].partition("Annex")[2] for _ in printed)


def test_a_refusal_names_each_provider_once() -> None:
    """Who is to be asked to permit something to a court stands in the refusal once, with how much more there is of it."""
    with pytest.raises(RuleBroken) as refused:
        make(Record.of(delivered(code="H2")), Wanted("court", "en"), SPEAKERS)

    assert 1 == refused.value.sentence.count("kz.police has not permitted")
    assert re.search(
        r"kz\.police has not permitted detected \w+ \(H2\), prepared \w+ \(H2\), dispatched \w+ \(H2\) and \d+ more",
        refused.value.sentence,
    )
