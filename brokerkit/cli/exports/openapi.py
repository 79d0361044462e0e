"""An OpenAPI 3.1 document of all APIs of a broker."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from brokerkit.catalogue import Api, Field, Group
from brokerkit.cli.exports.subject import Subject, words_of

VERSION = "3.1.0"


def document(subject: Subject) -> dict[str, Any]:
    """Return the document. Where several APIs share an address, a fragment with the name tells them apart."""
    shared = [(api.path, api.method) for api in subject.apis]
    paths: dict[str, Any] = {}
    for api in subject.apis:
        address = api.path if shared.count((api.path, api.method)) == 1 else f"{api.path}#{api.name}"
        paths.setdefault(address, {})[api.method.lower()] = _operation(subject, api)
    return {
        "openapi": VERSION,
        "info": {"title": f"All APIs of {subject.broker}", "version": subject.version},
        "servers": [{"url": url, "description": name} for name, url in subject.hosts.items()],
        "tags": [{"name": topic} for topic in dict.fromkeys(api.topic for api in subject.apis)],
        "paths": paths,
        "components": {"securitySchemes": dict(_schemes(subject))},
    }


def _schemes(subject: Subject) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what opens a call: the token, and headers with the key."""
    for name, value in subject.client.written_headers.items():
        if value == "Bearer {{token}}":
            yield name, {"type": "http", "scheme": "bearer"}
        elif value in ("{{app_key}}", "{{app_secret}}"):
            yield name, {"type": "apiKey", "in": "header", "name": name}


def _operation(subject: Subject, api: Api) -> dict[str, Any]:
    schemes = dict(_schemes(subject))
    headers = dict(subject.headers(api))
    operation: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", api.name),
        "summary": api.label,
        "description": "; ".join(_words(api)),
        "tags": [api.topic],
        "security": [{name: [] for name in headers if name in schemes}],
        "parameters": [
            _header(api, name, value)
            for name, value in headers.items()
            if name not in schemes and name.lower() != "content-type"
        ],
        "responses": {"200": _answer(api)},
        "x-effect": api.effect,
        "x-ids": {name: dict(ids) for name, ids in api.ids.items()},
    }
    if api.where == "query":
        operation["parameters"] += [
            {"name": each.name, "in": "query", "required": each.required, "schema": _schema(each)}
            for each in api.request
        ]
    else:
        content = {"application/json": {"schema": _object(api)}}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _words(api: Api) -> Iterator[str]:
    yield api.name
    for environment, ids in api.ids.items():
        listed = ", ".join(f"{an_id} {variant}".strip() for variant, an_id in ids.items())
        yield f"{environment} {listed}".rstrip()


def _header(api: Api, name: str, value: str) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    if value == "{{id}}":
        schema["enum"] = list(dict.fromkeys(an_id for ids in api.ids.values() for an_id in ids.values()))
    else:
        schema["default"] = value
    return {"name": name, "in": "header", "required": value == "{{id}}", "schema": schema}


def _object(api: Api) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": {each.name: _schema(each) for each in api.request}}
    if needed := [each.name for each in api.request if each.required]:
        schema["required"] = needed
    return schema


def _schema(field: Field) -> dict[str, Any]:
    """Return a field of a request. Its length is told in words: what the tables of brokers say is not always so."""
    schema: dict[str, Any] = {"type": "string", "description": words_of(field)}
    if field.complete and field.codes:
        schema["enum"] = list(dict.fromkeys((*field.codes, *(() if field.required else ("",)))))
    return schema


def _answer(api: Api) -> dict[str, Any]:
    """Return what is answered. Fields have no type: brokers do not tell it, and some numbers come as such."""
    properties: dict[str, Any] = {}
    for group in api.groups:
        told = {each.name: {"description": words_of(each)} for each in group.fields}
        properties |= {group.name: _block(group, told)} if group.name else told
    schema = {"type": "object", "properties": properties}
    return {"description": api.label or api.name, "content": {"application/json": {"schema": schema}}}


def _block(group: Group, told: dict[str, Any]) -> dict[str, Any]:
    row = {"type": "object", "properties": told}
    return {"type": "array", "items": row} if group.many else row
