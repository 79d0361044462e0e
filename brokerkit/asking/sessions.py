"""The session of which a price is, as far as the clock of the exchange and the answer prove it; nothing is asked."""

from __future__ import annotations

from collections.abc import Collection

from brokerkit.market.sessions import Phase
from brokerkit.models import Quote
from brokerkit.transport import Reply
from brokerkit.words import Venue

OF_THE_DAY = frozenset({Phase.REGULAR, Phase.CLOSING_AUCTION, Phase.AFTER_CLOSE_CLOSING_PRICE})
"""What KRX does from its open until its after-market. All that time a symbol that was traded today stands at a price of
the regular session: in the closing auction nothing is traded, and after it only at the close."""


def session_of(reply: Reply[Quote], venue: Venue, phases: Collection[Phase]) -> Phase | None:
    """Return whose price a quote is; `phases` are those of the venue about now.

    None otherwise: in the evening a quote is the last one of the after-market, where there was any, else still the
    close, and it stays so until the next open. Of NXT and of both venues it may be of the pre-market all morning.
    """
    was_traded = bool(getattr(reply, "open", None))
    return Phase.REGULAR if venue is Venue.KRX and was_traded and OF_THE_DAY.issuperset(phases) else None
