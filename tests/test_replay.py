"""The replay of samples: what an adapter reads from answers that somebody else wrote, and what it leaves unread."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ConfigDict, Field, SecretStr

from brokerkit import config
from brokerkit.adapter import Adapter
from brokerkit.cli import main
from brokerkit.cli.exits import DONE, REFUSED, WRONG_USAGE
from brokerkit.errors import ConfigError, InsufficientFunds, RateLimited
from brokerkit.models import Balance, Quote
from brokerkit.part import Part
from brokerkit.registry import load_broker
from brokerkit.replies import FlowTables, OrderReply
from brokerkit.testing import Replay, ReplayConformance, replay
from brokerkit.testing.calls import endpoints_of
from brokerkit.testing.inside import installed
from brokerkit.testing.replays import CallReplay, SampleReplay, Shown, UnreadField
from brokerkit.testing.samples import read_samples
from brokerkit.transport import (
    Block,
    Client,
    Day,
    Effect,
    Endpoint,
    Headers,
    Number,
    OrderNumber,
    Paging,
    Reply,
    Response,
    Row,
    Token,
)
from brokerkit.words import Side, Venue
from tests.lslike.adapter import LikeAdapter
from tests.lslike.face import LikeFace

# A broker of our own, by its paths; ids are ours


class Price(Reply[Quote]):
    """A price."""

    symbol: str = Field(alias="code")
    price: Number = Field(alias="last")
    change: Number | None = None
    high: Number | None = None

    @property
    def turnover(self) -> Decimal | None:
        return None if self.high is None else self.price / self.high


class PriceAnswer(Block):
    """The price of a symbol."""

    quote: Price


class OrderRow(OrderReply):
    """A row of the list of orders."""

    id: OrderNumber = Field(alias="no")
    symbol: str = Field(alias="code")
    side: Side
    quantity: Number = Field(alias="qty")
    day: Day | None = None


class OrdersAnswer(Block):
    """A page of orders."""

    paging = Paging(mark="more", key="next")
    rows: tuple[Row[OrderRow], ...] = ()


class FlowRow(Block):
    """What a day of flows is read as."""

    close: Number = Field(alias="closed")
    individual: Number = Field(alias="persons")


class FlowDay(Block):
    """A day that is kept as it came."""

    model_config = ConfigDict(extra="allow")

    date: Day


class FlowAnswer(Block):
    """Days of investor flow."""

    days: tuple[FlowDay, ...]


class Cash(Reply[Balance]):
    """What an account has."""

    account: str
    cash: Number


class Accepted(Block):
    """An order that was taken."""

    number: OrderNumber = Field(alias="no")


class Issued(Block):
    """A token."""

    value: SecretStr = Field(alias="token")


class Envelope(Block):
    """What every answer begins with."""

    code: str = "0"
    text: str = ""


BOTH = ("real", "demo")
PRICE = Endpoint({"real": "price", "demo": "price-demo"}, "/prices/{symbol}", PriceAnswer)
ORDERS = Endpoint(dict.fromkeys(BOTH, "orders"), "/orders", OrdersAnswer)
FLOWS = Endpoint(dict.fromkeys(BOTH, "flows"), "/flows", FlowAnswer)
ORDER = {
    Side.BUY: Endpoint(dict.fromkeys(BOTH, "buy"), "/orders", Accepted, "POST", Effect.ORDER),
    Side.SELL: Endpoint(dict.fromkeys(BOTH, "sell"), "/orders", Accepted, "POST", Effect.ORDER),
}
TOKEN = Endpoint(dict.fromkeys(BOTH, "token"), "/token", Issued, "POST", Effect.AUTH)


class PineClient(Client):
    """Reads answers; it asks nobody."""

    broker = "pine"
    hosts = dict.fromkeys(BOTH, "https://pine.example")
    refusals = {"17": InsufficientFunds, "429": RateLimited}

    def headers(self, endpoint: Endpoint[Any]) -> Headers:
        return {}

    def check(self, endpoint: Endpoint[Any], answer: Response) -> None:
        told = Envelope.model_validate_json(answer.content)
        if answer.status >= 500:
            raise self.no_verdict(endpoint, answer, f"no verdict: {told.text}")
        if told.code != "0":
            self.refuse(endpoint, told.code, told.text)

    def is_definite(self, code: str) -> bool:
        return code == "17"

    def issue_token(self) -> Token:
        raise NotImplementedError

    def revoke_token(self, token: SecretStr) -> None:
        raise NotImplementedError


class PinePart(Part[PineClient]):
    """One market."""

    calls = {"quote": (PRICE,), "investor_flow": (FLOWS,)}

    def quote(self, symbol: str, venue: Venue) -> Price:
        return self.client.call(PRICE, path={"symbol": symbol}).quote

    def investor_flow(self, symbol: str, start: dt.date | None, end: dt.date, detail: bool) -> list[FlowTables]:
        def ask(what: str, unit: str) -> dict[dt.date, FlowDay]:
            return {day.date: day for page in self.client.pages(FLOWS) for day in page.days}

        def read(day: FlowDay) -> FlowRow:
            return self.client.read_fields(FLOWS, FlowRow, day.model_extra or {}, "days")

        return self.flow_tables(FLOWS, ask, detail=detail, kinds=("individual",), amount=Decimal(1000), read=read)


class PineAdapter(Adapter):
    """The broker."""

    api_version = 1
    name = "pine"
    Client = PineClient
    parts = (PinePart,)


Tell = Callable[..., Replay]
QUOTE: dict[str, Any] = {
    "code": "0",
    "quote": {"code": "005930", "last": "70000", "change": "-500", "sector": "chips", "memo": " "},
}


@pytest.fixture
def tell(tmp_path: Path) -> Tell:
    """Return what writes samples into a folder and lets the adapter read them."""

    def told(
        *answers: Mapping[str, Any], declared: Mapping[str, str] | None = None, adapter: type[Adapter] = PineAdapter
    ) -> Replay:
        for number, answer in enumerate(answers, start=1):
            (tmp_path / f"s{number}.json").write_text(json.dumps(answer), encoding="utf-8")
        return replay(adapter, tmp_path, declared=declared)

    return told


def answer(body: Any, path: str = "/prices/005930", *, method: str = "GET", **more: Any) -> dict[str, Any]:
    """Return a sample of a call, in the broker's own words unless told otherwise."""
    response = {"status": more.pop("status", 200), "headers": more.pop("headers", None), "body": body}
    return {"kind": "official sample", "request": {"method": method, "path": path}, "response": response, **more}


