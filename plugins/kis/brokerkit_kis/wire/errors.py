"""Every refusal of KIS and what it means here."""

from __future__ import annotations

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

TOKEN_CODES = frozenset({"EGW00121", "EGW00122", "EGW00123"})
TWO_MEANINGS = frozenset({"APBK0918", "APBK0919", "40310000", "40570000"})
"""By some reports too little cash, by others something else, such as outside market hours: the words decide."""
ACCEPTED = frozenset({"APBK0013", "40590000", "40600000", "40620000", "40630000"})
"""Codes of orders that went through: under a refusal they contradict it, and the order may stand."""

REFUSALS: dict[str, type[BrokerError]] = {
    **{f"EGW{number:05}": AuthError for number in (*range(101, 124), 132, 205, 206, 208, 303, 304)},
    "EGW00133": RateLimited,
    "EGW00201": RateLimited,
    "EGW00215": RateLimited,
    **{f"EGW{number:05}": NetworkError for number in (1, 2, 202, 203, 300, 301, 302)},
    "EGW02004": Unsupported,
    "EGW02006": Unsupported,
    "OPSQ0002": Unsupported,
    "90000000": Unsupported,
    "OPSQ2000": AuthError,
    "40910000": AuthError,
    "APBK0952": InsufficientFunds,
    "APBK0400": InsufficientFunds,
    "40240000": InsufficientFunds,
    "40250000": InsufficientFunds,
    "APBK0656": UnknownSymbol,
    "APBK0918": MarketClosed,
    "APBK0919": MarketClosed,
    "APBK1664": MarketClosed,
    "APAM3099": MarketClosed,
    "KIOK0320": MarketClosed,
    "40100000": MarketClosed,
    "40570000": MarketClosed,
    "40580000": MarketClosed,
    "APBK1943": InvalidOrder,
    "APBK3013": InvalidOrder,
    "40030000": InvalidOrder,
    "40070000": InvalidOrder,
    "40270000": InvalidOrder,
    "40650000": InvalidOrder,
    "40320000": NothingToCancel,
    "40330000": NothingToCancel,
}
DEFINITE = r"EGW001(0[1-9]|1[0-9]|2[0-9]|3[0-2])|EGW00201|EGW002(0[5-9]|1[0-3])|OPSQ2.*|APBK.*|APAM.*|KIOK.*|[0-9]{8}"
"""Codes that prove that an order was not taken. Every other one leaves it open."""
DATA_CHANGED = "자료가 변경"
"""Stands in the words of the refusal of a further page after the data changed; its code is not known."""
