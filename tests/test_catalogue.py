"""Every API of the brokers as data: how one is found, and what the data of both plugins says."""

from __future__ import annotations

import fnmatch
import importlib
import json
import os
import pkgutil
import re
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from brokerkit_kis.client import KisClient
from brokerkit_kiwoom.client import KiwoomClient
from pydantic import AliasChoices, AliasPath, BaseModel

from brokerkit.catalogue import Api, Catalogue, Field, OrderRow, Told
from brokerkit.catalogue.apis import EFFECTS, NUMBERS, PLACES, REFUSALS
from brokerkit.errors import InvalidRequest
from brokerkit.orders.intents import IntentKind
from brokerkit.transport import Block, Client, Endpoint
from brokerkit.words import Side, Venue
from facts import kis as facts_kis
from facts import kiwoom as facts_kiwoom
from facts import writing

KIS, KIWOOM = Catalogue.at("brokerkit_kis"), Catalogue.at("brokerkit_kiwoom")
BOTH = {"kis": KIS, "kiwoom": KIWOOM}
FACTS = os.environ.get("BROKERKIT_WIRE_EXAMPLES", "")
needs_facts = pytest.mark.skipif(not FACTS, reason="BROKERKIT_WIRE_EXAMPLES names no folder of facts")


def every() -> Iterator[Api]:
    for catalogue in BOTH.values():
        yield from catalogue


# How an API is found


@pytest.mark.parametrize(
    ("asked", "name", "variant"),
    [
        ("domestic_stock/inquire_price", "domestic_stock/inquire_price", None),
        ("FHKST01010100", "domestic_stock/inquire_price", ""),
        ("VTTC0013U", "domestic_stock/order_rvsecncl", ""),
        ("TTTC0012U", "domestic_stock/order_cash", "buy"),
        ("VTTC0011U", "domestic_stock/order_cash", "sell"),
        ("TTTC0802U", "domestic_stock/order_cash", "buy"),
        ("domestic_stock/order_cash/sell", "domestic_stock/order_cash", "sell"),
        ("주식주문(현금)", "domestic_stock/order_cash", None),
        ("관심종목(멀티종목)시세조회", "domestic_stock/intstock_multprice", None),
        ("웹소켓접속키발급", "auth/auth_ws_token", None),
    ],
)
def test_an_api_is_found_by_name_id_and_label(asked: str, name: str, variant: str | None) -> None:
    assert KIS.api(asked).name == name
    assert KIS.variant(asked) == variant
    assert asked in KIS


def test_ids_that_differ_by_case_alone_are_two_apis() -> None:
    assert KIWOOM.api("0G").label == "ETF NAV"
    assert KIWOOM.api("0g").label == "주식종목정보"


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("FHKST0101010", "FHKST01010100"),
        ("inquire_prise", "domestic_stock/inquire_price"),
        ("domestic_stock/order_kash", "domestic_stock/order_cash"),
    ],
)
def test_an_unknown_api_names_the_nearest(asked: str, near: str) -> None:
    with pytest.raises(InvalidRequest, match=asked) as caught:
        KIS.api(asked)
    assert near in str(caught.value.advice)
    assert asked not in KIS


def test_an_api_of_another_installed_broker_is_told_to_be_of_that_one() -> None:
    with pytest.raises(InvalidRequest, match="ka10059") as caught:
        KIS.api("ka10059")
    assert "kiwoom" in str(caught.value.advice)


def test_a_label_that_several_apis_have_names_them(tmp_path: Path) -> None:
    path = tmp_path / "apis.jsonl"
    path.write_text('[["one","Trades"],["two","Trades"]]\n', encoding="utf-8")
    with pytest.raises(InvalidRequest, match="label of several") as caught:
        Catalogue(path).api("trades")
    assert "one, two" in str(caught.value.advice)


