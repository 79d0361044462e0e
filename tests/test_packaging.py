"""What a user installs: three wheels in an environment of their own, far from this tree. It costs about 15 seconds."""

from __future__ import annotations

import ast
import json
import os
import re
import site
import subprocess
import sys
import tarfile
import time
import tomllib
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import brokerkit

ROOT = Path(__file__).parent.parent
PROJECTS = {
    "brokerkit_kr": ROOT,
    **{f"brokerkit_kr_{path.name}": path for path in sorted((ROOT / "plugins").iterdir()) if path.is_dir()},
}
PLUGINS = [name for name in PROJECTS if name != "brokerkit_kr"]
BROKERS = [name.removeprefix("brokerkit_kr_") for name in PLUGINS]
TEMPLATES = "brokerkit/templates/"
"""Distributions to begin with, tests and all."""
PACKAGES = [
    ROOT / "brokerkit",
    *(PROJECTS[name] / f"brokerkit_{broker}" for name, broker in zip(PLUGINS, BROKERS, strict=True)),
]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("wheels")
    built = (next(iter(WheelBuilder(str(root)).build(directory=str(folder)))) for root in PROJECTS.values())
    return dict(zip(PROJECTS, map(Path, built), strict=True))


def names_in(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as opened:
        return opened.namelist()


def text_in(wheel: Path, ending: str) -> str:
    with zipfile.ZipFile(wheel) as opened:
        (name,) = (name for name in opened.namelist() if name.endswith(ending))
        return opened.read(name).decode()


def metadata(wheel: Path) -> Message:
    return Parser().parsestr(text_in(wheel, ".dist-info/METADATA"))


# What is in the wheels


@pytest.mark.parametrize("name", PROJECTS)
def test_a_wheel_carries_code_and_its_papers_and_nothing_else(name: str, wheels: dict[str, Path]) -> None:
    names = names_in(wheels[name])
    papers = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "LICENSE"}
    assert {Path(each).name for each in names if ".dist-info/" in each} == papers
    code = [each for each in names if ".dist-info/" not in each and not each.startswith(TEMPLATES)]
    data = [each for each in code if Path(each).suffix == ".jsonl"]
    assert data == ([f"brokerkit_{name.removeprefix('brokerkit_kr_')}/catalogue/apis.jsonl"] if name in PLUGINS else [])
    words = [each for each in code if Path(each).suffix == ".json"]
    assert words
    assert all(re.fullmatch(r"brokerkit/korean/\w+\.json|brokerkit_\w+/korean\.json", each) for each in words)
    assert {Path(each).suffix for each in code} - {".jsonl", ".json"} == {".py", ".typed"}
    assert not [each for each in code if re.search(r"(^|/)(tests?|test_\w+|conftest)(/|\.py$)", each)]


@pytest.mark.parametrize("name", PLUGINS)
def test_the_catalogue_of_a_plugin_is_small(name: str, wheels: dict[str, Path]) -> None:
    with zipfile.ZipFile(wheels[name]) as opened:
        (info,) = (each for each in opened.infolist() if each.filename.endswith("/catalogue/apis.jsonl"))
    assert info.file_size > 100_000
    assert info.compress_size < 400_000


def test_the_core_carries_the_whole_template_of_an_adapter(wheels: dict[str, Path]) -> None:
    carried = {name for name in names_in(wheels["brokerkit_kr"]) if name.startswith(TEMPLATES)}
    assert carried == {path for path in tracked() if path.startswith(TEMPLATES)}
    assert {f"{TEMPLATES}plugin/.gitignore", f"{TEMPLATES}plugin/tests/test_wire.py"} < carried


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)  # noqa: S607
    return done.stdout.decode().split("\0")


@pytest.mark.parametrize("name", PROJECTS)
def test_metadata_says_what_the_code_says(name: str, wheels: dict[str, Path]) -> None:
    told = metadata(wheels[name])
    assert told["Name"] == name.replace("_", "-")
    assert told["Version"] == brokerkit.__version__
    assert told["Requires-Python"] == ">=3.11"
    assert told["License-Expression"] == "MIT"
    assert told["Description-Content-Type"] == "text/markdown"
    assert str(told.get_payload()).startswith("# ")


