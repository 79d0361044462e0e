"""The programs of docs/examples run at both brokers, and the exchange behind them tells whether they did right."""

from __future__ import annotations

import datetime as dt
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from brokerkit import OrderRequest, OrderType, SecurityType, Side, clock
from brokerkit.models import InvestorFlow
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import ExchangeOrder
from brokerkit.sandbox.face import JsonResponse, ReceivedRequest

pytestmark = pytest.mark.slow  # each test starts a program at both brokers
ROOT = Path(__file__).parent.parent
EXAMPLES = ROOT / "docs" / "examples"
PAGE = ROOT / "docs" / "examples.md"
NAMES = ("rebalance", "us_rebalance", "flow_watch", "ladder", "momentum", "trailing_stop")
SPENDABLE = Decimal(99_000_000)
"""Won that the rebalancer spends of the account's 100,000,000."""


@dataclass
class Stage:
    """One example at one broker, over an exchange of its own that the test can look into."""

    broker: str
    sandbox: Sandbox
    folder: Path

    @property
    def account(self) -> str:
        return self.sandbox.face(self.broker).credentials.account

    def start(self, example: str, *arguments: str) -> subprocess.Popen[str]:
        """Start an example as a user would, with a profile that leads to our exchange."""
        line = self.sandbox.connect(self.broker)
        keys = {"broker": self.broker, "base_url": line.base_url, "app_key": line.app_key}
        keys |= {"app_secret": line.app_secret, "account": line.account}
        keys |= {"hts_id": line.hts_id} if line.hts_id else {}
        profile = self.folder / "brokerkit.toml"
        profile.write_text(
            "[profiles.mine]\n" + "".join(f'{key} = "{value}"\n' for key, value in keys.items()), encoding="utf-8"
        )
        kept = {name: value for name, value in os.environ.items() if not name.startswith("BROKERKIT_")}
        own = {f"BROKERKIT_{kind}_DIR": str(self.folder) for kind in ("CACHE", "STATE")}
        return subprocess.Popen(  # noqa: S603
            [sys.executable, str(EXAMPLES / f"{example}.py"), "mine", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.folder,
            env={**kept, **own, "PYTHONIOENCODING": "utf-8", "PYTHONUNBUFFERED": "1"},
            encoding="utf-8",
        )

    def run(self, example: str, *arguments: str, fails: bool = False) -> str:
        """Run an example to its end; return what it printed, or if it has to fail what it complained of."""
        process = self.start(example, *arguments)
        printed, complaint = process.communicate(timeout=50)
        assert process.returncode == fails, complaint
        assert "Traceback" not in complaint
        if fails:
            return complaint
        # One that was killed has used some of the calls of this second: the next one may be told so, and asks again.
        assert [line for line in complaint.splitlines() if not line.endswith("slower from here on")] == []
        return printed

    def held(self) -> dict[str, Decimal]:
        return {each.symbol: each.quantity for each in self.sandbox.exchange.account(self.account).holdings}

    def orders(self) -> list[ExchangeOrder]:
        """Return the orders without their cancellations."""
        return [row for row in self.sandbox.exchange.orders(self.account) if row.action == "NEW"]

    def lose_order(self, number: int) -> list[ReceivedRequest]:
        """Break the line under that order, counted from 1; return the list of all orders that arrive from now on."""
        arrived: list[ReceivedRequest] = []

        def broken(request: ReceivedRequest) -> JsonResponse | None:
            if not is_order(request):
                return None
            arrived.append(request)
            return JsonResponse({}, status=502) if len(arrived) == number else None

        self.sandbox.face(self.broker).before = broken
        return arrived


def is_order(request: ReceivedRequest) -> bool:
    """Say whether a request buys or sells, at either broker."""
    return request.path.endswith("/order-cash") or request.headers.get("api-id") in ("kt10000", "kt10001")


@pytest.fixture(params=["kis", "kiwoom"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with Sandbox() as sandbox:
        yield Stage(request.param, sandbox, tmp_path)


# The rebalancer


def test_a_rebalanced_account_has_its_targets(stage: Stage) -> None:
    exchange = stage.sandbox.exchange
    prices = {symbol: exchange.quote(symbol).price for symbol in ("005930", "000660", "069500")}
    printed = stage.run("rebalance", "005930=30", "000660=20", "069500=10")
    for symbol, percent in (("005930", 30), ("000660", 20), ("069500", 10)):
        aim = SPENDABLE * percent / 100
        assert 0 <= aim - stage.held()[symbol] * prices[symbol] < prices[symbol]
    assert printed.count("done") == 3
    assert exchange.open_orders(stage.account) == []
    assert exchange.account(stage.account).cash_d2 > 0


def test_what_is_too_much_is_sold_before_anything_is_bought(stage: Stage) -> None:
    exchange, bid = stage.sandbox.exchange, stage.sandbox.exchange.order_book("035420").bids[0]
    exchange.give_holding(stage.account, "035420", Decimal(300), Decimal(60_000_000))
    exchange.give_holding(stage.account, "035720", Decimal(7), Decimal(400_000))
    stage.run("rebalance", "005930=60", "035420=0")
    sides = [row.request.side for row in stage.orders()]
    assert sides == sorted(sides, key=[Side.SELL, Side.BUY].index)
    assert {Side.SELL, Side.BUY} <= set(sides)
    assert stage.orders()[0].request.price == bid.price
    held = {symbol: quantity for symbol, quantity in stage.held().items() if quantity}
    assert set(held) == {"005930", "035720"}
    assert held["035720"] == 7  # it was not named


def test_a_second_rebalance_finds_little_to_do(stage: Stage) -> None:
    stage.run("rebalance", "005930=30")
    before = stage.held()["005930"]
    stage.run("rebalance", "005930=30")
    assert abs(stage.held()["005930"] - before) <= 1


def test_what_the_book_does_not_give_stays_untraded_and_is_told(stage: Stage) -> None:
    exchange = stage.sandbox.exchange
    levels = exchange.order_book("000660").asks
    taken = sum(level.quantity for level in levels) - 10
    exchange.trade("000660", Side.BUY, Decimal(taken), levels[-1].price)
    aim = SPENDABLE * 90 / 100 // exchange.quote("000660").price
    printed = stage.run("rebalance", "000660=90")
    (untraded,) = re.findall(r"000660: ([\d,]+) shares not traded", printed)
    assert stage.held() == {"000660": 10}
    assert int(untraded.replace(",", "")) == aim - 10
    assert exchange.open_orders(stage.account) == []


def test_a_rebalance_does_not_buy_twice_what_is_on_order(stage: Stage) -> None:
    exchange = stage.sandbox.exchange
    price = exchange.order_book("005930").bids[0].price
    request = OrderRequest(symbol="005930", side=Side.BUY, quantity=Decimal(1), price=price, type=OrderType.LIMIT)
    exchange.submit(stage.account, request)
    assert "Orders are working" in stage.run("rebalance", "005930=30", fails=True)
    assert len(stage.orders()) == 1


def test_a_rebalance_stops_at_an_uncertain_order(stage: Stage) -> None:
    arrived = stage.lose_order(1)
    complaint = stage.run("rebalance", "005930=30", "000660=30", fails=True)
    assert complaint.startswith("Stopped: ")
    assert "may stand" in complaint
    assert len(arrived) == 1


def test_an_account_is_never_overdrawn_by_wrong_targets(stage: Stage) -> None:
    printed = stage.run("rebalance", "005930=300")
    assert "shares not traded" in printed
    assert stage.sandbox.exchange.account(stage.account).orderable >= 0


# The rebalancer of US shares

PLACING = ("/overseas-stock/v1/trading/order", "/api/us/ordr")


def orders_abroad(stage: Stage) -> list[ExchangeOrder]:
    return [row for row in stage.sandbox.exchanges["US"].orders(stage.account) if row.action == "NEW"]


def dollars_in(stage: Stage, symbol: str) -> Decimal:
    exchange = stage.sandbox.exchanges["US"]
    held = {each.symbol: each.quantity for each in exchange.account(stage.account).holdings}
    return held.get(symbol, Decimal(0)) * exchange.quote(symbol).price


def test_us_shares_come_to_their_targets_of_dollars_sells_first(stage: Stage) -> None:
    exchange = stage.sandbox.exchanges["US"]
    exchange.give_holding(stage.account, "US:NVDA", Decimal(20), Decimal(3_000))
    won = stage.sandbox.exchange.account(stage.account).orderable
    printed = stage.run("us_rebalance", "US:AAPL=30", "US:NVDA=0", "US:MSFT=20")
    rows = orders_abroad(stage)
    assert [(row.request.side, row.request.symbol) for row in rows] == [
        (Side.SELL, "US:NVDA"),
        (Side.BUY, "US:MSFT"),
        (Side.BUY, "US:AAPL"),
    ]
    assert {row.request.type for row in rows} == {OrderType.LIMIT}
    assert printed.count("USD, FILLED") == 3
    assert dollars_in(stage, "US:NVDA") == 0
    for symbol, percent in (("US:AAPL", 30), ("US:MSFT", 20)):
        assert abs(dollars_in(stage, symbol) / 100_000 - Decimal(percent) / 100) < Decimal("0.02")
    assert stage.sandbox.exchange.account(stage.account).orderable == won


def test_a_second_run_of_the_day_sends_nothing_twice(stage: Stage) -> None:
    first = stage.run("us_rebalance", "US:AAPL=30", "US:MSFT=20")
    assert stage.run("us_rebalance", "US:AAPL=30", "US:MSFT=20") == first
    assert len(orders_abroad(stage)) == 2


def test_what_is_not_filled_is_cancelled(stage: Stage) -> None:
    exchange = stage.sandbox.exchanges["US"]
    asks = exchange.order_book("US:AAPL").asks
    exchange.trade("US:AAPL", Side.BUY, sum((level.quantity for level in asks), Decimal(-7)), asks[-1].price)
    printed = stage.run("us_rebalance", "US:AAPL=90", "--seconds", "1")
    (order,) = orders_abroad(stage)
    assert order.remaining == 0
    assert order.filled < order.quantity
    assert "CANCELED" in printed
    assert exchange.open_orders(stage.account) == []


def test_amounts_that_are_not_dollars_stop_it_before_anything_is_sent(stage: Stage) -> None:
    assert "not in dollars" in stage.run("us_rebalance", "US:AAPL=30", "005930=20", fails=True)
    assert orders_abroad(stage) == []
    assert stage.orders() == []


def test_it_stops_at_an_uncertain_order_and_does_not_send_it_again(stage: Stage) -> None:
    arrived: list[ReceivedRequest] = []

    def broken(request: ReceivedRequest) -> JsonResponse | None:
        if not request.path.endswith(PLACING):
            return None
        arrived.append(request)
        return JsonResponse({}, status=502)

    stage.sandbox.face(stage.broker).before = broken
    for _ in range(2):
        assert stage.run("us_rebalance", "US:AAPL=30", "US:MSFT=20", fails=True).startswith("Stopped: ")
        assert len(arrived) == 1


# The flow watcher


def table(printed: str) -> dict[tuple[str, str], list[int]]:
    """Return the figures of each symbol and day."""
    lines = [re.findall(r"\S+", line) for line in printed.splitlines()]
    days = [line for line in lines if len(line) == 6 and re.fullmatch(r"[\d-]{10}\*?", line[1])]
    return {(line[0], line[1].rstrip("*")): [int(cell.replace(",", "")) for cell in line[2:]] for line in days}


def truth(day: InvestorFlow) -> list[Decimal | None]:
    parts = (day.foreign, day.institution)
    return [figure for flow in parts for figure in (flow.net_quantity, flow.net_amount)]


def test_the_flow_table_is_the_exchanges(stage: Stage) -> None:
    printed = stage.run("flow_watch", "005930", "000660", "--days", "4")
    exchange = stage.sandbox.exchange
    days = {symbol: exchange.investor_flow(symbol, days=4) for symbol in ("005930", "000660")}
    told = {(symbol, str(day.date)): truth(day) for symbol, rows in days.items() for day in rows}
    assert table(printed) == told
    total = sum(day.foreign.net_amount or 0 for day in days["000660"])
    assert f"000660  foreign in 4 days: {total:+,} won" in printed


def test_the_picture_has_a_bar_for_each_day_and_kind(stage: Stage) -> None:
    from matplotlib.colors import to_rgb
    from matplotlib.image import imread

    stage.run("flow_watch", "005930", "000660", "--days", "3", "--picture", "flow.png")
    picture = imread(stage.folder / "flow.png")
    assert picture.shape[:2] == (600, 1000)
    for panel in (picture[45:310], picture[335:]):  # the legend above them shows the colours too
        for color in ("tab:blue", "tab:orange"):
            painted = (abs(panel[:, :, :3] - to_rgb(color)).max(axis=2) < 0.01).any(axis=0)
            begins = painted[1:] & ~painted[:-1]
            assert int(begins.sum()) == 3


def test_an_unknown_symbol_is_a_line_and_not_a_traceback(stage: Stage) -> None:
    complaint = stage.run("flow_watch", "999999", fails=True)
    assert "999999" in complaint
    assert len(complaint.splitlines()) == 1


# The ladder


def prices_of(stage: Stage) -> list[Decimal | None]:
    return [row.request.price for row in stage.orders()]


def test_a_ladder_leaves_no_order_behind(stage: Stage) -> None:
    bid = stage.sandbox.exchange.order_book("005930").bids[0].price
    printed = stage.run("ladder", "005930", "3000000", "--steps", "3", "--seconds", "0")
    assert prices_of(stage) == [bid - 100, bid - 200, bid - 300]
    assert stage.sandbox.exchange.open_orders(stage.account) == []
    assert [row.canceled for row in stage.orders()] == [1_000_000 // (bid - step) for step in (100, 200, 300)]
    assert printed.count("CANCELED, 0 of 14 bought") == 3


def test_a_ladder_in_percent_keeps_to_the_price_steps(stage: Stage) -> None:
    bid = stage.sandbox.exchange.order_book("069500").bids[0].price
    stage.run("ladder", "069500", "1000000", "--steps", "4", "--percent", "0.7", "--seconds", "0")
    exact = [bid * (1 - Decimal("0.007") * step) for step in range(1, 5)]
    assert prices_of(stage) == [price // 5 * 5 for price in exact]


def test_a_ladder_ends_at_the_lower_limit(stage: Stage) -> None:
    limit = stage.sandbox.exchange.quote("005930").lower_limit
    stage.run("ladder", "005930", "10000000", "--steps", "6", "--percent", "9", "--seconds", "0")
    prices = prices_of(stage)
    assert len(prices) == 3
    assert all(price is not None and limit is not None and price >= limit for price in prices)


def wait_until_working(stage: Stage, number: int) -> None:
    """Return when so many orders stand and the example has gone on to watch them."""
    exchange, asked = stage.sandbox.exchange, stage.sandbox.face(stage.broker).requests
    for _ in range(1_000):
        if len(exchange.open_orders(stage.account)) == number and not is_order(asked[-1]):
            return
        time.sleep(0.03)
    pytest.fail("The example did not place its orders.")


def test_a_ladder_ends_when_all_of_it_is_bought(stage: Stage) -> None:
    exchange = stage.sandbox.exchange
    bids = exchange.order_book("005930").bids
    process = stage.start("ladder", "005930", "3000000", "--steps", "2", "--seconds", "40")
    wait_until_working(stage, 2)
    exchange.trade("005930", Side.SELL, sum((bid.quantity for bid in bids[:3]), Decimal(200)), bids[2].price)
    printed, complaint = process.communicate(timeout=30)  # long before the 40 seconds are over
    assert (process.returncode, complaint) == (0, "")
    assert printed.count("21 of 21 bought") == 2
    assert stage.held() == {"005930": 42}


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C cannot be sent to one process there")
def test_ctrl_c_cancels_the_ladder(stage: Stage) -> None:
    exchange = stage.sandbox.exchange
    bids = exchange.order_book("005930").bids
    process = stage.start("ladder", "005930", "3000000", "--steps", "3", "--seconds", "40")
    wait_until_working(stage, 3)
    exchange.trade("005930", Side.SELL, bids[0].quantity + bids[1].quantity + 5, bids[1].price)
    process.send_signal(signal.SIGINT)
    printed, complaint = process.communicate(timeout=30)
    assert complaint.strip() == "Stopped: Ctrl-C"
    assert f"{bids[1].price:,}: CANCELED, 5 of 14 bought" in printed
    assert printed.count("CANCELED") == 3
    assert stage.held() == {"005930": 5}
    assert exchange.open_orders(stage.account) == []


def test_a_ladder_stops_at_an_uncertain_order_and_cancels_the_others(stage: Stage) -> None:
    arrived = stage.lose_order(2)
    complaint = stage.run("ladder", "005930", "3000000", "--steps", "3", fails=True)
    assert "may stand" in complaint
    assert len(arrived) == 2
    assert [row.canceled for row in stage.orders()] == [14]


def test_a_ladder_says_which_order_it_could_not_cancel(stage: Stage) -> None:
    lost: list[ReceivedRequest] = []

    def broken(request: ReceivedRequest) -> JsonResponse | None:
        if not request.path.endswith("/order-rvsecncl") and request.headers.get("api-id") != "kt10003":
            return None
        lost.append(request)
        return JsonResponse({}, status=502) if len(lost) == 1 else None

    stage.sandbox.face(stage.broker).before = broken
    complaint = stage.run("ladder", "005930", "2000000", "--steps", "2", "--seconds", "0", fails=True)
    first, second = stage.orders()
    assert re.search(rf"Order 0*{first.number} may stand", complaint)
    assert [first.canceled, second.canceled] == [0, 14]
    assert len(lost) == 2  # neither cancellation was sent again


# The screener


def test_the_screener_ranks_what_is_traded_most_by_the_exchanges_own_history(stage: Stage) -> None:
    exchange = stage.sandbox.exchange
    shares = {
        symbol: each
        for symbol, each in exchange.instruments.items()
        if each.kind is SecurityType.STOCK and not (each.state.administrative or each.state.overheated)
    }
    traded = {symbol: exchange.quote(symbol).price * exchange.quote(symbol).volume for symbol in shares}
    pool = sorted(shares, key=traded.__getitem__, reverse=True)[:8]
    finished = clock.now() - dt.timedelta(days=1, hours=8)  # brokers correct a day until the next morning
    days_of = {symbol: exchange.daily_candles(symbol, days=40) for symbol in pool}
    histories = {symbol: [day for day in days if day.time <= finished] for symbol, days in days_of.items()}
    gains = {symbol: (days[-21].close / days[0].close - 1) * 100 for symbol, days in histories.items()}
    head, *lines = stage.run("momentum", "--pool", "8", "--days", "40", "--top", "5").splitlines()
    assert head == f"{len(shares)} shares, 8 looked at, 0 with too few days"
    best = sorted(pool, key=gains.__getitem__, reverse=True)[:5]
    assert lines == [
        f"{place:3} {symbol} {gains[symbol]:+8.1f} %  {shares[symbol].name}" for place, symbol in enumerate(best, 1)
    ]


def test_the_screener_passes_over_what_is_halted_and_what_has_no_history(stage: Stage) -> None:
    exchange = stage.sandbox.exchange
    exchange.halt("005930")
    head, *lines = stage.run("momentum", "--pool", "3", "--days", "30").splitlines()
    listed = [each for each in exchange.instruments.values() if each.kind is SecurityType.STOCK]
    wanted = [each for each in listed if not (each.state.administrative or each.state.overheated)]
    assert head.startswith(f"{len(wanted) - 1} shares, 3 looked at")
    assert not [line for line in lines if "005930" in line]


# The trailing stop


STOP = ("005930", "10", "--percent", "1")


def reads(process: subprocess.Popen[str], wanted: str) -> None:
    """Read what a program prints up to a line that begins so."""
    assert process.stdout is not None
    assert process.stderr is not None
    for line in process.stdout:
        if line.startswith(wanted):
            return
    raise AssertionError(process.stderr.read())


def killed(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate(timeout=50)


@pytest.fixture
def owner(stage: Stage) -> Stage:
    """Give the account twenty shares."""
    stage.sandbox.exchange.give_holding(stage.account, "005930", Decimal(20), Decimal(1_300_000))
    return stage


def test_a_trailing_stop_sells_once_though_it_is_killed_twice(owner: Stage) -> None:
    exchange = owner.sandbox.exchange
    process = owner.start("trailing_stop", *STOP)
    reads(process, "highest")
    exchange.move("005930", Decimal(71_000))
    reads(process, "highest 71,000")
    exchange.move("005930", Decimal(70_400))  # not far enough
    killed(process)
    assert owner.orders() == []

    exchange.move("005930", Decimal(70_200))  # while nobody looks
    process = owner.start("trailing_stop", *STOP)
    reads(process, "fell 70,200")
    while not owner.orders():
        time.sleep(0.01)
    killed(process)

    for _ in range(2):
        assert owner.run("trailing_stop", *STOP) == "FILLED: 10 of 10 sold\n"
    (order,) = owner.orders()
    request = order.request
    assert (request.side, request.type, request.quantity) == (Side.SELL, OrderType.MARKET, 10)
    assert owner.held()["005930"] == 10


def test_a_trailing_stop_sells_when_the_price_falls_under_its_eyes(owner: Stage) -> None:
    exchange = owner.sandbox.exchange
    process = owner.start("trailing_stop", *STOP)
    reads(process, "highest")
    exchange.move("005930", Decimal(71_000))
    reads(process, "highest 71,000")
    for line in [*owner.sandbox.face(owner.broker).stream.lines]:
        line.cut()
    exchange.move("005930", Decimal(70_100))  # in the gap: nobody tells it
    printed, complaint = process.communicate(timeout=100)
    assert process.returncode == 0, complaint
    assert printed.splitlines()[-2:] == ["fell 70,100", "FILLED: 10 of 10 sold"]
    assert len(owner.orders()) == 1


def test_a_trailing_stop_whose_order_is_uncertain_sends_nothing_more(owner: Stage) -> None:
    exchange = owner.sandbox.exchange
    process = owner.start("trailing_stop", *STOP)
    reads(process, "highest")
    arrived = owner.lose_order(1)
    exchange.move("005930", exchange.quote("005930").price - 1_000)
    assert process.communicate(timeout=100)[1].startswith("Stopped: ")
    assert process.returncode == 1
    assert len(arrived) == 1
    owner.run("trailing_stop", *STOP, fails=True)  # what became of it nobody knows yet
    assert len(arrived) == 1


def test_a_trailing_stop_that_could_not_sell_all_says_that_the_rest_has_no_stop(owner: Stage) -> None:
    exchange = owner.sandbox.exchange
    process = owner.start("trailing_stop", *STOP)
    reads(process, "highest")
    exchange.move("005930", exchange.quote("005930").lower_limit)  # it takes all who would have bought
    printed, complaint = process.communicate(timeout=100)
    assert process.returncode == 1
    assert printed.endswith("CANCELED: 0 of 10 sold\n")
    assert complaint.startswith("Look at the order: the rest has no stop any more.")
    assert owner.run("trailing_stop", *STOP, fails=True) == complaint
    assert len(owner.orders()) == 1


# All of them


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_read_at_once(name: str) -> None:
    text = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 60
    assert "float(" not in text


def test_the_examples_are_typed() -> None:
    files = [str(EXAMPLES / f"{name}.py") for name in NAMES]
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", *files],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("name", NAMES[:-1])  # the trailing stop goes on until the price falls
def test_the_page_shows_what_an_example_prints(name: str, tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    command, shown = re.findall(rf"    python docs/examples/{name}\.py ([^\n]*)\n\n```text\n(.*?)```", text, re.DOTALL)[
        0
    ]
    with Sandbox() as sandbox:
        printed = Stage(command.split()[0], sandbox, tmp_path).run(name, *command.split()[1:])
    assert without_days(printed) == without_days(shown)


def without_days(printed: str) -> list[str]:
    """Return the lines as they look on any day: figures of a flow and places of a ranking belong to one."""
    lines = printed.rstrip().splitlines()
    of_a_day = r"\d{4}-\d\d-\d\d.*|: [+-][\d,]+ won|(?<=^  \d ).*"
    return [re.sub(of_a_day, "a day", line) for line in lines]
