"""Every API of both brokers, call by call over HTTP: sent, answered by the sandbox, and read back."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from brokerkit_kis.client import KisClient
from brokerkit_kis.sandbox import KisFace
from brokerkit_kiwoom.client import KiwoomClient

from brokerkit import Broker, RawEvent, Side, Unsupported, get_broker
from brokerkit.catalogue import Api, Field
from brokerkit.errors import BrokerError
from brokerkit.market.sessions import Phase
from brokerkit.sandbox import Sandbox
from brokerkit.symbols import HOME
from brokerkit.transport import Limit
from tests.seeds import seeds
from tests.test_catalogue import FACTS, needs_facts

pytestmark = pytest.mark.slow
BROKERS, ENVIRONMENTS = ("kis", "kiwoom"), ("real", "demo")
SAMSUNG, APPLE, BOND, FUTURE, GOLD = "005930", "AAPL", "KR103502GA34", "101W09", "M04020000"
PLENTY = 10**6

Fields = Mapping[str, str | int | Decimal]
BY_ID = {
    "domestic_futureoption/order_rvsecncl/night": "STTN1103U",
    "domestic_futureoption/order_rvsecncl/night_of_the_samples": "TTTN1103U",
}
"""What is only called by an id that somebody names: neither is proven."""


@dataclass
class Walk:
    """A broker at its sandbox, and what went wrong there."""

    broker: Broker
    box: Sandbox
    environment: str
    price: Decimal
    """Of a share that nobody sells so cheaply."""
    high: Decimal
    """Of the same share, at which nobody buys it."""
    dollars: Decimal
    """The lower one of a share in the US."""
    answered: set[str] = dataclasses.field(default_factory=set)
    """What was called, and answered in the shape that the catalogue tells."""
    lacking: set[str] = dataclasses.field(default_factory=set)
    """What the environment has not got: nothing was sent."""
    wrong: dict[str, str] = dataclasses.field(default_factory=dict)
    """What was answered otherwise, or refused."""

    def step(self, called: str, fields: Fields) -> str:
        """Call an API, look at the answer, and return the number of the order if it was one."""
        requests = self.box.face(self.broker.name).requests
        before = len(requests)
        try:
            reply = self.broker.call(BY_ID.get(called, called), fields)
        except Unsupported as error:
            if len(requests) == before:
                self.lacking.add(called)
            else:
                self.wrong[called] = f"{error.code} {error.message}"
        except BrokerError as error:
            self.wrong[called] = f"{type(error).__name__} {error.code} {error.message}"
        else:
            self.answered.add(called)
            told = {"unknown": reply.unknown, "missing": reply.missing}
            if odd := [f"{word} {', '.join(names)}" for word, names in told.items() if names]:
                self.wrong[called] = "; ".join(odd)
            return reply.order_id or ""
        return ""

    def apis(self, *effects: str) -> Iterator[str]:
        """Yield what every API with such an effect is called by: its name, with each variant where it has several."""
        for api in self.broker.apis:
            if api.effect in effects:
                variants = api.variants("real")
                yield from [api.name] if len(variants) == 1 else [f"{api.name}/{each}" for each in variants]


@pytest.fixture(scope="module", params=[(name, where) for name in BROKERS for where in ENVIRONMENTS], ids="-".join)
def walk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    """Go through all APIs of a broker in an environment, once."""
    name, environment = request.param
    with pytest.MonkeyPatch.context() as patched, Sandbox(environment=environment) as box:
        patched.setenv("BROKERKIT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        # How fast one may go is what other tests are about.
        patched.setattr(KisClient, "calls_per_second", dict.fromkeys(ENVIRONMENTS, PLENTY))
        patched.setattr(KiwoomClient, "limits", lambda self, endpoint: (Limit(endpoint.id(self.environment), PLENTY),))
        with get_broker(name, environment="sandbox", sandbox=box) as broker:
            walk = prepared(broker, box, environment)
            (order_at_kis if name == "kis" else order_at_kiwoom)(walk)
            ask(walk)
            log_in(walk)
            yield walk


def prepared(broker: Broker, box: Sandbox, environment: str) -> Walk:
    """Return what goes through the APIs, at a server without limits and with shares in the account."""
    face = box.face(broker.name)
    face.window.calls = PLENTY
    if isinstance(face, KisFace):
        face.token_minute = 0  # else a second token is refused for a minute
        face.token_window.calls = PLENTY
    exchange, abroad = box.exchange, box.exchanges["US"]
    exchange.forward(dt.timedelta(hours=6))  # some figures of the day are told in the afternoon
    account = box.connect(broker.name).account
    quote, dollars = exchange.quote(SAMSUNG), abroad.quote(f"US:{APPLE}").price
    exchange.give_holding(account, SAMSUNG, Decimal(100), quote.price * 100)
    abroad.give_holding(account, f"US:{APPLE}", Decimal(100), dollars * 100)
    low, high = quote.lower_limit, quote.upper_limit
    assert low is not None
    assert high is not None
    return Walk(broker, box, environment, low, high, (dollars / 2).quantize(Decimal("0.01")))


# What is asked, and who asks


MARKET = "FID_COND_MRKT_DIV_CODE"
SPECIAL: Mapping[str, Mapping[str, str]] = {
    "domestic_stock/foreign_institution_total": {MARKET: "V"},
    "domestic_stock/inquire_daily_indexchartprice": {MARKET: "U", "FID_INPUT_ISCD": "0001"},
    "domestic_stock/inquire_elw_price": {MARKET: "W"},
    "domestic_stock/inquire_daily_overtimeprice": {MARKET: "J"},
    "domestic_stock/inquire_account_balance": {"BSPR_BF_DT_APLY_YN": ""},
    "domestic_stock/inquire_investor_daily_by_market": {MARKET: "U", "FID_INPUT_ISCD": "0001"},
    "domestic_stock/inquire_time_dailychartprice": {"FID_INPUT_HOUR_1": "120000"},
    "domestic_stock/inquire_time_itemchartprice": {"FID_INPUT_HOUR_1": "120000"},
    "domestic_stock/inquire_time_itemconclusion": {"FID_INPUT_HOUR_1": "120000"},
    "domestic_stock/inquire_time_overtimeconclusion": {MARKET: "J"},
    "domestic_stock/order_resv_ccnl": {"CNCL_YN": "N"},
    "domestic_stock/program_trade_by_stock_daily": {MARKET: "J"},
    "overseas_stock/inquire_nccs": {"SORT_SQN": "DS"},
    "overseas_stock/inquire_period_trans": {"OVRS_EXCG_CD": "NASD"},
    "overseas_stock/inquire_time_indexchartprice": {MARKET: "N", "FID_INPUT_ISCD": "SPX"},
    "overseas_stock/inquire_time_itemchartprice": {"KEYB": "", "EXCD": "NAS"},
    "overseas_stock/multprice": {"AUTH": ""},
    "ka10019": {"trde_qty_tp": "0000"},
    "ka90001": {"date_tp": "10"},
    # Blank in samples, and refused so by the sandbox where the tables require it.
    "ust21132": {"base_dt": "20261127"},
    "ust21180": {"strt_dt": "20261127", "end_dt": "20261127"},
    "ust21630": {"fc_krw_tp": "1"},
    "usa20590": {"stk_cd": "AAPL"},
    **{f"usa0601{number}": {"stk_cd": "AAPL"} for number in range(1, 7)},
}
"""What is asked where the first code of the table is not one that goes with a share."""
LISTED_AT = {"excd": "NAS", "ovrs_excg_cd": "NASD", "stex_tp": "ND"}
"""Where the American share of the questions is listed, by the field that says so."""


def value(api: Api, told: Field) -> str:
    """Return what a field may hold: a code that it has, a share, a day."""
    abroad = "overseas" in api.path or "/us/" in api.path
    if abroad and told.name.casefold() in LISTED_AT:
        return LISTED_AT[told.name.casefold()]
    if told.name in api.pages or told.name.startswith("CTX_"):
        return ""
    if told.codes:
        return next(iter(told.codes))
    if (
        "종목코드" in told.label
        or "상품번호" in told.label
        or told.name in ("stk_cd", "PDNO", "FID_INPUT_ISCD", "SYMB")
    ):
        return "AAPL" if abroad else "005930"
    if told.format.upper().startswith("YYYYMMDD") or "일자" in told.label or "DATE" in told.name.upper():
        return "20261127"
    return "1"


def asked(api: Api) -> dict[str, str]:
    """Return all that an API has to be asked with, but for the account."""
    fields = {each.name: value(api, each) for each in api.request if each.required}
    account = ("CANO", "ACNT_PRDT_CD")
    return {**{name: each for name, each in fields.items() if name not in account}, **SPECIAL.get(api.name, {})}


def ask(walk: Walk) -> None:
    """Ask everything that there is to ask."""
    keys = walk.box.connect(walk.broker.name)
    special: Mapping[str, Mapping[str, str]] = {
        "domestic_stock/inquire_elw_price": {"FID_INPUT_ISCD": next(iter(walk.box.exchange.warrants))},
        "domestic_stock/psearch_title": {"user_id": keys.hts_id or ""},
        "domestic_stock/psearch_result": {"user_id": keys.hts_id or "", "seq": "0"},
    }
    for called in walk.apis("read"):
        api = walk.broker.apis.api(called)
        walk.step(called, {**asked(api), **special.get(api.name, {})})


def log_in(walk: Walk) -> None:
    """Give the token back, and ask for all that opens something."""
    if walk.broker.name == "kis":
        walk.step("auth/revokep", {})
        walk.step("auth/auth_token", {})
        walk.step("auth/auth_ws_token", {})
        walk.step("auth/hashkey", {"ORD_QTY": "1"})
    else:
        walk.step("au10002", {})
        walk.step("au10001", {})


# What is ordered


def order_at_kis(walk: Walk) -> None:
    """Order, amend and cancel everything that there is at KIS."""
    seoul: Fields = {"PDNO": SAMSUNG, "ORD_DVSN": "00", "ORD_QTY": 1, "ORD_UNPR": walk.price}
    walk.step("domestic_stock/order_cash/sell", {**seoul, "ORD_UNPR": walk.high})
    number = walk.step("domestic_stock/order_cash/buy", seoul)
    change: Fields = {"KRX_FWDG_ORD_ORGNO": "06010", "ORD_DVSN": "00", "QTY_ALL_ORD_YN": "Y", "ORD_QTY": 0}
    amended: Fields = {**change, "ORGN_ODNO": number, "RVSE_CNCL_DVSN_CD": "01", "ORD_UNPR": walk.price + 100}
    number = walk.step("domestic_stock/order_rvsecncl", amended)
    walk.step("domestic_stock/order_rvsecncl", {**amended, "ORGN_ODNO": number, "RVSE_CNCL_DVSN_CD": "02"})
    credit: Fields = {**seoul, "LOAN_DT": "20261127"}
    walk.step("domestic_stock/order_credit/buy", {**credit, "CRDT_TYPE": "21"})
    walk.step("domestic_stock/order_credit/sell", {**credit, "CRDT_TYPE": "25"})
    reserved: Fields = {
        "PDNO": SAMSUNG,
        "ORD_QTY": 1,
        "ORD_UNPR": walk.price,
        "SLL_BUY_DVSN_CD": "02",
        "ORD_DVSN_CD": "00",
        "ORD_OBJT_CBLC_DVSN_CD": "10",
    }
    number = walk.step("domestic_stock/order_resv", reserved)
    walk.step("domestic_stock/order_resv_rvsecncl/modify", {**reserved, "ORD_QTY": 2, "RSVN_ORD_SEQ": number})
    walk.step("domestic_stock/order_resv_rvsecncl/cancel", {"RSVN_ORD_SEQ": number})
    bonds_and_futures(walk)
    before_new_york_opens(walk)
    abroad_at_kis(walk)


def bonds_and_futures(walk: Walk) -> None:
    who: Fields = {"MGCO_APTM_ODNO": "", "ORD_SVR_DVSN_CD": "0", "CTAC_TLNO": ""}
    bond: Fields = {**who, "PDNO": BOND, "ORD_QTY2": 1, "BOND_ORD_UNPR": 10_000, "SAMT_MKET_PTCI_YN": "N"}
    number = walk.step("domestic_bond/buy", {**bond, "BOND_RTL_MKET_YN": "N", "IDCR_STFNO": ""})
    lot: Fields = {"SPRX_YN": "N", "BUY_DT": "20261126", "BUY_SEQ": "1", "SLL_AGCO_OPPS_SLL_YN": "N"}
    walk.step("domestic_bond/sell", {**bond, **lot, "BOND_RTL_MKET_YN": "N", "ORD_DVSN": "01"})
    less = {name: value for name, value in bond.items() if name != "SAMT_MKET_PTCI_YN"}
    change: Fields = {**less, "ORGN_ODNO": number, "QTY_ALL_ORD_YN": "Y"}
    number = walk.step("domestic_bond/order_rvsecncl", {**change, "RVSE_CNCL_DVSN_CD": "01"})
    walk.step("domestic_bond/order_rvsecncl", {**change, "RVSE_CNCL_DVSN_CD": "02", "ORGN_ODNO": number})
    contract: Fields = {"ORD_PRCS_DVSN_CD": "02", "ORD_QTY": 1, "UNIT_PRICE": "350.05", "ORD_DVSN_CD": "01"}
    for session, changes in (("day", ("day",)), ("night", ("night", "night_of_the_samples"))):
        for change_of in changes:
            new: Fields = {**contract, "SLL_BUY_DVSN_CD": "02", "SHTN_PDNO": FUTURE}
            number = walk.step(f"domestic_futureoption/order/{session}", new)
            change = {**contract, "RMN_QTY_YN": "Y", "NMPR_TYPE_CD": "01", "KRX_NMPR_CNDT_CD": "0"}
            if session == "night":
                change["FUOP_ITEM_DVSN_CD"] = "01"
            change |= {"ORGN_ODNO": number, "RVSE_CNCL_DVSN_CD": "02"}
            walk.step(f"domestic_futureoption/order_rvsecncl/{change_of}", change)


PLACES = {
    "us": ("NASD", APPLE),
    "jp": ("TKSE", "7203"),
    "shanghai": ("SHAA", "600000"),
    "hk": ("SEHK", "00700"),
    "shenzhen": ("SZAA", "000001"),
    "vn": ("HASE", "VNM"),
}
"""Exchange and share of each market, by what variants begin with."""


def abroad_at_kis(walk: Walk) -> None:
    changes = {
        name.rpartition("/")[2].partition("_")[0]: name for name in walk.apis("order") if "/order_rvsecncl/" in name
    }
    for place, (exchange, share) in PLACES.items():
        here: Fields = {"OVRS_EXCG_CD": exchange, "PDNO": share, "ORD_SVR_DVSN_CD": "0"}
        order: Fields = {**here, "ORD_QTY": 1, "OVRS_ORD_UNPR": walk.dollars}
        sale: Fields = {**order, "SLL_TYPE": "00", "OVRS_ORD_UNPR": walk.dollars * 3}
        number = walk.step(f"overseas_stock/order/{place}_buy", order)
        walk.step(f"overseas_stock/order/{place}_sell", sale)
        change: Fields = {**order, "ORGN_ODNO": number, "RVSE_CNCL_DVSN_CD": "02", "OVRS_ORD_UNPR": 0}
        walk.step(changes[place], change)
    future_abroad(walk)


def before_new_york_opens(walk: Walk) -> None:
    """Order in the day market, and reserve: neither goes in regular hours."""
    walk.box.exchanges["US"].phase = Phase.DAYTIME
    apple: Fields = {"OVRS_EXCG_CD": "NASD", "PDNO": APPLE, "ORD_SVR_DVSN_CD": "0"}
    day: Fields = {**apple, "ORD_QTY": 1, "OVRS_ORD_UNPR": walk.dollars}
    number = walk.step("overseas_stock/daytime_order/buy", {**day, "ORD_DVSN": "00"})
    walk.step("overseas_stock/daytime_order/sell", {**day, "ORD_DVSN": "00", "OVRS_ORD_UNPR": walk.dollars * 3})
    change = {**day, "ORGN_ODNO": number, "RVSE_CNCL_DVSN_CD": "02", "CTAC_TLNO": "", "MGCO_APTM_ODNO": ""}
    walk.step("overseas_stock/daytime_order_rvsecncl", change)
    reserved: Fields = {**apple, "FT_ORD_QTY": 1, "FT_ORD_UNPR3": walk.dollars}
    number = walk.step("overseas_stock/order_resv/us_buy", reserved)
    walk.step("overseas_stock/order_resv/us_sell", {**reserved, "FT_ORD_UNPR3": walk.dollars * 3})
    walk.step("overseas_stock/order_resv_ccnl", {"OVRS_RSVN_ODNO": number, "RSYN_ORD_RCIT_DT": today(walk, "US")})
    tokyo: Fields = {"OVRS_EXCG_CD": "TKSE", "PDNO": "7203", "PRDT_TYPE_CD": "515", "FT_ORD_QTY": 1, "FT_ORD_UNPR3": 1}
    walk.step("overseas_stock/order_resv/asia", {**tokyo, "SLL_BUY_DVSN_CD": "02", "RVSE_CNCL_DVSN_CD": "00"})
    walk.box.exchanges["US"].phase = Phase.REGULAR


def future_abroad(walk: Walk) -> None:
    future: Fields = {
        "OVRS_FUTR_FX_PDNO": "6AZ26",
        "SLL_BUY_DVSN_CD": "02",
        "PRIC_DVSN_CD": "1",
        "FM_LIMIT_ORD_PRIC": "0.65",
        "FM_STOP_ORD_PRIC": "",
        "FM_ORD_QTY": 1,
        "CCLD_CNDT_CD": "6",
        "CPLX_ORD_DVSN_CD": "0",
        "ECIS_RSVN_ORD_YN": "N",
        "FM_HDGE_ORD_SCRN_YN": "N",
    }
    number = walk.step("overseas_futureoption/order", future)
    change = {"ORGN_ORD_DT": today(walk), "ORGN_ODNO": number, "FM_HDGE_ORD_SCRN_YN": "N"}
    number = walk.step("overseas_futureoption/order_rvsecncl/modify", {**change, "FM_LIMIT_ORD_PRIC": "0.66"})
    walk.step("overseas_futureoption/order_rvsecncl/cancel", {**change, "ORGN_ODNO": number})


def order_at_kiwoom(walk: Walk) -> None:
    """Order, amend and cancel everything that there is at Kiwoom."""
    seoul: Fields = {"dmst_stex_tp": "KRX", "stk_cd": SAMSUNG}
    share: Fields = {**seoul, "ord_qty": 1, "trde_tp": "0", "ord_uv": walk.price}
    dear: Fields = {**share, "ord_uv": walk.high}
    gold: Fields = {"stk_cd": GOLD}
    grams: Fields = {**gold, "ord_qty": 1, "trde_tp": "00", "ord_uv": 150_000}
    for buy, sell, amend, cancel, where, order, sale in (
        ("kt10000", "kt10001", "kt10002", "kt10003", seoul, share, dear),
        ("kt10006", "kt10007", "kt10008", "kt10009", seoul, share, {**dear, "crd_deal_tp": "33"}),
        ("kt50000", "kt50001", "kt50002", "kt50003", gold, grams, grams),
    ):
        walk.step(sell, sale)
        number = walk.step(buy, order)
        better: Fields = {"mdfy_qty": 0, "mdfy_uv": int(order["ord_uv"]) + 100}
        number = walk.step(amend, {**where, **better, "orig_ord_no": number})
        walk.step(cancel, {**where, "cncl_qty": 0, "orig_ord_no": number})
    apple: Fields = {"stex_tp": "ND", "stk_cd": APPLE}
    order = {**apple, "ord_qty": 1, "trde_tp": "00", "ord_uv": walk.dollars}
    walk.step("ust20001", {**order, "ord_uv": walk.dollars * 3})
    number = walk.step("ust20000", order)
    number = walk.step("ust20002", {**apple, "mdfy_uv": walk.dollars + 1, "orig_ord_no": number})
    walk.step("ust20003", {**apple, "orig_ord_no": number})
    walk.step("ust31302", {"exch_tp": "1", "fc_exmn_amt": 100_000})


def today(walk: Walk, market: str = HOME) -> str:
    return f"{walk.box.exchanges[market].today:%Y%m%d}"


# What came of it

OF_OTHERS = {
    f"overseas_stock/order_resv/{called}": "missing output.RSVN_ORD_RCIT_DT, output.OVRS_RSVN_ODNO"
    for called in ("us_buy", "us_sell")
}
"""Fields that the table has of one variant for others."""
DEMO_OF_KIS = """
auth/auth_token auth/auth_ws_token auth/hashkey auth/revokep
domestic_futureoption/inquire_asking_price domestic_futureoption/inquire_balance domestic_futureoption/inquire_ccnl
domestic_futureoption/inquire_daily_fuopchartprice domestic_futureoption/inquire_price
domestic_futureoption/inquire_psbl_order domestic_futureoption/order/day domestic_futureoption/order_rvsecncl/day
domestic_stock/inquire_asking_price_exp_ccn domestic_stock/inquire_balance domestic_stock/inquire_ccnl
domestic_stock/inquire_daily_ccld/within_3_months domestic_stock/inquire_daily_ccld/before_3_months
domestic_stock/inquire_daily_indexchartprice domestic_stock/inquire_daily_itemchartprice
domestic_stock/inquire_daily_overtimeprice domestic_stock/inquire_daily_price domestic_stock/inquire_elw_price
domestic_stock/inquire_investor domestic_stock/inquire_member domestic_stock/inquire_price
domestic_stock/inquire_psbl_order domestic_stock/inquire_time_itemchartprice
domestic_stock/inquire_time_itemconclusion domestic_stock/inquire_time_overtimeconclusion
domestic_stock/order_cash/buy domestic_stock/order_cash/sell domestic_stock/order_rvsecncl
overseas_futureoption/inquire_price overseas_futureoption/stock_detail
overseas_stock/dailyprice overseas_stock/inquire_balance overseas_stock/inquire_ccnl
overseas_stock/inquire_daily_chartprice overseas_stock/inquire_nccs overseas_stock/inquire_present_balance
overseas_stock/inquire_psamount overseas_stock/inquire_search overseas_stock/price
overseas_stock/order/us_buy overseas_stock/order/us_sell overseas_stock/order/jp_buy overseas_stock/order/jp_sell
overseas_stock/order/shanghai_buy overseas_stock/order/shanghai_sell overseas_stock/order/hk_buy
overseas_stock/order/hk_sell overseas_stock/order/shenzhen_buy overseas_stock/order/shenzhen_sell
overseas_stock/order/vn_buy overseas_stock/order/vn_sell
overseas_stock/order_rvsecncl/us_modify_cancel overseas_stock/order_rvsecncl/hk_modify_cancel
overseas_stock/order_rvsecncl/jp_modify_cancel overseas_stock/order_rvsecncl/shanghai_cancel
overseas_stock/order_rvsecncl/shenzhen_cancel overseas_stock/order_rvsecncl/vn_cancel
overseas_stock/order_resv/us_buy overseas_stock/order_resv/us_sell overseas_stock/order_resv/asia
overseas_stock/order_resv_ccnl
"""
"""What the demo environment of KIS has got; all else it has not."""
NO_DEMO_OF_KIWOOM = """
ka01690 kt00002 kt00005 kt00012 kt00015 kt00016 kt00017 kt20016 kt20017 kt50020 kt50021 kt50032 ust31490
"""
"""What the demo environment of Kiwoom has not got; all else it has, or may have."""
COUNTED = {"kis": 308, "kiwoom": 311}
"""How many calls there are: every API that is not registered for, those with several ids by each."""


def test_every_api_is_called_over_http_and_answered_in_the_shape_that_the_catalogue_tells(walk: Walk) -> None:
    everything = set(walk.apis("read", "order", "auth"))
    assert len(everything) == COUNTED[walk.broker.name]
    assert walk.answered | walk.lacking | walk.wrong.keys() == everything
    assert walk.wrong == {called: words for called, words in OF_OTHERS.items() if called in everything - walk.lacking}


def test_what_an_environment_has_not_got_is_unsupported_before_anything_is_sent(walk: Walk) -> None:
    everything = set(walk.apis("read", "order", "auth"))
    demo = {
        "kis": everything - set(DEMO_OF_KIS.split()),
        "kiwoom": set(NO_DEMO_OF_KIWOOM.split()),
    }
    assert walk.lacking == (set() if walk.environment == "real" else demo[walk.broker.name])


def test_ids_of_former_times_that_ask_are_answered_with_a_warning(walk: Walk) -> None:
    answered = 0
    for api in walk.broker.apis:
        for old in api.old if api.effect == "read" else ():
            if api.old[old] in api.variants(walk.environment).values():
                reply = walk.broker.call(old, asked(api))
                assert [each for each in reply.warnings if each.startswith(f"{old} is an id of former times")]
                assert reply.unknown == ()
                answered += 1
    assert answered == {"kis-real": 12, "kis-demo": 2}.get(f"{walk.broker.name}-{walk.environment}", 0)


def test_what_was_asked_for_first_works_by_its_label_and_in_the_demo_where_there_is_one(walk: Walk) -> None:
    broken, rows = [], 0
    for name, lists, label in seeds(walk.broker.name):
        rows += lists
        api = walk.broker.apis.api(label)
        assert api.name == name, label
        called = [each for each in walk.apis("read", "order", "auth") if walk.broker.apis.api(each) is api]
        broken += [each for each in called if each not in walk.answered | walk.lacking]
        assert called or api.is_frame
    assert broken == []
    assert rows == {"kis": 126, "kiwoom": 10}[walk.broker.name]


def test_what_was_asked_for_first_of_the_socket_is_followed_by_its_label(walk: Walk) -> None:
    followed = {label: walk.broker.apis.api(label) for _, _, label in seeds(walk.broker.name)}
    followed = {label: api for label, api in followed.items() if api.is_frame}
    assert len(followed) == {"kis": 3, "kiwoom": 0}[walk.broker.name]
    silent = {api.variants(walk.environment)[""] for api in followed.values()}
    with walk.broker.stream() as stream:
        for label, api in followed.items():
            stream.raw(label, *(() if api.sealed else (SAMSUNG,)))
        walk.box.exchange.trade(SAMSUNG, Side.BUY, Decimal(3))
        walk.broker.buy(SAMSUNG, 1, price=walk.price)
        while silent:
            event = stream.next(timeout=60.0)
            assert event is not None, silent
            silent -= {event.channel} if isinstance(event, RawEvent) else set()


@needs_facts
def test_the_lists_of_what_was_asked_for_first_are_those_of_the_facts() -> None:
    told = json.loads((Path(FACTS) / "seed-apis.json").read_text(encoding="utf-8"))
    for broker in BROKERS:
        rows = Counter((row["api"], row["name_ko"]) for row in told[broker])
        assert rows == {(name, label): lists for name, lists, label in seeds(broker)}
