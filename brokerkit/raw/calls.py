"""A raw call on its way: which API in which variant, as an endpoint, with its fields checked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any

from brokerkit.catalogue import Api, Catalogue
from brokerkit.errors import InvalidRequest, Unsupported
from brokerkit.raw.checking import Checked, Given, either, title
from brokerkit.raw.reply import RawReply, sealed
from brokerkit.text import HIDDEN
from brokerkit.transport import Client, Effect, Endpoint, Headers, Parameters, Whole

_EFFECTS = {"read": Effect.READ, "auth": Effect.AUTH, "order": Effect.ORDER}


@dataclass(frozen=True)
class RawCall:
    """One call of an API, checked and ready to be sent."""

    client: Client
    api: Api
    variant: str
    id: str
    values: Mapping[str, Any]
    """The fields that go out."""
    warnings: tuple[str, ...]
    goes_on: bool
    """A further page is asked for by hand."""

    @property
    def name(self) -> str:
        """What the API is called, its variant with it."""
        return f"{self.api.name}/{self.variant}" if self.variant else self.api.name

    @property
    def numbers(self) -> list[str]:
        """Where the answer to an order tells its number, the likeliest place first; none where it tells none."""
        return self.api.order.number.split() if self.api.order else []

    @property
    def kind(self) -> str:
        """What an order is to do; blank where its fields do not tell, or nobody has looked at the API."""
        return self.api.order.kind.of(self.variant, self.values) if self.api.order else ""

    @cached_property
    def endpoint(self) -> Endpoint[Whole]:
        """The call as the client sends it."""
        effect = _EFFECTS[self.api.effect]
        reply = self.client.whole(self.api.pages, effect)
        ids = {self.client.environment: self.id or self.api.name}
        return Endpoint(ids, self.api.path, reply, self.api.method, effect)

    @property
    def sent(self) -> tuple[Parameters | None, Parameters | None]:
        """Its fields as parameters of the query, or as the body."""
        return (self.values, None) if self.api.where == "query" else (None, self.values)

    @property
    def headers(self) -> Headers:
        """Headers beside those of every call."""
        paging = self.endpoint.reply.paging
        return paging.sends if self.goes_on and paging is not None else {}

    def pages(self, most: int) -> RawReply:
        """Ask for so many pages at most."""
        params, body = self.sent
        found, is_complete = self.client.first_pages(
            self.endpoint, most, params=params, body=body, headers=self.headers
        )
        return self.reply([each.content for each in found], is_complete=is_complete)

    def over_socket(self, ask: Callable[[Mapping[str, Any]], Iterator[tuple[Any, bool]]], most: int) -> RawReply:
        """Ask over the socket for so many pages at most; `ask` yields pages, each with whether it is the last one."""
        found = list(islice(ask(self.values), most))
        return self.reply([body for body, _ in found], is_complete=found[-1][1])

    def log_in(self) -> RawReply:
        """Ask for a token or a key, or give one back."""
        answer = self.client.log_in(self.endpoint, self.values)
        reply = self.reply([sealed(answer.content)])
        self.client.seal(reply.secrets())
        return reply

    def reply(self, contents: list[Mapping[str, Any]], *, is_complete: bool = True) -> RawReply:
        """Return what was answered."""
        return RawReply(
            self.api,
            contents,
            is_complete=is_complete,
            warnings=self.warnings,
            envelope=self.client.envelope,
            clean=self.client.clean,
        )


def prepared(client: Client, catalogue: Catalogue, asked: str, given: Given) -> RawCall:
    """Return a call that nothing is known against; InvalidRequest with all that is wrong, or Unsupported."""
    if not isinstance(asked, str) or not asked:
        raise InvalidRequest("An API is named by its name or id, as a text.")
    if not isinstance(given, Mapping):
        raise InvalidRequest(f"fields are given by their names, as a dict, not as {type(given).__name__}.")
    if asked not in catalogue and HIDDEN in (shown := client.clean(asked)):
        asked = shown  # what is no API is told, and may be a secret
    api, variant, an_id, warnings = _meant(catalogue, client.environment, asked)
    if api.only_codes:
        given = {**api.only_codes, **given}
    own = {**client.account(), **(_own_keys(client, given) if api.effect == "auth" else {})}
    holders = lambda name: [each.name for each in catalogue if name in each.fields]  # noqa: E731
    checked = Checked(api, own, given, holders, client.clean)
    warnings = (*warnings, *checked.warnings)
    call = RawCall(client, api, variant, an_id, checked.values, warnings, goes_on=checked.goes_on)
    if call.kind == "unsupported":
        raise Unsupported(
            f"{title(api)}, {variant} ({an_id}): the broker does not do that.", advice="Nothing was sent."
        )
    return call


@lru_cache(maxsize=2_000)
def _meant(catalogue: Catalogue, environment: str, asked: str) -> tuple[Api, str, str, tuple[str, ...]]:
    """Return the API, its variant and id in an environment, and what is to be said of that."""
    api = catalogue.api(asked)
    if api.effect == "stream":
        raise Unsupported(
            f"{title(api)} comes over the broker's socket when it happens: nobody can ask for it.",
            advice="Nothing was sent. broker.stream().raw(...) follows what comes there.",
        )
    variant, an_id, warnings = _chosen(environment, catalogue, api, asked)
    if an_id in api.unsure:
        _check_named(api, asked, an_id)
    return api, variant, an_id, (*warnings, *_doubts(environment, api, an_id))


def channel_of(catalogue: Catalogue, environment: str, asked: str) -> tuple[Api, str, tuple[str, ...]]:
    """Return what is meant of all that comes over the socket, its id in an environment, and what is to be said of it.

    InvalidRequest where there is no such thing, Unsupported where it is something to be asked for, or not offered.
    """
    if not isinstance(asked, str) or not asked:
        raise InvalidRequest("A channel is named by its name or id, as a text.")
    api = catalogue.api(asked)
    if api.effect != "stream":
        raise Unsupported(
            f"{title(api)} answers when it is asked, and tells nothing by itself.",
            advice="Nothing was sent. broker.call(...) asks for it.",
        )
    _, an_id, warnings = _chosen(environment, catalogue, api, asked)
    return api, an_id, (*warnings, *_doubts(environment, api, an_id))


def _doubts(environment: str, api: Api, an_id: str) -> Iterator[str]:
    """Yield what no fact tells of an API in an environment."""
    if environment in api.unsure:
        yield f"whether the {environment} environment has {title(api)} is not known"
    if an_id in api.unsure:
        yield f"whether {an_id} works is not known"


def _check_named(api: Api, asked: str, an_id: str) -> None:
    """Raise Unsupported for an order under an id that nothing proves, unless whoever calls names just that id."""
    if api.effect != "order" or asked == an_id:
        return
    unproven = [each for ids in api.ids.values() for each in ids.values() if each in api.unsure]
    raise Unsupported(
        f"Which id {title(api)} has there is not proven: {either(unproven)}.",
        advice="Nothing was sent. Who knows which one it is calls it by that id itself.",
    )


def _own_keys(client: Client, given: Given) -> Parameters:
    """Return the key as calls name it that log in; the token that is kept, where another one is not named."""
    token = client.kept_token() if "token" not in given else None
    return {**client.keys(), **({} if token is None else {"token": token.value})}


def _chosen(environment: str, catalogue: Catalogue, api: Api, asked: str) -> tuple[str, str, list[str]]:
    """Return variant and id of an API in an environment, and what is to be said of that."""
    ids = api.variants(environment)
    if not ids:
        offered = ", ".join(api.ids) or "none"
        raise Unsupported(
            f"{title(api)} is not offered in the {environment} environment.",
            advice=f"Nothing was sent. It is offered in: {offered}.",
        )
    variant = catalogue.variant(asked)
    if variant is None and len(ids) == 1:
        variant = next(iter(ids))
    if variant is None:
        names = ", ".join(f"{api.name}/{name} ({an_id})" for name, an_id in ids.items())
        raise InvalidRequest(f"{title(api)} has several ids.", advice=f"Nothing was sent. Name one: {names}.")
    if asked in api.old and api.old[asked] == ids.get(variant):
        return variant, asked, [f"{asked} is an id of former times, {api.old[asked]} that of today"]
    if variant not in ids:
        offered = ", ".join(name for name, those in api.ids.items() if variant in those)
        raise Unsupported(
            f"{title(api)}, {variant}, is not offered in the {environment} environment.",
            advice=f"Nothing was sent. It is offered in: {offered}.",
        )
    return variant, ids[variant], _of_elsewhere(environment, api, asked, ids[variant])


def _of_elsewhere(environment: str, api: Api, asked: str, an_id: str) -> list[str]:
    """Say that another id goes out than was named; Unsupported for an order, whose id tells which money it moves."""
    if asked == an_id or not (asked in api.old or any(asked in ids.values() for ids in api.ids.values())):
        return []
    if api.effect == "order":
        raise Unsupported(
            f"{title(api)}: {asked} is no id of the {environment} environment.",
            advice=f"Nothing was sent. There it is {an_id}.",
        )
    return [f"{asked} is no id of the {environment} environment: it is sent as {an_id}"]
