"""Indices: ka20001 (the present value), ka20005 (minutes), ka20006, ka20007, ka20008, ka20019 (days and longer)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import accumulate, groupby, islice

from brokerkit.models import Quote
from brokerkit.sandbox.days import HISTORY
from brokerkit.sandbox.exchange import Candle

from .candles import merged
from .common import Branch, Content, Listing
from .fields import day
from .numbers import directed, percent_of, sign_code, signed, signed_rate, whole
from .refusals import unknown_symbol

_THOUSAND = Decimal(1_000)
_MILLION = Decimal(1_000_000)
_WEEKS = dt.timedelta(weeks=52)
_A_DAY = 24 * 60

SECTORS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "0": {
        "001": ("INDEX:KOSPI", "종합(KOSPI)"),
        "002": ("INDEX:KOSPI-LARGE", "대형주"),
        "003": ("INDEX:KOSPI-MEDIUM", "중형주"),
        "004": ("INDEX:KOSPI-SMALL", "소형주"),
        "005": ("INDEX:KOSPI-FOOD", "음식료/담배"),
        "006": ("INDEX:KOSPI-TEXTILES", "섬유/의류"),
        "007": ("INDEX:KOSPI-PAPER", "종이/목재"),
        "008": ("INDEX:KOSPI-CHEMICALS", "화학"),
        "009": ("INDEX:KOSPI-MEDICINE", "제약"),
        "010": ("INDEX:KOSPI-MINERALS", "비금속"),
        "011": ("INDEX:KOSPI-METALS", "금속"),
        "012": ("INDEX:KOSPI-MACHINERY", "기계/장비"),
        "013": ("INDEX:KOSPI-ELECTRONICS", "전기/전자"),
        "014": ("INDEX:KOSPI-INSTRUMENTS", "의료/정밀기기"),
        "015": ("INDEX:KOSPI-VEHICLES", "운송장비/부품"),
        "016": ("INDEX:KOSPI-RETAIL", "유통"),
        "017": ("INDEX:KOSPI-UTILITIES", "전기/가스"),
        "018": ("INDEX:KOSPI-CONSTRUCTION", "건설"),
        "019": ("INDEX:KOSPI-TRANSPORT", "운송/창고"),
        "020": ("INDEX:KOSPI-TELECOM", "통신"),
        "021": ("INDEX:KOSPI-FINANCE", "금융"),
        "024": ("INDEX:KOSPI-SECURITIES", "증권"),
        "025": ("INDEX:KOSPI-INSURANCE", "보험"),
        "026": ("INDEX:KOSPI-SERVICES", "일반서비스"),
        "027": ("INDEX:KOSPI-INDUSTRY", "제조"),
    },
    "1": {"101": ("INDEX:KOSDAQ", "종합(KOSDAQ)")},
    "2": {"201": ("INDEX:KOSPI200", "KOSPI200")},
}
"""By market, code to the index of the exchange and its name here, as far as they are known for certain."""
INDEX_OF = {code: symbol for market in SECTORS.values() for code, (symbol, _) in market.items()} | {
    "150": "INDEX:KOSDAQ150"
}
"""Charts ask for no market: that of KOSDAQ 150 is not known."""


def value(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka20001: the present value, and what it was at each minute of today."""
    found = SECTORS.get(fields["mrkt_tp"], {}).get(fields["inds_cd"])
    if found is None:
        raise unknown_symbol(fields["inds_cd"])  # how another market than the code's is answered is not known
    symbol = found[0]
    quote = branch.exchange.indices.quote(symbol)
    rows = list(reversed(_minutes(branch, symbol, quote)))
    head = {**present(quote), **counts(branch, symbol), **_extremes(branch, symbol, quote)}
    return Listing("inds_cur_prc_tm", list(enumerate(rows)), lambda row: row, head)


