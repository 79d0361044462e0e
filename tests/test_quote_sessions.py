"""Of which session the price of a quote is: told where the clock of the exchange and the answer prove it."""

from __future__ import annotations

import datetime as dt

import pytest

from brokerkit import Broker, Phase, Venue, clock, get_broker
from brokerkit.asking.sessions import session_of
from brokerkit.registry import load_broker
from brokerkit.sandbox import Sandbox

FRIDAY, SUNDAY, CSAT = dt.date(2026, 11, 20), dt.date(2026, 11, 22), dt.date(2026, 11, 19)
KEYS = {"app_key": "k" * 36, "app_secret": "s" * 180, "account": "50012345-01"}


class Told:
    """A reply as far as it matters here."""

    symbol = ""

    def __init__(self, opened: int | None = 70_000) -> None:
        self.open = opened


def at(time: str, day: dt.date = FRIDAY) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.fromisoformat(time), clock.KST)


def session_at(moment: dt.datetime, monkeypatch: pytest.MonkeyPatch) -> Phase | None:
    """Return what is told at a moment of a price at KRX of today."""
    monkeypatch.setattr(clock, "now", lambda: moment)
    kind = load_broker("kis")
    adapter = kind(kind.Settings.model_validate(KEYS), environment="real", remember_token=False)
    inquiries = Broker(adapter, environment="real", durable=False)._inquiries
    phases = inquiries.phases_about_now(inquiries.home(None), Venue.KRX)
    return session_of(Told(), Venue.KRX, phases)  # type: ignore[arg-type]


@pytest.mark.parametrize("time", ["09:01:01", "11:00", "15:19:59", "15:25", "15:31", "15:45", "15:58:59"])
def test_the_price_of_the_day_is_one_of_the_regular_session(time: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert session_at(at(time), monkeypatch) is Phase.REGULAR


@pytest.mark.parametrize(
    "time", ["00:30", "08:10", "08:59:30", "09:00:30", "15:59:30", "16:00:30", "18:00", "20:30", "23:59"]
)
def test_before_the_open_and_in_the_evening_nothing_is_proven(time: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert session_at(at(time), monkeypatch) is None


def test_days_without_trading_with_other_hours_and_of_years_to_come(monkeypatch: pytest.MonkeyPatch) -> None:
    assert session_at(at("11:00", SUNDAY), monkeypatch) is None
    assert session_at(at("09:30", CSAT), monkeypatch) is None
    assert session_at(at("15:59:30", CSAT), monkeypatch) is Phase.REGULAR
    assert session_at(at("11:00", dt.date(2031, 3, 4)), monkeypatch) is None


@pytest.mark.parametrize("venue", [Venue.NXT, Venue.SOR])
def test_at_other_venues_nothing_is_proven(venue: Venue) -> None:
    assert session_of(Told(), venue, {Phase.REGULAR}) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("opened", [None, 0])
def test_of_what_was_not_traded_today_nothing_is_proven(opened: int | None) -> None:
    assert session_of(Told(opened), Venue.KRX, {Phase.REGULAR}) is None  # type: ignore[arg-type]
    assert session_of(object(), Venue.KRX, {Phase.REGULAR}) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["kis", "kiwoom"])
def test_the_clock_of_a_sandbox_in_another_process_is_not_known(name: str) -> None:
    with Sandbox() as here, get_broker(name, environment="sandbox", sandbox=here) as broker:
        assert [quote.session for quote in broker.quotes(["005930", "000660"])] == [Phase.REGULAR] * 2
    with Sandbox() as there:
        face = there.connect(name)
        keys = {"app_key": face.app_key, "app_secret": face.app_secret, "account": face.account}
        with get_broker(name, environment="sandbox", base_url=face.base_url, **keys) as broker:
            assert broker.quote("005930").session is None
