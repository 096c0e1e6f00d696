"""`vigil directory`: who else takes part, with the key ids to compare by telephone."""

from pathlib import Path

from domain.signing.keys import key_id, private_pem, public_text
from rehearsal.services import private_key_of
from tests.command import vigil
from tests.gateway.test_http import door_of


async def test_the_directory_is_printed_with_key_ids_and_whole_for_a_program(tmp_path: Path) -> None:
    """A line for each service for people; for programs the keys themselves, and nothing of how others are reached."""
    (tmp_path / "kz.knb.pem").write_bytes(private_pem(private_key_of("kz.knb")))
    async with door_of() as door:
        asked = ("directory", "--as", "kz.knb", "--keys", tmp_path, "--gateway", door.url)
        text, document = await vigil(*asked), await vigil(*asked, "-o", "json")

    public = public_text(private_key_of("uz.customs"))
    assert (0, 0) == (text.code, document.code)
    assert key_id(public) in text.out
    found = {one["id"]: one for one in document.json}
    assert public == found["uz.customs"]["keys"][0]["public"]
    assert found["uz.customs"]["contact"] is None
    assert found["kz.knb"]["contact"] is not None
