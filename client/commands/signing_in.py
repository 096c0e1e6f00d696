"""`vigil sign-in` and `vigil board`: an officer with a browser begins here, where the service's key is."""

import webbrowser
from html import escape
from pathlib import Path

from client import contexts
from client.caller import CallerOptions
from client.console import answer, talk
from client.entries import moment
from client.language import _
from client.options import Output, grouped
from domain.signing.canonical import plain
from process import files

PAGE = "board.html"
LEADS = '<!doctype html><meta name="referrer" content="no-referrer"><meta http-equiv="refresh" content="0; url={}">'


@grouped
def sign_in(caller: CallerOptions, output: Output = "text") -> None:
    """Sign in with a browser: prints a link that is good for one minute, and once. Whoever opens it first is signed in as you."""
    link = caller.call(lambda door: door.sign_in())
    answer(output, plain(link), link.address)
    if output == "text":
        talk.print(_("open it in your browser until {until}; it signs in once", until=moment(link.until)), style="dim")


@grouped
def board(caller: CallerOptions, output: Output = "text") -> None:
    """Open the desk in this machine's browser, signed in. Where there is none, it prints the link, as `vigil sign-in` does."""
    link = caller.call(lambda door: door.sign_in())
    opened = webbrowser.open(page_to(link.address).as_uri())
    if not opened:
        until = moment(link.until)
        talk.print(_("no browser opens here; open the link until {until}, it signs in once", until=until), style="dim")
    said = _("the desk opens in your browser, signed in as {service}", service=caller.service) if opened else link.address
    answer(output, plain(link) | {"opened": opened}, said)


def page_to(address: str) -> Path:
    """A page that leads there, for its owner only: an address among the words of a command could be read by whoever is on this
    machine, and it signs in.
    """
    path = contexts.place().with_name(PAGE)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    files.write(path, LEADS.format(escape(address, quote=True)).encode())
    return path
