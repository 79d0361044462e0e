"""Orders with a loan. Loans are not played: they go to the exchange as all others do, against the cash."""

from __future__ import annotations

from brokerkit.sandbox.face import FaceAnswer
from brokerkit.words import Side
from brokerkit_kis.sandbox import reserved
from brokerkit_kis.sandbox.fields import LARGEST, Api, Context, Field
from brokerkit_kis.sandbox.orders import BRANCH, ORDER_FIELDS, SELL, order_cash
from brokerkit_kis.sandbox.wording import GatewayRefused, done, order_number, time_text


def order(context: Context) -> FaceAnswer:
    """Answer order-credit, whose orders can be reserved ones too."""
    if context.text("RSVN_ORD_YN") != "Y":
        return order_cash(context)
    if context.text("ORD_DVSN") not in reserved.TYPES:
        raise GatewayRefused("IGW00019", "주문구분 입력오류")
    side = Side.SELL if context.tr_id in SELL else Side.BUY
    kept = reserved.keep(
        context, reserved.request_of(context, side, context.text("ORD_DVSN")), context.text("CRDT_TYPE")
    )
    # With which number it is answered is not told: here with the one that the list of reserved orders has.
    output = {
        "KRX_FWDG_ORD_ORGNO": BRANCH,
        "ODNO": order_number(kept.number),
        "ORD_TMD": time_text(kept.received),
    }
    return FaceAnswer(done("APBK2938", "예약 접수", output=output))


EXTRAS = (
    *("RSVN_ORD_YN", "EMGC_ORD_YN", "PGTR_DVSN", "MGCO_APTM_ODNO", "LQTY_TR_NGTN_DTL_NO", "LQTY_TR_AGMT_NO"),
    *("LQTY_TR_NGTN_ID", "LP_ORD_YN", "MDIA_ODNO", "ORD_SVR_DVSN_CD", "PGM_NMPR_STMT_DVSN_CD"),
    *("CVRG_SLCT_RSON_CD", "CVRG_SEQ"),
)
ORDER = Api(
    "/uapi/domestic-stock/v1/trading/order-credit",
    (
        *ORDER_FIELDS,
        Field("CRDT_TYPE", 2),
        Field("LOAN_DT", 8),
        *(Field(name, LARGEST, required=False) for name in EXTRAS),
    ),
    order,
)
