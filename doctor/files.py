"""What lies on this machine: programs, keys, the directory, cards, and the room that is left on its disks."""

import asyncio
import os
import platform
import pwd
import shutil
import stat
import sysconfig
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import chain
from pathlib import Path

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from archive.attachments.storage import SCHEME
from doctor.findings import Diagnosis, ends, fine, some, warning, wrong
from doctor.given import Setup
from domain.plan.directory import Directory, Service, ServiceKey
from domain.rules.books import BOOK
from domain.signing.keys import public_text
from domain.words.moments import instant
from domain.words.text import fill, mark
from process.configuration import cards_in, deconfliction_key_in, directory_in, installation_of
from process.keyfile import KeyFile, key_in, read
from process.ring import ring_in
from process.tls import certificate_of, trusting
from process.tls import ends as certificate_ends

OLDEST_PYTHON = (3, 11)
LITTLE, TOO_LITTLE = 2 * 1024**3, 256 * 1024**2
"""Bytes that are free on a disk: from here on a warning, from there on it stands still soon."""
CLOSED = 0o027
SECRETS = ("archive_password", "attachments_secret", "smtp_password", "passphrase_file")
"""Settings that name a file with a secret."""
READ = (
    *("directory", "cards", "oidc", *SECRETS, "tls_cert", "tls_key", "tls_client_ca", "ca", "client_cert", "client_key"),
    *("temporal_ca", "temporal_certificate", "temporal_certificate_key"),
)
"""Settings that name what gateways and workers read themselves."""
ASKS = 'how=-r; for one; do [ -n "$one" ] || how=-w; [ ! -n "$one" ] || [ "$how" "$one" ] || echo "$one"; done'
"""Which of these files cannot be read; after an empty word, which cannot be written."""
HANDED_OVER = Path("/run/secrets")
"""Where a container finds its secrets. A password that PostgreSQL's container reads too, under another user, is readable by all:
nobody else is in a container, and outside of it the folder of secrets is closed (deploy/README.md).
"""


async def versions(_given: Setup) -> AsyncGenerator[Diagnosis]:
    """The programs of this machine."""
    python = platform.python_version()
    if tuple(map(int, platform.python_version_tuple()[:2])) < OLDEST_PYTHON:
        yield wrong("versions", fill("Python is {version}", version=python), mark("use Python 3.11 or newer"))
    ours = fill("Vigil {version}, rules {rules}, Python {python}", version=version("vigil"), rules=BOOK.version, python=python)
    yield fine("versions", ours)
    program = Path(sysconfig.get_path("scripts")) / "temporal"
    process = await asyncio.create_subprocess_exec(program, "--version", stdout=PIPE)
    said = (await process.communicate())[0].decode().strip()
    sdk = fill("Temporal's SDK {version}; its program beside it: {program}", version=version("temporalio"), program=said)
    yield fine("versions", sdk)


async def own_key(given: Setup) -> AsyncGenerator[Diagnosis]:
    """Vigil's own key: who may read it, whether it opens, and whether it counts."""
    path = given.path("key")
    if path is not None:
        for one in chain(_mode(path), _own_key(given, path, datetime.now(UTC))):
            yield one


async def ring(given: Setup) -> AsyncGenerator[Diagnosis]:
    """The payload keys, by their ids."""
    path = given.path("payload_keys")
    if path is not None:
        held = ring_in(path)
        yield fine("keys", fill("payload keys: {count}, the current one is {key}", count=len(held.keys), key=held.current))


async def shared_secret(given: Setup) -> AsyncGenerator[Diagnosis]:
    """The deconfliction key."""
    path = given.path("deconfliction_key")
    if path is None:
        what = mark("no deconfliction key is set: gateways need none, workers do")
        yield warning("keys", what, mark("set VIGIL_DECONFLICTION_KEY for workers; `vigil keys deconfliction` makes one"))
        return
    deconfliction_key_in(path)
    yield next(iter(_mode(path)), fine("keys", mark("the deconfliction key is there")))


async def passwords(given: Setup) -> AsyncGenerator[Diagnosis]:
    """Files with passwords: who may read them."""
    for path in filter(None, map(given.path, SECRETS)):
        for one in _mode(path, 0o023 if path.is_relative_to(HANDED_OVER) else CLOSED):
            yield one


