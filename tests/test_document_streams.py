"""What the documents say of streams is compared with the code, and the lines of a README run."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from brokerkit import Broker, GapReason, Stream, get_broker
from brokerkit.asking.inquiries import STREAMS
from brokerkit.market.markets import KOREA, US, Market
from brokerkit.registry import load_broker
from brokerkit.stream.events import Event
from brokerkit.stream.topics import StreamKind

DOCS = Path(__file__).parent.parent / "docs"
PAGES = ("streams.md", "streams.ko.md")
READMES = ("README.md", "README.ko.md")


def text_of(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def rows_in(text: str) -> list[list[str]]:
    lines = [line for line in text.splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def table(page: str, name: str) -> list[list[str]]:
    (found,) = re.findall(rf"<!-- table: {name} -->\n(.*?)<!-- end -->", text_of(page), re.DOTALL)
    return rows_in(found)


def offered(broker: str, kind: StreamKind, environment: str, market: Market = KOREA) -> str:
    """Return the venues of a kind of topic; of one without venues whether it is told."""
    feed = load_broker(broker).feed_kind(market.name)
    assert feed is not None
    if kind is StreamKind.RAW:
        return "yes" if feed.reads_raw() else "—"
    name = "INDEX" if kind is StreamKind.INDEX else market.name
    venues = feed.channels.get((name, kind), {})
    told = [venue for venue, channel in venues.items() if environment in channel.ids]
    named = " ".join(venue for venue in market.venues if venue in told)
    return (named if None not in venues else "yes" if None in told else "") or "—"


@pytest.mark.parametrize("page", PAGES)
def test_the_table_of_topics_in_the_us_is_that_of_the_brokers(page: str) -> None:
    rows = {row[0].strip("`").partition("(")[0]: row[1:] for row in table(page, "streams in the US")}
    assert list(rows) == ["trades", "order_book", "quotes", "orders"]
    for method, told in rows.items():
        kind = STREAMS[f"stream.{method}"]
        assert told == [offered(broker, kind, each, US) for broker in ("kis", "kiwoom") for each in ("real", "demo")]


@pytest.mark.parametrize("page", PAGES)
def test_the_table_of_topics_is_that_of_the_brokers(page: str) -> None:
    rows = table(page, "streams")
    methods = [row[0].strip("`").partition("(")[0] for row in rows]
    assert {f"stream.{method}" for method in methods} == set(STREAMS)
    assert all(callable(getattr(Stream, method)) for method in methods)
    assert [row[1:5] for row in rows] == [
        [
            offered(broker, STREAMS[f"stream.{method}"], each)
            for broker in ("kis", "kiwoom")
            for each in ("real", "demo")
        ]
        for method in methods
    ]


@pytest.mark.parametrize("page", PAGES)
def test_every_event_stands_in_the_table(page: str) -> None:
    assert [row[0].strip("`") for row in table(page, "events")] == [
        *("TradeEvent", "BookEvent", "QuoteEvent", "SessionEvent", "ConditionEvent", "RawEvent", "OrderEvent"),
        *("Gap", "Dropped", "Stopped"),
    ]
    assert {row[0].strip("`") for row in table(page, "events")} == {kind.__name__ for kind in get_args(Event)}


@pytest.mark.parametrize("page", PAGES)
def test_every_reason_of_a_gap_is_told(page: str) -> None:
    (found,) = re.findall(r"\| `reason` \|.*?\n\n", text_of(page), re.DOTALL)
    assert [row[0].strip("`") for row in rows_in(found)[1:]] == [*GapReason]


def test_both_languages_have_the_same_programs() -> None:
    english, korean = (re.findall(r"```python\n(.*?)```", text_of(page), re.DOTALL) for page in PAGES)
    assert [without_comments(block) for block in english] == [without_comments(block) for block in korean]


def without_comments(block: str) -> str:
    return re.sub(r" *#.*", "", block)


@pytest.fixture
def nothing_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("BROKERKIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


class Enough(Exception):
    """The newcomer has seen it."""


@pytest.mark.usefixtures("nothing_configured")
@pytest.mark.parametrize("broker", ["kis", "kiwoom"])
@pytest.mark.parametrize("document", READMES)
def test_three_lines_of_a_readme_print_a_tick(document: str, broker: str) -> None:
    text = (DOCS.parent / document).read_text(encoding="utf-8")
    (block,) = re.findall(r"(?:^    .*\n)*^    .*stream\.trades.*\n(?:^    .*\n)*", text, re.MULTILINE)
    lines = [line.removeprefix("    ") for line in block.splitlines()]
    assert len(lines) == 3
    script = "\n".join(lines).replace('"kis"', f'"{broker}"')
    seen: list[str] = []

    def show(event: Any) -> None:
        seen.append(str(event))
        raise Enough

    with pytest.raises(Enough):
        exec(script, {"get_broker": get_broker, "print": show})  # noqa: S102
    assert re.fullmatch(r"\d\d:\d\d:\d\d (005930|000660) KRX [\d,]+ x [\d,]+ (BUY|SELL)", seen[0])


# Which of them a broker offers, a program can ask


@pytest.fixture(params=["kis", "kiwoom"])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    with get_broker(request.param, environment="sandbox") as broker:
        yield broker


@pytest.mark.usefixtures("nothing_configured")
def test_supports_says_what_the_table_says(broker: Broker) -> None:
    column = {"kis": 1, "kiwoom": 3}[broker.name]
    for row in table("streams.md", "streams"):
        verb = "stream." + row[0].strip("`").partition("(")[0]
        market = "INDEX" if verb == "stream.index" else None
        assert broker.supports(verb, market=market) is (row[column] != "—"), verb
        if row[column] not in ("—", "yes"):
            assert [venue for venue in KOREA.venues if broker.supports(verb, venue=venue)] == row[column].split()
    for row in table("streams.md", "streams in the US"):
        verb = "stream." + row[0].strip("`").partition("(")[0]
        assert broker.supports(verb, market="US") is (row[column] != "—"), verb
        if row[column] not in ("—", "yes"):
            assert [venue for venue in US.venues if broker.supports(verb, venue=venue)] == row[column].split()
