"""The command line in Korean: what people read is, and what programs read is the same in every language."""

from __future__ import annotations

import datetime as dt
import locale
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.cells import cell_len

from brokerkit import clock, languages, words
from brokerkit.cli import exits, help, main
from brokerkit.cli.app import app
from brokerkit.cli.printing import AS_IS, Printer, Said, as_text, coded, dated, head, in_shell
from brokerkit.cli.speech import asked, native
from brokerkit.cli.watching import Screen
from brokerkit.doctor.finding import State
from brokerkit.korean import tables
from brokerkit.languages import speaking, translated
from brokerkit.market.sessions import Phase
from brokerkit.models.hours import DaySource
from brokerkit.models.labels import _FIELDS, _HEADS, korean_head, korean_term
from brokerkit.orders.intents import Confidence, IntentKind, IntentState
from brokerkit.sandbox import Sandbox
from brokerkit.stream.events import BookEvent, GapReason, OrderChange, QuoteEvent
from brokerkit.stream.topics import StreamKind
from brokerkit.testing.report import Outcome
from brokerkit.words import OrderStatus, OrderType, Side, Venue
from tests.program import BROKERS, Terminal

HANGUL = re.compile("[가-힣]")
ENGLISH = re.compile(r"[A-Za-z]{3,} [a-z]{2,}\b")
"""Two words of a sentence."""
TYPED = re.compile(r"`[^`]*`|'[^']*'|brokerkit [a-z -]+|<[^>]*>|--?[a-z-]+|\[[A-Z]+\]|\[[a-z|]+\]")
"""What is typed: commands, options, what stands in quotes."""


def english(shown: str) -> list[str]:
    """Return the lines in which more than names and what is typed is English."""
    return [line for line in TYPED.sub("", shown).splitlines() if ENGLISH.search(line)]


NOON = dt.datetime(2026, 11, 27, 12, tzinfo=clock.KST)
COMMANDS: Any = typer.main.get_command(app)

# What is spoken


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko"}, "ko"),
        ({"LANG": "ko.eucKR"}, "ko"),
        ({"LANG": "kok_IN.UTF-8"}, "en"),
        ({"LANG": "en_US.UTF-8"}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "en"),
        ({"LANG": "ko_KR.UTF-8", "LC_MESSAGES": "C"}, "en"),
        ({"LANG": "C", "LC_MESSAGES": "ko_KR.UTF-8"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_MESSAGES": ""}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "POSIX"}, "en"),
        ({"LC_ALL": "ko_KR", "LC_MESSAGES": "en_US"}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "BROKERKIT_LANGUAGE": "en"}, "en"),
        ({"LANG": "en_US.UTF-8", "BROKERKIT_LANGUAGE": " KO "}, "ko"),
        ({"LANG": "ko_KR.UTF-8", "BROKERKIT_LANGUAGE": "fr"}, "en"),
    ],
)
def test_the_surroundings_say_the_language(environment: Mapping[str, str], language: str) -> None:
    assert native(environment) == language


