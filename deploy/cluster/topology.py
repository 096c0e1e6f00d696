"""The machines of the cluster, what runs on each, and where each keeps its things. Every machine is a network namespace."""

import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

HOME = Path(os.environ.get("CLUSTER_HOME", "/var/lib/vigil-cluster"))
"""Where the cluster keeps everything: a folder for each machine, that of the authority, and the backups."""
NETWORK = "10.77.0"
"""The first three quarters of all addresses. The switch is in a namespace too, so nobody outside sees any of it."""
SWITCH = "vigil-switch"
FLOATING = f"{NETWORK}.10"
"""The address of the database that takes writes: it moves with that role."""
DATABASE, TEMPORAL, INSIDE, OUTSIDE = 5432, 7233, 8471, 8443
"""Ports: PostgreSQL, Temporal, the door of a gateway's machine, and the gateways as services reach them."""
SHARDS = 4
"""Of Temporal's history, for ever. Each costs something though nothing happens, and this is one small machine; 512 is usual."""
NAMESPACE, QUEUE = "vigil", "vigil"
ROLES: Mapping[str, tuple[int, int]] = {
    "frontend": (7233, 6933),
    "history": (7234, 6934),
    "matching": (7235, 6935),
    "worker": (7239, 6939),
}
"""Of Temporal's server: the ports of each, for calls and for finding one another."""
OURS = pwd.getpwnam("nobody").pw_uid
"""Number of the user of everything but PostgreSQL. It must have a name: Temporal's server does not start as a mere number."""


@dataclass(frozen=True)
class Machine:
    """One machine. `number`: the last quarter of its address."""

    name: str
    number: int

    @property
    def address(self) -> str:
        """Where it is reached."""
        return f"{NETWORK}.{self.number}"

    @property
    def namespace(self) -> str:
        """Of its network."""
        return f"vigil-{self.name}"

    @property
    def folder(self) -> Path:
        """All that it has: no other machine's user reads it, root apart."""
        return HOME / "machines" / self.name


DESK = Machine("desk", 2)
"""Where the administrator sits, and in the drill the services, which are no part of the cluster."""
BALANCER = Machine("balancer", 5)
DATABASES = (Machine("postgres-1", 11), Machine("postgres-2", 12))
SERVERS: Mapping[str, tuple[Machine, ...]] = {
    "frontend": (Machine("frontend-1", 21), Machine("frontend-2", 22)),
    "history": (Machine("history-1", 23), Machine("history-2", 24)),
    "matching": (Machine("matching-1", 25), Machine("matching-2", 26)),
    "worker": (Machine("system-1", 27), Machine("system-2", 28)),
}
"""Temporal's, by role. Its own role `worker` runs on machines named `system`, since Vigil has workers too."""
WORKERS = (Machine("worker-1", 31), Machine("worker-2", 32))
GATEWAYS = (Machine("gateway-1", 41), Machine("gateway-2", 42))
MACHINES = (DESK, BALANCER, *DATABASES, *(one for each in SERVERS.values() for one in each), *WORKERS, *GATEWAYS)
GATEWAY_URL = f"https://{BALANCER.address}:{OUTSIDE}"


@dataclass(frozen=True)
class Program:
    """One process: on which machine, as whom (a number), which command with what in its environment."""

    name: str
    machine: Machine
    command: tuple[str, ...]
    user: int = OURS
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None
    """Where it listens, once it is up."""
    says: str | None = None
    """What it writes into its log, once it is up."""
    asked_to_end_by: str = "SIGTERM"
