"""A quote of KIS by hand: requests, and one model of the answer. The file of keys is the first argument."""

import json
import sys
from decimal import Decimal
from pathlib import Path

import requests
from pydantic import BaseModel, Field


class Price(BaseModel):
    """The fields that brokerkit's own Quote is made of."""

    symbol: str = Field(alias="stck_shrn_iscd")
    price: Decimal = Field(alias="stck_prpr")
    previous_close: Decimal = Field(alias="stck_sdpr")
    change: Decimal = Field(alias="prdy_vrss")
    change_percent: Decimal = Field(alias="prdy_ctrt")
    open: Decimal = Field(alias="stck_oprc")
    high: Decimal = Field(alias="stck_hgpr")
    low: Decimal = Field(alias="stck_lwpr")
    volume: Decimal = Field(alias="acml_vol")
    turnover: Decimal = Field(alias="acml_tr_pbmn")
    upper_limit: Decimal = Field(alias="stck_mxpr")
    lower_limit: Decimal = Field(alias="stck_llam")


keys = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))["kis"]
answer = requests.get(
    keys["base_url"] + "/uapi/domestic-stock/v1/quotations/inquire-price",
    params={"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "005930"},
    headers={
        "content-type": "application/json; charset=utf-8",
        "authorization": f"Bearer {keys['token']}",
        "appkey": keys["app_key"],
        "appsecret": keys["app_secret"],
        "tr_id": "FHKST01010100",
        "custtype": "P",
    },
    timeout=(3, 10),
).json()
if answer["rt_cd"] != "0":
    raise SystemExit(answer["msg1"])
print(Price.model_validate(answer["output"]).price)
