"""The door: paths, headers, checks in the server's order, pages."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

from pydantic import TypeAdapter

from brokerkit.logs import about
from brokerkit.sandbox.exchange import Costs, ExchangeRefusal
from brokerkit.sandbox.face import (
    MADE_UP,
    Credentials,
    Face,
    FaceAnswer,
    FaultWording,
    Purpose,
    ReceivedRequest,
    visible_key,
)
from brokerkit.sandbox.plain import Plain
from brokerkit.sandbox.streaming import FaceStream

from . import (
    account,
    assets,
    books,
    candles,
    cashbook,
    days,
    flows,
    gold,
    indices,
    listed,
    lists,
    many,
    members,
    minutes,
    orders,
    profits,
    programs,
    quotes,
    rankings,
    us_answers,
    us_pace,
    valuation,
)
from .apis import ISSUE_PATH, REVOKE_PATH, UNKNOWN_TO_DEMO, calls, in_demo, paths
from .calls import FIELDS
from .common import Branch, Content, Loan
from .fields import checked
from .plain import plain_answer, plain_fields
from .refusals import (
    INPUT,
    NOT_ON_DEMO,
    RATE,
    WRONG_REQUEST,
    Refused,
    bad_value,
    business,
    not_played,
    of_code,
    of_exchange,
    refused,
    unknown_api,
)
from .stream import KiwoomStream
from .tokens import TokenDesk
from .us import UsBranch

_ANSWERS: Mapping[str, Callable[[Branch, Mapping[str, str]], Content]] = {
    "ka00001": account.number,
    "kt00001": account.cash,
    "kt00004": valuation.valuation,
    "kt00005": valuation.settled,
    "kt00010": account.orderable,
    "kt00011": account.by_margin_rate,
    "kt00012": account.on_credit,
    "kt00013": account.margin,
    "ka01690": assets.of_a_day,
    "kt00002": assets.by_days,
    "kt00003": assets.estimate,
    "kt00008": assets.settlements,
    "kt00016": assets.of_a_span,
    "kt00017": assets.of_today,
    "kt00018": valuation.holdings,
    "ka10085": valuation.returns,
    "ka10072": profits.of_a_day,
    "ka10073": profits.of_days,
    "ka10074": profits.by_days,
    "ka10077": profits.of_today,
    "ka10170": profits.diary,
    "kt00015": cashbook.lines,
    "kt00007": lists.of_the_day,
    "kt00009": lists.states_of_the_day,
    "ka10075": lists.open_orders,
    "ka10076": lists.fills,
    "ka10088": lists.parts,
    "ka10001": quotes.info,
    "ka10003": books.trades,
    "ka10004": books.order_book,
    "ka10005": days.summary,
    "ka10086": days.prices,
    "ka10095": many.watched,
    "ka10084": books.trades_of_a_day,
    "ka10040": members.of_today,
    "ka10051": flows.market,
    "ka10058": flows.ranks,
    "ka10059": flows.investors,
    "ka10061": flows.total,
    "ka10064": flows.estimates,
    "ka90003": programs.top,
    "ka90004": programs.listed,
    "ka90010": programs.by_market,
    "ka90013": programs.by_symbol,
    "ka10079": minutes.ticks,
    "ka10080": minutes.minutes,
    "ka10081": candles.daily,
    "ka10082": candles.weekly,
    "ka10083": candles.monthly,
    "ka10094": candles.yearly,
    "ka10099": listed.instruments,
    "ka10100": listed.instrument_info,
    "ka10101": listed.sectors,
    "ka10102": members.listed,
    "ka10027": rankings.fluctuations,
    "ka10030": rankings.volumes,
    "ka10032": rankings.turnovers,
    "ka10034": rankings.foreigners,
    "ka10065": rankings.intraday,
    "ka90009": rankings.both,
    "ka20001": indices.value,
    "ka20005": indices.minutes,
    "ka20006": indices.daily,
    "ka20007": indices.weekly,
    "ka20008": indices.monthly,
    "ka20019": indices.yearly,
    "kt10000": orders.buy,
    "kt10001": orders.sell,
    "kt10002": orders.amend,
    "kt10003": orders.cancel,
    "kt10006": orders.buy_on_credit,
    "kt10007": orders.sell_on_credit,
    "kt10008": orders.amend,
    "kt10009": orders.cancel,
    "kt50000": gold.buy,
    "kt50001": gold.sell,
    "kt50002": gold.amend,
    "kt50003": gold.cancel,
    "kt50020": gold.holdings,
    "kt50021": gold.cash,
    "kt50030": gold.all_of_a_day,
    "kt50031": gold.of_a_day,
    "kt50032": gold.history,
    "kt50075": gold.open_of_a_day,
}
_LISTINGS = frozenset(
    {
        *("kt00007", "kt00009", "ka10075", "ka10076", "ka10088"),
        *("kt50030", "kt50031", "kt50075"),
        *us_answers.LISTINGS,
    }
)
_WHOLE_LIST = 10_000
_PAGE_SIZES = {
    **dict.fromkeys(("ka10003", "ka10084"), 30),  # of ka10084 it is not known
    **dict.fromkeys(("ka10058", "ka10059"), 100),
    "ka10079": 900,
    "ka10080": 900,
    "ka20005": 900,
    **dict.fromkeys(("ka10081", "ka10082", "ka10083", "ka10094"), 600),
    **dict.fromkeys(("ka20006", "ka20007", "ka20008", "ka20019"), 600),
    # Not known: the market's daily lists get pages like those of ka10059, what is listed comes in one.
    **dict.fromkeys(("ka10005", "ka10086"), 100),
    # So many of ka10027 were seen; its neighbours get the same. Of ka90009 there is one page.
    **dict.fromkeys(("ka10027", "ka10030", "ka10032", "ka10034", "ka10065", "ka90009"), 100),
    **dict.fromkeys(("ka10095", "ka10099", "ka10101", "ka10102", "ka20001"), _WHOLE_LIST),
    **dict.fromkeys(("ka90010", "ka90013"), 20),
    "ka90004": 100,
    **dict.fromkeys(("ka10051", "ka10061", "ka10064", "ka90003"), _WHOLE_LIST),
    **us_answers.PAGE_SIZES,
}
_LOANS = TypeAdapter(list[tuple[dt.date, int, str, str]])
"""Day and number of an order, code and day of its loan."""
logger = logging.getLogger("brokerkit")

ONLY_KRX = "The mock host knows the symbols of KRX alone."
NO_EVENING = "The mock market ends in the afternoon."


class KiwoomFace(Face):
    """Kiwoom Securities as its clients see it: one token, one account, many APIs on few paths."""

    api_version: ClassVar[int] = 1
    name: ClassVar[str] = "kiwoom"
    Stream: ClassVar[type[FaceStream] | None] = KiwoomStream
    costs: ClassVar[Mapping[str, Costs]] = {
        "real": Costs(commission_rate=Decimal("0.00015")),
        "demo": Costs(commission_rate=Decimal("0.0035")),
    }
    costs_abroad: ClassVar[Mapping[str, Mapping[str, Costs]]] = {
        "US": {
            "real": Costs(commission_rate=Decimal("0.0025"), commission_unit=Decimal("0.01")),
            "demo": Costs(commission_rate=Decimal("0.005"), commission_unit=Decimal("0.01")),
        }
    }
    """The demo host was seen to take about 1 % of buying and selling together."""
    calls_per_second: ClassVar[Mapping[str, int]] = {"real": 5, "demo": 1}
    """Of an app key at each API."""
    lists_lack_orders: ClassVar[frozenset[str]] = frozenset({"demo"})
    """There the list of the day stays empty for some, although orders are filled."""
    differences: ClassVar[Mapping[str, str]] = {
        "demo:test_quotes_and_books_of_every_venue_tell_the_truth[NXT]": ONLY_KRX,
        "demo:test_quotes_and_books_of_every_venue_tell_the_truth[SOR]": ONLY_KRX,
        "demo:test_candles_of_other_venues_are_told_or_unsupported": ONLY_KRX,
        "demo:test_minutes_of_every_venue_tell_the_truth": ONLY_KRX,
        "demo:test_rankings_of_other_venues_are_told_or_unsupported": ONLY_KRX,
        "demo:test_trades_of_every_venue_are_told_or_unsupported": ONLY_KRX,
        "demo:test_an_order_of_the_after_market_trades_there": NO_EVENING,
        "demo:test_a_type_of_another_phase_is_taken_and_listed_back[AFTER_MARKET-*]": NO_EVENING,
    }
    wording: ClassVar[FaultWording] = FaultWording(
        success="return_code",
        number="ord_no",
        row_number="ord_no",
        row_quantity=("ord_qty",),
        row_type=("trde_tp", "frgn_trde_tp", "frgn_trde_nm"),
        row_side=("io_tp_nm", "slby_tp", "slby_tp_nm"),
        refusal={"return_code": 20, "return_msg": "[2000](RC4058:장이 끝났습니다)"},
        trouble={"return_code": 1, "return_msg": "서비스 오류[1999:처리 중 장애]"},
        may_stand=frozenset({"1700", "1999"}),  # 1700: one order that was refused with it is reported to have stood
        further=("cont-yn", "Y"),
        end_headers={"cont-yn": "N", "next-key": ""},
    )

    def begin(self) -> None:
        """Make the branch that knows the account, the desk for tokens, and the sizes of pages."""
        self.branch = Branch(
            self.exchange,
            self.credentials.account,
            self.costs[self.environment],
            self.environment == "demo",
            self.plain,
        )
        self.us = UsBranch(
            self.exchanges.get("US"),
            self.exchange,
            self.branch.account,
            self.costs_abroad["US"][self.environment],
            self.branch.demo,
        )
        self.plain_us = Plain(self.exchanges["US"]) if "US" in self.exchanges else None
        """What answers about US stocks where their exchange does not."""
        self.window = us_pace.Window(self.window.calls, us_answers.ANSWERS)
        self.desk = TokenDesk(self.credentials)
        self.page_size = 30
        """Rows on a page of holdings or orders. The real size is not known."""
        self.page_sizes = dict(_PAGE_SIZES)
        """Rows on a page of the other lists, by API."""

    def new_credentials(self) -> Credentials:
        """Return keys and an account number of the broker's form, made up."""
        return Credentials(visible_key(43), visible_key(43), f"{secrets.randbelow(9 * 10**9) + 10**9}")

    @property
    def replaces_token(self) -> bool:
        """Whether a new token ends the one before it; False gives the same token again while it lives."""
        return self.desk.replaces

    @replaces_token.setter
    def replaces_token(self, replaces: bool) -> None:
        self.desk.replaces = replaces

    @property
    def lists_old_fills(self) -> bool:
        """Whether ka10076 shows the fills of the trading day before too: that was seen at the mock host."""
        return self.branch.habits.lists_old_fills

    @lists_old_fills.setter
    def lists_old_fills(self, lists: bool) -> None:
        self.branch.habits.lists_old_fills = lists

    @property
    def tells_korean_clock(self) -> bool:
        """Whether charts and books of US stocks tell Korean time beyond 24:00 instead of New York's: disputed."""
        return self.us.habits.korean_clock

    @tells_korean_clock.setter
    def tells_korean_clock(self, tells: bool) -> None:
        self.us.habits.korean_clock = tells

    @property
    def lists_korean_dates(self) -> bool:
        """Whether lists of US orders mean Korean dates instead of New York's: not told."""
        return self.us.habits.korean_dates

    @lists_korean_dates.setter
    def lists_korean_dates(self, lists: bool) -> None:
        self.us.habits.korean_dates = lists

    @property
    def misspells_lists(self) -> bool:
        """Whether lists of US orders are called `result_lsit`, as on some pages of the firm."""
        return self.us.habits.misspelt_lists

    @misspells_lists.setter
    def misspells_lists(self, misspells: bool) -> None:
        self.us.habits.misspelt_lists = misspells

    @property
    def misspells_frames(self) -> bool:
        """Whether answers about saved conditions in the US have the names that the pages have: GCNSRLT, CNSRREQ."""
        return self.us.habits.misspelt_frames

    @misspells_frames.setter
    def misspells_frames(self, misspells: bool) -> None:
        self.us.habits.misspelt_frames = misspells

    @property
    def tells_receipts(self) -> bool:
        """Whether notices (F4) tell that an amendment or a cancel was received, before it is done: not told."""
        return self.us.habits.told_receipts

    @tells_receipts.setter
    def tells_receipts(self, tells: bool) -> None:
        self.us.habits.told_receipts = tells

    @property
    def tokens_issued(self) -> int:
        """How often a token was given out, the same one again included."""
        return self.desk.issued

    def kept(self) -> Mapping[str, Sequence[object]]:
        """Return which orders are on credit: the exchange does not know."""
        loans = [(*order, *loan) for order, loan in list(self.branch.loans.items())]
        return {"loans": _LOANS.dump_python(loans, mode="json")} if loans else {}

    def restore(self, kept: Mapping[str, Sequence[object]]) -> None:
        """Go on with what an earlier run kept."""
        for day, number, code, loan_day in _LOANS.validate_json(json.dumps(kept.get("loans", ()))):
            self.branch.loans[day, number] = Loan(code, loan_day)

    def order_id(self, number: int) -> str:
        """Return the seven digits of the wire; in the US there are two zeros more in front."""
        return lists.order_number(number)

    def purpose(self, method: str, path: str, headers: Mapping[str, str]) -> Purpose:
        """Return what a request is for: the path of the token tells, else the id of the API."""
        if path in (ISSUE_PATH, REVOKE_PATH):
            return Purpose.LOGIN
        api_id = headers.get("api-id", "").strip()
        if api_id in calls() and calls()[api_id].effect == "order":
            return Purpose.ORDER
        return Purpose.LISTING if api_id in _LISTINGS else Purpose.QUERY

    def refusal_of(self, code: str, words: str) -> Refused:
        """Return a refusal of an order."""
        return of_code(code, words)

    def kill_tokens(self) -> None:
        """Make every issued token invalid: calls with it answer 8005, and the next issue gives a new one."""
        self.desk.tokens.forget()

    def expire_tokens(self) -> None:
        """End the life of every issued token now: calls with it answer 8005, and the next issue gives a new one."""
        self.desk.tokens.expire()

    def has_key(self, request: ReceivedRequest) -> bool:
        """Return whether a request came with the app key, or with a token that was given out."""
        keyed = request.body.get("appkey") == self.credentials.app_key
        return keyed or self.desk.knows(request.headers.get("authorization"))

    def method_of(self, request: ReceivedRequest) -> str | None:
        """Return POST for every path that there is."""
        return "POST" if request.path in paths() else None

    def headers_of(self, request: ReceivedRequest) -> Mapping[str, str]:
        """Return the headers of every answer, as they are without a further page."""
        return {
            "api-id": request.headers.get("api-id", ""),
            "cont-yn": "N",
            "next-key": "",
            "access-control-expose-headers": "cont-yn,next-key,api-id",
        }

    def answer(self, request: ReceivedRequest) -> FaceAnswer:
        """Carry out a call or a login."""
        next_key, headers = None, dict[str, str]()
        if request.path in (ISSUE_PATH, REVOKE_PATH):
            body = self._token_answer(request)
        else:
            body, next_key, is_played = self._call(request)
            headers = {} if is_played else dict(MADE_UP)
        if next_key:
            headers |= {"cont-yn": "Y", "next-key": next_key}
        done = {"return_code": 0, "return_msg": f"{'모의투자 ' if self.branch.demo else ''}처리 완료"}
        return FaceAnswer({**body, **done}, headers)

    def _token_answer(self, request: ReceivedRequest) -> dict[str, object]:
        _check_form(request)
        if request.path == ISSUE_PATH:
            return self.desk.issue(request.body)
        return self.desk.revoke(request.body)

    def _call(self, request: ReceivedRequest) -> tuple[dict[str, object], str | None, bool]:
        """Return the body, the key of the next page if there is one, and whether an exchange plays it."""
        api_id = _api_id(request)
        app_key = self.desk.check(request.headers.get("authorization"))
        self._check_limit(app_key, api_id)
        self._check_demo(api_id)
        _check_form(request)
        fields = checked(FIELDS[api_id] if api_id in FIELDS else plain_fields(api_id), request.body)
        after, mark = _after(request, api_id, fields), _fingerprint(api_id, fields)
        if api_id not in FIELDS or (api_id == "ka10084" and not books.keeps_trades(fields)):
            page = after or 0
            abroad = self.plain_us if calls()[api_id].path.startswith("/api/us/") else None
            body, more = plain_answer(api_id, fields, page, abroad or self.plain)
            return body, f"{mark}{page + 1:010d}" if more else None, False
        answer = self._answered(api_id, fields)
        if isinstance(answer, Mapping):
            return dict(answer), None, True
        body, last = answer.page(self.page_sizes.get(api_id, self.page_size), after)
        if self.misspells_lists and api_id in us_answers.MISSPELT:
            body["result_lsit"] = body.pop("result_list")
        return body, None if last is None else f"{mark}{last:010d}", True

    def _answered(self, api_id: str, fields: Mapping[str, str]) -> Content:
        try:
            if api_id in us_answers.ANSWERS:
                return us_answers.ANSWERS[api_id](self.us, fields)
            return _ANSWERS[api_id](self.branch, fields)
        except ExchangeRefusal as refusal:
            raise of_exchange(refusal, fields.get("stk_cd", ""), demo=self.branch.demo) from None

    def _check_limit(self, app_key: str, api_id: str) -> None:
        key, window = f"{app_key}:{api_id}", self.window
        if not window.admit(key):
            calls = window.limit_of(key) if isinstance(window, us_pace.Window) else window.calls
            words = f"허용 횟수를 넘었습니다. 유량={calls}, API ID={api_id}"
            raise refused(RATE, "1700", words, status=429)

    def _check_demo(self, api_id: str) -> None:
        if self.branch.demo and not in_demo(api_id):
            if api_id in UNKNOWN_TO_DEMO:
                raise refused(INPUT, "8104", "모의투자에 없는 API입니다")
            raise business(NOT_ON_DEMO, "제공되지 않는 업무", demo=True)
        if api_id in us_answers.ANSWERS and "US" not in self.exchanges:
            logger.info(
                "Kiwoom sandbox: %s exists at Kiwoom but is not played here; it was refused.",
                api_id,
                extra=about("sandbox_refused", api=api_id),
            )
            raise not_played(api_id)


