"""What was read is kept for who asks again, and a flood of large statements does not fill the memory of a process."""

from domain.words.remembered import SMALL, Remembered


def asked(most: int, most_characters: int) -> tuple[Remembered[int], list[str]]:
    """It, and what it had to look at."""
    looked: list[str] = []

    def find(text: str) -> int:
        looked.append(text[:2])
        return len(text)

    return Remembered(find, most, most_characters), looked


def test_of_large_texts_as_many_are_kept_as_have_so_many_characters_together() -> None:
    """Two fit to the character, and each further one takes the place of the one asked for longest ago; small ones stay."""
    large = 2 * SMALL
    find, looked = asked(2, 2 * large)
    for name in ("s1", "a1", "b1", "a1", "c1", "a1", "s1"):
        assert find(name.ljust(2 if name == "s1" else large)) == (2 if name == "s1" else large)
    find("b1".ljust(large))
    find("c1".ljust(large))

    assert ["s1", "a1", "b1", "c1", "b1", "c1"] == looked


def test_one_that_is_larger_than_all_that_may_be_kept_is_not_kept() -> None:
    """It is worked out each time, and nothing else is kept of it."""
    find, looked = asked(2, SMALL)
    for _ in range(2):
        assert find("a1".ljust(SMALL + 1)) == SMALL + 1

    assert ["a1", "a1"] == looked
    assert (0, 0) == (find._characters, len(find._large))


def test_of_small_texts_so_many_are_kept() -> None:
    """One that is as long as a small one may be is one."""
    find, looked = asked(2, 0)
    for name in ("a1", "b1", "a1", "c1", "a1", "b1"):
        find(name.ljust(SMALL))

    assert ["a1", "b1", "c1", "b1"] == looked
