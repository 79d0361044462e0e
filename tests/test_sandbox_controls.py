"""Playing in a served sandbox: phases, other traders and accidents, by HTTP and by the command line."""

from __future__ import annotations

import datetime as dt
import json
import re
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import requests
from websockets.exceptions import ConnectionClosedError

from brokerkit import Broker, MarketClosed, OrderStatus, Side, get_broker
from brokerkit.cli import exits, main
from brokerkit.languages import KOREAN, speaking
from brokerkit.market.sessions import Phase
from brokerkit.market.us import NEW_YORK
from brokerkit.models import OrderRequest
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import Exchange, ExchangeRefusal
from brokerkit.sandbox.faults import Faults, Rule
from brokerkit.sandbox.rows import WORDS, Refusal
from brokerkit.words import Venue
from tests.program import orders_at, write_profiles
from tests.willow import client

BOTH = ["kis", "kiwoom"]
SYMBOL = "005930"


@pytest.fixture(params=BOTH)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    """Serve a sandbox whose requests to the brokers are broken where they name another symbol, and write profiles."""
    with Sandbox(faults=Faults([Rule("http_502", symbols="035720")])) as sandbox:
        for key, value in write_profiles(sandbox, tmp_path).items():
            monkeypatch.setenv(key, value)
        yield sandbox


@pytest.fixture
def broker(box: Sandbox, name: str) -> Iterator[Broker]:
    with get_broker(name) as broker:
        yield broker


class Play:
    """Runs commands of `brokerkit play` for one broker and returns what they print."""

    def __init__(self, name: str, captured: pytest.CaptureFixture[str]) -> None:
        self._name = name
        self._captured = captured

    def __call__(self, words: str) -> dict[str, Any]:
        assert main(["play", *words.split(), "--profile", self._name, "--json"]) == 0, self._captured.readouterr().err
        told: dict[str, Any] = json.loads(self._captured.readouterr().out)
        assert told["simulation"] == "brokerkit sandbox"
        return told

    def refused(self, words: str) -> str:
        assert main(["play", *words.split(), "--profile", self._name, "--json"]) == exits.WRONG_USAGE
        return str(json.loads(self._captured.readouterr().err)["message"])


@pytest.fixture
def play(name: str, box: Sandbox, capsys: pytest.CaptureFixture[str]) -> Play:
    return Play(name, capsys)


def test_others_trade_and_fill_what_waits(broker: Broker, play: Play) -> None:
    best = broker.order_book(SYMBOL).bids[0]
    order = broker.buy(SYMBOL, 10, price=best.price)
    told = play(f"trade {SYMBOL} sell {best.quantity + 4} --price {best.price}")
    assert told["price"] == str(best.price)
    assert broker.refresh(order).filled_quantity == 4
    play(f"trade {SYMBOL} SELL 6")
    assert broker.refresh(order).status is OrderStatus.FILLED


@pytest.mark.parametrize("steps", [-7, -1, 1, 7])
def test_the_price_moves_and_fills_what_lies_between(steps: int, broker: Broker, play: Play) -> None:
    quote = broker.quote(SYMBOL)
    book = broker.order_book(SYMBOL)
    step = book.asks[1].price - book.asks[0].price
    target = quote.price + steps * step
    order = broker.buy(SYMBOL, 3, price=quote.price - 4 * step)
    assert play(f"price {SYMBOL} {target}")["price"] == str(target)
    assert broker.quote(SYMBOL).price == target
    assert play(f"price {SYMBOL} {target}")["price"] == str(target)
    assert broker.refresh(order).status is (OrderStatus.FILLED if steps < -4 else OrderStatus.WORKING)


def test_phases_begin_and_end(broker: Broker, play: Play, box: Sandbox, name: str) -> None:
    price = broker.quote(SYMBOL).lower_limit
    order = broker.buy(SYMBOL, 1, price=price)
    assert play("phase closing_auction")["phase"] == "CLOSING_AUCTION"
    assert play("phase CLOSED")["phase"] == "CLOSED"
    assert [row.expired for row in orders_at(box, name)] == [1]
    # The broker does not see the phase, so it does not know why nothing of it works any more.
    assert broker.refresh(order).status is OrderStatus.UNKNOWN
    with pytest.raises(MarketClosed):
        broker.buy(SYMBOL, 1, price=price)
    assert "MARKET_CLOSED" in play.refused(f"price {SYMBOL} {price}")
    assert play("phase REGULAR")["phase"] == "REGULAR"
    broker.buy(SYMBOL, 1, price=price)


