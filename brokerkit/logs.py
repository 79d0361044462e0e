"""What log records say to programs: the name of the event and a few fields beside the words.

Every record of brokerkit carries them as attributes, put there by `extra=about(...)`. No field holds a secret, an
account, a price or a quantity, and none has the name of an attribute that `logging` itself gives a record.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import Enum
from pathlib import Path

from brokerkit.errors import BrokerError

FAILURE = "broker api code error"
"""The fields that `about` takes from an error."""
EVENTS: Mapping[str, tuple[str, str]] = {
    # Calls
    "rate_limited": ("WARNING", FAILURE),
    "token_refused": ("WARNING", FAILURE),
    "token_not_renewed": ("WARNING", f"{FAILURE} ends_at"),
    "token_unchanged": ("INFO", "ends_at"),
    "token_file_damaged": ("WARNING", "path"),
    "token_damaged": ("WARNING", "address"),
    "token_not_shared": ("WARNING", f"{FAILURE} address"),
    "token_late": ("INFO", "address"),
    "server_in_trouble": ("WARNING", FAILURE),
    "connection_closed": ("INFO", "broker api"),
    "limits_not_shared": ("WARNING", "path"),
    "limits_shared": ("INFO", "path"),
    "listing_restarted": ("WARNING", FAILURE),
    "clock_differs": ("WARNING", "broker seconds"),
    # What hosts share
    "state_lost": ("WARNING", f"{FAILURE} address"),
    "state_found": ("INFO", "address"),
    "state_untold": ("DEBUG", f"{FAILURE} address"),
    "state_policy_unknown": ("WARNING", "address"),
    "host_copied": ("WARNING", "path"),
    "order_not_shared": ("WARNING", f"{FAILURE} intent"),
    # Settings and packages
    "variable_unread": ("WARNING", "variable meant"),
    "package_left_out": ("WARNING", ""),
    "check_failed": ("DEBUG", f"{FAILURE} check"),
    "observer_failed": ("ERROR", FAILURE),
    # Orders
    "order_attempted": ("INFO", "broker environment intent kind state order code error"),
    "order_interrupted": ("CRITICAL", "broker api"),
    "order_answer_unreadable": ("CRITICAL", f"{FAILURE} intent"),
    "order_differs": ("WARNING", "broker intent order day"),
    "order_not_told": ("WARNING", "broker order day count"),
    "orders_missing": ("WARNING", "day order count"),
    "venue_unlisted": ("WARNING", "broker venue order count"),
    "client_bypassed": ("WARNING", "broker intent"),
    "journal_behind": ("CRITICAL", f"{FAILURE} intent state order"),
    "journal_unreadable": ("WARNING", f"{FAILURE} day order"),
    "journal_on_network": ("WARNING", "filesystem"),
    "cancellation_unwritten": ("WARNING", f"{FAILURE} intent"),
    "list_unreadable": ("WARNING", f"{FAILURE} day order"),
    "row_unreadable": ("WARNING", "day order"),
    # Market data
    "quote_missing": ("WARNING", f"{FAILURE} symbol"),
    "candles_missing": ("WARNING", f"{FAILURE} symbol"),
    "instruments_old": ("WARNING", f"{FAILURE} taken_at"),
    "instruments_copy_unused": ("WARNING", "path"),
    "instruments_copy_unwritten": ("WARNING", "path"),
    "instruments_waiting": ("WARNING", "broker seconds"),
    # Streams
    "stream_lost": ("WARNING", FAILURE),
    "stream_not_made": ("INFO", FAILURE),
    "stream_waits": ("WARNING", "broker seconds"),
    "stream_not_shared": ("WARNING", FAILURE),
    "stream_failed": ("ERROR", FAILURE),
    "relay_failed": ("ERROR", FAILURE),
    "channel_odd": ("WARNING", "broker channel"),
    "columns_unknown": ("WARNING", "broker channel count"),
    "release_refused": ("WARNING", FAILURE),
    "taker_failed": ("ERROR", FAILURE),
    "taker_gone": ("DEBUG", FAILURE),
    "recorder_failed": ("ERROR", FAILURE),
    "recording_incomplete": ("ERROR", "path"),
    "recording_ended": ("ERROR", "path"),
    "notices_missing": ("WARNING", "since"),
    "notice_excessive": ("WARNING", "order"),
    "own_orders_unreadable": ("WARNING", FAILURE),
    "own_orders_ended": ("CRITICAL", FAILURE),
    # The sandbox
    "listener_failed": ("ERROR", ""),
    "sandbox_refused": ("INFO", "api"),
    "sandbox_without_notices": ("WARNING", ""),
}
"""Every event: its level, and the fields that its records may have. The documents say when each comes."""


def about(event: str, error: BaseException | None = None, /, **fields: object) -> dict[str, object]:
    """Return what a record has beside its words, for `extra`: the event, what the error tells, and `fields`.

    A field that is not known in this case is left out.
    """
    told: dict[str, object] = {"event": event}
    if isinstance(error, BrokerError):
        told.update(broker=error.broker, api=error.endpoint, code=error.code)
    if error is not None:
        told["error"] = type(error).__name__
    told.update({name: _plain(value) for name, value in fields.items()})
    return {name: value for name, value in told.items() if value is not None}


def _plain(value: object) -> object:
    """Return a value as JSON can write it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dt.date):  # moments too
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value
