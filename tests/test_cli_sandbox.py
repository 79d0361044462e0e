"""`brokerkit sandbox` serves any client on this machine, and keeps what it is told to keep."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import ClientConnection

from brokerkit import Broker, ConfigError, OrderRequest, OrderStatus, OrderUncertain, Side, clock, get_broker
from brokerkit.cli import main
from brokerkit.market.days import previous_trading_day
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.faults import KINDS
from tests import forks
from tests.program import started
from tests.willow import client

FIELDS = {"base_url", "websocket_url", "app_key", "app_secret", "account", "plays"}


@contextmanager
def serving(*arguments: str, fresh: bool = False) -> Iterator[tuple[dict[str, dict[str, str]], subprocess.Popen[str]]]:
    with started("--json", *arguments, fresh=fresh) as (line, process):
        yield json.loads(line), process


def connect(name: str, line: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Broker:
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path / "cache"))
    return get_broker(
        name,
        environment="sandbox",
        base_url=line["base_url"],
        app_key=line["app_key"],
        app_secret=line["app_secret"],
        account=line["account"],
    )


def test_one_line_of_json_tells_all_that_a_client_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(fresh=True) as (lines, process):
        assert set(lines) == {"kis", "kiwoom"}
        for name, line in lines.items():
            assert set(line) - {"hts_id"} == FIELDS
            with connect(name, line, tmp_path, monkeypatch) as broker:
                assert broker.quote("005930").price > 0
                assert broker.balance().cash == 100_000_000
        assert lines["kis"]["hts_id"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


def test_the_demo_environment_is_played_with_its_own_ids() -> None:
    with serving("--environment", "demo") as (lines, _):
        url, keys = lines["kis"]["base_url"], lines["kis"]
        body = {"grant_type": "client_credentials", "appkey": keys["app_key"], "appsecret": keys["app_secret"]}
        token = requests.post(f"{url}/oauth2/tokenP", json=body, timeout=10).json()["access_token"]
        headers = {
            "authorization": f"Bearer {token}",
            "appkey": keys["app_key"],
            "appsecret": keys["app_secret"],
            "tr_id": "TTTC8434R",
        }
        answer = requests.get(
            f"{url}/uapi/domestic-stock/v1/trading/inquire-balance", headers=headers, timeout=10
        ).json()
        assert answer["msg_cd"] == "EGW02006"


def test_ports_and_seeds_are_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving("--seed", "5") as (first, _):
        with connect("kis", first["kis"], tmp_path, monkeypatch) as broker:
            price = broker.quote("000660").price
        port = first["kis"]["base_url"].rpartition(":")[2]
    with serving("--seed", "5", "--port-kis", port) as (second, _):
        assert second["kis"]["base_url"] == first["kis"]["base_url"]
        with connect("kis", second["kis"], tmp_path, monkeypatch) as broker:
            assert broker.quote("000660").price == price


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_accounts_keys_and_orders_outlive_a_restart(
    stop: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state.json"
    with serving("--state", str(state)) as (first, process):
        with connect("kiwoom", first["kiwoom"], tmp_path, monkeypatch) as broker:
            quote = broker.quote("005930")
            waiting = broker.buy("005930", 1_000, price=quote.price)
            before = broker.balance()
        process.send_signal(stop)
        process.wait(timeout=60)
    assert oct(state.stat().st_mode & 0o777) == "0o600"
    with serving("--state", str(state)) as (second, _):
        assert second["kiwoom"]["app_key"] == first["kiwoom"]["app_key"]
        assert second["kis"]["account"] == first["kis"]["account"]
        with connect("kiwoom", second["kiwoom"], tmp_path / "other", monkeypatch) as broker:
            assert broker.balance() == before
            assert broker.refresh(waiting).status is OrderStatus.PARTIALLY_FILLED
            assert broker.refresh(broker.cancel(waiting)).status is OrderStatus.CANCELED


def test_tls_is_served_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    certificate = tmp_path / "sandbox.pem"
    with serving("--tls", str(certificate)) as (lines, _):
        url = lines["kiwoom"]["base_url"]
        assert url.startswith("https://127.0.0.1:")
        assert lines["kiwoom"]["websocket_url"].startswith("wss://")
        body = {
            "grant_type": "client_credentials",
            "appkey": lines["kiwoom"]["app_key"],
            "secretkey": lines["kiwoom"]["app_secret"],
        }
        answer = requests.post(f"{url}/oauth2/token", json=body, verify=str(certificate), timeout=10)
        assert answer.json()["return_code"] == 0
        with pytest.raises(requests.exceptions.SSLError):
            requests.post(f"{url}/oauth2/token", json=body, timeout=10)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.0.1", "example.com", "::"])  # noqa: S104
def test_nothing_but_loopback_is_served(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "--json", "--host", host]) == 2
    captured = capsys.readouterr()
    assert host in captured.err
    assert captured.out == ""


NESTED = "[" * 100_000


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"version": 99}', '{"version": 1, "environment": "demo"}', NESTED, "\ufeff{}", '{"version": NaN}'],
    ids=["empty", "broken", "list", "version", "parts", "nested", "mark", "NaN"],
)
def test_a_state_file_that_is_none_is_not_overwritten(
    content: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state.json"
    state.write_text(content, encoding="utf-8")
    assert main(["sandbox", "--json", "--state", str(state)]) == 2
    assert "state.json" in capsys.readouterr().err
    assert state.read_text(encoding="utf-8") == content


def places(value: object, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to everything inside of a JSON value."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in inside:
        yield from places(inner, *path, step)


def broken(value: Any, path: tuple[str | int, ...]) -> object:
    """Return the value with one of another kind at that place: a list for an object, a text for anything else."""
    if not path:
        return [1] if isinstance(value, dict) else 12.5 if isinstance(value, str) else "somewhat"
    step, *rest = path
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[step] = broken(value[step], tuple(rest))
    return copied


def test_state_file_with_a_wrong_type_anywhere_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with Sandbox(state=path) as sandbox:
        account = sandbox.face("kis").credentials.account
        price = sandbox.exchange.quote("005930").price
        for quantity in (1, 1_000):
            order = OrderRequest(symbol="005930", side=Side.BUY, quantity=quantity, price=price)
            sandbox.exchange.submit(account, order)
        sandbox.exchange.remember(account, previous_trading_day(sandbox.exchange.today), order)
        sandbox.exchange.halt("000660")
    stored = json.loads(path.read_text(encoding="utf-8"))
    stored["abroad"] = {}  # a second exchange is written like the first
    stored["exchange"]["played"] = {"005930": [["2026-11-20", 1, 1, 1, 1, 1, 1]]}
    found = list(places(stored))
    assert len(found) > 100
    for place in found:
        content = json.dumps(broken(stored, place))
        path.write_text(content, encoding="utf-8")
        with pytest.raises(ConfigError) as error:
            Sandbox(state=path)
        words = str(error.value)
        assert "state.json" in words
        assert "\n" not in words
        told = [step for step in place if isinstance(step, str)][:1]
        assert all(step in words for step in told), (place, words)
        assert path.read_text(encoding="utf-8") == content


def test_state_is_written_only_after_something_happened(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with Sandbox(state=path) as sandbox:
        account = sandbox.face("kiwoom").credentials.account
        sandbox.save()
        path.unlink()
        sandbox.exchange.quote("005930")
        sandbox.save()
        assert not path.exists()
        price = sandbox.exchange.instruments["005930"].lower_limit
        order = OrderRequest(symbol="005930", side=Side.BUY, quantity=1, price=price)
        number = sandbox.exchange.submit(account, order).number
        sandbox.save()
        first = json.loads(path.read_text(encoding="utf-8"))
        sandbox.exchange.cancel(account, number)
    last = json.loads(path.read_text(encoding="utf-8"))
    rows = [stored["exchange"]["accounts"][0]["entries"] for stored in (first, last)]
    assert [(len(each), each[0]["remaining"], each[0]["canceled"]) for each in rows] == [(1, 1, 0), (2, 0, 1)]


def test_what_is_written_again_and_again_is_what_there_is(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with Sandbox(state=path) as sandbox:
        account = sandbox.face("kis").credentials.account
        best = sandbox.exchange.order_book("005930").bids[0]
        for _ in range(3):
            order = OrderRequest(symbol="005930", side=Side.BUY, quantity=5, price=best.price)
            sandbox.exchange.submit(account, order)
            sandbox.save()
            sandbox.exchange.trade("005930", Side.SELL, best.quantity + 3, best.price)
            sandbox.save()
            stored = json.loads(path.read_text(encoding="utf-8"))["exchange"]
            assert stored == {**sandbox.exchange.dump(), "now": stored["now"]}
        before = sandbox.exchange.orders(account)
    with Sandbox(state=path) as again:
        assert again.exchange.orders(account) == before


def test_sandbox_is_closed_while_another_thread_saves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    began, go_on = threading.Event(), threading.Event()
    sandbox = Sandbox(state=tmp_path / "state.json")
    sandbox.face("kis")
    all_keys = sandbox._all_keys

    def slow() -> dict[str, dict[str, str | None]]:
        began.set()
        assert go_on.wait(10)
        return all_keys()

    monkeypatch.setattr(sandbox, "_all_keys", slow)
    saving, closing = (threading.Thread(target=work) for work in (sandbox.save, sandbox.close))
    saving.start()
    assert began.wait(10)
    closing.start()
    time.sleep(0.1)
    go_on.set()
    for thread in (saving, closing):
        thread.join(20)
        assert not thread.is_alive()
    assert set(json.loads((tmp_path / "state.json").read_text(encoding="utf-8"))["keys"]) == {"kis"}


def test_saving_waits_longer_the_longer_it_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([100.0, 102.0, 141.9, 142.1, 142.1])
    saved = []
    with Sandbox(state=tmp_path / "state.json") as sandbox:
        monkeypatch.setattr("brokerkit.sandbox.sandbox.time", SimpleNamespace(monotonic=lambda: next(times)))
        monkeypatch.setattr(sandbox, "save", lambda: saved.append(1))
        for count in (1, 1, 2):
            sandbox.keep()
            assert len(saved) == count
        monkeypatch.undo()


def rest_of(process: subprocess.Popen[str]) -> str:
    """End the process, and return what it said after its first line. `communicate` would lose what came with that."""
    assert process.stdout is not None
    process.send_signal(signal.SIGTERM)
    return process.stdout.read()


@pytest.mark.parametrize("played", ["real", "demo"])
@pytest.mark.parametrize(
    "more", ["", "--tls sandbox.pem", "--state state.json --seed 5 --host ::1 --faults lag:rate=0"]
)
def test_toml_is_a_configuration_that_finds_the_server(
    played: str, more: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "brokerkit.toml"
    options = ["--environment", played, *more.split()]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BROKERKIT_CONFIG", str(path))
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path / "cache"))
    with path.open("w", encoding="utf-8") as file:
        process = forks.Popen(["sandbox", "--toml", *options], stdout=file)
    try:
        while "[profiles." not in path.read_text(encoding="utf-8"):
            assert process.poll() is None
            time.sleep(0.02)
        written = tomllib.loads(path.read_text(encoding="utf-8"))
        assert written["default"] in written["profiles"]
        assert written["profiles"]["kis"]["hts_id"]
        assert {each["plays"] for each in written["profiles"].values()} == {played}
        for name in ("kis", "kiwoom"):
            assert main(["balance", "--profile", name, "--json"]) == 0
            assert json.loads(capsys.readouterr().out)["cash"] == "100000000"
    finally:
        process.terminate()
        process.wait(timeout=60)


def test_people_are_shown_every_address_and_key() -> None:
    with started() as (line, process):
        said = rest_of(process)
    assert "real environment" in line
    assert "127.0.0.1" in said
    assert {"kis", "kiwoom"} <= set(said.splitlines())
    for field in FIELDS:
        assert len([each for each in said.splitlines() if each.split()[:1] == [field]]) == 2


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port-kis", "99999"],
        ["--port-kis", "-1"],
        ["--environment", "x"],
        ["--environment", "sandbox"],
        ["--toml", "--json"],
        ["--seed", "x"],
        ["--faults", "no_such_kind"],
        ["--faults", "html_200:rate=2"],
    ],
)
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", *arguments]) == 2
    said = capsys.readouterr()
    assert said.err
    assert said.out == ""


def test_faults_break_what_they_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving("--faults", "processed_then_reset:on=order,nth=1") as (lines, _):
        for name, line in lines.items():
            with connect(name, line, tmp_path, monkeypatch) as broker:
                price = broker.quote("005930").lower_limit
                with pytest.raises(OrderUncertain):
                    broker.buy("005930", 1, price=price)
                assert len(broker.unresolved()) == len(broker.order_history(clock.today())) == 1


def approval(keys: dict[str, str]) -> str:
    """Return a key for the WebSocket of KIS."""
    body = {"grant_type": "client_credentials", "appkey": keys["app_key"], "secretkey": keys["app_secret"]}
    return str(requests.post(f"{keys['base_url']}/oauth2/Approval", json=body, timeout=60).json()["approval_key"])


def registered(line: ClientConnection, key: str) -> Any:
    """Register the trades of a symbol at KIS and return the code of the answer."""
    header = {"approval_key": key, "custtype": "P", "tr_type": "1", "content-type": "utf-8"}
    line.send(json.dumps({"header": header, "body": {"input": {"tr_id": "H0STCNT0", "tr_key": "005930"}}}))
    return json.loads(line.recv(timeout=60))["body"]["msg_cd"]


def test_whoever_follows_a_symbol_sees_it_trade_although_nobody_plays() -> None:
    with serving() as (lines, _), client(f"{lines['kis']['websocket_url']}/tryitout") as line:
        assert registered(line, approval(lines["kis"])) == "OPSP0000"
        assert str(line.recv(timeout=60)).startswith("0|H0STCNT0|001|005930^")


def test_streams_are_broken_by_the_same_option() -> None:
    text = "stream_registration_refused:times=1;stream_cut"
    with serving("--faults", text) as (lines, _), client(f"{lines['kis']['websocket_url']}/tryitout") as line:
        key = approval(lines["kis"])
        assert [registered(line, key) for _ in range(2)] == ["OPSP0007", "OPSP0000"]
        with pytest.raises(ConnectionClosedError):
            line.recv(timeout=60)


@pytest.mark.parametrize(("arguments", "lively"), [([], True), (["--quiet-market"], False)])
def test_a_market_is_lively_unless_it_is_to_be_quiet(
    arguments: list[str], lively: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []

    def played(**options: Any) -> Sandbox:
        asked.append(options["lively"])
        raise ConfigError("enough")

    monkeypatch.setattr("brokerkit.cli.sandbox.sandbox_class", lambda: played)
    assert main(["sandbox", *arguments]) == 2
    assert asked == [lively]


def test_people_are_told_what_is_broken() -> None:
    with started("--faults", "html_200:on=query") as (line, _):
        assert "html_200:on=query" in line


def test_the_kinds_of_faults_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "--faults", "help"]) == 0
    shown = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert shown == list(KINDS)


def test_every_installed_sandbox_has_a_port_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sandbox", "--help"]) == 0
    shown = capsys.readouterr().out
    assert "--port-kis" in shown
    assert "--port-kiwoom" in shown


def test_a_port_that_is_taken_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert main(["sandbox", "--json", "--port-kiwoom", port]) == 2
    said = capsys.readouterr()
    assert port in json.loads(said.err)["message"]
    assert said.out == ""


def test_the_command_is_installed() -> None:
    command = Path(sys.executable).with_name("brokerkit")
    done = subprocess.run([command, "--version"], capture_output=True, encoding="utf-8", check=True)  # noqa: S603
    assert done.stdout.startswith("brokerkit ")


def test_the_address_of_the_other_loopback_can_be_used() -> None:
    with serving("--host", "::1") as (lines, _):
        for line in lines.values():
            assert line["base_url"].startswith("http://[::1]:")
            assert requests.get(f"{line['base_url']}/nothing", timeout=30).status_code >= 200
