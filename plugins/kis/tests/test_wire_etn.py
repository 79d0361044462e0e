"""ETN at KIS: the verbs take the six characters, the wire has a Q in front of them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from brokerkit import clock
from brokerkit.errors import NetworkError, NotSent, UnknownSymbol

ETN, SPELT = "580012", "Q580012"
PRICE, BOOK, INVESTOR, POWER, BUY, LIST = (
    *("FHKST01010100", "FHKST01010200", "FHKST01010900", "TTTC8908R", "TTTC0012U", "TTTC0081R"),
)
NOTHING: Any = {"stck_prpr": "0", "stck_shrn_iscd": "", "stck_mxpr": "0", "stck_llam": "0"}


@pytest.fixture
def etn(wire: Any) -> Any:
    """Return a KIS that has no price of the plain code, and one of the code with its letter."""
    good = wire.good(PRICE)
    plain = {**good, "output": {**good["output"], **NOTHING}}
    spelt = {**good, "output": {**good["output"], "stck_shrn_iscd": SPELT}}
    book = wire.good(BOOK)
    wire.answer(BOOK, {**book, "output2": {**book.get("output2", {}), "stck_shrn_iscd": SPELT}})
    return wire.answer(PRICE, plain, spelt)


def asked(wire: Any, id: str) -> list[str]:
    """Return the codes that the calls of an id asked about."""
    calls = [call for call in wire.calls if call.id == id]
    return [dict(call.query or ()).get("FID_INPUT_ISCD") or (call.body or {}).get("PDNO") for call in calls]


def test_the_quote_of_an_etn_is_asked_with_the_letter_where_the_plain_code_has_none(etn: Any) -> None:
    assert etn.broker.quote(ETN).symbol == ETN
    assert asked(etn, PRICE) == [ETN, SPELT]


def test_the_spelling_is_found_once(etn: Any) -> None:
    for _ in range(3):
        assert etn.broker.quote(ETN).price == 70300
    assert etn.broker.order_book(ETN).symbol == ETN
    assert {day.symbol for day in etn.broker.investor_flow(ETN)} == {ETN}
    assert etn.broker.buying_power(ETN, price=70_000).symbol == ETN
    assert etn.broker.buy(ETN, 1, price=70_000).symbol == ETN
    assert asked(etn, PRICE) == [ETN, SPELT, SPELT, SPELT]
    assert {*asked(etn, BOOK), *asked(etn, INVESTOR), *asked(etn, BUY)} == {SPELT}
    (power,) = [call for call in etn.calls if call.id == POWER]
    assert dict(power.query)["PDNO"] == SPELT


@pytest.mark.parametrize("verb", ["order_book", "investor_flow", "buying_power"])
def test_other_verbs_find_it_themselves(etn: Any, verb: str) -> None:
    getattr(etn.broker, verb)(ETN)
    assert asked(etn, PRICE) == [ETN, SPELT]


def test_an_order_finds_it_before_it_is_sent(etn: Any) -> None:
    order = etn.broker.buy(ETN, 1, price=70_000)
    assert order.symbol == ETN
    assert (asked(etn, PRICE), asked(etn, BUY)) == ([ETN, SPELT], [SPELT])


def test_an_order_of_what_has_no_price_under_either_code_is_not_sent(etn: Any) -> None:
    good = etn.good(PRICE)
    etn.answer(PRICE, {**good, "output": {**good["output"], **NOTHING}})
    with pytest.raises(UnknownSymbol, match=ETN):
        etn.broker.quote(ETN)
    with pytest.raises(UnknownSymbol, match="no price of 580012"):
        etn.broker.buy(ETN, 1, price=70_000)
    assert asked(etn, BUY) == []


def test_an_order_whose_spelling_cannot_be_had_is_not_sent(etn: Any) -> None:
    etn.answers[PRICE] = [(500, {}, b"trouble")]
    with pytest.raises(NotSent, match="spelling"):
        etn.broker.buy(ETN, 1, price=70_000)
    with pytest.raises(NetworkError):
        etn.broker.order_book(ETN)
    assert asked(etn, BUY) == asked(etn, BOOK) == []


@pytest.mark.parametrize("symbol", ["005930", "0126Z0", "490480", "900140"])
def test_a_share_is_never_asked_for_with_the_letter(wire: Any, symbol: str) -> None:
    good = wire.good(PRICE)
    wire.answer(PRICE, {**good, "output": {**good["output"], **NOTHING}})
    with pytest.raises(UnknownSymbol):
        wire.broker.quote(symbol)
    assert asked(wire, PRICE) == [symbol]
    wire.broker.buy(symbol, 1, price=70_000)
    assert (asked(wire, PRICE), asked(wire, BUY)) == ([symbol], [symbol])


def test_a_plain_code_that_has_a_price_stays_plain(wire: Any) -> None:
    good = wire.good(PRICE)
    wire.answer(PRICE, {**good, "output": {**good["output"], "stck_shrn_iscd": "57JBHH"}})
    assert wire.broker.buy("57JBHH", 1, price=70_000).symbol == "57JBHH"
    assert (asked(wire, PRICE), asked(wire, BUY)) == (["57JBHH"], ["57JBHH"])


@pytest.mark.parametrize("code", [ETN, SPELT, f"00000{SPELT}"])
def test_an_etn_in_the_lists_has_the_symbol_that_the_verbs_take(wire: Any, code: str) -> None:
    answer = wire.good(LIST)
    (row, *_) = answer["output1"]
    wire.answer(LIST, {**answer, "output1": [{**row, "pdno": code}, {**row, "pdno": "005930", "odno": "77"}]})
    day = dt.datetime.strptime(row["ord_dt"], "%Y%m%d").replace(tzinfo=clock.KST).date()
    (order,) = wire.broker.order_history(day, symbol=ETN)
    assert order.symbol == ETN
    (call,) = wire.calls
    assert dict(call.query)["PDNO"] == ""


def test_a_plain_code_that_is_refused_is_asked_for_with_the_letter_too(etn: Any) -> None:
    good = etn.good(PRICE)
    no = {"rt_cd": "7", "msg_cd": "APBK0656", "msg1": "no such symbol"}
    etn.answer(PRICE, no, {**good, "output": {**good["output"], "stck_shrn_iscd": SPELT}})
    assert etn.broker.quote(ETN).price == 70300
    etn.answer(PRICE, no)
    with pytest.raises(UnknownSymbol) as refused:
        etn.broker.quote("590001")
    assert refused.value.code == "APBK0656"


WARRANT = {
    "elw_shrn_iscd": "57JBHH",
    "hts_kor_isnm": "Alpha",
    "elw_prpr": "95",
    "prdy_vrss": "-10",
    "prdy_ctrt": "-9.52",
    "elw_sdpr": "105",
    "elw_oprc": "100",
    "elw_hgpr": "110",
    "elw_lwpr": "95",
    "acml_vol": "123450",
    "acml_tr_pbmn": "12345000",
}


def test_what_has_no_price_as_a_share_is_asked_for_as_a_warrant_and_from_then_on_as_one_alone(wire: Any) -> None:
    good, done = wire.good(PRICE), wire.good("FHKEW15010000")
    wire.answer(PRICE, {**good, "output": {**good["output"], **NOTHING}})
    wire.answer("FHKEW15010000", {**done, "output": WARRANT})
    told = [wire.broker.quote("57JBHH"), wire.broker.quote("57JBHH")][1]
    assert (told.price, told.previous_close, told.change, told.change_percent) == (95, 105, -10, Decimal("-9.52"))
    assert (told.open, told.high, told.low, told.volume, told.turnover) == (100, 110, 95, 123_450, 12_345_000)
    assert (told.name, told.upper_limit, told.currency) == ("Alpha", None, "KRW")
    assert asked(wire, PRICE) == ["57JBHH", "Q57JBHH"]
    assert [call.query for call in wire.of("FHKEW15010000")] == [
        [("FID_COND_MRKT_DIV_CODE", "W"), ("FID_INPUT_ISCD", "57JBHH")]
    ] * 2
