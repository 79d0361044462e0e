"""The contract of the account and of the session."""

from __future__ import annotations

import pickle
import threading
from decimal import Decimal

import pytest
from starlette.responses import Response

from brokerkit.broker import Broker
from brokerkit.errors import BrokerError, RateLimited
from brokerkit.models import Quote
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face, Purpose, ReceivedRequest
from brokerkit.testing.base import Contract, agree, raising, tells
from brokerkit.testing.declared import Declared, needs
from brokerkit.text import in_english
from brokerkit.words import Side

TWO_PAGES = 120
"""So many positions that every broker needs more than a page for them, or is known to have none; fewer where fewer
symbols are listed."""

SPREAD = Decimal("0.02")
"""By so much of it the rate at which a broker exchanges may differ from that of the day."""


class AccountContract(Contract):
    """Cash and holdings tell the truth, all pages of them."""

    level = 2

    @needs("balance")
    def test_an_untouched_account_is_all_cash(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        balance = trader.balance()
        assert balance.positions == (), f"The account holds nothing, and {balance.positions[0].symbol} is told."
        assert balance.market_value in (None, 0), f"Nothing is worth {balance.market_value}."
        agree(self.balance_differences(balance, sandbox.exchange.account(face.credentials.account), trader))

    @needs("balance")
    def test_balance_after_trades_tells_the_truth(
        self, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared
    ) -> None:
        account, exchange = face.credentials.account, sandbox.exchange
        exchange.give_holding(account, self.fund, Decimal(30), self.ground.amount(1_000_007))
        self.play(sandbox, self.stock, Side.BUY, 30, exchange.order_book(self.stock).asks[-1].price)
        self.play(sandbox, self.other, Side.BUY, 3, exchange.quote(self.other).price)
        self.play(sandbox, self.fund, Side.SELL, 10, exchange.order_book(self.fund).bids[-1].price)
        self.play(sandbox, self.stock, Side.BUY, 5, self.below(sandbox, 5))
        exchange.trade(self.stock, Side.SELL, Decimal(2000))
        balance = trader.balance()
        settled = balance.cash is None or balance.cash_d2 is None or balance.cash_d2 < balance.cash
        assert settled, f"What was bought is paid in two days: cash is {balance.cash}, cash_d2 {balance.cash_d2}."
        agree(self.balance_differences(balance, exchange.account(account), trader))

    @needs("balance")
    def test_every_page_of_120_positions_is_read(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        filled = self.fill(sandbox, face)
        balance = trader.balance()
        assert len(balance.positions) == filled, f"Of {filled} positions {len(balance.positions)} are told."
        agree(self.balance_differences(balance, sandbox.exchange.account(face.credentials.account), trader))

    @needs("balance")
    def test_balance_asks_once_for_every_page(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        filled = self.fill(sandbox, face)
        trader.balance()
        seen = len(face.requests)
        assert len(trader.balance().positions) == filled
        asked = [(each.method, each.path, each.query, each.headers, each.body) for each in face.requests[seen:]]
        twice = [f"{method} {path}" for method, path, *rest in asked if asked.count((method, path, *rest)) > 1]  # type: ignore[arg-type]
        assert twice == [], f"The same question goes out twice for one balance: {', '.join(twice)}."

    @needs("balance")
    def test_what_was_sold_out_is_no_position(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        sandbox.exchange.give_holding(face.credentials.account, self.stock, Decimal(5), self.ground.amount(300_000))
        self.play(sandbox, self.stock, Side.SELL, 5, sandbox.exchange.order_book(self.stock).bids[-1].price)
        assert trader.balance().positions == (), "Of what was sold out nothing is held, and a position is told."

    @needs("balance")
    def test_the_account_number_is_masked(self, trader: Broker, face: Face) -> None:
        digits = "".join(character for character in face.credentials.account if character.isdigit())
        told = trader.balance().account
        assert told == "*" * (len(digits) - 4) + digits[-4:], f"{told!r} shows more than the last four digits, or less."

    @needs("balance")
    def test_a_token_that_ends_between_pages_loses_no_row(
        self, trader: Broker, sandbox: Sandbox, face: Face, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        filled = self.fill(sandbox, face)
        seen: list[ReceivedRequest] = []

        def kill_after_the_second(request: ReceivedRequest) -> Response | None:
            seen.append(request)
            if len(seen) == 3:
                self.kill_tokens(face, monkeypatch)
            return None

        trader.account()
        trader.balance()
        face.before = kill_after_the_second
        positions = trader.balance().positions
        assert len(positions) == filled, f"After the token had ended, {len(positions)} of {filled} are told."

    @needs("balance")
    def test_a_limit_that_is_hit_between_pages_loses_no_row(
        self, paced: Broker, sandbox: Sandbox, face: Face, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        filled = self.fill(sandbox, face)
        calls: list[str] = []
        admit = face.window.admit

        def refuse_the_third(key: str) -> bool:
            calls.append(key)
            return len(calls) != 3 and admit(key)

        monkeypatch.setattr(face.window, "admit", refuse_the_third)
        positions = paced.balance().positions
        assert len(positions) == filled, f"At a limit of calls {len(positions)} of {filled} positions are told."

    @needs("balances")
    def test_balances_have_each_currency_by_itself(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        account = face.credentials.account
        sandbox.exchange.give_holding(account, self.stock, Decimal(5), self.ground.amount(300_000))
        told = trader.balances()
        currencies = [each.currency for each in told]
        assert len(set(currencies)) == len(currencies), f"There are balances in {', '.join(map(str, currencies))}."
        own = [each for each in told if each.currency == self.trading.currency]
        assert own, f"There is no balance in {self.trading.currency}, only in {', '.join(map(str, currencies))}."
        agree(self.balance_differences(own[0], sandbox.exchange.account(account), trader))

    @needs("exchange_rate")
    def test_the_exchange_rate_is_that_of_the_day(self, trader: Broker, sandbox: Sandbox) -> None:
        currency, real = str(self.trading.currency), sandbox.exchange.exchange_rate
        told = trader.exchange_rate(currency)
        tells(told, currency=currency)
        assert abs(told.rate / real - 1) <= SPREAD, f"One {currency} costs {told.rate} won, in truth about {real}."

    @needs("buying_power")
    def test_buying_power_is_what_the_account_can_pay(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        account = face.credentials.account
        self.play(sandbox, self.stock, Side.BUY, 100, self.below(sandbox, 5))
        price = sandbox.exchange.quote(self.stock).price
        for limit in (price, None):
            power = trader.buying_power(self.stock, price=limit)
            real = sandbox.exchange.affordable(account, self.stock, limit)
            words = f"At {limit} {power.quantity} shares can be bought, in truth {real}."
            if limit is None:
                words = f"At the market {power.quantity} shares can be bought, in truth {real}."
            assert power.quantity == real, words
            cash = sandbox.exchange.account(account).orderable
            assert power.cash == cash, f"{power.cash} can be ordered for, in truth {cash}."

    @needs("buying_power", "buy")
    def test_what_can_be_bought_is_taken(self, trader: Broker, sandbox: Sandbox) -> None:
        price = sandbox.exchange.quote(self.stock).price
        most = trader.buying_power(self.stock, price=price).quantity
        trader.buy(self.stock, most, price=price)

    @needs("sellable_quantity")
    def test_sellable_quantity_leaves_out_what_waits_to_be_sold(
        self, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared
    ) -> None:
        self.skip_unless(declared.tells_sellable, "sellable_quantity of a position")
        assert trader.sellable_quantity(self.stock) == 0
        sandbox.exchange.give_holding(face.credentials.account, self.stock, Decimal(10), self.ground.amount(600_000))
        self.play(sandbox, self.stock, Side.SELL, 4, sandbox.exchange.quote(self.stock).price + 10 * self.step)
        found = trader.sellable_quantity(self.stock)
        assert found == 6, f"Of 10 shares 4 wait to be sold: 6 can be sold, not {found}."

    def fill(self, sandbox: Sandbox, face: Face) -> int:
        """Give the account positions of as many symbols as are listed, and return how many."""
        symbols = list(sandbox.exchange.instruments)[:TWO_PAGES]
        for number, symbol in enumerate(symbols, start=1):
            cost = self.ground.amount(1000 * number + 7)
            sandbox.exchange.give_holding(face.credentials.account, symbol, Decimal(number), cost)
        return len(symbols)


class SessionContract(Contract):
    """Tokens, limits and threads."""

    level = 2

    @needs("quote")
    def test_a_killed_token_is_renewed_once_for_a_query(
        self, trader: Broker, face: Face, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trader.quote(self.stock)
        needed = self.asked(face, trader)
        self.kill_tokens(face, monkeypatch)
        more = self.asked(face, trader) - needed
        words = f"After the token has ended a query takes {more} more requests: a refusal and a new token are two."
        assert more == 2, words

    def asked(self, face: Face, trader: Broker) -> int:
        """Return how many requests a quote takes."""
        seen = len(face.requests)
        assert trader.quote(self.stock).price > 0
        return len(face.requests) - seen

    def refusals(self, face: Face, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Return a list that grows by every call that the face refuses because there are too many."""
        refused: list[str] = []
        admit = face.window.admit

        def counted(key: str) -> bool:
            admitted = admit(key)
            refused.extend([] if admitted else [key])
            return admitted

        monkeypatch.setattr(face.window, "admit", counted)
        return refused

    @needs("quote")
    def test_one_token_serves_many_calls(self, trader: Broker, face: Face) -> None:
        for _ in range(3):
            trader.quote(self.stock)
        told = [face.purpose(each.method, each.path, each.headers) for each in face.requests]
        words = (
            f"For three quotes {told.count(Purpose.LOGIN)} tokens were asked for; brokers give one a minute, or fewer."
        )
        assert told.count(Purpose.LOGIN) == 1, words

    def most(self, paced: Broker, face: Face, declared: Declared) -> int:
        """Return how many quotes a second the client asks for: of some calls a broker takes fewer than of others."""
        calls = declared.part.calls.get("quote", ())
        limits = [limit.calls for each in calls if face.environment in each.ids for limit in paced.client.limits(each)]
        return min([face.window.calls, *limits])

    @needs("quote")
    def test_the_client_slows_down_when_the_broker_says_so(
        self, paced: Broker, face: Face, declared: Declared, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refused = self.refusals(face, monkeypatch)
        most = self.most(paced, face, declared)
        calls = 2 if most > 2 else 1
        if most == calls:  # there is no lower limit, so it is one of a longer time
            face.window.seconds = 1.5
        face.window.calls = calls
        try:
            for _ in range(40):  # on a busy machine the first ones may take longer than the window
                paced.quote(self.stock)
                if refused:
                    break
            assert paced.quote(self.stock).symbol == self.stock
        except RateLimited as error:
            pytest.fail(f"A query at the limit of calls was not asked again: {in_english(error)}")
        words = f"{len(refused)} refusals at a limit of {calls} calls"
        assert refused, f"The face refuses nothing ({words}): `self.window.admit` has to count its calls."
        assert len(refused) <= 3, f"The client does not slow down ({words}): a refusal of this kind is RateLimited."

    @needs("quote")
    def test_calls_are_paced_as_the_broker_allows(
        self, paced: Broker, face: Face, declared: Declared, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        refused = self.refusals(face, monkeypatch)
        most = self.most(paced, face, declared)
        for _ in range(min(most + 2, 40)):  # of some calls two come in a row after a rest
            paced.quote(self.stock)
        assert not refused, f"The limit of {most} calls is passed: look at calls_per_second of the client."

    def test_no_more_calls_are_made_than_the_broker_takes(self, paced: Broker, face: Face, declared: Declared) -> None:
        most = face.calls_per_second[face.environment]
        limits = {
            str(endpoint): [limit.calls for limit in paced.client.limits(endpoint)]
            for calls in declared.part.calls.values()
            for endpoint in calls
            if face.environment in endpoint.ids
        }
        wrong = {call: allowed for call, allowed in limits.items() if not allowed or max(allowed) > most}
        assert not wrong, f"The broker takes {most} calls a second, the client makes {wrong}: look at its limits()."

    @needs("quote")
    def test_several_threads_share_a_broker(self, trader: Broker, sandbox: Sandbox, declared: Declared) -> None:
        symbols = (self.stock, self.ground.another, *self.ground.more[:2])
        told: dict[str, Quote | BrokerError] = {}

        def ask(symbol: str) -> None:
            try:
                told[symbol] = trader.quote(symbol)
            except BrokerError as error:
                told[symbol] = error

        threads = [threading.Thread(target=ask, args=[symbol]) for symbol in symbols]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for symbol in symbols:
            quote = told.get(symbol)
            words = f"Of four threads that ask at once, each for its symbol, the one of {symbol} is told {quote!r}."
            assert isinstance(quote, Quote), words
            agree(self.differences(quote, sandbox.exchange.quote(symbol, declared.quote_venue), trader))

    @needs("quote")
    def test_the_token_can_be_revoked(self, trader: Broker, face: Face) -> None:
        trader.quote(self.stock)
        seen = len(face.requests)
        assert trader.client.revoke(), "There is a token, and revoke() says that there is none."
        assert len(face.requests) > seen, "revoke() says that the token is given back, and the broker was told nothing."
        assert face.requests[-1].status == 200, f"The broker answered the revocation with {face.requests[-1].status}."
        assert not trader.client.revoke(), "The token was given back, and revoke() says that there is one."

    def test_a_broker_refuses_to_be_pickled(self, trader: Broker) -> None:
        for holder in (trader, trader.client):
            why = f"A {type(holder).__name__} holds keys, and is written into a file by pickle"
            with raising(TypeError, why):
                pickle.dumps(holder)
