"""What each machine is given: its files, and the programs that run on it."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

from deploy.cluster import postgresql
from deploy.cluster.authority import certify, trusted
from deploy.cluster.topology import (
    BALANCER,
    DATABASE,
    DATABASES,
    DESK,
    FLOATING,
    GATEWAY_URL,
    GATEWAYS,
    HOME,
    INSIDE,
    MACHINES,
    NAMESPACE,
    OURS,
    OUTSIDE,
    QUEUE,
    ROLES,
    SERVERS,
    SHARDS,
    TEMPORAL,
    WORKERS,
    Machine,
    Program,
)

ROOT = Path(__file__).resolve().parents[2]
NODE = HOME / "bin" / "temporal-node"
"""Temporal's server, as it is installed at present."""
CLUSTER_NAME = "temporal.cluster"
"""In every certificate of Temporal's machines: they find one another by address, and each must be any of them."""
GATEWAY_PORT = 8470
STARTS_A_DAY = 1_000_000
"""Deliveries that one service may begin in a day: what is measured here begins in an hour what is else begun in months."""
DYNAMIC: dict[str, list[dict[str, Any]]] = {
    # Machines find one another over TLS too.
    "system.enableRingpopTLS": [{"value": True}],
    # As in the containers, see ../compose/dynamicconfig.yaml.
    "frontend.enableServerVersionCheck": [{"value": False}],
    "history.maxInFlightUpdates": [{"value": 10}],
    "history.maxTotalUpdates": [{"value": 2000}],
    "system.enableDeploymentVersions": [{"value": True}],
}


def lay_out() -> None:
    """The folder of each machine with its own certificate; of PostgreSQL's with its data. Nothing where it is done already."""
    (HOME / "machines").mkdir(mode=0o711, exist_ok=True)
    postgresql.make()
    for machine in MACHINES:
        if not machine.folder.exists():
            machine.folder.mkdir(mode=0o700)
            furnish(machine)
    for role, machines in SERVERS.items():
        for machine in machines:
            _give(machine, "temporal.yaml", json.dumps(temporal_settings(role, machine), indent=2))  # JSON is YAML
            _give(machine, "dynamic.yaml", json.dumps(DYNAMIC, indent=2))
    _give(BALANCER, "haproxy.cfg", balancing())
    for machine in GATEWAYS:
        _give(machine, "haproxy.cfg", door(machine))
    for machine in MACHINES:
        if machine not in DATABASES:
            for path in (machine.folder, *machine.folder.rglob("*")):
                shutil.chown(path, OURS, OURS)


def furnish(machine: Machine) -> None:
    """Whom a machine trusts, its own certificate, and those by which it is more than itself."""
    folder = machine.folder
    certify(folder / "node", machine.name, [machine.address])
    shutil.copy(trusted(), folder / "ca.pem")
    if any(machine in one for one in SERVERS.values()):
        name = [BALANCER.address] if machine in SERVERS["frontend"] else []
        certify(folder / "cluster", CLUSTER_NAME, [machine.address, *name])
        certify(folder / "database", "temporal", [machine.address])
    if machine in (*WORKERS, *GATEWAYS):
        certify(folder / "database", "vigil", [machine.address])
    if machine in (BALANCER, *GATEWAYS):  # haproxy wants both in one file
        (folder / "door.pem").write_bytes((folder / "node.pem").read_bytes() + (folder / "node.key").read_bytes())


def _give(machine: Machine, name: str, text: str) -> None:
    (machine.folder / name).write_text(text)


