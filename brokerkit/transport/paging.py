"""Following a list to the broker's own end mark. No list is ever silently short."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import TypeVar

from brokerkit.errors import BrokerError, IncompleteListing
from brokerkit.transport.endpoint import Request

logger = logging.getLogger("brokerkit")

P = TypeVar("P")
PAGES = 1000
RESTARTS = 2


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
            logger.warning("%s %s: the data changed between pages, starting again", error.broker, error.endpoint)
    raise AssertionError("the last try returns or raises")
