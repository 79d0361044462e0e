"""Which of the installed packages may add brokers, sandboxes and importers."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from brokerkit import get_broker, installed_brokers
from brokerkit.cli import main
from brokerkit.cli.writing import write_profile
from brokerkit.config import allowed_packages, read_profiles
from brokerkit.errors import ConfigError, UnknownBroker
from brokerkit.extensions import BROKERS, IMPORTERS, SANDBOXES, extensions
from brokerkit.languages import KOREAN, speaking
from brokerkit.sandbox import Sandbox

Rogue = Callable[..., Path]
OURS = 'packages = ["brokerkit-kr-kis", "Brokerkit_KR.kiwoom"]\n'


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the user a file of their own with a list of packages, and work elsewhere."""
    monkeypatch.delenv("BROKERKIT_CONFIG", raising=False)
    monkeypatch.setattr(platformdirs, "user_config_path", lambda *_, **__: tmp_path)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
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
    assert [entry.dist.name for entry in extensions(IMPORTERS) if entry.dist] == [
        "brokerkit-kr-kis",
        "brokerkit-kr-kiwoom",
    ]
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
    assert allowed_packages() == ("brokerkit-kr-kis", "Brokerkit_KR.kiwoom")
    assert list(read_profiles(path)[0]) == ["main"]


# What is wrong with one package hurts nobody else


def package(folder: Path, papers: str, metadata: str, entries: str, code: str = "") -> None:
    (folder / papers).mkdir()
    (folder / papers / ("PKG-INFO" if papers.endswith("egg-info") else "METADATA")).write_text(metadata)
    (folder / papers / "entry_points.txt").write_bytes(entries.encode("latin-1"))
    (folder / "odd_adapter.py").write_text(code)


FULL = "".join(f"[{group}]\nodd = odd_adapter:Odd\n" for group in (BROKERS, SANDBOXES, IMPORTERS))
NAMED = "Metadata-Version: 2.1\nName: odd-package\nVersion: 1\n"
EXITS = "import sys\nsys.exit(3)\n"
ODD: dict[str, tuple[str, str, str, str, str]] = {
    "no name in its metadata": ("odd-1.dist-info", "Metadata-Version: 2.1\n", FULL, "Odd = 1\n", "without a name"),
    "no metadata to speak of": ("odd.egg-info", "", FULL, "Odd = 1\n", "without a name"),
    "a blank name": ("odd-1.dist-info", NAMED, f"[{BROKERS}]\n = odd_adapter:Odd\n", "", "odd-package"),
    "a line that is none": ("odd-1.dist-info", NAMED, f"[{BROKERS}]\nnonsense\n", "", "odd-package"),
    "another encoding": ("odd-1.dist-info", NAMED, f"[{BROKERS}]\n\xff = odd_adapter:Odd\n", "", "odd-package"),
    "an exit at its import": ("odd-1.dist-info", NAMED, FULL, EXITS, "SystemExit: 3"),
    "an exception of its own kind": (
        "odd-1.dist-info",
        NAMED,
        FULL,
        "class Odd(BaseException): ...\nraise Odd('of my own')\n",
        "Odd: of my own",
    ),
    "an exception without words": (
        "odd-1.dist-info",
        NAMED,
        FULL,
        "class Odd(BaseException):\n    def __str__(self):\n        raise self\nraise Odd\n",
        "cannot be loaded: Odd.",
    ),
    "something else than an adapter": ("odd-1.dist-info", NAMED, FULL, "Odd = 1\n", "it is no Adapter"),
}


@pytest.fixture(params=ODD)
def odd(request: pytest.FixtureRequest, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Install a package with something wrong, and return words that name it."""
    *parts, words = ODD[request.param]
    (place / "brokerkit.toml").write_text("")
    package(tmp_path, *parts)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "odd_adapter", raising=False)
    monkeypatch.setattr("brokerkit.extensions._said", set())
    return words


def test_a_package_with_something_wrong_is_named_and_the_other_brokers_go_on(
    odd: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with get_broker("kis", environment="sandbox") as broker:
        assert broker.quote("005930").symbol == "005930"
    with pytest.raises(ConfigError) as refused:
        get_broker("odd", environment="sandbox")
    assert main(["brokers", "--json"]) == 0
    told = {each["name"]: each for each in json.loads(capsys.readouterr().out)}
    assert told["kis"]["error"] is None
    said = str(refused.value) + caplog.text + str(told.get("odd"))
    assert odd in said


@pytest.mark.usefixtures("odd")
def test_the_demo_and_the_sandbox_go_on_without_what_cannot_be_played(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert main(["demo", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"kis", "kiwoom"}
    stopped = threading.Event()
    stopped.set()
    monkeypatch.setattr("brokerkit.cli.sandbox._stop_signal", lambda: nullcontext(stopped))
    assert main(["sandbox", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"kis", "kiwoom"}


def test_words_of_ours_that_an_import_raises_are_kept_in_english(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "brokerkit.toml").write_text("")
    code = 'from brokerkit import NotSent\nraise NotSent("nothing was sent.")\n'
    package(tmp_path, "odd-1.dist-info", NAMED, FULL, code)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "odd_adapter", raising=False)
    with speaking(KOREAN), pytest.raises(ConfigError) as refused:
        get_broker("odd", environment="sandbox")
    assert "NotSent: nothing was sent. | Nothing was sent: it is safe to try again." in refused.value.words


def test_what_an_import_prints_does_not_go_into_our_output(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: Any
) -> None:
    (place / "brokerkit.toml").write_text("")
    package(tmp_path, "odd-1.dist-info", NAMED, FULL, "print('buy our library')\nOdd = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "odd_adapter", raising=False)
    monkeypatch.setattr("brokerkit.extensions._said", set())
    assert main(["brokers", "--json"]) == 0
    assert {"kis", "odd"} <= {each["name"] for each in json.loads(capsys.readouterr().out)}
    assert "of odd-package) prints when it is imported: buy our library" in caplog.text
