"""What a list is asked for: filters, order, and where to go on."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import Field, ValidationError

from archive.questions import Filters, Sort
from domain.words.errors import Malformed, faults_of
from domain.words.limits import LONGEST_CURSOR, LONGEST_LIST
from domain.words.text import mark


class ListQuery(Filters):
    """The query of a list: `yes` and `no` where something is or is not so."""

    sort: Sort = "due"
    cursor: Annotated[str, Field(max_length=LONGEST_CURSOR)] | None = None
    limit: Annotated[int, Field(ge=1, le=LONGEST_LIST)] = 50


def list_query_of(query: Mapping[str, str]) -> tuple[Filters, Sort, str | None, int]:
    """Filters, order, cursor and limit of a list. Raises `Malformed` with each parameter that is none, or says what it cannot."""
    try:
        wanted = ListQuery.model_validate(dict(query))
    except ValidationError as error:
        raise Malformed(mark("the list cannot be asked for like this"), faults_of(error)) from error
    filters = Filters.model_validate(wanted.model_dump(include=set(Filters.model_fields)))
    return filters, wanted.sort, wanted.cursor, wanted.limit