def _api_id(request: ReceivedRequest) -> str:
    # Only 1504 was seen, under class 1; the others of its family are put there too.
    api_id = request.headers.get("api-id", "").strip()
    if not api_id:
        raise refused(WRONG_REQUEST, "1501", "API ID가 없습니다")
    api = calls().get(api_id)
    if api is None:
        raise unknown_api(api_id)
    if api.path != request.path:
        raise refused(WRONG_REQUEST, "1504", f"그 URI의 API가 아닙니다. API ID={api_id}, URI={request.path}")
    return api_id


def _check_form(request: ReceivedRequest) -> None:
    # What the server says to another content type or to a body that is no JSON object is not known.
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise refused(INPUT, "1512", "content-type 헤더가 application/json이 아닙니다")
    if not request.is_object and not request.is_blank:
        raise bad_value("body", "JSON 객체가 아님")


def _fingerprint(api_id: str, fields: Mapping[str, str]) -> str:
    return hashlib.sha256(repr((api_id, sorted(fields.items()))).encode()).hexdigest()[:12]


def _after(request: ReceivedRequest, api_id: str, fields: Mapping[str, str]) -> int | None:
    """Return where the page before ended. A key of another call is refused; what Kiwoom does with one is not known."""
    if request.headers.get("cont-yn", "").strip() != "Y":
        return None
    key = request.headers.get("next-key", "").strip()
    mark = _fingerprint(api_id, fields)
    if not key.startswith(mark) or not key[len(mark) :].isdecimal():
        raise bad_value("next-key", "이 조회의 키가 아님")
    return int(key[len(mark) :])
