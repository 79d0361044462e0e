"""The proof of streams: it plays to its end, and what is not told fails it."""

from __future__ import annotations

import pytest

from brokerkit.stream.own_orders import OwnOrders
from proof import streams


@pytest.mark.slow
@pytest.mark.parametrize("market", streams.CUTS)
@pytest.mark.parametrize("broker", streams.BROKERS)
def test_own_orders_are_told_once_while_the_line_is_cut(broker: str, market: str) -> None:
    story = streams.told_by(broker, market, cuts=4)
    assert (story.cuts, story.gaps) == (4, 4)
    assert [*story.wrongs, *story.foreign, *story.states, *story.trouble] == []
    assert story.done["changes"] > 0


@pytest.mark.slow
def test_gaps_after_which_no_list_is_read_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def missed(own: OwnOrders, gap: object) -> None:
        for taker in own.followers():
            taker.missed(gap)  # type: ignore[arg-type]

    monkeypatch.setattr(OwnOrders, "missed", missed)
    monkeypatch.setattr("brokerkit.stream.counting.Counting.is_in_doubt", False)
    monkeypatch.setattr(streams, "LONGEST", 10.0)
    assert streams.told_by("kis", "KR", cuts=6).wrongs
