"""The WebSocket of the face: logging in, heartbeats, sessions, registrations and their limits."""

from __future__ import annotations

import json
from collections.abc import Sequence
from decimal import Decimal

import pytest
from brokerkit_kiwoom.sandbox.stream import KiwoomStream
from brokerkit_kiwoom.stream.feed import KiwoomFeed
from websockets.exceptions import InvalidStatus

from brokerkit.words import Side
from plugins.kiwoom.tests.face.customers import SAMSUNG, Customer
from plugins.kiwoom.tests.face.listeners import Listener, listening, registering

HYNIX = "000660"


def stream_of(customer: Customer) -> KiwoomStream:
    stream = customer.face.stream
    assert isinstance(stream, KiwoomStream)
    return stream


def traded(listener: Listener, symbol: str = SAMSUNG, quantity: int = 1) -> list[str]:
    """Return the items for which a trade of a symbol is told."""
    listener.customer.exchange.trade(symbol, Side.BUY, Decimal(quantity))
    return [entry["item"] for entry in listener.settle() if entry["type"] == "0B"]


def codes(count: int, first: int = 1) -> list[str]:
    return [f"{number:06d}" for number in range(first, first + count)]


# Logging in


def test_login_with_a_token_is_answered_with_a_code_and_the_mark_of_routing(customer: Customer) -> None:
    with Listener(customer) as listener:
        assert listener.login() == {"trnm": "LOGIN", "return_code": 0, "return_msg": "", "sor_yn": "Y"}


@pytest.mark.parametrize("token", ["wrong", "", "Bearer {token}"])
def test_login_without_a_valid_token_is_refused_and_the_line_closed(customer: Customer, token: str) -> None:
    with Listener(customer) as listener:
        answer = listener.login(token=token.format(token=customer.token))
        assert (answer["trnm"], answer["return_code"]) == ("LOGIN", 805004)
        assert "CODE=8005" in answer["return_msg"]
        assert listener.end() == ([], 1000, "Bye")


def test_login_with_a_token_that_was_ended_is_refused(customer: Customer) -> None:
    customer.face.expire_tokens()
    with Listener(customer) as listener:
        assert listener.login()["return_code"] == 805004


def test_line_without_a_login_is_closed_with_its_code(customer: Customer) -> None:
    stream_of(customer).login_seconds = 0.05
    with Listener(customer) as listener:
        frames, code, reason = listener.end()
    assert [(frame["trnm"], frame["code"]) for frame in frames] == [("SYSTEM", "R10004")]
    assert (code, reason) == (1000, "Bye")


def test_nothing_is_answered_before_the_login(customer: Customer) -> None:
    with Listener(customer) as listener:
        listener.send(registering(["0B"]))
        listener.send({"trnm": "CNSRLST"})
        assert listener.login()["trnm"] == "LOGIN"
        assert traded(listener) == []


