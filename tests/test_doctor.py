"""`brokerkit doctor`: each broken setup is told with advice, and where the advice is followed the finding is gone."""

from __future__ import annotations

import datetime as dt
import errno
import json
import logging
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock
from pydantic import SecretStr, ValidationError

from brokerkit import Broker, clock, files, get_broker, registry
from brokerkit.cli import exits, main
from brokerkit.doctor import accounts, folders, locks, machine
from brokerkit.doctor.examination import examine
from brokerkit.doctor.finding import Finding, State, ok
from brokerkit.errors import AuthError, NetworkError, UnknownBroker
from brokerkit.orders.intents import IntentState
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.certificate import make_certificate
from brokerkit.transport import Token
from tests.journals import begin, intent_of

ROOT = Path(__file__).parent.parent
KEY, SECRET, TOKEN = "CANARYkey77d0123456789", "CANARYsecret5a1f0123456789", "CANARYtoken99912345678"
ACCOUNT = "6123456701"
SECRETS = (KEY, SECRET, TOKEN, ACCOUNT, ACCOUNT[:8], "61234567-01")
PROFILE = """\
default = "main"
[profiles.main]
broker = "kis"
environment = "real"
account = "61234567-01"
app_key = { env = "MAIN_KEY" }
app_secret = { env = "MAIN_SECRET" }
markets = ["KR"]
"""
LIMITS = """\
[profiles.main.limits]
max_order_quantity = 1
max_order_value = 1
max_orders_per_minute = 1
max_orders_per_day = 1
"""


@dataclass
class Setup:
    """A configured user whose setup a test breaks and mends."""

    folder: Path
    set: Callable[[str, str], None]
    unset: Callable[[str], None]

    @property
    def file(self) -> Path:
        return self.folder / "brokerkit.toml"

    @property
    def cache(self) -> Path:
        return self.folder / "cache"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def write(self, old: str, new: str) -> None:
        """Write something else in the configuration."""
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new))

    def broker(self) -> Broker:
        return get_broker("main")

    def token_file(self) -> Path:
        """Keep a token as a program does, and return its file."""
        with self.broker() as broker:
            ends = clock.now() + dt.timedelta(hours=20)
            broker.client._tokens.get(lambda: Token(SecretStr(TOKEN), ends))
        return next((self.cache / "tokens").glob("*.json"))

    def journal(self) -> Path:
        """Write an order down as a program does that is stopped while it sends, and return the file."""
        with self.broker() as broker:
            journal = broker.journal
            path = journal.path
            assert path is not None
            sent = begin(journal, intent_of())
            journal.decide(sent.moved(IntentState.UNKNOWN, "no answer"))
            journal.close()
        return path


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nothing_configured: None) -> Setup:
    """Return a setup with nothing wrong with it."""
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("MAIN_KEY", KEY)
    monkeypatch.setenv("MAIN_SECRET", SECRET)
    for name in ("cache", "state"):
        (tmp_path / name).mkdir(mode=0o700)
    (tmp_path / "brokerkit.toml").write_text(PROFILE)
    (tmp_path / "brokerkit.toml").chmod(0o600)
    synchronized = tmp_path / "timesync"
    synchronized.mkdir()
    (synchronized / "synchronized").touch()
    monkeypatch.setattr(machine, "TIME_FOLDER", synchronized)
    return Setup(tmp_path, monkeypatch.setenv, monkeypatch.delenv)


def wrong(found: list[Finding]) -> list[tuple[str | None, str, str]]:
    return [(each.profile, each.subject, each.state.value) for each in found if each.state is not State.OK]


