"""Who takes part in one consignment alone hears nothing of the others but that something waits (R11, R31)."""

from domain.delivery.ledger import Entry
from domain.delivery.reported import SiblingHeard, Stated
from domain.plan.group import expand
from domain.views.asked import request
from domain.views.sight import page, sight
from domain.views.view import view
from tests.groups import BOTH, CHEMICALS, OIL, Parcels, group_file, of_several
from tests.support import Table

SIBLINGS = ("motor-oil-2", "motor-oil-3")


def waiting() -> Parcels:
    """The first waits for the teams of the second, which has been stopped before they came."""
    parcels = Parcels()
    parcels.consent(*BOTH)
    for name in BOTH:
        parcels.deliver(name)
    parcels.muster(OIL)
    parcels[CHEMICALS].say("kz.police", "stop_requested")
    parcels.hear(OIL)
    return parcels


def shown(table: Table, reader: str) -> str:
    """All that a reader is shown of it: the view, the ledger, what it is asked."""
    service = table.directory.get(reader)
    parts = [view(table.delivery, service, table.now).model_dump_json()]
    parts += [one.model_dump_json() for one in page(table.delivery, service, 0)]
    for name, progress in table.delivery.state.progress.items():
        if progress.open and reader in progress.checkpoint.services():
            parts.append(request(table.delivery, name, reader).model_dump_json())
    return "\n".join(parts)


def test_r11_who_sees_a_part_hears_that_it_waits_and_not_for_whom() -> None:
    """View, ledger and requests name no sibling to the police of the other State, to customs or to a prosecutor."""
    table = waiting()[OIL]

    for reader in ("ru.police", "ru.customs", "kz.prosecutor", "kz.customs"):
        assert not [one for one in SIBLINGS if one in shown(table, reader)], reader
    found = view(table.delivery, table.directory.get("ru.police"), table.now).group
    assert found is not None
    assert ((), [("arrest-omsk", 1, ())]) == (found.siblings, [(one.checkpoint, one.lacking, one.of) for one in found.waits])


def test_r11_who_sees_the_whole_sees_how_each_sibling_stands() -> None:
    """The initiator knows which was stopped, and by whose words it was heard."""
    table = waiting()[OIL]
    found = view(table.delivery, table.directory.get("kz.police"), table.now).group

    assert found is not None
    assert (CHEMICALS, "stopped") in [(one.delivery, one.stands) for one in found.siblings]
    assert (CHEMICALS,) == found.waits[0].of
    entries = page(table.delivery, table.directory.get("kz.police"), 0)
    assert [one for one in entries if isinstance(getattr(one, "event", None), SiblingHeard)]


def test_r11_what_is_said_of_several_is_read_by_who_said_it_and_who_sees_the_whole() -> None:
    """It numbers siblings: to others of the same State it is a leaf, and the view says what follows from it."""
    parcels = Parcels()
    table = parcels[OIL]
    said = table.statement("kz.prosecutor", "authorisation_granted", "consent-kz")
    table.hand_in(said.model_copy(update=of_several(*BOTH) | {"id": "shared-9001"}))
    entries = [one.seq for one in table.delivery.ledger.entries if isinstance(one, Entry) and isinstance(one.event, Stated)]

    def reads(reader: str) -> bool:
        found = page(table.delivery, table.directory.get(reader), 0)
        return any(one.seq == entries[-1] and isinstance(one, Entry) for one in found)

    assert reads("kz.prosecutor")
    assert reads("kz.police")
    assert not reads("kz.customs")


def test_r31_who_may_answer_for_several_is_told_the_group_and_not_the_others() -> None:
    """Digest and number, where it decides on the request and the plan is the one under the digest."""
    table = Parcels()[OIL]
    asked = request(table.delivery, "consent-kz", "kz.prosecutor").facts.group
    group = expand(group_file()).plans[0].group

    assert asked is not None
    assert group is not None
    assert ("motor-oil", group.digest, 1) == (asked.code, asked.digest, asked.number)
    assert sight(table.delivery, table.directory.get("kz.prosecutor")).whole is False
