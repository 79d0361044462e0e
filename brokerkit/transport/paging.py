"""Following a list to the broker's own end mark. No list is ever silently short."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import Any, TypeVar

from brokerkit.errors import BrokerError, IncompleteListing
from brokerkit.logs import about
from brokerkit.transport.endpoint import Block, Paging, Request

logger = logging.getLogger("brokerkit")

P = TypeVar("P")
PAGES = 1000
RESTARTS = 2


class Unclear(Exception):
    """Where a list goes on, or whether it does, is not told as declared."""


def next_request(paging: Paging, request: Request, headers: Mapping[str, str], reply: Block) -> Request | None:
    """Return the request for the page that follows, None at the end of the list."""
    cursor = _cursor(paging, headers, reply)
    is_same = paging.cursor_ends and cursor == _blank_or_text(_sent(paging, request))
    if not _is_more(paging, headers, reply, bool(cursor)) or (paging.cursor_ends and (not cursor or is_same)):
        return None
    if not cursor:
        name = next(iter(paging.keys.values()), paging.key)
        raise Unclear(f"more pages are announced, but no key of the next one is given ({name})")
    sends = dict(paging.sends)
    if paging.key:
        sends[paging.key] = headers.get(paging.key, "").strip()
    values = request.params if request.body is None else request.body
    for name, path in paging.keys.items():
        values = _with(values, path.split("."), attrgetter(name)(reply))
    if request.body is None:
        return Request(values, None, sends, request.path)
    return Request(request.params, values, sends, request.path)


def _is_more(paging: Paging, headers: Mapping[str, str], reply: Block, has_cursor: bool) -> bool:
    mark = headers.get(paging.mark, "").strip().upper() if paging.mark else ""
    if mark in paging.more:
        return True
    if mark:
        # A page of which neither key nor mark tells that others follow is the last one.
        if paging.end is None or mark in paging.end or (paging.keys and not has_cursor):
            return False
        raise Unclear(f"whether there are more pages is not told as documented ({paging.mark})")
    if paging.flag:
        return attrgetter(paging.flag)(reply) in paging.flag_more
    return has_cursor and not paging.mark


def _cursor(paging: Paging, headers: Mapping[str, str], reply: Block) -> str:
    """Return what a next page cannot be asked for without: the first key of the body, else that of the header."""
    for name in paging.keys:
        return _blank_or_text(attrgetter(name)(reply))
    return headers.get(paging.key, "").strip()


def _blank_or_text(value: Any) -> str:
    return "" if value is None else str(value).strip()


def _sent(paging: Paging, request: Request) -> Any:
    """Return the cursor with which a page was asked for."""
    value: Any = request.params if request.body is None else request.body
    for name in next(iter(paging.keys.values()), "").split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _with(values: Any, path: list[str], value: Any) -> Mapping[str, Any]:
    """Return values with one of them changed, which a path of names leads to."""
    name, *below = path
    known = values if isinstance(values, Mapping) else {}
    return {**known, name: _with(known.get(name), below, value) if below else value}


def follow(
    ask: Callable[[Request], tuple[P, int, Request | None]], first: Request, broken: Callable[[str], BrokerError]
) -> Iterator[P]:
    """Yield page after page. `ask` returns a page, a hash of its content, and the request for the one that follows."""
    asked: list[Request] = []
    previous: int | None = None
    request = first
    while True:
        page, content, following = ask(request)
        if content == previous:
            raise broken("the broker sent the same page twice")
        yield page
        asked.append(request)
        previous = content
        if following is None:
            return
        if following in asked or len(asked) >= PAGES:
            raise broken("the broker's page keys lead in a circle")
        request = following


def complete(pages: Callable[[], Iterator[P]]) -> list[P]:
    """Return all pages; where the broker says that its data changed on the way, start again from the first one."""
    for left in range(RESTARTS, -1, -1):
        try:
            return list(pages())
        except IncompleteListing as error:
            if error.code is None or not left:
                raise
            logger.warning(
                "%s %s: the data changed between pages, starting again",
                error.broker,
                error.endpoint,
                extra=about("listing_restarted", error),
            )
    raise AssertionError("the last try returns or raises")
