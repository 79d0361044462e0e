"""The client: how lists end, where requests may go, and whose connection is whose."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import SecretStr

from brokerkit.errors import ConfigError, IncompleteListing, InsufficientFunds, WireError
from brokerkit.transport import Limit, paging
from brokerkit.transport.outgoing import loopback_url
from tests.servers import GOOD, LIST, ORDER, READ, Exchange, ProbeClient, Script, Server, answer, refusal


def pages(*keys: str, same: bool = False) -> Script:
    """Answer page after page with these keys of the following page; a page after the last is refused."""

    def script(exchange: Exchange) -> bool:
        number = exchange.number - 1
        price = "7" if same else str(number)
        return exchange.send(answer({**GOOD, "price": price, "next_key": keys[number]}))

    return script


def test_pages_are_followed_to_the_end_mark() -> None:
    with Server(pages("a", "b", "")) as server, ProbeClient(server.url) as client:
        assert [page.price for page in client.pages(LIST, params={"day": "1"})] == [0, 1, 2]
        assert server.paths() == ["/list?day=1", "/list?day=1&key=a", "/list?day=1&key=b"]


@pytest.mark.parametrize("script", [pages("a", "b", "a", "b"), pages("a", "a"), pages("a", "a", same=True)])
def test_a_list_that_goes_round_in_a_circle_is_incomplete(script: Script) -> None:
    with Server(script) as server, ProbeClient(server.url) as client:
        with pytest.raises(IncompleteListing):
            list(client.pages(LIST))
        assert len(server.requests) <= 3


def test_a_page_that_comes_twice_is_incomplete() -> None:
    def script(exchange: Exchange) -> bool:
        return exchange.send(answer({**GOOD, "next_key": "a"}))

    with Server(script) as server, ProbeClient(server.url) as client, pytest.raises(IncompleteListing, match="twice"):
        list(client.pages(LIST))


def test_a_list_without_end_is_incomplete(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "PAGES", 5)
    with Server(pages(*"abcdefgh")) as server, ProbeClient(server.url) as client:
        with pytest.raises(IncompleteListing):
            list(client.pages(LIST))
        assert len(server.requests) == 5


def test_a_page_that_fails_fails_the_list() -> None:
    def script(exchange: Exchange) -> bool:
        return exchange.send(answer({**GOOD, "next_key": "a"}) if exchange.number == 1 else refusal("poor"))

    with Server(script) as server, ProbeClient(server.url) as client, pytest.raises(InsufficientFunds):
        list(client.pages(LIST))


def test_one_page_of_several_is_incomplete() -> None:
    with Server(pages("a", "")) as server, ProbeClient(server.url) as client:
        with pytest.raises(IncompleteListing):
            client.call(LIST)
        assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("elsewhere", [False, True])
def test_redirects_are_never_followed(status: int, elsewhere: bool) -> None:
    with Server() as other:
        place = f"{other.url}/target" if elsewhere else "/target"
        redirect = answer(b"", status=status, headers={"Location": place})
        with Server(lambda exchange: exchange.send(redirect)) as server, ProbeClient(server.url) as client:
            with pytest.raises(WireError):
                client.call(READ)
            assert server.paths() == ["/read"]
        assert other.requests == []


def test_proxies_and_netrc_of_the_environment_are_ignored(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login somebody password hunter2\n")
    (tmp_path / ".netrc").chmod(0o600)
    with Server() as proxy, Server() as server, ProbeClient(server.url) as client:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        client.call(READ)
        assert proxy.requests == []
        assert b"authorization: Bearer probe-token-0001" in server.requests[0]


def test_a_cookie_is_not_sent_back() -> None:
    script: Script = lambda exchange: exchange.send(answer(headers={"Set-Cookie": "session=1; Path=/"}))  # noqa: E731
    with Server(script) as server, ProbeClient(server.url) as client:
        client.call(READ)
        client.call(READ)
        assert b"ookie" not in server.requests[1]


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:80", "http://127.0.0.1:80/", "http://localhost:8080", "https://[::1]:443", "HTTP://127.9.8.7:1"],
)
def test_an_address_of_this_machine_is_accepted(url: str) -> None:
    assert loopback_url(url).lower() == url.lower().removesuffix("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "http://127.0.0.1",
        "http://127.0.0.1:",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:80/path",
        "http://127.0.0.1:80?a=b",
        "http://127.0.0.1:80#x",
        "http://hunter2@127.0.0.1:80",
        "http://user:hunter2@127.0.0.1:80",
        "http://127.0.0.1:80@evil.example:80",
        "http://127.0.0.1:80\\@evil.example:80",
        "http://localhost.evil:80",
        "http://evil.localhost:80",
        "http://127.0.0.1.evil.example:80",
        "http://2130706433:80",
        "http://0x7f000001:80",
        "http://127.1:80",
        "http://0.0.0.0:80",
        "http://[::]:80",
        "http://[::1:80",
        "http://10.0.0.1:80",
        "http://①27.0.0.1:80",
        "ftp://127.0.0.1:21",
        "//127.0.0.1:80",
        "127.0.0.1:80",
        "",
    ],
)
def test_any_other_address_is_refused_and_a_password_in_it_not_repeated(url: str) -> None:
    with pytest.raises(ConfigError, match="not an address of this machine") as caught:
        loopback_url(url)
    assert "hunter2" not in str(caught.value)


def test_plain_http_to_another_machine_is_refused_also_for_a_host_of_the_adapter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ProbeClient, "hosts", {"real": "http://probe.invalid"})
    with pytest.raises(ConfigError):
        ProbeClient()


def test_two_hundred_calls_take_one_connection() -> None:
    with Server() as server, ProbeClient(server.url) as client:
        for _ in range(200):
            client.call(READ)
        assert (len(server.requests), server.connections) == (200, 1)


def together(count: int, work: Callable[[], object]) -> None:
    threads = [threading.Thread(target=work) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)


def test_every_thread_has_a_connection_of_its_own() -> None:
    barrier = threading.Barrier(8)
    with Server() as server, ProbeClient(server.url) as client:

        def work() -> None:
            barrier.wait(5)
            for _ in range(10):
                assert client.call(READ).price == 70000

        together(8, work)
        assert (len(server.requests), server.connections) == (80, 8)
        assert client.issued == 1


def test_clients_of_one_key_share_the_token_and_those_of_another_host_do_not() -> None:
    with Server() as server, Server() as other:
        clients = [ProbeClient(server.url), ProbeClient(server.url), ProbeClient(other.url)]
        for client in clients:
            with client:
                client.call(READ)
        assert [client.issued for client in clients] == [1, 0, 1]


FORKED = """
import os, sys, threading, time
from brokerkit.transport import Limit, connection
from tests.servers import READ, ORDER, ProbeClient
client = ProbeClient(sys.argv[1])
client.windows = (Limit("all", 3, 0.5),)
for _ in range(3):
    client.call(READ)
