"""The safety envelope: arming and limits. It says no before anything is sent, and never sends."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from brokerkit import files
from brokerkit.errors import Disarmed, LimitExceeded, NotSent
from brokerkit.market.markets import Market
from brokerkit.models import OrderRequest, Quote
from brokerkit.orders.limits import Limits, Safety, money
from brokerkit.orders.listing import WRONG_CLOCK
from brokerkit.orders.state import journal_folder
from brokerkit.symbols import HOME_CURRENCY
from brokerkit.transport.outgoing import leads_to_this_machine
from brokerkit.words import OrderType, Venue

QUOTE_SECONDS = 5.0
"""A price older than this is asked for again before it is compared with."""
NEEDED_FOR_REAL = ("max_order_quantity", "max_order_value", "max_orders_per_minute", "max_orders_per_day")


KnownQuotes = dict[tuple[str, Venue], tuple[float, Quote]]
"""Prices that were just read, and when."""


class Guard:
    """Says no to orders outside the envelope of one account."""

    def __init__(
        self,
        is_real: Callable[[], bool],
        safety: Safety,
        quote: Callable[[str, Venue], Quote],
        skew: Callable[[], float] = lambda: 0.0,
        *,
        tells_upper_limit: Callable[[Market], bool] = lambda market: False,
        quotes: KnownQuotes | None = None,
    ) -> None:
        """`is_real` says whether real money moves, `quote` asks for a price.

        `skew` tells by how many seconds the broker's clock was ahead of ours lately. `tells_upper_limit`: a quote
        of that market without an upper limit is of a symbol that has none. `quotes` are those that were read lately.
        """
        self._tells_upper_limit = tells_upper_limit
        self.limits = safety.limits
        self._is_real = is_real
        self._arm = safety.arm
        self._quote = quote
        self._skew = skew
        self._quotes: KnownQuotes = {} if quotes is None else quotes

    def remember(self, quote: Quote) -> None:
        """Keep a price that was just read."""
        self._quotes[quote.symbol, quote.venue] = (time.monotonic(), quote)

    def check_armed(self, account: Callable[[], str], market: Market) -> None:
        """Raise Disarmed unless this may move real money: armed for the account, limits set, the journal here."""
        if not self._is_real():
            return
        # Who is not armed is refused without a question to the broker.
        if not self._arm or self._arm != "".join(filter(str.isdigit, account()))[-4:]:
            words = "This is real money, and the broker is not armed."
            if self._arm:
                words = "This is real money, and the broker is armed for another account."
            raise Disarmed(
                words,
                advice="Nothing was sent. Give arm= or write arm in the profile: the last four digits of the account.",
            )
        limits = self.limits.of(market.currency)
        missing = [name for name in NEEDED_FOR_REAL if getattr(limits, name, None) is None]
        if missing:
            currency, names = market.currency or "its currency", ", ".join(missing)
            words = f"This is real money, and limits of {currency} are missing: {names}."
            advice = (
                f"Nothing was sent. Write them in the limits table of the profile, [profiles.NAME.limits.{currency}]."
            )
            if market.currency == HOME_CURRENCY:
                words = f"This is real money, and limits are missing: {names}."
            if market.currency in (HOME_CURRENCY, None):
                advice = "Nothing was sent. Write them in the limits table of the profile."
            raise Disarmed(words, advice=advice)
        if network := files.network_file_system(journal_folder()):
            raise Disarmed(
                f"This is real money, and the order journal lies on a network file system ({network}).",
                advice="Nothing was sent. Set BROKERKIT_STATE_DIR to a folder on a local disk.",
            )

    def check_order(self, request: OrderRequest, market: Market) -> Decimal | None:
        """Raise LimitExceeded for an order outside the limits; return its value if a limit needs that."""
        wanted = _Wanted(
            request.symbol, market, request.venue, request.quantity, request.price, request.type, request.stop_price
        )
        return self._check(wanted)

    def check_amendment(
        self, symbol: str, market: Market, venue: Venue | None, quantity: Decimal, price: Decimal
    ) -> None:
        """Raise LimitExceeded for an amendment to a price or value outside the limits."""
        self._check(_Wanted(symbol, market, venue, quantity, price))

    def check_terms(
        self,
        symbol: str,
        market: Market,
        venue: Venue | None,
        quantity: Decimal,
        price: Decimal | None,
        stop_price: Decimal | None,
    ) -> Decimal | None:
        """Raise LimitExceeded for what no verb sends outside the limits; without a price it costs what a share may."""
        return self._check(_Wanted(symbol, market, venue, quantity, price, stop_price=stop_price))

    def check_value(
        self,
        market: Market,
        symbol: str,
        quantity: Decimal | None,
        price: Decimal | None,
        value: Decimal | None,
        *,
        odd: str = "",
    ) -> Decimal | None:
        """Raise LimitExceeded for what is in no market of the verbs, outside the limits of its currency.

        `value` None: it cannot be computed. Real money, and whatever a limit is for, needs one. `odd` is the field of a
        price that nobody can read.
        """
        limits = self._limits_for(market.currency, symbol, quantity)
        if odd and limits.price_collar_percent is not None:
            raise _exceeded(f"{odd} is no price to compare with the last one, which price_collar_percent wants.")
        if price is not None and limits.price_collar_percent is not None:
            raise _exceeded("there is no last price to compare with, which price_collar_percent wants.")
        if value is None:
            amounts = (limits.max_order_value, limits.max_daily_value)
            counts = (limits.max_order_quantity,) if quantity is None else ()
            if self._is_real() or any(each is not None for each in (*amounts, *counts)):
                words = "what it comes to cannot be computed, so no limit holds it."
                if odd:
                    words = f"what it comes to cannot be computed, as {odd} is no price, so no limit holds it."
                raise _exceeded(words)
            return None
        self._check_most(value, limits, market.currency)
        return value

    def _limits_for(self, currency: str | None, symbol: str, quantity: Decimal | None) -> Limits:
        """Return the limits of a currency, once clock, symbol and quantity are within them."""
        limits = self.limits.of(currency) or Limits()
        if abs(self._skew()) > WRONG_CLOCK and self._is_real():
            raise NotSent(
                f"The clock of this machine differs from the broker's by {self._skew():.0f} s.",
                advice="Nothing was sent: its day and its time could not be found in the broker's lists. Set it; "
                "then any answer of the broker, such as a quote, lets orders go again.",
            )
        if limits.symbols is not None and symbol not in limits.symbols:
            allowed = ", ".join(sorted(limits.symbols))
            raise _exceeded(f"{symbol or 'what is not named'} is not among the allowed symbols: {allowed}.")
        most = limits.max_order_quantity
        if most is not None and quantity is not None and quantity > most:
            raise _exceeded(f"{quantity:f} shares are more than max_order_quantity, {most:f}.")
        return limits

    def _check(self, wanted: _Wanted) -> Decimal | None:
        quantity, price, currency = wanted.quantity, wanted.price, wanted.market.currency
        limits = self._limits_for(currency, wanted.symbol, quantity)
        if limits.price_collar_percent is not None and price is not None:
            self._check_collar(wanted, price, limits.price_collar_percent)
        if wanted.type is OrderType.LIMIT_TO_MARKET_ON_CLOSE:
            price = None  # in the end it trades at any price
        if price is None and limits.max_order_value is None and limits.max_daily_value is None:
            return None
        value = quantity * (price if price is not None else self._highest(wanted))
        self._check_most(value, limits, currency)
        return value

    def _check_most(self, value: Decimal, limits: Limits, currency: str | None) -> None:
        if limits.max_order_value is not None and value > limits.max_order_value:
            most = money(limits.max_order_value, currency)
            raise _exceeded(f"{money(value, currency)} are more than max_order_value, {most}.")

    def _check_collar(self, wanted: _Wanted, price: Decimal, percent: Decimal) -> None:
        last, currency = self._recent(wanted).price, wanted.market.currency
        if abs(price - last) * 100 > percent * last:
            wanted_price, last_price = money(price, currency), money(last, currency)
            raise _exceeded(f"{wanted_price} are more than {percent} % away from the last price, {last_price}.")

    def _highest(self, wanted: _Wanted) -> Decimal:
        """Return what a share of an order without a price may cost: where a day has no limits, an estimate."""
        quote, rules = self._recent(wanted), wanted.market.rules
        if rules is not None and not rules.has_limits:
            return max(quote.price, wanted.stop_price or quote.price) * rules.highest_rise
        is_without = quote.upper_limit is None and self._tells_upper_limit(wanted.market)
        if is_without or (rules is None and not quote.upper_limit):
            raise _exceeded(f"{wanted.symbol} has no upper limit, so an order without a price can cost any value.")
        rise = Decimal(1) if rules is None else rules.highest_rise
        return quote.upper_limit or (quote.previous_close or quote.price) * rise

    def _recent(self, wanted: _Wanted) -> Quote:
        venue = wanted.venue or wanted.market.default_venue
        assert venue is not None  # noqa: S101 - what can be ordered has a venue
        read_at, quote = self._quotes.get((wanted.symbol, venue), (0.0, None))
        if quote is None or time.monotonic() - read_at > QUOTE_SECONDS:
            quote = self._quote(wanted.symbol, venue)
            self.remember(quote)
        return quote


@dataclass(frozen=True)
class _Wanted:
    """What an order or amendment is to do."""

    symbol: str
    market: Market
    venue: Venue | None
    quantity: Decimal
    price: Decimal | None
    type: OrderType | None = None
    stop_price: Decimal | None = None


def is_real_money(environment: str, client: object) -> bool:
    """Say whether orders move real money. The host that is talked to decides, whatever the environment is called.

    No real money is only what leads to this machine, or to the host that the client names for demo trading.
    """
    if environment == "real":
        return True
    talks_to = getattr(client, "base_url", None)
    if not isinstance(talks_to, str):
        return True
    hosts = getattr(client, "hosts", None)
    told = hosts if isinstance(hosts, Mapping) else {}
    return not leads_to_this_machine(talks_to) and (talks_to != told.get("demo") or talks_to == told.get("real"))


def _exceeded(words: str) -> LimitExceeded:
    return LimitExceeded(words, advice="Nothing was sent. Make the order smaller, or change the limits of the profile.")
