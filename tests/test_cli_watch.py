"""`brokerkit watch` over the sandbox: a table at a terminal, lines in a pipe, and how it ends."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokerkit import Venue, clock, get_broker
from brokerkit.cli import exits, main, watching
from brokerkit.cli.printing import Printer
from brokerkit.cli.watching import Lines, moment_of, row_of, seconds_of
from brokerkit.sandbox import Sandbox
from brokerkit.stream.events import BookEvent, Dropped, TradeEvent
from brokerkit.stream.topics import StreamKind, Topic
from tests import forks
from tests.program import BROKERS, CTRL_C, Program, write_profiles

Until = Callable[[str], bool]
FOREVER = ("watch", "005930", "--trades")
NOW = dt.datetime(2026, 11, 20, 10, 0, tzinfo=clock.KST)


@pytest.fixture
def box() -> Iterator[Sandbox]:
    with Sandbox(lively=True) as sandbox:
        yield sandbox


@pytest.fixture
def environment(box: Sandbox, tmp_path: Path) -> dict[str, str]:
    return write_profiles(box, tmp_path)


@pytest.fixture
def configured(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


class Piped:
    """The command as another program starts it: it writes into a pipe."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []

    def until(self, wanted: Until) -> str:
        """Read lines until one is as wanted, and return it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if wanted(self.lines[-1]):
                return self.lines[-1]
        raise AssertionError(f"it ended with {self.process.wait()} after {self.lines}: {self.process.communicate()[1]}")

    def interrupted(self) -> tuple[int, str]:
        """Press Ctrl-C, and return the exit code and what it complained of."""
        self.process.send_signal(signal.SIGINT)
        errors = self.process.communicate(timeout=30)[1]
        return self.process.returncode, errors


@contextmanager
def piped(environment: dict[str, str], *arguments: str) -> Iterator[Piped]:
    variables = {**os.environ, **environment}
    process = forks.Popen([*arguments], env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        yield Piped(process)
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def is_trade(line: str) -> bool:
    return " x " in line


def cut(box: Sandbox, broker: str) -> None:
    """Break the lines that a broker's clients have."""
    for line in [*box.face(broker).stream.lines]:
        line.cut()


# Lines


@pytest.mark.parametrize("broker", BROKERS)
def test_a_pipe_gets_a_line_an_event_until_it_is_interrupted(broker: str, environment: dict[str, str]) -> None:
    with piped(environment, *FOREVER, "--broker", broker) as program:
        words = program.until(is_trade).split()
        assert words[1:3] == ["005930", "KRX"]
        assert Decimal(words[3].replace(",", "")) > 0
        code, complaint = program.interrupted()
    assert code == exits.INTERRUPTED
    assert complaint.endswith("brokerkit: interrupted.\n")


@pytest.mark.parametrize("broker", BROKERS)
def test_programs_get_an_object_a_line(broker: str, environment: dict[str, str]) -> None:
    with piped(environment, "watch", "005930", "INDEX:KOSPI", "--book", "--json", "--broker", broker) as program:
        book = json.loads(program.until(lambda line: "BookEvent" in line))
        index = json.loads(program.until(lambda line: "QuoteEvent" in line))
    assert list(book) == ["event", *BookEvent._fields]
    assert (book["symbol"], book["venue"], book["expected_price"]) == ("005930", "KRX", None)
    assert all(Decimal(text) > 0 for level in book["asks"] for text in level)
    assert dt.datetime.fromisoformat(book["received_at"]).utcoffset() == dt.timedelta(hours=9)
    assert index["symbol"] == "INDEX:KOSPI"


