"""What is exported: the APIs of one broker that can be called, and how its client calls them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from brokerkit.catalogue import Api, Catalogue, Field
from brokerkit.transport import Client


@dataclass(frozen=True)
class Subject:
    """A broker whose APIs are exported. What comes over its socket is not: neither format has words for it."""

    broker: str
    version: str
    catalogue: Catalogue
    client: type[Client]

    @cached_property
    def apis(self) -> tuple[Api, ...]:
        """The APIs that a request reaches, in the order of the catalogue."""
        return tuple(api for api in self.catalogue if not api.is_frame)

    @property
    def hosts(self) -> Mapping[str, str]:
        """The base URL of each environment."""
        return self.client.hosts

    def headers(self, api: Api) -> Iterator[tuple[str, str]]:
        """Yield the headers of a call; what logs in has no token or id yet, and says the key once."""
        for name, value in self.client.written_headers.items():
            if api.effect != "auth" or not ("{{token}}" in value or "{{id}}" in value or value in self._told(api)):
                yield name, value

    def _told(self, api: Api) -> set[str]:
        return {self.client.written_fields[name] for name in api.fields if name in self.client.written_fields}

    def is_needed(self, api: Api, field: Field) -> bool:
        """Say whether a field has to be given: account, key and the place of the next page are filled in."""
        return field.required and field.name not in self.client.written_fields and field.name not in api.pages

    def filled(self, field: Field) -> str | None:
        """Return the variable or text that stands in a field of account or key; None in any other."""
        return self.client.written_fields.get(field.name)


def words_of(field: Field) -> str:
    """Return in words what a field is: its label, its length and its codes."""
    parts = [field.label]
    if field.length is not None:
        parts.append(f"length {field.length}")
    if field.format:
        parts.append(field.format)
    if field.unit:
        parts.append(field.unit)
    if field.codes:
        parts.append(", ".join(f"{code} {meaning}".strip() for code, meaning in field.codes.items()))
    return "; ".join(part for part in parts if part)
