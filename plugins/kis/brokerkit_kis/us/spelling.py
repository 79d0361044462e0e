"""How KIS spells a US symbol, and the exchange where it is listed: every call names both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from brokerkit import symbols
from brokerkit.errors import UnknownSymbol, Unsupported
from brokerkit.part import Part
from brokerkit.transport import Codes, Parameters
from brokerkit.words import Segment, Venue
from brokerkit_kis.client import KisClient

QUOTED_AT: Mapping[Segment, Codes[Venue]] = {
    segment: Codes("a venue for US quotes at KIS", {Venue.US: regular, Venue.DAYTIME: daytime})
    for segment, regular, daytime in (
        (Segment.NASDAQ, "NAS", "BAQ"),
        (Segment.NYSE, "NYS", "BAY"),
        (Segment.AMEX, "AMS", "BAA"),
    )
}  # EXCD 거래소코드
EXCHANGE = {Segment.NASDAQ: "NASD", Segment.NYSE: "NYSE", Segment.AMEX: "AMEX"}  # OVRS_EXCG_CD 해외거래소코드
MOVED = "APBK0656"
"""Refusal of a symbol that is not known at the exchange that was named."""
ADVICE = (
    "Nothing was placed. The share may have moved to another exchange: the list of symbols is asked for anew before "
    "its next call, and nothing is sent again by itself."
)
WHOLE_US = "NASD"
"""OVRS_EXCG_CD of lists and holdings in the real environment."""
TRADES_ABROAD = "01"
"""ACNT_PRDT_CD 계좌상품코드 of an account for stocks, those abroad too."""


def symbol_of(code: str) -> str:
    """Return the symbol of a code as KIS spells it, where a stroke parts the class of a share: BRK/B."""
    code = code.strip()
    # A code with a point of its own would be one with another, with a stroke there: it is none of ours.
    return f"US:{code.replace('/', '.')}" if code and "." not in code else code


def quoted_symbol(realtime: str) -> str:
    """Return the symbol that an answer names: a letter, the exchange in three and the code, as DNASAAPL."""
    return symbol_of(realtime.strip()[4:])


class Spelling(Part[KisClient]):
    """What every hook that names a symbol, or the account, needs."""

    market = "US"

    def segment(self, symbol: str) -> Segment:
        """Return where a symbol is listed, by the day's list."""
        found = self.listed(symbol)
        if found is None or found.market not in EXCHANGE:
            raise UnknownSymbol(
                f"KIS does not list {symbol} at an exchange of the US.",
                broker=self.broker,
                advice="Nothing was sent. Look for the name with search(..., market='US').",
            )
        return found.market

    def code(self, symbol: str) -> str:
        """Return how KIS spells a symbol."""
        return symbols.parse(symbol).code.replace(".", "/")

    def quoted(self, symbol: str, venue: Venue) -> Parameters:
        """Return a symbol as calls for prices name it; AUTH is always blank."""
        return {"AUTH": "", "EXCD": QUOTED_AT[self.segment(symbol)][venue], "SYMB": self.code(symbol)}

    @contextmanager
    def naming(self, symbol: str) -> Iterator[None]:
        """Have the day's list asked for anew where KIS says that a symbol is not at the exchange of that list."""
        try:
            yield
        except UnknownSymbol as error:
            if error.code == MOVED:
                self.relist(symbol)
                error.remedy = ADVICE
            raise

    def regular(self, venue: Venue, words: str) -> Venue:
        """Return the venue of what KIS tells of the exchanges alone; Unsupported in `words` for its daytime market."""
        if venue is not Venue.US:
            raise Unsupported(words, broker=self.broker, advice=f"Nothing was sent. Ask for those of {Venue.US}.")
        return venue

    def lacks_account(self) -> str:
        kind = self.client.settings.account.get_secret_value()[8:]
        if kind == TRADES_ABROAD:
            return ""
        return (
            f"An account whose number ends in {kind} has no US market at KIS: shares abroad are held and traded by "
            f"accounts that end in {TRADES_ABROAD}."
        )
