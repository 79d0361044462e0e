"""Candles within days that are not the truth."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from brokerkit_kis.adapter import KisAdapter
from brokerkit_kis.sandbox.face import KisFace
from brokerkit_kis.stocks.part import Stocks as KisStocks
from brokerkit_kiwoom.adapter import KiwoomAdapter
from brokerkit_kiwoom.sandbox.face import KiwoomFace
from brokerkit_kiwoom.stocks.part import Stocks as KiwoomStocks

from brokerkit.replies import Bars
from proof.zoo.cages import bad

TRUTH = "minutes_tell_the_truth"
Rows = Sequence[Any]


def changed(told: Iterator[Bars], change: Callable[[Rows], Rows]) -> Iterator[Bars]:
    """Yield answers with other rows."""
    for bars in told:
        yield replace(bars, rows=change(bars.rows))


@bad(TRUTH, "missing", "too many", of=KiwoomAdapter, face=KiwoomFace)
class MinutesByTheirEnd(KiwoomStocks):
    """Labels a minute by its end."""

    def minutes(self, *asked: Any) -> Iterator[Bars]:
        def later(row: dict[str, str]) -> dict[str, str]:
            moment = dt.datetime.strptime(row["cntr_tm"], "%Y%m%d%H%M%S") + dt.timedelta(minutes=1)
            return {**row, "cntr_tm": f"{moment:%Y%m%d%H%M%S}"}

        return changed(super().minutes(*asked), lambda rows: [later(row) for row in rows])


@bad(TRUTH, "missing", of=KiwoomAdapter, face=KiwoomFace)
class LosesMinutes(KiwoomStocks):
    """Leaves one minute of ten out."""

    def minutes(self, *asked: Any) -> Iterator[Bars]:
        return changed(super().minutes(*asked), lambda rows: [row for n, row in enumerate(rows) if n % 10 != 5])


@bad(TRUTH, "does not tell all minutes", of=KisAdapter, face=KisFace)
class OneAnswerADay(KisStocks):
    """Takes the first answer of a day for all of it."""

    def minutes(self, *asked: Any) -> Iterator[Bars]:
        yield next(iter(super().minutes(*asked)))


@bad(TRUTH, "in truth", of=KisAdapter, face=KisFace)
class FirstPriceForLast(KisStocks):
    """Takes the first price of a minute for its last one."""

    def minutes(self, *asked: Any) -> Iterator[Bars]:
        for bars in super().minutes(*asked):
            yield replace(bars, close=bars.open)


@bad("single_trades_tell_the_truth", "newest first", of=KiwoomAdapter, face=KiwoomFace)
class TradesOldestFirst(KiwoomStocks):
    """Tells the trades of an answer the oldest first."""

    def minutes(self, *asked: Any) -> Iterator[Bars]:
        return changed(super().minutes(*asked), lambda rows: rows[::-1])
