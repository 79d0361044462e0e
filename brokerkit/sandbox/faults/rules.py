"""The rules: which requests are broken, and how; and the log of what was done."""

from __future__ import annotations

import difflib
import random
import threading
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Self

from brokerkit.errors import ConfigError
from brokerkit.languages import translated
from brokerkit.sandbox.face import OF_STREAMS, Purpose
from brokerkit.sandbox.faults import answers, lines, listings, streams
from brokerkit.sandbox.faults.kinds import Break, Edit, FaultKind, FaultPlace, Measure, Play

KINDS: dict[str, FaultKind[Play] | FaultKind[Edit] | FaultKind[Break]] = {
    **lines.FAULTS,
    **answers.FAULTS,
    **listings.FAULTS,
    **streams.FAULTS,
}
"""By name. A name that cannot be resolved is not among them: that fails on the client's side, before any server."""
OF_REQUESTS = tuple(name for name, kind in KINDS.items() if kind.on not in OF_STREAMS)
"""Those of requests and their answers; the others break what goes over a WebSocket."""
KEPT = 100_000
"""Entries of the log."""
LAG = listings.lag.__name__


@dataclass(frozen=True)
class Rule:
    """One kind of fault and the requests that it hits: all that fit, or the `nth`, `every` so many, or by `rate`.

    Of a fault of streams these are frames, or texts of a client. What fits: purpose `on`, one of `symbols` in it,
    `page` of a list. Counts are per broker and of what fits. `times` is the most hits at a broker. The other parameters
    belong to the kind; None takes its default.
    """

    kind: str
    on: Purpose | str | None = None
    nth: int | tuple[int, ...] = ()
    every: int | None = None
    rate: float | None = None
    symbols: str | tuple[str, ...] = ()
    times: int | None = None
    seconds: float | None = None
    size: int | None = None
    page: int | None = None
    processed: bool | None = None

    def __post_init__(self) -> None:
        kind = _kind(self.kind)
        self._set("on", _purpose(self.on, kind, self.kind))
        self._set("nth", (self.nth,) if isinstance(self.nth, int) else tuple(self.nth))
        self._set("symbols", (self.symbols,) if isinstance(self.symbols, str) else tuple(self.symbols))
        self._check(kind)
        for name in ("seconds", "size", "page", "processed"):
            if getattr(self, name) is None:
                self._set(name, getattr(kind, name))

    def fits(self, purpose: Purpose, content: bytes, page: int) -> bool:
        """Say whether a request is one of those that the rule chooses from."""
        return (
            (self.on is purpose or (self.on is None and purpose not in OF_STREAMS))
            and self.page in (None, page)
            and (not self.symbols or any(symbol.encode() in content for symbol in self.symbols))
        )

    @property
    def measure(self) -> Measure:
        """How long and how much, as the function of the kind takes it."""
        return Measure(self.seconds or 0.0, self.size or 1)

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _check(self, kind: FaultKind[Any]) -> None:
        if sum([bool(self.nth), self.every is not None, self.rate is not None]) > 1:
            raise ConfigError(f"Fault {self.kind}: give one of nth, every and rate.")
        for name in ("nth", "every", "times", "size", "page"):
            value = getattr(self, name)
            numbers = value if isinstance(value, tuple) else () if value is None else (value,)
            if any(number < 1 for number in numbers):
                raise ConfigError(f"Fault {self.kind}: {name} counts from 1.")
        if self.rate is not None and not 0 <= self.rate <= 1:
            raise ConfigError(f"Fault {self.kind}: rate is a share from 0 to 1, not {self.rate:g}.")
        if self.seconds is not None and not 0 <= self.seconds <= threading.TIMEOUT_MAX:
            raise ConfigError(f"Fault {self.kind}: seconds cannot be {self.seconds:g}.")
        for name in ("seconds", "size"):
            if getattr(self, name) is not None and getattr(kind, name) is None:
                raise ConfigError(f"Fault {self.kind} has no parameter {name}.")
        if self.page is not None and kind.strikes is not FaultPlace.LISTING:
            raise ConfigError(f"Fault {self.kind} has no parameter page: only lists have pages.")
        if self.processed is not None and kind.strikes is not FaultPlace.ANSWER:
            raise ConfigError(f"Fault {self.kind} has no parameter processed: its name says it.")


@dataclass
class Applied:
    """What was done to one request, the `number`-th of its purpose at a broker."""

    kind: str
    broker: str
    purpose: Purpose
    number: int
    processed: bool = False
    """Whether the face got the request. A late one turns True when it does."""
    order_id: str | None = None
    """The number that the face gave to the order."""


@dataclass(frozen=True)
class Draw:
    """The rules that hit one request, and a source of chance of its own."""

    broker: str
    purpose: Purpose
    number: int
    rules: tuple[Rule, ...]
    random: random.Random


@dataclass
class _CountedRule:
    rule: Rule
    fitted: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)


