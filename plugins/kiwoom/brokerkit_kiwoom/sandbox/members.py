"""Member firms: ka10102 lists them, ka10040 tells who sold and who bought most of a symbol today."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from brokerkit.models import Member
from brokerkit.sandbox.members import FIRMS

from .common import Branch, Content, Listing
from .numbers import signed

RANKS = range(1, 6)


def listed(_branch: Branch, _fields: Mapping[str, str]) -> Content:
    """Answer ka10102: some of the firms that trade at the exchange."""
    rows = [{"code": firm.code, "name": firm.name, "gb": "0"} for firm in FIRMS]
    return Listing("list", list(enumerate(rows)), lambda row: row)


def of_today(branch: Branch, fields: Mapping[str, str]) -> Content:
    """Answer ka10040. Shares that were sold have a minus in front; how they changed since the last look is not kept."""
    instrument, venue = branch.instrument_at(fields["stk_cd"])
    told = branch.exchange.members(instrument.symbol, venue)
    body: dict[str, object] = {}
    for rank in RANKS:
        sold, bought = (firms[rank - 1] if rank <= len(firms) else None for firms in (told.sellers, told.buyers))
        body |= _member("sel", rank, sold, -1) | _member("buy", rank, bought, 1)
    return body | {
        "frgn_sel_prsm_sum_chang": "0",
        "frgn_sel_prsm_sum": signed(-(told.foreign_sold or Decimal(0))),
        "frgn_buy_prsm_sum": signed(told.foreign_bought or Decimal(0)),
        "frgn_buy_prsm_sum_chang": "0",
        "tdy_main_trde_ori": [],
    }


def _member(short: str, rank: int, firm: Member | None, sign: int) -> dict[str, str]:
    return {
        f"{short}_trde_ori_irds_{rank}": "0",
        f"{short}_trde_ori_qty_{rank}": signed(sign * firm.quantity) if firm else "0",
        f"{short}_trde_ori_{rank}": firm.name if firm else "",
        f"{short}_trde_ori_cd_{rank}": firm.code if firm else "000",
    }
