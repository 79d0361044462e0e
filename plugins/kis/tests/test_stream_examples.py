"""Frames and columns as KIS itself shows them, where BROKERKIT_WIRE_EXAMPLES tells where they lie."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from brokerkit_kis.stream.feed import LAYOUT, NOTICES, WITHOUT_SYMBOL, KisFeed

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


def test_the_heartbeat_goes_back_as_it_is(feed: KisFeed) -> None:
    (text,) = loaded("examples/websocket__pingpong.json")["response"]["frames"]
    assert list(feed.read(text)) == [Reply(text)]


def test_a_second_session_is_a_key_in_use(feed: KisFeed) -> None:
    (frame,) = loaded("examples/websocket__appkey_in_use.json")["response"]["frames"]
    (ended,) = feed.read(json.dumps(frame))
    assert isinstance(ended, Ended)
    assert type(ended.error) is KeyInUse
