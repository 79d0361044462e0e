"""Which refusals prove that an order was not taken: the codes of the adapter's table, and codes that are in none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial

import pytest
from starlette.responses import Response

from brokerkit.errors import InsufficientFunds, MarketClosed, NetworkError, OrderUncertain, Rejected, WireError
from brokerkit.models import Order
from brokerkit.orders.intents import IntentState
from brokerkit.sandbox.face import FaceRefusal, Purpose, ReceivedRequest
from brokerkit.testing.declared import needs
from brokerkit.testing.safety.faults import dearer
from brokerkit.testing.safety.scene import Outcome, SafetyContract, Scene, report

WORDS = "no reason given"
UNLISTED = "ZX81Q"
"""A code that no broker has: neither listed nor of a family of codes."""
DEFINITE = "Look at is_definite() of the client: only codes that the broker's pages prove may be definite."


class PlainRefusal(FaceRefusal):
    """A refusal whose body is known."""

    status = 500

    def __init__(self, body: Mapping[str, object]) -> None:
        self._body = body
        super().__init__(str(body))

    def body(self) -> Mapping[str, object]:
        """Return the answer's body."""
        return self._body


@contextmanager
def refusing(scene: Scene, refusal: FaceRefusal, *, taken: bool) -> Iterator[None]:
    """Refuse orders, amendments and cancellations: some are `taken` before, and stand."""

    def refuse(request: ReceivedRequest) -> Response | None:
        if scene.face.purpose(request.method, request.path, request.headers) is not Purpose.ORDER:
            return None
        if taken:
            scene.face.answer(request)
        return scene.face.refuse(request, refusal)

    scene.face.before = refuse
    try:
        yield
    finally:
        scene.face.before = None


def refused(scene: Scene, code: str, *, taken: bool, symbol: str | None = None) -> Outcome:
    """Send an order that is refused with a code, of a symbol of its own where none is named."""
    symbol = symbol or scene.symbol()
    with refusing(scene, scene.face.refusal_of(code, WORDS), taken=taken):
        return scene.tries(f"code {code!r}", symbol, partial(scene.buy, symbol))


def not_proven(scene: Scene, outcome: Outcome) -> Iterator[str]:
    """Yield what is wrong where a refusal left open what became of an order, which stands."""
    yield from scene.wrongs(outcome)
    if not isinstance(outcome.told, OrderUncertain):
        yield f"{outcome.what} proves nothing, and the order ends with {outcome.told!r}. {DEFINITE}"
    elif outcome.told.intent is None or outcome.told.intent.id not in {each.id for each in scene.broker.unresolved()}:
        yield f"{outcome.what}: the order is uncertain, and no entry of the journal is unresolved."


def proven(scene: Scene, code: str, outcome: Outcome) -> Iterator[str]:
    """Yield what is wrong where a refusal proves that nothing was taken."""
    yield from scene.wrongs(outcome)
    client = scene.broker.client
    kind = client.refusal(code, WORDS)
    expected = Rejected if issubclass(kind, WireError) else kind
    told = outcome.told
    if type(told) is not expected or getattr(told, "code", None) != code:
        yield f"{outcome.what} is {expected.__name__} in the table, and the order ends with {told!r}. Look at check()."
    elif [scene.entry(outcome).state] != [IntentState.REJECTED]:
        yield f"{outcome.what} is definite, and the journal says {scene.entry(outcome).state}."


