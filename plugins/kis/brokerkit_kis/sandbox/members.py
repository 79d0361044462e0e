"""Member firms: who sold and who bought most of a symbol today."""

from __future__ import annotations

from decimal import Decimal

from brokerkit.models import Member
from brokerkit.sandbox.face import FaceAnswer
from brokerkit_kis.sandbox.fields import Api, Context
from brokerkit_kis.sandbox.quotes import QUOTATIONS, SYMBOL_FIELDS, find, known
from brokerkit_kis.sandbox.wording import done, percent, whole

RANKS = range(1, 6)


def members(context: Context) -> FaceAnswer:
    """Answer inquire-member: the five firms that sold most, and the five that bought most."""
    instrument, quote = find(context)
    told, volume = context.exchange.members(instrument.symbol, quote.venue), known(quote.volume)
    sold, bought = known(told.foreign_sold), known(told.foreign_bought)
    output: dict[str, object] = {"glob_ntby_qty": whole(bought - sold)}
    for short, firms, foreign in (("seln", told.sellers, sold), ("shnu", told.buyers, bought)):
        for rank in RANKS:
            output |= _member(short, rank, firms[rank - 1] if rank <= len(firms) else None, volume)
        output |= {
            f"glob_total_{short}_qty": whole(foreign),
            f"glob_{short}_rlim": percent(foreign, volume, 2),
            f"glob_total_{short}_qty_icdc": "0",
        }
    return FaceAnswer(done("MCA00000", "정상 처리", output=output))


def _member(short: str, rank: int, firm: Member | None, volume: Decimal) -> dict[str, object]:
    """Return a rank; what stands in one that no firm has is not known: blanks and zeros here."""
    quantity = firm.quantity if firm else Decimal(0)
    return {
        f"{short}_mbcr_no{rank}": firm.code.zfill(5) if firm else "",
        f"{short}_mbcr_name{rank}": firm.name if firm else "",
        f"total_{short}_qty{rank}": whole(quantity),
        f"{short}_mbcr_rlim{rank}": percent(quantity, volume, 2),
        f"{short}_qty_icdc{rank}": "0",
        f"{short}_mbcr_glob_yn_{rank}": "Y" if firm and firm.is_foreign else "N",
    }


MEMBERS = Api(f"{QUOTATIONS}/inquire-member", SYMBOL_FIELDS, members)
