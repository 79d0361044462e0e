"""The commands about any API of a broker: found and shown without an account, called by its own fields."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator

import pytest

from brokerkit import Broker, get_broker
from brokerkit.catalogue import Catalogue
from brokerkit.cli import exits, main
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox import sandbox as sandboxes

pytestmark = pytest.mark.usefixtures("nothing_configured")

FLOWS = ("stk_cd=005930", "dt=20261127", "amt_qty_tp=1", "trde_tp=0", "unit_tp=1000")
INVESTOR = ("FID_COND_MRKT_DIV_CODE=J", "FID_INPUT_ISCD=005930")
Run = Callable[..., tuple[str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command that is to end with a code; return what it printed and what it said."""

    def told(*given: str, code: int = exits.DONE) -> tuple[str, str]:
        assert main(given) == code, capsys.readouterr()
        said = capsys.readouterr()
        return said.out, said.err

    return told


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    with Sandbox() as box:
        yield box


@pytest.fixture
def box(served: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """The sandbox that the commands trade in."""
    monkeypatch.setattr(sandboxes, "_shared", [served])
    return served


def at(broker: str) -> tuple[str, ...]:
    return ("--broker", broker, "--environment", "sandbox")


def column(text: str, name: str) -> list[str]:
    return [row[name] for row in csv.DictReader(text.splitlines())]


# Search


@pytest.mark.parametrize(("words", "expected"), [(["투자자"], "ka10059"), (["investors", "institution"], "ka10059")])
def test_a_search_looks_at_every_installed_broker_in_korean_and_english(
    words: list[str], expected: str, run: Run
) -> None:
    out, err = run("api", "search", *words, "--json")
    found = [(each["broker"], each["name"]) for each in json.loads(out)]
    wanted = [
        (broker, api.name)
        for broker in ("kis", "kiwoom")
        for api in Catalogue.at(f"brokerkit_{broker}").search(" ".join(words))
    ]
    assert found == wanted
    assert ("kiwoom", expected) in found
    assert err == ""


def test_a_search_at_one_broker_tells_label_topic_effect_and_environments(run: Run) -> None:
    out, _ = run("api", "search", "TTTC0012U", "--broker", "kis", "--csv")
    (row,) = csv.DictReader(out.splitlines())
    assert row["api"] == "domestic_stock/order_cash"
    assert row["label"] == "주식주문(현금)"
    assert (row["broker"], row["effect"], row["environments"]) == ("kis", "order", "real demo")


def test_a_search_that_is_cut_says_how_many_are_left(run: Run) -> None:
    _, whole = run("api", "search", "투자자", "--csv")
    assert whole == ""
    out, said = run("api", "search", "투자자", "-n", "1", "--csv")
    every = sum(len(Catalogue.at(f"brokerkit_{broker}").search("투자자")) for broker in ("kis", "kiwoom"))
    assert len(column(out, "api")) == 2
    assert f"{every - 2} more" in said


def test_a_search_that_finds_nothing_says_so(run: Run) -> None:
    assert run("api", "search", "zebra")[0] == "No API has all of these words.\n"
    assert json.loads(run("api", "search", "zebra", "--json")[0]) == []


# Show


def test_an_api_is_shown_with_fields_codes_effect_and_ids(run: Run) -> None:
    out, _ = run("api", "show", "ka10059")
    assert out.startswith("ka10059 종목별투자자기관별요청\n")
    head, request, answer = out.split("\n\n")
    assert [line.split(None, 1) for line in head.splitlines()[1:]][:5] == [
        ["broker", "kiwoom"],
        ["topic", "국내주식 > 종목정보"],
        ["effect", "read: asks"],
        ["verb", "investor_flow"],
        ["address", "POST /api/dostk/stkinfo, in the body"],
    ]
    assert "real ka10059; demo ka10059" in head
    lines = [line.split() for line in request.splitlines()]
    assert ["amt_qty_tp", "금액수량구분", "yes", "1", "of", "these,", "or", "others:"] in lines
    assert ["1", "금액"] in lines
    assert ["..._NX", "at", "NXT"] in lines
    assert "direction" in answer.splitlines()[3]


def test_an_order_is_shown_with_the_ids_of_its_variants_and_those_of_former_times(run: Run) -> None:
    for asked in ("TTTC0012U", "domestic_stock/order_cash", "주식주문(현금)", "VTTC0801U"):
        out, _ = run("api", "show", asked)
        assert out.startswith("domestic_stock/order_cash")
    assert "TTTC0011U (sell), TTTC0012U (buy); demo VTTC0011U (sell)" in out
    assert "TTTC0802U (now TTTC0012U)" in out
    assert "order: may move money" in out


def calls_in(out: str) -> list[str]:
    return [line.partition("brokerkit call ")[2].split()[0] for line in out.splitlines() if "brokerkit call " in line]


def test_an_api_is_shown_with_the_call_of_the_id_that_was_asked_for(run: Run) -> None:
    """Of every API with several ids, by each of them: a copy sells nothing where buying was asked for."""
    catalogue, count = Catalogue.at("brokerkit_kis"), 0
    for api in catalogue:
        named = {an_id: variant for ids in api.ids.values() for variant, an_id in ids.items() if variant}
        for asked in (*named, *(old for old in api.old if named)) if len({*named.values()}) > 1 else ():
            (called,) = calls_in(run("api", "show", asked)[0])
            assert catalogue.api(called) is api
            assert catalogue.variant(called) == catalogue.variant(asked), asked
            an_id = api.old.get(asked, asked)
            assert called == (an_id if an_id in api.unsure else f"{api.name}/{catalogue.variant(asked)}")
            count += 1
        if named:
            assert {catalogue.variant(each) for each in calls_in(run("api", "show", api.name)[0])} == {*named.values()}
    assert count == 81


def test_a_verb_that_uses_an_api_is_named(run: Run) -> None:
    assert ["verb", "investor_flow"] in [line.split() for line in run("api", "show", "ka10059")[0].splitlines()]
    told, _ = run("api", "show", "H0STCNT0")
    assert "stream().trades, stream().quotes" in told
    assert "brokerkit watch --raw domestic_stock/ccnl_krx ..." in told
    assert run("api", "show", "04")[0].split("\n\n")[0].endswith(" watch --raw 04")
    assert run("api", "show", "H0STCNI0")[0].split("\n\n")[0].endswith(" watch --raw domestic_stock/ccnl_notice")
    assert "\nverb" not in run("api", "show", "ka10088")[0]


def test_programs_are_told_all_that_the_catalogue_has(run: Run) -> None:
    told = json.loads(run("api", "show", "kt10000", "--json")[0])
    api = Catalogue.at("brokerkit_kiwoom").api("kt10000")
    assert told["broker"] == "kiwoom"
    assert told["effect"] == "order"
    assert told["order"]["quantity"] == "ord_qty"
    assert told["ids"] == {name: dict(ids) for name, ids in api.ids.items()}
    assert [each["name"] for each in told["request"]] == list(api.fields)
    assert [each["name"] for each in told["response"]] == list(api.parts)
    (trade,) = [each for each in told["request"] if each["name"] == "trde_tp"]
    assert trade["codes"] == dict(api.fields["trde_tp"].codes)


@pytest.mark.parametrize("broker", ["kis", "kiwoom"])
def test_no_field_of_an_api_is_left_out(broker: str, run: Run) -> None:
    for api in list(Catalogue.at(f"brokerkit_{broker}"))[::10]:
        out, _ = run("api", "show", api.name, "--broker", broker)
        words = out.split()
        assert all(field.name in words for field in (*api.request, *api.frame)), api.name
        assert all(each.name in words for group in api.groups for each in group.fields), api.name


def test_an_unknown_api_names_the_nearest_of_all_brokers(run: Run) -> None:
    _, said = run("api", "show", "ka1005", code=exits.WRONG_USAGE)
    assert "There is no API 'ka1005'" in said
    near = Catalogue.at("brokerkit_kiwoom").nearest("ka1005")
    assert all(f"{each} (kiwoom)" in said for each in near)
    _, said = run("api", "show", "FHKST0101010", code=exits.WRONG_USAGE)
    assert "FHKST01010100 (kis)" in said


# Call


@pytest.fixture(params=["kis", "kiwoom"])
def asked(request: pytest.FixtureRequest, box: Sandbox) -> Iterator[tuple[Broker, str, tuple[str, ...], str]]:
    """A broker, an API of it, fields for that and the name of its list."""
    kis = ("domestic_stock/inquire_investor", INVESTOR, "output")
    api, fields, block = kis if request.param == "kis" else ("ka10059", FLOWS, "stk_invsr_orgn")
    with get_broker(request.param, environment="sandbox", sandbox=box) as broker:
        yield broker, api, fields, block


def test_programs_get_the_answer_as_the_broker_sent_it(
    asked: tuple[Broker, str, tuple[str, ...], str], run: Run
) -> None:
    broker, api, fields, block = asked
    reply = broker.call(api, dict(word.split("=") for word in fields))
    told = json.loads(run("call", api, *fields, "--json", *at(broker.name))[0])
    assert told["api"] == api
    assert told["blocks"] == {block: [dict(row) for row in reply.rows]}
    assert set(told["body"]) == set(reply.body)
    assert told["is_complete"] is reply.is_complete
    assert told["pages"] == 1
    assert told["warnings"] == told["unknown"] == told["missing"] == []


def test_people_get_a_table_with_korean_heads_and_programs_the_bare_names(
    asked: tuple[Broker, str, tuple[str, ...], str], run: Run
) -> None:
    broker, api, fields, block = asked
    rows = broker.call(api, dict(word.split("=") for word in fields)).rows
    day = "stck_bsop_date" if broker.name == "kis" else "dt"
    out, _ = run("call", api, *fields, *at(broker.name))
    assert f"\n{block}\n" in out
    assert all(row[day] in out for row in rows)
    label = broker.apis.api(api).parts[block].names[day].label
    assert f"{day} {label}" in out
    told, _ = run("call", api, *fields, "--csv", *at(broker.name))
    assert column(told, day) == [row[day] for row in rows]


def test_more_pages_are_told_of_and_asked_for(box: Sandbox, run: Run) -> None:
    out, said = run("call", "ka10059", *FLOWS, "--csv", *at("kiwoom"))
    assert "There are more pages: --pages 10" in said
    more, _ = run("call", "ka10059", *FLOWS, "--csv", "--pages", "2", *at("kiwoom"))
    assert column(more, "dt")[: len(column(out, "dt"))] == column(out, "dt")
    assert len(column(more, "dt")) > len(column(out, "dt"))


def test_a_block_that_is_no_list_is_shown_a_line_a_field(box: Sandbox, run: Run) -> None:
    out, _ = run("call", "FHKST01010100", *INVESTOR, *at("kis"))
    with get_broker("kis", environment="sandbox", sandbox=box) as broker:
        price = broker.quote("005930").price
    assert any(line.split() == ["stck_prpr", "주식", "현재가", f"{price}"] for line in out.splitlines())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["ka10059", "stk_cd"], "stk_cd is no FIELD=VALUE"),
        (["ka10059", "=1"], "is no FIELD=VALUE"),
        (["ka10059", "dt=1", "dt=2"], "dt is given twice"),
        (["ka10059", "dt=20261127"], "missing: stk_cd"),
        (["ka10059", *FLOWS, "--block", "other"], "It has stk_invsr_orgn"),
        (["ka1005"], "There is no API ka1005"),
        (["FHKST01010900", *INVESTOR], "It is one of kis"),
        (["0B", "item=005930"], "`brokerkit watch`"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_sent(given: list[str], words: str, box: Sandbox, run: Run) -> None:
    before = len(box.face("kiwoom").requests)
    out, said = run("call", *given, *at("kiwoom"), code=exits.WRONG_USAGE)
    assert words in " ".join(said.split())
    assert out == ""
    assert len(box.face("kiwoom").requests) == before


def test_several_lists_need_the_name_of_one_to_be_comma_separated(box: Sandbox, run: Run) -> None:
    fields = ("INQR_DVSN=01", "UNPR_DVSN=01", "PRCS_DVSN=00", "AFHR_FLPR_YN=N", "FUND_STTL_ICLD_YN=N")
    given = ("call", "TTTC8434R", *fields, "FNCG_AMT_AUTO_RDPT_YN=N", *at("kis"))
    _, said = run(*given, "--csv", code=exits.WRONG_USAGE)
    assert "--block: output1, output2" in " ".join(said.split())
    out, _ = run(*given, "--csv", "--block", "OUTPUT2")
    (row,) = csv.DictReader(out.splitlines())
    assert int(row["dnca_tot_amt"]) > 0


def test_what_is_odd_about_request_and_answer_is_said(box: Sandbox, run: Run) -> None:
    _, said = run("call", "ka10059", *FLOWS, "colour=red", *at("kiwoom"))
    assert "Note: it has no field colour" in said
    told = json.loads(run("call", "ka10059", *FLOWS, "colour=red", "--json", *at("kiwoom"))[0])
    assert ["colour" in words for words in told["warnings"]] == [True]


def test_a_token_is_not_shown(box: Sandbox, run: Run) -> None:
    out, _ = run("call", "au10001", *at("kiwoom"))
    told = json.loads(run("call", "au10001", "--json", *at("kiwoom"))[0])
    assert told["body"]["token"] == "**********"
    assert ["token", "접근토큰", "**********"] in [line.split() for line in out.splitlines()]
