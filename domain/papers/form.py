"""What a form is: one kind of paper, what of a delivery it can be made of, who may have it, and its blocks.

A form is one file in `forms/`, and one line in `forms/__init__.py`. Its texts are English, marked for translation.
"""

from typing import ClassVar

from domain.papers.paper import Block
from domain.papers.record import Record
from domain.papers.tongue import Tongue
from domain.plan.directory import Service
from domain.record.packet import Purpose
from domain.views.sight import sees_all


class Form:
    """One kind of paper. Every form says all of this itself, but for what stands here."""

    name: ClassVar[str]
    """What it is asked for by; with the subject behind a dot."""
    version: ClassVar[int]
    """Raised with each change of what it prints: the digest is over it."""
    title: ClassVar[str]
    """What it is called: in a list, and in the foot of each page."""
    two_columns: ClassVar[bool] = False
    """Whether it is made in two languages beside each other too."""
    of_the_whole: ClassVar[bool] = False
    """Whether it rests on the record up to its newest entry; else on what it prints alone."""

    purpose: ClassVar[Purpose | None] = None
    """For whom alone it is made, whoever asks for it; none: for whom it is asked for."""

    def subjects(self, record: Record) -> tuple[str, ...]:
        """What it can be made of now: checkpoints, States, services; one empty text for what is about the whole."""
        raise NotImplementedError

    def of(self, record: Record, subject: str) -> str:
        """What a subject is, for a list: a place, a service."""
        raise NotImplementedError

    def may_have(self, record: Record, subject: str, reader: Service) -> bool:
        """Whether this reader may have it (R11), who may not see the whole."""
        raise NotImplementedError

    def blocks(self, record: Record, subject: str, tongue: Tongue) -> tuple[Block, ...]:
        """All that it prints."""
        raise NotImplementedError


def may_have(form: Form, record: Record, subject: str, reader: Service) -> bool:
    """Whether a reader may have a paper: who sees the whole, and whom its form names."""
    return sees_all(record.delivery, reader) or form.may_have(record, subject, reader)
