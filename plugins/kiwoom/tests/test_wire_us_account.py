"""The account in dollars at Kiwoom: cash, holdings, what can be ordered, what sales earned, what moved the cash."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from brokerkit.errors import Blocked, InvalidRequest, Unsupported, WireError
from brokerkit.transport import Block, Endpoint
from brokerkit.words import TransactionKind
from plugins.kiwoom.tests.us_answers import DONE, NOTHING, cash, holding, holdings, page, power, quote

HOLDINGS, CASH, POWER, SALES, LEDGER = "ust21070", "ust21160", "ust31490", "ust21530", "ust21100"
START, END = dt.date(2026, 11, 23), dt.date(2026, 11, 27)


def test_the_balance_is_in_dollars_and_asked_by_two_calls(us: Any) -> None:
    told = us.broker.balance(market="US")
    asked = [(call.id, call.url.rpartition("/")[2], call.body) for call in us.calls if call.id != "ka00001"]
    assert asked == [(HOLDINGS, "acnt", {"stex_tp": "", "stk_cd": ""}), (CASH, "acnt", {})]
    assert (told.currency, told.cash, told.cash_d1, told.cash_d2) == ("USD", 100000, 99500, Decimal("97248.765"))
    assert (told.cost, told.market_value, told.total_value) == tuple(map(Decimal, ("2701.234", "2752.4", "100001.165")))
    assert (told.orderable_cash, told.withdrawable_cash) == (None, None)
    (held,) = told.positions
    assert (held.symbol, held.name, held.quantity, held.sellable_quantity) == ("US:AAPL", "애플", 10, 9)
    assert (held.average_price, held.price, held.currency) == (Decimal("270.1234"), Decimal("275.24"), "USD")
    # Its own profit is told after costs, and was seen as a text that is no number.
    assert held.unrealized_pnl == Decimal("51.166")


@pytest.mark.parametrize("answer", [NOTHING, holdings(cost="", value=""), holdings(cost="0.0000", value="0.0000")])
def test_without_holdings_there_is_cash(answer: Any, us: Any) -> None:
    quiet = {**answer, "return_msg": "조회할 내역이 없습니다"} if answer is not NOTHING else answer
    told = us.answer(HOLDINGS, quiet).broker.balance(market="US")
    assert (told.cash, told.market_value, list(told.positions)) == (100000, 0, [])


def test_totals_that_are_missing_are_not_made_up(us: Any) -> None:
    us.answer(HOLDINGS, holdings(holding(), cost="", value=""))
    with pytest.raises(WireError, match="tot_prch_amt"):
        us.broker.balance(market="US")


def test_holdings_that_do_not_come_to_the_total_are_not_believed(us: Any) -> None:
    us.answer(HOLDINGS, holdings(holding(), value="9000.0000"))
    with pytest.raises(WireError, match="not the sum"):
        us.broker.balance(market="US")


def test_holdings_go_on_over_pages_and_what_is_sold_is_left_out(us: Any) -> None:
    rows = holding(), holding(stk_cd="QLD", poss_qty="000000000000", evlt_amt="0.0000")
    pages = [holdings(row) for row in rows]
    us.pages(HOLDINGS, *zip([{"cont-yn": "Y", "next-key": "k"}, {"cont-yn": "N", "next-key": ""}], pages, strict=True))
    assert [each.symbol for each in us.broker.balance(market="US").positions] == ["US:AAPL"]


def test_a_blank_cash_is_an_error(us: Any) -> None:
    us.answer(CASH, cash(d0_usd_fx_entr=""))
    with pytest.raises(WireError, match="d0_usd_fx_entr"):
        us.broker.balance(market="US")


def test_what_can_be_ordered_is_asked_at_the_price_and_is_the_lowest_class(us: Any) -> None:
    told = us.broker.buying_power("US:AAPL", price=Decimal("270.50"))
    (call,) = us.of(POWER)
    assert call.url.endswith("/api/us/ordr")
    assert call.body == {"stex_tp": "ND", "stk_cd": "AAPL", "uv": "270.5"}
    assert (told.currency, told.cash, told.quantity, told.price) == ("USD", 4000, 14, Decimal("270.50"))
    assert (told.integrated_cash, told.integrated_quantity) == (None, None)


@pytest.mark.parametrize("told", ["Y", "", "?"])
def test_dollars_that_won_would_buy_do_not_count_as_dollars(told: str, us: Any) -> None:
    us.answer(POWER, power(krw_ord_rqst_yn=told))
    found = us.broker.buying_power("US:AAPL", price=Decimal("270.50"))
    assert (found.cash, found.quantity) == (3000, 10)
    assert (found.integrated_cash, found.integrated_quantity) == ((4000, 14) if told == "Y" else (None, None))


def test_a_market_order_counts_above_the_last_price(us: Any) -> None:
    us.broker.buying_power("US:AAPL")
    assert us.of(POWER)[0].body["uv"] == "357.82"  # 275.24 and 30 %, up to the next cent


def test_another_currency_is_not_taken_for_dollars(us: Any) -> None:
    us.answer(POWER, power(crnc_code="KRW"))
    with pytest.raises(WireError, match="KRW"):
        us.broker.buying_power("US:AAPL", price=Decimal("270.50"))


@pytest.mark.parametrize(
    ("verb", "arguments"),
    [("buying_power", ("US:AAPL",)), ("exchange_rate", ()), ("transactions", (START, END))],
)
def test_what_the_mock_host_lacks_is_said_before_anything_is_sent(verb: str, arguments: Any, abroad: Any) -> None:
    wire = abroad("demo")
    options = {"market": "US"} if verb == "transactions" else {}
    with pytest.raises(Unsupported, match="demo"):
        getattr(wire.broker, verb)(*arguments, **options)
    assert wire.calls == []
    assert not wire.broker.supports(verb, market="US")


def sale(**changes: Any) -> Any:
    row = {
        "sell_dt": "20261124",
        "stk_cd": "AAPL",
        "frgn_stk_nm": "애플",
        "sell_qty": "000000000001",
        "avg_buy_uv": "210.1282",
        "buy_amt": "210.1282",
        "avg_sell_uv": "201.3147",
        "sell_amt": "201.3147",
        "cmsn_tax": "0.6767",
        "pl_amt": "-9.4902",
    }
    return {**row, **changes}


def test_what_sales_earned_is_told_before_costs_which_come_in_one_sum(us: Any) -> None:
    us.answer(SALES, page(sale(), sale(sell_qty="000000000000")))
    (told,) = us.broker.realized_pnl(START, END, market="US")
    assert us.of(SALES)[0].body == {"strt_dt": "20261123", "end_dt": "20261127", "fc_krw_tp": "0"}
    assert (told.symbol, told.quantity, told.sell_price, told.buy_price) == (
        "US:AAPL",
        1,
        Decimal("201.3147"),
        Decimal("210.1282"),
    )
    assert (told.pnl, told.costs, told.net_pnl) == tuple(map(Decimal, ("-8.8135", "0.6767", "-9.4902")))
    assert (told.commission, told.tax, told.currency) == (None, None, "USD")


@pytest.mark.parametrize(
    ("profit", "costs"),
    [
        ("-8.8135", "0.6767"),  # before costs
        ("-9.5000", "0.6767"),  # cents apart
        ("-10.0000", "1.1865"),  # after the commission of the purchase too, which cmsn_tax does not hold
    ],
)
def test_whatever_a_profit_is_after_the_amounts_tell_it_before_costs(profit: str, costs: str, us: Any) -> None:
    us.answer(SALES, page(sale(pl_amt=profit)))
    (told,) = us.broker.realized_pnl(START, END, market="US")
    assert (told.pnl, told.costs, told.net_pnl) == (
        Decimal("-8.8135"),
        Decimal(costs),
        Decimal("-8.8135") - Decimal(costs),
    )


@pytest.mark.parametrize("profit", ["-7.0000", "-13.0000", "9.4902"])
def test_a_profit_that_its_amounts_do_not_make_is_not_told(profit: str, us: Any) -> None:
    us.answer(SALES, page(sale(pl_amt=profit)))
    with pytest.raises(WireError, match="pl_amt"):
        us.broker.realized_pnl(START, END, market="US")


def test_a_period_without_sales_is_empty(us: Any) -> None:
    us.answer(SALES, {**NOTHING, "return_msg": "[2000](571758:조회내역이 없습니다)"})
    assert list(us.broker.realized_pnl(START, END, market="US")) == []


def line(number: str, balance: str, moved: str, **changes: Any) -> Any:
    row = {
        "deal_dt": "20261124",
        "deal_no": number,
        "deal_kind_nm": "매매",
        "rmrk_nm": "매수",
        "crnc_code": "USD",
        "fc_exct_amt": moved,
        "fc_entra": balance,
        "stk_cd": "AAPL",
        "stk_nm": "애플",
        "deal_qty": "1",
        "fc_cmsn": "0.50",
        "fc_deal_tax": "0.00",
        "exct_amt": "000000000000",
        "entra_remn": "000000100000",
    }
    return {**row, **changes}


PURCHASE = line("11", "900.00", "100.50")
SALE = line("12", "1099.50", "199.50", rmrk_nm="매도")
EXCHANGED = line("13", "1299.50", "200.00", deal_kind_nm="환전", rmrk_nm="외화매수", stk_cd="", stk_nm="")
IN_WON = line("14", "0.00", "0.00", crnc_code="KRW", deal_kind_nm="입출금", rmrk_nm="입금", exct_amt="000000500000")


@pytest.mark.parametrize("rows", [(PURCHASE, SALE, EXCHANGED, IN_WON), (IN_WON, EXCHANGED, SALE, PURCHASE)])
def test_the_ledger_is_that_of_the_dollars_oldest_first(rows: Any, us: Any) -> None:
    us.answer(LEDGER, page(*rows))
    told = us.broker.transactions(START, END, market="US")
    assert us.of(LEDGER)[0].body == {
        "strt_dt": "20261123",
        "end_dt": "20261127",
        "tp": "0",
        "stex_tp": "",
        "stk_cd": "",
        "krw_repl_skip_yn": "N",
    }
    seen = [(each.id, each.kind, each.amount, each.balance) for each in told]
    assert seen == [
        ("11", TransactionKind.PURCHASE, Decimal("-100.50"), Decimal(900)),
        ("12", TransactionKind.SALE, Decimal("199.50"), Decimal("1099.50")),
        ("13", TransactionKind.OTHER, Decimal(200), Decimal("1299.50")),
    ]
    assert (told[0].symbol, told[0].commission, told[0].currency) == ("US:AAPL", Decimal("0.50"), "USD")


def test_a_ledger_whose_balances_do_not_add_up_is_not_believed(us: Any) -> None:
    us.answer(LEDGER, page(PURCHASE, line("12", "1000.00", "199.50", rmrk_nm="매도")))
    with pytest.raises(WireError, match="line 12"):
        us.broker.transactions(START, END, market="US")


def test_what_moves_money_goes_out_as_no_question(us: Any) -> None:

    for id, path in (("ust31302", "/api/us/exchange"), ("ust20000", "/api/us/ordr"), ("ust31302", "/api/us/acnt")):
        with pytest.raises(Blocked):
            us.client.call(Endpoint({"real": id}, path, Block, "POST"), body={})
    us.answer("ust31300", {"aplc_exrt": "1468.200000", **DONE})
    us.client.call(Endpoint({"real": "ust31300"}, "/api/us/exchange", Block, "POST"), body={"exch_tp": "1"})
    assert [call.id for call in us.calls] == ["ust31300"]


def test_a_price_that_is_none_orders_nothing(us: Any) -> None:

    us.answer("usa20100", quote(cur_prc="0.0000"))
    with pytest.raises(InvalidRequest, match="Give a price"):
        us.broker.buying_power("US:AAPL")
    assert us.of(POWER) == []
