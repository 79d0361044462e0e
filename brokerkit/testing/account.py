"""The contract of the account and of the session."""

from __future__ import annotations

import pickle
import threading
from decimal import Decimal

import pytest

from brokerkit.broker import Broker
from brokerkit.errors import (
    AuthError,
)
from brokerkit.models import Quote
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face
from brokerkit.testing.base import FUND, STOCK, Contract
from brokerkit.testing.declared import Declared
from brokerkit.words import OrderType, Side


class AccountContract(Contract):
    """Cash and holdings tell the truth, all pages of them."""

    level = 2

    def test_an_untouched_account_is_all_cash(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        balance = trader.balance()
        assert balance.positions == ()
        assert {balance.cash, balance.total_value} <= {None, Decimal(100_000_000)}
        assert balance.market_value == 0
        assert not self.balance_differences(balance, sandbox.exchange.account(face.credentials.account), trader)

    def test_balance_after_trades_tells_the_truth(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        account = face.credentials.account
        sandbox.exchange.give_holding(account, FUND, Decimal(30), Decimal(1_000_007))
        trader.buy(STOCK, 30, type=OrderType.MARKET)
        trader.buy("035720", 3, price=sandbox.exchange.quote("035720").price)
        trader.sell(FUND, 10, type=OrderType.MARKET)
        trader.buy(STOCK, 5, price=self.bid(sandbox) - 500)
        sandbox.exchange.trade(STOCK, Side.SELL, Decimal(2000))
        balance = trader.balance()
        assert balance.cash is None or balance.cash_d2 is None or balance.cash_d2 < balance.cash
        assert not self.balance_differences(balance, sandbox.exchange.account(account), trader)

    def test_every_page_of_120_positions_is_read(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        account = face.credentials.account
        for number, symbol in enumerate(list(sandbox.exchange.instruments)[:120], start=1):
            sandbox.exchange.give_holding(account, symbol, Decimal(number), Decimal(1000 * number + 7))
        balance = trader.balance()
        assert len(balance.positions) == 120
        assert not self.balance_differences(balance, sandbox.exchange.account(account), trader)

    def test_what_was_sold_out_is_no_position(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        sandbox.exchange.give_holding(face.credentials.account, STOCK, Decimal(5), Decimal(300_000))
        trader.sell(STOCK, 5, type=OrderType.MARKET)
        assert trader.balance().positions == ()

    def test_the_account_number_is_masked(self, trader: Broker, face: Face) -> None:
        digits = "".join(character for character in face.credentials.account if character.isdigit())
        assert trader.balance().account == "*" * (len(digits) - 4) + digits[-4:]


class SessionContract(Contract):
    """Tokens, limits and threads."""

    level = 2

    def test_a_killed_token_is_renewed_once_for_a_query(
        self, trader: Broker, face: Face, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trader.quote(STOCK)
        self.kill_tokens(face, monkeypatch)
        seen = len(face.requests)
        assert trader.quote(STOCK).price > 0
        assert len(face.requests) == seen + 3

    def test_an_order_is_not_repeated_after_a_killed_token(
        self, trader: Broker, face: Face, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        trader.buy(STOCK, 1, price=self.bid(sandbox) - 500)
        self.kill_tokens(face, monkeypatch)
        with pytest.raises(AuthError):
            trader.buy(STOCK, 2, price=self.bid(sandbox) - 500)
        assert [order.quantity for order in sandbox.exchange.orders(face.credentials.account)] == [1]
        trader.buy(STOCK, 3, price=self.bid(sandbox) - 500)
        assert [order.quantity for order in sandbox.exchange.orders(face.credentials.account)] == [1, 3]

    def test_the_client_slows_down_when_the_broker_says_so(self, paced: Broker, face: Face) -> None:
        face.window.calls = 2
        assert [paced.quote(STOCK).symbol for _ in range(4)] == [STOCK] * 4
        refused = [request for request in face.requests if request.status in (429, 500)]
        assert 1 <= len(refused) <= 3

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

    def test_several_threads_share_a_broker(self, trader: Broker, sandbox: Sandbox) -> None:
        told: list[Quote] = []
        threads = [threading.Thread(target=lambda: told.append(trader.quote(STOCK))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(told) == 4
        assert all(not self.differences(quote, sandbox.exchange.quote(STOCK), trader) for quote in told)

    def test_the_token_can_be_revoked(self, trader: Broker) -> None:
        trader.quote(STOCK)
        assert trader.client.revoke()
        assert not trader.client.revoke()

    def test_a_broker_refuses_to_be_pickled(self, trader: Broker) -> None:
        for holder in (trader, trader.client):
            with pytest.raises(TypeError):
                pickle.dumps(holder)
