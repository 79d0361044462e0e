"""Everything that Kiwoom shows of its answers, where BROKERKIT_WIRE_EXAMPLES tells where the examples lie."""

from __future__ import annotations

import os
from pathlib import Path

from brokerkit.testing import Replay, ReplayConformance

FOLDER = os.environ.get("BROKERKIT_WIRE_EXAMPLES")
UNPROVEN = {
    "ka10001": "the values of the official sample are shifted against its keys, so that it has no price",
    "ka10004": "the official sample has keys only",
    "ka10084": "no answer of it is shown, only its fields",
    "ka10095": "no answer of it is shown, only its fields",
    "kt00015": "no answer of it is shown, only its fields",
    "ka10080": "no answer of it is shown, only its fields",
    "ka20005": "the official sample is a copy of that of ka20006",
    "ka10171": "its sample is a frame of the socket, which test_stream_examples.py reads",
    "ka10172": "no answer of it is shown, only its fields",
    "kt10001": "there is none; it is answered like kt10000",
    "ka90003": "the official sample is one of ka90005",
    **dict.fromkeys(
        (
            *("usa06011", "usa06012", "usa10098", "usa10099", "usa20100", "usa20101", "usa20150"),
            *("ust20000", "ust20001", "ust20002", "ust20003", "ust21050", "ust21070", "ust21100", "ust21150"),
            *("ust21160", "ust21510", "ust21530", "ust31301", "ust31490"),
        ),
        "no answer of a call for the US is shown, only its fields",
    ),
    **dict.fromkeys(
        ("ka10051", "ka10058", "ka10061", "ka10064", "ka90010", "ka90013"), "no answer of it is shown, only its fields"
    ),
}


class TestSamples(ReplayConformance):
    broker = "kiwoom"
    samples = Path(FOLDER) / "kiwoom" / "examples" if FOLDER else None
    declared = {
        "ka20005": "a copy of the sample of ka20006, with another list in it",
        "ka90003": "the official sample is one of ka90005",
    }

    def test_every_other_call_has_an_official_sample(self, replayed: Replay) -> None:
        assert {call.call for call in replayed.calls} - set(replayed.proven) == set(UNPROVEN)

    def test_the_price_was_seen_by_others(self, replayed: Replay) -> None:
        (seen,) = (each for each in replayed.samples if each.sample == "_observed#ka10001-live-krx")
        assert (seen.outcome, seen.filled) == ("parsed", seen.fields)

    def test_flows_are_read_row_by_row(self, replayed: Replay) -> None:
        (flows,) = (call for call in replayed.calls if call.call == "ka10059")
        unread = {each.path for each in flows.unread}
        assert unread == {f"stk_invsr_orgn.{name}" for name in ("pre_sig", "pred_pre", "flu_rt", "acc_trde_qty")} | {
            "stk_invsr_orgn.acc_trde_prica"
        }
        assert flows.never_filled == ()

    def test_refusals_mean_what_the_table_says(self, replayed: Replay) -> None:
        refused = {(each.code, each.error) for each in replayed.samples if each.outcome == "refused" and each.is_listed}
        assert refused == {
            ("8104", "Unsupported"),
            ("RC9000", "Unsupported"),
            ("1513", "AuthError"),
            ("RC4058", "MarketClosed"),
            ("855056", "InsufficientFunds"),
            ("800033", "InsufficientFunds"),
            ("RC4003", "InvalidOrder"),
            ("1700", "RateLimited"),
            ("8005", "AuthError"),
        }
        assert {each.code for each in replayed.samples if each.is_listed is False} == {"1511"}
