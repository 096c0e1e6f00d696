"""docs/packet.md is enough to write a checker from: its own runs over packets of the code, and it names all that is in one."""

import base64
import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from domain.delivery.events import OUTSIDE, AnyEvent
from domain.delivery.ledger import LeftOut
from domain.delivery.reported import Stated
from domain.delivery.statement import sign_statement
from domain.delivery.verdicts import ACCEPTED
from domain.record.packet import Manifest, Packet
from domain.signing.canonical import plain
from domain.signing.envelope import Envelope, sign
from rehearsal.services import acknowledgement, private_key_of
from rehearsal.simulator import World, simulate
from tests.docs.published import DOCS
from tests.docs.vectors import KEYS
from tests.domain.test_acknowledgements import WRONG, asked, wanted
from tests.domain.test_divergence import packet_of, put_back
from tests.forging import sealed, taken_apart
from tests.support import Table, example_cards, example_directory, example_scenario, held

TEXT = (Path(__file__).parents[2] / "docs" / "packet.md").read_text(encoding="utf-8")
PACKETS = json.loads((DOCS / "vectors" / "packets.json").read_text(encoding="utf-8"))
EVENTS = get_args(get_args(AnyEvent)[0])


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    """The namespace that the page's Python leaves, run in order."""
    namespace: dict[str, Any] = {"__name__": "packet"}
    for body in re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL):
        exec(compile(body, "docs/packet.md", "exec"), namespace)  # noqa: S102 - our own document
    return namespace


@pytest.mark.parametrize("vector", PACKETS["vectors"], ids=lambda vector: vector["name"])
def test_the_checker_of_the_page_agrees_with_the_vectors(vector: Any, page: dict[str, Any]) -> None:
    """It takes the packet as it is, with its receipts, and no changed one."""
    file = PACKETS["file"].replace(*vector["replace"]) if vector["replace"][0] else PACKETS["file"]
    if not vector["accepted"]:
        with pytest.raises((page["Wrong"], ValueError)):
            page["check"](file.encode())
        return
    found = page["check"](file.encode(), PACKETS["receipts"])
    assert (PACKETS["size"], PACKETS["root"]) == (found["size"], found["root"])
    assert {"accepted": 1, "refused": 2} == found["verdicts"]


@pytest.mark.parametrize("name", ["almaty-tashkent", "delegated-say", "destination-refuses"])
def test_the_checker_of_the_page_takes_whole_deliveries(name: str, page: dict[str, Any]) -> None:
    """A simulated delivery from its first request to its end has every signature that the page asks for."""
    plan, scenario = example_scenario(name)
    run = simulate(World(plan, example_directory(), example_cards(), scenario, 1))

    assert run.delivery.ledger.root == page["check"](run.packet)["root"]


def test_the_checker_of_the_page_refuses_a_receipt_of_another_history(page: dict[str, Any]) -> None:
    """The installation's own signature on another root shows that it has shown two histories."""
    receipt = Envelope.model_validate(PACKETS["receipts"][0])
    other = json.loads(base64.b64decode(receipt.payload)) | {"root": "0" * 64}
    forged = sign(page["canonical"](other), receipt.payloadType, KEYS["vigil"])

    with pytest.raises(page["Wrong"], match="another ledger"):
        page["check"](PACKETS["file"].encode(), [plain(forged)])


