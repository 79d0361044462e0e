"""The world of the state machine: processes of one account, an exchange that fails them, and what must stay true."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import logging
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from unittest import mock

from brokerkit.errors import BrokerError, NotSent, OrderUncertain, Rejected
from brokerkit.market import clock
from brokerkit.models import Order, OrderRequest, Side
from brokerkit.orders.guard import Limits, Safety, halt, halt_file, resume
from brokerkit.orders.intents import OPEN, UNRESOLVED, Intent, IntentKind, IntentState
from brokerkit.orders.journal import Journal
from brokerkit.orders.reconcile import Reconciliation
from proof.model_broker import ModelBroker
from proof.model_exchange import Crash, Exchange, Fault, Lists, Placed, VirtualTime
from proof.oracles_model import Oracles, Violation

SYMBOLS = ("005930", "000660")
PRICES = (Decimal(70_000), Decimal(70_100))