def order(body: Any) -> dict[str, Any]:
    return answer(body, "/orders", method="POST")


def one(told: Replay) -> SampleReplay:
    (result,) = told.samples
    return result


def call(told: Replay, id: str) -> CallReplay:
    return next(each for each in told.calls if each.call == id)


def test_a_sample_becomes_a_model_whose_values_are_shown(tell: Tell) -> None:
    result = one(tell(answer(QUOTE)))
    assert (result.outcome, result.call, result.environment, result.reply) == ("parsed", "price", "real", "PriceAnswer")
    (shown,) = result.models
    assert shown.model == "Quote"
    assert shown.values == {"symbol": "005930", "price": "70000", "change": "-500"}


def test_what_no_reply_reads_and_what_no_sample_fills_is_listed(tell: Tell) -> None:
    told = call(tell(answer(QUOTE), answer(QUOTE), answer({**QUOTE, "message": "?"})), "price")
    # The code is no field of the reply, but the client looks at it before.
    assert told.unread == (
        UnreadField(path="quote.sector", times=3),
        UnreadField(path="quote.memo", times=0),
        UnreadField(path="message", times=1),
    )
    assert told.never_filled == ("quote.high",)
    assert told.parsed == told.official == ("s1", "s2", "s3")
    assert told.verbs == ("quote",)


