"""`brokerkit config import`: keys of another program's file become profiles, and the file stays as it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace

import pytest
from pydantic import SecretStr

from brokerkit import extensions
from brokerkit.cli import exits, importing
from brokerkit.config import load_profiles
from brokerkit.errors import AuthError
from brokerkit.findings import Findings
from tests.profiles import FakeKeyring, Run, watched

KEY = "CANARYkey0" + "a1B2" * 6
SECRET = "CANARYsecret0" + "x9Y8" * 30
PAPER = "CANARYpaper0" + "q5" * 20
SAMPLE = f"""\
# 실전투자
my_app: "{KEY}"
my_sec: "{SECRET}"
paper_app: {PAPER}
paper_sec: "{PAPER}{PAPER}"
my_htsid: trader
my_acct_stock: 01234567  # a number that YAML would read as octal
my_paper_stock: "70012345"
my_prod: 01
my_token: ""
"""


@pytest.fixture
def run(user: Path, held: FakeKeyring, caplog: pytest.LogCaptureFixture) -> Iterator[Run]:
    """Return a function that runs the command in an empty folder; at the end no secret may have shown."""
    with watched("config", "import", secrets=("CANARY", KEY[10:], SECRET[13:]), caplog=caplog) as runner:
        yield runner


def write(text: str, name: str = "kis_devlp.yaml", encoding: str = "utf-8") -> str:
    Path(name).write_bytes(text.encode(encoding))
    return name


def postman(values: Mapping[str, object]) -> str:
    rows = [{"key": key, "value": value, "enabled": True} for key, value in values.items()]
    return write(json.dumps({"name": "Env", "values": rows}), "environment.json")


REAL = {"PROD_APPKEY": KEY, "PROD_APPSECRET": SECRET, "CANO_REAL": "50012345", "PROD": "https://x", "PROD_TOKEN": "t"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_a_file_with_two_accounts_becomes_two_profiles(
    encoding: str, run: Run, held: FakeKeyring, tmp_path: Path
) -> None:
    source = write(SAMPLE, encoding=encoding)
    before = Path(source).read_bytes()
    assert run(source, "--untested") == 0
    found, default = load_profiles()
    assert default == "kis-real"
    assert {name: (each.broker, each.environment) for name, each in found.items()} == {
        "kis-real": ("kis", "real"),
        "kis-demo": ("kis", "demo"),
    }
    assert found["kis-real"].settings == {
        "account": SecretStr("01234567-01"),
        "hts_id": SecretStr("trader"),
        "app_key": {"keyring": "brokerkit/kis-real/app_key"},
        "app_secret": {"keyring": "brokerkit/kis-real/app_secret"},
    }
    assert found["kis-real"].arm is None
    assert held.content["brokerkit", "kis-real/app_secret"] == SECRET
    assert held.content["brokerkit", "kis-demo/app_key"] == PAPER
    assert Path(source).read_bytes() == before
    assert "kis_devlp.yaml still holds your keys as plain text" in run.stderr
    assert "not needed: 1." in run.stderr
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != source]
    assert not [path for path in written if b"CANARY" in path.read_bytes()]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("--environment", "demo"), ["kis-demo"]),
        (("--environment", "demo", "--profile", "mine"), ["mine"]),
        (("--profile", "mine"), ["mine-real", "mine-demo"]),
    ],
)
def test_profiles_are_named_by_environment(options: tuple[str, ...], names: list[str], run: Run) -> None:
    assert run(write(SAMPLE), "--untested", *options) == 0
    assert list(load_profiles()[0]) == names


def test_a_postman_environment_becomes_a_profile(run: Run, held: FakeKeyring) -> None:
    assert run(postman(REAL), "--untested", "--profile", "mine") == 0
    assert load_profiles()[0]["mine"].settings["account"] == SecretStr("50012345-01")
    assert held.content["brokerkit", "mine/app_key"] == KEY
    assert "not needed: 2." in run.stderr
    assert "arm with the last four digits" in run.stderr


def test_what_is_not_filled_in_is_left_out_and_named(run: Run) -> None:
    assert run(write(SAMPLE.replace(KEY, "앱키")), "--untested") == 0
    assert list(load_profiles()[0]) == ["kis-demo"]
    assert "Left out: the real keys of kis lack my_app." in run.stderr


def test_a_file_without_any_complete_account_names_what_is_lacking(run: Run, tmp_path: Path) -> None:
    assert run(postman({**REAL, "PROD_APPKEY": "", "CANO_REAL": ""}), "--untested") == exits.WRONG_USAGE
    assert "the real keys of kis lack PROD_APPKEY, CANO_REAL" in run.error
    assert run(postman(REAL), "--environment", "demo") == exits.WRONG_USAGE
    assert "none for this environment" in run.error
    assert not (tmp_path / "user").exists()


def test_an_account_can_be_given_beside_the_file(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    source = postman({**REAL, "CANO_REAL": ""})
    assert run(source, "--untested", "--account", "12") == exits.WRONG_USAGE
    assert "--account: must be eight digits" in run.error
    assert run(source, "--untested", "--account", "50012345-22") == 0
    assert load_profiles()[0]["kis-real"].settings["account"] == SecretStr("50012345-22")
    assert run(write(SAMPLE), "--untested", "--account", "50012345-22") == exits.WRONG_USAGE
    assert "about one account" in run.error
    monkeypatch.setattr(importing, "is_terminal", lambda: True)
    assert run(source, "--untested", "--profile", "asked", "--keep", "file", typed="1\n60012345-01\n") == 0
    assert "Account of real, which CANO_REAL does not tell" in run.stderr
    assert load_profiles()[0]["asked"].settings["account"] == SecretStr("60012345-01")


KIWOOM_KEY, KIWOOM_SECRET = "CANARYk_" + "aB3-" * 9, "CANARYs_" + "xY4_" * 9
ENV = f"""\
# 한국투자증권
export KIS_APP_KEY="{KEY}"   # 실전
KIS_APP_SECRET='{SECRET}'
KIS_ACCOUNT_NO=50012345-01
KIS_PAPER_APP_KEY={PAPER}
KIS_PAPER_APP_SECRET = "{PAPER}
{PAPER}"
KIS_PAPER_STOCK=70012345
KIS_PROD_TYPE=01

