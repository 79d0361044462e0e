"""The text of docs/performance.md and its Korean twin around the tables. Change it here: a benchmark writes both."""

import re

PAGE = """# Performance

[한국어](performance.ko.md)

This page is written by the benchmark itself. Measured on {machine}. To repeat it, in a clone:

    make bench                                           # all tables, also those of the sandbox
    python -m benchmarks.report --calls 100000 --write   # what wrote this page

It asks a simulated broker on this machine, in a process of its own on a core of its own. Nothing leaves the
machine.

## A call

One call on a warm connection, beside a bare `requests.Session` that is kept and sends the same parameters and
headers to the same server: `session.get(...).json()`, or `session.post(..., json=...).json()`, with a time limit
for connecting and reading, and nothing around it. brokerkit gives out checked, typed models, and does more on the
way: it waits for the limiter, keeps one time limit for the whole call, counts the bytes that leave, caps the
answer, checks the broker's own code and that the answer belongs to the call, and takes secrets out of every error.

Both sides take turns, round by round; ratios are medians over the rounds. CPU is the processor time of the process
that calls, in microseconds. Wall time has the server's own work in it, which is the same for both sides.

{calls}

A balance at Kiwoom is two requests, on both sides. What makes the difference: requests looks up proxies, cookies,
.netrc and the connection pool for every call; brokerkit has no use for the first three and looks the pool up once.

Other clients of these brokers are measured beside it when they are installed where the benchmark runs. Of others that
we know, python-kis keeps its hosts in constants, without a setting for another address, so it is not measured.

{others}

## A start

Processor time of whole processes, which take turns: the first quote of a fresh one. The measure is a script by hand,
with `requests` and one pydantic model of the answer. Both sides have their token from an earlier run, brokerkit reads
its profile from `brokerkit.toml`, and both ask the same server.

{starts}

Most of each is importing `requests` and pydantic. `import brokerkit` alone imports neither: names come when they are
used, and so do the order desk with its journal, and the commands of the command line.
Models are built when they are first used, which pydantic makes safe for threads from 2.14 on.

## Many calls

Every thread keeps one connection. Connections are counted at the server. Memory is watched after a warm-up of
5,000 quotes.

{lines}
"""

PAGE_IN_KOREAN = """# 성능

[English](performance.md)

이 문서는 벤치마크가 스스로 적습니다. 측정 환경: {machine}. 저장소를 복제한 곳에서 다시 재려면

    make bench                                           # 모든 표, 모의 거래소의 표까지
    python -m benchmarks.report --calls 100000 --write   # 이 문서를 적은 명령

이 컴퓨터에서 별도의 프로세스로, 별도의 코어에서 도는 모의 증권사에 묻습니다. 아무것도 컴퓨터를 떠나지 않습니다.

## 호출 하나

이미 열려 있는 연결로 하는 호출 하나를, 같은 서버에 같은 매개변수와 헤더를 보내는 맨 `requests.Session`과 견줍니다.
그 세션은 열어 둔 채로 쓰고, `session.get(...).json()`이나 `session.post(..., json=...).json()`에 연결과 읽기의 시간
제한을 둘 뿐 둘레에 아무것도 없습니다. brokerkit은 확인을 마친, 타입이 있는 모델을 내주고 그 사이에 더 많은 일을
합니다. 호출 한도의 차례를 기다리고, 호출 전체에 시간 제한 하나를 지키고, 나가는 바이트를 세고, 응답의 크기를
제한하고, 증권사 자신의 코드와 응답이 그 호출의 것인지를 확인하고, 모든 오류에서 비밀 값을 지웁니다.

두 쪽은 라운드마다 번갈아 돌고, 비율은 라운드들의 중앙값입니다. CPU는 호출하는 프로세스의 프로세서 시간이고 단위는
마이크로초입니다. 실제 시간에는 서버 자신의 일이 들어 있으며, 이는 두 쪽이 같습니다.

{calls}

키움증권의 잔고는 두 쪽 모두 요청 둘입니다. 차이가 나는 까닭: requests는 호출마다 프록시, 쿠키, .netrc, 연결 풀을
찾아봅니다. brokerkit은 앞의 셋을 쓰지 않고 연결 풀은 한 번만 찾습니다.

이 증권사들의 다른 클라이언트는 벤치마크가 도는 곳에 설치되어 있으면 함께 잽니다. 우리가 아는 다른 것 가운데
python-kis는 호스트가 상수이고 다른 주소를 적을 설정이 없어서 재지 않습니다.

{others}

## 시작

번갈아 도는 프로세스 전체의 프로세서 시간으로, 새 프로세스가 첫 현재가를 받기까지입니다. 기준은 `requests`와 응답의
pydantic 모델 하나로 손수 쓴 스크립트입니다. 두 쪽 모두 앞서 받아 둔 토큰이 있고, brokerkit은 프로필을
`brokerkit.toml`에서 읽으며, 같은 서버에 묻습니다.

{starts}

저마다 대부분은 `requests`와 pydantic을 import하는 시간입니다. `import brokerkit`만으로는 둘 다 import하지 않습니다.
이름은 쓰일 때 오고, 일지를 포함한 주문 데스크와 명령줄의 명령도 그렇습니다. 모델은 처음 쓰일 때 만들어지며,
pydantic 2.14부터는 여러 스레드에서도 안전합니다.

## 많은 호출

스레드마다 연결 하나를 열어 둡니다. 연결은 서버에서 셉니다. 메모리는 현재가 5,000번으로 예열한 뒤부터 지켜봅니다.

{lines}
"""

