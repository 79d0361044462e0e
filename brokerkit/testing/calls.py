"""Which calls an adapter has, and which of them a sample answers."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from types import ModuleType
from typing import Any

from brokerkit.adapter import Adapter
from brokerkit.testing.samples import Sample
from brokerkit.transport import Endpoint


def endpoints_of(adapter: type[Adapter]) -> list[Endpoint[Any]]:
    """Return all calls of an adapter: those of its tables, which are reached from its classes and their modules."""
    classes = (adapter, *adapter.parts, *([adapter.Client] if hasattr(adapter, "Client") else []))
    found: list[Endpoint[Any]] = []
    holders: list[Mapping[str, Any]] = [
        vars(base) for kind in classes for base in kind.__mro__ if not _is_core(base.__module__)
    ]
    holders += [vars(module) for module in _modules(classes)]
    for value in (value for holder in holders for value in holder.values()):
        found += (each for each in _endpoints_in(value) if each not in found)
    return found


def _is_core(module: str) -> bool:
    return module == "brokerkit" or module.startswith("brokerkit.") or module == "builtins"


def _modules(classes: Iterable[type]) -> list[ModuleType]:
    """Return the modules of the own package that an adapter is made from, without those of other adapters."""
    bases = {base for kind in classes for base in kind.__mro__ if not _is_core(base.__module__)}
    waiting = [sys.modules[name] for name in sorted({base.__module__ for base in bases}) if name in sys.modules]
    own = {module.__name__.partition(".")[0] for module in waiting}
    found = list(waiting)
    while waiting:
        values = list(vars(waiting.pop()).values())
        sources = [sys.modules.get(value.__module__) for value in values if inspect.isclass(value)]
        for module in (*sources, *(value for value in values if isinstance(value, ModuleType))):
            if module is None or module in found or module.__name__.partition(".")[0] not in own:
                continue
            if not _is_core(module.__name__) and not _is_of_another(module, bases):
                found.append(module)
                waiting.append(module)
    return found


def _is_of_another(module: ModuleType, bases: set[type]) -> bool:
    adapters = [value for value in vars(module).values() if inspect.isclass(value) and issubclass(value, Adapter)]
    return any(value not in bases and value.__module__ == module.__name__ for value in adapters)


def _endpoints_in(value: Any) -> Iterator[Endpoint[Any]]:
    if isinstance(value, Endpoint):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _endpoints_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _endpoints_in(each)


def is_at(call: Endpoint[Any], sample: Sample) -> bool:
    """Say whether a sample, as far as it tells, was asked for where a call is."""
    pattern = "[^/]+".join(map(re.escape, re.split(r"\{[a-z_]+\}", call.path)))
    is_there = sample.path is None or re.fullmatch(pattern, sample.path) is not None
    return is_there and (sample.method or call.method).upper() == call.method.upper()


def environment_of(call: Endpoint[Any], sample: Sample) -> str:
    """Return the environment in which a sample was asked for; that of real money where nothing tells."""
    if sample.environment is not None and sample.environment in call.ids:
        return sample.environment
    named = [environment for environment, id in call.ids.items() if id in sample.ids]
    return next(iter(named or call.ids))