@pytest.mark.parametrize(
    ("system", "environment", "language"),
    [
        ("Korean_Korea.949", {}, "ko"),
        ("ko_KR.UTF-8", {}, "ko"),
        ("English_United States.1252", {}, "en"),
        ("C", {}, "en"),
        ("Korean_Korea.949", {"LANG": "en_US.UTF-8"}, "en"),
        ("Korean_Korea.949", {"BROKERKIT_LANGUAGE": "en"}, "en"),
    ],
)
def test_windows_says_its_language_where_no_variable_does(
    system: str, environment: Mapping[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(locale, "setlocale", lambda category: system)
    assert native(environment) == language


@pytest.mark.parametrize(
    ("given", "language"),
    [
        (["quote", "--lang", "ko"], "ko"),
        (["--lang", "ko", "quote"], "ko"),
        (["quote", "--lang=ko", "005930"], "ko"),
        (["journal", "--lang", "en", "list"], "en"),
        (["--lang", "en", "quote", "--lang", "KO"], "ko"),
        (["quote", "--lang", "ko", "--json"], "en"),
        (["quote", "--csv", "--lang", "ko"], "en"),
        (["quote", "--json"], "en"),
        (["quote", "--profile", "--json", "--lang", "ko"], "ko"),
        (["quote", "--profile", "--lang", "ko"], None),
        (["quote", "-p", "--lang", "ko"], None),
        (["quote", "--profile=--lang", "ko"], None),
        (["quote", "--", "--lang", "ko"], None),
        (["quote", "--lang"], None),
        (["quote"], None),
        ([], None),
    ],
)
def test_the_command_line_may_ask_for_a_language(given: list[str], language: str | None) -> None:
    assert asked(COMMANDS, given) == language


@pytest.mark.parametrize("given", [["--lang", "fr", "quote", "005930"], ["quote", "005930", "--lang=fr"]])
def test_a_language_that_there_is_not_is_wrong_usage(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(given) == exits.WRONG_USAGE
    assert "'--lang': 'fr' is no language. There are en and ko." in capsys.readouterr().err


def test_a_command_leaves_the_language_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["hours", "2026-11-27", "--lang", "ko"]) == exits.DONE
    assert "정규장" in capsys.readouterr().out
    assert languages.language() == "en"
    assert main(["hours", "2026-11-27"]) == exits.DONE
    assert "REGULAR" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("encoding", "shown"), [("utf-8", "장구분"), ("cp949", "장구분"), ("euc_kr", "장구분"), ("ascii", "phase")]
)
def test_a_console_that_cannot_write_korean_gets_english(encoding: str, shown: str) -> None:
    environment = {"PYTHONIOENCODING": encoding, "LANG": "ko_KR.UTF-8", "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-m", "brokerkit", "hours", "2026-11-27"], capture_output=True, check=True, env=environment
    )
    assert shown in done.stdout.decode(encoding)
    assert (done.stderr, b"?" in done.stdout) == (b"", False)


def test_all_korean_of_a_console_is_in_its_letters() -> None:
    """The encoding of older Korean consoles lacks syllables and signs; — and … of our own have twins."""
    table = tables.ours()
    entries = (*table.others, *(each for begun in table.begun.values() for each in begun))
    for entry in (*table.whole.values(), *entries):
        entry.korean.replace("—", "-").replace("…", ".").encode("cp949")


def test_the_help_page_in_english_reads_no_korean() -> None:
    program = (
        "from brokerkit.cli import main; import sys; main(['--help'])\nassert 'brokerkit.korean' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, env={"PATH": ""})  # noqa: S603


def test_completion_is_the_same_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for language in ("en", "ko"):
        variables = {"_BROKERKIT_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": "brokerkit quote --"}
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {**variables, "BROKERKIT_LANGUAGE": language}.items():
                patch.setenv(name, value)
            main([])
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert "--lang" in told[0]


# Help


def pages(command: Any, *names: str) -> Iterator[tuple[str, ...]]:
    """Yield the names of a command and of those in it."""
    yield names
    for name in getattr(command, "commands", {}):
        yield from pages(command.commands[name], *names, name)


PAGES = list(pages(COMMANDS))


@pytest.mark.parametrize("page", PAGES, ids=" ".join)
def test_a_help_page_in_korean_has_no_english_sentence(
    page: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*page, "--help", "--lang", "ko"]) == exits.DONE
    shown = capsys.readouterr().out
    assert shown.startswith("사용법: brokerkit")
    assert "이 도움말을 보여 주고 끝냅니다." in " ".join(shown.split())
    assert english(shown) == []


@pytest.mark.parametrize("page", PAGES, ids=" ".join)
def test_every_help_page_has_the_option(page: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*page, "--help"]) == exits.DONE
    assert capsys.readouterr().out.count("--lang LANGUAGE") == 1


