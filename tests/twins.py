"""One story told through both brokers, and what must be alike in what each tells of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from brokerkit import Broker, BrokerError, get_broker
from brokerkit.models import Balance, Fill, Instrument, Model, Order, Quote, RealizedPnl
from brokerkit.sandbox import Sandbox
from brokerkit.testing.base import not_told
from brokerkit.testing.ground import GROUNDS, Ground
from brokerkit.testing.inside import at_home, hurry, part_of
from brokerkit.testing.truth import is_empty

TWINS = ("kis", "kiwoom")
MARKETS = tuple(GROUNDS)
OWN: Mapping[type[Model], frozenset[str]] = {
    # The two sandboxes are not opened in the same second; conformance compares times with each exchange's own.
    Order: frozenset({"handle", "submitted_at"}),
    # Commission differs, so what is left of the cash differs too; conformance checks it against the exchange.
    Balance: frozenset({"account", "cash_d1", "cash_d2", "total_value", "orderable_cash", "withdrawable_cash"}),
    # Each broker counts its own commission.
    RealizedPnl: frozenset({"commission", "costs", "net_pnl"}),
    # Kiwoom tells one warning a symbol; what goes by those that it hides differs too.
    Instrument: frozenset({"liquidation", "alert", "overheated", "caution", "upper_limit", "lower_limit"}),
}
ELSEWHERE: Mapping[type[Model], frozenset[str]] = {
    # What the lists lack of an order that one has sent oneself, the journal knows.
    Order: frozenset({"type", "time_in_force"}),
    # The call for many quotes tells it.
    Quote: frozenset({"name", "open", "high", "low"}),
}
"""What a broker declares not to tell, and what is known all the same where something else tells it."""
NUMBERS = ("id", "original_id", "order_id")
"""Numbers of orders: each broker writes them its own way, and which of them are the same is alike."""
Story = Callable[[Broker, Sandbox], Sequence[Model]]
Act = Callable[[Broker, Sandbox], object]


@dataclass
class Telling:
    """What a broker told of a story."""

    models: Sequence[Model]
    broker: Broker

    @property
    def untold(self) -> Mapping[type[Model], frozenset[str]]:
        """What the broker declares that it cannot know."""
        return not_told(self.broker)


@contextmanager
def opened(
    name: str, market: str, *, state: Path | None = None, environment: str = "real"
) -> Iterator[tuple[Broker, Sandbox]]:
    """Give a broker that means a market where nothing is said, without limits of calls on either side."""
    with (
        pytest.MonkeyPatch.context() as patch,
        Sandbox(seed=7, home=market, state=state, environment=environment) as sandbox,
        get_broker(name, environment="sandbox", sandbox=sandbox) as broker,
    ):
        hurry(broker, patch)
        sandbox.face(name).window.calls = 10**6
        yield at_home(broker, market), sandbox


def told(name: str, story: Story, market: str, environment: str = "real") -> Telling:
    with opened(name, market, environment=environment) as (broker, sandbox):
        return Telling(story(broker, sandbox), broker)


def assert_twins(story: Story, market: str = "KR", environment: str = "real") -> None:
    assert_alike(*(told(name, story, market, environment) for name in TWINS))


def assert_alike(left: Telling, right: Telling) -> None:
    """Fail where two brokers tell something else, but for what one of them cannot know."""
    assert left.models
    assert [type(model) for model in left.models] == [type(model) for model in right.models]
    compared = Comparison(left, right)
    lines = [line for pair in zip(left.models, right.models, strict=True) for line in compared.differences(*pair)]
    assert not lines, "\n".join(lines)
    for telling in (left, right):
        for model in telling.models:
            for name in telling.untold.get(type(model), frozenset()) - ELSEWHERE.get(type(model), frozenset()):
                words = f"{telling.broker.name} declares {name} of a {type(model).__name__} absent but tells it"
                assert is_empty(getattr(model, name)), words


class Comparison:
    """What differs between the models of two brokers."""

    def __init__(self, *tellings: Telling) -> None:
        self._tellings = tellings
        self._numbers: tuple[dict[str, int], dict[str, int]] = ({}, {})
        self._roots = tuple(_roots(each.models) for each in tellings)

    def differences(self, left: Model, right: Model) -> Iterator[str]:
        kind = type(left)
        untold = {name for each in self._tellings for name in each.untold.get(kind, ())}
        steps = self._steps(kind)
        for name, one in left:
            other = getattr(right, name)
            if name in OWN.get(kind, ()) or (name in untold and (is_empty(one) or is_empty(other))):
                continue
            where = f"{kind.__name__}.{name}"
            if isinstance(one, Sequence) and one and isinstance(one[0], Model):
                assert len(one) == len(other), f"{where}: {one} and {other}"
                for pair in zip(one, other, strict=True):
                    yield from self.differences(*pair)
            elif isinstance(one, Model) and isinstance(other, Model):
                yield from self.differences(one, other)
            elif kind in (Order, Fill) and name in NUMBERS:
                if self._number(one, name, 0) != self._number(other, name, 1):
                    yield f"{where} is another order: {one} and {other}"
            elif isinstance(one, Decimal) and isinstance(other, Decimal) and name in steps:
                if abs(one - other) >= steps[name]:
                    yield f"{where}: {one} and {other}"
            elif one != other:
                yield f"{where}: {one!r} and {other!r}"

    def _number(self, number: str | None, field: str, side: int) -> int | None:
        """Return as the how manyth a number was told; as an original, that of the first order of its chain."""
        if number is None:
            return None
        known = self._numbers[side]
        if field == "original_id":
            number = self._roots[side].get(number, number)
        return known.setdefault(number, len(known))

    def _steps(self, kind: type[Model]) -> Mapping[str, Decimal]:
        """Return by how much fields may differ: what one rounds is compared as it rounds."""
        steps: dict[str, Decimal] = {}
        for each in self._tellings:
            for name, step in part_of(each.broker).rounds.get(kind, {}).items():
                steps[name] = max(step, steps.get(name, step))
        return steps


def _roots(models: Sequence[Model]) -> Mapping[str, str]:
    """Return which order a number goes back to: which one of a chain a change names differs."""
    roots: dict[str, str] = {}
    for model in models:
        if isinstance(model, Order) and model.original_id is not None:
            roots[model.id] = roots.get(model.original_id, model.original_id)
    return roots


def refusal(name: str, act: Act, market: str = "KR") -> type[BrokerError]:
    """Return of which class the error is that an act ends in."""
    with opened(name, market) as (broker, sandbox):
        with pytest.raises(BrokerError) as caught:
            act(broker, sandbox)
        assert caught.value.broker == name
        assert caught.value.advice
        return type(caught.value)


def account(broker: Broker, sandbox: Sandbox) -> str:
    """Return the number of the account."""
    return sandbox.face(broker.name).credentials.account


def ground(sandbox: Sandbox) -> Ground:
    """Return what a story trades with in the market that is meant."""
    return GROUNDS[sandbox.exchange.bourse.name]
