"""get_broker: what is found, which of argument, profile and variable counts, and what a wrong choice says."""

from __future__ import annotations

import logging
import math
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Mapping
from decimal import Decimal
from importlib.metadata import EntryPoint, EntryPoints, PathDistribution, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import platformdirs
import pytest
from pydantic import SecretStr
from stevedore import ExtensionManager

from brokerkit import extensions, registry
from brokerkit.adapter import Adapter
from brokerkit.errors import ConfigError, UnknownBroker
from brokerkit.extensions import BROKERS
from brokerkit.orders.limits import Limits
from brokerkit.part import Part
from brokerkit.registry import get_broker, installed_brokers, load_broker
from brokerkit.sandbox import Connection, Sandbox
from brokerkit.testing.inside import arm_of, limits_of
from tests.fakes import THIRD_PARTY, AcmeAdapter, FakePart, NarrowAdapter, made
from tests.servers import Server

CANARY = "CANARY-5a1f-do-not-show"
KEYS: dict[str, Any] = {"app_key": "argument-key", "app_secret": "argument-secret", "account": "argument-account"}


SANDBOX_KEYS: dict[str, Any] = {"app_key": "SANDBOX-key", "app_secret": "SANDBOX-secret", "account": "of-a-sandbox"}
UNSET: dict[str, Any] = {
    "max_calls_per_second": None,
    "ca_file": None,
    "settle_seconds": None,
    "markets": None,
    "state": None,
    "orders_without_state": "refuse",
}


class FakeSandbox:
    """Takes the place of a sandbox and counts who asks for an address."""

    def __init__(self, environment: str = "real") -> None:
        self.environment = environment
        self.asked: list[str] = []

    def connect(self, broker: str) -> Connection:
        """Return an address on this machine and keys for it."""
        self.asked.append(broker)
        return Connection(
            "http://127.0.0.1:1", "ws://127.0.0.1:1", "SANDBOX-key", "SANDBOX-secret", "sandbox-account", None
        )


Install = Callable[..., None]
Write = Callable[[str], None]


def entry(name: str, value: str, distribution: Path | None = None) -> EntryPoint:
    """Return an entry point of the adapters' group, of a distribution if a folder of one is given."""
    point = EntryPoint(name, value, BROKERS)
    return cast(EntryPoint, cast(Any, point)._for(PathDistribution(distribution))) if distribution else point