def test_lines_of_a_help_page_fit_a_screen(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["candles", "--help", "--lang", "ko"]) == exits.DONE
    lines = capsys.readouterr().out.splitlines()
    assert max(map(cell_len, lines)) <= 80
    options = [line for line in lines[lines.index("옵션:") + 1 :] if line]
    starts = {cell_len(match[0]) for line in options if (match := re.match("  -.*?[^ ]  +(?=[^ ])", line))}
    assert len(starts) == 1, "what options are for stands in one column"
    assert {cell_len(line) - cell_len(line.lstrip()) for line in options if line[2] != "-"} <= starts


def test_the_list_of_commands_is_in_korean(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "ko"]) == exits.WRONG_USAGE
    assert main(["--help", "--lang", "ko"]) == exits.DONE
    shown = capsys.readouterr().out
    assert "  quote               종목 하나 또는 여럿의 현재가를 보여 줍니다.\n" in shown
    assert all(re.search(f"^  {command.name} .*[가-힣]", shown, re.MULTILINE) for command in help.COMMANDS)
    assert "\nMarket:" not in shown


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["quote"], "오류: 인자가 빠졌습니다: 'SYMBOL'."),
        (["quot"], "오류: 없는 명령입니다: 'quot'. 혹시 'quote'입니까?"),
        (["nonsense"], "오류: 없는 명령입니다: 'nonsense'."),
        (["quote", "005930", "--venu"], "오류: 없는 옵션입니다: --venu (비슷한 옵션: --venue)"),
        (["quote", "005930", "--zz"], "오류: 없는 옵션입니다: --zz"),
        (["hours", "2026-11-27", "x"], "오류: 남는 인자가 있습니다: x"),
        (["quote", "005930", "--venue"], "오류: 옵션 '--venue'에는 값이 필요합니다."),
        (["quote", "005930", "--json=3", "-b"], ""),
        (
            ["candles", "005930", "-n", "x"],
            "오류: '--count' / '-n'의 값이 잘못되었습니다: 정수여야 하는데, 텍스트를 정수로 읽을 수 없습니다",
        ),
        (["candles", "005930", "-n", "0"], "오류: '--count' / '-n'의 값이 잘못되었습니다: 1 이상이어야 합니다"),
        (["conformance", "kis", "--level", "9"], "오류: '--level'의 값이 잘못되었습니다: 4 이하여야 합니다"),
        (["quote", "005930", "--venue", "x"], "다음 가운데 하나여야 합니다: 'krx', 'nxt', 'sor', 'us', 'daytime'."),
        (["conformance", "kis", "--samples", "/nope"], "폴더가 없습니다: '/nope'."),
        (["history", "--from", "yesterday"], "오류: '--from'의 값이 잘못되었습니다: "),
    ],
)
def test_wrong_usage_is_told_in_korean(given: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--lang", "ko", *given]) == exits.WRONG_USAGE
    shown = capsys.readouterr().err
    assert expected in shown
    if "--json=3" not in given:
        assert re.search("^사용법: brokerkit .*\n도움말: 'brokerkit.* -h'\n|^오류: 옵션", shown)
        assert english(shown) == []


# Heads and words

ENUMS: list[type[Enum]] = [
    *(each for each in vars(words).values() if isinstance(each, type) and issubclass(each, Enum) and list(each)),
    *(Phase, DaySource, IntentKind, IntentState, Confidence, StreamKind, OrderChange, GapReason, State, Outcome),
]
AS_THEY_ARE = {"KRX", "NXT", "SOR", "ETF", "ETN", "ELW"}


@pytest.mark.parametrize("member", [member for kind in ENUMS for member in kind], ids=lambda each: f"{each!r}")
def test_every_word_of_ours_has_a_korean_term(member: Enum) -> None:
    told = korean_term(member)
    assert HANGUL.search(told) or told in AS_THEY_ARE


def test_terms_of_a_kind_differ() -> None:
    for kind in ENUMS:
        assert len({korean_term(member) for member in kind}) == len(list(kind)), kind


def test_terms_are_those_of_the_page_of_models() -> None:
    page = (Path(__file__).parent.parent / "docs" / "models.ko.md").read_text(encoding="utf-8")
    names = {kind.__name__: kind for kind in ENUMS}
    section, differing, seen = "", [], 0
    for line in page.splitlines():
        section = line.strip("# `") if line.startswith("#") else section
        row = re.match(r"\| `([A-Z_0-9]+)` \| ([^|]+) \|", line)
        if row is None or section not in names:
            continue
        seen += 1
        ours, told = korean_term(names[section][row[1]]), row[2]
        parts = [part.strip() for part in re.split("[,(]", ours)]
        if not (ours in AS_THEY_ARE or parts[0] in told or section in ("Segment",)):
            differing.append((section, row[1], ours, told))
    assert differing == []
    assert seen > 80


def test_heads_of_a_model_are_korean() -> None:
    for model, label in [*_FIELDS, *_HEADS]:
        told = korean_head(model, label)
        assert HANGUL.search(told) or told in ("API", "id", "TLS", "state", "state TLS"), (model, label)


def test_every_finding_of_the_doctor_has_a_korean_head() -> None:
    page = (Path(__file__).parent.parent / "docs" / "command-line.md").read_text(encoding="utf-8")
    table = page.partition("<!-- table: findings -->")[2].partition("<!-- end -->")[0]
    subjects = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    assert len(subjects) > 30
    assert [each for each in subjects if ("Finding", each) not in _HEADS] == []


def test_a_label_that_is_nobodys_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    with speaking("ko"):
        assert head("price", "Order") == "주문가격"
        assert head("price", "Trade") == "체결가"
        assert head("price", "Quote") == "현재가"
        assert head("stck_prpr 현재가", "") == "stck_prpr 현재가"
        assert head("price", AS_IS) == "price"
        assert dated(dt.date(2026, 11, 27)) == "2026-11-27(금)"
    assert (head("price", "Order"), dated(dt.date(2026, 11, 27))) == ("price", "2026-11-27 Fri")


@pytest.mark.parametrize(
    ("value", "english", "korean"),
    [
        (True, "yes", "예"),
        (False, "no", "아니요"),
        (None, "—", "—"),
        (Side.BUY, "BUY", "매수"),
        (OrderStatus.PARTIALLY_FILLED, "PARTIALLY_FILLED", "부분체결"),
        (OrderType.LIMIT, "LIMIT", "지정가"),
        (Said("nothing"), "nothing", "없음"),
        ("nothing", "nothing", "nothing"),
        ("no", "no", "no"),
        (Decimal("1234.50"), "1,234.5", "1,234.5"),
    ],
)
def test_cells_of_our_own_words_are_korean(value: object, english: str, korean: str) -> None:
    assert as_text(value) == english
    with speaking("ko"):
        assert as_text(value) == korean


# Tables

TABLES: Mapping[tuple[str, ...], str] = {
    ("quote", "005930", "000660"): "종목코드 종목명 현재가 전일대비 등락률 시가 고가 저가 거래량",
    ("book", "005930"): "매도잔량 호가 매수잔량",
    ("trades", "005930", "-n", "3"): "시각 체결가 체결량 체결구분 누적거래량",
    ("members", "005930"): "매매구분 회원사 회원사번호 수량 외국계",
    ("candles", "005930", "-n", "3"): "일시 시가 고가 저가 종가 거래량 거래대금 확정",
    ("hours", "2026-11-27"): "장구분 시작 종료",
    ("instruments", "search", "삼성", "-n", "3"): "종목코드 종목명 시장 종목구분 기준가 상장주식수 NXT거래 상태",
    ("flow", "005930"): "일자 종가 개인 외국인 기관계 확정",
    ("bought", "foreign", "-n", "3"): "순위 종목코드 종목명 현재가 순매수수량 순매수금액 일자 확정",
    ("rank", "gainers", "-n", "3"): "순위 종목코드 종목명 현재가 전일대비 등락률 거래량",
    ("rank", "volume", "-n", "3"): "순위 종목코드 종목명 현재가 전일대비 등락률 거래량 거래대금",
}
"""The heads of tables, by what is asked."""


def korean(*given: str) -> int:
    return main(["--lang", "ko", *given])


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize("given", TABLES, ids=" ".join)
def test_a_table_has_the_heads_of_korean_screens_and_is_aligned(
    given: tuple[str, ...], broker: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert korean(*given, "--broker", broker) == exits.DONE
    lines = [line for line in capsys.readouterr().out.splitlines() if line]
    heads = next(re.split("  +", line.strip()) for line in lines if line.split()[0] == TABLES[given].split()[0])
    assert heads == TABLES[given].split()
    assert english("\n".join(lines)) == []


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("broker", BROKERS)
def test_columns_stand_below_each_other_by_what_letters_take(broker: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert korean("quote", "005930", "000660", "--broker", broker) == exits.DONE
    ends = [[cell_len(line[: match.end()]) for match in re.finditer(r"\S+", line)][2:]
            for line in capsys.readouterr().out.splitlines()]  # fmt: skip
    assert ends[0] == ends[1] == ends[2], "numbers end where their heads end"


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("broker", BROKERS)
def test_one_thing_is_told_line_by_line(broker: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert korean("quote", "005930", "--broker", broker) == exits.DONE
    labels = [line.split()[0] for line in capsys.readouterr().out.splitlines()[1:]]
    assert labels[:4] == ["현재가", "전일대비", "등락률", "시가"]
    assert korean("balance", "--broker", broker) == exits.DONE
    shown = capsys.readouterr().out
    assert "계좌 *" in shown
    assert {"예수금", "주문가능금액", "총자산", "통화"} <= {line.split()[0] for line in shown.splitlines() if line}
    assert "보유 종목이 없습니다." in shown or "매도가능수량" in shown
    assert korean("power", "005930", "--price", "70000", "--broker", broker) == exits.DONE
    assert "매수가능수량" in capsys.readouterr().out


# For programs

FOR_PROGRAMS: list[tuple[str, ...]] = [
    ("quote", "005930", "--json"),
    ("quote", "005930", "000660", "--csv"),
    ("quote", "999999", "--json"),
    ("book", "005930", "--json"),
    ("members", "005930", "--csv"),
    ("candles", "005930", "-n", "3", "--csv"),
    ("candles", "005930", "-n", "x", "--json"),
    ("flow", "005930", "--detail", "--csv"),
    ("hours", "2026-11-27", "--json"),
    ("instruments", "search", "삼성", "--csv"),
    ("orders", "--json"),
    ("balance", "--json"),
    ("buy", "005930", "10", "--price", "69301", "--yes", "--json"),
    ("buy", "005930", "10", "--price", "69300", "--json"),
    ("journal", "list", "--all", "--json"),
    ("token", "show", "--json"),
    ("api", "search", "투자자", "--json"),
    ("api", "search", "투자자", "--csv"),
    ("brokers", "--csv"),
    ("brokers", "--json"),
    ("config", "show", "--json"),
]


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("given", FOR_PROGRAMS, ids=" ".join)
def test_programs_are_told_the_same_in_both_languages(
    given: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    asks = given[0] in ("api", "brokers", "config", "hours")
    words = [*given, *([] if asks else ["--broker", "kis"])]
    plain = lambda text: re.sub(r"\d\d:\d\d:\d\d[.\d]*|[0-9A-Z]{26}", "", text)  # noqa: E731 - when it was asked
    told = []
    for language in ("en", "ko"):
        code = main([*words, "--lang", language])
        told.append((code, *map(plain, capsys.readouterr())))
    assert told[0] == told[1]
    assert any(told[0][1:])


@pytest.mark.parametrize("given", [("api", "export", "openapi"), ("api", "export", "types")], ids=" ".join)
def test_files_are_the_same_in_both_languages(given: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    told = []
    for language in ("en", "ko"):
        assert main([*given, "--broker", "kis", "--lang", language]) == exits.DONE
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]


# Orders

BUY = ("buy", "005930", "10", "--price")


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("broker", BROKERS)
def test_an_order_that_is_refused_is_told_in_korean_with_what_to_do(
    broker: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert korean(*BUY, "69301", "--yes", "--broker", broker) == exits.WRONG_USAGE
    shown = capsys.readouterr().err
    assert "아무것도 보내지 않았습니다." in shown
    assert "69300" in shown
    assert english(shown) == []


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(
    ("command", "said"), [("cancel", "미체결 주문이 없습니다."), ("cancel-reservation", "예약주문이 없습니다.")]
)
def test_what_has_not_got_a_number_is_told_in_korean(
    command: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert korean(command, "7", "--yes", "--broker", "kis") == exits.WRONG_USAGE
    shown = capsys.readouterr().err
    assert f"번호가 7인 {said}" in shown
    assert english(shown) == []


@pytest.mark.usefixtures("configured")
def test_the_kill_switch_is_told_in_korean(capsys: pytest.CaptureFixture[str]) -> None:
    assert korean("halt", "look") == exits.DONE
    assert re.search("^중지 +예\n사유 +look\n", capsys.readouterr().out)
    assert korean(*BUY, "69300", "--yes", "--broker", "kis") == exits.BLOCKED
    shown = capsys.readouterr().err
    assert "아무것도 보내지 않았습니다." in shown
    assert english(shown) == []
    assert korean("resume") == exits.DONE
    assert re.search("^중지 +아니요\n", capsys.readouterr().out)


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize(("answer", "code"), [("예\n", exits.DONE), ("네\n", exits.DONE), ("y\n", exits.DONE),
                                              ("아니요\n", exits.BLOCKED), ("\n", exits.BLOCKED)])  # fmt: skip
def test_a_question_is_asked_and_answered_in_korean(
    answer: str, code: int, terminal: Terminal, rows: Callable[[str], list[Any]]
) -> None:
    terminal.types(answer)
    assert terminal.runs(*BUY, "69300", "--broker", "kis", "--lang", "ko") == code
    screen = terminal.screen()
    assert "보내시겠습니까? [y/N]" in screen
    for label, value in (("증권사", "kis, sandbox"), ("주문수량", "10"), ("주문유형", "지정가"), ("주문조건", "당일")):
        assert re.search(f"  {label} +{value}", screen)
    assert ("확인하지 않았습니다" in screen) == (code == exits.BLOCKED)
    assert len(rows("kis")) == (code == exits.DONE)


@pytest.mark.usefixtures("configured")
def test_in_english_a_korean_yes_is_none(terminal: Terminal, rows: Callable[[str], list[Any]]) -> None:
    terminal.types("예\n")
    assert terminal.runs(*BUY, "69300", "--broker", "kis") == exits.BLOCKED
    assert rows("kis") == []


@pytest.mark.usefixtures("configured")
def test_an_order_and_its_cancellation_are_told_in_korean(box: Sandbox, capsys: pytest.CaptureFixture[str]) -> None:
    assert korean(*BUY, "69200", "--yes", "--broker", "kiwoom") == exits.DONE
    told = capsys.readouterr()
    number = re.search(r"주문번호 +(\S+)\n주문상태 +접수", told.out)
    assert number
    assert "매수\n" in told.out
    assert f"`brokerkit cancel {number[1]} --broker kiwoom`" in told.err
    assert korean("orders", "--broker", "kiwoom") == exits.DONE
    shown = capsys.readouterr().out
    assert {"주문번호", "매매구분", "주문유형", "주문가격", "주문수량", "미체결수량", "주문상태", "원주문번호"} <= set(
        shown.split()
    )
    assert {"매수", "지정가", "미체결"} <= set(shown.split())
    assert korean("cancel", number[1], "--yes", "--broker", "kiwoom") == exits.DONE
    assert english("".join(capsys.readouterr())) == []
    assert korean("history", "--broker", "kiwoom") == exits.DONE
    assert {"체결수량", "체결평균가"} <= set(capsys.readouterr().out.split())
    assert korean("journal", "list", "--all", "--broker", "kiwoom") == exits.DONE
    shown = capsys.readouterr().out
    assert {"일지", "ID", "시각", "시장", "내용", "상태", "주문번호"} <= set(shown.split())
    assert english(shown) == []


@pytest.mark.usefixtures("user")
def test_a_profile_is_made_with_questions_in_korean(terminal: Terminal) -> None:
    terminal.types("kis\nsandbox\n\n")
    assert terminal.runs("config", "init", "--lang", "ko") == exits.DONE
    screen = terminal.screen()
    assert english(re.sub(r"/\S+", "", screen)) == []
    assert len(HANGUL.findall(screen)) > 20


@pytest.mark.parametrize(
    ("event", "heads"),
    [
        (
            QuoteEvent("005930", Venue.KRX, None, NOON, Decimal(70000), change=Decimal(100)),
            ["종목코드", "현재가", "전일대비", "등락률", "거래량", "시각"],
        ),
        (
            BookEvent("005930", Venue.KRX, None, NOON, ((Decimal(70100), Decimal(3)),), ()),
            ["종목코드", "매수잔량", "매수호가", "매도호가", "매도잔량", "예상체결가", "시각"],
        ),
    ],
)
def test_a_living_table_has_korean_heads(event: QuoteEvent | BookEvent, heads: list[str]) -> None:
    with speaking("ko"):
        screen = Screen(None, {"005930": {}})  # type: ignore[arg-type]  # nothing is drawn
        screen.show(event)
        assert [column.header for column in screen._table().columns] == heads


# What is said in Python and typed at a shell


def test_python_is_told_as_it_is_typed_in_korean_too() -> None:
    with speaking("ko"):
        assert in_shell("`reconcile()`로 찾으십시오.") == "`brokerkit journal reconcile`로 찾으십시오."
        assert in_shell("reconcile()이 찾습니다.") == "`brokerkit journal reconcile`이 찾습니다."


def test_an_error_for_programs_is_english(capsys: pytest.CaptureFixture[str]) -> None:
    with speaking("ko"):
        Printer(False).fault("Interrupted", "interrupted. Nothing was sent.")
    assert capsys.readouterr().err == "brokerkit: 중단했습니다. 아무것도 보내지 않았습니다.\n"


@pytest.mark.parametrize(
    ("advice", "expected"),
    [
        ("`brokerkit resume` lets orders go again.", "`brokerkit resume`을 실행하면 다시 주문할 수 있습니다."),
        ("Write them in the limits table of the profile.", "프로필의 한도 표에 적으십시오."),
        ("Look. Then act. Here that is `brokerkit journal list`.", "여기서는 `brokerkit journal list`입니다."),
        ("BUY 10 005930", "005930 10주 매수"),
        ("SELL 10 005930", "005930 10주 매도"),
    ],
)
def test_a_part_of_a_text_has_its_korean_too(advice: str, expected: str) -> None:
    assert translated(advice, "ko").endswith(expected)


def test_the_code_of_a_state_stands_with_its_word() -> None:
    with speaking("ko"):
        assert coded(IntentState.ACKED) == "접수 확인(ACKED)"
    assert coded(IntentState.ACKED) == "ACKED"
