"""A lot is divided: each container or sample has its own holder from then on (R30)."""

from typing import Any

import pytest

from domain.delivery.holdings import exhibits
from domain.record.packet import seal
from domain.record.verify import verify
from domain.views.view import view
from rehearsal.services import VIGIL, private_key_of
from tests.course import became, code
from tests.support import Table

SAMPLE = {"substance": "mephedrone (4-MMC)", "net": "10 g"}
TWO = [{"label": "S-1", "net": "4 g"}, {"label": "S-2", "net": "6 g"}]
REPORT = {"report": "test_report", "substance": "mephedrone (4-MMC)", "reference": "TEST-1 of 2022-03-01"}


def sampled() -> Table:
    """Ten grams of samples, held by the police of Kazakhstan."""
    table = Table().consent()
    assert became(table.say("kz.police", "prepared", "preparation", samples=[SAMPLE])) == ("accepted", None)
    return table


def divide(table: Table, into: list[dict[str, Any]], service: str = "kz.police", exhibit: str = "samples") -> str | None:
    """It is divided; the code of the verdict."""
    return code(table.say(service, "exhibit_divided", exhibit=exhibit, into=into))


def test_r30_each_part_has_its_own_holder() -> None:
    """One goes to another service, one stays; nobody holds the lot any more, and it is said why."""
    table = sampled()
    assert divide(table, TWO) is None
    table.say("kz.police", "exhibits_offered", exhibits=["S-1"], to="kz.knb", purpose="examination")
    table.say("kz.knb", "exhibits_accepted", exhibits=["S-1"], giver="kz.police", intact=True)
    known = exhibits(table.delivery.state)
    assert ("kz.knb", "kz.police") == (known["S-1"].holder, known["S-2"].holder)
    assert (None, "divided") == (known["samples"].holder, known["samples"].fate)
    shown = {one.label: one.net for one in view(table.delivery, table.directory.get("kz.knb"), table.now).exhibits}
    assert (4_000, 6_000) == (shown["S-1"], shown["S-2"])


def test_r30_the_parts_weigh_what_the_lot_weighs() -> None:
    """A gram less is refused, where each was weighed, and no scale's difference: a twentieth at most. Where one was not, nobody
    invents its mass, and the others are no more than the lot.
    """
    assert divide(sampled(), [TWO[0], {"label": "S-2", "net": "5.5 g"}]) is None
    assert "parts_differ" == divide(sampled(), [TWO[0], {"label": "S-2", "net": "5.499 g"}])
    assert "parts_differ" == divide(sampled(), [TWO[0], {"label": "S-2", "net": "5 g"}])
    assert "parts_differ" == divide(sampled(), [{"label": "S-1", "net": "10.501 g"}, {"label": "S-2"}])
    assert divide(sampled(), [TWO[0], {"label": "S-2"}]) is None


def weighed(table: Table, label: str, received: str) -> str | None:
    """A part is examined; what is remarked of that."""
    told = REPORT | {"received": received, "spent": "1 g", "left": f"{float(received.split(maxsplit=1)[0]) - 1} g"}
    return code(table.say("kz.police", "laboratory_report", exhibit=label, **told))


def test_r10_what_is_said_later_of_its_parts_is_the_lot_or_is_explained() -> None:
    """A part that was not weighed could be anything later. Within the tolerance nothing is said; else it is remarked, stands
    among the differences, and is explained; of parts of parts too.
    """
    table = sampled()
    assert divide(table, [TWO[0], {"label": "S-2"}]) is None
    assert weighed(table, "S-2", "6.5 g") is None
    table = sampled()
    assert divide(table, [TWO[0], {"label": "S-2"}]) is None
    assert divide(table, [{"label": "S-3", "net": "2 g"}, {"label": "S-4"}], exhibit="S-2") is None
    table.say("kz.knb", "ready", "preparation")
    for service in ("uz.customs", "uz.police"):
        table.say(service, "ready", "departure")
    table.say("kz.police", "dispatched", "departure")
    table.say("kz.police", "interdicted", gross="13 kg")
    table.pass_time(hours=12)
    for service in ("kz.police", "kz.prosecutor"):
        assert became(table.say(service, "difference_explained", "balance.1")) == ("accepted", None)
    before = table.delivery.balance.differences()
    assert (len(before), table.delivery.balance.unexplained()) == (1, ())
    assert "parts_weigh_otherwise" == weighed(table, "S-4", "90 g")
    *rest, differs = table.delivery.balance.unexplained()
    assert tuple(rest) == before
    assert (differs.code, differs.parameters) == ("lot_differs", {"label": "samples", "found": 96_000, "expected": 10_000})
    assert verify(table.packet()).remarked


