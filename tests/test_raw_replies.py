"""Answers that are not as the catalogue says break no call, lose nothing, and the reply names what is odd."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from starlette.responses import Response

from brokerkit import get_broker
from brokerkit.catalogue import Api, Group
from brokerkit.errors import WireError
from brokerkit.raw.reply import RawReply
from brokerkit.sandbox import Sandbox
from tests.test_catalogue import BOTH

Json = dict[str, Any]
ANSWERING = [api for catalogue in BOTH.values() for api in catalogue if api.groups]
ENVELOPE = ("rt_cd", "msg_cd", "msg1", "return_code", "return_msg", "returnCode", "returnMsg")


def answer(api: Api) -> Json:
    """Return an answer of the shape that the catalogue tells: two rows where there may be many."""
    told: Json = {}
    for group in api.groups:
        if group.name:
            told[group.name] = [row(group), row(group)] if group.many else row(group)
        else:
            told |= row(group)
    return told


def row(group: Group) -> Json:
    return dict.fromkeys(group.names, "1")


def bare(api: Api, body: Json) -> RawReply:
    return RawReply(api, [body], envelope=ENVELOPE)


def replied(api: Api, body: Json) -> RawReply:
    """Look at all that a reply has: who reads what is no number or date is told so, and in no other way."""
    reply = bare(api, body)
    assert repr(reply)
    for each in (reply.body, *(each for rows in reply.blocks.values() for each in rows)):
        for name in each:
            for read in (each.decimal, each.date, each.time):
                with suppress(WireError):
                    read(name)
    return reply


def whole(reply: RawReply) -> Json:
    """Return what a reply has kept: its blocks as lists."""
    return {**{name: [dict(each) for each in rows] for name, rows in reply.blocks.items()}, **dict(reply.body)}


# Of every API


def lists(api: Api) -> Iterator[Group]:
    return (group for group in api.groups if group.name and group.fields)


def passed_of(api: Api, group: Group) -> set[str]:
    """Return the fields of a block that nobody misses: those that lead to the next page."""
    return {name.casefold() for name in group.names} & {name.casefold() for name in (*ENVELOPE, *api.pages)}


def test_an_answer_as_the_catalogue_says_has_nothing_odd() -> None:
    for api in ANSWERING:
        reply = replied(api, answer(api))
        assert (reply.unknown, reply.missing) == ((), ()), api.name
    assert len(ANSWERING) == 616


def test_new_missing_and_reordered_fields_of_every_block_are_named() -> None:
    count = 0
    for api in ANSWERING:
        good = answer(api)
        backwards = {name: good[name] for name in reversed(good)}
        assert (bare(api, backwards).unknown, bare(api, backwards).missing) == ((), ()), api.name
        assert bare(api, {**good, "z_new": "1"}).unknown == ("z_new",)
        for group in lists(api):
            first, *others = group.names
            shorter = dict.fromkeys([*reversed(others), "z_new"], "1")
            reply = bare(api, {**good, group.name: [shorter] if group.many else shorter})
            passed = first.casefold() in passed_of(api, group)
            assert reply.unknown == (f"{group.name}.z_new",), api.name
            assert reply.missing == (() if passed else (f"{group.name}.{first}",)), api.name
            assert len(bare(api, {**good, group.name: [{}]}).missing) == len(group.names) - len(passed_of(api, group))
            assert bare(api, {**good, group.name: []}).missing == ()
            without = {name: value for name, value in good.items() if name != group.name}
            assert bare(api, without).missing == (group.name,), api.name
            count += 1
    assert count == 664


def test_a_list_where_one_is_due_and_one_where_a_list_is_are_read_alike() -> None:
    for api in ANSWERING:
        for group in lists(api):
            good = answer(api)
            other: Any = row(group) if group.many else [row(group), row(group)]
            reply = replied(api, {**good, group.name: other})
            assert [dict(each) for each in reply.blocks[group.name]] == ([other] if group.many else other), api.name
            assert (reply.unknown, reply.missing) == ((), ()), api.name


@pytest.mark.parametrize("odd", [None, "", "text", 0, 1.5, True, [1, 2], [None], [["0", "name"]]])
def test_what_is_no_block_where_one_is_due_is_named_and_kept(odd: Any) -> None:
    for api in ANSWERING:
        for group in lists(api):
            reply = replied(api, {**answer(api), group.name: odd})
            assert reply.missing == (group.name,), api.name
            assert reply.body[group.name] == odd


def test_what_is_no_row_in_a_list_is_named_and_its_rows_are_read() -> None:
    for api in ANSWERING:
        for group in lists(api):
            mixed = [row(group), None, 5, row(group)]
            reply = replied(api, {**answer(api), group.name: mixed})
            assert len(reply.blocks[group.name]) == 2, api.name
            assert reply.unknown == (f"{group.name}[1]", f"{group.name}[2]")
            assert reply.body[group.name] == mixed


# Of any answer that JSON can write

SCALARS = some.none() | some.booleans() | some.integers() | some.decimals(allow_nan=False) | some.text(max_size=8)
VALUES = some.recursive(
    SCALARS, lambda inner: some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=6), inner, max_size=3)
)


@given(some.sampled_from([api for api in ANSWERING if api.effect != "auth"]), some.data())
def test_whatever_comes_is_kept_and_can_be_looked_at(api: Api, data: some.DataObject) -> None:
    names = [*answer(api), "rt_cd", "z_new"]
    told = data.draw(some.dictionaries(some.sampled_from(names) | some.text(max_size=6), VALUES, max_size=6))
    inside = {group.name: some.sampled_from([*group.names]) for group in lists(api)}
    for name, keys in inside.items():
        rows = some.lists(some.dictionaries(keys, SCALARS, max_size=4), max_size=3)
        told |= {name: data.draw(rows)} if data.draw(some.booleans()) else {}
    reply = replied(api, told)
    kept = whole(reply)
    for name, value in told.items():
        if isinstance(value, dict):
            assert value in [dict(each) for each in reply.blocks[name]]
        elif isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
            assert all(each in [dict(row) for row in reply.blocks[name]] for each in value)
        else:
            assert kept[name] == value
    assert {name.partition(".")[0].partition("[")[0] for name in reply.unknown} <= {
        part.partition(".")[0].partition("[")[0] for part in told
    }


# Over HTTP


@pytest.fixture(scope="module", params=BOTH)
def asked(request: pytest.FixtureRequest) -> Iterator[Callable[[str], RawReply]]:
    """Return a function that asks, and is answered with a text; a token is there already."""
    name = request.param
    called, fields, good = {
        "kis": (
            "domestic_stock/inquire_investor",
            {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "005930"},
            '"rt_cd": "0", "msg_cd": "", "msg1": ""',
        ),
        "kiwoom": ("ka10100", {"stk_cd": "005930"}, '"return_code": 0, "return_msg": ""'),
    }[name]
    with Sandbox() as box, get_broker(name, environment="sandbox", sandbox=box) as broker:
        broker.client.token()
        face = box.face(name)

        def ask(more: str) -> RawReply:
            text = "{" + ", ".join(filter(None, (good, more))) + "}"
            face.before = lambda request: Response(text, media_type="application/json")
            return broker.call(called, fields)

        yield ask
        face.before = None


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("", ()),
        ('"output": null', ("output",)),
        ('"output": []', ()),
        ('"output": {}', ()),
        ('"output": [{}]', ()),
        ('"output": [null, 1]', ("output",)),
        ('"output": 5', ("output",)),
        ('"z_new": {"a": {"b": [1, [2, {}]]}}', ("z_new.a",)),
        ('"z_new": [{"a": "1"}, {"b": "2"}]', ("z_new.a", "z_new.b")),
    ],
)
def test_an_answer_of_any_shape_breaks_no_call(
    asked: Callable[[str], RawReply], text: str, unknown: tuple[str, ...]
) -> None:
    reply = asked(text)
    is_declared = "output" in reply.api.parts
    assert reply.unknown == (() if is_declared and "output" in unknown else unknown)
    assert "rt_cd" in reply or "return_code" in reply


def test_numbers_of_an_answer_keep_their_digits(asked: Callable[[str], RawReply]) -> None:
    reply = asked('"z_new": {"price": 70000.10, "count": 12345678901234567890, "none": null, "text": "0070"}')
    assert (str(reply.decimal("price")), reply.decimal("count")) == ("70000.10", Decimal("12345678901234567890"))
    assert (reply["none"], reply.decimal("none"), reply["text"]) == (None, None, "0070")
