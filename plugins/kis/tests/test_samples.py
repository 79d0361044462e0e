"""Everything that KIS shows of its answers, where BROKERKIT_WIRE_EXAMPLES tells where the examples lie."""

from __future__ import annotations

import os
from pathlib import Path

from brokerkit.testing import Replay, ReplayConformance

FOLDER = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
UNPROVEN = {
    **dict.fromkeys(
        ("FHKST11300006", "FHKEW15010000", "HHKST03900300", "HHKST03900400", "FHPPG04600001"),
        "no answer of it is shown, only its fields",
    ),
    "FHPTJ04400000": "a client kept an answer, the broker shows none",
    **{f"{name}_code.mst": "no file is shown, only its columns" for name in ("kospi", "kosdaq", "konex")},
    "CTPF1002R": "the official sample lacks the one field that is read of it",
    **{f"nxt_{name}_code.mst": "no file is shown" for name in ("kospi", "kosdaq")},
    **dict.fromkeys(
        (
            *("FHKST03010100", "FHKUP03500100", "HHDFS76240000", "HHDFS76950200", "CTRP6504R"),
            "TTTS3007R",
        ),
        "the official sample lacks rt_cd, without which no answer is taken",
    ),
    "TTTS3035R": "the official sample is one blank row, which stands for none",
    **dict.fromkeys(
        (
            *("HHDFS76200100", "HHDFS76200300", "HHDFS76220000", "TTTS3039R"),
            *("TTTS6036U", "TTTS6037U", "TTTS6038U"),
        ),
        "no answer of it is shown, only its fields",
    ),
    **{f"{name}mst.cod": "no file is shown, only its columns" for name in ("nas", "nys", "ams")},
}


class TestSamples(ReplayConformance):
    broker = "kis"
    samples = Path(FOLDER) / "kis" / "examples" if FOLDER else None
    declared = {
        "domestic_stock__inquire_balance__demo_two_holdings": "its source does not show the envelope",
        "domestic_stock__inquire_daily_itemchartprice__official": "its source does not show rt_cd",
        "domestic_stock__inquire_daily_indexchartprice__official": "its source does not show rt_cd",
        **{
            f"overseas_stock__{name}": "its source does not show rt_cd"
            for name in (
                "dailyprice__official_a",
                "inquire_present_balance__official_a",
                "inquire_psamount__official",
                "inquire_time_itemchartprice__official_a",
            )
        },
        "overseas_stock__inquire_ccnl__official": "one blank row, which stands for none and is left out",
    }
    doubtful = {"overseas_stock__inquire_balance__official": "its last row is a blank one"}

    def test_every_other_call_has_an_official_sample(self, replayed: Replay) -> None:
        assert {call.call for call in replayed.calls} - set(replayed.proven) == set(UNPROVEN)

    def test_what_the_models_tell_of_the_price_is_read_and_filled(self, replayed: Replay) -> None:
        (price,) = (call for call in replayed.calls if call.call == "FHKST01010100")
        assert price.never_filled == ()
        assert {"output.per", "output.hts_avls", "output.prdy_vrss_sign"} <= {each.path for each in price.unread}

    def test_refusals_mean_what_the_table_says(self, replayed: Replay) -> None:
        refused = {each.code: each.error for each in replayed.samples if each.outcome == "refused" and each.is_listed}
        assert refused == {
            "40910000": "AuthError",
            "40580000": "MarketClosed",
            "40250000": "InsufficientFunds",
            "APBK0952": "InsufficientFunds",
            "EGW00123": "AuthError",
            "EGW00133": "RateLimited",
            "EGW00201": "RateLimited",
            "EGW02006": "Unsupported",
            "40330000": "NothingToCancel",
        }
        assert {each.code for each in replayed.samples if each.is_listed is False} == {"OPSQ2001"}
