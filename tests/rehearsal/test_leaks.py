"""What the simulator's reader lets pass as a participant's own to know."""

from domain.rules.books import BOOK
from rehearsal import __main__ as campaign
from rehearsal.leaks import ABOUT_THE_WAY


def test_the_reader_knows_every_kind_that_all_on_a_leg_hear_from_whoever_says_it() -> None:
    """Each whose say it is of who has the consignment now, or of anyone: whoever it is with hears it from an impostor too."""
    declared = {name: kind.declares for name, kind in BOOK.kinds.items()}
    heard = {name for name, one in declared.items() if one.readers == "leg" and one.by in ("responsible", "anyone")}

    assert heard == set(ABOUT_THE_WAY)


def test_a_seed_in_which_one_off_the_leg_says_what_it_took_out_holds() -> None:
    """After a divergence the record has the consignment with another, who hears it (79,760)."""
    assert not campaign.run(79_760).failure