def _mode(path: Path, closed: int = CLOSED) -> list[Diagnosis]:
    """Whether others than its owner and group may read it, or others than its owner write it: the bits that must not be set."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        why = error.strerror or type(error).__name__
        what = fill("{what} cannot be read: {why}", what=path, why=why)
        return [wrong("keys", what, mark("put it there, readable by its process alone"))]
    if stat.S_ISREG(path.stat().st_mode) and mode & closed:
        what = fill("{path} can be read or changed by others than its owner (mode {mode})", path=path, mode=f"{mode:o}")
        takes = "g-w,o=" if closed == CLOSED else "go-wx"  # no more than that: its group may be how our process reads it
        return [wrong("keys", what, fill("chmod {takes} {path}", takes=takes, path=path))]
    return []


def _own_key(given: Setup, path: Path, now: datetime) -> list[Diagnosis]:
    file = read(path)
    where = given.path("directory")
    found = [_opens(given, path, file)]
    if where is None or file.key is None:
        return found
    system = installation_of(directory_in(where))
    entry = next((one for one in system.keys if one.public == file.key.public), None)
    if entry is None or not entry.valid_at(now):
        return [*found, does_not_count(path, file, system)]
    own, last = _end(entry), _last_end(system, now)
    if own is not None and own != last:
        what = fill("key {key} of {path}, by which this process signs,", key=file.id, path=path)
        then = mark(
            "rotate it where that is not done (docs/keys.md), have VIGIL_KEY name the new one, and restart gateways and workers "
            "before that"
        )
        found += filter(None, [ends("keys", what, own, now, then)])
    if last is not None:
        what = fill("the last key of {service}", service=system.id)
        found += filter(None, [ends("keys", what, last, now, _shown_keys(system))])
    counts = fill("key {key} counts for {service}", key=file.id, service=system.id)
    return found if len(found) > 1 else [*found, fine("keys", counts)]


def does_not_count(path: Path, file: KeyFile, system: Service) -> Diagnosis:
    """Of Vigil's own key."""
    what = fill("key {key} of {path} does not count for {service} in the directory", key=file.id, path=path, service=system.id)
    return wrong("keys", what, _shown_keys(system))


def _shown_keys(system: Service) -> str:
    return fill("`vigil keys show {service}` shows which keys count; enter a new one before the last ends", service=system.id)


def _opens(given: Setup, path: Path, file: KeyFile) -> Diagnosis:
    """Where nobody is there to type a passphrase, that is not tried."""
    words = given.path("passphrase_file")
    if file.kept == "passphrase" and words is None:
        what = fill("{path} is under a passphrase, which was not asked for", path=path)
        return warning("keys", what, mark("a process needs VIGIL_PASSPHRASE_FILE; `vigil up` asks for it"))
    opened = public_text(key_in(path, words))
    if file.key is not None and opened != file.key.public:
        what = fill("{path} says that it is another key than it is", path=path)
        return wrong("keys", what, mark("put back the file as `vigil keys new` made it"))
    return fine("keys", fill("{path} opens", path=path))


def _last_end(service: Service, now: datetime) -> datetime | None:
    """When the last of its keys that count now ends; none where one has no end, or there is none."""
    found = [_end(one) for one in service.keys if one.valid_at(now)]
    known = [end for end in found if end is not None]
    return max(known) if known and len(known) == len(found) else None


def _end(key: ServiceKey) -> datetime | None:
    """When it ends, by its validity or by a revocation that was announced for then; none where it has no end."""
    return min((instant(end) for end in (key.valid_until, key.revoked_at) if end is not None), default=None)


async def own_certificate(given: Setup) -> AsyncGenerator[Diagnosis]:
    """What the gateway itself shows, as it reads that when it starts."""
    shown = certificate_of(given.settings)
    if shown is None:
        yield fine("certificates", mark("the gateway shows no certificate of its own: TLS ends before it"))
        return
    then = mark("renew it (`vigil admin certs issue NAME --renew`, or whoever made it): it is taken up without a restart")
    for one in _certificate(*shown.files, shown.ends(), then):
        yield one


async def certificates(given: Setup) -> AsyncGenerator[Diagnosis]:
    """Each that processes show to others: whether it goes with its key, who may read that, and when it ends."""
    then = mark("have it renewed, and restart workers and gateways: they read it when they start")
    for name, of_its_key in (("temporal_certificate", "temporal_certificate_key"), ("client_cert", "client_key")):
        shown = given.path(name)
        if shown is not None:
            key = given.path(of_its_key) or shown
            trusting(None, shown, key)
            for one in _certificate(shown, key, certificate_ends(shown), then):
                yield one


