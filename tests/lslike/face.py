"""The server side of that broker over the simulated exchange, as strict as LS is said to be. It imports no table."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

from brokerkit.models import OrderRequest
from brokerkit.sandbox.exchange import Costs, ExchangeOrder, ExchangeRefusal, Refusal
from brokerkit.sandbox.face import (
    Credentials,
    Face,
    FaceAnswer,
    FaceRefusal,
    FaultWording,
    Purpose,
    ReceivedRequest,
    Tokens,
    visible_key,
)
from brokerkit.words import OrderType, Side, TimeInForce

PATH_OF = {
    **dict.fromkeys(("t1101", "t1102"), "/stock/market-data"),
    "t1702": "/stock/frgr-itt",
    **dict.fromkeys(("CSPAT00601", "CSPAT00701", "CSPAT00801"), "/stock/order"),
    **dict.fromkeys(("t0424", "t0425", "CSPAQ12200", "CSPAQ13700", "CSPBQ00200"), "/stock/accno"),
}
PURPOSES = {
    **dict.fromkeys(("CSPAT00601", "CSPAT00701", "CSPAT00801"), Purpose.ORDER),
    **dict.fromkeys(("t0425", "CSPAQ13700"), Purpose.LISTING),
}
NUMBERS = frozenset({"OrdQty", "OrdPrc", "OrgOrdNo", "SrtOrdNo2"})
"""Fields that have to be JSON numbers; every other one is a text."""
TYPES = {
    "00": OrderType.LIMIT,
    "03": OrderType.MARKET,
    "06": OrderType.BEST_OPPOSITE,
    "07": OrderType.BEST_SAME_SIDE,
}
TIMES = {"0": TimeInForce.DAY, "1": TimeInForce.IOC, "2": TimeInForce.FOK}
SIDES = {"1": Side.SELL, "2": Side.BUY}
CODES = {
    Refusal.UNKNOWN_SYMBOL: "00009",
    Refusal.INSUFFICIENT_CASH: "01425",
    Refusal.INSUFFICIENT_SHARES: "01478",
    Refusal.MARKET_CLOSED: "01458",
    Refusal.PRICE_LIMIT: "01427",
    Refusal.NOTHING_TO_CANCEL: "01433",
    Refusal.UNKNOWN_ORDER: "01433",
}
FLOWS = {
    "0000": "private_fund",
    "0001": "financial_investment",
    "0002": "insurance",
    "0003": "investment_trust",
    "0004": "bank",
    "0005": "other_finance",
    "0006": "pension",
    "0007": "other_corporation",
    "0008": "individual",
    "0011": "government",
    "0016": "foreign",
    "0018": "institution",
}
PAGE = 5


class Refused(FaceRefusal):
    """A refusal with the broker's code; those of the gateway come under HTTP 500."""

    def __init__(self, code: str, words: str, **names: str) -> None:
        self.code, self.words = code, words
        self.names = names or {"code": "rsp_cd", "words": "rsp_msg"}
        self.status = 403 if names else 500 if code.startswith("IGW") else 200

    def body(self) -> Mapping[str, object]:
        return {self.names["code"]: self.code, self.names["words"]: self.words}


