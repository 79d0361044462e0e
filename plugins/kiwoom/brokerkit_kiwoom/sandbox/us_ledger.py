"""The ledger in dollars (ust21100), and changing dollars: ust31301 (the rate), ust31300 (an estimate), ust31302."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from brokerkit.sandbox.exchange import AccountState, Exchange
from brokerkit.sandbox.ledger import BookedLine, CashKind

from .common import Content, Listing
from .fields import day
from .numbers import padded
from .refusals import bad_value, not_possible
from .us import COUNTRY, UsBranch, code_of
from .us_numbers import dollars

_WORDS = {
    CashKind.DEPOSIT: ("입출금", "외화입금"),
    CashKind.WITHDRAWAL: ("입출금", "외화출금"),
    CashKind.BUY: ("매매", "매수"),
    CashKind.SALE: ("매매", "매도"),
}
"""deal_kind_nm and rmrk_nm. Those of a purchase were seen, the others are guesses."""
_MOVES = (CashKind.DEPOSIT, CashKind.WITHDRAWAL)
_TRADES = (CashKind.BUY, CashKind.SALE)
_WANTED = {
    "": tuple(CashKind),
    "0": tuple(CashKind),
    "1": _MOVES,
    "3": _TRADES,
    "4": (CashKind.BUY,),
    "5": (CashKind.SALE,),
    "6": (CashKind.DEPOSIT,),
    "7": (CashKind.WITHDRAWAL,),
    "M": _MOVES,
}
"""tp to what it asks for. Dollars that were changed stand here as deposits and withdrawals."""


def lines(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust21100, oldest first: trades stand on the day of their settlement. Amounts are magnitudes."""
    end = day(fields["end_dt"]) if fields["end_dt"] else branch.exchange.today
    start = day(fields["strt_dt"]) if fields["strt_dt"] else end
    fits, wanted = branch.chosen(fields), _WANTED.get(fields["tp"], ())
    narrowed = bool(fields["stk_cd"] or fields["stex_tp"])
    found = [
        each
        for each in branch.exchange.cash_lines(branch.account, start, end)
        if each.line.kind in wanted and (fits(each.line.symbol) if each.line.symbol else not narrowed)
    ]
    sums = {kind: sum((e.line.amount for e in found if e.line.kind is kind), Decimal(0)) for kind in _TRADES}
    head = {
        "acnt_print": branch.account,
        "sell_sum": dollars(sums[CashKind.SALE], 2),
        "buy_sum": dollars(sums[CashKind.BUY], 2),
    }
    return Listing("result_list", list(enumerate(found)), lambda each: _row(branch, each), head)


def _moved(booked: BookedLine) -> Decimal:
    """Return by how many cents the cash of the ledger changes: the exchange keeps parts of a cent, no ledger does."""
    before = booked.balance - booked.line.change
    return Decimal(dollars(booked.balance, 2)) - Decimal(dollars(before, 2))


def _row(branch: UsBranch, booked: BookedLine) -> dict[str, str]:
    line = booked.line
    kind, remark = _WORDS[line.kind]
    price = line.amount / line.quantity if line.quantity else Decimal(0)
    no_won, nothing = padded(0), dollars(0, 2)
    return {
        "deal_dt": f"{line.day:%Y%m%d}",
        "deal_kind_nm": kind,
        "rmrk_nm": remark,
        **dict.fromkeys(("deal_amt", "tax_tot_amt", "exct_amt"), no_won),
        "uncl_ocr": "0",
        "fc_uncl_ocr": nothing,
        "entra_remn": no_won,
        "deal_no": f"{booked.number:09d}",
        "stk_nm": branch.exchange.instruments[line.symbol].name if line.symbol else "",
        "deal_qty": str(line.quantity),
        "fc_deal_tax": dollars(line.tax, 2),
        "frgn_pay_txam": nothing,
        "rpym_sum": no_won,
        "fc_rpym_sum": nothing,
        "fc_entra": dollars(booked.balance, 2),
        "mdia_nm": "REST API",
        "orig_deal_no": f"{0:09d}",
        "stk_cd": code_of(line.symbol) if line.symbol else "",
        "uv_exrt": dollars(price),
        "fc_cmsn": dollars(line.commission, 2),
        "fc_exct_amt": dollars(abs(_moved(booked)), 2),
        "dly_sum": no_won,
        "fc_dly_sum": nothing,
        "vlbl_nowrm": str(line.quantity),
        "stex_nm": COUNTRY if line.symbol else "",
        "fc_deal_amt": dollars(line.amount, 2),
        "proc_time": "08:25:00" if line.symbol else "10:00:00",
        "crnc_code": "USD",
    }


_SPREAD = Decimal("0.01")
"""What the firm takes of a rate in either direction. Made up."""
_BUYS_DOLLARS = "1"
_UNITS = {"KRW": Decimal(1), "USD": Decimal("0.01")}


