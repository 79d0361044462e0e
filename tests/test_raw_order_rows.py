"""Every order of both catalogues by a raw call: what it is, what it is held to, and what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from brokerkit import Broker, Limits, NotSent, OrderBlocked, OrderUncertain
from brokerkit.catalogue import Api, Catalogue, OrderRow, Told
from brokerkit.errors import (
    AuthError,
    BrokerError,
    Disarmed,
    Halted,
    InvalidRequest,
    LimitExceeded,
    NetworkError,
    Rejected,
    Unsupported,
)
from brokerkit.market.markets import market_named
from brokerkit.orders.halting import halt, resume
from brokerkit.orders.intents import Intent, IntentKind, IntentState
from brokerkit.orders.raw import CANCELS, Terms, _found
from brokerkit.raw.calls import RawCall, prepared
from brokerkit.symbols import HOME
from brokerkit.testing.inside import journal_of
from tests.faults import AFTER_THE_REQUEST, WITHOUT_END
from tests.raw_rows import CASES, KIS, LAST_DAYS, PRICED, PRICES, STOPS, TYPES, WORDS, Case
from tests.servers import Script, Server, answer
from tests.takers import ACCOUNT, Taker, saying, taken, taking

BROKERS = ("kis", "kiwoom")
DAYTIME = ("daytime_order", "daytime_order_rvsecncl")
KINDS = {
    "amend": IntentKind.AMEND,
    "cancel": IntentKind.CANCEL,
    "amend_reservation": IntentKind.AMEND_RESERVATION,
    "cancel_reservation": IntentKind.CANCEL_RESERVATION,
}
PLENTY = {"max_order_quantity": 10**6, "max_orders_per_minute": 10**4, "max_orders_per_day": 10**4}


def of(broker: str) -> list[Case]:
    return [case for case in CASES if case.broker == broker]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(tmp_path))
    monkeypatch.setattr("brokerkit.orders.desk.START_SECONDS", 0.0)


def kind_of(case: Case) -> IntentKind:
    """Return what a case is in the journal, where that knows nothing of the order that it names."""
    if case.verb and case.market and case.kind == "order":
        return IntentKind.ORDER
    if case.verb and case.market and case.kind == "reserve":
        return IntentKind.RESERVE
    return IntentKind.CANCEL_RAW if case.kind in CANCELS else IntentKind.RAW


def symbol_of(case: Case) -> str:
    return "US:" + case.symbol.replace("/", ".") if case.market == "US" and case.symbol else case.symbol


def settle(broker: Broker) -> None:
    for intent in broker.unresolved():
        broker.resolve(intent, absent=True, reason="the server has none")


# What it is


def test_every_order_of_both_catalogues_is_among_the_cases() -> None:
    known = {(case.broker, case.row or case.api) for case in CASES}
    there = set()
    for name in BROKERS:
        for api in Catalogue.at(f"brokerkit_{name}"):
            if api.effect == "order":
                assert api.order is not None, api.name
                variants = api.ids["real"]
                there |= {(name, f"{api.name}/{each}" if len(variants) > 1 or each else api.name) for each in variants}
    assert known == there


def odd_of(case: Case, call: RawCall) -> list[str]:
    """Return what a call is taken for that it is not."""
    terms = Terms.of(call)
    told: dict[str, object] = {
        "kind": terms.kind,
        "symbol": terms.symbol,
        "side": terms.side or "",
        "original": terms.original,
        "market": terms.market,
        "verb": terms.verb,
        "venue": terms.venue or "",
        "currency": terms.currency,
        "quantity": terms.quantity,
        "price": terms.price,
    }
    wanted = {name: getattr(case, name) for name in told}
    told["is_all"], wanted["is_all"] = terms.is_all, not case.quantity
    wanted |= {name: Decimal(wanted[name]) if wanted[name] else None for name in ("quantity", "price")}
    if case.kind not in CANCELS:
        told["value"], wanted["value"] = terms.value, case.amount
    return [f"{case.title}: {name} {told[name]}, not {wanted[name]}" for name in told if told[name] != wanted[name]]


def odd_row(broker: str, api: Api) -> list[str]:
    """Return what the table of an order says otherwise than the broker's own tables and samples."""
    row, place = api.order, (broker, api.name)
    assert row is not None
    priced = {code.replace("-", "") for code in PRICED.get(place, "").split()}
    told = {"priced": (row.priced, priced), "stop": (row.stop, STOPS.get(place, ""))}
    kind = next((name for name in TYPES if name in api.fields), "") if place in PRICED else ""
    told["type"] = (row.type, kind)
    told["price"] = (row.price, next((name for name in PRICES if name in api.fields), ""))
    told["amount"] = (row.amount, "fc_exmn_amt" if api.name == "ust31302" else "")
    for part in ("kind", "side", "venue", "currency"):
        each: Told = getattr(row, part)
        meant = {code: word for code, word in each.words.items() if code in WORDS.get(each.field, ())}
        told[part] = (meant, WORDS[each.field] if meant else {})
    told["until"] = (row.until, LAST_DAYS.get(place, ""))
    told["done"] = (dict(row.done), {"output.NRML_PRCS_YN": "Y"} if api.name.endswith("resv_rvsecncl") else {})
    told["abroad"] = (row.abroad, "overseas" in api.name and not api.name.endswith(("_resv_ccnl", *DAYTIME)))
    odd = [f"{api.name}: {name} {ours}, not {theirs}" for name, (ours, theirs) in told.items() if ours != theirs]
    for an_id in api.ids["real"].values():
        answered = taken(broker, api, an_id, "77")
        found = next(filter(None, (_found(answered, path) for path in row.number.split())), "")
        if found != ("77" if "77" in str(answered) else "") or ("77" not in str(answered) and row.number):
            odd.append(f"{api.name}: {row.number} is not where {an_id} tells a number")
    return odd


