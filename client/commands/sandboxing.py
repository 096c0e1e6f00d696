"""`vigil sandbox`: everybody else is played, so that the developer of one service sees what comes and how answers are judged."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from client.commands.installation import one_has_ended, ports_are_free, serving
from client.console import talk
from client.dossier import PlanFiles, scenario_for
from client.embedded import Layout
from client.language import _
from client.options import As, grouped
from client.rehearse import GRACE, home_for
from client.running import Interrupted, run
from client.sandbox import Sandbox, Way, raise_unless_taking_part, reach_for
from domain.plan.directory import Directory
from rehearsal.services import private_key_of

app = typer.Typer()


@app.command()
@grouped
def sandbox(
    files: PlanFiles,
    service: As,
    by: Annotated[Way | None, typer.Option(help="how Vigil reaches the service; else as the directory says")] = None,
    url: Annotated[str | None, typer.Option(help="where its system listens, to be called there")] = None,
    scenario: Annotated[Path | None, typer.Option(help="how the others behave; else scenario.yaml beside the plan")] = None,
    seed: Annotated[int, typer.Option(help="the same seed gives the same services")] = 1,
    keep: Annotated[Path | None, typer.Option(help="keep every file in this folder; else in one that is removed")] = None,
    port: Annotated[int, typer.Option(min=1, max=65535, help="port of the gateway")] = 8470,
    temporal_port: Annotated[int, typer.Option(min=1, max=65535, help="port of the Temporal server")] = 7233,
    ui_port: Annotated[int, typer.Option(min=1, max=65535, help="port of Temporal's own web pages")] = 8233,
) -> None:
    """Play everybody but one service on this machine until Ctrl-C: for who builds that service's system.

    Temporal, worker and gateway are real; the keys are for tests and known to everybody. The plan is started at once, and its
    ways are short.
    """
    dossier = files.checked()
    behaviour = scenario_for(files.plan, dossier, scenario)
    reach = reach_for(raise_unless_taking_part(dossier, behaviour, service), by, url)
    with suppress(Interrupted), home_for(keep) as home:
        box = Sandbox(dossier, behaviour, service, reach, seed, home)
        directory, layout = box.lay_out(port, temporal_port, ui_port)
        run(_play(box, directory, layout))


async def _play(box: Sandbox, directory: Directory, layout: Layout) -> None:
    await ports_are_free(layout)
    reader = (box.supervisor, private_key_of(box.supervisor)) if box.supervisor is not None else None
    async with serving(layout, reader, GRACE) as embedded, box.others(directory, layout.gateway_url):
        about = box.about(layout)
        talk.print(_("you are     {service}; everybody else is simulated", service=about.service))
        if about.url is None:
            talk.print(_("reached     at a desk: your requests wait in the inbox of the gateway"))
        elif about.by == "push":
            talk.print(_("reached     at {url}: requests are sent there; hand your answers in at the gateway", url=about.url))
        else:
            talk.print(_("reached     at {url}: requests are sent there, and your answers fetched", url=about.url))
        talk.print(_("keys        {folder}, for tests: everybody knows them", folder=about.keys))
        talk.print(_("Vigil's     {key}", key=about.vigil_key))
        words = f"--as {about.service} --keys {about.keys} --gateway {about.gateway}"
        talk.print(_("inbox       vigil inbox {options}", options=words), soft_wrap=True)
        talk.print(
            _("answer      vigil confirm {delivery} CHECKPOINT {options}", delivery=about.delivery, options=words), soft_wrap=True
        )
        talk.print(_("for programs: {path}", path=box.home.path / "sandbox.json"), style="dim")
        talk.print(_("stop with Ctrl-C"), style="dim")
        ended, played = (asyncio.create_task(one) for one in (one_has_ended(embedded), box.play(layout.gateway_url, talk.print)))
        try:
            await asyncio.wait({ended, played}, return_when=asyncio.FIRST_COMPLETED)
            await (ended if ended.done() else played)
            await ended
        finally:
            ended.cancel()
            played.cancel()
            await asyncio.gather(ended, played, return_exceptions=True)
