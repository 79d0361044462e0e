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
TOLD_OF_WRONG_KEYS = frozenset({"EGW00103", "EGW00105", ""})
"""Codes of a wrong app key or secret; a secret that was cut off is also reported to bring HTTP 500 without any code."""
ACCEPTED = frozenset(
    {
        *("APBK0013", "APBK0029", "APBK1711", "APBK2938"),
        *("40590000", "40600000", "40620000", "40630000", "20310000"),
        *("KIOK0420", "KIOK0430", "KIOK0460", "KIOK0490", "KIOK0500", "KIOK0510", "KIOK0530"),
    }
)
"""Codes of what went through: under a refusal they contradict it, and the order may stand."""

REFUSALS: dict[str, type[BrokerError]] = {
    **{f"EGW{number:05}": AuthError for number in (*range(101, 124), 132, 205, 206, 208, 303, 304)},
    "EGW00133": RateLimited,
    "EGW00201": RateLimited,
    "EGW00215": RateLimited,
    **{f"EGW{number:05}": NetworkError for number in (1, 2, 202, 203, 300, 301, 302)},
    **dict.fromkeys(("EGW00356", "EGW02004", "EGW02007", "IGW00002", "APAC0489"), AuthError),
    "EGW02006": Unsupported,
    **dict.fromkeys(("OPSQ0002", "MCA00124"), Unsupported),
    "90000000": Unsupported,
    "OPSQ2000": AuthError,
    "APBK1271": AuthError,
    "90070000": AuthError,
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
    "KIER3672": MarketClosed,
    "40100000": MarketClosed,
    "40570000": MarketClosed,
    "40580000": MarketClosed,
    **dict.fromkeys(("IGW00014", "IGW00017", "IGW00019"), InvalidOrder),
    **dict.fromkeys(("APBK0066", "APBK0406", "APBK0506", "APBK0963", "APBK1507", "APBK1943", "APBK3013"), InvalidOrder),
    "40030000": InvalidOrder,
    "40070000": InvalidOrder,
    "40270000": InvalidOrder,
    "40650000": InvalidOrder,
    "APBK0344": NothingToCancel,
    "APBK0927": NothingToCancel,
    "40320000": NothingToCancel,
    "40330000": NothingToCancel,
}
DEFINITE = (
    r"EGW001(0[1-9]|[12][0-9]|3[0-2])|EGW00201|EGW002(0[5-9]|1[0-3])|EGW00356|EGW0200[4-7]"
    r"|IGW000(02|07|14|17|19)|KIER3672|APAC0489|OPSQ2[0-9]{3}|(APBK|APAM|KIOK)[0-9]{4}|[0-9]{8}"
)
"""Codes that prove that an order was not taken. Every other one leaves it open.

EGW00215 too, although it is a limit: it was told for queries only. It comes from the ledger, behind the gateway, so
the order had already passed the checks that stand before it. IGW00009 says that the request *or its answer* could not
be composed, and an answer is composed after the order.
"""
ADVICE = {
    **dict.fromkeys(
        ("EGW00356", "EGW02004", "EGW02006", "EGW02007"),
        "Keys, host and call are of two environments: set environment of the profile to that of the keys.",
    ),
    "IGW00002": "The account does not belong to this app key: give the account for which the key was issued.",
    **dict.fromkeys(
        ("APBK1271", "90070000", "APAC0489"),
        "Check the account's last two digits, the kind of account: 01 is the one for stocks.",
    ),
    "APBK1507": "Nothing was placed. KIS takes no market order abroad, and no price under a cent.",
    "APBK0066": "Trading in the symbol is halted. Nothing was placed: send a new order when it has resumed.",
    "MCA05762": "KIS has no saved condition of that login name: save yours on the server in its own program (screen "
    "0110, 사용자조건 서버저장), and give hts_id in its own letter case.",
    "KIER3672": "Reserved orders have hours of their own. Nothing was placed.",
}
"""What to do next where it is more than the class of the error tells."""
DATA_CHANGED = "자료가 변경"
"""Stands in the words of the refusal of a further page after the data changed; its code is not known."""
