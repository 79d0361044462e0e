"""What the documents show is run."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from brokerkit.sandbox import sandbox as sandboxes

ROOT = Path(__file__).parent.parent
DOCUMENTS = ("README.md", "README.ko.md")


def blocks(document: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / document).read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def fresh_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the process a sandbox of its own again: what other tests traded there must not show."""
    monkeypatch.setattr(sandboxes, "_shared", [])


@pytest.mark.usefixtures("fresh_sandbox")
@pytest.mark.parametrize("broker", ["kis", "kiwoom"])
@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_script_runs_at_both_brokers(document: str, broker: str, capsys: pytest.CaptureFixture[str]) -> None:
    (script,) = blocks(document, "python")
    assert script.count('"kis"') == 1
    exec(compile(script.replace('"kis"', f'"{broker}"'), document, "exec"), {})  # noqa: S102
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) >= 31
    assert "None" not in printed


def test_the_profile_of_the_readme_is_valid() -> None:
    (profile,) = blocks("README.md", "toml")
    assert tomllib.loads(profile)["profiles"]["main"]["broker"] == "kis"


def test_the_demo_tells_the_same_story_twice() -> None:
    done = subprocess.run(  # noqa: S603
        [sys.executable, str(ROOT / "docs" / "examples" / "demo.py")], capture_output=True, encoding="utf-8", check=True
    )
    assert done.stderr == ""
    lines = {line[:18].strip(): line[18:] for line in done.stdout.splitlines()}
    for step in ("quote", "partial fill", "holding 005930"):
        left, right = re.split(r" {2,}", lines[step].strip())
        assert left == right
    assert "PARTIALLY_FILLED" in lines["partial fill"]
    assert lines["cancel the rest"].count("CANCELED") == 2


def test_no_document_tells_to_install_the_unrelated_project() -> None:
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("plugins/*/README.md")]:
        for line in path.read_text(encoding="utf-8").splitlines():
            if "pip install brokerkit" in line:
                assert "Do not" in line or "하지 마십시오" in line, f"{path.name}: {line}"
