"""`brokerkit reserve | reservations | amend-reservation | cancel-reservation`: shown, asked, sent once."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from brokerkit.cli import exits, main
from brokerkit.market.sessions import Phase
from brokerkit.models import Reservation
from brokerkit.sandbox import Sandbox
from brokerkit.sandbox.exchange import ExchangeOrder

pytestmark = pytest.mark.usefixtures("configured")
AT_KIS = ["--broker", "kis"]
RESERVE = ["reserve", "buy", "005930", "10", "--price", "60000", *AT_KIS]


def listed(capsys: pytest.CaptureFixture[str]) -> list[Reservation]:
    capsys.readouterr()
    assert main(["reservations", *AT_KIS, "--json"]) == exits.DONE
    return [Reservation.model_validate(each) for each in json.loads(capsys.readouterr().out)]


def test_a_reserved_order_is_kept_shown_amended_and_taken_back(
    rows: Callable[[str], list[ExchangeOrder]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*RESERVE, "--yes"]) == exits.DONE
    told = capsys.readouterr()
    assert "PENDING" in told.out
    assert "brokerkit reservations --broker kis" in told.err
    assert rows("kis") == []
    kept = listed(capsys)[-1]
    assert (kept.quantity, kept.price, kept.status) == (10, 60_000, "RESERVED")
    assert main(["amend-reservation", kept.id, "--quantity", "7", *AT_KIS, "--yes"]) == exits.DONE
    assert main(["cancel-reservation", kept.id, *AT_KIS, "--yes"]) == exits.DONE
    shown = listed(capsys)[-1]
    assert (shown.id, shown.quantity, shown.status) == (kept.id, 7, "CANCELED")


def test_without_a_yes_nothing_is_reserved(capsys: pytest.CaptureFixture[str]) -> None:
    before = listed(capsys)
    assert main(RESERVE) != exits.DONE
    assert listed(capsys) == before


def test_a_number_that_is_not_there_is_said_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*RESERVE, "--yes"]) == exits.DONE
    kept = listed(capsys)[-1]
    assert main(["cancel-reservation", "77", *AT_KIS, "--yes"]) != exits.DONE
    assert kept.id in capsys.readouterr().err
    assert listed(capsys)[-1] == kept


def test_a_broker_without_reserved_orders_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reservations", "--broker", "kiwoom"]) != exits.DONE
    assert "does not offer reservations" in capsys.readouterr().err


def test_reserved_orders_of_the_us_are_of_their_market_in_dollars(
    box: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    box.exchanges["US"].phase = Phase.CLOSED
    assert main(["reserve", "buy", "US:AAPL", "3", "--price", "150.50", *AT_KIS, "--yes"]) == exits.DONE
    assert main([*RESERVE, "--yes"]) == exits.DONE
    capsys.readouterr()
    assert main(["reservations", *AT_KIS, "--market", "US"]) == exits.DONE
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[-1] == "currency"
    (row,) = rows
    assert " US:AAPL " in row
    assert " 150.50 " in row
    assert row.endswith(" USD")
    number = row.split()[0]
    assert main(["cancel-reservation", number, "--market", "KR", *AT_KIS, "--yes"]) != exits.DONE
    assert f"No reserved order has the number {number}" in capsys.readouterr().err
    assert main(["cancel-reservation", number, "--market", "US", *AT_KIS]) != exits.DONE
    assert main(["cancel-reservation", number, "--market", "US", *AT_KIS, "--yes"]) == exits.DONE
