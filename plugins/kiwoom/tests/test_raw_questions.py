"""Questions that Kiwoom answers over its socket alone, asked by `broker.call`: over real WebSockets to the sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from brokerkit_kiwoom.sandbox.stream import KiwoomStream

from brokerkit import Broker, get_broker
from brokerkit.errors import BrokerError, IncompleteListing, InvalidRequest, Rejected, Unsupported, WireError
from brokerkit.raw.calls import prepared
from brokerkit.raw.reply import RawReply
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.ranks import SCREENS, screened
from brokerkit.stream.events import TradeEvent
from brokerkit.words import Side

EVERYTHING = str([*SCREENS].index("전체"))


class Box:
    """A sandbox with a broker in it, and what was sent over the sockets of its face."""

    def __init__(self, sandbox: Sandbox, broker: Broker) -> None:
        self.sandbox, self.broker = sandbox, broker
        stream = sandbox.face("kiwoom").stream
        assert isinstance(stream, KiwoomStream)
        self.stream = stream
        self.sent: list[dict[str, Any]] = []
        received = stream.received

        def hear(line: Any, text: str) -> None:
            self.sent.append(json.loads(text))
            received(line, text)

        stream.received = hear  # type: ignore[method-assign]

    def asked(self) -> list[str]:
        """Return what was sent since the last time, heartbeats left out."""
        names = [str(frame["trnm"]) for frame in self.sent if frame["trnm"] != "PING"]
        self.sent.clear()
        return names


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def box(sandbox: Sandbox) -> Iterator[Box]:
    received = sandbox.face("kiwoom").stream
    with get_broker("kiwoom", environment="sandbox", sandbox=sandbox) as broker:
        yield Box(sandbox, broker)
    vars(received).pop("received", None)


def test_the_saved_conditions_are_told_and_the_socket_is_closed_behind_it(box: Box) -> None:
    reply = box.broker.call("ka10171")
    assert [(row["seq"], row["name"]) for row in reply.rows] == [(str(at), name) for at, name in enumerate(SCREENS)]
    assert (reply.unknown, reply.missing, reply.warnings, reply.is_complete) == ((), (), (), True)
    assert (reply["trnm"], reply.api.name, reply.pages) == ("CNSRLST", "ka10171", 1)
    assert box.broker.call("조건검색 목록조회").rows
    # Each call was a login of its own: the first one had ended before the second began.
    assert box.asked() == ["LOGIN", "CNSRLST", "LOGIN", "CNSRLST"]


def test_what_meets_a_condition_comes_in_pages_behind_the_list(box: Box) -> None:
    truth = screened(box.sandbox.exchange, "전체")
    one = box.broker.call("ka10172", {"seq": EVERYTHING})
    assert (len(one.rows), one.is_complete, one["seq"]) == (100, False, f"{EVERYTHING}  ")
    two = box.broker.call("ka10172", {"seq": int(EVERYTHING), "stex_tp": "K"}, pages=2)
    assert box.asked() == ["LOGIN", "CNSRLST", "CNSRREQ", "LOGIN", "CNSRLST", "CNSRREQ", "CNSRREQ"]
    assert (len(two.rows), two.is_complete, two.unknown, two.missing) == (200, False, (), ())
    for row, (instrument, quote) in zip(two.rows, truth[:200], strict=True):
        assert (row["9001"][1:], row.decimal("10")) == (instrument.symbol, quote.price)
        assert quote.change_percent is not None
        assert abs((row.decimal("12") or 0) - quote.change_percent) <= Decimal("0.005")
    key = {"cont_yn": "Y", "next_key": one["next_key"]}
    by_hand = box.broker.call("ka10172", {"seq": EVERYTHING, **key})
    assert [row["9001"] for row in by_hand.rows] == [row["9001"] for row in two.rows[100:]]
    assert box.sent[-1] == {"trnm": "CNSRREQ", "seq": EVERYTHING, "search_type": "0", "stex_tp": "K", **key}
    rising = box.broker.call("ka10172", {"seq": "0"})
    assert (len(rising.rows), rising.is_complete) == (len(screened(box.sandbox.exchange, "상승")), True)


def test_an_open_stream_shares_its_socket(box: Box) -> None:
    with box.broker.stream() as stream:
        trades = stream.trades("005930")
        assert box.asked() == ["LOGIN", "REG"]
        assert box.broker.call("ka10171").rows
        assert box.broker.call("ka10172", {"seq": "1"}).is_complete
        assert box.asked() == ["CNSRLST", "CNSRLST", "CNSRREQ"]
        box.sandbox.exchange.trade("005930", Side.BUY, Decimal(3))
        assert isinstance(trades.next(timeout=60), TradeEvent)


@pytest.mark.parametrize("misspelt", [False, True])
def test_conditions_of_the_us_are_asked_for_at_their_own_socket(box: Box, misspelt: bool) -> None:
    face: Any = box.sandbox.face("kiwoom")
    face.misspells_frames = misspelt
    try:
        assert [row["name"] for row in box.broker.call("usa20280").rows] == [*SCREENS]
        found = box.broker.call("usa20281", {"seq": EVERYTHING}, pages=100)
    finally:
        face.misspells_frames = False
    assert box.asked() == ["LOGIN", "GCNSRLST", "LOGIN", "GCNSRLST", "GCNSRREQ", "GCNSRREQ"]
    apple = next(row for row in found.rows if row["9001"] == "AAPL")
    assert apple.decimal("10") == face.us.exchange.quote("US:AAPL").price
    assert (apple["stex_tp"], found.unknown, found.missing, found.is_complete) == ("ND", (), (), True)


def test_a_refusal_is_the_error_of_other_calls(box: Box) -> None:
    with pytest.raises(Rejected, match="저장된 조건식이 아닙니다") as refused:
        box.broker.call("ka10172", {"seq": "77"})
    assert (refused.value.code, refused.value.broker) == ("900004", "kiwoom")
    assert refused.value.asked == "call ka10172"
    assert "ka10172" in str(refused.value.endpoint)


@pytest.mark.parametrize(
    ("api", "fields", "kind", "words"),
    [
        ("ka10172", {}, InvalidRequest, "missing: seq"),
        ("ka10172", {"sequ": "1"}, InvalidRequest, "no field sequ; the nearest: seq"),
        ("ka10172", {"seq": "1", "search_type": "1"}, InvalidRequest, "asked for with search_type 0"),
        ("ka10171", {"trnm": "CNSRCLR"}, InvalidRequest, "asked for with trnm CNSRLST"),
        ("ka10172", {"seq": 1.5}, InvalidRequest, "cannot be sent as float"),
        ("ka10173", {"seq": "1"}, Unsupported, "nobody can ask for it"),
        ("0B", {}, Unsupported, "nobody can ask for it"),
    ],
)
def test_what_is_wrong_is_refused_before_anything_is_opened(
    box: Box, api: str, fields: dict[str, Any], kind: type[BrokerError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        box.broker.call(api, fields)
    with pytest.raises(InvalidRequest, match="takes no key"):
        box.broker.call("ka10171", key="mine")
    assert box.asked() == []


# Answers that we made in the vendor's shape


LISTED = {"trnm": "CNSRLST", "return_code": 0, "return_msg": "", "data": [["0  ", "상승", "더"], ["12 "]]}
FOUND = {"trnm": "CNSRREQ", "seq": "0  ", "cont_yn": "N", "next_key": "", "return_code": "0", "return_msg": ""}


@pytest.fixture
def answered(wire: Any) -> Callable[..., RawReply]:
    def answered(api: str, fields: dict[str, Any], *answers: dict[str, Any], most: int = 10) -> RawReply:
        broker, left = wire.broker, [*answers]
        call = prepared(broker.adapter.client, broker.apis, api, fields)
        return call.over_socket(
            lambda values: broker.adapter.feed.pages(call.api, values, lambda frame, name: left.pop(0)), most
        )

    return answered


def test_pairs_have_the_names_of_the_catalogue_and_nothing_of_them_is_lost(answered: Callable[..., RawReply]) -> None:
    reply = answered("ka10171", {}, {**LISTED, "new": "1"})
    assert [dict(row) for row in reply.rows] == [{"seq": "0  ", "name": "상승", "2": "더"}, {"seq": "12 "}]
    assert (reply.unknown, reply["new"]) == (("new", "data.2"), "1")
    named = answered("ka10171", {}, {**LISTED, "data": [{"seq": "0", "name": "상승"}]})
    assert [dict(row) for row in named.rows] == [{"seq": "0", "name": "상승"}]


def test_an_answer_about_another_condition_is_none(answered: Callable[..., RawReply]) -> None:
    with pytest.raises(WireError, match="another condition"):
        answered("ka10172", {"seq": "1"}, LISTED, {**FOUND, "data": []})


@pytest.mark.parametrize("keys", [("",), ("same", "same")])
def test_pages_without_an_end_are_an_error_only_where_more_are_wanted(
    answered: Callable[..., RawReply], keys: tuple[str, ...]
) -> None:
    pages = [{**FOUND, "data": [], "cont_yn": "Y", "next_key": key} for key in keys]
    assert not answered("ka10172", {"seq": "0"}, LISTED, *pages, most=len(keys)).is_complete
    with pytest.raises(IncompleteListing):
        answered("ka10172", {"seq": "0"}, LISTED, *pages)
