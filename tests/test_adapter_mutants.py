"""Mistakes that the proof plants in the adapters: each has its one place, and a check of the kit that notices it."""

from __future__ import annotations

import dataclasses
import multiprocessing
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

import pytest

from brokerkit.testing import BrokerConformance, UsConformance
from proof.adapter_mutants import MUTATIONS, copied, fate
from proof.mutations import ORDERS, Mutation

SOLD, SOLD_ABROAD = (
    next(each for each in MUTATIONS if each.what == what)
    for what in ("a sell is sent as a buy", "US: the demo sells by the id that the others lead one to expect")
)
KITS = {"KR": BrokerConformance, "US": UsConformance}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda each: each.name)
def test_a_mistake_has_its_one_place_and_a_check_to_notice_it(mutation: Mutation) -> None:
    assert hasattr(KITS[mutation.market], mutation.check)
    with copied(mutation.broker) as package:
        before = (package / mutation.file).read_text(encoding="utf-8")
        mutation.apply(package)
        compile((package / mutation.file).read_text(encoding="utf-8"), mutation.file, "exec")
        assert (package / mutation.file).read_text(encoding="utf-8") != before


@pytest.mark.parametrize("old", ["this stands nowhere", "Field("])
def test_a_mistake_without_its_one_place_is_an_error(old: str) -> None:
    with copied(SOLD.broker) as package, pytest.raises(ValueError, match="times in stocks"):
        dataclasses.replace(SOLD, old=old).apply(package)


def test_there_are_enough_mistakes_half_of_them_in_orders_and_lists_at_both_brokers() -> None:
    assert len({each.name for each in MUTATIONS}) == len(MUTATIONS) >= 40
    counted = Counter((each.broker, each.market, each.subject == ORDERS) for each in MUTATIONS)
    assert len(counted) == 8
    assert min(counted.values()) >= 10
    assert sum(count for (_, _, in_orders), count in counted.items() if in_orders) * 2 >= len(MUTATIONS)


@pytest.mark.slow
@pytest.mark.parametrize("mutation", [SOLD, SOLD_ABROAD], ids=lambda each: each.name)
def test_the_kit_notices_a_mistake_in_a_copy_of_an_adapter(mutation: Mutation) -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(fate, mutation).result().startswith("OrderContract: shares are sold: ")
