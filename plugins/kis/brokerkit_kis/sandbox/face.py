"""The gateway: paths, limits, tokens and keys in the order in which the server checks them."""

from __future__ import annotations

import datetime as dt
import logging
import re
import secrets
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

from pydantic import TypeAdapter
from starlette.responses import Response

from brokerkit.logs import about
from brokerkit.sandbox.bourses import KOREA
from brokerkit.sandbox.exchange import Costs
from brokerkit.sandbox.face import (
    Credentials,
    Face,
    FaceAnswer,
    FaultWording,
    Purpose,
    ReceivedRequest,
    SlidingWindow,
    visible_key,
)
from brokerkit_kis.sandbox import (
    account,
    assets,
    charts,
    credit,
    depth,
    indices,
    investors,
    ledger,
    listing,
    many,
    members,
    minutes,
    orders,
    others,
    pension,
    power,
    profits,
    programs,
    quotes,
    rankings,
    reserved,
    us_account,
    us_charts,
    us_indices,
    us_ledger,
    us_listing,
    us_orders,
    us_profits,
    us_quotes,
    us_reserved,
)
from brokerkit_kis.sandbox.fields import Api, Context, Memory, body_fields, check_fields, query_fields
from brokerkit_kis.sandbox.masters import MASTERS, master_file
from brokerkit_kis.sandbox.plain import CONSTANTS, DIGITS, SIDES, plain_call
from brokerkit_kis.sandbox.services import Service, demo_id, queries, services
from brokerkit_kis.sandbox.stream import KisStream
from brokerkit_kis.sandbox.tokens import TokenDesk, body_hash
from brokerkit_kis.sandbox.us_masters import US_MASTERS, us_master_file
from brokerkit_kis.sandbox.wording import NOT_OFFERED, GatewayRefused, LoginRefused, NotPlayed, Refused, order_number

logger = logging.getLogger("brokerkit")

APIS = {
    api.path: api
    for api in (
        *(orders.ORDER, credit.ORDER, orders.CHANGE, ledger.DAILY, ledger.WORKING),
        *(account.BALANCE, account.REALISED, power.BUYING_POWER, power.CREDIT_POWER, power.SELLABLE),
        *(profits.BY_SYMBOL, profits.BY_DAYS, pension.ORDERS, pension.BALANCE, pension.PRESENT_BALANCE),
        *(pension.DEPOSIT, pension.POWER_TO_BUY, assets.ASSETS, assets.MARGIN),
        *(quotes.PRICE, quotes.PRICE_DETAIL, quotes.INVESTOR, depth.ORDER_BOOK, depth.TICKS, depth.TICKS_UNTIL),
        *(investors.BY_SYMBOL, investors.BY_MARKET, investors.ESTIMATES),
        *(programs.BY_SYMBOL, programs.BY_MARKET),
        *(charts.DAILY_PRICES, charts.PERIOD_CHART, minutes.MINUTES_OF_TODAY, minutes.MINUTES_BEFORE),
        *(members.MEMBERS, indices.CHART, others.OVERTIME_DAYS, others.OVERTIME_TRADES, others.WARRANT),
        *(listing.PRODUCT, listing.SHARE, listing.CALENDAR, many.WATCHED),
        *(rankings.VOLUMES, rankings.FLUCTUATIONS, rankings.MARKET_VALUES, rankings.NET_BUYING),
        *(reserved.RESERVE, reserved.CHANGE, reserved.LIST),
        *(rankings.SCREEN_LIST, rankings.SCREEN_HITS),
        *(us_orders.ORDER, us_orders.CHANGE, us_orders.DAYTIME_ORDER, us_orders.DAYTIME_CHANGE),
        *(us_ledger.ORDERS, us_ledger.WORKING, us_ledger.SPLIT_ORDERS, us_ledger.SPLIT_FILLS),
        *(us_account.BALANCE, us_account.PRESENT_BALANCE, us_account.SETTLED_BALANCE),
        *(us_account.BUYING_POWER, us_account.CURRENCIES, us_profits.REALISED, us_profits.TRANSACTIONS),
        *(us_quotes.PRICE, us_quotes.PRICE_DETAIL, us_quotes.PRICES, us_quotes.ORDER_BOOK, us_quotes.TRADES_OF_DAY),
        *(us_charts.DAILY, us_charts.MINUTES, us_indices.US_CHART, us_indices.US_MINUTES),
        *(us_reserved.RESERVE, us_reserved.CANCEL, us_reserved.LIST),
        *(us_listing.SEARCH, us_listing.PRODUCT, us_listing.SETTLEMENTS),
    )
}
"""The calls that are played. All others are answered by what the catalogue tells of them."""
LOANS = "loans"
"""Among what is kept, the orders that were placed with one: day, number and kind."""
_LOANS = TypeAdapter(list[tuple[dt.date, int, str]])
TOKEN, REVOKE, APPROVAL, HASHKEY = "/oauth2/tokenP", "/oauth2/revokeP", "/oauth2/Approval", "/uapi/hashkey"
LOGINS = frozenset({TOKEN, REVOKE, APPROVAL, HASHKEY})
COSTS = Costs(commission_rate=Decimal("0.000140527"), commission_unit=Decimal(1))
"""The broker's online rate. How it rounds is not known: cut to the won."""
SLASHES = re.compile("/{2,}")
PURPOSES = {
    **dict.fromkeys(LOGINS, Purpose.LOGIN),
    **dict.fromkeys((ledger.DAILY.path, ledger.WORKING.path), Purpose.LISTING),
    **dict.fromkeys((reserved.LIST.path, us_reserved.LIST.path), Purpose.LISTING),
    **dict.fromkeys((us_ledger.ORDERS.path, us_ledger.WORKING.path, pension.ORDERS.path), Purpose.LISTING),
}

