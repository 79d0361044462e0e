"""Profiles and secrets: where they are looked for, what is refused, and that no secret is ever shown."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path

import keyring
import platformdirs
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null
from keyring.backends.chainer import ChainerBackend
from keyring.errors import KeyringLocked
from pydantic import SecretStr, field_validator

from brokerkit import config, keeping
from brokerkit.config import Profile, Settings, check_names, config_path, fetch_secret, load_profiles, make_settings
from brokerkit.errors import ConfigError
from tests.strangers import give_away, posix

CANARY = "CANARY-5a1f-do-not-show"
Write = Callable[..., Path]


class AdapterSettings(Settings):
    """Settings of an adapter with an account of its own shape."""

    account: SecretStr
    hts_id: str | None = None

    @field_validator("account")
    @classmethod
    def _ten_digits(cls, account: SecretStr) -> SecretStr:
        if len(account.get_secret_value()) != 10:
            raise ValueError("must be ten digits")
        return account


class FakeKeyring(KeyringBackend):
    """A safe keyring in memory."""

    priority = 1

    def __init__(self, content: Mapping[tuple[str, str], str] | None = None) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.content = dict(content or {})

    def get_password(self, service: str, username: str) -> str | None:
        return self.content.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


class LockedKeyring(FakeKeyring):
    """A keyring whose owner did not unlock it."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked(CANARY)


class BrokenKeyring(FakeKeyring):
    """A keyring that breaks in a way of its own."""

    def get_password(self, service: str, username: str) -> str | None:
        raise RuntimeError(CANARY)


