"""What `deploy/` promises: hardened units, a closed compose file, and only settings that exist."""

from __future__ import annotations

import configparser
import re
import shutil
import stat
import subprocess
import sysconfig
import tomllib
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from process import watchdog

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
VIGIL_UNITS = [unit for unit in UNITS if unit.name != "vigil-temporal.service"]
OUR_CONTAINERS = ("worker", "gateway")
# Committed files only: never what a machine keeps in the ignored folders.
DEPLOY_FILES = sorted(
    path
    for path in DEPLOY.rglob("*")
    if path.is_file() and path.name != ".env" and not {"config", "secrets", "__pycache__"} & set(path.relative_to(DEPLOY).parts)
)

HARDENING = {
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectControlGroups": "yes",
    "RestrictNamespaces": "yes",
    "RestrictSUIDSGID": "yes",
    "LockPersonality": "yes",
    "SystemCallArchitectures": "native",
    "UMask": "0077",
    "LimitCORE": "0",
}
SETTING = re.compile(r"\bVIGIL_[A-Z][A-Z_]*[A-Z]\b")
PINNED = re.compile(r"[a-z0-9./-]+:v?\d[\w.-]*@(sha256:[0-9a-f]{64}|\$\{[A-Z_]+_DIGEST(:\?[^}]+)?\})")
SECRET_NAME = re.compile(r"PASSWORD|PASSWD|PWD|SECRET|TOKEN|_KEYS?$")
GRACEFUL_STOP_SECONDS = 20


def read_unit(path: Path) -> configparser.ConfigParser:
    """Read a unit file; of a key that is given twice the last one counts."""
    unit = configparser.ConfigParser(strict=False, interpolation=None, comment_prefixes=("#", ";"), delimiters=("=",))
    unit.optionxform = str  # type: ignore[assignment,method-assign]  # keys of units have capitals
    unit.read_string(path.read_text(encoding="utf-8"))
    return unit


def read_compose() -> dict[str, Any]:
    """Read the compose file with its merges resolved."""
    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load(DEPLOY / "compose" / "compose.yaml")
    return loaded


def settings_in(path: Path) -> set[str]:
    """Name every VIGIL_ variable that a file mentions."""
    return set(SETTING.findall(path.read_text(encoding="utf-8")))


def known_settings() -> set[str]:
    """Name the environment variable of every field of the settings."""
    from process.settings import Settings  # noqa: PLC0415  # only the tests that compare need the project itself

    prefix = Settings.model_config.get("env_prefix", "")
    return {f"{prefix}{name}".upper() for name in Settings.model_fields}


def test_there_are_the_units_that_the_readme_promises() -> None:
    """The three units exist, so that the tests over units are not passed by an empty folder."""
    expected = ["vigil-gateway.service", "vigil-temporal.service", "vigil-worker@.service"]

    assert expected == [unit.name for unit in UNITS]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_unit_has_its_sections_and_says_what_it_runs(path: Path) -> None:
    """A unit parses, has its three sections, and runs a program of the installed environment."""
    unit = read_unit(path)

    assert {"Unit", "Service", "Install"} == set(unit.sections())
    assert unit["Unit"]["Description"]
    assert unit["Service"]["ExecStart"].startswith("/opt/vigil/current/.venv/bin/")
    assert unit["Install"]["WantedBy"] == "multi-user.target"


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_unit_is_hardened(path: Path) -> None:
    """A unit has no privilege it does not need, and is never root."""
    service = read_unit(path)["Service"]

    assert HARDENING.items() <= dict(service).items()
    assert service.get("DynamicUser") == "yes" or service.get("User") == "vigil"