ONE_CODE = "The demo has one code for every symbol that cannot be ordered there, listed or not."
ONLY_REGULAR = "The demo trades in regular hours and their auctions only."


class KisFace(Face):
    """The server of Korea Investment & Securities: `real`, or the paper trading host with `environment="demo"`."""

    api_version: ClassVar[int] = 1
    name: ClassVar[str] = "kis"
    costs: ClassVar[Mapping[str, Costs]] = {"real": COSTS, "demo": COSTS}
    costs_abroad: ClassVar[Mapping[str, Mapping[str, Costs]]] = {
        "US": {"real": us_orders.COSTS, "demo": us_orders.COSTS}
    }
    calls_per_second: ClassVar[Mapping[str, int]] = {"real": 18, "demo": 1}
    Stream = KisStream
    lists_lack_orders: ClassVar[frozenset[str]] = frozenset({"demo"})
    """There the list of the day stays empty for some, although orders are filled."""
    differences: ClassVar[Mapping[str, str]] = {
        "demo:test_an_unlisted_symbol_is_refused": ONE_CODE,
        "demo:test_an_order_of_the_after_market_trades_there": ONLY_REGULAR,
        "demo:test_a_type_of_another_phase_is_taken_and_listed_back[AFTER_MARKET-*]": ONLY_REGULAR,
        "demo:test_a_type_of_another_phase_is_taken_and_listed_back[*-*_CLOSING_PRICE-DAY]": ONLY_REGULAR,
        "US:demo:test_an_order_of_the_after_market_trades_there": ONLY_REGULAR,
        "US:demo:test_a_type_of_another_phase_is_taken_and_listed_back[*]": ONLY_REGULAR,
        "US:test_all_trades_of_today_are_told_those_of_one_second_too": "it tells the newest 120 trades alone",
        "US:test_buying_power_is_what_the_account_can_pay": "it tells what is left for shares after costs",
        "US:test_realized_profit_is_what_the_sales_earned": "sales are there from the day after the trade",
        "US:test_transactions_add_up_to_the_cash": "trades alone are there, and no balance of the cash",
    }
    wording: ClassVar[FaultWording] = FaultWording(
        success="rt_cd",
        number="ODNO",
        row_number="odno",
        row_branch="ord_gno_brno",
        row_quantity=("ord_qty", "ft_ord_qty"),
        row_type=("ord_dvsn_cd", "ord_dvsn_name"),
        row_side=("sll_buy_dvsn_cd", "sll_buy_dvsn_cd_name"),
        other_places=frozenset({*FaultWording.other_places, "NYSE", "AMEX"}),
        refusal={"rt_cd": "7", "msg_cd": "APBK0918", "msg1": "장운영시간이 아닙니다"},
        trouble={"rt_cd": "1", "msg_cd": "EGW00300", "msg1": "처리 중 장애"},
        # Trouble of the server and of what stands behind it, an answer that could not be composed, and codes of what
        # went through.
        may_stand=frozenset(
            {
                *("EGW00001", "EGW00002", "EGW00202", "EGW00203", "EGW00215", "EGW00300", "EGW00301", "EGW00302"),
                *("IGW00009", "APBK0013", "40590000", "40600000", "40620000", "40630000"),
            }
        ),
        # Of this refusal only the words are known, not the code.
        changed={"rt_cd": "7", "msg_cd": "KIOK9999", "msg1": "조회 도중 자료가 변경됨"},
        further=("tr_cont", "N"),
        end_headers={"tr_cont": "D"},
        end_fields={"ctx_area_nk100": " " * 100, "ctx_area_nk200": " " * 200},
    )

    def begin(self) -> None:
        """Make the desk for tokens, and what the server remembers."""
        self._desk = TokenDesk(self.credentials)
        self._memories = {market: Memory() for market in self.exchanges}
        self.plain.digits, self.plain.constants, self.plain.sides = DIGITS, CONSTANTS, SIDES

    def kept(self) -> Mapping[str, Sequence[object]]:
        """Return the reserved orders of each market, and which orders were placed with a loan."""
        loans = [(*order, loan) for order, loan in self._memories[KOREA.name].loans.items()]
        reserved_ones = {market: memory.reserved.saved() for market, memory in self._memories.items()}
        return {**reserved_ones, LOANS: _LOANS.dump_python(loans, mode="json")}

    def restore(self, kept: Mapping[str, Sequence[object]]) -> None:
        """Go on with what an earlier run kept."""
        for day, number, loan in _LOANS.validate_python(list(kept.get(LOANS, ()))):
            self._memories[KOREA.name].loans[day, number] = loan
        for market, saved in ((name, rows) for name, rows in kept.items() if name != LOANS):
            self._memories[market].reserved.restore(saved, self.exchanges[market], self.credentials.account)

    def new_credentials(self) -> Credentials:
        """Return keys and an account number of the broker's form, made up."""
        number = f"{secrets.randbelow(90_000_000) + 10_000_000}-01"
        return Credentials(visible_key(36), visible_key(180), number, hts_id=visible_key(12))

    @property
    def token_window(self) -> SlidingWindow:
        """The limit of one call a second that /oauth2/tokenP and /oauth2/Approval have each."""
        return self._desk.window

    @property
    def tokens_issued(self) -> int:
        """How many different tokens were given out."""
        return self._desk.tokens.issued

    @property
    def token_minute(self) -> float:
        """Seconds during which a second token is refused; tests may shorten it."""
        return self._desk.minute

    @token_minute.setter
    def token_minute(self, seconds: float) -> None:
        self._desk.minute = seconds

    def order_id(self, number: int) -> str:
        """Return the ten digits of the wire."""
        return order_number(number)

    def purpose(self, method: str, path: str, headers: Mapping[str, str]) -> Purpose:
        """Return what a request is for: the path tells."""
        path = SLASHES.sub("/", path)
        service = services().get(path)
        if service is not None and service.api.effect == "order":
            return Purpose.ORDER
        return PURPOSES.get(path, Purpose.QUERY)

    def refusal_of(self, code: str, words: str) -> Refused:
        """Return a refusal of an order: what the gateway says comes under HTTP 500."""
        return (GatewayRefused if code.startswith(("EGW", "IGW")) else Refused)(code, words)

    def kill_tokens(self) -> None:
        """Make every token given out invalid (EGW00123); a new one can be had at once."""
        self._desk.expire()

    def expire_tokens(self) -> None:
        """Move the end of every token's life into the past (EGW00123); a new one can be had at once."""
        # The server has one code for a token that is no longer good, so both helpers end alike.
        self._desk.expire()

    def approves(self, key: str) -> bool:
        """Return whether a key opens the socket."""
        return self._desk.is_approved(key)

    def kill_approvals(self) -> None:
        """Make every key for the socket that was given out invalid (OPSP0011); a new one can be had at once."""
        self._desk.forget_approvals()

    def has_key(self, request: ReceivedRequest) -> bool:
        """Return whether a request came with the app key."""
        return self.credentials.app_key in (request.headers.get("appkey"), request.body.get("appkey"))

    def path_of(self, path: str) -> str:
        """Return a path with single slashes."""
        return SLASHES.sub("/", path)

    def method_of(self, request: ReceivedRequest) -> str | None:
        """Return the method of the call that a path stands for."""
        if request.path in MASTERS or (request.path in US_MASTERS and "US" in self.exchanges):
            return "GET"
        service = _routed(request)
        return "POST" if request.path in LOGINS else None if service is None else service.api.method

    def headers_of(self, request: ReceivedRequest) -> Mapping[str, str]:
        """Return the headers of all answers but those under /oauth2."""
        if request.path in LOGINS:
            return {}
        return {"tr_id": request.headers.get("tr_id", ""), "tr_cont": "", "gt_uid": secrets.token_hex(16)}

    def respond(self, request: ReceivedRequest) -> Response:
        """Return a master file to whoever asks for one; what else is asked for is a call."""
        content = self._file(request.path) if request.method == "GET" else None
        if content is None:
            return super().respond(request)
        return Response(content, headers={"X-Simulation": "brokerkit sandbox"}, media_type="application/zip")

    def _file(self, path: str) -> bytes | None:
        if path in MASTERS:
            return master_file(self.exchange, MASTERS[path])
        if path in US_MASTERS and "US" in self.exchanges:
            return us_master_file(self.exchanges["US"], US_MASTERS[path])
        return None

    def answer(self, request: ReceivedRequest) -> FaceAnswer:
        """Carry out a call or a login."""
        service = None if request.path in LOGINS else _routed(request)
        return FaceAnswer(self._login(request)) if service is None else self._call(service, request)

    def _login(self, request: ReceivedRequest) -> Mapping[str, object]:
        if request.path == HASHKEY:
            self._check_limit(request)
            _check_body(request, GatewayRefused)
            self._desk.check_headers(request.headers)
            return {"BODY": request.body, "HASH": body_hash(request.body)}
        _check_body(request, LoginRefused)
        if request.path == TOKEN:
            return self._desk.issue(request.body)
        return self._desk.revoke(request.body) if request.path == REVOKE else self._desk.approve(request.body)

    def _call(self, service: Service, request: ReceivedRequest) -> FaceAnswer:
        self._check_limit(request)
        self._desk.check_token(request.headers)
        self._desk.check_headers(request.headers)
        if request.headers.get("custtype", "P") not in ("P", "B", ""):
            raise GatewayRefused("EGW00208", "custtype 값이 맞지 않습니다")
        tr_id = self._transaction_id(service, request)
        if service.api.method == "POST":
            _check_body(request, GatewayRefused)
            if request.headers.get("hashkey", "") not in ("", body_hash(request.body)):
                raise GatewayRefused("EGW00131", "hashkey 값이 맞지 않습니다")
        api = APIS.get(service.api.path) or plain_call(service.api)
        if api.market not in self.exchanges:
            logger.info(
                "The KIS sandbox does not play %s (%s).",
                service.api.path,
                tr_id,
                extra=about("sandbox_refused", api=tr_id),
            )
            raise NotPlayed(*NOT_OFFERED)
        return self._handle(api, request, tr_id)

    def _handle(self, api: Api, request: ReceivedRequest, tr_id: str) -> FaceAnswer:
        posted = request.method == "POST"
        fields = body_fields(api, request.body) if posted else query_fields(request.query)
        check_fields(api, fields, self.credentials.account, demo=self.environment == "demo")
        context = Context(
            self.exchanges[api.market],
            self._memories[api.market],
            self.credentials.account,
            self.environment == "demo",
            tr_id,
            request.headers.get("tr_cont", "").strip(),
            fields,
            self.plain,
            self.credentials.hts_id or "",
            self.exchanges,
        )
        return api.handler(context)

    def _check_limit(self, request: ReceivedRequest) -> None:
        if not self.window.admit(request.headers.get("appkey", "")):
            raise GatewayRefused("EGW00201", "초당 호출 한도를 넘었습니다")

    def _transaction_id(self, service: Service, request: ReceivedRequest) -> str:
        tr_id = request.headers.get("tr_id", "")
        demo = self.environment == "demo"
        if tr_id in service.ids(demo):
            return tr_id
        if tr_id in service.ids(not demo):
            if demo:
                raise GatewayRefused("EGW02006", f"모의투자에 없는 TR: {tr_id}")
            # EGW02004 is told too, of a key of the demo: here the key is right, and the id alone is of the demo.
            raise GatewayRefused("EGW00356", f"실전투자에 없는 TR: {tr_id}")
        if not tr_id:
            # Which code a call without tr_id gets is not known: the general one for a bad request.
            raise GatewayRefused("EGW00101", "tr_id가 없습니다")
        if demo and tr_id in map(demo_id, service.real):
            raise Refused(*NOT_OFFERED)
        # The code for a service that does not exist is known; its HTTP status is not.
        raise Refused("OPSQ0002", f"제공하지 않는 서비스: {tr_id}")


def _routed(request: ReceivedRequest) -> Service | None:
    """Return the call that a path stands for, or the query that the id does: clients send some ids to other paths."""
    service = services().get(request.path)
    tr_id = request.headers.get("tr_id", "")
    if service is None or service.api.method != "GET" or tr_id in service.real | service.demo:
        return service
    return queries().get(tr_id, service)


def _check_body(request: ReceivedRequest, refusal: type[Refused]) -> None:
    # A missing content type is let through: whether the server does is not known, and clients leave it out.
    kind = request.headers.get("content-type", "application/json")
    if not kind.lower().startswith("application/json"):
        raise refusal("EGW00132", "Content-Type 값이 맞지 않습니다")
    if not request.is_object:
        raise refusal("EGW00101", "본문이 JSON 객체가 아닙니다")
