"""The contract of rankings and saved conditions."""

from __future__ import annotations

from collections.abc import Callable, Collection
from decimal import Decimal

import pytest

from brokerkit.asking.rankings import kinds_of
from brokerkit.broker import Broker
from brokerkit.errors import IncompleteListing, InvalidRequest, Unsupported
from brokerkit.market.markets import KOREA
from brokerkit.models import Match, Quote, Rank
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.face import Face
from brokerkit.sandbox.ranks import INVESTORS, SCREENS, Standing, net_of, ranking, screened
from brokerkit.testing.base import Contract, not_told
from brokerkit.testing.declared import needs
from brokerkit.testing.inside import part_of
from brokerkit.testing.truth import differences
from brokerkit.words import RankingKind, Segment, Venue

COUNT = 30
QUIET = ("247540", "086520", "028300")
"""Symbols of KOSDAQ that nobody has traded yet: unchanged, and without volume."""


class RankingContract(Contract):
    """Rankings have the right symbols in the right order, each with its figures; saved conditions their matches."""

    level = 1

    def same_ranking(
        self,
        trader: Broker,
        sandbox: Sandbox,
        kind: RankingKind,
        market: Segment | None = None,
        venue: Venue | None = None,
    ) -> None:
        """Fail where a ranking is not that of the exchange."""
        told = trader.rankings(kind, market=market, venue=venue)
        of_prices = kind not in INVESTORS
        truth = ranking(sandbox.exchange, kind, venue or Venue.KRX, market)
        standing = [each for each in truth if each.figure > 0][:COUNT]
        assert [each.symbol for each in told] == [each.instrument.symbol for each in standing], (
            f"The ranking by {kind} of {market or 'all markets'} at {venue or 'the usual venue'}: look at what "
            "`ranking` asks for, and at its pages."
        )
        computed = kind not in part_of(trader).ranking_venues
        lacking = part_of(trader).ranks_lack.get(kind, frozenset()) | not_told(trader).get(Rank, frozenset())
        if computed:
            lacking |= not_told(trader).get(Quote, frozenset()) & set(Rank.model_fields)
        if of_prices:
            lacking |= {"net_quantity", "net_amount"}
        for place, (rank, real) in enumerate(zip(told, standing, strict=True), start=1):
            self.check_row(trader, rank, self.true_rank(sandbox, place, kind, real, computed=computed), lacking)

    def true_rank(self, sandbox: Sandbox, place: int, kind: RankingKind, real: Standing, *, computed: bool) -> Rank:
        """Return a place in a ranking with everything that the exchange knows."""
        quote, symbol, of_prices = real.quote, real.instrument.symbol, kind not in INVESTORS
        nets = (None, None) if of_prices else net_of(sandbox.exchange.flow_today(symbol), INVESTORS[kind])
        return Rank(
            rank=place,
            symbol=symbol,
            name=real.instrument.name,
            date=sandbox.exchange.today,
            venue=quote.venue if of_prices else None,
            price=quote.price,
            change=quote.change,
            change_percent=quote.change_percent,
            volume=quote.volume,
            turnover=quote.turnover,
            market_value=real.market_value,
            net_quantity=nets[0],
            net_amount=nets[1],
            final=False,
            computed=computed,
        )

    def check_row(self, trader: Broker, told: Rank | Match, truth: Rank | Match, lacking: Collection[str]) -> None:
        """Fail where a row is not the truth."""
        lines = differences(told, truth, absent=lacking, steps=self.rounds(trader, type(truth)))
        assert not lines, f"{told.symbol}: {'; '.join(lines)}. Look at the row's fields, and at `ranks_lack`."

    @needs("rankings")
    def test_rankings_tell_the_truth(self, trader: Broker, sandbox: Sandbox) -> None:
        for kind in kinds_of(part_of(trader)):
            self.same_ranking(trader, sandbox, kind)

    @needs("rankings")
    def test_rankings_of_a_market_leave_out_what_is_unchanged(self, trader: Broker, sandbox: Sandbox) -> None:
        for symbol in QUIET:
            sandbox.exchange.unopen(symbol)
        for kind in kinds_of(part_of(trader)):
            self.same_ranking(trader, sandbox, kind, Segment.KOSDAQ)

    @needs("rankings")
    def test_rankings_of_other_venues_are_told_or_unsupported(
        self, trader: Broker, sandbox: Sandbox, face: Face
    ) -> None:
        for kind, venues in kinds_of(part_of(trader)).items():
            for venue in KOREA.venues:
                if venue in venues:
                    self.same_ranking(trader, sandbox, kind, Segment.KOSPI, venue)
                else:
                    unsupported(face, trader, kind, venue=venue)

    @needs("rankings")
    def test_a_ranking_that_is_not_there_is_not_sent(self, trader: Broker, face: Face) -> None:
        part = part_of(trader)
        for kind in set(RankingKind) - set(kinds_of(part)):
            unsupported(face, trader, kind)
        if part.most_ranks is not None:
            unsupported(face, trader, RankingKind.VOLUME, count=part.most_ranks + 1)
        asks: tuple[Callable[[], object], ...] = (
            lambda: trader.rankings("LOUDEST"),
            lambda: trader.rankings(RankingKind.VOLUME, count=0),
            lambda: trader.rankings(RankingKind.VOLUME, market="NASDAQ"),
        )
        for asked in asks:
            with pytest.raises(InvalidRequest):
                asked()
        assert not face.requests

    @needs("rankings")
    def test_a_ranking_has_as_many_rows_as_are_asked_for(self, trader: Broker, sandbox: Sandbox) -> None:
        most = part_of(trader).most_ranks
        for kind in list(kinds_of(part_of(trader)))[::3]:
            truth = [each for each in ranking(sandbox.exchange, kind) if each.figure > 0]
            for count in (1, 7, most or 150):
                found = [rank.symbol for rank in trader.rankings(kind, count=count)]
                assert found == [each.instrument.symbol for each in truth[:count]], (
                    f"The first {count} of {kind} are others, or fewer: look at the pages that `ranking` reads."
                )

    @needs("conditions", "screen")
    def test_saved_conditions_have_their_matches(self, trader: Broker, sandbox: Sandbox) -> None:
        saved = {condition.name: condition for condition in trader.conditions()}
        assert set(saved) == set(SCREENS), f"Saved are {set(SCREENS)}, and {set(saved)} are told."
        absent = not_told(trader).get(Match, frozenset())
        for name, condition in saved.items():
            truth = screened(sandbox.exchange, name)
            try:
                told = trader.screen(condition)
            except IncompleteListing:
                assert len(truth) > COUNT, f"Of {len(truth)} matches all can be told."
                continue
            assert [each.symbol for each in told] == [instrument.symbol for instrument, _ in truth], name
            for match, (instrument, quote) in zip(told, truth, strict=True):
                fields = {field: getattr(quote, field) for field in Match.model_fields if hasattr(quote, field)}
                real = Match(**fields, market_value=instrument.listed_shares * Decimal(quote.price))
                self.check_row(trader, match, real, absent)

    @needs("conditions", "screen")
    def test_a_condition_is_found_by_its_name(self, trader: Broker, sandbox: Sandbox) -> None:
        name = next(iter(SCREENS))
        assert len(trader.screen(name)) == len(screened(sandbox.exchange, name))
        with pytest.raises(InvalidRequest) as caught:
            trader.screen("unheard of")
        assert "no condition" in caught.value.words
        assert name in str(caught.value.advice)


def unsupported(face: Face, trader: Broker, kind: RankingKind, **asked: object) -> None:
    """Demand that a ranking is Unsupported, and that nothing is sent."""
    seen = len(face.requests)
    with pytest.raises(Unsupported):
        trader.rankings(kind, **asked)  # type: ignore[arg-type]
    assert len(face.requests) == seen, f"A ranking by {kind} with {asked} is not declared, and was asked for."