def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    """No line of a unit is one that systemd does not know; where it is not installed, nobody can say."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd is not installed")
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/vigil/current/.venv/bin/", f"{sysconfig.get_path('scripts')}/")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    ran = subprocess.run(  # noqa: S603
        [program, "verify", *sorted(map(str, tmp_path.iterdir()))], capture_output=True, text=True, check=False
    )

    assert (0, "") == (ran.returncode, ran.stderr)


@pytest.mark.parametrize("path", [*VIGIL_UNITS], ids=lambda path: path.name)
def test_a_unit_that_hangs_is_started_again(path: Path) -> None:
    """It says that it goes on several times within the time that systemd waits."""
    service = read_unit(path)["Service"]

    assert (True, "main") == (int(service["WatchdogSec"]) >= 4 * watchdog.EVERY, service["NotifyAccess"])


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_unit_comes_back_and_is_given_time_to_stop(path: Path) -> None:
    """A unit that ends is started again without limit, whoever has ended it, and a stopping one may finish what it holds."""
    unit = read_unit(path)

    assert unit["Service"]["Restart"] == "always"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"
    assert int(unit["Service"]["TimeoutStopSec"]) > GRACEFUL_STOP_SECONDS


@pytest.mark.parametrize("path", VIGIL_UNITS, ids=lambda path: path.name)
def test_vigil_is_handed_its_key_as_a_credential(path: Path) -> None:
    """The worker and the gateway read settings from one file and get the key from systemd, not from a folder."""
    text = path.read_text(encoding="utf-8")
    service = read_unit(path)["Service"]

    assert service["EnvironmentFile"] == "/etc/vigil/vigil.env"
    name, source = service["LoadCredential"].split(":")
    assert "LoadCredential=payload.keys:/etc/vigil/keys/payload.keys" in text.splitlines()
    assert "Environment=VIGIL_PAYLOAD_KEYS=%d/payload.keys" in text.splitlines()
    assert source.startswith("/etc/vigil/keys/")
    assert f"Environment=VIGIL_KEY=%d/{name}" in text.splitlines()


def set_in_the_example() -> set[str]:
    """Name every variable that the example of settings sets."""
    lines = (DEPLOY / "systemd" / "vigil.env.example").read_text(encoding="utf-8").splitlines()
    return {line.partition("=")[0] for line in lines if line and not line.startswith("#")}


def test_example_of_settings_does_not_override_the_credential() -> None:
    """The example sets every setting but the keys and the port of metrics, which a line there would take away from the units."""
    own = {"VIGIL_KEY", "VIGIL_PAYLOAD_KEYS", "VIGIL_DECONFLICTION_KEY", "VIGIL_METRICS_PORT"}

    assert known_settings() - own == set_in_the_example()


def test_what_a_unit_sets_for_itself_is_in_no_file_that_all_units_read() -> None:
    """A line of that file, an empty one too, overrides what a unit or a drop-in of the README sets; and each unit that the README
    starts has a port of metrics of its own.
    """
    readme = (DEPLOY / "README.md").read_text(encoding="utf-8")
    said = "".join([readme, *(unit.read_text(encoding="utf-8") for unit in UNITS)])
    own = set(re.findall(r"\bEnvironment=(\w+)=", said))
    (started,) = re.findall(r"^ *systemctl enable --now (vigil-.+)$", readme, re.MULTILINE)
    ports = dict(re.findall(r"`systemctl edit (vigil-(?:gateway|worker)\S*)` with (\d+)", readme))

    assert {"VIGIL_METRICS_PORT", "VIGIL_KEY"} <= own
    assert not own & set_in_the_example()
    assert {*started.split()} - {"vigil-temporal"} == ports.keys()
    assert len(ports) == len({*ports.values()})


def test_a_drop_in_of_two_lines_has_temporal_write_through() -> None:
    """Where power is not sure: the README's line is the variable that the unit sets, and its command takes."""
    unit = (DEPLOY / "systemd" / "vigil-temporal.service").read_text(encoding="utf-8")
    readme = (DEPLOY / "README.md").read_text(encoding="utf-8")
    (name,) = re.findall(r"`Environment=(\w+)=FULL`", readme)

    assert f"Environment={name}=NORMAL" in unit.splitlines()
    assert f"--sqlite-pragma synchronous=${{{name}}} " in unit


def test_only_workers_have_the_deconfliction_key() -> None:
    """Both forms hand it to the workers and to nothing else: the gateway can hash nothing."""
    handed = {unit.name for unit in UNITS if "/etc/vigil/keys/deconfliction.key" in unit.read_text(encoding="utf-8")}
    services = read_compose()["services"].items()

    assert {"vigil-worker@.service"} == handed
    assert ["worker"] == [name for name, service in services if "deconfliction_key" in service.get("secrets", [])]


def test_temporal_of_one_machine_keeps_to_itself() -> None:
    """The development server listens on loopback, keeps its file in its state folder, and is told the retention."""
    service = read_unit(DEPLOY / "systemd" / "vigil-temporal.service")["Service"]
    command = service["ExecStart"]

    assert "--ip 127.0.0.1" in command
    assert service["IPAddressDeny"] == "any"
    assert service["IPAddressAllow"] == "localhost"
    assert service["StateDirectory"] == "vigil"
    assert "--db-filename /var/lib/vigil/temporal.db" in command
    assert "--retention 90d" in service["ExecStartPost"]


