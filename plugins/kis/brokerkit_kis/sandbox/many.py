"""Many symbols at once: intstock-multprice."""

from __future__ import annotations

from decimal import Decimal

from brokerkit.models import OrderBook, Quote
from brokerkit.sandbox.exchange import ExchangeRefusal, Instrument
from brokerkit.sandbox.face import FaceAnswer
from brokerkit_kis.sandbox.fields import Api, Context, Field, codes, spelled
from brokerkit_kis.sandbox.quotes import QUOTATIONS, VENUE, known, sign
from brokerkit_kis.sandbox.wording import done, fixed, percent, whole

MOST = 30
FIGURES = """
    inter2_prpr inter2_prdy_vrss acml_vol inter2_oprc inter2_hgpr inter2_lwpr inter2_llam inter2_mxpr inter2_askp
    inter2_bidp seln_rsqn shnu_rsqn total_askp_rsqn total_bidp_rsqn acml_tr_pbmn inter2_prdy_clpr intr_antc_cntg_vrss
    intr_antc_vol inter2_sdpr
"""


def watched(context: Context) -> FaceAnswer:
    """Answer intstock-multprice: a row for each code, in their order."""
    pairs = [
        (context.text(f"FID_COND_MRKT_DIV_CODE_{number}"), f"FID_INPUT_ISCD_{number}") for number in range(1, MOST + 1)
    ]
    rows = [_row(context, division, field) for division, field in pairs if context.text(field)]
    return FaceAnswer(done("MCA00000", "정상 처리", output=rows))


def _row(context: Context, division: str, field: str) -> dict[str, object]:
    instrument = context.instrument(field)
    try:
        venue = VENUE[division]
        quote = context.exchange.quote(instrument.symbol if instrument else "", venue)
    except (ExchangeRefusal, KeyError):
        return _nothing(context.text(field))
    assert instrument is not None  # noqa: S101 - the exchange has a quote of it
    return _told(instrument, quote, context.exchange.order_book(instrument.symbol, venue))


def _nothing(code: str) -> dict[str, object]:
    """Return the row of a code that nobody knows."""
    # What exactly it is answered is not told: a row of zeros and a row that is missing were both met.
    return {**_words(code, "", ""), **dict.fromkeys(FIGURES.split(), "0"), **_directions(Decimal(0), None)}


def _words(code: str, name: str, market: str) -> dict[str, object]:
    return {
        "kospi_kosdaq_cls_name": market,
        "mrkt_trtm_cls_name": "",
        "hour_cls_code": "0",
        "inter_shrn_iscd": code,
        "inter_kor_isnm": name,
    }


def _directions(change: Decimal, quote: Quote | None) -> dict[str, object]:
    return {
        "prdy_vrss_sign": sign(change, quote),
        "prdy_ctrt": fixed(known(quote.change_percent) if quote else Decimal(0), 2),
        "oprc_vrss_hgpr_rate": "0.00",
        # An expected price is told in auctions only.
        "intr_antc_cntg_vrss_sign": "3",
        "intr_antc_cntg_prdy_ctrt": "0.00",
    }


def _told(instrument: Instrument, quote: Quote, book: OrderBook) -> dict[str, object]:
    change, opened = known(quote.change), known(quote.open)
    figures = {
        "inter2_prpr": quote.price,
        "inter2_prdy_vrss": change,
        "acml_vol": known(quote.volume),
        "inter2_oprc": opened,
        "inter2_hgpr": known(quote.high),
        "inter2_lwpr": known(quote.low),
        "inter2_llam": known(quote.lower_limit),
        "inter2_mxpr": known(quote.upper_limit),
        "inter2_askp": book.asks[0].price if book.asks else Decimal(0),
        "inter2_bidp": book.bids[0].price if book.bids else Decimal(0),
        "seln_rsqn": book.asks[0].quantity if book.asks else Decimal(0),
        "shnu_rsqn": book.bids[0].quantity if book.bids else Decimal(0),
        "total_askp_rsqn": sum((level.quantity for level in book.asks), Decimal(0)),
        "total_bidp_rsqn": sum((level.quantity for level in book.bids), Decimal(0)),
        "acml_tr_pbmn": known(quote.turnover),
        "inter2_prdy_clpr": instrument.previous_close,
        "inter2_sdpr": instrument.previous_close,
    }
    return {
        **_words(spelled(instrument.symbol), instrument.name, instrument.market.value),
        **dict.fromkeys(FIGURES.split(), "0"),
        **{name: whole(value) for name, value in figures.items()},
        **_directions(change, quote),
        "oprc_vrss_hgpr_rate": percent(known(quote.high) - opened, opened, 2),
    }


WATCHED = Api(
    f"{QUOTATIONS}/intstock-multprice",
    tuple(
        field
        for number in range(1, MOST + 1)
        for field in (
            Field(f"FID_COND_MRKT_DIV_CODE_{number}", 2, required=False, codes=codes(*VENUE)),
            Field(f"FID_INPUT_ISCD_{number}", 12, required=False),
        )
    ),
    watched,
)
