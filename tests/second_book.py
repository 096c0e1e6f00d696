"""Other versions of the rules: a second one, as a real change would make it, and the law as it is with other figures."""

from dataclasses import replace
from typing import Any, Literal

import pytest

from domain.delivery.custody import SEAL_BROKEN
from domain.delivery.delivery import Delivery
from domain.delivery.statement import Said
from domain.delivery.verdicts import Verdict
from domain.rules import books, custody
from domain.rules.book import Book
from domain.rules.kind import refused_for


class HandoverAccepted(custody.HandoverAccepted):
    """The taker accepts, with its own measurement (R6). From version 2 on, what it has not checked it cannot accept."""

    kind: Literal["handover_accepted"] = "handover_accepted"

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """Refused for what was not checked, and else as before."""
        return refused_for(SEAL_BROKEN()) if self.not_checked else super().judge(delivery, said)


class HandoverAcceptedBefore2(HandoverAccepted):
    """The taker accepts, with its own measurement (R6). Until version 2, whatever it has not checked."""

    def judge(self, delivery: Delivery, said: Said) -> Verdict:
        """As it was."""
        return custody.HandoverAccepted.judge(self, delivery, said)


def before_2(book: Book) -> Book:
    """Version 1, made from version 2: what would stand in `domain/rules/frozen/before_2.py`."""
    return replace(book, version=1, kinds={**book.kinds, "handover_accepted": HandoverAcceptedBefore2})


TWO = replace(books.BOOK, version=2, kinds={**books.BOOK.kinds, "handover_accepted": HandoverAccepted})
ONE = before_2(TWO)


def released(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on, this program is the one with version 2."""
    monkeypatch.setattr(books, "BOOKS", {2: TWO, 1: ONE})


def figured(**figures: Any) -> Book:
    """The newest rules with these figures in the place of theirs."""
    book = books.newest()
    return replace(book, figures=replace(book.figures, **figures))


def with_figures(monkeypatch: pytest.MonkeyPatch, *deliveries: Delivery, **figures: Any) -> None:
    """From here on, this program is one whose newest rules have these figures, and these deliveries are under them."""
    changed = figured(**figures)
    monkeypatch.setattr(books, "BOOKS", dict(books.BOOKS) | {changed.version: changed})
    for delivery in deliveries:
        delivery.law = changed