TELEGRAM_BOT_TOKEN=123:CANARY
this line is none
KIWOOM_APP_KEY={KIWOOM_KEY}#1
"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_file_of_variables_becomes_profiles(encoding: str, ends: str, run: Run, held: FakeKeyring) -> None:
    source = write(ENV.replace("\n", ends), ".env", encoding)
    before = Path(source).read_bytes()
    assert run(source, "--untested", "--broker", "kis") == 0
    found, default = load_profiles()
    assert {name: each.settings["account"] for name, each in found.items()} == {
        "kis-real": SecretStr("50012345-01"),
        "kis-demo": SecretStr("70012345-01"),
    }
    assert default in found
    assert held.content["brokerkit", "kis-real/app_key"] == KEY
    assert held.content["brokerkit", "kis-real/app_secret"] == SECRET
    assert held.content["brokerkit", "kis-demo/app_secret"] == PAPER + PAPER
    assert Path(source).read_bytes() == before


def test_a_file_with_keys_of_two_brokers_becomes_profiles_of_both(run: Run, held: FakeKeyring) -> None:
    source = write(
        f"KIS_APP_KEY={KEY}\nKIS_APP_SECRET={SECRET}\nKIS_ACCOUNT_NO=50012345-01\nKIS_ENV=real\n"
        f"KIWOOM_APP_KEY={KIWOOM_KEY}\nKIWOOM_SECRET_KEY={KIWOOM_SECRET}\nKIWOOM_MODE=mock\n",
        ".env",
    )
    assert run(source, "--untested") == 0
    found, _ = load_profiles()
    assert {name: (each.broker, each.environment) for name, each in found.items()} == {
        "kis-real": ("kis", "real"),
        "kiwoom-demo": ("kiwoom", "demo"),
    }
    assert "account" not in found["kiwoom-demo"].settings
    assert held.content["brokerkit", "kiwoom-demo/app_secret"] == KIWOOM_SECRET
    assert run(source, "--untested", "--profile", "mine") == 0
    assert {"mine-kis-real", "mine-kiwoom-demo"} < set(load_profiles()[0])
    assert run(source, "--untested", "--profile", "alone", "--broker", "kiwoom") == 0
    assert load_profiles()[0]["alone"].broker == "kiwoom"


def test_an_environment_that_the_file_does_not_tell_is_asked_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    source = write(f"KIWOOM_APP_KEY={KIWOOM_KEY}\nKIWOOM_SECRET_KEY={KIWOOM_SECRET}\n", ".env")
    assert run(source, "--untested") == exits.WRONG_USAGE
    assert "does not tell whether its keys of kiwoom are for demo or for real" in run.error
    assert run(source, "--untested", "--environment", "sandbox") == exits.WRONG_USAGE
    assert "Give demo or real" in run.error
    assert run(source, "--untested", "--environment", "demo") == 0
    assert load_profiles()[0]["kiwoom-demo"].environment == "demo"
    monkeypatch.setattr(importing, "is_terminal", lambda: True)
    assert run(source, "--untested", "--keep", "file", typed="paper\nreal\n") == 0
    assert load_profiles()[0]["kiwoom-real"].environment == "real"


def test_what_python_kis_saved_becomes_a_profile(run: Run) -> None:
    saved = {"id": "trader", "appkey": KEY, "secretkey": SECRET, "account": "50012345-01", "virtual": True}
    assert run(write(json.dumps(saved), "secret.json"), "--untested") == 0
    assert load_profiles()[0]["kis-demo"].settings["hts_id"] == SecretStr("trader")


