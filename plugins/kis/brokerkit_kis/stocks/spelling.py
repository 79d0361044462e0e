"""How KIS spells a symbol, which for an ETN or ELW only it can tell, and so the price of one."""

from __future__ import annotations

from brokerkit.errors import UnknownSymbol, Unsupported
from brokerkit.part import Part
from brokerkit.words import Venue
from brokerkit_kis.client import KisClient
from brokerkit_kis.stocks import quotes
from brokerkit_kis.wire.types import may_be_warrant, spellings


class Spelling(Part[KisClient]):
    """What every hook that names a symbol needs."""

    def prepare(self) -> None:
        self._codes: dict[str, str] = {}
        self._warrants: set[str] = set()
        """ELW that were quoted: a call of their own tells them."""

    def quote(self, symbol: str, venue: Venue) -> quotes.Price | quotes.Warrant:
        if symbol in self._warrants:
            return self._warrant(symbol)
        known, refused, price = self._codes.get(symbol), None, None
        for code in (known,) if known else spellings(symbol):
            try:
                price = self._price_of(code, venue)
            except UnknownSymbol as error:  # not known: whether a code without its letter is refused, or has no price
                refused = error
                continue
            if price.price:
                self._codes[symbol] = code
                return price
        if venue is Venue.KRX and known is None and may_be_warrant(symbol) and (warrant := self._warrant(symbol)).price:
            return warrant
        if refused is not None or price is None:
            raise refused or UnknownSymbol(f"KIS does not know {symbol}.")
        return price

    def _price_of(self, code: str, venue: Venue) -> quotes.Price:
        params = {"FID_COND_MRKT_DIV_CODE": quotes.MARKET_DIVISION[venue], "FID_INPUT_ISCD": code}
        return self.client.call(quotes.PRICE, params=params).output

    def _warrant(self, symbol: str) -> quotes.Warrant:
        params = {"FID_COND_MRKT_DIV_CODE": quotes.WARRANTS, "FID_INPUT_ISCD": symbol}
        found = self.client.call(quotes.WARRANT, params=params).output
        if found.price:
            self._warrants.add(symbol)
        return found

    def code(self, symbol: str) -> str:
        """Return how KIS spells a symbol; of one that may be an ETN it is asked, once."""
        if len(spellings(symbol)) > 1 and symbol not in self._codes:
            self.quote(symbol, Venue.KRX)
            if symbol in self._warrants:
                raise Unsupported(f"{symbol} is an ELW, of which only quotes are offered at KIS.", broker=self.broker)
            if symbol not in self._codes:
                raise UnknownSymbol(f"KIS has no price of {symbol} at KRX.", broker=self.broker)
        return self._codes.get(symbol, symbol)
