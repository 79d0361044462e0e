"""The contract of an adapter, checked over real HTTP against the exchange's own truth.

from brokerkit.testing import BrokerConformance

class TestConformance(BrokerConformance):
    broker = "kis"
"""

from collections.abc import Mapping

from brokerkit.testing.account import AccountContract, SessionContract
from brokerkit.testing.amendments import AmendmentContract
from brokerkit.testing.base import Contract
from brokerkit.testing.charts import ChartContract
from brokerkit.testing.discovered import DiscoveryContract
from brokerkit.testing.indices import IndexContract
from brokerkit.testing.investors import FlowContract
from brokerkit.testing.ledger import LedgerContract
from brokerkit.testing.listing import ListingContract
from brokerkit.testing.lists import ListContract
from brokerkit.testing.many import ManyQuotesContract
from brokerkit.testing.market import MarketContract
from brokerkit.testing.minutes import MinuteContract
from brokerkit.testing.orders import OrderContract, RefusalContract
from brokerkit.testing.own_orders import OwnOrderContract
from brokerkit.testing.quotes import QuoteContract
from brokerkit.testing.rankings import RankingContract
from brokerkit.testing.reserving import ReservationContract
from brokerkit.testing.safety.absence import AbsenceContract
from brokerkit.testing.safety.codes import CodeContract
from brokerkit.testing.safety.faults import FaultContract
from brokerkit.testing.safety.foreign import ForeignContract
from brokerkit.testing.safety.interrupts import InterruptContract
from brokerkit.testing.safety.kinds import KindContract
from brokerkit.testing.safety.secrets import SecretContract
from brokerkit.testing.safety.sending import SendingContract
from brokerkit.testing.safety.states import RareOrderContract, RareQuoteContract
from brokerkit.testing.safety.streams import BrokenStreamContract
from brokerkit.testing.streams import StreamContract
from brokerkit.testing.trades import MemberContract, TradeContract
from brokerkit.testing.types import OrderTypeContract
from brokerkit.testing.undeclared import OfferContract, OrderOfferContract


class BrokerConformance(
    DiscoveryContract,
    OfferContract,
    QuoteContract,
    ManyQuotesContract,
    TradeContract,
    MemberContract,
    ChartContract,
    ListingContract,
    MinuteContract,
    IndexContract,
    FlowContract,
    RankingContract,
    StreamContract,
    OrderOfferContract,
    OrderContract,
    OrderTypeContract,
    AmendmentContract,
    ReservationContract,
    ListContract,
    RefusalContract,
    AccountContract,
    LedgerContract,
    MarketContract,
    SessionContract,
    OwnOrderContract,
    FaultContract,
    CodeContract,
    SendingContract,
    SecretContract,
    KindContract,
    ForeignContract,
    RareQuoteContract,
    RareOrderContract,
    AbsenceContract,
    InterruptContract,
    BrokenStreamContract,
):
    """Subclass it and name the broker; a difference of your broker is a class attribute, never a copied test."""


class UsConformance(
    DiscoveryContract,
    OfferContract,
    QuoteContract,
    ManyQuotesContract,
    TradeContract,
    ChartContract,
    ListingContract,
    MinuteContract,
    StreamContract,
    OrderOfferContract,
    OrderContract,
    OrderTypeContract,
    AmendmentContract,
    ReservationContract,
    ListContract,
    RefusalContract,
    AccountContract,
    LedgerContract,
    MarketContract,
    SessionContract,
    OwnOrderContract,
    FaultContract,
    CodeContract,
    SendingContract,
    SecretContract,
    KindContract,
    ForeignContract,
    RareQuoteContract,
    RareOrderContract,
    AbsenceContract,
    InterruptContract,
    BrokenStreamContract,
):
    """The contract of an adapter's part for the US; subclass it beside that of the adapter's own market."""

    market = "US"


NOT_OF_THE_US: Mapping[type[Contract], str] = {
    **dict.fromkeys(
        (MemberContract, IndexContract, FlowContract, RankingContract),
        "no broker tells that of the US, nor is there a verb",
    ),
}
"""Contracts that are not asked of a part for the US, and why."""