class PlaintextKeyring(FakeKeyring):
    """A keyring that keeps its content readable by everybody."""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with a user's config directory of our own and no variables set."""
    user = tmp_path / "user"
    work = tmp_path / "work"
    user.mkdir()
    work.mkdir()
    monkeypatch.chdir(work)
    monkeypatch.setattr(platformdirs, "user_config_path", lambda *_, **__: user)
    for name in ("BROKERKIT_CONFIG", "BROKERKIT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return work


@pytest.fixture
def write(elsewhere: Path) -> Write:
    """Return a function that writes brokerkit.toml into the working directory or another folder."""

    def written(text: str | bytes, folder: Path = elsewhere, name: str = "brokerkit.toml") -> Path:
        path = folder / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return written


@pytest.fixture
def use_keyring(monkeypatch: pytest.MonkeyPatch) -> Callable[[KeyringBackend], None]:
    """Return a function that makes a backend the machine's keyring."""
    return lambda backend: monkeypatch.setattr(keyring, "get_keyring", lambda: backend)


def shown(error: BaseException) -> str:
    """Return everything that a program or a terminal would print about an error."""
    return "".join(traceback.format_exception(error)) + repr(error) + repr(getattr(error, "__dict__", ""))


def test_without_a_file_there_are_no_profiles() -> None:
    assert config_path() is None
    assert load_profiles() == ({}, None)


def test_a_profile_is_read_as_it_is_written(write: Write) -> None:
    write(
        """
        default = "main"
        [profiles.main]
        broker = "acme"
        environment = "demo"
        account = "50012345-01"
        app_key = { env = "ACME_KEY" }
        [profiles.other]
        broker = "acme"
        arm = "4501"
        """
    )
    profiles, default = load_profiles()
    assert default == "main"
    assert list(profiles) == ["main", "other"]
    main = profiles["main"]
    assert (main.name, main.broker, main.environment, main.arm) == ("main", "acme", "demo", None)
    assert main.settings == {"account": SecretStr("50012345-01"), "app_key": {"env": "ACME_KEY"}}
    assert profiles["other"].arm == "4501"
    assert profiles["other"].environment is None


def test_the_working_directory_comes_before_the_user_directory(write: Write, tmp_path: Path) -> None:
    write('[profiles.user]\nbroker = "acme"', folder=tmp_path / "user")
    assert list(load_profiles()[0]) == ["user"]
    write('[profiles.here]\nbroker = "acme"')
    assert list(load_profiles()[0]) == ["here"]


def test_the_variable_names_another_file_and_the_others_are_not_read(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("this is not toml")
    other = write('[profiles.named]\nbroker = "acme"', folder=tmp_path, name="other.toml")
    monkeypatch.setenv("BROKERKIT_CONFIG", str(other))
    assert config_path() == other
    assert list(load_profiles()[0]) == ["named"]


@pytest.mark.parametrize("kind", ["missing", "folder"])
def test_a_variable_that_names_no_file_is_an_error_and_nothing_else_is_read(
    kind: str, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write('[profiles.here]\nbroker = "acme"')
    named = tmp_path if kind == "folder" else tmp_path / "gone.toml"
    monkeypatch.setenv("BROKERKIT_CONFIG", str(named))
    with pytest.raises(ConfigError, match=r"is not there|is no plain file") as refused:
        load_profiles()
    assert named.name in str(refused.value)


@pytest.mark.parametrize("named", ["brokerkit.toml", "./brokerkit.toml", "$HOME/brokerkit.toml"])
def test_a_variable_that_names_another_file_in_every_folder_is_an_error(
    named: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write('[profiles.here]\nbroker = "acme"')
    monkeypatch.setenv("BROKERKIT_CONFIG", named)
    with pytest.raises(ConfigError, match=r"BROKERKIT_CONFIG names .*which is no whole path"):
        load_profiles()


@posix
@pytest.mark.parametrize("place", ["here", "user", "named"])
@pytest.mark.parametrize("whose", ["a stranger's", "everybody's"])
def test_a_file_that_somebody_else_can_have_written_is_not_used(
    whose: str, place: str, write: Write, elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = {"here": elsewhere, "user": tmp_path / "user", "named": tmp_path}[place]
    path = write('[profiles.theirs]\nbroker = "acme"', folder=folder)
    if place == "named":
        monkeypatch.setenv("BROKERKIT_CONFIG", str(path))
    if whose == "everybody's":
        path.chmod(0o666)
    else:
        give_away(path, monkeypatch)
    words = {"everybody's": "everybody can write it", "a stranger's": "it belongs to another user"}[whose]
    with pytest.raises(ConfigError, match=rf"{path.name} is not used: {words}") as refused:
        load_profiles()
    assert "chmod go-w" in str(refused.value) or "chown" in str(refused.value)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_as_the_file_is_refused_and_holds_nobody_up(elsewhere: Path) -> None:
    os.mkfifo(elsewhere / "brokerkit.toml")
    with pytest.raises(ConfigError, match="no plain file"):
        load_profiles()


def test_whom_one_trusts_only_the_own_file_says(write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = write('packages = ["mine"]', folder=tmp_path / "user")
    here = write('packages = ["theirs"]\n[profiles.here]\nbroker = "acme"')
    assert config.allowed_packages() == ("mine",)
    with pytest.raises(ConfigError, match="only your own file says") as refused:
        load_profiles()
    assert refused.value.advice == f"Move the line to {own}."
    here.write_text('[profiles.here]\nbroker = "acme"')
    assert config.load_configuration().packages == ("mine",)
    monkeypatch.setenv("BROKERKIT_CONFIG", str(tmp_path / "gone.toml"))
    assert config.allowed_packages() == ("mine",)
    monkeypatch.setenv("BROKERKIT_CONFIG", str(own))
    assert config.load_configuration().packages == ("mine",)


def test_files_that_the_configuration_names_lie_beside_it(write: Write, tmp_path: Path) -> None:
    (tmp_path / "user" / "key").write_text(CANARY)
    write('[profiles.main]\nbroker = "acme"\nca_file = "ca.pem"\napp_key = { file = "key" }', folder=tmp_path / "user")
    settings = load_profiles()[0]["main"].settings
    assert settings["ca_file"] == str(tmp_path / "user" / "ca.pem")
    assert fetch_secret(settings["app_key"], "app_key").get_secret_value() == CANARY


def test_a_ca_file_stays_the_same_when_the_program_goes_elsewhere(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = opened({**KEYS, "ca_file": "ca.pem"})
    monkeypatch.chdir(elsewhere.parent)
    assert settings.ca_file == elsewhere / "ca.pem"


def test_no_text_of_a_profile_is_readable(write: Write) -> None:
    write(f'[profiles.main]\nbroker = "acme"\napp_key = "{CANARY}"\nhts_id = "{CANARY}"\nlist = [["{CANARY}"]]')
    (profile,) = load_profiles()[0].values()
    for text in (repr(profile), repr(profile.model_dump()), profile.model_dump_json(), repr(profile.settings)):
        assert CANARY not in text


def test_an_empty_variable_counts_as_unset(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write('[profiles.here]\nbroker = "acme"')
    monkeypatch.setenv("BROKERKIT_CONFIG", "")
    assert list(load_profiles()[0]) == ["here"]


def test_a_file_that_may_not_be_read_is_an_error_of_ours(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write('[profiles.here]\nbroker = "acme"')

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(ConfigError, match=rf"{path.name} cannot be read: Permission denied"):
        load_profiles()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_file_of_a_windows_editor_is_read(encoding: str, write: Write) -> None:
    write('[profiles."주식"]\r\nbroker = "acme"\r\n'.encode(encoding))
    assert load_profiles()[0]["주식"].broker == "acme"


@pytest.mark.parametrize(
    "text",
    [
        f'[profiles.main]\nbroker = "acme"\napp_secret = {CANARY}'.encode(),
        f'[profiles.main]\nbroker = "acme"\napp_secret = "{CANARY}'.encode(),
        f'[profiles.main]\napp_secret = "{CANARY}"\napp_secret = "{CANARY}"'.encode(),
        f'app_secret = "{CANARY}\\q"'.encode(),
        f"{CANARY} {CANARY}".encode(),
    ],
)
def test_a_file_that_is_not_toml_names_the_line_and_shows_no_content(text: bytes, write: Write) -> None:
    write(text)
    with pytest.raises(ConfigError, match=r"brokerkit\.toml is not valid TOML: .*at (line \d|end of)") as refused:
        load_profiles()
    assert CANARY not in shown(refused.value)


@pytest.mark.parametrize(
    ("encoding", "words"),
    [("cp949", "Korean text of Windows"), ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("utf-16-be", "UTF-16")],
)
def test_a_file_in_another_encoding_says_which_and_what_to_do(encoding: str, words: str, write: Write) -> None:
    write(f'[profiles.main]\napp_secret = "{CANARY}" # 한글'.encode(encoding))
    with pytest.raises(ConfigError, match=rf"brokerkit\.toml is not UTF-8 but {words}") as refused:
        load_profiles()
    assert refused.value.advice == "Save it as UTF-8."
    assert CANARY not in shown(refused.value)


@pytest.mark.parametrize(
    ("text", "option", "hint"),
    [
        ('[profile.main]\nbroker = "acme"', "profile", "profiles"),
        ('defualt = "main"', "defualt", "default"),
        ('[main]\nbroker = "acme"', "main", "default, packages, profiles"),
        ('broker = "acme"', "broker", "default, packages, profiles"),
    ],
)
def test_an_unknown_option_at_the_top_names_the_nearest_one(text: str, option: str, hint: str, write: Write) -> None:
    write(text)
    with pytest.raises(ConfigError, match=f"unknown option '{option}'") as refused:
        load_profiles()
    assert refused.value.advice is not None
    assert hint in refused.value.advice


@pytest.mark.parametrize(
    "text",
    ['profiles = "main"', "profiles = 3", 'profiles = ["main"]', '[profiles]\nmain = "acme"', "[[profiles.main]]"],
)
def test_profiles_that_are_no_tables_are_refused(text: str, write: Write) -> None:
    write(text)
    with pytest.raises(ConfigError, match=r"\[profiles\.main\]"):
        load_profiles()


@pytest.mark.parametrize("default", ['"mian"', "1", '["main"]', "{ name = 'main' }", "true", '""'])
def test_a_default_that_is_no_profile_is_refused_with_the_profiles_there_are(default: str, write: Write) -> None:
    write(f'default = {default}\n[profiles.main]\nbroker = "acme"\n[profiles.other]\nbroker = "acme"')
    with pytest.raises(ConfigError, match=r"default .*main, other"):
        load_profiles()


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("", "broker is missing"),
        ('brokr = "acme"', "Did you mean broker"),
        ("broker = 1", "broker: "),
        ('broker = "acme"\nenvironment = 1', "environment: "),
        ('broker = "acme"\narm = 3401', "arm: "),
    ],
)
def test_a_profile_with_a_wrong_line_names_the_profile_and_the_option(line: str, words: str, write: Write) -> None:
    write(f'[profiles.main]\napp_secret = "{CANARY}"\n{line}')
    with pytest.raises(ConfigError, match=r"profile main: ") as refused:
        load_profiles()
    assert words in str(refused.value)
    assert CANARY not in shown(refused.value)


def test_a_profile_does_not_show_its_settings() -> None:
    profile = Profile(name="main", broker="acme", settings={"app_secret": CANARY})
    assert CANARY not in repr(profile) + str(profile)


def opened(values: Mapping[str, object]) -> Settings:
    """Return the settings of the adapter made from `values`."""
    return make_settings(AdapterSettings, values, "profile main", "Add it to the profile.")


KEYS = {"app_key": "key-0123456789", "app_secret": CANARY, "account": "5001234501"}


def test_settings_hold_their_secrets_without_showing_them() -> None:
    settings = opened({**KEYS, "hts_id": "trader", "max_calls_per_second": 2})
    assert settings.app_secret.get_secret_value() == CANARY
    assert settings.account is not None
    assert settings.account.get_secret_value() == "5001234501"
    assert settings.max_calls_per_second == 2
    for text in (repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump())):
        for secret in KEYS.values():
            assert secret not in text


def test_a_secret_comes_from_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_SECRET", CANARY)
    settings = opened({**KEYS, "app_secret": {"env": "ACME_SECRET"}})
    assert settings.app_secret.get_secret_value() == CANARY


@pytest.mark.parametrize("end", ["", "\n", "\r\n", " \n"])
def test_line_ends_around_a_secret_are_no_part_of_it(
    end: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    use_keyring: Callable[[KeyringBackend], None],
) -> None:
    monkeypatch.setenv("ACME_SECRET", CANARY + end)
    (tmp_path / "secret").write_text(CANARY + end, encoding="utf-8", newline="")
    use_keyring(FakeKeyring({("brokerkit", "main"): CANARY + end}))
    for place in ({"env": "ACME_SECRET"}, {"file": str(tmp_path / "secret")}, {"keyring": "brokerkit/main"}):
        assert fetch_secret(place, "app_secret").get_secret_value() == CANARY


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_variable_that_is_not_set_is_named(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ACME_SECRET", raising=False)
    if value is not None:
        monkeypatch.setenv("ACME_SECRET", value)
    with pytest.raises(ConfigError, match=r"profile main: app_secret: the environment variable ACME_SECRET is not set"):
        opened({**KEYS, "app_secret": {"env": "ACME_SECRET"}})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_secret_comes_from_a_file(encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret").write_bytes(CANARY.encode(encoding))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for name in (str(tmp_path / "secret"), "~/secret", "../secret"):
        assert fetch_secret({"file": name}, "app_secret").get_secret_value() == CANARY


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("gone", "No such file"),
        (".", "no plain file"),
        ("empty", "is empty"),
        ("blank", "is empty"),
        ("korean", "not UTF-8"),
        ("a\0b", "cannot be read"),
        ("~nobody-of-that-name/secret", "cannot be read"),
    ],
)
def test_a_secret_file_that_cannot_be_used_is_named_with_the_reason(name: str, reason: str, elsewhere: Path) -> None:
    (elsewhere / "empty").write_bytes(b"")
    (elsewhere / "blank").write_bytes(b" \r\n")
    (elsewhere / "korean").write_bytes((CANARY + "한글").encode("cp949"))
    with pytest.raises(ConfigError, match="profile main: app_secret: the file ") as refused:
        opened({**KEYS, "app_secret": {"file": name}})
    assert reason in str(refused.value)
    assert CANARY not in shown(refused.value)


def test_a_secret_comes_from_the_keyring(use_keyring: Callable[[KeyringBackend], None]) -> None:
    use_keyring(FakeKeyring({("brokerkit", "main/secret"): CANARY}))
    assert fetch_secret({"keyring": "brokerkit/main/secret"}, "app_secret").get_secret_value() == CANARY


@pytest.mark.parametrize("content", [{}, {("brokerkit", "main"): ""}, {("brokerkit", "other"): CANARY}])
def test_a_keyring_without_the_secret_says_where_it_looked(
    content: Mapping[tuple[str, str], str], use_keyring: Callable[[KeyringBackend], None]
) -> None:
    use_keyring(FakeKeyring(content))
    with pytest.raises(ConfigError, match=r"app_secret: .*service 'brokerkit', user 'main'") as refused:
        opened({**KEYS, "app_secret": {"keyring": "brokerkit/main"}})
    assert CANARY not in shown(refused.value)


@pytest.mark.parametrize("name", ["brokerkit", "/main", "brokerkit/"])
def test_a_keyring_entry_needs_service_and_user(name: str, use_keyring: Callable[[KeyringBackend], None]) -> None:
    use_keyring(FakeKeyring({("brokerkit", ""): CANARY, ("", "main"): CANARY}))
    with pytest.raises(ConfigError, match="service/user"):
        fetch_secret({"keyring": name}, "app_secret")


@pytest.mark.parametrize("kind", [null.Keyring, fail.Keyring, PlaintextKeyring])
def test_a_keyring_that_is_not_safe_is_refused(
    kind: type[KeyringBackend], use_keyring: Callable[[KeyringBackend], None]
) -> None:
    use_keyring(kind())
    with pytest.raises(ConfigError, match="no safe keyring") as refused:
        fetch_secret({"keyring": "brokerkit/main"}, "app_secret")
    assert refused.value.advice == "Use env or file instead."


def test_a_chain_gives_secrets_of_its_safe_keyrings_only(
    use_keyring: Callable[[KeyringBackend], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    safe = FakeKeyring({("brokerkit", "safe"): CANARY})
    last = PlaintextKeyring({("brokerkit", "main"): CANARY})
    monkeypatch.setattr(ChainerBackend, "backends", [safe, last])
    use_keyring(ChainerBackend())  # type: ignore[no-untyped-call]
    assert fetch_secret({"keyring": "brokerkit/safe"}, "app_secret").get_secret_value() == CANARY
    with pytest.raises(ConfigError, match="nothing under service"):
        fetch_secret({"keyring": "brokerkit/main"}, "app_secret")
    monkeypatch.setattr(ChainerBackend, "backends", [last])
    with pytest.raises(ConfigError, match="no safe keyring"):
        fetch_secret({"keyring": "brokerkit/main"}, "app_secret")


@pytest.mark.parametrize("backend", [LockedKeyring(), BrokenKeyring()], ids=["locked", "broken"])
def test_a_keyring_that_fails_is_an_error_of_ours_without_its_words(
    backend: KeyringBackend, use_keyring: Callable[[KeyringBackend], None]
) -> None:
    use_keyring(backend)
    with pytest.raises(ConfigError, match="the keyring did not answer") as refused:
        fetch_secret({"keyring": "brokerkit/main"}, "app_secret")
    assert CANARY not in shown(refused.value)


def test_a_keyring_that_cannot_be_chosen_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> KeyringBackend:
        raise ModuleNotFoundError("No module named 'misspelt'")

    monkeypatch.setattr(keyring, "get_keyring", broken)
    with pytest.raises(ConfigError, match="the keyring did not answer"):
        fetch_secret({"keyring": "brokerkit/main"}, "app_secret")


def test_a_missing_keyring_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError, match=r"\[keyring\] extra"):
        fetch_secret({"keyring": "brokerkit/main"}, "app_secret")


@pytest.mark.parametrize(
    "value",
    [
        1234567890,
        12.5,
        True,
        "",
        [],
        [CANARY],
        {},
        {"enviroment": CANARY},
        {"env": CANARY, "file": CANARY},
        {"env": ""},
        {"file": 1},
        {"keyring": [CANARY]},
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_secret_in_no_known_form_is_refused_without_showing_it(value: object) -> None:
    with pytest.raises(ConfigError, match=r"profile main: account") as refused:
        opened({**KEYS, "account": value})
    for secret in (CANARY, "1234567890"):
        assert secret not in shown(refused.value)


def test_an_account_as_a_number_says_to_put_it_in_quotes() -> None:
    with pytest.raises(ConfigError, match="quotes"):
        opened({**KEYS, "account": 5001234501})


@pytest.mark.parametrize(
    ("option", "hint"),
    [("appkey", "app_key"), ("app_secrt", "app_secret"), ("acount", "account"), ("hts", "hts_id"), ("qqqq", "Known: ")],
)
def test_an_unknown_option_of_a_profile_names_the_nearest_one(option: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=f"profile main: unknown option '{option}'") as refused:
        opened({**KEYS, option: CANARY})
    assert refused.value.advice is not None
    assert hint in refused.value.advice
    assert CANARY not in shown(refused.value)


@pytest.mark.parametrize("missing", ["app_key", "app_secret", "account"])
def test_a_missing_key_is_named_and_says_how_to_supply_it(missing: str) -> None:
    with pytest.raises(ConfigError, match=f"profile main: {missing} is missing") as refused:
        opened({key: value for key, value in KEYS.items() if key != missing})
    assert refused.value.advice == "Add it to the profile."


def test_all_missing_keys_are_named_at_once() -> None:
    with pytest.raises(ConfigError, match="app_key, app_secret, account are missing"):
        opened({})


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"account": CANARY}, "account: must be ten digits"),
        ({"max_calls_per_second": 0}, "max_calls_per_second: "),
        ({"max_calls_per_second": CANARY}, "max_calls_per_second: "),
        ({"hts_id": [CANARY]}, "hts_id: "),
    ],
)
def test_a_wrong_setting_is_named_without_showing_it(values: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        opened({**KEYS, **values})
    assert str(refused.value).startswith(f"profile main: {words}")
    assert CANARY not in shown(refused.value)


@pytest.mark.parametrize(
    "around", ["{}\n", "\r\n{}\r\n", " {}\t", "\ufeff{}", "{}\u200b", "\u3000{}\u00a0", '"{}"', "'{}'", ' "{}"\n']
)
@pytest.mark.parametrize("key", ["app_key", "app_secret", "account"])
def test_what_copying_leaves_around_a_key_is_taken_off(key: str, around: str) -> None:
    settings = opened({**KEYS, key: around.format(KEYS[key])})
    assert getattr(settings, key).get_secret_value() == KEYS[key]


@pytest.mark.parametrize("inside", [" ", "\n", "\r\n", "\u200b", "\u00a0", "\uff10", "\ufeff", "\0", "é"])
@pytest.mark.parametrize("key", ["app_key", "app_secret", "account"])
def test_what_no_key_has_inside_is_an_error_that_names_the_field(key: str, inside: str) -> None:
    half = len(KEYS[key]) // 2
    with pytest.raises(ConfigError, match=f"profile main: {key}: has a blank, a line end, a full-width") as refused:
        opened({**KEYS, key: KEYS[key][:half] + inside + KEYS[key][half:]})
    for text in (KEYS[key], KEYS[key][:half], KEYS[key][half:]):
        assert text not in shown(refused.value)


def test_settings_cannot_be_changed_afterwards() -> None:
    settings = opened(KEYS)
    with pytest.raises(ValueError, match="frozen"):
        setattr(settings, "app_key", SecretStr("other"))  # noqa: B010 - the plain form does not pass mypy


def test_known_names_pass() -> None:
    check_names(["default"], {"default", "profiles"}, "here")
    assert {"sandbox", "demo", "real"} == set(config.ENVIRONMENTS)


def test_the_secret_settings_of_an_adapter_are_known_by_their_type() -> None:
    assert config.secret_keys(AdapterSettings) == ("app_key", "app_secret", "account", "state")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("account", "5001234501", None),
        ("account", CANARY, "must be ten digits"),
        ("hts_id", "trader", None),
        ("max_calls_per_second", "2", None),
        ("max_calls_per_second", CANARY, "Input should be a valid integer, unable to parse string as an integer"),
        ("qqq", CANARY, "Extra inputs are not permitted"),
    ],
)
def test_one_setting_can_be_checked_without_the_others(key: str, value: str, words: str | None) -> None:
    assert config.complaint(AdapterSettings, key, SecretStr(value)) == words


class WorkingKeyring(FakeKeyring):
    """A safe keyring that takes secrets."""

    def set_password(self, service: str, username: str, password: str) -> None:
        self.content[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.content[service, username]


def test_a_secret_that_is_kept_can_be_fetched(use_keyring: Callable[[KeyringBackend], None]) -> None:
    use_keyring(WorkingKeyring())
    assert not keeping.keyring_holds("brokerkit/main", "app_secret")
    keeping.keep_in_keyring("brokerkit/main", SecretStr(CANARY), "app_secret")
    assert keeping.keyring_holds("brokerkit/main", "app_secret")
    assert fetch_secret({"keyring": "brokerkit/main"}, "app_secret").get_secret_value() == CANARY
    keeping.forget_in_keyring("brokerkit/main", "app_secret")
    assert not keeping.keyring_holds("brokerkit/main", "app_secret")


def test_a_chain_keeps_secrets_in_its_first_safe_keyring(
    use_keyring: Callable[[KeyringBackend], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, unsafe = WorkingKeyring(), WorkingKeyring(), PlaintextKeyring()
    monkeypatch.setattr(ChainerBackend, "backends", [unsafe, first, second])
    use_keyring(ChainerBackend())  # type: ignore[no-untyped-call]
    keeping.keep_in_keyring("brokerkit/main", SecretStr(CANARY), "app_secret")
    assert first.content == {("brokerkit", "main"): CANARY}
    assert second.content == unsafe.content == {}


@pytest.mark.parametrize(
    "backend",
    [FakeKeyring(), LockedKeyring(), null.Keyring(), fail.Keyring(), PlaintextKeyring()],
    ids=lambda backend: type(backend).__module__.rpartition(".")[2] + type(backend).__name__,
)
def test_a_keyring_that_does_not_keep_is_an_error_of_ours(
    backend: KeyringBackend, use_keyring: Callable[[KeyringBackend], None]
) -> None:
    use_keyring(backend)
    with pytest.raises(ConfigError, match=r"profile main: app_secret: .*keyring") as refused:
        keeping.keep_in_keyring("brokerkit/main", SecretStr(CANARY), "profile main: app_secret")
    assert CANARY not in shown(refused.value)


def test_without_the_keyring_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    for ask in (lambda: fetch_secret({"keyring": "a/b"}, "x"), lambda: keeping.keyring_holds("a/b", "x")):
        with pytest.raises(ConfigError, match=r"\[keyring\] extra"):
            ask()


def test_a_file_is_replaced_as_a_whole_or_not_at_all(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = elsewhere / "kept"
    keeping.write_private(path, "old", "here", "Go there.")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", refuse)
    with pytest.raises(ConfigError, match=r"kept cannot be written: No space left") as refused:
        keeping.write_private(path, CANARY, "here", "Go there.")
    assert CANARY not in shown(refused.value)
    assert [(each.name, each.read_text()) for each in elsewhere.iterdir()] == [("kept", "old")]


def test_a_name_that_is_no_path_cannot_be_written() -> None:
    with pytest.raises(ConfigError, match="no path here"):
        keeping.write_private(Path("a\0b"), CANARY, "here", "Go there.")


def test_a_user_without_a_home_has_no_configuration_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def homeless(*_: object, **__: object) -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("BROKERKIT_CONFIG", raising=False)
    monkeypatch.setattr(platformdirs, "user_config_path", homeless)
    monkeypatch.chdir(tmp_path)
    assert config_path() is None
    (tmp_path / "brokerkit.toml").write_text("", encoding="utf-8")
    assert config_path() == tmp_path / "brokerkit.toml"


def test_a_misspelt_limit_is_refused_with_the_nearest_one(write: Write) -> None:
    write('[profiles.main]\nbroker = "kis"\n[profiles.main.limits]\nmax_order_valu = 5_000_000\n')
    with pytest.raises(ConfigError, match=r"profile main: limits: unknown option 'max_order_valu'") as refused:
        load_profiles()
    assert refused.value.advice == "Did you mean max_order_value?"


def test_limits_of_a_profile_are_exact_numbers(write: Write) -> None:
    write(
        '[profiles.main]\nbroker = "kis"\nexclusive = true\n[profiles.main.limits]\nmax_order_value = 5_000_000\n'
        'price_collar_percent = 2.5\nsymbols = ["005930"]\n'
    )
    profile = load_profiles()[0]["main"]
    assert profile.exclusive
    assert profile.limits.max_order_value == 5_000_000
    assert str(profile.limits.price_collar_percent) == "2.5"
    assert profile.limits.symbols == {"005930"}
    assert profile.limits.max_daily_value is None
