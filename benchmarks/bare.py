"""The measure: what people write by hand today, a `requests.Session` that is kept, `.json()`, and nothing around it.

It sends the same parameters and headers to the same server as brokerkit does, with a time limit on connecting and
reading. It checks nothing, gives out plain dictionaries, and knows neither limits nor an end of its token.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from typing import Any

import requests

from brokerkit import clock
from brokerkit.sandbox.sandbox import Connection

SECONDS = (3.0, 10.0)


class Bare(ABC):
    """A session and the headers of one broker."""

    def __init__(self, given: Connection, token: str, verify: bool | str) -> None:
        self.url = given.base_url
        self.account = given.account
        self.session = requests.Session()
        self.session.verify = verify
        self.headers = self.logged_in(given, f"Bearer {token}")

    @abstractmethod
    def logged_in(self, given: Connection, token: str) -> dict[str, str]:
        """Return the headers of every call."""

    @abstractmethod
    def quote(self, symbol: str) -> Any:
        """Ask for the price of a symbol."""

    @abstractmethod
    def balance(self) -> Any:
        """Ask for cash and holdings."""

    @abstractmethod
    def flow(self, symbol: str) -> Any:
        """Ask for the newest days of the investor flow of a symbol."""

    @abstractmethod
    def chart(self, symbol: str) -> Any:
        """Ask for one answer of days of a symbol: 100 at KIS, 600 at Kiwoom."""

    def close(self) -> None:
        """Close the connection."""
        self.session.close()


class BareKis(Bare):
    """KIS by hand."""

    def logged_in(self, given: Connection, token: str) -> dict[str, str]:
        return {
            "content-type": "application/json; charset=utf-8",
            "authorization": token,
            "appkey": given.app_key,
            "appsecret": given.app_secret,
            "custtype": "P",
        }

    def quote(self, symbol: str) -> Any:
        return self._get(
            "/uapi/domestic-stock/v1/quotations/inquire-price",
            "FHKST01010100",
            {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": symbol},
        )

    def balance(self) -> Any:
        digits = self.account.replace("-", "")
        return self._get(
            "/uapi/domestic-stock/v1/trading/inquire-balance",
            "TTTC8434R",
            {
                "CANO": digits[:8],
                "ACNT_PRDT_CD": digits[8:],
                "AFHR_FLPR_YN": "N",
                "OFL_YN": "",
                "INQR_DVSN": "01",
                "UNPR_DVSN": "01",
                "FUND_STTL_ICLD_YN": "N",
                "FNCG_AMT_AUTO_RDPT_YN": "N",
                "PRCS_DVSN": "00",
                "CTX_AREA_FK100": "",
                "CTX_AREA_NK100": "",
            },
        )

    def flow(self, symbol: str) -> Any:
        return self._get(
            "/uapi/domestic-stock/v1/quotations/inquire-investor",
            "FHKST01010900",
            {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": symbol},
        )

    def chart(self, symbol: str) -> Any:
        return self._get(
            "/uapi/domestic-stock/v1/quotations/inquire-daily-itemchartprice",
            "FHKST03010100",
            {
                "FID_COND_MRKT_DIV_CODE": "J",
                "FID_INPUT_ISCD": symbol,
                "FID_INPUT_DATE_1": f"{clock.today() - dt.timedelta(days=170):%Y%m%d}",
                "FID_INPUT_DATE_2": f"{clock.today():%Y%m%d}",
                "FID_PERIOD_DIV_CODE": "D",
                "FID_ORG_ADJ_PRC": "0",
            },
        )

    def _get(self, path: str, tr_id: str, params: dict[str, str]) -> Any:
        headers = {**self.headers, "tr_id": tr_id}
        return self.session.get(f"{self.url}{path}", params=params, headers=headers, timeout=SECONDS).json()


class BareKiwoom(Bare):
    """Kiwoom by hand."""

    def logged_in(self, given: Connection, token: str) -> dict[str, str]:
        return {"Content-Type": "application/json;charset=UTF-8", "authorization": token}

    def quote(self, symbol: str) -> Any:
        return self._post("/api/dostk/stkinfo", "ka10001", {"stk_cd": symbol})

    def balance(self) -> Any:
        return (
            self._post("/api/dostk/acnt", "kt00018", {"qry_tp": "2", "dmst_stex_tp": "KRX"}),
            self._post("/api/dostk/acnt", "kt00001", {"qry_tp": "3"}),
        )

    def flow(self, symbol: str) -> Any:
        asked = {"dt": f"{clock.today():%Y%m%d}", "stk_cd": symbol, "trde_tp": "0", "unit_tp": "1"}
        return [self._post("/api/dostk/stkinfo", "ka10059", {**asked, "amt_qty_tp": unit}) for unit in ("2", "1")]

    def chart(self, symbol: str) -> Any:
        asked = {"stk_cd": symbol, "base_dt": f"{clock.today():%Y%m%d}", "upd_stkpc_tp": "1"}
        return self._post("/api/dostk/chart", "ka10081", asked)

    def _post(self, path: str, api_id: str, body: dict[str, str]) -> Any:
        headers = {**self.headers, "api-id": api_id}
        return self.session.post(f"{self.url}{path}", json=body, headers=headers, timeout=SECONDS).json()


BARE: dict[str, type[Bare]] = {"kis": BareKis, "kiwoom": BareKiwoom}
