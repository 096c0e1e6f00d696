"""Which web addresses what is confidential may be sent to."""

from ipaddress import ip_address


def protected(scheme: str, host: str) -> bool:
    """Whether nobody on the way can read what is sent there: it goes over TLS, or never leaves this machine."""
    return scheme == "https" or (scheme == "http" and _loopback(host))


def _loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
