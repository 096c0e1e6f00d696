"""The Merkle tree of a ledger."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.signing.tree import EMPTY, Frontier, inclusion, leaf, node, root, root_of

# Inputs and roots published with the certificate transparency reference code (RFC 6962's test tree).
INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
LEAVES = tuple(leaf(bytes.fromhex(one)) for one in INPUTS)
sizes = st.integers(min_value=1, max_value=70)


def some(count: int) -> tuple[bytes, ...]:
    """So many leaves."""
    return tuple(leaf(str(number).encode()) for number in range(count))


def recursive(leaves: tuple[bytes, ...]) -> bytes:
    """The root as RFC 6962 defines it."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = max(1 << bit for bit in range(20) if 1 << bit < len(leaves))
    return node(recursive(leaves[:split]), recursive(leaves[split:]))


@pytest.mark.parametrize("size", range(1, 9))
def test_its_roots_are_the_published_ones(size: int) -> None:
    """The tree of RFC 6962's test vectors has the published roots, at each size."""
    assert ROOTS[size - 1] == root(LEAVES[:size]).hex()


def test_an_empty_tree_has_the_hash_of_nothing() -> None:
    """The root of no leaves is SHA-256 of the empty string."""
    assert hashlib.sha256(b"").digest() == EMPTY == root(())


@given(sizes)
def test_a_frontier_grows_to_the_root_of_the_definition(size: int) -> None:
    """A frontier that has been stored and read after each leaf has the root that the definition gives."""
    frontier = Frontier()
    for one in some(size):
        frontier = Frontier(frontier.size, frontier.peaks)
        frontier.append(one)
    assert recursive(some(size)) == frontier.root() == root(some(size))


@given(sizes)
def test_the_newest_leaf_is_proved_at_its_append(size: int) -> None:
    """The proof given at an append is that of the newest leaf in the tree of that size."""
    frontier = Frontier()
    for number, one in enumerate(some(size)):
        proof = frontier.append(one)
        assert inclusion(some(number + 1), number) == proof
        assert frontier.root() == root_of(one, number, number + 1, proof)


@given(sizes, st.data())
def test_a_proof_proves_its_own_leaf_at_its_own_place_only(size: int, data: st.DataObject) -> None:
    """Another leaf, another place, a longer or a shorter proof gives another root, or none."""
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    leaves = some(size)
    proof, top = inclusion(leaves, index), root(leaves)
    assert top == root_of(leaves[index], index, size, proof)
    assert top != root_of(leaf(b"another"), index, size, proof)
    assert root_of(leaves[index], index, size, (*proof, leaves[0])) is None
    assert not proof or top != root_of(leaves[index], index, size, proof[:-1])
    for other in range(size):
        if other != index:
            assert top != root_of(leaves[index], other, size, proof)
    assert root_of(leaves[index], size, size, proof) is None


def test_a_frontier_of_another_size_is_refused() -> None:
    """As many peaks as the size has bits, each of 32 bytes."""
    with pytest.raises(ValueError, match="a tree of 3 leaves has 2 peaks"):
        Frontier(3, (LEAVES[0],))
    with pytest.raises(ValueError, match="peaks of 32 bytes"):
        Frontier(1, (b"short",))
