"""Keys of Kiwoom in `.env` files: the names that people use, and what is not guessed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from brokerkit_kiwoom.importing import read

from brokerkit.errors import ConfigError
from brokerkit.findings import Findings

KEY = "k7_" + "aB3-" * 10
SECRET = "s9_" + "xY4_" * 10
OTHER_KEY, OTHER_SECRET = KEY[::-1], SECRET[::-1]
REAL = {"app_key": KEY, "app_secret": SECRET}
DEMO = {"app_key": OTHER_KEY, "app_secret": OTHER_SECRET}


def found(content: Mapping[str, object]) -> dict[str | None, dict[str, str]]:
    """Return the plain settings by environment."""
    findings = read(content)
    assert findings is not None
    return {
        each.environment: {key: value.get_secret_value() for key, value in each.settings.items()}
        for each in findings.accounts
    }


def variables(text: str) -> dict[str, object]:
    """Return variables from a text of their names; what is in the brackets is filled with keys."""
    values = {"<key>": KEY, "<secret>": SECRET, "<key2>": OTHER_KEY, "<secret2>": OTHER_SECRET}
    named = dict(pair.split("=", 1) for pair in text.split())
    return {name: values.get(value, value) for name, value in named.items()}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("KIWOOM_APP_KEY=<key> KIWOOM_SECRET_KEY=<secret> KIWOOM_MODE=real", {"real": REAL}),
        ("KIWOOM_APPKEY=<key> KIWOOM_SECRETKEY=<secret> KIWOOM_ENV=real", {"real": REAL}),
        ("KIWOOM_APP_KEY=<key> KIWOOM_APP_SECRET=<secret> KIWOOM_IS_DEMO=false", {"real": REAL}),
        ("KIWOOM_APP_KEY=<key2> KIWOOM_APP_SECRET=<secret2> KIWOOM_IS_DEMO=true", {"demo": DEMO}),
        ("KIWOOM_APP_KEY=<key2> KIWOOM_SECRET_KEY=<secret2> KIWOOM_USE_MOCK=1", {"demo": DEMO}),
        (
            "KIWOOM_APP_KEY=<key2> KIWOOM_APP_SECRET=<secret2> KIWOOM_BASE_URL=https://mockapi.kiwoom.com",
            {"demo": DEMO},
        ),
        ("kiwoom_appkey=<key> kiwoom_secretkey=<secret>", {None: REAL}),
        ("KIWOOM_APP_KEY_MOCK=<key2> KIWOOM_SECRET_KEY_MOCK=<secret2>", {"demo": DEMO}),
        ("MOCK_KIWOOM_REST_API_KEY=<key2> MOCK_KIWOOM_SECRET=<secret2>", {"demo": DEMO}),
        ("APP_KEY=<key2> SECRET_KEY=<secret2> ACCOUNT_NO=12345678 MODE=SIMULATION", {"demo": DEMO}),
        (
            (
                "KIWOOM_APP_KEY=<key> KIWOOM_SECRET_KEY=<secret> KIWOOM_PAPER_APP_KEY=<key2> "
                "KIWOOM_PAPER_SECRET_KEY=<secret2> KIWOOM_ACCOUNT_TYPE=VIRTUAL"
            ),
            {"real": REAL, "demo": DEMO},
        ),
    ],
)
def test_the_names_that_people_use_are_known(text: str, wanted: dict[str | None, dict[str, str]]) -> None:
    assert found(variables(text)) == wanted


@pytest.mark.parametrize("value", ["", "your_kiwoom_app_key_here", "여기에_실제_APP_KEY_입력", "${OTHER}"])
def test_placeholders_are_named_as_lacking(value: str) -> None:
    findings = read({"KIWOOM_APP_KEY": value, "KIWOOM_SECRET_KEY": SECRET, "KIWOOM_MODE": "real"})
    assert findings is not None
    assert [each.lacking for each in findings.accounts] == [{"app_key": "KIWOOM_APP_KEY"}]
    assert read({"APP_KEY": value, "SECRET_KEY": SECRET}) is None


def test_what_is_not_there_is_named() -> None:
    findings = read({"KIWOOM_APP_KEY": KEY})
    assert findings is not None
    assert [each.lacking for each in findings.accounts] == [{"app_secret": "an app secret"}]


def test_two_values_are_explained_without_showing_them() -> None:
    with pytest.raises(ConfigError, match="KIWOOM_APP_KEY stands there twice") as refused:
        read({"KIWOOM_APP_KEY": (KEY, OTHER_KEY), "KIWOOM_SECRET_KEY": SECRET})
    assert KEY not in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [{}, {"KIS_APP_KEY": "a" * 36, "KIS_APP_SECRET": "b" * 180}, {"SECRET_KEY": SECRET}, {"KIWOOM_MODE": "1"}],
)
def test_another_file_is_not_known(content: Mapping[str, object]) -> None:
    assert read(content) is None


def test_no_secret_shows_in_what_was_found() -> None:
    findings = read({"KIWOOM_APP_KEY": KEY, "KIWOOM_SECRET_KEY": SECRET})
    assert isinstance(findings, Findings)
    assert KEY not in repr(findings)
    assert SECRET not in repr(findings)