def test_a_channel_of_the_broker_is_watched_by_its_own_name(environment: dict[str, str]) -> None:
    with piped(environment, "watch", "--raw", "H0STNAV0", "069500", "--broker", "kis") as program:
        line = program.until(lambda line: "NAV=" in line)
    assert line.split()[1:4] == ["H0STNAV0", "069500", "MKSC_SHRN_ISCD=069500"]
    with piped(environment, "watch", "--raw", "etfetn/etf_nav_trend", "069500", "--json", "--broker", "kis") as program:
        told = json.loads(program.until(lambda line: "RawEvent" in line))
    assert list(told) == ["event", "channel", "key", "received_at", "fields"]
    assert (told["channel"], told["fields"]["MKSC_SHRN_ISCD"], len(told["fields"])) == ("H0STNAV0", "069500", 8)


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["watch"], 2, "a channel with --raw"),
        (["watch", "--raw", "H0STNAV0", "069500", "--book"], 2, "--raw takes no other word"),
        (["watch", "--raw", "H0STNAV0", "069500", "--venue", "NXT"], 2, "--raw takes no other word"),
        (["watch", "--raw", "H0STNAV0"], 2, "needs a key"),
        (["watch", "--raw", "H0STNAV"], 2, "H0STNAV0"),
        (["watch", "--raw", "FHKST01010100", "005930"], 2, "broker.call"),
    ],
)
def test_a_channel_that_cannot_be_watched_is_said(
    arguments: list[str], code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--broker", "kis"]) == code
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("broker", BROKERS)
def test_a_gap_is_shown_and_then_it_goes_on(broker: str, box: Sandbox, environment: dict[str, str]) -> None:
    with piped(environment, *FOREVER, "--json", "--broker", broker) as program:
        program.until(lambda line: "TradeEvent" in line)
        cut(box, broker)
        gap = json.loads(program.until(lambda line: '"Gap"' in line and '"until": null' not in line))
        program.until(lambda line: "TradeEvent" in line)
    assert gap["topics"] == [{"kind": "TRADES", "symbol": "005930", "venue": "KRX", "channel": ""}]
    assert gap["reason"] == "DISCONNECTED"


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("broker", BROKERS)
def test_own_orders_are_shown_whoever_sends_them(broker: str, environment: dict[str, str]) -> None:
    with piped(environment, "watch", "orders", "005930", "--trades", "--broker", broker) as program:
        program.until(is_trade)  # all is followed by now
        with get_broker(broker) as other:
            order = other.buy("005930", 3, price=other.order_book("005930").asks[-1].price)
        accepted = program.until(lambda line: "ACCEPTED" in line)
        filled = program.until(lambda line: "FILLED" in line)
    assert f"order {order.id} BUY 3 at" in accepted
    assert f"order {order.id} BUY 3 at" in filled
    assert filled.endswith("left 0")


def test_what_was_dropped_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    dropped = Dropped(Topic(StreamKind.TRADES, "005930", Venue.KRX), 12, NOW)
    Lines(Printer(as_json=False)).show(dropped)
    Lines(Printer(as_json=True)).show(dropped)
    line, told = capsys.readouterr().out.splitlines()
    assert line == "10:00:00 dropped 12: TRADES 005930 KRX"
    assert json.loads(told) == {
        "event": "Dropped",
        "topic": {"kind": "TRADES", "symbol": "005930", "venue": "KRX", "channel": ""},
        "number": 12,
        "received_at": "2026-11-20T10:00:00+09:00",
    }


def test_a_pipe_that_is_closed_ends_it_quietly(environment: dict[str, str]) -> None:
    with piped(environment, *FOREVER, "--broker", "kis") as program:
        program.until(is_trade)
        assert program.process.stdout is not None
        program.process.stdout.close()
        assert program.process.wait(timeout=60) == exits.NOT_SHOWN
        assert program.process.stderr is not None
        assert program.process.stderr.read() == ""


# At a terminal


@pytest.mark.parametrize("broker", BROKERS)
def test_a_terminal_gets_a_table_and_what_happens_above_it(
    broker: str, box: Sandbox, environment: dict[str, str]
) -> None:
    with Program("watch", "005930", "INDEX:KOSPI", "--broker", broker, environment=environment) as program:
        for shown in ("percent", "005930 ", "INDEX:KOSPI "):
            program.shows(shown)
        cut(box, broker)
        program.shows(" gap from ")
        program.types(CTRL_C)
        assert program.ends() == exits.INTERRUPTED
    assert program.screen.endswith("brokerkit: interrupted.\n")
    assert "\x1b[?25h" in program.screen  # the cursor is there again


@pytest.mark.parametrize("broker", BROKERS)
def test_a_terminal_has_prices_before_anything_comes(broker: str, tmp_path: Path) -> None:
    with Sandbox() as quiet:
        price = quiet.exchange.quote("005930").price
        environment = write_profiles(quiet, tmp_path)
        with Program("watch", "005930", "--broker", broker, environment=environment) as program:
            program.shows("삼성전자")
            program.shows(f"{price:,}")
            program.types(CTRL_C)
            assert program.ends() == exits.INTERRUPTED


def test_a_terminal_is_told_of_a_symbol_that_the_broker_follows_though_it_does_not_exist(
    environment: dict[str, str],
) -> None:
    with Program("watch", "005930", "999999", "--broker", "kiwoom", environment=environment) as program:
        program.shows("999999: ")
        program.shows("005930 ")
        program.types(CTRL_C)
        assert program.ends() == exits.INTERRUPTED


def test_a_book_at_a_terminal_shows_the_best_of_both_sides(environment: dict[str, str]) -> None:
    arguments = ("watch", "005930", "--book", "--trades", "--broker", "kis")
    with Program(*arguments, environment=environment) as program:
        program.shows("offered")
        program.shows(" x ")
        program.types(CTRL_C)
        assert program.ends() == exits.INTERRUPTED


def test_a_row_of_a_book_without_a_side_has_none() -> None:
    book = BookEvent("005930", Venue.KRX, None, NOW, (), ((Decimal(70000), Decimal(5)),))
    row = row_of(book)
    assert (row["wanted"], row["bid"], row["ask"], row["offered"]) == (5, 70000, None, None)
    assert row["time"] == NOW.time()


# How it ends, and what is written down


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("broker", BROKERS)
def test_it_ends_when_the_time_is_over(broker: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*FOREVER, "--duration", "0.2s", "--broker", broker]) == exits.DONE
    assert "brokerkit:" not in capsys.readouterr().err


