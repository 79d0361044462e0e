"""Symbol master files: a zip a market, in it a text of cp949, a line a symbol, columns by their bytes.

On a host of their own in truth, for everybody. Here they lie beside the calls, at the same paths.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from brokerkit.sandbox.exchange import Exchange, Instrument, Segment
from brokerkit.words import MarketAlert, SecurityType
from brokerkit_kis.sandbox.quotes import PAR_VALUE

CODE, ISIN, NAME = 9, 12, 40
"""Bytes of the columns in front."""
Layout = Mapping[str, int]
"""Columns of the tail, in their order, and how many bytes each has."""


def _layout(text: str) -> Layout:
    words = text.split()
    return {name: int(width) for name, width in zip(words[::2], words[1::2], strict=True)}


_DAY = """
    stck_sdpr 9 frml_mrkt_deal_qty_unit 5 ovtm_mrkt_deal_qty_unit 5 trht_yn 1 sltr_yn 1 mang_issu_yn 1
    mrkt_alrm_cls_code 2 mrkt_alrm_risk_adnt_yn 1 insn_pbnt_yn 1 byps_lstn_yn 1 flng_cls_code 2 fcam_mod_cls_code 2
    icic_cls_code 2 marg_rate 3 crdt_able_yn 1 crdt_days 3 prdy_vol 12 stck_fcam 12 stck_lstn_date 8 lstn_stcn 15
    cpfn 21 stac_month 2 po_prc 7 prst_cls_code 1 ssts_hot_yn 1 stange_runup_yn 1 krx300_issu_yn 1
"""
_FIGURES = """
    sale_account 9 bsop_prfi 9 op_prfi 9 thtr_ntin 5 roe 9 base_date 8 prdy_avls_scal 9
"""
_CREDIT = " co_crdt_limt_over_yn 1 secu_lend_able_yn 1 stln_able_yn 1"
LAYOUTS = {
    Segment.KOSPI: _layout(
        """
        scrt_grp_cls_code 2 avls_scal_cls_code 1 bstp_larg_div_code 4 bstp_medm_div_code 4 bstp_smal_div_code 4
        mnin_cls_code_yn 1 low_current_yn 1 sprn_strr_nmix_issu_yn 1 kospi200_apnt_cls_code 1 kospi100_issu_yn 1
        kospi50_issu_yn 1 krx_issu_yn 1 etp_prod_cls_code 1 elw_pblc_yn 1 krx100_issu_yn 1 krx_car_yn 1 krx_smcn_yn 1
        krx_bio_yn 1 krx_bank_yn 1 etpr_undt_objt_co_yn 1 krx_enrg_chms_yn 1 krx_stel_yn 1 short_over_cls_code 1
        krx_medi_cmnc_yn 1 krx_cnst_yn 1 krx_fnnc_svc_yn 1 krx_scrt_yn 1 krx_ship_yn 1 krx_insu_yn 1 krx_trnp_yn 1
        sri_nmix_yn 1
        """
        + _DAY
        + " kospi_issu_yn 1"
        + _FIGURES
        + " grp_code 3"
        + _CREDIT
    ),
    Segment.KOSDAQ: _layout(
        """
        scrt_grp_cls_code 2 avls_scal_cls_code 1 bstp_larg_div_code 4 bstp_medm_div_code 4 bstp_smal_div_code 4
        vntr_issu_yn 1 low_current_yn 1 krx_issu_yn 1 etp_prod_cls_code 1 krx100_issu_yn 1 krx_car_yn 1 krx_smcn_yn 1
        krx_bio_yn 1 krx_bank_yn 1 etpr_undt_objt_co_yn 1 krx_enrg_chms_yn 1 krx_stel_yn 1 short_over_cls_code 1
        krx_medi_cmnc_yn 1 krx_cnst_yn 1 invt_alrm_yn 1 krx_scrt_yn 1 krx_ship_yn 1 krx_insu_yn 1 krx_trnp_yn 1
        ksq150_nmix_yn 1
        """
        + _DAY
        + _FIGURES
        + " grp_code 3"
        + _CREDIT
    ),
    Segment.KONEX: _layout(" scrt_grp_cls_code 2" + _DAY + _FIGURES + _CREDIT),
}
_GROUPS = {SecurityType.STOCK: "ST", SecurityType.REIT: "RT", SecurityType.ETF: "EF", SecurityType.ETN: "EN"}
_ALERTS = {MarketAlert.NONE: "00", MarketAlert.ATTENTION: "01", MarketAlert.WARNING: "02", MarketAlert.RISK: "03"}
_PRODUCTS = {SecurityType.ETF: "2", SecurityType.ETN: "3"}


class Line(NamedTuple):
    """A symbol as a file has it; columns of the tail that are not named stand at zero, or at no."""

    code: str
    isin: str
    name: str
    tail: Mapping[str, str | int | Decimal]


_ODD = Line("F70100026", "KR5701000267", "모의수익증권", {"scrt_grp_cls_code": "BC"})
"""Funds of nine characters occur, which are no symbols of the exchange."""


def written(segment: Segment, lines: Iterable[Line]) -> bytes:
    """Return the text of a file."""
    layout = LAYOUTS[segment]
    return b"".join(_written(layout, line) for line in lines)


def packed(name: str, content: bytes) -> bytes:
    """Return a zip file with one member."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return archive.getvalue()


