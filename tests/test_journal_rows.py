"""What stands in a row of the journal: its text does not change, whatever the models are called."""

from __future__ import annotations

import json
from typing import Any

import pytest

from brokerkit.errors import JournalError
from brokerkit.models import Order
from brokerkit.orders.intents import Confidence, Intent, IntentKind, IntentState, Sighting
from brokerkit.orders.rows import read, written
from tests.journals import SENT, intent_of, order_of, request_of

ORDER = (
    '{"v":2,"id":"01ORDER","kind":"ORDER","state":"ACKED","market":"KR","cur":"KRW","day":"2026-11-20","sym":"005930",'
    '"side":"BUY","qty":"10","price":"70000","made":"2026-11-20T10:00:00+09:00",'
    '"req":{"sym":"005930","side":"BUY","qty":"10","type":"LIMIT","tif":"DAY","venue":"KRX","price":"70000"},'
    '"mark":100,"sent":"2026-11-20T10:00:00+09:00","until":"2026-11-20T10:00:00+09:00",'
    '"decided":"2026-11-20T10:00:00+09:00","bytes":512,"code":"0","answer":"{\\"msg1\\": \\"주문 접수\\"}",'
    '"no":"0000101",'
    '"result":{"no":"0000101","sym":"005930","side":"BUY","qty":"10","status":"PARTIALLY_FILLED",'
    '"handle":"kis:20261120:06010:0000101","name":"삼성전자","type":"LIMIT","tif":"DAY","venue":"KRX","price":"70000",'
    '"filled":"3","left":"7","avg":"69999.5","at":"2026-11-20T10:00:00+09:00","orig":"0000099"},'
    '"sure":"PROBABLE","why":["silence","order 0000101 of the list is just like it"],'
    '"seen":[{"from":"2026-11-20T10:00:00+09:00","to":"2026-11-20T10:00:00+09:00","lists":2,"fit":["101"],"odd":["7"]}],'
    '"prev":"01EARLIER","key":"rebalance-2026-11-20","owner":"0123456789abcdef"}'
)
CANCEL = (
    '{"v":2,"id":"01CANCEL","kind":"CANCEL","state":"UNKNOWN","market":"US","cur":"USD","day":"2026-11-20",'
    '"sym":"005930","side":"BUY","qty":null,"price":null,"made":"2026-11-20T10:00:00+09:00",'
    '"order":{"no":"101","sym":"005930","side":"BUY","qty":"10","status":"WORKING","handle":"fake:20261120:101",'
    '"type":"LIMIT","price":"70000","at":"2026-11-20T10:00:00+09:00"},"owner":""}'
)


def order() -> Intent:
    """Return an order of which everything is known that can be."""
    result = order_of(
        "0000101",
        name="삼성전자",
        time_in_force="DAY",
        venue="KRX",
        filled_quantity=3,
        remaining_quantity=7,
        average_fill_price="69999.5",
        status="PARTIALLY_FILLED",
        original_id="0000099",
        handle="kis:20261120:06010:0000101",
    )
    known: dict[str, Any] = {
        "id": "01ORDER",
        "state": IntentState.ACKED,
        "watermark": 100,
        "sent_at": SENT,
        "deadline": SENT,
        "decided_at": SENT,
        "sent_bytes": 512,
        "code": "0",
        "answer": '{"msg1": "주문 접수"}',
        "order_id": "0000101",
        "result": result,
        "confidence": Confidence.PROBABLE,
        "evidence": ("silence", "order 0000101 of the list is just like it"),
        "sightings": (Sighting(since=SENT, until=SENT, lists=2, fitting=("101",), unexplained=("7",)),),
        "previous": "01EARLIER",
        "key": "rebalance-2026-11-20",
        "owner": "0123456789abcdef",
    }
    return intent_of(**known)


