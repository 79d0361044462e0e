"""The contract of quotes of many symbols."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

import pytest

from brokerkit.broker import Broker
from brokerkit.errors import InvalidRequest, NetworkError, UnknownSymbol
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face, JsonResponse, Purpose, ReceivedRequest
from brokerkit.testing.base import Contract, not_told
from brokerkit.testing.declared import needs
from brokerkit.testing.inside import part_of
from brokerkit.testing.truth import differences

MANY = 135
"""Symbols: more than any broker takes in one call."""
LISTS = 10
"""So many calls at most tell what is listed, once a day."""


class ManyQuotesContract(Contract):
    """Quotes of many symbols are those of one, complete, in few calls; a bad symbol takes no other with it."""

    level = 1

    @needs("quotes")
    def test_many_quotes_tell_the_truth(self, trader: Broker, sandbox: Sandbox) -> None:
        symbols = [self.ground.note or self.ground.lettered, *list(sandbox.exchange.instruments)[:MANY]]
        told = trader.quotes(symbols)
        assert [quote.symbol for quote in told] == list(dict.fromkeys(symbols)), (
            f"Of {len(symbols)} symbols {len(told)} have a quote, in their order or not; without: {list(told.failed)}. "
            "Look at how `several_quotes` cuts its calls and reads their rows."
        )
        absent = not_told(trader).get(type(told[0]), frozenset())
        for quote in told:
            truth = sandbox.exchange.quote(quote.symbol, quote.venue)
            # Such a call may tell what that for one symbol does not.
            unknown = {field for field in absent if getattr(quote, field) is None}
            known = truth.model_copy(update=dict.fromkeys(unknown) | {"time": quote.time and truth.time})
            lines = differences(quote, known, steps=self.rounds(trader, type(truth)))
            assert not lines, (
                f"quotes of {quote.symbol}: {'; '.join(lines)}. Look at the rows that `several_quotes` answers."
            )

    @needs("quotes")
    def test_many_quotes_take_few_calls(self, trader: Broker, sandbox: Sandbox, face: Face) -> None:
        symbols = [each for each in sandbox.exchange.instruments if self.market != "KR" or each[0] < "5"][:MANY]
        trader.quotes(symbols[:1])
        single = face.requests[-1]
        seen = len(face.requests)
        trader.quotes(symbols[:2])
        takes_several = len(face.requests) == seen + 1 and face.requests[-1].path == single.path
        at_once = part_of(trader).quotes_at_once if takes_several else 1
        cold, asked, needed = (
            self.calls(trader, face, symbols),
            self.calls(trader, face, symbols),
            -(-len(symbols) // at_once),
        )
        assert asked == needed, f"{len(symbols)} quotes took {asked} calls, and {needed} do: {at_once} at once."
        words = "where all of them are listed is asked for at once"
        assert cold <= needed + LISTS, f"At first {len(symbols)} quotes took {cold} calls, and {needed} do: {words}."

    def calls(self, trader: Broker, face: Face, symbols: Sequence[str]) -> int:
        """Return how many calls quotes of symbols take."""
        seen = len(face.requests)
        trader.quotes(symbols)
        return len(face.requests) - seen

    @needs("quotes")
    def test_a_bad_symbol_is_named_and_the_others_still_come(
        self, trader: Broker, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
    ) -> None:
        nonsense = self.ground.no_symbols[0]
        with caplog.at_level(logging.WARNING, logger="brokerkit"):
            told = trader.quotes([self.unlisted, self.stock, nonsense, self.fund, self.stock])
        symbols = [quote.symbol for quote in told]
        assert symbols == [self.stock, self.fund], f"Of two symbols beside an unlisted one quotes tells {symbols}."
        assert {symbol: type(error) for symbol, error in told.failed.items()} == {
            self.unlisted: UnknownSymbol,
            nonsense: InvalidRequest,
        }, f"The symbols without a quote are told as {told.failed}."
        said = f" {' '.join(caplog.messages)} "
        assert [each for each in (self.unlisted, nonsense) if not re.search(rf"\s'?{each}\b(?!\w)", said)] == []

    @needs("quotes")
    def test_a_line_that_is_down_is_no_fault_of_a_symbol(self, trader: Broker, face: Face) -> None:
        trader.quote(self.stock)

        def down(request: ReceivedRequest) -> JsonResponse | None:
            is_query = face.purpose(request.method, request.path, request.headers) is Purpose.QUERY
            return JsonResponse({}, status=502) if is_query else None

        face.before = down
        with pytest.raises(NetworkError):
            trader.quotes([self.stock, self.fund])