@pytest.mark.parametrize("path", ["/", "/api/us/websocket/more", "/api/dostk/websocket/more", "/api/dostk/acnt"])
def test_other_paths_take_no_websocket(customer: Customer, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        Listener(customer, path=path)
    assert refused.value.response.status_code == 404


# Heartbeats and sessions


def test_ping_comes_and_an_answered_one_keeps_the_line(customer: Customer) -> None:
    stream_of(customer).heartbeat_seconds = 0.02
    with listening(customer) as listener:
        for _ in range(5):
            text = listener.text()
            assert json.loads(text) == {"trnm": "PING"}
            listener.socket.send(text)


@pytest.mark.parametrize("said", ["nothing", "something else"])
def test_ping_that_does_not_come_back_ends_the_line(customer: Customer, said: str) -> None:
    stream_of(customer).heartbeat_seconds, stream_of(customer).silence_seconds = 0.02, 0.1
    with listening(customer) as listener:
        if said == "something else":
            listener.send({"trnm": "CNSRLST"})
        frames, code, reason = listener.end()
    assert (frames[-1]["trnm"], frames[-1]["code"]) == ("SYSTEM", "R10002")
    assert (code, reason) == (1000, "Bye")


@pytest.mark.parametrize("text", ["PING", '{"trnm": "PING"}'])
def test_ping_comes_back_as_a_bare_word_or_written_anew(customer: Customer, text: str) -> None:
    with listening(customer) as listener:
        session = stream_of(customer).lines[0].state["session"]
        before = session.heard_at
        listener.socket.send(text)
        listener.settle()
        assert session.heard_at > before


def test_second_login_with_the_same_key_ends_the_first(customer: Customer) -> None:
    with listening(customer) as first, listening(customer) as second:
        frames, code, reason = first.end()
        assert [(frame["trnm"], frame["code"]) for frame in frames] == [("SYSTEM", "R10001")]
        assert (code, reason) == (1000, "Bye")
        second.register(["0B"])
        assert traded(second) == [SAMSUNG]


def test_two_sessions_live_where_the_face_is_told_so(customer: Customer) -> None:
    stream_of(customer).replaces_session = False
    with listening(customer, ["0B"]) as first, listening(customer, ["0B"]) as second:
        assert traded(first) == [SAMSUNG]
        assert [entry["item"] for entry in second.settle()] == [SAMSUNG]


def test_new_connection_has_no_registrations(customer: Customer) -> None:
    with listening(customer, ["0B"]):
        pass
    with listening(customer) as listener:
        assert traded(listener) == []


# Registrations


def test_registering_and_removing_are_answered_once_with_a_code(customer: Customer) -> None:
    with listening(customer) as listener:
        assert listener.register(["0B", "0D"]) == {"trnm": "REG", "return_code": 0, "return_msg": ""}
        assert traded(listener) == [SAMSUNG]
        assert listener.remove(["0B"]) == {"trnm": "REMOVE", "return_code": 0, "return_msg": ""}
        assert traded(listener) == []


@pytest.mark.parametrize("refresh", ["", "0", "1", None])
def test_removing_does_not_look_at_refresh(customer: Customer, refresh: str | None) -> None:
    with listening(customer, ["0B"]) as listener:
        listener.register(["0B"], [HYNIX], grp_no="2")
        assert listener.ask({**registering(["0B"]), "trnm": "REMOVE", "refresh": refresh})["return_code"] == 0
        assert (traded(listener), traded(listener, HYNIX)) == ([], [HYNIX])


def test_refresh_keeps_or_drops_what_was_registered_before(customer: Customer) -> None:
    with listening(customer, ["0B"], [SAMSUNG]) as listener:
        listener.register(["0B"], [HYNIX], refresh="1", grp_no="2")
        assert (traded(listener), traded(listener, HYNIX)) == ([SAMSUNG], [HYNIX])
        listener.register(["0B"], [HYNIX], refresh="0", grp_no="3")
        assert (traded(listener), traded(listener, HYNIX)) == ([], [HYNIX])


def test_what_stands_in_two_groups_is_told_once_and_lives_until_both_are_removed(customer: Customer) -> None:
    with listening(customer, ["0B"]) as listener:
        listener.register(["0B"], grp_no="2")
        assert traded(listener) == [SAMSUNG]
        listener.remove(["0B"], grp_no="1")
        assert traded(listener) == [SAMSUNG]
        listener.remove(["0B"], grp_no="2")
        assert traded(listener) == []


@pytest.mark.parametrize("types", [["0b"], ["ob"], ["9Z"], ["0B "]])
def test_unknown_types_are_taken_and_never_sent(customer: Customer, types: Sequence[str]) -> None:
    with listening(customer) as listener:
        assert listener.register(types)["return_code"] == 0
        assert traded(listener) == []


@pytest.mark.parametrize("item", ["999999", "5930", "A005930", "005930_XX", "005930_", "KRX:005930"])
def test_unknown_codes_are_taken_and_never_sent(customer: Customer, item: str) -> None:
    with listening(customer) as listener:
        assert listener.register(["0B", "0g", "0w", "0J"], [item])["return_code"] == 0
        assert traded(listener) == []


def test_types_have_a_letter_case(customer: Customer) -> None:
    stream_of(customer).tick_seconds = 0.02
    with listening(customer, ["0u"], ["001"]) as listener:
        listener.register(["0U"], ["101"])
        assert [listener.entry()["item"] for _ in range(3)] == ["101"] * 3


def test_connection_takes_two_hundred_items_however_many_types(customer: Customer) -> None:
    with listening(customer, ["0B", "0D", "0H"], codes(100)) as listener:
        assert listener.register(["0B", "0D"], codes(100, 101), grp_no="2")["return_code"] == 0
        assert listener.register(["0C"], codes(100), grp_no="3")["return_code"] == 0
        assert listener.register(["0B"], [SAMSUNG], grp_no="4")["return_code"] == 105115
        assert traded(listener) == []


def test_code_with_another_suffix_is_another_item(customer: Customer) -> None:
    with listening(customer, ["0B"], codes(99)) as listener:
        listener.register(["0B"], codes(99, 100), grp_no="2")
        assert listener.register(["0B"], [SAMSUNG, f"{SAMSUNG}_AL"], grp_no="3")["return_code"] == 0
        assert listener.register(["0B"], [f"{SAMSUNG}_NX"], grp_no="3")["return_code"] == 105115


def test_group_has_a_limit_of_its_own_and_a_frame_is_taken_whole_or_not_at_all(customer: Customer) -> None:
    with listening(customer) as listener:
        assert listener.register(["0B"], [*codes(100), SAMSUNG])["return_code"] == 105118
        assert traded(listener) == []


def test_refused_frame_drops_nothing(customer: Customer) -> None:
    with listening(customer, ["0B"]) as listener:
        assert listener.register(["0B"], codes(101), refresh="0")["return_code"] == 105118
        assert traded(listener) == [SAMSUNG]


def test_sixth_registration_of_a_second_is_refused(customer: Customer) -> None:
    with listening(customer) as listener:
        stream_of(customer).lines[0].state["session"].window.seconds = 1000.0
        answers = [listener.register(["0B"])["return_code"] for _ in range(6)]
        assert answers == [0, 0, 0, 0, 0, 105110]
        assert listener.remove(["0B"])["return_code"] == 0


def test_adapter_registers_so_slowly_that_frames_may_be_late(customer: Customer) -> None:
    taken = stream_of(customer).registrations_per_second
    assert taken / KiwoomFeed.frames_per_second >= 1.2  # seconds between a frame and the one that would be too many


@pytest.mark.parametrize(
    "changes",
    [
        {"grp_no": ""},
        {"grp_no": None},
        {"grp_no": "12345"},
        {"refresh": "2"},
        {"data": {"item": [SAMSUNG], "type": ["0B"]}},
        {"data": [SAMSUNG]},
        {"data": [{"item": SAMSUNG, "type": "0B"}]},
        {"data": [{"item": [SAMSUNG]}]},
        {"data": [{"item": [5930], "type": ["0B"]}]},
    ],
)
def test_frame_that_is_not_as_the_page_says_registers_nothing(customer: Customer, changes: dict[str, object]) -> None:
    with listening(customer) as listener:
        assert listener.register(["0B"], **changes)["return_code"] == 1
        assert traded(listener) == []


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"trnm": 1}', '{"trnm": "NOBODY"}', '{"trnm": NaN}'])
def test_text_that_means_nothing_is_passed_over(customer: Customer, text: str) -> None:
    with listening(customer, ["0B"]) as listener:
        listener.socket.send(text)
        assert traded(listener) == [SAMSUNG]


def test_searches_of_the_other_socket_are_not_answered(customer: Customer) -> None:
    with listening(customer) as listener:
        for name in ("GCNSRLST", "GCNSRREQ", "GCNSRCLR"):
            listener.send({"trnm": name, "seq": "0", "search_type": "0"})
        assert listener.ask({"trnm": "CNSRLST"})["trnm"] == "CNSRLST"