class CodeContract(SafetyContract):
    """Refusals of orders, code by code."""

    @needs("order")
    def test_every_code_of_the_table_is_definite_only_where_that_can_be(self, quiet: Scene) -> None:
        client, lines, open_ones = quiet.broker.client, [], []
        quiet.buy()
        shared = quiet.symbol()
        for code, kind in client.refusals.items():
            definite = client.is_definite(code)
            if definite and issubclass(kind, NetworkError):
                lines.append(
                    f"code {code!r} is trouble of the server's own, and proves nothing of an order. {DEFINITE}"
                )
            if definite and code in client.token_codes:
                quiet.face.kill_tokens()  # not every broker gives two in a minute
            # What was refused for certain blocks nothing: such codes may all be of one symbol.
            outcome = refused(quiet, code, taken=not definite, symbol=shared if definite else None)
            lines += proven(quiet, code, outcome) if definite else not_proven(quiet, outcome)
            if not definite:
                open_ones.append(outcome)
        quiet.look(2)
        lines += [line for outcome in open_ones for line in quiet.wrong_in_the_end(outcome)]
        assert not lines, report(lines)

    @needs("order")
    def test_a_code_that_nobody_lists_proves_nothing(self, quiet: Scene) -> None:
        quiet.buy()
        outcomes = [refused(quiet, code, taken=True) for code in (UNLISTED, "")]
        lines = [line for outcome in outcomes for line in not_proven(quiet, outcome)]
        quiet.look(2)
        lines += [line for outcome in outcomes for line in quiet.wrong_in_the_end(outcome)]
        assert not lines, report(lines)

    @needs("order")
    def test_a_code_under_which_an_order_may_stand_proves_nothing(self, quiet: Scene) -> None:
        quiet.buy()
        outcomes = [refused(quiet, code, taken=True) for code in sorted(quiet.face.wording.may_stand)]
        lines = [line for outcome in outcomes for line in not_proven(quiet, outcome)]
        quiet.look(2)
        lines += [line for outcome in outcomes for line in quiet.wrong_in_the_end(outcome)]
        assert not lines, report(lines)

    @needs("order")
    def test_trouble_of_the_server_proves_nothing_of_an_order_an_amendment_or_a_cancellation(
        self, quiet: Scene
    ) -> None:
        if not quiet.face.wording.trouble:
            pytest.fail(
                "wording.trouble of the face is missing: a refusal that proves nothing, as the broker writes it."
            )
        outcomes = []
        for what, symbol, call in changes(quiet):
            with refusing(quiet, PlainRefusal(quiet.face.wording.trouble), taken=True):
                outcomes.append(quiet.tries(f"{what} in trouble of the server", symbol, call))
        lines = [line for outcome in outcomes for line in not_proven(quiet, outcome)]
        quiet.look(2)
        lines += [line for outcome in outcomes for line in quiet.wrong_in_the_end(outcome)]
        assert not lines, report(lines)

    @needs("order")
    def test_what_the_broker_has_refused_for_certain_blocks_nothing(self, quiet: Scene) -> None:
        lines: list[str] = []
        symbol, other = quiet.symbol(), quiet.symbol()
        too_many = partial(quiet.broker.buy, symbol, 10**6, price=quiet.price(symbol))
        dear = quiet.tries("too little cash", symbol, too_many)
        quiet.exchange.market_open = False
        late = quiet.tries("market closed", other, partial(quiet.buy, other))
        quiet.exchange.market_open = True
        for outcome, kind in ((dear, InsufficientFunds), (late, MarketClosed)):
            lines += quiet.wrongs(outcome)
            if not isinstance(outcome.told, Rejected) or quiet.entry(outcome).state is not IntentState.REJECTED:
                lines.append(
                    f"{outcome.what}: the broker refused it and nothing stands, and the order ends with "
                    f"{outcome.told!r}, not {kind.__name__}. Is is_definite() never true?"
                )
            after = quiet.tries(f"after {outcome.what}", outcome.symbol, partial(quiet.buy, outcome.symbol))
            if not isinstance(after.told, Order):
                lines.append(f"{outcome.what}: nothing stands, and the next order ends with {after.told!r}.")
        if quiet.broker.unresolved():
            lines.append(
                "A refusal that proves that nothing was placed leaves an unresolved order, which blocks its side."
            )
        assert not lines, report(lines)


def changes(scene: Scene) -> Iterator[tuple[str, str, Callable[[], Order]]]:
    """Yield an order, an amendment and a cancellation, where they are offered, each of a symbol of its own."""
    symbol = scene.symbol()
    yield "an order", symbol, partial(scene.buy, symbol)
    if scene.broker.supports("amend"):
        order = scene.buy()
        yield "an amendment", order.symbol, partial(scene.broker.amend, order, price=dearer(scene, order.symbol))
    if scene.broker.supports("cancel"):
        order = scene.buy()
        yield "a cancellation", order.symbol, partial(scene.broker.cancel, order)