def _certificate(shown: Path, key: Path, at: datetime, then: str) -> Iterator[Diagnosis]:
    yield from _mode(key)
    what = fill("the certificate {path}", path=shown)
    fit = fill("{what} goes with its key, and ends {day}", what=what, day=f"{at:%Y-%m-%d}")
    yield ends("certificates", what, at, datetime.now(UTC), then) or fine("certificates", fit)


async def directory(given: Setup) -> AsyncGenerator[Diagnosis]:
    """The directory and the cards, and of whom no key counts."""
    where, laws = given.path("directory"), given.path("cards")
    known: Directory | None = None
    if where is not None:
        known = directory_in(where)
        yield fine("directory", fill("{count} services in {path}", count=len(known.services), path=where))
        now = datetime.now(UTC)
        then = mark("tell them; a key is entered with `vigil keys add`, see docs/keys.md")
        mute = [one.id for one in known.services if not one.keys_at(now)]
        if mute:
            yield warning("directory", fill("no key in the file counts for {services}", services=some(mute)), then)
        for one in known.services:
            last = _last_end(one, now)
            soon = ends("directory", fill("the last key of {service}", service=one.id), last, now, then) if last else None
            if soon is not None:
                yield soon
    if laws is not None:
        cards = cards_in(laws)
        yield fine("directory", fill("{count} rule cards in {path}", count=len(cards), path=laws))
        bare = {one.state for one in known.services if one.state is not None} - cards.keys() if known is not None else set()
        if bare:
            then = mark("`vigil init` brings examples; without one no leg can be in that State")
            yield warning("directory", fill("no rule card for {states}", states=some(bare)), then)


async def closed(given: Setup) -> AsyncGenerator[Diagnosis]:
    """For root, who may read everything: what they may not as whom the processes run. Those have the folder of the archive, or of
    attachments. Keys are handed to them by whoever starts them.
    """
    archive, files = file_of(given), _folder_of_files(given)
    own = archive.parent if archive is not None else files
    if own is None or not own.is_dir() or os.geteuid() != 0 or own.stat().st_uid == 0:
        return
    user, group = own.stat().st_uid, own.stat().st_gid
    try:
        name = pwd.getpwuid(user).pw_name
        groups = os.getgrouplist(name, group)
    except KeyError:  # a number alone
        name, groups = str(user), [group]
    named = [path for one in READ if (path := given.path(one)) is not None]
    read = [path for one in named for path in (one, *sorted(one.glob("*.yaml"))) if path.exists()]
    written = [path for path in (archive, files) if path is not None and path.exists()]
    process = await asyncio.create_subprocess_exec(
        *("/bin/sh", "-c", ASKS, "sh", *map(str, read), "", *map(str, written)),
        stdout=PIPE,
        cwd="/",
        user=user,
        group=group,
        extra_groups=groups,
    )
    for found in (await process.communicate())[0].decode().splitlines():
        what = fill("{path} is closed to {user}, as whom gateways and workers run", path=found, user=name)
        yield wrong("directory", what, mark("give it to them (chown, chmod): the next one that starts needs it"))


async def disk(given: Setup) -> AsyncGenerator[Diagnosis]:
    """The room where this machine keeps something that must last."""
    places = [path for path in (file_of(given), _folder_of_files(given), given.path("temporal_file")) if path is not None]
    seen: set[int] = set()
    for place in places:
        disk, there = _disk_of(place)
        if disk in seen:
            continue
        seen.add(disk)
        free = shutil.disk_usage(there).free
        what = fill("{free} MiB are free where {path} is", free=free // 1024**2, path=place)
        then = mark("make room, or move it to a larger disk: what is full keeps nothing, and a stop alone is taken")
        yield (
            wrong("disk", what, then)
            if free < TOO_LITTLE
            else warning("disk", what, then)
            if free < LITTLE
            else fine("disk", what)
        )
    if not places:
        yield fine("disk", mark("nothing that must last is kept on this machine by gateways and workers"))


def _disk_of(place: Path) -> tuple[int, Path]:
    """The disk, and what of the way there may be looked at: it itself, or the nearest folder above it. Temporal's own folder is
    closed to all but root and Temporal.
    """
    try:
        return place.stat().st_dev, place
    except OSError:
        return _disk_of(place.parent)


def file_of(given: Setup) -> Path | None:
    """Where the archive is, if that is a file."""
    try:
        url = make_url(given.settings.archive_url or "")
    except ArgumentError:
        return None
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _folder_of_files(given: Setup) -> Path | None:
    place = given.settings.attachments
    return Path(place) if place is not None and not place.startswith(SCHEME) else None
