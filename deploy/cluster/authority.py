"""The authority that certifies the machines of a cluster: who they are, and under which addresses. Its own key stays in its
folder, which no machine of the cluster can read. Another authority can take its place: what the rest uses are files in PEM.
"""

from collections.abc import Iterable
from pathlib import Path

from deploy.cluster import topology
from process import certificates
from process.certificates import AUTHORITY, LONGEST, LONGEST_OF_AUTHORITY, KeyAndCertificate, now


def trusted() -> Path:
    """Its certificate, which everybody trusts; a new authority where there is none."""
    folder = topology.HOME / "authority"
    found = folder / f"{AUTHORITY}.pem"
    if found.exists():
        return found
    return certificates.make_authority(folder, "Vigil cluster authority", LONGEST_OF_AUTHORITY, now()).certificate


def certify(stem: Path, name: str, addresses: Iterable[str]) -> KeyAndCertificate:
    """A certificate for a name and these addresses, good for both ends of a connection: STEM.pem and STEM.key."""
    return certificates.issue(trusted().parent, name, [name, *addresses], LONGEST, now(), to=stem)
