"""One interface to Korean stock brokers: quote, order, cancel, balance, investor flow.

from brokerkit import get_broker

with get_broker("kis", environment="sandbox") as broker:
    print(broker.quote("005930").price)
"""

from brokerkit.broker import Broker
from brokerkit.errors import (
    AuthError,
    Blocked,
    BrokerError,
    ConfigError,
    Disarmed,
    Halted,
    IncompleteListing,
    InsufficientFunds,
    InvalidOrder,
    InvalidRequest,
    JournalError,
    LimitExceeded,
    MarketClosed,
    NetworkError,
    NothingToCancel,
    NotSent,
    OrderBlocked,
    OrderUncertain,
    RateLimited,
    Rejected,
    UnknownBroker,
    UnknownSymbol,
    Unsupported,
    WireError,
)
from brokerkit.models import (
    Balance,
    BuyingPower,
    Flow,
    InvestorFlow,
    Level,
    Order,
    OrderBook,
    OrderRequest,
    Position,
    Quote,
)
from brokerkit.orders.guard import Limits, halt, resume
from brokerkit.orders.intents import Confidence, Intent, IntentKind, IntentState
from brokerkit.orders.reconcile import Reconciliation
from brokerkit.registry import get_broker, installed_brokers
from brokerkit.words import OrderStatus, OrderType, PositionKind, Side, TimeInForce, Venue

__version__ = "0.1.0"

__all__ = [
    "AuthError",
    "Balance",
    "Blocked",
    "Broker",
    "BrokerError",
    "BuyingPower",
    "Confidence",
    "ConfigError",
    "Disarmed",
    "Flow",
    "Halted",
    "IncompleteListing",
    "InsufficientFunds",
    "Intent",
    "IntentKind",
    "IntentState",
    "InvalidOrder",
    "InvalidRequest",
    "InvestorFlow",
    "JournalError",
    "Level",
    "LimitExceeded",
    "Limits",
    "MarketClosed",
    "NetworkError",
    "NotSent",
    "NothingToCancel",
    "Order",
    "OrderBlocked",
    "OrderBook",
    "OrderRequest",
    "OrderStatus",
    "OrderType",
    "OrderUncertain",
    "Position",
    "PositionKind",
    "Quote",
    "RateLimited",
    "Reconciliation",
    "Rejected",
    "Side",
    "TimeInForce",
    "UnknownBroker",
    "UnknownSymbol",
    "Unsupported",
    "Venue",
    "WireError",
    "get_broker",
    "halt",
    "installed_brokers",
    "resume",
]
