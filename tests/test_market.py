"""Facts of the Korean market: symbols, price steps, limits, trading days, taxes."""

# mypy: disable-error-code="comparison-overlap"
# Decimals are compared with ints on purpose.

import datetime as dt
from decimal import Decimal

import pytest

from brokerkit.errors import InvalidRequest
from brokerkit.market.costs import cut, transaction_tax_rate
from brokerkit.market.days import is_trading_day, next_trading_day, previous_trading_day, settlement_day
from brokerkit.market.markets import Market, market_of, register
from brokerkit.market.ticks import is_on_tick, price_limits, round_to_tick, tick_size
from brokerkit.symbols import Grammar, check_symbol, parse
from brokerkit.words import SecurityType


@pytest.mark.parametrize("symbol", ["005930", "0126Z0", "00680K", "57JBHH"])
def test_plain_codes_are_symbols(symbol: str) -> None:
    assert check_symbol(symbol) == symbol


@pytest.mark.parametrize(
    ("symbol", "hint"),
    [
        ("A005930", "'005930', without the letter"),
        ("005930_NX", "'005930' and say the venue with venue="),
        ("005930_AL", "'005930' and say the venue with venue="),
        (5930, "give '005930'"),
        (True, "as text"),
        (None, "as text"),
        ("0126z0", "give '0126Z0'"),
        ("005930 ", "without blanks: '005930'"),
        ("KOSPI", "An index has its kind in front: 'INDEX:KOSPI'"),
        ("kosdaq150", "An index has its kind in front: 'INDEX:KOSDAQ150'"),
        ("005930\n", "without blanks: '005930'"),
        ("００５９３０", "six characters"),
        ("5930", "six characters"),
        ("A00593", "six characters"),
        ("", "six characters"),
    ],
)
def test_other_spellings_are_refused_with_a_hint(symbol: object, hint: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        check_symbol(symbol)
    assert hint in str(refused.value)


@pytest.mark.parametrize(
    ("given", "right"),
    [
        ("KRX:005930", "'005930'"),
        ("KR:005930", "'005930'"),
        ("kospi:005930", "'005930'"),
        ("NASDAQ:AAPL", "'US:AAPL'"),
        ("nyse:brk.b", "'US:BRK.B'"),
        ("us:AAPL", "'US:AAPL'"),
        ("US:BRK/B", "'US:BRK.B'"),
        ("US:brk b", "'US:BRK.B'"),
        ("NYS:BRK/B", "'US:BRK.B'"),
        ("US:005930", "'005930'"),
        ("AAPL", "'US:AAPL'"),
        ("aapl", "'US:AAPL'"),
        ("HK:700", "'HK:00700'"),
        ("US:", "Give the six characters"),
        ("LSE:VOD", "no market 'LSE'.*US"),
        ("INDEX:kospi", "'INDEX:KOSPI'"),
        ("US:AAPL US", "'US:AAPL'"),
    ],
)
def test_another_spelling_is_refused_with_the_right_one(given: str, right: str) -> None:
    with pytest.raises(InvalidRequest, match=right):
        check_symbol(given)


@pytest.mark.parametrize(
    ("symbol", "market", "code"),
    [
        ("005930", "KR", "005930"),
        ("00104K", "KR", "00104K"),
        ("57JBHH", "KR", "57JBHH"),
        ("US:BRK.B", "US", "BRK.B"),
        ("HK:00700", "HK", "00700"),
        ("JP:7203", "JP", "7203"),
        ("VN:VNM", "VN", "VNM"),
        ("SH:600519", "SH", "600519"),
        ("KRXD:A016C000", "KRXD", "A016C000"),
        ("CME:OESU24C5525", "CME", "OESU24C5525"),
        ("GOLD:M04020000", "GOLD", "M04020000"),
        ("BOND:KR103502GA34", "BOND", "KR103502GA34"),
        ("INDEX:KOSPI200", "INDEX", "KOSPI200"),
    ],
)
def test_a_symbol_names_a_market_and_a_code(symbol: str, market: str, code: str) -> None:
    assert parse(symbol) == (market, code)
    assert market_of(symbol).name == market


def test_a_market_of_a_third_party_never_overrides_ours() -> None:
    with pytest.raises(ValueError, match="grammar"):
        register([Market("QQ", "a market of its own", "EUR", "Europe/Paris")])
    register([Market("US", "something else", "XXX", "Asia/Seoul", grammar=Grammar("[0-9]+", "US:1"))])
    assert market_of("US:AAPL").currency == "USD"
    register([Market("ZZ", "a market of its own", "EUR", "Europe/Paris", grammar=Grammar("[A-Z]{3}", "ZZ:ABC"))])
    assert market_of("ZZ:ABC").currency == "EUR"
    with pytest.raises(InvalidRequest, match="ZZ:ABC"):
        check_symbol("ZZ:abcd")


@pytest.mark.parametrize(
    ("price", "tick"),
    [
        (1, 1),
        (1_999, 1),
        (2_000, 5),
        (4_995, 5),
        (5_000, 10),
        (19_990, 10),
        (20_000, 50),
        (49_950, 50),
        (50_000, 100),
        (199_900, 100),
        (200_000, 500),
        (499_500, 500),
        (500_000, 1_000),
        (1_200_000, 1_000),
    ],
)
def test_stocks_have_the_price_steps_of_2023(price: int, tick: int) -> None:
    assert tick_size(Decimal(price)) == tick
    assert is_on_tick(Decimal(price))
    assert not is_on_tick(Decimal(price) + Decimal(tick) / 2)


def test_funds_step_by_one_below_2000_and_by_five_above() -> None:
    assert tick_size(Decimal(1_999), SecurityType.ETF) == 1
    assert tick_size(Decimal(2_000), SecurityType.ETF) == 5
    assert tick_size(Decimal(700_000), SecurityType.ETF) == 5


def test_elw_step_by_five_everywhere() -> None:
    assert tick_size(Decimal(15), SecurityType.ELW) == 5
    assert tick_size(Decimal(9_000), SecurityType.ELW) == 5


@pytest.mark.parametrize("price", ["0", "-5", "1e12", "1e40"])
def test_what_cannot_be_a_price_is_on_no_step(price: str) -> None:
    assert not is_on_tick(Decimal(price))
    with pytest.raises(InvalidRequest):
        tick_size(Decimal(price))


def test_prices_are_rounded_to_the_step_of_their_own_band() -> None:
    assert round_to_tick(Decimal("70049.5"), up=False) == 70_000
    assert round_to_tick(Decimal("70049.5"), up=True) == 70_100
    assert round_to_tick(Decimal(70_000), up=True) == 70_000
    assert round_to_tick(Decimal("199950"), up=True) == 200_000
    assert round_to_tick(Decimal("35001"), SecurityType.ETF, up=True) == 35_005
    with pytest.raises(InvalidRequest, match="no price at or below"):
        round_to_tick(Decimal("0.4"), up=False)


@pytest.mark.parametrize(
    ("base", "kind", "percent", "lower", "upper"),
    [
        (9_980, SecurityType.STOCK, 30, 6_990, 12_970),
        (6_820, SecurityType.STOCK, 30, 4_780, 8_860),
        (69_200, SecurityType.STOCK, 30, 48_500, 89_900),
        (385_000, SecurityType.STOCK, 30, 269_500, 500_000),
        (35_980, SecurityType.ETF, 30, 25_190, 46_770),
        (1_985, SecurityType.ETF, 60, 794, 3_175),
    ],
)
def test_price_limits_are_those_of_the_exchange(
    base: int, kind: SecurityType, percent: int, lower: int, upper: int
) -> None:
    assert price_limits(Decimal(base), kind, percent) == (lower, upper)


def test_price_limits_that_no_rule_tells_are_not_guessed() -> None:
    with pytest.raises(InvalidRequest, match="not known"):
        price_limits(Decimal(3))
    with pytest.raises(InvalidRequest, match="ELW"):
        price_limits(Decimal(1_000), SecurityType.ELW)


@pytest.mark.parametrize("day", ["2024-10-01", "2025-06-03", "2026-06-03", "2026-07-17", "2027-05-03", "2027-07-19"])
def test_holidays_that_calendars_miss_are_not_trading_days(day: str) -> None:
    assert not is_trading_day(dt.date.fromisoformat(day))


def test_each_known_year_has_its_trading_days() -> None:
    days = [dt.date(2024, 1, 1) + dt.timedelta(days=index) for index in range(366 + 3 * 365)]
    counted = {year: sum(is_trading_day(day) for day in days if day.year == year) for year in range(2024, 2028)}
    assert counted == {2024: 262 - 18, 2025: 261 - 19, 2026: 261 - 17, 2027: 261 - 16}


def test_trading_days_are_found_across_weekends_and_holidays() -> None:
    assert next_trading_day(dt.date(2026, 9, 23)) == dt.date(2026, 9, 28)
    assert previous_trading_day(dt.date(2026, 9, 28)) == dt.date(2026, 9, 23)
    assert next_trading_day(dt.date(2026, 12, 30)) == dt.date(2027, 1, 4)


@pytest.mark.parametrize("day", [dt.date(2023, 12, 28), dt.date(2028, 1, 3)])
def test_days_of_unknown_years_are_an_error(day: dt.date) -> None:
    with pytest.raises(InvalidRequest, match=f"{day.year} are not known") as caught:
        is_trading_day(day)
    assert "2024 to 2027" in str(caught.value.advice)
    with pytest.raises(InvalidRequest):
        next_trading_day(dt.date(2027, 12, 30))


@pytest.mark.parametrize(
    ("traded", "settled"),
    [
        ("2026-11-16", "2026-11-18"),
        ("2026-11-19", "2026-11-23"),
        ("2024-12-27", "2025-01-02"),
        ("2025-12-26", "2025-12-30"),
        ("2025-12-29", "2026-01-02"),
        ("2026-12-29", "2027-01-04"),
    ],
)
def test_trades_are_settled_two_trading_days_later(traded: str, settled: str) -> None:
    assert settlement_day(dt.date.fromisoformat(traded)) == dt.date.fromisoformat(settled)


@pytest.mark.parametrize(
    ("year", "stock", "konex"),
    [
        (2023, "0.0020", "0.0010"),
        (2024, "0.0018", "0.0010"),
        (2025, "0.0015", "0.0010"),
        (2026, "0.0020", "0.0010"),
        (2027, "0.0020", "0.0010"),
    ],
)
def test_tax_follows_the_year_of_settlement(year: int, stock: str, konex: str) -> None:
    settled = dt.date(year, 1, 2)
    assert transaction_tax_rate(settled, "KOSPI", SecurityType.STOCK) == Decimal(stock)
    assert transaction_tax_rate(settled, "KOSDAQ", SecurityType.STOCK) == Decimal(stock)
    assert transaction_tax_rate(settled, "KONEX", SecurityType.STOCK) == Decimal(konex)
    assert transaction_tax_rate(settled, "KOSPI", SecurityType.ETF) == 0
    assert transaction_tax_rate(settled, "KOSPI", SecurityType.ELW) == 0


def test_taxes_that_are_not_known_are_an_error() -> None:
    with pytest.raises(InvalidRequest, match="2028"):
        transaction_tax_rate(dt.date(2028, 1, 5), "KOSPI", SecurityType.STOCK)
    with pytest.raises(InvalidRequest, match="NYSE"):
        transaction_tax_rate(dt.date(2026, 1, 5), "NYSE", SecurityType.STOCK)


@pytest.mark.parametrize(
    ("amount", "unit", "expected"), [("56.025", 10, 50), ("251.01", 10, 250), ("102", 10, 100), ("318.6", 1, 318)]
)
def test_amounts_are_cut_and_never_rounded_up(amount: str, unit: int, expected: int) -> None:
    assert cut(Decimal(amount), Decimal(unit)) == expected
