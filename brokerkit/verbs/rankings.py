"""Rankings, and conditions that are saved at the broker: what of the whole market is worth a look."""

from __future__ import annotations

from brokerkit.arguments import check_condition, check_count, check_ranked, check_ranking
from brokerkit.models import Condition, Match, Rank, Table
from brokerkit.verbs.asking import Asking
from brokerkit.words import RankingKind, Segment, Venue


class Rankings(Asking):
    """Verbs about the whole market."""

    def rankings(
        self,
        kind: RankingKind | str,
        *,
        market: Segment | str | None = None,
        count: int = 30,
        venue: Venue | None = None,
    ) -> Table[Rank]:
        """Return the first `count` symbols of a ranking, of KOSPI or KOSDAQ (`market`) or of both (순위).

        The first one first. Fewer where the broker's list ends before. Gainers rose and losers fell: what is unchanged
        is neither. KIS tells 30 at most; more raises Unsupported. Kiwoom has none by market value: it is made of the
        day's instruments and the prices of the firms in question, and `computed` says so. Net buying is what the broker
        estimates of today, of no single venue. Raises InvalidRequest, Unsupported, NetworkError.

        Example::

            for row in broker.rankings("VOLUME", count=10):
                print(row.rank, row.name, row.volume)
        """
        with self._asking(f"ranking by {kind}"):
            from brokerkit.asking.rankings import ranked  # here, as charts: only who asks for one needs it

            wanted = check_count(count) or 30
            return Table(Rank, ranked(self._inquiries, check_ranking(kind), check_ranked(market), wanted, venue))

    def conditions(self) -> Table[Condition]:
        """Return the searches that you have saved at the broker (조건검색 목록). KIS needs `hts_id` in the profile.

        Raises ConfigError where that is missing, Unsupported, StreamError and NetworkError.
        """
        with self._asking("saved conditions"):
            from brokerkit.asking.rankings import conditions

            return Table(Condition, conditions(self._inquiries))

    def screen(self, condition: Condition | str) -> Table[Match]:
        """Return the symbols that meet a saved condition now; it may be given by its name (조건검색 결과).

        Raises IncompleteListing where the broker cuts its answer: narrow the condition then; InvalidRequest for a name
        that none or several have, else as `conditions`.
        """
        with self._asking(f"matches of the condition {getattr(condition, 'name', condition)}"):
            from brokerkit.asking.rankings import screened

            return Table(Match, screened(self._inquiries, check_condition(condition)))
