"""For those who write adapters: the contract as a test class, and as a function. Needs the [testing] extra."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from brokerkit.testing.rewriting import rewrite_assertions

if TYPE_CHECKING:
    from brokerkit.testing.conformance import BrokerConformance, UsConformance
    from brokerkit.testing.replaying import ReplayConformance, replay
    from brokerkit.testing.replays import CallReplay, Replay, SampleReplay, Shown, UnreadField
    from brokerkit.testing.report import Report
    from brokerkit.testing.run import conform

__all__ = [
    "BrokerConformance",
    "CallReplay",
    "Replay",
    "ReplayConformance",
    "Report",
    "SampleReplay",
    "Shown",
    "UnreadField",
    "UsConformance",
    "conform",
    "replay",
]

_LATER = {
    "BrokerConformance": "brokerkit.testing.conformance",
    "UsConformance": "brokerkit.testing.conformance",
    "Report": "brokerkit.testing.report",
    "conform": "brokerkit.testing.run",
    **dict.fromkeys(("ReplayConformance", "replay"), "brokerkit.testing.replaying"),
    **dict.fromkeys(("CallReplay", "Replay", "SampleReplay", "Shown", "UnreadField"), "brokerkit.testing.replays"),
}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_LATER[name]), name)
        return value


rewrite_assertions()