@pytest.mark.parametrize("start", ["#" * 500_000, "\n" * 500_000, " " * 500_000, "export " * 70_000])
def test_a_long_beginning_does_not_take_long_to_read(start: str, run: Run) -> None:
    assert run(write(f"{start}\nA=b\n", ".env")) == exits.WRONG_USAGE
    assert "none of the files" in run.error or "cannot be read" in run.error


def test_a_profile_is_not_replaced_without_asking(run: Run) -> None:
    assert run(postman(REAL), "--untested") == 0
    assert run(postman(REAL), "--untested") == exits.WRONG_USAGE
    assert "--replace" in run.error
    assert run(postman(REAL), "--untested", "--replace") == 0


def test_keys_that_do_not_open_the_account_are_not_kept(
    run: Run, held: FakeKeyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(draft: object) -> str:
        raise AuthError("the key is not known", broker="kis")

    # The real hosts are not for tests; `init` reads a served sandbox.
    monkeypatch.setattr("brokerkit.cli.drafts.read_account", refuse)
    assert run(postman(REAL)) == exits.REFUSED
    assert "profile kis-real could not be read, so nothing of it was written" in run.stderr
    assert held.content == {}
    assert not (tmp_path / "user").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is empty"),
        (f"just {KEY}", "not a table"),
        (f"- {KEY}", "not a table"),
        (f'my_app: "{KEY}\nmy_sec: x', "not valid YAML at line 2"),
        (f"my_app: *{KEY}", "not valid YAML at line 1"),
        (f"my_app: [{KEY}\nmy_sec: : {SECRET}", "not valid YAML at line"),
        ("[" * 5000, "not valid YAML"),
        (f'{{"my_app": "{KEY}",,}}', "not valid JSON at line 1"),
        ('{"a":' * 50000, "not valid JSON"),
        (f"my_app: [{KEY}]", "my_app must be a text"),
        (f"app_key: {KEY}", "none of the files"),
        ("my_app: x\n" + "# " * 2**20, "larger than 1 MiB"),
        (f"!!python/object/apply:os.system ['{KEY}']", "not a table"),
        (f"my_app: !!python/object/apply:os.system ['{KEY}']", "my_app must be a text"),
    ],
    ids=range(14),
)
def test_a_file_that_cannot_be_used_is_named_without_its_words(text: str, words: str, run: Run, tmp_path: Path) -> None:
    assert run(write(text)) == exits.WRONG_USAGE
    assert words in run.error
    assert "kis_devlp.yaml" in run.error or "my_app" in run.error
    assert not (tmp_path / "user").exists()


def test_a_file_that_is_none_is_named(run: Run) -> None:
    Path("latin").write_bytes(b"\xff\xfe\x00\x81\xff")
    Path("empty").touch()
    told = {".": "it is no file", "gone": "there is no such file", "latin": "neither UTF-8", "empty": "it is empty."}
    for name, words in told.items():
        assert run(name) == exits.WRONG_USAGE
        assert words in run.error


def test_an_unknown_file_tells_what_is_known(run: Run) -> None:
    assert run(write("a: b")) == exits.WRONG_USAGE
    assert "kis: kis_devlp.yaml, a Postman environment, .env" in run.error
    assert "kiwoom: .env with names such as KIWOOM_APP_KEY" in run.error


# Importers that others wrote


def broken(content: Mapping[str, object]) -> Findings | None:
    """Nothing that could be read."""
    raise KeyError(str(content))


def use(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    entry = EntryPoint("acme", value, extensions.IMPORTERS)
    monkeypatch.setattr(extensions, "entry_points", lambda group: [entry] if group == extensions.IMPORTERS else [])


def test_an_importer_that_breaks_shows_nothing_of_the_file(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "acme_importing", SimpleNamespace(read=broken))
    use(monkeypatch, "acme_importing:read")
    assert run(write(SAMPLE)) == exits.WRONG_USAGE
    assert "cannot be read by the adapter acme (KeyError)" in run.error


def test_an_importer_that_cannot_be_loaded_is_named(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, "no_such_module:read")
    assert run(write(SAMPLE)) == exits.WRONG_USAGE
    assert "The adapter 'acme' (no_such_module:read) cannot be loaded: ModuleNotFoundError" in run.error


@pytest.mark.parametrize("value", [None, 3, "read"])
def test_an_importer_that_is_none_is_named_and_hurts_nobody_else(
    value: object, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "acme_importing", SimpleNamespace(read=value))
    others = extensions.everything(extensions.IMPORTERS)
    entry = EntryPoint("acme", "acme_importing:read", extensions.IMPORTERS)
    monkeypatch.setattr(
        extensions, "entry_points", lambda group: [entry, *others] if group == extensions.IMPORTERS else []
    )
    assert run(write("a: b")) == exits.WRONG_USAGE
    assert "The adapter 'acme' (acme_importing:read) cannot be loaded: it is no importer." in run.error
    assert "Reinstall or remove it. kis: kis_devlp.yaml" in run.error


def test_without_importers_it_says_how_to_go_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extensions, "entry_points", lambda group: [])
    assert run(write(SAMPLE)) == exits.WRONG_USAGE
    assert "use config init" in run.error
