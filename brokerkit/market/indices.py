"""The indices that have a common name: those that the lists of both of our brokers have. Codes are the adapters'."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

INDICES: Mapping[str, str] = MappingProxyType(
    {
        "INDEX:KOSPI": "코스피",
        "INDEX:KOSDAQ": "코스닥",
        "INDEX:KOSPI200": "코스피 200",
        "INDEX:KOSDAQ150": "코스닥 150",
        "INDEX:KOSPI-LARGE": "코스피 대형주",
        "INDEX:KOSPI-MEDIUM": "코스피 중형주",
        "INDEX:KOSPI-SMALL": "코스피 소형주",
        "INDEX:KOSPI-FOOD": "코스피 음식료·담배",
        "INDEX:KOSPI-TEXTILES": "코스피 섬유·의류",
        "INDEX:KOSPI-PAPER": "코스피 종이·목재",
        "INDEX:KOSPI-CHEMICALS": "코스피 화학",
        "INDEX:KOSPI-MEDICINE": "코스피 제약",
        "INDEX:KOSPI-MINERALS": "코스피 비금속",
        "INDEX:KOSPI-METALS": "코스피 금속",
        "INDEX:KOSPI-MACHINERY": "코스피 기계·장비",
        "INDEX:KOSPI-ELECTRONICS": "코스피 전기·전자",
        "INDEX:KOSPI-INSTRUMENTS": "코스피 의료·정밀기기",
        "INDEX:KOSPI-VEHICLES": "코스피 운송장비·부품",
        "INDEX:KOSPI-RETAIL": "코스피 유통",
        "INDEX:KOSPI-UTILITIES": "코스피 전기·가스",
        "INDEX:KOSPI-CONSTRUCTION": "코스피 건설",
        "INDEX:KOSPI-TRANSPORT": "코스피 운송·창고",
        "INDEX:KOSPI-TELECOM": "코스피 통신",
        "INDEX:KOSPI-FINANCE": "코스피 금융",
        "INDEX:KOSPI-SECURITIES": "코스피 증권",
        "INDEX:KOSPI-INSURANCE": "코스피 보험",
        "INDEX:KOSPI-SERVICES": "코스피 일반서비스",
        "INDEX:KOSPI-INDUSTRY": "코스피 제조",
    }
)
"""Symbol to Korean name. Exchange and brokers each have numbers of their own, in which one number means two indices."""
