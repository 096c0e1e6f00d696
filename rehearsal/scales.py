"""What must hold of weights, counts and seals (R7, R10), written anew from the plan and what is said, with sums of its own."""

from collections.abc import Iterable, Sequence

from domain.plan.goods import AnyAmount, Cash, Check, Counted, Instruments, SubstanceMass, Weapons
from domain.plan.plan import Plan
from domain.plan.quantity import Estimate, Quantity
from domain.rules.balance import Seizure
from domain.rules.custody import HandoverAccepted, HandoverOffered
from domain.rules.preparation import Prepared
from domain.rules.stop import Interdicted
from domain.rules.taking_out import TakenOut
from rehearsal.oracle import OracleBook

ANY = 10**18
"""More than there can be of anything."""
SAME = {"героин": "heroin", "4-mmc": "mephedrone", "mephedrone (4-mmc)": "mephedrone"}
"""Names of one substance, as far as simulated plans and examples use more than one."""


def between(quantity: Quantity | None) -> tuple[int, int]:
    """The least and the most that it can be."""
    match quantity:
        case int():
            return quantity, quantity
        case Estimate(about=about, known="suspected"):
            return -(-about // 10), about * 10
        case Estimate(about=about):
            return about - about // 10, about + about // 10
        case _:
            return 0, ANY


def what(one: AnyAmount) -> str:
    """What it is."""
    match one:
        case SubstanceMass(substance=name):
            return SAME.get(name.lower(), name.lower())
        case Cash(currency=currency):
            return currency
        case Weapons(weapon=weapon):
            return f"weapons {weapon}"
        case Instruments(instrument=name, nominal=nominal):
            return f"instruments {name.lower()} {nominal}"
        case Counted(hs=code, unit=unit, goods=name):
            return f"goods {code} {unit} {name.lower()}"


class BalanceBook(OracleBook):
    """What was detected, sent on and recovered (R10)."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._prepared: Prepared | None = None
        self._seizures: dict[str, Seizure] = {}
        self._taken: dict[str, TakenOut] = {}
        """By statement: what was taken out on the way."""

    def prepared(self, content: Prepared) -> None:
        """What was done at the preparation, as last corrected."""
        self._prepared = content

    def taken_out(self, statement: str, content: TakenOut) -> None:
        """What was, on the way, as last corrected."""
        self._taken[statement] = content

    @property
    def _out(self) -> tuple[AnyAmount, ...]:
        return tuple(one for content in self._taken.values() for one in content.samples)

    def seized(self, statement: str, content: Seizure) -> None:
        """What was recovered at the end, as last corrected."""
        self._seizures[statement] = content

    def unequal(self, interdicted: Interdicted | None, custody: "CustodyBook") -> bool:
        """Whether something is missing or too much, or nobody knows."""
        done, contents = self._prepared, self._plan.consignment.contents
        if done is None:
            return self.short_before_it_left(interdicted, custody)
        if self._prepared_otherwise(done):
            return True
        if any(not isinstance(one.quantity, int) for one in (*done.removed, *done.samples, *self._out)):
            return True
        if not self._seizures:
            return interdicted is not None and custody.seized_otherwise(interdicted)
        found = [*self._out, *(one for seizure in self._seizures.values() for one in seizure.recovered)]
        if self._differ(done.kept, found) or any(not isinstance(one.quantity, int) for one in found):
            return True
        guessed = {what(one) for one in done.kept if not isinstance(one.quantity, int)}
        found_first = {what(one) for one in contents} - {what(one) for one in contents if not isinstance(one.quantity, int)}
        if guessed - found_first:
            return True
        ends = [one for one in (*done.removed, *done.samples, *found) if what(one) in guessed]
        if self._differ([one for one in contents if what(one) in guessed], ends):
            return True
        labels = {label for seizure in self._seizures.values() for label in seizure.items}
        counted = [seizure.packages for seizure in self._seizures.values() if seizure.packages is not None]
        other = bool(counted) and custody.packages is not None and sum(counted) != custody.packages
        return other or any(item.label not in labels for item in done.items)

    def short_before_it_left(self, interdicted: Interdicted | None, custody: "CustodyBook") -> bool:
        """Whether what was weighed or counted twice, and has not left, is not the same."""
        done, found = self._prepared, self._plan.consignment
        if done is not None and self._prepared_otherwise(done):
            return True
        if interdicted is None:
            return False
        whole = done is None or not (done.removed or done.samples or done.items)
        unknown = found.gross if whole else None
        weighed = between(custody.gross if custody.gross is not None else unknown)
        counted = between(custody.packages if custody.packages is not None else found.packages if whole else None)
        most = min(self._plan.tolerances.gross, weighed[0] // 20)
        gross = interdicted.gross if isinstance(interdicted.gross, int) else None
        beyond = gross is not None and not weighed[0] - most <= gross <= weighed[1] + most
        return beyond or (interdicted.packages is not None and not counted[0] <= interdicted.packages <= counted[1])

    def _prepared_otherwise(self, done: Prepared) -> bool:
        """Whether what was prepared is not what the plan has, or not in as many packages."""
        found = self._plan.consignment
        if self._differ(found.contents, (*done.kept, *done.removed, *done.samples)):
            return True
        least, most = between(found.packages)
        return done.packages is not None and not done.removed and not least <= done.packages <= most

    def _differ(self, left: Iterable[AnyAmount], right: Sequence[AnyAmount]) -> bool:
        sums: dict[str, list[int]] = {}
        tolerances = {SAME.get(name.lower(), name.lower()): most for name, most in self._plan.tolerances.net.items()}
        of_mass: dict[str, int] = {}
        for side, some in ((0, tuple(left)), (2, right)):
            for one in some:
                least, most = between(one.quantity)
                sums.setdefault(what(one), [0, 0, 0, 0])
                sums[what(one)][side] += least
                sums[what(one)][side + 1] += most
                if side == 0 and isinstance(one, SubstanceMass):
                    of_mass[what(one)] = tolerances.get(what(one), 0)
        let_pass = {name: min(most, sums[name][0] // 20) for name, most in of_mass.items()}
        return any(
            there[0] - there[3] > let_pass.get(name, 0) or there[2] - there[1] > let_pass.get(name, 0)
            for name, there in sums.items()
        )


class CustodyBook(OracleBook):
    """What it weighed, bore and counted when it was last as it should be (R7), and whether it was seen since."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._known: Prepared | HandoverOffered | HandoverAccepted | TakenOut | None = None
        self.gross: int | None = None
        """What it weighed, in milligrams."""
        self._picture: str | None = None
        self._hidden = False
        """Nobody has it in sight."""
        self._gaps = self._gaps_then = 0
        self.packages: int | None = None
        """How many there were."""

    def prepared(self, content: Prepared) -> None:
        """It was prepared, as last corrected."""
        self._known, self._picture, self._gaps_then = content, content.picture, self._gaps
        self.gross = content.gross if isinstance(content.gross, int) else None
        self.packages = content.packages

    def taken_out(self, content: TakenOut) -> None:
        """It was closed again after that, and weighs less by that."""
        assert self._known is not None  # noqa: S101 - it has been prepared
        weighed = content.gross if isinstance(content.gross, int) else None
        whole = [one.net for one in content.samples if isinstance(one, SubstanceMass) and isinstance(one.net, int)]
        known = self.gross is not None and len(whole) == len(content.samples)
        self.gross = max((self.gross or 0) - sum(whole), 0) if known else weighed if content.gross is not None else self.gross
        self.packages = self.packages - content.whole_packages if self.packages is not None else content.packages
        self._known, self._picture = content, content.picture

    def out_of_sight(self) -> None:
        """Nobody has it in sight any more."""
        self._hidden = True

    def in_sight(self) -> None:
        """Somebody has it in hand or in sight."""
        self._gaps += self._hidden
        self._hidden = False

    def fits(self, found: HandoverOffered | HandoverAccepted, by: tuple[Check, ...]) -> bool | None:
        """Whether it is as it should be, by all that it is checked by there; none: there is nothing to compare with."""
        known = self._known
        if known is None:
            return None
        fits = True
        if "weight" in by:
            weighed = isinstance(found.gross, int) and self.gross is not None
            gross = found.gross if isinstance(found.gross, int) else 0
            most = min(self._plan.tolerances.gross, (self.gross or 0) // 20)
            fits &= weighed and abs(gross - (self.gross or 0)) <= most
        if "seals" in by:
            fits &= {seal.number for seal in found.seals} == {seal.number for seal in known.seals}
            fits &= not isinstance(found, HandoverAccepted) or found.seals_intact is True
        if "count" in by:
            fits &= found.packages == self.packages
        if "picture" in by:
            fits &= found.picture == self._picture
        if "sight" in by:
            fits &= found.in_sight is True and self._gaps == self._gaps_then
        return fits

    def missing(self, found: Prepared | HandoverOffered | HandoverAccepted, by: tuple[Check, ...]) -> bool:
        """Whether it was checked by anything else than the plan has it checked by there."""
        given = {
            "weight": found.gross is not None,
            "seals": bool(found.seals),
            "count": found.packages is not None,
            "picture": found.picture is not None,
            "sight": not isinstance(found, Prepared) and found.in_sight is not None,
        }
        return any(
            done != (check in by and (check != "sight" or not isinstance(found, Prepared))) for check, done in given.items()
        )

    def doubted(self) -> None:
        """What did not fit is what counts if it goes on."""
        self._gaps_doubted = self._gaps

    def decided(self, found: HandoverOffered | HandoverAccepted, by: tuple[Check, ...]) -> None:
        """It goes on as it was found, and as it was before where that was not checked."""
        before = self._known
        assert before is not None  # noqa: S101 - there was something to compare with
        self._known = found if "seals" in by else found.model_copy(update={"seals": before.seals})
        self.packages = found.packages if "count" in by else self.packages
        self._gaps_then = self._gaps_doubted if "sight" in by else self._gaps_then
        self.gross = found.gross if isinstance(found.gross, int) else self.gross

    def seized_otherwise(self, found: Interdicted) -> bool:
        """Whether what was seized after a halt is not what was sent on, or nobody knows."""
        if self._known is None:
            return False
        counted = found.packages is not None and self.packages is not None
        if isinstance(found.gross, int) and self.gross is not None:
            fits = abs(found.gross - self.gross) <= min(self._plan.tolerances.gross, self.gross // 20)
        else:
            fits = counted
        return not fits or (counted and found.packages != self.packages)
