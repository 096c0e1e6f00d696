"""`vigil notices`: an officer who supervises is told that something waits at the desk, and never what."""

import re
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from client.caller import CallerOptions
from client.console import answer, talk
from client.entries import moment
from client.language import _, speak
from client.options import DryRun, Output, grouped
from client.signing import dry
from client.tables import Lines
from domain.plan.directory import Webhook
from domain.signing.canonical import plain
from domain.views.subscriptions import (
    FAILURES,
    SUBJECTS,
    SUBJECTS_IN_WORDS,
    WAYS_IN_WORDS,
    Page,
    Subscription,
    Subscriptions,
    Wish,
)
from domain.words.errors import Malformed, NotFound, Unavailable, faults_of
from domain.words.likeness import did_you_mean

app = typer.Typer(
    help="Be told that something waits at the desk, and of how many deliveries: for officers who supervise.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="which one, as `vigil notices list` names it", show_default=False)]
SPAN = re.compile(r"([0-9]{2}:[0-9]{2})-([0-9]{2}:[0-9]{2})")


@app.command("list")
@grouped
def list_(caller: CallerOptions, output: Output = "text") -> None:
    """Your subscriptions, and how each goes."""
    found = caller.call(lambda door: door.notices())
    answer(output, plain(found), _shown(found))


@app.command()
@grouped
def subscribe(
    caller: CallerOptions,
    subjects: Annotated[
        list[str] | None, typer.Argument(help=f"of what: {', '.join(SUBJECTS)}; else needs_you", show_default=False)
    ] = None,
    webhook: Annotated[str | None, typer.Option(help="by a signed call to this address")] = None,
    mail: Annotated[str | None, typer.Option(help="by mail to this address: of a duty, not of a person")] = None,
    quiet: Annotated[
        list[str] | None, typer.Option(help="hours in which it waits, such as 22:00-06:00; a stop never does. May be given again")
    ] = None,
    zone: Annotated[str | None, typer.Option(help="by which clock, such as Asia/Tashkent")] = None,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Be told at the desk's own pages, or by webhook or mail. What has come up before is not told."""
    wish = _wish(subjects or ["needs_you"], webhook, mail, quiet or [], zone)
    if dry_run:
        dry(output, {"wish": plain(wish)}, f"{', '.join(wish.subjects)}: {webhook or mail or wish.way.by}")
    made = caller.call(lambda door: door.subscribe(wish))
    answer(output, plain(made), made.id)
    if output == "text" and not isinstance(wish.way, Page):
        talk.print(_("try it out: vigil notices test {subscription}", subscription=made.id), style="dim")


@app.command()
@grouped
def unsubscribe(caller: CallerOptions, subscription: Name, dry_run: DryRun = False, output: Output = "text") -> None:
    """End one of your subscriptions."""
    if dry_run:
        kept = caller.call(lambda door: door.notices())
        if subscription not in (names := [one.id for one in kept.subscriptions]):
            hint = did_you_mean(subscription, names) or _("`vigil notices list` shows yours")
            raise NotFound(_("there is no subscription {name} of yours", name=subscription), hint=hint)
        left = kept.model_copy(update={"subscriptions": tuple(one for one in kept.subscriptions if one.id != subscription)})
        dry(output, plain(left), _shown(left))
    left = caller.call(lambda door: door.unsubscribe(subscription))
    answer(output, plain(left), _shown(left))


@app.command("test")
@grouped
def try_out(caller: CallerOptions, subscription: Name, output: Output = "text") -> None:
    """Send a test there, once in a minute; exit code 1 if it was not taken."""
    tried = caller.call(lambda door: door.try_notice(subscription))
    wrong = None
    if tried.failure is not None:
        hint = _("look at the receiver; `vigil notices list` shows how others go")
        wrong = Unavailable(_("it was not taken: {why}", why=speak(FAILURES[tried.failure])), hint=hint)
    answer(output, plain(tried), _("it was taken") if wrong is None else "", wrong)


def _wish(subjects: list[str], webhook: str | None, mail: str | None, quiet: list[str], zone: str | None) -> Wish:
    unknown = next((one for one in subjects if one not in SUBJECTS), None)
    if unknown is not None:
        hint = did_you_mean(unknown, SUBJECTS) or _("there are {subjects}", subjects=", ".join(SUBJECTS))
        raise Malformed(_("nobody is told of {subject}", subject=unknown), hint=hint)
    if webhook is not None and mail is not None:
        raise Malformed(_("one subscription goes one way"), hint=_("give --webhook or --mail, and subscribe once more"))
    if bool(quiet) != (zone is not None):
        message = _("quiet hours need a clock, and a clock quiet hours")
        raise Malformed(message, hint=_("give both, such as --quiet 22:00-06:00 --zone Asia/Tashkent"))
    spans = [SPAN.fullmatch(one) for one in quiet]
    if None in spans:
        wrong = next(text for text, span in zip(quiet, spans, strict=True) if span is None)
        raise Malformed(_("--quiet {text}: expected hours such as 22:00-06:00", text=wrong))
    way: dict[str, Any] = {"by": "page"}
    if webhook is not None:
        way = {"by": "webhook", "url": webhook}
    if mail is not None:
        way = {"by": "email", "to": mail}
    given = {"subjects": subjects, "way": way}
    if zone is not None:
        given["quiet"] = {"zone": zone, "spans": [{"since": one[1], "until": one[2]} for one in spans if one is not None]}
    try:
        return Wish.model_validate(given)
    except ValidationError as error:
        options = {"way.url": "--webhook", "way.to": "--mail", "quiet.zone": "--zone"}
        faults = [one.model_copy(update={"place": options.get(one.place, one.place)}) for one in faults_of(error)]
        raise Malformed(_("nobody could be told so"), faults) from error


def _shown(found: Subscriptions) -> Lines | str:
    if not found.subscriptions:
        return _("you have no subscription; `vigil notices subscribe` makes one")
    table = Lines("", _("of what"), _("how"), _("quiet"), _("waiting"), _("told"), _("how it goes"))
    for one in found.subscriptions:
        wish = one.wish
        hours = ", ".join(f"{span.since}-{span.until}" for span in wish.quiet.spans) if wish.quiet is not None else ""
        told = moment(one.told_at) if one.told_at is not None else ""
        quiet = f"{hours} {wish.quiet.zone}" if wish.quiet is not None else ""
        of = ", ".join(speak(SUBJECTS_IN_WORDS[each]) for each in wish.subjects)
        table.add_row(one.id, of, _way(wish), quiet, f"{one.waiting}", told, _how(one))
    return table


def _way(wish: Wish) -> str:
    by = speak(WAYS_IN_WORDS[wish.way.by])
    if isinstance(wish.way, Page):
        return by
    return f"{by} {wish.way.url}" if isinstance(wish.way, Webhook) else f"{by} {wish.way.to}"


def _how(one: Subscription) -> str:
    said = []
    if one.state == "ended":
        said.append(_("ended: you may not be told any more, or not with that key; subscribe anew"))
    if one.failure is not None:
        why = speak(FAILURES[one.failure])
        said.append(_("not taken: {why}; times tried: {tries}", why=why, tries=one.tries) if one.tries else why)
    if one.lost:
        said.append(_("given up: {count}", count=one.lost))
    if one.quiet_now:
        said.append(_("quiet now"))
    return "; ".join(said) or _("well")
