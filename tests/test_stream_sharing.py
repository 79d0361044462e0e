"""Processes that share a connection at each broker's sandbox: prices, own orders, questions and recordings."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokerkit import OrderEvent, Side
from brokerkit.sandbox import Sandbox
from brokerkit.stream.stream import Stream
from brokerkit.testing.streams import socket_of
from tests.redises import RedisServer, needs_redis
from tests.sharers import STREAMER, Sharer
from tests.traders import BROKERS, PRICES, keys_of, opened

SAMSUNG, HYNIX = "005930", "000660"


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path))
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def sharer(box: Sandbox, tmp_path: Path) -> Iterator[Callable[..., Sharer]]:
    with ExitStack() as stack:

        def started(name: str) -> Sharer:
            named: dict[str, Any] = {"broker": name, "keys": keys_of(box, name), "options": options_of(box, name)}
            return stack.enter_context(Sharer("", tmp_path, program=STREAMER, **named))

        yield started


@needs_redis
@pytest.mark.parametrize("name", BROKERS)
def test_own_orders_come_to_every_process_of_every_host(
    name: str, box: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RedisServer() as redis, ExitStack() as stack:

        def on(host: str) -> Sharer:
            options = {**options_of(box, name), "state": redis.url()}
            named: dict[str, Any] = {"broker": name, "keys": keys_of(box, name), "options": options}
            (tmp_path / host).mkdir(exist_ok=True)
            return stack.enter_context(Sharer("", tmp_path / host, program=STREAMER, **named))

        sharers = [on("a"), on("b"), on("b")]
        for each in sharers:
            assert follows(each, "trades", SAMSUNG)
            assert follows(each, "orders")
        assert lines(box, name) == 1
        monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path / "a"))  # where a token is already
        with opened(box, name, options=options_of(box, name)) as broker:
            for turn in (1, 2):
                broker.cancel(broker.buy(SAMSUNG, 3, price=PRICES[SAMSUNG]))
                for each in sharers:
                    each.wait(lambda each, turn=turn: len(orders_of(each)) == 2 * turn)
                    assert "NOTICE" in {told[2] for told in orders_of(each)}
                if turn == 1:
                    for line in [*socket_of(box.face(name)).lines]:
                        line.cut()
                    for each in sharers:
                        each.wait(lambda each: sum(gap[1] for gap in each.gaps) >= 2)
        first, second, third = ([told[:2] for told in orders_of(each)] for each in sharers)
        assert first == second == third


def follows(sharer: Sharer, *wanted: str) -> bool:
    """Let a process follow something. On a busy machine who serves it may give no sign of life for some seconds."""
    until = time.monotonic() + 60
    told = sharer.does(*wanted)
    while told[:2] == ["raised", "NetworkError"] and time.monotonic() < until:
        told = sharer.does(*wanted)
    return told == ["done"]


def options_of(box: Sandbox, name: str) -> dict[str, str]:
    login = box.connect(name).hts_id
    return {"hts_id": login} if login is not None and name == "kis" else {}


def lines(box: Sandbox, name: str) -> int:
    return len(socket_of(box.face(name)).lines)


def orders_of(sharer: Sharer) -> list[list[str]]:
    return [each[1:] for each in sharer.told if each[0] == "order"]


def order_events(stream: Stream, count: int) -> list[list[str]]:
    found: list[list[str]] = []
    while len(found) < count:
        event = stream.next(timeout=60)
        assert event is not None
        if isinstance(event, OrderEvent):
            found.append([str(event.change), event.order_id, str(event.source)])
    return found


@pytest.mark.parametrize("name", BROKERS)
def test_prices_and_own_orders_come_to_every_process(name: str, box: Sandbox, sharer: Callable[[str], Sharer]) -> None:
    with opened(box, name, options=options_of(box, name)) as broker, broker.stream() as stream:
        stream.orders()
        others = [sharer(name), sharer(name)]
        for other in others:
            assert follows(other, "orders")
            assert follows(other, "trades", SAMSUNG)
        order = broker.buy(SAMSUNG, 3, price=PRICES[SAMSUNG])
        moved = broker.amend(order, price=PRICES[SAMSUNG] + 100)
        broker.cancel(moved)
        own = order_events(stream, 3)
        for other in others:
            other.wait(lambda other: len(orders_of(other)) == 3)
            assert [each[:2] for each in orders_of(other)] == [each[:2] for each in own]
            # The list that is read at the beginning may tell of an order before its notice does.
            assert "NOTICE" in {each[2] for each in orders_of(other)}
        box.exchange.trade(SAMSUNG, Side.BUY, Decimal(7))
        for other in others:
            other.wait(lambda other: ["event", "TradeEvent", SAMSUNG, "7"] in other.told)
            assert other.gaps == []
        assert lines(box, name) == 1


@pytest.mark.parametrize("name", BROKERS)
def test_the_next_process_goes_on_with_own_orders(name: str, box: Sandbox, sharer: Callable[[str], Sharer]) -> None:
    first, other = sharer(name), sharer(name)
    for each in (first, other):
        assert follows(each, "orders")
        assert follows(each, "trades", SAMSUNG)
    first.kill()
    other.wait(lambda other: sum(gap[1] for gap in other.gaps) >= 2)
    with opened(box, name, options=options_of(box, name)) as broker, broker.stream() as stream:
        stream.orders()
        broker.cancel(broker.buy(SAMSUNG, 3, price=PRICES[SAMSUNG]))
        own = order_events(stream, 2)
    other.wait(lambda other: len(orders_of(other)) == 2)
    assert orders_of(other) == own
    assert other.failures == []
    assert lines(box, name) == 1


@pytest.mark.parametrize("name", BROKERS)
def test_after_a_cut_every_process_can_read_its_notices(
    name: str, box: Sandbox, sharer: Callable[[str], Sharer]
) -> None:
    with opened(box, name, options=options_of(box, name)) as broker, broker.stream() as stream:
        stream.trades(HYNIX)
        other = sharer(name)
        assert follows(other, "orders")
        assert follows(other, "trades", SAMSUNG)
        for line in [*socket_of(box.face(name)).lines]:
            line.cut()
        other.wait(lambda other: sum(gap[1] for gap in other.gaps) >= 2)
        broker.cancel(broker.buy(SAMSUNG, 3, price=PRICES[SAMSUNG]))
        other.wait(lambda other: len(orders_of(other)) == 2)
        assert {each[2] for each in orders_of(other)} == {"NOTICE"}
        assert [gap for gap in other.gaps if gap[0] != "DISCONNECTED"] == []


def test_questions_and_live_conditions_go_over_the_one_line(box: Sandbox, sharer: Callable[[str], Sharer]) -> None:
    with opened(box, "kiwoom") as broker, broker.stream() as stream:
        stream.trades(SAMSUNG)
        other = sharer("kiwoom")
        names = [each.name for each in broker.conditions()]
        assert other.does("conditions") == ["done", *names]
        first = broker.conditions()[0]
        met = [each.symbol for each in broker.screen(first)]
        assert other.does("screen", first.name) == ["done", *met]
        assert met
        assert other.does("condition", first.id) == ["done"]
        other.wait(lambda other: len(other.told) >= len(met))
        assert [each[1:3] for each in other.told] == [["ConditionEvent", symbol] for symbol in met]
        assert lines(box, "kiwoom") == 1


@pytest.mark.parametrize(("name", "channel"), [("kis", "H0STCNT0"), ("kiwoom", "0B")])
def test_raw_topics_and_recordings_are_the_same_in_every_process(
    name: str, channel: str, box: Sandbox, sharer: Callable[[str], Sharer], tmp_path: Path
) -> None:
    with opened(box, name, options=options_of(box, name)) as broker, broker.stream() as stream:
        stream.trades(SAMSUNG)
        own, others = tmp_path / "own.jsonl", tmp_path / "other.jsonl"
        stream.record(own)
        other = sharer(name)
        assert other.does("record", str(others)) == ["done"]
        assert other.does("raw", channel, SAMSUNG) == ["done"]
        assert follows(other, "trades", SAMSUNG)
        for quantity in (3, 4):
            box.exchange.trade(SAMSUNG, Side.BUY, Decimal(quantity))
        other.wait(lambda other: ["event", "TradeEvent", SAMSUNG, "4"] in other.told)
        assert sum(each[1] == "RawEvent" for each in other.told) == 2
        assert other.does("close") == ["done"]
        stream.close()
        assert frames_of(others) == frames_of(own) != []


def frames_of(path: Path) -> list[str]:
    told = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    return [each["frame"] for each in told if "frame" in each]


def test_the_registrations_of_all_processes_count_together(box: Sandbox, sharer: Callable[[str], Sharer]) -> None:
    symbols = [each for each in box.exchange.instruments if each[0] in "0123"][:42]
    with opened(box, "kis", options=options_of(box, "kis")) as broker, broker.stream() as stream:
        stream.trades(*symbols[:30])
        other = sharer("kis")
        assert follows(other, "trades", *symbols[20:41])
        kind, name, words = other.does("trades", symbols[41])
        assert (kind, name) == ("raised", "InvalidRequest")
        assert words.startswith("kis takes 41 registrations on one connection, and 42 would be needed")
        assert other.gaps == []
