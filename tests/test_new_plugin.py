"""`brokerkit new-plugin`: what it writes, what it refuses, and that what it writes is sound whatever it is called."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

import brokerkit
from brokerkit import UnknownSymbol, Unsupported, get_broker
from brokerkit.cli import main
from brokerkit.cli.plugins import LONGEST, OTHERS, checked_name, renamed, write_plugin
from brokerkit.errors import ConfigError
from brokerkit.sandbox import Sandbox
from brokerkit.testing import conform
from brokerkit.testing.report import Outcome

ROOT = Path(__file__).parent.parent
TEMPLATE = ROOT / "brokerkit" / "templates" / "plugin"
SPELLINGS = re.compile("new[-_ ]?broker", re.IGNORECASE)
SHORT, LONG = "a", "pine-and-alder-securities-2-seoul"[:LONGEST]


def files_in(folder: Path) -> dict[str, str]:
    """Return the texts of a distribution by their places."""
    kept = [path for path in folder.rglob("*") if path.is_file() and not any(map(OTHERS.fullmatch, path.parts))]
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in kept}


def pyproject(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))


# The name


@pytest.mark.parametrize(
    ("given", "spelled", "package", "kind"),
    [
        ("pine", "pine", "brokerkit_pine", "PineAdapter"),
        ("pine-tree", "pine-tree", "brokerkit_pine_tree", "PineTreeAdapter"),
        ("pine_tree", "pine-tree", "brokerkit_pine_tree", "PineTreeAdapter"),
        ("class", "class", "brokerkit_class", "ClassAdapter"),
        ("pine-2-go", "pine-2-go", "brokerkit_pine_2_go", "Pine2GoAdapter"),
    ],
)
def test_a_name_is_spelled_as_each_place_wants_it(
    given: str, spelled: str, package: str, kind: str, tmp_path: Path
) -> None:
    assert checked_name(given) == spelled
    write_plugin(spelled, tmp_path / "made")
    project = pyproject(tmp_path / "made")["project"]
    assert project["name"] == f"brokerkit-{spelled}"
    assert project["entry-points"]["brokerkit.brokers"] == {spelled: f"{package}.adapter:{kind}"}
    assert f"class {kind}(Adapter)" in files_in(tmp_path / "made")[f"{package}/adapter.py"]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("Pine", "32 at most. It could be pine."),
        ("pine tree", "32 at most. It could be pine-tree."),
        ("pine--tree", "32 at most. It could be pine-tree."),
        ("_pine", "32 at most. It could be pine."),
        ("3m", "32 at most. It could be m."),
        ("pine.tree", "32 at most. It could be pine-tree."),
        ("../pine", "32 at most. It could be pine."),
        ("pine\n", "32 at most. It could be pine."),
        ("소나무", "32 at most."),
        ("p\u0131ne", "32 at most. It could be p-ne."),
        ("", "32 at most."),
        ("p" * (LONGEST + 1), f"32 at most. It could be {'p' * LONGEST}."),
        ("brokerkit-pine", "name the broker only"),
    ],
)
def test_a_name_that_cannot_be_one_is_refused_with_one_that_can(name: str, advice: str) -> None:
    with pytest.raises(ConfigError) as refused:
        checked_name(name)
    assert advice in str(refused.value)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("sandbox", "sandbox is a word of brokerkit itself."),
        ("kis", "A broker that is called kis is installed."),
        ("kr", "A package that is called brokerkit-kr is installed."),
        ("kr_kiwoom", "A package that is called brokerkit-kr-kiwoom is installed."),
    ],
)
def test_a_name_that_is_taken_is_refused(name: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        checked_name(name)


def test_a_name_whose_package_is_there_is_refused_though_nothing_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "brokerkit_oak_tree.py").write_text("raise RuntimeError\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match="brokerkit-oak-tree is installed"):
        checked_name("oak-tree")


# The folder


def test_a_plugin_is_written_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["new-plugin", "pine_tree"]) == 0
    told = capsys.readouterr().out
    assert "called pine-tree" in told
    assert f"--editable '{tmp_path}/brokerkit-pine-tree[test]'" in told
    assert files_in(tmp_path / "brokerkit-pine-tree").keys() == {
        place.replace("new_broker", "pine_tree") for place in files_in(TEMPLATE)
    }


def test_programs_are_told_where_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new-plugin", "pine", "--json", "--folder", str(tmp_path / "deep" / "er")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["name"], told["folder"]) == ("pine", str(tmp_path / "deep" / "er"))
    assert set(told["files"]) == set(files_in(tmp_path / "deep" / "er"))


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_nothing_is_written_over(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "mine"
    make = {"folder": place.mkdir, "file": place.touch, "link": lambda: place.symlink_to(tmp_path / "gone")}
    make[kind]()
    assert main(["new-plugin", "pine", "--folder", str(place)]) == 2
    assert "mine exists, and nothing is written over. | Name another folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.rglob("*")] == ["mine"]


def test_what_cannot_be_written_whole_is_not_left_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, written = Path.write_text, []

    def until_the_disk_is_full(path: Path, *given: Any, **more: Any) -> int:
        if len(written) == 3:
            raise OSError(28, "No space left on device")
        written.append(path)
        return write(path, *given, **more)

    monkeypatch.setattr(Path, "write_text", until_the_disk_is_full)
    with pytest.raises(ConfigError, match=r"cannot be written: No space left on device\."):
        write_plugin("pine", tmp_path / "made")
    assert list(tmp_path.iterdir()) == []
    assert len(written) == 3


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"cannot be written: Not a directory\."):
        write_plugin("pine", tmp_path / "file" / "made")
    with pytest.raises(ConfigError, match=r"cannot be written: its name is no path here\."):
        write_plugin("pine", tmp_path / "a\0b")


# What is written


def test_the_template_is_itself_a_plugin_so_its_own_name_changes_nothing() -> None:
    for place, text in files_in(TEMPLATE).items():
        assert (renamed(place, "new-broker"), renamed(text, "new-broker")) == (place, text)


def test_no_spelling_of_the_name_of_the_template_is_left() -> None:
    for place, text in files_in(TEMPLATE).items():
        assert SPELLINGS.findall(renamed(place + text, "pine-tree")) == []
    assert all(SPELLINGS.search(text) for place, text in files_in(TEMPLATE).items() if place.endswith("sandbox.py"))


def test_the_template_is_checked_as_this_project_is_and_needs_this_version() -> None:
    ours, theirs = pyproject(ROOT), pyproject(TEMPLATE)
    assert theirs["build-system"] == ours["build-system"]
    assert theirs["project"]["requires-python"] == ours["project"]["requires-python"]
    for each in ("line-length", "target-version"):
        assert theirs["tool"]["ruff"][each] == ours["tool"]["ruff"][each]
    for each in ("select", "ignore"):
        assert theirs["tool"]["ruff"]["lint"][each] == ours["tool"]["ruff"]["lint"][each]
    for each in ("strict", "python_version", "plugins"):
        assert theirs["tool"]["mypy"][each] == ours["tool"]["mypy"][each]
    for each in ("addopts", "xfail_strict", "filterwarnings"):
        assert theirs["tool"]["pytest"]["ini_options"][each] == ours["tool"]["pytest"]["ini_options"][each]
    series = ".".join(brokerkit.__version__.split(".")[:2])
    needed = [theirs["project"]["dependencies"], *theirs["project"]["optional-dependencies"].values()]
    assert all(line.endswith(f"~={series}.0") for lines in needed for line in lines if "brokerkit" in line)


def test_the_face_is_small_and_imports_nothing_of_the_adapter() -> None:
    text = files_in(TEMPLATE)["brokerkit_new_broker/sandbox.py"]
    assert not re.search(r"^(from|import) brokerkit_new_broker", text, re.MULTILINE)
    body = text[text.index("class Refused") :]
    assert len([line for line in body.splitlines() if line.strip()]) <= 65


# What it can


def announced(name: str, place: Path) -> Path:
    """Write a plugin with what an installation adds: the paper that tells its entry points."""
    write_plugin(name, place)
    project = pyproject(place)["project"]
    papers = place / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    papers.mkdir()
    told = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (papers / "METADATA").write_text(told, encoding="utf-8")
    groups = [f"[{group}]\n{name} = {each[name]}\n" for group, each in project["entry-points"].items()]
    (papers / "entry_points.txt").write_text("".join(groups), encoding="utf-8")
    return place


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Let `pine` be installed, and a sandbox that plays it."""
    monkeypatch.syspath_prepend(announced("pine", tmp_path / "pine"))
    with Sandbox() as sandbox:
        yield sandbox
    for module in [each for each in sys.modules if each.partition(".")[0] == "brokerkit_pine"]:
        del sys.modules[module]


