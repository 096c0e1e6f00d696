"""What may be sent where without anybody on the way reading it."""

import pytest

from domain.plan.addresses import protected


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.8.7", "::1", "[::1]", "localhost", "LOCALHOST"])
def test_this_very_machine_needs_no_tls(host: str) -> None:
    """Whatever it is called, what is sent to it leaves it never."""
    assert protected("http", host)


@pytest.mark.parametrize(
    "host", ["vigil.example", "10.0.0.1", "0.0.0.0", "localhost.example", "127.0.0.1.example", "128.0.0.1", "::2", ""]
)
def test_everything_else_does(host: str) -> None:
    """A private network and a name that only looks like this machine are others' to read."""
    assert not protected("http", host)
    assert protected("https", host)


def test_another_protocol_protects_nothing() -> None:
    """Also not on this machine."""
    assert not protected("ftp", "localhost")
