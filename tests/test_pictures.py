"""Candles and flows as pictures: of the numbers that they have, with labels that the fonts here can show."""

from __future__ import annotations

import datetime as dt
import re
import string
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from matplotlib.colors import to_rgb
from matplotlib.image import imread

from brokerkit import (
    Broker,
    Candles,
    ConfigError,
    Flow,
    Interval,
    InvalidRequest,
    InvestorFlow,
    Quote,
    Table,
    Venue,
    get_broker,
)
from brokerkit.models import pictures
from brokerkit.models.pictures import FALL, INVESTORS, RISE
from brokerkit.sandbox import Sandbox


@pytest.fixture(scope="module")
def broker() -> Iterator[Broker]:
    with Sandbox() as sandbox, get_broker("kiwoom", environment="sandbox", sandbox=sandbox) as broker:
        yield broker


@pytest.fixture(scope="module")
def candles(broker: Broker) -> Candles:
    return broker.candles("005930", count=450)


@pytest.fixture(scope="module")
def flow(broker: Broker) -> Table[InvestorFlow]:
    return broker.investor_flow("005930")


def words_of(picture: Path) -> set[str]:
    """Return the texts of an SVG: letters are outlines in it, and what they spell stands beside them."""
    return set(re.findall(r"<!-- (.*?) -->", picture.read_text(encoding="utf-8")))


def colours_of(picture: Path) -> dict[str, int]:
    """Return how many points of a picture have each of our colours."""
    points = imread(picture)[..., :3]
    named = (RISE, FALL, *INVESTORS.values(), "#000000")
    return {name: int((abs(points - to_rgb(name)).max(axis=-1) < 0.01).sum()) for name in named}


def test_candles_that_rise_are_red_and_those_that_fall_are_blue(candles: Candles, tmp_path: Path) -> None:
    picture = tmp_path / "candles.png"
    rising = next(at for at, each in enumerate(candles) if each.close > each.open)
    falling = next(at for at, each in enumerate(candles) if each.close < each.open)
    for at, seen, unseen in ((rising, RISE, FALL), (falling, FALL, RISE)):
        candles[at : at + 1].plot(picture)
        colours = colours_of(picture)
        assert colours[seen] > 1_000
        assert colours[unseen] == 0


def test_a_picture_names_symbol_venue_interval_and_days(candles: Candles, tmp_path: Path) -> None:
    picture = tmp_path / "candles.svg"
    candles[-5:].plot(str(picture))
    words = words_of(picture)
    assert {"005930 KRX 1d (adjusted)", "price (won)", "volume (shares)"} <= words
    assert {f"{each.time:%Y-%m-%d}" for each in candles[-5:]} <= words


def test_a_notebook_shows_what_is_drawn_and_it_can_be_changed_before_it_is_saved(
    candles: Candles, tmp_path: Path
) -> None:
    picture = candles[-5:].plot()
    assert picture._repr_png_().startswith(b"\x89PNG")
    picture.figure.axes[0].set_title("mine")
    picture.save(tmp_path / "mine.svg")
    assert "mine" in words_of(tmp_path / "mine.svg")
    with pytest.raises(InvalidRequest, match="no kind of picture"):
        picture.save(tmp_path / "mine.xls")


def test_many_candles_are_a_line_of_closes(candles: Candles, tmp_path: Path) -> None:
    assert len(candles) > pictures.EACH_DRAWN
    candles.plot(tmp_path / "many.png")
    colours = colours_of(tmp_path / "many.png")
    assert colours[RISE] == colours[FALL] == 0
    assert colours["#000000"] > 1_000


def test_a_flow_has_the_colours_of_all_investors_that_are_told(flow: Table[InvestorFlow], tmp_path: Path) -> None:
    flow.plot(tmp_path / "flow.png")
    assert min(colours_of(tmp_path / "flow.png").values()) == 0  # neither rise nor fall
    assert all(colours_of(tmp_path / "flow.png")[colour] > 300 for colour in INVESTORS.values())
    flow.plot(tmp_path / "flow.svg")
    assert {"005930", "close (won)", "net buying (shares)", *INVESTORS} <= words_of(tmp_path / "flow.svg")
    foreign = [
        InvestorFlow(symbol="005930", date=dt.date(2026, 11, day), final=True, foreign=Flow(net_quantity=net))
        for day, net in ((25, Decimal(-7)), (26, None), (27, Decimal(9)))
    ]
    Table(InvestorFlow, foreign).plot(tmp_path / "foreign.svg")
    assert words_of(tmp_path / "foreign.svg").isdisjoint({"individual", "institution"})