def test_the_core_offers_its_extras(wheels: dict[str, Path]) -> None:
    told = metadata(wheels["brokerkit_kr"])
    assert {"sandbox", "cli", "keyring", "tls", "plot", "otel", "testing"} <= set(told.get_all("Provides-Extra", []))
    needed = [line for line in told.get_all("Requires-Dist", []) if "extra ==" not in line]
    assert {re.split(r"[<>=~]", line)[0] for line in needed} == {
        *("requests", "urllib3", "pydantic", "stevedore", "platformdirs", "filelock"),
    }


CHECKERS = {"mypy", "ruff", "types-requests", "types-pyyaml"}
"""What only checks the code is not tried in its lowest version."""


def test_the_lowest_versions_that_are_tried_are_those_that_are_allowed() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(line for each in project["optional-dependencies"].values() for line in each)]
    wanted = [Requirement(line) for line in asked]
    floors = {
        canonicalize_name(each.name): Version(next(part.version for part in each.specifier if part.operator == ">="))
        for each in wanted
        if each.name not in {*CHECKERS, "brokerkit-kr"}
    }
    lines = (ROOT / "constraints-lowest.txt").read_text(encoding="utf-8").splitlines()
    tried = dict(line.split("==") for line in lines if not line.startswith("#"))
    assert {canonicalize_name(name): Version(version) for name, version in tried.items()} == floors


@pytest.mark.parametrize("name", PLUGINS)
def test_a_plugin_needs_the_core_of_its_own_series(name: str, wheels: dict[str, Path]) -> None:
    told = metadata(wheels[name])
    series = ".".join(brokerkit.__version__.split(".")[:2])
    assert f"brokerkit-kr~={series}.0" in told.get_all("Requires-Dist", [])
    assert "sandbox" in told.get_all("Provides-Extra", [])


@pytest.mark.parametrize(("name", "broker"), list(zip(PLUGINS, BROKERS, strict=True)))
def test_a_plugin_announces_its_adapter_and_its_sandbox(name: str, broker: str, wheels: dict[str, Path]) -> None:
    entries = text_in(wheels[name], "entry_points.txt")
    for group in ("brokerkit.brokers", "brokerkit.sandboxes"):
        assert re.search(rf"\[{re.escape(group)}\]\n{broker} = brokerkit_{broker}\.", entries)


@pytest.mark.parametrize("name", PROJECTS)
def test_a_source_archive_holds_what_a_wheel_is_built_from(name: str, wheels: dict[str, Path], tmp_path: Path) -> None:
    (archive,) = SdistBuilder(str(PROJECTS[name])).build(directory=str(tmp_path))
    with tarfile.open(archive) as opened:
        opened.extractall(tmp_path, filter="data")
    source = tmp_path / Path(archive).name.removesuffix(".tar.gz")
    assert not (source / "tests").exists()
    (again,) = WheelBuilder(str(source)).build(directory=str(tmp_path / "again"))
    assert sorted(names_in(Path(again))) == sorted(names_in(wheels[name]))


# Installed