held = threading.Event()
threading.Thread(target=lambda: client._limiters(READ)[0].acquire(5), daemon=True).start()
lock = client._tokens._lock
threading.Thread(target=lambda: (lock.acquire(), held.set(), time.sleep(1)), daemon=True).start()
held.wait(5)
child = os.fork()
if child == 0:
    client._tokens._token = None
    connection.TOTAL_SECONDS = 0.3
    good = client.call(READ).price == 70000
    os._exit(0 if good else 1)
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_process_has_connections_queues_and_locks_of_its_own() -> None:
    with Server() as server:
        root = str(Path(__file__).parents[1])
        command = [sys.executable, "-c", FORKED, server.url]
        child = subprocess.run(command, timeout=20, check=False, cwd=root, env={**os.environ, "PYTHONPATH": root})  # noqa: S603
        assert child.returncode == 0
        assert (len(server.requests), server.connections) == (4, 2)


def test_a_client_refuses_to_be_pickled() -> None:
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(ProbeClient())


def test_secrets_are_opened_only_on_the_wire() -> None:
    with Server() as server, ProbeClient(server.url) as client:
        client.call(READ, params={"account": SecretStr("12 34"), "name": "한글&=+"})
        client.call(ORDER, body={"account": SecretStr("12 34"), "name": "한글"})
        assert server.paths()[0] == "/read?account=12%2034&name=%ED%95%9C%EA%B8%80%26%3D%2B"
        assert json.loads(server.requests[1].partition(b"\r\n\r\n")[2]) == {"account": "12 34", "name": "한글"}


def test_the_ceiling_of_a_profile_counts_besides_the_limits_of_the_broker() -> None:
    client = ProbeClient(ceiling=3)
    client.windows = (Limit("all", 18),)
    assert [limiter.limit for limiter in client._limiters(READ)] == [Limit("profile", 3), Limit("all", 18)]


def test_an_order_endpoint_never_follows_pages() -> None:
    with Server(pages("a", "b")) as server, ProbeClient(server.url) as client:
        client.call(ORDER, body={})
        assert len(server.requests) == 1
