"""Tables of what is so of each kind, each thing asked and each contingency: where one is missing, nothing starts."""

import pytest

from domain.rules.hold import HoldRequested
from domain.rules.speaking import CORRECTABLE
from domain.views.unasked import ELSEWHERE
from domain.words.total import total
from gateway.pages.brakes import BRAKES
from tests.edited import edited, run_as, with_one_more, without_one

TABLES = [
    ("domain.plan.powers", "ACTS"),
    ("domain.plan.powers", "OF_EXHIBITS"),
    ("domain.plan.powers", "OF_ANYBODY"),
    ("domain.views.names", "NEEDS"),
    ("domain.views.names", "QUESTIONS"),
    ("domain.views.floor_in_words", "SHORTLY"),
    ("domain.views.floor_in_words", "THEN"),
    ("domain.views.asked", "ABOUT_THE_CONSIGNMENT"),
    ("domain.views.asked", "WITHOUT_IT"),
    ("domain.views.happenings", "_SAID"),
    ("domain.views.happenings", "ROUTINE"),
    ("gateway.pages.words", "SENTENCES"),
    ("gateway.pages.words", "IN_GENERAL"),
]


def test_each_table_as_it_stands_is_taken() -> None:
    """A module whose source is unchanged runs as it does at its import, so that what fails below fails for what was taken out."""
    for module in dict.fromkeys(module for module, _ in TABLES):
        run_as(module, edited(module, next(name for of, name in TABLES if of == module), lambda _: "")[0])


@pytest.mark.parametrize(("module", "table"), TABLES)
def test_a_table_with_one_entry_less_fails_at_import_and_the_error_names_both(module: str, table: str) -> None:
    """Whoever adds a kind or a need and forgets what it is called is told so before anything runs."""
    tree, taken = edited(module, table, without_one)
    with pytest.raises(TypeError, match=rf"\b{table}\b.*: missing: {taken}$"):
        run_as(module, tree)


@pytest.mark.parametrize(("module", "table"), [("domain.views.happenings", "ROUTINE"), ("gateway.pages.words", "IN_GENERAL")])
def test_a_kind_that_is_not_there_or_stands_in_two_tables_fails_too(module: str, table: str) -> None:
    """A kind that is called otherwise now leaves nothing behind under its old name; and no two tables disagree."""
    for word, fault in (("gone_by", "not known: gone_by"), ("delivered", "twice: delivered")):
        tree, _ = edited(module, table, with_one_more(word))
        with pytest.raises(TypeError, match=fault):
            run_as(module, tree)


def test_the_name_of_a_contingency_that_no_rule_declares_fails_at_import(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other files compare with these names: one that is called otherwise now would match nothing."""
    tree, _ = edited("domain.rules.books", "SUBJECTS", lambda _: "")
    monkeypatch.setattr("domain.delivery.unforeseen.NAMES", ("hold", "holdup"))
    with pytest.raises(TypeError, match="NAMES: no contingency is called holdup"):
        run_as("domain.rules.books", tree)


def test_lists_of_a_few_kinds_are_made_of_the_kinds_themselves() -> None:
    """What is remembered to be corrected are the kinds that a correction takes, less those known from their exhibits."""
    assert {"prepared", "arrest_made", "arrest_reported", "seizure", "interdicted"} == set(CORRECTABLE)
    assert {"hold_requested", "stop_requested", "correction"} == set(ELSEWHERE)
    assert {"stop_requested", "hold_requested", "incident", "authorisation_withdrawn"} == set(BRAKES)
    assert HoldRequested.model_fields["kind"].default in BRAKES


def test_several_tables_say_together_what_one_alone_does_not() -> None:
    """Each word once: in one of them, and in no other."""
    total(["a", "b"], first=["a"], second=["b"])
    with pytest.raises(TypeError, match=r"^first or second: missing: c; not known: d; twice: a$"):
        total(["a", "b", "c"], first=["a", "b"], second=["a", "d"])
