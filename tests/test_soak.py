"""The soak of the proof tells growth from rest, and trades at both brokers."""

from __future__ import annotations

import pytest

from proof import soak
from proof.soak import MEBIBYTE, Life, figures


def life(blocks: list[int]) -> Life:
    return Life(times=[60.0 * minute for minute in range(len(blocks))], blocks=blocks)


def test_growth_is_told_by_the_hour_without_the_beginning_and_what_comes_and_goes() -> None:
    mebibyte = MEBIBYTE // soak.BLOCK
    beginning, lists = [0] * 10, [mebibyte * 9] * 3
    assert life([*beginning, *[mebibyte] * 10, *[mebibyte * 2] * 10]).growth() == pytest.approx(6, abs=0.01)
    assert life([*beginning, *[mebibyte] * 10, *lists, *[mebibyte] * 7]).growth() == pytest.approx(0)


def test_what_stays_and_grows_is_not_flat() -> None:
    assert soak._flat("files", [5, 8, 5, 9, 5, 10]).met
    assert not soak._flat("files", [5, 9, 5, 9, 6, 9]).met


@pytest.mark.slow
def test_a_short_soak_trades_at_both_brokers_and_leaves_nothing_open() -> None:
    found = {figure.what: figure for figure in figures(6)}
    too_short_for = ("memory", "files", "threads")
    unmet = [what for what, figure in found.items() if not figure.met]
    assert not [what for what in unmet if not any(word in what for word in too_short_for)]
    assert "orders" in found["soak: what came of the calls"].found
