"""The door: paths, headers, checks in the server's order, pages."""

from __future__ import annotations

import hashlib
import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import ClassVar

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request as HttpRequest
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from brokerkit.sandbox.exchange import Costs, Exchange, ExchangeRefusal
from brokerkit.sandbox.server import (
    Credentials,
    Face,
    JsonResponse,
    Purpose,
    Request,
    SlidingWindow,
    Wording,
    json_object,
    read_body,
    visible_key,
)

from . import account, books, candles, days, flows, listed, lists, many, orders, quotes, valuation
from .calls import checked
from .catalogue import DEMO_WITHOUT_API, DEMO_WITHOUT_BUSINESS, ISSUE_PATH, PATH_OF, PATHS, REVOKE_PATH
from .common import Answer, Branch
from .refusals import (
    INPUT,
    NOT_ON_DEMO,
    RATE,
    WRONG_REQUEST,
    Refused,
    bad_value,
    business,
    not_played,
    of_exchange,
    refused,
    unknown_api,
)
from .tokens import TokenDesk

_ANSWERS: Mapping[str, Callable[[Branch, Mapping[str, str]], Answer]] = {
    "ka00001": account.number,
    "kt00001": account.cash,
    "kt00004": valuation.valuation,
    "kt00005": valuation.settled,
    "kt00010": account.orderable,
    "kt00018": valuation.holdings,
    "ka10085": valuation.returns,
    "kt00007": lists.of_the_day,
    "ka10075": lists.open_orders,
    "ka10076": lists.fills,
    "ka10001": quotes.info,
    "ka10003": books.trades,
    "ka10004": books.order_book,
    "ka10005": days.summary,
    "ka10086": days.prices,
    "ka10095": many.watched,
    "ka10059": flows.investors,
    "ka10079": candles.ticks,
    "ka10080": candles.minutes,
    "ka10081": candles.daily,
    "ka10082": candles.weekly,
    "ka10083": candles.monthly,
    "ka10094": candles.yearly,
    "ka10099": listed.instruments,
    "ka10100": listed.instrument_info,
    "ka10101": listed.sectors,
    "ka10102": listed.members,
    "kt10000": orders.buy,
    "kt10001": orders.sell,
    "kt10002": orders.amend,
    "kt10003": orders.cancel,
}
_PURPOSES = {
    **dict.fromkeys(("kt10000", "kt10001", "kt10002", "kt10003"), Purpose.ORDER),
    **dict.fromkeys(("kt00007", "ka10075", "ka10076"), Purpose.LISTING),
}
_EVERY_METHOD = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
_COMMISSION = {"real": Decimal("0.00015"), "demo": Decimal("0.0035")}
_CALLS_A_SECOND = {"real": 5, "demo": 1}
_WHOLE_LIST = 10_000
_PAGE_SIZES = {
    "ka10003": 30,
    "ka10059": 100,
    "ka10079": 900,
    "ka10080": 900,
    **dict.fromkeys(("ka10081", "ka10082", "ka10083", "ka10094"), 600),
    # Not known: the market's daily lists get pages like those of ka10059, what is listed comes in one.
    **dict.fromkeys(("ka10005", "ka10086"), 100),
    **dict.fromkeys(("ka10095", "ka10099", "ka10101", "ka10102"), _WHOLE_LIST),
}
_log = logging.getLogger("brokerkit")


