"""Raw calls that log in: what they tell is sealed, and the token that all share goes with them."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from pydantic import SecretStr

from brokerkit import Broker
from brokerkit.errors import RateLimited, WireError
from brokerkit.raw.reply import sealed
from brokerkit.testing.inside import journal_of
from brokerkit.transport import auth
from tests.raw_rows import CASES, Case
from tests.takers import CANARY, Taker, connected, taking

LOGINS: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "kis": ("auth/auth_token", "auth/revokep", ("auth/auth_token", "auth/auth_ws_token", "auth/hashkey")),
    "kiwoom": ("au10001", "au10002", ("au10001",)),
}
"""What gives out a token, what takes it back, and all that answers a secret."""
OURS = tuple(str(Path(__file__).parent.parent / "brokerkit" / name) for name in ("raw", "verbs"))
NO_DATES = {"access_token_token_expired": "soon", "expires_dt": "soon"}
NO_TEXTS = {"access_token": None, "token": [CANARY]}
SEALING = ("sealed", "_without_secrets", "<dictcomp>", "<listcomp>")


@pytest.fixture(params=LOGINS)
def line(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, ...]]:
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path))
    with taking(request.param) as (taker, broker):
        yield taker, broker


@pytest.fixture
def shown() -> Iterator[list[str]]:
    """Return where our frames showed a secret among their local variables."""
    found: list[str] = []

    def watch(frame: FrameType, event: str, argument: object) -> Any:
        if not frame.f_code.co_filename.startswith(OURS) or frame.f_code.co_name in SEALING:
            return None
        if CANARY in _shown(frame.f_locals):
            found.append(f"{Path(frame.f_code.co_filename).name} {frame.f_code.co_qualname}")
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    yield found
    sys.settrace(before)


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - what is only half made has no text
        return ""


def order_of(broker: Broker) -> Case:
    return next(case for case in CASES if case.broker == broker.name and case.kind == "order")


def test_a_secret_that_is_answered_is_sealed_wherever_it_goes(
    line: tuple[Taker, Broker], shown: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    _, broker = line
    caplog.set_level(logging.DEBUG)
    for name in LOGINS[broker.name][2]:
        broker.client.revoke()
        auth._caches.clear()
        reply = broker.call(name, {"anything": "1"} if name.endswith("hashkey") else {})
        body = dict(reply.body)
        secrets = [value for value in body.values() if isinstance(value, SecretStr)]
        assert secrets
        assert all(CANARY in each.get_secret_value() for each in secrets)
        texts = [repr(reply), str(reply), repr(reply.body), repr(body), json.dumps(body, default=str)]
        texts += [str(vars(reply)), str(list(reply.body.items())), *(str(reply[key]) for key in body)]
        for key, value in body.items():
            if isinstance(value, SecretStr):
                with pytest.raises(WireError) as odd:
                    reply.decimal(key)
                texts.append(str(odd.value))
        with pytest.raises(KeyError) as none:
            reply.to_pandas("output")
        texts.append(str(none.value))
        assert not [text for text in texts if CANARY in text]
    assert sorted(set(shown)) == []
    assert CANARY not in caplog.text
    assert list(journal_of(broker).everything()) == []


def test_a_secret_in_a_block_is_sealed_too() -> None:
    told = sealed({"output": {"token": CANARY, "name": "x"}, "rows": [{"appkey": CANARY}], "hash": CANARY})
    assert CANARY not in repr(told)
    assert told["output"]["name"] == "x"


def test_an_answer_that_is_no_token_shows_nothing_of_it(line: tuple[Taker, Broker], shown: list[str]) -> None:
    taker, broker = line
    for more in (
        {"access_token_token_expired": "soon", "expires_dt": "soon"},
        {"access_token": None, "token": [CANARY]},
    ):
        taker.more = more
        with pytest.raises(WireError) as caught:
            broker.call(LOGINS[broker.name][0])
        frames = [frame for frame, _ in traceback.walk_tb(caught.value.__traceback__)]
        told = [_shown(frame.f_locals) for frame in frames if frame.f_code.co_filename != __file__]
        assert not [text for text in (str(caught.value), *told) if CANARY in text]
    assert sorted(set(shown)) == []


def test_a_token_by_hand_is_the_one_of_all_and_one_more_waits_for_its_minute(line: tuple[Taker, Broker]) -> None:
    taker, broker = line
    case = order_of(broker)
    broker.call(LOGINS[broker.name][0])
    auth._caches.clear()  # another process knows no more than the file
    with connected(taker) as other:
        other.call(case.api, case.fields)
        assert taker.tokens == 1
        if broker.name == "kis":
            with pytest.raises(RateLimited, match=r"A token was issued [0-9]+ s ago"):
                other.call(LOGINS[broker.name][0])
            assert taker.tokens == 1


def test_a_token_that_is_revoked_by_hand_is_used_by_no_other_process_any_more(line: tuple[Taker, Broker]) -> None:
    taker, broker = line
    case = order_of(broker)
    broker.call(case.api, case.fields)
    auth._caches.clear()
    with connected(taker) as other:
        other.call(case.api, case.fields, key="second")
        assert taker.tokens == 1
        broker.call(LOGINS[broker.name][1])
        assert [CANARY in token for token in taker.revoked] == [True]
        other.call(case.api, case.fields, key="third")
        broker.call(case.api, case.fields, key="fourth")
        used = [_bearer(request) for request in taker.requests if b"authorization" in request.lower()]
        assert used[-2:] == [f"{CANARY}-0002"] * 2
        assert taker.tokens == 2


def _bearer(request: bytes) -> str:
    lines = (each.decode() for each in request.partition(b"\r\n\r\n")[0].split(b"\r\n"))
    return next(each for each in lines if each.lower().startswith("authorization")).split()[-1]
