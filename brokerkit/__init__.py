"""One interface to Korean stock brokers: quote, order, cancel, balance, investor flow.

from brokerkit import get_broker

with get_broker("kis", environment="sandbox") as broker:
    print(broker.quote("005930").price)
"""

from importlib import import_module
from typing import TYPE_CHECKING

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
    KeyInUse,
    LimitExceeded,
    MarketClosed,
    NetworkError,
    NothingToCancel,
    NotSent,
    OrderBlocked,
    OrderUncertain,
    RateLimited,
    Rejected,
    StreamError,
    UnknownBroker,
    UnknownSymbol,
    Unsupported,
    WireError,
)
from brokerkit.words import (
    Interval,
    Investor,
    MarketAlert,
    OrderStatus,
    OrderType,
    PositionKind,
    RankingKind,
    SecurityType,
    Segment,
    Side,
    TimeInForce,
    TransactionKind,
    Venue,
)

if TYPE_CHECKING:
    from brokerkit.broker import Broker
    from brokerkit.hours import is_open, market_hours, next_open
    from brokerkit.market.indices import INDICES
    from brokerkit.market.sessions import Phase
    from brokerkit.models import (
        Balance,
        BookLevel,
        BuyingPower,
        Candle,
        Candles,
        Capability,
        Condition,
        DaySource,
        Fill,
        Flow,
        FlowRank,
        Instrument,
        Instruments,
        InvestorFlow,
        InvestorFlowEstimate,
        InvestorFlowTotal,
        Level,
        ManyCandles,
        MarketHours,
        MarketInvestorFlow,
        Match,
        Member,
        Members,
        Order,
        OrderBook,
        OrderRequest,
        Position,
        ProgramTrading,
        Quote,
        Quotes,
        Rank,
        RealizedPnl,
        Session,
        Table,
        Trade,
        Transaction,
    )
    from brokerkit.orders.guard import halt, resume
    from brokerkit.orders.intents import Confidence, Intent, IntentKind, IntentState
    from brokerkit.orders.limits import Limits
    from brokerkit.orders.reconcile import Reconciliation
    from brokerkit.registry import get_broker, installed_brokers

__version__ = "0.1.0"

__all__ = [
    "INDICES",
    "AuthError",
    "Balance",
    "Blocked",
    "BookLevel",
    "Broker",
    "BrokerError",
    "BuyingPower",
    "Candle",
    "Candles",
    "Capability",
    "Condition",
    "Confidence",
    "ConfigError",
    "DaySource",
    "Disarmed",
    "Fill",
    "Flow",
    "FlowRank",
    "Halted",
    "IncompleteListing",
    "Instrument",
    "Instruments",
    "InsufficientFunds",
    "Intent",
    "IntentKind",
    "IntentState",
    "Interval",
    "InvalidOrder",
    "InvalidRequest",
    "Investor",
    "InvestorFlow",
    "InvestorFlowEstimate",
    "InvestorFlowTotal",
    "JournalError",
    "KeyInUse",
    "Level",
    "LimitExceeded",
    "Limits",
    "ManyCandles",
    "MarketAlert",
    "MarketClosed",
    "MarketHours",
    "MarketInvestorFlow",
    "Match",
    "Member",
    "Members",
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
    "Phase",
    "Position",
    "PositionKind",
    "ProgramTrading",
    "Quote",
    "Quotes",
    "Rank",
    "RankingKind",
    "RateLimited",
    "RealizedPnl",
    "Reconciliation",
    "Rejected",
    "SecurityType",
    "Segment",
    "Session",
    "Side",
    "StreamError",
    "Table",
    "TimeInForce",
    "Trade",
    "Transaction",
    "TransactionKind",
    "UnknownBroker",
    "UnknownSymbol",
    "Unsupported",
    "Venue",
    "WireError",
    "get_broker",
    "halt",
    "installed_brokers",
    "is_open",
    "market_hours",
    "next_open",
    "resume",
]

_LATER = {
    "brokerkit.broker": ("Broker",),
    "brokerkit.hours": ("is_open", "market_hours", "next_open"),
    "brokerkit.market.indices": ("INDICES",),
    "brokerkit.market.sessions": ("Phase",),
    "brokerkit.models": (
        *(
            "Balance",
            "BookLevel",
            "BuyingPower",
            "Candle",
            "Candles",
            "Capability",
            "Condition",
            "DaySource",
            "Flow",
            "Instrument",
            "Instruments",
            "FlowRank",
            "InvestorFlow",
            "InvestorFlowEstimate",
            "InvestorFlowTotal",
            "Level",
            "ManyCandles",
            "MarketHours",
            "Match",
            "Member",
            "Members",
            "MarketInvestorFlow",
            "Order",
            "OrderBook",
            "OrderRequest",
        ),
        *(
            "Position",
            "ProgramTrading",
            "Quote",
            "Quotes",
            "Rank",
            "Session",
            "Table",
            "Trade",
            "Fill",
            "RealizedPnl",
            "Transaction",
        ),
    ),
    "brokerkit.orders.guard": ("halt", "resume"),
    "brokerkit.orders.intents": ("Confidence", "Intent", "IntentKind", "IntentState"),
    "brokerkit.orders.limits": ("Limits",),
    "brokerkit.orders.reconcile": ("Reconciliation",),
    "brokerkit.registry": ("get_broker", "installed_brokers"),
}
"""Names that are imported when they are used: a program, or `brokerkit --help`, pays only for what it needs."""

if not TYPE_CHECKING:  # where types are checked, a name that is not above does not exist

    def __getattr__(name: str) -> object:
        home = next((home for home, names in _LATER.items() if name in names), None)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(home), name)
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
