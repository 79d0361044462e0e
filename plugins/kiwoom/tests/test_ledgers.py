"""Raw orders for gold and on credit over a sandbox that starts again: what was taken stands and can be changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from brokerkit import Broker, get_broker
from brokerkit.sandbox import Sandbox

SAMSUNG = "005930"


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
