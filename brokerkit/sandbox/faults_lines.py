"""Faults of the line: what happens to a request and to the bytes of its answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from brokerkit.sandbox.faults import Rule
from brokerkit.sandbox.faults_turn import BARE, Answer, Turn

Play = Callable[[Turn, Rule], bool]
"""Plays a fault; False ends the line."""
CORRUPT = b"\x17\x03\x03\x00\x20" + b"\x55" * 32
"""A record of application data that cannot be decrypted."""
NOTHING_BEFORE = replace(BARE, status=502, reason="Bad Gateway")


def _seconds(rule: Rule) -> float:
    return rule.seconds or 0.0


def _size(rule: Rule) -> int:
    return rule.size or 1


def _refuse(turn: Turn, rule: Rule) -> bool:
    answer = turn.answer().with_headers({"Connection": "close"})
    # Closed before the answer leaves: the client's next connection is refused for certain.
    turn.refuse(_seconds(rule))
    turn.line.send(answer.raw())
    return False


def _end(turn: Turn, rule: Rule) -> bool:
    return False


def _reset(turn: Turn, rule: Rule) -> bool:
    turn.line.reset()
    return False


def _hold(turn: Turn, rule: Rule) -> bool:
    turn.line.hold(_seconds(rule))
    return False


def _late(turn: Turn, rule: Rule) -> bool:
    if turn.line.wait(_seconds(rule)):
        turn.forward()
    return False


def _after(play: Play) -> Play:
    """Return a play that lets the face carry out the request first."""

    def played(turn: Turn, rule: Rule) -> bool:
        turn.forward()
        return play(turn, rule)

    return played


def _half_status_line(turn: Turn, rule: Rule) -> bool:
    turn.line.send(b"HTTP/1.1 20")
    return False


def _send_half(turn: Turn) -> None:
    answer = turn.answer()
    raw = answer.raw()
    turn.line.send(raw[: len(raw) - (len(answer.body) + 1) // 2])


def _cut_body(turn: Turn, rule: Rule) -> bool:
    _send_half(turn)
    return False


def _stalled_body(turn: Turn, rule: Rule) -> bool:
    _send_half(turn)
    return _hold(turn, rule)


def _drip(turn: Turn, rule: Rule) -> bool:
    return turn.line.send_pieces(turn.answer().raw(), 1, _seconds(rule))


def _latency(turn: Turn, rule: Rule) -> bool:
    raw = turn.answer().raw()
    return turn.line.wait(_seconds(rule)) and turn.line.send(raw)


def _bandwidth(turn: Turn, rule: Rule) -> bool:
    size = max(1, _size(rule) // 20)
    return turn.line.send_pieces(turn.answer().raw(), size, size / _size(rule))


def _slow_close(turn: Turn, rule: Rule) -> bool:
    turn.line.send(turn.answer().with_headers({"Connection": "close"}).raw())
    turn.line.wait(_seconds(rule))
    return False


def _slicer(turn: Turn, rule: Rule) -> bool:
    return turn.line.send_pieces(turn.answer().raw(), _size(rule), 0)


def _corrupt(turn: Turn, rule: Rule) -> bool:
    turn.line.send_junk(CORRUPT)
    return False


def _stale(turn: Turn, rule: Rule) -> bool:
    turn.line.send(turn.answer().raw())
    return False


def _redirect(turn: Turn, rule: Rule) -> bool:
    moved = Answer(307, "Temporary Redirect", (("Location", turn.message.target),), b"")
    return turn.line.send(moved.raw())


def _previous(turn: Turn, rule: Rule) -> bool:
    turn.forward()
    return turn.line.send((turn.previous or NOTHING_BEFORE).raw())


PLAYS: Mapping[str, Play] = {
    "refuse": _refuse,
    "accept_then_reset": _reset,
    "close_after_10_bytes": _end,
    "processed_then_fin": _after(_end),
    "processed_then_reset": _after(_reset),
    "processed_then_silence": _after(_hold),
    "unprocessed_silence": _hold,
    "late_acceptance": _late,
    "half_status_line": _after(_half_status_line),
    "cut_body": _cut_body,
    "stalled_body": _stalled_body,
    "drip": _drip,
    "latency": _latency,
    "bandwidth": _bandwidth,
    "slow_close": _slow_close,
    "slicer": _slicer,
    "corrupt_tls_record": _after(_corrupt),
    "stale_keepalive": _stale,
    "redirect_to_self": _redirect,
    "previous_answer": _previous,
}
