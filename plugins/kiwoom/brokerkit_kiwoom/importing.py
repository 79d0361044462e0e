"""What Kiwoom users already have: the names that they give to their keys in `.env` and other files of settings.

These files belong to other programs and not to the wire.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pydantic import SecretStr

from brokerkit.errors import ConfigError
from brokerkit.findings import Findings, Found
from brokerkit.variables import Spelling, tables_of

KEY = re.compile(r"[A-Za-z0-9_-]{40,60}")
"""A key and a secret have 43 characters today; what is no such text is a placeholder."""
KEYS = frozenset({"APPKEY", "APP", "APIKEY", "RESTAPIKEY"})
SECRETS = frozenset({"APPSECRET", "APPSECRETKEY", "SECRETKEY", "SECRET", "APPSEC", "APISECRET", "RESTAPISECRET"})
VARIABLES = Spelling(
    broker=frozenset({"KIWOOM"}),
    settings={"app_key": KEYS, "app_secret": SECRETS},
    alone={
        "app_key": frozenset({"APPKEY"}),
        "app_secret": frozenset({"APPSECRET", "APPSECRETKEY", "SECRETKEY", "APPSEC"}),
    },
    hosts={"api.kiwoom.com": "real", "mockapi.kiwoom.com": "demo"},
)
NAMELESS = {"app_key": "an app key", "app_secret": "an app secret"}
"""What is said of a setting that has no variable."""


def read(content: Mapping[str, object]) -> Findings | None:
    """.env with names such as KIWOOM_APP_KEY and KIWOOM_SECRET_KEY; the account is known by the key."""
    tables = tables_of(content, VARIABLES)
    accounts = []
    for environment, table in tables.items():
        names = {**NAMELESS, **table}
        texts = {key: _text(content, name) for key, name in names.items()}
        settings = {key: SecretStr(text) for key, text in texts.items() if KEY.fullmatch(text)}
        lacking = {key: name for key, name in names.items() if key not in settings}
        # Without the name of the broker only what has the form of its keys, both of them, is taken for them.
        if not lacking or "KIWOOM" in table["app_key"].upper():
            accounts.append(Found(environment, settings, lacking))
    used = {name for table in tables.values() for name in table.values()}
    return Findings(tuple(accounts), len(content.keys() - used)) if accounts else None


def _text(content: Mapping[str, object], name: str) -> str:
    value = content.get(name, "")
    if isinstance(value, tuple):
        raise ConfigError(f"{name} stands there twice, with two values.", advice="Leave one of them in a copy.")
    return value.strip() if isinstance(value, str) else ""
