"""Values on the wire: numbers, texts, code tables, and replies that must fit their model."""

from __future__ import annotations

import json
import math
import unicodedata
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Annotated, Any
from urllib.parse import quote, quote_plus, unquote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import Field, SecretStr, TypeAdapter, ValidationError

from brokerkit.errors import InvalidRequest, Unsupported
from brokerkit.models import Quote
from brokerkit.text import HIDDEN, Redactor, sanitize
from brokerkit.transport import Blankable, Block, Codes, Number, Reply, Request, Response, Text, WireNumber, wire_text

NUMBER: TypeAdapter[Decimal] = TypeAdapter(Number)
BLANKABLE: TypeAdapter[Decimal | None] = TypeAdapter(Blankable)


def parse(adapter: TypeAdapter[Any], text: object) -> Any:
    return adapter.validate_json(json.dumps(text))


def reference(text: str) -> Fraction | None:
    """Read a number digit by digit, without any reader of Python's; None for what is none."""
    sign = -1 if text[:1] == "-" else 1
    whole, point, part = (text[1:] if text[:1] in ("+", "-") else text).partition(".")
    if not 1 <= len(whole) <= 18 or (point and not 1 <= len(part) <= 8):
        return None
    value = 0
    for character in whole + part:
        if character not in "0123456789":
            return None
        value = value * 10 + "0123456789".index(character)
    return sign * Fraction(value, 10 ** len(part))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *(("0", "0"), ("70000", "70000"), ("-1.5", "-1.5"), ("+3", "3"), ("000123", "123"), ("-00012.50", "-12.50")),
        *(("0.00000001", "0.00000001"), ("9" * 18, "9" * 18), ("999999999999999999.99999999",) * 2),
    ],
)
def test_a_number_of_the_grammar_is_read_exactly(text: str, number: str) -> None:
    assert parse(NUMBER, text) == parse(BLANKABLE, text) == Decimal(number)


REFUSED = [
    *("1_000", "1,000", "１２３", "٣٤", "१२", "²", "1e3", "1E3", "NaN", "nan", "Infinity", "-inf", " 1", "1 ", "1\n"),
    *("\n1", "1\x00", "\ufeff1", "1.", ".5", "+", "-", "--1", "+-1", "1.2.3", "0x10", "1" * 19, "1.123456789", "O"),
    *("−1", "1" * 5_000),
]
NO_TEXTS: list[object] = [1, 70000, 1.5, True, False, None, [], ["1"], {}, {"a": "1"}]


@pytest.mark.parametrize("value", [*REFUSED, *NO_TEXTS], ids=lambda value: repr(value)[:20])
def test_anything_else_is_refused_and_not_repeated_in_the_error(value: object) -> None:
    for adapter in (NUMBER, BLANKABLE):
        with pytest.raises(ValidationError):
            parse(adapter, value)


@pytest.mark.parametrize("text", ["", " ", "     "])
def test_a_blank_is_none_where_it_may_be_and_never_zero(text: str) -> None:
    assert parse(BLANKABLE, text) is None
    with pytest.raises(ValidationError):
        parse(NUMBER, text)


@pytest.mark.parametrize("text", ["\t", "\n", "\u3000", "\xa0", " \n"])
def test_only_spaces_are_blank(text: str) -> None:
    with pytest.raises(ValidationError):
        parse(BLANKABLE, text)


NUMBER_LIKE = st.text("0123456789+-._eE, \n١９", max_size=30) | st.from_regex(
    r"[+-]?[0-9]{1,20}(\.[0-9]{0,10})?", fullmatch=True
)


@given(NUMBER_LIKE)
@example("1" * 18)
@example("-0")
def test_numbers_agree_with_a_reader_that_knows_only_digits(text: str) -> None:
    expected = reference(text)
    try:
        number = parse(NUMBER, text)
    except ValidationError:
        assert expected is None
    else:
        assert expected == Fraction(number)


@given(st.text(max_size=40))
def test_no_text_at_all_becomes_a_number_by_accident(text: str) -> None:
    if reference(text) is None:
        with pytest.raises(ValidationError):
            parse(NUMBER, text)


def test_a_vendors_own_way_of_writing_is_a_type() -> None:
    unsigned = WireNumber(pattern=r"[+-]?[0-9]{1,9}", read=lambda text: abs(Decimal(text)), blank=True)
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[Decimal | None, unsigned])
    assert [parse(adapter, text) for text in ("-70000", "+1", " ")] == [70000, 1, None]
    for text in ("1.5", "1|2", "1\n"):
        with pytest.raises(ValidationError):
            parse(adapter, text)


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (70000, "70000"),
        (Decimal("7E+4"), "70000"),
        (Decimal("0.50"), "0.5"),
        (Decimal("100.00"), "100"),
        (Decimal("1E-8"), "0.00000001"),
        (Decimal("-3.10"), "-3.1"),
        (0, "0"),
        (Decimal("-0.00"), "0"),
        (Decimal("0E+5"), "0"),
    ],
)
def test_a_number_goes_out_as_plain_digits(number: Decimal | int, text: str) -> None:
    assert wire_text(number) == text


