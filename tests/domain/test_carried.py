"""What goes from one run to the next: it is enough to go on from, and it does not grow with what was said."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.delivery.carried import Carried, carried
from domain.delivery.delivery import Delivery
from domain.delivery.ledger import Kept
from domain.delivery.reported import Amended
from domain.delivery.statement import sign_statement
from domain.record.door import amend, go_on, receipt, resume, submit
from domain.words.errors import Malformed, NotFound
from rehearsal.__main__ import world
from rehearsal.services import private_key_of
from rehearsal.simulator import simulate
from tests.course import became, code
from tests.support import SECRET, Table, signed_plan, submitted, with_changes

SEEDS = (3, 8, 41, 52)
"""Examples and plans of their own, with trouble, changes of plan and conflicts."""


def next_run(delivery: Delivery, kept: int) -> Delivery:
    """The archive has so many entries, and the next run goes on from what this one carries."""
    delivery.ledger.keep(kept)
    return go_on(Carried.model_validate_json(carried(delivery).model_dump_json()), SECRET)


def watched() -> Table:
    """On its way, for as long as it takes, and asked after every hour."""
    watch = {"check_in": "PT1H", "answer": "PT30M", "search": "PT2H"}
    return Table(with_changes(plan_={"surveillance": watch}, tashkent_airport={"due": "P5D"})).dispatch()


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_at_every_entry_what_is_carried_is_what_all_entries_add_up_to(seed: int) -> None:
    """A run that ends after each entry, and lets go of all of them, stands where one stands that has every entry."""
    chosen = world(seed)
    done = simulate(replace(chosen, restart_chance=0.0)).delivery
    entries, directory, cards = done.ledger.entries, done.snapshot.directory, done.snapshot.cards
    whole, run = (resume(directory, cards, entries[:1], SECRET) for _ in range(2))

    for entry in entries[1:]:
        run = next_run(run, len(run.ledger) - entry.seq % 3)
        for one in (whole, run):
            one.take(entry)
        assert carried(run).led_to_by(whole), entry.seq


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_a_delivery_of_many_runs_has_the_ledger_of_one_run(seed: int) -> None:
    """Whether a run ends after everything that happens or never: every entry, and so every verdict and receipt, is the same.
    No run begins anew what is under way.
    """
    chosen = world(seed)
    quiet = replace(chosen, hostility=0.0, peers=replace(chosen.peers, forgetful=0.0))
    many, one = (simulate(replace(quiet, restart_chance=chance)) for chance in (1.0, 0.0))

    assert many.restarts > 10 > one.restarts
    assert many.delivery.ledger.entries == one.delivery.ledger.entries


def test_what_has_been_said_and_kept_is_known_by_its_number() -> None:
    """A statement that comes again is not recorded again; its receipt is read in the archive, at the number that is told."""
    table = Table()
    envelope = sign_statement(table.statement("kz.knb", "information"), private_key_of("kz.knb"))
    first = submitted(table.delivery, envelope, table.now)
    again = next_run(table.delivery, first.seq)
    assert first == submit(again, envelope, table.now) == receipt(again, envelope)

    later = next_run(again, first.seq + 1)
    known = Kept(seq=first.seq, fingerprint=envelope.fingerprint())
    assert known == submit(later, envelope, table.now) == receipt(later, envelope)
    assert len(later.ledger) == len(again.ledger)


def test_other_content_under_an_id_that_was_kept_is_a_contradiction() -> None:
    """R18: the entry is named, whoever said it, and what comes again after that is known too."""
    table = Table()
    said = table.statement("kz.knb", "information")
    first = submitted(table.delivery, sign_statement(said, private_key_of("kz.knb")), table.now)
    table.delivery = next_run(table.delivery, len(table.delivery.ledger))
    other = sign_statement(said.model_copy(update={"officer": "officer-9"}), private_key_of("kz.knb"))
    answer = submitted(table.delivery, other, table.now)

    assert (("refused", "R18"), "contradiction") == (became(answer), code(answer))
    assert answer.verdict.finding is not None
    assert {"entry": first.seq} == answer.verdict.finding.parameters
    table.delivery = next_run(table.delivery, len(table.delivery.ledger))
    assert Kept(seq=answer.seq, fingerprint=other.fingerprint()) == submit(table.delivery, other, table.now)


def test_a_change_of_plan_that_was_kept_is_made_once() -> None:
    """R22: the same plan again is the change that has been made."""
    table = Table()
    amended = Amended(plan=signed_plan(with_changes(departure={"due": "P2D"})))
    entry = amend(table.delivery, amended, table.now)
    later = next_run(table.delivery, len(table.delivery.ledger))

    assert Kept(seq=entry.seq, fingerprint=amended.plan.fingerprint()) == amend(later, amended, table.now)
    assert entry.seq < len(later.ledger) == len(table.delivery.ledger)


def test_only_whoever_said_it_discloses_what_was_kept() -> None:
    """R23: whose a statement is stays known when it has left with the ledger."""
    table = Table()
    said = table.say("kz.knb", "information")
    table.delivery = next_run(table.delivery, len(table.delivery.ledger))

    assert "not_theirs_to_disclose" == code(table.say("uz.police", "disclosure_permitted", statements=[said.statement]))
    assert ("accepted", None) == became(table.say("kz.knb", "disclosure_permitted", statements=[said.statement]))


def test_what_has_closed_is_not_carried() -> None:
    """Surveillance asks every hour for four days: what is carried has the same size, but for the statements that are known."""
    table = watched()
    sizes = []
    for _ in range(100):
        table.pass_time(hours=1)
        table.say("kz.police", "sighted")
        table.delivery = next_run(table.delivery, len(table.delivery.ledger))
        found = carried(table.delivery)
        sizes.append(len(found.model_dump_json()) - len(found.known) - len(found.peaks))

    assert table.delivery.state.opened["sighting/"] == 100
    assert max(sizes) - min(sizes) < 40  # more digits in the numbers of entries


def test_an_answer_to_what_has_closed_and_is_forgotten_is_late() -> None:
    """R17: that a checkpoint was there stays known, though not who was asked; a name that none has had stays unknown."""
    table = watched()
    table.pass_time(hours=1)
    name = table.opened("sighting")
    table.say("kz.police", "sighted")
    table.delivery = next_run(table.delivery, len(table.delivery.ledger))

    for at, verdict in ((name, "late"), ("sighting.2", "refused"), ("sighting.01", "refused"), ("sighting", "refused")):
        assert (verdict, "R17") == became(table.say("kz.police", "movement_decision", at))


def test_what_no_run_has_carried_is_refused() -> None:
    """A table, an edge or a state that cannot be, or rules that are not there: said so, and nothing goes on from it."""
    found = carried(Table().delivery)
    wrong = {"known": "AAAA", "peaks": "AAAA", "kept": 5, "state": found.state | {"now": "yesterday"}}
    for field, value in wrong.items():
        with pytest.raises(Malformed, match="carries"):
            go_on(found.model_copy(update={field: value}), SECRET)
    with pytest.raises(NotFound, match="version 99"):
        go_on(found.model_copy(update={"rules": 99}), SECRET)


def test_an_archive_that_has_more_than_there_is_is_refused() -> None:
    """Told of more entries than were recorded, nothing is let go of; told of fewer than before, nothing comes back."""
    ledger = Table().dispatch().delivery.ledger
    size, root = len(ledger), ledger.root
    with pytest.raises(ValueError, match="the archive has"):
        ledger.keep(size + 1)
    ledger.keep(5)
    ledger.keep(3)

    assert (5, size, root) == (ledger.kept, len(ledger), ledger.root)
    assert 5 == ledger.since(0)[0].seq
    for seq in (4, size):
        with pytest.raises(LookupError, match="not held"):
            ledger.leaf_at(seq)


def test_time_goes_on_in_the_next_run() -> None:
    """What was to come due comes due, at the moment at which it would have."""
    table, other = Table(), Table()
    table.delivery = next_run(table.delivery, len(table.delivery.ledger))
    for one in (table, other):
        one.pass_time(days=2)

    assert table.delivery.state == other.delivery.state
    assert table.delivery.ledger.root == other.delivery.ledger.root
    assert timedelta() < table.delivery.state.now - other.delivery.state.began
