"""What commands say of themselves, in the language of whoever reads it: their help, and faults of usage.

Every text is English where its command is; `make words` gathers it from the commands themselves (`client.cli.gathered`).
"""

import gettext
import os
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import typer
from pydantic import ValidationError

from client.language import _, speak
from domain.words.errors import Malformed, faults_of
from domain.words.likeness import did_you_mean
from domain.words.text import mark, told
from process.language import CATALOGUE, LANGUAGES, LOCALE, VARIABLES, of, speaker

NO_SUCH_COMMAND = mark("No such command {name!r}.")
OF_TYPER = (
    mark("Arguments"),
    mark("Options"),
    mark("Commands"),
    mark("default: {default}"),
    mark("required"),
    mark("env var: {var}"),
    mark("Missing command."),
    NO_SUCH_COMMAND,
)
"""What the library that reads options says by itself."""
HELP = mark("Show this message and exit.")
ALONE = ("--version", "--help", "--install-completion", "--show-completion")
"""Options before a command that have no value."""
LONGEST_SUMMARY = 76
"""Characters of a command's line in a list, beyond which it is said shorter."""
_NO_CHOICE = re.compile(r"'(.*)' is not one of (.*)\.", re.DOTALL)
_TOO_MANY = re.compile(r"Got unexpected extra arguments? ?\(?s?\)? \((.*)\)", re.DOTALL)
"""How the library says it, in English alone."""


def choose(words: list[str]) -> None:
    """The language that `--lang` names is that of this process. Read from the words themselves, before any is understood: behind
    a command it is that command's own, such as the language of a paper.
    """
    before = words[: _command_at(words)]
    given = [value for option, value in pairwise(before) if option == "--lang"]
    given += [word.partition("=")[2] for word in before if word.startswith("--lang=")]
    if given and given[0] in LANGUAGES:
        os.environ[VARIABLES[0]] = given[0]
    os.environ["LANGUAGE"] = of(os.environ)  # which gettext looks at
    gettext.bindtextdomain(CATALOGUE, str(LOCALE))
    gettext.textdomain(CATALOGUE)


def _command_at(words: list[str]) -> int:
    """Where the first word stands that is neither an option nor its value: each but a question has one."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 1 if "=" in words[at] or words[at] in ALONE else 2
    return at


def in_language(command: Any) -> None:
    """Let a command, and all below it, say what they are in the reader's language."""
    speak = speaker(of(os.environ))
    for one in _all_of(command):
        one.get_help_option(typer.Context(one)).help = speak(HELP)
        for said in _that_speak(one):
            said.help = speak(_in_one_line(said.help))
        if one.help:
            one.short_help = _summary(one.help)


def _summary(text: str) -> str:
    """What stands beside a command in a list: its first sentence, whole; of a long one what stands before its colon."""
    sentence = text.partition("\n\n")[0].partition(". ")[0].rstrip(".")
    return sentence if len(sentence) <= LONGEST_SUMMARY else sentence.partition(": ")[0]


def texts(command: Any) -> Iterator[str]:
    """What commands say of themselves."""
    for one in _all_of(command):
        yield from (_in_one_line(said.help) for said in _that_speak(one))


def _all_of(command: Any) -> Iterator[Any]:
    yield command
    for one in getattr(command, "commands", {}).values():
        yield from _all_of(one)


def _that_speak(command: Any) -> list[Any]:
    """The command, its options and its arguments, where they have something to say."""
    return [said for said in (command, *command.params) if getattr(said, "help", None)]


def _in_one_line(text: str) -> str:
    """As a translator has it: each paragraph in a line."""
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))


def of_usage(error: typer.TyperException) -> Malformed:
    """What is wrong with how a command was called."""
    context, param = getattr(error, "ctx", None), getattr(error, "param", None)
    hint = _("see `{command} --help`", command=context.command_path if context is not None else "vigil")
    option = getattr(error, "option_name", None)
    if option is not None and hasattr(error, "possibilities"):
        known = _options_of(context.command) if context is not None else []
        if context is not None and context.parent is not None and option in _options_of(context.find_root().command):
            hint = _("say it before the command: vigil {option} ...", option=option)
            return Malformed(_("{option} belongs to every command", option=option), hint=hint)
        if context is not None and option in {name for one in _all_of(context.find_root().command) for name in _options_of(one)}:
            return Malformed(_("{command} takes no {option}", command=context.command_path, option=option), hint=hint)
        return Malformed(_("there is no option {option}", option=option), hint=_or_meant(option, known, hint))
    typed = _no_such_command().match(error.message) if param is None else None
    if typed is not None and context is not None:
        message = _("{command} has no command {name}", command=context.command_path, name=typed[1])
        return Malformed(message, hint=_or_meant(typed[1], (*context.command.commands, *_options_of(context.command)), hint))
    if option is not None and param is None and "requires an argument" in error.message:
        return Malformed(_("{option} says nothing: a value is missing", option=option), hint=hint)
    if param is None and (more := _TOO_MANY.fullmatch(error.message)):
        return Malformed(_("{words}: more than this command takes", words=more[1]), hint=hint)
    if param is None:
        return Malformed(error.format_message(), hint=hint)
    name = param.get_error_hint().replace("'", "").partition(" (env var")[0]
    if "--as" in param.opts and not error.message:
        hint = _("name your service with --as, or keep it in a context: `vigil context add`")
    if not error.message:
        return Malformed(_("{name} is missing", name=name), hint=hint)
    problem = _problem(error)
    return Malformed(_("{name} is not right: {problem}", name=name, problem=problem), hint=hint)


def _options_of(command: Any) -> list[str]:
    return [name for one in command.params for name in one.opts]


def _problem(error: typer.TyperException) -> str:
    """What is wrong with a value, and what would be right."""
    if (said := _NO_CHOICE.search(error.message)) is not None:
        choices = re.findall(r"'([^']*)'", said[2])
        there_are = _("expected one of {expected}", expected=", ".join(choices))
        question = did_you_mean(said[1], choices)
        return there_are if question is None else _("{text}; {question}", text=there_are, question=question)
    if isinstance(error.__cause__, ValidationError):
        return "; ".join(told(one.problem, speak) for one in faults_of(error.__cause__)).removeprefix("Value error, ")
    return error.message


def _no_such_command() -> re.Pattern[str]:
    """How the library says it in the reader's language; the name is in it and nowhere else."""
    said = re.escape(speak(NO_SUCH_COMMAND).rstrip("."))
    return re.compile(said.replace(re.escape("{name!r}"), "'([^']*)'"))


def _or_meant(typed: str, known: Iterable[str], hint: str) -> str:
    """What was meant, where something known is like it; and where to look."""
    question = did_you_mean(typed, known)
    return hint if question is None else _("{question}; {hint}", question=question, hint=hint)


def is_help(error: typer.TyperException) -> bool:
    """Whether nothing is wrong but that nothing was said, to which a command answers what it is."""
    context = getattr(error, "ctx", None)
    return context is not None and bool(error.message == context.get_help())