@pytest.fixture(autouse=True)
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install two brokers of our own and no others; return a function that installs others instead."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(platformdirs, "user_config_path", lambda *_, **__: tmp_path / "user")
    for name in [name for name in os.environ if name.startswith("BROKERKIT_")]:
        monkeypatch.delenv(name)
    module = ModuleType("acme_adapter")
    module.__dict__.update(AcmeAdapter=AcmeAdapter, NarrowAdapter=NarrowAdapter, make=lambda: None, nothing=None)
    monkeypatch.setitem(sys.modules, "acme_adapter", module)
    monkeypatch.setattr(ExtensionManager, "ENTRY_POINT_CACHE", {})

    def installed(*entries: EntryPoint) -> None:
        monkeypatch.setattr(extensions, "entry_points", lambda group: EntryPoints(entries).select(group=group))

    installed(entry("acme", "acme_adapter:AcmeAdapter"), entry("narrow", "acme_adapter:NarrowAdapter"))
    return installed


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return a function that writes brokerkit.toml in the working directory."""
    return lambda text: cast(None, (tmp_path / "brokerkit.toml").write_text(text, encoding="utf-8"))


PROFILES = """
default = "main"
[profiles.main]
broker = "acme"
environment = "demo"
app_key = "profile-key"
app_secret = "profile-secret"
account = "profile-account"
branch = "seoul"
arm = "1111"
[profiles.second]
broker = "narrow"
environment = "real"
app_key = "second-key"
app_secret = "second-secret"
account = "second-account"
[profiles.plain]
broker = "acme"
"""


def set_variables(monkeypatch: pytest.MonkeyPatch, broker: str = "ACME", **values: str) -> None:
    """Set the variables of a broker; each key and the environment if nothing else is said."""
    chosen = {name: f"variable-{name.rpartition('_')[2]}" for name in KEYS} | {"environment": "real"} | values
    for name, value in chosen.items():
        monkeypatch.setenv(f"BROKERKIT_{broker}_{name.upper()}", value)


def test_a_name_alone_takes_everything_from_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(monkeypatch, branch="busan", max_calls_per_second="3")
    broker = made("acme")
    assert broker.broker.environment == "real"
    assert broker.settings == {
        "app_key": "variable-key",
        "app_secret": "variable-secret",
        "account": "variable-account",
        "branch": "busan",
        **UNSET,
        "max_calls_per_second": 3,
    }
    assert broker.connected == ("real", None, True)


def test_arguments_come_before_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(monkeypatch, branch="busan")
    broker = made("acme", environment="demo", **KEYS, options={"branch": "jeju"})
    assert broker.broker.environment == "demo"
    assert broker.settings == {**KEYS, "branch": "jeju", **UNSET}


def test_each_argument_replaces_its_own_variable_only(monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(monkeypatch)
    opened = made("acme", account="argument-account").settings
    assert (opened["app_key"], opened["account"]) == ("variable-key", "argument-account")


def test_arguments_come_before_the_profile(write: Write) -> None:
    write(PROFILES)
    broker = made("main", environment="real", **KEYS, options={"branch": "jeju"})
    assert broker.broker.environment == "real"
    assert broker.settings == {**KEYS, "branch": "jeju", **UNSET}
    assert made("main", account=SecretStr("other")).settings["app_key"] == "profile-key"
    assert made("main", account=SecretStr("other")).settings["account"] == "other"


def test_the_profile_comes_before_variables(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(PROFILES)
    set_variables(monkeypatch, max_calls_per_second="3")
    broker = made("main")
    assert broker.broker.environment == "demo"
    assert broker.settings["account"] == "profile-account"


def test_a_profile_with_settings_takes_none_from_variables(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables may belong to another account: a key of one and an account of the other would be mixed up."""
    write('[profiles.main]\nbroker = "acme"\nenvironment = "demo"\naccount = "profile-account"')
    set_variables(monkeypatch)
    with pytest.raises(ConfigError, match="profile main: app_key, app_secret are missing") as refused:
        get_broker("main")
    assert refused.value.advice == "Add it to the profile in brokerkit.toml."