def test_fields_that_differ_in_a_number_are_told_as_one(tell: Tell) -> None:
    book = {f"depth{level}": level for level in range(1, 11)}
    told = tell(answer({**QUOTE, "book": book}))
    assert any("book.depth# (10)" in line for line in told.lines())


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"last": "seventy"}, "quote.last is not as documented"),
        ({"last": "70000x"}, "quote.last is not as documented"),
        ({"last": None}, "quote.last is not as documented"),
    ],
)
def test_a_field_that_is_not_as_the_table_says_is_a_failure(tell: Tell, change: dict[str, Any], words: str) -> None:
    told = tell(answer({**QUOTE, "quote": {**QUOTE["quote"], **change}}))
    result = one(told)
    assert result.outcome == "failed"
    assert words in result.words
    assert "seventy" not in told.model_dump_json()
    assert [each.sample for each in told.failures] == ["s1"]
    assert next(told.lines()).startswith("failed")


def test_a_missing_field_is_named(tell: Tell) -> None:
    assert "quote.last is missing" in one(tell(answer({"quote": {"code": "005930"}}))).words


def test_a_property_that_stumbles_is_a_failure(tell: Tell) -> None:
    result = one(tell(answer({**QUOTE, "quote": {"code": "005930", "last": "1", "high": "0"}})))
    assert (result.outcome, result.words) == ("failed", "Quote: DivisionByZero in a property of Price")


def test_values_that_do_not_add_up_are_doubted(tell: Tell) -> None:
    odd = {**QUOTE, "quote": {**QUOTE["quote"], "high": "69000"}}
    told = tell(answer(odd), answer(QUOTE))
    first, second = told.samples
    assert (first.outcome, first.doubts, second.doubts) == ("parsed", ("Quote: open or price is above high",), ())
    assert any("does not add up: Quote" in line for line in told.lines())


class Doubtful(ReplayConformance):
    """Samples of which one does not add up."""

    broker = PineAdapter


def test_doubts_fail_where_they_are_not_declared_and_declarations_where_they_are_stale(tell: Tell) -> None:
    check = Doubtful.test_the_values_of_every_sample_add_up
    told = tell(answer({**QUOTE, "quote": {**QUOTE["quote"], "high": "69000"}}))
    with pytest.raises(AssertionError, match="s1: Quote: open or price is above high"):
        check(Doubtful(), told)
    declared = type("Declared", (Doubtful,), {"doubtful": {"s1": "made up"}})()
    check(declared, told)
    with pytest.raises(AssertionError, match="declared as doubtful"):
        check(declared, tell(answer(QUOTE)))


def test_samples_that_cannot_be_read_fail_with_what_is_wrong(tell: Tell) -> None:
    told = tell(answer({"quote": {}}))
    with pytest.raises(AssertionError, match=r"quote\.code is missing"):
        Doubtful().test_every_sample_of_a_call_can_be_read(told)
    with pytest.raises(AssertionError, match="No sample is an answer"):
        Doubtful().test_some_samples_are_answers_of_its_calls(told)


def test_an_odd_row_is_a_failure_and_its_place_is_told(tell: Tell) -> None:
    good = {"no": "1", "code": "005930", "side": "BUY", "qty": "3", "day": "20240102"}
    rows = [good, {"no": "2", "code": "005930", "side": "?"}]
    result = one(tell(answer({"rows": rows}, "/orders")))
    assert result.outcome == "failed"
    assert result.words.startswith("rows 2: field")
    assert [shown.values for shown in result.models] == [
        {"id": "1", "symbol": "005930", "side": "BUY", "quantity": "3", "day": "2024-01-02"}
    ]


def test_a_page_that_others_follow_says_so(tell: Tell) -> None:
    page = {"rows": [{"no": "1", "code": "005930", "side": "BUY", "qty": "3"}]}
    more, last, unclear = tell(
        answer(page, "/orders", headers={"More": "Y", "Next": "5"}),
        answer(page, "/orders", headers={"more": "N"}),
        answer(page, "/orders", headers={"more": "Y"}),
    ).samples
    assert (more.outcome, more.announces_more) == ("parsed", True)
    assert (last.outcome, last.announces_more) == ("parsed", False)
    assert unclear.outcome == "failed"
    assert "no key of the next one" in unclear.words


