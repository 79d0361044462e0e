"""Single mistakes in the two shipped adapters: a place of the source, what stands there, and what stands there instead.

Each is one that somebody could make while an adapter is written or mended, and that no type checker sees.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from brokerkit.market.markets import KOREA, US

ORDERS, OTHER = "orders and lists", "all else"


@dataclass(frozen=True)
class Mutation:
    """One mistake."""

    broker: str
    file: str
    """Below the package of the adapter."""
    subject: str
    what: str
    """What is wrong then, in words."""
    old: str
    new: str
    check: str
    """The check of the kit that is asked first; if it notices nothing all others are."""
    environment: str = "real"
    """In which environment it is asked first."""

    @property
    def market(self) -> str:
        """The market whose contract has to notice it."""
        return US.name if self.file.startswith("us/") else KOREA.name

    @property
    def name(self) -> str:
        """The broker and what is wrong."""
        return f"{self.broker}: {self.what}"

    def apply(self, package: Path) -> None:
        """Write the mistake into a copy of the package; a ValueError unless there is exactly one place for it."""
        path = package / self.file
        text = path.read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            raise ValueError(f"{self.name}: {self.old!r} stands {text.count(self.old)} times in {self.file}")
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


def mistakes(broker: str, file: str, subject: str, rows: Iterable[tuple[str, ...]]) -> list[Mutation]:
    return [Mutation(broker, file, subject, *row) for row in rows]


_TYPED = "test_a_type_is_taken_and_listed_back"
_TOLD_APART = "test_history_tells_filled_partly_filled_cancelled_and_rejected_apart"
_PART = "test_a_part_is_cancelled_and_then_the_rest"
_PARTLY = "test_a_partial_fill_is_told_by_quantities"
_PRICES = "test_a_market_order_fills_over_several_prices"
_SOLD = "test_shares_are_sold"
_LISTED = "test_working_orders_are_listed_until_they_end"
_PAST = "test_past_days_are_listed_oldest_first"
_CANCELLED = "test_the_whole_rest_is_cancelled"
_STOP = "test_a_stop_order_sleeps_until_its_price_trades"
_KEEPS_STOP = "test_an_amended_stop_order_keeps_its_stop_price_or_is_not_sent"
_REJECTED = "test_a_rejected_order_stays_as_rejected"
_QUOTE = "test_quote_tells_the_truth_field_by_field"
_BOOK = "test_order_book_tells_the_truth"
_FLOW = "test_investor_flow_tells_the_truth"
_BALANCE = "test_balance_after_trades_tells_the_truth"
_POWER = "test_buying_power_is_what_the_account_can_pay"
_POSITIONS = "test_every_page_of_120_positions_is_read"
_TOLD_TRADES = "test_trades_are_told_as_they_happen"
_TOLD_BOOKS = "test_books_are_told_as_they_change"
_TOLD_QUOTES = "test_running_quotes_tell_the_truth"
_TOLD_ORDERS = "test_own_orders_are_told_as_they_go"
_HEARTBEATS = "test_heartbeats_are_answered_while_nobody_takes_what_is_told"
_TOKEN = "test_a_killed_token_is_renewed_once_for_a_query"  # noqa: S105 - the name of a check

KIS = (
    *mistakes(
        "kis",
        "wire/orders.py",
        ORDERS,
        (
            (
                "lists read sells as buys",
                '{"01": Side.SELL, "02": Side.BUY}',
                '{"01": Side.BUY, "02": Side.SELL}',
                _SOLD,
            ),
        ),
    ),
    *mistakes(
        "kis",
        "wire/notices.py",
        ORDERS,
        (
            (
                "an order that was refused is told as accepted",
                'IS_REFUSED = {"1": True',
                'IS_REFUSED = {"1": False',
                _TOLD_ORDERS,
            ),
        ),
    ),
    *mistakes(
        "kis",
        "stocks/trades.py",
        OTHER,
        (
            (
                "the volume so far is told as the shares of a trade",
                'alias="cnqn"',
                'alias="acml_vol"',
                "test_all_trades_of_today_are_told_those_of_one_second_too",
            ),
        ),
    ),
    *mistakes(
        "kis",
        "stocks/orders.py",
        ORDERS,
        (
            (
                "a sell is sent as a buy",
                '{"real": "TTTC0011U", "demo": "VTTC0011U"}',
                '{"real": "TTTC0012U", "demo": "VTTC0012U"}',
                _SOLD,
            ),
            ("IOC is sent as FOK", '(OrderType.LIMIT, _IOC): "11"', '(OrderType.LIMIT, _IOC): "12"', _TYPED),
            (
                "a type of the after-market has the code of another one",
                '(OrderType.BEST_SAME_SIDE, _DAY): "47"',
                '(OrderType.BEST_SAME_SIDE, _DAY): "44"',
                "test_a_type_of_another_phase_is_taken_and_listed_back",
            ),
            ("NXT is sent as KRX", 'Venue.NXT: "NXT"', 'Venue.NXT: "KRX"', _TYPED),
            (
                "an amendment does not name its original",
                'return self.original if self.original.strip("0") else None',
                "return None",
                _TOLD_APART,
            ),
            ("what is left is the whole quantity", 'alias="rmn_qty"', 'alias="ord_qty"', _PARTLY),
            ("the average is the limit", 'alias="avg_prvs"', 'alias="ord_unpr"', _PRICES),
            (
                "working orders take the limit for the amount",
                '    amount: Blankable = Field(None, alias="tot_ccld_amt")',
                '    amount: Blankable = Field(None, alias="ord_unpr")',
                _LISTED,
            ),
            (
                "fills take the limit for the amount",
                'filled_amount: Blankable = Field(None, alias="tot_ccld_amt")',
                'filled_amount: Blankable = Field(None, alias="ord_unpr")',
                "test_fills_are_those_of_the_exchange",
            ),
            (
                "a row that was cancelled is not seen as such",
                'return bool(self.canceled) or self.canceled_flag == "Y"',
                "return False",
                _PAST,
            ),
            (
                "a row that was refused is not seen as such",
                "return bool(self.rejected and self.rejected >= self.quantity)",
                "return False",
                _REJECTED,
            ),
            (
                "a cancellation is listed as an order",
                'return self.original_id is not None and ("취소"',
                'return self.original_id is None and ("취소"',
                _TOLD_APART,
            ),
            (
                "cancellations and amendments are sent as reads",
                'OrderAnswer, "POST", Effect.ORDER\n)\nOPEN_ORDERS',
                'OrderAnswer, "POST"\n)\nOPEN_ORDERS',
                _CANCELLED,
            ),
            (
                "an amendment changes the type",
                "return _table(order.venue or Venue.KRX, phase)[order.type, order.time_in_force]",
                'return "01"',
                "test_an_order_moves_to_another_price",
            ),
            (
                "stop orders are amended without their stop price",
                "if order.type is OrderType.STOP_LIMIT:",
                "if order.type is None:",
                _KEEPS_STOP,
            ),
        ),
    ),
    *mistakes(
        "kis",
        "stocks/part.py",
        ORDERS,
        (
            ("the stop price is lost", "if request.stop_price is not None:", "if request.stop_price == 0:", _STOP),
            ("a part is cancelled as the whole", '"Y" if quantity is None else "N"', '"Y"', _PART),
            (
                "amendments keep the old price",
                '"ORD_UNPR": wire_text(price),',
                '"ORD_UNPR": wire_text(order.price or price),',
                "test_an_order_moves_to_another_price",
            ),
            (
                "handles keep no branch",
                "has_branches = True",
                "has_branches = False",
                "test_a_number_of_another_branch_is_not_taken_for_ones_own",
            ),
            ("the branch of an order is lost", 'handle.branch or ""', "handle.number", _CANCELLED),
            ("working orders are asked for the wrong way round", "if not open_only:", "if open_only:", _LISTED),
            (
                "absence is proven by the list of the demo",
                'frozenset({"real"})',
                'frozenset({"real", "demo"})',
                "test_lists_that_may_lack_orders_prove_no_absence",
            ),
            (
                "a range ends on its first day",
                '"INQR_END_DT": f"{end:',
                '"INQR_END_DT": f"{start:',
                _PAST,
            ),
            (
                "days between the recent and the older list are left out",
                "max(start, border)",
                "max(start, border + dt.timedelta(10))",
                "test_every_trading_day_of_four_months_is_listed_once",
            ),
            (
                "only what was filled is listed",
                '"CCLD_DVSN": "00"',
                '"CCLD_DVSN": "01"',
                "test_a_resting_order_is_pending_and_then_working",
            ),
        ),
    ),
    *mistakes(
        "kis",
        "stocks/part.py",
        OTHER,
        (("buying power forgets the price", '"ORD_UNPR": wire_text(price or 0)', '"ORD_UNPR": "0"', _POWER),),
    ),
    *mistakes(
        "kis",
        "stocks/account.py",
        OTHER,
        (
            (
                "cash of the day after tomorrow is that of tomorrow",
                'alias="prvs_rcdl_excc_amt"',
                'alias="nxdy_excc_amt"',
                _BALANCE,
            ),
            (
                "shares that wait to be sold are sellable",
                'alias="ord_psbl_qty"',
                'alias="hldg_qty"',
                "test_sellable_quantity_leaves_out_what_waits_to_be_sold",
            ),
        ),
    ),
    *mistakes(
        "kis",
        "stocks/investors.py",
        OTHER,
        (
            (
                "flows of today are called final",
                "final=row.date < clock.today()",
                "final=row.date <= clock.today()",
                "test_figures_of_the_present_day_are_not_final",
            ),
            ("amounts of flows lack their unit", "else MILLION)", "else share)", _FLOW),
            (
                "what was bought is what was sold",
                '"buy_quantity": f"{short}_shnu_vol"',
                '"buy_quantity": f"{short}_seln_vol"',
                "test_investor_flow_in_detail_tells_buys_and_sells",
            ),
            (
                "flows of markets are in single shares",
                "detail=False, share=THOUSAND)",
                "detail=False)",
                "test_the_flow_of_a_market_tells_the_truth",
            ),
        ),
    ),
    *mistakes(
        "kis",
        "stocks/quotes.py",
        OTHER,
        (
            (
                "the symbol of an answer is not read",
                'symbol: Symbol = Field("", alias="stck_shrn_iscd")  # 주식 단축 종목코드\n    price',
                'symbol: Symbol = Field("", alias="shrn_iscd")\n    price',
                "test_an_answer_about_another_symbol_is_not_taken",
            ),
            (
                "there is an open before the first trade",
                'open: ZeroIsNone = Field(None, alias="stck_oprc")',
                'open: Blankable = Field(None, alias="stck_oprc")',
                "test_before_the_first_trade_there_is_no_open_high_and_low",
            ),
            (
                "quotes of NXT are those of KRX",
                'Venue.NXT: "NX"',
                'Venue.NXT: "J"',
                "test_a_symbol_that_is_not_traded_at_the_venue_is_unknown_there",
            ),
            ("asks are bids", 'return self.book.levels("askp")', 'return self.book.levels("bidp")', _BOOK),
        ),
    ),
    *mistakes(
        "kis",
        "client.py",
        OTHER,
        (
            (
                "definite is turned round",
                "code) is not None and code not in errors.ACCEPTED",
                "code) is None and code not in errors.ACCEPTED",
                "test_more_than_the_cash_is_refused",
            ),
            (
                "a refusal with a code of what went through proves something",
                " and code not in errors.ACCEPTED",
                "",
                "test_a_code_under_which_an_order_may_stand_proves_nothing",
            ),
            (
                "more calls are made than the broker allows",
                '{"real": 18, "demo": 1}',
                '{"real": 40, "demo": 1}',
                "test_no_more_calls_are_made_than_the_broker_takes",
            ),
            (
                "refusals of the ledger pass as done",
                'if envelope.success != "0":',
                'if envelope.success not in ("0", "7"):',
                "test_more_than_the_cash_is_refused",
            ),
        ),
    ),
    *mistakes(
        "kis",
        "wire/errors.py",
        OTHER,
        (
            (
                "too little cash is a bad order",
                '"APBK0952": InsufficientFunds',
                '"APBK0952": InvalidOrder',
                "test_more_than_the_cash_is_refused",
            ),
            (
                "a token that ended is not renewed",
                '"EGW00121", "EGW00122", "EGW00123"})',
                '"EGW00122", "EGW00124"})',
                _TOKEN,
            ),
            (
                "what waits at the ledger is a proof",
                "EGW002(0[5-9]|1[0-3])",
                "EGW002(0[5-9]|1[0-5])",
                "test_a_code_under_which_an_order_may_stand_proves_nothing",
            ),
            (
                "a server's trouble proves that nothing was ordered",
                'r"EGW001(0[1-9]',
                'r"EGW0000[12]|EGW001(0[1-9]',
                "test_every_code_of_the_table_is_definite_only_where_that_can_be",
            ),
        ),
    ),
    *mistakes(
        "kis",
        "wire/types.py",
        OTHER,
        (
            (
                "middle pages count as the last",
                'more=frozenset({"F", "M"}),\n    end=frozenset({"D", "E"})',
                'more=frozenset({"F"}),\n    end=frozenset({"D", "E", "M"})',
                _POSITIONS,
            ),
            (
                "an ETN is not found",
                'return (symbol, f"Q{symbol}") if',
                "return (symbol,) if",
                "test_an_etn_is_traded_by_its_six_characters",
            ),
        ),
    ),
    *mistakes(
        "kis",
        "stocks/stream.py",
        OTHER,
        (
            (
                "a trade that is told has the side of who waited",
                'SIDE = {"1": Side.BUY, "5": Side.SELL',
                'SIDE = {"5": Side.BUY, "1": Side.SELL',
                _TOLD_TRADES,
            ),
            (
                "the volume so far is told by stream as the shares of a trade",
                'quantity=(12, "CNTG_VOL")',
                'quantity=(13, "CNTG_VOL")',
                _TOLD_TRADES,
            ),
            ("a book that is told begins with the second bid", 'bids=(13, "BIDP1")', 'bids=(14, "BIDP1")', _TOLD_BOOKS),
        ),
    ),
    *mistakes(
        "kis",
        "stocks/stream.py",
        ORDERS,
        (
            (
                "a fill is told over all shares of its order",
                "last_quantity=positive(quantity) if filled else None",
                "last_quantity=positive(_order_quantity(row).strip()) if filled else None",
                _TOLD_ORDERS,
            ),
        ),
    ),
    *mistakes(
        "kis",
        "stream/feed.py",
        ORDERS,
        (
            (
                "orders of another account of the login name are told",
                "return read(row, venue, received_at) if self._is_own(row) else None",
                "return read(row, venue, received_at)",
                "test_orders_of_other_accounts_are_not_told",
            ),
        ),
    ),
)
KIWOOM = (
    *mistakes(
        "kiwoom",
        "wire/orders.py",
        ORDERS,
        (
            (
                "lists read sells as buys",
                'return Side.SELL if "매도" in words else Side.BUY',
                'return Side.BUY if "매도" in words else Side.SELL',
                _SOLD,
            ),
            (
                "the side is taken from the sign in front of it",
                'return Side.SELL if "매도" in words else Side.BUY',
                'return Side.SELL if "-" in words else Side.BUY',
                "test_an_amended_sell_is_a_sell_and_so_is_its_cancellation",
            ),
        ),
    ),
    *mistakes(
        "kiwoom",
        "stocks/trades.py",
        OTHER,
        (
            (
                "who came in to buy is told as one who sold",
                'SIDE = {"+": Side.BUY, "-": Side.SELL}',
                'SIDE = {"-": Side.BUY, "+": Side.SELL}',
                "test_the_newest_trades_tell_the_truth",
            ),
        ),
    ),
    *mistakes(
        "kiwoom",
        "stocks/orders.py",
        ORDERS,
        (
            (
                "a sell is sent as a buy",
                '{"real": "kt10001", "demo": "kt10001"}',
                '{"real": "kt10000", "demo": "kt10000"}',
                _SOLD,
            ),
            (
                "the best price of the other side is that of the own one",
                '(OrderType.BEST_OPPOSITE, _DAY, "6", ',
                '(OrderType.BEST_OPPOSITE, _DAY, "7", ',
                _TYPED,
            ),
            (
                "NXT is sent as KRX",
                'Venue.NXT: "NXT", Venue.SOR: "SOR"}),',
                'Venue.NXT: "KRX", Venue.SOR: "SOR"}),',
                _TYPED,
            ),
            (
                "a working order does not tell its venue",
                "VENUE_BACK.get(self.venue_words) or VENUE_CODE",
                "VENUE_BACK.get(self.smart) or VENUE_BACK",
                "test_a_working_order_tells_where_and_what_it_is",
            ),
            ("what is left is the whole quantity", 'alias="ord_remnq"', 'alias="ord_qty"', _PARTLY),
            ("the average is the limit", 'alias="cntr_uv"', 'alias="ord_uv"', _PRICES),
            ("an amendment does not name its original", 'alias="ori_ord"', 'alias="orig_ord"', _TOLD_APART),
            (
                "a row that was cancelled is not seen as such",
                'return "취소" in self.state or "취소" in self.amendment',
                "return False",
                _PAST,
            ),
            (
                "a row that was refused is not seen as such",
                'return "거부" in self.state and not',
                "return False and not",
                _REJECTED,
            ),
            (
                "a cancellation is listed as an order",
                "return self.original_id is not None and",
                "return self.original_id is None and",
                _TOLD_APART,
            ),
            (
                "cancellations are sent as reads",
                '"demo": "kt10003"}, ORDERS, Accepted, "POST", Effect.ORDER)',
                '"demo": "kt10003"}, ORDERS, Accepted, "POST")',
                _CANCELLED,
            ),
        ),
    ),
    *mistakes(
        "kiwoom",
        "stocks/part.py",
        ORDERS,
        (
            (
                "the stop price is lost",
                '"" if request.stop_price is None else wire_text(request.stop_price)',
                '""',
                _STOP,
            ),
            (
                "a part is cancelled as the whole",
                '"cncl_qty": "0" if quantity is None else wire_text(quantity)',
                '"cncl_qty": "0"',
                _PART,
            ),
            (
                "a part is amended as the whole",
                '"mdfy_qty": "0" if quantity is None else wire_text(quantity)',
                '"mdfy_qty": "0"',
                "test_a_part_moves_and_the_rest_stays",
            ),
            (
                "absence is proven by the list of the demo",
                'frozenset({"real"})',
                'frozenset({"real", "demo"})',
                "test_lists_that_may_lack_orders_prove_no_absence",
            ),
            (
                "the list of a day is always that of today",
                'f"{day:%Y%m%d}"',
                'f"{clock.today():%Y%m%d}"',
                _PAST,
            ),
            (
                "rows are dated a day late",
                "yield OrderPage(orders.DAY_ORDERS, rows, day)",
                "yield OrderPage(orders.DAY_ORDERS, rows, day + dt.timedelta(1))",
                _PAST,
            ),
            (
                "only sells are listed as working",
                '"trde_tp": "0", "stk_cd": "", "stex_tp": "0"',
                '"trde_tp": "1", "stk_cd": "", "stex_tp": "0"',
                _LISTED,
            ),
            (
                "only orders of KRX are listed",
                '"dmst_stex_tp": "%"',
                '"dmst_stex_tp": "KRX"',
                "test_history_lists_orders_of_every_venue",
            ),
            (
                "fills without a day are those of the day",
                "shows_all=False, is_dated=False",
                "shows_all=False",
                "test_a_fill_of_the_day_before_is_not_in_the_history_of_today",
            ),
        ),
    ),
    *mistakes(
        "kiwoom",
        "stocks/part.py",
        OTHER,
        (("the total counts the cash of today", "cash.cash_d2 + market_value", "cash.cash + market_value", _BALANCE),),
    ),
    *mistakes(
        "kiwoom",
        "stocks/account.py",
        OTHER,
        (
            ("orderable cash counts margin", 'alias="100stk_ord_alow_amt"', 'alias="20stk_ord_alow_amt"', _BALANCE),
            ("buying power counts margin", 'alias="profa_100ord_alowq"', 'alias="profa_20ord_alowq"', _POWER),
            (
                "shares that wait to be sold are sellable",
                'alias="trde_able_qty"',
                'alias="rmnd_qty"',
                "test_sellable_quantity_leaves_out_what_waits_to_be_sold",
            ),
        ),
    ),
    *mistakes(
        "kiwoom",
        "stocks/investors.py",
        OTHER,
        (
            ("foreigners lack the resident ones", "else registered + resident", "else registered", _FLOW),
            ("flows come in thousands of shares", 'SINGLE_SHARES = "1"', 'SINGLE_SHARES = "1000"', _FLOW),
            (
                "flows of institutions have no sign",
                'institution: Signed = Field(alias="orgn")  # 기관계\n    financial',
                'institution: Unsigned = Field(alias="orgn")  # 기관계\n    financial',
                _FLOW,
            ),
            (
                "amounts of markets are in millions",
                '{"quantity": THOUSAND, "amount": HUNDRED_MILLION}',
                '{"quantity": THOUSAND, "amount": MILLION}',
                "test_the_flow_of_a_market_tells_the_truth",
            ),
        ),
    ),
    *mistakes(
        "kiwoom",
        "stocks/quotes.py",
        OTHER,
        (
            ("asks are bids", '(("ask", "sel"), ("bid", "buy"))', '(("ask", "buy"), ("bid", "sel"))', _BOOK),
            (
                "the symbol of an answer is not read",
                'symbol: Symbol = Field("", alias="stk_cd")  # 종목코드\n    name',
                'symbol: Symbol = Field("", alias="code")\n    name',
                "test_an_answer_about_another_symbol_is_not_taken",
            ),
            (
                "there is an open before the first trade",
                'open: ZeroIsNone = Field(None, alias="open_pric")',
                'open: Unsigned = Field(None, alias="open_pric")',
                "test_before_the_first_trade_there_is_no_open_high_and_low",
            ),
            ("a change has no sign", "moved: Signed", "moved: Unsigned", _QUOTE),
        ),
    ),
    *mistakes(
        "kiwoom",
        "client.py",
        OTHER,
        (
            ("the next page is not marked as such", 'sends={"cont-yn": "Y"}', 'sends={"cont-yn": "N"}', _POSITIONS),
            (
                "more calls are made than the broker allows",
                '{"real": 5, "demo": 1}',
                '{"real": 12, "demo": 1}',
                "test_no_more_calls_are_made_than_the_broker_takes",
            ),
        ),
    ),
    *mistakes(
        "kiwoom",
        "wire/errors.py",
        OTHER,
        (
            (
                "throttling proves that nothing was ordered",
                "150[1-9]|151[0-7]|190[1-3]",
                "1[0-9]{3}",
                "test_a_code_under_which_an_order_may_stand_proves_nothing",
            ),
            (
                "definite is turned round",
                "return _DEFINITE.fullmatch(code) is not None and code",
                "return _DEFINITE.fullmatch(code) is None and code",
                "test_more_than_the_cash_is_refused",
            ),
            (
                "the code inside a refusal is not read",
                "if str(result).strip() == _BUSINESS and",
                'if str(result).strip() == "" and',
                "test_more_than_the_cash_is_refused",
            ),
            (
                "a token that ended is not renewed",
                'TOKEN_CODES = frozenset({"8005", ',
                "TOKEN_CODES = frozenset({",
                _TOKEN,
            ),
            (
                "a closed market is a bad order",
                '"RC4058": MarketClosed',
                '"RC4058": InvalidOrder',
                "test_a_closed_market_refuses",
            ),
        ),
    ),
    *mistakes(
        "kiwoom",
        "stocks/ledger.py",
        OTHER,
        (
            (
                "a commission is not added to a profit that is after it",
                "pnl=row.profit + row.commission + row.tax",
                "pnl=row.profit + row.tax",
                "test_realized_profit_is_what_the_sales_earned",
            ),
            (
                "the newest line of the ledger comes first",
                'EVERYTHING, OLDEST_FIRST = "0", "2"',
                'EVERYTHING, OLDEST_FIRST = "0", "1"',
                "test_transactions_add_up_to_the_cash",
            ),
        ),
    ),
    *mistakes(
        "kiwoom",
        "wire/types.py",
        OTHER,
        (("a price below the base price is negative", "return abs(Decimal(text))", "return Decimal(text)", _QUOTE),),
    ),
    *mistakes(
        "kiwoom",
        "wire/rows.py",
        OTHER,
        (
            ("the open is told by stream as the high", 'HIGH = "17"', 'HIGH = "16"', _TOLD_QUOTES),
            (
                "the turnover is told by stream in its unit",
                "None if turnover is None else turnover * unit",
                "None if turnover is None else turnover",
                _TOLD_QUOTES,
            ),
            (
                "bids are told over the shares of the asks",
                "BIDS = [(str(50 + level), str(70 + level))",
                "BIDS = [(str(50 + level), str(60 + level))",
                _TOLD_BOOKS,
            ),
        ),
    ),
    *mistakes(
        "kiwoom",
        "stocks/stream.py",
        OTHER,
        (
            (
                "what ceases to meet a condition is told to begin",
                '{"I": True, "D": False}',
                '{"I": True, "D": True}',
                "test_a_condition_is_told_as_symbols_come_and_go",
            ),
        ),
    ),
    *mistakes(
        "kiwoom",
        "stocks/stream.py",
        ORDERS,
        (
            (
                "a fill is told over what is left of its order",
                'THIS_QUANTITY = "915"',
                'THIS_QUANTITY = "902"',
                _TOLD_ORDERS,
            ),
            (
                "the limit is told as the price of a fill",
                'THIS_PRICE = "914"',
                'THIS_PRICE = "901"',
                _TOLD_ORDERS,
            ),
            (
                "buys are told as sells",
                'SIDE_OF = {"1": Side.SELL, "2": Side.BUY}',
                'SIDE_OF = {"2": Side.SELL, "1": Side.BUY}',
                _TOLD_ORDERS,
            ),
        ),
    ),
    *mistakes(
        "kiwoom",
        "stream/feed.py",
        OTHER,
        (
            (
                "a refusal to register is taken for done",
                "        if frames.succeeded(body):\n            return Acknowledged()",
                "        if body:\n            return Acknowledged()",
                "test_a_registration_that_the_broker_refuses_is_raised",
            ),
            (
                "heartbeats are not answered",
                "return (Reply(text),) if trnm == frames.PING else",
                "return () if trnm == frames.PING else",
                _HEARTBEATS,
            ),
        ),
    ),
)
HOME = (*KIS, *KIWOOM)
"""Mistakes in the parts for Korea, and in what both parts share."""
