"""People at a desk are told that something waits, and nothing else: real webhooks and a real SMTP server on loopback."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any, get_args

import aiohttp
import pytest
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope
from temporalio.client import Client
from temporalio.testing import ActivityEnvironment

from activities.checkpoint import Memory, _Round
from activities.messenger import Alert, Messenger, NotToldError, mail
from activities.relay import Relay
from domain.delivery.reported import Asked, Told
from domain.delivery.requests import Notice
from domain.delivery.vocabulary import AnyNotice
from domain.plan.directory import Desk, Directory, Reach, Service
from domain.signing.canonical import canonical, digest
from domain.signing.keys import public_key, public_text
from domain.views.asked import request
from domain.views.names import ALERTS
from domain.words.errors import Malformed, NotFound
from process.in_force import InForce
from process.mail import Mailbox, mailbox
from protocol import calls
from rehearsal.over_http import free_ports
from rehearsal.services import VIGIL, private_key_of
from tests.activities.misbehaving import WAYS, Way, misbehaving
from tests.installation import installed, quick
from tests.support import Table, example_scenario, signed_plan
from workflows.messages import CheckpointWait

PROSECUTOR = "uz.prosecutor"
GATEWAY = "https://vigil.example"
SENDER = "vigil@customs.example"
ENDLESS = 1000
"""Lines of a greeting that nobody reads to its end."""


def alert(kind: str = "request", **changed: Any) -> Alert:
    """Something that waits for the prosecutor."""
    usual = {"type": kind, "delivery": "saxaul-22", "service": PROSECUTOR, "number": "saxaul-22/1"}
    return Alert.model_validate(usual | {"at": "2026-03-02T08:30:00.000000Z"} | changed)


def directory(*notify: dict[str, str], service: str = PROSECUTOR) -> Directory:
    """A directory with one desk, told like this."""
    reach = {"by": "desk", "notify": list(notify)}
    known = Service.model_validate({"id": service, "kind": "prosecutor", "state": "UZ", "names": {"en": "x"}, "reach": reach})
    return Directory(vigil="directory/1", services=(known,))


@dataclass
class Hook:
    """A receiver of webhooks: answers as it is told to, and keeps what came."""

    port: int
    answer: Callable[["Hook"], web.StreamResponse] = lambda _self: web.Response(status=204)
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Hook"]:
        """Serve while the context is open."""
        app = web.Application()
        app.add_routes([web.post("/hook", self._hear), web.post("/elsewhere", self._hear)])
        async with calls.listening(app, "127.0.0.1", self.port, patience=0.1):
            yield self

    async def _hear(self, call: web.Request) -> web.StreamResponse:
        self.came.append(({name.lower(): value for name, value in call.headers.items()}, await call.read()))
        return self.answer(self)

    def told(self) -> list[dict[str, Any]]:
        """The documents that came, each with a signature of Vigil's that fits."""
        for headers, body in self.came:
            check_webhook(headers, body)
        return [json.loads(body) for _, body in self.came]


def check_webhook(headers: dict[str, str], body: bytes) -> None:
    """Standard Webhooks: `v1a` over id, time and body. Raises `InvalidSignature`."""
    version, _, signature = headers["webhook-signature"].partition(",")
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    public_key(public_text(private_key_of(VIGIL))).verify(base64.b64decode(signature), signed)
    assert "v1a" == version
    assert "." not in headers["webhook-id"]
    assert abs(datetime.now(UTC).timestamp() - int(headers["webhook-timestamp"])) < 60


