"""The commands with US shares, at both brokers: dollars and New York's days, over real HTTP to a sandbox."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator, Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from brokerkit import Balance, BuyingPower, ExchangeRate, OrderRequest, Quote, clock
from brokerkit.cli import exits, main
from brokerkit.market import us
from brokerkit.market.sessions import Phase
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import Exchange, ExchangeOrder
from brokerkit.sandbox.face import JsonResponse, ReceivedRequest
from brokerkit.words import Side
from tests.program import BROKERS, Terminal, rows_of

at_both = pytest.mark.parametrize("broker", BROKERS)
pytestmark = pytest.mark.usefixtures("configured")


@pytest.fixture
def exchange(box: Sandbox) -> Exchange:
    return box.exchanges["US"]


def sent(box: Sandbox, broker: str) -> Sequence[ExchangeOrder]:
    """Return all that the US exchange has of a broker's account."""
    return box.exchanges["US"].orders(box.connect(broker).account)


def said(capsys: pytest.CaptureFixture[str], *given: str) -> str:
    assert main(given) == exits.DONE
    return capsys.readouterr().out


@at_both
def test_prices_are_dollars_and_say_so(broker: str, exchange: Exchange, capsys: pytest.CaptureFixture[str]) -> None:
    price = exchange.quote("US:AAPL").price
    shown = said(capsys, "quote", "US:AAPL", "-b", broker)
    assert shown.splitlines()[0].endswith(" US USD")
    assert f" {price:,.2f}\n" in shown
    assert Quote.model_validate_json(said(capsys, "quote", "US:AAPL", "-b", broker, "--json")).price == price
    both = said(capsys, "quote", "US:AAPL", "005930", "-b", broker).splitlines()
    assert [line.split()[-1] for line in both] == ["currency", "USD", "KRW"]
    assert said(capsys, "quote", "005930", "000660", "-b", broker).splitlines()[0].split()[-1] == "volume"


@at_both
def test_books_candles_and_trades_show_cents(
    broker: str, exchange: Exchange, capsys: pytest.CaptureFixture[str]
) -> None:
    best = exchange.order_book("US:AAPL").bids[0]
    book = said(capsys, "book", "US:AAPL", "-b", broker)
    assert book.startswith("US:AAPL US USD")
    assert f"{best.price:.2f}" in book
    for command in (("candles", "US:AAPL", "-n", "2"), ("trades", "US:AAPL", "-n", "2")):
        head, *lines = said(capsys, *command, "-b", broker).splitlines()
        assert head.split()[-1] == "currency"
        assert [line.split()[-1] for line in lines] == ["USD", "USD"]


