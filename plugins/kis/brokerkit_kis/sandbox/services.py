"""Every call that the server knows, as the catalogue tells it: where it lives, its method, its transaction ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from brokerkit.catalogue import Api, Catalogue


@dataclass(frozen=True)
class Service:
    """One path that exists, with the ids it takes in each environment, those of former times too."""

    api: Api
    real: frozenset[str]
    demo: frozenset[str]

    @classmethod
    def of(cls, api: Api) -> Service:
        """Return what the catalogue says of a call."""
        taken = {name: set(api.variants(name).values()) for name in ("real", "demo")}
        for ids in taken.values():
            ids |= {old for old, today in api.old.items() if today in ids}
        return cls(api, frozenset(taken["real"]), frozenset(taken["demo"]))

    def ids(self, demo: bool) -> frozenset[str]:
        """Return the ids that one environment takes."""
        return self.demo if demo else self.real


def demo_id(real: str) -> str:
    """Return what an id of the real environment would be called in the demo."""
    return f"V{real[1:]}" if real[0] in "TJC" else real


@cache
def services() -> Mapping[str, Service]:
    """Return all by path, without those of the websocket and of the login. Each path is that of one call."""
    told = Catalogue.at("brokerkit_kis")
    return {api.path: Service.of(api) for api in told if not api.is_frame and api.effect in ("read", "order")}


@cache
def queries() -> Mapping[str, Service]:
    """Return queries by id."""
    found = [each for each in services().values() if each.api.method == "GET"]
    return {tr_id: each for each in found for tr_id in each.real | each.demo}
