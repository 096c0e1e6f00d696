"""`vigil results` from packets, offline, and `vigil export --format epcis`."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from domain.record.packet import seal
from domain.signing.keys import private_pem
from rehearsal.services import VIGIL, private_key_of
from tests.command import Ran, vigil
from tests.gateway.test_lists import ALL, PART, READER, over
from tests.gateway.test_results import DELIVERIES
from tests.gateway.test_statistics import delivery as went
from tests.goldens import GOLDEN, read, replayed
from tests.support import Table, with_changes

CARRIED = ("cash-by-bus", "back-to-sender", "calcutta-chicago")
"""Examples of 2025 and 2026; the last one's plan has H0."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Packets of some examples, and the directory whose keys they are signed with."""
    place = tmp_path_factory.mktemp("packets")
    for name in CARRIED:
        delivery = replayed(read(GOLDEN / "1" / f"example-{name}.json.gz"))
        (place / f"{name}.json").write_bytes(seal(delivery, "", private_key_of(VIGIL), delivery.state.now))
        directory = delivery.directory.model_dump_json(exclude_none=True)
        (place / f"{name}-directory.yaml").write_text(directory, encoding="utf-8")
    return place


async def run(folder: Path, *words: str) -> Ran:
    """The command, where the packets are."""
    return await vigil(*words, "--keys", str(folder / "keys"), cwd=folder)


def packets(*names: str) -> list[str]:
    """Files of these examples."""
    return [f"{name}.json" for name in names or CARRIED]


async def test_packets_are_counted_offline(folder: Path) -> None:
    """Operations, consignments, legs and parcels, and what was seized; the same by ended as by started, for all have ended."""
    asked = ("--keys-unverified", "--period", "2000/2100")
    started, ended = [await run(folder, "results", *packets(), *asked, "--by", by, "-o", "json") for by in ("started", "ended")]

    assert (0, "") == (started.code, started.err)
    assert started.json["totals"] == ended.json["totals"]
    every = next(one for one in started.json["totals"] if one["of"] == "all")
    assert (3, 3) == (every["operations"], every["consignments"])
    assert None is started.json["reader"]


async def test_they_are_shown_with_bars_and_written_as_files(folder: Path) -> None:
    """Text for people, and a table and a picture beside it."""
    files = ("-f", "out.csv", "-f", "out.svg")
    shown = await run(folder, "results", *packets(), "--keys-unverified", "--period", "2000/2100", *files)
    lines = list(csv.DictReader((folder / "out.csv").read_text().splitlines()))

    assert 0 == shown.code
    assert "Operations: 3" in shown.out
    assert "█" in shown.out
    assert "250,000.00 EUR" in shown.out
    assert "2000-01-01 – 2100-12-31 (UTC)" in shown.out
    assert any(line["by"] == "EUR" for line in lines)
    assert (folder / "out.svg").read_text().startswith("<svg")


async def test_they_are_read_in_russian(folder: Path) -> None:
    """Words and substances; numbers stay."""
    shown = await run(folder, "--lang", "ru", "results", *packets("back-to-sender"), "--keys-unverified", "--period", "2000/2100")
    assert "МДМА" in shown.out
    assert "Операции: 1" in shown.out


async def test_an_empty_period_says_so(folder: Path) -> None:
    """Nothing of it, and no fault."""
    shown = await run(folder, "results", *packets(), "--keys-unverified", "--period", "1999")
    assert (0, True) == (shown.code, "No delivery counts in this period." in shown.out)


