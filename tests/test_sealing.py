"""Secrets are sealed as they are read: no frame of ours holds one while a broker is made, whatever comes of it."""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any
from urllib.parse import unquote

import keyring
import platformdirs
import pytest
from starlette.responses import Response

from brokerkit import get_broker
from brokerkit.errors import ConfigError, OrderUncertain, Rejected
from brokerkit.sandbox.face import ReceivedRequest
from brokerkit.text import HIDDEN
from tests.journals import served
from tests.profiles import FakeKeyring

ROOT = Path(__file__).parent.parent
OURS = (str(ROOT / "brokerkit"), str(ROOT / "plugins"))
KEYS = {
    "app_key": "PSxCanaryKey" + "0" * 24,
    "app_secret": "CanarySecret" + "1" * 168,
    "account": "5098761234",
    "hts_id": "canaryhts",
}
ACCOUNT = "50987612-34"
CANARIES = ("CanaryKey", "CanarySecret", "50987612", "canaryhts")
SOURCES = ("file", "toml", "env", "variables", "keyring", "arguments")


def shown(value: object) -> str:
    """Return what a crash report would show of a value, nothing of one that is only half made."""
    try:
        return repr(value)
    except AttributeError:
        return ""


class Watch:
    """Reads all local variables of our frames, whenever one of them goes on, fails or ends."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.found: list[str] = []

    def __call__(self, frame: FrameType, event: str, argument: object) -> Any:
        """Return itself for our frames, so that it is called for each of their lines."""
        name = frame.f_code.co_filename
        if not name.startswith(OURS):
            return None
        self.seen.add(frame.f_code.co_qualname)
        # What a caller gives as text stands in the call itself; the first lines seal it.
        if event != "call" and not (frame.f_code.co_name == "get_broker" and event == "line" and self.is_first(frame)):
            for variable, value in frame.f_locals.items():
                text = shown(value)
                if any(canary in text for canary in CANARIES):
                    self.found.append(f"{Path(name).name}:{frame.f_lineno} {frame.f_code.co_qualname} {variable}")
        return self

    @staticmethod
    def is_first(frame: FrameType) -> bool:
        """Say whether the lines that seal the arguments have not run yet."""
        return any(
            isinstance(frame.f_locals[name], str) for name in ("account", "app_key", "app_secret")
        ) or isinstance((frame.f_locals["options"] or {}).get("hts_id"), str)


@pytest.fixture
def watch() -> Iterator[Watch]:
    made = Watch()
    before = sys.gettrace()
    sys.settrace(made)
    yield made
    sys.settrace(before)


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(platformdirs, "user_config_path", lambda *_, **__: tmp_path / "user")
    for name in ("BROKERKIT_CONFIG", "BROKERKIT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def arranged(source: str, broker: str, place: Path, monkeypatch: pytest.MonkeyPatch, **keys: str) -> dict[str, Any]:
    """Put the keys where `source` says, and return the arguments that name them."""
    known = {key: value for key, value in keys.items() if broker == "kis" or key != "hts_id"}
    if source == "arguments":
        hts_id = {"hts_id": known.pop("hts_id")} if "hts_id" in known else {}
        return {"name": broker, **known, "options": hts_id}
    if source == "variables":
        for key, value in known.items():
            monkeypatch.setenv(f"BROKERKIT_{broker}_{key}".upper(), value)
        return {"name": broker}
    held = FakeKeyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: held)
    lines = ["[profiles.main]", f'broker = "{broker}"']
    for key, value in known.items():
        (place / key).write_text(value)
        monkeypatch.setenv(f"MY_{key.upper()}", value)
        held.content["brokerkit", key] = value
        written = {
            "toml": f'"{value}"',
            "file": f'{{ file = "{key}" }}',
            "env": f'{{ env = "MY_{key.upper()}" }}',
            "keyring": f'{{ keyring = "brokerkit/{key}" }}',
        }
        lines.append(f"{key} = {written[source]}")
    (place / "brokerkit.toml").write_text("\n".join(lines))
    return {"name": "main"}


@pytest.mark.parametrize("broker", ["kis", "kiwoom"])
@pytest.mark.parametrize("source", SOURCES)
def test_no_frame_holds_a_secret_while_a_broker_is_made(
    source: str, broker: str, place: Path, monkeypatch: pytest.MonkeyPatch, watch: Watch
) -> None:
    named = arranged(source, broker, place, monkeypatch, **{**KEYS, "account": ACCOUNT})
    made = get_broker(**named, environment="real")
    sys.settrace(None)
    assert {"get_broker", "make_settings", "Client.__init__"} <= watch.seen
    assert watch.found == []
    for text in (repr(made), repr(vars(made)), repr(vars(made.client)), repr(made.adapter.settings.model_dump())):
        assert not [canary for canary in CANARIES if canary in text]
    assert made.adapter.settings.app_secret.get_secret_value() == KEYS["app_secret"]
    echoed = f"{ACCOUNT} 50987612 {KEYS['app_key']} {KEYS['app_secret']}" + (" canaryhts" if broker == "kis" else "")
    assert set(made.client._redactor.clean(echoed).split()) == {HIDDEN}


SPOILT = {
    "a blank inside": {**KEYS, "app_secret": KEYS["app_secret"].replace("y", "y ", 1)},
    "a wrong account": {**KEYS, "account": "50987612-3"},
    "a key with an end of line": {**KEYS, "app_key": KEYS["app_key"].replace("y", "\u200by", 1)},
}


@pytest.mark.parametrize("source", [each for each in SOURCES if each != "toml"])
@pytest.mark.parametrize("spoilt", SPOILT)
def test_no_frame_holds_a_secret_where_no_broker_can_be_made(
    spoilt: str, source: str, place: Path, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    named = arranged(source, "kis", place, monkeypatch, **SPOILT[spoilt])
    with caplog.at_level(logging.DEBUG), pytest.raises(ConfigError) as refused:
        get_broker(**named, environment="real")
    assert_clean(refused.value)
    assert not [canary for canary in CANARIES if canary in caplog.text + repr([*map(vars, caplog.records)])]


BROKEN = {
    "a line that is none": '[profiles.main]\nbroker = "kis"\napp_secret = "{secret}"\nnonsense\n',
    "no end": '[profiles.main]\nbroker = "kis"\napp_secret = "{secret}',
    "an unknown key": '[profiles.main]\nbroker = "kis"\napp_secrt = "{secret}"\napp_key = "{secret}"\n',
    "another table": '[profiles]\nmain = "{secret}"\n',
    "no file of that name": '[profiles.main]\nbroker = "kis"\napp_secret = "{secret}"\napp_key = {{ file = "gone" }}\n',
}


@pytest.mark.parametrize("broken", BROKEN)
def test_no_frame_holds_a_secret_where_the_file_is_wrong(broken: str, place: Path) -> None:
    text = BROKEN[broken].format(secret=KEYS["app_secret"])
    (place / "brokerkit.toml").write_text(text)
    with pytest.raises(ConfigError) as refused:
        get_broker("main", environment="real")
    assert_clean(refused.value)


def assert_clean(error: BaseException) -> None:
    """Look into all that a crash report with local variables would show, our frames and those that they called."""
    waiting: list[BaseException | None] = [error]
    while waiting:
        one = waiting.pop()
        if one is None:
            continue
        waiting += [one.__cause__, one.__context__]
        trace = one.__traceback__
        steps = [(frame, line) for frame, line in traceback.walk_tb(trace) if frame.f_code.co_filename != __file__]
        texts = [repr(one), str(one), repr(vars(one)), *(repr(frame.f_locals) for frame, _ in steps)]
        assert not [text for text in texts if any(canary in text for canary in CANARIES)], type(one)


@pytest.mark.parametrize("broker", ["kis", "kiwoom"])
@pytest.mark.parametrize("refused", [True, False], ids=["refused", "uncertain"])
def test_an_answer_that_repeats_secrets_is_told_and_journaled_without_them(
    refused: bool, broker: str, place: Path
) -> None:
    def echo(request: ReceivedRequest) -> Response | None:
        """Answer an order with the account in six spellings."""
        if not request.path.endswith(("order-cash", "ordr")):
            return None
        number = trader.box.connect(broker).account.replace("-", "")
        escaped = "".join(f"\\u{ord(digit):04x}" for digit in number)
        percent = "".join(f"%{ord(digit):02x}" for digit in number)
        words = f"{number[:8]}-{number[8:]} {number[:8]}\r\n{number[8:]} {percent} {number[:8]} {number}"
        codes: dict[str, object] = {"rt_cd": "1", "msg_cd": "APBK0919" if refused else "XYZ", "msg1": words}
        if broker == "kiwoom":
            codes = {"return_code": 20 if refused else 3, "return_msg": f"[2000](RC4058:{words})" if refused else words}
        spelt = json.dumps({**codes, "raw": "ESCAPED"}).replace("ESCAPED", escaped)
        return Response(spelt, media_type="application/json")

    with served(broker) as trader:
        trader.box.face(broker).before = echo
        number = trader.box.connect(broker).account.replace("-", "")
        with pytest.raises((Rejected, OrderUncertain)) as told:
            trader.buy()
        assert isinstance(told.value, Rejected) is refused
        (entry,) = trader.journal.everything()
        for text in (str(told.value), entry.model_dump_json(), str(entry.answer)):
            bare = re.sub(r"[\s-]+", "", unquote(text.encode().decode("unicode_escape")))
            assert number[:8] not in bare
            assert HIDDEN in text
