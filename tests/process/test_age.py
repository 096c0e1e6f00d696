"""What is under a passphrase: the format of age, made and read alike however busy the machine is."""

import base64
import re

import pyrage
import pytest

from domain.words.errors import Malformed, NotAllowed
from process import age
from tests.command import LITTLE_WORK

WORDS, OTHERS, DATA = "correct horse battery staple", "staple battery horse correct", b"the private halves\n" * 20
MADE_ELSEWHERE = """\
-----BEGIN AGE ENCRYPTED FILE-----
YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IHNjcnlwdCBmWE5UWFZVU25LZnp5Z1ZS
N2sxY3NRIDEwCmFzWEJTSitTaHJ5QjJZUlUrRzBFYXRPK2t1eGY5cjBzMUF6ZU16
U3ZUMGcKLS0tIEd4QjI0WTN6cUp6SDFPOWthdGlockp1ZUlJektBUmZiSzJhQzhJ
MENkNzAKKCmNc09VbUyya9hasqKprPElE3MKPSkR6ZelJhJNRCbvvZroulScn8X5
fK8nVHXK8NZ8cQAoOAItaO4GGAQBS3iFlsNdaItLcVY7Uje0T3Rgz14AyQ/tvuMW
W9B0pVfuyVh88Y7aHJThlrxAHbMLxEdc6PnQH8SZ80UTORlQ1lCczCbRHQ1VV3HM
qJB7gQjxvZMAY4UAlJSz1Mf0x0h184cexW7PnBICj0nEsJqLMxWUwfAMe00TjRDV
ikj7s6oZW/XEYc8x6sKu3O+Em5M93LAiBr23rkimIgKCUt6gUxvBuqNaJ6TfLAFw
ymwjSSfytdBhtLRQ7EAThu8r2ZbiITjUFjhKDTpaOoz60+Tk2GklQfjeVG8lN+c+
BQ+FbtFB3TU9/Y1O7jFaKtrlgowmrVPAI5HipvD48WCtxS7LTtUF+ujP9PsnBhao
K1xO/FMzYVMIqknimkiuNnggXkFGKy51JRuSKOnQN6viNEvxmkQPyIjes4HRDq5v
zv9MGsTe6vDkASjgKN4EAvQgLZFGxeRTOHuftamVBNMRzA==
-----END AGE ENCRYPTED FILE-----
"""
"""`pyrage.passphrase.encrypt(DATA, WORDS, armored=True)`, on a machine so busy that the library measured little work: 2^10."""
FIRST, LAST = "-----BEGIN AGE ENCRYPTED FILE-----", "-----END AGE ENCRYPTED FILE-----"


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Little work, so that the library reads it even where it measures that this machine is slow."""
    monkeypatch.setattr(age, "WORK", LITTLE_WORK)


def inside(text: str) -> bytes:
    """What the armour holds."""
    return base64.b64decode(text.removeprefix(FIRST).partition(LAST)[0])


def armoured(data: bytes) -> str:
    """The same in its armour."""
    return f"{FIRST}\n{base64.b64encode(data).decode()}\n{LAST}\n"


def test_each_guess_costs_the_same_whatever_else_the_machine_does() -> None:
    """The work is fixed: 2^18, as other programs of this format have it."""
    assert re.match(rb"age-encryption\.org/v1\n-> scrypt [^ ]+ 18\n", inside(age.lock(DATA, WORDS)))


@pytest.mark.usefixtures("light")
def test_other_programs_read_what_is_made_here() -> None:
    """The library, which is another implementation of the format, opens it."""
    assert DATA == pyrage.passphrase.decrypt(age.lock(DATA, WORDS).encode(), WORDS)


def test_what_other_programs_make_is_read_here() -> None:
    """A file that the library made."""
    assert DATA == age.unlock(MADE_ELSEWHERE, WORDS, "a.pem")


@pytest.mark.usefixtures("light")
def test_another_passphrase_opens_nothing() -> None:
    """It is told apart from damage."""
    with pytest.raises(NotAllowed, match=r"not that of a\.pem"):
        age.unlock(age.lock(DATA, WORDS), OTHERS, "a.pem")


@pytest.mark.usefixtures("light")
def test_every_byte_of_it_is_looked_at() -> None:
    """One bit of any byte changed: nothing is opened, and nothing but a refusal comes of it."""
    whole = inside(age.lock(DATA[:20], WORDS))
    places = [place for place in range(len(whole)) if whole[place - 1 : place + 3] != b" 10\n"]
    for place in places:
        changed = bytearray(whole)
        changed[place] ^= 1
        with pytest.raises((Malformed, NotAllowed)):
            age.unlock(armoured(bytes(changed)), WORDS, "a.pem")


@pytest.mark.usefixtures("light")
@pytest.mark.parametrize("work", [b"0", b"23", b"99", b"018", b"-1", b"ten"])
def test_more_work_than_anybody_asks_for_is_not_begun(work: bytes) -> None:
    """A file cannot make a machine work for hours."""
    made = inside(age.lock(DATA, WORDS)).replace(b" 10\n", b" " + work + b"\n", 1)
    with pytest.raises(Malformed, match="damaged"):
        age.unlock(armoured(made), WORDS, "a.pem")


@pytest.mark.parametrize(
    "text", ["", FIRST, f"{FIRST}\n{LAST}", f"{FIRST}\nno base64\n{LAST}", armoured(b"age-encryption.org/v1\n")]
)
def test_what_is_no_such_file_is_damaged(text: str) -> None:
    """Whatever stands there."""
    with pytest.raises(Malformed, match="damaged"):
        age.unlock(text, WORDS, "a.pem")
