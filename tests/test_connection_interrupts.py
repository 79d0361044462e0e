"""An interrupt at every line of the transport: the byte counter stays true, and the next call has its own answer."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import brokerkit.transport
from brokerkit.transport import Client
from brokerkit.transport.permits import Permit
from tests.servers import GOOD, ORDER, READ, Exchange, ProbeClient, Server, answer

FOLDER = str(Path(brokerkit.transport.__file__).parent)


class Odd(BaseException):
    """Whatever a library may throw through another one: nothing about it is as it should be."""

    code: Any = object()

    @property
    def reason(self) -> str:
        raise RuntimeError


def exit_with(code: object) -> Callable[[], BaseException]:
    return lambda: SystemExit(code)


INTERRUPTS: dict[str, tuple[Callable[[], BaseException], int]] = {
    "Ctrl-C": (KeyboardInterrupt, 1),
    "exit with a number": (exit_with(1), 17),
    "exit with an object": (exit_with(object()), 17),
    "an odd one": (Odd, 17),
}
"""What is raised, and at every how manieth line."""


class Striker:
    """Raises at the n-th line of the transport that is run, counted from `begin`."""

    def __init__(self, line: int, make: Callable[[], BaseException]) -> None:
        self.left = line
        self.make = make
        self.at: tuple[str, int] | None = None

    def __call__(self, frame: FrameType, event: str, _: object) -> Any:
        if not frame.f_code.co_filename.startswith(FOLDER):
            return None
        return self._trace

    def _trace(self, frame: FrameType, event: str, _: object) -> Any:
        if event != "line" or self.at is not None:
            return self._trace
        self.left -= 1
        if self.left:
            return self._trace
        self.at = (frame.f_code.co_name, frame.f_lineno)
        raise self.make()


def echoed(exchange: Exchange) -> bool:
    number = re.search(rb"number\W+([0-9]+)", exchange.request)
    return exchange.send(answer({**GOOD, "price": number[1].decode() if number else "0"}))


def struck(client: ProbeClient, permit: Permit, number: int, striker: Striker) -> BaseException | None:
    """Send an order that is interrupted; return with what, None if it came to its end before."""
    before = sys.gettrace()
    sys.settrace(striker)
    try:
        with client.sending(permit):
            Client.call(client, ORDER, body={"number": str(number)})
    except BaseException as error:  # noqa: BLE001 - also what nobody should catch
        return error
    finally:
        sys.settrace(before)
    return None


# An interrupt while a connection is closed may leave that to the garbage collector, which complains.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.parametrize("is_kept", [False, True], ids=["new line", "kept line"])
@pytest.mark.parametrize("interrupt", INTERRUPTS)
def test_an_interrupt_at_any_line_leaves_a_true_counter_and_no_answer_for_the_next_call(
    interrupt: str, is_kept: bool
) -> None:
    make, step = INTERRUPTS[interrupt]
    step *= 3 if is_kept else 1
    claims: dict[int, tuple[int | None, object]] = {}
    unsent: set[str] = set()
    with Server(echoed) as server:
        for number in count(1, step):
            with ProbeClient(server.url) as client:
                client.token()
                if is_kept:
                    client.call(READ)
                permit, striker = client.permit(), Striker(number, make)
                error = struck(client, permit, number, striker)
                if striker.at is None:
                    break
                assert type(error) is type(make()), striker.at
                claims[number] = (permit.sent, striker.at)
                if permit.sent == 0 and permit.used:
                    unsent.add(striker.at[0])
                left = getattr(client._threads, "permit", None)
                assert left is None or left.used, striker.at  # none that anybody could use
                later = 10_000 + number
                assert client.call(READ, params={"number": str(later)}).price == later, striker.at
                assert client.call(ORDER, body={"number": str(later)}).price == later, striker.at
    seen = [int(found[1]) for each in server.requests if (found := re.search(rb"number\W+([0-9]+)", each))]
    assert len(claims) > 150 // step
    for number, (sent, at) in claims.items():
        assert seen.count(number) <= 1, at
        assert not (sent == 0 and number in seen), at
        assert not (sent is None and number not in seen and at[0] in ("transmit", "_exchanged", "_get_conn")), at
    assert {"_sent", "transmit", "_exchanged", "send", "begins"} <= unsent if step == 1 else True
