"""What `deploy/kustomize/` promises, of what an administrator's tool makes of it; and that all forms of deployment set the same.

Each overlay is built here as kustomize does it, in the few ways that are used. `make kustomize` compares that with what it makes.
"""

import copy
import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from ruamel.yaml import YAML

import worker
from archive.database import MIGRATION
from tests.deploy.test_deploy import (
    DEPLOY,
    GRACEFUL_STOP_SECONDS,
    OUR_CONTAINERS,
    SETTING,
    VIGIL_UNITS,
    known_settings,
    read_compose,
    read_unit,
)

HERE = DEPLOY / "kustomize"
OVERLAYS = ("small", "site")
OLDEST, NEWEST = "1.30", "1.37"
"""Versions of Kubernetes whose schemas every manifest fits, strictly: a field that they do not know is a fault."""
PROGRAMS = ("worker", "gateway")
PLACES = {"KEY", "PAYLOAD_KEYS", "DECONFLICTION_KEY", "DIRECTORY", "ARCHIVE_PASSWORD", "ARCHIVE_URL", "TEMPORAL_ADDRESS"}
"""Settings that name a place of this form. What else two forms set, they set alike."""
OWN = {
    "GATEWAY_URL": "each site's own",
    "GATEWAY_HOST": "with systemd a proxy on the machine is in front",
    "ATTACHMENTS": "a folder of one machine is none for several",
    "METRICS_HOST": "only here other machines read them",
    "METRICS_PORT": "two processes of one machine share none",
}
"""What differs between forms for a reason."""


def read(path: Path) -> list[dict[str, Any]]:
    """The documents of a file."""
    return parse(path.read_text(encoding="utf-8"))


def parse(text: str) -> list[dict[str, Any]]:
    """The documents of a text. Nothing in them may be read otherwise by YAML 1.1, which Kubernetes speaks."""
    plain = re.sub(r'"[^"]*"|#.*', "", text)
    otherwise = re.search(r"(?:[:,]\s+|\[\s*)(?:yes|no|on|off|0\d+)\s*[\n,}\]]", plain, re.IGNORECASE)
    assert otherwise is None, "quote it, or write it in decimals"
    return [one for one in YAML(typ="safe", pure=True).load_all(text) if one]


def named(one: dict[str, Any]) -> tuple[str, str]:
    """Which resource it is."""
    return one["kind"], one["metadata"]["name"]


