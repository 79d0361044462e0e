"""Orders of markets that no exchange plays: taken, listed, amended, cancelled, never filled, kept over a restart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from brokerkit import Broker, get_broker
from brokerkit.errors import Rejected
from brokerkit.raw.reply import RawReply, RawRow
from brokerkit.sandbox import Sandbox

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
    original: Mapping[str, str] = field(default_factory=dict)
    whole_only: bool = False
    block: str = "output1"
    side: tuple[str, str] = ("sll_buy_dvsn_cd", "02")


FUTURES = "domestic_futureoption"
TYPE = {"NMPR_TYPE_CD": "01", "KRX_NMPR_CNDT_CD": "0", "ORD_DVSN_CD": "01", "ORD_PRCS_DVSN_CD": "02"}
SPAN = {"STRT_ORD_DT": DAYS[0], "END_ORD_DT": DAYS[1]}
LISTED = {**SPAN, "SORT_SQN": "DS", "STRT_ODNO": "", "PDNO": "", "MKET_ID_CD": ""}
BOND = {"MGCO_APTM_ODNO": "", "ORD_SVR_DVSN_CD": "0", "CTAC_TLNO": ""}
LEDGERS = {
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
        changing={"FM_HDGE_ORD_SCRN_YN": "N", "FM_MKPR_CVSN_YN": "N", "ORGN_ORD_DT": "20261127"},
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
        if not told.whole_only:
            fields[told.quantity] = quantity
        return self.broker.call(f"{told.change}{api}", {**fields, **told.original})

    def amend(self, number: str, quantity: str) -> RawReply:
        told = self.ledger
        return self._changed(told.amend, number, quantity, told.prices[1], told.codes[0])

    def cancel(self, number: str, quantity: str) -> RawReply:
        told = self.ledger
        return self._changed(told.cancel, number, quantity, "" if told.whole_only else "0", told.codes[1])

    def rows(self, **more: str) -> Mapping[int, RawRow]:
        rows = self.broker.call(self.ledger.listing, {**self.ledger.asked, **more}).blocks[self.ledger.block]
        return {int(row["odno"]): row for row in rows}

    def told(self) -> list[tuple[str, ...]]:
        """Return what every row of the list says: symbol, quantity, price, what is left, and the number before."""
        return [
            (*(str(row[name]) for name in self.ledger.columns), str(int(row["orgn_odno"] or "0")))
            for row in self.rows().values()
        ]


@pytest.fixture(params=LEDGERS)
def market(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Market]:
    with Sandbox(state=tmp_path / "state.json") as box, get_broker("kis", environment="sandbox", sandbox=box) as broker:
        yield Market(LEDGERS[request.param], box, broker)


def test_an_order_is_taken_listed_amended_and_cancelled(market: Market) -> None:
    ledger = market.ledger
    assert market.rows() == {}
    number = str(market.place("3").order_id)
    (row,) = market.rows().values()
    symbol = next(value for value in ledger.terms.values() if value in ("101W09", "6AZ26", "KR2033022D33"))
    assert (int(row["odno"]), row[ledger.side[0]]) == (int(number), ledger.side[1])
    assert market.told() == [(symbol, "3", ledger.prices[0], "3", "0")]
    moved = str(market.amend(number, "3").order_id)
    first, second = (symbol, "3", ledger.prices[0], "0", "0"), (symbol, "3", ledger.prices[1], "3", str(int(number)))
    assert market.told() == [first, second]
    assert list(market.rows(**ledger.waiting)) == [int(moved)]
    gone = str(market.cancel(moved, "3").order_id)
    assert [row[:4] for row in market.told()][2][1:3] == ("3", ledger.prices[1])
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
