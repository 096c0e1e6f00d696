"""`vigil sign-in`: an officer with a browser begins here, where the service's key is."""

from client.calling import call
from client.console import GATEWAY, KEYS, OFFICER, As, Keys, Officer, Output, Url, answer, talk
from client.render import moment
from domain.canonical import plain


def sign_in(
    service: As,
    officer: Officer = OFFICER,
    keys: Keys = KEYS,
    gateway: Url = GATEWAY,
    output: Output = "text",
) -> None:
    """Sign in with a browser: prints a link that is good for one minute, and once. Whoever opens it first is signed in as you."""
    link = call(gateway, service, officer, keys.expanduser(), lambda door: door.sign_in())
    answer(output, plain(link), link.address)
    if output == "text":
        talk.print(f"open it in your browser until {moment(link.until)}; it signs in once", style="dim", markup=False)