@cache
def _built(folder: Path) -> tuple[dict[str, Any], ...]:
    (asked,) = read(folder / "kustomization.yaml")
    assert asked.keys() <= {
        *("apiVersion", "kind", "namespace", "resources", "configMapGenerator", "replicas", "patches"),
    }, "the builder of this test does not know it yet"
    found: list[dict[str, Any]] = []
    for name in asked["resources"]:
        place = (folder / name).resolve()
        found += [copy.deepcopy(one) for one in _built(place)] if place.is_dir() else read(place)
    for one in asked.get("configMapGenerator", ()):
        lines = [line for name in one.get("envs", ()) for line in (folder / name).read_text(encoding="utf-8").splitlines()]
        data = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
        data |= {name: (folder / name).read_text(encoding="utf-8") for name in one.get("files", ())}
        found.append({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": one["name"]}, "data": data})
    for one in found:
        one["metadata"] |= {"namespace": asked["namespace"]} if "namespace" in asked else {}
    for one in asked.get("replicas", ()):
        _at(found, "Deployment", one["name"])[0]["spec"]["replicas"] = one["count"]
    for patch in asked.get("patches", ()):
        for target in _at(found, patch["target"]["kind"], patch["target"]["name"]):
            for step in parse(patch["patch"])[0]:
                _replace(target, step)
    return tuple(found)


def built(overlay: str) -> dict[tuple[str, str], dict[str, Any]]:
    """All that an overlay makes. What it changes and is not there fails here."""
    found = _built(HERE / overlay)
    assert len(found) == len({named(one) for one in found})
    return {named(one): one for one in found}


def _at(found: list[dict[str, Any]], kind: str, name: str) -> list[dict[str, Any]]:
    there = [one for one in found if one["kind"] == kind and re.fullmatch(name, one["metadata"]["name"])]
    assert len(there) == len(name.split("|")), f"{kind} {name} is not there to be changed"
    return there


def _replace(target: Any, step: dict[str, Any]) -> None:
    """RFC 6902, `replace` alone: it changes what exists."""
    assert step["op"] == "replace"
    *way, last = [int(part) if part.isdigit() else part for part in step["path"].split("/")[1:]]
    for part in way:
        target = target[part]
    assert isinstance(last, int) or last in target, step["path"]
    target[last] = step["value"]


def pods(overlay: str) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Each pod that runs, by the name of what makes it, and its one container."""
    for (kind, name), one in built(overlay).items():
        if kind in {"Deployment", "Job"}:
            spec = one["spec"]["template"]["spec"]
            (container,) = spec["containers"]
            yield name, spec, container


def settings_of(overlay: str, name: str) -> dict[str, str]:
    """What a program finds in its environment."""
    found = built(overlay)
    (container,) = [container for one, _, container in pods(overlay) if one == name]
    return found["ConfigMap", "settings"]["data"] | {one["name"]: one["value"] for one in container["env"]}


def secrets_of(spec: dict[str, Any]) -> dict[str, list[str]]:
    """The volumes of a pod that hold secrets, with their names."""
    return {
        volume["name"]: [source["secret"]["name"] for source in volume["projected"]["sources"]]
        for volume in spec["volumes"]
        if "projected" in volume
    }


@pytest.mark.parametrize("overlay", OVERLAYS)
@pytest.mark.parametrize("version", [OLDEST, NEWEST])
def test_kubernetes_knows_every_field_of_every_manifest(overlay: str, version: str) -> None:
    """By the schemas of the oldest and the newest version, and nothing is written that they do not have."""
    for one in built(overlay).values():
        kubernetes_validate.validate(one, version, strict=True)


def test_a_field_that_kubernetes_does_not_know_is_found() -> None:
    """So the test above can fail."""
    wrong = copy.deepcopy(built("small")["Deployment", "worker"])
    wrong["spec"]["template"]["spec"]["containers"][0]["readinesProbe"] = {}

    with pytest.raises(kubernetes_validate.ValidationError, match="readinesProbe"):
        kubernetes_validate.validate(wrong, NEWEST, strict=True)


def test_every_file_is_named_by_a_kustomization() -> None:
    """A manifest that nobody takes in is none; the overlays take in the base."""
    said = {
        name
        for folder in ("base", *OVERLAYS)
        for (asked,) in [read(HERE / folder / "kustomization.yaml")]
        for name in [
            *asked["resources"],
            *(name for one in asked.get("configMapGenerator", ()) for name in [*one.get("envs", ()), *one.get("files", ())]),
        ]
    }
    there = {path.name for path in HERE.rglob("*") if path.is_file()} - {"kustomization.yaml"}

    assert said == {*there, "../base"}


def test_the_script_is_the_one_of_compose() -> None:
    """Namespace, retention and search attributes are made alike."""
    ours, theirs = HERE / "base" / "namespace.sh", DEPLOY / "compose" / "namespace.sh"

    assert theirs.read_bytes() == ours.read_bytes()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_pod_can_change_nothing_and_gain_nothing(overlay: str) -> None:
    """It is no superuser, has no token, no capability and no disk, and only its own memory to write to; and it has a bound."""
    for name, spec, container in pods(overlay):
        assert {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}.items() <= spec["securityContext"].items()
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }, name
        assert spec["automountServiceAccountToken"] is False
        assert built(overlay)["ServiceAccount", spec["serviceAccountName"]]["automountServiceAccountToken"] is False
        writable = [mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")]
        assert writable == ["/tmp"], name
        assert {"cpu", "memory"} == container["resources"]["requests"].keys() == container["resources"]["limits"].keys()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_service_sets_no_setting(overlay: str) -> None:
    """Kubernetes would name variables after services, and one of them could be called as a setting is."""
    assert all(spec["enableServiceLinks"] is False for _, spec, _ in pods(overlay))


def test_the_user_has_a_name_in_the_image() -> None:
    """A mere number is nobody to some programs, as the drill taught."""
    dockerfile = (DEPLOY / "compose" / "Dockerfile").read_text(encoding="utf-8")
    (user,) = re.findall(r"useradd --uid (\d+) --gid \1 ", dockerfile)

    for name, spec, container in pods("small"):
        one = int(user) if container["image"].startswith("vigil@") else 1000
        assert {spec["securityContext"][key] for key in ("runAsUser", "runAsGroup", "fsGroup")} == {one}, name


def test_every_image_is_a_digest_that_the_site_sets() -> None:
    """Those that stand here are of nothing: who sets none gets no image, and never another one."""
    images = {container["image"] for overlay in OVERLAYS for _, _, container in pods(overlay)}

    assert images == {f"{name}@sha256:{'0' * 64}" for name in ("vigil", "temporalio/admin-tools")}


def test_every_secret_is_made_as_the_readme_says_and_read_only() -> None:
    """None is written here. Each has its way to be made; only its process and its group may read it, and nobody may write it."""
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    made = set(re.findall(r"create secret generic (\S+)", text))
    used = set()
    for _, spec, container in pods("site"):
        for volume, names in secrets_of(spec).items():
            used |= set(names)
            (mode,) = [one["projected"]["defaultMode"] for one in spec["volumes"] if one["name"] == volume]
            assert mode & 0o027 == 0
            assert all(mount["readOnly"] for mount in container["volumeMounts"] if mount["name"] == volume)

    assert "Secret" not in {kind for kind, _ in built("site")}
    assert made == used
    configured = {
        volume["configMap"]["name"] for _, spec, _ in pods("site") for volume in spec["volumes"] if "configMap" in volume
    }
    assert configured - {"namespace-script"} == set(re.findall(r"create configmap (\S+)", text))


def test_every_file_that_is_named_is_handed_over() -> None:
    """Each path of a setting lies in a volume, and each file of a secret is one that the README puts there."""
    text = (DEPLOY / "README.md").read_text(encoding="utf-8").replace("\\\n", " ")
    for name, spec, container in pods("site"):
        held = {
            file
            for names in secrets_of(spec).values()
            for secret in names
            for line in re.findall(rf"create secret generic {secret} (.*)", text)
            for file in re.findall(r"--from-file=([\w.-]+)=", line)
        }
        given = container.get("env", []) if name not in PROGRAMS else [{"value": v} for v in settings_of("site", name).values()]
        files = [one["value"] for one in given if one.get("value", "").startswith("/run/secrets/")]
        assert {Path(file).name for file in files} <= held, name
        mounts = [mount["mountPath"] for mount in container["volumeMounts"]]
        assert all(any(file.startswith(f"{mount}/") for mount in mounts) for file in files), name


def test_only_workers_have_the_deconfliction_key() -> None:
    """As in the other forms; and only the gateway has the key of its door."""
    holders = {
        secret: {name for name, spec, _ in pods("site") for names in secrets_of(spec).values() if secret in names}
        for secret in ("vigil-deconfliction", "vigil-gateway", "vigil-keys")
    }

    assert holders == {"vigil-deconfliction": {"worker"}, "vigil-gateway": {"gateway"}, "vigil-keys": {"worker", "gateway"}}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_gateway_stays_in_use_whatever_else_is_away(overlay: str) -> None:
    """Its probes ask only whether it is there: a stop must get through (R8), as the drill taught."""
    _, _, container = next(one for one in pods(overlay) if one[0] == "gateway")
    probes = {container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")}

    assert probes == {"/live"}
    assert built(overlay)["Deployment", "gateway"]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_gateway_that_migrates_is_not_ended_for_it(overlay: str) -> None:
    """Its port opens once the tables are up to date: it has the time of a migration's step, and a minute for Temporal."""
    _, _, container = next(one for one in pods(overlay) if one[0] == "gateway")
    startup = container["startupProbe"]

    assert startup["periodSeconds"] * startup["failureThreshold"] >= MIGRATION + 60


def test_a_new_version_applies_everything_but_the_programs_first() -> None:
    """By the selector of the README: tables are up to date before a program of the new version starts and migrates them."""
    text = (DEPLOY / "README.md").read_text(encoding="utf-8")
    (key, left_out), *more = re.findall(r"kubectl apply --kustomize FOLDER --selector '(\S+) notin \((.+)\)'", text)
    later = {which for which, one in built("site").items() if one["metadata"].get("labels", {}).get(key) in left_out.split(", ")}

    assert not more
    assert later == {("Deployment", name) for name in PROGRAMS}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_worker_is_restarted_when_that_helps_and_ends_in_its_own_time(overlay: str) -> None:
    """Its probes are those of the README, the last one to start is of the new build, and no machine waits for one not ready."""
    found = built(overlay)
    _, spec, container = next(one for one in pods(overlay) if one[0] == "worker")

    paths = [container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")]
    assert paths == ["/live", "/live", "/ready"]
    assert spec["terminationGracePeriodSeconds"] > worker.GRACE.total_seconds() == GRACEFUL_STOP_SECONDS
    assert found["Deployment", "worker"]["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": 0, "maxUnavailable": 1}
    assert ("Service", "worker") not in found
    for name in PROGRAMS:
        budget = found["PodDisruptionBudget", name]["spec"]
        labels = found["Deployment", name]["spec"]["template"]["metadata"]["labels"]
        assert (budget["maxUnavailable"], budget["unhealthyPodEvictionPolicy"]) == (1, "AlwaysAllow")
        assert budget["selector"] == found["Deployment", name]["spec"]["selector"] == {"matchLabels": labels}


def test_nobody_speaks_to_whom_he_need_not() -> None:
    """All is closed, and each way that is open is one of these; services are called by workers alone."""
    found = {name: one["spec"] for (kind, name), one in built("site").items() if kind == "NetworkPolicy"}
    closed = found.pop("nobody")
    ways = {
        (name, way, part, rule["port"])
        for name, spec in found.items()
        for way in ("ingress", "egress")
        for entry in spec.get(way, ())
        for part in spec["podSelector"].get("matchExpressions", [{"values": ["*"]}])[0]["values"]
        for rule in entry["ports"]
    }

    assert closed == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert all(
        entry.get("from") or entry.get("to")
        for spec in found.values()
        for entry in [*spec.get("ingress", []), *spec.get("egress", [])]
    )
    assert ways == {
        ("names", "egress", "*", 53),
        ("callers", "ingress", "gateway", "https"),
        ("metrics", "ingress", "worker", "metrics"),
        ("metrics", "ingress", "gateway", "metrics"),
        *(("temporal", "egress", part, 7233) for part in ("worker", "gateway", "temporal")),
        *(("archive", "egress", part, 5432) for part in ("worker", "gateway", "archive")),
        ("services", "egress", "worker", 443),
    }


def test_site_has_several_of_each_on_machines_of_their_own() -> None:
    """None of them may be missed; small has one of each."""
    counts = {overlay: [built(overlay)["Deployment", name]["spec"]["replicas"] for name in PROGRAMS] for overlay in OVERLAYS}

    assert counts["small"] == [1, 1]
    assert min(counts["site"]) >= 2
    for name, spec, _ in pods("site"):
        if name in PROGRAMS:
            spread = {one["topologyKey"]: one["whenUnsatisfiable"] for one in spec["topologySpreadConstraints"]}
            assert spread["kubernetes.io/hostname"] == "DoNotSchedule"
            # Older pods count too else, while the next version comes up, and two new ones share a machine in the end.
            assert all(one["matchLabelKeys"] == ["pod-template-hash"] for one in spec["topologySpreadConstraints"])


def test_all_forms_bound_the_memory_of_both_programs_alike() -> None:
    """What leaks ends one process, and not the machine; a site with more cores has more."""
    kustomize = {name: container["resources"]["limits"]["memory"] for name, _, container in pods("small") if name in PROGRAMS}
    compose = {name: read_compose()["services"][name]["mem_limit"] for name in OUR_CONTAINERS}
    systemd = {unit.name: read_unit(unit)["Service"]["MemoryMax"] for unit in VIGIL_UNITS}

    assert {"1Gi"} == {*kustomize.values()}
    assert {"1g"} == {*compose.values()}
    assert {"1G"} == {*systemd.values()}
    assert len(PROGRAMS) == len(kustomize) == len(compose) == len(systemd)


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_several_forms_set_they_set_alike(name: str) -> None:
    """Every setting here is one that the software reads, and has the value that compose and systemd give it, where they do."""
    example = (DEPLOY / "systemd" / "vigil.env.example").read_text(encoding="utf-8").splitlines()
    forms = {
        "kustomize": settings_of("site", name),
        "compose": read_compose()["services"][name]["environment"],
        "systemd": dict(line.split("=", 1) for line in example if line and not line.startswith("#")),
    }
    for form, given in forms.items():
        assert {one for one in given if SETTING.fullmatch(one)} <= known_settings(), form
    compared = {one.removeprefix("VIGIL_") for one in known_settings()} - PLACES - OWN.keys()
    for setting in compared:
        values = {form: str(given[f"VIGIL_{setting}"]) for form, given in forms.items() if given.get(f"VIGIL_{setting}")}
        values = {form: value.partition(":-")[2].rstrip("}") or value for form, value in values.items()}  # compose's own default
        assert len(set(values.values())) <= 1, (setting, values)
    assert forms["kustomize"]["VIGIL_METRICS_PORT"] == forms["compose"]["VIGIL_METRICS_PORT"]
    assert forms["kustomize"]["VIGIL_TEMPORAL_NAMESPACE"] == "vigil"


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_software_starts_with_these_settings(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are complete, and each is one that it takes."""
    from process.settings import load  # noqa: PLC0415  # read after the environment is set

    for one in [one for one in os.environ if one.startswith("VIGIL_")]:
        monkeypatch.delenv(one)
    for one, value in settings_of("site", name).items():
        monkeypatch.setenv(one, value)

    chosen = load()
    assert (chosen.gateway_port, chosen.metrics_port, chosen.takes_over) == (8470, 9470, name == "worker")
