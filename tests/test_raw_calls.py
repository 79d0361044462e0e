"""Raw calls that ask: found by name, checked before anything is sent, answered as the broker sent it."""

from __future__ import annotations

import copy
import dataclasses
import datetime as dt
import os
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from brokerkit import Broker, get_broker
from brokerkit.catalogue import Api, Catalogue, Field, Group
from brokerkit.errors import AuthError, InvalidRequest, RateLimited, Unsupported, WireError
from brokerkit.raw.calls import prepared
from brokerkit.raw.checking import Checked
from brokerkit.raw.reply import RawReply
from brokerkit.sandbox import Sandbox

INVESTOR = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "005930"}
FLOWS = {"stk_cd": "005930", "dt": "20261127", "amt_qty_tp": "1", "trde_tp": "0", "unit_tp": "1000"}
ASKED = {
    "kis": ("domestic_stock/inquire_investor", "FHKST01010900", INVESTOR, "output"),
    "kiwoom": ("ka10059", "ka10059", FLOWS, "stk_invsr_orgn"),
}


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def connect(box: Sandbox) -> Callable[[str], Broker]:
    made: dict[str, Broker] = {}

    def broker(name: str) -> Broker:
        if name not in made:
            keys = box.connect(name)
            given = {each: getattr(keys, each) for each in ("base_url", "app_key", "app_secret", "account")}
            made[name] = get_broker(name, environment="sandbox", **given)
        return made[name]

    return broker


def asked_at(box: Sandbox, name: str) -> int:
    return len(box.face(name).requests)


# What is sent


@pytest.mark.parametrize("name", ASKED)
def test_an_api_is_called_by_name_and_by_id_and_tells_what_the_verb_tells(
    name: str, connect: Callable[[str], Broker]
) -> None:
    called, an_id, fields, block = ASKED[name]
    broker = connect(name)
    reply = broker.call(called, fields)
    assert reply.api.name == called
    assert reply.rows == reply.blocks[block] == reply.blocks[block.upper() if name == "kis" else block]
    assert reply.pages == 1
    assert reply.warnings == reply.unknown == reply.missing == ()
    assert [dict(row) for row in broker.call(an_id, fields).rows] == [dict(row) for row in reply.rows]
    last = broker.investor_flow("005930")[-1].date
    days = [row.date("stck_bsop_date" if name == "kis" else "dt") for row in reply.rows]
    assert last in days


def test_the_account_is_filled_in_and_the_field_of_another_one_is_refused(
    box: Sandbox, connect: Callable[[str], Broker]
) -> None:
    broker = connect("kis")
    names = ("INQR_DVSN", "UNPR_DVSN", "FUND_STTL_ICLD_YN", "FNCG_AMT_AUTO_RDPT_YN", "PRCS_DVSN", "AFHR_FLPR_YN")
    fields = dict(zip(names, ("01", "01", "N", "N", "00", "N"), strict=True))
    reply = broker.call("TTTC8434R", fields)
    assert reply.decimal("dnca_tot_amt") == broker.balance().cash == Decimal(str(reply["DNCA_TOT_AMT"]))
    before = asked_at(box, "kis")
    with pytest.raises(InvalidRequest, match="CANO is another one than that of the profile") as refused:
        broker.call("TTTC8434R", {**fields, "CANO": "99999999"})
    assert "99999999" not in str(refused.value)
    assert asked_at(box, "kis") == before
    with pytest.raises(InvalidRequest, match="as a dict, not as list"):
        broker.call("TTTC8434R", ["CANO"])  # type: ignore[arg-type]
    own = broker.adapter.account_number().get_secret_value()
    with pytest.raises(WireError, match="is not a number") as odd:
        reply.decimal("ctx_area_fk100")  # the search that KIS answers names the account
    assert own[:8] in reply["ctx_area_fk100"]
    assert own[:8] not in str(odd.value)
    assert broker.call("TTTC8434R", {**fields, "CANO": own[:8], "ACNT_PRDT_CD": own[8:]}).blocks


def test_pages_are_followed_as_far_as_one_wants(connect: Callable[[str], Broker]) -> None:
    broker = connect("kiwoom")
    one, two = broker.call("ka10059", FLOWS), broker.call("ka10059", FLOWS, pages=2)
    assert (one.pages, one.is_complete, two.pages) == (1, False, 2)
    assert [dict(row) for row in two.rows[: len(one.rows)]] == [dict(row) for row in one.rows]
    assert len(two.rows) > len(one.rows)
    with pytest.raises(InvalidRequest, match="pages is how many"):
        broker.call("ka10059", FLOWS, pages=0)