class KiwoomFace(Face):
    """Kiwoom Securities as its clients see it: one token, one account, many APIs on few paths."""

    name: ClassVar[str] = "kiwoom"
    wording: ClassVar[Wording] = Wording(
        success="return_code",
        number="ord_no",
        row_number="ord_no",
        row_quantity="ord_qty",
        refusal={"return_code": 20, "return_msg": "[2000](RC4058:장이 끝났습니다)"},
        trouble={"return_code": 1, "return_msg": "서비스 오류[1999:처리 중 장애]"},
        further=("cont-yn", "Y"),
        end_headers={"cont-yn": "N", "next-key": ""},
    )

    def __init__(
        self,
        exchange: Exchange,
        *,
        environment: str = "real",
        cash: Decimal = Decimal(100_000_000),
        credentials: Credentials | None = None,
    ) -> None:
        super().__init__(exchange, environment=environment)
        if environment not in _COMMISSION:
            raise ValueError(f"Kiwoom has the environments {', '.join(_COMMISSION)}, not {environment!r}.")
        costs = Costs(commission_rate=_COMMISSION[environment])
        if credentials is None:
            number = f"{secrets.randbelow(9 * 10**9) + 10**9}"
            exchange.open_account(number, cash=cash, costs=costs)
            credentials = Credentials(visible_key(43), visible_key(43), number)
        self._branch = Branch(exchange, credentials.account, costs, environment == "demo")
        self._tokens = TokenDesk(credentials.app_key, credentials.app_secret)
        self.window = SlidingWindow(_CALLS_A_SECOND[environment])
        """Counts calls per app key and API."""
        self.page_size = 30
        """Rows on a page of holdings or orders. The real size is not known."""
        self.page_sizes = dict(_PAGE_SIZES)
        """Rows on a page of the other lists, by API."""
        self._app = Starlette(routes=[Route("/{path:path}", self._serve, methods=_EVERY_METHOD)])

    @property
    def credentials(self) -> Credentials:
        """Keys and account that this face accepts."""
        return Credentials(self._tokens.app_key, self._tokens.app_secret, self._branch.account)

    @property
    def app(self) -> ASGIApp:
        """The ASGI application, at the root of its host."""
        return self._app

    @property
    def replaces_token(self) -> bool:
        """Whether a new token ends the one before it; False gives the same token again while it lives."""
        return self._tokens.replaces

    @replaces_token.setter
    def replaces_token(self, replaces: bool) -> None:
        self._tokens.replaces = replaces

    @property
    def tokens_issued(self) -> int:
        """How often a token was given out, the same one again included."""
        return self._tokens.issued

    def purpose(self, method: str, path: str, headers: Mapping[str, str]) -> Purpose:
        """Return what a request is for: the path of the token tells, else the id of the API."""
        if path in (ISSUE_PATH, REVOKE_PATH):
            return Purpose.LOGIN
        return _PURPOSES.get(headers.get("api-id", "").strip(), Purpose.QUERY)

    def kill_tokens(self) -> None:
        """Make every issued token invalid: calls with it answer 8005, and the next issue gives a new one."""
        self._tokens.kill()

    def expire_tokens(self) -> None:
        """End the life of every issued token now: calls with it answer 8005, and the next issue gives a new one."""
        self._tokens.expire()

    async def _serve(self, http: HttpRequest) -> Response:
        raw = await read_body(http)
        parsed = {} if raw == b"" else json_object(raw)
        headers = {name.lower(): value for name, value in http.headers.items()}
        request = Request(http.method, http.url.path, headers, dict(http.query_params), parsed or {})
        self.requests.append(request)
        if self.before is None:
            response = self._answer(request, readable=parsed is not None)
        else:
            # What a test puts in the way may take its time, and others want answers meanwhile.
            response = await run_in_threadpool(self._answer, request, readable=parsed is not None)
        keyed = request.body.get("appkey") == self._tokens.app_key or self._tokens.knows(headers.get("authorization"))
        self.requests.settle(request, raw, keyed=keyed)
        return response

    def _answer(self, request: Request, *, readable: bool) -> Response:
        response = self.before(request) if self.before else None
        if response is None:
            response = self._respond(request, readable=readable)
        request.status = response.status_code
        request.answer = _Answered(bytes(response.body))
        return response

    def _respond(self, request: Request, *, readable: bool) -> Response:
        if request.path not in PATHS:
            return PlainTextResponse("404 Not Found", 404)
        if request.method != "POST":
            return PlainTextResponse("405 Method Not Allowed", 405)
        next_key: str | None = None
        status = 200
        more: Mapping[str, str] = {}
        try:
            if request.path in (ISSUE_PATH, REVOKE_PATH):
                body = self._token_answer(request, readable=readable)
            else:
                body, next_key = self._call(request, readable=readable)
            body = {**body, "return_code": 0, "return_msg": f"{'모의투자 ' if self._branch.demo else ''}처리 완료"}
        except Refused as refusal:
            status, more = refusal.status, refusal.headers
            body = {"return_code": refusal.return_code, "return_msg": refusal.message}
        headers = {
            "api-id": request.headers.get("api-id", ""),
            "cont-yn": "N" if next_key is None else "Y",
            "next-key": next_key or "",
            "access-control-expose-headers": "cont-yn,next-key,api-id",
            **more,
        }
        return JsonResponse(body, status=status, headers=headers)

    def _token_answer(self, request: Request, *, readable: bool) -> dict[str, object]:
        _check_form(request, readable=readable)
        if request.path == ISSUE_PATH:
            return self._tokens.issue(request.body)
        return self._tokens.revoke(request.body)

    def _call(self, request: Request, *, readable: bool) -> tuple[dict[str, object], str | None]:
        api_id = _api_id(request)
        app_key = self._tokens.check(request.headers.get("authorization"))
        self._check_limit(app_key, api_id)
        self._check_demo(api_id)
        _check_form(request, readable=readable)
        fields = checked(api_id, request.body)
        after = _after(request, api_id, fields)
        try:
            answer = _ANSWERS[api_id](self._branch, fields)
        except ExchangeRefusal as refusal:
            raise of_exchange(refusal, fields.get("stk_cd", ""), demo=self._branch.demo) from None
        if isinstance(answer, Mapping):
            return dict(answer), None
        body, last = answer.page(self.page_sizes.get(api_id, self.page_size), after)
        return body, None if last is None else f"{_fingerprint(api_id, fields)}{last:010d}"

    def _check_limit(self, app_key: str, api_id: str) -> None:
        if not self.window.admit(f"{app_key}:{api_id}"):
            words = f"허용 횟수를 넘었습니다. 유량={self.window.calls}, API ID={api_id}"
            raise refused(RATE, "1700", words, status=429)

    def _check_demo(self, api_id: str) -> None:
        if self._branch.demo and api_id in DEMO_WITHOUT_API:
            raise refused(INPUT, "8104", "모의투자에 없는 API입니다")
        if self._branch.demo and api_id in DEMO_WITHOUT_BUSINESS:
            raise business(NOT_ON_DEMO, "제공되지 않는 업무", demo=True)
        if api_id not in _ANSWERS:
            _log.info("Kiwoom sandbox: %s exists at Kiwoom but is not played here; it was refused.", api_id)
            raise not_played(api_id)


