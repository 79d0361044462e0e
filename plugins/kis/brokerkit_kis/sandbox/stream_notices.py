"""What becomes of own orders as notices of the socket (H0STCNI0, H0GSCNI0; in the demo with a 9), encrypted."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from decimal import Decimal
from importlib.util import find_spec
from typing import NamedTuple

from brokerkit.sandbox.exchange import Exchange, ExchangeOrder, Execution, Instrument
from brokerkit.sandbox.happenings import OrderChanged, What
from brokerkit.sandbox.plain import Kept
from brokerkit.words import OrderType, TimeInForce, Venue
from brokerkit_kis.sandbox.divisions import DIVISIONS, division_of
from brokerkit_kis.sandbox.fields import spelled
from brokerkit_kis.sandbox.ledger import SIDE_CODE
from brokerkit_kis.sandbox.orders import BRANCH
from brokerkit_kis.sandbox.plain import SIDES as SIDE_CODES
from brokerkit_kis.sandbox.us_symbols import code_of, place_of
from brokerkit_kis.sandbox.wording import fixed, order_number, time_text

BLOCK_BITS = 128
CONDITION = {TimeInForce.IOC: "1", TimeInForce.FOK: "2"}
CHANGE = {"NEW": "0", "AMEND": "1", "CANCEL": "2"}
CHANGE_OF = {"order": "0", "amend": "1", "cancel": "2"}
RECEIVED, CONFIRMED, ENDED = "1", "2", "3"
"""Codes of ACPT_YN. That of a refusal is not told: it was received."""
VENUE_CODE = {Venue.KRX: "1", Venue.NXT: "2", Venue.SOR: "3"}
"""Of a routed order: it went to KRX, for here both are one market."""

US_KIND = {
    OrderType.LIMIT: "2",
    OrderType.MARKET_ON_OPEN: "A",
    OrderType.LIMIT_ON_OPEN: "B",
    OrderType.MARKET_ON_CLOSE: "C",
    OrderType.LIMIT_ON_CLOSE: "D",
}
"""Codes of ODER_KIND2. What stands there of an order that is sent in parts is not told: a blank here."""
PRICE_DIGITS = 9
LONGEST_NAME = 14


class Secret(NamedTuple):
    """Key and iv of a session, as its acknowledgements tell them: the bytes of these texts are meant."""

    iv: str
    key: str

    def told(self) -> dict[str, str]:
        """Return it as it stands in acknowledgements."""
        return self._asdict()


def new_secret() -> Secret:
    """Return the secret of a new session."""
    return Secret(iv=secrets.token_hex(8), key=secrets.token_hex(16))


def can_encrypt() -> bool:
    """Return whether the library for it is there: a sandbox without notices needs none."""
    return find_spec("cryptography") is not None


def encrypted(text: str, secret: Secret) -> str:
    """Encrypt a row: AES-256-CBC with PKCS7, as base64."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    padder = PKCS7(BLOCK_BITS).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    cipher = Cipher(algorithms.AES(secret.key.encode()), modes.CBC(secret.iv.encode())).encryptor()
    return base64.b64encode(cipher.update(padded) + cipher.finalize()).decode()


