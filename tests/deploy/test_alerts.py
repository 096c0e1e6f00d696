"""Alert rules and their runbooks: each alert has a page, each page an alert, and the rules say what they are to say."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "prometheus" / "vigil.rules.yaml"
PAGES = ROOT / "docs" / "runbooks"
HEADINGS = ("## What it means", "## What happens meanwhile", "## What to do", "## When it is over")


def alerts() -> list[dict[str, Any]]:
    """All rules, in their order."""
    read: dict[str, Any] = YAML(typ="safe", pure=True).load(RULES)
    return [rule for group in read["groups"] for rule in group["rules"]]


def test_each_alert_has_a_runbook_and_each_runbook_an_alert() -> None:
    """Whoever is woken finds what it means, what happens meanwhile, what to do and when it is over, and the list names it."""
    index = (PAGES / "README.md").read_text(encoding="utf-8")
    for rule in alerts():
        page = ROOT / rule["annotations"]["runbook"]
        text = page.read_text(encoding="utf-8")
        first = f"{rule['annotations']['summary']}. Severity: {rule['labels']['severity']}. `{rule['expr']}`, for {rule['for']}."
        assert text.startswith(f"# {rule['alert']}\n\n{first}\n"), rule["alert"]
        assert [heading for heading in HEADINGS if heading in text] == list(HEADINGS), rule["alert"]
        assert f"| [{rule['alert']}]({page.name}) | {rule['labels']['severity']} |" in index

    assert {rule["alert"] for rule in alerts()} == {page.stem for page in PAGES.glob("*.md")} - {"README"}


def test_prometheus_takes_the_rules_and_they_alarm_when_they_should() -> None:
    """By promtool, where it is installed (Debian's package `prometheus`); it is skipped elsewhere."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    for words in (("check", "rules", RULES), ("test", "rules", RULES.with_name("vigil.rules.test.yaml"))):
        ran = subprocess.run([promtool, *words], capture_output=True, text=True, check=False)  # noqa: S603
        assert ran.returncode == 0, ran.stdout + ran.stderr