def test_a_sound_setup_has_nothing_to_mend(setup: Setup, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == exits.DONE
    shown = capsys.readouterr()
    assert wrong(list(examine())) == []
    assert "this machine" in shown.out
    assert "profile main" in shown.out
    assert shown.err == ""


# A broken setup, what is said of it, and the advice followed


@dataclass(frozen=True)
class Case:
    """How a setup is broken, which finding that makes, and how its advice is followed."""

    breaks: Callable[[Setup], object]
    subject: str
    state: str
    says: str
    mends: Callable[[Setup], object]
    advises: str
    profile: str | None = None


def halted(setup: Setup) -> None:
    assert main(["halt", "prices look wrong"]) == 0


def cut(path: Path) -> None:
    path.write_text(path.read_text()[:40])


def damaged(setup: Setup) -> None:
    path = setup.journal()
    with path.open("r+b") as file:
        file.write(b"no database at all, no database at all")


def newer(setup: Setup) -> None:
    with sqlite3.connect(setup.journal()) as file:
        file.execute("PRAGMA user_version = 99")


def move_away(setup: Setup) -> None:
    for path in (setup.state / "journals").glob("*.journal"):
        path.rename(setup.folder / path.name)


def put_salt_back(setup: Setup) -> None:
    (setup.folder / "salt").rename(setup.state / "journals" / "salt")


def lose_salt(setup: Setup) -> None:
    setup.journal()
    (setup.state / "journals" / "salt").rename(setup.folder / "salt")


def resolve(setup: Setup) -> None:
    with setup.broker() as broker:
        for intent in broker.unresolved():
            broker.resolve(intent, absent=True, reason="not in the broker's list")
        broker.journal.close()


def armed(setup: Setup) -> None:
    setup.write('environment = "real"', 'environment = "real"\narm = "6701"')


def with_file(setup: Setup, mode: int) -> None:
    path = setup.folder / "secret.txt"
    path.write_text(SECRET)
    path.chmod(mode)
    setup.write('{ env = "MAIN_SECRET" }', '{ file = "secret.txt" }')


CASES = {
    "nothing is configured": Case(
        lambda setup: setup.file.unlink(),
        *("configuration", "warning", "there is no brokerkit.toml"),
        lambda setup: setup.file.write_text(PROFILE),
        "brokerkit config init",
    ),
    "no profile in the file": Case(
        lambda setup: setup.file.write_text(""),
        *("configuration", "warning", "has no profile"),
        lambda setup: setup.file.write_text(PROFILE),
        "brokerkit config init",
    ),
    "everybody can write the configuration": Case(
        lambda setup: setup.file.chmod(0o666),
        *("configuration", "error", "everybody can write it"),
        lambda setup: setup.file.chmod(0o644),
        "Run: chmod go-w",
    ),
    "the configuration is no TOML": Case(
        lambda setup: setup.file.write_text("[profiles.main\n"),
        *("configuration", "error", "is not valid TOML"),
        lambda setup: setup.file.write_text(PROFILE),
        "Correct that line",
    ),
    "a folder in the place of the configuration": Case(
        lambda setup: (setup.file.unlink(), setup.file.mkdir()),
        *("configuration", "error", "is no plain file"),
        lambda setup: (setup.file.rmdir(), setup.file.write_text(PROFILE)),
        "Correct the file",
    ),
    "BROKERKIT_CONFIG leads nowhere": Case(
        lambda setup: setup.set("BROKERKIT_CONFIG", str(setup.folder / "gone.toml")),
        *("configuration", "error", "which is not there"),
        lambda setup: setup.unset("BROKERKIT_CONFIG"),
        "Correct or unset it",
    ),
    "BROKERKIT_PROFILE names nothing": Case(
        lambda setup: setup.set("BROKERKIT_PROFILE", "nobody"),
        *("configuration", "error", "BROKERKIT_PROFILE names 'nobody'"),
        lambda setup: setup.unset("BROKERKIT_PROFILE"),
        "Set it to one of main, or unset it",
    ),
    "the default is no profile": Case(
        lambda setup: setup.write('default = "main"', 'default = "mian"'),
        *("configuration", "error", "default names 'mian'"),
        lambda setup: setup.write('default = "mian"', 'default = "main"'),
        "Did you mean main?",
    ),
    "an unknown key": Case(
        lambda setup: setup.write("markets =", "markts ="),
        *("profile", "error", "unknown option 'markts'"),
        lambda setup: setup.write("markts =", "markets ="),
        "Did you mean markets?",
        "main",
    ),
    "an unknown broker": Case(
        lambda setup: setup.write('broker = "kis"', 'broker = "kls"'),
        *("profile", "error", "'kls' is neither a profile nor an installed broker"),
        lambda setup: setup.write('broker = "kls"', 'broker = "kis"'),
        "Did you mean kis?",
        "main",
    ),
    "no environment": Case(
        lambda setup: setup.write('environment = "real"\n', ""),
        *("profile", "error", "no environment was chosen"),
        lambda setup: setup.write('broker = "kis"\n', 'broker = "kis"\nenvironment = "demo"\n'),
        "'demo' or 'real'",
        "main",
    ),
    "an account that is none": Case(
        lambda setup: setup.write("61234567-01", "61234567"),
        *("profile", "error", "lacks the product code"),
        lambda setup: setup.write("61234567", "61234567-01"),
        "Correct the profile",
        "main",
    ),
    "a variable is not set": Case(
        lambda setup: setup.unset("MAIN_SECRET"),
        *("secrets", "error", "the environment variable MAIN_SECRET is not set"),
        lambda setup: setup.set("MAIN_SECRET", SECRET),
        "Set the variable",
        "main",
    ),
    "a secret stands in the file": Case(
        lambda setup: setup.write('{ env = "MAIN_SECRET" }', f'"{SECRET}"'),
        *("secrets", "warning", "app_secret stands in the file as text"),
        lambda setup: setup.write(f'"{SECRET}"', '{ env = "MAIN_SECRET" }'),
        '{ env = "NAME" }',
        "main",
    ),
    "others read the file of a secret": Case(
        lambda setup: with_file(setup, 0o644),
        *("secrets", "warning", "readable by others too"),
        lambda setup: (setup.folder / "secret.txt").chmod(0o600),
        "Run: chmod 600",
        "main",
    ),
    "everybody writes the file of a secret": Case(
        lambda setup: with_file(setup, 0o666),
        *("secrets", "error", "everybody can write it"),
        lambda setup: (setup.folder / "secret.txt").chmod(0o600),
        "Run: chmod 600",
        "main",
    ),
    "the file of a secret is missing": Case(
        lambda setup: setup.write('{ env = "MAIN_SECRET" }', '{ file = "secret.txt" }'),
        *("secrets", "error", "cannot be read: No such file"),
        lambda setup: setup.write('{ file = "secret.txt" }', '{ env = "MAIN_SECRET" }'),
        '{ env = "NAME" }',
        "main",
    ),
    "keys of a sandbox for real": Case(
        lambda setup: setup.write('{ env = "MAIN_KEY" }', '"SANDBOX-key"'),
        *("environment", "error", "app_key of a sandbox"),
        lambda setup: setup.write('"SANDBOX-key"', '{ env = "MAIN_KEY" }'),
        "or keys of the broker",
        "main",
    ),
    "real money without limits": Case(
        armed,
        *("limits", "error", "orders with real money are refused: max_order_quantity"),
        lambda setup: setup.file.write_text(setup.file.read_text() + LIMITS),
        "Write them in [profiles.main.limits]",
        "main",
    ),
    "armed for another account": Case(
        lambda setup: (
            armed(setup),
            setup.write("6701", "9999"),
            setup.file.write_text(setup.file.read_text() + LIMITS),
        ),
        *("orders", "error", "armed for another account"),
        lambda setup: setup.write('arm = "9999"', 'arm = "6701"'),
        "last four digits",
        "main",
    ),
    "an allowed symbol that is none": Case(
        lambda setup: setup.file.write_text(setup.file.read_text() + LIMITS + 'symbols = ["US:AAPL"]\n'),
        *("limits", "error", "US:AAPL is paid in USD"),
        lambda setup: setup.write('symbols = ["US:AAPL"]\n', ""),
        "[profiles.NAME.limits.USD]",
        "main",
    ),
    "the ca_file is missing": Case(
        lambda setup: setup.write("markets =", 'ca_file = "gone.pem"\nmarkets ='),
        *("TLS", "error", "cannot be used"),
        lambda setup: setup.write('ca_file = "gone.pem"\n', ""),
        "Name a PEM file",
        "main",
    ),
    "the cache has no whole path": Case(
        lambda setup: setup.set("BROKERKIT_CACHE_DIR", "cache"),
        *("cache folder", "error", "which is no whole path"),
        lambda setup: setup.set("BROKERKIT_CACHE_DIR", str(setup.cache)),
        "Set BROKERKIT_CACHE_DIR to a whole path",
    ),
    "the state has no whole path": Case(
        lambda setup: setup.set("BROKERKIT_STATE_DIR", "state"),
        *("state folder", "error", "which is no whole path"),
        lambda setup: setup.set("BROKERKIT_STATE_DIR", str(setup.state)),
        "Set BROKERKIT_STATE_DIR to a whole path",
    ),
    "a file in the place of the cache": Case(
        lambda setup: (setup.cache.rmdir(), setup.cache.touch()),
        *("cache folder", "error", "is no folder"),
        lambda setup: setup.cache.unlink(),
        "Remove it",
    ),
    "others write into the state": Case(
        lambda setup: setup.state.chmod(0o777),
        *("state folder", "warning", "others can write into"),
        lambda setup: setup.state.chmod(0o755),
        "Run: chmod go-w",
    ),
    "others look into the tokens": Case(
        lambda setup: (setup.token_file(), (setup.cache / "tokens").chmod(0o755)),
        *("cache folder", "warning", "others can look into"),
        lambda setup: (setup.cache / "tokens").chmod(0o700),
        "Run: chmod 700",
    ),
    "others read the token": Case(
        lambda setup: setup.token_file().chmod(0o644),
        *("cache folder", "error", "others can read or write"),
        lambda setup: next((setup.cache / "tokens").glob("*.json")).chmod(0o600),
        "Run: chmod 600",
    ),
    "the token is cut": Case(
        lambda setup: cut(setup.token_file()),
        *("token", "error", "is damaged"),
        lambda setup: next((setup.cache / "tokens").glob("*.json")).unlink(),
        "Or remove it",
        "main",
    ),
    "the kill switch is on": Case(
        halted,
        *("kill switch", "warning", "The kill switch is on ("),
        lambda setup: main(["resume"]),
        "`brokerkit resume`",
    ),
    "the kill switch is a folder": Case(
        lambda setup: (setup.state / "HALT").mkdir(),
        *("kill switch", "warning", "The kill switch is on"),
        lambda setup: (setup.state / "HALT").rmdir(),
        "is a folder: remove it by hand",
    ),
    "an order may stand": Case(
        Setup.journal,
        *("journal", "error", "1 may stand without our knowing: BUY 10 005930 at 70000"),
        resolve,
        "brokerkit journal reconcile --wait --profile main",
        "main",
    ),
    "the journal is damaged": Case(
        damaged,
        *("journal", "error", "is damaged"),
        move_away,
        "then move the file away",
        "main",
    ),
    "the journal is of a newer brokerkit": Case(
        newer,
        *("journal", "error", "written by a newer brokerkit (version 99)"),
        lambda setup: move_away(setup),
        "Use that version, or update this one",
        "main",
    ),
    "others read the journal": Case(
        lambda setup: (
            setup.journal(),
            resolve(setup),
            next((setup.state / "journals").glob("*.journal")).chmod(0o644),
        ),
        *("journal", "error", "others can read or write it"),
        lambda setup: next((setup.state / "journals").glob("*.journal")).chmod(0o600),
        "Run: chmod 600",
        "main",
    ),
    "the salt is lost": Case(
        lambda setup: (lose_salt(setup),),
        *("journal", "error", "by which order journals are found, is missing"),
        lambda setup: (put_salt_back(setup), resolve(setup)),
        "Put it back as it was",
        "main",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_broken_setup_is_told_and_its_advice_mends_it(
    name: str, setup: Setup, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    case = CASES[name]
    case.breaks(setup)
    capsys.readouterr()
    assert main(["doctor"]) == (exits.REFUSED if case.state == "error" else exits.DONE)
    shown = capsys.readouterr()
    assert main(["doctor", "--json"]) == (exits.REFUSED if case.state == "error" else exits.DONE)
    told = capsys.readouterr()
    rows = json.loads(told.out)
    found = [each for each in rows if (each["subject"], each["profile"]) == (case.subject, case.profile)]
    assert [each["state"] for each in found if case.says in each["words"]] == [case.state], rows
    (finding,) = [each for each in found if case.says in each["words"]]
    assert case.advises in finding["advice"]
    assert finding["words"].splitlines()[0][:60] in shown.out
    for secret in SECRETS:
        for text in (shown.out, shown.err, told.out, told.err, caplog.text):
            assert secret not in text
    if command := re.search("Run: (chmod .+)", finding["advice"]):
        subprocess.run(command[1], shell=True, check=True)  # noqa: S602 - as a person does who follows it
    else:
        case.mends(setup)
    assert wrong(list(examine())) == []


def test_nothing_is_made_by_looking(setup: Setup) -> None:
    setup.cache.rmdir()
    setup.state.rmdir()
    assert wrong(list(examine())) == []
    assert sorted(each.name for each in setup.folder.iterdir()) == ["brokerkit.toml", "timesync"]


def test_a_broken_profile_hides_no_other(setup: Setup, capsys: pytest.CaptureFixture[str]) -> None:
    text = '[profiles.broken]\nbroker = "kis"\nlimits = { max_order_qantity = 1 }\n[profiles.none]\n'
    setup.file.write_text(setup.file.read_text() + text)
    assert main(["doctor", "--json"]) == exits.REFUSED
    rows = json.loads(capsys.readouterr().out)
    assert {each["profile"] for each in rows} == {None, "main", "broken", "none"}
    (first,) = [each for each in rows if each["subject"] == "configuration"]
    assert "broken, none" in first["words"]
    assert {each["subject"] for each in rows if each["profile"] == "main"} >= {"token", "journal", "secrets"}
    assert [each["state"] for each in rows if each["profile"] == "main" and each["state"] != "ok"] == []
    (broken,) = [each for each in rows if each["profile"] == "broken"]
    assert "max_order_qantity" in broken["words"]


def test_a_named_profile_is_looked_at_alone(setup: Setup, capsys: pytest.CaptureFixture[str]) -> None:
    setup.file.write_text(setup.file.read_text() + '[profiles.box]\nbroker = "kiwoom"\nenvironment = "sandbox"\n')
    assert main(["doctor", "box", "--json"]) == exits.DONE
    rows = json.loads(capsys.readouterr().out)
    assert {each["profile"] for each in rows} == {None, "box"}
    assert main(["doctor", "bx"]) == exits.WRONG_USAGE
    assert "Did you mean box?" in capsys.readouterr().err


def test_brokers_of_variables_are_looked_at(setup: Setup, capsys: pytest.CaptureFixture[str]) -> None:
    setup.file.unlink()
    for name, value in {"APP_KEY": KEY, "APP_SECRET": SECRET, "ENVIRONMENT": "demo"}.items():
        setup.set(f"BROKERKIT_KIWOOM_{name}", value)
    assert main(["doctor", "--json"]) == exits.DONE
    rows = json.loads(capsys.readouterr().out)
    told = {each["subject"]: each for each in rows if each["profile"] == "kiwoom"}
    assert told["secrets"]["words"].count("environment variable BROKERKIT_KIWOOM_APP_") == 2
    assert told["environment"]["facts"]["environment"] == "demo"
    assert told["address"]["state"] == "unknown"
    assert "8010" in told["address"]["words"]


@pytest.mark.parametrize(
    ("own", "says"),
    [("10.0.0.5", "this machine's own, 10.0.0.5, is none of the internet"), ("8.8.8.8", ""), (None, "")],
)
def test_a_broker_that_answers_registered_addresses_is_told(
    own: str | None, says: str, setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = '[profiles.other]\nbroker = "kiwoom"\nenvironment = "demo"\napp_key = { env = "MAIN_KEY" }\n'
    setup.file.write_text(setup.file.read_text() + text + 'app_secret = { env = "MAIN_SECRET" }\n')
    monkeypatch.setattr(accounts, "_own_address", lambda: own)
    (found,) = [each for each in examine() if each.subject == "address"]
    assert (found.state, found.profile) == (State.UNKNOWN, "other")
    assert says in found.words
    assert ("none of the internet" in found.words) is bool(says)
    assert "brokerkit doctor other --online" in (found.advice or "")


# Token and journal


def test_the_token_is_told_by_its_times(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    setup.token_file()
    (kept,) = [each for each in examine() if each.subject == "token"]
    assert kept.words.startswith("kept for 0 min, good for 19 h 59 min")
    later = clock.now() + dt.timedelta(days=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    (over,) = [each for each in examine() if each.subject == "token"]
    assert over.state is State.OK
    assert "asks for another one" in over.words
    monkeypatch.setattr(clock, "now", lambda: later - dt.timedelta(days=4))
    (early,) = [each for each in examine() if each.subject == "token"]
    assert early.state is State.WARNING
    assert early.advice
    assert "Set the clock" in early.advice


def told_of_journal() -> Finding:
    (found,) = [each for each in examine() if each.subject == "journal"]
    return found


def test_a_journal_that_is_being_written_is_unknown(setup: Setup) -> None:
    path = setup.journal()
    with sqlite3.connect(path, isolation_level=None) as file:
        file.execute("BEGIN EXCLUSIVE")
        found = told_of_journal()
        assert (found.state, found.advice) == (State.UNKNOWN, "Run `brokerkit doctor` again in a moment.")
        file.execute("ROLLBACK")
    file.close()
    assert told_of_journal().state is State.ERROR


def test_a_journal_is_not_changed_by_looking(setup: Setup) -> None:
    path = setup.journal()
    before = (path.read_bytes(), path.stat().st_mtime_ns, sorted(path.parent.iterdir()))
    assert told_of_journal().state is State.ERROR
    assert (path.read_bytes(), path.stat().st_mtime_ns, sorted(path.parent.iterdir())) == before


WRITES_AND_DIES = """
import os, sqlite3, sys
file = sqlite3.connect(sys.argv[1], isolation_level=None)
file.execute("PRAGMA journal_mode = TRUNCATE")
file.execute("PRAGMA cache_size = 1")
file.execute("BEGIN EXCLUSIVE")
file.execute("UPDATE intents SET content = content || ' '")
file.execute("CREATE TABLE spilt (text)")
file.executemany("INSERT INTO spilt VALUES (?)", [("x" * 4000,)] * 400)
os.chmod(sys.argv[1] + "-journal", 0o600)
os._exit(0)
"""


def test_a_journal_whose_writer_died_is_set_right_as_advised(
    setup: Setup, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = setup.journal()
    script = tmp_path / "dies.py"
    script.write_text(WRITES_AND_DIES)
    subprocess.run([sys.executable, str(script), str(path)], check=True)  # noqa: S603
    found = told_of_journal()
    assert (found.state, "ended while it wrote" in found.words) == (State.WARNING, True)
    assert found.advice
    assert "brokerkit journal list --profile main" in found.advice
    assert main(["journal", "list", "--profile", "main"]) == 0
    assert told_of_journal().facts["unresolved"]


def test_what_is_being_sent_is_no_doubt(setup: Setup) -> None:
    if not locks.are_told():
        pytest.skip("this system does not tell who holds a lock")
    with setup.broker() as broker:
        sent = begin(broker.journal, intent_of(created_at=clock.now()))
        found = told_of_journal()
        assert (found.state, found.facts["sending"]) == (State.OK, 1)
        (programs,) = [each for each in examine() if each.subject == "programs that order"]
        assert programs.facts["processes"] == [{"process": os.getpid(), "program": locks.program_of(os.getpid())}]
        broker.journal.revise(sent.id, lambda each: each.model_copy(update={"owner": "0123456789abcdef"}))
        found = told_of_journal()
        assert (found.state, found.facts["sending"]) == (State.ERROR, 0)
        assert "UNKNOWN" in found.words
        broker.journal.close()


def test_programs_of_an_older_brokerkit_are_an_error(setup: Setup) -> None:
    if not locks.are_told():
        pytest.skip("this system does not tell who holds a lock")
    folder = setup.state / "journals"
    folder.mkdir(mode=0o700)
    with FileLock(folder / "0123456789abcdef.owner", mode=0o600):
        found = [each for each in folders.writers() if each.state is State.ERROR]
    assert [str(os.getpid()) in each.words for each in found] == [True]


def test_looking_at_a_lock_does_not_take_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert locks.holder_of(path) is None
    path.touch()
    assert locks.holder_of(path) is None
    with FileLock(path):
        assert locks.holder_of(path) == (os.getpid() if locks.are_told() else None)
    assert locks.holder_of(path) is None


# Folders


def test_a_network_file_system_is_told(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "network_file_system", lambda folder: "nfs4")
    found = {each.subject: each for each in examine() if each.state is not State.OK}
    assert {subject: each.state.value for subject, each in found.items()} == {
        "cache folder": "warning",
        "state folder": "error",
    }
    for subject, variable in (("cache folder", "BROKERKIT_CACHE_DIR"), ("state folder", "BROKERKIT_STATE_DIR")):
        assert found[subject].advice == f"Set {variable} to a folder on a local disk."
        assert found[subject].facts["file_system"] == "nfs4"


@pytest.mark.parametrize(("free", "told"), [(2 * 10**9, None), (50 * 2**20, "warning"), (1000, "error")])
def test_a_disk_that_fills_up_is_told(
    free: int, told: str | None, setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))
    found = [each.state.value for each in examine() if each.subject == "state folder" and each.state is not State.OK]
    assert found == ([told] if told else [])


def test_a_folder_that_cannot_be_written_is_told(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != setup.state and access(path, mode))
    (found,) = [each for each in examine() if each.subject == "state folder"]
    assert (found.state, found.advice) == (State.ERROR, f"Run: chmod u+rwx '{setup.state}'")


def test_a_folder_of_another_user_is_told(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = os.getuid()
    (found,) = folders.state()
    assert found.state is State.OK
    monkeypatch.setattr(os, "getuid", lambda: mine + 1)
    (found,) = folders.state()
    assert found.state is State.ERROR
    assert found.advice == "Set BROKERKIT_STATE_DIR to a writable folder of your own."


@pytest.mark.parametrize(("base", "name"), [("cache", "tokens"), ("state", "journals")])
def test_a_folder_inside_that_cannot_be_used_is_told(
    base: str, name: str, setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = setup.folder / base / name
    folder.mkdir(mode=0o700)
    access, listed = os.access, os.listdir

    def refuse(path: object = ".") -> list[str]:
        if Path(str(path)) == folder:
            raise PermissionError(errno.EACCES, "Permission denied")
        return listed(str(path))

    with monkeypatch.context() as shut:
        shut.setattr(os, "access", lambda path, mode: Path(path) != folder and access(path, mode))
        shut.setattr(os, "listdir", refuse)
        found = [each for each in examine() if each.state is State.ERROR]
    assert found[0].advice == f"Run: chmod 700 '{folder}'"
    assert [each.subject for each in found] == [f"{base} folder", *(["journal"] if name == "journals" else [])]
    folder.rmdir()
    folder.touch()
    (mistaken,) = [each for each in examine() if each.subject == f"{base} folder"]
    assert (mistaken.state, "no folder of its own" in mistaken.words) == (State.ERROR, True)


def test_a_kill_switch_that_cannot_be_seen_is_an_error(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    def shut(*_: object, **__: object) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(files, "read_plain", shut)
    (found,) = folders.kill_switch()
    assert (found.state, "cannot be seen" in found.words) == (State.ERROR, True)


# TLS


def test_the_end_of_certificates_is_told(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    file = setup.folder / "ca.pem"
    make_certificate(file).unlink()
    setup.write("markets =", 'ca_file = "ca.pem"\nmarkets =')

    def told() -> Finding:
        (found,) = [each for each in examine() if each.subject == "TLS"]
        return found

    good = told()
    assert good.state is State.OK
    ends = dt.datetime.fromisoformat(good.facts["ends"][0]).replace(tzinfo=clock.KST)  # type: ignore[index]
    monkeypatch.setattr(clock, "now", lambda: ends - dt.timedelta(days=10))
    assert told().state is State.WARNING
    monkeypatch.setattr(clock, "now", lambda: ends + dt.timedelta(days=2))
    assert told().state is State.ERROR
    assert f"put the new one into {file}" in (told().advice or "")


# What fails in a check, and what the findings promise


def test_a_check_that_fails_is_a_finding_and_takes_no_other_with_it(
    setup: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stumbles(*_: object, **__: object) -> Iterator[Finding]:
        raise ZeroDivisionError(SECRET)
        yield

    monkeypatch.setattr(accounts, "token", stumbles)
    found = list(examine())
    (failed,) = [each for each in found if each.state is not State.OK]
    assert (failed.subject, failed.profile) == ("token", "main")
    assert "this check itself failed (ZeroDivisionError at test_doctor.py:" in failed.words
    assert SECRET not in str(failed)
    assert "journal" in [each.subject for each in found]


def test_what_is_not_ok_has_advice() -> None:
    assert ok("a", "b").advice is None
    with pytest.raises(ValidationError, match="needs advice"):
        Finding(subject="a", state=State.ERROR, words="b")


def test_the_extras_are_those_of_the_package() -> None:
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for extra, packages in machine.EXTRAS.items():
        assert [each.partition(">")[0] for each in declared[extra]] == list(packages)


def test_a_missing_extra_is_told_and_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(machine.EXTRAS, "stream", ("websockets", "not-installed-at-all"))
    (found,) = machine.extras()
    assert found.state is State.OK
    assert "not installed: stream" in found.words


def test_an_adapter_that_cannot_be_loaded_is_told(setup: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = registry.load_broker

    def load(name: str) -> object:
        if name == "kiwoom":
            raise UnknownBroker("The adapter 'kiwoom' cannot be loaded: ImportError: no.", advice="Reinstall it.")
        return loaded(name)

    monkeypatch.setattr(machine, "load_broker", load)
    found = list(machine.adapters())
    assert [(each.state.value, each.advice) for each in found] == [("error", "Reinstall it."), ("ok", None)]
    assert "kis" in found[1].words


@pytest.mark.parametrize(("made", "told"), [((), "unknown"), (("",), "warning"), (("", "synchronized"), "ok")])
def test_the_clock_is_told_as_the_time_service_says(
    made: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "time"
    monkeypatch.setattr(machine, "TIME_FOLDER", folder)
    for name in made:
        (folder / name).touch() if name else folder.mkdir()
    (found,) = machine.own_clock()
    assert found.state.value == told


# Online, at a served sandbox


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("name", ["kis", "kiwoom"])
def test_online_a_price_is_asked_for(name: str, box: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", name, "--online", "--json"]) == exits.DONE
    rows = {each["subject"]: each for each in json.loads(capsys.readouterr().out) if each["profile"] == name}
    assert rows["question"]["state"] == "ok"
    assert rows["broker's clock"]["state"] == "ok"
    assert rows["token"]["facts"]["alive"] is True
    assert "secret" not in json.dumps(rows["token"]["facts"])
    assert rows["journal"]["state"] == "ok"


@pytest.mark.usefixtures("configured")
def test_offline_no_broker_is_asked(box: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    found = list(examine())
    assert {each.profile for each in found} == {None, "kis", "kiwoom"}
    assert [each for each in found if each.state is State.ERROR] == []
    assert [each.subject for each in found if each.state is State.UNKNOWN and each.profile == "kiwoom"] == []


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("failure", "subject", "says"),
    [
        (AuthError("not registered", code="8050", advice="Register it."), "address", "[8050] not registered"),
        (NetworkError("the broker was not reached", advice="Check the connection."), "question", "was not reached"),
    ],
)
def test_a_refusal_is_told(failure: Exception, subject: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def quote(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setattr(Broker, "quote", quote)
    found = [each for each in examine(["kiwoom"], online=True) if each.state is State.ERROR]
    assert [(each.subject, says in each.words) for each in found] == [(subject, True)]
    assert found[0].advice in ("Register it.", "Check the connection.")


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(("skew", "told"), [(0.4, "ok"), (-8.0, "warning"), (90.0, "error")])
def test_a_wrong_clock_is_told(skew: float, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def quote(broker: Broker, *_: object, **__: object) -> None:
        broker.client.skew = skew

    monkeypatch.setattr(Broker, "quote", quote)
    (found,) = [each for each in examine(["kis"], online=True) if each.subject == "broker's clock"]
    assert found.state.value == told


# What is written about it

SUBJECT = re.compile(
    r"""(?:SUBJECT|subject) = "([^"]+)"|(?:ok|warning|error|unknown)\(\s*"([^"]+)"|_examined\("([^"]+)\""""
)


def test_the_document_tells_what_to_do_about_each_subject() -> None:
    document = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    table = document.partition("<!-- table: findings -->\n")[2].partition("<!-- end -->")[0]
    told = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    code = [path.read_text(encoding="utf-8") for path in (ROOT / "brokerkit" / "doctor").glob("*.py")]
    used = {name for text in code for found in SUBJECT.findall(text) for name in found if name}
    used |= {f"state {name}" for text in code for name in re.findall(r'f"\{SUBJECT\} ([^"]+)"', text)}
    assert set(told) == used
    assert len(told) == len(used)