def test_a_refusal_raises_what_the_table_says(tell: Tell) -> None:
    query, of_order, unknown = tell(
        answer({"code": "17", "text": "no cash"}),
        order({"code": "17", "text": "no cash"}),
        order({"code": "99", "text": "?"}),
    ).samples
    assert (query.outcome, query.error, query.code, query.is_listed) == ("refused", "InsufficientFunds", "17", True)
    assert (of_order.outcome, of_order.call, of_order.error) == ("refused", "buy", "InsufficientFunds")
    assert (unknown.outcome, unknown.error, unknown.is_listed) == ("refused", "OrderUncertain", False)


def test_a_refusal_that_names_no_call_is_told_for_a_query_and_for_an_order(tell: Tell) -> None:
    told = tell({"id": "limit", "http_status": 429, "body": {"code": "429", "text": "slower"}})
    assert [(each.call, each.outcome, each.error) for each in told.samples] == [
        ("any query", "refused", "RateLimited"),
        ("any order", "refused", "OrderUncertain"),
    ]
    assert all(not each.parsed for each in told.calls)


def test_an_answer_that_is_refused_although_the_reply_is_there_is_a_failure(tell: Tell) -> None:
    result = one(tell(answer({**QUOTE, "code": "8"})))
    assert (result.outcome, result.code) == ("failed", "8")
    assert "can be read from it" in result.words


def test_an_answer_without_a_verdict_is_a_failure(tell: Tell) -> None:
    result = one(tell(answer({"code": "0", "text": "of 12345678-01"}, status=500)))
    assert (result.outcome, result.words) == ("failed", "no verdict: of ***")


def test_what_is_no_json_is_a_failure(tell: Tell) -> None:
    assert one(tell(answer("<html>busy</html>"))).words.startswith("not the broker's JSON")


def test_an_answer_without_rows_or_values_parses_and_proves_nothing(tell: Tell) -> None:
    told = tell(answer({"rows": []}, "/orders"))
    assert one(told).outcome == "parsed"
    assert (call(told, "orders").parsed, call(told, "orders").official, told.proven) == (("s1",), (), ())


def test_only_what_the_broker_shows_itself_proves(tell: Tell) -> None:
    told = tell({**answer(QUOTE), "kind": "captured by a client"})
    assert (call(told, "price").parsed, told.proven) == (("s1",), ())
    assert tell(answer(QUOTE)).proven == ("price",)


def test_an_answer_of_another_call_and_frames_of_a_stream_are_no_calls(tell: Tell) -> None:
    told = tell(answer({"rows": []}, "/news"), {"frames": ["0|a|b"]}, {"response": {"frame": {"a": "b"}}})
    assert [each.outcome for each in told.samples] == ["no call"] * 3


def test_the_environment_is_the_one_of_the_id(tell: Tell) -> None:
    told = tell({**answer(QUOTE), "call": "price-demo"}, {**answer(QUOTE), "environment": "demo"}, answer(QUOTE))
    assert [each.environment for each in told.samples] == ["demo", "demo", "real"]
    assert call(told, "price").ids == {"real": "price", "demo": "price-demo"}


def test_a_sample_of_a_path_counts_for_every_call_of_that_path(tell: Tell) -> None:
    told = tell(order({"no": "12"}))
    assert one(told).call == "buy"
    assert (call(told, "buy").official, call(told, "sell").official) == (("s1",), ("s1",))


class Branched(PineAdapter):
    """A broker where many calls have one path."""

    class Client(PineClient):
        """It has a second call at the path of prices."""

        name_call = Endpoint({"real": "names"}, "/prices/{symbol}", Issued)


def test_where_ids_decide_a_path_alone_tells_nothing(tell: Tell) -> None:
    bare, named = tell(answer(QUOTE), {**answer(QUOTE), "tr": "price"}, adapter=Branched).samples
    assert (bare.outcome, named.outcome) == ("no call", "parsed")