@pytest.mark.parametrize(
    ("broker", "text", "name"),
    [
        ("kis", "투자자", "domestic_stock/inquire_investor"),
        ("kis", "investor", "domestic_stock/inquire_investor"),
        ("kis", "daytime order", "overseas_stock/daytime_order"),
        ("kis", "TTTC0012U", "domestic_stock/order_cash"),
        ("kiwoom", "투자자 기관", "ka10059"),
        ("kiwoom", "investors institution", "ka10059"),
        ("kiwoom", "gold order book", "ka50101"),
        ("kiwoom", "cancel order credit", "kt10009"),
    ],
)
def test_a_search_finds_korean_and_english_words(broker: str, text: str, name: str) -> None:
    found = [api.name for api in BOTH[broker].search(text)]
    assert name in found[:10]
    assert len(found) < len(BOTH[broker]) / 2


@pytest.mark.parametrize(
    ("text", "kis", "kiwoom"),
    [
        ("현재가", "domestic_stock/inquire_price", "usa20100"),
        ("잔고", "domestic_stock/inquire_balance", "kt00018"),
        ("balance", "domestic_stock/inquire_balance", "kt00018"),
        ("매수", "domestic_stock/order_credit", "kt10000"),
        ("주문", "domestic_stock/order_cash", "kt10000"),
        ("order book", "domestic_stock/inquire_asking_price_exp_ccn", "ka10004"),
        ("investor flow", "domestic_stock/inquire_investor", "ka10059"),
        ("short selling", "domestic_stock/daily_short_sale", "ka10014"),
        ("buying power", "domestic_stock/inquire_psbl_order", "kt00010"),
        ("program trading", "domestic_stock/program_trade_by_stock", "ka90004"),
        ("realized pnl", "domestic_stock/inquire_balance_rlz_pl", "ka10074"),
        ("market cap", "domestic_stock/market_cap", "usa20550"),
        ("gainers", "domestic_stock/fluctuation", "ka10027"),
        ("exchange rate", "overseas_stock/inquire_daily_chartprice", "ust31301"),
        ("차트", "domestic_stock/inquire_daily_itemchartprice", "ka10081"),
        ("news", "domestic_stock/news_title", ""),
        ("실시간 체결", "domestic_stock/ccnl_krx", "0B"),
        ("realtime trades", "domestic_stock/ccnl_krx", "0B"),
        ("us stock price", "overseas_stock/price", "usa20100"),
        ("미국 주식 현재가", "overseas_stock/price", "usa20100"),
        ("TTTC08", "domestic_stock/order_cash", ""),
        ("fhkst01010100", "domestic_stock/inquire_price", ""),
        ("ka1008", "", "ka10081"),
        ("stck_prpr", "domestic_stock/inquire_price", ""),
    ],
)
def test_what_a_trader_means_is_among_the_first_of_a_search(text: str, kis: str, kiwoom: str) -> None:
    for catalogue, name in ((KIS, kis), (KIWOOM, kiwoom)):
        found = [api.name for api in catalogue.search(text)]
        assert not name or name in found[:8], found[:8]


def test_a_short_english_word_is_found_as_a_word_of_its_own() -> None:
    assert all(api.topic.startswith("[해외") for api in KIS.search("us stock price")[:20])
    assert "변동성완화장치(VI) 현황" in [api.label for api in KIS.search("vi")[:3]]


def test_what_is_part_of_labels_alone_names_apis_that_have_it() -> None:
    for asked, near in (("주식주문", "domestic_stock/order_cash"), ("투자자", "domestic_stock/inquire_investor")):
        with pytest.raises(InvalidRequest) as caught:
            KIS.api(asked)
        assert near in str(caught.value.advice)


def test_a_search_finds_a_field_after_what_is_called_so() -> None:
    names = [api.name for api in KIWOOM.search("stk_cd")]
    assert "ka10001" in names
    assert KIS.search("no such word anywhere") == ()
    assert KIS.search("") == ()


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path) -> None:
    Catalogue(tmp_path / "missing.jsonl")  # no error yet
    path = tmp_path / "apis.jsonl"
    path.write_text('[["one","First"],["two","Second","T2"]]\n{"broken\n' + json.dumps(small("two")), encoding="utf-8")
    catalogue = Catalogue(path)
    assert catalogue.api("T2").name == "two"
    assert catalogue.names == ("one", "two")


