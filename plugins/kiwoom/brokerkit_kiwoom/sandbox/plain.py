"""APIs that no exchange here plays: made up from the catalogue, with the checks that all APIs have."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import cache

from brokerkit.catalogue import Api, Catalogue
from brokerkit.sandbox.plain import Plain, UnknownOriginal, lists_orders

from .fields import Field
from .refusals import UNKNOWN_ORDER, business, not_played

logger = logging.getLogger("brokerkit")
_LONG = 1000
"""Longer than any field whose length is not told."""


def plain_fields(api_id: str) -> tuple[Field, ...]:
    """Return what an API takes; a refusal of ours where the answer would deny orders that stand."""
    return _fields(_api(api_id).name)


def plain_answer(
    api_id: str, fields: Mapping[str, str], after: int | None, plain: Plain, key: Callable[[int], str], *, demo: bool
) -> tuple[dict[str, object], str | None]:
    """Return the body of a page, and the key of the next one if there is one."""
    api, page = _api(api_id), after or 0
    area = _area(api)
    if api.effect == "order":
        try:
            return plain.take(api, "", fields, area), None
        except UnknownOriginal:
            raise business(UNKNOWN_ORDER, "원주문이 없습니다", demo=demo) from None
    body, more = plain.answer(api, fields, area, page)
    for name in ("return_code", "return_msg"):
        body.pop(name, None)
    return body, key(page + 1) if more else None


def _api(api_id: str) -> Api:
    api = Catalogue.at("brokerkit_kiwoom").api(api_id)
    # Orders of shares stand at the exchange: another list of them would say that there are none.
    if _area(api) == "shares" and (api.effect == "order" or lists_orders(api)):
        logger.info("Kiwoom sandbox: %s exists at Kiwoom but is not played here; it was refused.", api_id)
        raise not_played(api_id)
    return api


@cache
def _fields(name: str) -> tuple[Field, ...]:
    return tuple(
        Field(
            each.name,
            each.length or _LONG,
            " ".join(each.codes) if each.complete and not any(" " in code for code in each.codes) else "",
            required=each.required,
        )
        for each in Catalogue.at("brokerkit_kiwoom").api(name).request
    )


def _area(api: Api) -> str:
    """Return whose account an API is about, blank where it is about none: gold has one of its own."""
    if api.name.startswith("kt500"):
        return "gold"
    return "shares" if api.path.endswith(("/acnt", "/ordr", "/crdordr")) else ""
