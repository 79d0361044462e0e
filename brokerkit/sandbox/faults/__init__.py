"""Faults: which requests to a sandbox are broken, and how. Seeded, so that a run can be repeated.

    faults = Faults([Rule("processed_then_reset", on="order", rate=0.05)], seed=7)
    with Sandbox(faults=faults) as sandbox: ...

The same as text, for the command line: `processed_then_reset:on=order,rate=0.05;lag:seconds=2;html_200:nth=3+5`.
`KINDS` has them all, `describe()` lists them. Those of the WebSocket, `stream_cut` and the like, hit frames of data.

One more fault is one more function in `lines`, `answers`, `listings` or `streams`, with what is to be known of it above
its head.
"""

from brokerkit.sandbox.faults.rules import KINDS, OF_REQUESTS, Applied, Draw, Faults, Rule, describe

__all__ = ["KINDS", "OF_REQUESTS", "Applied", "Draw", "Faults", "Rule", "describe"]