def temporal_settings(role: str, machine: Machine) -> dict[str, Any]:
    """The configuration of one of Temporal's machines."""
    own, (calls, membership) = machine.folder, ROLES[role]
    ours = {"certFile": str(own / "cluster.pem"), "keyFile": str(own / "cluster.key")}
    asks = {**ours, "requireClientAuth": True, "clientCaFiles": [str(own / "ca.pem")]}
    trusts = {"serverName": CLUSTER_NAME, "rootCaFiles": [str(own / "ca.pem")]}
    rpc: dict[str, Any] = {name: {"rpc": {"grpcPort": ports[0], "membershipPort": ports[1]}} for name, ports in ROLES.items()}
    rpc[role] = {"rpc": {"grpcPort": calls, "membershipPort": membership, "bindOnIP": machine.address}}
    return {
        "log": {"stdout": True, "level": "warn", "format": "json"},
        "persistence": {
            "defaultStore": "history",
            "visibilityStore": "visibility",
            "numHistoryShards": SHARDS,
            "datastores": {"history": _store(machine, "temporal"), "visibility": _store(machine, "temporal_visibility")},
        },
        "global": {
            "membership": {"maxJoinDuration": "60s", "broadcastAddress": machine.address},
            "tls": {
                "internode": {"server": asks, "client": trusts},
                "frontend": {"server": asks, "client": trusts},
                "systemWorker": {**ours, "client": trusts},
            },
        },
        "services": rpc,
        "publicClient": {"hostPort": f"{BALANCER.address}:{TEMPORAL}"},
        "clusterMetadata": {
            "enableGlobalNamespace": False,
            "failoverVersionIncrement": 10,
            "masterClusterName": "active",
            "currentClusterName": "active",
            "clusterInformation": {
                "active": {
                    "enabled": True,
                    "initialFailoverVersion": 1,
                    "rpcName": "frontend",
                    "rpcAddress": f"{BALANCER.address}:{TEMPORAL}",
                }
            },
        },
        "dcRedirectionPolicy": {"policy": "noop"},
        "dynamicConfigClient": {"filepath": str(own / "dynamic.yaml"), "pollInterval": "60s"},
    }


def _store(machine: Machine, database: str) -> dict[str, Any]:
    own = machine.folder
    return {
        "sql": {
            "pluginName": "postgres12",
            "databaseName": database,
            "connectAddr": f"{FLOATING}:{DATABASE}",
            "connectProtocol": "tcp",
            "user": "temporal",
            "maxConns": 10,
            "maxIdleConns": 10,
            "maxConnLifetime": "1h",
            "tls": {
                "enabled": True,
                "caFile": str(own / "ca.pem"),
                "certFile": str(own / "database.pem"),
                "keyFile": str(own / "database.key"),
                "enableHostVerification": True,
                "serverName": FLOATING,
            },
        }
    }


_COMMON = """\
global
    maxconn 2000
    ssl-default-bind-options ssl-min-ver TLSv1.3
    ssl-default-server-options ssl-min-ver TLSv1.3

defaults
    timeout connect 2s
    timeout client 10m
    timeout server 10m
    timeout check 2s
    option redispatch
    # Who follows a delivery and goes is gone from the gateway too: a service may have so many streams open, and no more.
    option abortonclose
    # Only what has not been sent yet goes to another machine: who knows whether the rest was done.
    retries 2
"""


def balancing() -> str:
    """Services come in over TLS and go on over mTLS; Temporal's front ends themselves show clients who they are."""
    own = BALANCER.folder
    checked = "check inter 1s fall 2 rise 1"
    secured = f"ssl crt {own}/door.pem ca-file {own}/ca.pem verify required {checked}"
    gateways = "\n".join(f"    server {one.name} {one.address}:{INSIDE} {secured}" for one in GATEWAYS)
    frontends = "\n".join(f"    server {one.name} {one.address}:{TEMPORAL} {checked}" for one in SERVERS["frontend"])
    return f"""{_COMMON}
frontend services
    mode http
    bind {BALANCER.address}:{OUTSIDE} ssl crt {own}/door.pem alpn http/1.1
    default_backend gateways

backend gateways
    mode http
    balance leastconn
    retry-on conn-failure
    # Not the gateway's own health: while the archive or Temporal is away none would be left, and a stop must get through.
    option httpchk GET /there
{gateways}

frontend temporal
    mode tcp
    bind {BALANCER.address}:{TEMPORAL}
    default_backend frontends

backend frontends
    mode tcp
    balance leastconn
{frontends}
"""


def door(machine: Machine) -> str:
    """TLS ends on the gateway's own machine: it speaks plain HTTP to nobody but its loopback interface."""
    own = machine.folder
    return f"""{_COMMON}
frontend door
    mode http
    bind {machine.address}:{INSIDE} ssl crt {own}/door.pem ca-file {own}/ca.pem verify required
    monitor-uri /there
    monitor fail if {{ nbsrv(gateway) lt 1 }}
    default_backend gateway

backend gateway
    mode http
    server gateway 127.0.0.1:{GATEWAY_PORT} check inter 500ms fall 1 rise 1
"""


