"""Trades of today and member firms at KIS."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from brokerkit import IncompleteListing, Members, Trade, WireError, clock
from brokerkit.models import Member
from brokerkit.words import Venue

from .conftest import KisWire

LAST, TIMED, MEMBERS = "FHKST01010300", "FHPST01060000", "FHKST01010600"
DIVISION = {Venue.KRX: "J", Venue.NXT: "NX", Venue.SOR: "UN"}
DAY = dt.date(2026, 11, 20)
PAGE = 30
Row = dict[str, str]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that sets the clock: half past two on a trading day if nothing else is said."""

    def set_to(time: dt.time = dt.time(14, 30), day: dt.date = DAY) -> None:
        monkeypatch.setattr(clock, "now", lambda: dt.datetime.combine(day, time, clock.KST))

    set_to()
    return set_to


@pytest.fixture
def real(connect: Callable[..., Any], at: Callable[..., None]) -> Any:
    """Return a real account, logged in."""
    return connect("real").logged_in()


def answer(**blocks: Any) -> dict[str, Any]:
    return {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "done", **blocks}


def last(time: str = "142959", price: str = "70300", quantity: str = "12") -> Row:
    row = {"stck_cntg_hour": time, "stck_prpr": price, "prdy_vrss": "-1200", "prdy_vrss_sign": "5"}
    return {**row, "cntg_vol": quantity, "tday_rltv": "98.70", "prdy_ctrt": "-1.68"}


def trades(*counts: tuple[str, int]) -> list[Row]:
    """Return so many trades of one share in each second, the newest first; the first one is that of the open."""
    times = [time for time, count in counts for _ in range(count)]
    return [
        {"stck_cntg_hour": time, "stck_prpr": "70300", "acml_vol": f"{volume}", "cnqn": "1", "tday_rltv": "98.70"}
        for volume, time in enumerate(sorted(times), start=1)
    ][::-1]