def small(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": "x", "topic": "y", "ids": {"real": {"": "T2"}}, "path": "/x", **more}


def test_an_api_of_which_nobody_said_what_it_does_is_an_order() -> None:
    assert Api.of(small("two")).effect == "order"


def test_a_word_of_an_order_is_told_by_variant_by_field_or_always() -> None:
    assert Told("buy").of("", {}) == "buy"
    by_field = Told.read({"field": "SIDE", "words": {"01": "sell", "02": "buy"}})
    assert [by_field.of("", {"SIDE": code}) for code in ("01", "02", "03")] == ["sell", "buy", ""]
    by_variant = Told.read({"words": {"sell": "sell", "buy": "buy"}})
    assert [by_variant.of(variant, {}) for variant in ("sell", "buy", "")] == ["sell", "buy", ""]
    with_default = Told.read({"field": "VENUE", "word": "KRX", "words": {"NXT": "NXT"}})
    assert [with_default.of("", given) for given in ({}, {"VENUE": "NXT"}, {"VENUE": "XYZ"})] == ["KRX", "NXT", ""]


def test_the_id_decides_the_side_of_an_order_whatever_a_field_says() -> None:
    row = KIS.api("overseas_stock/order_resv").order
    assert row is not None
    assert row.side.of("us_buy", {"SLL_BUY_DVSN_CD": "01"}) == "buy"
    assert row.side.of("asia", {"SLL_BUY_DVSN_CD": "01"}) == "sell"


# What the data says


def test_both_catalogues_are_whole() -> None:
    assert {name: len(catalogue) for name, catalogue in BOTH.items()} == {"kis": 339, "kiwoom": 338}
    for api in every():
        assert api.effect in EFFECTS
        assert api.where in PLACES
        assert (api.where == "socket") is (api.method == "SEND")
        assert api.effect != "stream" or api.where == "socket"
        assert "real" in api.ids
        assert api.label


ORDERS = {
    *("domestic_bond/buy", "domestic_bond/order_rvsecncl", "domestic_bond/sell", "domestic_futureoption/order"),
    *("domestic_futureoption/order_rvsecncl", "domestic_stock/order_cash", "domestic_stock/order_credit"),
    *("domestic_stock/order_resv", "domestic_stock/order_resv_rvsecncl", "domestic_stock/order_rvsecncl"),
    *("overseas_futureoption/order", "overseas_futureoption/order_rvsecncl", "overseas_stock/daytime_order"),
    *("overseas_stock/daytime_order_rvsecncl", "overseas_stock/order", "overseas_stock/order_resv"),
    *("overseas_stock/order_resv_ccnl", "overseas_stock/order_rvsecncl"),
    *("kt10000", "kt10001", "kt10002", "kt10003", "kt10006", "kt10007", "kt10008", "kt10009"),
    *("kt50000", "kt50001", "kt50002", "kt50003", "ust20000", "ust20001", "ust20002", "ust20003", "ust31302"),
}
"""What may move money, named a second time by hand."""
LOGIN = {*("auth/auth_token", "auth/auth_ws_token", "auth/hashkey", "auth/revokep"), *("au10001", "au10002")}


def test_every_api_does_what_it_was_seen_to_do() -> None:
    assert {api.name for api in every() if api.effect == "order"} == ORDERS
    assert {api.name for api in every() if api.effect == "auth"} == LOGIN
    assert {api.name for api in every() if api.effect == "stream"} == {
        *(api.name for api in KIS if api.where == "socket"),
        *(api.name for api in KIWOOM if re.fullmatch("[01F][0-9A-Za-z]|ka1017[34]|usa2029[01]", api.name)),
    }


@pytest.mark.parametrize(("broker", "client_class"), [("kis", KisClient), ("kiwoom", KiwoomClient)])
def test_the_client_takes_for_an_order_what_the_catalogue_calls_one(broker: str, client_class: type[Client]) -> None:
    """The client knows orders by patterns and ids of its own, so that one slip alone sends nothing twice."""
    client = client_class.__new__(client_class)
    client.environment = "real"
    for api in BOTH[broker]:
        for an_id in api.variants("real").values():
            if api.where != "socket":
                endpoint = Endpoint({"real": an_id}, api.path, Block, api.method)
                assert client.moves_orders(endpoint) is (api.effect == "order"), f"{api.name} {an_id}"


@pytest.mark.parametrize(
    ("read", "order", "wrong"), [("a b", "b", "twice"), ("a", "", "'b'"), ("a b", "c", "'c'"), ("a b", "", "")]
)
def test_the_script_takes_no_api_of_which_nobody_said_what_it_does(read: str, order: str, wrong: str) -> None:
    table = {"read": read, "order": order, "auth": "", "stream": ""}
    if wrong:
        with pytest.raises(ValueError, match=wrong):
            writing.effects(table, ["a", "b"])
    else:
        assert writing.effects(table, ["a", "b"]) == {"a": "read", "b": "read"}


def test_ids_of_kis_end_in_u_where_they_order_and_in_r_where_they_ask_for_an_account() -> None:
    for api in KIS:
        for an_id in {an_id for ids in api.ids.values() for an_id in ids.values()} | set(api.old):
            assert (an_id[-1:] == "U") is (api.effect == "order"), api.name
            assert an_id[-1:] != "R" or api.effect == "read", api.name


def test_paths_of_kiwoom_that_order_are_those_of_orders() -> None:
    paths = {"/api/dostk/ordr", "/api/dostk/crdordr", "/api/us/ordr", "/api/us/exchange"}
    assert {api.path for api in KIWOOM if api.effect == "order"} == paths
    asking = {api.name for api in KIWOOM if api.path in paths and api.effect != "order"}
    assert asking == {"ust31490", "ust31300", "ust31301"}


# Orders


def order_rows() -> Iterator[tuple[Api, OrderRow]]:
    for api in every():
        assert (api.order is not None) is (api.effect == "order"), api.name
        if api.order is not None:
            yield api, api.order


def test_every_part_of_an_order_is_a_field_of_its_request() -> None:
    for api, row in order_rows():
        parts = (row.symbol, row.quantity, row.price, row.amount, row.stop, row.type, row.original, *row.all)
        told = (each.field for each in (row.kind, row.side, row.venue, row.market, row.currency, row.verb))
        assert {part for part in (*parts, *told) if part} <= set(api.fields), api.name
        for path in (*row.number.split(), *row.done):
            block, _, name = path.rpartition(".")
            assert name in api.parts[block].names, api.name


def test_every_code_of_an_order_is_one_that_its_table_has() -> None:
    for api, row in order_rows():
        variants = {variant for ids in api.ids.values() for variant in ids}
        for told in (row.kind, row.side, row.venue, row.market, row.currency, row.verb):
            codes = (*api.fields[told.field].codes, "", "Y", "N") if told.field else ()
            both = {f"{variant} {code}" for variant in variants for code in codes}
            assert set(told.words) <= {*codes, *variants, *both}, api.name
        if row.type:
            assert row.priced - {""} <= {*api.fields[row.type].codes, *("1", "4", "N", "00")}, api.name


@pytest.mark.parametrize("broker", BOTH)
def test_no_table_has_codes_and_their_meanings_the_wrong_way_round_too(broker: str) -> None:
    for api in BOTH[broker]:
        for field in api.request:
            turned = [code for code, text in field.codes.items() if field.codes.get(text) == code != text]
            assert turned == [], f"{api.name} {field.name}"


def test_words_of_orders_are_those_of_the_verbs() -> None:
    kinds = {each.value.lower() for each in IntentKind} | {"convert", "unsupported"}
    verbs = {"buy", "sell", "amend", "cancel", "reserve", "amend_reservation", "cancel_reservation"}
    allowed = {
        "kind": kinds,
        "side": {each.value.lower() for each in Side},
        "venue": {each.value for each in Venue},
        "market": {"KR", "US"},
        "currency": {"KRW", "USD", "JPY", "CNY", "VND"},
        "verb": verbs,
    }
    for api, row in order_rows():
        for name, words in allowed.items():
            told: Told = getattr(row, name)
            assert {told.word, *told.words.values()} - {""} <= words, f"{api.name} {name}"


def test_every_variant_that_buys_or_sells_tells_which() -> None:
    for api, row in order_rows():
        for ids in api.ids.values():
            for variant in ids:
                if row.kind.word in ("order", "reserve") and not row.side.field:
                    assert row.side.of(variant, {}) in ("buy", "sell"), f"{api.name} {variant}"


@pytest.mark.parametrize(
    ("asked", "fields", "told"),
    [
        ("TTTC0011U", {}, ("order", "sell", "sell", "KRW")),
        ("TTTC0802U", {}, ("order", "buy", "buy", "KRW")),
        ("TTTC0013U", {"RVSE_CNCL_DVSN_CD": "02"}, ("cancel", "", "cancel", "KRW")),
        ("TTTC0013U", {"RVSE_CNCL_DVSN_CD": "03"}, ("", "", "", "KRW")),
        ("VTTT1001U", {"OVRS_EXCG_CD": "NYSE"}, ("order", "sell", "sell", "USD")),
        ("VTTT1001U", {"OVRS_EXCG_CD": "SEHK"}, ("order", "sell", "sell", "")),
        ("TTTS1002U", {}, ("order", "buy", "", "")),
        ("TTTO1101U", {"SLL_BUY_DVSN_CD": "01"}, ("order", "sell", "", "")),
        ("TTTC0051U", {}, ("order", "sell", "", "KRW")),
        ("OTFM3003U", {}, ("cancel", "", "", "")),
    ],
)
def test_an_order_is_read_from_its_id_and_its_fields(
    asked: str, fields: Mapping[str, str], told: tuple[str, ...]
) -> None:
    row, variant = KIS.api(asked).order, KIS.variant(asked)
    assert row is not None
    assert variant is not None
    assert tuple(each.of(variant, fields) for each in (row.kind, row.side, row.verb, row.currency)) == told


# Facts that are newer than the tables


@pytest.mark.parametrize(
    ("name", "count", "last"),
    [
        ("H0STCNT0", 47, "MARKET_CLS_CODE"),
        ("H0UNCNT0", 47, "MARKET_CLS_CODE"),
        ("H0NXCNT0", 47, "MARKET_CLS_CODE"),
        ("H0STASP0", 63, "MARKET_CLS_CODE"),
        ("H0UNASP0", 66, "ANTC_EXCH_CLS_CODE"),
        ("H0NXASP0", 65, "NMID_CLS_CODE"),
        ("HDFSASP0", 71, "DASK10"),
        ("HDFSCNT0", 26, "MTYP"),
        ("H0STCNI9", 26, "ODER_PRC"),
    ],
)
def test_frames_have_the_columns_of_today(name: str, count: int, last: str) -> None:
    frame = KIS.api(name).frame
    assert (len(frame), frame[-1].name) == (count, last)


def test_what_is_required_is_what_is_refused_without() -> None:
    many = KIS.api("domestic_stock/intstock_multprice")
    assert [each.name for each in many.request if each.required] == ["FID_COND_MRKT_DIV_CODE_1", "FID_INPUT_ISCD_1"]
    assert len(many.request) == 60
    abroad = KIS.api("overseas_stock/multprice")
    assert {f"EXCD_{number:02}" for number in range(1, 11)} < {each.name for each in abroad.request if each.required}
    assert not KIWOOM.api("kt10000").fields["ord_uv"].required


def test_a_table_of_codes_is_called_complete_only_where_it_is() -> None:
    power = KIS.api("domestic_stock/inquire_psbl_order").fields
    assert power["CMA_EVLU_AMT_ICLD_YN"].codes.keys() == {"Y", "N", "1"}
    assert not power["CMA_EVLU_AMT_ICLD_YN"].complete
    assert {"41", "47", "27", "29"} < power["ORD_DVSN"].codes.keys()
    assert power["ORD_DVSN"].complete
    assert sum(field.complete for api in KIS for field in api.request) == 31
    assert KIWOOM.api("kt10000").fields["dmst_stex_tp"].complete
    assert not KIWOOM.api("kt10000").fields["trde_tp"].complete


def test_what_a_broker_refuses_besides_is_told_of_what_is_called_there() -> None:
    for api in KIS:
        is_checked = not api.is_frame and api.effect != "auth"
        assert ("long" in api.refuses, "strange" in api.refuses) == (is_checked, is_checked and api.where == "body")
        assert "strange" not in api.refuses or {"CTAC_TLNO", "ALGO_NO"} < api.fields.keys()
    for api in KIWOOM:
        assert ("blank" in api.refuses) is (not api.is_frame and api.effect != "auth")
    assert all(api.refuses <= set(REFUSALS) for api in every())


def test_a_field_that_hand_made_tables_name_is_one_of_the_facts() -> None:
    """A name that is misspelt in the tables kept by hand would change nothing, and nobody would notice."""
    kis, kiwoom = (writing.loaded(facts_kis.TABLE), writing.loaded(facts_kiwoom.TABLE))
    places = [*kis["codes"], *kis["incomplete"]["fields"], *kis["partial"]["fields"], *kis["lengths"]]
    places += kis["codes"]["sessions"]["fields"]
    for place in places:
        if place != "sessions":
            api, _, name = place.partition(" ")
            assert name in KIS.api(api).fields, place
    for table in ("optional", "required", "asked"):
        for api, names in kis[table].items():
            if not api.endswith("/*"):
                asked = KIS.api(api).fields
                assert all(fnmatch.filter(asked, name) for name in names), f"{table} {api}"
    for api, names in kiwoom["complete"].items():
        assert all(KIWOOM.api(api).fields[name].complete for name in names), api
    for api, names in kiwoom["optional"].items():
        assert not any(KIWOOM.api(api).fields[name].required for name in names), api
    assert set(kis["told"]["names"]) <= {name.upper() for api in KIS for name in api.fields}
    for api in (*kis["shifted"]["apis"], *kis["upper"]["apis"], *kis["once"]["apis"], *kis["more"], *kis["order"]):
        assert api in KIS.names, api
    for place in (*kis["renamed"], *kis["extra"]):
        api, _, name = place.partition(" ")
        parts = KIS.api(api).parts
        assert name in parts or any(kis["renamed"][place] in group.names for group in parts.values()), place


def told(api: str, block: str, name: str) -> Field:
    return KIWOOM.api(api).parts[block].names[name]


def test_the_sign_of_a_price_is_a_direction_and_of_a_change_its_own() -> None:
    assert told("ka10001", "", "cur_prc").number == "direction"
    assert told("ka10001", "", "pred_pre").number == "double"
    assert told("kt00018", "acnt_evlt_remn_indv_tot", "cur_prc").number == "direction"
    assert told("ka10075", "oso", "cur_prc").number == "direction"
    assert told("ka30002", "trde_ori_elwnettrde_upper", "netprps").number == "double"
    rate, index = told("ka10059", "stk_invsr_orgn", "flu_rt"), told("ka20006", "inds_dt_pole_qry", "cur_prc")
    assert (rate.number, rate.implied) == ("double", 2)
    assert (index.number, index.implied) == ("direction", 2)
    frames = {each.name: each.number for each in KIWOOM.api("0B").frame}
    assert (frames["10"], frames["11"], frames["26"]) == ("direction", "double", "double")


def test_an_environment_of_which_no_fact_tells_is_tried_and_one_without_it_has_it_not() -> None:
    assert "demo" in KIWOOM.api("kt00003").unsure
    assert KIWOOM.api("kt00003").variants("demo") == {"": "kt00003"}
    assert "demo" not in KIWOOM.api("ka10059").unsure
    assert KIWOOM.api("kt00015").variants("demo") == {}
    assert KIS.api("overseas_stock/inquire_nccs").variants("demo") == {"": "VTTS3018R"}
    assert "demo" in KIS.api("overseas_stock/inquire_nccs").unsure
    assert KIS.api("domestic_stock/volume_rank").variants("demo") == {}
    night = KIS.api("domestic_futureoption/order_rvsecncl")
    assert {"STTN1103U", "TTTN1103U"} == night.unsure
    assert KIS.variant("TTTN1103U") == "night_of_the_samples"


# Against the adapters


def endpoints(broker: str) -> dict[int, Endpoint[Any]]:
    """Return every row of the adapter's own that says how a call is made."""
    found: dict[int, Endpoint[Any]] = {}

    def take(value: object, depth: int = 0) -> None:
        if isinstance(value, Endpoint):
            found[id(value)] = value
        elif depth < 4 and isinstance(value, Mapping):
            for each in value.values():
                take(each, depth + 1)
        elif depth < 4 and isinstance(value, tuple | list | set | frozenset):
            for each in value:
                take(each, depth + 1)

    package = importlib.import_module(f"brokerkit_{broker}")
    for info in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if ".sandbox" not in info.name:
            for value in vars(importlib.import_module(info.name)).values():
                take(value)
                if isinstance(value, type) and value.__module__ == info.name:
                    take(dict(vars(value)))
    return found


def calls(broker: str) -> Iterator[tuple[Api, Endpoint[Any]]]:
    """Yield what an adapter calls, with what the catalogue says of it. Files for everybody are no API."""
    catalogue = BOTH[broker]
    by_path = {api.path: api for api in catalogue if api.effect == "auth"}
    for endpoint in endpoints(broker).values():
        if not endpoint.host:
            yield by_path.get(endpoint.path) or catalogue.api(endpoint.ids["real"]), endpoint


@pytest.mark.parametrize("broker", BOTH)
def test_the_adapters_own_calls_are_those_of_the_catalogue(broker: str) -> None:
    seen = list(calls(broker))
    assert len(seen) > 60
    for api, endpoint in seen:
        assert endpoint.path == api.path
        assert endpoint.effect.value == api.effect
        assert endpoint.method == api.method or (api.method, endpoint.method) == ("SEND", "POST")
        if api.effect != "auth":
            for environment, an_id in endpoint.ids.items():
                assert an_id in api.variants(environment).values(), api.name


@pytest.mark.parametrize("broker", BOTH)
def test_the_adapters_read_fields_that_the_answers_have(broker: str) -> None:
    for api, endpoint in calls(broker):
        have = {name.lower() for group in api.groups for name in (group.name, *group.names)}
        have |= {"rt_cd", "msg_cd", "msg1", "return_code", "return_msg"}
        missing = {names for names in read_by(endpoint.reply) if not {name.lower() for name in names} & have}
        assert missing == set(), f"{api.name} {endpoint.reply.__name__}"


def read_by(kind: type[BaseModel]) -> set[frozenset[str]]:
    """Return the names on the wire that a reply class reads, the choices of one field together."""
    kind.model_rebuild()
    found = set()
    for info in kind.model_fields.values():
        alias = info.validation_alias or info.alias
        choices = alias.choices if isinstance(alias, AliasChoices) else [alias] if alias else []
        paths = [each.path if isinstance(each, AliasPath) else [each] for each in choices]
        if names := frozenset(str(part) for path in paths for part in path if isinstance(part, str)):
            found.add(names)
        for inner in inside(info.annotation):
            found |= read_by(inner)
    return found


def inside(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in typing.get_args(annotation):
        yield from inside(each)


def test_no_id_means_two_apis() -> None:
    for catalogue in BOTH.values():
        ids = [(an_id, api.name) for api in catalogue for variants in api.ids.values() for an_id in variants.values()]
        named = {an_id: name for an_id, name in ids if an_id}
        assert all(named[an_id] == name for an_id, name in ids if an_id)


def fields_of(api: Api) -> Iterator[Field]:
    for each in (*api.request, *api.frame, *(field for group in api.groups for field in group.fields)):
        yield each
        yield from each.fields


def test_labels_are_short_and_numbers_have_a_grammar() -> None:
    for api in every():
        for field in fields_of(api):
            texts = (field.label, field.unit, *field.codes.values())
            assert all(len(text) <= 40 and text == " ".join(text.split()) for text in texts), f"{api.name} {field.name}"
            assert field.number in ("", *NUMBERS)


# Against the facts


@needs_facts
def test_the_catalogues_are_what_the_script_makes_of_the_facts() -> None:
    from facts.__main__ import place

    for broker, made in (("kis", facts_kis.catalogue), ("kiwoom", facts_kiwoom.catalogue)):
        assert place(broker).read_text(encoding="utf-8") == writing.written(made(Path(FACTS))), (
            f"make catalogue: {broker}"
        )


@needs_facts
def test_every_row_of_the_seeds_is_found_by_name() -> None:
    seeds = json.loads((Path(FACTS) / "seed-apis.json").read_text(encoding="utf-8"))
    rows = [(BOTH[broker], row) for broker, rows in seeds.items() for row in rows]
    assert len(rows) == 136
    for catalogue, row in rows:
        assert catalogue.api(row["api"]).name == row["api"]
        assert catalogue.api(row["name_ko"]).name == row["api"]


@needs_facts
def test_no_official_sample_and_no_observed_request_lacks_or_exceeds_what_is_known() -> None:
    odd, seen = [], 0
    for name, api, sent, is_whole in samples():
        seen += 1
        known = {cased(api, each): field for each, field in api.fields.items()}
        given = {cased(api, each): value for each, value in sent.items()}
        odd += [(name, each) for each in given.keys() - known.keys() if not api.open]
        odd += [(name, each) for each, field in known.items() if field.required and is_whole and each not in given]
        for each in given.keys() & known.keys():
            field, value = known[each], str(given[each])
            if len(value) > (field.length or len(value)) or (field.complete and value and value not in field.codes):
                odd.append((name, each))
    # Its sample has the symbol where the product code of the account belongs.
    assert odd == [("overseas_stock__order_resv__official.json", "ACNT_PRDT_CD")]
    assert seen > 200


def cased(api: Api, name: str) -> str:
    return name.upper() if api.where == "query" else name


def samples() -> Iterator[tuple[str, Api, Mapping[str, Any], bool]]:
    """Yield the bodies and queries of every example of REST calls, and whether they are shown as they were sent."""
    for broker, key in (("kis", "api"), ("kiwoom", "api_id")):
        for path in sorted((Path(FACTS) / broker / "examples").glob("*.json")):
            told = json.loads(path.read_text(encoding="utf-8"))
            for each in told.get("variants", [told]):
                asked = each.get("request") or {}
                sent = next((asked[part] for part in ("body", "params") if isinstance(asked.get(part), dict)), None)
                if sent is not None and each.get(key) in BOTH[broker]:
                    # What a client of Python logged are its own arguments.
                    yield path.name, BOTH[broker].api(each[key]), sent, each.get("kind") != "captured by a client"


_DIGITS = r"[0-9]{1,18}(\.[0-9]{1,8})?"
GRAMMARS = {
    "plain": rf" *[+-]?{_DIGITS} *",
    "direction": rf" *[+-]?{_DIGITS} *",
    "double": rf" *(\+{{0,2}}|-{{0,2}}){_DIGITS} *",
    "grouped": r" *[+-]?[0-9,]{1,24}(\.[0-9]{1,8})? *",
    "percent": rf" *[+-]?{_DIGITS}%? *",
    "pointed": rf" *[+-]?{_DIGITS} *",
}
"""How the texts of each kind of number look."""


def texts_in(value: object) -> Iterator[tuple[str, str]]:
    """Yield every text of an answer with its name."""
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield from [(name, each)] if isinstance(each, str) else texts_in(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_in(each)


@needs_facts
def test_numbers_of_answers_are_written_as_the_catalogue_says() -> None:
    odd, seen = set(), 0
    for path in sorted((Path(FACTS) / "kiwoom" / "examples").glob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        for each in told.get("variants", [told]):
            if each.get("api_id") not in KIWOOM:
                continue
            api = KIWOOM.api(each["api_id"])
            fields = {field.name: field for field in fields_of(api)}
            for name, text in texts_in([each.get("response"), each.get("frames")]):
                number = fields[name].number if name in fields else ""
                seen += bool(number)
                if number and text.strip() and not re.fullmatch(GRAMMARS[number], text):
                    odd.add((api.name, name))
    # A word of another field, by a slip of the sample.
    assert odd == {("ka10073", "tdy_htssel_cmsn")}
    assert seen > 2_000
