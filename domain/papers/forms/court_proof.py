"""Of the report for the court: what was left out of it, what the verification found, and the statements on which it rests."""

from collections.abc import Iterator

from domain.delivery.reported import Stated
from domain.papers.forms.parts import row, signing, table
from domain.papers.forms.telling import COMPUTED, ReportTelling
from domain.papers.forms.witnessed import SHA, SHOWS
from domain.papers.paper import Blank, Block, Break, Heading, Line, TableRow, Value
from domain.papers.tongue import joined
from domain.record.left_out import rest_on_left_out
from domain.rules.handling import COURT, named
from domain.views.names import VERDICTS
from domain.views.sentences import say_kind
from domain.words.moments import instant
from domain.words.text import mark

LEFT_OUT = mark("What is not in it")
ENTRY, PROVIDER, CODE, DIGEST = mark("Entry"), mark("Provided by"), mark("Code"), mark("Digest in its place")
NOTHING_RESTS = mark(
    "No decision, measurement or arrest rests on what is left out{computed}: else no packet for a court is made (R23)."
)
NOT_PROVED = mark(
    "NOT PROVED: entries {entries} rest on what is left out. That it was said, by whom and how, nobody has signed but who sealed "
    "the packet: compare receipts, or the operation's own packet."
)
ALL_IN = mark("{nothing} is left out.")
NOTHING_OUT = mark("Nothing")
NO_NAMES = mark(
    "The ledger holds no names, sources, methods or addresses; photographs and recordings are in it by digest{computed}."
)
RESULT = mark("Result of the verification")
VERIFIED = mark(
    "Verified: every signature, every link between the {entries} entries and every rule of version {rules} hold; signed "
    "statements: {statements}, of these refused: {refused}; left out: {left_out}. Root of the ledger: {root}."
)
KEYS_IN_IT = mark(
    "The {count} keys below are those in the packet. That each belongs to its service is for the service to confirm, by naming "
    "its key id; without that, verification proves integrity alone."
)
SERVICE, KEY, SIGNED, CONFIRMED = mark("Service"), mark("Key id"), mark("Statements"), mark("Confirmed (by whom, when)")
PRINTED_BY = mark("Verified and printed by")
ANNEX = mark("Annex. Statements on which this report rests")
FILES, MAY_GO = mark("Files that are named, by digest"), mark("May go before a court")
YES, NO = mark("yes"), mark("no")
NUMBER, RECORDED, OFFICER, WHAT, ID, VERDICT = (
    mark("No."),
    mark("Recorded, UTC"),
    mark("Officer"),
    mark("What"),
    mark("id"),
    mark("Verdict"),
)


class Proof(ReportTelling):
    """What is not in it, the result, and the annex."""

    def _left_out(self) -> Iterator[Block]:
        record, tongue = self.record, self.tongue
        yield self.head(LEFT_OUT)
        if record.left_out:
            rows = tuple(
                row(
                    (Value(str(one.seq), (one.seq,)),),
                    (self.service(one.provider),),
                    (Value(one.code, (one.seq,)),),
                    (Value(one.leaf, ("computed",)),),
                )
                for one in record.left_out
            )
            heads = ((ENTRY, 1), (PROVIDER, 4), (CODE, 1), (DIGEST, 8))
            yield table(tongue, heads, rows, [one.seq for one in record.left_out], small=True)
            resting = tuple(seq for seq in rest_on_left_out(record.delivery) if seq < record.size)
            if resting:
                yield self.tell(NOT_PROVED, entries=Value(", ".join(map(str, resting)), resting))
            else:
                yield self.tell(NOTHING_RESTS, computed=COMPUTED)
        else:
            yield self.tell(ALL_IN, nothing=self.no(NOTHING_OUT))
        yield self.tell(NO_NAMES, computed=COMPUTED)

    def _verified(self) -> Iterator[Block]:
        record, tongue = self.record, self.tongue
        yield self.head(RESULT)
        stated = [event for _, event in record.events(Stated)]
        verdicts = [*(one.verdict for one in stated), *(one.verdict for one in record.left_out)]
        refused = sum(one.verdict == "refused" for one in verdicts)
        counts = {
            "entries": record.size,
            "rules": record.delivery.law.version,
            "statements": len(stated) + len(record.left_out),
            "refused": refused,
            "left_out": len(record.left_out),
        }
        filled: dict[str, Value | Line | Blank] = {name: Value(str(count), ("computed",)) for name, count in counts.items()}
        yield self.tell(VERIFIED, **filled, root=Value(record.root, ("computed",)))
        signers: dict[tuple[str, str], int] = {}
        for event in stated:
            statement = record.delivery.law.read(event.envelope)
            for one in event.envelope.signatures:
                signers[statement.service, one.keyid] = signers.get((statement.service, one.keyid), 0) + 1
        yield self.tell(KEYS_IN_IT, count=Value(str(len(signers)), ("computed",)))
        rows = tuple(
            row(
                joined((self.service(service), Value(service, ("directory",)))),
                (Value(key, ("directory",)),),
                (Value(str(count), ("computed",)),),
                (Blank(2),),
            )
            for (service, key), count in sorted(signers.items())
        )
        heads = ((SERVICE, 5), (KEY, 6), (SIGNED, 3, True), (CONFIRMED, 4))
        yield table(tongue, heads, rows, [record.size - 1] * len(rows), small=True)
        yield signing(tongue, [tongue.words(PRINTED_BY)])

    def _annex(self) -> Iterator[Block]:
        record, tongue = self.record, self.tongue
        rows: list[TableRow] = []
        numbers: list[int] = []
        for entry, event in record.events(Stated):
            statement = record.delivery.law.read(event.envelope)
            rules = dict.fromkeys(finding.rule for finding in event.verdict.findings)
            verdict = ", ".join((tongue.translate(VERDICTS[event.verdict.verdict]), *rules))
            seq = entry.seq
            cells = (
                str(seq),
                tongue.moment(instant(entry.at)),
                statement.service,
                statement.officer,
                say_kind(statement.kind, tongue.translate),
                statement.id[:8],
                verdict,
            )
            rows.append(TableRow(tuple((Value(one, (seq,)),) for one in cells)))
            numbers.append(seq)
        heads = ((NUMBER, 2), (RECORDED, 4), (SERVICE, 4), (OFFICER, 4), (WHAT, 6), (ID, 3), (VERDICT, 5))
        yield Break()
        yield Heading(tongue.words(ANNEX))
        yield table(tongue, heads, rows, numbers, small=True, once=True)
        yield from self._files()

    def _files(self) -> Iterator[Block]:
        """What statements and requests name, each by its digest, and whether the file itself may go before a court (R23)."""
        record, tongue = self.record, self.tongue
        found = list(named(record.delivery))
        rows = [
            row(
                (Value(str(one.seq), (one.seq,)),),
                (self.service(one.service),),
                (tongue.quoted(one.attachment.shows, one.seq),),
                (Value(one.attachment.digest, (one.seq,)),),
                (Value(tongue.translate(YES if one.may_go(record.delivery, COURT) else NO), ("computed",)),),
            )
            for one in found
        ]
        if rows:
            yield Heading(tongue.words(FILES))
            heads = ((NUMBER, 2), (SERVICE, 4), (SHOWS, 5), (SHA, 8), (MAY_GO, 3))
            yield table(tongue, heads, rows, [one.seq for one in found], small=True)