def test_it_quotes_at_once(sandbox: Sandbox) -> None:
    with get_broker("pine", environment="sandbox", sandbox=sandbox) as broker:
        truth = sandbox.exchange.quote("005930")
        absent = dict.fromkeys(("turnover", "upper_limit", "lower_limit", "time"))
        assert broker.quote("005930") == truth.model_copy(update=absent)
        with pytest.raises(UnknownSymbol, match="SYMBOL"):
            broker.quote("999999")


def test_it_offers_nothing_else_and_asks_nobody_for_it(sandbox: Sandbox) -> None:
    with get_broker("pine", environment="sandbox", sandbox=sandbox) as broker:
        assert [verb for verb in ("quote", "order_book", "balance", "buy", "orders") if broker.supports(verb)] == [
            "quote"
        ]
        for ask in (broker.balance, broker.orders, lambda: broker.buy("005930", 1, price=70_000)):
            with pytest.raises(Unsupported):
                ask()
    assert sandbox.face("pine").requests == []


def test_it_reaches_level_1_at_once(sandbox: Sandbox) -> None:
    report = conform("pine", level=1)
    assert (report.level, report.failed) == (1, ())
    assert {each.name for each in report.of(Outcome.PASSED)} > {
        "test_the_entry_point_is_found",
        "test_quote_tells_the_truth_field_by_field",
    }
    assert {"test_order_book_tells_the_truth"} < {each.name for each in report.of(Outcome.NOT_DECLARED)}