@pytest.mark.parametrize("number", [Decimal("NaN"), Decimal("Infinity"), Decimal("1E+30"), Decimal("1E-9"), math.inf])
def test_a_number_that_no_broker_could_read_does_not_go_out(number: Any) -> None:
    with pytest.raises(InvalidRequest):
        wire_text(number)


@given(st.decimals(min_value=-(10**17), max_value=10**17, places=8, allow_nan=False))
def test_what_goes_out_comes_back_equal(number: Decimal) -> None:
    text = wire_text(number)
    assert parse(NUMBER, text) == number
    assert reference(text) == Fraction(number)
    assert not ("." in text and text.endswith("0"))


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("삼성전자", "삼성전자"),
        ("  two   words \n next ", "two words next"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b\x1b[0m[31mred", "[31mred"),
        ("a\u202eb\u2066c\ufeffd", "abcd"),
        ("a\x00b\x07c\x7f\x9bd", "abcd"),
        ("a\u2028b\u0085c\x1cd", "a b c d"),
        ("\ud800x", "x"),
        ("x" * 300, "x" * 199 + "…"),
        ("\u200b", ""),
    ],
)
def test_text_from_outside_becomes_one_printable_line(text: str, clean: str) -> None:
    assert sanitize(text) == clean


@given(st.text(st.characters() | st.sampled_from("\x1b[;0m\u202e\n\r \x85\u2029"), max_size=400), st.integers(1, 80))
def test_no_text_breaks_the_line_or_the_terminal(text: str, limit: int) -> None:
    clean = sanitize(text, limit=limit)
    assert len(clean) <= limit
    assert len(clean.splitlines()) <= 1
    assert all(unicodedata.category(character)[0] != "C" for character in clean)
    assert clean == clean.strip()
    assert sanitize(clean, limit=limit) == clean


def test_a_text_of_a_reply_is_sanitised() -> None:
    assert parse(TypeAdapter(Text), " \x1b[1m이름\n") == "이름"


SECRET = "abcdefgh-0123456789"


@pytest.mark.parametrize(
    "text",
    [
        f"key {SECRET} is wrong",
        SECRET * 3,
        "abcdefgh\u200b-\x1b[0m0123456789 hidden between",
        "x" * 190 + SECRET,
        "x" * 185 + SECRET,
        "x" * 5_000 + SECRET,
        "x" * 4_085 + SECRET + "y" * 500,
    ],
)
def test_no_part_of_a_secret_stays_in_a_text(text: str) -> None:
    redactor = Redactor()
    redactor.add((SecretStr(SECRET), None))
    clean = redactor.clean(text)
    assert SECRET[:6] not in clean
    assert len(clean) <= 200


def test_the_beginning_of_a_secret_at_a_cut_is_taken_out_too() -> None:
    redactor = Redactor()
    redactor.add((SecretStr(SECRET),))
    assert redactor.clean(sanitize("x" * 188 + " " + SECRET)) == "x" * 188 + f" {HIDDEN}…"


def test_the_first_secrets_are_not_forgotten_after_many_others() -> None:
    redactor = Redactor()
    redactor.add((SecretStr(SECRET),))
    for number in range(500):
        redactor.add((SecretStr(f"token-{number:06}"),))
    assert redactor.clean(f"{SECRET} token-000000 token-000499") == " ".join([HIDDEN] * 3)


def test_a_long_secret_goes_before_a_short_one_inside_it() -> None:
    redactor = Redactor()
    redactor.add((SecretStr("50012345"), SecretStr("5001234501"), SecretStr("01")))
    assert redactor.clean("5001234501 50012345x 01") == f"{HIDDEN} {HIDDEN}x 01"


ACCOUNT, KEY = "5001234501", "Ab+/cd%=Ef0123456789"
SPELLINGS: dict[str, str] = {
    "the account as it is": ACCOUNT,
    "the account with its dash": "50012345-01",
    "its first eight digits": "50012345",
    "the account over two lines": "50012345\r\n01",
    "the account in blanks": "5001 2345 01",
    "the account escaped": "".join(f"\\u{ord(digit):04x}" for digit in ACCOUNT),
    "the account percent-encoded": "".join(f"%{ord(digit):02X}" for digit in ACCOUNT),
    "a key as it is": KEY,
    "a key over two lines": f"{KEY[:9]}\n{KEY[9:]}",
    "a key over two escaped lines": f"{KEY[:9]}\\n{KEY[9:]}",
    "a key percent-encoded": quote(KEY, safe=""),
    "a key percent-encoded in small letters": quote(KEY, safe="").lower(),
    "a key percent-encoded twice": quote(quote(KEY, safe=""), safe=""),
    "a key of a form": quote_plus(KEY).replace("%2B", " "),
    "a key with an escaped slash": KEY.replace("/", "\\/"),
    "a key in JSON within JSON": json.dumps(json.dumps(KEY.replace("/", "\\/"))),
    "a key escaped": "".join(f"\\u{ord(character):04X}" for character in KEY),
    "a key of a page": "".join(f"&#{ord(character)};" for character in KEY),
    "a key in other cases": KEY.swapcase(),
    "hidden marks in it": "\u200b".join(KEY),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("around", ["{}", "no: {} is wrong", '{{"a":"{}","b":1}}', "%7B{}%7D", "x" * 300 + "{}"])
def test_a_secret_is_taken_out_however_a_server_spells_it(spelling: str, around: str) -> None:
    redactor = Redactor()
    redactor.add((SecretStr(KEY), SecretStr(ACCOUNT)))
    clean = redactor.clean(around.format(SPELLINGS[spelling]))
    assert HIDDEN in clean or clean.endswith("…")
    for readable in (clean, unquote(unquote(clean)), clean.replace("\\", "").replace("-", "")):
        for part in (KEY[:9].lower(), KEY[9:].lower(), ACCOUNT[:8], "u0035", "&#65;"):
            assert part not in readable.lower().replace(" ", "")


def test_a_text_is_cut_after_its_secrets_are_taken_out_and_shows_it() -> None:
    redactor = Redactor()
    redactor.add((SecretStr(KEY),))
    clean = redactor.clean(f"{KEY} " * 30 + "the reason comes last" + "y" * 100)
    assert clean.startswith(f"{HIDDEN} {HIDDEN} ")
    assert "the reason comes last" in clean
    assert clean.endswith("…")


def test_words_around_a_secret_stay() -> None:
    redactor = Redactor()
    redactor.add((SecretStr(ACCOUNT),))
    assert redactor.clean("계좌 50012345-01 (50%25) a\\/b 500-1234") == f"계좌 {HIDDEN} (50%25) a\\/b 500-1234"


class Fruit(StrEnum):
    """Something to have codes for."""

    APPLE = "apple"
    PEAR = "pear"


def test_a_code_table_refuses_a_word_it_lacks_and_names_the_others() -> None:
    codes = Codes("a fruit", {Fruit.APPLE: "01"})
    assert codes[Fruit.APPLE] == "01"
    with pytest.raises(Unsupported, match="pear is not offered as a fruit") as caught:
        codes[Fruit.PEAR]
    assert caught.value.advice == "Nothing was sent. Offered here: apple."


def test_a_code_table_of_pairs_names_pairs() -> None:
    codes = Codes("order type", {("limit", "day"): "00", ("market", "day"): "01"})
    with pytest.raises(Unsupported, match="limit ioc is not offered") as caught:
        codes["limit", "ioc"]
    assert str(caught.value.advice).endswith("limit day, market day.")
    with pytest.raises(Unsupported, match="none"):
        Codes[str]("nothing", {})["x"]


def test_a_reply_with_a_stray_name_is_refused_when_it_is_defined() -> None:
    with pytest.raises(TypeError, match=r"\['prise'\] are neither fields of Quote"):

        class Misspelt(Reply[Quote]):
            prise: Number

    with pytest.raises(TypeError, match="kost"):

        class MisspeltProperty(Reply[Quote]):
            price: Number

            @property
            def kost(self) -> int:
                return 1


def test_a_reply_inherits_the_check_and_may_name_what_is_beside_the_model() -> None:
    class Base(Reply[Quote]):
        price: Number = Field(alias="p")

    class Good(Base):
        extra = frozenset({"halted"})
        halted: str = Field("N", alias="h")

        @property
        def volume(self) -> Decimal:
            return self.price * 2

    with pytest.raises(TypeError, match="other"):

        class Bad(Base):
            other: str

    quote = Good.model_validate_json('{"p": "5", "h": "Y", "unknown": 1}').to_model(
        symbol="005930", venue="KRX", currency="KRW"
    )
    assert (quote.price, quote.volume, quote.symbol) == (Decimal(5), Decimal(10), "005930")


def test_what_came_and_what_goes_out_is_not_shown() -> None:
    class Row(Block):
        words: str

    for thing in (
        Row(words="canary"),
        Request({"key": "canary"}, {"b": "canary"}, {"h": "canary"}),
        Response(200, {"X-Echo": "canary"}, b"canary"),
    ):
        assert "canary" not in f"{thing!r} {thing}"
    with pytest.raises(ValidationError) as caught:
        Row.model_validate_json('{"words": ["canary"]}')
    assert "canary" not in str(caught.value)
