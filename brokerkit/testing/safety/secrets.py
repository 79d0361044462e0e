"""Level 4: keys, tokens and the whole account number show nowhere, whatever goes wrong."""

from __future__ import annotations

import io
import json
import logging
import os
import pickle
import re
import traceback
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar

import pytest
from starlette.responses import Response

from brokerkit.broker import Broker
from brokerkit.errors import BrokerError, OrderUncertain
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face, JsonResponse, Purpose, ReceivedRequest
from brokerkit.testing.base import Contract
from brokerkit.testing.declared import Declared, needs
from brokerkit.testing.inside import part_of, start_over
from brokerkit.testing.safety.wire import blocks_of, changed, headers_of, intercepted

KIT = str(Path(__file__).parents[1])
"""Frames of the kit itself hold the secrets that it looks for."""
SHORTEST = 6
ACCOUNT_DIGITS = 8
"""So many digits of an account number in a row, with or without dashes, name it."""
AROUND = 60
ADVICE = (
    "Keep what is secret as a SecretStr from the moment it is read, and let no text, log or local variable hold it."
)


def patterns_of(secrets: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
    """Return how secrets look in a text, by what they are."""
    found = {}
    for name, secret in secrets.items():
        if len(secret) >= SHORTEST:
            found[name] = re.compile(_account(secret) if name == "account number" else re.escape(secret))
    return found


def _account(number: str) -> str:
    """Return a pattern for an account number as people and programs spell it; its last four digits may show."""
    digits = "".join(filter(str.isdigit, number))
    if len(digits) <= ACCOUNT_DIGITS:
        return re.escape(number)
    parts = [digits[begin : begin + ACCOUNT_DIGITS] for begin in range(len(digits) - ACCOUNT_DIGITS + 1)]
    return "|".join("[-. /]?".join(part) for part in parts)


class Sinks:
    """Everything that a program may write down or show: what is printed, logged, warned of, raised and told."""

    def __init__(self) -> None:
        self.printed = io.StringIO()
        self.logged = io.StringIO()
        self.warned: list[warnings.WarningMessage] = []
        self.texts: list[tuple[str, str]] = []
        """Where a text stands, and the text."""

    def keep(self, where: str, thing: object) -> None:
        """Keep what an object says of itself."""
        self.texts += [(f"repr of {where}", repr(thing)), (f"str of {where}", str(thing))]

    def keep_inside(self, where: str, thing: object) -> None:
        """Keep what an object and each of its attributes say of themselves."""
        self.keep(where, thing)
        for name, value in getattr(thing, "__dict__", {}).items():
            self.texts.append((f"the attribute {name} of {where}", repr(value)))

    def keep_error(self, error: BaseException) -> None:
        """Keep what an error, those behind it and the frames that it went through tell."""
        seen: list[BaseException] = []
        waiting: list[BaseException | None] = [error]
        while waiting:
            one = waiting.pop()
            if one is None or one in seen:
                continue
            seen.append(one)
            waiting += [one.__cause__, one.__context__]
            where = type(one).__name__
            self.keep(where, one)
            self.texts += [(f"the attribute {name} of {where}", repr(value)) for name, value in vars(one).items()]
            self.texts += [(f"a note of {where}", note) for note in getattr(one, "__notes__", ())]
            self.texts += _locals_of(one)
        if isinstance(error, BrokerError):
            self.texts.append((f"the pickle of {type(error).__name__}", pickle.dumps(error).decode("latin-1")))

    def shown(self, secrets: Mapping[str, re.Pattern[str]]) -> list[str]:
        """Return where a secret shows, in words that show none."""
        warned = [(f"the warning {each.category.__name__}", str(each.message)) for each in self.warned]
        texts = [*self.texts, *warned, ("a log record", self.logged.getvalue()), ("print", self.printed.getvalue())]
        found = []
        for where, text in texts:
            for name, pattern in secrets.items():
                if match := pattern.search(text):
                    around = text[max(match.start() - AROUND, 0) : match.start()] + "***" + text[match.end() :][:AROUND]
                    for every in secrets.values():
                        around = every.sub("***", around)
                    found.append(f"{where} shows the {name}, which is secret, as in {around!r}")
        return found


def _locals_of(error: BaseException) -> Iterator[tuple[str, str]]:
    for frame, line in traceback.walk_tb(error.__traceback__):
        code = frame.f_code
        if not code.co_filename.startswith(KIT):
            where = f"{code.co_qualname} ({Path(code.co_filename).name}:{line})"
            for name, value in list(frame.f_locals.items()):
                yield f"the local variable {name} of {where}", _shown(value)


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - an object amid being made may have no text yet
        return ""


class _Whole(logging.Formatter):
    """Writes a record with all its fields, as programs that gather them for machines do."""

    def format(self, record: logging.LogRecord) -> str:
        return f"{super().format(record)} {_shown(vars(record))}"


@contextmanager
def watched() -> Iterator[Sinks]:
    """Gather what is printed, logged at DEBUG and warned of."""
    sinks, root = Sinks(), logging.getLogger()
    handler, level = logging.StreamHandler(sinks.logged), root.level
    handler.setFormatter(_Whole())
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with (
            redirect_stdout(sinks.printed),
            redirect_stderr(sinks.printed),
            warnings.catch_warnings(record=True) as sinks.warned,
        ):
            warnings.simplefilter("always")
            yield sinks
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


FAILURES = {
    "a refused question": ("quote", "words"),
    "a refused order": ("buy", "words"),
    "a refused cancel": ("cancel", "words"),
    "no JSON in place of a quote": ("quote", "page"),
    "no JSON in place of a balance": ("balance", "page"),
    "strange values in a balance": ("balance", "strange"),
    "the server's trouble": ("quote", "trouble"),
    "an order without an answer": ("buy", "page"),
}
"""What goes wrong: in answer to which verb, and how the broker answers."""


class SecretContract(Contract):
    """App key, app secret, token and account number are in no text of any kind."""

    level: ClassVar[int] = 4

    @contextmanager
    def watching(self, face: Face, **others: str) -> Iterator[Sinks]:
        """Watch what is written meanwhile, and fail where a secret shows in it."""
        with watched() as sinks:  # not as a fixture: pytest puts the streams back when a check begins
            yield sinks
        self.clean(sinks, face, **others)

    def clean(self, sinks: Sinks, face: Face, **others: str) -> None:
        """Fail where a secret shows."""
        shown = sinks.shown(patterns_of({**self.secrets(face), **others}))
        assert not shown, f"{'; '.join(shown[:5])}. {ADVICE}"

    def secrets(self, face: Face) -> dict[str, str]:
        """Return what is secret, by what it is."""
        keys = face.credentials
        headers = [request.headers.get("authorization", "") for request in face.requests]
        tokens = {f"token ({number})": each.split()[-1] for number, each in enumerate({*headers} - {""})}
        return {"app key": keys.app_key, "app secret": keys.app_secret, "account number": keys.account, **tokens}

    def echo(self, face: Face) -> str:
        """Return words of a broker that repeat every secret."""
        account = face.credentials.account
        spelled = f"{account} {account[:8]}-{account[8:]}"
        return " ".join((*self.secrets(face).values(), spelled))

    def test_no_object_shows_a_secret(self, trader: Broker, face: Face, declared: Declared) -> None:
        adapter = trader.adapter
        with self.watching(face) as sinks:
            self.ask(trader, declared)
            for where, thing in (("the broker", trader), ("the adapter", adapter), ("the client", trader.client)):
                sinks.keep_inside(where, thing)
            sinks.keep_inside("the settings", adapter.settings)
            for name, part in adapter.served.items():
                sinks.keep_inside(f"the part {name}", part)

    def test_no_answer_shows_a_secret(self, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared) -> None:
        sandbox.exchange.give_holding(face.credentials.account, self.stock, Decimal(3), self.ground.amount(200_001))
        part, price, today = part_of(trader), sandbox.exchange.quote(self.stock).price, self.today
        asks: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
            "quote": (lambda: trader.quote(self.stock), lambda: part.quote(self.stock, declared.quote_venue)),
            "order_book": (
                lambda: trader.order_book(self.stock),
                lambda: part.order_book(self.stock, declared.quote_venue),
            ),
            "buying_power": (
                lambda: trader.buying_power(self.stock, price=price),
                lambda: part.buying_power(self.stock, price),
            ),
            "balance": (trader.balance, part.balance),
            "investor_flow": (
                lambda: trader.investor_flow(self.stock)[-1],
                lambda: list(part.investor_flow(self.stock, None, today, False))[-1],
            ),
            "orders": (trader.orders, lambda: [list(page.rows) for page in part.rows(today, today, open_only=True)]),
            "order_history": (
                lambda: trader.order_history(today),
                lambda: [list(page.rows) for page in part.rows(today, today)],
            ),
        }
        with self.watching(face) as sinks:
            if "buy" in declared.verbs:
                sinks.keep("what buy tells", trader.buy(self.stock, 1, price=self.below(sandbox, 5)))
            for verb, (told, reply) in asks.items():
                if verb in declared.verbs:
                    sinks.keep(f"what {verb} tells", told())
                    sinks.keep(f"what the hook of {verb} answers", reply())

    @pytest.mark.parametrize("failure", FAILURES)
    def test_no_failure_shows_a_secret(
        self, failure: str, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared
    ) -> None:
        verb, how = FAILURES[failure]
        for each in {verb, "buy" if verb == "cancel" else verb}:
            if each not in declared.verbs:
                pytest.skip(f"not declared: {each}")
        ask = self.prepared(verb, trader, sandbox, face, refused=how == "words")
        answer = getattr(self, how)
        with self.watching(face) as sinks, intercepted(face, lambda request: answer(face, request)):
            try:
                told = ask()
            except BrokerError as error:
                sinks.keep_error(error)
            else:
                pytest.fail(f"After {failure}, {verb} answered {told!r:.200}: it has to be an error.")

    def prepared(
        self, verb: str, trader: Broker, sandbox: Sandbox, face: Face, *, refused: bool
    ) -> Callable[[], object]:
        """Return a call of a verb; what it needs is there, and the exchange refuses it where it is to be refused."""
        account, price = face.credentials.account, self.below(sandbox, 5)
        if verb == "quote":
            return lambda: trader.quote(self.unlisted if refused else self.stock)
        if verb == "balance":
            sandbox.exchange.give_holding(account, self.stock, Decimal(3), self.ground.amount(200_001))
            return trader.balance
        if verb == "buy":
            return lambda: trader.buy(self.stock, 1_000_000 if refused else 1, price=price)
        order = trader.buy(self.stock, 1, price=price)
        sandbox.exchange.cancel(account, face.order_number(order.id))
        return lambda: trader.cancel(order)

    def words(self, face: Face, request: ReceivedRequest) -> Response:
        """Let a refusal say the secrets where it says most."""
        response = face.respond(request)
        body = json.loads(bytes(response.body))
        words = [(len(value), name) for name, value in body.items() if isinstance(value, str)]
        if words:
            body[max(words)[1]] += f" {self.echo(face)}"
        return JsonResponse(body, status=response.status_code, headers=headers_of(response))

    def page(self, face: Face, request: ReceivedRequest, status: int = 200) -> Response:
        """Answer with a page for people, as a gateway does."""
        face.respond(request)
        echo = self.echo(face)
        return Response(f"<html>{echo}</html>", status, {"X-Echo": echo.encode("ascii", "ignore").decode()})

    def trouble(self, face: Face, request: ReceivedRequest) -> Response:
        """Answer with such a page under HTTP 500."""
        return self.page(face, request, 500)

    def strange(self, face: Face, request: ReceivedRequest) -> Response:
        """Answer as the broker does, with the secrets in place of what is in the inner blocks."""
        response, echo = face.respond(request), self.echo(face)
        outer = next(blocks_of(json.loads(bytes(response.body))))

        def change(block: dict[str, Any]) -> None:
            is_outer = block.keys() == outer.keys()
            kept = face.wording.success if is_outer else ""
            for name, value in block.items():
                if name != kept and not isinstance(value, dict | list) and not (is_outer and _is_flag(value)):
                    block[name] = echo

        return changed(response, change)

    def test_no_failed_login_shows_a_secret(
        self, sandbox: Sandbox, face: Face, monkeypatch: pytest.MonkeyPatch, declared: Declared
    ) -> None:
        right = sandbox.connect(self.broker)
        wrong = right.app_secret[:-1] + ("0" if right.app_secret[-1] != "0" else "1")
        monkeypatch.setattr(sandbox, "connect", lambda name: replace(right, app_secret=wrong))
        with self.watching(face, **{"app secret that was typed": wrong}) as sinks, self.another(sandbox) as trader:
            self.error_of(trader, declared, sinks)
            sinks.keep_inside("the client", trader.client)

    def test_a_line_that_is_down_shows_no_secret(
        self, trader: Broker, sandbox: Sandbox, face: Face, declared: Declared
    ) -> None:
        price = self.below(sandbox, 5)
        self.ask(trader, declared)
        sandbox.close()
        with self.watching(face) as sinks:
            self.error_of(trader, declared, sinks)
            if "buy" in declared.verbs:
                with pytest.raises(BrokerError) as caught:
                    trader.buy(self.stock, 1, price=price)
                sinks.keep_error(caught.value)

    def ask(self, trader: Broker, declared: Declared) -> object:
        """Ask for something that the broker offers."""
        return trader.quote(self.stock) if "quote" in declared.verbs else trader.balance()

    def error_of(self, trader: Broker, declared: Declared, sinks: Sinks) -> None:
        """Ask, and keep the error."""
        with pytest.raises(BrokerError) as caught:
            self.ask(trader, declared)
        sinks.keep_error(caught.value)

    @needs("buy")
    def test_the_journal_holds_no_secret(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        start_over(trader)
        price = self.below(sandbox, 5)

        def answer(request: ReceivedRequest) -> Response | None:
            is_order = face.purpose(request.method, request.path, request.headers) is Purpose.ORDER
            return self.page(face, request) if is_order else None

        with self.watching(face) as sinks:
            trader.buy(self.stock, 1, price=price)
            with intercepted(face, answer), pytest.raises(OrderUncertain):
                trader.buy(self.stock, 2, price=price)
            with pytest.raises(BrokerError):
                trader.sell(self.ground.another, 1_000_000, price=sandbox.exchange.quote(self.ground.another).price)
            files = [path for path in Path(os.environ["BROKERKIT_STATE_DIR"]).rglob("*") if path.is_file()]
            assert files, "No journal was written."
            for path in files:
                sinks.texts.append((f"the name of {path.name}", str(path)))
                sinks.texts.append((f"the file {path.name}", path.read_bytes().decode("latin-1")))


def _is_flag(value: object) -> bool:
    """Say whether a value beside the blocks is one that tells success, or a blank."""
    return isinstance(value, bool | int) or value in ("", "0", "Y", "N")