def test_its_token_is_renewed_and_given_back(sandbox: Sandbox) -> None:
    face = sandbox.face("pine")
    with get_broker("pine", environment="sandbox", sandbox=sandbox) as broker:
        broker.quote("005930")
        face.kill_tokens()
        assert broker.quote("005930").price > 0
        assert broker.client.revoke()
    assert [request.path for request in face.requests] == [
        *("/login", "/price", "/price", "/login", "/price", "/logout"),
    ]


def test_wrong_keys_are_told(sandbox: Sandbox) -> None:
    line = sandbox.connect("pine")
    with (
        get_broker(
            "pine",
            environment="sandbox",
            base_url=line.base_url,
            account=line.account,
            app_key=line.app_key,
            app_secret=SecretStr("SANDBOX" + 57 * "0"),
        ) as broker,
        pytest.raises(brokerkit.AuthError, match="KEY"),
    ):
        broker.quote("005930")


def runs(place: Path, *command: str) -> None:
    """Run a module of Python in a plugin; it has to end well."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("BROKERKIT_", "PYTEST_"))}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", *command],
        cwd=place,
        env={**kept, "PYTHONPATH": str(place)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", [SHORT, LONG])
def test_it_is_laid_out_and_linted_whatever_it_is_called(name: str, tmp_path: Path) -> None:
    write_plugin(name, tmp_path / "made")
    runs(tmp_path / "made", "ruff", "format", "--check", "--no-cache")
    runs(tmp_path / "made", "ruff", "check", "--no-cache")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_its_types_are_sound(tmp_path: Path) -> None:
    write_plugin("pine-tree", tmp_path / "made")
    runs(tmp_path / "made", "mypy", "--no-error-summary", "--cache-dir", str(tmp_path / "cache"))


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_its_own_tests_pass(tmp_path: Path) -> None:
    runs(announced("pine-tree", tmp_path / "made"), "pytest", "-q", "-p", "no:cacheprovider")
