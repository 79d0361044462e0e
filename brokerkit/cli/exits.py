"""What the exit codes of the command line mean: each error class has one, the nearest class in the tree decides."""

from __future__ import annotations

from brokerkit.errors import (
    Blocked,
    BrokerError,
    ConfigError,
    InvalidRequest,
    JournalError,
    NetworkError,
    NotSent,
    OrderUncertain,
    Rejected,
    StreamError,
    Unsupported,
    WireError,
)

DONE = 0
REFUSED = 1
WRONG_USAGE = 2
UNCERTAIN = 3
BLOCKED = 4
NO_ANSWER = 5
WRONG_ANSWER = 6
JOURNAL = 7
INTERRUPTED = 130
NOT_SHOWN = 141

MEANINGS = {
    DONE: "Done.",
    REFUSED: "The broker refused, and says why.",
    WRONG_USAGE: "Wrong usage, configuration or request; nothing was sent.",
    UNCERTAIN: "The order may stand: do not send it again before you know.",
    BLOCKED: "The safety envelope, or you, said no; nothing was sent.",
    NO_ANSWER: "The broker was not reached or did not answer. Nothing was placed: it is safe to try again.",
    WRONG_ANSWER: "The broker's answer is not as documented; nothing was guessed.",
    JOURNAL: "The order journal cannot be read or written; nothing was sent.",
    INTERRUPTED: "Ctrl-C. No order was on its way.",
    NOT_SHOWN: "The command ran, but its output could not be written: a closed pipe or a full disk.",
}

CODES: dict[type[BrokerError], int] = {
    Rejected: REFUSED,
    ConfigError: WRONG_USAGE,
    InvalidRequest: WRONG_USAGE,
    Unsupported: WRONG_USAGE,
    OrderUncertain: UNCERTAIN,
    Blocked: BLOCKED,
    NotSent: NO_ANSWER,
    NetworkError: NO_ANSWER,
    StreamError: NO_ANSWER,
    WireError: WRONG_ANSWER,
    JournalError: JOURNAL,
}


def code_of(error: BrokerError) -> int:
    """Return the exit code of an error."""
    return next((CODES[kind] for kind in type(error).__mro__ if kind in CODES), REFUSED)