@dataclass(frozen=True)
class _Counter:
    """A direction in which money is changed: 1 won to dollars, 2 dollars to won."""

    branch: UsBranch
    buys_dollars: bool

    @property
    def rate(self) -> Decimal:
        """Won for a dollar at the counter."""
        return (self.branch.rate * (1 + (_SPREAD if self.buys_dollars else -_SPREAD))).quantize(Decimal("0.01"))

    @property
    def sold(self) -> Exchange:
        """Where the money is that is given."""
        return self.branch.home if self.buys_dollars else self.branch.exchange

    @property
    def bought(self) -> Exchange:
        """Where the money goes that is got."""
        return self.branch.exchange if self.buys_dollars else self.branch.home

    def got(self, amount: Decimal) -> Decimal:
        """Return what is got for an amount, cut to the smallest coin."""
        value = amount / self.rate if self.buys_dollars else amount * self.rate
        return value.quantize(_UNITS["USD" if self.buys_dollars else "KRW"], ROUND_DOWN)

    def asked(self, text: str) -> Decimal:
        """Return the amount of a request, which is of the money that is given."""
        amount = Decimal(text or 0)
        if amount % _UNITS["KRW" if self.buys_dollars else "USD"]:
            raise bad_value("fc_exmn_amt", "소수점 자리수")
        return amount

    def rates(self) -> dict[str, str]:
        """Return the rates as each of the three answers tells them."""
        told = dollars(self.rate, 2)
        return {
            "sell_aplc_exrt": dollars(0, 2) if self.buys_dollars else told,
            "buy_aplc_exrt": told if self.buys_dollars else dollars(0, 2),
            "aplc_exrt": dollars(self.rate, 6),
        }

    def states(self) -> tuple[AccountState, AccountState]:
        """Return both sides of the account: what is given, what is got."""
        account = self.branch.account
        return self.sold.account(account), self.bought.account(account)


def _counter(branch: UsBranch, fields: Mapping[str, str]) -> _Counter:
    return _Counter(branch, fields["exch_tp"] == _BUYS_DOLLARS)


def rate(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust31301."""
    counter = _counter(branch, fields)
    return {
        **counter.rates(),
        "exrt_tp_nm": "고시환율",
        "spcl_bf_exrt": dollars(counter.rate, 2),
        "exrt_spcl_rt": dollars(0, 2),
    }


def estimate(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust31300. Nothing is changed."""
    counter = _counter(branch, fields)
    amount = counter.asked(fields["fc_exmn_amt"])
    body = counter.rates()
    for side, state in zip(("sell", "buy"), counter.states(), strict=True):
        body |= {
            f"{side}_crnc_entra_nowrm": dollars(state.cash, 2),
            f"{side}_crnc_ch_uncla_nowrm": dollars(0, 2),
            f"{side}_crnc_etc_loana_nowrm": dollars(0, 2),
            f"{side}_crnc_exmn_alow_amt": dollars(state.withdrawable, 2),
        }
    return {
        **body,
        "krw_uncl_amt": padded(0),
        "sell_expc_amt": dollars(amount, 2),
        "buy_expc_amt": dollars(counter.got(amount), 2),
    }


def change(branch: UsBranch, fields: Mapping[str, str]) -> Content:
    """Answer ust31302: money moves. What Kiwoom says where there is not enough, or nothing to move, is not known."""
    counter = _counter(branch, fields)
    amount = counter.asked(fields["fc_exmn_amt"])
    got = counter.got(amount)
    before = _both(branch)
    if not got:
        raise not_possible(demo=branch.demo)
    try:
        counter.sold.deposit(branch.account, -amount)
    except ValueError:
        raise not_possible(demo=branch.demo) from None
    counter.bought.deposit(branch.account, got)
    won, after = amount if counter.buys_dollars else got, _both(branch)
    return {
        **counter.rates(),
        **_side("", "_prerm", before[0].cash, padded),
        **_side("", "_nowrm", after[0].cash, padded),
        "krw_exmn_alow_amt": padded(after[0].withdrawable),
        **dict.fromkeys(
            ("ch_uncl_rpym_amt", "ch_uncl_dlfe", "etc_loan_npay_rpym_amt", "etc_loan_npay_dlfe"), padded(0)
        ),
        **_side("fc_", "_prerm", before[1].cash, _cents),
        **_side("fc_", "_nowrm", after[1].cash, _cents),
        # It was 0.00 in the example, whatever could have been changed.
        "fc_exmn_alow_amt": _cents(0),
        **dict.fromkeys(("fc_ch_uncl_rpym_amt", "fc_ch_uncl_dlfe"), _cents(0)),
        **dict.fromkeys(("fc_etc_loan_npay_rpym_amt", "fc_etc_loan_npay_dlfe"), _cents(0)),
        "krw_exmn_amt": padded(won),
        "sell_fc_amt": _cents(amount),
        "buy_fc_amt": _cents(got),
    }


def _both(branch: UsBranch) -> tuple[AccountState, AccountState]:
    return branch.home.account(branch.account), branch.exchange.account(branch.account)


def _cents(amount: Decimal | int) -> str:
    return dollars(amount, 2)


def _side(start: str, end: str, cash: Decimal, write: Callable[[Decimal | int], str]) -> dict[str, str]:
    """Write the cash of a side of the account; it owes nothing."""
    return {
        f"{start}entra{end}": write(cash),
        f"{start}ch_uncla{end}": write(0),
        f"{start}etc_loana{end}": write(0),
    }