def test_rows_that_are_kept_as_they_came_are_read_as_the_hook_reads_them(tell: Tell) -> None:
    days = [{"date": "20240102", "closed": "100", "persons": "-3", "funds": "3"}]
    told = tell(answer({"days": days}, "/flows"))
    (shown,) = one(told).models
    assert (shown.model, shown.values["date"], shown.values["close"]) == ("InvestorFlow", "2024-01-02", "100")
    assert shown.values["individual"] == {"net_quantity": "-3", "net_amount": "-3000"}
    assert call(told, "flows").unread == (UnreadField(path="days.funds", times=1),)


def test_a_row_that_the_hook_cannot_read_is_a_failure(tell: Tell) -> None:
    result = one(tell(answer({"days": [{"date": "20240102", "closed": "1_0", "persons": "3"}]}, "/flows")))
    assert result.outcome == "failed"
    assert "days.closed is not as documented" in result.words


def test_what_is_declared_is_no_failure_but_must_not_be_readable(tell: Tell) -> None:
    bad = answer({"quote": {}})
    told = tell(bad, answer(QUOTE), declared={"s1": "only the envelope is shown", "s2": "shifted"})
    first, second = told.samples
    assert first.outcome == "declared"
    assert first.words.endswith("(it is declared: only the envelope is shown)")
    assert (second.outcome, second.words) == ("failed", "it is declared (shifted), and yet it is parsed")
    assert call(told, "price").parsed == ()
    with pytest.raises(ConfigError, match="s9"):
        tell(bad, declared={"s9": "there is none"})


def test_what_the_file_says_against_itself_is_told(tell: Tell) -> None:
    assert (
        "its file warns: values are shifted"
        in one(tell({**answer({"quote": {}}), "warning": "values are shifted"})).words
    )


def test_secrets_and_words_of_answers_stay_out_of_the_report(tell: Tell, tmp_path: Path) -> None:
    token = answer({"token": "eyJ-secret-token-0123456789", "account": "12345678-01"}, "/token", method="POST")
    refusal = answer({"code": "17", "text": "account 12345678-01 has no cash"})
    told = tell(token, refusal)
    shown = told.model_dump_json() + "".join(told.lines())
    assert [each.outcome for each in told.samples] == ["parsed", "refused"]
    assert call(told, "token").unread == (UnreadField(path="account", times=1),)
    assert "secret-token" not in shown
    assert "12345678" not in shown
    assert "12345678" not in repr(read_samples(tmp_path))


def test_several_samples_stand_in_one_file_and_numbers_keep_their_digits(tmp_path: Path) -> None:
    text = '{"about": "x", "errors": [{"id": "a", "body": {"v": 1.50}}, {"body": {"v": 12345678901234567890.10}}]}'
    (tmp_path / "many.json").write_text(text, encoding="utf-8")
    first, second = read_samples(tmp_path)
    assert (first.name, second.name) == ("many#a", "many#2")
    assert first.response is not None
    assert second.response is not None
    assert (first.response.content, second.response.content) == (b'{"v": 1.50}', b'{"v": 12345678901234567890.10}')
    assert first.response.status == 200


class Demanding(PineAdapter):
    """A broker that needs more to log in, and tells the account in its answers."""

    class Settings(config.Settings):
        """It wants a name besides."""

        login: SecretStr

    class Client(PineClient):
        """It looks at the name at once."""

        cash_call = Endpoint({"real": "cash"}, "/cash", Cash)

        def __init__(self, settings: Any, **how: Any) -> None:
            super().__init__(settings, **how)
            self.length = len(settings.login)


def test_settings_of_its_own_are_filled_in_and_accounts_are_not_shown(tell: Tell) -> None:
    told = tell(answer({"account": "12345678-01", "cash": "5"}, "/cash"), adapter=Demanding)
    (shown,) = one(told).models
    assert shown.values == {"cash": "5"}
    assert "12345678" not in told.model_dump_json()