def _api_id(request: Request) -> str:
    # Only 1504 was seen, under class 1; the others of its family are put there too.
    api_id = request.headers.get("api-id", "").strip()
    if not api_id:
        raise refused(WRONG_REQUEST, "1501", "API ID가 없습니다")
    if api_id not in PATH_OF:
        raise unknown_api(api_id)
    if PATH_OF[api_id] != request.path:
        raise refused(WRONG_REQUEST, "1504", f"그 URI의 API가 아닙니다. API ID={api_id}, URI={request.path}")
    return api_id


def _check_form(request: Request, *, readable: bool) -> None:
    # What the server says to another content type or to a body that is no JSON object is not known.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise refused(INPUT, "1512", "content-type 헤더가 application/json이 아닙니다")
    if not readable:
        raise bad_value("body", "JSON 객체가 아님")


class _Answered(Mapping[str, object]):
    """The body of an answer, read only if a test looks into it."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._body: dict[str, object] | None = None

    def _read(self) -> dict[str, object]:
        if self._body is None:
            self._body = json_object(self._raw) or {}
        return self._body

    def __getitem__(self, name: str) -> object:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


def _fingerprint(api_id: str, fields: Mapping[str, str]) -> str:
    return hashlib.sha256(repr((api_id, sorted(fields.items()))).encode()).hexdigest()[:12]


def _after(request: Request, api_id: str, fields: Mapping[str, str]) -> int | None:
    """Return where the page before ended. A key of another call is refused; what Kiwoom does with one is not known."""
    if request.headers.get("cont-yn", "").strip() != "Y":
        return None
    key = request.headers.get("next-key", "").strip()
    mark = _fingerprint(api_id, fields)
    if not key.startswith(mark) or not key[len(mark) :].isdecimal():
        raise bad_value("next-key", "이 조회의 키가 아님")
    return int(key[len(mark) :])
