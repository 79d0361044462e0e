"""The day's copy of what is listed: asked for once a day, shared by processes, never too old without a word."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import SecretStr

from brokerkit import Instrument, SecurityType, Segment, clock, get_broker
from brokerkit.asking import copies
from brokerkit.asking.copies import Copies, Copy
from brokerkit.asking.listing import Index, reckoned
from brokerkit.broker import Broker
from brokerkit.errors import BrokerError, InvalidRequest, NetworkError, RateLimited, UnknownSymbol, WireError
from brokerkit.market.markets import KOREA
from brokerkit.sandbox import Sandbox

MORNING = dt.datetime(2026, 11, 25, 9, tzinfo=clock.KST)
SAMSUNG = Instrument(symbol="005930", name="삼성전자", currency="KRW", kind=SecurityType.STOCK)


class World:
    """A clock, and a broker that is asked for its list."""

    def __init__(self, path: Path | None, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = MORNING
        self.seconds = 1000.0
        self.asked = 0
        self.fails: BrokerError | None = None
        self.path = path
        monkeypatch.setattr(clock, "now", lambda: self.now)
        monkeypatch.setattr(copies.time, "monotonic", lambda: self.seconds)

    def copies(self) -> Copies:
        """Return what a process has."""
        return Copies(self.path, "fake", self.ask)

    def ask(self) -> Copy:
        self.asked += 1
        if self.fails is not None:
            raise self.fails
        return Copy(broker="fake", taken_at=self.now, instruments=(SAMSUNG,), passed_over=("F70100026",))


@pytest.fixture(params=["kept", "in memory"])
def world(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path / "instruments" / "fake.json" if request.param == "kept" else None, monkeypatch)


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return World(tmp_path / "instruments" / "fake.json", monkeypatch)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=clock.KST)


@pytest.mark.parametrize(
    ("taken", "now", "asks"),
    [
        ("2026-11-25T09:00", "2026-11-25T23:59", False),
        ("2026-11-25T09:00", "2026-11-26T08:09", False),
        ("2026-11-25T09:00", "2026-11-26T08:10", True),
        ("2026-11-25T08:09", "2026-11-25T08:11", True),
        ("2026-11-25T00:05", "2026-11-25T08:00", False),
        ("2026-11-25T09:00", "2026-11-25T08:58", True),  # the clock was set back: nobody knows which day it is of
    ],
)
def test_the_broker_is_asked_again_from_ten_past_eight_on(taken: str, now: str, asks: bool, world: World) -> None:
    mine = world.copies()
    world.now = at(taken)
    mine.current()
    world.now = at(now)
    mine.current()
    assert world.asked == 1 + asks


def test_a_copy_of_yesterday_is_told_with_a_warning_where_the_broker_cannot_be_asked(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    mine = world.copies()
    mine.current()
    for days, error in ((1, NetworkError("the line is down")), (7, RateLimited("too fast"))):
        world.now, world.fails = MORNING + dt.timedelta(days=days), error
        world.seconds += 3600
        with caplog.at_level(logging.WARNING, logger="brokerkit"):
            stale = mine.current()
        assert (stale.taken_at, stale.is_of_today()) == (MORNING, False)
        assert "2026-11-25 09:00" in caplog.messages[-1]
        assert error.message in caplog.messages[-1]
    asked = world.asked
    assert mine.current() == stale
    assert world.asked == asked  # a broker that could not be asked is left alone for a minute
    world.seconds, world.fails = world.seconds + 61, None
    assert mine.current().is_of_today()


def test_a_copy_of_more_than_a_week_is_an_error_that_says_so(world: World) -> None:
    mine = world.copies()
    mine.current()
    world.now, world.fails = MORNING + dt.timedelta(days=7, seconds=1), NetworkError("the line is down")
    with pytest.raises(NetworkError) as down:
        mine.current()
    assert down.value.advice is not None
    assert "2026-11-25 is too old" in down.value.advice
    assert mine.known() is None


def test_a_list_that_is_wrong_is_an_error_whatever_there_was_before(world: World) -> None:
    mine = world.copies()
    mine.current()
    world.now, world.fails = MORNING + dt.timedelta(days=1), WireError("the file is cut")
    with pytest.raises(WireError, match="the file is cut"):
        mine.current()
    assert (known := mine.known()) is not None
    assert known.taken_at == MORNING


def test_another_process_reads_the_copy(kept: World) -> None:
    kept.copies().current()
    other = kept.copies()
    assert other.known() == other.current()
    assert other.current().instruments == (SAMSUNG,)
    assert other.current().passed_over == ("F70100026",)
    assert kept.asked == 1


def test_what_is_known_never_asks(world: World) -> None:
    mine = world.copies()
    assert mine.known() is None
    assert world.asked == 0
    world.copies().current()  # of another process
    world.seconds += copies.PAUSE_SECONDS
    assert (mine.known() is None) is (world.path is None)
    assert world.asked == 1


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="this system has no rights of files")
def test_the_copy_is_a_private_file(kept: World) -> None:
    kept.copies().current()
    assert kept.path is not None
    assert {stat.S_IMODE(each.stat().st_mode) for each in kept.path.parent.iterdir()} == {0o600}
    assert stat.S_IMODE(kept.path.parent.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-40],
        lambda text: "",
        lambda text: text.replace('"format":1', '"format":2'),
        lambda text: text.replace('"fake"', '"another"'),
        lambda text: text.replace("005930", "0059\\ud830"),
    ],
)
def test_a_copy_that_is_cut_or_of_another_broker_is_made_anew(spoil: Callable[[str], str], kept: World) -> None:
    kept.copies().current()
    assert kept.path is not None
    kept.path.write_text(spoil(kept.path.read_text(encoding="utf-8")), encoding="utf-8")
    assert kept.copies().current().instruments == (SAMSUNG,)
    assert kept.asked == 2
    assert json.loads(kept.path.read_text(encoding="utf-8"))["broker"] == "fake"


def test_threads_and_processes_that_come_together_ask_once(kept: World) -> None:
    together = threading.Barrier(6)

    def come(mine: Copies) -> Copy:
        together.wait(30)
        return mine.current()

    shared = kept.copies()
    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(come, [shared, shared, shared, *(kept.copies() for _ in range(3))]))
    assert all(copy.instruments == (SAMSUNG,) for copy in told)
    assert kept.asked == 1


def test_a_folder_that_cannot_be_written_is_told(kept: World, tmp_path: Path) -> None:
    (tmp_path / "instruments").write_text("a file")
    with pytest.raises(BrokerError, match="folder of the instruments"):
        kept.copies().current()


# What is reckoned, and what is found


def instrument(symbol: str = "111110", name: str = "모의", **fields: object) -> Instrument:
    usual: dict[str, object] = {
        "market": Segment.KOSPI,
        "kind": SecurityType.STOCK,
        "listed_on": dt.date(2000, 1, 4),
        "base_price": 9_980,
        "liquidation": False,
    }
    return Instrument.model_validate({"symbol": symbol, "name": name, "currency": "KRW", **usual, **fields})


@pytest.mark.parametrize(
    ("fields", "limits"),
    [
        ({}, (6_990, 12_970)),
        ({"kind": SecurityType.REIT}, (6_990, 12_970)),
        ({"market": Segment.KONEX}, (8_490, 11_470)),
        ({"kind": SecurityType.ETF, "leverage": 1}, (6_990, 12_970)),
        ({"kind": SecurityType.ETF, "leverage": -2, "base_price": 1_985}, (794, 3_175)),
        ({"kind": SecurityType.ETF}, (None, None)),
        ({"kind": SecurityType.ELW}, (None, None)),
        ({"kind": None}, (None, None)),
        ({"liquidation": True}, (None, None)),
        ({"liquidation": None}, (None, None)),
        ({"listed_on": None}, (None, None)),
        ({"listed_on": clock.today()}, (None, None)),
        ({"base_price": 3}, (None, None)),
        ({"base_price": None}, (None, None)),
        ({"market": None}, (None, None)),
    ],
)
def test_limits_are_reckoned_where_the_rules_tell_them(
    fields: dict[str, object], limits: tuple[int | None, int | None]
) -> None:
    found = reckoned(instrument(**fields), KOREA)
    assert (found.get("lower_limit"), found.get("upper_limit")) == limits


def test_the_tick_goes_by_the_kind() -> None:
    assert reckoned(instrument(), KOREA)["tick"] == 10
    assert reckoned(instrument(kind=SecurityType.ETN), KOREA)["tick"] == 5
    assert reckoned(instrument(kind=None), KOREA) == {}


@pytest.fixture
def index() -> Index:
    rows = (
        instrument("005935", "삼성전자우", listed_shares=800, base_price=57_400),
        instrument("005930", "삼성전자", listed_shares=5_900, base_price=70_000),
        instrument("000810", "삼성화재", listed_shares=40, base_price=432_000),
        instrument("122630", "KODEX 레버리지"),
        instrument("0126Z0", "삼성에피스홀딩스", listed_shares=None),
        instrument("035900", "JYP Ent."),
    )
    return Index(Copy(broker="fake", taken_at=MORNING, instruments=rows))


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("삼성", ["005930", "005935", "000810", "0126Z0"]),
        ("삼성전자", ["005930", "005935"]),
        (" 삼성 전자 ", ["005930", "005935"]),
        ("kodex레버", ["122630"]),
        ("레버리지", ["122630"]),
        ("jyp ent", ["035900"]),
        ("005930", ["005930"]),
        ("0059", ["005930", "005935"]),
        ("0126z0", ["0126Z0"]),
        ("ㅅㅅㅈㅈ", ["005930", "005935"]),
        ("ㅎㅈ", ["000810"]),
        ("", []),
        ("  ", []),
        ("없는 이름", []),
    ],
)
def test_names_codes_and_initials_are_found_the_best_fit_first(text: str, symbols: list[str], index: Index) -> None:
    assert [each.symbol for each in index.find(text)] == symbols


# At a sandbox


@pytest.fixture(params=["kis", "kiwoom"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


def connected(name: str, sandbox: Sandbox) -> Broker:
    """Return a broker that knows the sandbox as a server of another process, so that it keeps files."""
    line = sandbox.connect(name)
    return get_broker(
        name,
        environment="sandbox",
        base_url=line.base_url,
        account=line.account,
        app_key=SecretStr(line.app_key),
        app_secret=SecretStr(line.app_secret),
    )


PROGRAM = """
import os
from brokerkit import get_broker
broker = get_broker(os.environ["NAME"], environment="sandbox", base_url=os.environ["URL"])
print(broker.instrument("005930").name, len(broker.instruments()), broker.search("KODEX")[0].kind)
"""


def test_a_program_that_starts_later_reads_the_copy(name: str, sandbox: Sandbox) -> None:
    with connected(name, sandbox) as first:
        listed = first.instruments()
    face = sandbox.face(name)
    seen = len(face.requests)
    line = sandbox.connect(name)
    keys = {"app_key": line.app_key, "app_secret": line.app_secret, "account": line.account}
    variables = {f"BROKERKIT_{name}_{key}".upper(): value for key, value in keys.items()}
    done = subprocess.run(  # noqa: S603
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, **variables, "NAME": name, "URL": line.base_url, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
    )
    assert done.stdout.split() == ["삼성전자", str(len(listed)), "ETF"], done.stderr
    assert face.requests[seen:] == []


def test_quotes_have_names_from_the_copy_and_never_ask_for_it(sandbox: Sandbox) -> None:
    face = sandbox.face("kis")
    with connected("kis", sandbox) as broker:
        assert broker.quote("005930").name is None
    assert not any("master" in each.path for each in face.requests)
    with connected("kis", sandbox) as broker:
        broker.instruments()
    with connected("kis", sandbox) as later:
        quote, many = later.quote("005930"), later.quotes(["005930", "069500"])
    assert quote.name == "삼성전자"
    assert [each.name for each in many] == ["삼성전자", "KODEX 200"]


def test_what_a_fund_is_needs_no_question_where_the_copy_tells_it(name: str, sandbox: Sandbox) -> None:
    with connected(name, sandbox) as broker:
        broker.instruments()
        seen = len(sandbox.face(name).requests)
        assert broker.round_price("069500", 35_003, side="BUY") == 35_000
        assert broker.round_price("395400", 4_733, side="SELL") == 4_735
        assert len(sandbox.face(name).requests) == seen


def test_another_sandbox_has_another_copy(name: str) -> None:
    for seed in (1, 2):
        with Sandbox(seed=seed) as sandbox, connected(name, sandbox) as broker:
            told = broker.instrument("005930").listed_shares
            assert told == sandbox.exchange.instruments["005930"].listed_shares


def test_a_verb_takes_an_instrument_where_it_takes_a_symbol(name: str, sandbox: Sandbox) -> None:
    with get_broker(name, environment="sandbox", sandbox=sandbox) as broker:
        samsung = broker.instrument("005930")
        assert broker.instrument(samsung) == samsung
        assert broker.quote(samsung).symbol == broker.quotes([samsung])[0].symbol == "005930"
        assert broker.order_book(samsung).symbol == broker.investor_flow(samsung)[0].symbol == "005930"
        assert broker.candles(samsung, count=2).symbol == "005930"
        assert broker.round_price(samsung, 70_049, side="BUY") == 70_000
        order = broker.buy(samsung, 1, price=samsung.lower_limit)
        assert broker.sellable_quantity(samsung) == 0
        assert broker.buying_power(samsung, price=samsung.base_price).symbol == "005930"
        assert [each.id for each in broker.order_history(clock.today(), symbol=samsung)] == [order.id]


def test_instruments_say_of_when_they_are_and_pass_over_what_is_no_symbol(name: str, sandbox: Sandbox) -> None:
    with get_broker(name, environment="sandbox", sandbox=sandbox) as broker:
        told = broker.instruments(kind="STOCK")
        assert told.taken_at is not None
        assert told.taken_at.utcoffset() == dt.timedelta(hours=9)
        assert not told.is_stale
        assert list(told.passed_over) == (["F70100026"] if name == "kis" else [])
        assert broker.search("삼성").taken_at == told.taken_at
        with pytest.raises(UnknownSymbol, match="does not list 999999"):
            broker.instrument("999999")
        for wrong in ("NASDQ", 5):
            with pytest.raises(InvalidRequest, match="KOSPI, KOSDAQ, KONEX"):
                broker.instruments(wrong)  # type: ignore[arg-type]
