"""A hundred processes that make, open and write one journal at the same moment: all of them wait for each other."""

from __future__ import annotations

import subprocess
import sys
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path

from brokerkit import clock
from brokerkit.models import OrderRequest
from brokerkit.orders.intents import Intent, IntentKind, new_id
from brokerkit.orders.journal import Journal
from brokerkit.orders.state import journal_folder
from brokerkit.words import OrderType, Side
from proof.figures import Figure, none

MANY = 100
EACH = 3
"""Orders that each of them writes down."""
_WRITER = f"""
import sys
from pathlib import Path
from brokerkit import BrokerError
from brokerkit.orders.limits import Limits
from brokerkit.orders.intents import Intent, IntentState, new_id
from brokerkit.orders.journal import Journal
intent = Intent.model_validate_json(sys.stdin.readline())
print("ready", flush=True)
sys.stdin.readline()
try:
    journal = Journal(Path(sys.argv[1]))
    for number in range({EACH}):
        new = intent.model_copy(update={{"id": new_id(), "symbol": f"{{int(sys.argv[2]):03}}{{number:03}}"}})
        sent = journal.begin(new, limits=Limits(), value=None, check=lambda: None, seconds=15)
        journal.decide(sent.moved(IntentState.NOT_SENT, "for the proof"))
    print("written", flush=True)
except BrokerError as error:
    print(error, flush=True)
"""


def crowd(path: Path, many: int) -> list[str]:
    """Let so many processes write at once; return what went wrong."""
    with ExitStack() as stack:
        processes = [stack.enter_context(_started(path, number)) for number in range(many)]
        told: list[str] = []
        for word in (_intent().model_dump_json(), "go"):
            for each in processes:
                assert each.stdin is not None  # noqa: S101 - it is a pipe
                each.stdin.write(f"{word}\n")
                each.stdin.flush()
            told = [each.stdout.readline().strip() for each in processes if each.stdout is not None]
    journal = Journal(path)
    lacking = many * EACH - len(list(journal.everything()))
    journal.close()
    return [words for words in told if words != "written"] + ["a row is lacking"] * lacking


def _started(path: Path, number: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _WRITER, str(path), str(number)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603


def _intent() -> Intent:
    request = OrderRequest(
        symbol="005930", side=Side.BUY, quantity=Decimal(1), type=OrderType.LIMIT, price=Decimal(50_000)
    )
    return Intent(
        id=new_id(),
        kind=IntentKind.ORDER,
        day=clock.today(),
        symbol=request.symbol,
        side=request.side,
        quantity=request.quantity,
        price=request.price,
        request=request,
        created_at=clock.now(),
    )


def run(release: bool) -> list[Figure]:
    """Return what a hundred processes said."""
    wrong = crowd(journal_folder() / "crowd.sqlite3", MANY)
    return [none(f"complaints of {MANY} processes that write one journal at once", wrong)]