@pytest.mark.parametrize("name", BROKERS)
def test_every_order_says_what_its_fields_mean(name: str) -> None:
    with taking(name) as (_, broker):
        calls = [(case, prepared(broker.client, broker.apis, case.api, case.fields)) for case in of(name)]
    assert [words for case, call in calls for words in odd_of(case, call)] == []
    assert [
        words for api in {call.api.name: call.api for _, call in calls}.values() for words in odd_row(name, api)
    ] == []


def slips(api: Api) -> Iterator[tuple[str, OrderRow]]:
    """Yield the table of an order with one mistake in it: another field, another word, a code more or less."""
    row = api.order
    assert row is not None
    for part in ("symbol", "quantity", "price", "amount", "stop", "type", "original", "until", "number"):
        name = getattr(row, part)
        other = next(field.name for field in api.request if field.name not in (name, row.symbol, row.price, "CANO"))
        for wrong in ("", "output.ORD_TMD" if part == "number" else other):
            if wrong != name and not (part == "until" and not name):
                yield f"{part} {wrong or 'nowhere'}", replace(row, **{part: wrong})
    for part, swaps in SWAPS.items():
        told: Told = getattr(row, part)
        if told.word in swaps:
            yield f"{part} {swaps[told.word]}", replace(row, **{part: replace(told, word=swaps[told.word])})
        for code, word in told.words.items():
            if word in swaps:
                words = {**told.words, code: swaps[word]}
                yield f"{part} {code} {swaps[word]}", replace(row, **{part: replace(told, words=words)})
        if told.field and any(word in swaps for word in told.words.values()):
            yield f"{part} by no field", replace(row, **{part: replace(told, field="")})
    for code in row.priced:
        yield f"not priced {code}", replace(row, priced=row.priced - {code})
    yield "priced 01", replace(row, priced=row.priced ^ {"01"})
    if row.all:
        yield "all", replace(row, all={})
    yield "abroad", replace(row, abroad=not row.abroad)
    yield "done", replace(row, done={} if row.done else {"output.ODNO": "1"})


SWAPS = {
    "kind": {"order": "cancel", "amend": "cancel", "cancel": "amend", "reserve": "cancel_reservation"}
    | {"cancel_reservation": "reserve", "amend_reservation": "cancel_reservation", "convert": "cancel"},
    "side": {"buy": "sell", "sell": "buy"},
    "market": {"KR": "US", "US": "KR"},
    "currency": {"KRW": "USD", "USD": "KRW", "JPY": "CNY", "CNY": "JPY", "VND": "KRW"},
    "verb": {"buy": "sell", "sell": "buy", "amend": "cancel", "cancel": "amend", "reserve": ""}
    | {"amend_reservation": "", "cancel_reservation": ""},
    "venue": {"KRX": "NXT", "NXT": "KRX", "SOR": "KRX", "US": "DAYTIME", "DAYTIME": "US"},
}


@pytest.mark.parametrize("name", BROKERS)
def test_a_mistake_in_the_table_of_any_order_is_noticed(name: str) -> None:
    with taking(name) as (_, broker):
        calls = [(case, prepared(broker.client, broker.apis, case.api, case.fields)) for case in of(name)]
    unnoticed, count = [], 0
    for api in {call.api.name: call.api for _, call in calls}.values():
        own = [(case, call) for case, call in calls if call.api is api]
        for words, row in slips(api):
            count += 1
            wrong = replace(api, order=row)
            odd = [each for case, call in own for each in odd_of(case, replace(call, api=wrong))]
            if not odd and not odd_row(name, wrong):
                unnoticed.append(f"{api.name}: {words}")
    assert unnoticed == []
    assert count > 150


