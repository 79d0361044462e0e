"""Single mistakes in the parts for the US of the two shipped adapters, of the kind that costs money."""

from __future__ import annotations

from proof.mutations import ORDERS, OTHER, mistakes

_TYPED = "test_a_type_is_taken_and_listed_back"
_OF_SALES = "test_a_type_of_a_sale_is_taken_and_listed_back"
_WORKING = "test_a_resting_order_is_pending_and_then_working"
_LETTERED = "test_a_code_with_a_letter_is_ordered_letter_by_letter"
_PRICES = "test_a_market_order_fills_over_several_prices"
_PAST = "test_past_days_are_listed_oldest_first"
_POWER = "test_buying_power_is_what_the_account_can_pay"
_SOLD = "test_shares_are_sold"
_PARTLY = "test_a_partial_fill_is_told_by_quantities"
_MOVED = "test_an_order_moves_to_another_price"
_MOVED_REST = "test_what_is_left_of_a_partial_fill_moves"
_TOLD_APART = "test_history_tells_filled_partly_filled_cancelled_and_rejected_apart"
_LISTED = "test_working_orders_are_listed_until_they_end"
_MANY = "test_every_page_of_400_orders_is_read"
_REJECTED = "test_a_rejected_order_stays_as_rejected"
_EARNED = "test_every_page_of_realized_profit_is_read"
_BALANCE = "test_balance_after_trades_tells_the_truth"
_POSITIONS = "test_every_page_of_120_positions_is_read"
_SELLABLE = "test_sellable_quantity_leaves_out_what_waits_to_be_sold"
_CAN_BUY = "test_what_can_be_bought_is_taken"
_QUOTE = "test_quote_tells_the_truth_field_by_field"
_BOOK = "test_order_book_tells_the_truth"
_TRADES = "test_the_newest_trades_tell_the_truth"
_DAYS = "test_daily_candles_tell_the_truth"
_MINUTES = "test_minutes_tell_the_truth"
_TOLD_ORDERS = "test_own_orders_are_told_as_they_go"
_RESERVED = "test_a_reserved_order_waits_and_becomes_an_order_when_its_market_opens"

