"""What became of an account's orders: fills, what sales earned, and what moved its cash."""

from __future__ import annotations

from pydantic import StrictBool

from brokerkit.models.base import Model
from brokerkit.values import Date, Exact, Moment
from brokerkit.words import Side, TransactionKind, Venue


class Fill(Model):
    """What was filled of an order (체결)."""

    time_field = "date"

    date: Date
    """Trading day of the market (일자)."""
    order_id: str
    """What the broker's own app shows (주문번호)."""
    symbol: str
    """What was traded (종목코드)."""
    name: str | None = None
    """As the broker writes it (종목명)."""
    side: Side
    """Bought or sold (매매구분)."""
    venue: Venue | None = None
    """Where the order went (거래소); None where the list does not tell it."""
    quantity: Exact
    """Shares (체결수량)."""
    price: Exact | None
    """A share (체결단가), of a total the average, which some brokers cut to the won; None where it is not told."""
    amount: Exact | None = None
    """What all of it came to (체결금액), exactly; None where the broker tells the price alone."""
    is_total: StrictBool
    """True: all fills of the order on that day in one row, because the broker does not tell them one by one."""
    time: Moment | None = None
    """When it was filled (체결시각); None for a total."""
    currency: str
    """ISO 4217: of price and amount (통화)."""


class RealizedPnl(Model):
    """What the sales of a symbol earned on a day (실현손익), amounts in `currency`. Days without a sale have no row."""

    time_field = "date"

    date: Date
    """Trading day of the market on which it was sold (매매일자)."""
    symbol: str
    """What was sold (종목코드)."""
    name: str | None = None
    """As the broker writes it (종목명)."""
    quantity: Exact
    """Shares sold (매도수량)."""
    sell_price: Exact
    """Average of the sales (매도단가)."""
    buy_price: Exact
    """Average that the shares had cost, before fees (매입단가)."""
    pnl: Exact
    """Sales less cost, before commission, tax and interest (매매손익)."""
    commission: Exact | None
    """As the broker counts it for these sales (수수료), some with that of the purchases; None where `costs` alone are
    told."""
    tax: Exact | None
    """Transaction tax and rural special tax (제세금); None where `costs` alone are told."""
    costs: Exact
    """Commission and tax together (제비용)."""
    interest: Exact | None = None
    """On loans with which the shares were bought (대출이자); None where the broker does not tell it."""
    net_pnl: Exact
    """pnl - costs - interest (실현손익)."""
    currency: str
    """ISO 4217: of all amounts (통화)."""


class Transaction(Model):
    """A line of the cash ledger (거래내역), amounts in `currency`. A trade stands on the day of its settlement."""

    time_field = "date"

    date: Date
    """The day on which the cash moved (거래일자)."""
    id: str | None
    """The broker's number of the line (거래번호); None where it has none."""
    kind: TransactionKind
    """What moved the cash (거래종류)."""
    description: str | None = None
    """The broker's own words (적요)."""
    amount: Exact | None
    """What cash grew by, below 0 where it fell (정산금액); None where the broker does not say which, and nothing shows
    it."""
    balance: Exact | None
    """Cash of that currency after it (예수금잔고); None where the broker does not tell it, so that nothing proves the
    line."""
    symbol: str | None = None
    """What was traded (종목코드); None where nothing was."""
    name: str | None = None
    """As the broker writes it (종목명)."""
    quantity: Exact | None = None
    """Shares of a trade (거래수량)."""
    commission: Exact | None = None
    """Of a trade (수수료); None where the broker leaves it blank."""
    tax: Exact | None = None
    """Of a trade (거래세, 농특세); None where the broker leaves it blank."""
    traded_on: Date | None = None
    """The day of the trade that is settled (체결일)."""
    currency: str
    """ISO 4217: of all amounts (통화)."""
