"""`brokerkit config init` and `show`: a profile is asked for, tested, written; no secret ever shows."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import keyring
import platformdirs
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail
from keyring.errors import KeyringLocked
from pydantic import SecretStr

from brokerkit import get_broker
from brokerkit.cli import asking, drafts, exits, profiles, writing
from brokerkit.config import load_profiles
from brokerkit.errors import ConfigError
from brokerkit.sandbox import Sandbox
from tests.profiles import FakeKeyring, Run, watched

CANARY = "CANARYsecret5a1f0123456789"
KEY = "CANARYkey77d0123456789"


class LockedKeyring(FakeKeyring):
    """A keyring that nobody unlocks."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked(CANARY)


class ReadOnlyKeyring(FakeKeyring):
    """A keyring that answers and takes nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(password)


class ForgetfulKeyring(FakeKeyring):
    """A keyring that takes everything and has nothing."""

    def get_password(self, service: str, username: str) -> str | None:
        return None


@pytest.fixture
def run(user: Path, held: FakeKeyring, caplog: pytest.LogCaptureFixture) -> Iterator[Run]:
    """Return a function that runs a command of `config`; at the end no secret may have shown."""
    with watched("config", secrets=(CANARY, KEY), caplog=caplog) as runner:
        yield runner


@pytest.fixture
def at_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the command believe that a person types."""
    monkeypatch.setattr(profiles, "is_terminal", lambda: True)


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Put key and secret into variables and return the options that name them."""
    monkeypatch.setenv("MY_KEY", KEY)
    monkeypatch.setenv("MY_SECRET", CANARY)
    return ("--app-key-env", "MY_KEY", "--app-secret-env", "MY_SECRET")


DEMO = ("--broker", "kis", "--environment", "demo", "--account", "50012345-01", "--untested")


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def files_with(secret: str, folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and secret.encode() in path.read_bytes()
    )


# init


def test_a_sandbox_profile_needs_no_keys_and_works(run: Run, user: Path, held: FakeKeyring) -> None:
    assert run("init", "--broker", "kis", "--environment", "sandbox") == 0
    assert (user / "brokerkit.toml").read_text() == (
        'default = "main"\n\n[profiles.main]\nbroker = "kis"\nenvironment = "sandbox"\n'
    )
    assert str(user / "brokerkit.toml") in run.stderr
    assert "was read with it" in run.stderr
    assert held.content == {}
    with get_broker() as broker:
        assert broker.balance().cash == 100_000_000


@pytest.mark.parametrize("broker", ["kis", "kiwoom"])
def test_a_server_that_plays_the_demo_environment_gets_a_profile(
    broker: str, run: Run, held: FakeKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Sandbox(environment="demo") as box:
        line = box.connect(broker)
        monkeypatch.setenv("MY_KEY", line.app_key)
        monkeypatch.setenv("MY_SECRET", line.app_secret)
        options = ("--broker", broker, "--environment", "sandbox", "--base-url", line.base_url, "--plays", "demo")
        keys = ("--account", line.account, "--app-key-env", "MY_KEY", "--app-secret-env", "MY_SECRET")
        assert run("init", *options, *keys) == 0
        assert run("show", "--json") == 0
        assert json.loads(run.stdout)["profiles"][0]["plays"] == "demo"
        with get_broker() as made:
            assert made.balance().cash == 100_000_000


@pytest.mark.parametrize("broker", ["kis", "kiwoom"])
def test_answers_make_a_profile_that_reads_the_account_of_a_server(
    broker: str, run: Run, user: Path, held: FakeKeyring, at_terminal: None
) -> None:
    with Sandbox() as box:
        line = box.connect(broker)
        typed = [broker, "sandbox", "mine", line.app_key, line.app_secret, line.account, "keyring"]
        assert run("init", "--base-url", line.base_url, typed="\n".join(typed) + "\n") == 0
        assert f"Account {'*' * (len(line.account.replace('-', '')) - 4)}" in run.stderr
        for secret in (line.app_key, line.app_secret):
            assert secret not in run.shown
            assert files_with(secret, user) == []
        assert held.content == {
            ("brokerkit", "mine/app_key"): line.app_key,
            ("brokerkit", "mine/app_secret"): line.app_secret,
        }
        with get_broker("mine") as opened:
            assert opened.balance().cash == 100_000_000


def test_wrong_answers_are_asked_again(run: Run, user: Path, at_terminal: None) -> None:
    typed = ["nobody", "kis", "paper", "demo", "", KEY, CANARY, "1234", "50012345-01", "keyring"]
    assert run("init", "--untested", typed="\n".join(typed) + "\n") == 0
    assert "One of: kis, kiwoom." in run.stderr
    assert "must be eight digits and two more" in run.stderr
    assert load_profiles()[0]["main"].settings["account"] == SecretStr("50012345-01")


def test_the_form_of_the_account_is_told_by_the_adapter(run: Run, at_terminal: None, user: Path) -> None:
    assert run("init", "--broker", "kis", "--environment", "demo", typed=f"main\n{KEY}\n{CANARY}\n") != 0
    assert "Account (Eight digits and the two of the product, as 50012345-01)" in run.stderr
    assert not user.exists()


def test_an_account_that_cannot_be_read_leaves_nothing_behind(
    run: Run, user: Path, held: FakeKeyring, variables: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", f"SANDBOX{KEY}")
    monkeypatch.setenv("MY_SECRET", f"SANDBOX{CANARY}")
    with Sandbox() as box:
        url = box.connect("kis").base_url
        wanted = ("--broker", "kis", "--environment", "sandbox", "--base-url", url, "--account", "50012345-01")
        assert run("init", *wanted, *variables, "--keep", "keyring") == exits.REFUSED
    assert "nothing of it was written" in run.stderr
    assert held.content == {}
    assert not user.exists()


@pytest.mark.parametrize(("answer", "kept"), [("y", True), ("n", False), ("", False)])
def test_a_person_may_keep_a_profile_that_does_not_read(
    answer: str, kept: bool, run: Run, user: Path, held: FakeKeyring, at_terminal: None, variables: tuple[str, ...]
) -> None:
    with Sandbox() as box:
        url = box.connect("kis").base_url
        wanted = ("--broker", "kis", "--environment", "sandbox", "--base-url", url, "--account", "50012345-01")
        assert run("init", *wanted, *variables, "--keep", "keyring", typed=f"main\n{answer}\n") == 0
    assert (user / "brokerkit.toml").exists() is kept
    assert bool(held.content) is kept


def test_without_a_terminal_all_missing_options_are_named(run: Run, user: Path) -> None:
    assert run("init") == exits.WRONG_USAGE
    for option in ("--broker", "--environment", "--app-key-env", "--app-secret-env", "--secrets-from-stdin"):
        assert option in run.error
    assert run("init", "--broker", "kis", "--environment", "demo", "--app-key-env", "X") == exits.WRONG_USAGE
    assert "missing: --app-secret-env, --account." in run.error
    assert not user.exists()


def test_secrets_come_as_lines(run: Run, held: FakeKeyring) -> None:
    assert run("init", *DEMO, "--secrets-from-stdin", typed=f"{KEY}\r\n{CANARY}\n") == 0
    assert held.content == {("brokerkit", "main/app_key"): KEY, ("brokerkit", "main/app_secret"): CANARY}


@pytest.mark.parametrize("typed", ["", f"{KEY}\n", f"{KEY}\n\n", f"{KEY}\n{CANARY}\n{CANARY}\n"])
def test_lines_that_are_too_few_or_too_many_are_refused(typed: str, run: Run, user: Path) -> None:
    assert run("init", *DEMO, "--secrets-from-stdin", typed=typed) == exits.WRONG_USAGE
    assert "app_key, app_secret" in run.error
    assert not user.exists()


def test_secrets_of_variables_stay_there(run: Run, user: Path, held: FakeKeyring, variables: tuple[str, ...]) -> None:
    assert run("init", *DEMO, *variables) == 0
    settings = load_profiles()[0]["main"].settings
    assert (settings["app_key"], settings["app_secret"]) == ({"env": "MY_KEY"}, {"env": "MY_SECRET"})
    assert held.content == {}
    assert "Set these" not in run.stderr


def test_variables_to_set_are_named_without_their_values(run: Run, user: Path) -> None:
    typed = f"{KEY}\n{CANARY}\n"
    assert run("init", *DEMO, "--secrets-from-stdin", "--keep", "env", "--name", "my-모의", typed=typed) == 0
    assert "  BROKERKIT_MY____APP_KEY=\n  BROKERKIT_MY____APP_SECRET=\n" in run.stderr
    assert files_with(CANARY, user) == []


def test_a_file_of_secrets_is_readable_by_its_owner_only(
    run: Run, user: Path, variables: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("init", *DEMO, *variables, "--keep", "file") == 0
    assert files_with(CANARY, user) == ["secrets/app_secret-main"]
    assert files_with(KEY, user) == ["secrets/app_key-main"]
    if os.name == "posix":
        assert mode(user / "secrets" / "app_secret-main") == 0o600
        assert mode(user / "secrets") == 0o700
        assert mode(user / "brokerkit.toml") == 0o600
    monkeypatch.chdir(user.parent)
    with get_broker("main") as broker:
        assert broker.account() == "******4501"


@pytest.mark.parametrize(
    ("backend", "words"),
    [(fail.Keyring(), "no safe keyring"), (LockedKeyring(), "KeyringLocked")],
    ids=["none", "locked"],
)
def test_without_a_keyring_the_keys_go_to_a_file_and_it_says_so(
    backend: KeyringBackend, words: str, run: Run, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)
    assert run("init", *DEMO, "--secrets-from-stdin", typed=f"{KEY}\n{CANARY}\n") == 0
    assert words in run.stderr
    assert f"file {user / 'secrets' / 'app_secret-main'} (readable by you alone)" in run.stderr
    assert files_with(CANARY, user) == ["secrets/app_secret-main"]


@pytest.mark.parametrize(
    "backend",
    [fail.Keyring(), LockedKeyring(), ReadOnlyKeyring(), ForgetfulKeyring()],
    ids=lambda each: type(each).__name__,
)
def test_a_keyring_that_was_asked_for_and_fails_ends_it(
    backend: KeyringBackend, run: Run, user: Path, variables: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)
    assert run("init", *DEMO, *variables, "--keep", "keyring") == exits.WRONG_USAGE
    assert "keyring" in run.error
    assert not user.exists()


def test_secrets_of_another_file_with_a_profile_of_that_name_stay(
    run: Run, user: Path, held: FakeKeyring, variables: tuple[str, ...]
) -> None:
    held.content["brokerkit", "main/app_key"] = "of another project"
    assert run("init", *DEMO, *variables, "--keep", "keyring") == 0
    assert held.content["brokerkit", "main/app_key"] == "of another project"
    assert load_profiles()[0]["main"].settings["app_key"] == {"keyring": "brokerkit/main-2/app_key"}
    assert run("init", *DEMO, *variables, "--keep", "file", "--file", "one.toml") == 0
    assert run("init", *DEMO, *variables, "--keep", "file", "--file", "two.toml") == 0
    assert len(files_with(CANARY, user)) == 2


def test_a_replaced_profile_keeps_its_places_and_says_what_is_left(
    run: Run, user: Path, held: FakeKeyring, variables: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("init", *DEMO, *variables, "--keep", "keyring") == 0
    monkeypatch.setenv("MY_SECRET", f"{CANARY}2")
    assert run("init", *DEMO, *variables, "--keep", "keyring", "--replace") == 0
    assert held.content["brokerkit", "main/app_secret"] == f"{CANARY}2"
    assert len(held.content) == 2
    assert run("init", *DEMO, *variables, "--replace") == 0
    assert "The app_key of before still lies there: keyring, service brokerkit, user main/app_key" in run.stderr


def test_secrets_are_not_kept_when_the_file_cannot_be_written(
    run: Run, user: Path, held: FakeKeyring, variables: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "plain").write_text("no folder")
    target = tmp_path / "plain" / "brokerkit.toml"
    assert run("init", *DEMO, *variables, "--keep", "keyring", "--file", str(target)) == exits.WRONG_USAGE
    assert "cannot be written" in run.error
    assert held.content == {}


def test_a_profile_is_not_replaced_without_asking(run: Run, user: Path, variables: tuple[str, ...]) -> None:
    assert run("init", *DEMO, *variables) == 0
    before = (user / "brokerkit.toml").read_bytes()
    assert run("init", *DEMO, *variables) == exits.WRONG_USAGE
    assert "--replace" in run.error
    assert (user / "brokerkit.toml").read_bytes() == before


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("", exits.WRONG_USAGE)])
def test_a_person_is_asked_whether_to_replace(answer: str, code: int, run: Run, at_terminal: None, user: Path) -> None:
    user.mkdir()
    (user / "brokerkit.toml").write_text('[profiles.main]\nbroker = "kiwoom"\nenvironment = "demo"\n')
    assert run("init", "--broker", "kis", "--environment", "sandbox", typed=f"main\n{answer}\n") == code
    assert "main is there already (kiwoom, demo). Replace it and all its settings?" in run.stderr
    assert load_profiles()[0]["main"].broker == ("kis" if code == 0 else "kiwoom")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        *((name, "letters, digits") for name in ("a/b", "a.b", "", "x" * 41)),
        ("kiwoom", "another broker"),
        ("MAIN", "named nearly so"),
    ],
)
def test_a_name_that_would_not_do_is_refused(name: str, words: str, run: Run, user: Path) -> None:
    user.mkdir()
    (user / "brokerkit.toml").write_text('[profiles.main]\nbroker = "kis"\n')
    with pytest.raises(ConfigError, match=words):
        drafts.check_name(name, "kis", load_profiles()[0], replace=True, terminal=False)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--broker", "nobody"), "neither a profile nor an installed broker"),
        (("--environment", "paper"), "Unknown environment 'paper'"),
        (("--account", "1"), "account: must be eight digits"),
        (("--set", "hts"), "--set takes"),
        (("--set", "hts=x"), "unknown option 'hts'"),
        (("--set", f"app_secret={CANARY}"), "unknown option 'app_secret'"),
        (("--set", "max_calls_per_second=0"), "max_calls_per_second"),
        (("--keep", "mind"), "--keep mind is not known"),
        (("--base-url", "http://127.0.0.1:1"), "--base-url belongs to"),
        (("--plays", "demo"), "--plays belongs to"),
        (("--app-key-env", KEY), "--app-key-env: there is no variable of that name"),
        (("--file", "."), "it is not a file"),
    ],
)
def test_a_wrong_option_is_named(
    options: tuple[str, str], words: str, run: Run, user: Path, variables: tuple[str, ...]
) -> None:
    assert run("init", *DEMO, *variables, *options) == exits.WRONG_USAGE
    assert words in run.error
    assert not user.exists()


def test_further_settings_are_written_with_their_types(run: Run, user: Path, variables: tuple[str, ...]) -> None:
    more = ("--set", "hts_id=trader", "--set", "max_calls_per_second=2", "--set", "use_hashkey=true")
    assert run("init", *DEMO, *variables, *more) == 0
    settings = load_profiles()[0]["main"].settings
    assert settings["hts_id"] == SecretStr("trader")
    assert (settings["max_calls_per_second"], settings["use_hashkey"]) == (2, True)


def test_a_real_profile_is_not_armed_and_says_what_orders_need(run: Run, variables: tuple[str, ...]) -> None:
    assert run("init", *DEMO, *variables, "--environment", "real") == 0
    assert "arm with the last four digits" in run.stderr
    assert load_profiles()[0]["main"].arm is None


# Where it is written


def test_the_file_in_force_is_written_and_named(
    run: Run, user: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox = ("--broker", "kis", "--environment", "sandbox", "--untested")
    Path("brokerkit.toml").write_text("# mine\n")
    assert run("init", *sandbox) == 0
    assert Path("brokerkit.toml").read_text().startswith("# mine\n")
    monkeypatch.setenv("BROKERKIT_CONFIG", str(tmp_path / "new" / "named.toml"))
    assert run("init", *sandbox) == 0
    assert str(tmp_path / "new" / "named.toml") in run.stderr
    assert (tmp_path / "new" / "named.toml").exists()
    assert run("init", *sandbox, "--file", "given.toml") == 0
    assert Path("given.toml").exists()
    assert not user.exists()


def test_without_a_home_directory_it_says_how_to_go_on(
    run: Run, monkeypatch: pytest.MonkeyPatch, variables: tuple[str, ...]
) -> None:
    monkeypatch.setattr(platformdirs, "user_config_path", lambda *_, **__: Path("~/.config/brokerkit"))
    assert run("init", *DEMO, *variables) == exits.WRONG_USAGE
    assert "no home directory" in run.error
    assert "--file" in run.error
    assert run("init", *DEMO, *variables, "--keep", "file", "--file", "here.toml") == exits.WRONG_USAGE
    assert "--keep env" in run.error
    assert run("init", *DEMO, *variables, "--file", "here.toml") == 0


@pytest.mark.parametrize("text", [f'app_secret = "{CANARY}', f'[profiles.main]\nbrokr = "{CANARY}"'])
def test_a_broken_file_is_not_touched(text: str, run: Run, variables: tuple[str, ...]) -> None:
    Path("brokerkit.toml").write_text(text)
    assert run("init", *DEMO, *variables) == exits.WRONG_USAGE
    assert Path("brokerkit.toml").read_text() == text


PROFILE = {"broker": "kis", "app_key": {"env": "X"}}


def test_comments_and_other_profiles_stay(tmp_path: Path) -> None:
    path = tmp_path / "brokerkit.toml"
    text = (
        '# top\ndefault = "other"  # mine\n\n[profiles.main]\nbroker = "kiwoom"  # the only line\narm = "4501"\n'
        '\n# the other one\n[profiles.other]\nbroker="kis"\n[profiles.other.limits]\nmax = 5_000\n# end\n'
    )
    path.write_text(text)
    assert writing.write_profile(path, "main", PROFILE) is False
    changed = 'broker = "kis"  # the only line\napp_key = {env = "X"}\n'
    assert path.read_text() == text.replace('broker = "kiwoom"  # the only line\narm = "4501"\n', changed)
    before = path.read_text()
    writing.write_profile(path, "third", PROFILE)
    assert path.read_text() == f'{before}\n[profiles.third]\nbroker = "kis"\napp_key = {{env = "X"}}\n'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# only a comment",
        'profiles = { other = { broker = "kis" } }',
        'profiles = { main = { broker = "kis" } }',
        '[profiles]\n[profiles.other]\nbroker = "kis"',
        '[profiles]\nother = { broker = "kis" }\n',
        '[profiles.main]\r\nbroker = "kiwoom"\r\n\r\n[profiles.other]\r\nbroker = "kis"\r\n',
        '\ufeff[profiles."주식"]\nbroker = "kis"\n',
    ],
)
def test_a_profile_can_be_added_to_files_of_many_layouts(text: str, tmp_path: Path) -> None:
    path = tmp_path / "brokerkit.toml"
    path.write_bytes(text.encode())
    writing.write_profile(path, "main", PROFILE)
    found, default = profiles.read_profiles(path)
    assert (found["main"].broker, found["main"].settings, default) == ("kis", {"app_key": {"env": "X"}}, "main")
    assert (b"\r\n" in path.read_bytes()) is ("\r\n" in text)


def test_a_layout_that_would_lose_something_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "brokerkit.toml"
    path.write_text('profiles.other.broker = "kis"\n')
    with pytest.raises(ConfigError, match="laid out"):
        writing.write_profile(path, "main", PROFILE)
    assert path.read_text() == 'profiles.other.broker = "kis"\n'


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_link_stays_a_link_and_nothing_is_left_beside(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "dotfiles" / "real.toml").write_text("")
    path = tmp_path / "brokerkit.toml"
    path.symlink_to(tmp_path / "dotfiles" / "real.toml")
    writing.write_profile(path, "main", PROFILE)
    assert path.is_symlink()
    assert "profiles.main" in (tmp_path / "dotfiles" / "real.toml").read_text()
    assert [each.name for each in (tmp_path / "dotfiles").iterdir()] == ["real.toml"]


# show


def test_show_tells_where_secrets_lie_and_never_what_they_are(
    run: Run, variables: tuple[str, ...], tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text(CANARY)
    secret.chmod(0o644)
    Path("brokerkit.toml").write_text(
        f"""
        default = "main"
        [profiles.main]
        broker = "kis"
        environment = "real"
        arm = "4501"
        account = "50012345-01"
        hts_id = "trader"
        app_key = {{ env = "MY_KEY" }}
        app_secret = {{ keyring = "brokerkit/main/app_secret" }}
        [profiles.plain]
        broker = "kiwoom"
        base_url = "http://127.0.0.1:1"
        app_key = "{KEY}"
        app_secret = {{ file = "{secret.as_posix()}" }}
        [profiles.gone]
        broker = "nobody"
        token = "{CANARY}"
        app_key = {{ env = "NOT_SET" }}
        other_key = {{ env = "{KEY}" }}
        app_secret = [1]
        """
    )
    assert run("show") == 0
    assert "Secrets written in the file: plain, gone." in run.stderr
    assert run("show", "--json") == 0
    told = json.loads(run.stdout)
    assert (told["file"], told["default"]) == (str(Path("brokerkit.toml").absolute()), "main")
    main, plain, gone = told["profiles"]
    assert main == {
        "name": "main",
        "broker": "kis",
        "environment": "real",
        "arm": "armed",
        "limits": "none",
        "account": "******4501",
        "hts_id": "***",
        "app_key": "environment variable MY_KEY (set)",
        "app_secret": "keyring, service brokerkit, user main/app_secret",
    }
    assert (plain["arm"], plain["app_key"]) == ("not armed", "written in brokerkit.toml")
    if os.name == "posix":
        assert plain["app_secret"] == f"file {secret} (readable by others too)"
    assert gone["token"] == "written in brokerkit.toml"
    assert gone["app_key"] == "environment variable NOT_SET (not set)"
    assert gone["other_key"] == "environment variable of an unusual name (not set)"
    assert gone["app_secret"] == "in no known form"


def test_show_without_a_file_says_how_to_make_one(run: Run) -> None:
    assert run("show") == 0
    assert "brokerkit config init" in run.stderr
    assert run("show", "--json") == 0
    assert json.loads(run.stdout) == {"file": None, "default": None, "profiles": []}


@pytest.mark.parametrize("line", ["app_secrt", "token"])
def test_show_names_an_unknown_option(line: str, run: Run) -> None:
    Path("brokerkit.toml").write_text(f'[profiles.main]\nbroker = "kis"\n{line} = "{CANARY}"\n')
    assert run("show") == exits.WRONG_USAGE
    assert f"profile main: unknown option '{line}'" in run.error


# A terminal


def test_streams_that_are_closed_are_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert not asking.is_terminal()


@pytest.mark.skipif(os.name != "posix", reason="there are no such terminals elsewhere")
def test_a_person_at_a_real_terminal_sees_questions_and_no_secret(
    user: Path, tmp_path: Path, use_pty: Callable[[list[str], dict[str, str], list[tuple[str, str]]], str]
) -> None:
    answers = [
        ("Broker", "kis"),
        ("Environment", "demo"),
        ("Name", ""),
        ("App key", KEY),
        ("App secret", CANARY),
        ("Account", "50012345-01"),
        ("Keep the keys in", "file"),
    ]
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config"), "HOME": str(tmp_path)}
    environment["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    command = [sys.executable, "-m", "brokerkit", "config", "init", "--untested", "--secrets-from-stdin"]
    shown = use_pty([*command, "--file", "here.toml"], environment, answers)
    assert "no safe keyring" in shown
    assert "Profile main is in" in shown
    for secret in (KEY, CANARY):
        assert secret not in shown
    assert len(files_with(CANARY, tmp_path)) == 1


@pytest.fixture
def use_pty() -> Callable[[list[str], dict[str, str], list[tuple[str, str]]], str]:
    """Return a function that runs a program at a terminal, answers its questions and returns what the screen showed."""
    import pty

    def typed(command: list[str], environment: dict[str, str], answers: list[tuple[str, str]]) -> str:
        number, screen = pty.fork()
        if number == 0:
            os.execve(command[0], command, environment)  # noqa: S606
        shown = ""
        for question, answer in [*answers, ("", "")]:
            shown = _until(screen, shown, question)
            if question:
                os.write(screen, f"{answer}\n".encode())
                shown += "\n"
        os.close(screen)
        assert os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) == 0, shown
        return shown

    return typed


def _until(screen: int, shown: str, question: str) -> str:
    """Read the screen until the question stands at its end, or without one until the program ends."""
    while not (question and question in shown.rpartition("\n")[2] and shown.endswith(": ")):
        try:
            read = os.read(screen, 4096).decode()
        except OSError:
            read = ""
        if not read:
            assert not question, shown
            break
        shown += read
    return shown
