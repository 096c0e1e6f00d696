"""`vigil sign-in`: an officer with a browser begins here, where the service's key is."""

from client.caller import CallerOptions
from client.console import answer, talk
from client.entries import moment
from client.language import _
from client.options import Output, grouped
from domain.signing.canonical import plain


@grouped
def sign_in(caller: CallerOptions, output: Output = "text") -> None:
    """Sign in with a browser: prints a link that is good for one minute, and once. Whoever opens it first is signed in as you."""
    link = caller.call(lambda door: door.sign_in())
    answer(output, plain(link), link.address)
    if output == "text":
        talk.print(_("open it in your browser until {until}; it signs in once", until=moment(link.until)), style="dim")