def test_an_id_of_the_other_environment_is_translated_and_an_old_one_is_sent_with_a_warning(
    box: Sandbox, connect: Callable[[str], Broker]
) -> None:
    broker = connect("kis")
    fields = {
        **dict.fromkeys(("AFHR_FLPR_YN", "FUND_STTL_ICLD_YN", "FNCG_AMT_AUTO_RDPT_YN"), "N"),
        "INQR_DVSN": "01",
        "UNPR_DVSN": "01",
        "PRCS_DVSN": "00",
    }
    words = "VTTC8434R is no id of the real environment: it is sent as TTTC8434R"
    assert broker.call("VTTC8434R", fields).warnings == (words,)
    assert box.face("kis").requests[-1].headers["tr_id"] == "TTTC8434R"


@pytest.mark.parametrize("named", ["VTTC0012U", "VTTC0802U"])
def test_a_demo_order_never_becomes_a_real_one(named: str, box: Sandbox, connect: Callable[[str], Broker]) -> None:
    fields = {"PDNO": "005930", "ORD_DVSN": "00", "ORD_QTY": "1", "ORD_UNPR": "70000"}
    broker = connect("kis")
    before = len(box.face("kis").requests)
    with pytest.raises(Unsupported, match=f"{named} is no id of the real environment.*There it is TTTC0012U"):
        broker.call(named, fields)
    assert len(box.face("kis").requests) == before


def test_a_change_needs_the_organisation_of_its_order_and_takes_a_blank(connect: Callable[[str], Broker]) -> None:
    broker, name = connect("kis"), "domestic_stock/order_rvsecncl"
    fields = {"ORGN_ODNO": "1", "ORD_DVSN": "00", "RVSE_CNCL_DVSN_CD": "02", "ORD_QTY": "0", "ORD_UNPR": "0"}
    fields["QTY_ALL_ORD_YN"] = "Y"
    with pytest.raises(InvalidRequest, match="missing: KRX_FWDG_ORD_ORGNO"):
        prepared(broker.client, broker.apis, name, fields)
    assert prepared(broker.client, broker.apis, name, {**fields, "KRX_FWDG_ORD_ORGNO": ""}).warnings == ()


def test_what_only_the_socket_tells_is_no_call(connect: Callable[[str], Broker]) -> None:
    for name, an_id in (("kis", "H0STCNT0"), ("kiwoom", "0B")):
        with pytest.raises(Unsupported, match="socket"):
            connect(name).call(an_id, {})


# What is refused before it is sent


@pytest.mark.parametrize(
    ("name", "api", "fields", "words"),
    [
        ("kiwoom", "ka1005", {}, "There is no API ka1005"),
        ("kiwoom", "ka10059 ", {}, "no API 'ka10059 ': it has blanks around its name"),
        ("kiwoom", "FHKST01010900", {}, "no API of this broker"),
        ("kis", "ka10059", {}, "no API of this broker"),
        ("kis", "", {}, "named by its name or id"),
        ("kis", "FHKST01010900", {}, "missing: FID_COND_MRKT_DIV_CODE .*, FID_INPUT_ISCD"),
        ("kiwoom", "ka10059", {**FLOWS, "stk_cd": None}, "stk_cd cannot be sent as NoneType"),
        ("kiwoom", "ka10059", {**FLOWS, "stk_cd": 5930.0}, "stk_cd cannot be sent as float"),
        ("kiwoom", "ka10059", {**FLOWS, "stk_cd": ["005930"]}, "takes a text or a number"),
        (
            "kiwoom",
            "ka10059",
            {"stk_cde": "1", "dt": "20261127"},
            "stk_cd .* has no field stk_cde; the nearest: stk_cd",
        ),
    ],
)
def test_what_is_known_to_be_wrong_is_refused_with_all_of_it_at_once(
    box: Sandbox, connect: Callable[[str], Broker], name: str, api: str, fields: Mapping[str, Any], words: str
) -> None:
    before = asked_at(box, name)
    with pytest.raises(InvalidRequest) as refused:
        connect(name).call(api, fields)
    assert_has(str(refused.value), words)
    assert asked_at(box, name) == before


def assert_has(text: str, words: str) -> None:
    import re

    assert re.search(words, text), text


