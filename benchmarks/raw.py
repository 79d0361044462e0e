"""How long it takes to find, check and build a raw call: all that happens before it is sent.

python -m benchmarks.raw
"""

from __future__ import annotations

import sys
import time
from statistics import median
from typing import Any

from brokerkit import get_broker
from brokerkit.raw.calls import prepared

TARGET_MICROSECONDS = 50.0
ROUNDS, CALLS = 100, 200
MANY = {
    f"FID_{name}_{number}": value
    for number in range(1, 31)
    for name, value in (("COND_MRKT_DIV_CODE", "J"), ("INPUT_ISCD", "005930"))
}
"""Thirty symbols at once: no request has more fields."""
CASES: dict[str, tuple[tuple[str, dict[str, Any]], ...]] = {
    "kis": (
        ("domestic_stock/inquire_investor", {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "005930"}),
        ("TTTC0012U", {"PDNO": "005930", "ORD_DVSN": "00", "ORD_QTY": 3, "ORD_UNPR": 70_000}),
        ("domestic_stock/intstock_multprice", MANY),
    ),
    "kiwoom": (
        ("ka10059", {"stk_cd": "005930", "dt": "20261127", "amt_qty_tp": "1", "trde_tp": "0", "unit_tp": "1000"}),
        ("kt10000", {"dmst_stex_tp": "KRX", "stk_cd": "005930", "ord_qty": 3, "trde_tp": "0", "ord_uv": 70_000}),
    ),
}


def measured(broker: str) -> dict[str, float]:
    """Return the microseconds that each call of a broker takes to be checked and built."""
    with get_broker(broker, environment="sandbox") as made:
        found = {}
        for api, fields in CASES[broker]:
            rounds = []
            for _ in range(ROUNDS):
                began = time.thread_time()
                for _ in range(CALLS):
                    call = prepared(made.client, made.apis, api, fields)
                    _ = call.endpoint, call.sent, call.headers
                rounds.append((time.thread_time() - began) / CALLS * 1e6)
            found[api] = min(rounds)
            print(f"{broker} {api}: {found[api]:.1f} us at best, {median(rounds):.1f} in the middle")
    return found


def main() -> int:
    """Print the figures; 1 if one is over the target."""
    worst = max(each for broker in CASES for each in measured(broker).values())
    print(f"The slowest takes {worst:.1f} us; at most {TARGET_MICROSECONDS:.0f} are allowed.")
    return int(worst > TARGET_MICROSECONDS)


if __name__ == "__main__":
    sys.exit(main())
