"""Faults of the line: what happens to a request and to the bytes of its answer."""

from __future__ import annotations

from dataclasses import replace

from brokerkit.sandbox.faults.kinds import FaultPlace, Measure, Play, Table
from brokerkit.sandbox.faults.relayed import BARE, HttpAnswer, Relayed

FAULTS: Table[Play] = Table(FaultPlace.LINE)
CORRUPT = b"\x17\x03\x03\x00\x20" + b"\x55" * 32
"""A record of application data that cannot be decrypted."""
HOLD = 60.0
"""Seconds of a silence, if nobody hangs up before."""
NOTHING_BEFORE = replace(BARE, status=502, reason="Bad Gateway")


@FAULTS.fault(seconds=1.0, sent=False)
def refuse(relayed: Relayed, measure: Measure) -> bool:
    """The line closes after the answer, the port refuses new ones for `seconds`: what comes next is not sent."""
    answer = relayed.answer().with_headers({"Connection": "close"})
    # Closed before the answer leaves: the client's next connection is refused for certain.
    relayed.refuse(measure.seconds)
    relayed.line.send(answer.raw())
    return False


@FAULTS.fault(processed=False)
def accept_then_reset(relayed: Relayed, measure: Measure) -> bool:
    """The line is reset before anything is answered."""
    relayed.line.reset()
    return False


@FAULTS.fault(processed=False)
def close_after_10_bytes(relayed: Relayed, measure: Measure) -> bool:
    """The line is closed as if ten bytes had been read."""
    return False


@FAULTS.fault()
def processed_then_fin(relayed: Relayed, measure: Measure) -> bool:
    """The request is carried out, then the line is closed."""
    relayed.forward()
    return False


@FAULTS.fault()
def processed_then_reset(relayed: Relayed, measure: Measure) -> bool:
    """The request is carried out, then the line is reset."""
    relayed.forward()
    relayed.line.reset()
    return False


@FAULTS.fault(seconds=HOLD)
def processed_then_silence(relayed: Relayed, measure: Measure) -> bool:
    """The request is carried out, then nothing for `seconds`."""
    relayed.forward()
    relayed.line.hold(measure.seconds)
    return False


@FAULTS.fault(seconds=HOLD, processed=False)
def unprocessed_silence(relayed: Relayed, measure: Measure) -> bool:
    """Nothing happens for `seconds`."""
    relayed.line.hold(measure.seconds)
    return False


@FAULTS.fault(seconds=20.0)
def late_acceptance(relayed: Relayed, measure: Measure) -> bool:
    """The request is carried out `seconds` later, and never answered."""
    if relayed.line.wait(measure.seconds):
        relayed.forward()
    return False


@FAULTS.fault()
def half_status_line(relayed: Relayed, measure: Measure) -> bool:
    """The answer ends in the middle of its first line."""
    relayed.forward()
    relayed.line.send(b"HTTP/1.1 20")
    return False


def _send_half(relayed: Relayed) -> None:
    answer = relayed.answer()
    raw = answer.raw()
    relayed.line.send(raw[: len(raw) - (len(answer.body) + 1) // 2])


@FAULTS.fault()
def cut_body(relayed: Relayed, measure: Measure) -> bool:
    """The answer ends in the middle of its body."""
    _send_half(relayed)
    return False


@FAULTS.fault(seconds=HOLD)
def stalled_body(relayed: Relayed, measure: Measure) -> bool:
    """After half of the body nothing comes for `seconds`."""
    _send_half(relayed)
    relayed.line.hold(measure.seconds)
    return False


@FAULTS.fault(seconds=0.02)
def drip(relayed: Relayed, measure: Measure) -> bool:
    """The answer comes byte by byte, one each `seconds`."""
    return relayed.line.send_pieces(relayed.answer().raw(), 1, measure.seconds)


@FAULTS.fault(seconds=1.0)
def latency(relayed: Relayed, measure: Measure) -> bool:
    """The answer comes `seconds` late."""
    raw = relayed.answer().raw()
    return relayed.line.wait(measure.seconds) and relayed.line.send(raw)


@FAULTS.fault(size=1_000)
def bandwidth(relayed: Relayed, measure: Measure) -> bool:
    """The answer comes at `size` bytes a second."""
    size = max(1, measure.size // 20)
    return relayed.line.send_pieces(relayed.answer().raw(), size, size / measure.size)


@FAULTS.fault(seconds=1.0)
def slow_close(relayed: Relayed, measure: Measure) -> bool:
    """The answer announces a close that comes `seconds` later."""
    relayed.line.send(relayed.answer().with_headers({"Connection": "close"}).raw())
    relayed.line.wait(measure.seconds)
    return False


@FAULTS.fault(size=16)
def slicer(relayed: Relayed, measure: Measure) -> bool:
    """The answer comes in pieces of `size` bytes, without delay."""
    return relayed.line.send_pieces(relayed.answer().raw(), measure.size, 0)


@FAULTS.fault()
def corrupt_tls_record(relayed: Relayed, measure: Measure) -> bool:
    """A broken TLS record comes instead of the answer (plain lines: no HTTP)."""
    relayed.forward()
    relayed.line.send_junk(CORRUPT)
    return False


@FAULTS.fault()
def stale_keepalive(relayed: Relayed, measure: Measure) -> bool:
    """The line is closed after the answer, without a word."""
    relayed.line.send(relayed.answer().raw())
    return False


@FAULTS.fault(processed=False)
def redirect_to_self(relayed: Relayed, measure: Measure) -> bool:
    """The answer is HTTP 307 to the same address."""
    moved = HttpAnswer(307, "Temporary Redirect", (("Location", relayed.message.target),), b"")
    return relayed.line.send(moved.raw())


@FAULTS.fault()
def previous_answer(relayed: Relayed, measure: Measure) -> bool:
    """The answer is the one to the request before."""
    relayed.forward()
    return relayed.line.send((relayed.previous or NOTHING_BEFORE).raw())
