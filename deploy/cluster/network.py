"""The network of the cluster: one namespace for each machine and one for the switch that joins them, with no way out."""

import ctypes
import os
import socket
import struct
import subprocess
from contextlib import suppress
from ipaddress import IPv4Address
from pathlib import Path

from deploy.cluster.topology import DESK, FLOATING, MACHINES, NETWORK, SWITCH, Machine

_NAMESPACES = Path("/run/netns")
_CLONE_NEWNET = 0x40000000


class NetworkError(Exception):
    """A command of the network was refused: which, and why."""


def ip(*arguments: str) -> str:
    """What `ip` says. Raises `NetworkError`."""
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)  # noqa: S607 - the system's own
    if done.returncode != 0:
        raise NetworkError(f"ip {' '.join(arguments)}: {done.stderr.strip()}; it needs root and the package iproute2")
    return done.stdout


def exists() -> bool:
    """Whether all of it is there: whoever makes it gives the last machine its address last."""
    if not all((_NAMESPACES / name).exists() for name in (SWITCH, *(one.namespace for one in MACHINES))):
        return False
    with suppress(NetworkError):
        return f" {MACHINES[-1].address}/" in ip("-n", MACHINES[-1].namespace, "-4", "address", "show", "dev", "eth0")
    return False


def create() -> None:
    """Make every namespace, and plug each machine into the switch; nothing stays of one that was made in part. Raises
    `NetworkError`.
    """
    remove()
    ip("netns", "add", SWITCH)
    ip("-n", SWITCH, "link", "add", "switch", "type", "bridge")
    ip("-n", SWITCH, "link", "set", "switch", "up")
    for machine in MACHINES:
        ip("netns", "add", machine.namespace)
        ip("-n", machine.namespace, "link", "set", "lo", "up")
        ends = ("type", "veth", "peer", "name", "eth0", "netns", machine.namespace)
        ip("link", "add", machine.name, "netns", SWITCH, *ends)
        ip("-n", SWITCH, "link", "set", machine.name, "master", "switch", "up")
        ip("-n", machine.namespace, "link", "set", "eth0", "up")
        ip("-n", machine.namespace, "address", "add", f"{machine.address}/24", "dev", "eth0")


def remove() -> None:
    """Take every namespace away; what is plugged in goes with it."""
    for name in (*(one.namespace for one in MACHINES), SWITCH):
        if (_NAMESPACES / name).exists():
            ip("netns", "delete", name)


def entered(machine: Machine) -> tuple[str, ...]:
    """What stands before a command that is to run on a machine. It becomes that command: the process keeps its number."""
    return ("nsenter", f"--net={_NAMESPACES / machine.namespace}")


def sit_down() -> None:
    """This process is at the desk from now on: what it calls and listens to is in the network of the cluster."""
    with (_NAMESPACES / DESK.namespace).open() as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), _CLONE_NEWNET) != 0:
            raise NetworkError(f"cannot enter {DESK.namespace}: {os.strerror(ctypes.get_errno())}")


def floats_at(machine: Machine) -> bool:
    """Whether the database's address is this machine's now."""
    return f" {FLOATING}/" in ip("-n", machine.namespace, "-4", "address", "show", "dev", "eth0")


def take_floating(machine: Machine) -> None:
    """From now on the database's address is not this machine's: whoever still writes there is heard by nobody."""
    if floats_at(machine):
        ip("-n", machine.namespace, "address", "delete", f"{FLOATING}/24", "dev", "eth0")


def give_floating(machine: Machine) -> None:
    """The database's address is this machine's, and all others are told so at once (a gratuitous ARP, as keepalived sends it)."""
    if not floats_at(machine):
        ip("-n", machine.namespace, "address", "add", f"{FLOATING}/24", "dev", "eth0")
    _announce(machine)


def cut(machine: Machine) -> None:
    """Pull the plug of its network."""
    ip("-n", machine.namespace, "link", "set", "eth0", "down")


def mend(machine: Machine) -> None:
    """Put it in again. The addresses have stayed."""
    ip("-n", machine.namespace, "link", "set", "eth0", "up")


def _announce(machine: Machine) -> None:
    """A child sends it: whoever enters a namespace for a moment must come back, and a thread may not do so safely."""
    child = os.fork()
    if child == 0:
        code = 1
        with suppress(OSError):
            with (_NAMESPACES / machine.namespace).open() as file:
                ctypes.CDLL(None).setns(file.fileno(), _CLONE_NEWNET)
            _send_announcement()
            code = 0
        os._exit(code)
    if os.waitpid(child, 0)[1] != 0:
        raise NetworkError(f"{machine.name} could not announce that it has {FLOATING}")


def _send_announcement() -> None:
    with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as wire:
        wire.bind(("eth0", 0x0806))
        own, address, everybody = wire.getsockname()[4], IPv4Address(FLOATING).packed, b"\xff" * 6
        said = struct.pack("!HHBBH", 1, 0x0800, 6, 4, 2) + own + address + everybody + address
        wire.send(everybody + own + struct.pack("!H", 0x0806) + said)


EVERYBODY = f"{NETWORK}.0/24"