def test_accidents_happen(broker: Broker, play: Play, box: Sandbox, name: str) -> None:
    price = broker.quote(SYMBOL).lower_limit
    play("reject")
    assert broker.refresh(broker.buy(SYMBOL, 1, price=price)).status is OrderStatus.REJECTED
    assert play(f"halt {SYMBOL}")["halted"] == [SYMBOL]
    assert "TRADING_HALTED" in play.refused(f"trade {SYMBOL} BUY 1")
    assert play(f"resume {SYMBOL}")["halted"] == []
    play(f"give {SYMBOL} 7 490000")
    assert [(each.symbol, each.quantity) for each in broker.balance().positions] == [(SYMBOL, 7)]
    before = len(box.face(name).requests)
    play("kill-tokens")
    assert len(box.face(name).requests) == before


def test_the_us_exchange_is_played_by_symbol_or_market(play: Play, box: Sandbox, name: str) -> None:
    exchange, account = box.exchanges["US"], box.face(name).credentials.account
    seen = play("show US:AAPL")
    assert (seen["market"], seen["price"]) == ("US", str(exchange.quote("US:AAPL").price))
    target = exchange.quote("US:AAPL").price + Decimal("1.07")
    assert play(f"price US:AAPL {target}")["price"] == str(target)
    play(f"trade US:AAPL sell 3 --price {target + 1}")
    assert exchange.order_book("US:AAPL").asks[-1].price == target + 1
    assert play("halt US:AAPL")["halted"] == ["US:AAPL"]
    assert play("resume US:AAPL")["halted"] == []
    play("give US:BRK.B 7 3500.25")
    assert [(each.symbol, each.cost) for each in exchange.account(account).holdings] == [
        ("US:BRK.B", Decimal("3500.25"))
    ]
    assert play("phase after_market --market US")["phase"] == "AFTER_MARKET"
    assert (exchange.phase, box.exchange.phase) == (Phase.AFTER_MARKET, Phase.REGULAR)
    play("phase daytime --market US")
    assert "no phase" in play.refused("phase closing_auction --market US")
    play("clock 19:30 --market US")
    assert exchange.now().astimezone(NEW_YORK).hour == 19
    assert box.exchange.now().hour == 10
    play("reject --market US")
    order = OrderRequest(symbol="US:AAPL", side=Side.BUY, quantity=1, price="10.00", venue=Venue.DAYTIME)
    assert exchange.submit(account, order).rejected == 1
    assert "UNKNOWN_SYMBOL" in play.refused("halt US:NOPE")
    assert "no exchange for HK" in play.refused("show HK:00700")
    assert "no exchange for JP" in play.refused("phase regular --market JP")


def test_every_websocket_of_a_broker_is_cut(broker: Broker, play: Play, box: Sandbox, name: str) -> None:
    stream = box.face(name).stream
    assert stream is not None
    path = next(path for path in ("/tryitout", "/api/dostk/websocket") if stream.is_path(path))
    pause = threading.Event()
    with client(f"{box.connect(name).websocket_url}{path}") as connection:
        while not stream.lines:
            pause.wait(0.01)
        play("cut-streams")
        with pytest.raises(ConnectionClosedError):
            connection.recv(timeout=60)


def test_rare_states_are_played(broker: Broker, play: Play) -> None:
    order = broker.buy("000660", 1, price=broker.quote("000660").lower_limit)
    play("unopen 005380")
    assert broker.quote("005380").open is None
    play("lift-limits 005380")
    assert broker.quote("005380").upper_limit is None
    play(f"give {SYMBOL} 7 490000")
    play(f"unprice {SYMBOL}")
    assert [each.price for each in broker.balance().positions] == [None]
    play("reject-cancel")
    assert broker.refresh(broker.cancel(order)).status is OrderStatus.WORKING


