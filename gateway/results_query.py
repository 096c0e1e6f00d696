"""What results and statistics are asked for: the period, the zone by whose calendar it is one, and by which moment a delivery
counts in it; and what statistics are narrowed to.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field, ValidationError

from domain.signing.canonical import Frozen
from domain.views.results import LONGEST_PERIOD, CountedBy, Period, period_of
from domain.views.statistics import Narrowed
from domain.words.errors import Malformed, faults_of
from domain.words.text import mark


class ResultsQuery(Frozen):
    """The query of results. Without a period: this year, by the clock here."""

    period: Annotated[str, Field(max_length=LONGEST_PERIOD)] | None = None
    zone: Annotated[str, Field(max_length=6)] = "UTC"
    by: CountedBy = "ended"

    def of(self) -> Period:
        """The period. Raises `Malformed`."""
        return period_of(self.period or str(datetime.now(UTC).year), self.zone)


def results_query_of(query: Mapping[str, str]) -> tuple[Period, CountedBy]:
    """Period, and by which moment deliveries count. Raises `Malformed` with each parameter that is wrong."""
    try:
        asked = ResultsQuery.model_validate(dict(query))
    except ValidationError as error:
        raise Malformed(mark("results cannot be asked for like this"), faults_of(error)) from error
    return asked.of(), asked.by


def statistics_query_of(query: Mapping[str, str]) -> tuple[Period, CountedBy, Narrowed]:
    """The same, and what they are narrowed to. Raises `Malformed` with each parameter that is wrong."""
    period, by = results_query_of({name: text for name, text in query.items() if name not in Narrowed.model_fields})
    try:
        narrowed = Narrowed.model_validate({name: query[name] for name in Narrowed.model_fields if name in query})
    except ValidationError as error:
        raise Malformed(mark("statistics cannot be asked for like this"), faults_of(error)) from error
    return period, by, narrowed
