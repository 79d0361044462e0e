"""The tutorial for adapters: its files are taken word by word, installed as a package, and tried."""

from __future__ import annotations

import datetime as dt
import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from decimal import Decimal
from difflib import unified_diff
from pathlib import Path
from types import ModuleType

import pytest
from starlette.responses import Response

from brokerkit import Broker, OrderStatus, OrderType, Unsupported, Venue, clock, get_broker
from brokerkit.adapter import Adapter
from brokerkit.asking.inquiries import HOOKS
from brokerkit.cli.plugins import write_plugin
from brokerkit.errors import BrokerError, InsufficientFunds, OrderUncertain, Rejected
from brokerkit.orders.intents import IntentState
from brokerkit.part import Part
from brokerkit.sandbox import Faults, Rule, Sandbox
from brokerkit.sandbox.face import Face, FaceRefusal, ReceivedRequest
from brokerkit.sandbox.streaming import FaceStream
from brokerkit.stream.feed import Feed
from brokerkit.transport import Client

DOCS = Path(__file__).parent.parent / "docs"
TUTORIAL, TWIN = "writing-a-broker.md", "writing-a-broker.ko.md"
PAGES = (TUTORIAL, TWIN)
ADAPTER = ("adapter.py", "client.py", "stocks.py", "tables.py")
LARGEST = 200
"""Lines that may have to be written by hand for an adapter, tables included."""
SAMSUNG = "005930"


def text_of(document: str) -> str:
    return (DOCS / document).read_text(encoding="utf-8")


