"""What tests of groups share: the example of three parcels, and a table for each, at which they hear of one another."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from domain.delivery.reported import SiblingHeard
from domain.plan.documents import Document
from domain.plan.group import GroupFile, expand
from domain.plan.plan import Plan
from domain.record.siblings import Heeded, heard, heeding
from domain.rules.siblings import hears
from rehearsal.services import VIGIL, private_key_of
from tests.support import EXAMPLES, Table

OIL, CHEMICALS, KEPT = "motor-oil-1", "motor-oil-2", "motor-oil-3"
BOTH = (OIL, CHEMICALS)


@cache
def group_file() -> GroupFile:
    """The file of the example."""
    path = EXAMPLES / "omsk-taraz-parcels" / "group.yaml"
    return Document(path.read_text(), str(path)).read(GroupFile)


@cache
def group_plans() -> tuple[Plan, ...]:
    """The plan of each parcel."""
    found = expand(group_file())
    assert not found.faults, found.faults
    return found.plans


def group_called(code: str) -> tuple[Plan, ...]:
    """The same under another code name: what has run once on a server does not run there again."""
    text = (EXAMPLES / "omsk-taraz-parcels" / "group.yaml").read_text().replace("motor-oil", code)
    return expand(Document(text, code).read(GroupFile)).plans


class Parcels:
    """A table for each parcel. What one comes to, the others hear of when the test says so."""

    def __init__(self, **tables: Plan) -> None:
        self.tables = {plan.operation: Table(tables.get(plan.operation.replace("-", "_"), plan)) for plan in group_plans()}

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]

    def hear(self, name: str) -> list[str]:
        """One of them hears all that is new of the others; what that is."""
        table, news = self[name], []
        for _ in range(20):
            wanted = heeding(table.delivery)
            fact = next((fact for one in wanted.siblings for fact in self.news(wanted.group, one)), None)
            if fact is None or not hears(table.delivery.state):
                return news
            table.report(fact)
            table.settle()
            news.append(f"{fact.sibling} {fact.says}" + (f" {fact.checkpoint}" if fact.checkpoint else ""))
        raise AssertionError(news)

    def news(self, group: str, known: Heeded) -> Iterator[SiblingHeard]:
        """All that is new of one of them to another."""
        return heard(self[known.delivery].delivery, group, known, private_key_of(VIGIL))

    def pass_time(self, **span: float) -> None:
        """Let time go by at every table."""
        for table in self.tables.values():
            table.pass_time(**span)

    def consent(self, *names: str) -> "Parcels":
        """Both States consent, once for all of these."""
        for name in names:
            table = self[name]
            for service, at in (("ru.customs", "consent-ru"), ("kz.prosecutor", "consent-kz")):
                if not table.is_open(at):
                    continue
                for officer in ("officer-1", "officer-2") if service == "ru.customs" else ("officer-1",):
                    table.say(service, "authorisation_granted", at, officer=officer)
            if table.is_open("consent-ru"):
                table.say("ru.court", "permission_granted", "consent-ru", permissions=["post"])
        return self

    def prepare(self, name: str) -> Table:
        """It has been prepared as it was found."""
        table = self[name]
        goods = table.plan.consignment
        kept = [one.model_dump(exclude_none=True) for one in goods.contents]
        table.say("ru.customs", "prepared", "preparation", gross=goods.gross, kept=kept)
        return table

    def deliver(self, name: str) -> Table:
        """It is on its way and has come to its recipient."""
        table = self.prepare(name)
        gross = table.plan.consignment.gross
        table.say("kz.customs", "ready", "departure")
        table.say("ru.customs", "dispatched", "departure")
        table.say("ru.customs", "handover_offered", "petropavl", gross=gross)
        table.say("kz.police", "handover_accepted", "petropavl", gross=gross)
        table.say("kz.police", "delivered", "delivery")
        return table

    def muster(self, name: str) -> None:
        """Its teams are ready."""
        for service in ("kz.police", "ru.police"):
            self[name].say(service, "ready", "teams-ready")


def of_several(*names: str, plans: tuple[Plan, ...] | None = None) -> dict[str, Any]:
    """What a statement says beside its content where it is said once for these parcels of the example, or of these plans."""
    first = (plans or group_plans())[0].group
    assert first is not None
    numbers = tuple(first.members.index(one) + 1 for one in names)
    return {"members": numbers, "delivery": first.code, "plan": first.digest, "seen": None}


def group_of_two_ways(code: str) -> tuple[Plan, ...]:
    """The same, where the second goes with a part of it taken out and the first intact."""
    text = (EXAMPLES / "omsk-taraz-parcels" / "group.yaml").read_text().replace("motor-oil", code)
    second = "      title: Second parcel"
    found = expand(Document(text.replace(second, f"      modality: removed_in_part\n{second}"), code).read(GroupFile))
    assert not found.faults, found.faults
    return found.plans
