"""Raw orders for gold and on credit over a sandbox that starts again: what was taken stands and can be changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest

from brokerkit import Broker, get_broker
from brokerkit.catalogue import Catalogue
from brokerkit.sandbox import Sandbox

SAMSUNG, APPLE = "005930", "US:AAPL"


@dataclass(frozen=True)
class Kind:
    """Orders of a kind, and a list of theirs."""

    order: str
    amend: str
    cancel: str
    listing: str
    asked: Mapping[str, str]
    told: tuple[str, str]
    """A column of the list, and what stands there of an order that was amended."""


GOLD_DAY = {"qry_tp": "1", "stk_bond_tp": "0", "sell_tp": "0", "dmst_stex_tp": "%"}
KINDS = {
    "gold": Kind("kt50000", "kt50002", "kt50003", "kt50031", GOLD_DAY, ("stk_cd", "M04020000")),
    "credit": Kind("kt10006", "kt10008", "kt10009", "kt00007", GOLD_DAY, ("crd_tp", "융자")),
}


def connected(box: Sandbox) -> Broker:
    keys = box.connect("kiwoom")
    named = {each: getattr(keys, each) for each in ("base_url", "app_key", "app_secret", "account")}
    return get_broker("kiwoom", environment="sandbox", **named)


def left(broker: Broker, kind: Kind) -> dict[str, int]:
    return {row["ord_no"]: int(row["ord_remnq"]) for row in broker.call(kind.listing, kind.asked).rows}


@pytest.mark.parametrize("environment", ["real", "demo"])
@pytest.mark.parametrize("name", KINDS)
def test_what_was_taken_stands_after_a_restart(name: str, environment: str, tmp_path: Path) -> None:
    kind, state = KINDS[name], tmp_path / "state.json"
    symbol = {"stk_cd": SAMSUNG, "dmst_stex_tp": "KRX"} if name == "credit" else {"stk_cd": "M04020000"}
    with Sandbox(state=state, environment=environment) as box, connected(box) as broker:
        price = int(box.exchange.quote(SAMSUNG).lower_limit or 0)
        terms = {**symbol, "ord_qty": 5, "ord_uv": price, "trde_tp": "0" if name == "credit" else "00"}
        first = broker.call(kind.order, terms).order_id or ""
    with Sandbox(state=state, environment=environment) as box, connected(box) as broker:
        assert left(broker, kind) == {first: 5}
        change = {**symbol, "orig_ord_no": first, "mdfy_qty": 2, "mdfy_uv": price + 100}
        second = broker.call(kind.amend, change).order_id or ""
        assert left(broker, kind) == {first: 3, second: 2}
    with Sandbox(state=state, environment=environment) as box, connected(box) as broker:
        rows = {row["ord_no"]: row for row in broker.call(kind.listing, kind.asked).rows}
        column, word = kind.told
        assert (rows[second][column], int(rows[second]["ord_uv"])) == (word, price + 100)
        gone = broker.call(kind.cancel, {**symbol, "orig_ord_no": second, "cncl_qty": 0}).order_id or ""
        assert left(broker, kind) == {first: 3, second: 0, gone: 0}


def bodies(box: Sandbox) -> Iterator[tuple[str, Mapping[str, object], str]]:
    """Yield each call that moves money with what it sends, and the API whose last order it is about."""
    won = box.exchange.order_book(SAMSUNG)
    bid, ask = int(won.bids[4].price), int(won.asks[4].price)
    dollars = box.exchanges["US"].order_book(APPLE)
    share = {"dmst_stex_tp": "KRX", "stk_cd": SAMSUNG}
    gold = {"stk_cd": "M04020100"}
    abroad = {"stex_tp": "ND", "stk_cd": "AAPL"}
    terms = {"ord_qty": "2", "trde_tp": "0"}
    yield "kt10000", {**share, **terms, "ord_uv": bid}, ""
    yield "kt10002", {**share, "mdfy_qty": 1, "mdfy_uv": bid - 100}, "kt10000"
    yield "kt10003", {**share, "cncl_qty": 0}, "kt10002"
    yield "kt10001", {**share, **terms, "ord_uv": ask}, ""
    yield "kt10006", {**share, **terms, "ord_uv": bid}, ""
    yield "kt10008", {**share, "mdfy_qty": 0, "mdfy_uv": bid - 100}, "kt10006"
    yield "kt10009", {**share, "cncl_qty": 1}, "kt10008"
    yield "kt10007", {**share, **terms, "ord_uv": ask, "crd_deal_tp": "33", "crd_loan_dt": ""}, ""
    yield "kt50000", {**gold, **terms, "trde_tp": "00", "ord_uv": 190_000}, ""
    yield "kt50002", {**gold, "mdfy_qty": 0, "mdfy_uv": 191_000}, "kt50000"
    yield "kt50003", {**gold, "cncl_qty": 1}, "kt50002"
    yield "kt50001", {**gold, **terms, "trde_tp": "00", "ord_uv": 190_000}, ""
    yield "ust20000", {**abroad, **terms, "trde_tp": "00", "ord_uv": dollars.bids[4].price}, ""
    yield "ust20002", {**abroad, "mdfy_uv": dollars.bids[3].price}, "ust20000"
    yield "ust20003", abroad, "ust20002"
    yield "ust20001", {**abroad, **terms, "trde_tp": "00", "ord_uv": dollars.asks[4].price}, ""
    yield "ust31302", {"exch_tp": "1", "fc_exmn_amt": 1_000_000}, ""


@pytest.mark.parametrize("environment", ["real", "demo"])
def test_every_call_that_moves_money_is_taken(environment: str) -> None:
    numbers: dict[str, str | None] = {}
    with Sandbox(environment=environment) as box, connected(box) as broker:
        account = box.connect("kiwoom").account
        box.exchange.give_holding(account, SAMSUNG, Decimal(10), Decimal(700_000))
        box.exchanges["US"].give_holding(account, APPLE, Decimal(10), Decimal(2_000))
        won = box.exchange.account(account).cash
        for api, body, original in bodies(box):
            named = {"orig_ord_no": numbers[original]} if original else {}
            numbers[api] = broker.call(api, {**body, **named}).order_id
        assert won - box.exchange.account(account).cash == 1_000_000
        known = Catalogue.at("brokerkit_kiwoom")
    assert numbers.keys() == {api.name for api in known if api.effect == "order" and not api.is_frame}
    assert {api for api, number in numbers.items() if not number} == {"ust31302"}