KIS = (
    *mistakes(
        "kis",
        "us/orders.py",
        ORDERS,
        (
            (
                "US: a sale is sent as a purchase",
                '_sending("order", "TTTT1006U", "VTTT1001U")',
                '_sending("order", "TTTT1002U", "VTTT1001U")',
                _SOLD,
            ),
            (
                "US: the demo sells by the id that the others lead one to expect",
                '"TTTT1006U", "VTTT1001U")',
                '"TTTT1006U", "VTTT1006U")',
                _SOLD,
                "demo",
            ),
            (
                "US: an order at the close has the code of one at the open",
                '(OrderType.LIMIT_ON_CLOSE, _DAY): "34"',
                '(OrderType.LIMIT_ON_CLOSE, _DAY): "32"',
                _TYPED,
            ),
            (
                "US: a sale at any price of the close is one of the open",
                '(OrderType.MARKET_ON_CLOSE, _DAY): "33"',
                '(OrderType.MARKET_ON_CLOSE, _DAY): "31"',
                _OF_SALES,
            ),
            (
                "US: an amendment is sent as a cancellation",
                'AMENDMENT, CANCELLATION = "01", "02"',
                'AMENDMENT, CANCELLATION = "02", "01"',
                _MOVED,
            ),
            (
                "US: what is left is the whole quantity",
                'alias="nccs_qty"',
                'alias="ft_ord_qty"',
                _PARTLY,
            ),
            (
                "US: the average is the limit",
                'average: Blankable = Field(None, alias="ft_ccld_unpr3")',
                'average: Blankable = Field(None, alias="ft_ord_unpr3")',
                "test_fills_are_those_of_the_exchange",
            ),
            (
                "US: an order after midnight in Korea is told a day early",
                "return dt.datetime.combine(self.korean_day, self.time, clock.KST)",
                "return dt.datetime.combine(self.day, self.time, clock.KST)",
                _WORKING,
            ),
            (
                "US: a row that was refused is not seen as such",
                "return REFUSED in self.state_words",
                "return False",
                _REJECTED,
            ),
            (
                "US: a cancellation is listed as an order",
                "return self.change == CANCELLATION",
                "return False",
                _TOLD_APART,
            ),
        ),
    ),
    *mistakes(
        "kis",
        "us/part.py",
        ORDERS,
        (
            (
                "US: the rest of an order is changed as the whole of it",
                "left = order.remaining_quantity or self._left(order, handle)",
                "left = order.quantity",
                _MOVED_REST,
            ),
            (
                "US: an amendment keeps the old price",
                '"OVRS_ORD_UNPR": wire_text(price),',
                '"OVRS_ORD_UNPR": wire_text(order.price or price),',
                _MOVED,
            ),
            (
                "US: the first page of orders is taken for all",
                "page.rows) for page in read(orders.DAY_ORDERS, params=params))",
                "page.rows) for page in [self.client.call(orders.DAY_ORDERS, params=params)])",
                _MANY,
            ),
            (
                "US: the list of orders begins on its last day",
                '"ORD_STRT_DT": f"{start:%Y%m%d}"',
                '"ORD_STRT_DT": f"{end:%Y%m%d}"',
                "test_every_trading_day_of_four_months_is_listed_once",
            ),
        ),
    ),
    *mistakes(
        "kis",
        "us/spelling.py",
        ORDERS,
        (
            (
                "US: shares of the NYSE are ordered at AMEX",
                'Segment.NYSE: "NYSE", Segment.AMEX: "AMEX"}  # OVRS',
                'Segment.NYSE: "AMEX", Segment.AMEX: "NYSE"}  # OVRS',
                _LETTERED,
            ),
        ),
    ),
    *mistakes(
        "kis",
        "us/account.py",
        OTHER,
        (
            ("US: won are told as dollars", 'alias="frcr_drwg_psbl_amt_1"', 'alias="frcr_evlu_amt2"', _BALANCE),
            (
                "US: the first page of holdings is taken for all",
                "pages = self.client.listing(BALANCE, params=params)",
                "pages = [self.client.call(BALANCE, params=params)]",
                _POSITIONS,
            ),
            (
                "US: shares that wait to be sold are sellable",
                'sellable_quantity: Blankable = Field(None, alias="ord_psbl_qty")',
                'sellable_quantity: Blankable = Field(None, alias="ovrs_cblc_qty")',
                _SELLABLE,
            ),
            (
                "US: buying power counts won that nobody has exchanged",
                'quantity: Number = Field(alias="ord_psbl_qty")',
                'quantity: Number = Field(alias="echm_af_ord_psbl_qty")',
                _CAN_BUY,
            ),
        ),
    ),
    *mistakes(
        "kis",
        "us/ledger.py",
        OTHER,
        (
            (
                "US: profits are told in won",
                '"WCRC_FRCR_DVSN_CD": "01",',
                '"WCRC_FRCR_DVSN_CD": "02",',
                _EARNED,
            ),
            ("US: what a sale cost in fees is left out", "costs=row.expenses", "costs=Decimal(0)", _EARNED),
        ),
    ),
    *mistakes(
        "kis",
        "us/quotes.py",
        OTHER,
        (
            (
                "US: a price that fell is told as risen",
                "-abs(value) if sign in FALLEN",
                "abs(value) if sign in FALLEN",
                _QUOTE,
            ),
            ("US: bids are told as asks", 'return self.book.levels("ask")', 'return self.book.levels("bid")', _BOOK),
        ),
    ),
    *mistakes(
        "kis",
        "us/trades.py",
        OTHER,
        (
            (
                "US: the volume so far is told as the shares of a trade",
                'quantity: Number = Field(alias="evol")',
                'quantity: Number = Field(alias="tvol")',
                _TRADES,
            ),
        ),
    ),
    *mistakes(
        "kis",
        "us/charts.py",
        OTHER,
        (
            (
                "US: minutes after midnight in Korea are told a day early",
                'time="kymd"',
                'time="tymd"',
                _MINUTES,
            ),
        ),
    ),
    *mistakes(
        "kis",
        "us/stream.py",
        ORDERS,
        (
            (
                "US: a fill is told over all shares of its order",
                "last_quantity=positive(quantity) if filled else None",
                "last_quantity=positive(_order_quantity(row).strip()) if filled else None",
                _TOLD_ORDERS,
            ),
        ),
    ),
    *mistakes(
        "kis",
        "us/reserved.py",
        ORDERS,
        (
            (
                "US: a reserved purchase is sent as a sale",
                '{"real": "TTTT3014U", "demo": "VTTT3014U"}',
                '{"real": "TTTT3016U", "demo": "VTTT3016U"}',
                _RESERVED,
            ),
        ),
    ),
)
KIWOOM = (
    *mistakes(
        "kiwoom",
        "us/orders.py",
        ORDERS,
        (
            (
                "US: a sale is sent as a purchase",
                'us_call("ust20001", ORDERS, Accepted, Effect.ORDER)',
                'us_call("ust20000", ORDERS, Accepted, Effect.ORDER)',
                _SOLD,
            ),
            ("US: VWAP is sent as TWAP", 'OrderType.VWAP_LIMIT: "26"', 'OrderType.VWAP_LIMIT: "27"', _TYPED),
            ("US: a market order is a limit order", 'OrderType.MARKET: "03"', 'OrderType.MARKET: "00"', _TYPED),
            (
                "US: a stop at a limit is one at any price",
                'OrderType.STOP_LIMIT: "34"',
                'OrderType.STOP_LIMIT: "35"',
                _OF_SALES,
            ),
            (
                "US: lists read sells as buys",
                'SIDE_BACK = {"1": Side.SELL, "2": Side.BUY}',
                'SIDE_BACK = {"1": Side.BUY, "2": Side.SELL}',
                _WORKING,
            ),
            ("US: what is left is the whole quantity", 'alias="ord_remnq"', 'alias="ord_qty"', _PARTLY),
            ("US: the average is the limit", 'alias="cntr_uv"', 'alias="ord_uv"', _PRICES),
            (
                "US: a row that was refused is not seen as such",
                "return REFUSED in self.status_words",
                "return False",
                _REJECTED,
            ),
            (
                "US: a cancellation is listed as an order",
                "return self.original_id is not None and CANCELED in self.status_words",
                "return False",
                _TOLD_APART,
            ),
            (
                "US: orders of one side alone are listed",
                'BOTH_SIDES = "0"',
                'BOTH_SIDES = "1"',
                _LISTED,
            ),
        ),
    ),
    *mistakes(
        "kiwoom",
        "us/part.py",
        ORDERS,
        (
            (
                "US: the stop price is lost",
                '"" if request.stop_price is None else wire_text(request.stop_price)',
                '""',
                _OF_SALES,
            ),
            (
                "US: an amendment keeps the old price",
                '"mdfy_uv": wire_text(price)',
                '"mdfy_uv": wire_text(order.price or price)',
                _MOVED,
            ),
            (
                "US: the list of a day is that of the day before",
                '"ord_dt": f"{day:%Y%m%d}"',
                '"ord_dt": f"{day - DAY:%Y%m%d}"',
                _PAST,
            ),
            (
                "US: rows are dated a day late",
                'return row.model_copy(update={"day": day, ',
                'return row.model_copy(update={"day": day + DAY, ',
                _PAST,
            ),
            (
                "US: the first page of orders is taken for all",
                "in self.client.pages(orders.OF_A_DAY, body=body))",
                "in [self.client.call(orders.OF_A_DAY, body=body)])",
                _MANY,
            ),
        ),
    ),
    *mistakes(
        "kiwoom",
        "us/spelling.py",
        OTHER,
        (
            (
                "US: shares of the NYSE are told as listed at AMEX",
                'Segment.NYSE: "NY", Segment.AMEX: "NA"',
                'Segment.NYSE: "NA", Segment.AMEX: "NY"',
                "test_every_instrument_tells_the_truth",
            ),
        ),
    ),
    *mistakes(
        "kiwoom",
        "us/part.py",
        OTHER,
        (
            (
                "US: the total counts the cash of today",
                "cash.cash_d2 + market_value",
                "cash.cash + market_value",
                _BALANCE,
            ),
            (
                "US: the first page of holdings is taken for all",
                'pages = self.client.listing(account.HOLDINGS, body={"stex_tp": "", "stk_cd": ""})',
                'pages = [self.client.call(account.HOLDINGS, body={"stex_tp": "", "stk_cd": ""})]',
                _POSITIONS,
            ),
        ),
    ),
    *mistakes(
        "kiwoom",
        "us/account.py",
        OTHER,
        (
            (
                "US: cash of today is that after settlement",
                'alias="d0_usd_fx_entr"',
                'alias="d2_usd_fx_entr"',
                _BALANCE,
            ),
            ("US: shares that wait to be sold are sellable", 'alias="sell_alowq"', 'alias="poss_qty"', _SELLABLE),
            (
                "US: buying power counts won that nobody has exchanged",
                'alias="min_ord_alowq"',
                'alias="min_krw_ord_alowq"',
                _POWER,
            ),
        ),
    ),
    *mistakes(
        "kiwoom",
        "us/ledger.py",
        OTHER,
        (
            ("US: profits are told in won", 'IN_DOLLARS = "0"', 'IN_DOLLARS = "1"', _EARNED),
            ("US: costs are taken off a profit twice", "pnl=row.gross", "pnl=row.profit", _EARNED),
            (
                "US: what was paid is told as paid in",
                "is_in=False if row.moved < 0 else moves.is_in(words)",
                "is_in=True",
                "test_transactions_add_up_to_the_cash",
            ),
        ),
    ),
    *mistakes(
        "kiwoom",
        "us/quotes.py",
        OTHER,
        (
            ("US: a price that fell is told as risen", "moved: Signed", "moved: Unsigned", _QUOTE),
            ("US: asks are bids", '(("ask", "sel"), ("bid", "buy"))', '(("ask", "buy"), ("bid", "sel"))', _BOOK),
        ),
    ),
    *mistakes(
        "kiwoom",
        "us/trades.py",
        OTHER,
        (
            (
                "US: a change is told as the price of a trade",
                'price: Unsigned = Field(alias="cur_prc")',
                'price: Unsigned = Field(alias="pred_pre")',
                _TRADES,
            ),
        ),
    ),
    *mistakes(
        "kiwoom",
        "us/charts.py",
        OTHER,
        (
            ("US: candles are told in won", 'IN_DOLLARS = "0"', 'IN_DOLLARS = "1"', _DAYS),
            (
                "US: minutes of New York are taken for those of Korea",
                "held.append(rows)\n            left = ",
                "held.append(rows)\n            left = [korean] or ",
                _MINUTES,
            ),
        ),
    ),
    *mistakes(
        "kiwoom",
        "us/stream.py",
        ORDERS,
        (
            (
                "US: buys are told as sells",
                'SIDE_OF = {"01": Side.SELL, "02": Side.BUY}',
                'SIDE_OF = {"01": Side.BUY, "02": Side.SELL}',
                _TOLD_ORDERS,
            ),
            (
                "US: the limit is told as the price of a fill",
                "last_price=_dollars(values[FILL_PRICE])",
                "last_price=_dollars(values[LIMIT])",
                _TOLD_ORDERS,
            ),
        ),
    ),
)
ABROAD = (*KIS, *KIWOOM)
"""Mistakes in the parts for the US."""
