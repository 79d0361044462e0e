"""How Kiwoom says no: the class in return_code, the code inside return_msg. The words are ours."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.responses import Response

from brokerkit.sandbox.exchange import ExchangeRefusal, Refusal
from brokerkit.sandbox.face import NOT_PLAYED, FaceRefusal

WRONG_REQUEST = 1
INPUT = 2
AUTHENTICATION = 3
RATE = 5
SERVICE = 7
BUSINESS = 20

_HEADS = {
    WRONG_REQUEST: "요청 오류",
    INPUT: "입력 오류",
    AUTHENTICATION: "인증 오류",
    RATE: "호출 한도 초과",
    SERVICE: "서비스 오류",
}

_INNER_CODE = re.compile("RC[0-9]{4}|[0-9]{6}")
_KIND_OF = {
    **dict.fromkeys(("151", "8020", "8104", "8200"), INPUT),
    **dict.fromkeys(("16", "17"), RATE),
    **dict.fromkeys(("190", "1999"), SERVICE),
    **dict.fromkeys(("80", "81"), AUTHENTICATION),
}
"""How the codes of a class begin."""

NOT_POSSIBLE = "521790"
"""Order not possible, for example a market order after 16:00. Also stands here for what has no known code."""
NOT_ON_DEMO = "RC9000"
OTHER_VENUE = "571412"
UNKNOWN_ORDER = "RC4032"
"""Seen on the demo host only; the code of the real host is not known."""
NOTHING_TO_CANCEL = "RC4033"
"""Seen on the demo host only; the code of the real host is not known."""


BLOCKED = b"<html><head><title>Request Blocked</title></head><body>Request Blocked</body></html>"


class Refused(FaceRefusal):
    """A refusal on its way out."""

    def __init__(self, return_code: int, message: str, *, status: int = 200) -> None:
        self.return_code = return_code
        self.message = message
        self.status = status
        super().__init__(message)

    def body(self) -> dict[str, object]:
        """Return the answer's body."""
        return {"return_code": self.return_code, "return_msg": self.message}


def refused(kind: int, code: str, words: str, *, status: int = 200) -> Refused:
    """Return a refusal of the gateway, its code in square brackets."""
    return Refused(kind, f"{_HEADS[kind]}[{code}:{words}]", status=status)


class Blocked(Refused):
    """What the web firewall in front of the server says: no JSON, and none of the server's headers."""

    def written(self, headers: Mapping[str, str]) -> Response:
        """Return it as it goes out."""
        return Response(BLOCKED, 400, media_type="text/html")


def of_code(code: str, words: str) -> Refused:
    """Return the refusal that has a code: an inner one, one of HTTP, or one of the gateway under its own class."""
    if _INNER_CODE.fullmatch(code):
        return business(code, words)
    if code == "400":
        return Blocked(WRONG_REQUEST, words, status=400)
    if code == "401":
        return Refused(AUTHENTICATION, words, status=401)
    kind = next((kind for start, kind in _KIND_OF.items() if code.startswith(start)), WRONG_REQUEST)
    return refused(kind, code, words, status=429 if kind == RATE else 200)


def missing_field(name: str) -> Refused:
    """Return the refusal of a body without a required field."""
    return refused(INPUT, "1511", f"값이 없습니다. 필수입력 파라미터={name}")


def bad_value(name: str, reason: str) -> Refused:
    """Return the refusal of a value that has not the right form."""
    return refused(INPUT, "1517", f"값의 형식이 다릅니다. 파라미터={name} 실패사유={reason}")


def unknown_symbol(code: str, *, kind: int = SERVICE) -> Refused:
    """Return the refusal of a code that nobody knows."""
    # Only 1903 was seen, under class 7; that 1902 has the same class is taken from its place in the published list.
    return refused(kind, "1902", f"모르는 종목입니다. 종목코드={code}")


def unknown_at_venue(code: str, venue: str) -> Refused:
    """Return the refusal of a symbol that the asked venue does not trade."""
    return refused(SERVICE, "1903", f"그 거래소에 없는 종목입니다. 거래소구분={venue}, 종목코드={code}")


def too_many_codes(codes: int) -> Refused:
    """Return the refusal of a list of codes that is too long. It has the class of too many calls, but is none."""
    return refused(RATE, "1634", f"종목이 너무 많습니다. 종목수={codes}")


def not_played(api_id: str) -> Refused:
    """Return the refusal of an API that Kiwoom has and this sandbox has not; a header tells it from Kiwoom's own."""
    refusal = refused(INPUT, "8104", f"모의 서버에 없는 API입니다. API ID={api_id}")
    refusal.headers = NOT_PLAYED
    return refusal


def unknown_api(api_id: str) -> Refused:
    """Return the refusal of an id that is not in Kiwoom's catalogue."""
    return refused(WRONG_REQUEST, "1505", f"없는 API입니다. API ID={api_id}")


def business(code: str, words: str, *, demo: bool = False) -> Refused:
    """Return a refusal from behind the gateway, its code in round brackets."""
    return Refused(BUSINESS, f"[2000]({code}:{'모의투자 ' if demo else ''}{words})")


def not_possible(*, demo: bool) -> Refused:
    """Return the refusal of an order that cannot be given, where no other code is known."""
    return business(NOT_POSSIBLE, "낼 수 없는 주문입니다", demo=demo)


def of_exchange(refusal: ExchangeRefusal, code: str, *, demo: bool) -> Refused:
    """Return Kiwoom's refusal for the exchange's; `code` is the symbol that was asked for."""
    if refusal.reason is Refusal.UNKNOWN_SYMBOL:
        return unknown_symbol(code)
    inner, words = _inner(refusal, demo=demo)
    return business(inner, words, demo=demo)


def _inner(refusal: ExchangeRefusal, *, demo: bool) -> tuple[str, str]:
    match refusal.reason:
        case Refusal.MARKET_CLOSED:
            return "RC4058", "장이 끝났습니다"
        case Refusal.PRICE_STEP:
            return "RC4003", "호가단위가 맞지 않습니다"
        case Refusal.PRICE_LIMIT:
            return ("RC4027" if demo else "571552"), "상하한가를 벗어났습니다"
        case Refusal.INSUFFICIENT_CASH:
            return "855056", f"증거금 부족. {refusal.detail or 0}주 매수가능"
        case Refusal.INSUFFICIENT_SHARES:
            # The demo host was seen without the number of shares.
            return "800033", "매도수량 부족" if demo else f"매도수량 부족. {refusal.detail or 0}주 매도가능"
        case Refusal.TRADING_HALTED:
            # 505217 was seen for a break in trading; what a single halted stock gets is not known.
            return NOT_POSSIBLE, "거래정지"
        case Refusal.UNKNOWN_ORDER:
            return UNKNOWN_ORDER, "원주문이 없습니다"
        case Refusal.NOTHING_TO_CANCEL:
            return NOTHING_TO_CANCEL, "취소할 수량이 없습니다"
        case _:
            return NOT_POSSIBLE, "낼 수 없는 주문입니다"