def test_the_checker_of_the_page_refuses_another_signature(page: dict[str, Any]) -> None:
    """A statement signed anew by a stranger is found, though the seal is made anew as well."""
    plan, scenario = example_scenario("almaty-tashkent")
    run = simulate(World(plan, example_directory(), example_cards(), scenario, 1))
    body, seal = page["split"](run.packet)
    packet = json.loads(body)
    entry = next(one for one in packet["ledger"] if one["event"]["event"] == "stated")
    payload = base64.b64decode(entry["event"]["envelope"]["payload"])
    entry["event"]["envelope"] = plain(sign(payload, page["STATEMENT"], private_key_of("nobody.known")))
    leaves = [page["leaf_of"](one) for one in packet["ledger"]]
    data = page["canonical"](packet)
    manifest = json.loads(base64.b64decode(seal["payload"]))
    manifest |= {"packet": page["sha256"](data), "root": page["root_over"](leaves).hex()}
    made = sign(page["canonical"](manifest), page["MANIFEST"], private_key_of("vigil"))
    file = b'{"packet":' + data + b',"seal":' + page["canonical"](plain(made)) + b"}"

    with pytest.raises(page["Wrong"], match="does not count here"):
        page["check"](file)


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_the_checker_of_the_page_refuses_an_acknowledgement_of_something_else(wrong: Any, page: dict[str, Any]) -> None:
    """One that a service has signed is taken where it is of what was asked, and once; of another delivery it is not, for one."""
    table = Table()
    good = acknowledgement(wanted(table), table.now)
    table.report(asked(good))
    assert len(table.delivery.ledger) == page["check"](table.packet())["size"]

    for given in ([wrong(table)], [good, good]):
        forged = Table()
        forged.delivery.append(asked(*given), forged.now)
        with pytest.raises((page["Wrong"], KeyError)):
            page["check"](forged.packet())


def test_the_checker_of_the_page_knows_an_officer_by_their_own_key(page: dict[str, Any]) -> None:
    """The service's own key speaks for an officer who has none, and not for one who has."""
    for officer, taken in (("officer-3", True), ("officer-2", False)):
        table = Table()
        said = table.statement("kz.police", "stop_requested", officer=officer)
        table.delivery.append(Stated(envelope=sign_statement(said, private_key_of("kz.police")), verdict=ACCEPTED), table.now)
        if taken:
            page["check"](table.packet())
            continue
        with pytest.raises(page["Wrong"], match="does not count here"):
            page["check"](table.packet())


def test_the_checker_of_the_page_refuses_the_plan_of_another_delivery(page: dict[str, Any]) -> None:
    """The seal names the delivery, and the signed plan and every statement must be of that one."""
    with pytest.raises(page["Wrong"], match="the plan of another delivery"):
        page["check"](sealed(taken_apart(Table().packet())[0], delivery="another-1"))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.model_fields["event"].default)
def test_each_event_is_named_with_its_fields(event: Any) -> None:
    """Where it comes from, and each field that it has."""
    name = event.model_fields["event"].default
    row = next(line for line in TEXT.splitlines() if line.startswith(f"| `{name}` | "))
    whence = "outside" if event in (*OUTSIDE, EVENTS[0]) else "decision"

    assert row.startswith(f"| `{name}` | {whence} |")
    assert [] == [field for field in event.model_fields if field != "event" and f"`{field}`" not in row]


def table(head: str) -> list[str]:
    """The names in the first column of the table whose first column has this head."""
    (rows,) = re.findall(rf"^\| {re.escape(head)} \|.*\n\|[-|]+\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    return [name for row in rows.splitlines() for name in re.findall(r"`([a-z_]+)`", row.split("|")[1])]


@pytest.mark.parametrize(("head", "model"), [("`manifest`", Manifest), ("`packet`", Packet), ("left out", LeftOut)])
def test_each_table_names_the_fields_of_its_own(head: str, model: Any) -> None:
    """A reader of a part of the file finds each of its fields in that part's own table, and no other."""
    assert sorted(model.model_fields) == sorted(table(head))


def test_the_checker_of_the_page_wants_every_history_that_was_put_back(page: dict[str, Any]) -> None:
    """It takes both with the receipts of both, and misses the one that is left out."""
    old, new = put_back()
    lost = old.say("kz.knb", "information", text="lost")
    receipts = [plain(one) for one in held(lost, new.say("uz.police", "stop_requested"))]
    page["check"](packet_of(new, old), receipts)

    with pytest.raises(page["Wrong"], match="of another ledger"):
        page["check"](packet_of(new, put_back()[0]), receipts)
    with pytest.raises(page["Wrong"], match="R18: a history that was put back is not in the packet"):
        page["check"](new.packet())