@pytest.mark.parametrize(
    ("day", "close"),
    [("2026-11-27", "03:00:00 +1"), ("2026-11-25", "06:00:00 +1"), ("2026-07-01", "05:00:00 +1")],
)
def test_hours_are_korean_and_tell_the_next_morning(day: str, close: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hours", day, "--venue", "us"]) == exits.DONE
    told = capsys.readouterr()
    (regular,) = [line for line in told.out.splitlines() if line.startswith("REGULAR")]
    assert regular.endswith(close)
    assert "New York's" in told.err
    assert "DAYTIME  10:00:00" in said(capsys, "hours", day, "--venue", "daytime")


@at_both
def test_what_is_listed_in_the_us_is_found(broker: str, capsys: pytest.CaptureFixture[str]) -> None:
    (found,) = json.loads(said(capsys, "instruments", "search", "apple", "--market", "us", "-b", broker, "--json"))
    assert found["symbol"] == "US:AAPL"
    listed = json.loads(said(capsys, "instruments", "list", "--market", "NYSE", "-b", broker, "--json"))
    assert {each["market"] for each in listed} == {"NYSE"}
    assert said(capsys, "instruments", "show", "US:AAPL", "-b", broker).startswith("US:AAPL")


@at_both
def test_an_order_is_shown_in_dollars_with_the_day_of_its_market_sent_listed_and_cancelled(
    broker: str, box: Sandbox, terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(sent(box, broker))
    terminal.types("y\n")
    assert terminal.runs("buy", "US:AAPL", "2", "--price", "150.5", "-b", broker) == exits.DONE
    shown = rows_of(terminal.screen())
    assert (shown["price"], shown["value"], shown["venue"]) == ("150.50 USD", "301.00 USD", "US")
    assert shown["market"] == "US, traded in USD"
    assert shown["day"].startswith(f"{us.day_of(clock.now())}: ")
    assert "America/New_York" in shown["day"]
    assert "in Korea" in shown["day"]
    placed = sent(box, broker)[before]
    assert (placed.request.symbol, placed.request.price, placed.quantity) == ("US:AAPL", Decimal("150.5"), 2)
    capsys.readouterr()
    listed = said(capsys, "orders", "--market", "us", "-b", broker)
    assert "150.50" in listed
    assert listed.splitlines()[0].split()[-1] == "currency"
    assert "US:AAPL" in said(capsys, "orders", "-b", broker)
    assert "US:AAPL" in said(capsys, "history", "--market", "US", "-b", broker)
    number = str(placed.number)
    terminal.types("y\n")
    assert terminal.runs("cancel", number, "-b", broker) == exits.DONE
    assert rows_of(terminal.screen())["to cancel"] == "all 2 shares"
    assert sent(box, broker)[before].remaining == 0


@at_both
def test_an_order_of_the_us_is_amended(
    broker: str, box: Sandbox, terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["buy", "US:MSFT", "1", "--price", "300", "--yes", "-b", broker]) == exits.DONE
    number = str(sent(box, broker)[-1].number)
    terminal.types("y\n")
    assert terminal.runs("amend", number, "--price", "301.25", "--market", "US", "-b", broker) == exits.DONE
    assert rows_of(terminal.screen())["new price"] == "301.25 USD for the 1 share"
    capsys.readouterr()
    assert "301.25" in said(capsys, "orders", "--market", "US", "-b", broker)


@at_both
def test_cash_is_told_by_market_and_never_added_up(broker: str, capsys: pytest.CaptureFixture[str]) -> None:
    dollars = Balance.model_validate_json(said(capsys, "balance", "--market", "us", "-b", broker, "--json"))
    assert dollars.currency == "USD"
    told = json.loads(said(capsys, "balance", "--all", "-b", broker, "--json"))
    assert [each["currency"] for each in told] == ["KRW", "USD"]
    shown = said(capsys, "balance", "--all", "-b", broker)
    assert [line.split()[-1] for line in shown.splitlines() if line.startswith("currency")] == ["KRW", "USD"]
    assert f"{dollars.cash:,.2f}\n" in shown
    assert main(["balance", "--all", "--market", "US", "-b", broker]) == exits.WRONG_USAGE
    power = BuyingPower.model_validate_json(said(capsys, "power", "US:AAPL", "--price", "150", "-b", broker, "--json"))
    assert power.currency == "USD"


@at_both
def test_the_rate_is_told_with_the_brokers_word_for_it(broker: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = ExchangeRate.model_validate_json(said(capsys, "rate", "-b", broker, "--json"))
    assert told.currency == "USD"
    shown = said(capsys, "rate", "USD", "-b", broker)
    assert shown.startswith("USD KRW\n")
    assert str(told.kind) in shown
    assert main(["rate", "dollars", "-b", broker]) == exits.WRONG_USAGE


@at_both
def test_what_was_traded_is_in_dollars(broker: str, exchange: Exchange, capsys: pytest.CaptureFixture[str]) -> None:
    price = exchange.order_book("US:NVDA").asks[0].price
    assert main(["buy", "US:NVDA", "1", "--price", str(price), "--yes", "-b", broker]) == exits.DONE
    capsys.readouterr()
    for command in ("fills", "history"):
        shown = said(capsys, command, "--market", "US", "--symbol", "US:NVDA", "-b", broker)
        assert f"{price:.2f}" in shown, command
        assert shown.splitlines()[0].split()[-1] == "currency"
    assert "US:NVDA" in said(capsys, "balance", "--market", "US", "-b", broker)
    for command in ("profit", "transactions"):
        assert "Traceback" not in said(capsys, command, "--market", "US", "-b", broker)


@at_both
def test_a_market_or_a_venue_that_there_is_not_is_wrong_usage(
    broker: str, box: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(sent(box, broker))
    for given in (
        ("orders", "--market", "UK"),
        ("balance", "--market", "UK"),
        ("quote", "US:AAPL", "--venue", "KRX"),
        ("buy", "US:AAPL", "1", "--price", "150", "--venue", "NXT", "--yes"),
        ("buy", "US:AAPL", "1", "--price", "150.123", "--yes"),
    ):
        assert main([*given, "-b", broker]) != exits.DONE, given
        assert capsys.readouterr().err.startswith("brokerkit: ")
    assert len(sent(box, broker)) == before


@pytest.fixture
def daytime(exchange: Exchange) -> Iterator[Exchange]:
    """Let the daytime market be open."""
    before = exchange.phase
    exchange.phase = Phase.DAYTIME
    yield exchange
    exchange.phase = before


DAYTIME = ("--venue", "daytime", "-b", "kis")


def test_an_order_of_the_daytime_market_is_cancelled_though_no_list_shows_it(
    daytime: Exchange, box: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["buy", "US:AAPL", "3", "--price", "140", "--yes", *DAYTIME]) == exits.DONE
    placed = sent(box, "kis")[-1]
    capsys.readouterr()
    assert str(placed.number) not in said(capsys, "orders", "--market", "US", "-b", "kis")
    assert main(["cancel", str(placed.number), "--yes", "-b", "kis"]) == exits.DONE
    assert [row.remaining for row in sent(box, "kis") if row.number == placed.number] == [0]


def test_an_uncertain_order_of_the_daytime_market_is_a_persons_to_settle(
    daytime: Exchange, box: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    def lost(request: ReceivedRequest) -> JsonResponse | None:
        return JsonResponse({}, status=502) if request.path.endswith("/daytime-order") else None

    box.face("kis").before = lost
    assert main(["buy", "US:AMZN", "1", "--price", "140", "--yes", *DAYTIME]) == exits.UNCERTAIN
    told = capsys.readouterr().err
    assert "journal reconcile" not in told
    command = told.split("Here that is `")[1].split("`")[0]
    settle = [*shlex.split(command)[1:], "--absent", "--reason", "not in the app", "--yes"]
    assert main(settle) == exits.DONE


@at_both
def test_minutes_that_begin_at_midnight_in_korea_say_so(
    broker: str, exchange: Exchange, capsys: pytest.CaptureFixture[str]
) -> None:
    exchange.trade("US:AAPL", Side.BUY, Decimal(1))
    last = said(capsys, "candles", "US:AAPL", "-i", "5m", "-n", "1", "-b", broker).splitlines()[-1]
    assert last.split()[1] == "00:00:00"
    days = said(capsys, "candles", "US:AAPL", "-n", "1", "-b", broker).splitlines()[-1]
    assert ":" not in days


@at_both
def test_an_unknown_symbol_among_others_is_told_with_the_search_of_its_market(
    broker: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["quote", "US:AAPL", "US:NOPE", "-b", broker]) == exits.REFUSED
    told = capsys.readouterr().err
    assert "US:NOPE" in told
    assert "`brokerkit instruments search --market US`" in told
    assert "six characters" not in told


@at_both
def test_a_search_that_finds_nothing_at_home_says_where_else_there_is(
    broker: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "`--market US`" in said(capsys, "instruments", "search", "apple", "-b", broker)
    found = said(capsys, "instruments", "search", "apple", "--market", "US", "-b", broker)
    assert found.splitlines()[0].split()[-1] == "currency"
    assert found.splitlines()[1].split()[-1] == "USD"
    assert "--market" not in said(capsys, "instruments", "search", "qqqq", "--market", "US", "-b", broker)


def test_a_day_without_trading_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, "hours", "2026-12-25", "--venue", "US") == "No trading at US on 2026-12-25 Fri.\n"


@at_both
def test_an_order_at_home_is_cancelled_while_the_list_of_the_us_fails(
    broker: str, box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lists = {"kis": "/uapi/overseas-stock/", "kiwoom": "/api/us/"}

    def refused(request: ReceivedRequest) -> JsonResponse | None:
        is_abroad = request.path.startswith(lists[broker])
        return JsonResponse({"rt_cd": "7", "return_code": 7, "msg_cd": "X", "msg1": "?"}) if is_abroad else None

    price = box.exchange.instruments["005930"].lower_limit
    assert main(["buy", "005930", "1", "--price", f"{price}", "--yes", "-b", broker]) == exits.DONE
    number = str(box.exchange.orders(box.connect(broker).account)[-1].number)
    box.face(broker).before = refused
    capsys.readouterr()
    assert main(["cancel", number, "--yes", "-b", broker]) != exits.DONE
    assert "Say with --market which market the order is of." in capsys.readouterr().err
    profiles = Path(os.environ["BROKERKIT_CONFIG"]).read_text(encoding="utf-8")
    at_home = tmp_path / "brokerkit.toml"
    at_home.write_text(profiles.replace("environment =", 'markets = ["KR"]\nenvironment ='), encoding="utf-8")
    monkeypatch.setenv("BROKERKIT_CONFIG", str(at_home))
    assert main(["cancel", number, "--yes", "-b", broker]) == exits.DONE
    assert main(["buy", "US:AAPL", "1", "--price", "150", "--yes", "-b", broker]) == exits.WRONG_USAGE
    assert "The setting markets of the profile leaves out US stocks and funds (US)" in capsys.readouterr().err


@at_both
def test_what_somebody_else_placed_is_told_in_the_currency_of_its_market(
    broker: str, box: Sandbox, exchange: Exchange, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["buy", "US:AAPL", "1", "--price", "150.00", "--yes", "-b", broker]) == exits.DONE
    assert (
        main(
            [
                "buy",
                "005930",
                "1",
                "--price",
                f"{box.exchange.instruments['005930'].lower_limit}",
                "--yes",
                "-b",
                broker,
            ]
        )
        == exits.DONE
    )
    account = box.connect(broker).account
    apple = OrderRequest(symbol="US:AAPL", side=Side.BUY, quantity=1, price=Decimal("140.50"))
    placed = exchange.submit(account, apple)
    capsys.readouterr()
    (row,) = [
        line for line in said(capsys, "journal", "reconcile", "-b", broker).splitlines() if str(placed.number) in line
    ]
    assert row.split()[-2:] == ["140.50", "USD"]


def test_the_journal_shows_the_venue_of_an_order(daytime: Exchange, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["buy", "US:AAPL", "3", "--price", "141", "--yes", *DAYTIME]) == exits.DONE
    capsys.readouterr()
    entry = said(capsys, "journal", "list", "--all", "-b", "kis").splitlines()[-1].split()[0]
    shown = said(capsys, "journal", "show", entry, "-b", "kis").splitlines()
    assert [line.split()[1] for line in shown if line.split()[0] in ("market", "venue")] == ["US", "DAYTIME"]
