"""The common language: what every broker's answers become.

Prices and amounts are in the currency of the model, quantities in shares, percentages as 1.23 = 1.23 %. All of them are
Decimal. Times are aware, in Korean time. None means that the broker says nothing; it is never 0. Lists ascend by time.
"""

from brokerkit.models.accounts import Balance, BuyingPower, Position
from brokerkit.models.base import Model
from brokerkit.models.candles import Candle, Candles
from brokerkit.models.capabilities import Capability
from brokerkit.models.exchange import ExchangeRate
from brokerkit.models.flows import (
    Flow,
    FlowRank,
    InvestorFlow,
    InvestorFlowEstimate,
    InvestorFlowTotal,
    MarketInvestorFlow,
    ProgramTrading,
)
from brokerkit.models.hours import DaySource, MarketHours, Session
from brokerkit.models.instruments import Instrument, Instruments
from brokerkit.models.ledger import Fill, RealizedPnl, Transaction
from brokerkit.models.many import ManyCandles
from brokerkit.models.orders import PRICED, STOPS, Order, OrderRequest
from brokerkit.models.quotes import BookLevel, Level, OrderBook, Quote, Quotes
from brokerkit.models.rankings import Condition, Match, Rank
from brokerkit.models.reservations import Reservation
from brokerkit.models.table import Table
from brokerkit.models.trades import Member, Members, Trade

__all__ = [
    "PRICED",
    "STOPS",
    "Balance",
    "BookLevel",
    "BuyingPower",
    "Candle",
    "Candles",
    "Capability",
    "Condition",
    "DaySource",
    "ExchangeRate",
    "Fill",
    "Flow",
    "FlowRank",
    "Instrument",
    "Instruments",
    "InvestorFlow",
    "InvestorFlowEstimate",
    "InvestorFlowTotal",
    "Level",
    "ManyCandles",
    "MarketHours",
    "MarketInvestorFlow",
    "Match",
    "Member",
    "Members",
    "Model",
    "Order",
    "OrderBook",
    "OrderRequest",
    "Position",
    "ProgramTrading",
    "Quote",
    "Quotes",
    "Rank",
    "RealizedPnl",
    "Reservation",
    "Session",
    "Table",
    "Trade",
    "Transaction",
]
