"""Every order that the brokers' APIs take, with what its fields mean: written by hand from the brokers' own tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Case:
    """A call that may move money, and what it is."""

    broker: str
    api: str
    """Name and variant, or an id."""
    fields: Mapping[str, Any]
    kind: str
    symbol: str = ""
    side: str = ""
    quantity: str = ""
    """Blank: all that is left."""
    price: str = ""
    value: str = ""
    """Blank: nobody can tell."""
    currency: str = ""
    market: str = ""
    verb: str = ""
    original: str = ""
    venue: str = ""
    row: str = ""
    """Name and variant, where `api` is an id."""

    @property
    def title(self) -> str:
        """Name it in a test."""
        return f"{self.broker} {self.api} {self.kind}"

    @property
    def amount(self) -> Decimal | None:
        """What it comes to."""
        return Decimal(self.value) if self.value else None


KR: dict[str, Any] = {"market": "KR", "currency": "KRW"}
US: dict[str, Any] = {"market": "US", "currency": "USD", "venue": "US"}
DAYTIME: dict[str, Any] = {**US, "venue": "DAYTIME"}


def _kis(api: str, fields: Mapping[str, Any], kind: str, **told: Any) -> Case:
    return Case("kis", api, fields, kind, **told)


def _kiwoom(api: str, fields: Mapping[str, Any], kind: str, **told: Any) -> Case:
    return Case("kiwoom", api, fields, kind, **told)


_SHARE = {"PDNO": "005930", "ORD_DVSN": "00", "ORD_QTY": "3", "ORD_UNPR": "70000"}
_SHARES: dict[str, Any] = {"symbol": "005930", "quantity": "3", "price": "70000", "value": "210000", **KR}
_CHANGE = {"KRX_FWDG_ORD_ORGNO": "06010", "ORGN_ODNO": "0000012345", "ORD_DVSN": "00", "EXCG_ID_DVSN_CD": "SOR"}
_CREDIT = {"CRDT_TYPE": "21", "LOAN_DT": "20261126"}
_KEPT = {
    "PDNO": "005930",
    "ORD_QTY": "4",
    "ORD_UNPR": "60000",
    "SLL_BUY_DVSN_CD": "01",
    "ORD_DVSN_CD": "00",
    "ORD_OBJT_CBLC_DVSN_CD": "10",
}
_KEPT_IS: dict[str, Any] = {"symbol": "005930", "side": "SELL", "quantity": "4", "price": "60000", "value": "240000"}
_BLANK_BOND = dict.fromkeys(("MGCO_APTM_ODNO", "ORD_SVR_DVSN_CD", "CTAC_TLNO"), "")
_BOND = {"PDNO": "KR6095572D81", "ORD_QTY2": "5", "BOND_ORD_UNPR": "9900", **_BLANK_BOND}
_BOND_IS: dict[str, Any] = {"symbol": "KR6095572D81", "quantity": "5", "price": "9900"}
_FUTURE = {
    "ORD_PRCS_DVSN_CD": "02",
    "SHTN_PDNO": "101W09",
    "ORD_QTY": "4",
    "UNIT_PRICE": "345.05",
    "ORD_DVSN_CD": "01",
    "NMPR_TYPE_CD": "01",
    "KRX_NMPR_CNDT_CD": "0",
    "CTAC_TLNO": "",
    "FUOP_ITEM_DVSN_CD": "",
}
_FUTURE_IS: dict[str, Any] = {"symbol": "101W09", "quantity": "4", "price": "345.05"}
_FUTURE_CHANGE = {
    "ORD_PRCS_DVSN_CD": "02",
    "ORGN_ODNO": "0000000551",
    "UNIT_PRICE": "346",
    "ORD_DVSN_CD": "01",
    "NMPR_TYPE_CD": "01",
    "KRX_NMPR_CNDT_CD": "0",
    "FUOP_ITEM_DVSN_CD": "01",
}
_ABROAD = {
    "OVRS_FUTR_FX_PDNO": "6BZ22",
    "FM_LIMIT_ORD_PRIC": "1.17",
    "FM_STOP_ORD_PRIC": "",
    "FM_ORD_QTY": "7",
    "PRIC_DVSN_CD": "1",
    "CCLD_CNDT_CD": "6",
    "CPLX_ORD_DVSN_CD": "0",
    "ECIS_RSVN_ORD_YN": "N",
    "FM_HDGE_ORD_SCRN_YN": "N",
}
_ABROAD_CHANGE = {"ORGN_ORD_DT": "20261127", "ORGN_ODNO": "00298040", "FM_HDGE_ORD_SCRN_YN": "N"}


def _overseas(exchange: str, symbol: str, quantity: int, price: str, **more: str) -> dict[str, str]:
    fields = {"OVRS_EXCG_CD": exchange, "PDNO": symbol, "ORD_QTY": str(quantity), "OVRS_ORD_UNPR": price}
    return {**fields, "ORD_SVR_DVSN_CD": "0", "ORD_DVSN": "00", **more}


def _change(exchange: str, symbol: str, quantity: int, price: str, code: str) -> dict[str, str]:
    fields = {"OVRS_EXCG_CD": exchange, "PDNO": symbol, "ORD_QTY": str(quantity), "OVRS_ORD_UNPR": price}
    return {**fields, "ORGN_ODNO": "0030135009", "RVSE_CNCL_DVSN_CD": code, "ORD_SVR_DVSN_CD": "0"}


_COUNTRIES = (
    ("us", "NASD", "AAPL", "145.25", "435.75", "USD"),
    ("us", "NYSE", "BA", "226", "678", "USD"),
    ("us", "AMEX", "SPY", "500.5", "1501.5", "USD"),
    ("us", "SEHK", "00700", "400", "", ""),  # of another country than the id: which counts is not told
    ("jp", "NASD", "AAPL", "145.25", "", ""),
    ("vn", "HASE", "SHS", "17000", "51000", "VND"),
    ("jp", "TKSE", "7203", "3220", "9660", "JPY"),
    ("shanghai", "SHAA", "600519", "1500.50", "4501.50", "CNY"),
    ("shenzhen", "SZAA", "000858", "130.1", "390.3", "CNY"),
    ("vn", "VNSE", "VIC", "41000", "123000", "VND"),
    ("hk", "SEHK", "00700", "400", "", ""),  # counters there have several currencies
)
_OF_COUNTRIES = tuple(
    _kis(
        f"overseas_stock/order/{country}_{side.lower()}",
        _overseas(exchange, symbol, 3, price),
        "order",
        symbol=symbol,
        side=side,
        quantity="3",
        price=price,
        value=value,
        currency=currency,
        **({"venue": "US", "verb": side.lower()} if country == "us" else {}),
        **({"market": "US"} if currency == "USD" else {}),
    )
    for country, exchange, symbol, price, value, currency in _COUNTRIES
    for side in ("BUY", "SELL")
)
_DAYTIME_CHANGE = {**_change("NASD", "AAPL", 2, "0", "02"), "CTAC_TLNO": "", "MGCO_APTM_ODNO": ""}
_RESERVED = {"PDNO": "AAPL", "OVRS_EXCG_CD": "NASD", "FT_ORD_QTY": "2", "FT_ORD_UNPR3": "100.5", "ORD_DVSN": "00"}
_RESERVED_IS: dict[str, Any] = {"symbol": "AAPL", "quantity": "2", "price": "100.5", "value": "201.0", **US}
_ASIA = {"PDNO": "7203", "PRDT_TYPE_CD": "515", "OVRS_EXCG_CD": "TKSE", "FT_ORD_QTY": "100", "FT_ORD_UNPR3": "3000"}

KIS = (
    _kis("domestic_stock/order_cash/buy", _SHARE, "order", side="BUY", verb="buy", venue="KRX", **_SHARES),
    _kis(
        "domestic_stock/order_cash/sell",
        {**_SHARE, "ORD_DVSN": "22", "CNDT_PRIC": "71000", "EXCG_ID_DVSN_CD": "NXT", "SLL_TYPE": "01"},
        "order",
        side="SELL",
        verb="sell",
        venue="NXT",
        **_SHARES,
    ),
    _kis("domestic_stock/order_credit/buy", {**_SHARE, **_CREDIT}, "order", side="BUY", venue="KRX", **_SHARES),
    _kis(
        "domestic_stock/order_credit/sell",
        {**_SHARE, **_CREDIT, "CRDT_TYPE": "25", "EXCG_ID_DVSN_CD": "SOR", "RSVN_ORD_YN": "N"},
        "order",
        side="SELL",
        venue="SOR",
        **_SHARES,
    ),
    _kis(
        "domestic_stock/order_credit/sell",
        {**_SHARE, **_CREDIT, "RSVN_ORD_YN": "Y"},
        "reserve",
        side="SELL",
        venue="KRX",
        **_SHARES,
    ),
    _kis(
        "domestic_stock/order_rvsecncl",
        {**_CHANGE, "RVSE_CNCL_DVSN_CD": "01", "ORD_QTY": "2", "ORD_UNPR": "180000", "QTY_ALL_ORD_YN": "N"},
        "amend",
        quantity="2",
        price="180000",
        value="360000",
        verb="amend",
        original="0000012345",
        venue="SOR",
        **KR,
    ),
    _kis(
        "domestic_stock/order_rvsecncl",
        {**_CHANGE, "RVSE_CNCL_DVSN_CD": "01", "ORD_QTY": "2", "ORD_UNPR": "180000", "QTY_ALL_ORD_YN": "Y"},
        "amend",
        price="180000",
        verb="amend",
        original="0000012345",
        venue="SOR",
        **KR,
    ),
    _kis(
        "domestic_stock/order_rvsecncl",
        {**_CHANGE, "RVSE_CNCL_DVSN_CD": "02", "ORD_QTY": "0", "ORD_UNPR": "0", "QTY_ALL_ORD_YN": "Y"},
        "cancel",
        verb="cancel",
        original="0000012345",
        venue="SOR",
        **KR,
    ),
    _kis(
        "domestic_stock/order_rvsecncl",
        {
            **{name: value for name, value in _CHANGE.items() if name != "EXCG_ID_DVSN_CD"},
            "RVSE_CNCL_DVSN_CD": "02",
            "ORD_QTY": "0",
            "ORD_UNPR": "0",
            "QTY_ALL_ORD_YN": "Y",
        },
        "cancel",
        verb="cancel",
        original="0000012345",
        venue="KRX",
        **KR,
    ),
    _kis("domestic_stock/order_resv", _KEPT, "reserve", verb="reserve", venue="KRX", **_KEPT_IS, **KR),
    _kis(
        "domestic_stock/order_resv_rvsecncl/modify",
        {**_KEPT, "RSVN_ORD_SEQ": "39453"},
        "amend_reservation",
        verb="amend_reservation",
        venue="KRX",
        original="39453",
        **_KEPT_IS,
        **KR,
    ),
    _kis(
        "domestic_stock/order_resv_rvsecncl/cancel",
        {"RSVN_ORD_SEQ": "39447", "RSVN_ORD_ORD_DT": "20261130", "RSVN_ORD_ORGNO": "00"},
        "cancel_reservation",
        verb="cancel_reservation",
        venue="KRX",
        original="39447",
        **KR,
    ),
    _kis(
        "domestic_bond/buy",
        {**_BOND, "SAMT_MKET_PTCI_YN": "N", "BOND_RTL_MKET_YN": "N", "IDCR_STFNO": ""},
        "order",
        side="BUY",
        **_BOND_IS,
    ),
    _kis(
        "domestic_bond/sell",
        {
            **_BOND,
            "ORD_DVSN": "01",
            "SPRX_YN": "N",
            "BUY_DT": "",
            "BUY_SEQ": "",
            "SAMT_MKET_PTCI_YN": "N",
            "SLL_AGCO_OPPS_SLL_YN": "N",
            "BOND_RTL_MKET_YN": "N",
        },
        "order",
        side="SELL",
        **_BOND_IS,
    ),
    _kis(
        "domestic_bond/order_rvsecncl",
        {**_BOND, "ORGN_ODNO": "0004357900", "QTY_ALL_ORD_YN": "N", "RVSE_CNCL_DVSN_CD": "01"},
        "amend",
        original="0004357900",
        **_BOND_IS,
    ),
    _kis(
        "domestic_bond/order_rvsecncl",
        {**_BOND, "ORGN_ODNO": "0004357900", "QTY_ALL_ORD_YN": "Y", "RVSE_CNCL_DVSN_CD": "02"},
        "cancel",
        original="0004357900",
        symbol="KR6095572D81",
        price="9900",
    ),
    _kis("domestic_futureoption/order/day", {**_FUTURE, "SLL_BUY_DVSN_CD": "02"}, "order", side="BUY", **_FUTURE_IS),
    _kis("domestic_futureoption/order/night", {**_FUTURE, "SLL_BUY_DVSN_CD": "01"}, "order", side="SELL", **_FUTURE_IS),
    _kis(
        "domestic_futureoption/order_rvsecncl/day",
        {**_FUTURE_CHANGE, "RVSE_CNCL_DVSN_CD": "01", "ORD_QTY": "1", "RMN_QTY_YN": "N"},
        "amend",
        quantity="1",
        price="346",
        original="0000000551",
    ),
    _kis(
        "domestic_futureoption/order_rvsecncl/day",
        {**_FUTURE_CHANGE, "RVSE_CNCL_DVSN_CD": "02", "ORD_QTY": "0", "UNIT_PRICE": "0", "RMN_QTY_YN": "Y"},
        "cancel",
        original="0000000551",
    ),
    _kis(
        "STTN1103U",
        {**_FUTURE_CHANGE, "RVSE_CNCL_DVSN_CD": "02", "ORD_QTY": "2", "UNIT_PRICE": "0", "RMN_QTY_YN": "Y"},
        "cancel",
        original="0000000551",
        row="domestic_futureoption/order_rvsecncl/night",
    ),
    _kis(
        "TTTN1103U",
        {**_FUTURE_CHANGE, "RVSE_CNCL_DVSN_CD": "01", "ORD_QTY": "2", "RMN_QTY_YN": "N"},
        "amend",
        quantity="2",
        price="346",
        original="0000000551",
        row="domestic_futureoption/order_rvsecncl/night_of_the_samples",
    ),
    _kis(
        "overseas_futureoption/order",
        {**_ABROAD, "SLL_BUY_DVSN_CD": "01"},
        "order",
        symbol="6BZ22",
        side="SELL",
        quantity="7",
        price="1.17",
    ),
    _kis(
        "overseas_futureoption/order_rvsecncl/modify",
        {**_ABROAD_CHANGE, "FM_LIMIT_ORD_PRIC": "1.18"},
        "amend",
        price="1.18",
        original="00298040",
    ),
    _kis(
        "overseas_futureoption/order_rvsecncl/cancel",
        {**_ABROAD_CHANGE, "FM_MKPR_CVSN_YN": "N"},
        "cancel",
        original="00298040",
    ),
    _kis("overseas_futureoption/order_rvsecncl/cancel", _ABROAD_CHANGE, "cancel", original="00298040"),
    _kis(
        "overseas_futureoption/order_rvsecncl/cancel",
        {**_ABROAD_CHANGE, "FM_MKPR_CVSN_YN": "Y"},
        "amend",
        original="00298040",
    ),
    *_OF_COUNTRIES,
    _kis(
        "overseas_stock/order/us_buy",
        _overseas("NYSE", "BRK/B", 2, "400", ORD_DVSN="35", ALGO_ORD_TMD_DVSN_CD="02"),
        "order",
        symbol="BRK/B",
        side="BUY",
        quantity="2",
        price="400",
        value="800",
        verb="buy",
        **US,
    ),
    *(
        _kis(
            "overseas_stock/order_rvsecncl/us_modify_cancel",
            _change(exchange, "BA", 2, "226.00", "01"),
            "amend",
            symbol="BA",
            quantity="2",
            price="226.00",
            value="452.00",
            verb="amend",
            original="0030135009",
            **US,
        )
        for exchange in ("NYSE", "NASD", "AMEX")
    ),
    _kis(
        "overseas_stock/order_rvsecncl/us_modify_cancel",
        _change("NYSE", "BA", 2, "0", "02"),
        "cancel",
        symbol="BA",
        quantity="2",
        verb="cancel",
        original="0030135009",
        **US,
    ),
    _kis(
        "overseas_stock/order_rvsecncl/hk_modify_cancel",
        _change("SEHK", "00700", 100, "401", "01"),
        "amend",
        symbol="00700",
        quantity="100",
        price="401",
        verb="amend",
        original="0030135009",
    ),
    _kis(
        "overseas_stock/order_rvsecncl/jp_modify_cancel",
        _change("TKSE", "7203", 100, "3000", "01"),
        "amend",
        symbol="7203",
        quantity="100",
        price="3000",
        value="300000",
        currency="JPY",
        verb="amend",
        original="0030135009",
    ),
    *(
        _kis(
            f"overseas_stock/order_rvsecncl/{place}_cancel",
            _change(exchange, symbol, 100, "0", "02"),
            "cancel",
            symbol=symbol,
            quantity="100",
            verb="cancel",
            original="0030135009",
        )
        for place, exchange, symbol in (
            ("shanghai", "SHAA", "600519"),
            ("shenzhen", "SZAA", "000858"),
            ("vn", "HASE", "SHS"),
        )
    ),
    *(
        _kis(
            f"overseas_stock/daytime_order/{side.lower()}",
            _overseas("NASD", "AAPL", 3, "145.25"),
            "order",
            symbol="AAPL",
            side=side,
            quantity="3",
            price="145.25",
            value="435.75",
            verb=side.lower(),
            **DAYTIME,
        )
        for side in ("BUY", "SELL")
    ),
    _kis(
        "overseas_stock/daytime_order_rvsecncl",
        _DAYTIME_CHANGE,
        "cancel",
        symbol="AAPL",
        quantity="2",
        verb="cancel",
        original="0030135009",
        **DAYTIME,
    ),
    _kis(
        "overseas_stock/daytime_order_rvsecncl",
        {**_DAYTIME_CHANGE, "RVSE_CNCL_DVSN_CD": "01", "OVRS_ORD_UNPR": "99"},
        "amend",
        symbol="AAPL",
        quantity="2",
        price="99",
        value="198",
        verb="amend",
        original="0030135009",
        **DAYTIME,
    ),
    *(
        _kis(
            f"overseas_stock/order_resv/us_{side.lower()}",
            {**_RESERVED, "RVSE_CNCL_DVSN_CD": code, "PRDT_TYPE_CD": "", "OVRS_EXCG_CD": exchange},
            "reserve",
            side=side,
            verb="reserve",
            **_RESERVED_IS,
        )
        for side in ("BUY", "SELL")
        for code, exchange in (("00", "NASD"), ("", "NYSE"), ("", "AMEX"))
    ),
    _kis(
        "overseas_stock/order_resv/us_buy",
        {**_RESERVED, "RVSE_CNCL_DVSN_CD": "02", "PRDT_TYPE_CD": "", "OVRS_RSVN_ODNO": "0030135682"},
        "",  # it may buy: nothing that the limits have to let through
        side="BUY",
        verb="reserve",
        original="0030135682",
        **_RESERVED_IS,
    ),
    *(
        _kis(
            "overseas_stock/order_resv/asia",
            {**_ASIA, "RVSE_CNCL_DVSN_CD": code, "SLL_BUY_DVSN_CD": side_code},
            "reserve",
            symbol="7203",
            side=side,
            quantity="100",
            price="3000",
        )
        for code, side_code, side in (("00", "01", "SELL"), ("", "02", "BUY"))
    ),
    _kis(
        "overseas_stock/order_resv/asia",
        {**_ASIA, "RVSE_CNCL_DVSN_CD": "02", "OVRS_RSVN_ODNO": "0031111234", "RSVN_ORD_RCIT_DT": "20261127"},
        "cancel_reservation",
        symbol="7203",
        quantity="100",
        price="3000",
        original="0031111234",
    ),
    _kis(
        "overseas_stock/order_resv_ccnl/us_cancel",
        {"RSYN_ORD_RCIT_DT": "20261127", "RSVN_ORD_RCIT_DT": "20261127", "OVRS_RSVN_ODNO": "0030135682"},
        "cancel_reservation",
        original="0030135682",
        verb="cancel_reservation",
        **US,
    ),
)

_STOCK = {"dmst_stex_tp": "KRX", "stk_cd": "005930", "ord_qty": "3", "trde_tp": "0", "ord_uv": "70000"}
_AMEND = {"dmst_stex_tp": "SOR", "orig_ord_no": "0000140", "stk_cd": "005930", "mdfy_qty": "2", "mdfy_uv": "69000"}
_CANCEL = {"dmst_stex_tp": "NXT", "orig_ord_no": "0000140", "stk_cd": "005930", "cncl_qty": "2"}
_GOLD = {"stk_cd": "M04020000", "ord_qty": "2", "ord_uv": "150000", "trde_tp": "00"}
_GOLD_IS: dict[str, Any] = {"symbol": "M04020000", "quantity": "2", "price": "150000", "value": "300000"}
_AMERICAN = {"stex_tp": "ND", "stk_cd": "AAPL", "ord_qty": "3", "ord_uv": "145.25", "trde_tp": "00"}
_AMERICAN_IS: dict[str, Any] = {"symbol": "AAPL", "quantity": "3", "price": "145.25", "value": "435.75", **US}
_AMENDED: dict[str, Any] = {
    "symbol": "005930",
    "quantity": "2",
    "price": "69000",
    "value": "138000",
    "original": "0000140",
    "venue": "SOR",
    **KR,
}
_CANCELED: dict[str, Any] = {"symbol": "005930", "quantity": "2", "original": "0000140", "venue": "NXT", **KR}
_NAMED = {"orig_ord_no": "000012345", "stex_tp": "NY", "stk_cd": "BA"}

KIWOOM = (
    _kiwoom("kt10000", _STOCK, "order", side="BUY", verb="buy", venue="KRX", **_SHARES),
    _kiwoom(
        "kt10001",
        {**_STOCK, "trde_tp": "28", "cond_uv": "69000", "dmst_stex_tp": "SOR"},
        "order",
        side="SELL",
        verb="sell",
        venue="SOR",
        **_SHARES,
    ),
    _kiwoom("kt10002", _AMEND, "amend", verb="amend", **_AMENDED),
    _kiwoom("kt10002", {**_AMEND, "mdfy_qty": "0"}, "amend", verb="amend", **{**_AMENDED, "quantity": "", "value": ""}),
    _kiwoom("kt10003", _CANCEL, "cancel", verb="cancel", **_CANCELED),
    _kiwoom("kt10003", {**_CANCEL, "cncl_qty": "0"}, "cancel", verb="cancel", **{**_CANCELED, "quantity": ""}),
    _kiwoom("kt10006", _STOCK, "order", side="BUY", venue="KRX", **_SHARES),
    _kiwoom("kt10007", {**_STOCK, "crd_deal_tp": "33"}, "order", side="SELL", venue="KRX", **_SHARES),
    _kiwoom("kt10008", _AMEND, "amend", **_AMENDED),
    _kiwoom("kt10008", {**_AMEND, "mdfy_qty": "0"}, "amend", **{**_AMENDED, "quantity": "", "value": ""}),
    _kiwoom("kt10009", _CANCEL, "cancel", **_CANCELED),
    _kiwoom("kt10009", {**_CANCEL, "cncl_qty": "0"}, "cancel", **{**_CANCELED, "quantity": ""}),
    _kiwoom(
        "kt50002",
        {"stk_cd": "M04020000", "orig_ord_no": "0000077", "mdfy_qty": "0", "mdfy_uv": "149000"},
        "amend",
        symbol="M04020000",
        price="149000",
        currency="KRW",
        original="0000077",
    ),
    _kiwoom("kt50000", _GOLD, "order", side="BUY", currency="KRW", **_GOLD_IS),
    _kiwoom("kt50001", {**_GOLD, "trde_tp": "20"}, "order", side="SELL", currency="KRW", **_GOLD_IS),
    _kiwoom(
        "kt50002",
        {"stk_cd": "M04020000", "orig_ord_no": "0000077", "mdfy_qty": "1", "mdfy_uv": "149000"},
        "amend",
        symbol="M04020000",
        quantity="1",
        price="149000",
        value="149000",
        currency="KRW",
        original="0000077",
    ),
    _kiwoom(
        "kt50003",
        {"stk_cd": "M04020000", "orig_ord_no": "0000077", "cncl_qty": "0"},
        "cancel",
        symbol="M04020000",
        currency="KRW",
        original="0000077",
    ),
    _kiwoom(
        "kt50003",
        {"stk_cd": "M04020000", "orig_ord_no": "0000077", "cncl_qty": "1"},
        "cancel",
        symbol="M04020000",
        quantity="1",
        currency="KRW",
        original="0000077",
    ),
    _kiwoom("ust20000", _AMERICAN, "order", side="BUY", verb="buy", **_AMERICAN_IS),
    _kiwoom(
        "ust20001",
        {**_AMERICAN, "trde_tp": "34", "stop_pric": "146"},
        "order",
        side="SELL",
        verb="sell",
        **_AMERICAN_IS,
    ),
    _kiwoom(
        "ust20002",
        {**_NAMED, "mdfy_uv": "226.00"},
        "amend",
        symbol="BA",
        price="226.00",
        verb="amend",
        original="000012345",
        **US,
    ),
    _kiwoom("ust20003", _NAMED, "cancel", symbol="BA", verb="cancel", original="000012345", **US),
    _kiwoom("ust31302", {"exch_tp": "1", "fc_exmn_amt": "1000000"}, "convert", value="1000000", currency="KRW"),
    _kiwoom("ust31302", {"exch_tp": "2", "fc_exmn_amt": "700.5"}, "convert", value="700.5", currency="USD"),
)
CASES = KIS + KIWOOM

PRICED: Mapping[tuple[str, str], str] = {
    **dict.fromkeys(
        [("kis", f"domestic_stock/{name}") for name in ("order_cash", "order_credit", "order_rvsecncl")],
        "00 11 12 22 27 41 42 43",
    ),
    **dict.fromkeys([("kis", f"domestic_stock/{name}") for name in ("order_resv", "order_resv_rvsecncl")], "00"),
    **dict.fromkeys([("kis", f"domestic_futureoption/{name}") for name in ("order", "order_rvsecncl")], "01 10 11"),
    ("kis", "overseas_futureoption/order"): "1 4",
    ("kis", "overseas_futureoption/order_rvsecncl"): "- N",
    ("kis", "overseas_stock/order"): "- 00 32 34 35 36 50",
    ("kis", "overseas_stock/order_resv"): "- 00 35 36",
    ("kis", "overseas_stock/daytime_order"): "00",
    **dict.fromkeys([("kiwoom", name) for name in ("kt10000", "kt10001", "kt10006", "kt10007")], "0 10 20 28 62"),
    **dict.fromkeys([("kiwoom", name) for name in ("kt50000", "kt50001")], "00 10 20"),
    ("kiwoom", "ust20000"): "00 26 27 30",
    ("kiwoom", "ust20001"): "00 26 27 30 34",
}
"""Codes with which nothing worse than the price is paid, by the brokers' tables; - is a blank."""
STOPS: Mapping[tuple[str, str], str] = {
    **dict.fromkeys(
        [("kis", f"domestic_stock/{name}") for name in ("order_cash", "order_credit", "order_rvsecncl")], "CNDT_PRIC"
    ),
    **dict.fromkeys(
        [("kis", f"overseas_futureoption/{name}") for name in ("order", "order_rvsecncl")], "FM_STOP_ORD_PRIC"
    ),
    **dict.fromkeys([("kiwoom", name) for name in ("kt10000", "kt10001", "kt10006", "kt10007")], "cond_uv"),
    **dict.fromkeys([("kiwoom", name) for name in ("kt10002", "kt10008")], "mdfy_cond_uv"),
    **dict.fromkeys([("kiwoom", name) for name in ("ust20001", "ust20002")], "stop_pric"),
}
"""The field of the price that sets an order off."""
TYPES = ("ORD_DVSN", "ORD_DVSN_CD", "PRIC_DVSN_CD", "FM_MKPR_CVSN_YN", "trde_tp")
"""Fields of the code that says how an order is priced, where PRICED has codes for it."""
PRICES = (
    *("ORD_UNPR", "BOND_ORD_UNPR", "UNIT_PRICE", "FM_LIMIT_ORD_PRIC", "OVRS_ORD_UNPR", "FT_ORD_UNPR3"),
    *("ord_uv", "mdfy_uv"),
)
"""Fields of a price."""
WORDS: Mapping[str, Mapping[str, str]] = {
    "SLL_BUY_DVSN_CD": {"01": "sell", "02": "buy"},
    "RVSE_CNCL_DVSN_CD": {"01": "amend", "02": "cancel"},
    "EXCG_ID_DVSN_CD": {"KRX": "KRX", "NXT": "NXT", "SOR": "SOR"},
    "dmst_stex_tp": {"KRX": "KRX", "NXT": "NXT", "SOR": "SOR"},
    "exch_tp": {"1": "KRW", "2": "USD"},
    "RSVN_ORD_YN": {"N": "order", "Y": "reserve"},
}
"""What the codes of a field mean, by the brokers' tables."""
LAST_DAYS: Mapping[tuple[str, str], str] = dict.fromkeys(
    [("kis", f"domestic_stock/{name}") for name in ("order_resv", "order_resv_rvsecncl")], "RSVN_ORD_END_DT"
)
"""The field of the last day of a reserved order."""
