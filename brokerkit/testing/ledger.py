"""The contract of fills, of realised profit and of the cash ledger."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal

from brokerkit.broker import Broker
from brokerkit.models import Fill, Order, OrderRequest, RealizedPnl, Transaction
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face
from brokerkit.sandbox.ledger import BookedLine, CashKind, Traded
from brokerkit.symbols import HOME
from brokerkit.testing.base import Contract, agree, not_told
from brokerkit.testing.declared import needs
from brokerkit.testing.truth import differences
from brokerkit.words import Side, TransactionKind

KINDS = {
    CashKind.DEPOSIT: TransactionKind.DEPOSIT,
    CashKind.WITHDRAWAL: TransactionKind.WITHDRAWAL,
    CashKind.BUY: TransactionKind.PURCHASE,
    CashKind.SALE: TransactionKind.SALE,
}
MANY = 130
"""So many rows that every broker needs more than a page for them."""


class LedgerContract(Contract):
    """What was filled, earned and paid is what the exchange has booked."""

    level = 2

    def days(self, count: int) -> list[dt.date]:
        """Return trading days before today, ascending."""
        days = [self.day_before(self.today)]
        while len(days) < count:
            days.append(self.day_before(days[-1]))
        return days[::-1]

    def sold(self, sandbox: Sandbox, face: Face, day: dt.date, symbol: str, quantity: int, cost: int) -> None:
        """Let the account have sold shares on an earlier day, that had cost so much."""
        price = self.ground.amount(10_000)
        request = OrderRequest(symbol=symbol, side=Side.SELL, quantity=quantity, price=price, venue=self.venue)
        sandbox.exchange.remember(
            face.credentials.account, day, request, filled=Decimal(quantity), cost=self.ground.amount(cost)
        )

    def trade(self, sandbox: Sandbox, face: Face) -> None:
        """Let the account buy and sell today, at several prices, and leave an order of which nothing was filled."""
        exchange = sandbox.exchange
        exchange.give_holding(face.credentials.account, self.stock, Decimal(30), self.ground.amount(1_500_007))
        exchange.give_holding(face.credentials.account, self.fund, Decimal(9), self.ground.amount(200_000))
        self.play(sandbox, self.stock, Side.SELL, 7, self.bid(sandbox))
        book = exchange.order_book(self.stock)
        self.play(sandbox, self.stock, Side.BUY, int(book.asks[0].quantity) + 3, book.asks[1].price)
        self.play(sandbox, self.stock, Side.SELL, 11, exchange.order_book(self.stock).bids[-1].price)
        self.play(sandbox, self.fund, Side.SELL, 9, exchange.order_book(self.fund).bids[-1].price)
        self.play(sandbox, self.other, Side.BUY, 2, exchange.order_book(self.other).asks[-1].price)
        self.play(sandbox, self.stock, Side.BUY, 5, self.below(sandbox, 5))

    # Fills

    def same_fills(self, told: Sequence[Fill], sandbox: Sandbox, face: Face, start: dt.date, symbol: str = "") -> None:
        """Fail where fills of days up to today do not come, by order, to what the exchange's fills do."""
        history = sandbox.exchange.history(face.credentials.account, start, self.today)
        real = {
            (order.day, order.number): order
            for order in history
            if order.filled and symbol in ("", order.request.symbol)
        }
        rows: dict[tuple[dt.date, int], list[Fill]] = defaultdict(list)
        for fill in told:
            rows[fill.date, face.order_number(fill.order_id)].append(fill)
        assert set(rows) == set(real), f"Of {len(real)} orders something was filled, and {len(rows)} are told."
        assert [fill.date for fill in told] == sorted(fill.date for fill in told), "Fills are told oldest first."
        for key, order in real.items():
            first = rows[key][0]
            assert not first.is_total or len(rows[key]) == 1, f"{first.order_id} has two rows that are each its total."
            told_of = {(each.symbol, each.side) for each in rows[key]}
            assert told_of == {(order.request.symbol, order.request.side)}, (
                f"The fills of {first.order_id} are told as of {told_of}."
            )
            quantity = sum((each.quantity for each in rows[key]), Decimal(0))
            assert quantity == order.filled, f"Of {first.order_id} {order.filled} were filled, not {quantity}."
            amount = sum((each.amount or Decimal(0) for each in rows[key]), Decimal(0))
            assert amount in (0, order.amount), f"The fills of {first.order_id} are {order.amount}, not {amount}."

    def prices(self, told: Sequence[Fill], sandbox: Sandbox, face: Face, trader: Broker) -> list[str]:
        """Return in words where the average of an order is not the truth, or what is declared as not told is told."""
        lines = []
        step = (self.rounds(trader, Order) or {}).get("average_fill_price")
        steps = {} if step is None else {"price": step}
        for fill in told:
            order = next(
                each
                for each in sandbox.exchange.history(face.credentials.account, fill.date, fill.date)
                if each.number == face.order_number(fill.order_id)
            )
            real = fill.model_copy(update={"price": order.average_price, "amount": fill.amount and order.amount})
            absent = not_told(trader).get(Fill, frozenset())
            lines += differences(fill, real, absent=absent, steps=steps) if fill.is_total else []
        return lines

    @needs("fills")
    def test_fills_are_those_of_the_exchange(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        assert trader.fills() == (), "Nothing was ordered, and fills are told."
        self.trade(sandbox, face)
        (day,) = self.days(1)
        self.sold(sandbox, face, day, self.stock, 5, 40_000)
        today = trader.fills()
        self.same_fills(today, sandbox, face, self.today)
        agree(self.prices(today, sandbox, face, trader))
        self.same_fills(trader.fills(day), sandbox, face, day)
        self.same_fills(trader.fills(day, symbol=self.stock), sandbox, face, day, self.stock)

    # Realised profit

    def earned(self, told: RealizedPnl, truth: Traded, sandbox: Sandbox, trader: Broker) -> list[str]:
        """Return in words in which fields a realised profit is not the truth."""
        of_purchase = self.commission(sandbox, truth.cost)
        # Whether the commission of purchases counts as one of a sale differs, and how it is cut.
        known = (truth.sold_commission, truth.sold_commission + truth.bought_commission)
        most = truth.sold_commission + of_purchase
        commission = told.costs - truth.tax if told.commission is None else told.commission
        if not (commission in known or truth.sold_commission <= commission <= most):
            return [f"commission is {commission}, in truth {known[0]}, or with that of purchases {most}"]
        real = told.model_copy(
            update={
                "quantity": truth.sold,
                "sell_price": truth.sold_amount / truth.sold,
                "buy_price": truth.cost / truth.sold,
                "pnl": truth.profit,
                "tax": truth.tax,
                "costs": truth.tax + commission,
                "interest": Decimal(0),
                "net_pnl": truth.profit - truth.tax - commission,
                "name": sandbox.exchange.instruments[truth.symbol].name,
            }
        )
        absent = not_told(trader).get(RealizedPnl, frozenset())
        lines = differences(told, real, absent=absent, steps=self.rounds(trader, RealizedPnl))
        return [f"{truth.symbol} ({truth.day}): {line}" for line in lines]

    def same_profits(
        self, told: Sequence[RealizedPnl], sandbox: Sandbox, face: Face, trader: Broker, start: dt.date
    ) -> None:
        """Fail where realised profits of days up to today are not those of the exchange."""
        traded = sandbox.exchange.traded(face.credentials.account, start, self.today)
        real = [each for each in traded if each.sold]
        rows = [(each.date, each.symbol) for each in told]
        wanted = [(each.day, each.symbol) for each in real]
        missing, more = sorted(set(wanted) - set(rows)), sorted(set(rows) - set(wanted))
        odd = ", ".join(f"{symbol} ({day})" for day, symbol in [*missing, *more][:3])
        assert rows == wanted, f"Sold, by day and symbol, was {len(wanted)} times, and told are {len(rows)}: {odd}."
        agree(
            [line for each, truth in zip(told, real, strict=True) for line in self.earned(each, truth, sandbox, trader)]
        )

    @needs("realized_pnl")
    def test_realized_profit_is_what_the_sales_earned(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        first, last = self.days(2)
        for day, symbol, cost in (
            (last, self.fund, 31_000),
            (last, self.other, 60_000),
            (first, self.stock, 52_345),
            (first, self.stock, 40_000),
            (first, self.other, 1),
        ):
            self.sold(sandbox, face, day, symbol, 5, cost)
        self.trade(sandbox, face)
        self.same_profits(trader.realized_pnl(first), sandbox, face, trader, first)
        of_stock = [each for each in trader.realized_pnl(first) if each.symbol == self.stock]
        assert list(trader.realized_pnl(first, symbol=self.stock)) == of_stock
        of_first = [each for each in trader.realized_pnl(first) if each.date == first]
        assert list(trader.realized_pnl(first, first)) == of_first

    @needs("realized_pnl")
    def test_days_without_a_sale_have_no_realized_profit(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        self.play(sandbox, self.stock, Side.BUY, 2, sandbox.exchange.order_book(self.stock).asks[-1].price)
        assert trader.realized_pnl(self.days(1)[0]) == (), "Shares were bought alone, and a profit is told."

    @needs("realized_pnl")
    def test_every_page_of_realized_profit_is_read(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        days = self.days(MANY // 2)
        for number, day in enumerate(days):
            for symbol in (self.stock, self.fund):
                self.sold(sandbox, face, day, symbol, 1 + number, 9_000 * (1 + number) + number)
        self.same_profits(trader.realized_pnl(days[0]), sandbox, face, trader, days[0])

    def commission(self, sandbox: Sandbox, amount: Decimal) -> Decimal:
        """Return what the broker takes for a trade that comes to an amount."""
        face, bourse = sandbox.face(self.broker), sandbox.exchange.bourse
        told = face.costs if self.market == HOME else face.costs_abroad.get(self.market, {})
        costs = told.get(face.environment, bourse.costs).in_units(bourse.scale)
        return bourse.money(costs.commission(bourse.units(amount)))

    # The cash

    def line(self, told: Transaction, truth: BookedLine, trader: Broker) -> list[str]:
        """Return in words in which fields a line of the ledger is not the truth."""
        real = told.model_copy(
            update={
                "date": truth.line.day,
                "kind": KINDS[truth.line.kind],
                "amount": Decimal(truth.line.change),
                "balance": Decimal(truth.balance),
                "symbol": truth.line.symbol,
                "commission": Decimal(truth.line.commission),
                "tax": Decimal(truth.line.tax),
            }
        )
        return differences(told, real, absent=not_told(trader).get(Transaction, frozenset()))

    @needs("transactions")
    def test_transactions_add_up_to_the_cash(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        account, today = face.credentials.account, self.today
        self.trade(sandbox, face)  # settled in two days
        for number in range(1, MANY):
            sandbox.exchange.deposit(account, self.ground.amount(1000 * number if number % 3 else -10 * number))
        told = trader.transactions(self.days(1)[0])
        real = sandbox.exchange.cash_lines(account, today, today)
        assert len(told) == len(real) == MANY, f"Of {len(real)} lines {len(told)} are told: look at the pages."
        agree([line for each, truth in zip(told, real, strict=True) for line in self.line(each, truth, trader)])
        cash = sandbox.exchange.account(account).cash
        moved = sum((each.amount or Decimal(0) for each in told), Decimal(0))
        assert moved == told[-1].balance == cash, f"The lines come to {moved}, and there are {cash} won."
