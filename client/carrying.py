"""Files that people carry: written whole, for their owner only, and where one is named encrypted for one reader.

What is read may be encrypted for any key of one's own: that is found out, and needs no option.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import TypeAdapter, ValidationError

from client import keyring
from client.language import _, speak
from client.options import EncryptFor, Known
from domain.delivery.requests import Request, SignedInbox
from domain.plan.directory import Directory
from domain.plan.slips import PACKET, by_its_beginning, written_by_people
from domain.signing.envelope import REQUEST_TYPE, open_envelope
from domain.signing.recipients import RecipientText
from domain.words.errors import Malformed, NotAuthentic, NotFound, NotVerified, faults_of
from process import age, files
from process.configuration import directory_in, installation_of, like_it

ENCRYPTED = ".age"
HEAD = 1_000
"""Bytes by which it is seen of what kind a file is."""
_RECIPIENT: TypeAdapter[str] = TypeAdapter(RecipientText)


@dataclass(frozen=True)
class CarryOptions:
    """How what an officer says leaves this machine, as the options of what is signed say."""

    offline: Annotated[
        bool, typer.Option("--offline", help="sign into a file in this folder, to be handed in with `vigil submit`")
    ] = False
    encrypt_for: EncryptFor = None
    directory: Known = None
    plan: Annotated[
        str | None, typer.Option("--plan", help="the plan it is about, by its digest (`vigil show`), where no request says so")
    ] = None

    unseen: Annotated[
        bool,
        typer.Option(
            "--unseen", help="do not sign how much of the ledger you saw: where your receipts contradict it, and you know why"
        ),
    ] = False

    def check(self) -> None:
        """Raises `Malformed` for options that mean nothing without `--offline`, and what `recipients` raises."""
        if self.encrypt_for is not None and not self.offline:
            raise Malformed(_("--encrypt-for goes with --offline: online nothing is carried in a file"))
        recipients(self.encrypt_for, self.directory)


def recipients(to: str | None, directory: Path | None) -> tuple[str, ...]:
    """For whom to encrypt; nobody: it is written as it is. Raises `NotFound` or `Malformed`."""
    if to is None:
        return ()
    if to.startswith("age1"):
        try:
            return (_RECIPIENT.validate_python(to),)
        except ValidationError as error:
            raise Malformed(_("--encrypt-for {to}", to=to), faults_of(error, place="encrypt-for")) from error
    found = _directory(directory, _("to find the recipient in")).get(to).recipients_at(datetime.now(UTC))
    if not found:
        hint = _("`vigil keys rotate {to}` on its machine makes one, with a new key", to=to)
        raise NotFound(
            _("{to} has no recipient in {directory}: nothing can be encrypted for it", to=to, directory=directory), hint=hint
        )
    return found


def write(path: Path, data: bytes, to: str | None = None, directory: Path | None = None) -> Path:
    """The file, with `.age` after its name where it is encrypted. Raises what `recipients` raises, before anything is written."""
    found = recipients(to, directory)
    if found:
        path, data = path.with_name(path.name + ENCRYPTED), age.encrypt(data, found)
    files.write(path, data)
    return path


def read(path: Path, folder: Path | None, service: str | None = None, *, must_be_encrypted: bool = False) -> bytes:
    """What a file holds, decrypted where it is encrypted: with a key of this service, or of any whose keys are in the folder.

    Raises `NotFound`, `Malformed` where it is damaged, `NotAllowed` where it is for somebody else.
    """
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise NotFound(_("there is no file {path}", path=error.filename), hint=like_it(path)) from error
    except IsADirectoryError as error:
        raise Malformed(_("{path} is a folder, and a file is wanted here", path=path), hint=_("name a file in it")) from error
    except OSError as error:
        raise Malformed(_("{what} cannot be read: {why}", what=error.filename, why=error.strerror)) from error
    if not age.is_encrypted(data):
        if must_be_encrypted:
            raise Malformed(_("{path} is not encrypted", path=path), hint=_("it can be read as it is"))
        return data
    readers = (service,) if service is not None else keyring.services_in(folder) if folder is not None else ()
    own = [one for reader in readers for one in keyring.identities_of(folder, reader)] if folder is not None else []
    return age.decrypt(data, own, str(path))


def packet_in(path: Path, folder: Path | None, service: str | None = None) -> bytes:
    """The bytes of an evidence packet. Raises `NotVerified`, with its kind, for a file of another kind, and what `read` does."""
    data = read(path, folder, service)
    if data.startswith(PACKET):
        return data
    what = by_its_beginning(data[:HEAD]) or written_by_people(data[:HEAD])
    message = _("{path}: {problem}", path=path, problem=_("not an evidence packet, or not a whole one"))
    if what is not None:
        message = _("{path}: this is {kind}, and an evidence packet is wanted here", path=path, kind=speak(what))
    raise NotVerified(message, hint=_("`vigil export` writes one"))


def requests_in(path: Path, folder: Path, service: str, directory: Path | None) -> tuple[Request, ...]:
    """Requests that were carried here, each signed by the installation that the directory knows.

    Raises `NotAuthentic` where one is not, and what `read` raises.
    """
    known = installation_of(_directory(directory, _("to check who signed the requests")))
    try:
        inbox = SignedInbox.model_validate_json(read(path, folder, service))
        signers = known.keys_at(datetime.now(UTC))
        return tuple(Request.model_validate_json(open_envelope(one, REQUEST_TYPE, signers)) for one in inbox.requests)
    except ValidationError as error:
        raise Malformed(
            _("{path} holds no signed requests", path=path), faults_of(error), hint=_("`vigil inbox --file` writes some")
        ) from error
    except NotAuthentic as error:
        hint = _("do not act on it: ask whoever runs the installation")
        raise NotAuthentic(
            _("{path} is not from {service}: {problem}", path=path, service=known.id, problem=error.told_in(speak)[0]), hint=hint
        ) from error


def _directory(path: Path | None, why: str) -> Directory:
    if path is None:
        raise Malformed(_("--directory is needed, {why}", why=why), hint=_("give it, or set VIGIL_DIRECTORY"))
    return directory_in(path)