@pytest.fixture
def serve(connect: Callable[..., Any], at: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return what makes an account whose server answers with a page of the trades up to a time."""

    def serving(rows: Sequence[Row], *, takes_second: bool = True) -> Any:
        plain = KisWire.respond

        def respond(self: KisWire, request: Any) -> tuple[int, dict[str, str], bytes]:
            asked = dict(pair.split("=") for pair in request.url.partition("?")[2].split("&"))
            until = asked["FID_INPUT_HOUR_1"]
            found = [row for row in rows if (row["stck_cntg_hour"], not takes_second) <= (until, False)]
            self.answer(TIMED, answer(output1={}, output2=found[:PAGE]))
            return plain(self, request)

        monkeypatch.setattr(KisWire, "respond", respond)
        return connect("real").logged_in()

    return serving


def volumes(told: Sequence[Trade]) -> list[Any]:
    return [trade.volume for trade in told]


@pytest.mark.parametrize("venue", DIVISION)
def test_the_newest_trades_are_one_call(venue: Venue, real: Any) -> None:
    real.answer(LAST, answer(output=[last(), last("142958", "70400", "3")]))
    told = real.broker.trades("005930", venue=venue)
    moment = dt.datetime.combine(DAY, dt.time(14, 29, 58), clock.KST)
    assert told == (
        Trade(symbol="005930", venue=venue, time=moment, price=70400, quantity=3),
        Trade(symbol="005930", venue=venue, time=moment.replace(second=59), price=70300, quantity=12),
    )
    (call,) = real.calls
    assert (call.method, call.id, call.url.rpartition("/")[2]) == ("GET", LAST, "inquire-ccnl")
    assert call.query == [("FID_COND_MRKT_DIV_CODE", DIVISION[venue]), ("FID_INPUT_ISCD", "005930")]
    assert real.broker.trades("005930", count=1, venue=venue) == told[-1:]


@pytest.mark.parametrize("takes_second", [True, False])
def test_all_of_today_is_followed_back_to_the_first_trade(takes_second: bool, serve: Callable[..., Any]) -> None:
    """Whether those of the second that is asked for are in the answer is not told."""
    rows = trades(("090001", 1), ("100000", 25), ("100001", 20), ("110000", 29), ("142959", 3))
    real = serve(rows, takes_second=takes_second)
    told = real.broker.trades("005930", count=None)
    assert volumes(told) == list(range(1, len(rows) + 1))
    first = real.calls[0]
    assert first.url.rpartition("/")[2] == "inquire-time-itemconclusion"
    assert first.query[-1] == ("FID_INPUT_HOUR_1", "143001")


@pytest.mark.parametrize(("now", "asked"), [("235959", "235959"), ("000000", "000001"), ("155959", "160000")])
def test_the_present_second_is_asked_for_with_the_one_after_it(
    now: str, asked: str, real: Any, at: Callable[..., None]
) -> None:
    at(dt.datetime.strptime(now, "%H%M%S").time())
    real.answer(TIMED, answer(output1={}, output2=[]))
    assert real.broker.trades("005930", count=None) == ()
    assert [call.query[-1] for call in real.calls] == [("FID_INPUT_HOUR_1", asked)]


def test_no_page_more_than_needed_is_asked_for(serve: Callable[..., Any]) -> None:
    real = serve(trades(*((f"1000{second:02}", 5) for second in range(60))))
    assert volumes(real.broker.trades("005930", count=31)) == list(range(270, 301))
    assert len(real.of(TIMED)) == 2


def test_a_full_second_is_told_by_its_own_time(serve: Callable[..., Any]) -> None:
    rows = trades(("090001", 1), ("100000", 20), ("100001", 30), ("100002", 1))
    real = serve(rows)
    assert volumes(real.broker.trades("005930", count=None)) == list(range(1, len(rows) + 1))


def test_an_empty_answer_amid_the_trades_is_an_error(real: Any) -> None:
    rows = trades(("090001", 1), ("100000", 40))
    real.answer(TIMED, answer(output1={}, output2=rows[:PAGE]), answer(output1={}, output2=[]))
    with pytest.raises(IncompleteListing, match="10:00:00"):
        real.broker.trades("005930", count=None)


@pytest.mark.parametrize("before", [[], [("090001", 1)]])
@pytest.mark.parametrize("count", [31, 300])
def test_a_second_with_more_trades_than_an_answer_has_rows_is_an_error(
    count: int, before: list[tuple[str, int]], serve: Callable[..., Any]
) -> None:
    real = serve(trades(*before, ("100000", count)))
    with pytest.raises(IncompleteListing, match="10:00:00"):
        real.broker.trades("005930", count=None)


def test_pages_that_do_not_meet_are_an_error(real: Any) -> None:
    rows = trades(("100000", 90))
    pages = [answer(output1={}, output2=rows[first : first + 20]) for first in (0, 21)]
    real.answer(TIMED, *pages)
    with pytest.raises(IncompleteListing, match="do not follow"):
        real.broker.trades("005930", count=None)


def test_a_list_that_ends_although_the_open_is_not_there_is_taken_as_it_is(real: Any) -> None:
    rows = trades(("090001", 5), ("100000", 4))[:-2]  # what was traded before the open has no rows
    real.answer(TIMED, answer(output1={}, output2=rows))
    assert volumes(real.broker.trades("005930", count=None)) == list(range(3, 10))


def test_the_price_has_two_names(real: Any) -> None:
    (row,) = trades(("090001", 1))
    row["stck_pbpr"] = row.pop("stck_prpr")
    real.answer(TIMED, answer(output1={}, output2=[row]))
    (told,) = real.broker.trades("005930", count=None)
    assert told.price == 70300


@pytest.mark.parametrize("rows", [[last("100000"), last("100001")], [last("")], [last("1000")], [last(price="7e4")]])
def test_rows_out_of_order_or_that_are_none_are_wire_errors(rows: list[Row], real: Any) -> None:
    real.answer(LAST, answer(output=rows))
    with pytest.raises(WireError):
        real.broker.trades("005930")


def test_trades_of_the_last_trading_day_are_none_of_today(real: Any, at: Callable[..., None]) -> None:
    real.answer(LAST, answer(output=[last("195959"), last("090000")]))
    assert real.broker.trades("005930") == ()
    at(dt.time(20, 30))
    assert len(real.broker.trades("005930")) == 2
    at(dt.time(20, 30), dt.date(2026, 11, 22))  # a Sunday
    assert real.broker.trades("005930") == ()


def firms(**changes: str) -> Row:
    row: Row = {"glob_total_seln_qty": "38125", "glob_total_shnu_qty": "1180638", "glob_ntby_qty": "1142513"}
    for side, foreign in (("seln", "N"), ("shnu", "Y")):
        for rank in range(1, 6):
            row |= {
                f"{side}_mbcr_no{rank}": f"0000{rank}",
                f"{side}_mbcr_name{rank}": f"Firm {rank} ",
                f"total_{side}_qty{rank}": f"{900 - rank}",
                f"{side}_mbcr_rlim{rank}": "20.52",
                f"{side}_qty_icdc{rank}": "8",
                f"{side}_mbcr_glob_yn_{rank}": foreign,
            }
    return {**row, **changes}


@pytest.mark.parametrize("venue", DIVISION)
def test_members_are_told_with_three_digits(venue: Venue, real: Any) -> None:
    real.answer(MEMBERS, answer(output=firms()))
    told = real.broker.members("005930", venue=venue)
    sellers, buyers = (
        tuple(
            Member(code=f"00{rank}", name=f"Firm {rank}", quantity=900 - rank, is_foreign=is_foreign)
            for rank in range(1, 6)
        )
        for is_foreign in (False, True)
    )
    assert told == Members(
        symbol="005930", venue=venue, sellers=sellers, buyers=buyers, foreign_sold=38125, foreign_bought=1180638
    )
    assert told.foreign_net == 1142513
    (call,) = real.calls
    assert (call.id, call.url.rpartition("/")[2]) == (MEMBERS, "inquire-member")
    assert call.query == [("FID_COND_MRKT_DIV_CODE", DIVISION[venue]), ("FID_INPUT_ISCD", "005930")]


def test_ranks_that_no_firm_has_are_left_out(real: Any) -> None:
    blank = {f"total_seln_qty{rank}": "0" for rank in (4, 5)} | {f"total_shnu_qty{rank}": "" for rank in range(1, 6)}
    real.answer(MEMBERS, answer(output=firms(**blank, glob_total_shnu_qty="")))
    told = real.broker.members("005930")
    assert ([firm.code for firm in told.sellers], told.buyers) == (["001", "002", "003"], ())
    assert (told.foreign_bought, told.foreign_net) == (None, None)


@pytest.mark.parametrize("lacking", ["total_seln_qty1", "total_shnu_qty5"])
def test_a_rank_that_is_not_told_at_all_is_an_error_and_not_without_a_firm(lacking: str, real: Any) -> None:
    told = firms()
    del told[lacking]
    real.answer(MEMBERS, answer(output=told))
    with pytest.raises(WireError, match=lacking):
        real.broker.members("005930")


def test_a_quantity_outside_the_grammar_is_a_wire_error(real: Any) -> None:
    real.answer(MEMBERS, answer(output=firms(total_seln_qty1="1,000")))
    with pytest.raises(WireError):
        real.broker.members("005930")
