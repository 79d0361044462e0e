"""Rankings at Kiwoom: exact requests, pages, and rows in its units."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from brokerkit_kiwoom.stocks import rankings

from brokerkit.errors import IncompleteListing
from brokerkit.words import RankingKind, Venue

FOLDER = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
DONE = {"return_code": 0, "return_msg": "정상적으로 처리되었습니다"}
MOVED = {"stk_cd": "005930", "stk_nm": "한빛전자", "cur_prc": "-70300", "pred_pre_sig": "5", "pred_pre": "-600"}
MOVED |= {"flu_rt": "-0.85"}
ROWS = {
    "ka10030": {**MOVED, "trde_qty": "12345678", "trde_amt": "876543", "trde_tern_rt": "+0.21"},
    "ka10032": {**MOVED, "now_rank": "1", "now_trde_qty": "12345678", "trde_prica": "876543"},
    "ka10027": {**MOVED, "stk_cls": "0", "now_trde_qty": "12345678", "cnt": "1"},
    "ka10065": {
        "stk_cd": "005930",
        "stk_nm": "한빛전자",
        "sel_qty": "-39420",
        "buy_qty": "+73452",
        "netslmt": "+34033",
    },
}
BLOCKS = {"ka10030": "tdy_trde_qty_upper", "ka10032": "trde_prica_upper", "ka10027": "pred_pre_flu_rt_upper"}
BLOCKS |= {"ka10065": "opmr_invsr_trde_upper"}
CHANGE = {
    "mrkt_tp": "000",
    "trde_qty_cnd": "0000",
    "stk_cnd": "0",
    "crd_cnd": "0",
    "updown_incls": "1",
    "pric_cnd": "0",
    "trde_prica_cnd": "0",
    "stex_tp": "1",
}
NET = {"trde_tp": "1", "mrkt_tp": "000", "amt_qty_tp": "1"}
ASKED: list[tuple[RankingKind, str, dict[str, str]]] = [
    (
        RankingKind.VOLUME,
        "ka10030",
        {
            "mrkt_tp": "000",
            "sort_tp": "1",
            "mang_stk_incls": "0",
            "crd_tp": "0",
            "trde_qty_tp": "0",
            "pric_tp": "0",
            "trde_prica_tp": "0",
            "mrkt_open_tp": "0",
            "stex_tp": "1",
        },
    ),
    # Here 1 has what is under supervision: the opposite of the call above.
    (RankingKind.TURNOVER, "ka10032", {"mrkt_tp": "000", "mang_stk_incls": "1", "stex_tp": "1"}),
    (RankingKind.GAINERS, "ka10027", {**CHANGE, "sort_tp": "1"}),
    (RankingKind.LOSERS, "ka10027", {**CHANGE, "sort_tp": "3"}),
    (RankingKind.FOREIGN_NET_BUYING, "ka10065", {**NET, "orgn_tp": "9000"}),
    (RankingKind.INSTITUTION_NET_BUYING, "ka10065", {**NET, "orgn_tp": "9999"}),
]


def shows(wire: Any, id: str, *changes: dict[str, str]) -> Any:
    return wire.answer(id, {BLOCKS[id]: [{**ROWS[id], **change} for change in changes], **DONE})


@pytest.mark.parametrize(("kind", "id", "body"), ASKED, ids=[str(each[0]) for each in ASKED])
def test_each_ranking_is_asked_with_its_codes(kind: RankingKind, id: str, body: dict[str, str], wire: Any) -> None:
    risen = {"cur_prc": "+70300", "pred_pre": "+600", "flu_rt": "+0.86"} if kind is RankingKind.GAINERS else {}
    shows(wire, id, risen)
    (place,) = wire.broker.rankings(kind)
    (call,) = wire.of(id)
    assert (call.method, call.url.rpartition("/api")[2], call.body) == ("POST", "/dostk/rkinfo", body)
    assert (place.rank, place.symbol, place.name) == (1, "005930", "한빛전자")
    assert place.price == (None if id == "ka10065" else 70300)


def test_amounts_are_told_in_millions(wire: Any) -> None:
    for id in ("ka10030", "ka10032", "ka10065"):
        shows(wire, id, {})
    for kind in ("VOLUME", "TURNOVER"):
        (place,) = wire.broker.rankings(kind)
        assert (place.turnover, place.volume, place.change) == (876_543_000_000, 12_345_678, -600)
        assert place.change_percent == Decimal("-0.85")
    (bought,) = wire.broker.rankings("FOREIGN_NET_BUYING")
    assert (bought.net_amount, bought.net_quantity, bought.final) == (34_033_000_000, None, False)


@pytest.mark.parametrize(("venue", "code", "suffix"), [(Venue.NXT, "2", "_NX"), (Venue.SOR, "3", "_AL")])
def test_codes_of_other_venues_lose_their_suffix(venue: Venue, code: str, suffix: str, wire: Any) -> None:
    shows(wire, "ka10030", {"stk_cd": f"005930{suffix}"})
    (place,) = wire.broker.rankings("VOLUME", market="KOSDAQ", venue=venue)
    assert (place.symbol, place.venue) == ("005930", venue)
    (call,) = wire.of("ka10030")
    assert (call.body["mrkt_tp"], call.body["stex_tp"]) == ("101", code)


def page(first: int, last: int) -> dict[str, object]:
    numbers = range(first, last)
    rows = [{**ROWS["ka10030"], "stk_cd": f"{number:06d}", "trde_qty": str(9000 - number)} for number in numbers]
    return {BLOCKS["ka10030"]: rows, **DONE}


def test_no_page_more_than_needed_is_asked_for(wire: Any) -> None:
    more = {"cont-yn": "Y", "next-key": "one"}
    wire.pages("ka10030", (more, page(100, 200)), ({**more, "next-key": "two"}, page(200, 300)), (more, page(300, 400)))
    assert len(wire.broker.rankings("VOLUME", count=150)) == 150
    assert len(wire.of("ka10030")) == 2


def test_a_list_that_ends_has_fewer_and_one_that_breaks_off_is_an_error(wire: Any) -> None:
    more = {"cont-yn": "Y", "next-key": "one"}
    wire.pages("ka10030", (more, page(100, 200)), ({"cont-yn": "N"}, page(200, 210)))
    assert len(wire.broker.rankings("VOLUME", count=150)) == 110
    wire.pages("ka10030", (more, page(100, 200)), (more, page(100, 200)))
    with pytest.raises(IncompleteListing):
        wire.broker.rankings("VOLUME", count=150)


def test_blank_rows_are_none(wire: Any) -> None:
    shows(wire, "ka10030", dict.fromkeys(ROWS["ka10030"], ""), {})
    assert [place.symbol for place in wire.broker.rankings("VOLUME")] == ["005930"]


@pytest.mark.skipif(not FOLDER, reason="BROKERKIT_WIRE_EXAMPLES does not name the folder of examples")
@pytest.mark.parametrize(
    ("endpoint", "figures"),
    [
        (rankings.VOLUME, [(152000, -100, 34954641), (42950, -100, 34854261)]),
        (rankings.TURNOVER, [(152000, -100, 34954641), (53700, -23000, 31821639), (42950, -100, 34854261)]),
        (rankings.FLUCTUATION, [(74800, 17200, 446203), (12000, 2380, 6), (22550, 2300, 9), (45000, 3950, 106)]),
    ],
)
def test_official_rankings_are_read(endpoint: Any, figures: list[tuple[int, ...]], wire: Any) -> None:
    path = Path(FOLDER or "", "kiwoom", "examples", f"{endpoint}.json")
    wire.answer(str(endpoint), json.loads(path.read_text(encoding="utf-8"))["response"]["body"])
    rows = wire.client.call(endpoint, body={}).rows
    assert [(row.price, row.change, row.volume) for row in rows] == figures


@pytest.mark.skipif(not FOLDER, reason="BROKERKIT_WIRE_EXAMPLES does not name the folder of examples")
def test_official_net_buying_is_read(wire: Any) -> None:
    path = Path(FOLDER or "", "kiwoom", "examples", "ka10065.json")
    wire.answer("ka10065", json.loads(path.read_text(encoding="utf-8"))["response"]["body"])
    rows = wire.client.call(rankings.BOUGHT, body={}).rows
    assert [row.net_amount for row in rows][:2] == [34_033_000_000, 11_676_000_000]