async def test_a_packet_counts_once_it_is_verified(folder: Path) -> None:
    """With no directory it is not, nor by keys of others, nor once a byte is changed; the file is named."""
    other = str(folder / "cash-by-bus-directory.yaml")
    data = (folder / "cash-by-bus.json").read_bytes()
    (folder / "changed.json").write_bytes(data.replace(b'"at":"20', b'"at":"19', 1))
    asked: dict[str, list[str]] = {
        "unproved": packets("cash-by-bus"),
        "strange": [*packets("calcutta-chicago"), "--directory", other],
        "changed": ["changed.json", "--keys-unverified"],
    }
    found = {name: await run(folder, "results", *words, "--period", "2000/2100") for name, words in asked.items()}

    assert {"unproved": 7, "strange": 7, "changed": 7} == {name: one.code for name, one in found.items()}
    assert "calcutta-chicago.json" in found["strange"].err
    assert "changed.json" in found["changed"].err
    trusted = await run(folder, "results", *packets("cash-by-bus"), "--directory", other, "--period", "2000/2100")
    assert 0 == trusted.code


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("results",), "say with --as who asks"),
        (("results", "cash-by-bus.json", "cash-by-bus.json", "--keys-unverified"), "it would count twice"),
        (("results", "cash-by-bus.json", "--period", "soon"), "is no period"),
        (("results", "cash-by-bus.json", "--zone", "Mars"), "is no zone"),
        (("results", "cash-by-bus.json", "-f", "out.pdf"), ".csv, .json or .svg"),
        (("results", "cash-by-bus.json", "--form", "wco-cen"), "--state"),
        (("results", "--form", "incb-pics", "--state", "KZ", "--as", "kz.knb"), "results hold numbers alone"),
        (("export", "cash-by-bus.json"), "say with --as who exports it"),
    ],
    ids=lambda words: " ".join(words[:4]) if isinstance(words, tuple) else "",
)
async def test_what_cannot_be_counted_is_said(folder: Path, words: tuple[str, ...], said: str) -> None:
    """Exit code 2, and what would be right."""
    ran = await run(folder, *words)
    assert 2 == ran.code
    assert said in ran.err


async def test_a_return_has_what_the_record_has(folder: Path) -> None:
    """The questionnaire from numbers; an incident from its packet, for the State that seized."""
    asked = ("--keys-unverified", "--period", "2000/2100")
    arq = await run(folder, "results", *packets(), *asked, "--form", "unodc-arq", "-o", "json")
    incident = ("--form", "unodc-ids", "--state", "EE", "-f", "ids.csv")
    ids = await run(folder, "results", *packets("back-to-sender"), *asked, *incident)
    (line,) = csv.DictReader((folder / "ids.csv").read_text().splitlines())

    assert {"MDMA": "0.4"} == {one["substance"]: one["quantity_kg"] for one in arq.json["rows"] if one["substance"] == "MDMA"}
    assert 0 == ids.code
    assert ("EE", "MDMA", "0.4", "kg", "not known") == tuple(
        line[name] for name in ("state", "substance", "quantity", "unit", "nationality")
    )
    assert "the form itself was not read" in ids.out


async def test_a_return_of_a_state_that_has_no_part_is_refused(folder: Path) -> None:
    """A slip of the pen is no empty return: the States of the packets are named, and no file is written."""
    asked = ("--keys-unverified", "--period", "2000/2100", "--form", "wco-cen", "--state", "ZZ", "-f", "nothing.csv")
    ran = await run(folder, "results", *packets("back-to-sender"), *asked)

    assert 2 == ran.code
    assert "no service of ZZ has a part in these packets" in ran.err
    assert "there are services of EE" in ran.err
    assert not (folder / "nothing.csv").exists()


async def test_r11_the_command_gives_each_what_is_its_to_have(tmp_path: Path) -> None:
    """Live, from a gateway: a supervisor all, who sees the whole of its own the whole, who sees a part that part."""
    for service in (ALL, READER, PART):
        (tmp_path / f"{service}.pem").write_bytes(private_pem(private_key_of(service)))
    found: dict[str, Any] = {}
    async for lists in over(DELIVERIES):
        asked = ("--period", "2022/2030", "--by", "started", "--gateway", lists.url, "--keys", str(tmp_path))
        for service in (ALL, READER, PART):
            found[service] = await vigil("results", "--as", service, *asked, "-o", "json", cwd=tmp_path)
        shown = await vigil("results", "--as", PART, *asked, cwd=tmp_path)

    assert [0, 0, 0] == [one.code for one in found.values()]
    counts = {service: next(one for one in ran.json["totals"] if one["of"] == "all") for service, ran in found.items()}
    assert {ALL: (3, 4), READER: (2, 3), PART: (2, 2)} == {
        service: (one["operations"], one["consignments"]) for service, one in counts.items()
    }
    assert "heroin" in found[READER].out
    assert "heroin" not in found[PART].out
    assert "Your part of the deliveries" in shown.out