def test_r10_who_explained_a_difference_before_a_report_has_not_explained_what_that_found() -> None:
    """The parts of a sample weigh ten times the sample: who had explained another difference by then is asked about that too."""
    table = sampled()
    divide(table, [TWO[0], {"label": "S-2"}])
    table.say("kz.police", "interdicted", gross="13 kg")
    table.pass_time(hours=12)
    table.say("kz.police", "difference_explained", "balance.1")
    assert "parts_weigh_otherwise" == weighed(table, "S-2", "90 g")
    table.say("kz.prosecutor", "difference_explained", table.opened("balance"))
    assert table.delivery.balance.unexplained()


def test_r30_a_report_on_a_part_is_compared_with_the_part() -> None:
    """And is remarked where it weighs something else."""
    table = sampled()
    divide(table, TWO)
    told = REPORT | {"received": "4 g", "spent": "1 g", "left": "3 g"}
    assert code(table.say("kz.police", "laboratory_report", exhibit="S-1", **told)) is None
    other = REPORT | {"received": "9 g", "spent": "1 g", "left": "8 g"}
    assert "weighs_otherwise" == code(table.say("kz.police", "laboratory_report", exhibit="S-2", **other))


@pytest.mark.parametrize(
    ("service", "exhibit", "into", "refusal"),
    [
        ("kz.knb", "samples", TWO, "not_its_holder"),
        ("kz.police", "consignment", TWO, "still_travels"),
        ("kz.police", "samples", [TWO[0], {"label": "seized", "net": "6 g"}], "label_taken"),
        ("kz.police", "samples", [TWO[0], {"label": "samples", "net": "6 g"}], "label_taken"),
    ],
)
def test_r30_only_its_holder_divides_what_does_not_travel(
    service: str, exhibit: str, into: list[dict[str, Any]], refusal: str
) -> None:
    """Into labels that nothing else bears."""
    assert refusal == divide(sampled(), into, service, exhibit)


def test_r30_a_part_is_divided_again_and_what_is_divided_is_not() -> None:
    """As often as there are containers in containers; where the part was not weighed, into parts that the first lot
    holds beside the others, or of no known mass.
    """
    table = sampled()
    divide(table, TWO)
    not_weighed = sampled()
    divide(not_weighed, [TWO[0], {"label": "S-2"}])
    assert "parts_differ" == divide(not_weighed, [{"label": "S-2-1", "net": "7 g"}, {"label": "S-2-2"}], exhibit="S-2")
    assert divide(not_weighed, [{"label": "S-2-1", "net": "1 g"}, {"label": "S-2-2"}], exhibit="S-2") is None
    assert "not_its_holder" == divide(table, [{"label": "S-3"}, {"label": "S-4"}])
    assert divide(table, [{"label": "S-1-1", "net": "1 g"}, {"label": "S-1-2", "net": "3 g"}], exhibit="S-1") is None


def test_r30_it_is_verified_who_holds_each_part() -> None:
    """Offline, by the same rules."""
    table = sampled()
    divide(table, TWO)
    proved = verify(seal(table.delivery, "", private_key_of(VIGIL), table.now), table.directory)
    assert {"S-1", "S-2"} <= {one.label for one in proved.exhibits if one.holder == "kz.police"}
