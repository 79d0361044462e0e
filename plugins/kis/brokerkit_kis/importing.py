"""What KIS users already have: the settings file of the official samples, and the Postman environments.

The names stand as the official repository has them (kis_devlp.yaml, legacy/postman). A sixth module of this adapter,
because these files belong to other programs and not to the wire.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import SecretStr

from brokerkit.config import Findings, Found
from brokerkit.errors import ConfigError

KEY = re.compile(r"[A-Za-z0-9+/=]{20,}")
"""An app key has 36 characters and a secret 180 today; what is no such text is a placeholder, as "앱키"."""
ACCOUNT = re.compile(r"([0-9]{8})(?:-?([0-9]{2}))?")
HTS_ID = re.compile(r"[!-~]+")

SAMPLES = {
    "real": {"app_key": "my_app", "app_secret": "my_sec", "account": "my_acct_stock", "hts_id": "my_htsid"},
    "demo": {"app_key": "paper_app", "app_secret": "paper_sec", "account": "my_paper_stock", "hts_id": "my_htsid"},
}
PRODUCT = "my_prod"  # 계좌번호 뒤 2자리
FUTURES = {"my_acct_stock": "my_acct_future", "my_paper_stock": "my_paper_future"}
FUTURES_PRODUCTS = frozenset({"03", "08"})

POSTMAN = {
    "real": {"app_key": "PROD_APPKEY", "app_secret": "PROD_APPSECRET", "account": "CANO_REAL"},
    "demo": {"app_key": "VTS_APPKEY", "app_secret": "VTS_APPSECRET", "account": "CANO"},
}
STOCKS = "01"
"""The product code that the requests of the Postman collections carry beside CANO."""


def read(content: Mapping[str, object]) -> Findings | None:
    """kis_devlp.yaml of the official samples, or an exported environment of the official Postman collections."""
    if "values" in content:
        variables = _variables(content["values"])
        return _findings(POSTMAN, variables, STOCKS, frozenset()) if variables is not None else None
    names = {name for table in SAMPLES.values() for name in table.values()} | set(FUTURES.values())
    if not names & content.keys():
        return None
    product = _text(content, PRODUCT)
    tables = SAMPLES
    if product in FUTURES_PRODUCTS:
        tables = {each: {**table, "account": FUTURES[table["account"]]} for each, table in SAMPLES.items()}
    return _findings(tables, content, product, frozenset({PRODUCT}))


def _variables(values: object) -> dict[str, object] | None:
    """Return the enabled variables of a Postman environment, None if it is not one of KIS."""
    if not isinstance(values, list):
        return None
    found: dict[str, object] = {}
    for each in values:
        if isinstance(each, dict) and isinstance(each.get("key"), str) and each.get("enabled") is not False:
            if each["key"] in found and found[each["key"]] != each.get("value"):
                raise ConfigError(f"{each['key']} stands there twice, with two values.", advice="Switch one off.")
            found[each["key"]] = each.get("value")
    known = {table[key] for table in POSTMAN.values() for key in ("app_key", "app_secret")}
    return found if known & found.keys() else None


def _findings(
    tables: Mapping[str, Mapping[str, str]], content: Mapping[str, object], product: str, used: frozenset[str]
) -> Findings:
    accounts = []
    for environment, names in tables.items():
        if not {names["app_key"], names["app_secret"]} & content.keys():
            continue
        settings: dict[str, SecretStr] = {}
        for key, name in names.items():
            if value := _value(key, _text(content, name), product):
                settings[key] = SecretStr(value)
        lacking = {key: names[key] for key in ("app_key", "app_secret", "account") if key not in settings}
        if lacking.get("account") and ACCOUNT.fullmatch(_text(content, names["account"])):
            lacking["account"] = PRODUCT
        accounts.append(Found(environment, settings, lacking))
        used |= set(names.values())
    return Findings(tuple(accounts), len(content.keys() - used))


def _value(key: str, text: str, product: str) -> str | None:
    """Return what a setting gets, None for a placeholder."""
    if key == "account":
        number = ACCOUNT.fullmatch(text)
        end = (number[2] or product) if number else ""
        return f"{number[1]}-{end}" if number and re.fullmatch("[0-9]{2}", end) else None
    return text if (HTS_ID if key == "hts_id" else KEY).fullmatch(text) else None


def _text(content: Mapping[str, object], name: str) -> str:
    value = content.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise ConfigError(f"{name} must be a text.", advice="Put its value in quotes.")
    return value.strip()
