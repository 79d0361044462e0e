"""Ctrl-C around an order: what is said, the exit code, and what the exchange has."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from brokerkit.cli import exits, main
from brokerkit.cli.sending import HELD
from brokerkit.errors import MAY_STAND, NOT_SENT
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import ExchangeOrder
from brokerkit.sandbox.face import ReceivedRequest
from tests.program import BROKERS, CTRL_C, CTRL_D, Program, is_order, orders_at, write_profiles

BUY = ("buy", "005930", "10", "--price", "60000", "--broker")


class Hold:
    """Keeps a face from answering the requests that are meant, until they are released."""

    def __init__(self, box: Sandbox, broker: str, meant: Callable[[ReceivedRequest], bool]) -> None:
        self.came = threading.Event()
        self.released = threading.Event()
        self._meant = meant
        self._face = box.face(broker)
        self._face.before = self._wait

    def _wait(self, request: ReceivedRequest) -> None:
        if self._meant(request):
            self.came.set()
            self.released.wait(30)

    def ends(self) -> None:
        """Let the face answer, and from now on at once."""
        self._face.before = None
        self.released.set()


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def environment(box: Sandbox, tmp_path: Path) -> dict[str, str]:
    return write_profiles(box, tmp_path)


@pytest.fixture
def configured(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def hold(box: Sandbox) -> Iterator[Callable[..., Hold]]:
    held: list[Hold] = []

    def begin(broker: str, meant: Callable[[ReceivedRequest], bool] = is_order) -> Hold:
        held.append(Hold(box, broker, meant))
        return held[-1]

    yield begin
    for each in held:
        each.ends()


@pytest.mark.parametrize("broker", BROKERS)
def test_after_the_first_interrupt_the_outcome_is_still_told(
    broker: str, box: Sandbox, environment: dict[str, str], hold: Callable[..., Hold]
) -> None:
    order = hold(broker)
    with Program(*BUY, broker, "--yes", environment=environment) as program:
        assert order.came.wait(20)
        program.types(CTRL_C)
        program.shows(HELD)
        order.ends()
        assert program.ends() == exits.DONE
    placed = orders_at(box, broker)
    assert len(placed) == 1
    assert str(placed[-1].number) in program.screen
    assert "PENDING" in program.screen


@pytest.mark.parametrize("broker", BROKERS)
def test_after_the_second_interrupt_the_order_may_stand(
    broker: str, box: Sandbox, environment: dict[str, str], hold: Callable[..., Hold]
) -> None:
    order = hold(broker)
    with Program(*BUY, broker, "--yes", environment=environment) as program:
        assert order.came.wait(20)
        program.types(CTRL_C)
        program.shows(HELD)
        program.types(CTRL_C)
        assert program.ends() == exits.UNCERTAIN
    assert MAY_STAND in program.screen
    order.ends()
    assert len(placed_in_the_end(box, broker)) == 1


def test_an_interrupt_at_the_question_sends_nothing(box: Sandbox, environment: dict[str, str]) -> None:
    with Program(*BUY, "kis", environment=environment) as program:
        program.shows("Send it? [y/N]")
        program.types(CTRL_C)
        assert program.ends() == exits.INTERRUPTED
    assert NOT_SENT in program.screen
    assert HELD not in program.screen
    assert not orders_at(box, "kis")


@pytest.mark.parametrize("left", [CTRL_C, CTRL_D])
def test_an_interrupt_at_a_question_of_config_writes_nothing(left: str, tmp_path: Path) -> None:
    own = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path / "config"), "BROKERKIT_CONFIG": ""}
    with Program("config", "init", environment=own) as program:
        program.shows("Broker (kis, kiwoom)")
        program.types("kis\n")
        program.shows("Environment (sandbox, demo, real)")
        assert program.is_left_by(left) == exits.INTERRUPTED
    assert "\nbrokerkit: interrupted. Nothing of this was written." in program.screen
    assert not (tmp_path / "config").exists()


def test_an_interrupt_before_the_question_sends_nothing(
    box: Sandbox, environment: dict[str, str], hold: Callable[..., Hold]
) -> None:
    quote = hold("kis", lambda request: request.path.endswith("inquire-price"))
    with Program(*BUY, "kis", environment=environment) as program:
        assert quote.came.wait(20)
        program.types(CTRL_C)
        assert program.ends() == exits.INTERRUPTED
    assert NOT_SENT in program.screen
    assert "Send it?" not in program.screen
    assert not orders_at(box, "kis")


def test_interrupts_while_the_account_is_asked_for_leave_no_order(
    box: Sandbox, environment: dict[str, str], hold: Callable[..., Hold]
) -> None:
    account = hold("kiwoom", lambda request: request.headers.get("api-id") == "ka00001")
    with Program(*BUY, "kiwoom", "--yes", environment=environment) as program:
        assert account.came.wait(20)
        program.types(CTRL_C)
        program.shows(HELD)
        program.types(CTRL_C)
        assert program.ends() == exits.INTERRUPTED
    assert NOT_SENT in program.screen
    assert MAY_STAND not in program.screen
    account.ends()
    assert not orders_at(box, "kiwoom")


@pytest.mark.usefixtures("configured")
def test_a_cancellation_is_held_like_an_order(
    box: Sandbox, environment: dict[str, str], hold: Callable[..., Hold]
) -> None:
    assert main([*BUY, "kis", "--yes"]) == exits.DONE
    number = str(orders_at(box, "kis")[-1].number)
    cancellation = hold("kis")
    with Program("cancel", number, "--broker", "kis", "--yes", environment=environment) as program:
        assert cancellation.came.wait(20)
        program.types(CTRL_C)
        program.shows(HELD)
        cancellation.ends()
        assert program.ends() == exits.DONE
    assert orders_at(box, "kis")[-1].action == "CANCEL"


def test_a_program_started_with_interrupts_off_keeps_them_off(
    box: Sandbox, environment: dict[str, str], hold: Callable[..., Hold]
) -> None:
    order = hold("kis")
    code = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); "
        "os.execv(sys.executable, [sys.executable, '-m', 'brokerkit', *sys.argv[1:]])"
    )
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-c", code, *BUY, "kis", "--yes"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert order.came.wait(20)
    process.send_signal(signal.SIGINT)
    order.ends()
    _, errors = process.communicate(timeout=20)
    assert process.returncode == exits.DONE
    assert HELD.encode() not in errors


@pytest.mark.usefixtures("configured")
def test_afterwards_interrupts_are_what_they_were() -> None:
    before = signal.getsignal(signal.SIGINT)
    assert main([*BUY, "kis", "--yes"]) == exits.DONE
    assert main(["sell", "000660", "1", "--type", "MARKET", "--broker", "kis", "--yes"]) == exits.REFUSED
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.usefixtures("configured")
def test_beside_the_main_thread_interrupts_are_left_alone() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(main, [*BUY, "kis", "--yes"]).result(timeout=20) == exits.DONE


def placed_in_the_end(box: Sandbox, broker: str) -> Sequence[ExchangeOrder]:
    """Wait for the order that the face still works on, and return all there are then."""
    deadline = time.monotonic() + 10
    while not orders_at(box, broker) and time.monotonic() < deadline:
        time.sleep(0.01)
    return orders_at(box, broker)