def test_the_clock_goes_forward_and_not_back(play: Play) -> None:
    assert play("show")["time"][11:16] < "15:20"
    assert play("clock 15:20")["time"][11:16] == "15:20"
    assert "forward" in play.refused("clock 15:00")
    assert play("clock +600")["time"][11:16] == "15:30"
    assert play("clock 23:59:59")["time"][11:] == "23:59:59+09:00"
    assert play("clock +3600")["time"][11:] == "23:59:59+09:00"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (f"trade {SYMBOL} BUY x", "quantity"),
        (f"trade {SYMBOL} BUY 0", "QUANTITY"),
        (f"trade {SYMBOL} BUY 1 --price 1", "PRICE"),
        ("price 999999 100", "UNKNOWN_SYMBOL"),
        ("show 999999", "UNKNOWN_SYMBOL"),
        ("clock noon", "no time of the day"),
        ("clock +x", "seconds"),
        ("clock +1e400", "seconds"),
        ("clock +Infinity", "seconds"),
        ("clock +nan", "seconds"),
        ("clock +1e300", "seconds"),
        ("clock +1e12", "seconds"),
        ("clock +-1e300", "seconds"),
        (f"give {SYMBOL} 1.5 1", "whole"),
        (f"give {SYMBOL} 1e999999 1", "quantity"),
        (f"give {SYMBOL} 1 1e999999", "cost"),
        (f"give {SYMBOL} 1 1e-999999", "cost"),
        (f"give {SYMBOL} NaN 1", "quantity"),
        (f"give {SYMBOL} {'9' * 5000} 1", "quantity"),
        (f"give {SYMBOL} 1 1000000000000001", "cost"),
        (f"trade {SYMBOL} BUY 1e999999", "quantity"),
        (f"trade {SYMBOL} BUY 1 --price 1e999999", "price"),
        (f"price {SYMBOL} 1e999999", "price"),
        (f"price {SYMBOL} 1e-999999", "price"),
    ],
)
def test_what_cannot_be_played_is_said(words: str, said: str, play: Play) -> None:
    assert said in play.refused(words)


