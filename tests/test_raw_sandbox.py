"""Every API of both brokers is answered by the sandbox: by its exchange, or in the shape that the catalogue tells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from brokerkit import Broker, get_broker
from brokerkit.catalogue import Api, Catalogue, Field
from brokerkit.errors import BrokerError
from brokerkit.sandbox import Sandbox

MARKET = "FID_COND_MRKT_DIV_CODE"
SPECIAL: Mapping[str, Mapping[str, str]] = {
    "domestic_stock/foreign_institution_total": {MARKET: "V"},
    "domestic_stock/inquire_daily_indexchartprice": {MARKET: "U", "FID_INPUT_ISCD": "0001"},
    "domestic_stock/inquire_elw_price": {MARKET: "W"},
    "domestic_stock/inquire_daily_overtimeprice": {MARKET: "J"},
    "domestic_stock/inquire_account_balance": {"BSPR_BF_DT_APLY_YN": ""},
    "domestic_stock/inquire_investor_daily_by_market": {MARKET: "U", "FID_INPUT_ISCD": "0001"},
    "domestic_stock/inquire_time_dailychartprice": {"FID_INPUT_HOUR_1": "120000"},
    "domestic_stock/inquire_time_itemchartprice": {"FID_INPUT_HOUR_1": "120000"},
    "domestic_stock/inquire_time_itemconclusion": {"FID_INPUT_HOUR_1": "120000"},
    "domestic_stock/inquire_time_overtimeconclusion": {MARKET: "J"},
    "domestic_stock/order_resv_ccnl": {"CNCL_YN": "N"},
    "domestic_stock/program_trade_by_stock_daily": {MARKET: "J"},
    "overseas_stock/inquire_nccs": {"SORT_SQN": "DS"},
    "overseas_stock/inquire_period_trans": {"OVRS_EXCG_CD": "NASD"},
    "overseas_stock/inquire_time_indexchartprice": {MARKET: "N", "FID_INPUT_ISCD": "SPX"},
    "overseas_stock/inquire_time_itemchartprice": {"KEYB": "", "EXCD": "NAS"},
    "overseas_stock/multprice": {"AUTH": ""},
    "ka10019": {"trde_qty_tp": "0000"},
    "ka90001": {"date_tp": "10"},
    "usa20590": {"stk_cd": "AAPL"},
    **{f"usa0601{number}": {"stk_cd": "AAPL"} for number in range(1, 7)},
}
"""What is asked where the first code of the table is not one that goes with a share."""
LISTED_AT = {"excd": "NAS", "ovrs_excg_cd": "NASD", "stex_tp": "ND"}
"""Where the American share of the questions is listed, by the field that says so."""
PLAYED_SHORT = frozenset({"domestic_stock/comp_program_trade_daily", "ust21050"})
"""Calls that the exchange plays without some of the fields that the catalogue has."""
REFUSED = {
    "domestic_stock/inquire_elw_price": "APBK0656",  # no warrant is asked for here
    "domestic_stock/investor_trade_by_stock_daily": "OPSQ2001",  # not before 15:40
    "domestic_stock/psearch_result": "MCA05762",  # another owner's conditions
    "domestic_stock/psearch_title": "MCA05762",
}
"""Refusals that a fact tells, by their codes."""


def value(api: Api, told: Field) -> object:
    abroad = "overseas" in api.path or "/us/" in api.path
    if abroad and told.name.casefold() in LISTED_AT:
        return LISTED_AT[told.name.casefold()]
    if told.name in api.pages or told.name.startswith("CTX_"):
        return ""
    if told.codes:
        return next(iter(told.codes))
    if (
        "종목코드" in told.label
        or "상품번호" in told.label
        or told.name in ("stk_cd", "PDNO", "FID_INPUT_ISCD", "SYMB")
    ):
        return "AAPL" if abroad else "005930"
    if told.format.upper().startswith("YYYYMMDD") or "일자" in told.label or "DATE" in told.name.upper():
        return "20261127"
    return "1"


def asked(api: Api) -> dict[str, object]:
    fields = {each.name: value(api, each) for each in api.request if each.required}
    account = ("CANO", "ACNT_PRDT_CD")
    return {**{name: each for name, each in fields.items() if name not in account}, **SPECIAL.get(api.name, {})}


@pytest.fixture(scope="module", params=["kis", "kiwoom"])
def broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    with Sandbox() as sandbox:
        keys = sandbox.connect(request.param)
        given = {name: getattr(keys, name) for name in ("base_url", "app_key", "app_secret", "account")}
        yield get_broker(request.param, environment="sandbox", **given)


def readable(broker: Broker) -> Iterator[tuple[str, Api]]:
    """Yield what every API that only asks is called by, with its first variant where it has several."""
    for api in Catalogue.at(f"brokerkit_{broker.name}"):
        if api.effect == "read":
            variants = list(api.variants("real"))
            yield (api.name if len(variants) == 1 else f"{api.name}/{variants[0]}"), api


@pytest.mark.slow
def test_every_api_that_asks_is_answered_in_the_shape_that_the_catalogue_tells(broker: Broker) -> None:
    wrong = {}
    count = 0
    for called, api in readable(broker):
        count += 1
        try:
            reply = broker.call(called, asked(api))
        except BrokerError as error:
            if error.code == REFUSED.get(api.name):
                continue
            wrong[api.name] = f"{type(error).__name__} {error.code} {error.message}"
            continue
        if reply.unknown or (reply.missing and api.name not in PLAYED_SHORT):
            wrong[api.name] = f"unknown {reply.unknown}, missing {reply.missing}"
    assert [f"{name}: {words}" for name, words in wrong.items()] == []
    assert count > 240


def test_what_no_exchange_plays_is_marked_and_the_same_each_time(broker: Broker) -> None:
    called, fields = {
        "kis": ("domestic_futureoption/inquire_price", {MARKET: "F", "FID_INPUT_ISCD": "101W09"}),
        "kiwoom": (
            "ka10060",
            {"dt": "20261127", "stk_cd": "005930", "amt_qty_tp": "1", "trde_tp": "0", "unit_tp": "1"},
        ),
    }[broker.name]
    first, again = (broker.call(called, fields) for _ in range(2))
    assert {name: [dict(row) for row in rows] for name, rows in first.blocks.items()} == {
        name: [dict(row) for row in rows] for name, rows in again.blocks.items()
    }
