"""Keys of KIS in `.env` files and in what python-kis saves: the names that people use, and what is not guessed."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from brokerkit_kis.importing import read

from brokerkit.errors import ConfigError

KEY = "PS" + "a1B2" * 8 + "xy"
SECRET = "C4nary+/" * 22 + "abc="
OTHER_KEY, OTHER_SECRET = KEY[::-1], SECRET[::-1].replace("=", "A")
Settings = dict[str, str]


def found(content: Mapping[str, object]) -> dict[str | None, Settings]:
    """Return the plain settings by environment."""
    findings = read(content)
    assert findings is not None
    return {
        each.environment: {key: value.get_secret_value() for key, value in each.settings.items()}
        for each in findings.accounts
    }


def lacking(content: Mapping[str, object]) -> dict[str | None, Mapping[str, str]]:
    findings = read(content)
    assert findings is not None
    return {each.environment: each.lacking for each in findings.accounts}


REAL = {"app_key": KEY, "app_secret": SECRET, "account": "50012345-01"}
DEMO = {"app_key": OTHER_KEY, "app_secret": OTHER_SECRET, "account": "70012345-01"}


def variables(text: str, more: Settings | None = None) -> Settings:
    """Return variables from a text of their names; what is in the brackets is filled with keys and accounts."""
    values = {"<key>": KEY, "<secret>": SECRET, "<key2>": OTHER_KEY, "<secret2>": OTHER_SECRET}
    named = dict(pair.split("=", 1) for pair in text.split())
    return {name: values.get(value, value) for name, value in named.items()} | (more or {})


@pytest.mark.parametrize(
    "text",
    [
        "KIS_APP_KEY=<key> KIS_APP_SECRET=<secret> CANO=50012345 ACNT_PRDT_CD=01 KIS_ENV=real",
        "KIS_APPKEY=<key> KIS_APPSECRET=<secret> KIS_CANO=50012345 KIS_ACNT_PRDT_CD=01 KIS_VIRTUAL=false",
        "KIS_APP_KEY=<key> KIS_SECRET_KEY=<secret> KIS_ACCOUNT_NO=50012345 KIS_ACCOUNT_PRODUCT_CODE=01 KIS_ENV=PROD",
        "KIS_APP_KEY=<key> KIS_APP_SECRET=<secret> KIS_ACCOUNT_NUMBER=50012345-01 KIS_IS_PAPER=false",
        "KIS_APP_KEY=<key> KIS_SECRET=<secret> KIS_ACCOUNT_NO=5001234501 KIS_MOCK=0",
        "APP_KEY_REAL=<key> APP_SEC_REAL=<secret> ACC_NO_REAL=50012345-01",
        "LIVE_KIS_APP_KEY=<key> LIVE_KIS_APP_SECRET=<secret> LIVE_KIS_ACCOUNT=50012345-01",
        (
            "TRADING_SYSTEM_KIS_APP_KEY=<key> TRADING_SYSTEM_KIS_APP_SECRET=<secret> TRADING_SYSTEM_KIS_CANO=50012345 "
            "TRADING_SYSTEM_KIS_ACNT_PRDT_CD=01 TRADING_SYSTEM_KIS_ENV=prod"
        ),
        (
            "APPKEY=<key> APPSECRET=<secret> CANO=50012345 ACNT_PRDT_CD=01 "
            "URL_BASE=https://openapi.koreainvestment.com:9443"
        ),
        "KIS_PROD_APP_KEY=<key> KIS_PROD_APP_SECRET=<secret> KIS_PROD_ACCOUNT=50012345-01",
        "KIS_REAL_APP_KEY=<key> KIS_REAL_APP_SECRET=<secret> KIS_REAL_ACCOUNT_NO=50012345 KIS_PROD_TYPE=01",
        "kis_app_key=<key> kis_app_secret=<secret> kis_account=50012345-01 kis_env=live",
        "KIS_MY_APP=<key> KIS_MY_SEC=<secret> KIS_MY_ACCT_STOCK=50012345 KIS_MY_PROD=01 KIS_ENV=real",
    ],
)
def test_the_names_that_people_use_are_known(text: str) -> None:
    assert found(variables(text)) == {"real": REAL}


@pytest.mark.parametrize(
    "text",
    [
        "KIS_PAPER_APP_KEY=<key2> KIS_PAPER_APP_SECRET=<secret2> KIS_PAPER_STOCK=70012345 KIS_PROD_TYPE=01",
        (
            "KIS_PAPER_APPKEY=<key2> KIS_PAPER_APPSECRET=<secret2> KIS_PAPER_ACCOUNT_CANO=70012345 "
            "KIS_PAPER_ACCOUNT_PRDT_CD=01"
        ),
        "KIS_MOCK_APP_KEY=<key2> KIS_MOCK_APP_SECRET=<secret2> KIS_MOCK_ACCOUNT_NO=70012345-01",
        "KIS_VIRTUAL_APPKEY=<key2> KIS_VIRTUAL_SECRETKEY=<secret2> KIS_VIRTUAL_ACCOUNT=70012345-01",
        "KIS_VTS_APP_KEY=<key2> KIS_VTS_APP_SECRET=<secret2> KIS_VTS_ACCOUNT_NUMBER=70012345-01",
        "KIS_APP_KEY=<key2> KIS_APP_SECRET=<secret2> KIS_ACCOUNT_NO=70012345-01 KIS_IS_PAPER=true",
        "KIS_APP_KEY=<key2> KIS_APP_SECRET=<secret2> KIS_ACCOUNT_NO=70012345-01 KIS_MODE=VIRTUAL",
        "KIS_APP_KEY=<key2> KIS_APP_SECRET=<secret2> KIS_ACCOUNT_NO=70012345-01 TRADING_MODE=모의",
        (
            "KIS_APP_KEY=<key2> KIS_APP_SECRET=<secret2> KIS_ACCOUNT_NO=70012345-01 "
            "KIS_BASE_URL=https://openapivts.koreainvestment.com:29443 "
            "KIS_REAL_BASE_URL=https://openapi.koreainvestment.com:9443"
        ),
    ],
)
def test_the_demo_environment_is_told_in_many_ways(text: str) -> None:
    assert found(variables(text)) == {"demo": DEMO}


@pytest.mark.parametrize("told", ["", "KIS_IS_PAPER=true", "KIS_ENV=real"])
def test_keys_beside_marked_ones_are_of_the_other_environment(told: str) -> None:
    text = "KIS_APP_KEY=<key> KIS_APP_SECRET=<secret> KIS_ACCT_STOCK=50012345 KIS_HTS_ID=trader KIS_PROD_TYPE=01 "
    paper = "KIS_PAPER_APP_KEY=<key2> KIS_PAPER_APP_SECRET=<secret2> KIS_PAPER_STOCK=70012345 "
    assert found(variables(text + paper + told)) == {
        "real": {**REAL, "hts_id": "trader"},
        "demo": {**DEMO, "hts_id": "trader"},
    }


def test_marked_names_that_are_blank_do_not_tell_of_what_the_others_are() -> None:
    text = "KIS_APP_KEY=<key2> KIS_APP_SECRET=<secret2> KIS_ACCOUNT_NO=50012345-01 KIS_PAPER_ACCOUNT_NO=70012345-01 "
    assert found(variables(text + "KIS_PAPER_APP_KEY= KIS_PAPER_APP_SECRET= KIS_IS_PAPER=true")) == {"demo": DEMO}


def test_an_account_of_no_environment_is_not_given_to_two() -> None:
    text = "KIS_REAL_APP_KEY=<key> KIS_REAL_APP_SECRET=<secret> KIS_PAPER_APP_KEY=<key2> KIS_PAPER_APP_SECRET=<secret2>"
    assert lacking(variables(f"{text} KIS_ACCOUNT_NO=50012345-01")) == {
        "real": {"account": "an account number"},
        "demo": {"account": "an account number"},
    }


@pytest.mark.parametrize(
    "told",
    ["", "KIS_ENV=", "KIS_ENV=dev", "KIS_MOCK=maybe", "KIS_ENV=real KIS_IS_PAPER=true", "ENABLE_LIVE_TRADING=false"],
)
def test_an_environment_that_is_not_told_is_not_guessed(told: str) -> None:
    text = f"KIS_APP_KEY=<key> KIS_APP_SECRET=<secret> KIS_ACCOUNT_NO=50012345-01 {told}"
    assert found(variables(text)) == {None: REAL}


def test_a_product_that_is_not_told_is_not_guessed() -> None:
    text = "KIS_APP_KEY=<key> KIS_APP_SECRET=<secret> KIS_ACCOUNT_NO=50012345 KIS_ENV=real"
    assert lacking(variables(text)) == {"real": {"account": "the product code of KIS_ACCOUNT_NO"}}
    assert lacking(variables(f"{text} KIS_ACNT_PRDT_CD=")) == {"real": {"account": "KIS_ACNT_PRDT_CD"}}


@pytest.mark.parametrize("value", ["", "your_kis_app_key", "발급받은_APP_KEY", "<server-only>", "${OTHER}", "..."])
def test_placeholders_are_named_as_lacking(value: str) -> None:
    content = variables("KIS_APP_SECRET=<secret> KIS_ACCOUNT_NO=50012345-01 KIS_ENV=real", {"KIS_APP_KEY": value})
    assert lacking(content) == {"real": {"app_key": "KIS_APP_KEY"}}


def test_a_secret_over_several_lines_is_one() -> None:
    content = variables("KIS_APP_KEY=<key> KIS_ACCOUNT_NO=50012345-01 KIS_ENV=real")
    content["KIS_APP_SECRET"] = f"{SECRET[:70]}\n  {SECRET[70:140]}\n{SECRET[140:]}"
    assert found(content) == {"real": REAL}


def test_two_values_are_explained_without_showing_them() -> None:
    content: dict[str, object] = dict(variables("KIS_APP_SECRET=<secret> KIS_ACCOUNT_NO=50012345-01"))
    with pytest.raises(ConfigError, match="KIS_APP_KEY stands there twice") as refused:
        read({**content, "KIS_APP_KEY": (KEY, OTHER_KEY)})
    with pytest.raises(ConfigError, match="KIS_APPKEY and KIS_APP_KEY have two values") as both:
        read({**content, "KIS_APPKEY": KEY, "KIS_APP_KEY": OTHER_KEY})
    for error in (refused, both):
        assert KEY not in str(error.value)
        assert OTHER_KEY not in str(error.value)
    assert read({**content, "KIS_APPKEY": KEY, "KIS_APP_KEY": KEY, "DEBUG": ("0", "1")}) is not None


@pytest.mark.parametrize(("virtual", "environment"), [(True, "demo"), (False, "real"), ("true", "demo")])
def test_what_python_kis_saves_is_one_account(virtual: object, environment: str) -> None:
    content = {"id": "trader", "appkey": KEY, "secretkey": SECRET, "account": "50012345-01", "virtual": virtual}
    assert found(content) == {environment: {**REAL, "hts_id": "trader"}}
    findings = read(content)
    assert findings is not None
    assert findings.others == 1


def test_the_arguments_of_python_kis_are_two_accounts() -> None:
    names = (
        "id=trader appkey=<key> secretkey=<secret> virtual_id=paper virtual_appkey=<key2> virtual_secretkey=<secret2>"
    )
    assert found(variables(names)) == {
        "real": {"app_key": KEY, "app_secret": SECRET, "hts_id": "trader"},
        "demo": {"app_key": OTHER_KEY, "app_secret": OTHER_SECRET, "hts_id": "paper"},
    }


@pytest.mark.parametrize(
    "text",
    [
        "APP_KEY=<key>",
        "SECRET_KEY=<secret> DEBUG=1",
        f"APP_KEY={'k' * 43} SECRET_KEY={'s' * 43}",
        "UPBIT_ACCESS_KEY=<key> UPBIT_SECRET_KEY=<secret>",
        f"KIWOOM_APP_KEY={'k' * 43} KIWOOM_SECRET_KEY={'s' * 43} KIWOOM_MODE=mock",
        "TALEPAKIS_SECRET_KEY=<secret> TALEPAKIS_APP_KEY=<key>",
        "KIS_ACCOUNT_NO=50012345-01 KIS_ENV=real",
    ],
)
def test_keys_of_others_are_not_taken(text: str) -> None:
    assert read(variables(text)) is None
