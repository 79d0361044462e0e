"""A Postman collection, format 2.1, and an environment for each of the broker's. Keys are variables without a value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from brokerkit.catalogue import Api
from brokerkit.cli.exports.subject import Subject, words_of

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
SECRETS = ("app_key", "app_secret", "token", "account", "product")
"""Variables that whoever imports the files fills in."""


def collection(subject: Subject) -> dict[str, Any]:
    """Return all APIs, in folders by topic; what gives the token back stands last, where a run of all of them ends."""
    folders: list[dict[str, Any]] = []
    last: list[dict[str, Any]] = []
    for api in subject.apis:
        if _is_revocation(subject, api):
            last += [_item(subject, api, variant) for variant in _variants(api)]
            continue
        into = folders
        for title in api.topic.split(" > "):
            into = _folder(into, title)
        into.extend(_item(subject, api, variant) for variant in _variants(api))
    words = f"All APIs of {subject.broker} by brokerkit {subject.version}. Choose an environment: it has the address."
    return {
        "info": {"name": f"brokerkit {subject.broker}", "description": words, "schema": SCHEMA},
        "item": [*folders, *last],
    }


def _is_revocation(subject: Subject, api: Api) -> bool:
    call = subject.client.revoke_call
    return call is not None and api.path == call.path


def environment(subject: Subject, name: str) -> dict[str, Any]:
    """Return an environment: its address, its ids that differ from those of others, and blanks for the keys."""
    values = [{"key": "base_url", "value": subject.hosts[name], "type": "default", "enabled": True}]
    used = "".join((*subject.client.written_headers.values(), *subject.client.written_fields.values()))
    values += [
        {"key": each, "value": "", "type": "secret", "enabled": True} for each in SECRETS if f"{{{{{each}}}}}" in used
    ]
    for api in subject.apis:
        for variant, an_id in api.variants(name).items():
            if (key := _variable(api, variant)) is not None:
                values.append({"key": key, "value": an_id, "type": "default", "enabled": True})
    return {"name": f"brokerkit {subject.broker} {name}", "values": values, "_postman_variable_scope": "environment"}


def _folder(items: list[dict[str, Any]], title: str) -> list[dict[str, Any]]:
    """Return what is in a folder of that title, which is made where there is none."""
    for each in items:
        if each["name"] == title and "item" in each:
            inside: list[dict[str, Any]] = each["item"]
            return inside
    items.append({"name": title, "item": []})
    return _folder(items, title)


def _variants(api: Api) -> Mapping[str, None]:
    return dict.fromkeys(variant for ids in api.ids.values() for variant in ids)


def _variable(api: Api, variant: str) -> str | None:
    """Return the variable that has the id: that of the real environment; None where every environment has the same."""
    known = [ids[variant] for ids in api.ids.values() if variant in ids]
    return known[0] if len(set(known)) > 1 else None


def _item(subject: Subject, api: Api, variant: str) -> dict[str, Any]:
    an_id = next(ids[variant] for ids in api.ids.values() if variant in ids)
    told = f"{{{{{key}}}}}" if (key := _variable(api, variant)) is not None else an_id
    request: dict[str, Any] = {
        "method": api.method,
        "header": [{"key": name, "value": value.replace("{{id}}", told)} for name, value in subject.headers(api)],
        "url": _url(subject, api),
        "description": "\n".join(_words(api)),
    }
    request["header"] += list(_paging(subject, api))
    if api.where == "body":
        given = {field.name: _value(subject, api, field.name) for field in api.request if field.required}
        text = json.dumps(given, ensure_ascii=False, indent=2)
        request["body"] = {"mode": "raw", "raw": text, "options": {"raw": {"language": "json"}}}
    name = " ".join(part for part in (an_id, api.label, variant) if part)
    item: dict[str, Any] = {"name": name, "request": request, "response": []}
    if script := list(_keeping(subject, api)):
        item["event"] = [{"listen": "test", "script": {"type": "text/javascript", "exec": script}}]
    return item


def _paging(subject: Subject, api: Api) -> Iterator[dict[str, Any]]:
    """Yield the headers that ask for the next page, switched off."""
    paging = subject.client.paging
    if api.pages and paging is not None:
        for name in (each for each in (paging.mark, paging.key) if each):
            yield {"key": name, "value": paging.sends.get(name, ""), "disabled": True}


def _url(subject: Subject, api: Api) -> dict[str, Any]:
    url: dict[str, Any] = {"host": ["{{base_url}}"], "path": api.path.strip("/").split("/")}
    raw = "{{base_url}}" + api.path
    if api.where == "query":
        url["query"] = [
            {
                "key": field.name,
                "value": _value(subject, api, field.name) if field.required else "",
                "description": words_of(field),
                **({} if field.required else {"disabled": True}),
            }
            for field in api.request
        ]
        asked = "&".join(f"{each['key']}={each['value']}" for each in url["query"] if "disabled" not in each)
        raw += f"?{asked}" if asked else ""
    return {"raw": raw, **url}


def _value(subject: Subject, api: Api, name: str) -> str:
    """Return what stands in a field: of an order nothing but the account, so that none goes out by a click."""
    field = api.fields[name]
    filled = subject.filled(field)
    if filled is not None:
        return filled
    return next(iter(field.codes), "") if api.effect == "read" else ""


def _words(api: Api) -> Iterator[str]:
    yield f"{api.name}: {api.label} ({api.effect})"
    for environment, ids in api.ids.items():
        listed = ", ".join(f"{an_id} {variant}".strip() for variant, an_id in ids.items())
        yield f"- {environment} {listed}".rstrip()
    for field in api.request:
        yield f"- `{field.name}`{' (needed)' if field.required else ''}: {words_of(field)}"


def _keeping(subject: Subject, api: Api) -> Iterator[str]:
    """Yield the lines of the script that keeps a token which was issued."""
    call = subject.client.token_call
    if call is None or api.path != call.path:
        return
    for name in (each.name for group in api.groups for each in group.fields if each.name.endswith("token")):
        yield f'const told = pm.response.json()["{name}"];'
        yield 'if (told) { pm.environment.set("token", told); }'
        return