def decrypted(values: str, secret: Secret) -> str:
    """Return what was encrypted here."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    cipher = Cipher(algorithms.AES(secret.key.encode()), modes.CBC(secret.iv.encode())).decryptor()
    unpadder = PKCS7(BLOCK_BITS).unpadder()
    padded = cipher.update(base64.b64decode(values)) + cipher.finalize()
    return (unpadder.update(padded) + unpadder.finalize()).decode()


FUTURES = {"day": ("H0IFCNI0", "H0IFCNI9"), "futures": ("H0MFCNI0",), "options": ("H0EUCNI0",)}
"""Ids of notices: of the day, and of what trades at night."""
ABROAD = ("HDFFF1C0",)
OPTIONS = frozenset("23BC")
"""With these the codes of options begin."""


def kept_ids(variant: str, kept: Kept) -> Sequence[str]:
    """Return the ids that tell that an order was taken which waits for ever; nothing of what has none."""
    if kept.area == "overseas-futureoption":
        return ABROAD
    if kept.area != "domestic-futureoption":
        return ()
    if not variant.startswith("night"):
        return FUTURES["day"]
    return FUTURES["options" if kept.said["symbol"][:1] in OPTIONS else "futures"]


def kept_fields(kept: Kept) -> Mapping[str, str]:
    """Return what is known of an order that was taken, by the columns of notices at home and abroad."""
    side = SIDE_CODES.get(kept.said["side"], "")
    quantity, price = kept.said["quantity"], kept.said["price"]
    home, abroad = (f"{kept.original:0{digits}}" if kept.original else "" for digits in (10, 8))
    return {
        "ODER_NO": f"{kept.number:010}",
        "OODER_NO": home,
        "SELN_BYOV_CLS": side,
        "RCTF_CLS": CHANGE_OF[kept.action],
        "STCK_SHRN_ISCD": kept.said["symbol"],
        "CNTG_QTY": quantity,
        "CNTG_UNPR": price,
        "STCK_CNTG_HOUR": f"{kept.taken:%H%M%S}",
        "RFUS_YN": "0",
        "CNTG_YN": "1",
        "ACPT_YN": RECEIVED,
        "BRNC_NO": BRANCH,
        "ODER_QTY": quantity,
        "ORDER_PRC": price,
        "ORD_DT": f"{kept.taken:%Y%m%d}",
        "ODNO": f"{kept.number:08}",
        "ORGN_ODNO": abroad,
        "SERIES": kept.said["symbol"],
        "RVSE_CNCL_DVSN_CD": f"0{CHANGE_OF[kept.action]}",
        "SLL_BUY_DVSN_CD": side,
        "ORD_QTY": quantity,
        "FM_LMT_PRIC": price,
        "ORD_REMQ": f"{kept.left:f}",
    }


def notice_row(exchange: Exchange, changed: OrderChanged, hts_id: str) -> Mapping[str, str] | None:
    """Return the notice of what happened to an order, None where none is known to be sent."""
    order, what = changed.order, changed.what
    if what is What.FILLED and changed.execution is not None:
        return _fill(exchange, order, changed.execution, hts_id)
    if what is What.ACCEPTED and order.action == "NEW":
        state = RECEIVED
    elif what in (What.AMENDED, What.CANCELED):
        state = CONFIRMED if order.action != "NEW" and changed.named is not None else ENDED
    elif what is What.REJECTED:
        state = RECEIVED
    else:
        # That a stop order woke, and that the day of an order is over, is in no notice that was seen.
        return None
    return _answer(exchange, order, state, hts_id, is_refused=what is What.REJECTED)


def _answer(
    exchange: Exchange, order: ExchangeOrder, state: str, hts_id: str, *, is_refused: bool
) -> Mapping[str, str]:
    """Return the notice that an order, an amendment or a cancel was taken, carried out or refused."""
    is_cancel = order.action == "CANCEL"
    return {
        **_common(exchange, order, hts_id),
        "RCTF_CLS": CHANGE[order.action] if state != ENDED else CHANGE["NEW"],
        "ODER_KIND": _kind(exchange, order),
        "CNTG_QTY": _digits(order.quantity, 10),
        **_price(exchange, Decimal(0) if is_cancel else order.request.price or Decimal(0)),
        "STCK_CNTG_HOUR": time_text(exchange.now()),
        "RFUS_YN": "1" if is_refused else "0",
        "CNTG_YN": "1",
        "ACPT_YN": state,
        "ODER_PRC": "",
    }


def _fill(exchange: Exchange, order: ExchangeOrder, fill: Execution, hts_id: str) -> Mapping[str, str]:
    """Return the notice of a fill: quantity and price are its own. Its kind reads as in the official sample."""
    return {
        **_common(exchange, order, hts_id),
        "RCTF_CLS": CHANGE["NEW"],
        "ODER_KIND": "00",
        "CNTG_QTY": _digits(fill.quantity, 10),
        **_price(exchange, fill.price),
        "STCK_CNTG_HOUR": time_text(fill.time),
        "RFUS_YN": "0",
        "CNTG_YN": "2",
        "ACPT_YN": CONFIRMED,
        "ODER_PRC": _digits(order.request.price or Decimal(0), 9),
    }


def _price(exchange: Exchange, price: Decimal) -> Mapping[str, str]:
    """Return a price: in ten-thousandths of a dollar, of which a long one loses its front, and as it is; or in won."""
    # The second column is one of US shares alone.
    return {
        "CNTG_UNPR": _digits(Decimal(exchange.bourse.units(price)), PRICE_DIGITS)[-PRICE_DIGITS:],
        "CNTG_UNPR12": fixed(price, 4),
    }


def _common(exchange: Exchange, order: ExchangeOrder, hts_id: str) -> dict[str, str]:
    request, instrument = order.request, exchange.instruments[order.request.symbol]
    told = {
        "CUST_ID": hts_id,
        "ACNT_NO": order.account.replace("-", ""),
        "ODER_NO": order_number(order.number),
        "OODER_NO": "" if order.original is None else order_number(order.original),
        "SELN_BYOV_CLS": SIDE_CODE[request.side],
        "BRNC_NO": BRANCH,
        "ODER_QTY": _digits(order.quantity, 9),
        "ACNT_NAME": "모의계좌",
    }
    return told | (_of_us(order, instrument) if exchange.bourse.name == "US" else _of_korea(order, instrument))


def _of_korea(order: ExchangeOrder, instrument: Instrument) -> dict[str, str]:
    request, venue = order.request, VENUE_CODE[order.request.venue]
    return {
        "ODER_COND": CONDITION.get(request.time_in_force, "0"),
        "STCK_SHRN_ISCD": spelled(request.symbol),
        "ORD_COND_PRC": _digits(request.stop_price or Decimal(0), 9),
        "ORD_EXG_GB": venue,
        "POPUP_YN": "Y",
        "ORD_EXG_GB+POPUP_YN": f"{venue}Y",
        "FILLER": "",
        "CRDT_CLS": "10",
        "CRDT_LOAN_DATE": "",
        "CNTG_ISNM40": instrument.name,
    }


def _of_us(order: ExchangeOrder, instrument: Instrument) -> dict[str, str]:
    return {
        "ODER_KIND2": US_KIND.get(order.request.type, ""),
        "STCK_SHRN_ISCD": code_of(instrument.symbol),
        "CNTG_ISNM": instrument.name[:LONGEST_NAME],
        "ODER_COND": place_of(instrument).noticed,
        "DEBT_GB": "10",
        # Over which time an order is sent in parts is not known yet when it is taken here.
        **dict.fromkeys(("DEBT_DATE", "START_TM", "END_TM", "TM_DIV_TP"), ""),
    }


def _kind(exchange: Exchange, order: ExchangeOrder) -> str:
    """Return the code of a Korean order: in the evening KRX has its own for what the regular session has too."""
    request = order.request
    for division in DIVISIONS.values():
        is_alike = (division.type, division.time_in_force) == (request.type, request.time_in_force)
        if division.session is exchange.phase and is_alike and request.venue in division.venues:
            return division.code
    found = division_of(order, None)
    return found.code if found else ""


def _digits(value: Decimal, width: int) -> str:
    """Write a number with zeros in front."""
    return str(int(value)).zfill(width)
