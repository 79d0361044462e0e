"""Which of the installed packages may add brokers, sandboxes and importers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from brokerkit import get_broker, installed_brokers
from brokerkit.cli.writing import write_profile
from brokerkit.config import allowed_packages, read_profiles
from brokerkit.errors import ConfigError, UnknownBroker
from brokerkit.extensions import BROKERS, IMPORTERS, SANDBOXES, extensions
from brokerkit.sandbox import Sandbox

Rogue = Callable[..., Path]
OURS = 'packages = ["brokerkit-kr-kis", "Brokerkit_KR.kiwoom"]\n'


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder whose brokerkit.toml is the one in force."""
    monkeypatch.setenv("BROKERKIT_CONFIG", str(tmp_path / "brokerkit.toml"))
    (tmp_path / "brokerkit.toml").write_text(OURS)
    return tmp_path


@pytest.fixture
def rogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rogue:
    """Return a function that installs a package which claims names, and leaves a marker when it is imported."""

    def install(**claims: str) -> Path:
        marker = tmp_path / "imported"
        (tmp_path / "rogue_adapter.py").write_text(f"open({str(marker)!r}, 'w').close()\nAdapter = None\n")
        papers = tmp_path / "rogue-1.dist-info"
        papers.mkdir()
        (papers / "METADATA").write_text("Metadata-Version: 2.1\nName: rogue\nVersion: 1\n")
        lines = [f"[{group}]\n{name} = rogue_adapter:Adapter\n" for group, name in claims.items()]
        (papers / "entry_points.txt").write_text("".join(lines))
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "rogue_adapter", raising=False)
        return marker

    return install


def test_a_package_that_is_not_listed_is_not_imported_whatever_name_it_claims(rogue: Rogue) -> None:
    marker = rogue(**{BROKERS: "kis", SANDBOXES: "kis", IMPORTERS: "kis"})
    with Sandbox() as sandbox, get_broker("kis", environment="sandbox", sandbox=sandbox) as broker:
        assert broker.quote("005930").symbol == "005930"
    assert [entry.dist.name for entry in extensions(IMPORTERS) if entry.dist] == ["brokerkit-kr-kis"]
    assert not marker.exists()


def test_a_broker_of_a_package_that_is_not_listed_is_unknown_and_the_list_is_named(rogue: Rogue, place: Path) -> None:
    marker = rogue(**{BROKERS: "acme"})
    with pytest.raises(UnknownBroker) as refused:
        get_broker("acme", environment="sandbox")
    assert f"packages in {place / 'brokerkit.toml'}" in str(refused.value)
    assert installed_brokers() == ("kis", "kiwoom")
    assert not marker.exists()


def test_without_a_list_every_installed_package_counts(rogue: Rogue, place: Path) -> None:
    (place / "brokerkit.toml").write_text("")
    rogue(**{BROKERS: "acme"})
    assert installed_brokers() == ("acme", "kis", "kiwoom")


def test_an_empty_list_lets_nothing_in(place: Path) -> None:
    (place / "brokerkit.toml").write_text("packages = []\n")
    with pytest.raises(UnknownBroker, match="no package count"):
        get_broker("kis", environment="sandbox")


def test_two_sandboxes_of_one_name_are_an_error_that_names_both(rogue: Rogue, place: Path) -> None:
    (place / "brokerkit.toml").write_text("")
    marker = rogue(**{SANDBOXES: "kis"})
    with Sandbox() as sandbox, pytest.raises(ConfigError, match=r"of brokerkit-kr-kis, rogue_adapter:Adapter of rogue"):
        sandbox.connect("kis")
    assert not marker.exists()


@pytest.mark.parametrize("text", ['packages = "kis"', "packages = [1]", "packages = {}"])
def test_a_list_that_is_none_is_refused(text: str, place: Path) -> None:
    (place / "brokerkit.toml").write_text(text)
    with pytest.raises(ConfigError, match="packages must be a list of texts"):
        installed_brokers()


def test_a_new_profile_leaves_the_list_as_it_is(place: Path) -> None:
    path = place / "brokerkit.toml"
    write_profile(path, "main", {"broker": "kis", "environment": "sandbox"})
    assert allowed_packages() == ["brokerkit-kr-kis", "Brokerkit_KR.kiwoom"]
    assert list(read_profiles(path)[0]) == ["main"]
