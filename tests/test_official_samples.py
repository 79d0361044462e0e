"""The brokers' own samples at the sandbox and as raw calls: their requests come from a folder of facts."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from proof.official import asked, table

FACTS = os.environ.get("BROKERKIT_WIRE_EXAMPLES", "")


def written(folder: Path, *, wrong: list[list[object]]) -> Path:
    """Write facts of two queries of KIS and one of Kiwoom, as such a folder has them."""
    symbol = [
        {"name": "FID_COND_MRKT_DIV_CODE", "required": True, "example": "J"},
        {"name": "FID_INPUT_ISCD", "required": True, "example": "005930"},
    ]
    sources = {"sources": ["postman-real"]}
    kis = {name: {"request": symbol, **sources} for name in ("domestic_stock/inquire_price", "elw/newly_listed")}
    kis["domestic_stock/inquire_price"]["request"] = symbol[:1]
    kiwoom = {"ka10001": {"path": "/api/dostk/stkinfo", "request": [{"name": "stk_cd", "required": True}]}}
    for name, told in {
        "kis/catalogue.json": kis,
        "kis/catalogue_report.json": {"postman_wrong_url": wrong},
        "kiwoom/catalogue.json": kiwoom,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps(told), encoding="utf-8")
    return folder


def test_what_becomes_of_a_sample_is_told_with_the_brokers_code_and_the_reason_of_the_call(tmp_path: Path) -> None:
    elsewhere = "/uapi/domestic-stock/v1/trading/order-cash"
    folder = written(tmp_path, wrong=[["real", "a query", elsewhere, "FHKEW154800C0", []]])
    found = {each.sample.api.name: each for each in asked(folder)}
    price, listed, share = found["domestic_stock/inquire_price"], found["elw/newly_listed"], found["ka10001"]
    # A field that the facts do not give is sent blank.
    assert (price.code, price.is_denied, price.call) == ("APBK0656", True, "")
    assert (listed.code, listed.is_denied, listed.sample.is_right) == ("HTTP 405", False, False)
    assert "missing: FID_COND_SCR_DIV_CODE" not in listed.call
    assert (share.code, share.call) == ("", "")
    assert table(list(found.values())).splitlines()[1:] == [
        "KIS, real collection | 2 | 1 | 0 | APBK0656 1 | 0",
        "Kiwoom, domestic commands | 1 | 1 | 1 | 0 | 0",
    ]


@pytest.mark.slow
@pytest.mark.skipif(not FACTS, reason="BROKERKIT_WIRE_EXAMPLES does not name the folder of facts")
def test_every_sample_with_a_right_address_is_answered_and_none_is_refused_by_a_raw_call() -> None:
    found = list(asked(Path(FACTS)))
    assert [str(each) for each in found if each.call] == []
    assert [str(each) for each in found if each.is_denied] == []
    assert len(found) > 1_000
    assert sum(not each.sample.is_right for each in found) == 12
