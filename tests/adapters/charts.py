"""Daily candles, at every adapter: what a page may not be."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from brokerkit.errors import IncompleteListing, InvalidRequest, WireError
from brokerkit.models import Candle
from brokerkit.words import Interval

FRIDAY = dt.date(2026, 11, 20)
WEEK = [dt.date(2026, 11, day) for day in (16, 17, 18, 19, 20)]


class ChartKit:
    """Rows by our names; the vendor's are those of `wire.fields["chart"]`."""

    candle: ClassVar[Candle]
    """What the sound row of FRIDAY amounts to."""

    def week(self, wire: Any, *days: dt.date, **changes: Any) -> Any:
        wire.shows("chart", *(wire.row("chart", day=f"{day:%Y%m%d}", **changes) for day in days))
        return wire.broker.candles("005930", Interval.DAY, WEEK[0], FRIDAY)

    def test_a_row_is_a_candle(self, wire: Any) -> None:
        (told,) = self.week(wire, FRIDAY)
        assert told == self.candle
        assert isinstance(told.open, Decimal)

    def test_days_ascend_whatever_the_order_of_the_rows(self, wire: Any) -> None:
        told = self.week(wire, *reversed(WEEK))
        assert [candle.time.date() for candle in told] == WEEK
        assert [candle.time.date() for candle in told[-2:]] == WEEK[-2:]

    def test_a_trading_day_without_a_bar_is_a_hole(self, wire: Any) -> None:
        with pytest.raises(IncompleteListing, match="2026-11-18"):
            self.week(wire, *WEEK[:2], *WEEK[3:])

    def test_days_without_trading_are_no_hole(self, wire: Any) -> None:
        days = [dt.date(2026, 9, 23), dt.date(2026, 9, 28)]  # 추석 and a weekend between them
        wire.shows("chart", *(wire.row("chart", day=f"{day:%Y%m%d}") for day in days))
        told = wire.broker.candles("005930", Interval.DAY, days[0], days[1])
        assert [candle.time.date() for candle in told] == days

    def test_a_day_that_comes_twice_is_a_wire_error(self, wire: Any) -> None:
        with pytest.raises(WireError, match="twice"):
            self.week(wire, FRIDAY, FRIDAY)

    def test_a_day_that_is_later_than_asked_for_is_a_wire_error(self, wire: Any) -> None:
        with pytest.raises(WireError, match="later"):
            self.week(wire, dt.date(2099, 1, 5))

    def test_an_empty_answer_is_no_candle(self, wire: Any) -> None:
        with pytest.raises(InvalidRequest, match="005930"):
            self.week(wire)

    @pytest.mark.parametrize("field", ["open", "high", "low", "close", "volume", "turnover"])
    @pytest.mark.parametrize("value", ["", "abc", "1e5", "1_000", "1,000", "１００", None, 100, ...], ids=repr)
    def test_what_is_no_number_is_a_wire_error(self, field: str, value: Any, wire: Any) -> None:
        row = wire.row("chart", day=f"{FRIDAY:%Y%m%d}", **({} if value is ... else {field: value}))
        answer = wire.rows("chart", row)
        if value is ...:
            (only,) = answer[wire.blocks["chart"]]
            del only[wire.fields["chart"][field]]
        wire.answer(wire.ids["chart"], answer)
        with pytest.raises(WireError, match=wire.fields["chart"][field]):
            wire.broker.candles("005930", Interval.DAY, WEEK[0], FRIDAY)

    @pytest.mark.parametrize("day", ["20261340", "2026112", "abcdefgh", "20261120093000"])
    def test_what_is_no_day_is_a_wire_error(self, day: str, wire: Any) -> None:
        wire.shows("chart", wire.row("chart", day=day))
        with pytest.raises(WireError, match=wire.fields["chart"]["day"]):
            wire.broker.candles("005930", Interval.DAY, WEEK[0], FRIDAY)

    def test_a_halted_day_has_its_close_and_no_volume(self, wire: Any) -> None:
        (told,) = self.week(wire, FRIDAY, open="0", high="0", low="0", volume="0", turnover="0")
        assert (told.open, told.high, told.low, told.close) == (self.candle.close,) * 4
        assert (told.volume, told.turnover) == (0, 0)

    def test_a_week_leaves_the_prices_of_a_halted_day_out(self, wire: Any) -> None:
        rows = [wire.row("chart", day=f"{day:%Y%m%d}") for day in WEEK]
        rows[0] |= wire.row("chart", open="0", high="0", low="0", close="1", volume="0", turnover="0")
        wire.shows("chart", *rows)
        (told,) = wire.broker.candles("005930", Interval.WEEK, WEEK[0], FRIDAY)
        assert (told.low, told.open, told.volume) == (self.candle.low, self.candle.open, 4 * self.candle.volume)
        assert told.time.date() == WEEK[0]

    def test_an_answer_about_another_symbol_is_a_wire_error(self, wire: Any) -> None:
        with pytest.raises(WireError, match="000660"):
            wire.broker.candles("000660", Interval.DAY, WEEK[0], FRIDAY)
