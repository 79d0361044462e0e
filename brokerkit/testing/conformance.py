"""The contract of an adapter, checked over real HTTP against the exchange's own truth.

from brokerkit.testing import BrokerConformance

class TestConformance(BrokerConformance):
    broker = "kis"
"""

from brokerkit.testing.account import AccountContract, SessionContract
from brokerkit.testing.orders import OrderContract, RefusalContract
from brokerkit.testing.quotes import FlowContract, QuoteContract


class BrokerConformance(QuoteContract, FlowContract, OrderContract, RefusalContract, AccountContract, SessionContract):
    """Subclass it and name the broker; a difference of your broker is a class attribute, never a copied test."""