def temporal_programs() -> tuple[Program, ...]:
    """Temporal's processes, in the order in which they are started."""
    order = ("history", "matching", "frontend", "worker")
    return tuple(
        Program(
            machine.name,
            machine,
            (str(NODE), "serve", "--config", str(machine.folder / "temporal.yaml"), "--services", role),
            environment={"GOMEMLIMIT": "400MiB", "GOMAXPROCS": "2", "TEMPORAL_VERSION_CHECK_DISABLED": "1"},
            port=ROLES[role][0],
        )
        for role in order
        for machine in SERVERS[role]
    )


def balancing_programs() -> tuple[Program, ...]:
    """The load balancer, and the doors of the gateways' machines."""
    haproxy = shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin:/usr/bin") or "/usr/sbin/haproxy"
    door = {one: (f"{one.name}-door", INSIDE) for one in GATEWAYS}
    return tuple(
        Program(name, machine, (haproxy, "-db", "-f", str(machine.folder / "haproxy.cfg")), port=port, asked_to_end_by="SIGUSR1")
        for machine, (name, port) in {BALANCER: (BALANCER.name, OUTSIDE), **door}.items()
    )


def vigil_programs(build: str | None = None) -> tuple[Program, ...]:
    """Workers, then gateways. `build`: what workers count as; None: what their code says."""
    return tuple(
        Program(
            machine.name,
            machine,
            (sys.executable, "-m", "worker" if machine in WORKERS else "gateway"),
            environment={**_vigil(machine), **({"VIGIL_BUILD": build} if build and machine in WORKERS else {})},
            says=f"the {'worker' if machine in WORKERS else 'gateway'} is ready",
        )
        for machine in (*WORKERS, *GATEWAYS)
    )


def _vigil(machine: Machine) -> dict[str, str]:
    own = machine.folder
    settings = {
        "TEMPORAL_ADDRESS": f"{BALANCER.address}:{TEMPORAL}",
        "TEMPORAL_NAMESPACE": NAMESPACE,
        "TEMPORAL_CA": own / "ca.pem",
        "TEMPORAL_CERTIFICATE": own / "node.pem",
        "TEMPORAL_CERTIFICATE_KEY": own / "node.key",
        "TASK_QUEUE": QUEUE,
        "DIRECTORY": own / "directory.yaml",
        "CARDS": own / "cards",
        "KEY": own / "vigil.pem",
        "PAYLOAD_KEYS": own / "payload.keys",
        "ARCHIVE_URL": f"postgresql+asyncpg://vigil@{FLOATING}:{DATABASE}/vigil?ssl=verify-full",
        "GATEWAY_URL": GATEWAY_URL,
        "LOG_FORMAT": "json",
        **(
            {"DECONFLICTION_KEY": own / "deconfliction.key", "TAKES_OVER": "yes"}
            if machine in WORKERS
            else {"GATEWAY_PORT": GATEWAY_PORT, "STARTS_A_DAY": STARTS_A_DAY}
        ),
    }
    return {
        **{f"VIGIL_{name}": str(value) for name, value in settings.items()},
        # The database's driver reads these; whom else HTTP may trust is said by the last.
        "PGSSLROOTCERT": str(own / "ca.pem"),
        "PGSSLCERT": str(own / "database.pem"),
        "PGSSLKEY": str(own / "database.key"),
        "SSL_CERT_FILE": str(own / "ca.pem"),
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }


def hand_out(source: Path) -> None:
    """Give every machine of Vigil what an installation is given: directory, rule cards, keys."""
    for machine in (*WORKERS, *GATEWAYS):
        secrets = ("deconfliction.key",) if machine in WORKERS else ()
        for name in ("directory.yaml", "vigil.pem", "payload.keys", *secrets):
            shutil.copy(source / name, machine.folder / name)
        shutil.copytree(source / "cards", machine.folder / "cards", dirs_exist_ok=True)
        for path in (machine.folder, *machine.folder.rglob("*")):
            shutil.chown(path, OURS, OURS)


def administration() -> tuple[str, ...]:
    """The options by which the administrator's `temporal` reaches the front ends."""
    own = DESK.folder
    where = ("--address", f"{BALANCER.address}:{TEMPORAL}", "--namespace", NAMESPACE)
    return (
        *where,
        "--tls-ca-path",
        str(own / "ca.pem"),
        "--tls-cert-path",
        str(own / "node.pem"),
        "--tls-key-path",
        str(own / "node.key"),
    )