def files_of(document: str) -> dict[str, str]:
    """Return the files of a page: the first line of a block names one, and blocks of one file follow each other."""
    files: dict[str, str] = {}
    for path, piece in re.findall(r"```python\n# (\S+\.py)\n(.*?)```", text_of(document), re.DOTALL):
        gap = "\n" if piece.startswith(" ") else "\n\n"
        files[path] = f"{files[path]}{gap}{piece}" if path in files else piece
    return files


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Generate the plugin, put the files of the page into it, and install it: its metadata is what pip would write."""
    folder = tmp_path_factory.mktemp("work") / "brokerkit-pine"
    write_plugin("pine", folder)
    for path, content in files_of(TUTORIAL).items():
        (folder / path).write_text(content, encoding="utf-8")
    project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    metadata = folder / "brokerkit_pine-0.1.0.dist-info"
    metadata.mkdir()
    named = f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    (metadata / "METADATA").write_text(named, encoding="utf-8")
    groups = [
        "\n".join([f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())])
        for group, entries in project["entry-points"].items()
    ]
    (metadata / "entry_points.txt").write_text("\n".join(groups), encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield folder
    for name in [name for name in sys.modules if name.startswith("brokerkit_pine")]:
        del sys.modules[name]


@pytest.fixture
def tables(installed: Path) -> ModuleType:
    return importlib.import_module("brokerkit_pine.tables")


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
def sandbox(installed: Path, faults: Faults) -> Iterator[Sandbox]:
    with Sandbox(faults=faults) as sandbox:
        yield sandbox


@pytest.fixture
def face(sandbox: Sandbox) -> Face:
    return sandbox.face("pine")


@pytest.fixture
def broker(sandbox: Sandbox) -> Iterator[Broker]:
    with get_broker("pine", environment="sandbox", sandbox=sandbox) as broker:
        yield broker


def sent(face: Face, method: str, path: str) -> list[ReceivedRequest]:
    return [request for request in face.requests if (request.method, request.path) == (method, path)]


def below(sandbox: Sandbox) -> Decimal:
    """Return a price at which a purchase rests."""
    return sandbox.exchange.order_book(SAMSUNG).bids[-1].price


def test_it_logs_in_with_a_form_and_reads_numbers_as_they_stand(broker: Broker, face: Face) -> None:
    quote = broker.quote(SAMSUNG, venue=Venue.SOR)
    truth = face.exchange.quote(SAMSUNG)
    assert (quote.price, quote.change_percent, quote.volume) == (truth.price, truth.change_percent, truth.volume)
    login, asked = face.requests
    assert (login.path, login.is_form, login.status) == ("/oauth2/token", True, 200)
    assert asked.headers["authorization"] == f"Bearer {login.answer['access_token']}"


def test_it_reads_an_account_without_cash(broker: Broker, sandbox: Sandbox, face: Face) -> None:
    sandbox.exchange.give_holding(face.credentials.account, SAMSUNG, Decimal(3), Decimal(200_000))
    balance = broker.balance()
    (position,) = balance.positions
    assert (balance.cash, balance.total_value, balance.cost) == (None, None, 200_000)
    assert (position.quantity, position.average_price, broker.sellable_quantity(SAMSUNG)) == (3, 66_666, 3)


def test_it_sends_orders_and_finds_them(broker: Broker, sandbox: Sandbox, face: Face) -> None:
    sandbox.exchange.give_holding(face.credentials.account, SAMSUNG, Decimal(3), Decimal(200_000))
    price = below(sandbox)
    first = broker.buy(SAMSUNG, 10, price=price, venue=Venue.SOR, key="morning")
    second = broker.sell(SAMSUNG, 3, type=OrderType.MARKET, venue=Venue.SOR)
    bodies = [dict(request.body) for request in sent(face, "POST", "/orders")]
    keys = {str(body.pop("clientOrderId")) for body in bodies}
    assert bodies == [
        {"symbol": SAMSUNG, "side": "BUY", "type": "LIMIT", "quantity": 10, "price": int(price)},
        {"symbol": SAMSUNG, "side": "SELL", "type": "MARKET", "quantity": 3},
    ]
    assert len(keys) == 2
    assert all(re.fullmatch("[A-Za-z0-9]{1,36}", key) for key in keys)
    assert [broker.refresh(order).status for order in (first, second)] == [OrderStatus.WORKING, OrderStatus.FILLED]
    assert [order.id for order in broker.orders()] == [first.id]
    canceled = broker.cancel(first)
    assert (canceled.original_id, broker.refresh(canceled).status) == (first.id, OrderStatus.CANCELED)
    week = broker.order_history(clock.today() - dt.timedelta(days=7), clock.today())
    assert [order.id for order in week] == [first.id, second.id]


def test_it_sends_an_order_of_a_key_once(broker: Broker, sandbox: Sandbox, face: Face) -> None:
    price = below(sandbox)
    first, again = (broker.buy(SAMSUNG, 10, price=price, venue=Venue.SOR, key="morning") for _ in range(2))
    assert first.id == again.id
    assert len(sent(face, "POST", "/orders")) == 1


@pytest.mark.parametrize(
    ("code", "kind"),
    [("not-enough-cash", InsufficientFunds), ("bad-request", Rejected), ("internal-error", OrderUncertain)],
)
def test_it_tells_refusals_apart(
    code: str, kind: type[BrokerError], broker: Broker, sandbox: Sandbox, face: Face
) -> None:
    def refuse(request: ReceivedRequest) -> Response | None:
        is_order = (request.method, request.path) == ("POST", "/orders")
        return face.refuse(request, face.refusal_of(code, "no")) if is_order else None

    face.before = refuse
    with pytest.raises(BrokerError) as caught:
        broker.buy(SAMSUNG, 10, price=below(sandbox), venue=Venue.SOR)
    assert (type(caught.value), caught.value.code) == (kind, code)


def test_it_finds_an_order_whose_answer_was_lost(broker: Broker, sandbox: Sandbox, faults: Faults) -> None:
    broker.quote(SAMSUNG, venue=Venue.SOR)
    faults.add(Rule("processed_then_reset", on="order", times=1))
    with pytest.raises(OrderUncertain):
        broker.buy(SAMSUNG, 10, price=below(sandbox), venue=Venue.SOR)
    found = broker.reconcile(wait=True, timeout=20)
    (order,) = broker.orders()
    assert [intent.order_id for intent in found.decided] == [order.id]
    assert broker.unresolved() == ()


def test_it_finds_a_cancellation_whose_answer_was_lost(broker: Broker, sandbox: Sandbox, faults: Faults) -> None:
    """Cancellations have no row of their own: the order says that it was cancelled."""
    order = broker.buy(SAMSUNG, 10, price=below(sandbox), venue=Venue.SOR)
    faults.add(Rule("processed_then_reset", on="order", times=1))
    with pytest.raises(OrderUncertain):
        broker.cancel(order)
    (found,) = broker.reconcile(wait=True, timeout=20).decided
    assert (found.state, found.order_id) == (IntentState.ACKED, None)
    assert found.result is not None
    assert (found.result.id, found.result.status) == (order.id, OrderStatus.CANCELED)
    assert broker.unresolved() == ()


def test_a_cancellation_that_never_came_is_not_called_done(broker: Broker, sandbox: Sandbox, faults: Faults) -> None:
    order = broker.buy(SAMSUNG, 10, price=below(sandbox), venue=Venue.SOR)
    faults.add(Rule("accept_then_reset", on="order", times=1))
    with pytest.raises(OrderUncertain):
        broker.cancel(order)
    (found,) = broker.reconcile(wait=True, timeout=60).decided
    assert found.state is IntentState.PRESUMED_ABSENT
    assert broker.refresh(broker.cancel(order)).status is OrderStatus.CANCELED


def test_it_supports_what_it_fills_in(broker: Broker) -> None:
    missing = {"amend", "order_book", "trades", "members", "buying_power", "investor_flow", "candles"}
    missing |= {"realized_pnl", "transactions", "exchange_rate", "investor_flow_total"}
    missing |= {"reserve", "reservations", "amend_reservation", "cancel_reservation"}
    missing |= {
        "market_investor_flow",
        "investor_flow_estimates",
        "investor_rankings",
        "program_trading",
        "program_rankings",
    }
    missing |= {"instruments", "instrument", "search", "rankings", "conditions", "screen"}
    assert {verb for verb in HOOKS if not broker.supports(verb)} == missing
    assert broker.supports("buy", type=OrderType.MARKET, venue=Venue.SOR)
    assert not broker.supports("buy", venue=Venue.KRX)


def test_a_part_of_an_order_is_not_cancelled(broker: Broker, sandbox: Sandbox, face: Face) -> None:
    order = broker.buy(SAMSUNG, 10, price=below(sandbox), venue=Venue.SOR)
    with pytest.raises(Unsupported):
        broker.cancel(order, quantity=4)
    assert sent(face, "POST", f"/orders/{order.id}/cancel") == []
    assert broker.refresh(order).remaining_quantity == 10


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": "3"},
        {"price": None},
        {"type": "MARKET"},
        {"side": "SHORT"},
        {"type": "STOP"},
        {"venue": "KRX"},
    ],
)
def test_its_server_is_as_strict_as_the_page(change: dict[str, object], broker: Broker, face: Face) -> None:
    broker.quote(SAMSUNG, venue=Venue.SOR)
    body = {"symbol": SAMSUNG, "side": "BUY", "type": "LIMIT", "quantity": 3, "price": 60_000, "clientOrderId": "1"}
    headers = {"authorization": face.requests[-1].headers["authorization"]}
    wrong = ReceivedRequest("POST", "/orders", headers, {}, {**body, **change})
    with pytest.raises(FaceRefusal) as caught:
        face.answer(wrong)
    assert caught.value.status == 400
    assert face.exchange.orders(face.credentials.account) == []


def test_every_code_of_the_page_is_in_the_tables(tables: ModuleType) -> None:
    (page,) = re.findall(r"```text\n(Pine Securities.*?)```", text_of(TUTORIAL), re.DOTALL)
    refusals = page.partition("\nREFUSALS")[2].partition("\nLIMITS")[0]
    assert set(re.findall(r"\b[a-z]+-[a-z-]+\b", refusals.partition('"}}')[2])) == set(tables.REFUSALS)


# What the kit says


def proven(folder: Path, *words: str) -> tuple[int, str]:
    """Return exit code and report of the kit, as a person sees it who has installed what is in a folder."""
    command = [sys.executable, "-m", "brokerkit", "conformance", "pine", *words]
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)  # noqa: S603 - ours
    return ended.returncode, ended.stdout


def shown(name: str) -> str:
    """Return what the page shows between two marks."""
    (found,) = re.findall(rf"<!-- {name} -->\n```text\n(.*?)```\n<!-- end -->", text_of(TUTORIAL), re.DOTALL)
    return str(found)


def outline(report: str) -> list[str]:
    """Return a report without what changes with every check of the kit and with the day of the exchange."""
    lines = []
    for line in report.strip().splitlines():
        head, _, counts = line.partition("  ")
        if line.startswith("level "):
            lines.append(f"{head} {sorted(re.sub('[0-9]+', 'N', counts).split())}")
        elif line.startswith(("Not declared", "lacks ")):
            lines.append(line.split()[0])  # every verb and check of the kit that is new shows there
        else:
            lines.append(re.sub(r"at \S+", "at", re.sub(r"\b[0-9]+\b", "N", line)))
    return lines


@pytest.mark.timeout(600)  # 20 s of one core, which others may want too
def test_it_is_proven_up_to_level_4(installed: Path) -> None:
    code, told = proven(installed)
    assert (code, told.splitlines()[-1]) == (0, "Proven: level 4 (safety)."), told
    assert outline(told) == outline(shown("report"))


def test_a_field_that_is_mixed_up_is_told_as_the_page_shows(installed: Path, tmp_path: Path) -> None:
    shutil.copytree(installed, tmp_path / "site")
    tables = tmp_path / "site" / "brokerkit_pine" / "tables.py"
    text = tables.read_text(encoding="utf-8")
    assert text.count("volume: JsonNumber\n") == 1
    tables.write_text(text.replace("volume: JsonNumber\n", 'volume: JsonNumber = Field(alias="last")\n'), "utf-8")
    code, told = proven(tmp_path / "site", "--level", "1", "--check", "test_quote_tells_the_truth_field_by_field")
    assert code == 1
    (first, *_) = re.findall(r"^Failed: .*?\n(?=\n)", told, re.DOTALL | re.MULTILINE)
    assert outline(first) == outline(shown("failure"))


# What a person writes


def written(before: str, after: str) -> int:
    """Return how many lines of a text are not in an earlier one; blank ones do not count."""
    change = unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return sum(line.startswith("+") and not line.startswith("+++") and bool(line[1:].strip()) for line in change)


def test_an_adapter_takes_few_lines_by_hand(tmp_path: Path) -> None:
    write_plugin("pine", tmp_path / "made")
    counts = {
        name: written((tmp_path / "made" / "brokerkit_pine" / name).read_text(encoding="utf-8"), content)
        for path, content in files_of(TUTORIAL).items()
        if (name := Path(path).name) in ADAPTER
    }
    assert counts.keys() == set(ADAPTER)
    assert sum(counts.values()) <= LARGEST, counts


def test_what_leaves_and_is_read_is_pinned(installed: Path) -> None:
    ended = pytest.main(
        ["-q", "-p", "no:cacheprovider", f"--rootdir={installed}", str(installed / "tests/test_wire.py")]
    )
    assert ended is pytest.ExitCode.OK


@pytest.mark.slow
def test_the_files_pass_the_checks_that_were_generated_with_them(installed: Path) -> None:
    for words in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy"]):
        ended = subprocess.run([sys.executable, "-m", *words], cwd=installed, capture_output=True, text=True)  # noqa: S603 - ours
        assert ended.returncode == 0, f"{words}: {ended.stdout}{ended.stderr}"


# The page itself


def test_both_languages_have_the_same_files_and_commands() -> None:
    files = [re.findall(r"^```.*?^```|^    [^\n]*", text_of(page), re.DOTALL | re.MULTILINE) for page in PAGES]
    assert files[0] == files[1]


def test_both_languages_have_the_same_sections() -> None:
    english, korean = (
        [line.split()[0] for line in text_of(page).splitlines() if line.startswith(("#", "|"))] for page in PAGES
    )
    assert english == korean


HOOKS_OF: dict[type, set[str]] = {
    Adapter: {"told_phases", "account_number", "feed_for"},
    Part: {
        "handle_of",
        "handle",
        "reservation_handle",
        "reservation_handle_of",
        "days_to_ask",
        "price_or_upper_limit",
        "flow_tables",
        "wrong",
    },
    Face: {"refuse", "respond", "app"},
    FaceStream: {"serve", "still"},
    Feed: {"registration", "afresh", "carries"},
}
"""What a class of the interface has beside its hooks."""
OF_CLIENT = ("headers", "check", "is_definite", "refusal", "advise", "issue_token", "revoke_token", "limits")
OF_CLIENT += ("told_limit", "next_page", "moves_orders")


def hooks_of(kind: type) -> set[str]:
    """Return the hooks of a class as the tables write them."""
    if kind is Client:
        names = set(OF_CLIENT)
    else:
        own = {name for name, value in vars(kind).items() if inspect.isfunction(value)}
        names = {name for name in own if not name.startswith("_")} - HOOKS_OF[kind]
    return {f"{name}({', '.join(list(inspect.signature(getattr(kind, name)).parameters)[1:])})" for name in names}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("kind", [Adapter, Part, Client, Feed, Face, FaceStream])
def test_the_tables_have_every_hook_with_what_it_is_given(kind: type, page: str) -> None:
    (table,) = re.findall(rf"<!-- hooks: {kind.__name__} -->\n(.*?)<!-- end -->", text_of(page), re.DOTALL)
    rows = [line.strip("|").split(" | ") for line in table.splitlines()[2:]]
    assert {row[0].strip(" `") for row in rows} == hooks_of(kind)
    assert [row for row in rows if len(row) != 4 or not all(cell.strip() for cell in row)] == []
