"""Calls that no exchange here plays: made up from the catalogue, with the checks that all calls have."""

from __future__ import annotations

from collections.abc import Callable

from brokerkit import catalogue
from brokerkit.sandbox.exchange import ExchangeRefusal, Refusal
from brokerkit.sandbox.face import MADE_UP, FaceAnswer
from brokerkit.sandbox.plain import Kept, NothingLeft, UnknownOriginal
from brokerkit_kis.sandbox.fields import LARGEST, Api, Context, Field, positive_integer, wrong_code, wrong_field
from brokerkit_kis.sandbox.orders import BRANCH, amount, refused
from brokerkit_kis.sandbox.wording import day_text, done

DIGITS = {"overseas-futureoption": 8}
"""Of order numbers where they are not ten."""
CONSTANTS = {"krx_fwdg_ord_orgno": BRANCH, "ord_gno_brno": BRANCH}
SIDES = {"sell": "01", "buy": "02"}


def plain_call(api: catalogue.Api) -> Api:
    """Return how a call of the catalogue is answered. None of them may deny orders that stand at an exchange."""
    fields = tuple(
        Field(
            each.name.upper(),
            each.length or LARGEST,
            each.required,
            frozenset(each.codes) if each.complete else None,
        )
        for each in api.request
    )
    return Api(api.path, fields, _handler(api))


def _handler(api: catalogue.Api) -> Callable[[Context], FaceAnswer]:
    def answer(context: Context) -> FaceAnswer:
        if api.effect == "order":
            return _taken(api, context)
        further = context.tr_cont == "N"
        key = next((name for name in api.pages if "NK" in name.upper()), "")
        marked = context.text(key.upper()) if key else ""
        page = int(marked) if further and marked.isdecimal() else int(further)
        body, more = context.plain.answer(api, context.fields, _area(api.path), page)
        _put(body, key, str(page + 1) if more else "")
        header = ("M" if further else "F") if more else ("D" if further else "E")
        headers = {**MADE_UP, **({"tr_cont": header} if api.pages else {})}
        return FaceAnswer(done("MCA00000", "정상 처리", **body), headers)

    return answer


def _taken(api: catalogue.Api, context: Context) -> FaceAnswer:
    variant, area, row = api.variant(context.tr_id) or "", _area(api.path), api.order
    if row is not None and not row.kind.of(variant, context.fields):
        raise wrong_code(row.kind.field)
    if row is not None and row.original:
        _check_change(context, variant, context.plain.find(area, context.text(row.original)))
    elif row is not None:
        amount(context, row.quantity)
    if context.text("FM_MKPR_CVSN_YN") == "Y":
        variant = "modify"  # such a cancellation turns what is left into a market order
    try:
        body = context.plain.take(api, variant, context.fields, area)
    except UnknownOriginal as error:
        reason = Refusal.NOTHING_TO_CANCEL if isinstance(error, NothingLeft) else Refusal.UNKNOWN_ORDER
        raise refused(context, ExchangeRefusal(reason)) from None
    return FaceAnswer(done("APBK0013", "주문 접수", **body), MADE_UP)


def _check_change(context: Context, variant: str, original: Kept | None) -> None:
    """Refuse a change of an order that the server is known to refuse. With which codes is not known."""
    day = context.text("ORGN_ORD_DT")
    if original is None or day not in ("", day_text(original.taken.date())):
        raise refused(context, ExchangeRefusal(Refusal.UNKNOWN_ORDER))
    is_night = variant.startswith("night")
    if "RMN_QTY_YN" not in context.fields or not (is_night or context.demo):
        return
    quantity = positive_integer(context, "ORD_QTY")  # by day "0" is all that is left
    if is_night and context.text("FUOP_ITEM_DVSN_CD") == "":
        raise wrong_field("FUOP_ITEM_DVSN_CD")
    if is_night and original.left and quantity != original.left:
        raise refused(context, ExchangeRefusal(Refusal.QUANTITY))


def _put(body: dict[str, object], key: str, value: str) -> None:
    """Write the key of the next page where the answer has one."""
    for name in body:
        if name.casefold() == key.casefold():
            body[name] = value


def _area(path: str) -> str:
    """Return whose account a call is about, blank where it is about none."""
    return path.split("/")[2] if "/trading/" in path else ""