@pytest.mark.parametrize("name", BROKERS)
@pytest.mark.usefixtures("hurried")
def test_every_order_is_sent_as_it_is_and_written_down_as_what_it_is(name: str) -> None:
    with taking(name) as (taker, broker):
        for case in of(name):
            before = len(taker.calls)
            reply = broker.call(case.api, case.fields, key=f"case-{before}")
            ((an_id, fields),) = taker.calls[before:]
            api = broker.apis.api(case.api)
            variant = broker.apis.variant(case.api) or next(iter(api.ids["real"]))
            assert an_id == api.ids["real"][variant], case.title
            sent = {field: value for field, value in fields.items() if field not in ("CANO", "ACNT_PRDT_CD")}
            assert sent == {field: str(value) for field, value in case.fields.items()}, case.title
            intent = broker.journal.get(str(reply.intent_id))
            assert (intent.kind, intent.state) == (kind_of(case), IntentState.ACKED), case.title
            assert (intent.symbol, intent.side or "") == (symbol_of(case), case.side), case.title
            assert intent.quantity == (Decimal(case.quantity) if case.quantity else None), case.title
            assert intent.price == (Decimal(case.price) if case.price else None), case.title
            assert (intent.names or "") == ("" if intent.request else case.original), case.title
            assert intent.api == (case.row or case.api), case.title
            numbered = case.kind != "convert" and "resv_rvsecncl" not in case.api
            assert reply.order_id == intent.order_id == (f"{taker.number:010}" if numbered else None), case.title
            again = broker.call(case.api, case.fields, key=f"case-{before}")
            assert (len(taker.calls), again.order_id, again.pages) == (before + 1, reply.order_id, 0), case.title


# What it is held to


def test_what_a_country_has_not_got_is_refused_before_it_is_sent() -> None:
    with taking("kis") as (taker, broker):
        for case in KIS:
            if case.api.startswith("overseas_stock/order_rvsecncl/") and case.api.endswith("/shanghai_cancel"):
                for place in ("shanghai", "shenzhen", "vn"):
                    name = case.api.replace("shanghai", place)
                    with pytest.raises(Unsupported, match=f"{place}_cancel .*the broker does not do that"):
                        broker.call(name, {**case.fields, "RVSE_CNCL_DVSN_CD": "01"})
        assert taker.calls == []


def test_an_order_under_an_id_that_nothing_proves_is_sent_only_by_that_id() -> None:
    fields = next(case.fields for case in KIS if case.api == "STTN1103U")
    name = "domestic_futureoption/order_rvsecncl"
    with taking("kis") as (taker, broker):
        for variant in ("night", "night_of_the_samples"):
            with pytest.raises(Unsupported, match="not proven: STTN1103U or TTTN1103U"):
                broker.call(f"{name}/{variant}", fields)
        assert taker.calls == []
        reply = broker.call("TTTN1103U", fields)
        assert [an_id for an_id, _ in taker.calls] == ["TTTN1103U"]
        assert "whether TTTN1103U works is not known" in reply.warnings
        assert broker.call(f"{name}/day", fields).warnings == ()


@pytest.mark.parametrize("name", BROKERS)
@pytest.mark.usefixtures("hurried")
def test_real_money_moves_only_armed_and_by_what_can_be_computed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokerkit.orders.desk.is_real_money", lambda *given: True)
    with taking(name) as (taker, broker):
        for case in of(name):
            with pytest.raises(Disarmed):
                broker.call(case.api, case.fields)
        assert taker.calls == []
    known = {**PLENTY, "max_order_value": 10**9}
    limits = Limits(**known, **dict.fromkeys(("USD", "JPY", "CNY", "VND"), known))
    with taking(name, arm=ACCOUNT[-4:], limits=limits) as (taker, broker):
        for case in of(name):
            before = len(taker.calls)
            if case.kind in CANCELS or case.value:
                broker.call(case.api, case.fields)
                assert len(taker.calls) == before + 1, case.title
                continue
            with pytest.raises(LimitExceeded, match="cannot be computed"):
                broker.call(case.api, case.fields)
            assert len(taker.calls) == before, case.title


KEYS_ACCOUNT = {"kis": ACCOUNT, "kiwoom": None}
"""The account that a profile has to name: the key tells it at Kiwoom, and who asks for it asks the broker."""


