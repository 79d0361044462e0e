"""How much the account can buy, and how much of a holding it can sell."""

from __future__ import annotations

from decimal import Decimal

from brokerkit.models import PRICED
from brokerkit.sandbox.exchange import Holding, Instrument
from brokerkit.sandbox.face import FaceAnswer
from brokerkit_kis.sandbox.divisions import DIVISIONS
from brokerkit_kis.sandbox.fields import ACCOUNT, Api, Context, Field, positive_integer, spelled
from brokerkit_kis.sandbox.wording import ACCOUNT_MESSAGE_BYTES, Refused, done, fixed, padded, percent, whole

TRADING = "/uapi/domestic-stock/v1/trading"
NO_SHARES = Decimal(0)


def buying_power(context: Context) -> FaceAnswer:
    """Answer inquire-psbl-order."""
    return finished(context, output=power_of(context))


def power_of(context: Context) -> dict[str, object]:
    """Return how much can be bought."""
    state = context.exchange.account(context.account)
    instrument = _instrument(context) if context.text("PDNO") and context.text("ORD_UNPR") else None
    price = None if instrument is None else _price(context, instrument)
    # The amount is told without a symbol too. Whether commission is taken off it already is not known: it is not.
    amount = max(state.orderable, Decimal(0))
    quantity = NO_SHARES
    if instrument is not None:
        quantity = context.exchange.affordable(context.account, instrument.symbol, price)
    return {
        "ord_psbl_cash": whole(amount),
        "ord_psbl_sbst": "0",
        "ruse_psbl_amt": "0",
        "fund_rpch_chgs": "0",
        "psbl_qty_calc_unpr": whole(price or Decimal(0)),
        "nrcvb_buy_amt": whole(amount),
        "nrcvb_buy_qty": whole(quantity),
        # Accounts here buy without margin, so the most is what can be paid.
        "max_buy_amt": whole(amount),
        "max_buy_qty": whole(quantity),
        "cma_evlu_amt": "0",
        "ovrs_re_use_amt_wcrc": "0",
        "ord_psbl_frcr_amt_wcrc": "0",
    }


def _price(context: Context, instrument: Instrument) -> Decimal:
    """Return the price that a quantity is worked out with: without one in the order, the day's upper limit."""
    division = DIVISIONS.get(context.text("ORD_DVSN"))
    # What a limit order at "0" brings is not known: taken like an order without a price.
    if division is None or division.type not in PRICED or context.text("ORD_UNPR").strip("0") == "":
        return instrument.upper_limit
    return positive_integer(context, "ORD_UNPR")


def _instrument(context: Context) -> Instrument:
    instrument = context.instrument("PDNO")
    if instrument is None:
        result, code = ("1", "40070000") if context.demo else ("7", "APBK0656")
        raise Refused(code, "없는 종목입니다", result=result)
    return instrument


def sellable(context: Context) -> FaceAnswer:
    """Answer inquire-psbl-sell."""
    instrument = _instrument(context)
    holdings = context.exchange.account(context.account).holdings
    holding = next((held for held in holdings if held.symbol == instrument.symbol), None)
    if holding is None:
        # What a symbol that is not held brings is not known: a row of nothing.
        price = context.exchange.quote(instrument.symbol).price
        holding = _nothing(instrument, price)
    gain = holding.market_value - holding.cost
    output = {
        "pdno": spelled(holding.symbol),
        "prdt_name": holding.name,
        "buy_qty": whole(holding.today_bought),
        "sll_qty": whole(holding.today_sold),
        "cblc_qty": whole(holding.quantity),
        "nsvg_qty": "0",
        "ord_psbl_qty": whole(holding.sellable),
        "pchs_avg_pric": fixed(holding.average, 4),
        "pchs_amt": whole(holding.cost),
        "now_pric": whole(holding.price),
        "evlu_amt": whole(holding.market_value),
        "evlu_pfls_amt": whole(gain),
        "evlu_pfls_rt": percent(gain, holding.cost, 2),
    }
    return finished(context, output=output)


def _nothing(instrument: Instrument, price: Decimal) -> Holding:
    return Holding(
        symbol=instrument.symbol,
        name=instrument.name,
        price=price,
        quantity=NO_SHARES,
        sellable=NO_SHARES,
        cost=NO_SHARES,
        average=NO_SHARES,
        market_value=NO_SHARES,
        today_bought=NO_SHARES,
        today_sold=NO_SHARES,
    )


def finished(context: Context, **blocks: object) -> FaceAnswer:
    """Return an answer that has no pages."""
    code = "20310000" if context.demo else "KIOK0510"
    return FaceAnswer(done(code, padded("조회 완료", ACCOUNT_MESSAGE_BYTES), **blocks))


BUYING_POWER = Api(
    f"{TRADING}/inquire-psbl-order",
    (
        *ACCOUNT,
        Field("PDNO", 12),
        Field("ORD_UNPR", 19),
        Field("ORD_DVSN", 2),
        Field("CMA_EVLU_AMT_ICLD_YN", 1),
        Field("OVRS_ICLD_YN", 1),
    ),
    buying_power,
)
SELLABLE = Api(f"{TRADING}/inquire-psbl-sell", (*ACCOUNT, Field("PDNO", 12)), sellable)
CREDIT_POWER = Api(f"{TRADING}/inquire-credit-psamount", (*BUYING_POWER.fields, Field("CRDT_TYPE", 2)), buying_power)
"""Loans are not played: what is bought with one goes against the cash."""
