"""What KIS users already have: the settings of the official samples, Postman environments, `.env`, secret.json.

The names of the first two stand as the official repository has them (kis_devlp.yaml, legacy/postman); secret.json is
what python-kis saves. These files belong to other programs and not to the wire.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import SecretStr

from brokerkit.errors import ConfigError
from brokerkit.findings import Findings, Found
from brokerkit.variables import Spelling, Tables, tables_of

KEY = re.compile(r"[A-Za-z0-9+/=]{20,}")
"""An app key has 36 characters and a secret 180 today; what is no such text is a placeholder, as "앱키"."""
ACCOUNT = re.compile(r"([0-9]{8})(?:-?([0-9]{2}))?")
HTS_ID = re.compile(r"[!-~]+")
LONG_SECRET = 100
"""Characters that a secret has at least; it tells the keys of KIS from others where the names do not."""

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


KEYS = frozenset({"APPKEY", "MYAPP", "APP", "APIKEY"})
SECRETS = frozenset({"APPSECRET", "APPSECRETKEY", "SECRETKEY", "SECRET", "APPSEC", "SEC", "MYSEC", "APISECRET"})
NUMBERS = frozenset(
    {
        *("CANO", "ACCOUNTCANO", "ACCOUNT", "ACCOUNTNO", "ACCOUNTNUMBER", "ACCNO", "ACCTNO", "ACCT", "ACNTNO"),
        *("STOCK", "ACCTSTOCK", "MYACCTSTOCK", "STOCKACCOUNT", "STOCKACCOUNTNO", "MYPAPERSTOCK"),
    }
)
PRODUCTS = frozenset(
    {
        *("ACNTPRDTCD", "ACCOUNTACNTPRDTCD", "ACCOUNTPRDTCD", "PRDTCD", "ACCOUNTPRODUCTCODE", "ACCOUNTPRODUCT"),
        *("PRODUCTCODE", "ACCOUNTCODE", "PRODTYPE", "MYPROD"),
    }
)
LOGINS = frozenset({"HTSID", "MYHTSID", "ID", "USERID", "LOGINID"})
VARIABLES = Spelling(
    broker=frozenset({"KIS"}),
    settings={"app_key": KEYS, "app_secret": SECRETS, "account": NUMBERS, "product": PRODUCTS, "hts_id": LOGINS},
    alone={
        "app_key": frozenset({"APPKEY"}),
        "app_secret": frozenset({"APPSECRET", "APPSECRETKEY", "SECRETKEY", "APPSEC"}),
        "account": NUMBERS - {"STOCK"},
        "product": PRODUCTS,
        "hts_id": LOGINS - {"USERID", "LOGINID"},
    },
    hosts={"openapi.koreainvestment.com": "real", "openapivts.koreainvestment.com": "demo"},
)


NAMELESS = {"app_key": "an app key", "app_secret": "an app secret", "account": "an account number"}
"""What is said of a setting that has no variable."""


def read(content: Mapping[str, object]) -> Findings | None:
    """kis_devlp.yaml, a Postman environment, .env with names such as KIS_APP_KEY, and secret.json of python-kis."""
    if "values" in content:
        variables = _variables(content["values"])
        if variables is None:
            return None
        return _findings(POSTMAN, {PRODUCT: STOCKS, **variables}, PRODUCT, frozenset({PRODUCT}))
    names = {name for table in SAMPLES.values() for name in table.values()} | set(FUTURES.values())
    if not names & content.keys():
        return _from_variables(content)
    product = _text(content, PRODUCT)
    tables = SAMPLES
    if product in FUTURES_PRODUCTS:
        tables = {each: {**table, "account": FUTURES[table["account"]]} for each, table in SAMPLES.items()}
    return _findings(tables, content, PRODUCT, frozenset({PRODUCT}))


def _from_variables(content: Mapping[str, object]) -> Findings | None:
    """Return what stands in variables of any spelling; without the name of the broker its long secret tells it."""
    tables = tables_of(content, VARIABLES)
    secrets = [_text(content, table.get("app_secret", "")) for table in tables.values()]
    if (
        not any("KIS" in table["app_key"].upper() for table in tables.values())
        and max(map(len, secrets), default=0) < LONG_SECRET
    ):
        return None
    accounts: list[Found] = []
    for environment, table in tables.items():
        names = {**NAMELESS, **{key: name for key, name in table.items() if key != "product"}}
        accounts += _findings({environment: names}, content, table.get("product", ""), frozenset()).accounts
    used = {name for table in tables.values() for name in table.values()}
    return Findings(tuple(accounts), len(content.keys() - used))


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
    tables: Mapping[str, Mapping[str, str]] | Tables, content: Mapping[str, object], product: str, used: frozenset[str]
) -> Findings:
    """Return what stands at the names of the tables; `product` is the name of the product code, "" if it has none."""
    accounts = []
    for environment, names in tables.items():
        if not {names["app_key"], names["app_secret"]} & content.keys():
            continue
        settings: dict[str, SecretStr] = {}
        for key, name in names.items():
            if value := _value(key, _text(content, name), _text(content, product)):
                settings[key] = SecretStr(value)
        lacking = {key: names[key] for key in ("app_key", "app_secret", "account") if key not in settings}
        if lacking.get("account") and ACCOUNT.fullmatch(_text(content, names["account"])):
            lacking["account"] = product or f"the product code of {names['account']}"
        accounts.append(Found(environment, settings, lacking))
        used |= set(names.values())
    return Findings(tuple(accounts), len(content.keys() - used))


def _value(key: str, text: str, product: str) -> str | None:
    """Return what a setting gets, None for a placeholder."""
    if key == "account":
        number = ACCOUNT.fullmatch(text)
        end = (number[2] or product) if number else ""
        return f"{number[1]}-{end}" if number and re.fullmatch("[0-9]{2}", end) else None
    if key == "hts_id":
        return text if HTS_ID.fullmatch(text) else None
    text = re.sub(r"\s*\n\s*", "", text)  # a long secret may be written over several lines
    return text if KEY.fullmatch(text) else None


def _text(content: Mapping[str, object], name: str) -> str:
    value = content.get(name)
    if value is None:
        return ""
    if isinstance(value, tuple):
        raise ConfigError(f"{name} stands there twice, with two values.", advice="Leave one of them in a copy.")
    if not isinstance(value, str):
        raise ConfigError(f"{name} must be a text.", advice="Put its value in quotes.")
    return value.strip()
