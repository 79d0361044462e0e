"""Frames and columns as KIS itself shows them, where BROKERKIT_WIRE_EXAMPLES tells where they lie."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from brokerkit_kis.stream.feed import LAYOUT, NOTICES, WITHOUT_SYMBOL, KisFeed

from brokerkit import RawEvent, StreamKind, Topic, Venue, clock
from brokerkit.errors import KeyInUse
from brokerkit.stream.feed import Ended, Reply

FOLDER = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
pytestmark = pytest.mark.skipif(not FOLDER, reason="BROKERKIT_WIRE_EXAMPLES does not name the folder of examples")
AT_BOTH = {"CCLD_DVSN": "CNTG_CLS_CODE"}
"""A column that has another name at NXT and of both venues together."""


def loaded(name: str) -> Any:
    return json.loads((Path(FOLDER or "") / "kis" / name).read_text(encoding="utf-8"))


def channels() -> dict[str, Any]:
    """Return what the catalogue says of every channel, by its id."""
    told = [each for each in loaded("catalogue.json").values() if each["transport"] == "websocket"]
    return {id: each for each in told for id in (each["tr_id"] or {}).values() if id}


@pytest.fixture
def feed(wire: Any) -> KisFeed:
    return KisFeed(wire.client, environment="real")


@pytest.mark.parametrize("id", LAYOUT)
def test_columns_stand_where_the_catalogue_has_them(id: str) -> None:
    columns = channels()[id]["columns"]
    names = [each if isinstance(each, str) else each["name"] for each in columns]
    layout = LAYOUT[id]
    if id == "HDFSASP0":  # the table has its third level twice
        del names[29:35]
    assert layout.widths[len(names)] == 0
    for place, name in layout.columns.values():
        assert names[place] in (name, AT_BOTH.get(name))


def test_the_channel_of_sessions_of_both_venues_lacks_the_symbol_alone() -> None:
    both, one = (
        [each if isinstance(each, str) else each["name"] for each in channels()[id]["columns"]]
        for id in (WITHOUT_SYMBOL, "H0STMKO0")
    )
    assert ["MKSC_SHRN_ISCD", *both] == one


def test_environments_and_encryption_are_those_of_the_catalogue() -> None:
    for kinds in KisFeed.channels.values():
        for channel in kinds.values():
            for environment, id in channel.ids.items():
                told = channels()[id]
                assert told["tr_id"][environment] == id
                assert told["encrypted"] == (id in NOTICES)
            assert {name for name, id in channels()[channel.ids["real"]]["tr_id"].items() if id} == {*channel.ids}


@pytest.mark.parametrize(
    ("example", "id", "told", "unknown", "missing"),
    [
        ("ccnl_krx__official", "H0STCNT0", {"STCK_PRPR": "71900", "VI_STND_PRC": "72100"}, (), ("MARKET_CLS_CODE",)),
        (
            "ccnl_notice__order_accepted",
            "H0STCNI0",
            {"ODER_NO": "0000002891", "BRNC_NO": "06010", "20": "10", "22": "하림"},
            ("19", "20", "21", "22", "23"),
            (
                "ORD_COND_PRC",
                "ORD_EXG_GB",
                "POPUP_YN",
                "FILLER",
                "CRDT_CLS",
                "CRDT_LOAN_DATE",
                "CNTG_ISNM40",
                "ODER_PRC",
            ),
        ),
    ],
)
def test_older_and_narrower_rows_of_kis_have_the_names_that_are_sure(
    feed: KisFeed, example: str, id: str, told: dict[str, str], unknown: tuple[str, ...], missing: tuple[str, ...]
) -> None:
    feed.catalogue = "brokerkit_kis"
    (values,) = loaded(f"examples/domestic_stock__{example}.json")["response"]["frames"]
    event = feed.channel(Topic(StreamKind.RAW, channel=id)).read(values.split("^"), Venue.KRX, clock.now())
    assert isinstance(event, RawEvent)
    assert told.items() <= dict(event.fields).items()
    assert (event.unknown, event.missing) == (unknown, missing)
    assert [*event.fields.values()] == values.split("^")


def test_the_heartbeat_goes_back_as_it_is(feed: KisFeed) -> None:
    (text,) = loaded("examples/websocket__pingpong.json")["response"]["frames"]
    assert list(feed.read(text)) == [Reply(text)]


def test_a_second_session_is_a_key_in_use(feed: KisFeed) -> None:
    (frame,) = loaded("examples/websocket__appkey_in_use.json")["response"]["frames"]
    (ended,) = feed.read(json.dumps(frame))
    assert isinstance(ended, Ended)
    assert type(ended.error) is KeyInUse
