"""Korean stocks: which call asks what."""

from __future__ import annotations

from brokerkit.models import Quote
from brokerkit.part import Part
from brokerkit.words import Venue

from brokerkit_new_broker import tables
from brokerkit_new_broker.client import NewBrokerClient


class Stocks(Part[NewBrokerClient]):
    """Korean stocks at this broker."""

    not_told = {Quote: frozenset({"turnover", "upper_limit", "lower_limit", "time"})}
    calls = {"quote": (tables.PRICE,)}
    quote_venues = (Venue.KRX,)

    def quote(self, symbol: str, venue: Venue) -> tables.Price:
        return self.client.call(tables.PRICE, params={"symbol": symbol}).result

    # To fill in, in this order. A hook takes what `Part` says and answers what stands here; declare its calls in
    # tables.py, and play them in sandbox.py. What is not filled in raises Unsupported, and nobody takes it for offered.
    #
    # level  hook           what it answers                 the vendor's page
    # 1      order_book     a Reply[OrderBook]              (its address)  호가
    # 1      investor_flow  days as Reply[InvestorFlow]     (its address)  투자자별 매매동향
    # 2      balance        an AccountReply                 (its address)  잔고
    # 2      buying_power   a Reply[BuyingPower]            (its address)  매수가능
    # 3      send_order     Sent with the number            (its address)  매수, 매도
    # 3      rows           OrderPages of OrderReply rows   (its address)  주문체결, 미체결
    # 3      send_cancel    Sent with the number            (its address)  취소
    # 3      send_amend     Sent with the number            (its address)  정정
    #
    # With orders come `order_types`, `order_venues`, `numbers_ascend` and `settle_seconds`. Leave `lists_prove_absence`
    # out until the vendor says that its list shows every order: else one that stands is taken for one that does not.