@dataclass
class Post:
    """A mail server that keeps what it is given; `refuses` first so many."""

    port: int
    refuses: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    attempts: int = 0

    async def handle_DATA(self, _server: SMTP, _session: object, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take one mail."""
        self.attempts += 1
        if self.attempts <= self.refuses:
            return "451 try again later"
        assert isinstance(envelope.content, bytes)
        self.mails.append(BytesParser(EmailMessage, policy=default).parsebytes(envelope.content))
        return "250 taken"

    @property
    def mailbox(self) -> Mailbox:
        """How to reach it."""
        return Mailbox(SENDER, "127.0.0.1", self.port, "none")

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Post"]:
        """Serve while the context is open."""
        server = await asyncio.get_running_loop().create_server(lambda: SMTP(self, hostname="test"), "127.0.0.1", self.port)
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()


class Unparting(Post):
    """One that never answers to QUIT."""

    async def handle_QUIT(self, *_given: object) -> str:  # noqa: N802 - likewise
        """Hang."""
        await asyncio.Event().wait()
        return "221 bye"


class Slow(Post):
    """One that has the mail, and says so late."""

    async def handle_DATA(self, server: SMTP, session: object, envelope: Envelope) -> str:  # noqa: N802 - likewise
        """Take it, look at it for a while, and say so."""
        said = await super().handle_DATA(server, session, envelope)
        await asyncio.sleep(1)
        return said


@asynccontextmanager
async def telling(known: Directory, box: Mailbox | None = None) -> AsyncIterator[Messenger]:
    """Vigil's side."""
    async with aiohttp.ClientSession() as http:
        yield Messenger(http, InForce(known), private_key_of(VIGIL), GATEWAY, box)


def hook(**more: Any) -> Hook:
    """A receiver on a free port."""
    return Hook(free_ports(1)[0], **more)


def post(**more: Any) -> Post:
    """A mail server on a free port."""
    return Post(free_ports(1)[0], **more)


# What is told


async def test_a_webhook_says_that_something_waits_and_is_signed_by_vigil() -> None:
    """Type, time, delivery, service and where to read it: these fields and no other."""
    async with hook().listening() as heard, telling(directory({"by": "webhook", "url": heard.url})) as messenger:
        told = await messenger.tell(alert(), [])

    data = {"delivery": "saxaul-22", "service": PROSECUTOR, "gateway": GATEWAY}
    assert (True, True) == told
    assert [{"type": "request", "timestamp": "2026-03-02T08:30:00.000000Z", "data": data}] == heard.told()


async def test_a_mail_says_that_something_waits() -> None:
    """To the mailbox of the directory, from the installation's, marked as sent by a machine."""
    async with (
        post().listening() as server,
        telling(directory({"by": "email", "to": "duty@uz.example"}), server.mailbox) as messenger,
    ):
        told = await messenger.tell(alert(), [])
    (message,) = server.mails

    assert (True, True) == told
    assert (SENDER, "duty@uz.example", "auto-generated") == (message["From"], message["To"], message["Auto-Submitted"])
    assert "Vigil: saxaul-22: something is asked of you / от вас требуется ответ" == message["Subject"]
    assert 2 == message.get_content().count(GATEWAY)


@pytest.mark.parametrize(("language", "said"), [("ru", ["ru"]), ("en", ["en"]), ("kk", ["en", "ru"]), (None, ["en", "ru"])])
def test_a_mail_is_in_the_language_of_its_readers(language: str | None, said: list[str]) -> None:
    """That of their service in the directory; where it is none of ours, or none stands there, in each that there is."""
    message = mail(alert(), "msg_1", SENDER, "duty@uz.example", GATEWAY, language)
    words = {"en": "something is asked of you", "ru": "от вас требуется ответ"}

    assert said == [one for one in words if words[one] in message["Subject"]]
    assert said == [one for one in words if words[one] in message.get_content()]


async def test_the_directory_says_in_which_language_a_service_is_told() -> None:
    """As it is in force when the mail is sent."""
    known = directory({"by": "email", "to": "duty@uz.example"})
    spoken = tuple(one.model_copy(update={"language": "ru"}) for one in known.services)
    async with (
        post().listening() as server,
        telling(known.model_copy(update={"services": spoken}), server.mailbox) as messenger,
    ):
        await messenger.tell(alert(), [])
    (message,) = server.mails

    assert "Vigil: saxaul-22: от вас требуется ответ" == message["Subject"]


def test_nothing_of_a_request_or_a_notice_is_told_but_that_it_is_there() -> None:
    """Whatever stands in them, what is told is made from ids and kind alone: other content, the same words."""
    table = Table()
    asked = request(table.delivery, "consent-uz", PROSECUTOR)
    secret = asked.model_copy(update={"facts": asked.facts.model_copy(update={"place": "SECRET", "problem": "SECRET"})})
    notice = Notice(id="saxaul-22/9/alarm/x", delivery="saxaul-22", service=PROSECUTOR, kind="alarm", texts={"en": "SECRET"})

    assert Alert.of_request(asked) == Alert.of_request(secret)
    for told in (Alert.of_request(secret), Alert.of_notice(notice, datetime.now(UTC))):
        assert "SECRET" not in mail(told, "msg_1", SENDER, "duty@uz.example", GATEWAY).as_string()
        assert b"SECRET" not in canonical(told)


async def test_no_checkpoint_is_told_since_it_may_be_named_after_a_place() -> None:
    """Neither in a webhook nor in a mail, and the id of the message is no hash that could be tried out with names of places."""
    table = Table()
    place = request(table.delivery, "consent-uz", PROSECUTOR).model_copy(
        update={"checkpoint": "tashkent-airport", "id": f"saxaul-22/tashkent-airport/{PROSECUTOR}"}
    )
    notify = ({"by": "webhook"}, {"by": "email", "to": "duty@uz.example"})
    async with hook().listening() as heard, post().listening() as server:
        known = directory(notify[0] | {"url": heard.url}, notify[1])
        async with telling(known, server.mailbox) as messenger:
            await messenger.tell(Alert.of_request(place), [])
    ((headers, body),) = heard.came
    plain = digest(["request", place.id])[:32]

    for told in (str(headers), body.decode(), server.mails[0].as_string()):
        assert "tashkent" not in told
        assert plain not in told


def test_each_kind_of_notice_has_words_of_its_own() -> None:
    """No notice is told in the words of another, and none is forgotten."""
    kinds = {"request", *get_args(AnyNotice)}

    assert kinds == set(ALERTS)
    assert len(kinds) == len(set(ALERTS.values()))


# The same thing again


async def test_the_same_thing_again_is_the_same_message() -> None:
    """Told twice, its webhook has the same id and body, and its mail the same Message-ID; another thing has others."""
    notify = ({"by": "webhook"}, {"by": "email", "to": "duty@uz.example"})
    async with hook().listening() as heard, post().listening() as server:
        known = directory(notify[0] | {"url": heard.url}, notify[1])
        async with telling(known, server.mailbox) as messenger:
            for one in (alert(), alert(), alert("reminder"), alert(number="saxaul-22/2")):
                await messenger.tell(one, [])
    hooks = [(headers["webhook-id"], body) for headers, body in heard.came]
    mails = [message["Message-ID"] for message in server.mails]

    assert hooks[0] == hooks[1]
    assert 3 == len({number for number, _ in hooks}) == len(set(mails))
    assert mails[0] == mails[1]


async def test_what_one_channel_has_taken_is_not_told_there_again_because_another_is_away() -> None:
    """The mail is refused at first: the webhook hears once, and the mail goes when it can."""
    async with hook().listening() as heard, post(refuses=2).listening() as server:
        known = directory({"by": "webhook", "url": heard.url}, {"by": "email", "to": "duty@uz.example"})
        taken: list[str] = []
        async with telling(known, server.mailbox) as messenger:
            told = [await messenger.tell(alert(), taken) for _ in range(4)]

    assert [(True, False), (True, False), (True, True), (True, True)] == told
    assert (1, 1) == (len(heard.came), len(server.mails))


# What goes wrong


@pytest.mark.parametrize(
    "answer",
    [
        lambda _self: web.Response(status=500),
        lambda _self: web.Response(status=410),
        lambda _self: web.Response(status=307, headers={"Location": "/elsewhere"}),
    ],
    ids=["500", "410", "redirect"],
)
async def test_a_webhook_that_does_not_take_it_has_not_been_told(answer: Callable[[Hook], web.StreamResponse]) -> None:
    """Any status but 2xx is no delivery, and no redirect is followed: the address is the directory's."""
    async with hook(answer=answer).listening() as heard, telling(directory({"by": "webhook", "url": heard.url})) as messenger:
        assert (False, False) == await messenger.tell(alert(), [])

    assert 1 == len(heard.came)


async def test_a_webhook_that_is_away_or_hangs_has_not_been_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed port, and a server that never answers, are given up after their time; no address is in the error."""
    monkeypatch.setattr("activities.messenger.ONE_ALERT", 0.3)
    silent = await asyncio.get_running_loop().create_server(asyncio.Protocol, "127.0.0.1", 0)
    async with silent:
        for port in (silent.sockets[0].getsockname()[1], free_ports(1)[0]):
            known = directory({"by": "webhook", "url": f"http://127.0.0.1:{port}/secret-path"})
            async with telling(known) as messenger:
                with pytest.raises(NotToldError) as error:
                    await messenger._send(messenger.channels(PROSECUTOR)[0], alert())
            assert "secret-path" not in str(error.value)


async def test_a_mail_server_that_never_comes_to_an_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of its lines comes in time, and the mail as a whole does not: the bound is one for all its steps."""
    monkeypatch.setattr("activities.messenger.ONE_ALERT", 0.5)

    lines: list[bytes] = []

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while len(lines) < ENDLESS:
                lines.append(b"220-one moment\r\n")
                writer.write(lines[-1])
                await writer.drain()
                await asyncio.sleep(0.02)
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        box = Mailbox(SENDER, "127.0.0.1", server.sockets[0].getsockname()[1], "none")
        async with telling(directory({"by": "email", "to": "duty@uz.example"}), box) as messenger:
            assert (False, False) == await messenger.tell(alert(), [])

    assert 0 < len(lines) < ENDLESS


@pytest.mark.parametrize("way", WAYS)
async def test_a_mail_server_that_does_not_do_its_part_has_not_been_given_the_mail(
    monkeypatch: pytest.MonkeyPatch, way: Way
) -> None:
    """It resets the connection, answers what is no SMTP, or never comes to an end: nobody is told, and certainly so."""
    monkeypatch.setattr("activities.messenger.ONE_ALERT", 0.5)
    perhaps: list[str] = []
    async with misbehaving(way, greets=True) as url:
        box = Mailbox(SENDER, "127.0.0.1", int(url.rpartition(":")[2]), "none")
        async with telling(directory({"by": "email", "to": "duty@uz.example"}), box) as messenger:
            assert (False, False) == await messenger.tell(alert(), [], perhaps)

    assert [] == perhaps


@pytest.mark.parametrize("answer", [b"", b"\x00\xff nothing of SMTP\r\n"], ids=["resets", "talks nonsense"])
@pytest.mark.parametrize("word", ["EHLO", "MAIL", "RCPT", "DATA", "."])
async def test_a_mail_server_that_breaks_off_may_have_the_mail_once_it_was_offered(word: str, answer: bytes) -> None:
    """To one word it resets the connection, or answers what is no SMTP: nobody is told. Once DATA was answered it may have the
    mail all the same, and so it is sent it again ever more rarely.
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test\r\n")
        heard = ""
        while heard != word:
            line = await reader.readuntil(b"\r\n.\r\n" if heard == "DATA" else b"\r\n")
            heard = line.split()[-1 if heard == "DATA" else 0].decode()
            writer.write(answer if heard == word else b"354 go on\r\n" if heard == "DATA" else b"250 ok\r\n")
        if not answer:
            writer.transport.abort()
        writer.close()

    perhaps: list[str] = []
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        box = Mailbox(SENDER, "127.0.0.1", server.sockets[0].getsockname()[1], "none")
        async with telling(directory({"by": "email", "to": "duty@uz.example"}), box) as messenger:
            assert (False, False) == await messenger.tell(alert(), [], perhaps)

    assert (word == ".") == bool(perhaps)


async def test_a_mail_that_the_server_has_taken_is_told_though_it_does_not_take_leave(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that it has the mail, and never answers to QUIT: the same mail is not sent again and again."""
    monkeypatch.setattr("activities.messenger.ONE_ALERT", 0.5)
    server, taken = Unparting(free_ports(1)[0]), list[str]()
    async with (
        server.listening(),
        telling(directory({"by": "email", "to": "duty@uz.example"}), server.mailbox) as messenger,
    ):
        told = [await messenger.tell(alert(), taken) for _ in range(3)]

    assert [(True, True)] * 3 == told
    assert 1 == len(server.mails)


async def test_who_may_have_a_mail_already_is_sent_it_ever_more_rarely(temporal: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server has the mail and takes longer to say so than it is given, each time: in three days it is not sent thousands of
    times. One that refuses it is asked each minute.
    """
    monkeypatch.setattr("activities.messenger.ONE_ALERT", 0.3)
    table, sent = Table(), dict[str, int]()
    asked = request(table.delivery, "consent-uz", PROSECUTOR)
    desk = directory({"by": "email", "to": "duty@uz.example"})
    wait = CheckpointWait(delivery=asked.delivery, checkpoint=asked.checkpoint, requests=(asked,), services=desk.services)
    monkeypatch.setattr(Relay, "still_asked", yes)
    monkeypatch.setattr(Relay, "report", yes)
    for server in (Slow(free_ports(1)[0]), post(refuses=10_000)):
        now, memory, tries = datetime.now(UTC), Memory(), 0
        async with server.listening(), telling(desk, server.mailbox) as messenger:
            turns = _Round(None, messenger, InForce(desk), Relay(private_key_of(VIGIL)), wait, memory)  # type: ignore[arg-type]
            until = now + timedelta(days=3)
            while now < until and tries < 40:
                monkeypatch.setattr("activities.checkpoint.moment", lambda now=now: now)
                await ActivityEnvironment(client=temporal).run(turns._turn, desk.services[0], asked)
                now, tries = memory.due[PROSECUTOR], tries + 1
        sent[type(server).__name__] = tries

    assert 10 < sent["Slow"] < 25
    assert 40 == sent["Post"]


async def yes(*_given: object) -> bool:
    """It is so."""
    return True


async def test_a_giant_answer_is_not_read() -> None:
    """What a webhook answers beyond its status is nobody's business."""
    big = web.Response(body=b"x" * 50_000_000)
    async with (
        hook(answer=lambda _self: big).listening() as heard,
        telling(directory({"by": "webhook", "url": heard.url})) as messenger,
    ):
        assert (True, True) == await messenger.tell(alert(), [])


async def test_a_mail_server_that_refuses_says_nothing_of_addresses(caplog: pytest.LogCaptureFixture) -> None:
    """The log has the service and the kind of error, never an address."""
    async with (
        post(refuses=9).listening() as server,
        telling(directory({"by": "email", "to": "duty@uz.example"}), server.mailbox) as messenger,
    ):
        assert (False, False) == await messenger.tell(alert(), [])

    assert PROSECUTOR in caplog.text
    assert "duty@" not in caplog.text


async def test_a_server_without_tls_gets_no_mail_that_is_to_be_protected() -> None:
    """Where the settings say STARTTLS or TLS, nothing goes in clear, whoever took the offer of it away."""
    for protection in ("starttls", "tls"):
        async with post().listening() as server:
            box = server.mailbox._replace(protection=protection)
            async with telling(directory({"by": "email", "to": "duty@uz.example"}), box) as messenger:
                assert (False, False) == await messenger.tell(alert(), [])

        assert not server.mails


async def test_nobody_is_told_where_the_directory_names_no_place() -> None:
    """Then the inbox is all there is, and nothing is left to do."""
    async with telling(directory()) as messenger:
        assert (False, True) == await messenger.tell(alert(), [])


# Settings and directory


def test_a_directory_that_wants_mail_needs_a_mail_server() -> None:
    """The worker does not start and says for whom, instead of telling nobody."""
    with pytest.raises(Malformed) as error:
        Messenger(None, InForce(directory({"by": "email", "to": "duty@uz.example"})), private_key_of(VIGIL), GATEWAY)  # type: ignore[arg-type]

    assert PROSECUTOR in error.value.faults[0].place
    assert "VIGIL_SMTP_URL" in error.value.hint


def test_how_mail_is_set_up(tmp_path: Path) -> None:
    """Three ways to protect the connection, with their usual ports; the password comes from its file."""
    secret = tmp_path / "password"
    secret.write_text("s3cret\n")

    assert mailbox(None, None, None) is None
    assert Mailbox(SENDER, "mail", 25, "none") == mailbox("smtp://mail", SENDER, None)
    assert Mailbox(SENDER, "mail", 2525, "none") == mailbox("smtp://mail:2525", SENDER, None)
    assert Mailbox(SENDER, "mail", 465, "tls", "a@b", "s3cret") == mailbox("smtps://a%40b@mail", SENDER, secret)
    assert Mailbox(SENDER, "mail", 587, "starttls", "u", "s3cret") == mailbox("smtp+starttls://u@mail", SENDER, secret)


@pytest.mark.parametrize(
    ("url", "sender", "with_password", "place"),
    [
        (None, SENDER, False, "VIGIL_SMTP_URL"),
        ("smtp://mail", None, False, "VIGIL_MAIL_FROM"),
        ("smtp://mail", "not an address", False, "VIGIL_MAIL_FROM"),
        ("smtp://mail", "a@b\r\nBcc: c@d", False, "VIGIL_MAIL_FROM"),
        ("http://mail", SENDER, False, "VIGIL_SMTP_URL"),
        ("smtps://mail:port", SENDER, False, "VIGIL_SMTP_URL"),
        ("smtps://user:s3cret@mail", SENDER, False, "VIGIL_SMTP_URL"),
        ("smtps://user@mail", SENDER, False, "VIGIL_SMTP_PASSWORD"),
        ("smtps://mail", SENDER, True, "VIGIL_SMTP_PASSWORD"),
        ("smtp://user@mail", SENDER, True, "VIGIL_SMTP_URL"),
    ],
)
def test_mail_that_is_set_up_wrong_is_refused(
    tmp_path: Path, url: str | None, sender: str | None, place: str, *, with_password: bool
) -> None:
    """Each names the setting, and no message repeats a password; one is never sent in clear."""
    secret = tmp_path / "password"
    secret.write_text("s3cret")
    with pytest.raises(Malformed) as error:
        mailbox(url, sender, secret if with_password else None)

    assert [place] == [fault.place for fault in error.value.faults]
    assert "s3cret" not in str(error.value.faults)


def test_a_password_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """As every other file."""
    with pytest.raises(NotFound):
        mailbox("smtps://user@mail", SENDER, tmp_path / "none")


@pytest.mark.parametrize("to", ["no address", "a@b, c@d", "a@b\nBcc: c@d", "<a@b>", ""])
def test_what_is_no_mail_address_is_refused(to: str) -> None:
    """Nothing in the directory can add a second recipient or a header."""
    with pytest.raises(ValueError, match=r"notify\.0\.email\.to"):
        directory({"by": "email", "to": to})


def test_addresses_stay_in_the_directory() -> None:
    """What a delivery carries, and with it every packet and history, has none of them; and looks as it always has."""
    known = directory({"by": "email", "to": "duty@uz.example"}, {"by": "webhook", "url": "https://hooks.example/x"})
    carried = known.snapshot([PROSECUTOR])

    assert b"uz.example" not in canonical(carried)
    assert b"hooks" not in canonical(carried)
    assert {"by": "desk"} == carried.services[0].model_dump(mode="json")["reach"]
    assert Desk() == carried.services[0].reach


# In a delivery


async def test_a_desk_is_told_then_reads_then_answers(temporal: Client) -> None:
    """Asked, told, received and answered are four different things in the ledger: told when the webhook took it, received when
    the inbox was read; reminders and the like are told too, and each thing once.
    """
    plan, scenario = quick(*example_scenario("almaty-tashkent"))
    patient = plan.contingencies.model_copy(update={"acknowledge_stop": timedelta(seconds=8)})
    plan = plan.model_copy(update={"contingencies": patient})  # the stop is still to be acknowledged when the inbox is read
    heard = hook(answer=lambda self: web.Response(status=500 if len(self.came) == 1 else 204))
    reach: Reach = Desk.model_validate({"notify": [{"by": "webhook", "url": heard.url}]})
    async with heard.listening(), installed(temporal, plan, scenario, reach={PROSECUTOR: reach}) as at:
        await at.gateway(plan.initiator).start(signed_plan(plan))
        await at.until(plan, lambda entry: isinstance(entry.event, Asked) and PROSECUTOR in entry.event.told)
        before = standing(await at.gateway(plan.initiator).view(plan.operation))
        inbox = await at.gateway(PROSECUTOR).inbox()
        await at.gateway(PROSECUTOR).inbox()
        await at.until(plan, lambda entry: isinstance(entry.event, Asked) and PROSECUTOR in entry.event.received)
        after = standing(await at.gateway(plan.initiator).view(plan.operation))
        # it never answers: silence halts, and the stop is to be acknowledged
        await at.until(plan, lambda entry: isinstance(entry.event, Asked) and entry.event.told and stops(entry.event))
        await at.gateway(PROSECUTOR).inbox()
        await at.until(
            plan, lambda entry: isinstance(entry.event, Asked) and PROSECUTOR in entry.event.received and stops(entry.event)
        )
        entries = await at.to_the_end(plan)
    asked = [entry.event for entry in entries if isinstance(entry.event, Asked) and entry.event.checkpoint == "consent-uz"]
    told = heard.told()

    assert ("told", "received") == (before, after)
    assert [f"{plan.operation}/consent-uz/{PROSECUTOR}"] == [one.id for one in inbox.requests]
    assert 1 == sum(PROSECUTOR in one.unreachable for one in asked)
    assert 1 == sum(PROSECUTOR in one.received for one in asked)
    assert ["request", "request"] == [one["type"] for one in told[:2]]
    assert {"notice.reminder", "notice.outcome"} <= {one["type"] for one in told}
    numbers = [headers["webhook-id"] for headers, _ in heard.came]
    assert len(set(numbers)) == len(numbers) - 1  # only the first was tried twice
    assert any(PROSECUTOR in entry.event.reached for entry in entries if isinstance(entry.event, Told))


def stops(event: Asked) -> bool:
    """Whether it is about knowing of the stop."""
    return event.checkpoint == "stop.acknowledged"


def standing(view: Any) -> str:
    """Where the request to the prosecutor stands."""
    return next(one.standing for wait in view.waiting for one in wait.services if one.service == PROSECUTOR)
