"""The options that mean the same in every command."""

import inspect
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from client import completing
from client.language import _
from domain.words.errors import Malformed

As = Annotated[
    str,
    typer.Option(
        "--as", envvar="VIGIL_AS", help="the service you act for, such as uz.customs", autocompletion=completing.own_services
    ),
]
Keys = Annotated[Path, typer.Option("--keys", envvar="VIGIL_KEYS", help="folder of private keys")]
Url = Annotated[str, typer.Option("--gateway", envvar="VIGIL_GATEWAY", help="address of the gateway")]
Officer = Annotated[
    str | None,
    typer.Option("--officer", envvar="VIGIL_OFFICER", help="your officer code, never a name; else that of the key"),
]
Output = Annotated[Literal["text", "json"], typer.Option("--output", "-o", help="text for people, json for programs")]


def _no_field(ctx: typer.Context, param: typer.CallbackParam, value: str) -> str:
    """Raises `Malformed` where a `field=value` stands in the place of a name, which was left out."""
    if "=" in value and not ctx.resilient_parsing:
        what = {"delivery": _("the delivery"), "checkpoint": _("the checkpoint")}[str(param.name)]
        raise Malformed(_("{what} is missing before {field}", what=what, field=value))
    return value


DeliveryId = Annotated[
    str,
    typer.Argument(
        help="the delivery, by its operation's code name",
        show_default=False,
        autocompletion=completing.deliveries,
        callback=_no_field,
    ),
]
CheckpointName = Annotated[
    str,
    typer.Argument(
        help="the checkpoint that asks you", show_default=False, autocompletion=completing.checkpoints, callback=_no_field
    ),
]
FieldWords = Annotated[
    list[str] | None,
    typer.Argument(help="field=value, your own findings", show_default=False, autocompletion=completing.fields),
]
KindOption = Annotated[
    str | None,
    typer.Option("--kind", help="kind of statement, where the checkpoint asks for several", autocompletion=completing.kinds),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="do not ask whether it is to be signed")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="show what would be signed or written, and do nothing")]
Reader = Annotated[
    str | None,
    typer.Option(
        "--as", envvar="VIGIL_AS", help="whose key decrypts it: else any that is here", autocompletion=completing.own_services
    ),
]
EncryptFor = Annotated[
    str | None,
    typer.Option("--encrypt-for", help="encrypt the file for this service, or for an age1... recipient, so that it may be lost"),
]
Known = Annotated[
    Path | None, typer.Option("--directory", envvar="VIGIL_DIRECTORY", help="directory of services, with their keys")
]
PlanFile = Annotated[Path, typer.Argument(help="the plan (YAML)", show_default=False)]
DirectoryFile = Annotated[Path | None, typer.Option("--directory", help="directory of services; else found beside the plan")]
CardsFolder = Annotated[Path | None, typer.Option("--cards", help="folder of rule cards; else found beside the plan")]

KEYS = Path("~/.config/vigil/keys").expanduser()
GATEWAY = "http://127.0.0.1:8470"
OFFICER = None
DUTY = "duty"
"""The officer who is named where nobody else is."""


def grouped(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take several options as one: a parameter that is a dataclass becomes the options that its fields are."""
    parameters = inspect.signature(command).parameters
    groups: dict[str, Any] = {name: one.annotation for name, one in parameters.items() if is_dataclass(one.annotation)}
    options: list[Parameter] = []
    for name, one in parameters.items():
        options += inspect.signature(groups[name]).parameters.values() if name in groups else [one]

    @wraps(command)
    def with_options(**given: Any) -> None:
        for name, group in groups.items():
            given[name] = group(**{field.name: given.pop(field.name) for field in fields(group)})
        command(**given)

    with_options.__annotations__ = {one.name: one.annotation for one in options}
    with_options.__signature__ = Signature([one.replace(kind=Parameter.KEYWORD_ONLY) for one in options])  # type: ignore[attr-defined]
    return with_options