def test_a_folder_without_samples_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no file"):
        replay(PineAdapter, tmp_path)
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"bad\.json"):
        replay(PineAdapter, tmp_path)
    (tmp_path / "bad.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"no sample in .*bad\.json"):
        replay(PineAdapter, tmp_path)


def test_an_adapter_with_a_transport_of_its_own_is_told(tmp_path: Path) -> None:
    class Own(PineAdapter):
        def connect(self, **how: Any) -> Any:
            return object()

    (tmp_path / "s.json").write_text(json.dumps(answer(QUOTE)), encoding="utf-8")
    with pytest.raises(ConfigError, match="transport of its own"):
        replay(Own, tmp_path)


def test_all_calls_of_an_adapter_are_found_wherever_its_tables_hold_them() -> None:
    assert {str(call) for call in endpoints_of(PineAdapter)} == {"price", "orders", "flows", "buy", "sell", "token"}
    assert {"tokenP", "TTTC0011U", "TTTC0012U", "CTSC9215R"} <= {str(call) for call in endpoints_of(load_broker("kis"))}


def test_the_models_of_a_report_are_data() -> None:
    shown = Shown(model="Quote", values={"price": "1"})
    assert Shown.model_validate_json(shown.model_dump_json()) == shown


# At a shell

LIKE = {"rsp_cd": "00000", "rsp_msg": "", "CSPAQ12200OutBlock1": {"AcntNo": "12345678901"}}
CASH = {"Dps": 5, "D1Dps": 5, "D2Dps": 5, "MnyoutAbleAmt": 5}


def shell(folder: Path, *options: str) -> int:
    with installed(LikeAdapter, LikeFace):
        return main(["conformance", "lslike", "--level", "0", "--samples", str(folder), *options])


def test_samples_are_read_at_a_shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample = {**answer({**LIKE, "CSPAQ12200OutBlock2": CASH}, "/stock/accno", method="POST"), "tr": "CSPAQ12200"}
    (tmp_path / "cash.json").write_text(json.dumps(sample), encoding="utf-8")
    assert shell(tmp_path) == DONE
    lines = capsys.readouterr().out.splitlines()
    assert "parsed    cash  CSPAQ12200 real  -> CashAnswer, 5 of 6 fields" in lines
    assert "    Balance cash=5 withdrawable_cash=5 cash_d1=5 cash_d2=5" in lines
    assert lines[-1] == "lslike: 1 parsed, 0 refused, 0 failed, 0 declared, 0 no call"
    assert shell(tmp_path, "--json") == DONE
    out = capsys.readouterr().out
    assert Replay.model_validate(json.loads(out)["samples"]).proven == ("CSPAQ12200",)
    assert "12345678901" not in out


def test_a_sample_that_does_not_parse_ends_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sample = {**answer(LIKE, "/stock/accno", method="POST"), "tr": "CSPAQ12200"}
    (tmp_path / "cash.json").write_text(json.dumps(sample), encoding="utf-8")
    assert shell(tmp_path) == REFUSED
    assert "failed    cash  CSPAQ12200 real  field CSPAQ12200OutBlock2 is missing" in capsys.readouterr().out
    assert shell(tmp_path / "nowhere") == WRONG_USAGE
    assert "nowhere" in capsys.readouterr().err


# What a real broker shows

FOLDER = os.environ.get("BROKERKIT_WIRE_EXAMPLES")


class TestSamplesOfAnotherShape(ReplayConformance):
    broker = LikeAdapter
    samples = Path(FOLDER) / "ls" / "examples" if FOLDER else None

    def test_every_call_is_proven_but_for_samples_without_content(self, replayed: Replay) -> None:
        unproven = {each.call for each in replayed.calls} - set(replayed.proven)
        # Amendments: the official sample is a refusal. The list of a day: it has no rows.
        assert unproven == {"CSPAT00701", "CSPAQ13700"}
        refused = {(each.sample, each.error) for each in replayed.samples if each.outcome == "refused"}
        assert refused == {("CSPAT00701", "InvalidOrder")}
