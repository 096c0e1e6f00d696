"""Settings are read from the environment: what is missing, wrong or mistyped is named, all of it at once."""

from pathlib import Path

import pytest

from domain.words.errors import Malformed
from process.settings import OF_COMMANDS, Settings, load, mistyped

NEEDED = {
    "VIGIL_DIRECTORY": "directory.yaml",
    "VIGIL_CARDS": "cards",
    "VIGIL_KEY": "vigil.pem",
    "VIGIL_PAYLOAD_KEYS": "payload-keys",
}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """What is needed, and nothing else of ours."""
    for name in Settings.model_fields:
        monkeypatch.delenv(f"VIGIL_{name.upper()}", raising=False)
    monkeypatch.delenv("VIGIL_ENV_FILE", raising=False)
    for name, value in NEEDED.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_a_mistyped_setting_is_refused_with_the_one_that_was_meant(environment: pytest.MonkeyPatch) -> None:
    """Whoever set it believes that it counts."""
    environment.setenv("VIGIL_RUN_SECOND", "60")
    with pytest.raises(Malformed, match="a setting is missing, wrong or mistyped") as refused:
        load()
    assert ["VIGIL_RUN_SECOND: there is no such setting; did you mean VIGIL_RUN_SECONDS?"] == [*map(str, refused.value.faults)]


def test_one_in_the_file_of_them_is_refused_too(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It counts as little there as in the environment."""
    (tmp_path / "vigil.env").write_text("VIGIL_RUN_SECOND=60\n")
    environment.setenv("VIGIL_ENV_FILE", str(tmp_path / "vigil.env"))
    with pytest.raises(Malformed) as refused:
        load()
    assert ["VIGIL_RUN_SECOND"] == [one.place for one in refused.value.faults]


def test_all_that_is_wrong_is_said_at_once(environment: pytest.MonkeyPatch) -> None:
    """A missing one, one that is out of bounds, and a mistyped one."""
    environment.delenv("VIGIL_KEY")
    environment.setenv("VIGIL_GATEWAY_PORT", "-1")
    environment.setenv("VIGIL_GATEWAY_HOSTS", "0.0.0.0")
    with pytest.raises(Malformed) as refused:
        load()
    assert {"VIGIL_KEY", "VIGIL_GATEWAY_PORT", "VIGIL_GATEWAY_HOSTS"} == {one.place for one in refused.value.faults}


def test_what_commands_read_and_what_is_somebody_elses_stands_there_too(environment: pytest.MonkeyPatch) -> None:
    """`VIGIL_KEYS` is nearly `VIGIL_KEY`, and another program's; a name that is like none of ours is whoever's it is."""
    for name in (*OF_COMMANDS - {"VIGIL_ENV_FILE"}, "VIGIL_WATCHTOWER"):
        environment.setenv(name, "somewhere")
    assert "vigil.pem" == str(load().key)


def test_no_two_settings_are_taken_for_one_another() -> None:
    """Each is known as it stands."""
    assert [] == [*mistyped(f"VIGIL_{name.upper()}" for name in Settings.model_fields)]