def _written(layout: Layout, line: Line) -> bytes:
    head = f"{line.code:<{CODE}}{line.isin:<{ISIN}}".encode("ascii")
    name = line.name.encode("cp949")[:NAME].ljust(NAME)
    tail = "".join(_column(name, width, line.tail.get(name)) for name, width in layout.items())
    return head + name + tail.encode("ascii") + b"\n"


def _column(name: str, width: int, value: str | int | Decimal | None) -> str:
    if value is None:
        value = "N" if name.endswith("_yn") else ""
    text = value if isinstance(value, str) else f"{value:f}" if isinstance(value, Decimal) else str(value)
    return text.rjust(width, "0")


def _line(exchange: Exchange, instrument: Instrument) -> Line:
    state = instrument.state
    return Line(
        code=f"Q{instrument.symbol}" if instrument.kind is SecurityType.ETN else instrument.symbol,
        isin=instrument.isin,
        name=instrument.name,
        tail={
            "scrt_grp_cls_code": _GROUPS[instrument.kind],
            "etp_prod_cls_code": _PRODUCTS.get(instrument.kind, "0"),
            "short_over_cls_code": "2" if state.overheated else "0",
            "invt_alrm_yn": _yes(state.caution),
            "stck_sdpr": instrument.previous_close,
            "frml_mrkt_deal_qty_unit": 1,
            "ovtm_mrkt_deal_qty_unit": 1,
            "trht_yn": _yes(instrument.symbol in exchange.halted),
            "sltr_yn": _yes(not instrument.has_limits),
            "mang_issu_yn": _yes(state.administrative),
            "mrkt_alrm_cls_code": _ALERTS[state.alert],
            "marg_rate": 100,
            "stck_fcam": PAR_VALUE,
            "stck_lstn_date": f"{instrument.listed_on:%Y%m%d}",
            "lstn_stcn": instrument.listed_shares // 1_000,
            "cpfn": instrument.listed_shares * PAR_VALUE,
            "stac_month": 12,
            "prdy_avls_scal": instrument.listed_shares * instrument.previous_close // 100_000_000,
        },
    )


def _yes(is_so: bool) -> str:
    return "Y" if is_so else "N"


class Master(NamedTuple):
    """A file: what it is called in its zip (the names differ in case), whose symbols it has, whether of NXT only."""

    member: str
    segment: Segment
    at_nxt: bool = False


MASTERS = {
    f"/common/master/{name}_code.mst.zip": master
    for name, master in {
        "kospi": Master("kospi_code.mst", Segment.KOSPI),
        "kosdaq": Master("KOSDAQ_CODE.mst", Segment.KOSDAQ),
        "konex": Master("konex_code.mst", Segment.KONEX),
        "nxt_kospi": Master("nxt_kospi_code.mst", Segment.KOSPI, at_nxt=True),
        "nxt_kosdaq": Master("NXT_KOSDAQ_CODE.MST", Segment.KOSDAQ, at_nxt=True),
    }.items()
}


def master_file(exchange: Exchange, master: Master) -> bytes:
    """Return a master file of what is listed at the exchange."""
    return packed(master.member, written(master.segment, _lines(exchange, master)))


def _lines(exchange: Exchange, master: Master) -> Iterator[Line]:
    for instrument in exchange.instruments.values():
        if instrument.market is master.segment and (instrument.nxt or not master.at_nxt):
            yield _line(exchange, instrument)
    if master.segment is Segment.KOSPI and not master.at_nxt:
        yield _ODD
