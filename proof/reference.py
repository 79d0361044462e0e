"""Another reader of both wires, written from the brokers' rules and not from the adapters: what digits mean there.

KIS: plain numbers, each with its own sign. Kiwoom: the sign of a price is a direction, that of a change or flow is real
and may be doubled, amounts of the account are padded. Nothing else is a number. Where a price of 0 says that there is
none, nothing is told. What decides nothing is blank where it is not as documented, and a row of a list is odd then.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, get_args

from pydantic import SecretStr

from brokerkit.transport import Block, Effect, Endpoint, OddRow
from brokerkit.words import Side

PRICES = frozenset(
    {
        "cur_prc",
        "base_pric",
        "base_close_pric",
        "open_pric",
        "high_pric",
        "low_pric",
        "upl_pric",
        "lst_pric",
        "trde_qty",
    }
)
"""Fields of Kiwoom's market calls whose sign is a direction, besides the levels of the book."""
US = "/api/us/"
"""So begin Kiwoom's calls for US symbols, whose codes get the prefix of their market."""
US_PRICES = f"{US}mrkcond"
GROUPED = frozenset({"aplc_exrt"})
"""Numbers that may have commas between their thousands."""
TRADES = frozenset({"cntr_trde_qty", "acc_trde_qty"})
"""Fields of Kiwoom's trades whose sign is the side, and no part of the number."""
PROFITS = frozenset({"tdy_sel_pl"})
"""Fields of Kiwoom's account calls whose minus may be doubled."""
AMOUNTS = frozenset({"trde_amt", "trde_prica", "now_trde_qty"})
"""Fields of Kiwoom's rankings that are never below zero, whatever sign they have."""
ACCOUNT_PRICES = frozenset({"cur_prc", "pur_pric", "ord_pric", "ord_uv", "cntr_uv", "cntr_pric"}) | {
    *("frgn_stk_book_uv", "now_pric"),
}
"""Fields of Kiwoom's account calls whose sign is a direction."""
NONE_AT_ZERO = frozenset({"prpr", "stck_prpr", "stck_oprc", "stck_hgpr", "stck_lwpr", "stck_mxpr", "stck_llam"}) | {
    *("cur_prc", "open_pric", "high_pric", "low_pric", "upl_pric", "lst_pric"),
    *("price", "open", "high", "low", "recprice", "uplmtprice", "dnlmtprice"),
    *(
        "elw_prpr",
        "elw_oprc",
        "elw_hgpr",
        "elw_lwpr",
        "etf_chas_erng_rt_dbnb",
        "etp_chas_erng_rt_dbnb",
        "listCount",
        "lastPrice",
    ),
    *("inter2_prpr", "inter2_oprc", "inter2_hgpr", "inter2_lwpr", "inter2_mxpr", "inter2_llam"),
    *("10", "16", "17", "18"),
    *("last", "now_pric", "now_pric2", "echm_af_ord_psbl_amt", "echm_af_ord_psbl_qty"),
}
"""Prices for which the brokers write 0 where there is none."""
ABROAD = "/overseas-stock/"
"""In the paths of KIS's calls for shares abroad."""
NONE_AT_ZERO_ABROAD = frozenset({"pchs_avg_pric"})
"""Those that are so for shares abroad alone: shares at home may have cost nothing."""
CLOSES = frozenset({"ka10059", "ka10003", "ka10084", "FHKST01010300", "FHPST01060000", "HHDFS76200300", "usa20150"})
"""Calls whose price is the close of a day or that of a trade, which stands as it came."""
TIMES = frozenset({"ORD_TMD", "ord_tmd", "tm", "ord_tm", "ord_rcit_tmd", "rsvn_ord_rcit_tmd"})
"""Times of orders: none where there is no time."""
TOLD = frozenset({"mdfy_qty", "mdfy_ord_qty"})
"""Quantities that an answer to an order repeats: none where it is no number of shares."""
LOOSE = frozenset(
    {"KRX_FWDG_ORD_ORGNO", "krx_fwdg_ord_orgno", "return_msg", "returnMsg", "prdt_name", "stk_nm", "inter_kor_isnm"}
) | {
    *("ord_gno_brno", "ord_dvsn_cd", "excg_id_dvsn_cd", "excg_id_dvsn_Cd", "EXCG_ID_DVSN_CD", "cncl_yn"),
    *("trde_tp", "stex_tp_txt", "stex_tp", "sor_yn", "acpt_tp", "dmst_stex_tp", "comm_ord_tp"),
    *(
        "prcs_stat_name",
        "rvse_cncl_dvsn",
        "rvse_cncl_dvsn_cd",
        "ovrs_excg_cd",
        "frgn_stk_nm",
        "ord_stat",
        "ord_stat_nm",
    ),
    *("comm_ord_tp_nm", "inpt_chnl_tp", "sll_buy_dvsn_cd_name", "ovrs_rsvn_ord_stat_cd"),
    *("kor_item_shtn_name", "prcs_rslt"),
}
"""Words on which nothing depends: blank where they are no text."""
NUMBERS = ("odno", "ord_no")
"""Fields with the number of a row of a list."""
SYMBOLS = frozenset({"pdno", "stk_cd", "code", "9001", *(f"{of}_shrn_iscd" for of in ("stck", "inter", "mksc", "elw"))})
KINDS = ("", "A", "J", "Q")
"""Letters of its kind in front of a symbol."""
DAYS = frozenset({"regDay", "cntr_dt", "dmst_ord_dt", "rsvn_ord_ord_dt", "rsvn_end_dt", "cncl_ord_dt"})
"""Days that are zeros where there is none."""
SOCKET = "/api/dostk/websocket"
"""Where Kiwoom tells saved conditions, with numbers for names: 11 and 12 are changes, all others have a direction."""
THOUSANDTHS = frozenset({"12"})
"""Fields whose last three digits stand behind a point that is not written."""
COUNTS = frozenset({"listCount"})
"""Numbers of Kiwoom's lists of instruments: digits alone."""
SUMS = (
    *("sel_trde_ori_qty", "buy_trde_ori_qty", "frgn_sel_prsm_sum", "frgn_buy_prsm_sum"),
    *("prm_buy", "prm_sell", "dfrt_trde", "ndiffpro_trde", "all_sel", "all_buy", "buy_cntr", "sel_cntr"),
)
"""So begin what member firms and programmes bought or sold at Kiwoom: never below zero."""
NETS = ("netprps", "netslmt")
"""In the names of what was bought less sold at Kiwoom."""
FIXED_FIELDS = frozenset({"rate"})
"""Fields of KIS that are so, too."""
CHANGES = frozenset({"pred_pre", "flu_rt", "netslmt"}) | {
    *("ind_invsr", "frgnr_invsr", "orgn", "fnnc_invt", "insrnc", "invtrt", "etc_fnnc", "bank", "penfnd_etc"),
    *("samo_fund", "natn", "etc_corp", "natfor"),
}
RANKINGS = "/api/dostk/rkinfo"
KIWOOM_MARKET = (*(f"/api/dostk/{name}" for name in ("stkinfo", "mrkcond", "sect", "chart")), RANKINGS, US_PRICES)
FIXED_WIDTH = ("/psearch-result",)
"""Calls of KIS whose figures have blanks in front."""
KIS_SIDES = {"01": Side.SELL, "02": Side.BUY}
US_SIDES = {"1": Side.SELL, "2": Side.BUY}
"""Codes of Kiwoom for US orders, in whose place there may be words."""
BLOCKS = frozenset({"output2", "Output2", "OUTPUT2"})
DIGITS = {str(digit): digit for digit in range(10)}