def present(quote: Quote) -> dict[str, str]:
    """Return the present figures of an index."""
    base = quote.previous_close or quote.price
    return {
        "cur_prc": _directed(quote.price, base),
        "pred_pre_sig": sign_code(quote.price, base),
        "pred_pre": signed_rate(quote.price - base),
        "flu_rt": signed_rate(quote.change_percent or Decimal(0)),
        "trde_qty": _thousands(quote.volume),
        "trde_prica": whole((quote.turnover or Decimal(0)) // _MILLION),
        "open_pric": _directed(quote.open, base),
        "high_pric": _directed(quote.high, base),
        "low_pric": _directed(quote.low, base),
    }


def counts(branch: Branch, symbol: str) -> dict[str, str]:
    """Return how many of its shares were traded, and which way they went."""
    quotes = [branch.exchange.quote(share) for share in branch.exchange.indices.shares(symbol)]
    ways = [sign_code(each.price, each.previous_close or each.price, _limits(each)) for each in quotes]
    traded = sum(1 for each in quotes if each.volume)
    names = {"upl": "1", "rising": "2", "stdns": "3", "fall": "5", "lst": "4"}
    return {
        "trde_frmatn_stk_num": str(traded),
        "trde_frmatn_rt": signed_rate(percent_of(Decimal(traded), Decimal(len(quotes)))),
        **{name: str(ways.count(code)) for name, code in names.items()},
    }


def _limits(quote: Quote) -> tuple[Decimal, Decimal] | None:
    return None if quote.lower_limit is None or quote.upper_limit is None else (quote.lower_limit, quote.upper_limit)


def _extremes(branch: Branch, symbol: str, quote: Quote) -> dict[str, str]:
    since = branch.exchange.today - _WEEKS
    days = [each for each in branch.exchange.indices.daily_candles(symbol) if each.time.date() > since]
    base = quote.previous_close or quote.price
    highest, lowest = max(days, key=lambda each: each.high), min(days, key=lambda each: each.low)
    told: dict[str, str] = {}
    for name, extreme, its_day in (("hgst", highest.high, highest.time), ("lwst", lowest.low, lowest.time)):
        told |= {
            f"52wk_{name}_pric": _directed(extreme, base),
            f"52wk_{name}_pric_dt": f"{its_day:%Y%m%d}",
            f"52wk_{name}_pric_pre_rt": signed_rate(percent_of(quote.price - extreme, extreme)),
        }
    return told


def _minutes(branch: Branch, symbol: str, quote: Quote) -> list[dict[str, str]]:
    minutes = branch.exchange.indices.minutes(symbol, branch.exchange.today)
    base = quote.previous_close or quote.price
    return [
        {
            "tm_n": f"{each.time:%H%M%S}",
            "cur_prc_n": _directed(each.close, base),
            "pred_pre_sig_n": sign_code(each.close, base),
            "pred_pre_n": signed_rate(each.close - base),
            "flu_rt_n": signed_rate(percent_of(each.close - base, base)),
            "trde_qty_n": _thousands(each.volume),
            "acc_trde_qty_n": _thousands(volume),
        }
        for each, volume in zip(minutes, accumulate(each.volume for each in minutes), strict=True)
    ]


def daily(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka20006: a row a day from `base_dt` back, values a hundredfold."""
    return _chart(branch, fields, "inds_dt_pole_qry", lambda date: date.toordinal())


def weekly(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka20007."""
    return _chart(branch, fields, "inds_stk_pole_qry", lambda date: date.isocalendar()[:2])


def monthly(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka20008."""
    return _chart(branch, fields, "inds_mth_pole_qry", lambda date: (date.year, date.month))


def yearly(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka20019."""
    return _chart(branch, fields, "inds_yr_pole_qry", lambda date: date.year)


def _chart(branch: Branch, fields: Mapping[str, str], name: str, period: Callable[[dt.date], object]) -> Content:
    symbol = INDEX_OF.get(fields["inds_cd"])
    if symbol is None:
        raise unknown_symbol(fields["inds_cd"])
    until = day(fields["base_dt"])
    days = branch.exchange.indices.daily_candles(symbol, days=HISTORY)
    known = [each for each in days if each.time.date() <= until]
    bars = [merged(list(group)) for _, group in groupby(known, lambda each: period(each.time.date()))]
    numbered = [(each.time.date().toordinal(), each) for each in reversed(bars)]
    return Listing(name, numbered, _row, {"inds_cd": fields["inds_cd"]}, descending=True)


@dataclass(frozen=True)
class MinuteChart:
    """A page of bars of an index, the newest first. Only the days of the page are made."""

    branch: Branch
    symbol: str
    code: str
    scope: int
    until: dt.date

    def page(self, size: int, after: int | None) -> tuple[dict[str, object], int | None]:
        """Return one page behind the bar numbered `after`, and the number to go on from if there is more."""
        found = list(islice(self._bars(after), size + 1))
        last = found[size - 1][0] if len(found) > size else None
        return {"inds_cd": self.code, "inds_min_pole_qry": [row for _, row in found[:size]]}, last

    def _bars(self, after: int | None) -> Iterator[tuple[int, dict[str, str]]]:
        exchange = self.branch.exchange
        days = exchange.indices.daily_candles(self.symbol)
        for before, candle in zip(days[-2::-1], days[:0:-1], strict=True):
            date = candle.time.date()
            if date > self.until or (after is not None and date.toordinal() > after // _A_DAY):
                continue
            minutes = exchange.indices.minutes(self.symbol, date)
            volumes = list(accumulate(each.volume for each in minutes))
            groups = groupby(zip(minutes, volumes, strict=True), key=lambda each: _minute(each[0].time) // self.scope)
            for start, group in reversed([(start, list(group)) for start, group in groups]):
                number = date.toordinal() * _A_DAY + start * self.scope
                if after is None or number < after:
                    bar = replace(merged([each for each, _ in group]), time=_at(date, start * self.scope))
                    yield number, _minute_row(bar, before.close, group[-1][1])


def minutes(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka20005 from a day back: values a hundredfold, with the sign of their direction. A year of them."""
    symbol = INDEX_OF.get(fields["inds_cd"])
    if symbol is None:
        raise unknown_symbol(fields["inds_cd"])
    until = day(fields["base_dt"]) if fields["base_dt"] else branch.exchange.today
    return MinuteChart(branch, symbol, fields["inds_cd"], int(fields["tic_scope"]), until)


def _minute(time: dt.datetime) -> int:
    return time.hour * 60 + time.minute


def _at(date: dt.date, minute: int) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(minute // 60, minute % 60))


def _minute_row(bar: Candle, base: Decimal, volume: Decimal) -> dict[str, str]:
    def shown(points: Decimal) -> str:
        return directed(points * 100, base * 100)

    return {
        "cur_prc": shown(bar.close),
        "trde_qty": _thousands(bar.volume),
        "cntr_tm": f"{bar.time:%Y%m%d%H%M%S}",
        "open_pric": shown(bar.open),
        "high_pric": shown(bar.high),
        "low_pric": shown(bar.low),
        "acc_trde_qty": _thousands(volume),
        "pred_pre": signed((bar.close - base) * 100),
        "pred_pre_sig": sign_code(bar.close, base),
    }


def _row(candle: Candle) -> dict[str, str]:
    return {
        "cur_prc": _hundredfold(candle.close),
        "trde_qty": _thousands(candle.volume),
        "dt": f"{candle.time:%Y%m%d}",
        "open_pric": _hundredfold(candle.open),
        "high_pric": _hundredfold(candle.high),
        "low_pric": _hundredfold(candle.low),
        "trde_prica": whole(candle.turnover // _MILLION),
    }


def _hundredfold(points: Decimal) -> str:
    return whole(points * 100)


def _thousands(volume: Decimal | None) -> str:
    return whole((volume or Decimal(0)) // _THOUSAND)


def _directed(points: Decimal | None, base: Decimal) -> str:
    """Write a value with its decimals and the sign of its direction; 0 where there is none."""
    if points is None:
        return "0"
    return f"{'' if points == base else '+' if points > base else '-'}{points:.2f}"
