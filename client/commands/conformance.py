"""`vigil conformance`: whether a service's own system takes part as docs/protocol.md says.

The command plays Vigil, with a key of its own, and the gateway where the service pushes.
"""

import asyncio
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from textwrap import indent
from typing import Annotated, Final, get_args

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import ValidationError
from rich.console import Group
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table
from rich.text import Text

from client import keyring
from client.conformance.checks import CHECKS, By, CheckResult, Result, examine
from client.conformance.exam import Exam
from client.connecting import session
from client.console import answer, talk
from client.language import _, speak
from client.options import Output
from domain.plan.directory import Service, ServiceKey
from domain.plan.vocabulary import Need
from domain.signing.keys import public_text
from domain.words.errors import Fault, Malformed, NotVerified, faults_of
from domain.words.text import mark, told
from protocol.calls import address

NOT_KNOWN: Final = b"HTTP/1.1 401"
"""How the answer begins of a system that does not know who asks."""
CAME_OF_IT: Final[Mapping[Result, str]] = {"passed": mark("passed"), "failed": mark("failed"), "untried": mark("untried")}
BYTES: Final[Mapping[str, str]] = {"sent": mark("sent"), "expected": mark("expected"), "got": mark("got")}

Url = Annotated[str, typer.Argument(help="where your system answers: `url` of its entry in the directory", show_default=False)]


def conformance(
    url: Url,
    service: Annotated[str, typer.Option(help="its service id, such as uz.customs", show_default=False)],
    public: Annotated[list[str], typer.Option(help="its public key, `ed25519:...`", show_default=False)],
    keys: Annotated[Path, typer.Option("--keys", help="folder of the key made for this test", show_default=False)],
    vigil: Annotated[str, typer.Option("--as", help="id under which your system knows this test's key")] = "vigil",
    by: Annotated[By, typer.Option(help="whether your system calls the gateway, or is polled")] = "push",
    state: Annotated[str, typer.Option(help="its State; else as its id begins")] = "",
    says: Annotated[str, typer.Option(help="the one need that is asked of it, see docs/statements.md")] = "authorisation",
    gateway: Annotated[str, typer.Option(help="where this command plays the gateway, for `--by push`")] = "http://127.0.0.1:8471",
    patience: Annotated[float, typer.Option(min=1, help="seconds to wait for an answer; people need more")] = 60,
    explain: Annotated[bool, typer.Option("--explain", help="say which bytes each failed check expected and got")] = False,
    output: Output = "text",
) -> None:
    """Test whether your own system takes part as docs/protocol.md says. Exit code 7 if it does not.

    Statuses and fields are compared, never sentences: your system may answer in any language.

    Make a key for the test with `vigil keys new vigil --plain --keys FOLDER`, never the installation's, and have your system
    know its public half as Vigil's. Your system must answer the request `conformance-.../main/...`, by itself or by your hand.
    """
    examined = _service(service, public, state)
    need = _need(says)
    key = keyring.key_of(keys.expanduser(), vigil)
    of, at = ("service", "https://vigil.customs.example/vigil"), ("gateway", "http://127.0.0.1:8471")
    called, door = address(url, *of), address(gateway, *at) if by == "push" else None
    found = asyncio.run(_examined(called, door, examined, (vigil, key), need, by, patience))
    failed = [one for one in found if one.result != "passed"]
    document = {
        "service": service,
        "url": url,
        "by": by,
        "passed": len(found) - len(failed),
        "failed": len(failed),
        "checks": [
            {
                "section": one.check.section,
                "check": one.check.name,
                "result": one.result,
                "seen": one.seen,
                "expected": one.check.expected,
                **({"compared": one.compared.said()} if explain and one.compared is not None else {}),
            }
            for one in found
        ],
    }
    wrong = None
    if failed:
        hint, first = "", found[0].compared
        if first is not None and first.got.startswith(NOT_KNOWN):
            known = {"key": public_text(key), "vigil": vigil, "url": called}
            hint = _("have your system know {key} as the key of {vigil}, and {url} as its own address", **known)
        wrong = NotVerified(_("{count} of {all} checks did not pass", count=len(failed), all=len(found)), hint=hint)
    answer(output, document, Group(_table(found), *(_explained(found) if explain else ())), wrong)


async def _examined(
    url: str, door: str | None, service: Service, vigil: tuple[str, Ed25519PrivateKey], need: Need, by: By, patience: float
) -> list[CheckResult]:
    count = sum(by in one.by for one in CHECKS)
    bar = Progress("{task.description}", MofNCompleteColumn(), console=talk, transient=True, disable=not talk.is_terminal)
    async with session() as http:
        exam = Exam(http, url, service, vigil, need, gateway=door, patience=patience, settle=min(2, patience))
        with bar:
            task = bar.add_task("", total=count)
            async with exam.gateway.open() if exam.gateway is not None else nullcontext():
                return await examine(exam, by, lambda check: bar.update(task, advance=1, description=speak(check.name)))


def _table(found: list[CheckResult]) -> Table:
    table = Table(box=None, padding=(0, 2))
    for heading in (_("section"), _("your system"), "", _("seen"), _("expected")):
        table.add_column(heading)
    styles: dict[Result, str] = {"passed": "", "failed": "bold red", "untried": "yellow"}
    for one in found:
        name, seen, expected = (told(text, speak) for text in (one.check.name, one.seen, one.check.expected))
        row = (one.check.section, name, speak(CAME_OF_IT[one.result]), seen, "" if one.result == "passed" else expected)
        table.add_row(*row, style=styles[one.result])
    return table


def _explained(found: list[CheckResult]) -> list[Text]:
    """For each check that failed, what went out, what was expected and what came, as bytes."""
    explained = []
    for one in found:
        if one.compared is not None:
            said = {speak(BYTES[name]): text for name, text in one.compared.said().items() if text}
            parts = "".join(f"\n  {name}:\n{indent(text, '    ')}" for name, text in said.items())
            explained.append(Text(f"\n{one.check.section} {told(one.check.name, speak)}{parts}"))
    return explained


def _service(service: str, publics: list[str], state: str) -> Service:
    """Its entry as a directory would have it. Raises `Malformed`."""
    hint = _("see --service, --public and --state")
    try:
        return Service(
            id=service,
            kind="customs",
            state=state or service.partition(".")[0].upper(),
            names={"en": service},
            keys=tuple(ServiceKey(public=public, valid_from="2000-01-01T00:00:00Z") for public in publics),
        )
    except ValidationError as error:
        raise Malformed(_("this is no entry of a directory"), faults_of(error), hint=hint) from error


def _need(says: str) -> Need:
    needs: tuple[Need, ...] = get_args(Need)
    for need in needs:
        if need == says:
            return need
    raise Malformed(f"--says {says}", [Fault(place="--says", problem=_("expected one of {expected}", expected=", ".join(needs)))])
