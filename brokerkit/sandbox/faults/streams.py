"""Faults of streams: what happens to frames of a WebSocket and to the line that carries them."""

from __future__ import annotations

from brokerkit.sandbox.face import Purpose
from brokerkit.sandbox.faults.kinds import Break, FaultPlace, Measure, Table
from brokerkit.sandbox.faults.streamed import Streamed

FAULTS: Table[Break] = Table(FaultPlace.STREAM, on=Purpose.FRAME)
HOLD = 60.0
"""Seconds of a silence."""


@FAULTS.fault()
def stream_cut(streamed: Streamed, measure: Measure) -> bool:
    """The line is cut without a word, and the frame is lost."""
    streamed.line.cut()
    return True


@FAULTS.fault(seconds=HOLD)
def stream_half_open(streamed: Streamed, measure: Measure) -> bool:
    """The line stands and nothing goes either way; after `seconds` it is cut."""
    streamed.passage.stall(measure.seconds)
    return True


@FAULTS.fault(seconds=HOLD)
def stream_silent(streamed: Streamed, measure: Measure) -> bool:
    """All data of the line is lost for `seconds`, this frame too; heartbeats and answers go."""
    streamed.passage.fall_silent(measure.seconds)
    return True


@FAULTS.fault(seconds=1.0)
def stream_slow(streamed: Streamed, measure: Measure) -> bool:
    """The frame, and whatever comes behind it, comes `seconds` late."""
    streamed.line.pause(measure.seconds)
    streamed.passage.put(streamed.text)
    return True


@FAULTS.fault()
def stream_duplicated(streamed: Streamed, measure: Measure) -> bool:
    """The frame comes twice."""
    return streamed.put(streamed.text, streamed.text)


@FAULTS.fault(seconds=1.0)
def stream_out_of_order(streamed: Streamed, measure: Measure) -> bool:
    """The frame comes behind the next one, or `seconds` late where none follows."""
    streamed.passage.hold(streamed.text, measure.seconds)
    return True


@FAULTS.fault()
def stream_split(streamed: Streamed, measure: Measure) -> bool:
    """Each record of the frame comes as a frame of its own."""
    return streamed.put(*streamed.stream.split(streamed.line, streamed.text))


@FAULTS.fault(seconds=1.0)
def stream_merged(streamed: Streamed, measure: Measure) -> bool:
    """The frame comes in one with the next one, if they can stand in one; alone after `seconds` where none follows."""
    streamed.passage.hold(streamed.text, measure.seconds, merged=True)
    return True


@FAULTS.fault()
def stream_unknown_columns(streamed: Streamed, measure: Measure) -> bool:
    """Each record of the frame has a value more than the broker's pages know."""
    return streamed.put(streamed.stream.with_unknown_columns(streamed.line, streamed.text))


@FAULTS.fault()
def stream_wrong_count(streamed: Streamed, measure: Measure) -> bool:
    """The frame tells another number of records than it has."""
    return streamed.put(streamed.stream.with_wrong_count(streamed.line, streamed.text))


@FAULTS.fault()
def stream_garbage(streamed: Streamed, measure: Measure) -> bool:
    """Half of the frame comes, or something that is no frame at all."""
    half = streamed.text[: len(streamed.text) // 2]
    return streamed.put(streamed.random.choice((half, "null", "{", "|", "\0")))


@FAULTS.fault(on=Purpose.REGISTRATION)
def stream_registration_refused(streamed: Streamed, measure: Measure) -> bool:
    """The broker refuses a registration, which therefore does not stand."""
    return _refuse(streamed)


@FAULTS.fault(on=Purpose.KEY)
def stream_key_refused(streamed: Streamed, measure: Measure) -> bool:
    """The broker refuses the key or token that a client shows."""
    refused = _refuse(streamed)
    if streamed.stream.hangs_up_on_keys:
        streamed.line.close()
    return refused


@FAULTS.fault(seconds=1.0)
def stream_restart(streamed: Streamed, measure: Measure) -> bool:
    """The broker's server restarts: every line is cut, and the port refuses new ones for `seconds`."""
    streamed.line.stall()
    streamed.passage.restart(measure.seconds)
    return True


def _refuse(streamed: Streamed) -> bool:
    streamed.passage.put(streamed.text)
    return True
