"""The gateway process. Run it with `python -m gateway`."""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial

if __name__ == "__main__":
    gc.disable()  # while modules are loaded nothing is let go of: to look for it took a quarter of the time of a start

from archive.attachments.files import Files
from archive.attachments.storage import Bucket, storage_at
from archive.chases import Chases
from archive.database import Database
from archive.deliveries import Deliveries
from archive.expunging import Expunging
from archive.key_changes import KeyChanges
from archive.ledgers import Ledgers
from archive.occasions import Occasions
from archive.patterns import Patterns
from archive.reads import Reads
from archive.results import PeriodResults
from archive.sessions import Sessions
from archive.shifts import Shifts
from archive.subscriptions import Subscribers
from domain.words.errors import Unavailable
from gateway.access import Proofs
from gateway.api import application, health_of
from gateway.connections import serving
from gateway.files import FILES
from gateway.health import Health
from gateway.limits import Limits
from gateway.metrics import METRICS
from gateway.notices import NoticeRoom
from gateway.noticing import Noticing, Rights
from gateway.oidc import Provider
from gateway.oidc_settings import registration_in
from gateway.pages.pages import TEMPORAL_UI
from gateway.pages.templating import compile_all
from gateway.reading import Reading
from gateway.reception import Reception
from gateway.telling import Teller, places, way_out
from process import watchdog
from process.configuration import cards_in, installation_of, password_in
from process.in_force import FollowedFile
from process.keyfile import key_in
from process.mail import mailbox
from process.metrics import ProbeAnswer, Probes, probed
from process.ring import Wrapping, ring_in
from process.serve import serve
from process.settings import Settings
from process.temporal import connect, tls_in
from process.tls import certificate_of, seconds_left, trusting
from workflows.messages import RunLength

log = logging.getLogger("vigil.gateway")

NAMES = 64
"""Names of hosts looked up at once. A name server that does not answer holds a thread for half a minute."""


async def run(chosen: Settings, stop: asyncio.Event) -> None:
    """Serve until `stop` is set. Raises `VigilError` if a file, the server or the port is missing."""
    async with watchdog.going_on():  # from the first: tables that are migrated for minutes are no hanging
        await _serve(chosen, stop)


async def _serve(chosen: Settings, stop: asyncio.Event) -> None:
    archive = Database(chosen.archive_url, password_in(chosen.archive_password))
    directory, cards = FollowedFile(chosen.directory, KeyChanges(archive), others=True), cards_in(chosen.cards)
    key = key_in(chosen.key, chosen.passphrase_file)
    shown = certificate_of(chosen)
    openid = Provider(*registration_in(chosen.oidc, directory.now)) if chosen.oidc is not None else None
    reads = Reads(archive, key, installation_of(directory.now))
    try:
        await reads.prepare()
    except Unavailable as error:  # a stop must get through all the same (R8)
        log.warning("until the archive answers nothing is shown to anybody: %s", error.message)
    ring = ring_in(chosen.payload_keys)
    ours = tls_in(chosen.temporal_ca, chosen.temporal_certificate, chosen.temporal_certificate_key)
    client = await connect(chosen.temporal_address, chosen.temporal_namespace, ring, tls=ours)
    files = _files(chosen, archive, Wrapping(ring))
    lists = Deliveries(archive, Wrapping(ring))
    reading = Reading(
        Ledgers(archive, Wrapping(ring)),
        lists,
        Expunging(archive, files),
        PeriodResults(archive),
        Shifts(archive, Wrapping(ring)),
        Chases(archive),
        Patterns(archive),
    )
    pace = RunLength(seconds=chosen.run_seconds)
    reception = Reception(client, chosen.task_queue, directory, cards, key, reading, pace)
    box = mailbox(chosen.smtp_url, chosen.mail_from, chosen.smtp_password) if chosen.notices_to else None
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(NAMES, "names"))
    http = way_out(trusting(chosen.ca, chosen.client_cert, chosen.client_key))
    teller = Teller(http, key, chosen.gateway_url, places(chosen.notices_to), box)
    subscribers, rights = Subscribers(archive, Wrapping(ring)), Rights(directory, openid)
    noticing = Noticing(reading.floor, lists, Occasions(archive), subscribers, teller, rights)
    room = NoticeRoom(subscribers, teller, rights)
    proofs, sessions = Proofs(directory, chosen.gateway_url), Sessions(archive, Wrapping(ring))
    limits = Limits(chosen.starts_a_day)
    app = application(reception, proofs, reads, sessions, openid, files, room, limits)
    if chosen.temporal_ui is not None:
        app[TEMPORAL_UI] = f"{chosen.temporal_ui.rstrip('/')}/namespaces/{chosen.temporal_namespace}/workflows/"
    app[METRICS].ends(partial(seconds_left, shown))
    beside = [
        asyncio.create_task(work)
        for work in (
            app[FILES].go_on_tidying(),
            _filled(reading),
            noticing.go_on(),
            app[METRICS].go_on_looking(partial(health_of, app), reception.pulse.ahead),
            *([shown.go_on()] if shown is not None else []),
        )
    ]
    probes = Probes(app[METRICS].registry, partial(_ready, partial(health_of, app)))
    try:
        async with probed(probes, chosen.metrics_host, chosen.metrics_port):
            tls = shown.context if shown is not None else None
            async with serving(app, chosen.gateway_host, chosen.gateway_port, tls=tls):
                log.info("the gateway is ready", extra={"port": chosen.gateway_port})
                await stop.wait()
    except OSError as error:
        message = f"port {chosen.gateway_port} on {chosen.gateway_host} is taken or not allowed"
        raise Unavailable(message, hint="stop what uses it, or set VIGIL_GATEWAY_PORT") from error
    finally:
        for task in beside:
            task.cancel()
        await http.close()
    await reads.close()


async def _ready(health: Callable[[], Awaitable[Health]]) -> ProbeAnswer:
    """While Temporal answers, a stop can be taken: so a gateway without its archive is not taken out of service (R8)."""
    try:
        found = await health()
    except Unavailable:
        return ProbeAnswer(well=False, said={"temporal": "away"})
    return ProbeAnswer(well=True, said=found.model_dump(exclude={"status"}))


async def _filled(reading: Reading) -> None:
    """Read the watch floor before somebody asks for it, and the templates of pages; where the archive is away, whoever asks for
    the floor first does.
    """
    await asyncio.to_thread(compile_all)
    with suppress(Unavailable):
        await reading.floor.look()
    gc.collect()
    gc.freeze()  # what has been read stays: to go over it again for garbage would be a pause of a tenth of a second, now and then


def _files(chosen: Settings, archive: Database, ring: Wrapping) -> Files | None:
    """The attachments, where the settings name a storage. Raises `Malformed` or `NotFound`."""
    if chosen.attachments is None:
        return None
    secret = password_in(chosen.attachments_secret)
    bucket = Bucket(chosen.attachments_endpoint, chosen.attachments_region, chosen.attachments_key_id, secret)
    return Files(archive, ring, storage_at(chosen.attachments, bucket))


if __name__ == "__main__":
    serve("gateway", run)
