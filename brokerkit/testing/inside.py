"""The one place that knows the inside of a broker: for tests that have to look there or to change something there."""

from __future__ import annotations

import atexit
import datetime as dt
import io
import itertools
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from functools import cache, partial
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from unittest import mock
from weakref import WeakValueDictionary

from pydantic import SecretStr

from brokerkit import extensions
from brokerkit.adapter import Adapter
from brokerkit.broker import Broker
from brokerkit.errors import BrokerError
from brokerkit.extensions import BROKERS, IMPORTERS, SANDBOXES
from brokerkit.files import write_private
from brokerkit.market.markets import Market, market_named
from brokerkit.market.sessions import Phase
from brokerkit.models import OrderRequest
from brokerkit.orders import journal as journals
from brokerkit.orders.desk import OrderDesk
from brokerkit.orders.intents import Intent
from brokerkit.orders.journal import Journal
from brokerkit.orders.limits import Limits, Safety
from brokerkit.part import Part
from brokerkit.registry import GENERAL, load_broker
from brokerkit.replies import Sent
from brokerkit.testing.declared import Declared
from brokerkit.transport import Client, Effect, Endpoint, Request, Response, http
from brokerkit.words import SecurityType

if TYPE_CHECKING:
    import pytest

    from brokerkit.sandbox.face import Face


def made(
    name: str,
    *,
    environment: str,
    plays: str | None = None,
    phase: Phase = Phase.REGULAR,
    safety: Safety | None = None,
    **settings: Any,
) -> Broker:
    """Return a broker whose market is always in one phase; as "sandbox" its server is one that nobody serves."""
    kind = load_broker(name)
    adapter = kind(
        kind.Settings.model_validate(settings),
        environment=plays or ("real" if environment == "sandbox" else environment),
        base_url="http://127.0.0.1:9" if environment == "sandbox" else None,
        remember_token=False,
    )
    return Broker(adapter, environment=environment, durable=False, safety=safety, phase_of=lambda venue: phase)


def is_known(broker: Broker, symbol: str) -> bool:
    """Say whether a list that the broker has told already tells a symbol."""
    return broker._inquiries.listings.known(symbol) is not None


def at_home(broker: Broker, market: str) -> Broker:
    """Let a broker mean a market where nothing is said, as if the account's own were that one, and had no other."""
    if market != broker.adapter.home:
        broker.adapter.home = market  # type: ignore[misc]
        broker.adapter.settings = broker.adapter.settings.model_copy(update={"markets": (market,)})
    return broker


# Adapters and their faces


@contextmanager
def installed(adapter: type[Adapter] | None, face: type[Face] | None = None) -> Iterator[None]:
    """Let an adapter and its face be found by their names as if a distribution of theirs were installed."""
    entries = []
    module = ModuleType(f"installed_{id(adapter)}_{id(face)}")
    for group, kind in ((BROKERS, adapter), (SANDBOXES, face)):
        if kind is not None:
            setattr(module, group.rpartition(".")[2], kind)
            entries.append(EntryPoint(kind.name, f"{module.__name__}:{group.rpartition('.')[2]}", group))
    sys.modules[module.__name__] = module  # by itself: what others import meanwhile has to stay
    try:
        with claimed(*entries):
            yield
    finally:
        del sys.modules[module.__name__]


@contextmanager
def claimed(*entries: EntryPoint) -> Iterator[None]:
    """Add entry points to those of the groups of brokerkit that are installed; in a group their names are theirs."""
    own = {(entry.group, entry.name) for entry in entries}
    found = {
        group: EntryPoints(
            [
                *(entry for entry in extensions.entry_points(group=group) if (group, entry.name) not in own),
                *(entry for entry in entries if entry.group == group),
            ]
        )
        for group in (BROKERS, SANDBOXES, IMPORTERS)
    }
    with mock.patch.object(extensions, "entry_points", lambda group: found[group]):
        yield


@contextmanager
def unloaded(modules: Iterable[str]) -> Iterator[None]:
    """Let the packages of these modules be as if nobody had imported them, and afterwards as they were before."""
    tops = {name.partition(".")[0] for name in modules}
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in tops}
    for name in before:
        del sys.modules[name]
    try:
        yield
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] in tops]:
            del sys.modules[name]
        sys.modules.update(before)


def imported_anew(entry: EntryPoint) -> tuple[str, BaseException | None]:
    """Import what an entry point names as a new process would; return what that printed, and what it raised."""
    known = sys.modules.get(entry.module)
    if known is not None and known.__spec__ is None:
        return "", None  # no file: `installed` has made it
    printed = io.StringIO()
    with unloaded([entry.module]), redirect_stdout(printed):
        try:
            entry.load()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - an import can end the program
            return printed.getvalue(), error
    return printed.getvalue(), None


