"""Trades of today and member firms at Kiwoom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from brokerkit import IncompleteListing, Members, Side, Trade, WireError, clock
from brokerkit.models import Member
from brokerkit.words import Venue

LAST, PAGED, MEMBERS = "ka10003", "ka10084", "ka10040"
SUFFIX = {Venue.KRX: "", Venue.NXT: "_NX", Venue.SOR: "_AL"}
DAY = dt.date(2026, 11, 20)
Row = dict[str, str]


@pytest.fixture
def real(connect: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a real account, logged in, at half past two on a trading day."""
    monkeypatch.setattr(clock, "now", lambda: dt.datetime.combine(DAY, dt.time(14, 30), clock.KST))
    return connect("real").logged_in()


def row(time: str = "142959", quantity: str = "+12", volume: int = 1000, **changes: str) -> Row:
    first = {"tm": time, "cur_prc": "-70300", "pred_pre": "-1200", "pre_rt": "-1.68", "pri_sel_bid_unit": "-70400"}
    rest = {"acc_trde_qty": f"{volume}", "acc_trde_prica": "98035", "cntr_str": "123.72", "stex_tp": "KRX"}
    return {**first, "pri_buy_bid_unit": "-70300", "cntr_trde_qty": quantity, "sign": "5", **rest, **changes}


def answer(name: str, *rows: Row) -> dict[str, Any]:
    return {name: list(rows), "return_code": 0, "return_msg": "done"}


def pages(wire: Any, *groups: list[Row]) -> None:
    marks = [{"cont-yn": "Y", "next-key": f"key{number}"} for number in range(len(groups) - 1)]
    marks.append({"cont-yn": "N", "next-key": ""})
    told = [answer("tdy_pred_cntr", *rows) for rows in groups]
    wire.pages(PAGED, *(({"api-id": PAGED, **mark}, body) for mark, body in zip(marks, told, strict=True)))


@pytest.mark.parametrize("venue", SUFFIX)
def test_the_sign_of_a_price_is_none_and_that_of_a_quantity_is_the_side(venue: Venue, real: Any) -> None:
    real.answer(LAST, answer("cntr_infr", row(), row("142959", "-7", 988), row("142958", "5", 981)))
    told = real.broker.trades("005930", venue=venue)
    moment = dt.datetime.combine(DAY, dt.time(14, 29, 59), clock.KST)
    base = Trade(symbol="005930", venue=Venue.KRX, time=moment, price=70300, quantity=12, side=Side.BUY, volume=1000)
    assert told == (
        base.model_copy(update={"time": moment.replace(second=58), "quantity": 5, "side": None, "volume": 981}),
        base.model_copy(update={"quantity": 7, "side": Side.SELL, "volume": 988}),
        base,
    )
    (call,) = real.calls
    assert (call.id, call.url.rpartition("/api")[2]) == (LAST, "/dostk/stkinfo")
    assert call.body == {"stk_cd": "005930" + SUFFIX[venue]}


@pytest.mark.parametrize(("word", "venue"), [("NXT", Venue.NXT), ("통합", Venue.SOR), ("", Venue.SOR)])
def test_a_row_of_the_combined_market_may_name_its_venue(word: str, venue: Venue, real: Any) -> None:
    real.answer(LAST, answer("cntr_infr", row(stex_tp=word)))
    (told,) = real.broker.trades("005930", venue=Venue.SOR)
    assert told.venue is venue


def test_all_of_today_is_read_page_by_page(real: Any) -> None:
    pages(real, [row(volume=30), row(volume=20)], [row(volume=20), row("142958", volume=12)])
    told = real.broker.trades("005930", count=None)
    assert [trade.volume for trade in told] == [12, 20, 30]
    first, second = real.of(PAGED)
    assert first.body == second.body == {"stk_cd": "005930", "tdy_pred": "1", "tic_min": "0", "tm": ""}
    assert second.headers["next-key"] == "key0"


def test_no_page_more_than_needed_is_asked_for(real: Any) -> None:
    rows = [row(volume=volume) for volume in range(100, 0, -1)]
    pages(real, rows[:31], rows[31:62], rows[62:])
    assert len(real.broker.trades("005930", count=31)) == 31
    assert len(real.of(PAGED)) == 1


@pytest.mark.parametrize("groups", [([row()], [], [row(volume=9)]), ([], [row()]), ([row()], [])])
def test_an_empty_page_among_others_is_an_error(groups: tuple[list[Row], ...], real: Any) -> None:
    pages(real, *groups)
    with pytest.raises(IncompleteListing):
        real.broker.trades("005930", count=None)


@pytest.mark.parametrize(
    "rows",
    [
        [row(volume=20), row(volume=30)],
        [row("142958", volume=30), row("142959", volume=20)],
        [dict.fromkeys(row(), "")],
        [row(quantity="+1,000")],
    ],
    ids=["volume", "time", "blank", "number"],
)
def test_rows_out_of_order_or_that_are_none_are_wire_errors(rows: list[Row], real: Any) -> None:
    real.answer(LAST, answer("cntr_infr", *rows))
    with pytest.raises(WireError):
        real.broker.trades("005930")


def test_the_same_trade_twice_is_told_once(real: Any) -> None:
    real.answer(LAST, answer("cntr_infr", row(), row(), row(volume=9)))
    assert [trade.volume for trade in real.broker.trades("005930")] == [9, 1000]


def firms() -> dict[str, Any]:
    told: dict[str, Any] = {"frgn_sel_prsm_sum": "-5689", "frgn_buy_prsm_sum": "+6305", "tdy_main_trde_ori": []}
    for side, sign in (("sel", "-"), ("buy", "+")):
        for rank in range(1, 6):
            told |= {
                f"{side}_trde_ori_irds_{rank}": "0",
                f"{side}_trde_ori_qty_{rank}": f"{sign}{900 - rank}" if rank < 3 else "0",
                f"{side}_trde_ori_{rank}": f"Firm {rank}" if rank < 3 else "",
                f"{side}_trde_ori_cd_{rank}": f"00{rank}" if rank < 3 else "000",
            }
    return {**told, "return_code": 0, "return_msg": "done"}


@pytest.mark.parametrize("venue", SUFFIX)
def test_members_are_told_without_the_signs_of_their_sides(venue: Venue, real: Any) -> None:
    real.answer(MEMBERS, firms())
    told = real.broker.members("005930", venue=venue)
    known = tuple(Member(code=f"00{rank}", name=f"Firm {rank}", quantity=900 - rank) for rank in (1, 2))
    assert told == Members(
        symbol="005930", venue=venue, sellers=known, buyers=known, foreign_sold=5689, foreign_bought=6305
    )
    (call,) = real.calls
    assert (call.id, call.url.rpartition("/api")[2]) == (MEMBERS, "/dostk/rkinfo")
    assert call.body == {"stk_cd": "005930" + SUFFIX[venue]}


@pytest.mark.parametrize("lacking", ["sel_trde_ori_qty_1", "buy_trde_ori_qty_5"])
def test_a_rank_that_is_not_told_at_all_is_an_error_and_not_without_a_firm(lacking: str, real: Any) -> None:
    told = firms()
    del told[lacking]
    real.answer(MEMBERS, told)
    with pytest.raises(WireError, match=lacking):
        real.broker.members("005930")