@pytest.mark.parametrize("more", [[], ["--environment", "demo"]])
def test_only_a_served_sandbox_is_played_in(
    more: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BROKERKIT_CONFIG", raising=False)
    Path("brokerkit.toml").write_text('[profiles.here]\nbroker = "kis"\nenvironment = "sandbox"\n')
    assert main(["play", "phase", "CLOSED", "--profile", "here", *more]) == exits.WRONG_USAGE
    assert "brokerkit sandbox --toml" in capsys.readouterr().err


def test_a_server_that_is_gone_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Sandbox() as sandbox:
        variables = write_profiles(sandbox, tmp_path)
    for key, value in variables.items():
        monkeypatch.setenv(key, value)
    assert main(["play", "show", "--profile", "kis"]) == exits.NO_ANSWER
    assert "did not answer" in capsys.readouterr().err


# Who may


def headers(box: Sandbox, name: str, **more: str) -> dict[str, str]:
    return {"X-Sandbox-Secret": box.connect(name).app_secret, **{key.replace("_", "-"): more[key] for key in more}}


@pytest.mark.parametrize(
    "wrong",
    [
        {"X-Sandbox-Secret": ""},
        {"X-Sandbox-Secret": "SANDBOX"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "null"},
        {"Referer": "http://127.0.0.1/"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Host": "attacker.example:80"},
        {"Host": "127.0.0.1.attacker.example:80"},
        {"Host": ""},
    ],
)
def test_nobody_plays_without_the_secret_or_from_a_page(wrong: dict[str, str], box: Sandbox, name: str) -> None:
    url = f"{box.connect(name).base_url}/_sandbox/phase"
    answer = requests.post(url, json={"phase": "CLOSED"}, headers={**headers(box, name), **wrong}, timeout=10)
    assert answer.status_code in (400, 403)
    assert box.exchange.phase is Phase.REGULAR
    other = "kiwoom" if name == "kis" else "kis"
    stranger = {"X-Sandbox-Secret": box.connect(other).app_secret}
    assert requests.post(url, json={"phase": "CLOSED"}, headers=stranger, timeout=10).status_code == 403
    asked = requests.options(url, headers={"Origin": "http://x", "Access-Control-Request-Method": "POST"}, timeout=10)
    assert "Access-Control-Allow-Origin" not in asked.headers
    assert box.exchange.phase is Phase.REGULAR


def test_every_answer_carries_the_mark_of_a_simulation(box: Sandbox, name: str) -> None:
    url = f"{box.connect(name).base_url}/_sandbox/"
    for answer in (
        requests.get(url, headers=headers(box, name), timeout=10),
        requests.get(url, timeout=10),
        requests.post(f"{url}nothing", json={}, headers=headers(box, name), timeout=10),
        requests.post(f"{url}phase", data=b"x" * 100_000, headers=headers(box, name), timeout=10),
        requests.post(f"{url}phase", json={"phase": "CLOSED", "more": 1}, headers=headers(box, name), timeout=10),
    ):
        assert answer.headers["X-Simulation"] == "brokerkit sandbox"
        assert answer.json()["simulation"] == "brokerkit sandbox"
    assert box.exchange.phase is Phase.REGULAR


def test_what_cannot_be_played_is_answered_in_english(box: Sandbox, name: str) -> None:
    url = f"{box.connect(name).base_url}/_sandbox/halt"
    with speaking(KOREAN):
        answer = requests.post(url, json={"symbol": "US:!"}, headers=headers(box, name), timeout=10)
    assert answer.status_code == 422
    assert answer.json()["error"].isascii(), answer.json()["error"]


@pytest.mark.parametrize("size", [64 * 1024 + 1, 1_000_000])
def test_a_body_that_is_too_large_is_not_understood(size: int, box: Sandbox, name: str) -> None:
    url = f"{box.connect(name).base_url}/_sandbox/phase"
    body = b'{"phase": "CLOSED"' + b" " * size + b"}"
    answer = requests.post(url, data=body, headers=headers(box, name), timeout=10)
    assert (answer.status_code, answer.json()["error"]) == (422, "The body is larger than 65536 bytes.")
    assert box.exchange.phase is Phase.REGULAR


@pytest.mark.parametrize("given", ["1e999999", "-1e999999", "NaN", "Infinity", "1000000000000001", "0.5"])
def test_the_exchange_itself_takes_no_absurd_amount(given: str) -> None:
    exchange = Exchange(seed=3)
    with pytest.raises(ValueError, match="cash must be"):
        exchange.open_account("rich", cash=Decimal(given))
    exchange.open_account("rich", cash=Decimal(10) ** 15)
    with pytest.raises(ValueError, match="quantity must be"):
        exchange.give_holding("rich", SYMBOL, Decimal(given), Decimal(1))
    exchange.give_holding("rich", SYMBOL, Decimal(10) ** 15, Decimal(10) ** 15)


def test_controls_are_no_requests_to_a_broker(box: Sandbox, name: str) -> None:
    url = f"{box.connect(name).base_url}/_sandbox/price"
    before = len(box.face(name).requests)
    price = str(box.exchange.quote("035720").price)
    answer = requests.post(url, json={"symbol": "035720", "price": price}, headers=headers(box, name), timeout=10)
    assert answer.json()["price"] == price
    assert len(box.face(name).requests) == before
    assert requests.get(f"{box.connect(name).base_url}/_sandboxes/", timeout=10).status_code == 404


# The exchange


def test_a_move_in_an_auction_is_refused() -> None:
    exchange = Exchange(seed=3)
    exchange.phase = Phase.CLOSING_AUCTION
    with pytest.raises(ExchangeRefusal):
        exchange.move(SYMBOL, exchange.quote(SYMBOL).price)


def test_a_move_reaches_both_limits_of_the_day() -> None:
    exchange = Exchange(seed=3)
    quote = exchange.quote(SYMBOL)
    for limit in (quote.upper_limit, quote.lower_limit, quote.price):
        exchange.move(SYMBOL, Decimal(limit or 0))
        assert exchange.quote(SYMBOL).price == limit
    exchange.trade(SYMBOL, Side.BUY, Decimal(1), quote.price)


def test_what_is_played_later_has_later_times() -> None:
    exchange = Exchange(seed=3)
    exchange.trade(SYMBOL, Side.BUY, Decimal(1))
    exchange.forward(dt.timedelta(hours=2))
    exchange.trade(SYMBOL, Side.BUY, Decimal(1))
    first, last = (trade.time for trade in exchange.trades(SYMBOL)[-2:])
    assert last - first >= dt.timedelta(hours=2)
    with pytest.raises(ValueError, match="forward"):
        exchange.forward(dt.timedelta(seconds=-1))


def test_people_read_the_state_and_refusals_in_korean(
    name: str, box: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    def said(*words: str) -> str:
        main(["--lang", "ko", "play", *words, "--profile", name])
        told = capsys.readouterr()
        return told.out or told.err

    shown = dict(line.split(None, 1) for line in said("halt", SYMBOL).splitlines())
    assert list(shown) == ["시장", "장구분", "시각", "거래정지", "종목코드", "현재가", "매도호가", "매수호가"]
    assert (shown["장구분"], shown["거래정지"]) == ("정규장", SYMBOL)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", shown["시각"])
    assert re.fullmatch(r"\d{1,3},\d{3}", shown["현재가"])
    assert "거래소가 거절합니다: 없는 종목입니다 (UNKNOWN_SYMBOL)." in said("show", "999999")
    assert said("clock", "noon").endswith(
        "'noon': 시각도, 앞으로 돌릴 초도 아닙니다. | 아무것도 하지 않았습니다. "
        "시각은 15:30처럼, 앞으로 돌릴 초는 +600처럼 주십시오.\n"
    )


def test_every_refusal_has_its_words() -> None:
    assert set(WORDS) == set(Refusal)
