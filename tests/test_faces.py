"""What all faces share, with a broker that is made up: a face needs its tables and hooks, and nothing else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import ClassVar

import pytest
import requests

from brokerkit import clock
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import Costs, Exchange
from brokerkit.sandbox.face import (
    Credentials,
    Face,
    FaceAnswer,
    FaceRefusal,
    JsonResponse,
    ReceivedRequest,
    Tokens,
    first_behind,
    visible_key,
)
from brokerkit.sandbox.server import Server


class Refused(FaceRefusal):
    status = 403
    headers: Mapping[str, str] = {"more": "no"}

    def body(self) -> Mapping[str, object]:
        return {"ok": False}


class PineFace(Face):
    name: ClassVar[str] = "pine"
    costs: ClassVar[Mapping[str, Costs]] = {"real": Costs()}
    calls_per_second: ClassVar[Mapping[str, int]] = {"real": 1_000}

    def begin(self) -> None:
        self.tokens = Tokens(dt.timedelta(hours=1))

    def new_credentials(self) -> Credentials:
        return Credentials(visible_key(20), visible_key(20), "7")

    def method_of(self, request: ReceivedRequest) -> str | None:
        return {"/cash": "POST"}.get(request.path)

    def headers_of(self, request: ReceivedRequest) -> Mapping[str, str]:
        return {"more": "?", "id": request.headers.get("id", "")}

    def answer(self, request: ReceivedRequest) -> FaceAnswer:
        if not request.is_object:
            raise Refused
        return FaceAnswer({"cash": str(self.exchange.account(self.credentials.account).cash)}, {"more": "yes"})

    def has_key(self, request: ReceivedRequest) -> bool:
        return request.headers.get("key") == self.credentials.app_key

    def kill_tokens(self) -> None:
        self.tokens.forget()


@pytest.fixture
def face() -> PineFace:
    return PineFace(Exchange())


@pytest.fixture
def url(face: PineFace) -> Iterator[str]:
    server = Server(face.app)
    yield server.url
    server.close()


def test_a_call_is_answered_with_the_headers_of_every_answer_and_its_own(url: str) -> None:
    answer = requests.post(f"{url}/cash", json={}, headers={"id": "5"}, timeout=10)
    assert (answer.status_code, answer.json()) == (200, {"cash": "100000000"})
    assert (answer.headers["more"], answer.headers["id"]) == ("yes", "5")


@pytest.mark.parametrize("sent", [b"", b"[1]", b'{"a": NaN}', b'{"a": "' + b"x" * 70_000 + b'"}'])
def test_a_refusal_is_written_as_the_broker_writes_it(url: str, face: PineFace, sent: bytes) -> None:
    answer = requests.post(f"{url}/cash", data=sent, timeout=10)
    assert (answer.status_code, answer.json(), answer.headers["more"]) == (403, {"ok": False}, "no")
    assert (face.requests[-1].is_object, face.requests[-1].is_blank) == (False, not sent)


def test_what_was_asked_is_kept_and_the_body_only_with_a_key(url: str, face: PineFace) -> None:
    keyed = {"key": face.credentials.app_key}
    requests.post(f"{url}/cash", json={"a": 1}, timeout=10)
    requests.post(f"{url}/cash?page=2", json={"a": 1}, headers=keyed, timeout=10)
    assert [(each.path, each.query, each.body, each.status) for each in face.requests] == [
        ("/cash", {}, {}, 200),
        ("/cash", {"page": "2"}, {"a": 1}, 200),
    ]
    assert face.requests[-1].answer == {"cash": "100000000"}


def test_a_test_may_answer_or_let_the_face_answer(url: str, face: PineFace) -> None:
    face.before = lambda request: JsonResponse({"mine": 1}, status=502) if "id" in request.headers else None
    given = requests.post(f"{url}/cash", json={}, headers={"id": "5"}, timeout=10)
    assert (given.status_code, given.json()) == (502, {"mine": 1})
    assert (face.requests[-1].status, face.requests[-1].answer) == (502, {"mine": 1})
    assert requests.post(f"{url}/cash", json={}, timeout=10).status_code == 200


def test_an_account_of_an_earlier_run_is_served_again() -> None:
    first = PineFace(Exchange())
    again = PineFace(first.exchange, credentials=first.credentials)
    assert again.credentials == first.credentials
    elsewhere = PineFace(Exchange(), credentials=first.credentials)
    assert elsewhere.exchange.account("7").cash == 100_000_000
    with pytest.raises(ValueError, match="pine are real, not 'demo'"):
        PineFace(Exchange(), environment="demo")


@pytest.mark.parametrize("name", ["kis", "kiwoom"])
@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nowhere", 404), ("PUT", "{login}", 405)])
def test_answers_to_wrong_paths_and_methods_say_that_this_is_a_simulation(
    name: str, method: str, path: str, status: int
) -> None:
    login = {"kis": "/oauth2/tokenP", "kiwoom": "/oauth2/token"}[name]
    with Sandbox() as sandbox:
        url = sandbox.connect(name).base_url + path.format(login=login)
        answer = requests.request(method, url, timeout=10)
    assert (answer.status_code, answer.headers["X-Simulation"]) == (status, "brokerkit sandbox")


def test_tokens_live_until_they_end_are_revoked_or_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = Tokens(dt.timedelta(hours=1))
    first, second = tokens.new("a"), tokens.new("b")
    assert (tokens.issued, tokens.current) == (2, second)
    assert tokens.is_valid("a")
    assert not tokens.is_valid("c")
    assert tokens.revoke("b")
    assert not tokens.revoke("b")
    assert (tokens.current, tokens.find("b"), tokens.find("a")) == (None, None, first)
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now + dt.timedelta(hours=2))
    assert not tokens.is_valid("a")
    monkeypatch.undo()
    tokens.expire()
    assert tokens.find("a") is first
    assert not tokens.is_valid("a")
    tokens.forget()
    assert tokens.find("a") is None


def test_a_page_begins_behind_its_key_whatever_came_or_went() -> None:
    assert [first_behind([1, 3, 5], after, int) for after in (0, 1, 2, 5)] == [0, 1, 1, 3]
    assert [first_behind([5, 3, 1], after, int, descending=True) for after in (9, 5, 4, 1)] == [0, 1, 1, 3]


@pytest.mark.parametrize(
    ("sent", "body"),
    [
        (b"key=a%3Db&secret=", {"key": "a=b", "secret": ""}),
        (b"key=a&key=b", {}),
        (b"key=%FF", {}),
        (b"key", {}),
        (b'{"key": "a"}', {}),
    ],
)
def test_a_form_is_read_as_one(sent: bytes, body: Mapping[str, str], url: str, face: PineFace) -> None:
    found: list[tuple[bool, Mapping[str, object]]] = []

    def look(request: ReceivedRequest) -> None:
        found.append((request.is_form, dict(request.body)))

    face.before = look
    headers = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    requests.post(f"{url}/cash", data=sent, headers=headers, timeout=10)
    is_json = sent.startswith(b"{")
    assert found == [(bool(body), {"key": "a"} if is_json else body)]


def test_a_test_has_a_refusal_written_by_the_face_and_is_told_where_none_can_be(url: str, face: PineFace) -> None:
    face.before = lambda request: face.refuse(request, Refused())
    answer = requests.post(f"{url}/cash", json={}, headers={"id": "5"}, timeout=10)
    assert (answer.status_code, answer.json(), answer.headers["more"], answer.headers["id"]) == (
        403,
        {"ok": False},
        "no",
        "5",
    )
    with pytest.raises(NotImplementedError, match=r"PineFace\.refusal_of"):
        face.refusal_of("17", "no")


@pytest.mark.parametrize(
    ("name", "code", "status", "part"),
    [
        ("kis", "APBK0918", 200, b'"msg_cd": "APBK0918"'),
        ("kis", "EGW00201", 500, b'"msg_cd": "EGW00201"'),
        ("kiwoom", "RC4058", 200, b"[2000](RC4058:"),
        ("kiwoom", "1700", 429, b'"return_code": 5'),
        ("kiwoom", "8005", 200, b"[8005:"),
        ("kiwoom", "401", 401, b'"return_code": 3'),
        ("kiwoom", "400", 400, b"Request Blocked"),
    ],
)
def test_a_refusal_with_any_code_is_written_as_its_broker_writes_it(
    name: str, code: str, status: int, part: bytes
) -> None:
    with Sandbox() as sandbox:
        refusal = sandbox.face(name).refusal_of(code, "no")
        answer = refusal.written({})
    assert answer.status_code == status
    assert part in bytes(answer.body)
