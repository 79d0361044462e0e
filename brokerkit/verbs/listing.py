"""What is listed: instruments, and the search for them."""

from __future__ import annotations

from brokerkit.arguments import check_count, check_kind, check_listed, plain
from brokerkit.errors import InvalidRequest
from brokerkit.market.markets import Market
from brokerkit.models import Instrument, Instruments
from brokerkit.symbols import check_symbol
from brokerkit.verbs.asking import Asking
from brokerkit.words import SecurityType, Segment


class Listing(Asking):
    """Verbs about what is listed."""

    def instruments(
        self, market: Segment | str | None = None, *, kind: SecurityType | str | None = None
    ) -> Instruments:
        """Return all that is listed in a market, or what is of one segment or `kind` ("ETF", ...) there (종목 정보).

        `market` is "KR" (the home market, as without it) or "US", or a segment: "KOSPI", "KOSDAQ", "KONEX", "NASDAQ",
        "NYSE", "AMEX". The broker is asked once a day; a copy is kept in the user's cache folder, for all processes.
        Where today's list cannot be had, that of one of the last seven days is answered: a warning is logged, and
        `is_stale` says so. Raises InvalidRequest, Unsupported, NetworkError, and WireError for a list that is cut or
        written in another way than the broker's.

        Example::

            funds = broker.instruments("KOSPI", kind="ETF")
        """
        with self._asking(f"instruments of {market or 'all markets'}"):
            where, segment = self._listed(market)
            wanted = None if kind is None else check_kind(kind)
            return self._inquiries.listings.instruments(where, segment, wanted)

    def instrument(self, symbol: str | Instrument) -> Instrument:
        """Return what a symbol is, out of the list of `instruments` (종목 정보).

        Raises UnknownSymbol for one that is not listed, else as `instruments`.
        """
        symbol = plain(symbol)
        with self._asking(f"instrument {symbol}"):
            return self._inquiries.listings.instrument(check_symbol(symbol))

    def search(self, text: str, *, market: Segment | str | None = None, count: int = 20) -> Instruments:
        """Return the instruments whose name or code the text fits, the best fit first (종목 검색).

        Of those that fit equally the largest first. In the home market, or in a market or segment as `instruments`
        takes it; `count` at most. Names are Korean, those of foreign shares English too where the broker tells them.
        Blanks and the case of letters do not matter. Initial consonants alone find names too: "ㅅㅅㅈㅈ". Raises as
        `instruments`.

        Example::

            symbol = broker.search("삼성전자")[0].symbol
        """
        with self._asking(f"search for {text!r}"):
            if not isinstance(text, str):
                raise InvalidRequest(f"search takes a name or code as text, not {type(text).__name__}.")
            wanted = check_count(count) or 1
            where, segment = self._listed(market)
            return self._inquiries.listings.search(text, where, segment, wanted)

    def _listed(self, place: Segment | str | None) -> tuple[Market, Segment | None]:
        """Return the market that is meant, and the part of it where one is named."""
        return (self._inquiries.home(None), None) if place is None else check_listed(place)
