"""What leaves, and what becomes of an answer, pinned word by word: answers that we made in the broker's shape."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from decimal import Decimal

import pytest
import responses
from brokerkit import Broker, Quote, UnknownSymbol, Venue, WireError, config
from pydantic import SecretStr

from brokerkit_new_broker.adapter import NewBrokerAdapter

HOST = "https://api.new-broker.example"
RESULT = {
    "symbol": "005930",
    "name": "삼성전자",
    "last": "70100",
    "base": "70000",
    "change": "100",
    "rate": "0.14",
    "open": "0",
    "high": "0",
    "low": "0",
    "volume": "0",
}


@pytest.fixture
def wire() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as wire:
        wire.post(f"{HOST}/login", json={"code": "0", "message": "", "token": "abc", "expires_in": 86400})
        yield wire


@pytest.fixture
def broker() -> Iterator[Broker]:
    own = SecretStr(secrets.token_hex(8))  # tokens are kept by key, as long as the process lives
    keys = config.Settings(app_key=own, app_secret=SecretStr("secret"), account=SecretStr("12345678-01"))
    adapter = NewBrokerAdapter(keys, environment="real", remember_token=False)
    with Broker(adapter, environment="real", durable=False) as broker:
        yield broker


def test_a_quote_is_asked_and_read(broker: Broker, wire: responses.RequestsMock) -> None:
    wire.get(f"{HOST}/price", json={"code": "0", "message": "", "result": RESULT})
    assert broker.quote("005930") == Quote(
        symbol="005930",
        venue=Venue.KRX,
        currency="KRW",
        name="삼성전자",
        price=Decimal(70100),
        previous_close=Decimal(70000),
        change=Decimal(100),
        change_percent=Decimal("0.14"),
        volume=Decimal(0),
    )
    login, price = (call.request for call in wire.calls)
    key = broker.client.settings.app_key.get_secret_value()
    assert json.loads(login.body or "") == {"key": key, "secret": "secret"}
    assert (price.url, price.headers["authorization"]) == (f"{HOST}/price?symbol=005930", "Bearer abc")


def test_a_refusal_keeps_the_words_of_the_broker(broker: Broker, wire: responses.RequestsMock) -> None:
    wire.get(f"{HOST}/price", json={"code": "SYMBOL", "message": "no such symbol"})
    with pytest.raises(UnknownSymbol) as caught:
        broker.quote("999999")
    assert (caught.value.code, caught.value.message) == ("SYMBOL", "no such symbol")


@pytest.mark.parametrize("volume", ["", "7e4", 70100, None])
def test_a_number_that_is_not_as_documented_is_not_guessed(
    volume: object, broker: Broker, wire: responses.RequestsMock
) -> None:
    wire.get(f"{HOST}/price", json={"code": "0", "message": "", "result": {**RESULT, "volume": volume}})
    with pytest.raises(WireError, match="volume"):
        broker.quote("005930")
