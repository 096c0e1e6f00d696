"""Papers: what they print, where each value comes from, and who may have them."""

from functools import cache

import pytest

from domain.delivery.delivery import Delivery
from domain.papers.forms import FORMS
from domain.papers.making import LANGUAGES, Made, Wanted, make, offered
from domain.papers.paper import Sentence, Value, Words
from domain.papers.record import Record
from process.language import speakers
from rehearsal.simulator import World, simulate
from tests.support import example_cards, example_directory, example_scenario

SPEAKERS = speakers(None)
SAMPLES = ("almaty-tashkent", "kyrgyzstan-kazakhstan-russia")


@cache
def delivered(name: str = "almaty-tashkent") -> Delivery:
    """An example, to its end."""
    plan, scenario = example_scenario(name)
    return simulate(World(plan, example_directory(), example_cards(), scenario, 1)).delivery


def made(record: Record, name: str, language: str = "en") -> Made:
    """A paper of it."""
    return make(record, Wanted(name, language, "court" if name == "court" else "operation"), SPEAKERS)


def names_of(record: Record) -> list[str]:
    """Every paper that there is of it."""
    return [one.name for one in offered(record, None, SPEAKERS["en"])]


@pytest.mark.parametrize("example", SAMPLES)
def test_every_paper_is_made_in_every_language(example: str) -> None:
    """Each paper that is offered is made in each language that it is offered in, by entries that are there."""
    record = Record.of(delivered(example))
    for one in offered(record, None, SPEAKERS["en"]):
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

            assert paper.digest == made(record.until(paper.size - 1), name).paper.digest


def test_a_value_says_where_it_comes_from() -> None:
    """A value without a source cannot be printed, and no sentence of a report without a value."""
    with pytest.raises(ValueError, match="says where it comes from"):
        Value("5 kg", ())
    with pytest.raises(ValueError, match="rests on no entry"):
        Sentence("1.1", (Words("Everything was in order."),))


def test_languages_of_a_form() -> None:
    """A form in two columns is made in both languages at once, and no other is."""
    record = Record.of(delivered())
    offers = {one.name: one.languages for one in offered(record, None, SPEAKERS["en"])}

    assert all((LANGUAGES[-1] in languages) == FORMS[name.partition(".")[0]].two_columns for name, languages in offers.items())
