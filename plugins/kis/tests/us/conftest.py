"""A scripted KIS for US shares: answers that we made in its shape, and lists of symbols with four of them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from brokerkit_kis.sandbox.masters import packed

from brokerkit import clock
from brokerkit.words import Venue
from tests.adapters.wire import Json, Wire, connecting

EVENING = dt.datetime(2026, 11, 25, 23, 45, tzinfo=clock.KST)
"""A Wednesday, a quarter of an hour after the open in New York."""
DONE = {"rt_cd": "0", "msg_cd": "KIOK0510", "msg1": "done" + " " * 76}
QUOTED = {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "done"}
NO_MORE = {"ctx_area_fk200": "50012345^01^".ljust(200), "ctx_area_nk200": " " * 200}


def line(exchange: str, code: str, name: str, english: str, **changes: str) -> str:
    """Return a line of a file of symbols."""
    columns = {
        "country": "US",
        "id": "22",
        "exchange": exchange,
        "where": "거래소",
        "code": code,
        "realtime": exchange + code,
        "name": name,
        "english": english,
        "type": "2",
        "currency": "USD",
        "decimals": "4",
        "data": "1",
        "base": "270.0000",
        "bid": "1",
        "ask": "1",
        "opens": "0930",
        "closes": "1600",
        "receipt": "N",
        "of": "",
        "sector": "720",
        "index": "0",
        "tick": "1",
        "fund": "",
        "ticks": "",
    }
    return "\t".join({**columns, **changes}.values())


FILES = {
    "nas": [line("NAS", "AAPL", "애플", "APPLE INC"), line("NAS", "COMP", "나스닥 종합", "NASDAQ COMP", type="1")],
    "nys": [line("NYS", "BRK/B", "버크셔 해서웨이 B", "BERKSHIRE HATHAWAY-B", base="480.2500")],
    "ams": [line("AMS", "SPY", "SPDR S&P 500", "SPDR S&P 500 ETF TRUST", type="3", fund="001", base="660.0000")],
}


def master(name: str, lines: list[str]) -> bytes:
    """Return a file of symbols as it is packed."""
    return packed(f"{name.upper()}MST.COD", "".join(f"{each}\r\n" for each in lines).encode("cp949"))


class UsWire(Wire):
    """The server side of KIS, as far as US shares are concerned."""

    name = "kis"
    settings = {
        "app_key": "SANDBOX" + "k" * 29,
        "app_secret": "SANDBOX" + "s" * 173,
        "account": "50012345-01",
    }
    token = "header.factory.first"
    second_token = "header.factory.second"
    id_header = "tr_id"
    ids = {"list": "TTTS3035R", "open": "TTTS3018R", "buy": "TTTT1002U"}
    blocks = {"list": "output", "open": "output"}
    fields = {}
    number = "0030138112"
    handle = "kis:{day}:01790:0030138112"

    @staticmethod
    def good_answers() -> dict[str, Json]:
        order = {
            "rt_cd": "0",
            "msg_cd": "APBK0013",
            "msg1": "sent",
            "output": {"KRX_FWDG_ORD_ORGNO": "01790", "ODNO": "0030138113", "ORD_TMD": "234501"},
        }
        sending = ("TTTT1002U", "TTTT1006U", "VTTT1001U", "TTTT1004U", "TTTS6036U", "TTTS6037U", "TTTS6038U")
        return {
            "HHDFS00000300": {**QUOTED, "output": price()},
            "HHDFS76220000": {
                **QUOTED,
                "output": {"nrec": "1"},
                "output2": [{**price(), "symb": "AAPL", "excd": "NAS"}],
            },
            "HHDFS76200200": {**QUOTED, "output": {"rsym": "DNASAAPL", "curr": "USD", "t_rate": "1432.50"}},
            "HHDFS76240000": {**QUOTED, "output1": {"rsym": "DNASAAPL"}, "output2": [bar()]},
            "HHDFS76950200": {**QUOTED, "output1": {"rsym": "DNASAAPL", "next": "1"}, "output2": []},
            "HHDFS76200300": {**QUOTED, "output1": [], "output2": []},
            "HHDFS76200100": {**QUOTED, "output1": {"rsym": "DNASAAPL"}, "output2": book(), "output3": {}},
            **dict.fromkeys(sending, order),
            "TTTS3035R": {**DONE, "output": [row()], **NO_MORE},
            "TTTS3018R": {**DONE, "output": [], **NO_MORE},
            "TTTS3012R": {**DONE, "output1": [holding()], "output2": {"frcr_pchs_amt1": "2500.00000"}, **NO_MORE},
            "CTRP6504R": {**DONE, "output1": [], "output2": [cash()], "output3": {}},
            "TTTS3007R": {**DONE, "output": power()},
            "TTTS3039R": {**DONE, "output1": [sale()], "output2": {}, **NO_MORE},
        }

    def listing(self, **files: list[str]) -> UsWire:
        """Let the files of symbols have these lines."""
        for name, lines in {**FILES, **files}.items():
            self.answer(f"{name}mst.cod.zip", master(name, lines))
        return self

    @staticmethod
    def refusal(code: str, words: str) -> Json:
        return {"rt_cd": "7", "msg_cd": code, "msg1": words}

    @staticmethod
    def real_id(id: str) -> str:
        return id if id == "VTTT1001U" else re.sub("^VTT", "TTT", id)


def price(**changes: str) -> Json:
    """Return a price of Apple, which has risen."""
    return {
        "rsym": "DNASAAPL",
        "zdiv": "4",
        "base": "270.0000",
        "pvol": "38000000",
        "last": "271.5000",
        "sign": "2",
        "diff": "1.5000",
        "rate": " 0.56",
        "tvol": "1234567",
        "tamt": "334567890",
        "ordy": "매도불가",
        **changes,
    }


def bar(day: str = "20261124", **changes: str) -> Json:
    """Return a day."""
    return {
        "xymd": day,
        "clos": "270.0000",
        "sign": "5",
        "diff": "1.0000",
        "rate": "-0.37",
        "open": "271.0000",
        "high": "272.5000",
        "low": "269.2500",
        "tvol": "21000000",
        "tamt": "5680000000",
        **changes,
    }


def book() -> Json:
    """Return ten levels a side: sells from 271.51 upwards, 11, 22, ... shares; buys from 271.50 down, 13, 26, ..."""
    levels: Json = {}
    for level in range(1, 11):
        levels |= {f"pask{level}": f"{Decimal('271.50') + level * Decimal('0.01')}", f"vask{level}": f"{11 * level}"}
        levels |= {f"pbid{level}": f"{Decimal('271.51') - level * Decimal('0.01')}", f"vbid{level}": f"{13 * level}"}
    return levels


def row(**changes: str) -> Json:
    """Return a row of the list of orders: ten Apple shares to buy, four of them bought."""
    return {
        "ord_dt": "20261125",
        "ord_gno_brno": "01790",
        "odno": "0030138112",
        "orgn_odno": "",
        "sll_buy_dvsn_cd": "02",
        "sll_buy_dvsn_cd_name": "매수",
        "rvse_cncl_dvsn": "00",
        "rvse_cncl_dvsn_name": "",
        "pdno": "AAPL",
        "prdt_name": "애플",
        "ft_ord_qty": "10",
        "ft_ord_unpr3": "271.50000000",
        "ft_ccld_qty": "4",
        "ft_ccld_unpr3": "271.40000000",
        "ft_ccld_amt3": "1085.60000",
        "nccs_qty": "6",
        "prcs_stat_name": "전송",
        "rjct_rson": "",
        "rjct_rson_name": "",
        "ord_tmd": "001501",
        "tr_mket_name": "나스닥",
        "ovrs_excg_cd": "NASD",
        "tr_crcy_cd": "USD",
        "dmst_ord_dt": "20261126",
        "thco_ord_tmd": "001501",
        "loan_type_cd": "10",
        "mdia_dvsn_name": "OpenAPI",
        **changes,
    }


BLANK_ROW = {
    **dict.fromkeys(row(), ""),
    **dict.fromkeys(("ft_ord_qty", "ft_ccld_qty", "nccs_qty"), "0"),
    **dict.fromkeys(("ft_ord_unpr3", "ft_ccld_unpr3"), "0.00000000"),
    "ft_ccld_amt3": "0.00000",
    "mdia_dvsn_name": "OpenAPI",
}
"""What KIS puts in the place of no rows."""


def holding(**changes: str) -> Json:
    """Return a holding of ten Apple shares."""
    return {
        "ovrs_pdno": "AAPL",
        "ovrs_item_name": "애플",
        "frcr_evlu_pfls_amt": "215.000000",
        "evlu_pfls_rt": "8.60",
        "pchs_avg_pric": "250.0000",
        "ovrs_cblc_qty": "10",
        "ord_psbl_qty": "7",
        "frcr_pchs_amt1": "2500.00000",
        "ovrs_stck_evlu_amt": "2715.00000000",
        "now_pric2": "271.500000",
        "tr_crcy_cd": "USD",
        "ovrs_excg_cd": "NASD",
        "loan_type_cd": "10",
        "loan_dt": "",
        "expd_dt": "",
        **changes,
    }


def cash(**changes: str) -> Json:
    """Return the dollars of the account."""
    return {
        "crcy_cd": "USD",
        "frcr_dncl_amt_2": "1234.560000",
        "frcr_drwg_psbl_amt_1": "1000.000000",
        "frst_bltn_exrt": "1432.50000000",
        **changes,
    }


def power(**changes: str) -> Json:
    """Return what can be bought with the dollars, and with won that are exchanged."""
    return {
        "tr_crcy_cd": "USD",
        "ord_psbl_frcr_amt": "1234.56",
        "sll_ruse_psbl_amt": "0.00",
        "ovrs_ord_psbl_amt": "1231.48",
        "max_ord_psbl_qty": "4",
        "echm_af_ord_psbl_amt": "5000.00",
        "echm_af_ord_psbl_qty": "18",
        "ord_psbl_qty": "4",
        "exrt": "1432.5000000000",
        "frcr_ord_psbl_amt1": "1234.560000",
        "ovrs_max_ord_psbl_qty": "18",
        **changes,
    }


def sale(**changes: str) -> Json:
    """Return what a sale of three Apple shares earned: 64.50 dollars before two of expenses."""
    return {
        "trad_day": "20261124",
        "ovrs_pdno": "AAPL",
        "ovrs_item_name": "애플",
        "slcl_qty": "3",
        "pchs_avg_pric": "250.0000",
        "frcr_pchs_amt1": "750.00000",
        "avg_sll_unpr": "271.5000",
        "frcr_sll_amt_smtl1": "814.500000",
        "stck_sll_tlex": "2.00000",
        "ovrs_rlzt_pfls_amt": "62.50000",
        "ovrs_excg_cd": "NASD",
        **changes,
    }


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> dt.datetime:
    """Set the clock."""
    monkeypatch.setattr(clock, "now", lambda: EVENING)
    return EVENING


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch, now: dt.datetime) -> Iterator[Callable[..., UsWire]]:
    """Return a function that makes a broker with a scripted server behind it."""
    with connecting(UsWire, monkeypatch) as make:
        yield lambda *given, **settings: make(*given, **settings).listing().logged_in()


@pytest.fixture
def wire(connect: Callable[..., UsWire]) -> UsWire:
    """Return an account in the sandbox environment that speaks the ids of the real one, logged in."""
    return connect("sandbox", plays="real")


@pytest.fixture
def demo(connect: Callable[..., UsWire]) -> UsWire:
    """Return one that speaks the ids of the demo environment."""
    return connect("sandbox", plays="demo")


@pytest.fixture
def us_order(wire: UsWire) -> Callable[..., Any]:
    """Return a function that makes the order of the list."""

    def made(**changes: Any) -> Any:
        given = {"symbol": "US:AAPL", "venue": Venue.US, "price": Decimal("271.50"), **changes}
        return wire.order(dt.date(2026, 11, 25), **given)

    return made