class Wrong(AssertionError):
    """An accepted value is not what was sent."""


class Bare(str):
    """A number of the JSON text that is not in quotes."""

    __slots__ = ()


def compare(broker: str, endpoint: Endpoint[Any], reply: Block, content: bytes) -> None:
    """Raise Wrong unless every value of the reply has the digits that were sent, and the answer says success."""
    sent = _sent(content)
    _check_success(broker, endpoint, sent)
    _compare(broker, endpoint, reply, sent)


def compare_rows(broker: str, endpoint: Endpoint[Any], rows: Sequence[Block], block: str, content: bytes) -> None:
    """Raise Wrong unless the rows of a block, whose rest was read later, have the digits that were sent."""
    for row, told in zip(rows, _sent(content)[block], strict=True):
        _compare(broker, endpoint, row, told)


def _sent(content: bytes) -> Any:
    return json.loads(content.decode("utf-8", "replace"), parse_int=Bare, parse_float=Bare, parse_constant=Bare)


def _check_success(broker: str, endpoint: Endpoint[Any], sent: Mapping[str, Any]) -> None:
    if broker == "kis":
        code = sent.get("rt_cd")
        good = code is None if endpoint.path.startswith("/oauth2/") or endpoint.path.endswith("hashkey") else False
        good = good or (type(code) is str and code == "0")
    else:
        code = sent["return_code"] if "return_code" in sent else sent.get("returnCode")
        # A number of JSON, not a text, may be written as -0, and is nought.
        good = isinstance(code, str) and (set(code.strip(" ")) == {"0"} or (type(code) is Bare and code == "-0"))
    if not good:
        raise Wrong(f"success with the code {code!r}")