def test_both_forms_register_the_same_search_attributes() -> None:
    """A delivery can be found by participant and phase whichever form runs it."""
    unit = read_unit(DEPLOY / "systemd" / "vigil-temporal.service")["Service"]["ExecStart"]
    script = (DEPLOY / "compose" / "namespace.sh").read_text(encoding="utf-8")
    expected = {"VigilParticipants": "KeywordList", "VigilBeside": "KeywordList", "VigilPhase": "Keyword"}

    assert expected == dict(re.findall(r"--search-attribute (\w+)=(\w+)", unit))
    assert expected == dict(re.findall(r"^attribute (\w+) (\w+)$", script, flags=re.MULTILINE))


@pytest.mark.parametrize("path", DEPLOY_FILES, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_only_settings_that_exist_are_named(path: Path) -> None:
    """No file of deploy sets or explains a setting that the software does not read."""
    assert settings_in(path) <= known_settings()


def test_every_setting_is_explained_in_the_readme() -> None:
    """Whoever runs Vigil finds each setting in one table."""
    assert known_settings() <= settings_in(DEPLOY / "README.md")


def test_compose_publishes_two_ports_and_only_on_loopback() -> None:
    """Nothing of the composed system can be reached from another machine until a proxy is put in front."""
    published = [str(port) for service in read_compose()["services"].values() for port in service.get("ports", [])]

    assert sorted(published) == ["127.0.0.1:8233:8080", "127.0.0.1:8470:8470"]


def test_compose_holds_no_password() -> None:
    """Every password and key of the compose file is a path to a secret file."""
    compose = read_compose()
    for service in compose["services"].values():
        environment = service.get("environment", {})
        assert isinstance(environment, dict)
        for name, value in environment.items():
            if SECRET_NAME.search(name.removesuffix("_FILE")):
                assert str(value).startswith("/run/secrets/"), name
    for secret in compose["secrets"].values():
        assert set(secret) == {"file"}


def test_secrets_and_configuration_cannot_be_committed_or_built_in() -> None:
    """The folders with keys are ignored by git, and the build sees only what it is given by name."""
    ignored = (DEPLOY / "compose" / ".gitignore").read_text(encoding="utf-8").split()
    build = (DEPLOY / "compose" / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    patterns = [line for line in build if line and not line.startswith("#")]

    assert {"/config/", "/secrets/"} <= set(ignored)
    assert patterns[0] == "*"
    assert not any("deploy" in pattern for pattern in patterns)


def test_every_image_is_pinned() -> None:
    """No image follows a tag, which can be moved: each has a digest, and one that is handed over has no default."""
    dockerfile = (DEPLOY / "compose" / "Dockerfile").read_text(encoding="utf-8")
    images = [service["image"] for service in read_compose()["services"].values() if "image" in service]
    bases = re.findall(r"^FROM (\S+)", dockerfile, flags=re.MULTILINE)

    assert images
    assert bases
    for image in [*images, *bases]:
        assert PINNED.fullmatch(image), image
    assert all(":?" in image for image in images if "$" in image)
    assert read_compose()["x-vigil"]["build"]["args"]["PYTHON_DIGEST"].startswith("${PYTHON_DIGEST:?")


def test_every_digest_that_compose_asks_for_is_explained() -> None:
    """Whoever starts it finds each in the list to fill in."""
    asked = set(re.findall(r"\$\{([A-Z_]+_DIGEST):\?", (DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8")))

    assert 5 == len(asked)
    assert asked <= set(
        re.findall(r"^   ([A-Z_]+_DIGEST)=sha256:", (DEPLOY / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    )


@pytest.mark.parametrize("name", ["worker", "gateway", "postgres", "schema", "archive", "temporal"])
def test_each_container_has_each_secret_that_it_reads(name: str) -> None:
    """What its settings, its command and its script name is handed to it; a merge of YAML adds up no lists."""
    compose = read_compose()
    service = compose["services"][name]
    scripts = [DEPLOY / "compose" / compose["configs"][one["source"]]["file"] for one in service.get("configs", [])]
    said = [str(service), *(script.read_text(encoding="utf-8") for script in scripts)]
    read = {secret for text in said for secret in re.findall(r"/run/secrets/(\w+)", text)}

    assert read
    assert read == set(service["secrets"])


def test_temporal_server_and_its_tools_have_one_version() -> None:
    """The tools that change the schema are those of the server that reads it."""
    services = read_compose()["services"]
    tags = {services[name]["image"].partition(":")[2].partition("@")[0] for name in ("schema", "temporal", "namespace")}

    assert len(tags) == 1


@pytest.mark.parametrize("name", OUR_CONTAINERS)
def test_our_containers_can_change_nothing_and_gain_nothing(name: str) -> None:
    """A worker or gateway that is taken over writes to no disk, the gateway but to that of attachments, and gets no privilege."""
    service = read_compose()["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert any(mount.startswith("/tmp:") for mount in service["tmpfs"])  # the container's own
    assert "healthcheck" in service
    assert int(service["stop_grace_period"].removesuffix("s")) > GRACEFUL_STOP_SECONDS
    written = [volume["source"] for volume in service["volumes"] if not volume.get("read_only")]
    assert written == (["attachments"] if name == "gateway" else [])


@pytest.mark.parametrize("name", OUR_CONTAINERS)
def test_our_containers_cannot_reach_temporals_database(name: str) -> None:
    """Only Temporal and the one-shots share its network, which has no way out; ours reach the server for the archive."""
    compose = read_compose()
    on = {
        network: {service for service, body in compose["services"].items() if network in body["networks"]}
        for network in ("store", "archive")
    }

    assert name not in on["store"]
    assert {"store": {"postgres", "schema", "archive", "temporal"}, "archive": {"postgres", "gateway", "worker"}} == on
    assert compose["networks"]["store"] == compose["networks"]["archive"] == {"internal": True}


def test_temporal_ui_only_looks() -> None:
    """What is done in Temporal's UI would have no signature, so it can do nothing."""
    environment = read_compose()["services"]["ui"]["environment"]

    assert environment["TEMPORAL_DISABLE_WRITE_ACTIONS"] == "true"


def test_nobody_serves_before_the_namespace_is_ready() -> None:
    """Workers and gateway wait until the namespace, its retention and its search attributes are there."""
    services = read_compose()["services"]

    assert services["namespace"]["environment"]["RETENTION"] == "90d"
    for name in OUR_CONTAINERS:
        assert services[name]["depends_on"]["namespace"] == {"condition": "service_completed_successfully"}


def test_files_that_compose_mounts_are_there_and_readable() -> None:
    """Every script and setting that a container reads exists and can be read by another user than its owner."""
    for config in read_compose()["configs"].values():
        path = DEPLOY / "compose" / config["file"]
        assert path.stat().st_mode & stat.S_IROTH, path


def test_image_holds_every_room_of_the_house() -> None:
    """A new package that is not copied into the image fails here, not at the first start."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    dockerfile = (DEPLOY / "compose" / "Dockerfile").read_text(encoding="utf-8")
    ignore = (DEPLOY / "compose" / "Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    copied = {word for line in re.findall(r"^COPY (?!--)(.+)", dockerfile, flags=re.MULTILINE) for word in line.split()}

    for room in project["tool"]["hatch"]["build"]["only-include"]:
        assert room in copied
        assert f"!{room}" in ignore


def test_image_is_built_from_the_lock_and_not_as_root() -> None:
    """The image takes dependencies by their hashes, adds the project alone, and runs as an ordinary user."""
    dockerfile = (DEPLOY / "compose" / "Dockerfile").read_text(encoding="utf-8")

    assert "--require-hashes --requirement requirements.lock" in dockerfile
    assert "--no-deps --no-build-isolation ." in dockerfile
    assert re.findall(r"^USER (.+)", dockerfile, flags=re.MULTILINE) == ["10001:10001"]


def test_no_temporal_that_is_started_here_tells_its_makers_so() -> None:
    """Its server asks a host of theirs for a newer version, unless it is told not to: wherever one is started, it is."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S607 - our own
    texts = {
        name: path.read_text(encoding="utf-8")
        for name in tracked.splitlines()
        if (path := ROOT / name).is_file() and path.suffix in {".py", ".sh", ".md", ".service", ".yaml", ""}
    }
    starts = {name for name, text in texts.items() if re.search(r"start-dev|\bstart_local\b|temporal-server", text)}
    silent = {name for name in starts if "TEMPORAL_VERSION_CHECK_DISABLED" not in texts[name]}

    assert {
        "client/embedded.py",
        "docs/administrator.md",
        "tests/installation.py",
        "deploy/systemd/vigil-temporal.service",
    } <= starts
    assert silent == set()
