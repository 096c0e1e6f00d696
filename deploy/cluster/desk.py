"""At the desk: where the administrator sits, and in drill and benchmarks the services, which are no part of the cluster."""

import os
import ssl
import sys

from aiohttp import web
from temporalio.service import TLSConfig

from deploy.cluster import network
from deploy.cluster.topology import BALANCER, DESK, TEMPORAL, WORKERS
from process.ring import Ring, ring_in
from process.temporal import tls_in
from rehearsal.over_http import SimulatedServices

FRONT_ENDS = f"{BALANCER.address}:{TEMPORAL}"


class AtTheDesk(SimulatedServices):
    """Simulated services that answer over TLS, at the desk's own address."""

    def site_at(self, port: int, runner: web.AppRunner) -> web.BaseSite:
        """With the desk's certificate."""
        shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        shown.load_cert_chain(DESK.folder / "node.pem", DESK.folder / "node.key")
        return web.TCPSite(runner, DESK.address, port, ssl_context=shown)


def sit_down() -> None:
    """From now on this process is at the desk, and trusts whom the cluster's authority certifies. Whom HTTP trusts is read when
    Python starts: so it starts once more, where nobody has said so. Ends with 3 where there is no cluster.
    """
    if not network.exists():
        sys.stderr.write("there is no cluster; `make cluster-up` makes one\n")
        raise SystemExit(3)
    trusted = str(DESK.folder / "ca.pem")
    if os.environ.get("SSL_CERT_FILE") != trusted:
        os.execve(sys.executable, sys.orig_argv, {**os.environ, "SSL_CERT_FILE": trusted})  # noqa: S606 - this very program
    network.sit_down()


def tls() -> TLSConfig | None:
    """How who sits here and Temporal's front ends prove to each other who they are."""
    own = DESK.folder
    return tls_in(own / "ca.pem", own / "node.pem", own / "node.key")


def ring() -> Ring:
    """What Vigil's payloads are encrypted under: whoever compares them at the desk has it from a worker's machine."""
    return ring_in(WORKERS[0].folder / "payload.keys")
