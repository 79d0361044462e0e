"""What is shown before an order, the question, and what counts as a yes."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
import responses

from brokerkit.cli import exits, main
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import ExchangeOrder
from tests.program import BROKERS, CTRL_D, Program, Terminal, rows_of, trouble

both = pytest.mark.parametrize("broker", BROKERS)
pytestmark = pytest.mark.usefixtures("configured")


def test_with_json_nothing_is_asked_so_it_takes_yes(
    rows: Callable[[str], list[ExchangeOrder]], terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    assert terminal.runs("buy", "005930", "10", "--price", "60000", "--broker", "kis", "--json") == exits.WRONG_USAGE
    fault = json.loads(terminal.screen())
    assert fault["error"] == "InvalidRequest"
    assert "--yes" in fault["advice"]
    assert capsys.readouterr().out == ""
    assert rows("kis") == []


@pytest.mark.parametrize(
    "command", [["buy", "005930", "10", "--price", "60000"], ["amend", "1", "--price", "60000"], ["cancel", "1"]]
)
def test_without_a_terminal_nothing_is_asked_and_nothing_sent(
    command: list[str], box: Sandbox, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with open(os.devnull, encoding="utf-8") as nothing:
        for stdin in (nothing, None):
            monkeypatch.setattr(sys, "stdin", stdin)
            seen = len(box.face("kis").requests)
            assert main([*command, "--broker", "kis"]) == exits.BLOCKED
            assert "--yes" in capsys.readouterr().err
            assert len(box.face("kis").requests) == seen


def test_a_question_that_nobody_can_see_is_not_asked(
    rows: Callable[[str], list[ExchangeOrder]], terminal: Terminal, tmp_path: Path
) -> None:
    terminal.types("y\n")
    with (tmp_path / "errors").open("w", encoding="utf-8") as errors:
        told = terminal.runs("buy", "005930", "10", "--price", "60000", "--broker", "kis", errors=errors)
    assert told == exits.BLOCKED
    assert "--yes" in (tmp_path / "errors").read_text(encoding="utf-8")
    assert rows("kis") == []


@pytest.mark.parametrize("answer", ["y\n", "Y\n", "yes\n", " YES \n"])
def test_yes_sends(answer: str, rows: Callable[[str], list[ExchangeOrder]], terminal: Terminal) -> None:
    terminal.types(answer)
    assert terminal.runs("buy", "005930", "10", "--price", "60000", "--broker", "kis") == exits.DONE
    assert len(rows("kis")) == 1
    assert "Send it?" in terminal.screen()


@pytest.mark.parametrize(
    "answer", ["n\n", "\n", "no\n", "yy\n", "yes please\n", "ㅛ\n", CTRL_D, f"y{CTRL_D}{CTRL_D}n\n"]
)
def test_anything_but_yes_sends_nothing(
    answer: str, rows: Callable[[str], list[ExchangeOrder]], terminal: Terminal
) -> None:
    terminal.types(answer)
    assert terminal.runs("buy", "005930", "10", "--price", "60000", "--broker", "kis") == exits.BLOCKED
    assert "Nothing was sent" in terminal.screen()
    assert rows("kis") == []


def test_an_answer_in_another_encoding_is_no_yes(
    rows: Callable[[str], list[ExchangeOrder]], terminal: Terminal
) -> None:
    terminal.types("예\n", "cp949")
    assert terminal.runs("buy", "005930", "10", "--price", "60000", "--broker", "kis") == exits.BLOCKED
    assert rows("kis") == []


@both
def test_the_question_shows_the_exact_order(broker: str, box: Sandbox, terminal: Terminal) -> None:
    terminal.types("n\n")
    terminal.runs(
        "sell", "005930", "1200", "--price", "70500", "--broker", broker, "--venue", "sor", "--time-in-force", "ioc"
    )
    shown = rows_of(terminal.screen())
    account = "".join(filter(str.isdigit, box.connect(broker).account))
    assert "매도 SELL" in terminal.screen()
    assert shown["broker"] == f"{broker}, sandbox"
    assert shown["account"] == "*" * (len(account) - 4) + account[-4:]
    assert shown["symbol"].startswith("005930")
    assert shown["quantity"] == "1,200"
    assert shown["type"] == "LIMIT"
    assert shown["price"] == "70,500"
    assert shown["venue"] == "SOR"
    assert shown["time in force"] == "IOC"
    assert shown["value"] == "84,600,000"


def test_the_name_is_shown_where_the_broker_tells_one(box: Sandbox, terminal: Terminal) -> None:
    terminal.types("n\n")
    terminal.runs("buy", "005930", "1", "--price", "60000", "--broker", "kiwoom")
    assert rows_of(terminal.screen())["symbol"] == f"005930 {box.exchange.instruments['005930'].name}"


@pytest.mark.parametrize(
    ("factor", "words"), [("0.9", "10.00 % below it"), ("1.1", "10.00 % above it"), ("1", "at it")]
)
def test_the_question_says_how_far_the_price_is_from_the_last(
    factor: str, words: str, box: Sandbox, terminal: Terminal
) -> None:
    last = box.exchange.quote("005930").price
    terminal.types("n\n")
    terminal.runs("buy", "005930", "1", "--price", str(last * Decimal(factor)), "--broker", "kis")
    assert rows_of(terminal.screen())["last price"] == f"{last:,}; the order is {words}"


def test_a_market_order_shows_what_it_may_cost_at_most(box: Sandbox, terminal: Terminal) -> None:
    quote = box.exchange.quote("005930")
    terminal.types("n\n")
    terminal.runs("buy", "005930", "10", "--type", "MARKET", "--broker", "kis")
    shown = rows_of(terminal.screen())
    assert shown["price"] == "none"
    assert shown["value"] == (
        f"about {10 * quote.price:,} at the last price, at most {10 * quote.upper_limit:,} at the upper limit"
    )


def test_a_market_order_to_sell_has_no_most(box: Sandbox, terminal: Terminal) -> None:
    terminal.types("n\n")
    terminal.runs("sell", "005930", "10", "--type", "MARKET", "--broker", "kis")
    assert rows_of(terminal.screen())["value"] == f"about {10 * box.exchange.quote('005930').price:,} at the last price"


def test_a_stop_price_is_shown(box: Sandbox, terminal: Terminal) -> None:
    terminal.types("n\n")
    order = ["--type", "STOP_LIMIT", "--stop-price", "80000", "--price", "81000"]
    terminal.runs("buy", "005930", "10", *order, "--broker", "kis")
    shown = rows_of(terminal.screen())
    assert (shown["type"], shown["stop price"], shown["price"]) == ("STOP_LIMIT", "80,000", "81,000")


@pytest.mark.parametrize(("price", "value"), [(["--price", "60000"], "600,000"), (["--type", "MARKET"], "not known")])
def test_where_the_quote_cannot_be_had_it_says_so_and_asks(
    price: list[str], value: str, box: Sandbox, rows: Callable[[str], list[ExchangeOrder]], terminal: Terminal
) -> None:
    box.face("kis").before = lambda request: trouble(request.path.endswith("inquire-price"))
    terminal.types("y\n")
    assert terminal.runs("buy", "005930", "10", *price, "--broker", "kis") == exits.DONE
    shown = rows_of(terminal.screen())
    assert shown["last price"].startswith("cannot be had: ")
    assert shown["value"] == value
    assert len(rows("kis")) == 1


@pytest.mark.parametrize(("shares", "words"), [("1", "the 1 share"), ("2", "all 2 shares")])
def test_what_is_cancelled_is_counted(shares: str, words: str, terminal: Terminal, box: Sandbox) -> None:
    assert main(["buy", "005930", shares, "--price", "60000", "--broker", "kis", "--yes"]) == exits.DONE
    order = box.exchange.orders(box.face("kis").credentials.account)[-1]
    terminal.types("y\n")
    assert terminal.runs("cancel", str(order.number), "--broker", "kis") == exits.DONE
    assert rows_of(terminal.screen())["to cancel"] == words


def test_buys_are_red_and_sells_blue(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR")
    for side, colour in (("buy", "\x1b[1;31m매수 BUY"), ("sell", "\x1b[1;34m매도 SELL")):
        with Program(side, "005930", "1", "--price", "60000", "--broker", "kis", environment=environment) as program:
            program.shows("Send it? [y/N]")
            program.types("n\n")
            assert program.ends() == exits.BLOCKED
        assert colour in program.screen


@pytest.fixture
def real(configured: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Keys of a real account in the environment, and no network at all."""
    path = tmp_path / "brokerkit.toml"
    limits = (
        "{ max_order_quantity = 10, max_order_value = 9_000_000, max_orders_per_minute = 1, max_orders_per_day = 9 }"
    )
    for name, arm in (("plain", ""), ("armed", 'arm = "4501"'), ("limited", f"limits = {limits}")):
        with path.open("a", encoding="utf-8") as file:
            file.write(
                f'[profiles.{name}]\nbroker = "kis"\nenvironment = "real"\naccount = "50012345-01"\n{arm}\n'
                f'app_key = "{"k" * 36}"\napp_secret = "{"s" * 180}"\n'
            )
    monkeypatch.setenv("BROKERKIT_CONFIG", str(path))
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(tmp_path / "state"))
    with responses.RequestsMock(assert_all_requests_are_fired=False):
        yield


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize(
    ("profile", "arm", "words"),
    [
        ("plain", [], "This is real money, and the broker is not armed."),
        ("plain", ["--arm", "4501"], "This is real money, and limits are missing: max_order_quantity"),
        ("plain", ["--arm", "9999"], "This is real money, and the broker is armed for another account."),
        ("plain", ["--arm", "501"], "This is real money, and the broker is armed for another account."),
        ("armed", [], "This is real money, and limits are missing: max_order_quantity"),
        ("armed", ["--arm", "9999"], "This is real money, and the broker is armed for another account."),
        ("limited", [], "This is real money, and the broker is not armed."),
        ("limited", ["--arm", "4501"], "Armed."),
    ],
)
def test_with_real_money_the_account_and_the_arming_are_shown(
    profile: str, arm: list[str], words: str, terminal: Terminal
) -> None:
    terminal.types("y\n")
    command = ["buy", "005930", "10", "--price", "60000", "--profile", profile, *arm]
    assert terminal.runs(*command) == exits.BLOCKED
    assert f"Real money (실전): account ******4501. {words}" in terminal.screen()
    assert "Type yes" in terminal.screen()
    assert "not confirmed" in terminal.screen()


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("answer", ["예\n", "네\n", "y\n"])
def test_with_real_money_the_word_to_type_is_yes_in_korean_too(answer: str, terminal: Terminal) -> None:
    terminal.types(answer)
    command = ["buy", "005930", "10", "--price", "60000", "--profile", "limited", "--arm", "4501", "--lang", "ko"]
    assert terminal.runs(*command) == exits.BLOCKED
    screen = terminal.screen()
    assert "실전, 실제 돈입니다. 계좌: ******4501. 실전 주문 허가됨." in screen
    assert "보내려면 yes를 입력하십시오: " in screen
    assert "아무것도 보내지 않았습니다." in screen


