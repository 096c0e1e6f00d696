import pytest

from archive.sealed import DataKey
from domain.words.errors import NotVerified, Unavailable
from process.ring import Ring, Wrapping, new_ring
from tests.archive.samples import new_keys


def test_what_was_sealed_opens_in_its_own_place_only() -> None:
    """Another table, row or delivery's key is refused, and so are altered or short bytes."""
    ring = new_keys()
    key, other = DataKey.new("saxaul-22", ring)[0], DataKey.new("amber-1", ring)[0]
    sealed = key.seal(b"said", "entries", "opening", 0, 12)
    assert b"said" == key.open(sealed, "entries", "opening", 0, 12)
    places = [
        ("entries", "opening", 0, 13),
        ("entries", "opening", 1, 2),
        ("entries", "opening", "0", 12),
        ("snapshots",),
    ]
    for place in places:
        with pytest.raises(NotVerified, match="altered, or written for another place"):
            key.open(sealed, *place)
    for wrong in (sealed[:-1] + bytes([sealed[-1] ^ 1]), b"", sealed[:12]):
        with pytest.raises(NotVerified):
            key.open(wrong, "entries", "opening", 0, 12)
    with pytest.raises(NotVerified):
        other.open(sealed, "entries", "opening", 0, 12)


def test_a_data_key_is_wrapped_for_one_delivery() -> None:
    """It opens after the ring has a newer key; not for another delivery, not altered, not without the key that wrapped it."""
    older = new_ring()
    key, ring_key, wrapped = DataKey.new("saxaul-22", Wrapping(older))
    sealed = key.seal(b"said", "entries", "opening", 0, 1)
    ring = Wrapping(Ring.of(*older.keys.values(), bytes(32)))

    assert b"said" == DataKey.unwrapped("saxaul-22", ring_key, wrapped, ring).open(sealed, "entries", "opening", 0, 1)
    for delivery, bytes_ in (("amber-1", wrapped), ("saxaul-22", wrapped[:-1])):
        with pytest.raises(NotVerified):
            DataKey.unwrapped(delivery, ring_key, bytes_, ring)
    with pytest.raises(Unavailable):
        DataKey.unwrapped("saxaul-22", ring_key, wrapped, new_keys())


def test_the_same_bytes_are_never_sealed_alike() -> None:
    """Two entries that say the same look different, and a key does not show itself."""
    key = DataKey.new("saxaul-22", new_keys())[0]

    assert key.seal(b"said", "entries") != key.seal(b"said", "entries")
    assert "_cipher" not in repr(key)