@pytest.mark.parametrize("key", [None, "mine"])
@pytest.mark.parametrize("name", BROKERS)
@pytest.mark.usefixtures("hurried")
def test_who_is_not_armed_is_refused_without_a_question_to_the_broker(
    name: str, key: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brokerkit.orders.desk.is_real_money", lambda *given: True)
    with taking(name, account=KEYS_ACCOUNT[name]) as (taker, broker):
        for case in of(name):
            with pytest.raises(Disarmed):
                broker.call(case.api, case.fields, key=key)
            assert taker.connections == 0, case.title


@pytest.mark.usefixtures("hurried")
def test_an_order_before_which_the_account_is_asked_for_in_vain_is_not_sent() -> None:
    with Server() as gone:
        nowhere = gone.url
    with taking("kiwoom", account=None) as (_, broker):
        broker.client.base_url = nowhere
        for key in (None, "mine"):
            with pytest.raises(NotSent, match="the account could not be had"):
                broker.buy("005930", 1, price=70_000, key=key)
            for case in of("kiwoom"):
                with pytest.raises(NotSent, match="the account could not be had"):
                    broker.call(case.api, case.fields, key=key)
        with pytest.raises(NetworkError):
            broker.unresolved()


@pytest.mark.parametrize("name", BROKERS)
@pytest.mark.usefixtures("hurried")
def test_limits_hold_every_order_by_its_value_in_its_currency(name: str) -> None:
    for case in of(name):
        if case.kind in CANCELS or not case.value:
            continue
        most, less = Decimal(case.value), Decimal(case.value) - Decimal("0.01")
        for allowed in (most, less):
            own = {"max_order_value": allowed}
            limits = Limits(**own) if case.currency == "KRW" else Limits(**{case.currency: own})  # type: ignore[arg-type]
            with taking(name, limits=limits) as (taker, broker):
                if allowed == most:
                    broker.call(case.api, case.fields)
                else:
                    with pytest.raises(LimitExceeded, match="max_order_value"):
                        broker.call(case.api, case.fields)
                assert len(taker.calls) == (allowed == most), case.title


@pytest.mark.parametrize("name", BROKERS)
@pytest.mark.usefixtures("hurried")
def test_what_no_limit_can_measure_is_refused_where_there_is_one(name: str) -> None:
    for case in of(name):
        if case.kind in CANCELS or case.value:
            continue
        hold = [{"max_order_value": 10**9}, {"max_daily_value": 10**9}]
        hold += [{"max_order_quantity": 10**6}] if not case.quantity else []
        hold += [{"price_collar_percent": 30}] if case.price else []
        for each in hold:
            limits = Limits(**each, USD=each)  # type: ignore[arg-type]
            with taking(name, limits=limits) as (taker, broker):
                with pytest.raises(LimitExceeded):
                    broker.call(case.api, case.fields)
                assert taker.calls == [], case.title


UNREADABLE = ("1,000", "1e3", "\uff19\uff19\uff19", "1000USD", "abc", "\u0661\u0662\u0663", "-70000", "0", "")
"""Prices of which nobody can tell what they come to: one is in full-width digits, one in Arabic ones."""


def misread(broker: Broker, case: Case) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a case with each price that nobody can read, and the field where it stands."""
    row = broker.apis.api(case.api).order
    assert row is not None
    if case.price:
        yield from ((row.price, {**case.fields, row.price: price}) for price in UNREADABLE)
    if row.stop:
        yield row.stop, {**case.fields, row.stop: "1,000"}


@pytest.mark.parametrize("hold", ["max_order_value", "max_daily_value", "price_collar_percent", "real money"])
@pytest.mark.parametrize("name", BROKERS)
@pytest.mark.usefixtures("hurried")
def test_a_price_that_nobody_can_read_is_refused_wherever_a_limit_or_real_money_needs_it(
    name: str, hold: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brokerkit.orders.desk.is_real_money", lambda *given: hold == "real money")
    own = {**PLENTY, "max_order_value": 10**12} if hold == "real money" else {hold: 10**12}
    limits = Limits(**own, **dict.fromkeys(("USD", "JPY", "CNY", "VND"), own))  # type: ignore[arg-type]
    with taking(name, limits=limits, arm=ACCOUNT[-4:]) as (taker, broker):
        for case in of(name):
            for field, fields in misread(broker, case) if case.kind not in CANCELS else ():
                blank = InvalidRequest if fields[field] == "" else LimitExceeded
                with pytest.raises((LimitExceeded, blank), match=field):
                    broker.call(case.api, fields)
                assert taker.calls == [], (case.title, fields[field])


@pytest.mark.parametrize("name", BROKERS)
@pytest.mark.usefixtures("hurried")
def test_a_price_that_nobody_can_read_goes_out_where_no_limit_needs_it_and_no_list_settles_it(name: str) -> None:
    with taking(name) as (taker, broker):
        for case in of(name):
            row = broker.apis.api(case.api).order
            if row is not None and case.price and case.kind not in CANCELS:
                before = len(taker.calls)
                reply = broker.call(case.api, {**case.fields, row.price: "1e3"})
                assert broker.journal.get(str(reply.intent_id)).kind is IntentKind.RAW, case.title
                assert [fields[row.price] for _, fields in taker.calls[before:]] == ["1e3"], case.title


@pytest.mark.parametrize("name", BROKERS)
@pytest.mark.usefixtures("hurried")
def test_orders_of_a_day_are_counted_by_currency_and_no_cancellation_is(name: str) -> None:
    once = {"max_orders_per_day": 1}
    seen = set()  # a currency is exchanged on a day of Korea, its shares are ordered on one of their market
    with taking(name, limits=Limits(**once, **dict.fromkeys(("USD", "JPY", "CNY", "VND"), once))) as (taker, broker):
        for case in of(name):
            before = len(taker.calls)
            abroad = case.api.startswith("overseas") and case.market != "US"
            currency = case.currency or ("" if abroad else "KRW")
            counted = (currency, market_named(case.market or HOME).today())
            if case.kind in CANCELS or counted not in seen:
                broker.call(case.api, case.fields)
                seen |= set() if case.kind in CANCELS else {counted}
                assert len(taker.calls) == before + 1, case.title
                continue
            with pytest.raises(LimitExceeded, match="max_orders_per_day"):
                broker.call(case.api, case.fields)
            assert len(taker.calls) == before, case.title


@pytest.mark.parametrize("name", BROKERS)
@pytest.mark.usefixtures("hurried")
def test_the_kill_switch_lets_cancellations_out_and_nothing_else(name: str) -> None:
    with taking(name) as (taker, broker):
        halt("enough")
        try:
            for case in of(name):
                before = len(taker.calls)
                if case.kind in CANCELS:
                    broker.call(case.api, case.fields)
                    assert len(taker.calls) == before + 1, case.title
                    continue
                with pytest.raises(Halted):
                    broker.call(case.api, case.fields)
                assert len(taker.calls) == before, case.title
        finally:
            resume()


@pytest.mark.parametrize("name", BROKERS)
@pytest.mark.parametrize("market", ["KR", "US"])
@pytest.mark.usefixtures("hurried")
def test_nothing_new_goes_to_a_market_that_the_profile_leaves_out(name: str, market: str) -> None:
    with taking(name, options={"markets": [market]}) as (taker, broker):
        for case in of(name):
            before = len(taker.calls)
            abroad = case.api.startswith("overseas") and case.market != "US"
            own = case.market or ("" if abroad else "KR")
            if case.kind in CANCELS or case.kind == "convert" or own == market:
                broker.call(case.api, case.fields)
                assert len(taker.calls) == before + 1, case.title
                continue
            with pytest.raises(Unsupported, match="setting markets"):
                broker.call(case.api, case.fields)
            assert len(taker.calls) == before, case.title


# What becomes of it


def yes_to_another(taker: Taker) -> bytes:
    return answer(taker.taken(taker.calls[-1][0]), headers={"tr_id": "other", "api-id": "other"})


FAULTS: dict[str, Script] = {
    name: script for name, script in AFTER_THE_REQUEST.items() if name not in WITHOUT_END | {"oversized", "gzip bomb"}
}
OWN: dict[str, Callable[[Taker], bytes]] = {
    "a yes without a number": lambda taker: answer(taker.done),
    "a yes to another call": yes_to_another,
    "trouble of the server": lambda taker: answer(taker.refusal("EGW00301" if taker.broker == "kis" else "9999")),
    "a code that nobody knows": lambda taker: answer(taker.refusal("ZZZZ0001"), status=500),
    "a limit that is nobody's": lambda taker: (
        answer(taker.refusal("EGW00215"), status=500)
        if taker.broker == "kis"
        else answer({"return_code": 5, "return_msg": "[1700:허용된 요청 개수를 초과하였습니다]"}, status=429)
    ),
}
"""After these it is not known what became of an order."""
REFUSALS: dict[str, tuple[Callable[[Taker], bytes], type[BrokerError]]] = {
    "poor": (lambda taker: answer(taker.refusal("APBK0952" if taker.broker == "kis" else "RC4025")), Rejected),
    "old token": (
        lambda taker: (
            answer(taker.refusal("EGW00123", "기간이 만료된 token 입니다."), status=500)
            if taker.broker == "kis"
            else answer({"return_code": 3, "return_msg": "인증에 실패했습니다[8005:Token이 유효하지 않습니다]"})
        ),
        AuthError,
    ),
}
"""After these it is known that there is no order."""


def judged(broker: Broker, taker: Taker, case: Case, words: str, wanted: type[BrokerError]) -> Intent:
    """Send a case that fails, once, and return what the journal has of it."""
    before = len(taker.calls)
    with pytest.raises(BrokerError) as caught:
        broker.call(case.api, case.fields)
    assert isinstance(caught.value, wanted), f"{case.title} {words}: {caught.value!r}"
    assert len(taker.calls) == before + 1, f"{case.title} {words}"
    return max(journal_of(broker).everything(), key=lambda intent: intent.id)


def is_uncertain(broker: Broker, taker: Taker, case: Case, words: str, script: Script) -> None:
    if (case.kind, words) == ("convert", "a yes without a number"):
        return  # it has none
    taker.fault = script
    intent = judged(broker, taker, case, words, OrderUncertain)
    assert intent.state is IntentState.UNKNOWN, f"{case.title} {words}"
    assert [each.id for each in broker.unresolved()] == [intent.id]
    if not intent.may_be_repeated:
        with pytest.raises(OrderBlocked):
            broker.call(case.api, case.fields)
    taker.fault = None
    broker.resolve(intent, absent=True, reason="the server has none")
    assert broker.unresolved() == ()


def is_refused(broker: Broker, taker: Taker, case: Case, words: str) -> None:
    make, wanted = REFUSALS[words]
    taker.fault, tokens = saying(taker, make), taker.tokens
    intent = judged(broker, taker, case, words, wanted)
    assert (intent.state, broker.unresolved()) == (IntentState.REJECTED, ()), f"{case.title} {words}"
    assert taker.tokens - tokens <= 1
    taker.fault = None


def faults(taker: Taker) -> dict[str, Script]:
    return {**FAULTS, **{words: saying(taker, make) for words, make in OWN.items()}}


@pytest.mark.parametrize("name", BROKERS)
@pytest.mark.usefixtures("hurried")
def test_every_order_that_fails_was_sent_once_and_is_known_or_a_persons(name: str) -> None:
    with taking(name) as (taker, broker):
        known = [*faults(taker).items()]
        for number, case in enumerate(of(name)):
            words, script = known[number % len(known)]
            is_uncertain(broker, taker, case, words, script)
            is_refused(broker, taker, case, ("poor", "old token")[number % 2])


@pytest.mark.slow
@pytest.mark.parametrize("part", range(5))
@pytest.mark.parametrize("name", BROKERS)
@pytest.mark.usefixtures("hurried")
def test_every_order_over_every_fault_was_sent_once_and_is_known_or_a_persons(name: str, part: int) -> None:
    for case in of(name)[part::5]:
        with taking(name) as (taker, broker):
            for words, script in faults(taker).items():
                is_uncertain(broker, taker, case, words, script)
            for words in REFUSALS:
                is_refused(broker, taker, case, words)


@pytest.mark.parametrize("name", BROKERS)
@pytest.mark.usefixtures("hurried")
def test_of_what_never_left_nothing_is_held_up(name: str) -> None:
    with taking(name) as (taker, broker):
        broker.client.token()
        with Server() as gone:
            nowhere = gone.url
        for case in of(name):
            broker.client.base_url = nowhere
            with pytest.raises(NotSent):
                broker.call(case.api, case.fields)
            broker.client.base_url = taker.url
            assert broker.unresolved() == (), case.title
        assert taker.calls == []
        broker.call(case.api, case.fields)
        assert len(taker.calls) == 1


@pytest.mark.parametrize("name", BROKERS)
@pytest.mark.usefixtures("hurried")
def test_silence_after_an_order_ends_by_the_time_limit_and_is_a_persons(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("brokerkit.transport.connection.TOTAL_SECONDS", 0.3)
    with taking(name) as (taker, broker):
        case = next(case for case in of(name) if not case.market and case.kind == "order")
        is_uncertain(broker, taker, case, "silence", AFTER_THE_REQUEST["silence"])


@pytest.mark.usefixtures("hurried")
def test_a_yes_without_the_word_that_it_is_done_leaves_a_change_of_a_reserved_order_open() -> None:
    with taking("kis") as (taker, broker):
        for case in KIS:
            if case.api.startswith("domestic_stock/order_resv_rvsecncl"):
                taker.more = {"output": {"NRML_PRCS_YN": "N"}}
                intent = judged(broker, taker, case, "N", OrderUncertain)
                assert (intent.state, "NRML_PRCS_YN" in intent.evidence[-1]) == (IntentState.UNKNOWN, True)
                taker.more = {}
                settle(broker)


@pytest.mark.usefixtures("hurried")
def test_numbers_of_what_has_lists_of_its_own_are_no_others() -> None:
    apart = ("domestic_stock/order_cash/buy", "domestic_futureoption/order/day", "overseas_stock/order/us_buy")
    with taking("kis") as (taker, broker):
        for api in (*apart, "overseas_stock/order_resv/us_buy"):
            taker.number = 700
            reply = broker.call(api, case_of(api, "reserve" if "resv" in api else "order").fields)
            assert broker.journal.get(str(reply.intent_id)).state is IntentState.ACKED
        assert broker.unresolved() == ()


@pytest.mark.parametrize("name", BROKERS)
def test_what_is_bound_to_no_price_has_no_value_of_its_own(name: str) -> None:
    with taking(name) as (_, broker):
        for case in of(name):
            row = broker.apis.api(case.api).order
            if row is not None and row.type and case.price and case.kind not in CANCELS:
                call = prepared(broker.client, broker.apis, case.api, case.fields)
                for code in set(broker.apis.api(case.api).fields[row.type].codes) - row.priced:
                    terms = Terms.of(replace(call, values={**call.values, row.type: code}))
                    assert (terms.value, terms.unbound) == (None, max(filter(None, (terms.stop, terms.price))))


@pytest.mark.parametrize("name", BROKERS)
def test_what_counts_nothing_has_no_value(name: str) -> None:
    with taking(name) as (_, broker):
        for case in of(name):
            row = broker.apis.api(case.api).order
            if row is not None and case.value:
                call = prepared(broker.client, broker.apis, case.api, case.fields)
                for nothing in ("0", "-3", "", "x"):
                    values = {**call.values, (row.quantity or row.amount): nothing}
                    assert Terms.of(replace(call, values=values)).value is None


@pytest.mark.usefixtures("hurried")
def test_the_answer_to_the_cancel_of_a_reserved_order_that_names_another_one_leaves_it_open() -> None:
    order, change = "overseas_stock/order_resv/us_buy", "overseas_stock/order_resv_ccnl/us_cancel"
    with taking("kis") as (taker, broker):
        kept = broker.call(order, case_of(order, "reserve").fields)
        fields = {**case_of(change, "cancel_reservation").fields, "OVRS_RSVN_ODNO": kept.order_id}
        with pytest.raises(OrderUncertain, match=r"not 0*901"):
            broker.call(change, fields)
        (intent,) = broker.unresolved()
        assert (intent.kind, intent.api) == (IntentKind.CANCEL_RESERVATION, change)
        settle(broker)
        taker.number = 900
        gone = broker.journal.get(str(broker.call(change, fields).intent_id))
        assert (gone.kind, gone.order and gone.order.id) == (IntentKind.CANCEL_RESERVATION, kept.order_id)


# The verb's way, where the journal knows the order


def case_of(api: str, kind: str) -> Case:
    return next(case for case in CASES if case.api == api and case.kind == kind)


PLACES = {
    "kis": ("domestic_stock/order_cash/buy", "domestic_stock/order_rvsecncl", "ORGN_ODNO", "ORD_QTY"),
    "kis US": ("overseas_stock/order/us_buy", "overseas_stock/order_rvsecncl/us_modify_cancel", "ORGN_ODNO", "ORD_QTY"),
    "kis DAYTIME": (
        *("overseas_stock/daytime_order/buy", "overseas_stock/daytime_order_rvsecncl"),
        *("ORGN_ODNO", "ORD_QTY"),
    ),
    "kiwoom": ("kt10000", "kt10003", "orig_ord_no", "cncl_qty"),
    "kiwoom US": ("ust20000", "ust20003", "orig_ord_no", ""),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.usefixtures("hurried")
def test_a_change_of_an_order_that_the_journal_knows_is_the_verbs(place: str) -> None:
    order, change, named, quantity = PLACES[place]
    with taking(place.split()[0]) as (taker, broker):
        placed = broker.call(order, case_of(order, "order").fields)
        symbol = case_of(order, "order").symbol
        fields = dict(case_of(change, "cancel").fields) | {named: placed.order_id}
        fields |= {name: symbol for name in ("PDNO", "stk_cd") if name in fields}
        fields |= {name: "KRX" for name in ("EXCG_ID_DVSN_CD", "dmst_stex_tp") if name in fields}
        fields |= {quantity: "3"} if quantity else {}
        strangers = [{**fields, named: "77"}]
        strangers += [{**fields, name: "OTHER"} for name in ("PDNO", "stk_cd") if name in fields]
        strangers += [{**fields, name: "NXT"} for name in ("EXCG_ID_DVSN_CD", "dmst_stex_tp") if name in fields]
        for each in strangers:
            intent = broker.journal.get(str(broker.call(change, each).intent_id))
            assert (intent.kind, intent.order) == (IntentKind.CANCEL_RAW, None)
        before = len(taker.calls)
        gone = broker.journal.get(str(broker.call(change, fields).intent_id))
        assert (gone.kind, gone.order and gone.order.id) == (IntentKind.CANCEL, placed.order_id)
        assert (gone.symbol, gone.side, gone.api) == (symbol_of(case_of(order, "order")), "BUY", change)
        sent = {name: value for name, value in taker.calls[before][1].items() if name not in ("CANO", "ACNT_PRDT_CD")}
        assert sent == fields


CHANGES = {
    "kis": ("domestic_stock/order_rvsecncl", {"ORGN_ODNO": "", "ORD_QTY": "3", "EXCG_ID_DVSN_CD": "KRX"}, "ORD_UNPR"),
    "kis US": ("overseas_stock/order_rvsecncl/us_modify_cancel", {"ORGN_ODNO": "", "PDNO": "AAPL"}, "OVRS_ORD_UNPR"),
    "kis DAYTIME": ("overseas_stock/daytime_order_rvsecncl", {"ORGN_ODNO": "", "ORD_QTY": "3"}, "OVRS_ORD_UNPR"),
    "kiwoom": ("kt10002", {"orig_ord_no": "", "dmst_stex_tp": "KRX", "mdfy_qty": "0"}, "mdfy_uv"),
    "kiwoom US": ("ust20002", {"orig_ord_no": "", "stk_cd": "AAPL"}, "mdfy_uv"),
}


@pytest.mark.parametrize("place", CHANGES)
@pytest.mark.usefixtures("hurried")
def test_an_order_that_the_journal_knows_is_moved_to_no_price_that_nobody_can_read(place: str) -> None:
    change, more, field = CHANGES[place]
    order = PLACES[place][0]
    limits = Limits(max_order_value=10**6, USD={"max_order_value": 10**6})  # type: ignore[arg-type]
    with taking(place.split()[0], limits=limits) as (taker, broker):
        placed = broker.call(order, case_of(order, "order").fields)
        fields = {**case_of(change, "amend").fields, **more, next(iter(more)): placed.order_id}
        for price in ("-70000", "1,000", "0"):
            with pytest.raises(LimitExceeded, match=f"{field} is no price"):
                broker.call(change, {**fields, field: price})
        assert len(taker.calls) == 1


@pytest.mark.usefixtures("hurried")
def test_less_than_all_of_an_order_is_raw_where_nobody_tells_what_that_does() -> None:
    order, change = "overseas_stock/order/us_buy", "overseas_stock/order_rvsecncl/us_modify_cancel"
    with taking("kis") as (_, broker):
        placed = broker.call(order, case_of(order, "order").fields)
        for kind, less, whole in (
            ("amend", IntentKind.RAW, IntentKind.AMEND),
            ("cancel", IntentKind.CANCEL_RAW, IntentKind.CANCEL),
        ):
            fields = {**case_of(change, kind).fields, "PDNO": "AAPL", "ORGN_ODNO": placed.order_id}
            for quantity, wanted in (("2", less), ("3", whole)):
                reply = broker.call(change, {**fields, "ORD_QTY": quantity})
                assert broker.journal.get(str(reply.intent_id)).kind is wanted


@pytest.mark.usefixtures("hurried")
def test_the_number_of_an_order_of_one_session_is_no_others() -> None:
    day, regular = "overseas_stock/daytime_order/buy", "overseas_stock/order_rvsecncl/us_modify_cancel"
    with taking("kis") as (_, broker):
        placed = broker.call(day, case_of(day, "order").fields)
        fields = {**case_of(regular, "cancel").fields, "PDNO": "AAPL", "ORGN_ODNO": placed.order_id, "ORD_QTY": "3"}
        assert broker.journal.get(str(broker.call(regular, fields).intent_id)).kind is IntentKind.CANCEL_RAW


@pytest.mark.usefixtures("hurried")
def test_a_key_is_that_of_all_fields_of_a_call_and_only_a_call_sends_it_again() -> None:
    order = "domestic_stock/order_cash/sell"
    fields = {**case_of(order, "order").fields}
    with taking("kis") as (taker, broker):
        taker.fault = AFTER_THE_REQUEST["reset"]
        with pytest.raises(OrderUncertain) as caught:
            broker.call(order, fields, key="mine")
        taker.fault = None
        intent = broker.resolve(caught.value.intent, absent=True, reason="the server has none")
        with pytest.raises(InvalidRequest, match=r"cannot be sent again from here.*Use call again"):
            broker.resubmit(intent)
        with pytest.raises(InvalidRequest, match="that of another order"):
            broker.call(order, {**fields, "SLL_TYPE": "05"}, key="mine")
        with pytest.raises(OrderBlocked, match="under another key"):
            broker.call(order, fields, key="mine")
        assert broker.call(order, fields, key="other").order_id
        assert len(taker.calls) == 2


# What is told of it


@pytest.mark.usefixtures("hurried")
def test_no_secret_that_was_given_in_the_place_of_something_else_is_told_or_written_down(
    caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    secret, number, name = "SANDBOX-" + "S9/xQ+" * 30, ACCOUNT[:8], "domestic_stock/order_cash/buy"
    fields = {**case_of(name, "order").fields}
    told = []
    with taking("kis", app_secret=secret) as (taker, broker):
        for call in (
            lambda: broker.call(secret, {}),
            lambda: broker.call(name, fields, key=secret),
            lambda: broker.call(name, fields, pages=secret),  # type: ignore[arg-type]
            lambda: broker.buy("005930", 1, price=70_000, key=secret),
            lambda: broker.call(name, {**fields, secret: "1"}),
            lambda: broker.call(name, {**fields, "ORD_DVSN": secret}),
            lambda: broker.call(name, {**fields, "ORD_DVSN": number}),
            lambda: broker.call(name, {**fields, number: "1"}),
        ):
            with pytest.raises(InvalidRequest) as refused:
                call()
            told.append(str(refused.value))
        assert taker.calls == []
        reply = broker.call(name, {**fields, "PDNO": number})
        told += [*reply.warnings, broker.journal.get(str(reply.intent_id)).what, caplog.text]
        assert [sent["PDNO"] for _, sent in taker.calls] == [number]
    whole = "".join((*told, *(each.read_bytes().decode("latin-1") for each in tmp_path.rglob("*") if each.is_file())))
    assert ("S9/xQ" in whole, number in whole) == (False, False)
