"""What an answer means: the broker's own code first, then the fields, and errors without secrets."""

from __future__ import annotations

import json
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar, NoReturn, TypeVar, cast

from pydantic import ValidationError

from brokerkit import clock
from brokerkit.errors import BrokerError, IncompleteListing, NetworkError, OrderUncertain, Rejected, WireError
from brokerkit.logs import about
from brokerkit.text import Redactor
from brokerkit.transport.connection import Response
from brokerkit.transport.endpoint import Block, Effect, Endpoint, deepest_fault

logger = logging.getLogger("brokerkit")

R = TypeVar("R", bound=Block)
T = TypeVar("T")
NOTED_SKEW = 5.0
"""Seconds by which the clocks may differ without a warning."""
LAST_YEAR = 9000
"""A later date is none: moments after it could not be reckoned with."""
TROUBLE = "The server is in trouble: try again later."


class _SaidTwice(Exception):
    """A name stands twice in one block of JSON."""


def _check_names(pairs: list[tuple[str, Any]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        raise _SaidTwice


class Reader(ABC):
    """What a client knows about answers. `Client` builds on it; an adapter fills the hooks of both."""

    broker: ClassVar[str]
    echo_header: ClassVar[str] = ""
    """Header in which the broker sends the id of the call back, blank if it does not."""
    refusals: ClassVar[Mapping[str, type[BrokerError]]]
    """Broker's code to error class; other codes are a plain Rejected."""
    advice: ClassVar[Mapping[str, str]] = {}
    """Broker's code to what to do next, where that is more than the class tells."""
    address_codes: ClassVar[frozenset[str]] = frozenset()
    """Codes with which a broker that answers registered addresses only refuses others; none where any may call."""

    json_fractions: ClassVar[bool] = False
    """Whether the broker writes fractions as JSON numbers. Their digits are kept then, which takes longer to read."""
    success_statuses: ClassVar[frozenset[int]] = frozenset({200})
    """HTTP statuses under which an answer that says success is one."""

    environment: str
    skew = 0.0
    """Seconds by which the broker's clock is ahead of ours."""
    _date: str | None = None
    _redactor: Redactor
    """Knows the secrets of this client; no error leaves without it."""

    @abstractmethod
    def check(self, endpoint: Endpoint[Any], answer: Response) -> None:
        """Read the body's own code first and call `self.refuse` unless it says success."""

    @abstractmethod
    def is_definite(self, code: str) -> bool:
        """Say whether a refusal with this code proves that an order was not taken."""

    def refuse(self, endpoint: Endpoint[Any], code: str, words: str) -> NoReturn:
        """Raise what a refusal with the broker's `code` and `words` means for this endpoint."""
        if endpoint.effect is Effect.ORDER and not self.is_definite(code):
            raise self._error(OrderUncertain, endpoint, words or "the broker gave no reason", code=code)
        kind = self.refusal(code, words)
        if endpoint.effect is Effect.ORDER and issubclass(kind, WireError):
            kind = Rejected  # a definite refusal, whatever its words are used for in lists
        error = self._error(kind, endpoint, words or "the broker gave no reason", code=code, advice=self.advise(code))
        if isinstance(error, Rejected):
            error.is_wordless = not words
        raise error

    def advise(self, code: str) -> str | None:
        """Return what to do next after a refusal with this code, None for what the class of the error tells."""
        return self.advice.get(code)

    def refusal(self, code: str, words: str) -> type[BrokerError]:
        """Return the error class for a code. An adapter overrides this where one code has two meanings."""
        return self.refusals.get(code, Rejected)

    def told_limit(self, words: str) -> int | None:
        """Return the number of calls per second that a broker's refusal names."""
        return None

    def wrong(self, endpoint: Endpoint[Any], words: str) -> WireError:
        """Return the error for an answer that parses but cannot be right."""
        return cast(WireError, self._error(WireError, endpoint, words))

    def no_verdict(self, endpoint: Endpoint[Any], answer: Response, words: str) -> BrokerError:
        """Return the error for an answer that says neither yes nor no: the server's own trouble under HTTP 5xx."""
        if 500 <= answer.status < 600:
            return self._error(NetworkError, endpoint, words, advice=f"{TROUBLE} {self.advise('') or ''}".strip())
        return self.wrong(endpoint, words)

    def incomplete(self, endpoint: Endpoint[Any], words: str) -> IncompleteListing:
        """Return the error for a list of which nobody knows where it ends."""
        return cast(IncompleteListing, self._error(IncompleteListing, endpoint, words))

    def _read(self, endpoint: Endpoint[R], answer: Response) -> R:
        """Return the checked reply. What fails here is raised anew, without the frames that hold the broker's words."""
        failure: BrokerError | None = None
        try:
            self._check_id(endpoint, answer)
            self.check(endpoint, answer)
        except BrokerError as error:
            failure = error.with_traceback(None)
            failure.__cause__ = failure.__context__ = None
        except ValidationError as error:
            # Where a field can be named it is the broker's JSON.
            is_field = any(each["loc"] for each in error.errors(include_url=False, include_input=False))
            words = deepest_fault(error)
            failure = self.no_verdict(endpoint, answer, words) if is_field else self._unreadable(endpoint, answer)
        except Exception:  # noqa: BLE001 - whatever an adapter's reading stumbles over, the answer is the reason
            failure = self._unreadable(endpoint, answer)
        if endpoint.effect is Effect.ORDER and not isinstance(failure, OrderUncertain):
            failure = self._ambiguous(endpoint, answer) or failure
        if failure is None and answer.status not in self.success_statuses:
            failure = self.no_verdict(endpoint, answer, f"success under HTTP {answer.status}")
        if failure is not None:
            raise failure
        return self._parsed(endpoint, answer)

    def _check_id(self, endpoint: Endpoint[Any], answer: Response) -> None:
        sent_back = answer.headers.get(self.echo_header) if self.echo_header else None
        if sent_back and endpoint.effect is not Effect.AUTH and sent_back.strip() != endpoint.id(self.environment):
            raise self._error(WireError, endpoint, f"this is the answer to another call ({sent_back})")

    def _ambiguous(self, endpoint: Endpoint[Any], answer: Response) -> BrokerError | None:
        """Return the error for an answer to an order in which two readers could read two values."""
        try:
            json.loads(answer.content, object_pairs_hook=_check_names, parse_int=str, parse_float=str)
        except _SaidTwice:
            return self._error(WireError, endpoint, "a field stands twice in the answer")
        except Exception:  # noqa: BLE001 - whatever it stumbles over, the answer is the reason
            return self._unreadable(endpoint, answer)
        return None

    def _unreadable(self, endpoint: Endpoint[Any], answer: Response) -> BrokerError:
        kind = answer.headers.get("Content-Type") or "no content type"
        words = f"not the broker's JSON: HTTP {answer.status}, {len(answer.content)} bytes, {kind}"
        if 500 <= answer.status < 600:
            return self.no_verdict(endpoint, answer, words)
        return self._error(
            WireError, endpoint, words, advice="Something else than the broker's API answered: check network and host."
        )

    def read_fields(self, endpoint: Endpoint[Any], kind: type[R], fields: Mapping[str, object], block: str) -> R:
        """Return a row of a `block` whose `fields` were taken as they came; a WireError names the one that is wrong."""
        return self.valid(endpoint, lambda: kind.model_validate(fields), f"{block}.")

    def _compare_clocks(self, answer: Response) -> None:
        """Keep by how many seconds the broker's clock is ahead of ours."""
        told = answer.headers.get("Date")
        if told is None or told == self._date:
            return
        self._date = told
        try:
            there = parsedate_to_datetime(told)
        except Exception:  # noqa: BLE001 - the readers of dates stumble in many ways, and the answer counts all the same
            return
        if there.tzinfo is None or not 1900 < there.year < LAST_YEAR:
            return
        skew = (there - clock.now()).total_seconds()
        if abs(skew) > NOTED_SKEW >= abs(self.skew):
            logger.warning(
                "%s: the clock of this machine differs from the broker's by %.0f s",
                self.broker,
                skew,
                extra=about("clock_differs", broker=self.broker, seconds=round(skew)),
            )
        self.skew = skew

    def _parsed(self, endpoint: Endpoint[R], answer: Response) -> R:
        return self.valid(endpoint, lambda: endpoint.reply.of_json(answer.content, exact=self.json_fractions))

    def valid(self, endpoint: Endpoint[Any], read: Callable[[], T], block: str = "") -> T:
        """Return what is read of an answer; a WireError names the field that is wrong."""
        try:
            return read()
        except ValidationError as error:
            words = deepest_fault(error, block)
        except Exception as error:  # noqa: BLE001 - pydantic lets through what a field's own reader raises
            words = f"a field is not as documented ({type(error).__name__})"
        raise self._error(WireError, endpoint, words)

    def _error(
        self,
        kind: type[BrokerError],
        endpoint: Endpoint[Any],
        words: str,
        *,
        code: str | None = None,
        advice: str | None = None,
    ) -> BrokerError:
        return kind(
            self._redactor.clean(words),
            broker=self.broker,
            endpoint=f"{endpoint.ids.get(self.environment, endpoint)} {endpoint.path}",
            code=self._redactor.clean(code) if code else None,
            advice=advice,
        )