def cancel() -> Intent:
    """Return a cancellation of another market, of which nothing is known."""
    known = {"id": "01CANCEL", "state": IntentState.UNKNOWN, "market": "US", "currency": "USD"}
    made = intent_of(kind=IntentKind.CANCEL, order=order_of(), quantity=None, price=None, **known)
    return made.model_copy(update={"request": None})


@pytest.mark.parametrize(("intent", "text"), [(order(), ORDER), (cancel(), CANCEL)], ids=["order", "cancel"])
def test_a_row_is_this_text_and_is_read_back(intent: Intent, text: str) -> None:
    assert written(intent) == text
    assert read(text) == intent


def test_every_field_of_the_models_stands_in_a_row() -> None:
    full = {**order().model_dump(), "order": order_of("1", **order().result.model_dump(exclude={"id"}))}  # type: ignore[union-attr]
    intent = Intent.model_validate({**full, "request": request_of(type="STOP_LIMIT", stop_price=69_000)})
    called = {"api": "orders/credit", "names": "7", "terms": "0f", "is_apart": True, "fence": 3}
    intent = intent.model_copy(update={"until": intent.day, **called})  # of a reserved order, and of a raw call
    assert None not in intent.model_dump().values()
    assert read(written(intent)) == intent
    for part in (intent.request, intent.order, intent.result):
        assert part is not None
        assert None not in part.model_dump().values()


def test_what_a_later_brokerkit_writes_beside_the_rest_is_passed_over() -> None:
    row = json.loads(ORDER)
    row["new"] = {"any": [1.5, None]}
    for part in (row["req"], row["result"], row["seen"][0]):
        part["new"] = "x"
    assert read(json.dumps(row)) == order()


NEEDED = ("id", "kind", "state", "market", "cur", "day", "sym", "side", "qty", "price", "made")


@pytest.mark.parametrize("name", NEEDED)
def test_a_row_that_lacks_what_is_needed_is_damage_that_is_named(name: str) -> None:
    row = json.loads(CANCEL)
    del row[name]
    with pytest.raises(JournalError, match=f"damaged: in a row of it {name} is missing"):
        read(json.dumps(row))


@pytest.mark.parametrize(
    ("part", "name"),
    [
        *(("req", name) for name in ("sym", "side", "qty", "type", "tif", "venue")),
        *(("result", name) for name in ("no", "sym", "side", "qty", "status", "handle")),
        *(("seen", name) for name in ("from", "to", "lists", "fit", "odd")),
    ],
)
def test_a_part_of_a_row_that_lacks_what_is_needed_is_damage_that_is_named(part: str, name: str) -> None:
    row = json.loads(ORDER)
    del (row["seen"][0] if part == "seen" else row[part])[name]
    with pytest.raises(JournalError, match=f"damaged: in a row of it {name} is missing"):
        read(json.dumps(row))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        '{"v":2',
        ORDER.replace('"v":2', '"v":3'),
        ORDER.replace('"v":2,', ""),
        ORDER.replace('"qty":"10"', '"qty":10.5'),
        ORDER.replace('"qty":"10"', '"qty":NaN'),
        ORDER.replace('"qty":"10"', f'"qty":{"9" * 5000}'),
        ORDER.replace('"seen":[', '"seen":[[],'),
        ORDER.replace('"seen":[', '"seen":[3,'),
        ORDER.replace('"state":"ACKED"', '"state":"NEW"'),
        ORDER.replace('"2026-11-20T10:00:00+09:00"', '"2026-11-20T10:00:00"'),
        "[" * 100_000,
    ],
)
def test_a_row_that_is_none_is_damage(text: str) -> None:
    with pytest.raises(JournalError, match="The order journal is damaged"):
        read(text)


def test_the_words_of_the_tables_are_this_many() -> None:
    """A field that a model gets has to be told by its rows too."""
    # The version more; less the order that is named, the last day of a reserved one, fence, and four of raw calls.
    assert len(json.loads(ORDER)) == 1 + len(Intent.model_fields) - 7
    assert len(json.loads(ORDER)["result"]) == len(Order.model_fields)