def test_a_flow_without_shares_is_drawn_in_won(tmp_path: Path) -> None:
    amounts = [
        InvestorFlow(symbol="005930", date=dt.date(2026, 11, day), final=True, foreign=Flow(net_amount=Decimal(net)))
        for day, net in ((25, -7_000_000), (26, 9_000_000))
    ]
    Table(InvestorFlow, amounts).plot(tmp_path / "won.svg")
    words = words_of(tmp_path / "won.svg")
    assert "net buying (million won)" in words
    assert "close (won)" not in words  # nobody told it
    assert {"2026-11-25", "2026-11-26"} <= words


def test_without_a_font_that_has_the_letters_labels_are_english(
    candles: Candles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "FONTS", ("DejaVu Sans", "No Such Font"))  # the first one is here, without Hangul
    candles[-5:].plot(tmp_path / "candles.svg", korean=True)  # a box in place of a letter would be a warning
    assert "price (won)" in words_of(tmp_path / "candles.svg")


def font_with(letters: str, path: Path) -> None:
    """Write a font in which each letter is a square."""
    pen = TTGlyphPen(None)
    for number, corner in enumerate(((0, 0), (500, 0), (500, 500), (0, 500))):
        (pen.lineTo if number else pen.moveTo)(corner)
    pen.closePath()
    square = pen.glyph()
    builder = FontBuilder(1000)
    names = [".notdef", *(f"u{ord(letter)}" for letter in letters)]
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(letter): f"u{ord(letter)}" for letter in letters})
    builder.setupGlyf(dict.fromkeys(names, square))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (600, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Squares", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)


def test_with_a_font_that_has_the_letters_labels_are_korean(
    candles: Candles, flow: Table[InvestorFlow], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = "".join(sorted({*"".join(pictures.KOREAN.values()), "가", *string.ascii_letters, *string.digits, *"() ,:"}))
    font_with(ours, tmp_path / "squares.ttf")
    manager = font_manager.FontManager.__new__(font_manager.FontManager)
    manager.__dict__.update(font_manager.fontManager.__dict__)
    squares = font_manager.FontEntry(fname=str(tmp_path / "squares.ttf"), name="Squares")
    manager.ttflist = [*font_manager.fontManager.ttflist, squares]
    monkeypatch.setattr(font_manager, "fontManager", manager)
    monkeypatch.setattr(pictures, "FONTS", ("No Such Font", "Squares"))
    candles[-5:].plot(tmp_path / "candles.svg", korean=True)
    assert {"005930 KRX 일봉 (수정주가)", "가격 (원)", "거래량 (주)"} <= words_of(tmp_path / "candles.svg")
    flow.plot(tmp_path / "flow.svg", korean=True)
    assert {"개인", "외국인", "기관계", "종가 (원)"} <= words_of(tmp_path / "flow.svg")
    flow.plot(tmp_path / "flow.svg")
    assert "individual" in words_of(tmp_path / "flow.svg")


def test_what_cannot_be_drawn_is_said_and_nothing_is_written(candles: Candles, tmp_path: Path) -> None:
    quotes = Table(Quote, [Quote(symbol="005930", venue=Venue.KRX, currency="KRW", price=Decimal(1))])
    silent = Table(InvestorFlow, [InvestorFlow(symbol="005930", date=dt.date(2026, 11, 25), final=True)])
    for found, name, words in (
        (candles, "candles.xls", "no kind of picture"),
        (candles, "candles", "no kind of picture"),
        (candles[:0], "none.png", "no candles"),
        (quotes, "quotes.png", "1 × Quote"),
        (silent, "silent.png", "no flow"),
        (silent[:0], "nothing.png", "0 × InvestorFlow"),
    ):
        with pytest.raises(InvalidRequest, match=words) as caught:
            found.plot(tmp_path / name)
        assert "sent" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    assert candles.interval is Interval.DAY


def test_without_matplotlib_the_extra_is_named(
    candles: Candles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ConfigError, match=r"needs matplotlib.*\.\[plot\]"):
        candles.plot(tmp_path / "candles.png")