class Faults:
    """A set of rules, and the log of what they did. Safe to use and to change while the sandbox runs.

    Where several rules hit a request, the first one is played; `lag` is played beside it. The number of a request
    decides, not the time, so with one client the same run gives the same faults. A rule without `on` counts requests
    of all purposes together, whose order may differ between threads.
    """

    def __init__(self, rules: Iterable[Rule] = (), *, seed: int = 1) -> None:
        self.seed = seed
        self._rules = [_CountedRule(rule) for rule in rules]
        self._numbers: Counter[tuple[str, Purpose]] = Counter()
        self._log: deque[Applied] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    @classmethod
    def parse(cls, text: str, *, seed: int = 1) -> Self:
        """Return the faults that a text describes: rules parted by `;`, each as `kind:name=value,name=value`."""
        return cls([_rule(part) for part in text.split(";") if part.strip()], seed=seed)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules, in the order in which they are tried."""
        with self._lock:
            return tuple(each.rule for each in self._rules)

    @property
    def log(self) -> tuple[Applied, ...]:
        """What was done so far, oldest first."""
        with self._lock:
            return tuple(replace(entry) for entry in self._log)

    def add(self, rule: Rule) -> None:
        """Try one more rule from now on, behind the others."""
        with self._lock:
            self._rules.append(_CountedRule(rule))

    def clear(self) -> None:
        """Drop all rules: nothing is broken from now on. Numbers and log go on."""
        with self._lock:
            self._rules.clear()

    def next(self, broker: str, purpose: Purpose, content: bytes, page: int = 1) -> Draw:
        """Count a request and return what is to be done to it."""
        with self._lock:
            self._numbers[broker, purpose] += 1
            number = self._numbers[broker, purpose]
            chosen: list[Rule] = []
            for each in self._rules:
                if each.rule.fits(purpose, content, page):
                    each.fitted[broker] += 1
                    free = each.rule.kind == LAG or all(rule.kind == LAG for rule in chosen)
                    if free and self._hits(each, broker, purpose, number):
                        each.hits[broker] += 1
                        chosen.append(each.rule)
        return Draw(broker, purpose, number, tuple(chosen), self._chance(broker, purpose, number, "rows"))

    def note(self, rule: Rule, draw: Draw) -> Applied:
        """Write into the log that a rule was played, and return the entry."""
        entry = Applied(rule.kind, draw.broker, draw.purpose, draw.number)
        with self._lock:
            self._log.append(entry)
        return entry

    def _hits(self, each: _CountedRule, broker: str, purpose: Purpose, number: int) -> bool:
        rule, count = each.rule, each.fitted[broker]
        if rule.times is not None and each.hits[broker] >= rule.times:
            return False
        if rule.nth:
            return count in (rule.nth if isinstance(rule.nth, tuple) else (rule.nth,))
        if rule.every is not None:
            return count % rule.every == 0
        return rule.rate is None or self._chance(broker, purpose, number, rule.kind).random() < rule.rate

    def _chance(self, broker: str, purpose: Purpose, number: int, what: str) -> random.Random:
        return random.Random(f"{self.seed}:{broker}:{purpose}:{number}:{what}")  # noqa: S311 - repeatable on purpose


def describe() -> str:
    """Return a line of text for every kind, for people."""
    width = max(map(len, KINDS))
    lines = []
    for name, kind in KINDS.items():
        marks = [kind.strikes.value]
        if kind.strikes is not FaultPlace.STREAM:
            marks.append(translated("processed" if kind.processed else "not processed"))
        marks += [*([] if kind.sent else [translated("provably not sent")]), *filter(None, [kind.defaults])]
        lines.append(f"{name:{width}}  {translated(kind.words)} ({', '.join(marks)})")
    return "\n".join(lines)


def _kind(name: str) -> FaultKind[Any]:
    if name in KINDS:
        return KINDS[name]
    near = difflib.get_close_matches(name, KINDS, n=1)
    words = f"There is no fault {name!r:.60}."
    if near:
        words = f"{words} Did you mean {near[0]}?"
    raise ConfigError(words, advice=f"Kinds of faults: {', '.join(KINDS)}.")


def _purpose(given: Purpose | str | None, kind: FaultKind[Any], name: str) -> Purpose | None:
    if given is None:
        return kind.on
    try:
        purpose = Purpose(given)
    except ValueError:
        raise ConfigError(f"Fault {name}: on is one of {', '.join(Purpose)}, not {given!r:.60}.") from None
    if kind.on is None and purpose in OF_STREAMS:
        raise ConfigError(f"Fault {name} is of requests, not of what goes over a WebSocket.")
    if kind.on not in (None, purpose):
        raise ConfigError(f"Fault {name} is of requests for {kind.on}, not {purpose}.")
    return purpose


def _rule(text: str) -> Rule:
    name, _, rest = text.strip().partition(":")
    _kind(name.strip())
    given: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in rest.split(","))):
        key, equals, value = (each.strip() for each in part.partition("="))
        if key not in _READERS or not equals:
            raise ConfigError(
                f"Fault {name}: {part!r:.60} is not understood.", advice=f"Known parameters: {', '.join(_READERS)}."
            )
        try:
            given[key] = _READERS[key](value)
        except (ValueError, KeyError):
            raise ConfigError(f"Fault {name}: {key} cannot be {value!r:.60}.") from None
    return Rule(name.strip(), **given)


_READERS: dict[str, Any] = {
    "on": str,
    "nth": lambda text: tuple(int(part) for part in text.split("+")),
    "every": int,
    "rate": float,
    "symbols": lambda text: tuple(text.split("+")),
    "times": int,
    "seconds": float,
    "size": int,
    "page": int,
    "processed": lambda text: {"yes": True, "no": False}[text],
}