def _compare(broker: str, endpoint: Endpoint[Any], reply: Block, sent: Any) -> None:
    for name, known in type(reply).model_fields.items():
        key = next((key for key in _keys(name, known) if key in sent), None)
        value = getattr(reply, name)
        if key is None:
            if value != known.get_default():
                raise Wrong(f"{name} is {value!r}, and nothing was sent")
            continue
        raw = sent[key]
        if isinstance(value, Block | OddRow):
            _compare_row(broker, endpoint, known.annotation, value, raw[0] if isinstance(raw, list) else raw)
        elif isinstance(value, tuple):
            rows = [raw] if isinstance(raw, dict) else raw
            if len(rows) != len(value):
                raise Wrong(f"{key} has {len(value)} rows of {len(rows)}")
            for row, told in zip(value, rows, strict=True):
                _compare_row(broker, endpoint, known.annotation, row, told)
        else:
            _compare_value(broker, endpoint, key, value, raw)
    _read_all(reply)


def _compare_row(broker: str, endpoint: Endpoint[Any], annotation: Any, row: Block | OddRow, sent: Any) -> None:
    """Compare a row; one that is called odd has to be so in the field that it names."""
    if isinstance(row, Block):
        _compare(broker, endpoint, row, sent)
        return
    if row.values.keys() != sent.keys() or any(row.values[key] != raw for key, raw in sent.items() if type(raw) is str):
        raise Wrong(f"an odd row has {row.values!r}, and {sent!r} was sent")
    numbers = {raw.strip() for key in NUMBERS if type(raw := sent.get(key)) is str}
    if row.number(*NUMBERS) not in numbers | {""} or (row.is_blank and any(map(_is_digits, numbers))):
        raise Wrong(f"an odd row has the number {row.number(*NUMBERS)!r}, and {sent!r} was sent")
    key, fault = row.fault.removeprefix("field ").split(" ", 1)
    kinds = get_args(known := _annotations(annotation).get(key)) or (known,)
    is_sound = key in sent and (
        (Decimal in kinds and number(sent[key], _habit(broker, endpoint, key)) is not None)
        or (type(None) in kinds and _is_blank(sent[key]))
    )
    justified = key not in sent if "missing" in fault else key in sent and not is_sound
    if not justified:
        raise Wrong(f"a row is called odd ({row.fault}), and {sent!r} was sent")


def _annotations(annotation: Any) -> dict[str, Any]:
    """Return what the row inside an annotation makes of each field of the wire."""
    if isinstance(annotation, type) and issubclass(annotation, Block):
        fields = annotation.model_fields.items()
        return {key: known.annotation for name, known in fields for key in _keys(name, known)}
    found = (_annotations(each) for each in getattr(annotation, "__args__", ()))
    return next((fields for fields in found if fields), {})


