"""What Kiwoom's catalogue tells of the calls that there are: their paths, and which the demo host has not got."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from brokerkit.catalogue import Api, Catalogue

_CATALOGUE = Catalogue.at("brokerkit_kiwoom")
ISSUE_PATH, REVOKE_PATH = (_CATALOGUE.api(name).path for name in ("au10001", "au10002"))
SOCKET_PATH, US_SOCKET_PATH = (_CATALOGUE.api(name).path for name in ("0B", "FE"))
"""Of the WebSockets for Korea and for the US."""
UNKNOWN_TO_DEMO = frozenset({"ka01690"})
"""The demo host answers these with 8104, all others that it has not got with RC9000. No catalogue tells codes."""


@cache
def calls() -> Mapping[str, Api]:
    """Return by id what is called with a token."""
    return {api.name: api for api in _CATALOGUE if not api.is_frame and api.effect != "auth"}


@cache
def paths() -> frozenset[str]:
    """Return the paths of all that is called."""
    return frozenset({ISSUE_PATH, REVOKE_PATH, *(api.path for api in calls().values())})


def in_demo(api_id: str) -> bool:
    """Say whether the demo host has a call. Where no fact tells, it has it."""
    return bool(calls()[api_id].variants("demo"))
