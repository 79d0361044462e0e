"""Cash and holdings, shared: one page or several become one Balance, or an error."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from brokerkit.errors import IncompleteListing, InvalidRequest, RateLimited, WireError
from brokerkit.models import Balance
from brokerkit.words import PositionKind
from tests.adapters.kit import Kit, table
from tests.adapters.wire import Json, Wire

Changes = dict[str, Any]


def page(wire: Wire, *symbols: str, **totals: Any) -> Json:
    """Return a page of holdings of 843,600 won each, and totals that agree with it or say what they are told to."""
    rows = [wire.row("holdings", symbol=wire.code_prefix + symbol) for symbol in symbols]
    return with_totals(wire, wire.rows("holdings", *rows), **{"value": 843_600 * len(symbols), **totals})


def with_totals(wire: Wire, answer: Json, **totals: Any) -> Json:
    """Return a page with other totals; they stand in its first rows or at its top."""
    block = wire.blocks.get("totals")
    change = {wire.fields["totals"].get(name, name): each for name, each in totals.items()}
    change = {name: str(each) if isinstance(each, int) else each for name, each in change.items()}
    return {**answer, block: [{**answer[block][0], **change}]} if block else {**answer, **change}


def symbols(balance: Balance) -> list[str]:
    """Return what is held."""
    return [position.symbol for position in balance.positions]


def held(wire: Any, *changes: Changes) -> Any:
    """Return a broker whose account holds a symbol in a row for each of `changes`."""
    answer = with_totals(wire, wire.rows("holdings", *changes), value=843_600 * len(changes))
    return wire.answer(wire.ids["holdings"], answer).broker


class AccountKit(Kit):
    """Balances."""

    balance: ClassVar[Balance]
    """The sound answer."""
    left_out: ClassVar[dict[str, tuple[str, ...]]]
    """Fields of each part of the answer that may be blank or missing."""
    none_then: ClassVar[tuple[str, ...]]
    """What the balance does not tell then, beside three fields of its position."""
    totals: ClassVar[tuple[str, ...]]
    """All fields of a page that tell of the account as a whole."""
    zeros: ClassVar[tuple[str, ...]]
    """How an amount of nothing is written."""
    kinds: ClassVar[list[tuple[Changes, PositionKind]]]
    loan: ClassVar[Changes]
    short: ClassVar[Changes]
    nobody_knows: ClassVar[list[Changes]]
    """Rows that do not tell whose shares they are."""
    kind_field: ClassVar[str]
    other_codes: ClassVar[tuple[str, ...]]
    """Spellings of the note 580012."""
    too_fast: ClassVar[str]
    """The refusal of a call over the limit."""

    def test_balance_has_every_number_of_the_answer(self, wire: Any) -> None:
        assert wire.broker.balance() == self.balance

    @pytest.mark.parametrize("absent", ["", "  ", ...], ids=["blank", "blanks", "missing"])
    def test_what_the_broker_leaves_out_is_none_and_not_zero(self, wire: Any, absent: Any) -> None:
        answers: dict[str, Json] = {}
        for part, names in self.left_out.items():
            changed = wire.changed(part, dict.fromkeys(names, absent))
            block = wire.blocks.get(part)
            id = wire.ids[part]
            answers[id] = {**answers.get(id, changed), block: changed[block]} if block else changed
        for id, answer in answers.items():
            wire.answer(id, answer)
        balance = wire.broker.balance()
        (position,) = balance.positions
        assert {position.sellable_quantity, position.average_price, position.price} == {None}
        assert {getattr(balance, name) for name in self.none_then} == {None}

    def test_rows_that_were_sold_out_are_dropped(self, wire: Any) -> None:
        sold = wire.row("holdings", symbol=wire.code_prefix + "005930", quantity=self.zeros[0], cost="0", value="0")
        kept = wire.row("holdings", symbol=wire.code_prefix + "000660")
        answer = with_totals(wire, wire.rows("holdings", sold, kept), value=843_600)
        assert symbols(wire.answer(wire.ids["holdings"], answer).broker.balance()) == ["000660"]

    def test_a_holding_whose_name_is_not_told_has_none(self, wire: Any) -> None:
        assert held(wire, wire.row("holdings", name="  ")).balance().positions[0].name is None

    def test_a_holding_without_a_price_has_no_value_and_no_loss(self, wire: Any) -> None:
        zero = self.zeros[0]
        (position,) = held(wire, wire.row("holdings", price=zero, value=zero)).balance().positions
        assert (position.price, position.market_value, position.unrealized_pnl) == (None, None, None)
        assert (position.unrealized_pnl_percent, position.cost) == (None, 822003)

    # Totals

    @table("blank", "zeros")
    @pytest.mark.parametrize("first", [True, False])
    def test_totals_are_taken_where_they_stand(self, wire: Any, first: bool, blank: str) -> None:
        none, told = dict.fromkeys(self.totals, blank), {"value": 1687100}
        one = page(wire, "005930", **(told if first else none))
        two = page(wire, "000660", **(none if first else told))
        balance = wire.paged("holdings", one, two).broker.balance()
        assert (balance.cash, balance.market_value, balance.cost) == (5000000, 1687100, 822003)

    @pytest.mark.parametrize(
        "totals", [{"value": "0", "cost": "0"}, {"value": "0"}, {"value": "700000"}, {"value": "999000"}], ids=repr
    )
    def test_totals_that_the_holdings_contradict_are_no_balance(self, wire: Any, totals: Changes) -> None:
        with pytest.raises(WireError, match="market value"):
            wire.answer(wire.ids["holdings"], page(wire, "005930", **totals)).broker.balance()

    def test_value_without_holdings_is_a_list_that_is_short(self, wire: Any) -> None:
        with pytest.raises(WireError, match="market value"):
            wire.answer(wire.ids["holdings"], page(wire, value="843600")).broker.balance()

    @pytest.mark.parametrize("worth", [843600, 830000, 857000])
    def test_totals_may_be_priced_at_another_moment(self, wire: Any, worth: int) -> None:
        balance = wire.answer(wire.ids["holdings"], page(wire, "005930", value=worth)).broker.balance()
        assert balance.market_value == worth

    # Pages

    def test_page_that_comes_twice_or_keys_that_repeat_fail_the_whole_balance(self, wire: Any) -> None:
        one, two = page(wire, "005930"), page(wire, "000660")
        for pages in ((one, one), (one, two, page(wire))):
            with pytest.raises(IncompleteListing):
                wire.circle("holdings", *pages).broker.balance()

    def test_query_over_the_limit_is_repeated_twice_and_then_given_up(self, wire: Any) -> None:
        limited, cash = wire.refusal(self.too_fast, "too fast"), wire.ids["cash"]
        assert wire.answer(cash, limited, limited, wire.good(cash)).broker.balance().cash == 5000000
        with pytest.raises(RateLimited):
            wire.answer(cash, limited).broker.balance()
        assert len(wire.of(cash)) == 6

    # Whose shares they are

    @table(("change", "kind"), "kinds")
    def test_kinds_of_positions_are_told_apart(self, wire: Any, change: Changes, kind: PositionKind) -> None:
        (position,) = held(wire, change).balance().positions
        assert position.kind is kind
        assert position.sellable_quantity == (9 if kind is PositionKind.CASH else 0)
        assert position.quantity == (-12 if kind is PositionKind.SHORT else 12)
        profit = position.unrealized_pnl
        assert (position.cost, profit) == ((None, None) if kind is PositionKind.SHORT else (822003, 21597))

    @table("change", "nobody_knows")
    def test_a_row_that_does_not_tell_whose_shares_these_are_fails_the_balance(
        self, wire: Any, change: Changes
    ) -> None:
        with pytest.raises(WireError, match=self.kind_field):
            held(wire, change).balance()

    def test_only_what_is_ours_can_be_sold(self, wire: Any) -> None:
        two = wire.row("holdings", sellable="2")
        assert held(wire, {}, self.loan, self.short, two).sellable_quantity("005930") == 11
        assert held(wire, self.loan, self.short).sellable_quantity("005930") == 0
        assert wire.broker.sellable_quantity("000660") == 0

    def test_sellable_quantity_adds_the_rows_of_a_symbol(self, wire: Any) -> None:
        five, other = wire.row("holdings", sellable="5"), wire.row("holdings", symbol=wire.code_prefix + "000660")
        broker = held(wire, {}, five, other)
        assert broker.sellable_quantity("005930") == 14
        assert broker.sellable_quantity("035420") == 0

    @pytest.mark.parametrize("change", [{"sellable": ""}, {"symbol": "X005930"}], ids=repr)
    def test_what_can_be_sold_is_never_a_zero_that_nobody_told(self, wire: Any, change: Changes) -> None:
        with pytest.raises(WireError, match="how many shares"):
            held(wire, {}, wire.row("holdings", **change)).sellable_quantity("005930")

    @table("code", "other_codes")
    def test_a_holding_has_the_symbol_that_the_verbs_take(self, wire: Any, code: str) -> None:
        broker = held(wire, wire.row("holdings", symbol=code))
        assert symbols(broker.balance()) == ["580012"]
        assert broker.sellable_quantity("580012") == 9
        with pytest.raises(InvalidRequest, match="580012"):
            broker.sellable_quantity("Q580012")