@dataclass(frozen=True)
class Installed:
    """An environment with our wheels, where programs run as they would anywhere else."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts" if os.name == "nt" else "bin") / "python"

    def says(self, *arguments: str) -> str:
        """Run Python without what surrounds it and return what it printed."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("BROKERKIT_", "PYTHON"))}
        own = {f"BROKERKIT_{kind}_DIR": str(self.folder / kind.lower()) for kind in ("CACHE", "STATE")}
        done = subprocess.run(  # noqa: S603
            [str(self.python), "-I", *arguments],
            cwd=self.folder,
            env={**kept, **own},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stderr == ""
        return done.stdout

    def install(self, *wheels: Path) -> None:
        """Put wheels in, and nothing that they need."""
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", str(self.python), "install"]
        done = subprocess.run(  # noqa: S603
            [*command, "--quiet", "--no-deps", "--no-index", *map(str, wheels)],
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr


def environment(folder: Path, *wheels: Path) -> Installed:
    """Install wheels. What they need comes from the environment of the tests, without its links to the tree."""
    venv.create(folder, with_pip=False)
    made = Installed(folder)
    made.install(*wheels)
    (packages,) = folder.glob("Lib/site-packages" if os.name == "nt" else "lib/python*/site-packages")
    # The .pth files in a folder that is named in a .pth file are not read: editable installs do not come along.
    (packages / "others.pth").write_text("\n".join(site.getsitepackages()), encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def installed(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return environment(tmp_path_factory.mktemp("user") / "venv", *wheels.values())


@pytest.mark.slow
def test_what_is_imported_comes_from_the_wheels(installed: Installed) -> None:
    modules = ["brokerkit", *(f"brokerkit_{broker}" for broker in BROKERS)]
    places = installed.says("-c", f"import {', '.join(modules)}; print({', '.join(f'{m}.__file__' for m in modules)})")
    assert all(Path(place).is_relative_to(installed.folder) for place in places.split())
    told = installed.says("-c", "import sys, brokerkit; print(*sys.path, sep='\\n')").splitlines()
    assert str(ROOT) not in told


@pytest.mark.slow
def test_the_version_names_core_and_adapters(installed: Installed) -> None:
    lines = installed.says("-m", "brokerkit", "--version").splitlines()
    version = brokerkit.__version__
    assert lines == [f"brokerkit {version}", *(f"{broker} {version}" for broker in BROKERS)]


@pytest.mark.slow
def test_the_command_is_installed(installed: Installed) -> None:
    command = next(installed.python.parent.glob("brokerkit*"))
    done = subprocess.run([str(command), "--help"], capture_output=True, encoding="utf-8", check=False)  # noqa: S603
    assert done.returncode == 0
    assert "quote" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("broker", BROKERS)
def test_the_script_of_the_readme_runs_from_the_wheels(broker: str, installed: Installed) -> None:
    (script,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    printed = installed.says("-c", script.replace('"kis"', f'"{broker}"'))
    assert len(printed.splitlines()) >= 31


USER = """
from decimal import Decimal

from brokerkit import Broker, InvestorFlow, Order, OrderStatus, get_broker

def foreign(days: tuple[InvestorFlow, ...]) -> list[Decimal]:
    return [day.foreign.net_quantity for day in days if day.foreign.net_quantity is not None]

def trade(broker: Broker) -> Order:
    order = broker.buy("005930", 10, price=70_000)
    reveal_type(broker.quote("005930").price)
    reveal_type(broker.quote("005930").volume)
    reveal_type(broker.order_book("005930").asks[0].quantity)
    reveal_type(broker.balance().positions)
    reveal_type(order.status)
    return order if order.status is OrderStatus.FILLED else broker.wait(order, timeout=1.5)

with get_broker("kis", environment="sandbox") as mine:
    reveal_type(mine)
    print(trade(mine).id, foreign(mine.investor_flow("005930")))
"""
WRONG = {
    'broker.buy("005930", [10], price=70_000)': "arg-type",
    'broker.buy("005930", 10, prise=70_000)': "call-arg",
    'broker.quote("005930").prise': "attr-defined",
    'broker.quote("005930", venue="KRX")': "arg-type",
    'broker.quote("005930").volume + 1': "operator",
}


@pytest.mark.slow
def test_a_user_sees_the_types_of_the_installed_wheels(installed: Installed) -> None:
    right, wrong = installed.folder / "right.py", installed.folder / "wrong.py"
    right.write_text(USER, encoding="utf-8")
    head = ["from brokerkit import Broker", "def use(broker: Broker) -> None:"]
    wrong.write_text("\n".join([*head, *(f"    {line}" for line in WRONG)]) + "\n", encoding="utf-8")
    done = subprocess.run(  # noqa: S603
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary"),
            *("--cache-dir", str(installed.folder / "mypy"), "--python-executable", str(installed.python)),
            *(right.name, wrong.name),
        ],
        cwd=installed.folder,
        env={key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "MYPYPATH")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    lines = done.stdout.splitlines()
    revealed = re.findall(r'^right\.py:\d+: note: Revealed type is "(.*)"$', done.stdout, re.MULTILINE)
    assert [re.sub(r"\w+\.(?=\w)", "", kind) for kind in revealed] == [
        *("Decimal", "Decimal | None", "Decimal", "Table[Position]", "OrderStatus", "Broker"),
    ], done.stdout
    assert [line for line in lines if line.startswith("right.py") and "error:" in line] == []
    told = {
        int(number): code for number, code in re.findall(r"^wrong\.py:(\d+): error: .*\[([\w-]+)\]$", done.stdout, re.M)
    }
    assert told == dict(enumerate(WRONG.values(), 3)), done.stdout


# Not for Linux alone


def called(node: ast.Call) -> str:
    """Return the name of what is called, without the object it belongs to unless that is `os` or a feed of frames."""
    if isinstance(node.func, ast.Attribute):
        owner = node.func.value.id if isinstance(node.func.value, ast.Name) else ""
        return f"{owner}.{node.func.attr}" if owner in ("os", "feed") else node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def without_encoding(tree: ast.Module) -> Iterator[int]:
    """Yield the lines where text is read or written in the encoding of the machine, which differs on Windows."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name, keys = called(node), {key.arg: key.value for key in node.keywords}
        texts = [each.value for each in (*node.args, keys.get("mode")) if isinstance(each, ast.Constant)]
        is_binary = any(isinstance(text, str) and re.fullmatch("[rwxa+]*b[rwxa+]*", text) for text in texts)
        opens = name in ("open", "os.fdopen") and not is_binary
        starts = name in ("run", "Popen", "check_output") and {"text", "universal_newlines"} & set(keys)
        if (opens or starts or name in ("read_text", "write_text")) and "encoding" not in keys:
            yield node.lineno


def test_every_text_names_its_encoding() -> None:
    sources = [path for package in PACKAGES for path in sorted(package.rglob("*.py"))]
    assert len(sources) > 80
    found = {path: list(without_encoding(ast.parse(path.read_text(encoding="utf-8")))) for path in sources}
    assert {path.relative_to(ROOT).as_posix(): lines for path, lines in found.items() if lines} == {}


def test_a_text_without_an_encoding_would_be_found() -> None:
    wrong = ["open(a)", "open(a, 'w')", "a.open()", "os.fdopen(a, mode='r')", "a.read_text()", "a.write_text(b)"]
    wrong += ["subprocess.run(a, text=True)", "subprocess.Popen(a, universal_newlines=True)"]
    right = ["open(a, 'rb')", "a.open('wb')", "os.open(a, b)", "open(a, encoding='utf-8')", "subprocess.run(a)"]
    right += ["a.read_text(encoding='utf-8')", "a.read_bytes()", "os.fdopen(a, 'wb')", "run(a, text=True, encoding=b)"]
    lines = "\n".join(wrong + right)
    assert list(without_encoding(ast.parse(lines))) == list(range(1, len(wrong) + 1))


@pytest.mark.slow
def test_a_new_plugin_is_installed_and_proven_far_from_this_tree(wheels: dict[str, Path], tmp_path: Path) -> None:
    started = time.monotonic()
    user = environment(tmp_path / "venv", wheels["brokerkit_kr"])
    user.says("-m", "brokerkit", "new-plugin", "pine-tree")
    (wheel,) = WheelBuilder(str(user.folder / "brokerkit-pine-tree")).build(directory=str(tmp_path))
    user.install(Path(wheel))
    found = {each["name"]: each for each in json.loads(user.says("-m", "brokerkit", "brokers", "--json"))}
    assert found["pine-tree"]["error"] is None
    assert "quote" in found["pine-tree"]["verbs"]["sandbox"]
    report = json.loads(user.says("-m", "brokerkit", "conformance", "pine-tree", "--level", "0", "--json"))
    assert report["level"] == 0
    print(f"From an empty environment to level 0: {time.monotonic() - started:.1f} s")


ELSEWHERE = """
import asyncio, filelock, os, platformdirs, requests, signal, stevedore, subprocess, sys, tempfile, uvicorn

for name in (
    "fork", "forkpty", "register_at_fork", "getuid", "geteuid", "getgid", "getegid", "getpgid", "setsid", "killpg",
    "chown", "fchown", "mkfifo", "uname", "sysconf", "statvfs", "O_NOFOLLOW", "O_CLOEXEC", "O_DIRECTORY",
):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGKILL", "SIGALRM", "SIGPIPE", "alarm", "pthread_sigmask"):
    delattr(signal, name)
for name in ("fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty", "readline"):
    sys.modules[name] = None

from brokerkit import get_broker
from brokerkit.sandbox import Sandbox

with Sandbox() as sandbox:
    line = sandbox.connect(sys.argv[1])
    keys = {"base_url": line.base_url, "app_key": line.app_key, "app_secret": line.app_secret, "account": line.account}
    for _ in range(2):  # the second one finds the token in its file
        with get_broker(sys.argv[1], environment="sandbox", **keys) as broker:
            broker.cancel(broker.buy("005930", 1, price=broker.quote("005930").lower_limit))
            print(len(broker.orders()))
"""
"""A system without what only POSIX has. Other libraries are imported before: they chose by the system that this is."""


@pytest.mark.slow
@pytest.mark.parametrize("broker", BROKERS)
def test_it_trades_where_posix_is_not(broker: str, installed: Installed) -> None:
    assert installed.says("-c", ELSEWHERE, broker) == "0\n0\n"
