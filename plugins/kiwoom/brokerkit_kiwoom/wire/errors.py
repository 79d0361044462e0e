"""Every refusal of Kiwoom and what it means here."""

from __future__ import annotations

import re

from brokerkit.errors import (
    AuthError,
    BrokerError,
    InsufficientFunds,
    InvalidOrder,
    MarketClosed,
    NetworkError,
    NothingToCancel,
    RateLimited,
    UnknownSymbol,
    Unsupported,
)

TOKEN_CODES = frozenset({"8005", "8031", "8103", "401"})

REFUSALS: dict[str, type[BrokerError]] = {
    **dict.fromkeys(("1504", "1505", "8104", "8200", "RC9000"), Unsupported),
    **dict.fromkeys(("1513", "1514", "1515", "1516"), AuthError),
    **dict.fromkeys(("400", "401"), AuthError),
    **dict.fromkeys(("1687", "1700", "1701", "1702"), RateLimited),
    **dict.fromkeys(("1901", "1902", "1903"), UnknownSymbol),
    "1999": NetworkError,
    **dict.fromkeys(("8001", "8002", "8003", "8005", "8006", "8009", "8010", "8011", "8012"), AuthError),
    **dict.fromkeys(("8015", "8016", "8020", "8030", "8031", "8040", "8050", "8103"), AuthError),
    "105110": RateLimited,  # of the frames that register by stream
    "RC4091": AuthError,
    "RC5006": AuthError,
    # Seen at the mock host; the codes of the real one are not known.
    "RC4032": NothingToCancel,
    "RC4033": NothingToCancel,
    "RC4058": MarketClosed,
    "505217": MarketClosed,
    "RC4003": InvalidOrder,
    "RC4007": InvalidOrder,
    "RC4027": InvalidOrder,
    "571412": InvalidOrder,
    "571552": InvalidOrder,
    "521790": InvalidOrder,
    "RC4025": InsufficientFunds,
    "855056": InsufficientFunds,
    "800033": InsufficientFunds,
}
ADDRESS_CODES = frozenset({"8010", "8050"})
"""The public IP address of the caller is not registered for the key."""
ADVICE = {
    **dict.fromkeys(
        ADDRESS_CODES,
        "Register the public IP address of this machine for the app key at the broker (it takes up to ten addresses).",
    ),
    "400": "Its web firewall refuses the address of this machine: register the address at the broker, and stay away "
    "from proxies and VPNs.",
    "8030": "The key is of the other environment: set environment of the profile to that of the keys.",
    **dict.fromkeys(("105115", "105118"), "Two hundred symbols are followed at a time: close some, then subscribe."),
    "RC4091": "The mock account has run out: apply for a new one at the broker.",
}
"""What to do next where it is more than the class of the error tells."""
BLOCKED = b"request blocked"
"""Stands in the HTML with which the web firewall answers under HTTP 400."""

_BUSINESS = "20"
_INNER = re.compile(r"\((RC[0-9]{4}|[0-9]{6}):")
_OUTER = re.compile(r"\[([0-9]{3,5}):|CODE=([0-9]{3,5})")
_DEFINITE = re.compile(r"150[1-9]|151[0-7]|190[1-3]|8(0[0-9]{2}|10[0-4])|RC[0-9]{4}|[0-9]{6}")
"""Codes that prove that an order was not taken; throttling does not (one such order is reported to have stood)."""


def code_in(result: int | str, words: str) -> str:
    """Return the code that says most: the inner one of class 20, the one in the words, else the class itself."""
    if str(result).strip() == _BUSINESS and (inner := _INNER.search(words)):
        return inner[1]
    if outer := _OUTER.search(words):
        return outer[1] or outer[2]
    return str(result)


def is_definite(code: str) -> bool:
    """Say whether a refusal with this code proves that an order was not taken."""
    return _DEFINITE.fullmatch(code) is not None and code != "8000"
