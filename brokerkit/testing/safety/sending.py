"""How orders leave: written down before their first byte, as orders, and one request each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from brokerkit.errors import Blocked, BrokerError, Unsupported
from brokerkit.models import Order
from brokerkit.orders.intents import Intent, IntentState
from brokerkit.orders.journal import Journal
from brokerkit.sandbox.face import FaceAnswer, Purpose, ReceivedRequest
from brokerkit.testing.declared import needs
from brokerkit.testing.inside import Calls, journal_of, watched_calls
from brokerkit.testing.safety.faults import dearer
from brokerkit.testing.safety.scene import GETS_LOST, GETS_THROUGH, ONCE, SafetyContract, Scene, report
from brokerkit.transport import Block, Effect, Endpoint

AROUND = (
    "Orders leave by client.call(endpoint, ...) with an endpoint of Effect.ORDER, and by no other way: "
    "what goes round the client is neither written down nor counted."
)
ENDS = (GETS_THROUGH, GETS_LOST, "processed_then_fin", "html_200", "http_502", "http_500_unlisted")
"""How the line or the answer of an order may break so that an adapter is tempted to send it again."""


@dataclass
class Arrivals:
    """What the server saw of one call of an order verb."""

    writing: list[Intent] = field(default_factory=list)
    """What the journal on the disk said was being sent when a request for an order came."""
    changes: list[Effect | None] = field(default_factory=list)
    """What each request that changed the orders of the account went out as."""
    requests: int = 0
    """Requests for orders."""


@contextmanager
def watched(scene: Scene, calls: Calls) -> Iterator[Arrivals]:
    """Look at the journal and at the exchange whenever a request comes."""
    seen, answer, path = Arrivals(), scene.face.answer, journal_of(scene.broker).path

    def look(request: ReceivedRequest) -> FaceAnswer:
        before = scene.rows()
        is_order = scene.face.purpose(request.method, request.path, request.headers) is Purpose.ORDER
        seen.requests += is_order
        sending = Journal(path).in_states({IntentState.SENDING}) if path else ()
        try:
            return answer(request)
        finally:
            changed = list(scene.rows()) != list(before)
            if changed:
                seen.changes.append(calls.effect)
            if changed or is_order:
                seen.writing.extend(sending)

    scene.face.answer = look  # type: ignore[method-assign]
    try:
        yield seen
    finally:
        scene.face.answer = answer  # type: ignore[method-assign]


def verbs(scene: Scene) -> Iterator[tuple[str, Callable[[], Order]]]:
    """Yield a call of each order verb that is offered, after what it needs has been done."""
    buys = scene.symbol()
    yield "buy", partial(scene.buy, buys)
    held = scene.symbol()
    scene.exchange.give_holding(scene.account, held, Decimal(5), Decimal(5_000))
    yield "sell", partial(scene.broker.sell, held, 1, price=scene.dear(held))
    if scene.broker.supports("amend"):
        order = scene.buy()
        yield "amend", partial(scene.broker.amend, order, price=dearer(scene, order.symbol))
    if scene.broker.supports("cancel"):
        yield "cancel", partial(scene.broker.cancel, scene.buy())
        yield "cancel a part", partial(scene.broker.cancel, scene.buy(), quantity=1)


class SendingContract(SafetyContract):
    """The way of an order from the journal to the broker."""

    @needs("order")
    def test_an_order_is_in_the_journal_on_the_disk_before_its_first_byte(self, stored: Scene) -> None:
        lines = []
        with watched_calls(stored.broker) as calls:
            for verb, call in verbs(stored):
                with watched(stored, calls) as seen:
                    if not offered(call):
                        continue
                if not seen.writing:
                    lines.append(f"{verb}: the request came before the journal on the disk said SENDING. {AROUND}")
        assert not lines, report(lines)

    @needs("order")
    def test_what_changes_orders_goes_out_as_an_order_and_in_one_request(self, stored: Scene) -> None:
        lines = []
        with watched_calls(stored.broker) as calls:
            for verb, call in verbs(stored):
                with watched(stored, calls) as seen:
                    if not offered(call):
                        continue
                for effect in seen.changes:
                    if effect is not Effect.ORDER:
                        lines.append(
                            f"{verb}: a request that changed orders went out round the client. {AROUND}"
                            if effect is None
                            else f"{verb}: a request that changed orders went out as {effect}. {AROUND}"
                        )
                if (changed := len(seen.changes)) != 1 or seen.requests > 1:
                    lines.append(
                        f"{verb}: {seen.requests} requests for orders, of which {changed} changed something. {ONCE}"
                    )
        assert not lines, report(lines)

    @needs("order")
    def test_the_calls_of_orders_are_refused_to_whatever_is_no_order(self, scene: Scene) -> None:
        paths: dict[tuple[str, str], str] = {}
        for verb, call in verbs(scene):
            seen = len(scene.face.requests)
            if offered(call):
                for request in scene.face.requests[seen:]:
                    if scene.face.purpose(request.method, request.path, request.headers) is Purpose.ORDER:
                        paths.setdefault((request.method, request.path), verb)
        lines, environment = list[str](), scene.part.environment
        for (method, path), verb in paths.items():
            arrived = len(scene.face.requests)
            outcome: object = None
            try:
                scene.broker.client.call(Endpoint({environment: "raw"}, path, Block, method), body={})
            except BrokerError as error:
                outcome = error
            if not isinstance(outcome, Blocked) or len(scene.face.requests) != arrived:
                lines.append(
                    f"{verb}: {method} {path} as a question is not refused before it is sent ({outcome!r}). "
                    "order_calls of the client is the pattern of the calls that move orders."
                )
        assert not lines, report(lines)

    @needs("order")
    def test_an_order_is_asked_for_once_however_its_answer_ends(self, scene: Scene) -> None:
        lines: list[str] = []
        with watched_calls(scene.broker) as calls:
            for kind in ("", *ENDS):
                symbol, before = scene.symbol(), calls.orders
                call = partial(scene.buy, symbol)
                outcome = scene.meets(kind, symbol, call) if kind else scene.tries("no fault", symbol, call)
                lines += scene.wrongs(outcome)
                if not kind and not isinstance(outcome.told, Order):
                    lines.append(f"no fault: the order raises {outcome.told!r}.")
                if calls.orders - before > 1:
                    lines.append(f"{kind or 'no fault'}: the adapter asks {calls.orders - before} times. {ONCE}")
        assert not lines, report(lines)


def offered(call: Callable[[], Order]) -> bool:
    """Make a call, and say whether the broker offers it."""
    try:
        call()
    except Unsupported:
        return False
    return True
