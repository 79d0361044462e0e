"""What the socket can tell: ids and their columns, and which of them the exchange plays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from brokerkit.catalogue import Catalogue
from brokerkit.words import Venue


class Kind(StrEnum):
    """What rows of an id tell, as far as the exchange knows it."""

    TRADE = "TRADE"
    BOOK = "BOOK"
    EXPECTED = "EXPECTED"
    """At which price an auction would end."""
    STATUS = "STATUS"
    """Sessions and halts."""
    MEMBER = "MEMBER"
    PROGRAM = "PROGRAM"
    """Programme trading of the day so far."""
    INDEX = "INDEX"
    NOTICE = "NOTICE"
    """Own orders."""
    MADE_UP = "MADE_UP"
    """Of what no exchange here plays: rows in the columns of the catalogue, again and again; of own orders none."""


@dataclass(frozen=True)
class Service:
    """One id of the socket."""

    kind: Kind
    venue: Venue = Venue.KRX
    """Of what is told of US shares it is in the key; `Venue.US` stands for both."""
    columns: Sequence[str] = ()
    in_real: bool = True
    in_demo: bool = False
    of_index: bool = False
    """Whether it is registered with the code of an index."""
    of_user: bool = False
    """Whether it is registered with the login name, and what comes is encrypted."""

    @property
    def of_us(self) -> bool:
        """Whether it tells of US shares."""
        return self.venue is Venue.US


# The columns up to and with the quantities of both sides are alike in trades and in expected prices; that of the side
# is called otherwise in the first id alone. Since 2026-09-14 the market stands behind them.
_UP_TO_SIDE = """
    MKSC_SHRN_ISCD STCK_CNTG_HOUR STCK_PRPR PRDY_VRSS_SIGN PRDY_VRSS PRDY_CTRT WGHN_AVRG_STCK_PRC STCK_OPRC STCK_HGPR
    STCK_LWPR ASKP1 BIDP1 CNTG_VOL ACML_VOL ACML_TR_PBMN SELN_CNTG_CSNU SHNU_CNTG_CSNU NTBY_CNTG_CSNU CTTR
    SELN_CNTG_SMTN SHNU_CNTG_SMTN"""
_BEHIND_SIDE = """
    SHNU_RATE PRDY_VOL_VRSS_ACML_VOL_RATE OPRC_HOUR OPRC_VRSS_PRPR_SIGN OPRC_VRSS_PRPR HGPR_HOUR HGPR_VRSS_PRPR_SIGN
    HGPR_VRSS_PRPR LWPR_HOUR LWPR_VRSS_PRPR_SIGN LWPR_VRSS_PRPR BSOP_DATE NEW_MKOP_CLS_CODE TRHT_YN ASKP_RSQN1
    BIDP_RSQN1 TOTAL_ASKP_RSQN TOTAL_BIDP_RSQN VOL_TNRT PRDY_SMNS_HOUR_ACML_VOL PRDY_SMNS_HOUR_ACML_VOL_RATE
    HOUR_CLS_CODE MRKT_TRTM_CLS_CODE"""
_LEVELS = " ".join(f"{name}{level}" for name in ("ASKP", "BIDP", "ASKP_RSQN", "BIDP_RSQN") for level in range(1, 11))
_BOOK = f"""
    MKSC_SHRN_ISCD BSOP_HOUR HOUR_CLS_CODE {_LEVELS} TOTAL_ASKP_RSQN TOTAL_BIDP_RSQN OVTM_TOTAL_ASKP_RSQN
    OVTM_TOTAL_BIDP_RSQN ANTC_CNPR ANTC_CNQN ANTC_VOL ANTC_CNTG_VRSS ANTC_CNTG_VRSS_SIGN ANTC_CNTG_PRDY_CTRT ACML_VOL
    TOTAL_ASKP_RSQN_ICDC TOTAL_BIDP_RSQN_ICDC OVTM_TOTAL_ASKP_ICDC OVTM_TOTAL_BIDP_ICDC STCK_DEAL_CLS_CODE"""
_MIDDLES = "KMID_PRC KMID_TOTAL_RSQN KMID_CLS_CODE NMID_PRC NMID_TOTAL_RSQN NMID_CLS_CODE"
_STATUS = """
    TRHT_YN TR_SUSP_REAS_CNTT MKOP_CLS_CODE ANTC_MKOP_CLS_CODE MRKT_TRTM_CLS_CODE DIVI_APP_CLS_CODE ISCD_STAT_CLS_CODE
    VI_CLS_CODE OVTM_VI_CLS_CODE EXCH_CLS_CODE"""
_RANKS = range(1, 6)
_MEMBER = f"""
    MKSC_SHRN_ISCD
    {" ".join(f"{name}{rank}" for name in ("SELN2_MBCR_NAME", "BYOV_MBCR_NAME") for rank in _RANKS)}
    {" ".join(f"{name}{rank}" for name in ("TOTAL_SELN_QTY", "TOTAL_SHNU_QTY") for rank in _RANKS)}
    {" ".join(f"{side}_MBCR_GLOB_YN_{rank}" for side in ("SELN", "SHNU") for rank in _RANKS)}
    {" ".join(f"{side}_MBCR_NO{rank}" for side in ("SELN", "SHNU") for rank in _RANKS)}
    {" ".join(f"{side}_MBCR_RLIM{rank}" for side in ("SELN", "SHNU") for rank in _RANKS)}
    {" ".join(f"{side}_QTY_ICDC{rank}" for side in ("SELN", "SHNU") for rank in _RANKS)}
    GLOB_TOTAL_SELN_QTY GLOB_TOTAL_SHNU_QTY GLOB_TOTAL_SELN_QTY_ICDC GLOB_TOTAL_SHNU_QTY_ICDC GLOB_NTBY_QTY
    GLOB_SELN_RLIM GLOB_SHNU_RLIM
    {" ".join(f"{name}{rank}" for name in ("SELN2_MBCR_ENG_NAME", "BYOV_MBCR_ENG_NAME") for rank in _RANKS)}"""
_PROGRAM = """
    MKSC_SHRN_ISCD STCK_CNTG_HOUR SELN_CNQN SELN_TR_PBMN SHNU_CNQN SHNU_TR_PBMN NTBY_CNQN NTBY_TR_PBMN SELN_RSQN
    SHNU_RSQN WHOL_NTBY_QTY"""
_INDEX = """
    bstp_cls_code bsop_hour prpr_nmix prdy_vrss_sign bstp_nmix_prdy_vrss acml_vol acml_tr_pbmn pcas_vol pcas_tr_pbmn
    prdy_ctrt oprc_nmix nmix_hgpr nmix_lwpr oprc_vrss_nmix_prpr oprc_vrss_nmix_sign hgpr_vrss_nmix_prpr
    hgpr_vrss_nmix_sign lwpr_vrss_nmix_prpr lwpr_vrss_nmix_sign prdy_clpr_vrss_oprc_rate prdy_clpr_vrss_hgpr_rate
    prdy_clpr_vrss_lwpr_rate uplm_issu_cnt ascn_issu_cnt stnr_issu_cnt down_issu_cnt lslm_issu_cnt qtqt_ascn_issu_cnt
    qtqt_down_issu_cnt tick_vrss"""
_NOTICE = """
    CUST_ID ACNT_NO ODER_NO OODER_NO SELN_BYOV_CLS RCTF_CLS ODER_KIND ODER_COND STCK_SHRN_ISCD CNTG_QTY CNTG_UNPR
    STCK_CNTG_HOUR RFUS_YN CNTG_YN ACPT_YN BRNC_NO ODER_QTY ACNT_NAME"""
_US_TRADE = """
    RSYM SYMB ZDIV TYMD XYMD XHMS KYMD KHMS OPEN HIGH LOW LAST SIGN DIFF RATE PBID PASK VBID VASK EVOL TVOL TAMT BIVL
    ASVL STRN MTYP"""
# The vendor's table has the third level twice; what was seen has each level once.
_US_LEVELS = " ".join(
    f"{name}{level}" for level in range(1, 11) for name in ("PBID", "PASK", "VBID", "VASK", "DBID", "DASK")
)
_US_BOOK = f"RSYM SYMB ZDIV XYMD XHMS KYMD KHMS BVOL AVOL BDVL ADVL {_US_LEVELS}"
_US_NOTICE = """
    CUST_ID ACNT_NO ODER_NO OODER_NO SELN_BYOV_CLS RCTF_CLS ODER_KIND2 STCK_SHRN_ISCD CNTG_QTY CNTG_UNPR STCK_CNTG_HOUR
    RFUS_YN CNTG_YN ACPT_YN BRNC_NO ODER_QTY ACNT_NAME CNTG_ISNM ODER_COND DEBT_GB DEBT_DATE START_TM END_TM TM_DIV_TP
    CNTG_UNPR12"""


def _trade(side: str) -> Sequence[str]:
    return f"{_UP_TO_SIDE} {side} {_BEHIND_SIDE} VI_STND_PRC MARKET_CLS_CODE".split()


def _expected(more: str = "") -> Sequence[str]:
    return f"{_UP_TO_SIDE} CNTG_CLS_CODE {_BEHIND_SIDE} {more}".split()


NOTICE_COLUMNS = (
    f"{_NOTICE} ORD_COND_PRC ORD_EXG_GB POPUP_YN FILLER CRDT_CLS CRDT_LOAN_DATE CNTG_ISNM40 ODER_PRC".split()
)
# In older samples and in the demo three fewer, of which the first two stand together in one.
DEMO_NOTICE_COLUMNS = f"{_NOTICE} ORD_EXG_GB+POPUP_YN CRDT_CLS CRDT_LOAN_DATE CNTG_ISNM40 ODER_PRC".split()

KRX, NXT, BOTH = Venue.KRX, Venue.NXT, Venue.SOR
SERVICES: Mapping[str, Service] = {
    "H0STCNT0": Service(Kind.TRADE, KRX, _trade("CCLD_DVSN"), in_demo=True),
    "H0NXCNT0": Service(Kind.TRADE, NXT, _trade("CNTG_CLS_CODE")),
    "H0UNCNT0": Service(Kind.TRADE, BOTH, _trade("CNTG_CLS_CODE")),
    "H0STASP0": Service(
        Kind.BOOK, KRX, f"{_BOOK} MID_PRC MIDP_TOTAL_RSQN MIDP_CLS_CODE MARKET_CLS_CODE".split(), in_demo=True
    ),
    "H0NXASP0": Service(Kind.BOOK, NXT, f"{_BOOK} {_MIDDLES}".split()),
    "H0UNASP0": Service(Kind.BOOK, BOTH, f"{_BOOK} {_MIDDLES} ANTC_EXCH_CLS_CODE".split()),
    "H0STANC0": Service(Kind.EXPECTED, KRX, _expected()),
    "H0NXANC0": Service(Kind.EXPECTED, NXT, _expected("VI_STND_PRC")),
    "H0UNANC0": Service(Kind.EXPECTED, BOTH, _expected("VI_STND_PRC")),
    "H0STMKO0": Service(Kind.STATUS, KRX, f"MKSC_SHRN_ISCD {_STATUS}".split()),
    "H0NXMKO0": Service(Kind.STATUS, NXT, f"MKSC_SHRN_ISCD {_STATUS}".split()),
    "H0UNMKO0": Service(Kind.STATUS, BOTH, _STATUS.split()),
    "H0STMBC0": Service(Kind.MEMBER, KRX, _MEMBER.split()),
    "H0NXMBC0": Service(Kind.MEMBER, NXT, _MEMBER.split()),
    "H0UNMBC0": Service(Kind.MEMBER, BOTH, _MEMBER.split()),
    "H0UPCNT0": Service(Kind.INDEX, KRX, _INDEX.split(), of_index=True),
    "H0STCNI0": Service(Kind.NOTICE, KRX, NOTICE_COLUMNS, of_user=True),
    "H0STCNI9": Service(Kind.NOTICE, KRX, DEMO_NOTICE_COLUMNS, in_real=False, in_demo=True, of_user=True),
    "H0STPGM0": Service(Kind.PROGRAM, KRX, _PROGRAM.split()),
    "H0NXPGM0": Service(Kind.PROGRAM, NXT, _PROGRAM.split()),
    "H0UNPGM0": Service(Kind.PROGRAM, BOTH, _PROGRAM.split()),
    "HDFSCNT0": Service(Kind.TRADE, Venue.US, _US_TRADE.split()),
    "HDFSASP0": Service(Kind.BOOK, Venue.US, _US_BOOK.split()),
    "H0GSCNI0": Service(Kind.NOTICE, Venue.US, _US_NOTICE.split(), of_user=True),
    "H0GSCNI9": Service(Kind.NOTICE, Venue.US, _US_NOTICE.split(), in_real=False, in_demo=True, of_user=True),
}
"""Those that the exchange plays, by id."""


@lru_cache(maxsize=256)
def service_of(id: str) -> Service | None:
    """Return what an id tells; None of one that there is not. Of what is not played the catalogue has the columns."""
    if id in SERVICES:
        return SERVICES[id]
    known = Catalogue.at("brokerkit_kis")
    api = known.api(id) if id in known else None
    if api is None or not api.is_frame or api.variant(id) is None:
        return None
    real, demo = (id in api.variants(environment).values() for environment in ("real", "demo"))
    return Service(Kind.MADE_UP, columns=(*api.columns.names,), in_real=real, in_demo=demo, of_user=api.sealed)
