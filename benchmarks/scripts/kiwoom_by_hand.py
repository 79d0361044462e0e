"""A quote of Kiwoom by hand: requests, and one model of the answer. The file of keys is the first argument."""

import json
import sys
from decimal import Decimal
from pathlib import Path

import requests
from pydantic import BaseModel, Field


class Price(BaseModel):
    """The fields that brokerkit's own Quote is made of."""

    symbol: str = Field(alias="stk_cd")
    name: str = Field(alias="stk_nm")
    price: Decimal = Field(alias="cur_prc")
    previous_close: Decimal = Field(alias="base_pric")
    change: Decimal = Field(alias="pred_pre")
    change_percent: Decimal = Field(alias="flu_rt")
    open: Decimal = Field(alias="open_pric")
    high: Decimal = Field(alias="high_pric")
    low: Decimal = Field(alias="low_pric")
    volume: Decimal = Field(alias="trde_qty")
    upper_limit: Decimal = Field(alias="upl_pric")
    lower_limit: Decimal = Field(alias="lst_pric")


keys = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["kiwoom"]
answer = requests.post(
    keys["base_url"] + "/api/dostk/stkinfo",
    json={"stk_cd": "005930"},
    headers={
        "Content-Type": "application/json;charset=UTF-8",
        "authorization": f"Bearer {keys['token']}",
        "api-id": "ka10001",
    },
    timeout=(3, 10),
).json()
if answer["return_code"] != 0:
    raise SystemExit(answer["return_msg"])
print(abs(Price.model_validate(answer).price))
