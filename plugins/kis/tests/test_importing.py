"""Files that KIS users have: what of them is taken, what is left, and that no value is ever shown."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from brokerkit_kis.importing import read

from brokerkit.errors import ConfigError
from brokerkit.findings import Findings

KEY = "PS" + "a1B2" * 8 + "xy"
SECRET = "C4nary+/" * 22 + "abc="
SAMPLE: dict[str, object] = {
    "my_app": KEY,
    "my_sec": SECRET,
    "paper_app": KEY[::-1],
    "paper_sec": SECRET[::-1].replace("=", "A"),
    "my_htsid": "trader",
    "my_acct_stock": "50012345",
    "my_acct_future": "60012345",
    "my_paper_stock": "70012345",
    "my_paper_future": "80012345",
    "my_prod": "01",
    "prod": "https://openapi.koreainvestment.com:9443",
    "vps": "https://openapivts.koreainvestment.com:29443",
    "my_token": "",
    "my_agent": "Mozilla/5.0",
}
BLANK = {
    "my_app": "앱키",
    "my_sec": "앱키 시크릿",
    "paper_app": "모의투자 앱키",
    "paper_sec": "",
    "my_htsid": "사용자 HTS ID",
    "my_acct_stock": "증권계좌 8자리",
    "my_paper_stock": "모의투자 증권계좌 8자리",
    "my_prod": "01",
}


def postman(**values: object) -> dict[str, object]:
    """Return an exported environment with these variables."""
    rows = [{"key": key, "value": value, "enabled": True, "type": "default"} for key, value in values.items()]
    return {"id": "1", "name": "Env", "values": rows, "_postman_variable_scope": "environment"}


REAL = {"PROD_APPKEY": KEY, "PROD_APPSECRET": SECRET, "CANO_REAL": "50012345"}


def found(content: Mapping[str, object]) -> dict[str, dict[str, str]]:
    """Return the plain settings by environment."""
    findings = read(content)
    assert findings is not None
    return {
        each.environment: {key: value.get_secret_value() for key, value in each.settings.items()}
        for each in findings.accounts
    }


def lacking(content: Mapping[str, object]) -> dict[str, Mapping[str, str]]:
    """Return what each environment lacks."""
    findings = read(content)
    assert findings is not None
    return {each.environment: each.lacking for each in findings.accounts}


def test_the_settings_file_of_the_samples_holds_two_accounts() -> None:
    assert found(SAMPLE) == {
        "real": {"app_key": KEY, "app_secret": SECRET, "account": "50012345-01", "hts_id": "trader"},
        "demo": {
            "app_key": SAMPLE["paper_app"],
            "app_secret": SAMPLE["paper_sec"],
            "account": "70012345-01",
            "hts_id": "trader",
        },
    }
    assert lacking(SAMPLE) == {"real": {}, "demo": {}}
    findings = read(SAMPLE)
    assert findings is not None
    assert findings.others == len(("my_acct_future", "my_paper_future", "prod", "vps", "my_token", "my_agent"))


def test_the_product_of_futures_takes_the_futures_account() -> None:
    accounts = {name: settings["account"] for name, settings in found({**SAMPLE, "my_prod": "03"}).items()}
    assert accounts == {"real": "60012345-03", "demo": "80012345-03"}


def test_an_account_with_all_ten_digits_is_taken_as_it_is() -> None:
    for text in ("5001234522", "50012345-22", " 50012345-22 "):
        assert found({**SAMPLE, "my_acct_stock": text})["real"]["account"] == "50012345-22"


def test_placeholders_are_named_as_lacking() -> None:
    assert lacking(BLANK) == {
        "real": {"app_key": "my_app", "app_secret": "my_sec", "account": "my_acct_stock"},
        "demo": {"app_key": "paper_app", "app_secret": "paper_sec", "account": "my_paper_stock"},
    }
    assert found(BLANK) == {"real": {}, "demo": {}}


@pytest.mark.parametrize("text", ["", "앱키", "your_app_key_goes_here_please", "<my app key>", "{{PROD_APPKEY}}", None])
def test_what_has_not_the_form_of_a_key_is_a_placeholder(text: str | None) -> None:
    assert lacking({**SAMPLE, "my_app": text})["real"] == {"app_key": "my_app"}


@pytest.mark.parametrize("text", [None, "", "1", "증권"])
def test_a_product_that_is_not_told_is_not_guessed(text: str | None) -> None:
    assert lacking({**SAMPLE, "my_prod": text})["real"] == {"account": "my_prod"}


def test_a_file_with_one_environment_holds_one_account() -> None:
    names = ("paper_app", "paper_sec", "my_paper_stock", "my_prod", "my_agent")
    assert list(found({name: SAMPLE[name] for name in names})) == ["demo"]


def test_the_real_postman_environment_holds_the_real_account() -> None:
    content = postman(VTS="https://demo", PROD="https://real", CANO_REAL_T="1", PROD_TOKEN="t", **REAL)
    assert found(content) == {"real": {"app_key": KEY, "app_secret": SECRET, "account": "50012345-01"}}
    findings = read(content)
    assert findings is not None
    assert findings.others == 4


def test_the_demo_postman_environment_holds_the_demo_account() -> None:
    content = postman(VTS_APPKEY=KEY, VTS_APPSECRET=SECRET, CANO="70012345", VTT_APPKEY=KEY)
    assert found(content) == {"demo": {"app_key": KEY, "app_secret": SECRET, "account": "70012345-01"}}


def test_an_environment_as_it_is_published_lacks_everything() -> None:
    assert lacking(postman(PROD_APPKEY="", PROD_APPSECRET="", CANO_REAL="")) == {
        "real": {"app_key": "PROD_APPKEY", "app_secret": "PROD_APPSECRET", "account": "CANO_REAL"}
    }


def test_a_variable_that_is_switched_off_is_not_there() -> None:
    content = postman(**REAL)
    rows = content["values"]
    assert isinstance(rows, list)
    rows.append({"key": "PROD_APPKEY", "value": "x" * 36, "enabled": False})
    assert found(content)["real"]["app_key"] == KEY
    rows[1]["enabled"] = False
    assert lacking(content)["real"] == {"app_secret": "PROD_APPSECRET"}


def test_a_variable_with_two_values_is_refused_without_showing_them() -> None:
    content = postman(**REAL)
    rows = content["values"]
    assert isinstance(rows, list)
    rows.append({"key": "PROD_APPSECRET", "value": SECRET[::-1], "enabled": True})
    with pytest.raises(ConfigError, match="PROD_APPSECRET stands there twice") as refused:
        read(content)
    assert SECRET[::-1] not in str(refused.value)


@pytest.mark.parametrize("value", [[SECRET], {"a": SECRET}, True])
def test_a_value_of_the_wrong_kind_is_named_without_showing_it(value: object) -> None:
    for content, name in (
        ({**SAMPLE, "my_sec": value}, "my_sec"),
        (postman(**{**REAL, "CANO_REAL": value}), "CANO_REAL"),
    ):
        with pytest.raises(ConfigError, match=f"{name} must be a text") as refused:
            read(content)
        assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"app_key": KEY},
        {"info": {"name": "x"}, "item": []},
        {"values": None},
        {"values": {"my_app": KEY}},
        {"values": [None, 1, {"key": 1, "value": "x"}]},
        postman(CANO="70012345", TOKEN="x"),
        {"my_prod": "01"},
    ],
)
def test_another_file_is_not_known(content: Mapping[str, object]) -> None:
    assert read(content) is None


def test_no_secret_shows_in_what_was_found() -> None:
    findings = read(SAMPLE)
    assert isinstance(findings, Findings)
    for secret in (KEY, SECRET, "50012345"):
        assert secret not in repr(findings)