def test_a_query_takes_no_key(connect: Callable[[str], Broker]) -> None:
    with pytest.raises(InvalidRequest, match="takes no key"):
        connect("kiwoom").call("ka10059", FLOWS, key="mine")


TABLE = Api(
    "things/list",
    "물건",
    "",
    {"real": {"": "T1"}},
    "/things",
    effect="read",
    request=(
        Field("CODE", "코드", length=6, required=True),
        Field("KIND", "종류", codes={"1": "하나", "2": "둘"}, complete=True, required=True),
        Field("SORT", "정렬", codes={"0": "오름"}),
        Field("NEXT_KEY"),
    ),
    groups=(
        Group("", (Field("total", number="plain"),)),
        Group(
            "output",
            (Field("price", "가격", number="direction"), Field("day"), Field("rate", number="double", implied=2)),
            many=True,
        ),
        Group("summary", (Field("left", number="double"), Field("at"))),
    ),
    pages=("NEXT_KEY",),
)


def checked(**fields: Any) -> Checked:
    return Checked(TABLE, {}, fields, lambda name: ["other/list"] if name == "ELSEWHERE" else [])


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"CODE": "1"}, "missing: KIND"),
        ({"KIND": "1", "COD": "x"}, "missing: CODE .코드.; it has no field COD; the nearest: CODE"),
        ({"CODE": "1", "KIND": "3"}, "KIND '3' is none of its codes: 1 하나, 2 둘"),
        (
            {"CODE": "1", "KIND": "3", "SORTE": "9"},
            "KIND '3' is none .* has no field SORTE|has no field SORTE.*KIND '3'",
        ),
        ({"CODE": True, "KIND": "1"}, "CODE cannot be sent as bool"),
        ({"code": "1", "KIND": "1"}, "code is spelt CODE[.]"),
        ({"code": "2", "CODE": "1", "KIND": "1"}, "code is spelt CODE[.]"),
        ({"CODE": "1", "KIND": ""}, "KIND '' is none of its codes"),
        ({"CODE": "1", "KIND": " 1"}, "KIND ' 1' is none of its codes"),
    ],
)
def test_a_fact_refuses(fields: Mapping[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        checked(**fields)
    assert_has(str(refused.value), words)


@pytest.mark.parametrize(
    ("fields", "sent", "words"),
    [
        ({"CODE": "1234567"}, {"CODE": "1234567"}, "CODE has 7 characters, 6 by the table"),
        ({"CODE": "1", "SORT": "9"}, {"SORT": "9"}, "SORT '9' is not among the codes that are known"),
        (
            {"CODE": "1", "ELSEWHERE": "x"},
            {"ELSEWHERE": "x"},
            "no field ELSEWHERE .other/list have it.: it is sent as it is",
        ),
        ({"CODE": "1", "ALGO_NO": "x"}, {"ALGO_NO": "x"}, "no field ALGO_NO: it is sent as it is"),
    ],
)
def test_what_no_fact_refuses_passes_with_a_warning(
    fields: Mapping[str, Any], sent: Mapping[str, str], words: str
) -> None:
    found = checked(**{"KIND": "1", **fields})
    assert found.values.items() >= sent.items()
    (warning,) = found.warnings
    assert_has(warning, words)


def test_a_name_in_another_letter_case_is_put_right_in_a_query_alone() -> None:
    found = Checked(dataclasses.replace(TABLE, where="query"), {}, {"code": "1", "KIND": "1"}, lambda name: [])
    assert found.values["CODE"] == "1"
    assert found.warnings == ["code is sent as CODE"]


def test_a_field_given_twice_in_two_letter_cases_is_refused_in_a_query_too() -> None:
    query = dataclasses.replace(TABLE, where="query")
    for fields, words in (
        ({"CODE": "1", "code": "1"}, "code is CODE once more"),
        ({"code": "1", "CODE": "2"}, "code is CODE once more"),
        ({"code": "1", "Code": "2"}, "Code is CODE once more"),
        ({"CODE": "1", "algo_no": "1", "ALGO_NO": "2"}, "ALGO_NO is algo_no once more"),
    ):
        with pytest.raises(InvalidRequest, match=words):
            Checked(query, {}, {"KIND": "1", **fields}, no_holders)
    for account in ({"CODE": "own", "code": "other"}, {"code": "other", "CODE": "own"}, {"code": "other"}):
        with pytest.raises(InvalidRequest, match=r"CODE once more|CODE is another one than that of the profile"):
            Checked(query, {"CODE": "own"}, {"KIND": "1", **account}, no_holders)


@pytest.mark.parametrize(
    ("word", "fields", "words"),
    [
        ("long", {"CODE": "1234567"}, "CODE has 7 characters, 6 by the table[.]"),
        ("blank", {"CODE": ""}, "missing: CODE"),
        ("strange", {"CODE": "1", "ELSEWHERE": "x"}, "it has no field ELSEWHERE .other/list have it.[.]"),
        ("strange", {"CODE": "1", "ALGO_NO": "x"}, "it has no field ALGO_NO[.]"),
    ],
)
def test_what_one_broker_is_known_to_refuse_is_refused_there_alone(
    word: str, fields: Mapping[str, Any], words: str
) -> None:
    api = dataclasses.replace(TABLE, refuses=frozenset({word}))
    given = {"KIND": "1", "NEXT_KEY": "as long as the server likes", **fields}
    with pytest.raises(InvalidRequest, match=words):
        Checked(api, {}, given, lambda name: ["other/list"] if name == "ELSEWHERE" else [])
    assert Checked(TABLE, {}, given, lambda name: []).values.items() >= fields.items()


def test_numbers_go_out_as_texts_and_the_keys_of_pages_as_blanks() -> None:
    found = checked(CODE=5, KIND="2", SORT=Decimal("0.0"))
    assert found.values == {"CODE": "5", "KIND": "2", "SORT": "0", "NEXT_KEY": ""}
    assert not found.goes_on
    assert checked(CODE="5", KIND="2", NEXT_KEY="A").goes_on


# What comes back

PAGE = {
    "total": 3,
    "output": [{"price": "-70000", "day": "20261127", "rate": "+698"}, {"price": " ", "day": "00000000", "rate": "-5"}],
    "summary": {"left": "--12", "at": "10:11:12"},
}


def replied(*pages: Mapping[str, Any], **known: Any) -> RawReply:
    return RawReply(TABLE, pages, **known)


def test_values_are_read_by_the_declared_grammar() -> None:
    reply = replied(PAGE)
    first, second = reply.rows
    assert (first["price"], first.decimal("price"), first.decimal("rate")) == (
        "-70000",
        Decimal(70000),
        Decimal("6.98"),
    )
    assert (second.decimal("price"), second.date("day"), second.decimal("RATE")) == (None, None, Decimal("-0.05"))
    assert first.date("DAY") == dt.date(2026, 11, 27)
    assert (reply.decimal("total"), reply.decimal("left"), reply.time("at")) == (
        Decimal(3),
        Decimal(-12),
        dt.time(10, 11, 12),
    )
    assert reply["left"] == "--12"
    assert "price" not in reply
    assert reply.get("price") is None


@pytest.mark.parametrize(
    ("name", "value"), [("price", "1_000"), ("price", "７"), ("price", "1e3"), ("day", "20261341")]
)
def test_what_is_no_number_or_date_is_named_and_never_nought(name: str, value: str) -> None:
    (row,) = replied({"output": [{"price": "1", "day": "20261127", name: value}]}).rows
    with pytest.raises(WireError, match=rf"things/list .*output.{name} is not a (number|date): '{value}'"):
        row.date(name) if name == "day" else row.decimal(name)
    with pytest.raises(WireError, match=r"has no field output\.volume"):
        row.decimal("volume")


def test_a_number_whose_point_is_not_certain_is_read_only_where_the_point_is_written() -> None:
    table = dataclasses.replace(TABLE, groups=(Group("output", (Field("index", number="pointed"),), many=True),))
    texts = ("+5200.00", "--0.13", "0", "+0", " ", None, Decimal("5200.10"))
    rows = RawReply(table, [{"output": [{"index": each} for each in texts]}]).rows
    read = [Decimal("5200.00"), Decimal("-0.13"), 0, 0, None, None, Decimal("5200.10")]
    assert [row.decimal("index") for row in rows] == read
    for odd in ("+520000", "-13", 520000, "1_000.0", "abc"):
        reply = RawReply(table, [{"output": [{"index": odd}]}])
        with pytest.raises(WireError, match=r"output\.index is not a number") as caught:
            reply.rows[0].decimal("index")
        assert ("sources disagree" in str(caught.value)) == (odd not in ("1_000.0", "abc"))
        assert list(reply.to_pandas()["index"]) == [odd]


def test_the_level_of_a_market_in_its_flow_is_not_guessed(connect: Callable[[str], Broker]) -> None:
    fields = {"mrkt_tp": "0", "amt_qty_tp": "0", "base_dt": "20261127", "stex_tp": "3"}
    reply = connect("kiwoom").call("ka10051", fields)
    (row,) = reply.rows
    for name in ("cur_prc", "pred_pre", "flu_rt"):
        with pytest.raises(WireError, match="sources disagree"):
            row.decimal(name)
    assert row["cur_prc"].strip("+-").isdigit()
    assert (
        row.decimal("ind_netprps")
        == connect("kiwoom")
        .market_investor_flow("KOSPI", start=dt.date(2026, 11, 27), end=dt.date(2026, 11, 27))[0]
        .individual.net_amount
        / 10**8
    )
    assert len(reply.to_pandas()) == 1


def test_a_misspelt_field_of_an_answer_names_the_nearest_and_blames_no_broker() -> None:
    (row,) = replied({"output": [{"price": "1", "day": "20261127"}]}).rows
    with pytest.raises(WireError, match=r"has no field output\.prise; the nearest: price") as caught:
        row.decimal("prise")
    assert "report" not in str(caught.value.advice)


FLAT = dataclasses.replace(TABLE, groups=(Group("", (Field("ord_no"),)),))
ONE = dataclasses.replace(TABLE, groups=(Group("output", (Field("ODNO"),)),))


@pytest.mark.parametrize(
    ("api", "body", "rows"),
    [
        (FLAT, {"ord_no": "1"}, []),
        (FLAT, {"ord_no": "1", "output": None}, []),
        (ONE, {"output": {"ODNO": "1"}}, [{"ODNO": "1"}]),
        (ONE, {"output": None}, []),
        (ONE, {"rt_cd": "0"}, []),
        (TABLE, {"output": []}, []),
    ],
)
def test_an_answer_without_a_list_has_no_rows_where_the_catalogue_has_none(
    api: Api, body: Mapping[str, Any], rows: list[Any]
) -> None:
    reply = RawReply(api, [body])
    assert [dict(row) for row in reply.rows] == rows
    assert reply.to_pandas().to_dict("records") == rows


@pytest.mark.parametrize("body", [{"summary": {"left": "1"}}, {"output": None}, {"output": "text"}, {"total": "1"}])
def test_a_list_that_an_answer_lacks_is_named_and_never_empty_nor_another_part(body: Mapping[str, Any]) -> None:
    reply = replied(body)
    asks: tuple[Callable[[], object], ...] = (
        lambda: reply.rows,
        reply.to_pandas,
        lambda: reply.to_pandas("OUTPUT"),
    )
    for ask in asks:
        with pytest.raises(WireError, match="the answer has no output with rows") as caught:
            ask()
        assert "sent" not in str(caught.value)


def test_a_reply_to_what_was_not_asked_has_no_rows_and_lacks_nothing() -> None:
    reply = replied()
    assert (reply.pages, reply.rows, reply.missing, len(reply.to_pandas("output"))) == (0, (), (), 0)


def test_new_missing_and_reordered_fields_are_named_and_break_nothing() -> None:
    row = {"new": "1", "day": "20261127", "price": "5"}
    reply = replied({"OUTPUT": row, "rt_cd": "0", "extra": {"more": ["x"]}}, envelope=("rt_cd",))
    assert reply.unknown == ("output.new", "extra.more")
    assert reply.missing == ("total", "output.rate", "summary")
    assert reply.blocks["output"][0].decimal("price") == 5
    assert reply["rt_cd"] == "0"


def test_a_reply_can_be_copied() -> None:
    reply = replied(PAGE)
    held = copy.deepcopy({"reply": reply, "row": reply.rows[0]})
    assert held["reply"].rows == reply.rows
    assert dict(held["row"]) == dict(reply.rows[0])


def test_pages_are_put_together_and_their_totals_stand_once() -> None:
    reply = replied(PAGE, {**PAGE, "total": 4}, is_complete=False)
    assert (reply.pages, len(reply.rows), len(reply.blocks["summary"]), reply["total"]) == (2, 4, 1, 4)
    assert repr(reply) == "<RawReply things/list (output: 4 rows, summary: 1 rows, more pages)>"
    assert repr(reply.rows[0]) == "<RawRow price, day, rate>"


def test_a_list_is_named_where_an_answer_has_several() -> None:
    reply = replied({**PAGE, "others": [{"a": "1"}, {"a": "2"}]})
    with pytest.raises(LookupError, match="2 lists: name one of output, summary, others"):
        _ = reply.rows
    frame = reply.to_pandas("output")
    assert list(frame.columns) == ["price", "day", "rate"]
    assert list(frame["price"]) == [Decimal(70000), None]
    for ask in (lambda: reply.to_pandas("nothing"), lambda: reply.blocks["nothing"]):
        with pytest.raises(KeyError, match=r"no block nothing\. It has output, summary, others"):
            ask()


# What logs in


def test_a_token_is_sealed_and_becomes_the_shared_one_and_a_revoked_one_is_forgotten() -> None:
    for name, issue, revoke in (("kis", "auth/auth_token", "auth/revokep"), ("kiwoom", "au10001", "au10002")):
        with get_broker(name, environment="sandbox") as broker:
            client = broker.client
            broker.client.revoke()
            reply = broker.call(issue)
            secret = reply["access_token" if name == "kis" else "token"]
            assert isinstance(secret, SecretStr)
            kept = client.kept_token()
            assert kept is not None
            assert kept.value == secret
            assert secret.get_secret_value() not in f"{reply!r} {reply.body!r} {dict(reply.body)}"
            if name == "kis":
                with pytest.raises(RateLimited, match=r"A token was issued [0-9]+ s ago"):
                    broker.call(issue)
            broker.call(revoke)
            assert client.kept_token() is None


def test_a_revoke_of_another_token_leaves_the_shared_one() -> None:
    with get_broker("kiwoom", environment="sandbox") as broker:
        broker.quote("005930")
        kept = broker.client.kept_token()
        with pytest.raises(AuthError) as refused:
            broker.call("au10002", {"token": "another-token-of-somebody"})
        assert "another-token" not in str(refused.value)
        assert broker.client.kept_token() == kept is not None


# The samples of the brokers, and the second line of defence

FACTS = os.environ.get("BROKERKIT_WIRE_EXAMPLES", "")


@pytest.mark.parametrize("name", ASKED)
def test_what_the_catalogue_calls_a_query_the_client_does_not_call_an_order(
    name: str, connect: Callable[[str], Broker]
) -> None:
    from brokerkit.transport import Endpoint, Whole

    broker = connect(name)
    wrong = []
    for api in Catalogue.at(f"brokerkit_{name}"):
        for environment, ids in api.ids.items():
            for an_id in ids.values() if not api.is_frame else ():
                endpoint = Endpoint({environment: an_id}, api.path, Whole, api.method)
                if environment == broker.client.environment and broker.client.moves_orders(endpoint) != (
                    api.effect == "order"
                ):
                    wrong.append((api.name, an_id, api.effect))
    assert wrong == []


def minimal(api: Api) -> dict[str, str]:
    """Return the least that an API takes: of tables that are complete the first code."""
    return {each.name: next(iter(each.codes), "7") or "7" for each in api.request if each.required}


def no_holders(field: str) -> list[str]:
    return []


@pytest.mark.parametrize("name", ASKED)
def test_every_field_and_code_that_a_fact_makes_necessary_is_refused_without_it(name: str) -> None:
    refused = 0
    for api in Catalogue.at(f"brokerkit_{name}"):
        if api.is_frame:
            continue
        fields = minimal(api)
        assert Checked(api, {}, fields, no_holders).values.keys() >= fields.keys()
        for field in api.request:
            is_needed = field.required and field.name not in api.pages  # a key of pages is filled in, as a blank
            wrong = [{key: value for key, value in fields.items() if key != field.name}] if is_needed else []
            if field.complete:
                wrong.append({**fields, field.name: "no such code"})
            for each in wrong:
                with pytest.raises(InvalidRequest, match=field.name):
                    Checked(api, {}, each, no_holders)
                refused += 1
    assert refused > 500


def test_what_stands_behind_a_symbol_for_a_venue_is_no_part_of_its_length() -> None:
    symbol = Field("stk_cd", length=6, suffixes={"KRX": "", "NXT": "_NX", "SOR": "_AL"})
    api = Api("one", "", "", {"real": {"": "one"}}, "/one", request=(symbol,))
    for value in ("005930", "005930_NX", "005930_AL"):
        assert Checked(api, {}, {"stk_cd": value}, lambda name: ()).warnings == []
    assert len(Checked(api, {}, {"stk_cd": "005930_XX"}, lambda name: ()).warnings) == 1
