"""The text of docs/performance.md around the tables. Change it here: the page is written by the benchmark."""

PAGE = """# Performance

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