@pytest.mark.usefixtures("configured")
def test_it_ends_at_a_time_of_the_day(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    now = NOW.replace(hour=15, minute=29, second=59, microsecond=800_000)
    monkeypatch.setattr(watching.clock, "now", lambda: now)
    assert main([*FOREVER, "--until", "15:30", "--broker", "kis"]) == exits.DONE
    assert capsys.readouterr().err.startswith("Until 2026-11-20 15:30:00 in Korea.\n")


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("broker", BROKERS)
def test_what_came_is_written_down_and_can_be_played_back(
    broker: str, environment: dict[str, str], tmp_path: Path
) -> None:
    path = tmp_path / "trades.jsonl"
    with piped(environment, *FOREVER, "--record", str(path), "--broker", broker) as program:
        shown = program.until(is_trade)
        assert program.interrupted()[0] == exits.INTERRUPTED
    with get_broker(broker) as other, other.stream() as stream:
        played = list(stream.replay(path))
    assert shown in [str(event) for event in played if isinstance(event, TradeEvent)]


@pytest.mark.usefixtures("configured")
def test_a_symbol_that_there_is_not_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "005930", "999999", "--broker", "kis", "--json"]) == exits.REFUSED
    assert json.loads(capsys.readouterr().err)["error"] == "UnknownSymbol"


WRONG: dict[str, tuple[str, ...]] = {
    "of symbols, and none was named": ("orders", "--book"),
    "give one of them": ("005930", "--duration", "5", "--until", "15:30"),
    "is no span of time": ("005930", "--duration", "soon"),
    "is no time of the day": ("005930", "--until", "25:00"),
    "'1530' is no time of the day": ("005930", "--until", "1530"),
}


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("words", WRONG)
def test_wrong_usage_says_what_is_right(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", *WRONG[words], "--broker", "kis"]) == exits.WRONG_USAGE
    assert words in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(("text", "seconds"), [("90", 90), ("0.5s", 0.5), ("15m", 900), ("2h", 7200)])
def test_a_span_of_time_has_units(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(
    ("text", "day", "time"), [("15:30", 20, dt.time(15, 30)), ("10:00", 21, dt.time(10)), ("09:00:30", 21, None)]
)
def test_a_time_is_the_next_one(text: str, day: int, time: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching.clock, "now", lambda: NOW)
    assert moment_of(text) == dt.datetime.combine(dt.date(2026, 11, day), time or dt.time(9, 0, 30), clock.KST)