async def test_r11_statistics_are_given_to_each_as_its_own(tmp_path: Path) -> None:
    """A table of what was asked, files of the same numbers, and by `--service` no more than is its own; a slip is named."""
    for service in (ALL, PART):
        (tmp_path / f"{service}.pem").write_bytes(private_pem(private_key_of(service)))
    async for lists in over(dict(map(went, range(5)))):
        asked = ("--period", "2022/2030", "--by", "started", "--gateway", lists.url, "--keys", str(tmp_path))
        shown = await vigil("statistics", "--as", ALL, *asked, "-f", "s.csv", "-f", "s.svg", cwd=tmp_path)
        part = await vigil("statistics", "--as", PART, *asked, "-o", "json", cwd=tmp_path)
        other = await vigil("statistics", "--as", PART, *asked, "--service", "kz.police", "-o", "json", cwd=tmp_path)
        slips = [
            await vigil("statistics", "--as", ALL, *asked, *words, cwd=tmp_path) for words in (("--kind", "tea"), ("-f", "s.pdf"))
        ]

    assert (0, 0) == (shown.code, part.code)
    assert "Deliveries that started: 5," in shown.out
    assert "R17" in shown.out
    assert "kz.police" in (tmp_path / "s.csv").read_text()
    assert (tmp_path / "s.svg").read_text().startswith("<svg")
    assert [PART] == [one["service"] for one in part.json["both"]]
    assert [] == other.json["both"]
    assert [2, 2] == [one.code for one in slips]
    assert "tea" in slips[0].err


async def test_statistics_of_packets_are_made_offline(folder: Path) -> None:
    """Of the whole of each, with nothing to compare them with; narrowed as those of a gateway are, and refused as they are."""
    asked = ("statistics", *packets(), "--keys-unverified", "--period", "2000/2100", "-o", "json")
    every, cash = await run(folder, *asked), await run(folder, *asked, "--channel", "cash")
    slips = [await run(folder, *words) for words in ((*asked, "--kind", "tea"), ("statistics",), ("statistics", *packets()))]

    assert (0, 0) == (every.code, cash.code), every.err + cash.err
    assert (3, 1) == (every.json["deliveries"], cash.json["deliveries"])
    assert (None, 0) == (every.json["reader"], every.json["simulated"])
    assert 3 == sum(one["count"] for one in every.json["endings"])
    assert {"authorise/origin", "hand_over"} <= {one["kind"] for one in every.json["kinds"]}
    assert [2, 2, 7] == [one.code for one in slips]


async def test_custody_is_exported_as_epcis(folder: Path) -> None:
    """One document of events; what is restricted is said by its entries."""
    told = await run(folder, "export", "calcutta-chicago.json", "--format", "epcis", "--keys-unverified", "-o", "json")
    document: Any = json.loads((folder / told.json["file"]).read_text(encoding="utf-8"))

    assert (0, []) == (told.code, told.json["restricted"])
    assert told.json["events"] == len(document["epcisBody"]["eventList"]) > 0
    kept = await run(folder, "export", "cash-by-bus.json", "--format", "epcis", "--keys-unverified")
    assert (5, True) == (kept.code, "handling codes" in kept.err)
    assert 7 == (await run(folder, "export", "calcutta-chicago.json", "--format", "epcis")).code


async def test_entries_that_are_kept_out_are_named(tmp_path: Path) -> None:
    """A statement with a code of its own, in a delivery whose plan has H0."""
    table = Table(with_changes(plan_={"handling_code": "H0"})).dispatch()
    kept = table.say("kz.police", "sighted", handling={"code": "H2"})
    (tmp_path / "one.json").write_bytes(table.packet())
    told = await run(tmp_path, "export", "one.json", "--format", "epcis", "--keys-unverified")

    assert 0 == told.code
    assert f"not in it, for their handling codes: entries {kept.seq}" in told.out
