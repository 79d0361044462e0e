"""The figures of the sandbox beside their targets: requests a second on one core, requests of a balance, tokens.

Run it with `python -m benchmarks.sandbox`. It takes less than a minute, talks to this machine only and ends what it
has started. Other work on the machine makes the rates lower; the column of processor time does not feel that.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from benchmarks.cores import cores, use
from benchmarks.counts import HELD, PROCESSES, balance_requests, tokens_of_cold_starts
from benchmarks.load import Connection, answers, connections, prepared, requests_answered
from benchmarks.process import Server, serving
from benchmarks.serving import BROKERS, PLAIN, POSITIONS
from benchmarks.starts import first_looks

LEAST_SHARE = 0.05
"""Of the requests, of a kilobyte each, that a plain server answers in the same minute on the same core."""
BALANCE_REQUESTS = {"kis": 3, "kiwoom": 5}
"""Pages of 50 and 30 rows, and at Kiwoom one request more, for the cash."""
ORDERS = (10, 1_000)
ROUNDS = 5
SECONDS = 0.25
"""Of one question in one round."""
_DONE = {"kis": b'"rt_cd": "0"', "kiwoom": b'"return_code": 0', PLAIN: b'"plain"'}


@dataclass
class Case:
    """One question at one face, and what the rounds brought."""

    broker: str
    question: str
    requests: list[bytes]
    connections: list[Connection] | tuple[Connection, ...] = ()
    rates: list[float] = field(default_factory=list)
    processor_rates: list[float] = field(default_factory=list)

    def measure(self, server: Server) -> None:
        """Run one round."""
        before = server.processor_seconds()
        count, seconds = requests_answered(self.connections, self.requests, SECONDS)
        self.rates.append(count / seconds)
        self.processor_rates.append(count / max(server.processor_seconds() - before, 1e-6))


def cases_of(server: Server, opened: ExitStack) -> list[Case]:
    """Return the questions that the server knows, each tried once."""
    cases = []
    for broker, told in server.told.items():
        lines = tuple(opened.enter_context(connections(told["port"])))
        for question, requests in told["questions"].items():
            sent = [
                prepared(each["method"], each["path"], each["query"], each["headers"], each["body"].encode())
                for each in requests
            ]
            if not all(_DONE[broker] in body for body in answers(told["port"], sent)):
                raise RuntimeError(f"{broker} refused to tell: {question}.")
            cases.append(Case(broker, question, sent, lines))
    return cases


def rates(orders: int, core: int | None) -> list[Case]:
    """Measure all questions with so many orders of the day, in turn and round after round."""
    with serving(core, "--orders", str(orders)) as server, ExitStack() as opened:
        cases = cases_of(server, opened)
        for _ in range(ROUNDS):
            for case in cases:
                case.measure(server)
    return cases


def print_rates(core: int | None) -> bool:
    """Print the rates; return whether all of them are high enough."""
    print(_line("requests a second, one core", "median", "per cpu s", "of plain", f">= {LEAST_SHARE}"))
    enough = True
    for orders in ORDERS:
        found = rates(orders, core)
        best = median(next(case for case in found if case.broker == PLAIN).rates)
        for case in found:
            rate = median(case.rates)
            enough &= rate >= LEAST_SHARE * best
            size = f"{POSITIONS} positions" if case.question == "balance" else f"{orders} orders of the day"
            what = f"{case.broker}: {case.question}" + ("" if case.broker == PLAIN else f", {size}")
            print(_line(what, f"{rate:.0f}", f"{median(case.processor_rates):.0f}", f"{rate / best:.2f}"))
    return enough


def print_counts() -> bool:
    """Print what is counted; return whether it is as it has to be."""
    print("\n" + _line("counted", "found", "", "target"))
    right = True
    for broker in BROKERS:
        found, target = balance_requests(broker), BALANCE_REQUESTS[broker]
        right &= found == target
        print(_line(f"{broker}: requests of a balance of {HELD}", str(found), "", str(target)))
    for broker in BROKERS:
        found = tokens_of_cold_starts(broker)
        right &= found == 1
        print(_line(f"{broker}: tokens of {PROCESSES} cold processes", str(found), "", "1"))
    return right


def print_first_looks() -> None:
    """Print what is slower the first time."""
    print("\n" + _line("milliseconds, once", "median"))
    for name, milliseconds in first_looks().items():
        print(_line(name, f"{milliseconds:.2f}"))


def _line(what: str, found: str, processor: str = "", share: str = "", target: str = "") -> str:
    return f"{what:<50}{found:>9}{processor:>11}{share:>10}{target:>9}".rstrip()


def main() -> int:
    """Print all figures; 1 if one is missed."""
    usable = cores()
    if len(usable) > 1:
        use(usable[0])
        enough = print_rates(usable[1])
        use(*usable)
    else:
        print("The server cannot have a core of its own here: the rates say less.\n")
        enough = print_rates(None)
    right = print_counts()
    print_first_looks()
    return 0 if enough and right else 1


if __name__ == "__main__":
    sys.exit(main())
