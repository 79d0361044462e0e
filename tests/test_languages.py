"""The language of our own words: chosen in one place, looked up when they are read, never put on what is not ours."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

import brokerkit
from brokerkit import extensions, languages
from brokerkit.errors import InvalidRequest, OrderUncertain, Rejected
from brokerkit.korean import reading
from brokerkit.korean import tables as tables_module
from brokerkit.korean.reading import in_korean
from brokerkit.languages import translated

Tables = Callable[[Mapping[str, str]], None]


@pytest.fixture(autouse=True)
def unchosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "_chosen", None)
    monkeypatch.delenv("BROKERKIT_LANGUAGE", raising=False)


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tables]:
    """Return a function that makes a table the only one."""

    def put(table: Mapping[str, str]) -> None:
        (tmp_path / "words.json").write_text(json.dumps(table), encoding="utf-8")
        monkeypatch.setattr(tables_module, "__file__", str(tmp_path / "tables.py"))
        monkeypatch.setattr(languages, "_packages", ())
        forget()
        brokerkit.language("ko")

    yield put
    forget()


def forget() -> None:
    """Let the tables be read again."""
    for each in (tables_module.ours, tables_module.with_adapters, in_korean):
        each.cache_clear()


# Which language


def test_it_is_english_until_something_else_is_said() -> None:
    assert brokerkit.language() == "en"
    assert brokerkit.language("ko") == "ko"
    assert brokerkit.language() == "ko"
    assert brokerkit.language("en") == "en"


@pytest.mark.parametrize(
    ("variable", "expected"), [("ko", "ko"), (" KO ", "ko"), ("en", "en"), ("fr", "en"), ("", "en")]
)
def test_a_variable_says_it(variable: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKERKIT_LANGUAGE", variable)
    assert brokerkit.language() == expected
    assert brokerkit.language("en") == "en", "what the program says counts more"


def test_there_are_two() -> None:
    for speak in (brokerkit.language, InvalidRequest("wrong").told, lambda name: translated("wrong", name)):
        with pytest.raises(ValueError, match="'fr' is no language of brokerkit"):
            speak("fr")  # type: ignore[operator]
    assert brokerkit.language() == "en"


def test_english_reads_no_table() -> None:
    program = (
        "import brokerkit, sys\n"
        "str(brokerkit.InvalidRequest('wrong'))\n"
        "assert not {name for name in sys.modules if name.startswith(('brokerkit.korean', 'json'))}\n"
        "print(brokerkit.language())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env={})  # noqa: S603
    assert done.stdout == "en\n"


# Errors


def test_an_error_is_told_in_the_language_in_which_it_is_read(tables: Tables) -> None:
    error = InvalidRequest("'XX' is no venue. There are KRX.", broker="kis")
    error.asked = "quote of 005930"
    english = str(error)
    tables(
        {
            "{0} is no venue. There are {1}.": "{0}은(는) 거래소가 아닙니다. {1}이(가) 있습니다.",
            "quote of {0}": "{0}의 현재가",
            "Nothing was sent. Correct the request and try again.": "아무것도 보내지 않았습니다. 고쳐서 다시 하십시오.",
        }
    )
    said = "'XX'는 거래소가 아닙니다. KRX가 있습니다. | 아무것도 보내지 않았습니다. 고쳐서 다시 하십시오."
    assert str(error) == f"kis, 005930의 현재가: {said}"
    assert (error.message, error.advice) == (
        "'XX'는 거래소가 아닙니다. KRX가 있습니다.",
        "아무것도 보내지 않았습니다. 고쳐서 다시 하십시오.",
    )
    assert (error.words, error.remedy) == (
        "'XX' is no venue. There are KRX.",
        "Nothing was sent. Correct the request and try again.",
    )
    assert error.told("en") == english
    brokerkit.language("en")
    assert str(error) == english
    assert error.told("ko").startswith("kis, 005930의 현재가: ")


def test_it_stays_what_it_was_over_a_pickle(tables: Tables) -> None:
    tables({"it may stand": "들어가 있을 수 있습니다"})
    copied = pickle.loads(pickle.dumps(OrderUncertain("it may stand", code="7")))  # noqa: S301 - our own
    assert (copied.words, copied.message, copied.code) == ("it may stand", "들어가 있을 수 있습니다", "7")


def test_the_words_of_a_broker_stay(tables: Tables) -> None:
    tables(
        {
            "{0} is no venue.": "{0}은(는) 거래소가 아닙니다.",
            "quote": "현재가",
            "the broker gave no reason": "이유 없음",
        }
    )
    assert Rejected("주문가격이 없습니다", code="40").message == "주문가격이 없습니다"
    assert Rejected("The price is wrong", code="40").message == "The price is wrong"
    for words in ("quote", "'X' is no venue."):
        assert Rejected(words, code="40").message == words, "an English broker may say the same by chance"
        assert Rejected(words).message != words


def test_where_a_broker_gives_a_code_alone_the_words_are_ours(tables: Tables) -> None:
    tables({"the broker gave no reason": "증권사가 이유를 말하지 않음"})
    error = Rejected("the broker gave no reason", code="40")
    error.is_wordless = True
    assert pickle.loads(pickle.dumps(error)).message == "증권사가 이유를 말하지 않음"  # noqa: S301 - our own


# How a text is found


def test_places_may_change_their_order(tables: Tables) -> None:
    tables({"{0} of {1} shares left": "{1}주 가운데 {0}주 남음"})
    assert translated("3 of 10 shares left") == "10주 가운데 3주 남음"


def test_the_text_that_says_most_is_taken(tables: Tables) -> None:
    tables({"The price {0}": "가격 {0}", "The price {0} is no tick of {1}.": "{0}은(는) {1}의 호가 단위가 아닙니다."})
    assert translated("The price 70,050 is no tick of 005930.") == "70,050은 005930의 호가 단위가 아닙니다."
    assert translated("The price 5") == "가격 5"


def test_what_is_put_in_is_told_too(tables: Tables) -> None:
    tables({"{0} could not be had: {1}": "{0}을(를) 받지 못했습니다: {1}", "the access token": "접근토큰"})
    assert translated("the access token could not be had: EGW00103 앱키") == "접근토큰을 받지 못했습니다: EGW00103 앱키"


def test_sentences_are_known_one_by_one(tables: Tables) -> None:
    tables(
        {"Nothing was sent.": "아무것도 보내지 않았습니다.", "Give {0} the whole path.": "{0}: 전체 경로를 주십시오."}
    )
    assert (
        translated("Nothing was sent. Give x the whole path.") == "아무것도 보내지 않았습니다. x: 전체 경로를 주십시오."
    )
    assert translated("Nothing was sent. 키움 said no.") == "아무것도 보내지 않았습니다. 키움 said no."
    assert translated("Nothing was sent") == "아무것도 보내지 않았습니다"


def test_texts_in_a_row_are_known_one_by_one(tables: Tables) -> None:
    tables(
        {
            "{0} is {1}, but in truth {2}": "{0}: {1}, 실제는 {2}",
            "Not as it stands there: {0}.": "거기 있는 것과 다름: {0}.",
            "{0} of a part": "{0}(일부)",
        }
    )
    row = "price is 5, but in truth 6; name is A B, but in truth C"
    assert translated(row) == "price: 5, 실제는 6; name: A B, 실제는 C"
    assert translated(f"Not as it stands there: {row}.") == f"거기 있는 것과 다름: {translated(row)}."
    assert translated("amend of a part; STOP_LIMIT; cancel of a part") == "amend(일부); STOP_LIMIT; cancel(일부)"
    assert translated("price is 5, but in truth 6; or so") == "price: 5, 실제는 6; or so"
    assert translated("price; name") == "price; name"


def test_an_error_that_another_text_quotes_is_told_part_by_part(tables: Tables) -> None:
    tables(
        {
            "amend all of order {0} to {1}": "주문 {0} 전부를 {1}(으)로 정정",
            "its number {0} is that of another order": "번호 {0}은(는) 다른 주문의 것입니다",
            "Do not send it again.": "다시 보내지 마십시오.",
            "The adapter is not taken: {0}": "어댑터가 받아들여지지 않습니다: {0}",
        }
    )
    error = "kis, amend all of order 5 to 68900: its number 5 is that of another order | Do not send it again."
    told = "kis, 주문 5 전부를 68900으로 정정: 번호 5는 다른 주문의 것입니다 | 다시 보내지 마십시오."
    assert translated(error) == told
    assert translated(f"The adapter is not taken: {error}") == f"어댑터가 받아들여지지 않습니다: {told}"


def test_a_place_does_not_take_the_sentences_that_follow(tables: Tables) -> None:
    tables({"{0} does not list {1}.": "{0}의 목록에 없습니다: {1}.", "Nothing was sent.": "보내지 않았습니다."})
    assert (
        translated("KIS does not list US:X. Nothing was sent. Ask.")
        == "KIS의 목록에 없습니다: US:X. 보내지 않았습니다. Ask."
    )


def test_blanks_around_a_text_stay(tables: Tables) -> None:
    tables(
        {
            "  It lies there: {0}": "  여기에 있음: {0}",
            "Send it? ": "보내시겠습니까? ",
            "It is gone.{0}": "없어졌습니다.{0}",
            " See the log.": " 로그를 보십시오.",
        }
    )
    assert translated("  It lies there: a") == "  여기에 있음: a"
    assert translated("Send it? ") == "보내시겠습니까? "
    assert translated("It is gone.") == "없어졌습니다."
    assert translated("It is gone. See the log.") == "없어졌습니다. 로그를 보십시오."


def test_each_of_a_list_is_told_by_itself(tables: Tables) -> None:
    tables(
        {
            "BUY {0} {1} at {2}": "{1} {0}주 매수({2})",
            "SELL {0} {1} at {2}": "{1} {0}주 매도({2})",
            "environment variable {0} (set)": "환경 변수 {0}(설정됨)",
            "of orders of others may stand: {0}": "들어가 있을 수 있는 것: {0}",
            "sent by {0}": "{0}이(가) 보냄",
        }
    )
    assert (
        translated("key: environment variable A (set); secret: environment variable B (set)")
        == "key: 환경 변수 A(설정됨); secret: 환경 변수 B(설정됨)"
    )
    assert (
        translated("of orders of others may stand: BUY 1 005930 at 70000, sent by A; SELL 2 000660 at 9, sent by B")
        == "들어가 있을 수 있는 것: 005930 1주 매수(70000), A가 보냄; 000660 2주 매도(9), B가 보냄"
    )


def test_a_period_more_or_less_is_the_same_text(tables: Tables) -> None:
    tables({"the token was refused": "토큰이 거절되었습니다"})
    assert translated("the token was refused.") == "토큰이 거절되었습니다."


def test_a_short_text_does_not_take_what_it_does_not_know(tables: Tables) -> None:
    tables({"{0} of {1}": "{1}의 {0}", "{0}": "아니다", "the price": "가격"})
    assert translated("the price of 005930") == "005930의 가격"
    assert translated("Not enough of the cash is left") == "Not enough of the cash is left"
    assert translated("anything") == "anything"


def test_a_short_text_takes_names_with_blanks_and_texts_that_are_known(tables: Tables) -> None:
    tables(
        {
            "{0}: it is {1}": "{0}: 지금은 {1}",
            "safe to try again": "다시 해도 안전함",
            "Nothing was sent": "보내지 않음",
        }
    )
    assert (
        translated("~/Library/Application Support/x.toml: it is gone")
        == "~/Library/Application Support/x.toml: 지금은 gone"
    )
    assert translated("주문: it is safe to try again") == "주문: 지금은 다시 해도 안전함"
    assert translated("Nothing was sent: it is no use to try") == "보내지 않음: it is no use to try"


def test_what_is_quoted_stays(tables: Tables) -> None:
    tables({"`{0}` shows them.": "`{0}`: 보여 줍니다.", "brokerkit orders": "주문"})
    assert translated("`brokerkit orders` shows them.") == "`brokerkit orders`: 보여 줍니다."


def test_an_advice_leaves_the_sentence_before_it_alone(tables: Tables) -> None:
    tables({"The step is {0}.": "호가 단위는 {0}입니다.", "Nothing was sent.": "보내지 않았습니다."})
    assert translated("The step is 100 won. | Nothing was sent.") == "호가 단위는 100 won입니다. | 보내지 않았습니다."


def test_a_place_at_the_end_leaves_the_period(tables: Tables) -> None:
    tables({"Input should be greater than {0}": "{0}보다 커야 합니다"})
    assert translated("Input should be greater than 0.") == "0보다 커야 합니다."


@pytest.mark.parametrize("text", ["", " ", "005930", "주문", "{0}", "{", "}{", "a {0} b", "%s", "\\", "…", "a\nb"])
def test_what_is_not_ours_stays_as_it_is(text: str, tables: Tables) -> None:
    tables({"Nothing was sent.": "아무것도 보내지 않았습니다."})
    assert translated(text) == text


def test_braces_are_braces(tables: Tables) -> None:
    tables({"no {{}} in {0}": "{0}에 {{}} 없음", "{{}} is empty": "{{}}은 비어 있음"})
    assert translated("no {} in x") == "x에 {} 없음"
    assert translated("{} is empty") == "{}은 비어 있음"


def test_braces_of_a_value_stay(tables: Tables) -> None:
    tables({"The profile {0} is {{}}.": "프로필 {0}: {{}}."})
    assert translated("The profile my {{main}} is {}.") == "프로필 my {{main}}: {}."


def test_a_name_among_others_stays(tables: Tables) -> None:
    tables({"Known options: {0}.": "옵션: {0}.", "processed": "처리함", "none": "없음"})
    assert translated("Known options: on, processed, none.") == "옵션: on, processed, none."
    assert translated("Known options: none.") == "옵션: 없음."


def test_a_value_is_never_read_as_a_place(tables: Tables) -> None:
    tables({"The name {0} is not {1}.": "{0} 아니고 {1}."})
    assert translated("The name {1} is not {0}.") == "{1} 아니고 {0}."


def test_a_table_that_is_wrong_hurts_no_error(tables: Tables, tmp_path: Path) -> None:
    tables({"wrong {0}": "{7}", "number": 3, "empty": ""})  # type: ignore[dict-item]
    assert [translated(text) for text in ("wrong price", "number", "empty")] == ["wrong price", "number", "empty"]
    for content in ("{", "[]", "\x00"):
        forget()
        (tmp_path / "words.json").write_text(content, encoding="utf-8")
        assert translated("wrong price") == "wrong price"
    forget()
    (tmp_path / "words.json").unlink()
    assert translated("wrong price") == "wrong price"


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("주문", "주문은 주문이 주문을 주문과 주문으로"),
        ("매도", "매도는 매도가 매도를 매도와 매도로"),
        ("호텔", "호텔은 호텔이 호텔을 호텔과 호텔로"),
        ("100", "100은 100이 100을 100과 100으로"),
        ("2", "2는 2가 2를 2와 2로"),
        ("7", "7은 7이 7을 7과 7로"),
        ("3,456", "3,456은 3,456이 3,456을 3,456과 3,456으로"),
        ("1.5 %", "1.5 %는 1.5 %가 1.5 %를 1.5 %와 1.5 %로"),
        ("KRX", "KRX는 KRX가 KRX를 KRX와 KRX로"),
        ("'LIMIT'", "'LIMIT'는 'LIMIT'가 'LIMIT'를 'LIMIT'와 'LIMIT'로"),
        ("TELL", "TELL은 TELL이 TELL을 TELL과 TELL로"),
        (
            "삼성전자(005930)",
            "삼성전자(005930)는 삼성전자(005930)가 삼성전자(005930)를 삼성전자(005930)와 삼성전자(005930)로",
        ),
        ("app_key", "app_key은(는) app_key이(가) app_key을(를) app_key과(와) app_key(으)로"),
        ("—", "—은(는) —이(가) —을(를) —과(와) —(으)로"),
    ],
)
def test_particles_follow_what_is_put_in(value: str, told: str, tables: Tables) -> None:
    tables({"The particles of {0}": "{0}은(는) {0}이(가) {0}을(를) {0}과(와) {0}(으)로"})
    assert translated(f"The particles of {value}") == told


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """Return the package of an adapter that is installed, with a table."""
    package = tmp_path / "acme_broker"
    package.mkdir()
    (package / "__init__.py").write_text("class Acme: pass\n")
    (package / "korean.json").write_text(
        json.dumps({"Acme rests on {0}.": "{0}에는 쉽니다.", "Nothing was sent.": "보냈습니다."}), encoding="utf-8"
    )
    meta = tmp_path / "acme-1.dist-info"
    meta.mkdir()
    (meta / "METADATA").write_text("Name: acme\nVersion: 1\n")
    (meta / "entry_points.txt").write_text("[brokerkit.brokers]\nacme = acme_broker:Acme\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(languages, "_packages", ())
    yield package
    sys.modules.pop("acme_broker", None)


def test_an_adapter_that_is_loaded_brings_its_words(acme: Path) -> None:
    assert translated("Acme rests on Sundays.", "ko") == "Acme rests on Sundays.", (
        "no package is taken that nobody uses"
    )
    extensions.load(extensions.BROKERS, "acme", extensions.everything(extensions.BROKERS))
    assert translated("Acme rests on Sundays.", "ko") == "Sundays에는 쉽니다."
    assert translated("Nothing was sent.", "ko") == "아무것도 보내지 않았습니다.", (
        "what is ours an adapter cannot change"
    )


def test_a_sentence_holds_texts_and_is_held_by_none(tables: Tables) -> None:
    tables(
        {
            "amend {0} of order {1} ({2}) to {3}": "주문 {1}({2}) {0}주를 {3}(으)로 정정",
            "{0} stands as order {1}.": "{0}: 주문 {1}(으)로 들어가 있습니다.",
        }
    )
    assert translated("amend 3 of order 7 (005930) to 71000 stands as order 8.") == (
        "주문 7(005930) 3주를 71000으로 정정: 주문 8로 들어가 있습니다."
    )


def test_brackets_are_not_torn_apart(tables: Tables) -> None:
    tables(
        {
            "cancel all of order {0} ({1})": "주문 {0}({1}) 전부 취소",
            "The key {0} is that of another order: {1} ({2}).": "키 {0}은(는) 다른 주문의 것입니다: {1} ({2}).",
            "{0}, sent by {1} at {2} ({3})": "{0}, {2}에 {1}에서 보냄({3})",
        }
    )
    cancel, told = "cancel all of order 7 (005930)", "주문 7(005930) 전부 취소"
    assert translated(f"The key k1 is that of another order: {cancel} (01KB).") == (
        f"키 k1은 다른 주문의 것입니다: {told} (01KB)."
    )
    assert translated(f"{cancel}, sent by here at 10:00 (01KB)") == f"{told}, 10:00에 here에서 보냄(01KB)"


def test_of_texts_with_as_many_letters_the_longer_is_taken(tables: Tables) -> None:
    tables({"call {0}": "{0} 호출", "call {0} ({1})": "{0} 호출({1})"})
    assert translated("call kt10000 (1000)") == "kt10000 호출(1000)"


# How long it takes


@pytest.mark.parametrize("count", [1, 5, 30, 60])
def test_each_order_of_a_long_list_is_told(count: int) -> None:
    orders = "; ".join(f"UNKNOWN (01J{each:04}): BUY 10 005930 at 70000" for each in range(count))
    told = translated(f"BUY 10 005930 at 70000 has to wait until this is settled: {orders}.", "ko")
    assert told.count("005930 10주 매수(70000)") == count + 1
    assert "BUY" not in told


@pytest.mark.parametrize("letter", ["a", "ab", ".", " a", "'", "; a", "{", "a, ", "order 1 of 2 is "])
def test_however_long_a_text_is_its_words_are_there_soon(letter: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The looks at the tables are counted, so this holds on any machine; what is left is linear in the text."""
    looks = 0
    looked_up = reading._Reader._looked_up

    def counted(self: reading._Reader, text: str, depth: int) -> reading.Reading | None:
        nonlocal looks
        looks += 1
        return looked_up(self, text, depth)

    monkeypatch.setattr(reading._Reader, "_looked_up", counted)
    translated(f"there is no field {letter * 1500}", "ko")
    assert looks <= 2 * (reading.MOST_LOOKS + 1)


def test_what_would_take_too_long_is_told_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_LOOKS", 3)
    text = "Nothing was sent. Give a wholly other price of 3 at 4 of 5 in 6 by 7. Nothing was sent."
    assert translated(text, "ko") == text


@pytest.mark.parametrize(
    "text",
    [
        "order 0000045261 has 10 left at most",
        "the order was not placed at that price of the day",
        "Service Temporarily Unavailable, try again at a later time",
    ],
)
def test_the_english_of_others_stays_whole(text: str) -> None:
    assert translated(text, "ko") == text
