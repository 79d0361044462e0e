"""The socket of the KIS face: paths, keys, registrations, refusals and heartbeats, over real lines."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from brokerkit_kis.sandbox.stream_columns import SERVICES
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

SAMSUNG, HYNIX = "005930", "000660"
Listen = Callable[..., Any]
NOBODY = {"tr_id": "(null)", "tr_key": "", "encrypt": "N"}


def refusal(answer: dict[str, Any]) -> tuple[str, str]:
    assert "output" not in answer["body"]
    return answer["body"]["rt_cd"], answer["body"]["msg_cd"]


@pytest.mark.parametrize("path", ["/tryitout", "/tryitout/H0STCNT0", "/", "/tryitout/", "//tryitout", ""])
def test_a_line_is_taken_at_the_paths_that_clients_use(real: Any, listen: Listen, path: str) -> None:
    listen(real, path=path).register("H0STCNT0")


@pytest.mark.parametrize("path", ["/other", "/oauth2/tokenP", "/tryitout/H0STCNT0/more"])
def test_elsewhere_the_handshake_is_refused(real: Any, path: str) -> None:
    with pytest.raises(InvalidStatus) as caught, connect(real.server.url.replace("http", "ws", 1) + path):
        pass
    assert caught.value.response.status_code == 404


def test_a_registration_is_acknowledged_with_key_and_iv(real: Any, listen: Listen) -> None:
    answer = listen(real).register("H0STCNT0")
    assert answer["header"] == {"tr_id": "H0STCNT0", "tr_key": SAMSUNG, "encrypt": "N"}
    assert {**answer["body"], "output": None} == {
        "rt_cd": "0",
        "msg_cd": "OPSP0000",
        "msg1": "SUBSCRIBE SUCCESS",
        "output": None,
    }
    assert {name: len(value) for name, value in answer["body"]["output"].items()} == {"iv": 16, "key": 32}


def test_notices_are_acknowledged_as_encrypted(real: Any, listen: Listen) -> None:
    answer = listen(real).register("H0STCNI0", real.keys.hts_id)
    assert answer["header"] == {"tr_id": "H0STCNI0", "tr_key": real.keys.hts_id, "encrypt": "Y"}


def test_a_release_is_acknowledged_and_ends_what_comes(real: Any, listen: Listen) -> None:
    line = listen(real)
    line.register("H0STASP0")
    answer = line.release("H0STASP0")
    assert (answer["body"]["rt_cd"], answer["body"]["msg_cd"]) == ("0", "OPSP0001")
    assert answer["body"]["msg1"] == "UNSUBSCRIBE SUCCESS"
    real.exchange.move(SAMSUNG, real.exchange.order_book(SAMSUNG).asks[2].price)
    assert line.is_quiet()


def test_what_is_registered_already_and_what_is_not_is_refused(real: Any, listen: Listen) -> None:
    line = listen(real)
    line.register("H0STCNT0")
    assert refusal(line.ask(line.frame("H0STCNT0", SAMSUNG))) == ("1", "OPSP0002")
    answer = line.ask(line.frame("H0STCNT0", f" {SAMSUNG} "))
    assert refusal(answer) == ("1", "OPSP0002")
    assert answer["header"]["tr_key"] == f" {SAMSUNG} "
    assert refusal(line.release("H0STCNT0", HYNIX)) == ("1", "OPSP0003")


def test_the_forty_second_registration_is_refused(real: Any, listen: Listen) -> None:
    line = listen(real)
    symbols = list(real.exchange.instruments)
    line.register("H0STCNI0", real.keys.hts_id)
    for symbol in symbols[:40]:
        line.register("H0STASP0", symbol)
    assert refusal(line.ask(line.frame("H0STCNT0", symbols[41]))) == ("1", "OPSP0008")
    assert line.release("H0STASP0", symbols[0])["body"]["msg_cd"] == "OPSP0001"
    line.register("H0STASP0", symbols[41])


def test_every_key_that_was_given_out_is_good_on_one_line(real: Any, listen: Listen) -> None:
    line = listen(real)
    line.register("H0STCNT0")
    real.face.token_window.clear()
    line.register("H0STCNT0", HYNIX, approval_key=real.approval())
    line.register("H0STASP0")


def test_an_unknown_key_is_refused(real: Any, listen: Listen) -> None:
    line = listen(real, key="00000000-0000-0000-0000-000000000000")
    answer = line.ask(line.frame("H0STCNT0", SAMSUNG))
    assert refusal(answer) == ("1", "OPSP0011")
    assert answer["header"] == {"tr_id": "H0STCNT0", "tr_key": SAMSUNG, "encrypt": "N"}
    real.face.token_window.clear()
    line.register("H0STCNT0", approval_key=real.approval())


def test_a_key_opens_a_session_and_is_needed_no_longer(real: Any, listen: Listen) -> None:
    line = listen(real)
    line.register("H0STCNT0")
    real.face.kill_approvals()
    line.register("H0STASP0")
    second = listen(real, key=line.key)
    assert refusal(second.ask(second.frame("H0STASP0", SAMSUNG))) == ("1", "OPSP0011")


def test_a_second_session_of_the_app_key_is_refused_and_the_first_stays(real: Any, listen: Listen) -> None:
    first, second = listen(real), listen(real)
    first.register("H0STASP0")
    answer = second.ask(second.frame("H0STCNT0", SAMSUNG))
    assert (answer["header"], refusal(answer)) == (NOBODY, ("9", "OPSP8996"))
    assert answer["body"]["msg1"] == "ALREADY IN USE appkey"
    real.exchange.move(SAMSUNG, real.exchange.order_book(SAMSUNG).asks[1].price)
    assert first.rows()[0] == "H0STASP0"
    first.line.close()
    deadline = time.monotonic() + 30
    while second.ask(second.frame("H0STCNT0", SAMSUNG))["body"]["msg_cd"] == "OPSP8996":
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_nothing_of_a_session_outlives_its_line(real: Any, listen: Listen) -> None:
    first = listen(real)
    first.register("H0STASP0")
    first.line.close()
    second = listen(real)
    deadline = time.monotonic() + 30
    while second.ask(second.frame("H0STCNI0", real.keys.hts_id))["body"]["msg_cd"] != "OPSP0000":
        assert time.monotonic() < deadline
    real.exchange.move(SAMSUNG, real.exchange.order_book(SAMSUNG).asks[1].price)
    assert second.is_quiet()


def test_a_wrong_login_name_ends_in_a_closed_line(real: Any, listen: Listen) -> None:
    line = listen(real)
    answer = line.ask(line.frame("H0STCNI0", "nobody"))
    assert (answer["header"], refusal(answer)) == (NOBODY, ("9", "OPSP0017"))
    with pytest.raises(ConnectionClosed):
        line.line.recv(timeout=30)


@pytest.mark.parametrize("tr_key", ["999999", "00593", "Q005930", "0001"])
def test_a_code_that_is_not_listed_is_refused(real: Any, listen: Listen, tr_key: str) -> None:
    line = listen(real)
    assert refusal(line.ask(line.frame("H0STCNT0", tr_key))) == ("1", "OPSP8992")
    assert refusal(line.ask(line.frame("H0UPCNT0", SAMSUNG))) == ("1", "OPSP8992")


@pytest.mark.parametrize("id", ["H0XXXXX0", "h0stcnt0", "", "H0STCNI9", "FHKST01010100", "domestic_stock/ccnl_krx"])
def test_an_id_that_is_not_there_is_refused(real: Any, listen: Listen, id: str) -> None:
    line = listen(real)
    assert refusal(line.ask(line.frame(id, SAMSUNG))) == ("1", "OPSP8991")


def test_the_demo_has_three_ids_of_korean_stocks(demo: Any, listen: Listen) -> None:
    line = listen(demo)
    taken = {
        id
        for id in (*SERVICES, "H0IFCNI0", "H0IFCNI9", "H0MFCNI0", "HDFFF2C0", "H0STNAV0")
        if line.ask(line.frame(id, demo.keys.hts_id if "CNI" in id or "C0" in id else SAMSUNG))["body"]["rt_cd"] == "0"
    }
    assert taken == {"H0STCNT0", "H0STASP0", "H0STCNI9", "H0GSCNI9", "H0IFCNI9"}


def test_every_id_of_stocks_and_indices_is_taken(real: Any, listen: Listen) -> None:
    line = listen(real)
    for id, service in SERVICES.items():
        if service.in_real:
            line.register(id, "0001" if service.of_index else real.keys.hts_id if service.of_user else SAMSUNG)


def test_notices_of_other_markets_tell_nothing_of_this_one(real: Any, listen: Listen) -> None:
    line = listen(real)
    assert line.register("H0GSCNI0", real.keys.hts_id)["header"]["encrypt"] == "Y"
    real.ordered()
    assert line.is_quiet()


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("", "OPSP9999"),
        ("{", "OPSP9999"),
        ("[]", "OPSP9999"),
        ("PING", "OPSP9999"),
        ("[" * 50_000, "OPSP9999"),
        ({"body": {"input": {}}}, "OPSP9998"),
        ({"header": "x"}, "OPSP9998"),
        ({"header": {"approval_key": None}}, "OPSP9996"),
        ({"header": {"custtype": None}}, "OPSP9997"),
        ({"header": {"custtype": "X"}}, "OPSP8998"),
        ({"header": {"tr_type": "0"}}, "OPSP8997"),
        ({"header": {"tr_type": None}}, "OPSP8997"),
        ({"body": None}, "OPSP9992"),
        ({"body": {}}, "OPSP9991"),
        ({"body": {"input": {"tr_id": "H0STCNT0"}}}, "OPSP9990"),
        ({"body": {"input": {"tr_id": "H0STCNT0", "tr_key": " "}}}, "OPSP8993"),
        ({"body": {"input": {"tr_id": "H0STCNT0", "tr_key": 5930}}}, "OPSP8993"),
        ({"body": {"input": {"tr_id": "H0STCNT0", "tr_key": "1" * 100}}}, "OPSP8993"),
    ],
)
def test_a_frame_that_cannot_be_read_is_refused_and_the_line_stays(
    real: Any, listen: Listen, frame: Any, code: str
) -> None:
    line = listen(real)
    if isinstance(frame, dict):
        whole = line.frame("H0STCNT0", SAMSUNG)
        header = frame.get("header", {}) if "header" in frame or "input" not in str(frame.get("body")) else {}
        if code == "OPSP9998":
            whole["header"] = frame.get("header")
        else:
            given = {**whole["header"], **header}
            whole["header"] = {name: value for name, value in given.items() if value is not None}
        frame = {**whole, **({"body": frame["body"]} if "body" in frame else {})}
    answer = line.ask(frame)
    assert (answer["header"], refusal(answer)) == (NOBODY, ("9", code))
    line.register("H0STCNT0")


@pytest.mark.parametrize(
    "header",
    [
        {"custtype": "B"},
        {"tr_type": 1},
        {"content-type": "application/json; charset=utf-8"},
        {"content_type": "utf-8", "personalseckey": "", "more": {"in": "it"}},
    ],
)
def test_what_other_clients_send_is_taken(real: Any, listen: Listen, header: dict[str, Any]) -> None:
    listen(real).register("H0STCNT0", **header)


def test_letter_case_of_names_and_frames_of_bytes_do_not_matter(real: Any, listen: Listen) -> None:
    line = listen(real)
    frame = line.frame("H0STCNT0", SAMSUNG)
    upper = {
        "Header": {name.upper(): value for name, value in frame["header"].items()},
        "BODY": {"Input": {"TR_ID": "H0STCNT0", "TR_KEY": SAMSUNG}},
    }
    line.line.send(json.dumps(upper).encode())
    assert json.loads(line.text())["body"]["msg_cd"] == "OPSP0000"


def test_heartbeats_come_as_they_are_documented(real: Any, listen: Listen) -> None:
    assert (real.face.stream.heartbeat_seconds, real.face.stream.silence_seconds) == (10.0, 100.0)
    real.face.stream.heartbeat_seconds = 0.05
    frame = json.loads(listen(real).text())
    assert frame == {"header": {"tr_id": "PINGPONG", "datetime": frame["header"]["datetime"]}}
    time.strptime(frame["header"]["datetime"], "%Y%m%d%H%M%S")


def test_a_client_that_answers_no_heartbeat_is_cut_off(real: Any, listen: Listen) -> None:
    real.face.stream.heartbeat_seconds, real.face.stream.silence_seconds = 0.05, 0.3
    line = listen(real).line
    texts = list(line)  # as long as it is open
    assert {json.loads(text)["header"]["tr_id"] for text in texts} == {"PINGPONG"}


@pytest.mark.parametrize("answer", ["echo", "pong"])
def test_an_echo_and_a_pong_are_answers_to_a_heartbeat(real: Any, listen: Listen, answer: str) -> None:
    stream = real.face.stream
    stream.heartbeat_seconds, stream.silence_seconds = 0.05, 30.0
    line = listen(real).line
    server = stream.lines[0]
    server.heard_at = time.monotonic() - 20
    text = line.recv(timeout=30)
    line.send(text) if answer == "echo" else line.pong(text)
    deadline = time.monotonic() + 30
    while time.monotonic() - server.heard_at > 15:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_ping_frame_is_answered_with_a_pong(real: Any, listen: Listen) -> None:
    answered = listen(real).line.ping()
    assert isinstance(answered, threading.Event)
    assert answered.wait(30)


def data(real: Any, line: Any) -> str:
    real.exchange.move(SAMSUNG, real.exchange.order_book(SAMSUNG).asks[2].price)
    return str(line.text())


def test_what_faults_ask_of_a_frame_of_data(real: Any, listen: Listen) -> None:
    line, stream = listen(real), real.face.stream
    line.register("H0STCNT0")
    text = data(real, line)
    server = stream.lines[0]
    mark, id, count, values = text.split("|")
    size, number = len(SERVICES["H0STCNT0"].columns), int(count)
    assert (number > 1, stream.is_data(text)) == (True, True)
    more = stream.with_unknown_columns(server, text).split("|")
    assert (more[:3], len(more[3].split("^"))) == ([mark, id, count], number * (size + 1))
    assert stream.with_wrong_count(server, text) == f"{mark}|{id}|{number + 1:03d}|{values}"
    parts = stream.split(server, text)
    assert [part.split("|")[2] for part in parts] == ["001"] * number
    assert "^".join(part.split("|")[3] for part in parts) == values
    assert stream.merged(server, *parts[:2]).split("|")[2] == "002"
    assert stream.merged(server, text, text.replace("H0STCNT0", "H0UNCNT0")) is None


def test_what_faults_ask_of_a_notice(real: Any, listen: Listen) -> None:
    line, stream = listen(real), real.face.stream
    line.register("H0STCNI0", real.keys.hts_id)
    real.ordered()
    text, server = line.text(), stream.lines[0]
    plain = line.decrypted(text.split("|")[3])
    assert line.decrypted(stream.with_unknown_columns(server, text).split("|")[3]) == f"{plain}^7"
    assert stream.with_wrong_count(server, text).split("|")[2] == "002"
    assert stream.merged(server, text, text) is None
    assert stream.split(server, text) == [text]


def test_what_faults_ask_of_a_frame_of_a_client(real: Any, listen: Listen) -> None:
    line, stream = listen(real), real.face.stream
    line.register("H0STCNT0")
    server = stream.lines[0]
    registers, releases = (json.dumps(line.frame("H0STASP0", SAMSUNG, tr_type)) for tr_type in "12")
    assert refusal(json.loads(stream.refusal_of_registration(server, registers))) == ("1", "OPSP0007")
    assert stream.refusal_of_registration(server, releases) is None
    assert refusal(json.loads(stream.refusal_of_key(server, releases))) == ("1", "OPSP0011")
    heartbeat = stream.heartbeat(server)
    assert stream.refusal_of_key(server, heartbeat) is None
    assert stream.refusal_of_registration(server, "{") is None
    assert not stream.is_data(heartbeat)
    assert stream.with_unknown_columns(server, heartbeat) is None
    assert stream.with_wrong_count(server, heartbeat) is None
    assert stream.split(server, heartbeat) == (heartbeat,)


def test_the_symbols_that_somebody_wants_to_hear_of_are_told(real: Any, listen: Listen) -> None:
    line, stream = listen(real), real.face.stream
    line.register("H0STCNI0", real.keys.hts_id)
    assert set(stream.watched()) == set()
    line.register("H0STCNT0")
    line.register("H0UPCNT0", "0001")
    assert set(stream.watched()) == {SAMSUNG, *real.exchange.indices.shares("INDEX:KOSPI")}
