"""Ids and columns of the KIS face's socket against the vendor's catalogue."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from brokerkit_kis.sandbox.stream_columns import SERVICES, service_of

MARKET, EXCHANGE = "MARKET_CLS_CODE", "ANTC_EXCH_CLS_CODE"
APPENDED = {
    "H0STCNT0": [MARKET],
    "H0NXCNT0": [MARKET],
    "H0UNCNT0": [MARKET],
    "H0STASP0": [MARKET],
    "H0UNASP0": [EXCHANGE],
}
"""Columns that came with the reform of September 2026; the catalogue is older."""
WIDTHS = {
    "H0STCNT0": 47,
    "H0NXCNT0": 47,
    "H0UNCNT0": 47,
    "H0STASP0": 63,
    "H0NXASP0": 65,
    "H0UNASP0": 66,
    "H0STCNI0": 26,
    "H0STCNI9": 23,
    "HDFSCNT0": 26,
    "HDFSASP0": 71,
    "H0GSCNI0": 25,
    "H0GSCNI9": 25,
}


def rows_of_the_catalogue() -> dict[str, Any]:
    folder = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
    if not folder:
        pytest.skip("BROKERKIT_WIRE_EXAMPLES is not set: the vendor's tables and examples are not in the repository")
    tables = json.loads(Path(folder, "kis", "catalogue.json").read_text(encoding="utf-8"))
    return {name: row for name, row in tables.items() if row["transport"] == "websocket"}


def test_widths_are_those_of_the_wire() -> None:
    assert {id: len(SERVICES[id].columns) for id in WIDTHS} == WIDTHS


def test_columns_are_those_of_the_catalogue() -> None:
    told = {
        row["tr_id"]["real"]: [column["name"] for column in row["columns"]] for row in rows_of_the_catalogue().values()
    }
    for id, service in SERVICES.items():
        if service.columns and service.in_real:
            # The table of the book of US shares has its third level twice, which no frame has.
            columns = [*dict.fromkeys(told[id])] if id == "HDFSASP0" else told[id]
            assert list(service.columns) == columns + APPENDED.get(id, []), id


def test_every_id_is_there_in_the_environments_that_have_it() -> None:
    rows = rows_of_the_catalogue().values()
    told = [row["tr_id"] for row in rows]
    services = {id: service_of(id) for ids in told for id in ids.values() if id}
    assert (len(rows), len(services)) == (60, 63)
    for id, service in services.items():
        assert service is not None, id
        assert service.in_real is any(ids["real"] == id for ids in told), id
        assert service.in_demo is any(ids["demo"] == id for ids in told), id
    assert set(SERVICES) <= set(services)


def test_what_the_catalogue_calls_encrypted_is_a_notice() -> None:
    for row in rows_of_the_catalogue().values():
        service = service_of(row["tr_id"]["real"])
        assert service is not None
        assert service.of_user is row["encrypted"], row["tr_id"]
