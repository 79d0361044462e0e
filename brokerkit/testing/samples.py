"""Samples of a broker's answers, as files in a folder: which call they answer, and the bytes that came."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from requests.structures import CaseInsensitiveDict

from brokerkit.errors import ConfigError
from brokerkit.transport import Request, Response

_FRACTION = re.compile(r'"\\u0000([^"]*)"')
"""A number with a fraction on its way through a sample: its digits are the broker's, and no float has seen them."""
_ONE = frozenset({"request", "response", "body", "frames"})
"""What a file has that holds one sample; others hold lists of them."""


@dataclass(frozen=True)
class Sample:
    """One answer of a broker. Its text shows nothing of that: an answer may hold an account, or a name."""

    name: str
    """The name of its file without the ending, and what tells it there from others, as in `errors#rate-limit`."""
    kind: str = ""
    """What it is: official samples say so first."""
    warning: str = ""
    """What whoever collected it says against it."""
    environment: str | None = None
    ids: frozenset[str] = field(default=frozenset(), repr=False)
    """Texts of which one may be the id of its call."""
    method: str | None = None
    path: str | None = None
    request: Request = field(default=Request(), repr=False)
    response: Response | None = field(default=None, repr=False)
    """None for what is no answer of a call, such as the frames of a stream."""

    @property
    def is_official(self) -> bool:
        """Say whether the broker itself shows it."""
        return self.kind.lower().startswith("official")


def read_samples(folder: str | Path) -> list[Sample]:
    """Return the samples of all files of a folder that end in `.json`; a ConfigError names what cannot be read."""
    files = sorted(Path(folder).glob("*.json"))
    if not files:
        raise ConfigError(f"No samples in {folder}: there is no file that ends in .json.")
    return [sample for file in files for sample in _samples_of(file)]


def _samples_of(file: Path) -> Iterator[Sample]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"), parse_float=lambda digits: f"\0{digits}")
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict | list):
        raise ConfigError(f"The sample {file} cannot be read as JSON.")
    entries = list(_entries(file.stem, content))
    if not entries:
        raise ConfigError(f"There is no sample in {file}.")
    yield from (_sample(name, entry) for name, entry in entries)


def _entries(name: str, content: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the samples of a file: the one, or those of the lists in it."""
    if isinstance(content, list):
        for number, entry in enumerate(content, start=1):
            if isinstance(entry, dict):
                yield f"{name}#{entry.get('id') or number}", entry
    elif _ONE & content.keys() or not any(isinstance(each, list) for each in content.values()):
        yield name, content
    else:
        for each in content.values():
            yield from _entries(name, each) if isinstance(each, list) else ()


def _sample(name: str, told: Mapping[str, Any]) -> Sample:
    request = _block(told.get("request"))
    named = {key: value for key, value in told.items() if key not in ("id", "kind", "status", "environment")}
    ids = {value for value in (*named.values(), *_block(request.get("headers")).values()) if isinstance(value, str)}
    warning = told.get("warning") or ""
    path = request.get("path") or told.get("path")
    body = request.get("body", request.get("form"))
    return Sample(
        name,
        kind=next((each for each in (told.get("kind"), told.get("status")) if isinstance(each, str)), ""),
        warning="; ".join(map(str, warning)) if isinstance(warning, list) else str(warning),
        environment=told.get("environment"),
        ids=frozenset(ids),
        method=request.get("method") or told.get("method"),
        path=path.partition("?")[0] if isinstance(path, str) else None,
        request=Request(_block(request.get("params")), body if isinstance(body, dict) else None),
        response=_response(told),
    )


def _response(told: Mapping[str, Any]) -> Response | None:
    """Return the answer; what is not recorded of it is as usual: HTTP 200, no header."""
    response = _block(told.get("response"))
    if "body" in response:
        body, status = response["body"], response.get("status")
    elif "body" in told:
        body, status = told["body"], told.get("http_status")
    else:
        return None
    headers = {name: str(value) for name, value in _block(response.get("headers")).items()}
    return Response(status if isinstance(status, int) else 200, CaseInsensitiveDict(headers), _bytes(body))


def _bytes(body: Any) -> bytes:
    """Return a body as it came: a text stands for itself, it was no JSON."""
    if isinstance(body, str):
        return body.encode()
    return _FRACTION.sub(r"\1", json.dumps(body, ensure_ascii=True)).encode()


def _block(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