def _keys(name: str, known: Any) -> list[str]:
    alias = known.validation_alias
    return [str(key) for key in alias.choices] if hasattr(alias, "choices") else [str(alias or name)]


def _is_digits(text: str) -> bool:
    return bool(text) and not set(text) - DIGITS.keys()


def _compare_value(broker: str, endpoint: Endpoint[Any], key: str, value: Any, raw: Any) -> None:
    if key in TIMES or isinstance(value, dt.time):
        expected: Any = _time(broker, raw)
    elif key in TOLD and endpoint.effect is Effect.ORDER:
        expected = _shares(raw)
    elif _is_none_at_zero(endpoint, key):
        expected = _price(raw, _habit(broker, endpoint, key))
    elif isinstance(value, Decimal) and key in THOUSANDTHS:
        expected = _thousandths(raw)
    elif isinstance(value, Decimal):
        expected = number(raw, _habit(broker, endpoint, key))
    elif value is None:
        # A blank is None; so is a block that an answer can do without, whatever stands in its place.
        is_none = _is_blank(raw) or (key in DAYS and type(raw) is str and set(raw.strip()) == {"0"})
        expected = None if key in BLOCKS or is_none else raw
    elif isinstance(value, dt.datetime):
        value, expected = f"{value:%Y%m%d%H%M%S}", _digits(raw)
    elif isinstance(value, dt.date):
        value, expected = value.isoformat().replace("-", ""), raw
    elif isinstance(value, SecretStr):
        value, expected = value.get_secret_value(), raw
    elif isinstance(value, Side):
        coded = KIS_SIDES.get(raw) if broker == "kis" else US_SIDES.get(raw.strip()) if _is_us(endpoint, raw) else None
        expected = coded or (None if broker == "kis" else _side(raw))
    elif isinstance(value, int):
        expected = number(str(raw), "plain") if isinstance(raw, str) else raw
    elif key in ("ODNO", "odno", "ord_no"):
        expected = raw.strip() if type(raw) is str and not set(raw.strip()) - DIGITS.keys() else None
    else:
        if _is_us(endpoint, raw) and key == "stk_cd" and raw.strip():
            raw = f"US:{raw.strip()}"
        value, expected = "".join(value.split())[:50], _plain(broker, key, raw, value)
    if value != expected:
        raise Wrong(f"{key} is {value!r}, and {raw!r} was sent")


def _is_none_at_zero(endpoint: Endpoint[Any], key: str) -> bool:
    """Say whether a 0 in that field of a call tells that there is none."""
    if key in NONE_AT_ZERO_ABROAD:
        return ABROAD in endpoint.path
    return key in NONE_AT_ZERO and str(endpoint) not in CLOSES


def _is_us(endpoint: Endpoint[Any], raw: Any) -> bool:
    """Say whether a text is one of Kiwoom's calls for US symbols."""
    return endpoint.path.startswith(US) and type(raw) is str


def _habit(broker: str, endpoint: Endpoint[Any], key: str) -> str:
    if broker == "kis":
        return "padded" if endpoint.path.endswith(FIXED_WIDTH) or key in FIXED_FIELDS else "plain"
    if key in GROUPED:
        return "grouped"
    if endpoint.path == RANKINGS and key in AMOUNTS:
        return "direction"
    if endpoint.path == SOCKET:
        return "signed" if key == "11" else "direction"
    if endpoint.path not in KIWOOM_MARKET:
        if key in PROFITS:
            return "signed"
        return "direction" if key in ACCOUNT_PRICES else "padded"
    if key in COUNTS:
        return "count"
    if key in PRICES | TRADES | {"lastPrice"} or key.endswith(("bid", "_req")) or key.startswith(SUMS):
        return "direction"
    if key in CHANGES or any(each in key for each in NETS):
        return "signed"
    raise Wrong(f"the reference does not know {key}")


