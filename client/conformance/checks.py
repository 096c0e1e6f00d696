"""What docs/protocol.md demands of a participating service, as checks: `CHECKS` is the list, each with its section."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from client.conformance import answering, taking
from client.conformance.exam import Exam, Unmet, Untried
from client.conformance.gateway import TRIALS
from client.conformance.taking import RECEIVED, REFUSED, among, at_another_time, unproved, with_claims
from domain.plan.proof import LIFETIME
from domain.words.text import fill, mark

By = Literal["push", "poll"]
Result = Literal["passed", "failed", "untried"]

STALE = LIFETIME + taking.LEEWAY
SOON = LIFETIME - taking.LEEWAY
LONGEST_SHOWN = 4_000
"""Bytes of what is explained that are shown."""


@dataclass(frozen=True)
class Check:
    """One thing the protocol demands. `look` says what was seen; it raises `Unmet` or `Untried`."""

    section: str
    name: str
    expected: str
    look: taking.Look
    by: tuple[By, ...] = ("push", "poll")


@dataclass(frozen=True)
class Mismatch:
    """The bytes by which a check has failed: the last call that it made, if it made one, what was expected, and what came."""

    sent: bytes
    expected: bytes
    got: bytes

    def said(self) -> dict[str, str]:
        """As text: what is no UTF-8 is written as its bytes, and what is long is cut."""
        return {name: _shown(one) for name, one in (("sent", self.sent), ("expected", self.expected), ("got", self.got))}


def _shown(data: bytes) -> str:
    cut = f" ... ({len(data)} bytes)" if len(data) > LONGEST_SHOWN else ""
    return data[:LONGEST_SHOWN].decode(errors="backslashreplace") + cut


@dataclass(frozen=True)
class CheckResult:
    """What came of a check; `compared` where it has failed."""

    check: Check
    result: Result
    seen: str
    compared: Mismatch | None = None


CHECKS = (
    Check("5.1", mark("acknowledges a request"), mark("200 or 202 within 10 s"),
          among(RECEIVED, lambda exam: exam.ask(exam.main))),
    Check("5.1", mark("signs its acknowledgement of exactly this request, or signs none"), mark("an envelope of it, or none"),
          taking.signs_what_it_received),
    Check("5.1", mark("takes the same request again"), mark("200 or 202 within 10 s"), among(RECEIVED, taking.same_again)),
    Check("5.1", mark("takes a request with fields that it does not know"), mark("200 or 202"),
          among(RECEIVED, taking.with_more_fields)),
    Check("5.1", mark("refuses a request for another service"), "4xx",
          among(REFUSED, lambda exam: exam.ask(exam.request(service="zz.other", id=f"{exam.delivery}/main/zz.other")))),
    Check("5.1", mark("refuses a request of a version that it cannot know"), "4xx",
          among(REFUSED, lambda exam: exam.ask(exam.request(vigil="request/999")))),
    Check("5.2", mark("acknowledges a notice"), mark("200 or 202 within 10 s"),
          among(RECEIVED, lambda exam: exam.tell(exam.notice()))),
    Check("5.2", mark("takes the same notice again"), mark("200 or 202 within 10 s"), among(RECEIVED, taking.notice_twice)),
    Check("5.2", mark("takes a notice of a kind that it does not know"), mark("200 or 202"),
          among(RECEIVED, lambda exam: exam.tell(exam.notice(kind="kind_of_a_later_version")))),
    Check("5.2", mark("refuses a notice for another service"), "4xx",
          among(REFUSED, lambda exam: exam.tell(exam.notice(service="zz.other")))),
    Check("3", mark("refuses a request without a proof"), "401", unproved(lambda _exam, _body: None)),
    Check("3", mark("refuses a proof that is no token"), "401", unproved(lambda _exam, _body: "Vigil not-a-token")),
    Check("3", mark("refuses a proof by an unknown key"), "401", unproved(taking.by_a_stranger)),
    Check("3", mark("refuses a proof whose signature does not fit"), "401", unproved(taking.under_vigils_key_id)),
    Check("3", mark("refuses a proof in another's name"), "401", unproved(with_claims(iss="zz.other"))),
    Check("3", mark("refuses a proof that says another algorithm"), "401", unproved(with_claims(alg="EdDSA"))),
    Check("3", mark("refuses a proof of another type"), "401", unproved(with_claims(typ="JWT"))),
    Check("3", mark("refuses a proof made too long ago"), "401", unproved(at_another_time(-STALE))),
    Check("3", mark("refuses a proof from the future"), "401", unproved(at_another_time(STALE))),
    Check("3", mark("takes a proof made less than a minute ago"), mark("200 or 202"), taking.aged(SOON)),
    Check("3", mark("takes a proof less than a minute ahead"), mark("200 or 202"), taking.aged(-SOON)),
    Check("3", mark("refuses a proof of another method"), "401", unproved(with_claims(htm="GET"))),
    Check("3", mark("refuses a proof of another path"), "401",
          unproved(lambda exam, body: exam.proof("POST", "/notices", body))),
    Check("3", mark("refuses a proof of another host"), "401",
          unproved(with_claims(htu="https://elsewhere.example/requests"))),
    Check("3", mark("refuses a proof of the host that the caller names"), mark("4xx, whatever `Host` says"),
          among(REFUSED, taking.at_the_host_it_is_told)),
    Check("3", mark("refuses a proof of another body"), "401",
          unproved(lambda exam, _body: exam.proof("POST", "/requests", b"{}"))),
    Check("3", mark("refuses a proof that could be used twice"), "401", unproved(with_claims(jti=None))),
    Check("3", mark("refuses a proof that was used already"), "401", among((401,), taking.replayed)),
    Check("4.2", mark("refuses an envelope signed by another key"), "401", among((401,), taking.signed_by_a_stranger)),
    Check("4.2", mark("refuses an envelope whose content was altered"), "401", among((401,), taking.altered)),
    Check("4.2", mark("refuses an envelope without a signature"), "4xx", among(REFUSED, taking.unsigned_envelope)),
    Check("4.2", mark("refuses an envelope with a second signature that is not Vigil's"), "401", taking.with_a_second_signature),
    Check("4.2", mark("refuses base64 that is not in its one form"), "4xx", taking.in_lax_base64),
    Check("4.2", mark("refuses an envelope of another type"), "4xx", taking.of_another_type),
    Check("5", mark("answers nonsense with an error of the caller"), mark("4xx, never 5xx"), taking.survives_nonsense),
    Check("5", mark("refuses a body of more than 1,000,000 bytes"), mark("413, or the connection closed"), taking.bounded),
    Check("5.3", mark("answers what is asked"), mark("a statement, in good time"), answering.answers_one),
    Check("4.2", mark("signs its answers"), mark("statements in canonical form, signed by a key of the service"),
          answering.signs_it),
    Check("4.3", mark("answers what was asked"), mark("delivery, checkpoint, plan, service and kind of the request"),
          answering.fits),
    Check("4.4", mark("says that conditions are met"), mark("each `id` of `facts.conditions` in `fulfils`"),
          answering.says_what_is_met),
    Check("5.2", mark("does not answer what was withdrawn"), mark("no statement"), taking.withdrawn_first),
    Check("8", mark("answers once, however often it is asked"), mark("the answers it had given before"), answering.answers_once),
    Check("4.4", mark("has two officers sign where two must"), mark("two statements, the same content, two officers"),
          answering.two_officers),
    Check("3", mark("refuses a poll without a proof"), "401", among((401,), answering.polled_unproved), ("poll",)),
    Check("3", mark("refuses a poll whose proof was used already"), "401", among((401,), answering.polled_replayed), ("poll",)),
    Check("3", mark("refuses a poll whose proof is of another query"), "401",
          among((401,), answering.polled_with_another_query), ("poll",)),
    Check("3", mark("refuses a poll with a proof of the host that the caller names"), mark("4xx, whatever `Host` says"),
          among(REFUSED, answering.polled_at_the_host_it_is_told), ("poll",)),
    Check("5.4", mark("keeps its answers in one order"), mark("the same list each time"), answering.keeps_the_order, ("poll",)),
    Check("5.4", mark("leaves out what was fetched"), mark("the answers without the first `after`"),
          answering.respects_after, ("poll",)),
    Check("5.4", mark("gives 100 answers at once at most"), mark("100, the rest later"), answering.at_most_so_many, ("poll",)),
    Check("5.4", mark("answers a held poll"), fill("200 within {hold} s and a little", hold=answering.HOLD),
          answering.held_and_answered, ("poll",)),
    Check("5.4", mark("answers a poll that makes no sense"), mark("4xx, or an empty list"), answering.odd_polls, ("poll",)),
    Check("5.4", mark("answers a poll about what it was never asked"), mark("404, or an empty list"),
          among((200, 404), answering.unknown_request), ("poll",)),
    Check("5.4", mark("keeps its receipt, or has no place for it"), mark("200, 202 or 404, twice"),
          among((200, 202, 404), answering.takes_its_receipt), ("poll",)),
    Check("5.4", mark("takes no receipt that Vigil has not signed"), "4xx",
          among(REFUSED, answering.takes_no_other_receipt), ("poll",)),
    Check("8", mark("hands in again until it has the receipt"),
          fill("the same envelope after: {trials}", trials=", ".join(TRIALS)),
          answering.repeats, ("push",)),
    Check("3", mark("proves each attempt anew"), mark("a good proof, never the same twice"), answering.proves_each, ("push",)),
    Check("8", mark("is done when it has the receipt"), mark("no further attempt"), answering.rests, ("push",)),
    Check("7", mark("signs no other history than its receipt proves"), mark("no statement that names its root"),
          answering.signs_no_fork),
    Check("6", mark("calls nothing that the gateway has not"), mark("what section 6 has, with a proof"),
          answering.nothing_else, ("push",)),
)  # fmt: skip


async def examine(exam: Exam, by: By, began: Callable[[Check], None]) -> list[CheckResult]:
    """All checks, one after another; nothing more is tried where not even the first request is acknowledged.

    Raises `Unavailable` if there is nobody to examine.
    """
    found: list[CheckResult] = []
    for check in (one for one in CHECKS if by in one.by):
        if found and found[0].result != "passed":
            found.append(CheckResult(check, "untried", mark("a request is not acknowledged")))
            continue
        began(check)
        exam.sent = b""
        try:
            found.append(CheckResult(check, "passed", await check.look(exam)))
        except Unmet as error:
            bytes_of = Mismatch(exam.sent, error.expected or check.expected.encode(), error.got or exam.answered)
            found.append(CheckResult(check, "failed", error.said, bytes_of))
        except Untried as error:
            found.append(CheckResult(check, "untried", error.said))
    return found
