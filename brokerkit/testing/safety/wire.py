"""What comes over the line in place of an answer: an earlier one, or the right one with something else in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.responses import Response

from brokerkit.sandbox.face import Face, JsonResponse, Purpose, ReceivedRequest

Change = Callable[[dict[str, Any]], None]
"""Changes a block of an answer in its place."""
OWN_HEADERS = frozenset({"content-length", "content-type", "date", "x-simulation"})
UNCOMPARED = frozenset({"authorization", "content-length", "host"})
"""Headers of requests that are no part of what is asked."""


@dataclass(frozen=True)
class Kept:
    """A request, and what it was answered."""

    request: ReceivedRequest
    response: Response

    def asks_like(self, other: Kept) -> bool:
        """Say whether two requests are the same call: the same path and headers, whatever is asked for there."""
        return _call(self.request) == _call(other.request)

    def tells(self, symbol: str) -> bool:
        """Say whether the answer has a symbol somewhere, whatever stands between its letters there."""
        code = re.sub("[^A-Z0-9]+", r"[^A-Z0-9]{1,2}", symbol.rpartition(":")[2])
        return re.search(code.encode(), bytes(self.response.body)) is not None


def _call(request: ReceivedRequest) -> tuple[object, ...]:
    headers = {name: value for name, value in request.headers.items() if name not in UNCOMPARED}
    return request.method, request.path, headers, set(request.body)


def is_login(face: Face, request: ReceivedRequest) -> bool:
    """Say whether a request is for a token, or comes without a good one."""
    purpose = face.purpose(request.method, request.path, request.headers)
    return purpose is Purpose.LOGIN or not face.has_key(request)


@contextmanager
def intercepted(face: Face, answer: Callable[[ReceivedRequest], Response | None]) -> Iterator[None]:
    """Answer every call but logins by a function; where it answers None the face does."""
    before = face.before
    face.before = lambda request: None if is_login(face, request) else answer(request)
    try:
        yield
    finally:
        face.before = before


def recorded(face: Face, ask: Callable[[], object]) -> list[Kept]:
    """Return the calls that a question makes, with their answers."""
    kept: list[Kept] = []

    def keep(request: ReceivedRequest) -> Response:
        kept.append(Kept(request, face.respond(request)))
        return kept[-1].response

    with intercepted(face, keep):
        ask()
    return kept


@contextmanager
def replayed(face: Face, kept: list[Kept]) -> Iterator[None]:
    """Answer the next calls as those that were kept, one after the other; then the face answers again."""
    waiting = iter(kept)

    def answer(request: ReceivedRequest) -> Response | None:
        found = next(waiting, None)
        return None if found is None else copy_of(found.response)

    with intercepted(face, answer):
        yield


@contextmanager
def rewritten(face: Face, change: Change, purpose: Purpose | None = None) -> Iterator[None]:
    """Let a function change every block of the answers to calls for a purpose, to all calls without one."""

    def answer(request: ReceivedRequest) -> Response | None:
        if purpose not in (None, face.purpose(request.method, request.path, request.headers)):
            return None
        return changed(face.respond(request), change)

    with intercepted(face, answer):
        yield


def changed(response: Response, change: Change) -> Response:
    """Return an answer whose blocks a function has changed."""
    body = json.loads(bytes(response.body))
    for block in blocks_of(body):
        change(block)
    return JsonResponse(body, status=response.status_code, headers=headers_of(response))


def copy_of(response: Response) -> Response:
    """Return an answer once more."""
    copied = Response(bytes(response.body), response.status_code)
    copied.raw_headers = list(response.raw_headers)
    return copied


def headers_of(response: Response) -> Mapping[str, str]:
    """Return the headers of an answer that are the broker's own."""
    named = {name.decode(): value.decode() for name, value in response.raw_headers}
    return {name: value for name, value in named.items() if name.lower() not in OWN_HEADERS}


def blocks_of(body: object) -> Iterator[dict[str, Any]]:
    """Yield every object of an answer, the outer ones first."""
    if isinstance(body, dict):
        yield body
    for inner in body.values() if isinstance(body, dict) else body if isinstance(body, list) else ():
        yield from blocks_of(inner)
