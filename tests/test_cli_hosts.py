"""`brokerkit take-over`, `halt` and `resume` where hosts share an account: asked, told, and for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from brokerkit.cli import exits, main
from brokerkit.sandbox import Sandbox
from brokerkit.sharing import store
from tests.hosts import HERE, THERE, named, pending
from tests.program import Terminal, orders_at, write_profiles
from tests.redises import RedisServer, needs_redis, redis_server
from tests.test_lease import settled, unhurried

pytestmark = needs_redis
BUY = ("buy", "005930", "10", "--price", "60000", "--yes", "-p", "kis")
Move = Callable[[str], None]


@pytest.fixture
def server() -> Iterator[RedisServer]:
    with redis_server() as running:
        yield running


@pytest.fixture
def move(tmp_path: Path, server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Move]:
    """Return what lets the next commands run on the host of that name."""
    with Sandbox() as box:
        unhurried(box)
        variables = write_profiles(box, tmp_path)
        path = Path(variables["BROKERKIT_CONFIG"])
        text = path.read_text(encoding="utf-8").replace('= "sandbox"', f'= "sandbox"\nstate = "{server.url()}"')
        path.write_text(text, encoding="utf-8")
        for name, value in {**variables, "NO_COLOR": "1"}.items():
            monkeypatch.setenv(name, value)

        def to(host: str) -> None:
            monkeypatch.setattr(store, "_stores", {})
            monkeypatch.setenv("BROKERKIT_STATE_DIR", str(tmp_path / host))
            named(monkeypatch, host)

        to(HERE)
        yield to
        assert len(orders_at(box, "kis")) > 0


def began(capsys: pytest.CaptureFixture[str]) -> None:
    """Let this host trade, as is done once when sharing is set up."""
    assert "No host trades" not in told(capsys, "take-over", "kis", "--yes")


def told(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = exits.DONE) -> str:
    capsys.readouterr()
    assert main(arguments) == code
    shown = capsys.readouterr()
    return shown.out if code == exits.DONE else shown.err


def test_a_host_takes_over_by_a_command_that_asks(
    move: Move, server: RedisServer, capsys: pytest.CaptureFixture[str], terminal: Terminal
) -> None:
    assert "No host trades this account yet" in told(capsys, *BUY, code=exits.NO_ANSWER)
    began(capsys)
    told(capsys, *BUY)
    assert settled(server)
    move(THERE)
    assert f"{HERE} trades this account" in told(capsys, *BUY, code=exits.NO_ANSWER)
    assert "There is no terminal" in told(capsys, "take-over", "kis", code=exits.BLOCKED)
    assert "Add --yes" in told(capsys, "take-over", "kis", "--json", code=exits.WRONG_USAGE)
    terminal.types("\n")
    assert terminal.runs("take-over", "kis") == exits.BLOCKED
    assert "Nothing was taken over" in terminal.screen()
    terminal.types("y\n")
    assert terminal.runs("take-over", "kis") == exits.DONE
    assert f"{HERE} trades this account since" in terminal.screen()
    told(capsys, *BUY)
    assert settled(server)
    move(HERE)
    assert (
        json.loads(told(capsys, "take-over", "kis", "--yes", "--json")).items()
        >= {
            "host": HERE,
            "is_ours": True,
            "pending": [],
        }.items()
    )
    assert HERE in told(capsys, "take-over", "kis", "--yes")


def test_what_may_stand_is_shown_and_the_risk_is_accepted_by_word_alone(
    move: Move, server: RedisServer, capsys: pytest.CaptureFixture[str]
) -> None:
    began(capsys)
    told(capsys, *BUY)
    assert settled(server)
    client = server.client()
    (lease,) = client.keys("brokerkit:1:lease:*")
    account = lease.decode().rpartition(":")[2]
    client.hset(f"brokerkit:1:pending:{account}", "01X", f"{client.hget(lease, 'host').decode()} BUY 7 of 000660")
    assert pending(server) == ["BUY 7 of 000660"]
    move(THERE)
    assert "BUY 7 of 000660" in told(capsys, "take-over", "kis", "--yes", code=exits.BLOCKED)
    assert "BUY 7 of 000660" in told(capsys, "take-over", "kis", "--yes", "--accept-risk")


def test_the_switch_of_all_hosts_says_which_redis_was_told(
    move: Move, server: RedisServer, capsys: pytest.CaptureFixture[str]
) -> None:
    began(capsys)
    told(capsys, *BUY)
    address = f"redis://127.0.0.1:{server.port}/0"
    assert json.loads(told(capsys, "halt", "lunch", "--json"))["hosts"] == [address]
    move(THERE)
    assert f"{HERE} lunch" in told(capsys, *BUY, code=exits.BLOCKED)
    assert json.loads(told(capsys, "resume", "--json"))["was_halted"] is True
    server.kill()
    assert "Those of other hosts are NOT" in told(capsys, "halt", code=exits.JOURNAL)


def test_a_profile_that_shares_nothing_takes_nothing_over(
    move: Move, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    began(capsys)
    told(capsys, *BUY)
    alone = tmp_path / "alone.toml"
    text = (tmp_path / "brokerkit.toml").read_text(encoding="utf-8")
    alone.write_text("".join(line for line in text.splitlines(True) if not line.startswith("state")), encoding="utf-8")
    monkeypatch.setenv("BROKERKIT_CONFIG", str(alone))
    move(THERE)
    assert "names no Redis" in told(capsys, "take-over", "kis", "--yes", code=exits.WRONG_USAGE)
