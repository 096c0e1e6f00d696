"""Simulated services over HTTP hold what they are shown against the receipts that they were given."""

from domain.delivery.statement import Seen
from domain.record.receipts import signed
from domain.views.asked import request
from rehearsal.over_http import SimulatedServices
from rehearsal.services import VIGIL, private_key_of
from tests.support import Table, example_scenario

KEY = private_key_of(VIGIL)


async def test_what_contradicts_a_receipt_is_an_alarm_and_is_not_answered() -> None:
    """A request of a forked history, and the receipt of one; what goes on from the receipt is answered as ever."""
    table, other = Table(), Table()
    _, scenario = example_scenario("almaty-tashkent")
    services = SimulatedServices(table.directory, "http://127.0.0.1:1", scenario, 1)
    receipt = table.say("kz.knb", "information", text="they are watched")
    services.keep(signed(receipt, KEY))
    service = table.directory.get("uz.prosecutor")
    asked = request(table.delivery, "consent-uz", service.id)
    services.take(service, asked.model_copy(update={"id": "forked", "seen": Seen(size=receipt.size, root="0" * 64)}))
    forked = len(services._tasks)
    services.take(service, asked)
    for task in services._tasks:
        task.cancel()
    services.keep(signed(other.say("kz.knb", "information", text="they are not watched"), KEY))

    assert 0 == forked < len(services._tasks)
    assert ["what is shown of" in one and "contradicts your receipt" in one for one in services.alarms] == [True, True]
