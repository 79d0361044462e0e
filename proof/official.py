"""Whether the brokers' own samples work: every request of theirs at the sandbox, and as `broker.call` checks it.

`make official FACTS=../shared/wire`, or `python -m proof official` with that folder in `BROKERKIT_WIRE_EXAMPLES`: what
the samples ask is read from there. Accounts, numbers of orders and the like are those of the sandbox.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import requests
from websockets.sync.client import ClientConnection, connect

from brokerkit import Broker, Phase, get_broker
from brokerkit.errors import BrokerError
from brokerkit.raw.calls import channel_of, prepared
from brokerkit.sandbox import Sandbox
from proof.figures import Figure, none, say
from proof.filling import filled, placing, socket_key
from proof.samples import Sample, samples

PATIENCE = 30
FOLDER = "BROKERKIT_WIRE_EXAMPLES"
Answer = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """What became of a request."""

    sample: Sample
    code: str
    """Blank where it was answered."""
    words: str
    call: str
    """Why `broker.call` would not send it; blank where it would."""

    @property
    def is_denied(self) -> bool:
        """Whether it named the address of its API, and was not answered."""
        return self.sample.is_right and bool(self.code)

    def __str__(self) -> str:
        return f"{self.sample.api.name} {self.sample.id}: {self.call or f'{self.code} {self.words}'}"


class Server:
    """One broker's server in an environment, as somebody else's program meets it."""

    def __init__(self, name: str, environment: str, opened: ExitStack) -> None:
        self.name = name
        sandbox = opened.enter_context(Sandbox(environment=environment))
        self.exchanges, self.given = sandbox.exchanges, sandbox.connect(name)
        sandbox.exchange.forward(dt.timedelta(hours=6))  # some rows of a day are told from 15:40 on
        face: Any = sandbox.face(name)
        face.window.calls = 10**9
        if name == "kis":
            face.token_minute = 0
            face.token_window.calls = 10**9
        for market, symbols in {"KR": ("005930", "000660"), "US": ("US:AAPL", "US:NVDA")}.items():
            for symbol in symbols:
                self.exchanges[market].give_holding(face.credentials.account, symbol, Decimal(100), Decimal(100))
        self.broker: Broker = opened.enter_context(get_broker(name, environment="sandbox", sandbox=sandbox))
        self._token = self._log_in()

    def today(self, sample: Sample) -> dt.date:
        """Return the day that is played where a request is about."""
        return self.exchanges["US" if sample.api.path.startswith(("/uapi/overseas-stock", "/api/us")) else "KR"].today

    def ask(self, sample: Sample, fields: Mapping[str, Any]) -> Answer:
        """Send a request as the samples do, and return what came back."""
        if sample.api.method == "SEND":
            return self._over_socket(sample, fields)
        if sample.api.effect == "auth":
            fields = {**fields, **self._keys(), "grant_type": "client_credentials", "token": self._token}
        self.exchanges["US"].phase = _phase(sample)
        is_query = sample.api.method == "GET"
        answer = requests.request(
            sample.api.method,
            self.given.base_url + sample.path,
            params=dict(fields) if is_query else None,
            json=None if is_query else dict(fields),
            headers=self._headers(sample),
            timeout=PATIENCE,
        )
        if sample.api.name == "auth/revokep":
            self._token = self._log_in()
        return answer.json() if answer.text.startswith("{") else {"msg_cd": f"HTTP {answer.status_code}"}

    def _keys(self) -> dict[str, str]:
        given = self.given
        return {"appkey": given.app_key, "appsecret": given.app_secret, "secretkey": given.app_secret}

    def _log_in(self) -> str:
        path = "/oauth2/tokenP" if self.name == "kis" else "/oauth2/token"
        keys = {**self._keys(), "grant_type": "client_credentials"}
        answer = requests.post(self.given.base_url + path, json=keys, timeout=PATIENCE).json()
        return str(answer.get("access_token") or answer["token"])

    def _headers(self, sample: Sample) -> dict[str, str]:
        headers = {"authorization": f"Bearer {self._token}"}
        if self.name == "kiwoom":
            return {**headers, "api-id": sample.id}
        return {**headers, **self._keys(), "tr_id": sample.id, "custtype": "P"}

    def _over_socket(self, sample: Sample, fields: Mapping[str, Any]) -> Answer:
        if self.name == "kis":
            keys = {**self._keys(), "grant_type": "client_credentials"}
            approval = requests.post(f"{self.given.base_url}/oauth2/Approval", json=keys, timeout=PATIENCE).json()
            header = {"approval_key": approval["approval_key"], "custtype": "P", "tr_type": "1"}
            key = {"tr_id": sample.id, "tr_key": socket_key(sample.id, self.given)}
            return self._said(f"/tryitout/{sample.id}", {"header": header, "body": {"input": key}}, sample.id)
        return self._said(sample.path, fields, str(fields["trnm"]))

    def _said(self, path: str, frame: Mapping[str, Any], awaited: str) -> Answer:
        """Return the answer to a frame on a line of its own, logged in where that is done on it."""
        with connect(self.given.websocket_url + path) as line:
            if self.name == "kiwoom":
                self._answered(line, {"trnm": "LOGIN", "token": self._token}, "LOGIN")
                if str(awaited).endswith("CNSRREQ"):
                    self._answered(line, {"trnm": awaited.replace("REQ", "LST")}, awaited.replace("REQ", "LST"))
            return self._answered(line, frame, awaited)

    def _answered(self, line: ClientConnection, frame: Mapping[str, Any], awaited: str) -> Answer:
        line.send(json.dumps(frame))
        while True:
            text = line.recv(PATIENCE)
            told = json.loads(text) if text[:1] in ("{", b"{") else {}
            if told.get("header", {}).get("tr_id") == awaited:
                return dict(told["body"])
            if told.get("trnm") == awaited:
                return dict(told)


def _phase(sample: Sample) -> Phase:
    """Return the phase in which the US exchange has to be for a request."""
    if "daytime" in sample.api.name:
        return Phase.DAYTIME
    return Phase.CLOSED if "resv" in sample.api.name else Phase.REGULAR


def asked(folder: Path) -> Iterator[Asked]:
    """Send every request of the samples, and yield what became of each."""
    with ExitStack() as opened:
        servers: dict[tuple[str, str], Server] = {}
        every = list(samples(folder))
        # A sale would be filled at once by who waits for it.
        placers = {
            (each.environment, each.api.name, each.variant.partition("_")[0]): each
            for each in reversed(every)
            if not each.variant.endswith("sell")
        }
        for sample in every:
            place = sample.broker, sample.environment
            server = servers.get(place) or servers.setdefault(place, Server(*place, opened))
            number = branch = ""
            if (before := placing(sample)) and (placer := _first(placers, sample.environment, *before)):
                answer = server.ask(placer, filled(placer, server.given, server.today(placer)))
                number, branch = _number(placer, answer), _told(answer, "output.KRX_FWDG_ORD_ORGNO")
            fields = filled(sample, server.given, server.today(sample), number, branch)
            yield _judged(sample, server.ask(sample, fields), _refused_by_call(server, sample, fields))


def _first(placers: Mapping[tuple[str, str, str], Sample], environment: str, name: str, word: str) -> Sample | None:
    """Return what places an order of a country, or where none is told, any."""
    exact = placers.get((environment, name, word))
    return exact or next((each for key, each in placers.items() if key[:2] == (environment, name)), None)


def _number(placer: Sample, answer: Answer) -> str:
    """Return the number that an order was given, from the first place in which one is told."""
    places = placer.api.order.number.split() if placer.api.order else ()
    return next(filter(None, (_told(answer, place) for place in places)), "")


def _told(answer: Any, where: str) -> str:
    """Return a field of an answer by block and name, in whatever letters."""
    for part in where.split("."):
        answer = {name.casefold(): each for name, each in answer.items()}.get(part.casefold(), {}) if answer else {}
    return str(answer or "")


def _judged(sample: Sample, answer: Answer, call: str) -> Asked:
    """Say whether a request was carried out: logins have no code for it."""
    is_login = any(name in answer for name in ("access_token", "approval_key", "HASH")) or answer.get("code") == 200
    if is_login or str(answer.get("rt_cd", answer.get("return_code"))) == "0":
        return Asked(sample, "", "", call)
    code = answer.get("msg_cd", answer.get("return_code"))
    return Asked(sample, str(code), str(answer.get("msg1", answer.get("return_msg", ""))).strip(), call)


def _refused_by_call(server: Server, sample: Sample, fields: Mapping[str, Any]) -> str:
    """Return why `broker.call` would not send a request, or `stream.raw` not follow what is registered for."""
    client, apis, api = server.broker.client, server.broker.apis, sample.api
    own = {*client.account(), *(client.keys() if api.effect == "auth" else ())}
    given = {name: each for name, each in fields.items() if name not in own}
    try:
        if api.effect == "stream":
            channel_of(apis, client.environment, sample.id)
        else:
            prepared(client, apis, sample.id or api.name, given)
    except BrokerError as error:
        return str(error)
    return ""


def run(release: bool) -> list[Figure]:
    """Count what becomes of the samples; without the folder of facts there are none."""
    if not (folder := os.environ.get(FOLDER)):
        say(f"{FOLDER} does not name the folder of facts: there are no samples to ask.")
        return [Figure("official samples", "no facts", "a folder of facts", False)]
    found = list(asked(Path(folder)))
    say(table(found))
    for each in found:
        if each.is_denied or each.call:
            say(f"{each.sample.collection}: {each}")
    return [
        none("samples at a right address that are not answered", (each for each in found if each.is_denied)),
        none("samples that broker.call refuses", (each for each in found if each.call)),
    ]


def table(found: Sequence[Asked]) -> str:
    """Return the counts by collection."""
    lines = ["collection | requests | right address | answered | refused, by the broker's code | refused by call"]
    for name in dict.fromkeys(each.sample.collection for each in found):
        those = [each for each in found if each.sample.collection == name]
        codes = Counter(each.code for each in those if each.is_denied)
        counts = (
            len(those),
            sum(each.sample.is_right for each in those),
            sum(each.sample.is_right and not each.code for each in those),
            ", ".join(f"{code} {count}" for code, count in codes.most_common()) or 0,
            sum(bool(each.call) for each in those),
        )
        lines.append(" | ".join(map(str, (name, *counts))))
    return "\n".join(lines)