class LikeFace(Face):
    """The server side."""

    api_version = 1
    name: ClassVar[str] = "lslike"
    costs: ClassVar[Mapping[str, Costs]] = {"real": Costs(), "demo": Costs()}
    calls_per_second: ClassVar[Mapping[str, int]] = {"real": 1_000, "demo": 1_000}

    wording: ClassVar[FaultWording] = FaultWording(
        success="rsp_cd",
        number="OrdNo",
        row_number="OrdNo",
        row_quantity=("OrdQty",),
        row_type=("hogagb", "OrdprcPtnCode"),
        row_side=("medosu", "BnsTpCode"),
        refusal={"rsp_cd": "01458", "rsp_msg": "장종료"},
        trouble={"rsp_cd": "IGW50008", "rsp_msg": "gateway"},
        further=("tr_cont", "Y"),
        end_headers={"tr_cont": "N", "tr_cont_key": ""},
    )

    def begin(self) -> None:
        self.tokens = Tokens(dt.timedelta(hours=24))
        self.lost_answers = 0
        """So many orders are carried out, and answered with the gateway's trouble."""

    def new_credentials(self) -> Credentials:
        return Credentials(visible_key(36), visible_key(36), "20250001101")

    def method_of(self, request: ReceivedRequest) -> str | None:
        return "POST" if request.path in {*PATH_OF.values(), "/oauth2/token", "/oauth2/revoke"} else None

    def headers_of(self, request: ReceivedRequest) -> Mapping[str, str]:
        return {"tr_cd": request.headers.get("tr_cd", ""), "tr_cont": "N", "tr_cont_key": ""}

    def has_key(self, request: ReceivedRequest) -> bool:
        return self.tokens.is_valid(request.headers.get("authorization", "").removeprefix("Bearer "))

    def purpose(self, method: str, path: str, headers: Mapping[str, str]) -> Purpose:
        if path.startswith("/oauth2/"):
            return Purpose.LOGIN
        return PURPOSES.get(headers.get("tr_cd", ""), Purpose.QUERY)

    def refusal_of(self, code: str, words: str) -> Refused:
        return Refused(code, words)

    def kill_tokens(self) -> None:
        self.tokens.forget()

    def answer(self, request: ReceivedRequest) -> FaceAnswer:
        if request.path.startswith("/oauth2/"):
            return FaceAnswer(self._login(request.path, dict(request.body), is_form=request.is_form))
        if not self.has_key(request):
            raise Refused("IGW00121", "유효하지 않은 token 입니다.")
        name = request.headers.get("tr_cd", "")
        if not self.window.admit(name):
            raise Refused("IGW00201", "호출 거래건수를 초과하였습니다.")
        if PATH_OF.get(name) != request.path:
            raise Refused("IGW00215", "tr_cd")
        if request.headers.get("tr_cont") not in ("Y", "N"):
            raise Refused("IGW40010", "tr_cont")
        block = request.body.get(f"{name}InBlock{'1' if name.startswith('C') else ''}")
        if not isinstance(block, dict):
            raise Refused("IGW50004", "InBlock")
        if any(isinstance(value, str) is (field in NUMBERS) for field, value in block.items()):
            raise Refused("IGW40011", "입력값의 형식이 올바르지 않습니다.")
        calls: Mapping[str, Callable[..., FaceAnswer]] = {each: getattr(self, f"_{each.lower()}") for each in PATH_OF}
        try:
            return calls[name](block, request.headers)
        except ExchangeRefusal as refusal:
            raise Refused(CODES.get(refusal.reason, "01407"), str(refusal)) from None

    def _login(self, path: str, form: dict[str, object], *, is_form: bool) -> Mapping[str, object]:
        names = {"code": "error_code", "words": "error_description"}
        if not is_form or form.get("appkey") != self.credentials.app_key:
            raise Refused("IGW00103", "app key", **names)
        if form.get("appsecretkey") != self.credentials.app_secret:
            raise Refused("IGW00105", "app secret", **names)
        if path == "/oauth2/revoke":
            self.tokens.revoke(str(form["token"]))
            return {"code": 200, "message": "OK"}
        token = self.tokens.new(secrets.token_hex(24)).text
        return {"access_token": token, "token_type": "Bearer", "scope": "oob", "expires_in": 86_400}

    # Prices

    def _t1102(self, block: Mapping[str, Any], headers: Mapping[str, str]) -> FaceAnswer:
        quote = self.exchange.quote(block["shcode"])
        change = quote.change or Decimal(0)
        told = {"price": quote.price, "recprice": quote.previous_close, "open": quote.open, "high": quote.high}
        told |= {"low": quote.low, "volume": quote.volume, "uplmtprice": quote.upper_limit}
        told |= {"dnlmtprice": quote.lower_limit, "change": abs(change)}
        texts = {"shcode": quote.symbol, "hname": quote.name, "diff": f"{quote.change_percent or 0:06.2f}"}
        limits = {quote.upper_limit: "1", quote.lower_limit: "4"}
        sign = limits.get(quote.price) or ("3" if not change else "2" if change > 0 else "5")
        return done(t1102OutBlock={**{name: int(value or 0) for name, value in told.items()}, **texts, "sign": sign})

    def _t1101(self, block: Mapping[str, Any], headers: Mapping[str, str]) -> FaceAnswer:
        book = self.exchange.order_book(block["shcode"])
        told: dict[str, object] = {"shcode": book.symbol, "hotime": f"{self.exchange.now():%H%M%S}00"}
        for side, levels in (("offer", book.asks), ("bid", book.bids)):
            for number in range(1, 11):
                level = levels[number - 1] if number <= len(levels) else None
                told[f"{side}ho{number}"] = int(level.price) if level else 0
                told[f"{side}rem{number}"] = int(level.quantity) if level else 0
        return done(t1101OutBlock=told)

    def _t1702(self, block: Mapping[str, Any], headers: Mapping[str, str]) -> FaceAnswer:
        what = {"0": "net", "1": "buy", "2": "sell"}[block["msmdgb"]]
        unit, scale = {"1": ("quantity", 1), "0": ("amount", 1_000_000)}[block["volvalgb"]]
        rows = []
        for flow in reversed(self.exchange.investor_flow(block["shcode"])):
            if block["fromdt"] <= f"{flow.date:%Y%m%d}" <= block["todt"]:
                figures = {code: getattr(getattr(flow, kind), f"{what}_{unit}") for code, kind in FLOWS.items()}
                row = {f"tjj{code}": int(value or 0) // scale for code, value in figures.items()}
                rows.append({"date": f"{flow.date:%Y%m%d}", "close": int(flow.close or 0), **row})
        return done(t1702OutBlock1=rows)

    # Orders

    def _cspat00601(self, block: Mapping[str, Any], headers: Mapping[str, str]) -> FaceAnswer:
        if not block["IsuNo"].startswith("A") or block["MbrNo"] != "KRX":
            raise Refused("01407", "IsuNo")
        type_ = TYPES[block["OrdprcPtnCode"]]
        request = OrderRequest(
            symbol=block["IsuNo"][1:],
            side=SIDES[block["BnsTpCode"]],
            quantity=block["OrdQty"],
            type=type_,
            price=block["OrdPrc"] or None,
            time_in_force=TIMES[block["OrdCndiTpCode"]],
        )
        row = self.exchange.submit(self.credentials.account, request)
        return self._taken("CSPAT00601", "00039" if request.side is Side.SELL else "00040", row)

    def _cspat00701(self, block: Mapping[str, Any], headers: Mapping[str, str]) -> FaceAnswer:
        row = self.exchange.amend(
            self.credentials.account,
            block["OrgOrdNo"],
            quantity=Decimal(block["OrdQty"]),
            price=Decimal(block["OrdPrc"]),
        )
        return self._taken("CSPAT00701", "00462", row)

    def _cspat00801(self, block: Mapping[str, Any], headers: Mapping[str, str]) -> FaceAnswer:
        row = self.exchange.cancel(self.credentials.account, block["OrgOrdNo"], Decimal(block["OrdQty"]))
        return self._taken("CSPAT00801", "00463", row)

    def _taken(self, name: str, code: str, row: ExchangeOrder) -> FaceAnswer:
        if self.lost_answers:
            self.lost_answers -= 1
            raise Refused("IGW50008", "gateway")
        told = {"OrdNo": row.number, "OrdTime": f"{row.time:%H%M%S}000", "PrntOrdNo": row.original or 0}
        return done(code, **{f"{name}OutBlock1": {"AcntNo": self.credentials.account}, f"{name}OutBlock2": told})

    # Lists and account

    def _t0425(self, block: Mapping[str, Any], headers: Mapping[str, str]) -> FaceAnswer:
        """Answer a page. At the end the cursor is not blank but stays, and the header says that there is more."""
        after = int(block["cts_ordno"].strip() or 0)
        rows = [row for row in self.exchange.open_orders(self.credentials.account) if row.number > after][:PAGE]
        cursor = str(rows[-1].number) if rows else block["cts_ordno"]
        more = {"tr_cont": "Y", "tr_cont_key": cursor} if cursor.strip() else {}
        listed = {"t0425OutBlock1": [open_row(row) for row in rows]} if rows else {}  # without rows there is no block
        return done(t0425OutBlock={"cts_ordno": cursor}, more=more, **listed)

    def _cspaq13700(self, block: Mapping[str, Any], headers: Mapping[str, str]) -> FaceAnswer:
        newest = block["BkseqTpCode"] == "0"
        if block["SrtOrdNo2"] != (999_999_999 if newest else 0):
            return done("00200")
        day = dt.date.fromisoformat(block["OrdDt"])
        rows = sorted(
            self.exchange.history(self.credentials.account, day, day), key=lambda row: row.number, reverse=newest
        )
        rows = [row for row in rows if block["IsuNo"] in ("", f"A{row.request.symbol}")]
        begin = int(headers.get("tr_cont_key", "").strip() or 0)
        more = {"tr_cont": "Y", "tr_cont_key": str(begin + PAGE)} if begin + PAGE < len(rows) else {}
        listed = [day_row(row) for row in rows[begin : begin + PAGE]]
        return done("00133" if more else "00136", more=more, CSPAQ13700OutBlock3=listed)

    def _t0424(self, block: Mapping[str, Any], headers: Mapping[str, str]) -> FaceAnswer:
        """Answer a page; at the end the cursor is blank."""
        held = self.exchange.account(self.credentials.account).holdings
        begin = next((n for n, each in enumerate(held, 1) if each.symbol == block["cts_expcode"]), 0)
        rows = held[begin : begin + PAGE]
        cursor = rows[-1].symbol if begin + PAGE < len(held) else ""
        listed = [
            {
                "expcode": each.symbol,
                "hname": each.name,
                "janqty": int(each.quantity),
                "mdposqt": int(each.sellable),
                "pamt": int(each.average),
                "mamt": int(each.cost),
                "price": int(each.price),
                "appamt": int(each.market_value) - 1,
            }
            for each in rows
        ]
        more = {"tr_cont": "Y", "tr_cont_key": cursor} if cursor else {}
        return done(t0424OutBlock={"cts_expcode": cursor}, t0424OutBlock1=listed, more=more)

    def _cspaq12200(self, block: Mapping[str, Any], headers: Mapping[str, str]) -> FaceAnswer:
        state = self.exchange.account(self.credentials.account)
        told = {"Dps": state.cash, "D1Dps": state.cash_d1, "D2Dps": state.cash_d2}
        told |= {"RcvblUablOrdAbleAmt": state.orderable, "MnyoutAbleAmt": state.withdrawable}
        return done(
            "00136",
            CSPAQ12200OutBlock1={"AcntNo": self.credentials.account},
            CSPAQ12200OutBlock2={name: int(value) for name, value in told.items()},
        )

    def _cspbq00200(self, block: Mapping[str, Any], headers: Mapping[str, str]) -> FaceAnswer:
        account = self.credentials.account
        quantity = self.exchange.affordable(account, block["IsuNo"][1:], Decimal(block["OrdPrc"]))
        told = {"MgnRat100MnyOrdAbleAmt": int(self.exchange.account(account).orderable)}
        asked = {"RecCnt": 1, **block}
        return done(
            "00136", CSPBQ00200OutBlock1=asked, CSPBQ00200OutBlock2={**told, "MgnRat100MnyOrdAbleQty": int(quantity)}
        )


def done(code: str = "00000", *, more: Mapping[str, str] | None = None, **blocks: object) -> FaceAnswer:
    """Return an answer that says success."""
    return FaceAnswer({"rsp_cd": code, "rsp_msg": "정상처리", **blocks}, more or {})


def _code_of(table: Mapping[str, object], word: object) -> str:
    return next(code for code, known in table.items() if known is word)


def open_row(row: ExchangeOrder) -> Mapping[str, object]:
    """Return a row of t0425."""
    return {
        "ordno": row.number,
        "orgordno": row.original or 0,
        "expcode": row.request.symbol,
        "medosu": "매수" if row.request.side is Side.BUY else "매도",
        "qty": int(row.quantity),
        "price": int(row.request.price or 0),
        "cheqty": int(row.filled),
        "cheprice": int(row.average_price or 0),
        "ordrem": int(row.remaining),
        "ordtime": f"{row.time:%H%M%S}00",
        "status": "접수",
        "hogagb": _code_of(TYPES, row.request.type),
    }


def day_row(row: ExchangeOrder) -> Mapping[str, object]:
    """Return a row of CSPAQ13700."""
    request = row.request
    return {
        "OrdDt": f"{row.day:%Y%m%d}",
        "OrdNo": row.number,
        "OrgOrdNo": row.original or 0,
        "IsuNo": f"A{request.symbol}",
        "IsuNm": "",
        "BnsTpCode": _code_of(SIDES, request.side),
        "MrcTpNm": {"NEW": "", "AMEND": "정정", "CANCEL": "취소"}[row.action] + ("거부" if row.rejected else ""),
        "OrdQty": int(row.quantity),
        "OrdPrc": f"{request.price or 0:.2f}",
        "ExecQty": int(row.filled),
        "ExecPrc": f"{row.average_price or 0:.2f}",
        "MrcAbleQty": int(row.remaining),
        "OrdprcPtnCode": _code_of(TYPES, request.type),
        "OrdCndiTpCode": _code_of(TIMES, request.time_in_force),
        "MbrNo": "KRX",
        "OrdTime": f"{row.time:%H%M%S}000",
    }
