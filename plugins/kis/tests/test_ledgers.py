"""Orders of markets that no exchange plays: taken, listed, amended, cancelled, never filled, kept over a restart.

Other kinds of accounts and of money are those of the one account that there is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import pytest
from brokerkit_kis.sandbox.face import APIS

from brokerkit import Broker, get_broker
from brokerkit.catalogue import Catalogue
from brokerkit.errors import BrokerError, Rejected
from brokerkit.market.sessions import Phase
from brokerkit.raw.reply import RawReply, RawRow
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.plain import lists_orders

DAYS = "20260101", "20301231"


@dataclass(frozen=True)
class Ledger:
    """How orders of a market are placed, listed and changed; numbers, quantities and prices are filled in."""

    order: str
    terms: Mapping[str, str]
    quantity: str
    price: str
    change: str
    """The API that amends and cancels, with `cancel` behind it where an id of its own does."""
    changing: Mapping[str, str]
    listing: str
    asked: Mapping[str, str]
    waiting: Mapping[str, str]
    """What asks the list for what still waits."""
    columns: tuple[str, str, str, str]
    """Symbol, quantity, price and what is left."""
    prices: tuple[str, str]
    amend: str = ""
    cancel: str = ""
    codes: tuple[Mapping[str, str], Mapping[str, str]] = field(
        default=({"RVSE_CNCL_DVSN_CD": "01"}, {"RVSE_CNCL_DVSN_CD": "02"})
    )
    whole_only: bool = False
    block: str = "output1"


FUTURES = "domestic_futureoption"
TYPE = {"NMPR_TYPE_CD": "01", "KRX_NMPR_CNDT_CD": "0", "ORD_DVSN_CD": "01", "ORD_PRCS_DVSN_CD": "02"}
SPAN = {"STRT_ORD_DT": DAYS[0], "END_ORD_DT": DAYS[1]}
LISTED = {**SPAN, "SORT_SQN": "DS", "STRT_ODNO": "", "PDNO": "", "MKET_ID_CD": ""}
BOND = {"MGCO_APTM_ODNO": "", "ORD_SVR_DVSN_CD": "0", "CTAC_TLNO": ""}
ABROAD = {"ORD_DT": "", "ORD_GNO_BRNO": "", "ODNO": ""}
DAYS_ABROAD = {"ORD_STRT_DT": DAYS[0], "ORD_END_DT": DAYS[1]}
ALL_ABROAD = {**DAYS_ABROAD, "PDNO": "%", "SLL_BUY_DVSN": "00", "CCLD_NCCS_DVSN": "00", "SORT_SQN": "DS", **ABROAD}


def abroad(country: str, place: str, symbol: str) -> Ledger:
    """Return how stocks of a country that amends are traded."""
    named = {"OVRS_EXCG_CD": place, "PDNO": symbol, "ORD_SVR_DVSN_CD": "0"}
    return Ledger(
        order=f"overseas_stock/order/{country}_buy",
        terms=named,
        quantity="ORD_QTY",
        price="OVRS_ORD_UNPR",
        change=f"overseas_stock/order_rvsecncl/{country}_modify_cancel",
        changing=named,
        listing="overseas_stock/inquire_ccnl",
        asked={**ALL_ABROAD, "OVRS_EXCG_CD": place},
        waiting={"CCLD_NCCS_DVSN": "02"},
        block="output",
        columns=("pdno", "ft_ord_qty", "ft_ord_unpr3", "nccs_qty"),
        prices=("300.5", "299"),
    )


LEDGERS = {
    "Hong Kong": abroad("hk", "SEHK", "00700"),
    "Tokyo": abroad("jp", "TKSE", "7203"),
    "futures": Ledger(
        order=f"{FUTURES}/order/day",
        terms={"SHTN_PDNO": "101W09", "SLL_BUY_DVSN_CD": "02", **TYPE},
        quantity="ORD_QTY",
        price="UNIT_PRICE",
        change=f"{FUTURES}/order_rvsecncl/day",
        changing={"RMN_QTY_YN": "N", **TYPE},
        listing=f"{FUTURES}/inquire_ccnl",
        asked={**LISTED, "SLL_BUY_DVSN_CD": "00", "CCLD_NCCS_DVSN": "00"},
        waiting={"CCLD_NCCS_DVSN": "02"},
        columns=("pdno", "ord_qty", "ord_idx", "qty"),
        prices=("370.25", "369.5"),
    ),
    "night": Ledger(
        order=f"{FUTURES}/order/night",
        terms={"SHTN_PDNO": "101W09", "SLL_BUY_DVSN_CD": "02", **TYPE},
        quantity="ORD_QTY",
        price="UNIT_PRICE",
        change="STTN1103U",
        changing={"RMN_QTY_YN": "N", "FUOP_ITEM_DVSN_CD": "01", **TYPE},
        listing=f"{FUTURES}/inquire_ngt_ccnl",
        asked={**LISTED, "SLL_BUY_DVSN_CD": "", "CCLD_NCCS_DVSN": "00", "SCRN_DVSN": "02", "FUOP_DVSN_CD": "01"},
        waiting={"CCLD_NCCS_DVSN": "02"},
        columns=("pdno", "ord_qty", "ord_idx4", "qty"),
        prices=("370.25", "369.5"),
    ),
    "overseas futures": Ledger(
        order="overseas_futureoption/order",
        terms={
            "OVRS_FUTR_FX_PDNO": "6AZ26",
            "SLL_BUY_DVSN_CD": "02",
            "PRIC_DVSN_CD": "1",
            "FM_STOP_ORD_PRIC": "",
            "CCLD_CNDT_CD": "6",
            "CPLX_ORD_DVSN_CD": "0",
            "ECIS_RSVN_ORD_YN": "N",
            "FM_HDGE_ORD_SCRN_YN": "N",
        },
        quantity="FM_ORD_QTY",
        price="FM_LIMIT_ORD_PRIC",
        change="overseas_futureoption/order_rvsecncl",
        changing={"FM_HDGE_ORD_SCRN_YN": "N", "FM_MKPR_CVSN_YN": "N"},
        listing="overseas_futureoption/inquire_ccld",
        asked={"CCLD_NCCS_DVSN": "01", "SLL_BUY_DVSN_CD": "%%", "FUOP_DVSN": "00"},
        waiting={"CCLD_NCCS_DVSN": "03"},
        block="output",
        columns=("ovrs_futr_fx_pdno", "fm_ord_qty", "fm_ord_pric", "fm_ord_rmn_qty"),
        prices=(".68825", ".6875"),
        amend="/modify",
        cancel="/cancel",
        codes=({}, {}),
        whole_only=True,
    ),
    "bonds": Ledger(
        order="domestic_bond/buy",
        terms={
            "PDNO": "KR2033022D33",
            "SAMT_MKET_PTCI_YN": "N",
            "BOND_RTL_MKET_YN": "N",
            "IDCR_STFNO": "",
            **BOND,
        },
        quantity="ORD_QTY2",
        price="BOND_ORD_UNPR",
        change="domestic_bond/order_rvsecncl",
        changing={"PDNO": "KR2033022D33", "QTY_ALL_ORD_YN": "N", **BOND},
        listing="domestic_bond/inquire_daily_ccld",
        asked={
            "INQR_STRT_DT": DAYS[0],
            "INQR_END_DT": DAYS[1],
            "SLL_BUY_DVSN_CD": "%",
            "SORT_SQN_DVSN": "01",
            "PDNO": "",
            "NCCS_YN": "N",
        },
        waiting={"NCCS_YN": "Y"},
        block="output2",
        columns=("shtn_pdno", "ord_qty", "bond_ord_unpr", "nccs_qty"),
        prices=("9500", "9400"),
    ),
}


@dataclass
class Market:
    """A ledger at a broker."""

    ledger: Ledger
    box: Sandbox
    broker: Broker

    def place(self, quantity: str) -> RawReply:
        told = self.ledger
        terms = {**told.terms, told.quantity: quantity, told.price: told.prices[0]}
        return self.broker.call(told.order, terms)

    def _changed(self, api: str, number: str, quantity: str, price: str, codes: Mapping[str, str]) -> RawReply:
        told = self.ledger
        fields = {**told.changing, **codes, "ORGN_ODNO": number, told.price: price}
        if told.whole_only:
            fields["ORGN_ORD_DT"] = f"{self.box.exchange.today:%Y%m%d}"
        else:
            fields[told.quantity] = quantity
        return self.broker.call(f"{told.change}{api}", fields)

    def amend(self, number: str, quantity: str) -> RawReply:
        told = self.ledger
        return self._changed(told.amend, number, quantity, told.prices[1], told.codes[0])

    def cancel(self, number: str, quantity: str) -> RawReply:
        told = self.ledger
        return self._changed(told.cancel, number, quantity, "" if told.whole_only else "0", told.codes[1])

    def rows(self, **more: str) -> Mapping[int, RawRow]:
        rows = self.broker.call(self.ledger.listing, {**self.ledger.asked, **more}).blocks[self.ledger.block]
        return {int(row["odno"]): row for row in rows}

    def told(self) -> list[tuple[object, ...]]:
        """Return what every row of the list says: symbol, quantity, price, what is left, and the number before."""
        symbol, quantity, price, left = self.ledger.columns
        return [
            (row[symbol], row[quantity], Decimal(row[price]), row[left], int(row["orgn_odno"] or "0"))
            for row in self.rows().values()
        ]


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(state=tmp_path / "state.json") as made:
        yield made


@pytest.fixture
def broker(box: Sandbox) -> Iterator[Broker]:
    with get_broker("kis", environment="sandbox", sandbox=box) as made:
        yield made


@pytest.fixture(params=LEDGERS)
def market(request: pytest.FixtureRequest, box: Sandbox, broker: Broker) -> Market:
    return Market(LEDGERS[request.param], box, broker)


def test_an_order_is_taken_listed_amended_and_cancelled(market: Market) -> None:
    ledger = market.ledger
    assert market.rows() == {}
    number = str(market.place("3").order_id)
    (row,) = market.rows().values()
    symbol = row[ledger.columns[0]]
    assert symbol in ledger.terms.values()
    assert (int(row["odno"]), row["sll_buy_dvsn_cd"]) == (int(number), "02")
    before, after = map(Decimal, ledger.prices)
    assert market.told() == [(symbol, "3", before, "3", 0)]
    moved = str(market.amend(number, "3").order_id)
    assert market.told() == [(symbol, "3", before, "0", 0), (symbol, "3", after, "3", int(number))]
    assert list(market.rows(**ledger.waiting)) == [int(moved)]
    gone = str(market.cancel(moved, "3").order_id)
    assert market.told()[2] == (symbol, "3", after, "0", int(moved))
    assert market.rows(**ledger.waiting) == {}
    assert len({int(number), int(moved), int(gone)}) == 3
    for again in (moved, "1"):
        with pytest.raises(Rejected) as caught:
            market.cancel(again, "3")
        assert caught.value.code == ("APBK0927" if again == moved else "APBK0344")


def test_it_is_there_again_after_a_restart_and_can_still_be_cancelled(market: Market, tmp_path: Path) -> None:
    number = str(market.place("3").order_id)
    before = market.told()
    market.box.close()
    with (
        Sandbox(state=tmp_path / "state.json") as again,
        get_broker("kis", environment="sandbox", sandbox=again) as broker,
    ):
        later = Market(market.ledger, again, broker)
        assert later.told() == before
        later.cancel(number, "3")
        assert later.rows(**market.ledger.waiting) == {}
        assert int(str(later.place("1").order_id)) == int(number) + 2


def test_an_amendment_of_some_leaves_the_rest_and_a_cancellation_of_nothing_takes_all(
    box: Sandbox, broker: Broker
) -> None:
    market = Market(LEDGERS["futures"], box, broker)
    number = str(market.place("3").order_id)
    moved = str(market.amend(number, "1").order_id)
    left = {int(number): "2", int(moved): "1"}
    assert {key: row["qty"] for key, row in market.rows(CCLD_NCCS_DVSN="02").items()} == left
    market.cancel(number, "0")
    assert list(market.rows(CCLD_NCCS_DVSN="02")) == [int(moved)]


@pytest.mark.parametrize(
    ("quantity", "item", "code"), [("0", "01", "OPSQ2001"), ("1", "01", "APBK0400"), ("3", "", "OPSQ2001")]
)
def test_at_night_a_change_tells_what_is_left_and_what_it_is_of(
    quantity: str, item: str, code: str, box: Sandbox, broker: Broker
) -> None:
    ledger = LEDGERS["night"]
    market = Market(replace(ledger, changing={**ledger.changing, "FUOP_ITEM_DVSN_CD": item}), box, broker)
    number = str(market.place("3").order_id)
    with pytest.raises(Rejected) as caught:
        market.cancel(number, quantity)
    assert caught.value.code == code
    assert [row["qty"] for row in market.rows().values()] == ["3"]


def test_an_order_of_futures_abroad_is_known_by_day_and_number_and_can_become_a_market_order(
    box: Sandbox, broker: Broker
) -> None:
    market = Market(LEDGERS["overseas futures"], box, broker)
    reply = market.place("2")
    assert len(str(reply.order_id)) == 8
    named = {**market.ledger.changing, "ORGN_ODNO": str(reply.order_id), "ORGN_ORD_DT": "20260102"}
    with pytest.raises(Rejected) as caught:
        broker.call("overseas_futureoption/order_rvsecncl/cancel", named)
    assert caught.value.code == "APBK0344"
    named |= {"ORGN_ORD_DT": str(reply["ORD_DT"]), "FM_MKPR_CVSN_YN": "Y"}
    turned = broker.call("overseas_futureoption/order_rvsecncl/cancel", named)
    assert [row["fm_ord_rmn_qty"] for row in market.rows(CCLD_NCCS_DVSN="03").values()] == ["2"]
    assert list(market.rows(CCLD_NCCS_DVSN="03")) == [int(str(turned.order_id))]


# Other countries beside the US


CHINESE = {"OVRS_EXCG_CD": "SHAA", "PDNO": "600519", "ORD_QTY": "100", "OVRS_ORD_UNPR": "9.5", "ORD_SVR_DVSN_CD": "0"}
HONG_KONG = {**CHINESE, "OVRS_EXCG_CD": "SEHK", "PDNO": "00700"}
AMERICAN = {"OVRS_EXCG_CD": "NASD", "PDNO": "AAPL", "ORD_QTY": "1", "OVRS_ORD_UNPR": "50", "ORD_SVR_DVSN_CD": "0"}


def placed(broker: Broker, called: str, fields: Mapping[str, str]) -> int:
    return int(str(broker.call(f"overseas_stock/order/{called}", {"ORD_DVSN": "00", **fields}).order_id))


def test_lists_tell_orders_of_the_us_and_of_other_countries_together_and_apart(broker: Broker) -> None:
    numbers = {
        "NASD": placed(broker, "us_buy", AMERICAN),
        "SHAA": placed(broker, "shanghai_buy", CHINESE),
        "SEHK": placed(broker, "hk_sell", {**HONG_KONG, "SLL_TYPE": "00"}),
    }

    def told(api: str, place: str, **more: str) -> set[int]:
        rows = broker.call(f"overseas_stock/{api}", {"OVRS_EXCG_CD": place, "SORT_SQN": "DS", **more}).rows
        return {int(row["odno"]) for row in rows}

    for place, number in numbers.items():
        assert told("inquire_nccs", place) == told("inquire_ccnl", place, **ALL_ABROAD) == {number}
    everything = set(numbers.values())
    assert told("inquire_nccs", "") == told("inquire_ccnl", "%", **ALL_ABROAD) == everything
    assert told("inquire_ccnl", "%", **{**ALL_ABROAD, "SLL_BUY_DVSN": "01"}) == {numbers["SEHK"]}
    assert told("inquire_ccnl", "%", **{**ALL_ABROAD, "CCLD_NCCS_DVSN": "01"}) == set()
    assert told("inquire_ccnl", "%", **{**ALL_ABROAD, "PDNO": "600519"}) == {numbers["SHAA"]}
    before = {**ALL_ABROAD, "ORD_STRT_DT": "20260101", "ORD_END_DT": "20260102"}
    assert told("inquire_ccnl", "SEHK", **before) == set()
    assert [order.symbol for order in broker.orders(market="US")] == ["US:AAPL"]


@pytest.mark.parametrize(
    ("called", "fields", "code"),
    [
        ("hk_buy", CHINESE, "APBK0656"),
        ("vn_sell", HONG_KONG, "APBK0656"),
        ("us_buy", HONG_KONG, "APBK0656"),
        ("hk_buy", {**HONG_KONG, "OVRS_ORD_UNPR": "0"}, "APBK1507"),
        ("hk_buy", {**HONG_KONG, "ORD_QTY": "0"}, "IGW00014"),
    ],
)
def test_an_order_of_another_exchange_without_price_or_quantity_is_refused(
    broker: Broker, called: str, fields: Mapping[str, str], code: str
) -> None:
    with pytest.raises(BrokerError) as caught:
        placed(broker, called, fields)
    assert caught.value.code == code
    assert len(broker.call("overseas_stock/inquire_nccs", {"OVRS_EXCG_CD": "", "SORT_SQN": "DS"}).rows) == 0


def test_an_order_is_cancelled_in_part_under_its_own_symbol_and_exchange_alone(broker: Broker) -> None:
    number = placed(broker, "shanghai_buy", CHINESE)
    change = {**CHINESE, "ORGN_ODNO": f"{number:010d}", "RVSE_CNCL_DVSN_CD": "02"}
    for more in ({"PDNO": "600000"}, {"OVRS_EXCG_CD": "SZAA"}):
        with pytest.raises(Rejected) as caught:
            broker.call("overseas_stock/order_rvsecncl/shanghai_cancel", {**change, **more})
        assert caught.value.code == "APBK0344"
    part = {"ORD_QTY": "40", "OVRS_ORD_UNPR": "0"}
    broker.call("overseas_stock/order_rvsecncl/shanghai_cancel", {**change, **part})
    (row,) = broker.call("overseas_stock/inquire_nccs", {"OVRS_EXCG_CD": "SHAA", "SORT_SQN": "DS"}).rows
    assert (int(row["odno"]), row["ft_ord_qty"], row["nccs_qty"], row["tr_crcy_cd"]) == (number, "100", "60", "CNY")


def test_the_demo_takes_them_too_and_its_list_of_all_orders_has_them() -> None:
    with (
        Sandbox(environment="demo") as box,
        get_broker("kis", environment="sandbox", sandbox=box) as broker,
    ):
        number = placed(broker, "hk_buy", HONG_KONG)
        asked = {**ALL_ABROAD, "PDNO": "", "OVRS_EXCG_CD": ""}
        assert [int(row["odno"]) for row in broker.call("overseas_stock/inquire_ccnl", asked).rows] == [number]
        assert broker.orders(market="US") == ()
        with pytest.raises(Rejected) as caught:
            placed(broker, "hk_sell", {**HONG_KONG, "ORD_DVSN": "50"})
        assert caught.value.code == "40650000"


def test_reserved_orders_of_other_countries_have_a_list_and_are_taken_back_by_the_same_call(
    box: Sandbox, broker: Broker, tmp_path: Path
) -> None:
    terms = {"OVRS_EXCG_CD": "TKSE", "PDNO": "7203", "FT_ORD_QTY": "100", "FT_ORD_UNPR3": "2900"}
    side = {"SLL_BUY_DVSN_CD": "02", "RVSE_CNCL_DVSN_CD": "00", "PRDT_TYPE_CD": "515"}
    reply = broker.call("overseas_stock/order_resv/asia", {**terms, **side})
    number, day = reply["OVRS_RSVN_ODNO"], reply["RSVN_ORD_RCIT_DT"]
    assert reply.order_id == number
    asked = {"INQR_STRT_DT": DAYS[0], "INQR_END_DT": DAYS[1], "INQR_DVSN_CD": "00", "PRDT_TYPE_CD": "515"}

    def told(broker: Broker, place: str = "TKSE", country: str = "asia") -> list[tuple[str, ...]]:
        rows = broker.call(f"overseas_stock/order_resv_list/{country}", {**asked, "OVRS_EXCG_CD": place}).rows
        return [(row["ovrs_rsvn_odno"], row["pdno"], row["ft_ord_qty"], row["cncl_yn"]) for row in rows]

    assert told(broker) == [(number, "7203", "100", "N")]
    assert told(broker, "SEHK") == told(broker, "NASD", "us") == []
    box.close()
    with (
        Sandbox(state=tmp_path / "state.json") as again,
        get_broker("kis", environment="sandbox", sandbox=again) as later,
    ):
        assert told(later) == [(number, "7203", "100", "N")]
        gone = {"RVSE_CNCL_DVSN_CD": "02", "OVRS_RSVN_ODNO": number, "RSVN_ORD_RCIT_DT": day}
        later.call("overseas_stock/order_resv/asia", {**terms, **gone})
        assert told(later) == [(number, "7203", "100", "Y")]
        with pytest.raises(Rejected) as caught:
            later.call("overseas_stock/order_resv/asia", {**terms, **gone})
        assert caught.value.code == "APBK0927"


# Loans and pensions, which are of the one account that there is


@pytest.mark.parametrize("call", ["domestic_stock/order_resv", "domestic_stock/order_credit/buy"])
def test_a_reserved_order_with_a_loan_is_kept_listed_amended_and_taken_back(
    call: str, box: Sandbox, broker: Broker, tmp_path: Path
) -> None:
    box.exchange.phase = Phase.CLOSED
    price = f"{box.exchange.quote('005930').lower_limit:f}"
    terms = {"PDNO": "005930", "ORD_QTY": "3", "ORD_UNPR": price, "LOAN_DT": "20261127"}
    reserved = {"SLL_BUY_DVSN_CD": "02", "ORD_DVSN_CD": "00", "ORD_OBJT_CBLC_DVSN_CD": "23"}
    credit = {"RSVN_ORD_YN": "Y", "CRDT_TYPE": "23", "ORD_DVSN": "00"}
    reply = broker.call(call, {**terms, **(reserved if call.endswith("resv") else credit)})
    asked = {
        "RSVN_ORD_ORD_DT": DAYS[0],
        "RSVN_ORD_END_DT": DAYS[1],
        "RSVN_ORD_SEQ": "",
        "TMNL_MDIA_KIND_CD": "00",
        "PRCS_DVSN_CD": "0",
        "CNCL_YN": "Y",
        "PDNO": "",
        "SLL_BUY_DVSN_CD": "",
    }

    def told(broker: Broker) -> list[tuple[str, ...]]:
        rows = broker.call("domestic_stock/order_resv_ccnl", asked).rows
        return [tuple(row[name] for name in ("ord_rsvn_qty", "ord_dvsn_name", "loan_dt", "prcs_rslt")) for row in rows]

    number = str(int(str(reply.order_id)))
    assert told(broker) == [("3", "신용매수", "20261127", "미처리")]
    changing = {**terms, **reserved, "ORD_QTY": "2", "RSVN_ORD_SEQ": number}
    broker.call("domestic_stock/order_resv_rvsecncl/modify", changing)
    assert told(broker) == [("2", "신용매수", "20261127", "미처리")]
    box.close()
    with (
        Sandbox(state=tmp_path / "state.json") as again,
        get_broker("kis", environment="sandbox", sandbox=again) as later,
    ):
        assert told(later) == [("2", "신용매수", "20261127", "미처리")]
        later.call("domestic_stock/order_resv_rvsecncl/cancel", {"RSVN_ORD_SEQ": number})
        assert [row[3] for row in told(later)] == ["취소"]


def test_the_list_of_orders_with_a_loan_has_them_and_what_became_of_them_after_a_restart_too(
    box: Sandbox, broker: Broker, tmp_path: Path
) -> None:
    price = f"{box.exchange.quote('005930').lower_limit:f}"
    terms = {"PDNO": "005930", "ORD_DVSN": "00", "ORD_QTY": "3", "ORD_UNPR": price}
    with_cash = broker.call("domestic_stock/order_cash/buy", terms).order_id
    placed_with_loan = {**terms, "CRDT_TYPE": "23", "LOAN_DT": ""}
    with_loan = broker.call("domestic_stock/order_credit/buy", placed_with_loan).order_id
    change = {"KRX_FWDG_ORD_ORGNO": "06010", "ORGN_ODNO": with_loan, "QTY_ALL_ORD_YN": "Y", "RVSE_CNCL_DVSN_CD": "02"}
    change |= {"ORD_DVSN": "00", "ORD_QTY": "0", "ORD_UNPR": "0"}
    gone = broker.call("domestic_stock/order_rvsecncl", change).order_id
    today = f"{box.exchange.today:%Y%m%d}"
    asked = {
        "INQR_STRT_DT": today,
        "INQR_END_DT": today,
        "SLL_BUY_DVSN_CD": "00",
        "CCLD_DVSN": "00",
        "INQR_DVSN": "01",
        "INQR_DVSN_1": "",
        "ORD_GNO_BRNO": "",
        "ODNO": "",
        "PDNO": "",
        "EXCG_ID_DVSN_CD": "ALL",
    }

    def told(broker: Broker, code: str) -> list[str]:
        listed = broker.call("domestic_stock/inquire_daily_ccld/within_3_months", {**asked, "INQR_DVSN_3": code})
        return [row["odno"] for row in listed.blocks["output1"]]

    wanted = {"00": [with_cash, with_loan, gone], "01": [with_cash], "02": [with_loan, gone], "06": [], "04": []}
    wanted["07"] = wanted["02"]
    assert {code: told(broker, code) for code in wanted} == wanted
    box.close()
    with (
        Sandbox(state=tmp_path / "state.json") as again,
        get_broker("kis", environment="sandbox", sandbox=again) as later,
    ):
        assert {code: told(later, code) for code in wanted} == wanted


def test_the_calls_of_pensions_tell_the_orders_holdings_and_cash_of_the_account(box: Sandbox, broker: Broker) -> None:
    quote = box.exchange.quote("005930")
    waiting = broker.buy("005930", 2, price=quote.lower_limit)
    broker.buy("000660", 3, price=box.exchange.quote("000660").upper_limit)
    asked = {"USER_DVSN_CD": "%%", "SLL_BUY_DVSN_CD": "00", "INQR_DVSN_3": "00"}
    for variant in ("krx_only", "krx_nxt_sor"):
        name = f"domestic_stock/pension_inquire_daily_ccld/{variant}"
        (left,) = broker.call(name, {**asked, "CCLD_NCCS_DVSN": "02"}).rows
        assert (int(left["odno"]), left["pdno"], left["nccs_qty"]) == (int(waiting.id), "005930", "2")
        (filled,) = broker.call(name, {**asked, "CCLD_NCCS_DVSN": "01"}).rows
        assert (filled["pdno"], filled["tot_ccld_qty"]) == ("000660", "3")
    held = [(held.symbol, held.quantity) for held in broker.balance().positions]
    pension = broker.call("domestic_stock/pension_inquire_balance", {"ACCA_DVSN_CD": "00", "INQR_DVSN": "00"})
    present = broker.call("domestic_stock/pension_inquire_present_balance", {"USER_DVSN_CD": "00"})
    realised = broker.call(
        "domestic_stock/inquire_balance_rlz_pl",
        {
            "AFHR_FLPR_YN": "N",
            "OFL_YN": "",
            "INQR_DVSN": "02",
            "UNPR_DVSN": "01",
            "FUND_STTL_ICLD_YN": "N",
            "FNCG_AMT_AUTO_RDPT_YN": "N",
            "PRCS_DVSN": "01",
            "COST_ICLD_YN": "N",
        },
    )
    for reply in (pension, present, realised):
        assert [(row["pdno"], row.decimal("hldg_qty")) for row in reply.blocks["output1"]] == held
    power = {"PDNO": "005930", "CMA_EVLU_AMT_ICLD_YN": "N", "ORD_DVSN": "00", "ORD_UNPR": f"{quote.price:f}"}
    affordable = box.exchange.affordable(box.connect("kis").account, "005930", quote.price)
    told = broker.call("domestic_stock/pension_inquire_psbl_order", {**power, "ACCA_DVSN_CD": "00"})
    loan = broker.call("domestic_stock/inquire_credit_psamount", {**power, "CRDT_TYPE": "21", "OVRS_ICLD_YN": "N"})
    assert told.decimal("max_buy_qty") == loan.decimal("max_buy_qty") == affordable
    cash = broker.call("domestic_stock/pension_inquire_deposit", {"ACCA_DVSN_CD": "00"})
    assert cash.decimal("dnca_tota") == box.exchange.account(box.connect("kis").account).cash


def test_assets_and_margins_tell_what_both_exchanges_have(box: Sandbox, broker: Broker) -> None:
    broker.buy("000660", 3, price=box.exchange.quote("000660").upper_limit)
    broker.buy("005930", 2, price=box.exchange.quote("005930").lower_limit)
    account = box.connect("kis").account
    here, abroad = box.exchange.account(account), box.exchanges["US"].account(account)
    rate = box.exchanges["US"].exchange_rate
    reply = broker.call("domestic_stock/inquire_account_balance", {"INQR_DVSN_1": "", "BSPR_BF_DT_APLY_YN": ""})
    rows = [row.decimal("evlu_amt") for row in reply.blocks["output1"]]
    assert len(rows) == 19
    assert (rows[0], rows[16]) == (here.market_value, here.cash_d2)
    assert abs(rows[15] - abroad.cash_d2 * rate) < 1  # type: ignore[operator]
    assert sum(rows[:-1]) == rows[-1] == reply.decimal("tot_asst_amt")  # type: ignore[arg-type]
    asked = {"CMA_EVLU_AMT_ICLD_YN": "N", "WCRC_FRCR_DVSN_CD": "01", "FWEX_CTRT_FRCR_DVSN_CD": "01"}
    margin = broker.call("domestic_stock/intgr_margin", asked)
    assert margin.decimal("stck_cash_ord_psbl_amt") == here.orderable < here.cash_d2
    assert margin.decimal("usd_ord_psbl_amt") == abroad.orderable


def test_no_list_of_a_market_that_an_exchange_plays_is_made_up() -> None:
    for api in Catalogue.at("brokerkit_kis"):
        is_played = api.path.startswith(("/uapi/domestic-stock/v1/trading", "/uapi/overseas-stock/v1/trading"))
        if is_played and (api.effect == "order" or lists_orders(api)):
            assert api.path in APIS, api.name
