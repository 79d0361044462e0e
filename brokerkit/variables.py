"""Names that people give to the keys of a broker, in `.env` files and in small files of settings.

There is no standard: KIS_APP_KEY, APPKEY, MOCK_KIWOOM_SECRET and TRADING_SYSTEM_KIS_CANO are all in use. A name is read
as words: those of a broker, those of an environment, and what is left says which setting it is. An adapter brings the
spellings (`Spelling`); what becomes of a value is its own affair.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from brokerkit.errors import ConfigError

DEMO, REAL = "demo", "real"
WORDS = {
    **dict.fromkeys(("MOCK", "PAPER", "VIRTUAL", "VTS", "VPS", "DEMO", "SIM", "SIMULATION", "PRACTICE", "모의"), DEMO),
    **dict.fromkeys(("REAL", "PROD", "PRODUCTION", "LIVE", "실전"), REAL),
}
"""Words that tell the environment, in names and as values."""
MODES = frozenset(
    {
        *("ENV", "ENVIRONMENT", "MODE", "TRADINGMODE", "TRADEMODE", "TRADINGENV", "INVESTMENTENV"),
        *("ACCOUNTTYPE", "ACNTTYPE"),
    }
)
"""What is left of a name whose value is such a word."""
FLAGS = frozenset({"", "IS", "USE", "MODE", "ISTRADING", "TRADE", "TRADING"})
"""What is left of a name with such a word whose value is yes or no."""
ANSWERS = {
    **dict.fromkeys(("TRUE", "1", "YES", "Y", "ON"), True),
    **dict.fromkeys(("FALSE", "0", "NO", "N", "OFF"), False),
}
TWICE = "Leave one of them in a copy of the file."
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+|[^\W\d_a-zA-Z]+")


@dataclass(frozen=True)
class Spelling:
    """How the names of one broker are spelt: words without their separators, in capitals."""

    broker: frozenset[str]
    settings: Mapping[str, frozenset[str]]
    """By setting, what stands beside the name of the broker."""
    alone: Mapping[str, frozenset[str]]
    """By setting, what is enough without it."""
    hosts: Mapping[str, str]
    """Environments by host: an address tells which one a file is for."""


Tables = dict[str | None, dict[str, str]]
"""By environment and setting, the name that a file has; None where it does not tell the environment."""


def tables_of(content: Mapping[str, object], spelling: Spelling) -> Tables:
    """Return where the settings of each environment stand; {} if no key is known.

    Names that say no environment are of the one that the file names elsewhere, or of the other one if it has marked
    keys of one. What is said without an environment counts in all that lack it, an account only where there is one.
    """
    named: Tables = {}
    sure: dict[str, int] = {}
    for name, environment, setting, sureness in sorted(_named(content, spelling), key=lambda each: each[-1]):
        table = named.setdefault(environment, {})
        held = table.get(setting)
        if held is not None and sure[held] == sureness:
            if not _plain(content[name]):
                continue
            _check_one(content, setting, held, name)
        table[setting], sure[name] = name, sureness
    unmarked = named.pop(None, {})
    marked = {environment: table for environment, table in named.items() if "app_key" in table}
    filled = [environment for environment, table in marked.items() if _plain(content[table["app_key"]])]
    if "app_key" in unmarked and len(filled) < 2:
        environment = _other(filled[0]) if filled else _told(content, spelling)
        own = {key: name for key, name in named.get(environment, {}).items() if _plain(content[name])}
        marked[environment] = {**unmarked, **own}
    return {each: {**_shared(unmarked, len(marked)), **table} for each, table in marked.items()}


def _check_one(content: Mapping[str, object], setting: str, one: str, other: str) -> None:
    values = {_plain(content[name]) for name in (one, other)} - {""}
    if len(values) > 1 and setting in ("app_key", "app_secret"):
        raise ConfigError(f"{one} and {other} have two values, and both could be the {setting}.", advice=TWICE)


def _plain(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _shared(unmarked: Mapping[str, str], accounts: int) -> dict[str, str]:
    own = {"app_key", "app_secret", *(["account"] if accounts > 1 else [])}
    return {setting: name for setting, name in unmarked.items() if setting not in own}


def _named(content: Mapping[str, object], spelling: Spelling) -> Iterator[tuple[str, str | None, str, int]]:
    """Yield each name that is known, with its environment, its setting, and how sure that is."""
    for name in content:
        words, own = _words(name, spelling)
        table = spelling.settings if own else spelling.alone
        environment = next((WORDS[word] for word in words if word in WORDS), None)
        plain = "".join(word for word in words if word not in WORDS)
        for setting, spellings in table.items():
            if "".join(words) in spellings:
                yield name, None, setting, int(own)
            elif plain in spellings:
                yield name, environment, setting, int(own)


def _words(name: str, spelling: Spelling) -> tuple[list[str], bool]:
    """Return the words of a name that count, and whether the broker's was among them.

    What stands before the broker is the name of a program; only the environment counts there.
    """
    words = [word.upper() for word in WORD.findall(name)]
    own = next((number for number, word in enumerate(words) if word in spelling.broker), None)
    if own is None:
        return words, False
    before, behind = words[:own], words[own + 1 :]
    return [*(word for word in before if word in WORDS or not behind), *behind], True


def _told(content: Mapping[str, object], spelling: Spelling) -> str | None:
    """Return the one environment that modes, flags and addresses of a file agree on."""
    told = set()
    for name, value in content.items():
        words, _ = _words(name, spelling)
        marks = {WORDS[word] for word in words if word in WORDS}
        rest = "".join(word for word in words if word not in WORDS)
        text = str(value).strip().upper()
        if not marks:
            told |= {WORDS[text]} if rest in MODES and text in WORDS else set()
            told |= {each for host, each in spelling.hosts.items() if f"//{host.upper()}" in text}
        elif rest in FLAGS and text in ANSWERS and len(marks) == 1:
            (mark,) = marks
            told.add(mark if ANSWERS[text] else _other(mark))
    return told.pop() if len(told) == 1 else None


def _other(environment: str | None) -> str:
    return DEMO if environment == REAL else REAL
