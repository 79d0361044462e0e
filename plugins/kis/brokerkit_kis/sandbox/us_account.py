"""The account in the US: holdings in dollars or won, settled ones, cash by currency, and what can be bought."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from decimal import ROUND_DOWN, Decimal, InvalidOperation
from typing import NamedTuple

from brokerkit.sandbox.exchange import AccountState, Holding
from brokerkit.sandbox.face import FaceAnswer
from brokerkit.words import Segment
from brokerkit_kis.sandbox.fields import ACCOUNT, Api, Context, Field, codes, date_field, wrong_field
from brokerkit_kis.sandbox.paging import WIDE, Listing, echo_of, paged
from brokerkit_kis.sandbox.us_orders import COSTS, EXCHANGES
from brokerkit_kis.sandbox.us_symbols import (
    CENT,
    DOLLARS,
    NOTHING,
    ORDERED,
    PLACES,
    TRADING,
    among,
    code_of,
    listed,
    place_of,
    won_per_dollar,
)
from brokerkit_kis.sandbox.wording import ACCOUNT_MESSAGE_BYTES, Refused, done, fixed, padded, percent, whole

BALANCE_ROWS = 100
PRESENT_ROWS = 20
"""On a page of inquire-present-balance. How many the server tells is not known."""
MARGIN_ROWS = 50
IN_DEMO = Decimal("0.99")
"""What part of the cash the demo lets be spent."""
WON, FOREIGN = "01", "02"
"""WCRC_FRCR_DVSN_CD of the balances; that of the realised profit has them the other way round."""
MARKETS = {place.market: place.segment for place in PLACES.values()}
US, EVERYWHERE = "840", "000"


def balance(context: Context) -> FaceAnswer:
    """Answer inquire-balance. The real server adds a row without anything to the holdings it tells."""
    segments = among(context.text("OVRS_EXCG_CD"), demo=context.demo, balance=True)
    if context.text("TR_CRCY_CD") not in ("", DOLLARS):
        segments = frozenset()
    held = _held(context, segments)
    listing = Listing(
        rows=tuple(enumerate(held)),
        key=lambda row: f"{row[0]:012d}",
        write=lambda row: _holding(context, row[1]),
        size=BALANCE_ROWS,
    )
    echo = echo_of(context, "CANO", "ACNT_PRDT_CD", "OVRS_EXCG_CD", "TR_CRCY_CD")
    answer = paged(context, listing, echo, "output1", WIDE, output2=_totals(context, held, segments))
    rows = answer.body["output1"]
    if context.demo or not isinstance(rows, list) or answer.headers["tr_cont"] in ("F", "M"):
        return answer
    return FaceAnswer({**answer.body, "output1": [*rows, NO_HOLDING]}, answer.headers)


def _held(context: Context, segments: frozenset[Segment]) -> Sequence[Holding]:
    exchange = context.exchange
    holdings = exchange.account(context.account).holdings
    return [each for each in holdings if each.quantity and exchange.instruments[each.symbol].market in segments]


def _holding(context: Context, holding: Holding) -> dict[str, object]:
    place = place_of(context.exchange.instruments[holding.symbol])
    gain = holding.market_value - holding.cost
    number, _, kind = context.account.partition("-")
    return {
        "cano": number,
        "acnt_prdt_cd": kind,
        "prdt_type_cd": place.product,
        "ovrs_pdno": code_of(holding.symbol),
        "ovrs_item_name": holding.name,
        "frcr_evlu_pfls_amt": fixed(gain, 6),
        "evlu_pfls_rt": percent(gain, holding.cost, 2),
        "pchs_avg_pric": fixed(holding.average, 4),
        "ovrs_cblc_qty": whole(holding.quantity),
        "ord_psbl_qty": whole(holding.sellable),
        "frcr_pchs_amt1": fixed(holding.cost, 5),
        "ovrs_stck_evlu_amt": fixed(holding.market_value, 8),
        "now_pric2": fixed(holding.price, 6),
        "tr_crcy_cd": DOLLARS,
        "ovrs_excg_cd": place.ordered,
        "loan_type_cd": "10",
        "loan_dt": "",
        "expd_dt": "",
    }


NO_HOLDING = {
    **dict.fromkeys(("cano", "acnt_prdt_cd", "prdt_type_cd", "ovrs_pdno", "ovrs_item_name"), ""),
    "frcr_evlu_pfls_amt": "0.000000",
    "evlu_pfls_rt": "0.00",
    "pchs_avg_pric": "0.0000",
    "ovrs_cblc_qty": "0",
    "ord_psbl_qty": "0",
    "frcr_pchs_amt1": "0.00000",
    "ovrs_stck_evlu_amt": "0.00000000",
    "now_pric2": "0.000000",
    **dict.fromkeys(("tr_crcy_cd", "ovrs_excg_cd", "loan_type_cd", "loan_dt", "expd_dt"), ""),
}


def _totals(context: Context, held: Sequence[Holding], segments: frozenset[Segment]) -> dict[str, object]:
    exchange, won = context.exchange, won_per_dollar(context)
    today = exchange.traded(context.account, exchange.today, exchange.today)
    sold = [each for each in today if each.sold and exchange.instruments[each.symbol].market in segments]
    earned = sum((each.profit for each in sold), NOTHING)
    spent = sum((each.cost for each in sold), NOTHING)
    cost = sum((each.cost for each in held), NOTHING)
    value = sum((each.market_value for each in held), NOTHING)
    return {
        "frcr_pchs_amt1": fixed(cost, 5),
        "ovrs_rlzt_pfls_amt": fixed(earned, 5),
        "ovrs_tot_pfls": fixed(value - cost, 5),
        "rlzt_erng_rt": percent(earned, spent, 8),
        # Its label says profit; in the sample it is what the holdings are worth.
        "tot_evlu_pfls_amt": fixed(value, 8),
        "tot_pftrt": percent(value - cost, cost, 8),
        "frcr_buy_amt_smtl1": fixed(spent, 6),
        # Their labels say foreign money; in the sample they are won.
        "ovrs_rlzt_pfls_amt2": fixed(earned * won, 5),
        "frcr_buy_amt_smtl2": fixed(spent * won, 6),
    }


class Money(NamedTuple):
    """The currency in which a balance is told, and how many of it a dollar is."""

    rate: Decimal

    def of(self, dollars: Decimal) -> Decimal:
        """Return an amount of dollars in it; won are whole."""
        return dollars if self.rate == 1 else (dollars * self.rate).to_integral_value(ROUND_DOWN)


def _money(context: Context) -> Money:
    return Money(won_per_dollar(context) if context.text("WCRC_FRCR_DVSN_CD") == WON else Decimal(1))


def present_balance(context: Context) -> FaceAnswer:
    """Answer inquire-present-balance: the demo tells totals alone. Its pages have no keys, only the header."""
    rows, header = _page_of(context, _present_held(context))
    state = context.exchange.account(context.account)
    words = padded("조회가 완료되었습니다", ACCOUNT_MESSAGE_BYTES)
    body = {
        "output1": [] if context.demo else [_present_holding(context, each) for each in rows],
        "output2": [] if context.demo else [_currency(context, state)],
        "output3": _present_totals(context, state),
    }
    return FaceAnswer(done("20310000" if context.demo else "KIOK0510", words, **body), {"tr_cont": header})


def _present_held(context: Context) -> Sequence[Holding]:
    nation, market = context.text("NATN_CD"), context.text("TR_MKET_CD")
    segments = frozenset(PLACES) if market in ("", "00") else frozenset({MARKETS[market]} if market in MARKETS else ())
    # "02" of INQR_DVSN_CD are parts of shares, of which there are none.
    is_elsewhere = nation not in ("", EVERYWHERE, US) or context.text("INQR_DVSN_CD") == "02"
    return () if is_elsewhere else _held(context, segments)


def _page_of(context: Context, held: Sequence[Holding]) -> tuple[Sequence[Holding], str]:
    """Return the page that follows the one told last, when the header asks for it, and the header of it."""
    key = tuple(sorted(context.fields.items()))
    start = context.memory.told.get(key, 0) if context.tr_cont == "N" else 0
    end = start + PRESENT_ROWS
    context.memory.told[key] = end
    if end < len(held):
        return held[start:end], "M" if start else "F"
    return held[start:end], "D" if start else "E"


def _present_holding(context: Context, holding: Holding) -> dict[str, object]:
    instrument, money = context.exchange.instruments[holding.symbol], _money(context)
    place, cost, value = place_of(instrument), money.of(holding.cost), money.of(holding.market_value)
    bought, sold = _traded_today(context, holding.symbol)
    return {
        "prdt_name": holding.name,
        "cblc_qty13": fixed(holding.quantity - holding.today_bought + holding.today_sold, 8),
        "thdt_buy_ccld_qty1": fixed(holding.today_bought, 8),
        "thdt_sll_ccld_qty1": fixed(holding.today_sold, 8),
        "ccld_qty_smtl1": fixed(holding.quantity, 8),
        "ord_psbl_qty1": fixed(holding.sellable, 8),
        "frcr_pchs_amt": fixed(cost, 5),
        "frcr_evlu_amt2": fixed(value, 6),
        "evlu_pfls_amt2": fixed(value - cost, 5),
        "evlu_pfls_rt1": fixed(_rate(value - cost, cost), 8),
        "pdno": code_of(holding.symbol),
        "bass_exrt": fixed(won_per_dollar(context), 8),
        "buy_crcy_cd": DOLLARS,
        "ovrs_now_pric1": fixed(holding.price * money.rate, 5),
        "avg_unpr3": fixed(cost / holding.quantity if holding.quantity else NOTHING, 4),
        "tr_mket_name": place.name,
        "natn_kor_name": "미국",
        # In won also where the rest is in dollars.
        "pchs_rmnd_wcrc_amt": whole(holding.cost * won_per_dollar(context)),
        "thdt_buy_ccld_frcr_amt": fixed(bought, 6),
        "thdt_sll_ccld_frcr_amt": fixed(sold, 6),
        "unit_amt": "1",
        "std_pdno": instrument.isin,
        "prdt_type_cd": place.product,
        "scts_dvsn_name": "현금",
        "loan_rmnd": "0",
        "loan_dt": "",
        "loan_expd_dt": "",
        "ovrs_excg_cd": place.ordered,
        "item_lnkg_excg_cd": place.quoted,
    }


def _rate(part: Decimal, base: Decimal) -> Decimal:
    """Return `part` of `base` in percent with two decimals; the fields have zeros behind them."""
    return Decimal(percent(part, base, 2))


def _traded_today(context: Context, symbol: str | None = None) -> tuple[Decimal, Decimal]:
    """Return for how many dollars the account bought and sold today, of one symbol or of all."""
    exchange = context.exchange
    today = exchange.traded(context.account, exchange.today, exchange.today)
    trades = [each for each in today if symbol in (None, each.symbol)]
    return sum((each.bought_amount for each in trades), NOTHING), sum((each.sold_amount for each in trades), NOTHING)


def _currency(context: Context, state: AccountState) -> dict[str, object]:
    bought, sold = _traded_today(context)
    held_back = state.cash_d2 - state.orderable
    return {
        "crcy_cd": DOLLARS,
        "crcy_cd_name": "미국달러",
        "frcr_buy_amt_smtl": fixed(bought, 6),
        "frcr_sll_amt_smtl": fixed(sold, 6),
        "frcr_dncl_amt_2": fixed(state.cash, 6),
        "frst_bltn_exrt": fixed(won_per_dollar(context), 8),
        "frcr_buy_mgn_amt": fixed(held_back, 6),
        "frcr_etc_mgna": fixed(NOTHING, 6),
        "frcr_drwg_psbl_amt_1": fixed(state.withdrawable, 6),
        "frcr_evlu_amt2": fixed(Money(won_per_dollar(context)).of(state.withdrawable), 6),
        "acpl_cstd_crcy_yn": "N",
        "nxdy_frcr_drwg_psbl_amt": fixed(state.withdrawable, 6),
    }


def _present_totals(context: Context, state: AccountState) -> dict[str, object]:
    """Return the totals in won, whatever the rest is told in. No sample shows their values."""
    won = Money(won_per_dollar(context))
    here = context.exchanges["KR"].account(context.account)
    cost, value, cash = won.of(state.cost), won.of(state.market_value), won.of(state.cash)
    unsettled = won.of(state.bought_today), won.of(state.sold_today)
    held_back = won.of(state.cash_d2 - state.orderable)
    return {
        "pchs_amt_smtl": whole(cost),
        "evlu_amt_smtl": whole(value),
        "evlu_pfls_amt_smtl": whole(value - cost),
        "dncl_amt": whole(here.cash),
        "cma_evlu_amt": "0",
        "tot_dncl_amt": whole(here.cash + cash),
        "etc_mgna": "0",
        "wdrw_psbl_tot_amt": whole(here.withdrawable),
        "frcr_evlu_tota": whole(cash),
        "evlu_erng_rt1": fixed(_rate(value - cost, cost), 10),
        "pchs_amt_smtl_amt": whole(cost),
        "evlu_amt_smtl_amt": whole(value),
        "tot_evlu_pfls_amt": fixed(value - cost, 8),
        "tot_asst_amt": whole(value + cash + here.cash_d2),
        "buy_mgn_amt": whole(held_back),
        "mgna_tota": whole(held_back),
        "frcr_use_psbl_amt": fixed(state.orderable, 2),
        "ustl_sll_amt_smtl": whole(unsettled[1]),
        "ustl_buy_amt_smtl": whole(unsettled[0]),
        "tot_frcr_cblc_smtl": fixed(cash, 6),
        "tot_loan_amt": "0",
    }


def settled_balance(context: Context) -> FaceAnswer:
    """Answer inquire-paymt-stdr-balance: holdings and cash without the trades of today, which are not settled."""
    date_field(context, "BASS_DT")
    state, won = context.exchange.account(context.account), Money(won_per_dollar(context))
    held = [each for each in state.holdings if _settled(each) > 0]
    rows = [] if context.text("INQR_DVSN_CD") == "02" else [_settled_holding(context, each) for each in held]
    cash = won.of(state.cash)
    output2 = [
        {
            "crcy_cd": DOLLARS,
            "crcy_cd_name": "미국달러",
            "frcr_dncl_amt_2": fixed(state.cash, 6),
            "frst_bltn_exrt": fixed(won_per_dollar(context), 8),
            "frcr_evlu_amt2": fixed(cash, 6),
        }
    ]
    words = padded("조회되었습니다", ACCOUNT_MESSAGE_BYTES)
    output3 = _settled_totals(context, held, cash)
    return FaceAnswer(done("KIOK0530", words, output1=rows, output2=output2, output3=output3), {"tr_cont": "E"})


def _settled(holding: Holding) -> Decimal:
    return holding.quantity - holding.today_bought + holding.today_sold


def _settled_holding(context: Context, holding: Holding) -> dict[str, object]:
    instrument, money = context.exchange.instruments[holding.symbol], _money(context)
    place, quantity = place_of(instrument), _settled(holding)
    # What the shares that were sold today had cost counts as the average of the rest does.
    cost, value = money.of(_average(holding) * quantity), money.of(holding.price * quantity)
    return {
        "pdno": code_of(holding.symbol),
        "prdt_name": holding.name,
        "cblc_qty13": fixed(quantity, 8),
        "ord_psbl_qty1": fixed(min(quantity, holding.sellable), 8),
        "avg_unpr3": fixed(cost / quantity, 4),
        "ovrs_now_pric1": fixed(holding.price * money.rate, 5),
        "frcr_pchs_amt": fixed(cost, 5),
        "frcr_evlu_amt2": fixed(value, 6),
        "evlu_pfls_amt2": fixed(value - cost, 5),
        "bass_exrt": fixed(won_per_dollar(context), 8),
        "oprt_dtl_dtime": f"{_begun(context):%Y%m%d%H%M%S}000",
        "buy_crcy_cd": DOLLARS,
        "thdt_sll_ccld_qty1": fixed(holding.today_sold, 8),
        "thdt_buy_ccld_qty1": fixed(holding.today_bought, 8),
        "evlu_pfls_rt1": fixed(_rate(value - cost, cost), 8),
        "tr_mket_name": place.name,
        "natn_kor_name": "미국",
        "std_pdno": instrument.isin,
        "mgge_qty": "0",
        "loan_rmnd": "0",
        "prdt_type_cd": place.product,
        "ovrs_excg_cd": place.ordered,
        "scts_dvsn_name": "현금",
        "ldng_cblc_qty": "0",
    }


def _average(holding: Holding) -> Decimal:
    return holding.average if holding.quantity else holding.price


def _begun(context: Context) -> dt.datetime:
    return dt.datetime.combine(context.exchange.today, dt.time(10, 40))


def _settled_totals(context: Context, held: Sequence[Holding], cash: Decimal) -> dict[str, object]:
    won, here = Money(won_per_dollar(context)), context.exchanges["KR"].account(context.account)
    cost = sum((won.of(_average(each) * _settled(each)) for each in held), NOTHING)
    value = sum((won.of(each.price * _settled(each)) for each in held), NOTHING)
    return {
        "pchs_amt_smtl_amt": whole(cost),
        "tot_evlu_pfls_amt": fixed(value - cost, 8),
        "evlu_erng_rt1": fixed(_rate(value - cost, cost), 10),
        "tot_dncl_amt": whole(here.cash),
        "wcrc_evlu_amt_smtl": fixed(value, 6),
        "tot_asst_amt2": fixed(value + cash + here.cash, 6),
        "frcr_cblc_wcrc_evlu_amt_smtl": fixed(cash, 6),
        "tot_loan_amt": "0",
        "tot_ldng_evlu_amt": "0",
    }


def buying_power(context: Context) -> FaceAnswer:
    """Answer inquire-psamount: what the dollars buy, and what they buy with the won that could be exchanged."""
    instrument = listed(context.exchange, context.text("ITEM_CD"), ORDERED.get(context.text("OVRS_EXCG_CD")))
    if instrument is None and context.text("ITEM_CD"):
        result, code = ("1", "40070000") if context.demo else ("7", "APBK0656")
        raise Refused(code, "없는 종목입니다", result=result)
    price, own = _asked_price(context), max(context.exchange.account(context.account).orderable, NOTHING)
    amount = own * IN_DEMO if context.demo else _before_fees(context, own)
    exchanged = amount if context.demo else _before_fees(context, integrated(context))
    quantity = _shares(amount, price)
    output = {
        "tr_crcy_cd": DOLLARS,
        "ord_psbl_frcr_amt": fixed(own, 2),
        "sll_ruse_psbl_amt": "0.00",
        "ovrs_ord_psbl_amt": fixed(own if context.demo else amount, 2),
        "max_ord_psbl_qty": whole(quantity),
        "echm_af_ord_psbl_amt": fixed(own if context.demo else exchanged, 2),
        "echm_af_ord_psbl_qty": whole(_shares(exchanged, price)),
        "ord_psbl_qty": whole(quantity),
        "exrt": fixed(won_per_dollar(context), 10),
        "frcr_ord_psbl_amt1": fixed(amount, 6),
        "ovrs_max_ord_psbl_qty": whole(_shares(exchanged, price)),
    }
    words = padded("조회가 완료되었습니다", ACCOUNT_MESSAGE_BYTES)
    return FaceAnswer(done("20310000" if context.demo else "KIOK0510", words, output=output))


def _asked_price(context: Context) -> Decimal:
    text = context.text("OVRS_ORD_UNPR")
    try:
        price = Decimal(text or 0)
    except InvalidOperation:
        raise wrong_field("OVRS_ORD_UNPR") from None
    if not price.is_finite() or price < 0:
        raise wrong_field("OVRS_ORD_UNPR")
    return price


def _before_fees(context: Context, cash: Decimal) -> Decimal:
    """Return for how many dollars shares can be bought, so that cash is left for the commission."""
    return (cash / (1 + COSTS.commission_rate)).quantize(CENT, ROUND_DOWN)


def integrated(context: Context) -> Decimal:
    """Return the dollars of the account with those that its won could be exchanged for (통합증거금)."""
    own = max(context.exchange.account(context.account).orderable, NOTHING)
    here = max(context.exchanges["KR"].account(context.account).orderable, NOTHING)
    return (own + here / won_per_dollar(context)).quantize(CENT, ROUND_DOWN)


def _shares(amount: Decimal, price: Decimal) -> Decimal:
    return (amount / price).to_integral_value(ROUND_DOWN) if price else NOTHING


def currencies(context: Context) -> FaceAnswer:
    """Answer foreign-margin: fifty rows, most of them blank. Chinese money stands there twice."""
    rows = [*_margins(context)]
    blank = {
        name: "" if name in ("natn_name", "crcy_cd") else fixed(NOTHING, places) for name, places in _PLACES.items()
    }
    rows += [blank] * (MARGIN_ROWS - len(rows))
    words = padded("조회가 완료되었습니다", ACCOUNT_MESSAGE_BYTES)
    return FaceAnswer(done("KIOK0510", words, output=rows), {"tr_cont": "E"})


_PLACES = {
    "natn_name": 0,
    "crcy_cd": 0,
    "frcr_dncl_amt1": 6,
    "ustl_buy_amt": 2,
    "ustl_sll_amt": 2,
    "frcr_rcvb_amt": 2,
    "frcr_mgn_amt": 6,
    "frcr_gnrl_ord_psbl_amt": 2,
    "frcr_ord_psbl_amt1": 6,
    "itgr_ord_psbl_amt": 2,
    "bass_exrt": 8,
}
"""Fields, and how many decimals each has."""
OTHER_CURRENCIES = (
    ("홍콩", "HKD", "185.20"),
    ("홍콩", "CNY", "203.40"),
    ("중화인민공화국", "CNY", "203.40"),
    ("일본", "JPY", "9.31"),
    ("베트남", "VND", "0"),
)
"""Of which the account has nothing. Rates are made up; that of Vietnam is 0 in the sample too."""


def _margins(context: Context) -> Iterator[Mapping[str, object]]:
    state = context.exchange.account(context.account)
    own = {
        "frcr_dncl_amt1": state.cash,
        "ustl_buy_amt": state.bought_today,
        "ustl_sll_amt": state.sold_today,
        "frcr_mgn_amt": state.cash_d2 - state.orderable,
        "frcr_gnrl_ord_psbl_amt": state.orderable,
        "itgr_ord_psbl_amt": integrated(context),
        "bass_exrt": won_per_dollar(context),
    }
    yield _margin("미국", DOLLARS, own)
    here = max(context.exchanges["KR"].account(context.account).orderable, NOTHING)
    for nation, currency, rate in OTHER_CURRENCIES:
        won = Decimal(rate)
        exchanged = (here / won).quantize(CENT, ROUND_DOWN) if won else NOTHING
        yield _margin(nation, currency, {"itgr_ord_psbl_amt": exchanged, "bass_exrt": won})


def _margin(nation: str, currency: str, amounts: Mapping[str, Decimal]) -> Mapping[str, object]:
    told = {name: fixed(amounts.get(name, NOTHING), places) for name, places in _PLACES.items()}
    return {**told, "natn_name": nation, "crcy_cd": currency}


BALANCE = Api(
    f"{TRADING}/inquire-balance",
    (
        *ACCOUNT,
        Field("OVRS_EXCG_CD", 4, codes=codes("", "NAS", *EXCHANGES)),
        # A library in wide use asks for all currencies with a blank.
        Field("TR_CRCY_CD", 3, codes=codes("", DOLLARS, "HKD", "CNY", "JPY", "VND")),
        *WIDE.fields(required=False),
    ),
    balance,
)
_TOLD_IN = Field("WCRC_FRCR_DVSN_CD", 2, codes=codes(WON, FOREIGN))
PRESENT_BALANCE = Api(
    f"{TRADING}/inquire-present-balance",
    (*ACCOUNT, _TOLD_IN, Field("NATN_CD", 3), Field("TR_MKET_CD", 2), Field("INQR_DVSN_CD", 2)),
    present_balance,
)
SETTLED_BALANCE = Api(
    f"{TRADING}/inquire-paymt-stdr-balance",
    (*ACCOUNT, Field("BASS_DT", 8), _TOLD_IN, Field("INQR_DVSN_CD", 2)),
    settled_balance,
)
BUYING_POWER = Api(
    f"{TRADING}/inquire-psamount",
    (
        *ACCOUNT,
        Field("OVRS_EXCG_CD", 4, codes=EXCHANGES),
        Field("OVRS_ORD_UNPR", 27),
        Field("ITEM_CD", 12),
    ),
    buying_power,
)
CURRENCIES = Api(f"{TRADING}/foreign-margin", ACCOUNT, currencies)
