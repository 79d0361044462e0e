"""Tokens, the envelope of every answer, and what its codes mean."""

from __future__ import annotations

from pydantic import AliasChoices, Field, SecretStr

from brokerkit.errors import (
    AuthError,
    BrokerError,
    InsufficientFunds,
    InvalidOrder,
    MarketClosed,
    NothingToCancel,
    RateLimited,
    UnknownSymbol,
)
from brokerkit.transport import Block, Effect, EitherNumber, Encoding, Endpoint, OddRow, Row, Text, Words


class Numbered(Block):
    """The block of an answer that tells what number an order got."""

    number: EitherNumber | None = Field(None, alias="OrdNo")  # 주문번호


class Envelope(Block):
    """What every answer carries; a refused login has names of its own."""

    code: Text = Field("", validation_alias=AliasChoices("rsp_cd", "error_code"))  # 응답코드
    words: Words = Field("", validation_alias=AliasChoices("rsp_msg", "error_description"))  # 응답메시지
    ordered: Row[Numbered] | None = Field(
        None, validation_alias=AliasChoices(*(f"CSPAT00{number}01OutBlock2" for number in "678"))
    )

    @property
    def has_number(self) -> bool:
        """Say whether the answer may have numbered an order."""
        return isinstance(self.ordered, OddRow) or bool(self.ordered and self.ordered.number)


class Issued(Block):
    """접근토큰 발급."""

    value: SecretStr = Field(alias="access_token", min_length=1)


class Revoked(Block):
    """접근토큰 폐기: it has a code of its own."""


TOKEN = Endpoint(dict.fromkeys(("real", "demo"), "token"), "/oauth2/token", Issued, "POST", Effect.AUTH, Encoding.FORM)
REVOKE = Endpoint(
    dict.fromkeys(("real", "demo"), "revoke"), "/oauth2/revoke", Revoked, "POST", Effect.AUTH, Encoding.FORM
)

DONE = frozenset({"00000", "00136", "00133", "00200", "00707"})
"""What says that a query was answered; the last two: nothing was found."""
TAKEN = {
    "CSPAT00601": frozenset({"00039", "00040"}),
    "CSPAT00701": frozenset({"00462", "00132", "00131"}),
    "CSPAT00801": frozenset({"00463", "00156"}),
}
"""What says that an order was taken, if it has a number besides."""
NO_PROOF = DONE | {"", "IGW00000", "IGW40013", "IGW40014", "IGW50004", "IGW50008"} | frozenset().union(*TAKEN.values())
"""Codes that leave open whether an order was placed."""
REFUSES = "[0-9]{3,5}|IGW[0-9]{5}"
"""Codes of the shapes that the broker has: one of them without a number refuses."""
TOKEN_CODES = frozenset({"IGW00121", "IGW00122", "IGW00123"})
PLACES_NOTHING = TOKEN_CODES | {"IGW00103", "IGW00105", "IGW40011", "IGW00201"}
"""Codes of the gateway that prove under HTTP 500 that nothing was placed."""
REFUSALS: dict[str, type[BrokerError]] = {
    **dict.fromkeys((*TOKEN_CODES, "IGW00103", "IGW00105", "01491"), AuthError),
    "IGW00201": RateLimited,
    "00009": UnknownSymbol,
    "01425": InsufficientFunds,
    "01478": InsufficientFunds,
    "01458": MarketClosed,
    "01407": InvalidOrder,
    "01427": InvalidOrder,
    "03181": InvalidOrder,
    "01433": NothingToCancel,
    "03416": NothingToCancel,
}