def isolate(monkeypatch: pytest.MonkeyPatch, broker: str) -> None:
    """Keep what is written away from the user's state, and what the user has set away from this process."""
    folder = Path(_folder()) / str(next(_numbers))
    look, places = extensions.entry_points, tuple(sys.path)
    monkeypatch.setattr(extensions, "entry_points", lambda group: _installed(look, group, places))
    for name in [name for name in os.environ if name.startswith("BROKERKIT_")]:
        if name in GENERAL or name.startswith(f"BROKERKIT_{broker}_".upper().replace("-", "_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("BROKERKIT_STATE_DIR", str(folder / "state"))  # who writes makes it
    monkeypatch.setenv("BROKERKIT_CACHE_DIR", str(folder / "cache"))
    monkeypatch.setenv("BROKERKIT_CONFIG", str(Path(_folder()) / "brokerkit.toml"))
    # A broker of an earlier check may live on in a cycle, and its journal knows numbers that come again.
    monkeypatch.setattr(journals, "_in_memory", WeakValueDictionary())


@cache
def _installed(look: Callable[..., EntryPoints], group: str, places: tuple[str, ...]) -> EntryPoints:
    """Return the entry points of a group: checks look at them some times each, and reading all of them takes long."""
    return look(group=group)


@cache
def _folder() -> str:
    """Return a folder of this process with an empty configuration."""
    folder = tempfile.TemporaryDirectory(prefix="brokerkit-")
    atexit.register(folder.cleanup)
    write_private(Path(folder.name) / "brokerkit.toml", "")
    return folder.name


_numbers = itertools.count()


def hurry(broker: Broker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a broker neither wait for its turn nor rest before it asks again."""
    monkeypatch.setattr(broker.client, "limits", lambda endpoint: ())
    monkeypatch.setattr(http, "PAUSE_SECONDS", 0.02)


def send_to(broker: Broker, declared: Declared, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what names no venue go where the broker says that it goes, where that is not the market's default."""
    default = market_named(declared.home).default_venue
    asked, sent = ("quote", "quotes", "order_book"), ("buy", "sell")
    for venue, verbs in ((declared.quote_venue, asked), (declared.order_venue, sent)):
        for verb in verbs if venue is not default else ():
            monkeypatch.setattr(broker, verb, partial(getattr(broker, verb), venue=venue))


# The journal


def journal_of(broker: Broker) -> Journal:
    """Return the journal that a broker writes."""
    return broker._desk.journal


def entries_after(broker: Broker, intent_id: str) -> tuple[Intent, ...]:
    """Return what the journal has got after an entry; after a blank id everything."""
    journal = journal_of(broker)
    return journal._read(lambda file: journal._select(file, "id > ?", intent_id))


def keep(broker: Broker, journal: Journal) -> None:
    """Let a broker write into this journal."""
    journal.branch_of = broker._desk._branch_of
    broker._desk._journal = journal


class ForgetfulJournal(Journal):
    """Forgets every intent before the next one: each order of a test stands for itself, whatever number is answered."""

    def __init__(self) -> None:
        super().__init__(None)

    def begin(self, intent: Intent, **terms: Any) -> Intent:
        self._write(lambda file: file.execute("DELETE FROM intents").rowcount)
        return super().begin(intent, **terms)

    def open_intents(self) -> tuple[Intent, ...]:
        return ()

    def rivals(self, intent: Intent, *given: Any) -> tuple[Intent, ...]:
        return ()


# The order desk and the guard


def limits_of(broker: Broker) -> Limits:
    """Return the limits that a broker's orders are held to."""
    return broker._desk.guard.limits


def limit_to(broker: Broker, limits: Limits) -> None:
    """Hold a broker's orders to other limits."""
    broker._desk.guard.limits = limits


def arm_of(broker: Broker) -> str | None:
    """Return the digits that a broker is armed with."""
    return broker._desk._safety.arm


def forget_quotes(broker: Broker) -> None:
    """Let a broker ask for the last price again, when its limits need it."""
    broker._desk.guard._quotes.clear()


def start_over(broker: Broker, *, degraded: bool | None = None) -> None:
    """Let a broker begin as in a new process: the journal is opened anew, the first order looks at what was left."""
    safety = broker._desk._safety
    if degraded is not None:
        safety = replace(safety, degraded=degraded)
    broker._order_desk = OrderDesk(broker._inquiries, safety, durable=True)


def look_again(broker: Broker) -> None:
    """Let the next order look at what an earlier process left, as the first one of a process does."""
    broker._desk._started = False


def pretend(broker: Broker, environment: str) -> None:
    """Let a broker take itself for one of another environment; its ids and hosts stay as they are."""
    broker.environment = broker._inquiries.environment = environment


@contextmanager
def unchecked(broker: Broker) -> Iterator[None]:
    """Let orders go to the broker that our own checks of types and prices would refuse."""
    with mock.patch.object(broker._checks, "check", return_value=None):
        yield


# What an adapter does


def part_of(broker: Broker) -> Part[Any]:
    """Return the part of a broker's home market."""
    return broker.adapter.served[broker.adapter.home]


def send_past_the_desk(broker: Broker, request: OrderRequest) -> Sent:
    """Let the adapter send an order by itself."""
    return part_of(broker).send_order(request, "1")


@contextmanager
def odd_results(broker: Broker, **odd: Any) -> Iterator[None]:
    """Let the adapter answer orders with results that say something odd."""
    part = part_of(broker)
    ask = part.send_order
    with mock.patch.object(part, "send_order", lambda request, key: replace(ask(request, key), **odd)):
        yield


@contextmanager
def at_each_look(broker: Broker, before: Callable[[], None]) -> Iterator[None]:
    """Call a function before each look at the broker's list of a day."""
    ask = broker._desk._rows

    def rows(market: Market, day: dt.date) -> Any:
        before()
        return ask(market, day)

    with mock.patch.object(broker._desk, "_rows", rows):
        yield


def kind_of(broker: Broker, symbol: str) -> SecurityType | None:
    """Return what kind of security the broker says that a symbol is."""
    return part_of(broker).security_type(symbol)


def settle_seconds(name: str) -> float:
    """Return after how many seconds a broker's list is taken to show every order."""
    return load_broker(name).parts[0].settle_seconds


def account_of(broker: Broker) -> str:
    """Return the account number, unmasked."""
    return broker._inquiries.account_number()


def know_account(broker: Broker, number: str | None) -> None:
    """Let a broker whose keys name the account have been told it, or with None ask for it again."""
    broker.adapter._number = None if number is None else SecretStr(number)


class Calls:
    """What the client of a broker is doing, and how often it was to send an order."""

    def __init__(self) -> None:
        self.effects: list[Effect] = []
        """Of the calls that are being made now, the outermost first."""
        self.orders = 0

    @property
    def effect(self) -> Effect | None:
        """What the present call says that it does; None where no call is being made."""
        return self.effects[-1] if self.effects else None


@contextmanager
def watched_calls(broker: Broker) -> Iterator[Calls]:
    """Watch the calls of a broker's client."""
    calls, ask = Calls(), broker.client._page

    def page(endpoint: Endpoint[Any], request: Request) -> Any:
        calls.orders += endpoint.effect is Effect.ORDER
        calls.effects.append(endpoint.effect)
        try:
            return ask(endpoint, request)
        finally:
            calls.effects.pop()

    with mock.patch.object(broker.client, "_page", page):
        yield calls


# What a client makes of an answer


def read_answer(
    client: Client, endpoint: Endpoint[Any], request: Request, answer: Response
) -> tuple[Any, Request | None]:
    """Return what a client reads from an answer, and the request for the page that follows; errors as in a call."""
    reply = client._read(endpoint, answer)
    follows = client.next_page(endpoint, request, answer, reply) if endpoint.effect is Effect.READ else None
    return reply, follows


def parsed_anyway(client: Client, endpoint: Endpoint[Any], answer: Response) -> Any:
    """Return the reply that stands in an answer, whatever the broker's code says; None if there is none."""
    try:
        return client._parsed(endpoint, answer)
    except BrokerError:
        return None


class NoSample(BrokerError):
    """A call was asked to which there is no answer."""


@contextmanager
def answering(client: Client, endpoint: Endpoint[Any], answer: Response) -> Iterator[list[Request]]:
    """Let a client get this answer whenever that call is asked, and nothing from any other; yields what was asked."""
    asked: list[Request] = []

    def page(called: Endpoint[Any], request: Request) -> tuple[Response, Any]:
        if called != endpoint:
            raise NoSample("There is no answer to that.")
        asked.append(request)
        return answer, client._read(called, answer)

    with mock.patch.object(client, "_page", page), mock.patch.object(client, "next_page", return_value=None):
        yield asked