KOREAN = (
    (r"^(\w+) on (\w+), (\d+) cores", r"\1(\2), 코어 \3개"),
    (r"^(\w+) on (\w+), an unknown number of cores", r"\1(\2), 코어 수 모름"),
    (
        r"\| call \| us CPU \| bare \| us wall \| bare \|",
        "| 호출 | CPU(us) | requests만 | 실제 시간(us) | requests만 |",
    ),
    (r"\| CPU ratio \| wall ratio \|", "| CPU 비율 | 실제 시간 비율 |"),
    (r"\| start of a program \| CPU, median \|", "| 프로그램의 시작 | CPU, 중앙값 |"),
    (r"\| counted \| found \|", "| 센 것 | 결과 |"),
    (r"\| target \|", "| 목표 |"),
    (r"\| met \|", "| 달성 |"),
    (r"\| missed \|", "| 미달 |"),
    (r": quote, ", ": 현재가, "),
    (r"balance of (\d+)", r"보유 \1종목의 잔고"),
    (r"investor flow of a month", "한 달의 투자자별 매매동향"),
    (r"(\d+) candles of days", r"일봉 \1개"),
    (r", plain\b", ", 평문"),
    (r"python that does nothing", "아무것도 하지 않는 python"),
    (r"first quote, requests and one model", "첫 현재가, requests와 모델 하나"),
    (r"first quote, brokerkit", "첫 현재가, brokerkit"),
    (r"connections of ([\d,]+) quotes, threads: (\d+)", r"현재가 \1번의 연결, 스레드 \2개"),
    (r"memory of the process grown over many quotes", "현재가를 많이 묻는 동안 늘어난 프로세스의 메모리"),
    (r"memory of living objects grown over many quotes", "현재가를 많이 묻는 동안 늘어난 살아 있는 객체의 메모리"),
    (r"(-?\d+) KiB over ([\d,]+)", r"\2번에 \1 KiB"),
    (r"(-?\d+) bytes over ([\d,]+)", r"\2번에 \1바이트"),
    (r"<= (\d+) bytes", r"<= \1바이트"),
    (r"not told here", "여기서는 알 수 없음"),
    (r"Installed, but cannot be used here: ", "설치되어 있으나 여기서는 쓸 수 없는 것: "),
    (r"Not installed: ", "설치되어 있지 않은 것: "),
    (r"Measured: ", "잰 것: "),
)
"""What stands in the tables, and around them, in English and in Korean: figures and names are the same."""


def in_korean(told: str) -> str:
    """Return what a benchmark tells, a table or a sentence, with its words in Korean."""
    for english, korean in KOREAN:
        told = re.sub(english, korean, told)
    return told


def pages(told: dict[str, str]) -> tuple[str, str]:
    """Return the English and the Korean page with what was told for each place in them."""
    return PAGE.format(**told), PAGE_IN_KOREAN.format(**{place: in_korean(text) for place, text in told.items()})
