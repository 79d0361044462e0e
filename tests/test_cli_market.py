"""The commands about the whole market: what is listed, rankings, screens."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from brokerkit import Broker, Instrument, InvestorFlowEstimate, Members, Rank, Side, clock, get_broker
from brokerkit.cli import exits, main
from brokerkit.cli.session import Session
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox import sandbox as sandboxes

pytestmark = pytest.mark.usefixtures("nothing_configured")


def week_ago() -> dt.date:
    return clock.today() - dt.timedelta(days=7)


@pytest.fixture(params=["kis", "kiwoom"])
def broker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Broker]:
    with Sandbox() as sandbox, get_broker(request.param, environment="sandbox", sandbox=sandbox) as broker:
        monkeypatch.setattr(sandboxes, "_shared", [sandbox])
        yield broker


class Asked:
    """Runs commands at one broker."""

    def __init__(self, broker: Broker, captured: pytest.CaptureFixture[str]) -> None:
        self._options = ["--broker", broker.name, "--environment", "sandbox"]
        self._captured = captured

    def text(self, *given: str) -> str:
        assert main([*given, *self._options]) == 0, self._captured.readouterr()
        said = self._captured.readouterr()
        assert said.err == ""
        return said.out

    def json(self, *given: str) -> Any:
        return json.loads(self.text(*given, "--json"))

    def rows(self, *given: str) -> list[dict[str, str]]:
        return list(csv.DictReader(self.text(*given, "--csv").splitlines()))

    def complaint(self, *given: str, code: int) -> str:
        assert main([*given, *self._options]) == code
        return self._captured.readouterr().err


@pytest.fixture
def asked(broker: Broker, capsys: pytest.CaptureFixture[str]) -> Asked:
    return Asked(broker, capsys)


# What is listed


def test_a_search_finds_names_and_tells_what_they_are(asked: Asked, broker: Broker) -> None:
    found = broker.search("삼성전자")
    told = [Instrument.model_validate(each) for each in asked.json("instruments", "search", "삼성전자")]
    assert told == list(found)
    head, first, *_ = asked.text("instruments", "search", "삼성전자").splitlines()
    assert head.split()[:4] == ["symbol", "name", "market", "kind"]
    assert first.split()[:4] == ["005930", "삼성전자", "KOSPI", "STOCK"]
    assert [each["symbol"] for each in asked.rows("instruments", "search", "삼성", "-n", "2")] == [
        each.symbol for each in broker.search("삼성", count=2)
    ]
    assert asked.text("instruments", "search", "zzzz") == (
        "Nothing of that is listed. Looked for at home alone; `--market US` looks there.\n"
    )


def test_a_list_is_of_a_market_and_a_kind(asked: Asked, broker: Broker) -> None:
    listed = asked.rows("instruments", "list", "--market", "kospi", "--kind", "etf")
    assert [each["symbol"] for each in listed] == [each.symbol for each in broker.instruments("KOSPI", kind="ETF")]
    assert {(each["market"], each["kind"]) for each in listed} == {("KOSPI", "ETF")}
    assert len(asked.json("instruments", "list")) == len(broker.instruments())


def test_a_symbol_is_shown_with_korean_names_and_one_that_is_not_listed_is_refused(
    asked: Asked, broker: Broker
) -> None:
    assert Instrument.model_validate(asked.json("instruments", "show", "005930")) == broker.instrument("005930")
    shown = asked.text("instruments", "show", "005930")
    assert shown.startswith("005930 삼성전자\n")
    assert "listed shares 상장주식수" in shown
    refused = asked.complaint("instruments", "show", "999999", code=exits.REFUSED)
    assert "999999" in refused
    assert "`brokerkit instruments search`" in refused


def test_advice_is_in_words_of_a_shell(asked: Asked, broker: Broker) -> None:
    refused = asked.complaint("candles", "069500", "--venue", "NXT", code=exits.REFUSED)
    assert "`brokerkit instruments show`" in refused
    if broker.name == "kis":
        assert "-n 30 or fewer" in asked.complaint("rank", "volume", "-n", "50", code=exits.WRONG_USAGE)


def test_states_of_an_instrument_are_words(asked: Asked, broker: Broker) -> None:
    marked = [each for each in broker.instruments() if each.administrative]
    assert marked
    rows = {line[:6]: line for line in asked.text("instruments", "list").splitlines()}
    assert all("administrative" in rows[each.symbol].split() for each in marked)
    assert "administrative" not in rows["005930"]


# Rankings and screens


def test_a_ranking_is_that_of_the_broker_and_leaves_out_what_it_does_not_tell(asked: Asked, broker: Broker) -> None:
    found = broker.rankings("GAINERS", count=5)
    assert [Rank.model_validate(each).symbol for each in asked.json("rank", "gainers", "-n", "5")] == [
        each.symbol for each in found
    ]
    head, *rows = asked.text("rank", "GAINERS", "-n", "5").splitlines()
    assert head.split()[:3] == ["rank", "symbol", "name"]
    assert {"percent", "volume"} <= set(head.split())
    assert "net" not in head.split()
    assert [row.split()[1] for row in rows] == [each.symbol for each in found]
    nets = asked.rows("rank", "foreign_net_buying", "-n", "3")
    assert [each["symbol"] for each in nets] == [each.symbol for each in broker.rankings("FOREIGN_NET_BUYING", count=3)]
    at_kosdaq = {each.symbol for each in broker.instruments("KOSDAQ")}
    assert {each["symbol"] for each in asked.json("rank", "volume", "--market", "kosdaq")} <= at_kosdaq


def test_a_saved_condition_is_listed_and_screened_where_the_broker_has_them(asked: Asked, broker: Broker) -> None:
    if not broker.supports("conditions"):
        assert "does not offer conditions" in asked.complaint("conditions", code=exits.WRONG_USAGE)
        assert "does not offer screen" in asked.complaint("conditions", "x", code=exits.WRONG_USAGE)
        return
    saved = broker.conditions()
    assert [each["name"] for each in asked.rows("conditions")] == [each.name for each in saved]
    found = broker.screen(saved[0])
    assert [each["symbol"] for each in asked.json("conditions", saved[0].name)] == [each.symbol for each in found]
    assert asked.complaint("conditions", "nothing of that name", code=exits.WRONG_USAGE)


def test_members_are_those_of_the_broker(asked: Asked, broker: Broker) -> None:
    found = broker.members("005930")
    assert Members.model_validate(asked.json("members", "005930")) == found
    rows = asked.rows("members", "005930")
    told = [(each["side"], each["code"], each["quantity"]) for each in rows]
    assert told == [
        *(("SELL", each.code, f"{each.quantity:f}") for each in found.sellers),
        *(("BUY", each.code, f"{each.quantity:f}") for each in found.buyers),
    ]


# Investors and programmes


def test_the_flow_of_a_market_of_today_and_of_days_together(asked: Asked, broker: Broker, tmp_path: Path) -> None:
    since = week_ago()  # each day is a call at some brokers
    market = broker.market_investor_flow("KOSPI", since)
    rows = asked.rows("flow", "KOSPI", "--from", str(since))
    assert [each["date"] for each in rows] == [str(each.date) for each in market]
    assert rows[-1]["foreign_net_amount"] == f"{market[-1].foreign.net_amount:f}"
    head, *shown = asked.text("flow", "KOSPI", "--from", str(since)).splitlines()
    assert "close" not in head
    assert len(shown) == len(market)
    estimates = broker.investor_flow_estimates("005930")
    assert [InvestorFlowEstimate.model_validate(each) for each in asked.json("flow", "005930", "--now")] == list(
        estimates
    )
    assert len(asked.text("flow", "005930", "--now").splitlines()) == len(estimates) + 1
    start = market[0].date
    total = broker.investor_flow_total("005930", start)
    assert asked.json("flow", "005930", "--total", "--from", str(start)) == total.model_dump(mode="json")
    assert f"{total.foreign.net_quantity:+,f}" in asked.text("flow", "005930", "--total", "--from", str(start))


def test_the_flow_of_a_market_is_drawn(
    broker: Broker, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ["--from", str(week_ago()), "--broker", broker.name, "--environment", "sandbox"]
    assert main(["flow", "KOSDAQ", "--plot", "market.svg", *options]) == 0
    assert "<!-- KOSDAQ -->" in (tmp_path / "market.svg").read_text(encoding="utf-8")
    monkeypatch.setenv("COLUMNS", "100")
    capsys.readouterr()
    assert main(["flow", "KOSDAQ", "--chart", *options]) == 0
    assert "foreign 외국인" in capsys.readouterr().out


@pytest.mark.parametrize(
    "given",
    [
        ("flow", "005930", "--total"),
        ("flow", "005930", "--now", "--chart"),
        ("flow", "005930", "--now", "--total", "--from", "2026-11-02"),
        ("flow", "KOSPI", "--now"),
        ("programs", "005930", "--rank"),
        ("programs", "KOSPI", "--rank", "--from", "2026-11-02"),
    ],
)
def test_what_does_not_go_together_is_told_before_anything_is_asked(
    given: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "broker", lambda *_: pytest.fail("The broker was asked."))
    assert main([*given, "--broker", "kis", "--environment", "sandbox"]) == exits.WRONG_USAGE
    assert "--" in capsys.readouterr().err


def test_what_investors_and_programmes_bought_most_is_ranked(asked: Asked, broker: Broker) -> None:
    for given, side in (((), Side.BUY), (("--sold",), Side.SELL)):
        told = broker.investor_rankings("FOREIGN", side=side, count=4)
        assert [each["symbol"] for each in asked.rows("bought", "foreign", "-n", "4", *given)] == [
            each.symbol for each in told
        ]
        assert f"{told[0].flow.net_amount:+,f}" in asked.text("bought", "foreign", "-n", "4", *given).splitlines()[1]
    if broker.supports("program_rankings"):
        ranked = broker.program_rankings("KOSPI", count=3)
        assert [each["symbol"] for each in asked.json("programs", "KOSPI", "--rank", "-n", "3")] == [
            each.symbol for each in ranked
        ]
    else:
        assert "program_rankings" in asked.complaint("programs", "KOSPI", "--rank", code=exits.WRONG_USAGE)


def test_programme_trading_tells_arbitrage_of_markets_only(asked: Asked, broker: Broker) -> None:
    of_symbol = asked.text("programs", "005930").splitlines()
    assert "arbitrage" not in of_symbol[0]
    found = broker.program_trading("KOSPI")
    head, *rows = asked.text("programs", "KOSPI").splitlines()
    assert "non arbitrage won" in head
    assert f"{found[-1].arbitrage.net_amount:+,f}" in rows[-1].split()
    assert [each["date"] for each in asked.json("programs", "KOSPI")] == [str(each.date) for each in found]
