"""How templates of pages are written: compiled once for every language, with filters that say codes in a reader's words."""

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC
from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any, Final

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.bccache import Bucket
from jinja2.runtime import Context
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup, escape

from domain.delivery.verdicts import Finding
from domain.plan.demands import topic
from domain.plan.goods import say_amount
from domain.plan.quantity import number_of, say_how, say_quantity
from domain.rules.books import BOOK
from domain.signing.keys import aloud
from domain.views import names
from domain.views.asked import say_about
from domain.views.given import say_changed, say_given
from domain.views.listed import say_prosecution
from domain.views.names import IN_GENERAL
from domain.views.request_in_words import in_words, say_closer
from domain.views.sentences import lag, say_plainly, two_units
from domain.words.moments import instant
from domain.words.quantities import say_mass
from domain.words.text import shown, told
from gateway.pages import words
from gateway.pages.story import GROUPS
from process.language import LANGUAGES, speaker, translations
from process.proposals import named

HERE = Path(__file__).parent


class _Compiled(BytecodeCache):
    """Templates as code, which is the same in every language: to compile the largest holds the event loop for 70 ms."""

    def __init__(self) -> None:
        self._kept: dict[str, CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """As it was compiled."""
        bucket.code = self._kept.get(bucket.key)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it for every other language."""
        self._kept[bucket.key] = bucket.code


COMPILED: Final = _Compiled()
EXAMPLE: Final = re.compile("`([^`]+)`")
"""In a help, what may be typed as it stands there."""


def compile_all() -> None:
    """Compile every template, before anybody waits for one. May run beside the event loop."""
    english = environment(LANGUAGES[0])
    for name in english.list_templates():
        english.get_template(name)
    for language in LANGUAGES:
        named(language)  # what languages are called is read from files


def _when_written(of: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that is applied when a page is written, also to what stands in its template: compiled it has no language."""

    @pass_context
    def applied(_page: Context, *given: Any) -> Any:
        return of(*given)

    return applied


@cache
def environment(language: str) -> Environment:
    """How pages are written in this language."""
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        bytecode_cache=COMPILED,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    speak = speaker(language)

    def word(code: str, table: str) -> str:
        called: Mapping[str, str] = getattr(words, table, None) or getattr(names, table)
        name = code if code in called else code.rpartition(".")[2]  # of a kind's own field, or of the field wherever it stands
        return speak(called[name]) if name in called else name.replace("_", " ")

    ours: dict[str, Callable[..., Any]] = {
        "word": word,
        "moment": moment,
        "lean": lean,
        "group_of_story": lambda code: speak(GROUPS[code]),
        "minute": lambda at: at.astimezone(UTC).strftime("%m-%d %H:%M"),
        "instant": instant,
        "mass": lambda mass: told(say_mass(mass), speak),
        "request": lambda asked: in_words(asked, speak),
        "amount": lambda one: say_amount(one, speak),
        "quantity": lambda mass: say_quantity(mass, speak),
        "pieces": lambda count: say_how(count, str(number_of(count)), speak),
        "ours": speak,
        "closer": lambda watch: say_closer(watch, speak),
        "prosecution": lambda one: say_prosecution(one, speak),
        "help": lambda kind, box: with_examples(words.help_of(kind, box.name, box.shown_as), speak),
        "kind": lambda kind: speak(BOOK.kinds[kind].declares.title),
        "contingency": lambda name: speak(BOOK.contingencies[name].declares.title),
        "about": lambda about: say_about(about, speak),
        "given": lambda consent: say_given(consent, speak),
        "changed": lambda consent: say_changed(consent, speak),
        "finding": lambda finding: say_plainly(finding, speak),
        "because": lambda found: say_plainly(found, speak) if isinstance(found, Finding) else speak(IN_GENERAL[found]),
        "lag": lambda one: lag(one.happened_at, instant(one.at), speak),
        "confirms": lambda kind: BOOK.kinds[kind].declares.confirms,
        "topic": lambda code: told(topic(code), speak),
        "aloud": aloud,
        "span": lambda span: two_units(span, speak),
    }
    environment.filters |= {name: _when_written(one) for name, one in ours.items()}
    return environment


def moment(text: str) -> str:
    """A time of the record as people read it, to the minute, in UTC and saying so."""
    return instant(text).strftime("%Y-%m-%d %H:%M UTC")


def with_examples(text: str, speak: Callable[[str], str]) -> Markup:
    """A help in the reader's language, with what is typed word for word set apart from what is said of it; none of no help."""
    parts = enumerate(EXAMPLE.split(speak(text) if text else ""))
    return Markup("").join(Markup("<code>{}</code>").format(part) if number % 2 else escape(part) for number, part in parts)


def lean(data: Any) -> Markup:
    """As JSON for a script, less its escapes: of Russian words a third. For our own words and for identifiers alone."""
    return htmlsafe_json_dumps(data, dumps=_leanly)


def _leanly(data: Any) -> str:
    """With its escapes where something in it is not seen: the page would write that out otherwise than JSON does."""
    text = json.dumps(data, ensure_ascii=False)
    return text if shown(text) == text else json.dumps(data)