@pytest.mark.usefixtures("real")
def test_with_real_money_limits_in_won_arm_no_order_in_dollars(terminal: Terminal) -> None:
    terminal.types("y\n")
    command = ["buy", "US:AAPL", "1", "--price", "150.00", "--profile", "limited", "--arm", "4501"]
    assert terminal.runs(*command) == exits.BLOCKED
    assert "This is real money, and limits of USD are missing: max_order_quantity" in terminal.screen()
    assert "Armed." not in terminal.screen()


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize("answer", ["yes\n", None])
def test_with_real_money_an_order_that_is_not_armed_is_shown_and_blocked(
    answer: str | None, terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    terminal.types(answer or "")
    confirmed = [] if answer else ["--yes"]
    told = terminal.runs("buy", "005930", "10", "--price", "60000", "--profile", "plain", *confirmed)
    assert told == exits.BLOCKED
    assert "Real money (실전)" in terminal.screen()
    assert ("Type yes" in terminal.screen()) == bool(answer)
    assert "Nothing was sent" in terminal.screen()
    assert "not confirmed" not in terminal.screen()
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("real")
def test_with_real_money_programs_get_json_alone(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["buy", "005930", "10", "--price", "60000", "--profile", "plain", "--yes", "--json"]
    assert main(command) == exits.BLOCKED
    assert json.loads(capsys.readouterr().err)["error"] == "Disarmed"


CREDIT = {
    "PDNO": "005930",
    "ORD_DVSN": "00",
    "ORD_QTY": "3",
    "ORD_UNPR": "70000",
    "CRDT_TYPE": "21",
    "LOAN_DT": "20261126",
}
FUTURE = {
    "ORD_PRCS_DVSN_CD": "02",
    "SLL_BUY_DVSN_CD": "02",
    "SHTN_PDNO": "101W09",
    "ORD_QTY": "1",
    "UNIT_PRICE": "345.05",
    "ORD_DVSN_CD": "01",
}
NIGHT = {
    "ORD_PRCS_DVSN_CD": "02",
    "RVSE_CNCL_DVSN_CD": "02",
    "ORGN_ODNO": "551",
    "ORD_QTY": "1",
    "UNIT_PRICE": "0",
    "NMPR_TYPE_CD": "01",
    "KRX_NMPR_CNDT_CD": "0",
    "RMN_QTY_YN": "Y",
    "ORD_DVSN_CD": "01",
}
ABROAD = {
    "OVRS_EXCG_CD": "NASD",
    "PDNO": "AAPL",
    "ORD_QTY": "1",
    "OVRS_ORD_UNPR": "100",
    "ORD_SVR_DVSN_CD": "0",
    "ORD_DVSN": "00",
}


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize(
    ("api", "fields", "arm", "words"),
    [
        ("domestic_stock/order_credit/buy", CREDIT, [], "the broker is not armed."),
        ("domestic_stock/order_credit/buy", CREDIT, ["--arm", "9999"], "the broker is armed for another account."),
        ("domestic_stock/order_credit/buy", CREDIT, ["--arm", "4501"], "Armed."),
        ("domestic_futureoption/order/day", FUTURE, ["--arm", "4501"], "Armed."),
        ("overseas_stock/order/us_buy", ABROAD, ["--arm", "4501"], "limits of USD are missing: max_order_quantity"),
    ],
)
def test_with_real_money_a_raw_order_shows_account_and_arming_and_wants_the_whole_word(
    api: str, fields: dict[str, str], arm: list[str], words: str, terminal: Terminal
) -> None:
    terminal.types("y\n")
    command = ["call", api, *(f"{name}={value}" for name, value in fields.items()), "--profile", "limited", *arm]
    assert terminal.runs(*command) == exits.BLOCKED
    assert "Real money (실전): account ******4501." in terminal.screen()
    assert words in terminal.screen()
    assert "Type yes" in terminal.screen()
    assert "not confirmed" in terminal.screen()


@pytest.mark.usefixtures("real")
@pytest.mark.parametrize(
    ("api", "fields", "words"),
    [
        ("domestic_futureoption/order/day", FUTURE, "what it comes to cannot be computed"),
        ("domestic_futureoption/order_rvsecncl/night", NIGHT, "not proven: STTN1103U or TTTN1103U"),
    ],
)
def test_with_real_money_a_raw_order_that_nobody_can_measure_or_prove_is_not_sent(
    api: str, fields: dict[str, str], words: str, terminal: Terminal
) -> None:
    command = ["call", api, *(f"{name}={value}" for name, value in fields.items()), "--profile", "limited"]
    assert terminal.runs(*command, "--arm", "4501", "--yes") != exits.DONE
    assert words in terminal.screen()
    assert "Nothing was sent" in terminal.screen()
