"""Ids and columns of the KIS face's socket against the vendor's catalogue."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from brokerkit_kis.sandbox.stream_columns import SERVICES

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


def test_every_id_of_korean_and_us_stocks_and_indices_and_every_notice_is_there_and_no_other() -> None:
    of_us = ("overseas_stock/asking_price", "overseas_stock/delayed_ccnl")
    notices = ("overseas_stock/ccnl_notice", "domestic_futureoption/fuopt_ccnl_notice")
    played = ("domestic_stock/", "etfetn/", *of_us, *notices)
    rows = [row for name, row in rows_of_the_catalogue().items() if name.startswith(played)]
    for environment, ids in (
        ("real", {id for id, service in SERVICES.items() if service.in_real}),
        ("demo", {id for id, service in SERVICES.items() if service.in_demo}),
    ):
        assert ids == {row["tr_id"][environment] for row in rows} - {None}


def test_what_the_catalogue_calls_encrypted_is_a_notice() -> None:
    rows = rows_of_the_catalogue().values()
    encrypted = {row["tr_id"]["real"] for row in rows if row["encrypted"]} & set(SERVICES)
    assert encrypted == {id for id, service in SERVICES.items() if service.of_user and service.in_real}