def number(raw: Any, habit: str) -> Decimal | None:
    """Return what a text means as a number, None if it is none."""
    if type(raw) is not str:
        return None
    text = raw if habit == "plain" else raw.lstrip(" ")
    if habit == "grouped":
        return _grouped(text)
    minus = text.startswith("-")
    if habit == "count" and not _is_digits(text):
        return None
    if habit == "signed" and text.startswith("--"):
        text = text[2:]
    elif text[:1] in ("-", "+"):
        text = text[1:]
    whole, point, part = text.partition(".")
    if not 1 <= len(whole) <= 18 or (point and not 1 <= len(part) <= 8) or set(whole + part) - DIGITS.keys():
        return None
    digits = tuple(DIGITS[character] for character in whole + part)
    return Decimal((int(minus and habit != "direction"), digits, -len(part)))


def _grouped(text: str) -> Decimal | None:
    """Return a number without a sign; commas part all its thousands, or none."""
    whole, _, part = text.partition(".")
    first, *others = whole.split(",")
    parted = not others or (1 <= len(first) <= 3 and all(len(each) == 3 for each in others))
    return None if text[:1] in ("-", "+") or "," in part or not parted else number(text.replace(",", ""), "plain")


def _is_blank(raw: Any) -> bool:
    return type(raw) is str and not raw.strip(" ")


def _price(raw: Any, habit: str) -> Any:
    """Return a price, None for 0 and a blank; what is no number stays as it is, which is no value."""
    told = number(raw, habit)
    return raw if told is None and not _is_blank(raw) else told or None


def _thousandths(raw: Any) -> Decimal | None:
    """Return a rate with its point put back; None unless all of it is digits behind the sign."""
    told = None if type(raw) is str and "." in raw else number(raw, "signed")
    return None if told is None else told / 1000


def _shares(raw: Any) -> Decimal | None:
    """Return a number of shares, None unless it is nothing but digits, or if it is 0."""
    text = raw.strip() if type(raw) is str else ""
    return (number(text, "plain") or None) if _is_digits(text) else None


def _digits(raw: Any) -> str | None:
    """Return the digits of a moment, in which nothing but its separators stands besides."""
    if type(raw) is not str or set(raw) - DIGITS.keys() - set("-: "):
        return None
    return "".join(character for character in raw if character in DIGITS)


def _side(raw: Any) -> Side | None:
    words = raw if isinstance(raw, str) else ""
    if ("매도" in words) == ("매수" in words):
        return None
    return Side.SELL if "매도" in words else Side.BUY


def _time(broker: str, raw: Any) -> dt.time | None:
    """Return a time of day; at Kiwoom with or without colons."""
    text = raw.strip() if type(raw) is str else ""
    digits = "".join((text[:2], text[3:5], text[6:])) if broker == "kiwoom" and text[2::3] == "::" else text
    is_time = _is_digits(digits) and len(digits) == 6 and digits[:2] < "24" and digits[2:4] < "60" and digits[4:] < "60"
    return dt.time(int(digits[:2]), int(digits[2:4]), int(digits[4:])) if is_time else None


def _plain(broker: str, key: str, raw: Any, value: str) -> Any:
    """Return what is left of a word without blanks, what cannot be printed, and the marks around a symbol."""
    if type(raw) is not str:
        return "" if key in LOOSE else None
    words = "".join(raw.split())[:50]
    if value.isprintable() and (words == "".join(value.split())[:50] or not raw.isprintable()):
        return "".join(value.split())[:50]
    marked = raw.strip().removesuffix("_AL").removesuffix("_NX")
    front = marked[:-6].lstrip("0") if broker == "kis" else marked[:-6]
    return marked[-6:] if key in SYMBOLS and front in KINDS else words


def _read_all(reply: Block) -> None:
    """Ask for everything that the reply computes: that must not fail either."""
    for kind in type(reply).__mro__:
        for name, member in vars(kind).items():
            if isinstance(member, property) and not name.startswith("_") and issubclass(kind, Block):
                getattr(reply, name)
