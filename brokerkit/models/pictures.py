"""Candles and flows as pictures. Matplotlib is imported when one is drawn; it needs no screen for that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO
from itertools import accumulate
from os import PathLike, fspath
from pathlib import Path
from typing import Any, NamedTuple

from brokerkit.errors import InvalidRequest
from brokerkit.models.columns import PRICES
from brokerkit.models.frames import needed

RISE, FALL = "#d32f2f", "#1565c0"
"""Korean screens show gains in red and losses in blue."""
INVESTORS = {"individual": "#2e7d32", "foreign": "#ef6c00", "institution": "#6a1b9a"}
EACH_DRAWN = 400
"""So many candles have a body each; of more a picture has the line of their closes, for a body would have no width."""
_NONE = "No picture was made."
DOTS = 120
"""An inch."""
DAYS = ("1d", "1w", "1mo", "1y")
KOREAN = {
    "price": "가격",
    "close": "종가",
    "volume": "거래량",
    "won": "원",
    "dollars": "달러",
    "million won": "백만 원",
    "shares": "주",
    "adjusted": "수정주가",
    "net buying": "순매수",
    "summed": "누적",
    "individual": "개인",
    "foreign": "외국인",
    "institution": "기관계",
    "tick": "틱",
    **{f"{minutes}m": f"{minutes}분봉" for minutes in (1, 3, 5, 10, 15, 30, 60)},
    "1d": "일봉",
    "1w": "주봉",
    "1mo": "월봉",
    "1y": "년봉",
}
"""Labels, and what Korean screens say instead."""
UNITS = {"KRW": "won", "USD": "dollars"}
FONTS = (
    *("Noto Sans CJK KR", "Noto Sans KR", "Pretendard", "NanumGothic", "NanumBarunGothic", "UnDotum", "Baekmuk Dotum"),
    *("Malgun Gothic", "Apple SD Gothic Neo", "AppleGothic"),
)
"""Fonts with Korean letters: those of Linux, of Windows, of macOS."""


class Labels(NamedTuple):
    """The language of a picture, and its font; without one that has Korean letters it is English."""

    font: Any = None

    def __call__(self, words: str) -> str:
        """Return words as the picture has them."""
        return words if self.font is None else KOREAN.get(words, words)

    def of(self, words: str, unit: str) -> str:
        """Return the label of an axis."""
        return f"{self(words)} ({self(unit)})" if unit else self(words)


def check_picture(path: str | PathLike[str]) -> None:
    """Raise InvalidRequest where the ending of a path names no kind of picture. Nothing is written."""
    if Path(path).suffix.lstrip(".").lower() not in _figure().canvas.get_supported_filetypes():
        raise InvalidRequest(f"{fspath(path)!r:.200} names no kind of picture.", advice="End it in .png, .svg or .pdf.")


class Picture:
    """Something drawn. A notebook shows it as the last line of a cell."""

    def __init__(self, figure: Any) -> None:
        self.figure = figure
        """The figure of matplotlib, to change what you like before it is saved."""

    def save(self, path: str | PathLike[str]) -> None:
        """Write it to a file, whose ending names the kind."""
        check_picture(path)
        self.figure.savefig(fspath(path), dpi=DOTS)

    def _repr_png_(self) -> bytes:
        buffer = BytesIO()
        self.figure.savefig(buffer, format="png", dpi=DOTS)
        return buffer.getvalue()


def plotted(draw: Callable[[], Picture], path: str | PathLike[str] | None) -> Picture:
    """Draw, and write the picture where a path is given; one that names no kind of picture is told first."""
    if path is not None:
        check_picture(path)
    picture = draw()
    if path is not None:
        picture.save(path)
    return picture


def draw_candles(candles: Any, *, korean: bool) -> Picture:
    """Draw candles: prices above, volume below."""
    if not candles:
        raise InvalidRequest("There are no candles to draw.", advice=_NONE)
    labels, figure = _labels(korean), _figure(figsize=(11, 6))
    prices, volumes = figure.subplots(2, sharex=True, height_ratios=(3, 1))
    told = candles.columns()
    opened, high, low, close = ([each / 10**candles.scale for each in told[name]] for name in PRICES)
    places = range(len(candles))
    if len(candles) > EACH_DRAWN:
        prices.plot(close, color="black", linewidth=0.8)
        volumes.fill_between(places, told["volume"], step="mid", color="gray", linewidth=0)
    else:
        colours = [RISE if last >= first else FALL for first, last in zip(opened, close, strict=True)]
        bodies = [abs(last - first) for first, last in zip(opened, close, strict=True)]
        prices.vlines(places, low, high, colours, linewidth=0.8)
        # A candle that ends where it began has no height, and is seen by its edge.
        prices.bar(places, bodies, 0.7, list(map(min, opened, close)), color=colours, edgecolor=colours, linewidth=0.6)
        volumes.bar(places, list(told["volume"]), 0.7, color=colours)
    adjusted = f" ({labels('adjusted')})" if candles.adjusted else ""
    title = f"{candles.symbol} {candles.venue} {labels(candles.interval.value)}{adjusted}"
    prices.set_title(title, fontproperties=labels.font)
    unit = UNITS.get(candles.currency, candles.currency or "")
    prices.set_ylabel(labels.of("price", unit), fontproperties=labels.font)
    volumes.set_ylabel(labels.of("volume", "shares"), fontproperties=labels.font)
    shape = "%Y-%m-%d" if candles.interval.value in DAYS else "%m-%d %H:%M"
    return _finished(figure, lambda at: f"{candles[at].time:{shape}}", len(candles))


def draw_flow(rows: Sequence[Any], *, korean: bool) -> Picture:
    """Draw who bought and sold: the close, what each bought net a day, and summed from the first day.

    In shares, or in million won where shares are not told. A market has no close.
    """
    unit, told = _nets(rows)
    closes = [getattr(row, "close", None) for row in rows]
    labels, figure = _labels(korean), _figure(figsize=(11, 8))
    panels = list(figure.subplots(3 if any(closes) else 2, sharex=True))
    panels[0].set_title(getattr(rows[0], "symbol", None) or rows[0].market)
    if any(closes):
        prices = panels.pop(0)
        prices.plot([None if close is None else float(close) for close in closes], color="black", marker=".")
        prices.set_ylabel(labels.of("close", "won"), fontproperties=labels.font)
    daily, summed = panels
    for place, (name, nets) in enumerate(told.items()):
        at = [day + (place - (len(told) - 1) / 2) * 0.25 for day in range(len(rows))]
        daily.bar(at, nets, 0.25, color=INVESTORS[name], label=labels(name))
        summed.plot(list(accumulate(nets)), color=INVESTORS[name], marker=".")
    for axes in panels:
        axes.axhline(0, color="black", linewidth=0.5)
    daily.set_ylabel(labels.of("net buying", unit), fontproperties=labels.font)
    summed.set_ylabel(f"{labels.of('net buying', unit)}, {labels('summed')}", fontproperties=labels.font)
    daily.legend(prop=labels.font, ncols=len(told), loc="upper left")  # "best" warns on a loaded machine
    return _finished(figure, lambda at: f"{rows[at].date}", len(rows))


def _nets(rows: Sequence[Any]) -> tuple[str, dict[str, list[float]]]:
    """Return what each group bought net, and the unit of it; a day on which that is not told counts as none."""
    for unit, field, size in (("shares", "net_quantity", 1), ("million won", "net_amount", 1_000_000)):
        told = {name: [getattr(getattr(row, name), field) for row in rows] for name in INVESTORS}
        told = {name: nets for name, nets in told.items() if any(net is not None for net in nets)}
        if told:
            return unit, {name: [float(net or 0) / size for net in nets] for name, nets in told.items()}
    raise InvalidRequest("There is no flow to draw.", advice=_NONE)


def _figure(**given: Any) -> Any:
    """Return an empty figure. Those of pyplot would be kept by it, and could need a screen."""

    def made() -> Any:
        from matplotlib.figure import Figure

        return Figure(layout="constrained", **given)

    return needed("matplotlib", made, extra="plot")


def _labels(korean: bool) -> Labels:
    return Labels(_korean_font() if korean else None)


def _korean_font() -> Any:
    """Return the first font here with Korean letters, None without any: others would show boxes."""
    from matplotlib import font_manager

    known = {each.name: each.fname for each in font_manager.fontManager.ttflist}
    for name in FONTS:
        if name in known and font_manager.get_font(known[name]).get_char_index(ord("가")):
            return font_manager.FontProperties(fname=known[name])
    return None


def _finished(figure: Any, time_at: Callable[[int], str], count: int) -> Picture:
    """Let the axes tell times and whole numbers."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    for axes in figure.axes:
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
        axes.grid(alpha=0.3)
    # Places and not times: there is no gap where the market is closed.
    last = figure.axes[-1].xaxis
    last.set_major_locator(MaxNLocator(nbins=8, integer=True))
    last.set_major_formatter(FuncFormatter(lambda at, _: time_at(round(at)) if 0 <= at <= count - 1 else ""))
    return Picture(figure)
