"""Faults of the line: what happens to a request and to the bytes of its answer."""

from __future__ import annotations

from dataclasses import replace

from brokerkit.sandbox.faults.kinds import Measure, Place, Play, Table
from brokerkit.sandbox.faults.turn import BARE, HttpAnswer, Turn

FAULTS: Table[Play] = Table(Place.LINE)
CORRUPT = b"\x17\x03\x03\x00\x20" + b"\x55" * 32
"""A record of application data that cannot be decrypted."""
HOLD = 60.0
"""Seconds of a silence, if nobody hangs up before."""
NOTHING_BEFORE = replace(BARE, status=502, reason="Bad Gateway")


@FAULTS.fault(seconds=1.0, sent=False)
def refuse(turn: Turn, measure: Measure) -> bool:
    """The line closes after the answer, the port refuses new ones for `seconds`: what comes next is not sent."""
    answer = turn.answer().with_headers({"Connection": "close"})
    # Closed before the answer leaves: the client's next connection is refused for certain.
    turn.refuse(measure.seconds)
    turn.line.send(answer.raw())
    return False


@FAULTS.fault(processed=False)
def accept_then_reset(turn: Turn, measure: Measure) -> bool:
    """The line is reset before anything is answered."""
    turn.line.reset()
    return False


@FAULTS.fault(processed=False)
def close_after_10_bytes(turn: Turn, measure: Measure) -> bool:
    """The line is closed as if ten bytes had been read."""
    return False


@FAULTS.fault()
def processed_then_fin(turn: Turn, measure: Measure) -> bool:
    """The request is carried out, then the line is closed."""
    turn.forward()
    return False


@FAULTS.fault()
def processed_then_reset(turn: Turn, measure: Measure) -> bool:
    """The request is carried out, then the line is reset."""
    turn.forward()
    turn.line.reset()
    return False


@FAULTS.fault(seconds=HOLD)
def processed_then_silence(turn: Turn, measure: Measure) -> bool:
    """The request is carried out, then nothing for `seconds`."""
    turn.forward()
    turn.line.hold(measure.seconds)
    return False


@FAULTS.fault(seconds=HOLD, processed=False)
def unprocessed_silence(turn: Turn, measure: Measure) -> bool:
    """Nothing happens for `seconds`."""
    turn.line.hold(measure.seconds)
    return False


@FAULTS.fault(seconds=20.0)
def late_acceptance(turn: Turn, measure: Measure) -> bool:
    """The request is carried out `seconds` later, and never answered."""
    if turn.line.wait(measure.seconds):
        turn.forward()
    return False


@FAULTS.fault()
def half_status_line(turn: Turn, measure: Measure) -> bool:
    """The answer ends in the middle of its first line."""
    turn.forward()
    turn.line.send(b"HTTP/1.1 20")
    return False


def _send_half(turn: Turn) -> None:
    answer = turn.answer()
    raw = answer.raw()
    turn.line.send(raw[: len(raw) - (len(answer.body) + 1) // 2])


@FAULTS.fault()
def cut_body(turn: Turn, measure: Measure) -> bool:
    """The answer ends in the middle of its body."""
    _send_half(turn)
    return False


@FAULTS.fault(seconds=HOLD)
def stalled_body(turn: Turn, measure: Measure) -> bool:
    """After half of the body nothing comes for `seconds`."""
    _send_half(turn)
    turn.line.hold(measure.seconds)
    return False


@FAULTS.fault(seconds=0.02)
def drip(turn: Turn, measure: Measure) -> bool:
    """The answer comes byte by byte, one each `seconds`."""
    return turn.line.send_pieces(turn.answer().raw(), 1, measure.seconds)


@FAULTS.fault(seconds=1.0)
def latency(turn: Turn, measure: Measure) -> bool:
    """The answer comes `seconds` late."""
    raw = turn.answer().raw()
    return turn.line.wait(measure.seconds) and turn.line.send(raw)


@FAULTS.fault(size=1_000)
def bandwidth(turn: Turn, measure: Measure) -> bool:
    """The answer comes at `size` bytes a second."""
    size = max(1, measure.size // 20)
    return turn.line.send_pieces(turn.answer().raw(), size, size / measure.size)


@FAULTS.fault(seconds=1.0)
def slow_close(turn: Turn, measure: Measure) -> bool:
    """The answer announces a close that comes `seconds` later."""
    turn.line.send(turn.answer().with_headers({"Connection": "close"}).raw())
    turn.line.wait(measure.seconds)
    return False


@FAULTS.fault(size=16)
def slicer(turn: Turn, measure: Measure) -> bool:
    """The answer comes in pieces of `size` bytes, without delay."""
    return turn.line.send_pieces(turn.answer().raw(), measure.size, 0)


@FAULTS.fault()
def corrupt_tls_record(turn: Turn, measure: Measure) -> bool:
    """A broken TLS record comes instead of the answer (plain lines: no HTTP)."""
    turn.forward()
    turn.line.send_junk(CORRUPT)
    return False


@FAULTS.fault()
def stale_keepalive(turn: Turn, measure: Measure) -> bool:
    """The line is closed after the answer, without a word."""
    turn.line.send(turn.answer().raw())
    return False


@FAULTS.fault(processed=False)
def redirect_to_self(turn: Turn, measure: Measure) -> bool:
    """The answer is HTTP 307 to the same address."""
    moved = HttpAnswer(307, "Temporary Redirect", (("Location", turn.message.target),), b"")
    return turn.line.send(moved.raw())


@FAULTS.fault()
def previous_answer(turn: Turn, measure: Measure) -> bool:
    """The answer is the one to the request before."""
    turn.forward()
    return turn.line.send((turn.previous or NOTHING_BEFORE).raw())