def test_a_profile_without_settings_takes_them_from_variables(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(PROFILES)
    set_variables(monkeypatch)
    broker = made("plain")
    assert broker.broker.environment == "real"
    assert broker.settings["account"] == "variable-account"


def test_line_ends_around_a_variable_are_no_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(monkeypatch, app_key="variable-key\r\n", environment=" demo\n")
    assert made("acme").settings["app_key"] == "variable-key"
    assert made("acme").broker.environment == "demo"


def test_an_empty_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(monkeypatch, app_key="")
    with pytest.raises(ConfigError, match="acme: app_key is missing"):
        get_broker("acme")


@pytest.mark.parametrize(
    ("argument", "variable", "chosen"),
    [
        (None, None, "main"),
        (None, "second", "second"),
        (None, "", "main"),
        ("main", "second", "main"),
        ("second", None, "second"),
    ],
)
def test_the_argument_names_the_profile_then_the_variable_then_the_default(
    argument: str | None, variable: str | None, chosen: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(PROFILES)
    if variable is not None:
        monkeypatch.setenv("BROKERKIT_PROFILE", variable)
    expected = {"main": ("acme", "demo", "profile-account"), "second": ("narrow", "real", "second-account")}
    broker = made(argument)
    assert (broker.broker.name, broker.broker.environment, broker.settings["account"]) == expected[chosen]


def test_the_variable_may_name_a_broker_too(monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(monkeypatch)
    monkeypatch.setenv("BROKERKIT_PROFILE", "acme")
    assert made().broker.name == "acme"


def test_a_profile_named_like_its_broker_is_the_one_that_is_meant(write: Write) -> None:
    write(PROFILES.replace("profiles.main", "profiles.acme").replace('"main"', '"acme"'))
    assert made("acme").settings["account"] == "profile-account"


def test_a_profile_named_like_another_broker_is_refused(write: Write) -> None:
    write(PROFILES.replace("profiles.main", "profiles.narrow").replace('"main"', '"narrow"'))
    with pytest.raises(ConfigError, match=r"'narrow' is named like a broker but uses 'acme'"):
        get_broker("narrow")


@pytest.mark.parametrize("environment", ["sandbox", "demo", "real"])
@pytest.mark.parametrize("argument", [None, "2222"])
def test_the_arming_digits_come_from_the_argument_then_the_profile_never_from_a_variable(
    argument: str | None, environment: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(PROFILES)
    monkeypatch.setenv("BROKERKIT_ACME_ARM", "3333")
    monkeypatch.setattr(registry, "_shared_sandbox", FakeSandbox)
    assert arm_of(get_broker("main", environment=environment, arm=argument)) == (argument or "1111")
    set_variables(monkeypatch)
    assert arm_of(get_broker("acme", environment=environment)) is None


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("BROKERKIT_ACME_APPKEY", "BROKERKIT_ACME_APP_KEY"),
        ("BROKERKIT_ACME_APP_KEYS", "BROKERKIT_ACME_APP_KEY"),
        ("BROKERKIT_AMCE_APP_KEY", "BROKERKIT_ACME_APP_KEY"),
    ],
)
def test_a_misspelt_variable_is_told_where_something_is_missing(
    wrong: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_variables(monkeypatch, app_key="")
    monkeypatch.setenv(wrong, CANARY)
    with pytest.raises(ConfigError, match="app_key is missing") as refused:
        get_broker("acme")
    assert f"{wrong} is set: did you mean {meant}?" in str(refused.value)
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize("wrong", ["BROKERKIT_ACME_MAX_CALL_PER_SECOND", "BROKERKIT_STATEDIR", "BROKERKIT_CONFG"])
def test_a_misspelt_variable_of_what_may_be_left_out_is_warned_of(
    wrong: str, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    set_variables(monkeypatch)
    monkeypatch.setenv(wrong, "2")
    made("acme")
    assert [record.message.partition(".")[0] for record in caplog.records] == [f"The variable {wrong} is not read"]


def test_variables_of_other_brokers_and_of_profiles_are_no_mistakes(
    monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    set_variables(monkeypatch, app_key="")
    for name in ("BROKERKIT_NARROW_APP_KEY", "BROKERKIT_MY_PAPER_APP_KEY", "BROKERKIT_WIRE_EXAMPLES"):
        monkeypatch.setenv(name, "x")
    with pytest.raises(ConfigError) as refused:
        get_broker("acme")
    assert "did you mean" not in str(refused.value).lower()
    assert caplog.records == []


def test_a_relative_ca_file_of_a_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    set_variables(monkeypatch, ca_file="ca.pem")
    with pytest.raises(ConfigError, match=r"BROKERKIT_ACME_CA_FILE names ca.pem, which is no whole path"):
        get_broker("acme")


def test_the_file_is_parsed_once(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(PROFILES)
    read: list[int] = []
    loads = tomllib.loads
    monkeypatch.setattr(tomllib, "loads", lambda text: (read.append(len(text)), loads(text))[1])
    made("main")
    assert len(read) == 1


@pytest.mark.parametrize("key", ["app_key", "app_secret"])
def test_keys_that_are_no_sandboxes_are_never_sent_to_an_address_that_was_chosen(key: str) -> None:
    with pytest.raises(ConfigError, match=f"{key} is no key of a sandbox") as refused:
        made("acme", environment="sandbox", base_url="http://127.0.0.1:1", **{**SANDBOX_KEYS, key: CANARY})
    assert "begin with SANDBOX" in str(refused.value)
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize("broker", ["kis", "kiwoom"])
def test_a_planted_file_gets_no_byte_of_a_real_key(broker: str, install: Install) -> None:
    install(*entry_points(group=BROKERS))
    real = {"app_key": "PS" + "a" * 34, "app_secret": "b" * 180, "account": "5001234501"}
    with Server() as listener:
        with pytest.raises(ConfigError, match="is no key of a sandbox"):
            get_broker(broker, environment="sandbox", base_url=listener.url, **real)
        assert listener.requests == []


def test_nothing_configured_says_how_to_go_on() -> None:
    with pytest.raises(ConfigError, match="No broker was named") as refused:
        get_broker()
    for words in ("environment='sandbox'", "brokerkit.toml", "acme, narrow"):
        assert words in str(refused.value)


def test_profiles_without_a_default_are_named(write: Write) -> None:
    write("".join(f'[profiles.{name}]\nbroker = "acme"\nenvironment = "demo"\n' for name in ("second", "first")))
    with pytest.raises(ConfigError, match="No broker was named") as refused:
        get_broker()
    assert refused.value.advice == "Name a profile, as in get_broker(name). Profiles: first, second."


def test_there_is_no_default_environment() -> None:
    with pytest.raises(ConfigError, match="no environment was chosen") as refused:
        get_broker("acme", **KEYS)
    for words in ("sandbox", "demo", "real"):
        assert words in str(refused.value)


@pytest.mark.parametrize("text", ["sandbx", "REAL", "paper", "", " demo"])
def test_a_misspelt_environment_is_refused_wherever_it_stands(
    text: str, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="unknown environment") as refused:
        get_broker("acme", environment=text, **KEYS)
    assert "sandbox, demo, real" in str(refused.value)
    write(PROFILES.replace('"demo"', f'"{text}"'))
    with pytest.raises(ConfigError, match=f"profile main: unknown environment '{text}'"):
        get_broker("main")
    if text.strip() == text and text:
        set_variables(monkeypatch, environment=text)
        with pytest.raises(ConfigError, match=f"acme: unknown environment '{text}'"):
            get_broker("acme")


def test_an_environment_that_a_broker_has_not_got_is_refused() -> None:
    with pytest.raises(ConfigError, match="unknown environment 'demo'") as refused:
        get_broker("narrow", environment="demo", **KEYS)
    assert refused.value.advice == "Known: sandbox, real."


def test_a_misspelt_option_is_named_even_if_it_hides_what_is_missing(write: Write) -> None:
    write(PROFILES.replace("environment = ", "enviroment = "))
    with pytest.raises(ConfigError, match="profile main: unknown option 'enviroment'") as refused:
        get_broker("main")
    assert refused.value.advice == "Did you mean environment?"


@pytest.mark.parametrize("environment", ["sandbox", "demo", "real"])
def test_unknown_options_are_refused_in_every_environment(environment: str, write: Write) -> None:
    write(PROFILES.replace("branch = ", "brnch = "))
    box = cast(Sandbox, FakeSandbox()) if environment == "sandbox" else None
    with pytest.raises(ConfigError, match="unknown option 'brnch'"):
        get_broker("main", environment=environment, sandbox=box)
    for stray in ("brnch", "environment", "arm", "broker"):
        with pytest.raises(ConfigError, match=f"unknown option '{stray}'"):
            get_broker("acme", environment=environment, sandbox=box, **KEYS, options={stray: "x"})


@pytest.mark.parametrize("given", [math.inf, math.nan, "inf", "nan", 0.5])
def test_orders_settle_after_a_finite_time_of_a_second_or_more(given: object) -> None:
    with pytest.raises(ConfigError, match="settle_seconds: Input should be "):
        get_broker("acme", environment="demo", **KEYS, options={"settle_seconds": given})


@pytest.mark.parametrize(
    ("key", "given", "words"),
    [
        ("name", 3, "name must be the name of a profile or a broker, a text, not int"),
        ("arm", 1234, "arm must be a text, the last four digits of the account, not int"),
        ("limits", 3, "limits must be a Limits or a mapping, not int"),
        ("limits", {"max_order_values": 1}, "limits: unknown option 'max_order_values'"),
        ("limits", {"max_order_value": 0}, "limits: max_order_value: Input should be greater than 0"),
        ("limits", {1: 2}, "limits must be a mapping whose names are texts"),
        ("exclusive", "no", "exclusive must be True or False, not str"),
        ("degraded", "x", "degraded must be True or False, not str"),
        ("base_url", 3, "base_url must be a text, not int"),
        ("options", CANARY, "options must be a mapping of names to values, not str"),
        ("options", 3, "options must be a mapping of names to values, not int"),
        ("options", {1: 2}, "options must be a mapping whose names are texts"),
        ("sandbox", 3, "sandbox must be a Sandbox, not int"),
        ("sandbox", False, "sandbox must be a Sandbox, not bool"),
    ],
)
def test_an_argument_of_another_kind_says_what_is_taken(key: str, given: Any, words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        made(**{"name": "acme", "environment": "sandbox", key: given})
    assert words in str(refused.value)
    assert CANARY not in str(refused.value)


def test_limits_may_be_a_mapping() -> None:
    given = {"max_order_value": "1000000", "symbols": ["005930"]}
    box = cast(Sandbox, FakeSandbox())
    limits = limits_of(get_broker("acme", environment="sandbox", sandbox=box, limits=given))
    assert limits == Limits(max_order_value=Decimal(1_000_000), symbols=frozenset({"005930"}))


def test_missing_keys_name_the_variables_and_the_other_ways() -> None:
    with pytest.raises(ConfigError, match="acme: app_key, app_secret, account are missing") as refused:
        get_broker("acme", environment="demo")
    for words in (
        "BROKERKIT_ACME_APP_KEY",
        "BROKERKIT_ACME_APP_SECRET",
        "BROKERKIT_ACME_ACCOUNT",
        "brokerkit.toml",
        "sandbox",
    ):
        assert words in str(refused.value)


def test_the_sandbox_needs_no_keys_and_uses_none_of_the_profile(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    write(PROFILES.replace('"profile-key"', '{ env = "NOT_SET" }').replace('"profile-secret"', '{ file = "gone" }'))
    set_variables(monkeypatch)
    box = FakeSandbox()
    for broker in (
        made("main", environment="sandbox", sandbox=box),
        made("acme", environment="sandbox", sandbox=box),
        made("acme", environment="sandbox", sandbox=box, **KEYS),
    ):
        assert broker.broker.environment == "sandbox"
        assert {key: broker.settings[key] for key in KEYS} == {
            "app_key": "SANDBOX-key",
            "app_secret": "SANDBOX-secret",
            "account": "sandbox-account",
        }
        assert broker.connected == ("real", "http://127.0.0.1:1", False)
    assert made("main", environment="sandbox", sandbox=box).settings["branch"] == "seoul"
    assert set(box.asked) == {"acme"}


@pytest.mark.parametrize("plays", ["real", "demo"])
def test_a_sandbox_says_which_environment_it_plays(plays: str) -> None:
    assert made("acme", environment="sandbox", sandbox=FakeSandbox(plays)).connected[0] == plays


def test_the_sandbox_of_the_process_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    box = FakeSandbox()
    monkeypatch.setattr(registry, "_shared_sandbox", lambda: box)
    made("acme", environment="sandbox")
    made("narrow", environment="sandbox")
    assert box.asked == ["acme", "narrow"]


def test_a_server_of_ones_own_gets_the_keys_that_are_given() -> None:
    broker = made("acme", environment="sandbox", base_url="http://127.0.0.1:8080", **SANDBOX_KEYS)
    assert broker.settings["app_key"] == "SANDBOX-key"
    assert broker.connected == ("real", "http://127.0.0.1:8080", True)


def test_a_server_that_plays_the_demo_environment_is_spoken_to_with_its_ids() -> None:
    broker = made("acme", environment="sandbox", base_url="http://127.0.0.1:8080", plays="demo", **SANDBOX_KEYS)
    assert broker.broker.environment == "sandbox"
    assert broker.connected == ("demo", "http://127.0.0.1:8080", True)


@pytest.mark.parametrize(
    "given", [{"plays": "demo"}, {"plays": "sandbox", "base_url": "http://127.0.0.1:1"}, {"plays": "", "sandbox": 1}]
)
def test_what_a_server_plays_is_real_or_demo(given: dict[str, Any]) -> None:
    box = FakeSandbox()
    with pytest.raises(ConfigError, match="plays is real or demo"):
        made("acme", environment="sandbox", **KEYS, **{**given, **({"sandbox": box} if "sandbox" in given else {})})
    assert box.asked == []


@pytest.mark.parametrize("environment", ["demo", "real"])
@pytest.mark.parametrize("where", [{"base_url": "http://127.0.0.1:1"}, {"sandbox": FakeSandbox()}])
def test_another_address_is_for_the_sandbox_only(environment: str, where: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="belong to environment='sandbox'"):
        get_broker("acme", environment=environment, **KEYS, **where)


def test_a_sandbox_and_another_address_together_are_refused() -> None:
    box = FakeSandbox()
    with pytest.raises(ConfigError, match="base_url or sandbox, not both"):
        made("acme", environment="sandbox", base_url="http://127.0.0.1:1", sandbox=box, **KEYS)
    assert box.asked == []


@pytest.mark.parametrize(
    ("name", "near"),
    [("acmee", "acme"), ("ACME", "acme"), ("", None), ("acme ", "acme"), ("narow", "narrow"), ("bithumb", None)],
)
def test_an_unknown_name_lists_what_is_installed_and_names_the_nearest(name: str, near: str | None) -> None:
    with pytest.raises(UnknownBroker, match="neither a profile nor an installed broker") as refused:
        get_broker(name, environment="sandbox")
    assert refused.value.advice == (f"Did you mean {near}? " if near else "") + "Installed: acme, narrow."


def test_an_unknown_name_lists_the_profiles_too(write: Write) -> None:
    write(PROFILES)
    with pytest.raises(UnknownBroker, match="Profiles: main, plain, second") as refused:
        get_broker("mian")
    assert "Did you mean main?" in str(refused.value)
    assert "Installed: acme, narrow" in str(refused.value)


def test_a_profile_of_a_broker_that_is_not_installed_names_the_broker(write: Write) -> None:
    write(PROFILES.replace('broker = "acme"', 'broker = "acne"'))
    with pytest.raises(UnknownBroker, match="'acne'") as refused:
        get_broker("main")
    assert "Installed: acme, narrow" in str(refused.value)


def test_without_any_adapter_the_list_says_none(install: Install) -> None:
    install()
    assert installed_brokers() == ()
    with pytest.raises(UnknownBroker, match="Installed: none"):
        get_broker("acme")


def test_installed_brokers_are_listed_without_importing_them(install: Install) -> None:
    install(entry("zeta", "no_such_module:Zeta"), entry("acme", "acme_adapter:AcmeAdapter"))
    assert installed_brokers() == ("acme", "zeta")


def test_two_distributions_that_claim_one_name_are_both_named(install: Install, tmp_path: Path) -> None:
    folders = [tmp_path / f"{name}-1.dist-info" for name in ("acme_one", "acme_two")]
    for folder in folders:
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {folder.name[:-12]}\nVersion: 1\n")
    for values in (("acme_adapter:AcmeAdapter", "other:Acme"), ("acme_adapter:AcmeAdapter",) * 2):
        install(*(entry("acme", value, folder) for value, folder in zip(values, folders, strict=True)))
        with pytest.raises(ConfigError, match="Several adapters claim the name 'acme'") as refused:
            get_broker("acme", environment="sandbox")
        for words in ("acme_one", "acme_two", "Uninstall all but one"):
            assert words in str(refused.value)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("no_such_module:Acme", "no_such_module"),
        ("acme_adapter:Missing", "Missing"),
        ("broken_adapter:Acme", "RuntimeError: the vendor library is too old"),
        ("acme_adapter:make", "it is no Adapter"),
        ("acme_adapter:nothing", "it is no Adapter"),
        ("acme_adapter", "it is no Adapter"),
        ("pathlib:Path", "it is no Adapter"),
    ],
)
def test_an_adapter_that_cannot_be_loaded_says_why_and_logs_nothing(
    value: str, reason: str, install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    (tmp_path / "broken_adapter.py").write_text("raise RuntimeError('the vendor library\\nis too old')")
    monkeypatch.syspath_prepend(tmp_path)
    install(entry("acme", value))
    with caplog.at_level(logging.DEBUG), pytest.raises(ConfigError) as refused:
        get_broker("acme", environment="demo", **KEYS)
    assert str(refused.value).startswith(f"The adapter 'acme' ({value}) cannot be loaded: ")
    assert reason in str(refused.value)
    assert "\n" not in str(refused.value)
    assert [record.message for record in caplog.records if record.levelno >= logging.INFO] == []


class Emptied(FakePart):
    """A part that fills no hook in."""

    quote = Part.quote
    send_order = Part.send_order
    send_cancel = Part.send_cancel
    rows = Part.rows
    balance = Part.balance
    investor_flow = Part.investor_flow


class Abroad(FakePart):
    """A part for another market."""

    market = "US"


UNFIT: list[tuple[dict[str, object], str]] = [
    ({"api_version": 2}, "written for version 2 of the interface .*this is version 1"),
    ({"api_version": "1"}, "written for version '1'"),
    ({"name": "other"}, "its name is 'other', not that of its entry point"),
    ({"parts": ()}, "no tuple of Part classes"),
    ({"parts": [FakePart]}, "no tuple of Part classes"),
    ({"parts": (AcmeAdapter,)}, "no tuple of Part classes"),
    ({"parts": (Emptied,)}, "its part for KR fills no hook in"),
    ({"parts": (FakePart, FakePart)}, "two of its parts are of one market"),
    ({"parts": (Abroad,)}, "no part for KR"),
]


@pytest.mark.parametrize(("changes", "reason"), UNFIT)
def test_an_adapter_that_is_unfit_is_told_by_name_and_hurts_no_other(
    changes: dict[str, object], reason: str, install: Install
) -> None:
    module = sys.modules["acme_adapter"]
    module.__dict__["Unfit"] = type("Unfit", (AcmeAdapter,), changes)
    install(entry("acme", "acme_adapter:Unfit"), entry("narrow", "acme_adapter:NarrowAdapter"))
    with pytest.raises(ConfigError, match=f"The adapter 'acme' .* cannot be loaded: .*{reason}"):
        load_broker("acme")
    assert load_broker("narrow") is NarrowAdapter


def test_an_adapter_says_itself_for_which_version_it_is(install: Install) -> None:
    class Silent(Adapter):
        name = "acme"
        parts = (FakePart,)

    sys.modules["acme_adapter"].__dict__["Silent"] = Silent
    install(entry("acme", "acme_adapter:Silent"))
    with pytest.raises(ConfigError, match="does not say for which version"):
        load_broker("acme")


def test_a_client_is_needed_unless_the_adapter_connects_itself(install: Install) -> None:
    class Wireless(Adapter):
        api_version = 1
        name = "acme"
        parts = (FakePart,)

    sys.modules["acme_adapter"].__dict__["Wireless"] = Wireless
    install(entry("acme", "acme_adapter:Wireless"))
    with pytest.raises(ConfigError, match="neither a Client nor a connect"):
        load_broker("acme")


def test_an_adapter_installed_after_the_cache_was_filled_is_found(install: Install) -> None:
    assert load_broker("acme") is AcmeAdapter
    assert [point.name for point in ExtensionManager.ENTRY_POINT_CACHE[BROKERS]] == ["acme", "narrow"]
    install(entry("narrow", "acme_adapter:NarrowAdapter"))
    assert installed_brokers() == ("narrow",)
    assert load_broker("narrow") is NarrowAdapter
    with pytest.raises(UnknownBroker):
        load_broker("acme")


def test_a_stale_cache_does_not_bring_an_old_adapter_back(install: Install) -> None:
    ExtensionManager.ENTRY_POINT_CACHE[BROKERS] = [entry("acme", "no_such_module:Acme")]
    assert load_broker("acme") is AcmeAdapter


def test_making_a_broker_or_failing_to_logs_nothing(caplog: Any) -> None:
    with caplog.at_level(logging.INFO):
        made("acme", environment="demo", **KEYS)
        with pytest.raises(UnknownBroker):
            get_broker("other")
    assert caplog.records == []


def test_no_secret_is_shown_by_a_broker_or_an_error(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    secrets: dict[str, Any] = {"app_key": CANARY, "app_secret": CANARY, "account": CANARY}
    assert CANARY not in repr(made("acme", environment="demo", **secrets).broker)
    write(f'[profiles.main]\nbroker = "acme"\nenvironment = "demo"\napp_key = "{CANARY}"\nbranch = ["{CANARY}"]')
    set_variables(monkeypatch, environment="demo", max_calls_per_second=CANARY, app_secret=CANARY)
    for name, keys in (("main", {}), ("main", KEYS), ("acme", {})):
        with pytest.raises(ConfigError) as refused:
            get_broker(name, **keys)
        assert CANARY not in str(refused.value) + repr(refused.value) + repr(vars(refused.value))


def run(code: str, *, path: Path | None = None, variables: Mapping[str, str] | None = None) -> str:
    """Return what a fresh interpreter prints; errors and warnings fail the test."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("BROKERKIT_")}
    environ |= {"PYTHONPATH": str(path or ""), "PYTHONIOENCODING": "utf-8", **(variables or {})}
    done = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-W", "error", "-c", code], capture_output=True, encoding="utf-8", env=environ, timeout=50
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


def test_importing_brokerkit_imports_no_adapter_and_none_of_the_extras() -> None:
    seen = run("import sys, brokerkit; print(*sorted({name.partition('.')[0] for name in sys.modules}))").split()
    assert "brokerkit" in seen
    loaded = {name for name in seen if name.startswith("brokerkit_")}
    extras = {"starlette", "uvicorn", "httptools", "anyio", "keyring", "pytest", "_pytest", "hypothesis", "responses"}
    assert loaded | (extras & set(seen)) == set()


def test_listing_the_brokers_imports_none_of_them() -> None:
    code = "import sys, brokerkit; print(*brokerkit.installed_brokers()); print(*sys.modules)"
    names, modules = run(code).splitlines()
    assert names.split()
    assert not [module for module in modules.split() if module.startswith("brokerkit_")]


@pytest.mark.parametrize("missing", ["starlette", "uvicorn"])
def test_a_missing_sandbox_library_names_the_extra(missing: str) -> None:
    code = f"""
import sys
sys.modules[{missing!r}] = None
import brokerkit
try:
    brokerkit.get_broker(brokerkit.installed_brokers()[0], environment="sandbox")
except brokerkit.ConfigError as error:
    print(error)
"""
    said = run(code)
    assert "[sandbox] extra" in said
    assert f"{missing} is missing" in said


def test_an_adapter_of_a_third_party_is_found_and_usable(tmp_path: Path) -> None:
    folder = tmp_path / "site" / "zephyr_broker-1.0.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: zephyr-broker\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text(f"[{BROKERS}]\nzephyr = zephyr_broker:ZephyrAdapter\n")
    (tmp_path / "site" / "zephyr_broker.py").write_text(THIRD_PARTY, encoding="utf-8")
    code = """
import brokerkit
print("zephyr" in brokerkit.installed_brokers())
with brokerkit.get_broker("zephyr", environment="demo", app_key="key-123456", app_secret="secret-123456") as broker:
    print(broker.name, broker.environment, broker.quote("005930").price)
    order = broker.buy("005930", 10, price=70_000)
    print(order.id, broker.cancel(order).original_id, broker.refresh(order).status)
"""
    said = run(code, path=tmp_path / "site", variables={"BROKERKIT_CONFIG": "", "HOME": str(tmp_path)})
    assert said.splitlines() == ["True", "zephyr demo 70000", "1 1 PENDING", "closed"]
