"""The whole examination: this machine first, then each profile, whatever is wrong with the others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from brokerkit.broker import Broker
from brokerkit.config import Profile, nearest
from brokerkit.doctor import accounts, calls, folders, journals, leases, machine, profiles, states, streams
from brokerkit.doctor.configuration import configured
from brokerkit.doctor.finding import Finding, error
from brokerkit.doctor.profiles import Subject
from brokerkit.errors import BrokerError, ConfigError
from brokerkit.logs import about
from brokerkit.sharing.store import store_for

logger = logging.getLogger("brokerkit")

Check = Callable[[], Iterable[Finding]]


def examine(names: Sequence[str] = (), *, online: bool = False) -> Iterator[Finding]:
    """Yield what is found out about this machine and about the profiles of these names, or about all of them.

    `online`: ask each broker for a price, which may cost an access token. A ConfigError for a name that nobody has.
    """
    found = configured()
    for name in names:
        if name not in found.profiles and (found.profiles or found.is_readable):
            near = nearest(name, found.profiles)
            raise ConfigError(
                f"There is no profile {name!r}.",
                advice=f"Did you mean {near}?" if near else f"Profiles: {', '.join(sorted(found.profiles)) or 'none'}.",
            )
    yield from found.findings
    yield from _machine()
    for name in names or found.profiles:
        if name in found.profiles:
            for each in _profile(name, found.profiles[name], online):
                yield each.model_copy(update={"profile": name})


def _machine() -> Iterator[Finding]:
    for subject, check in (
        ("versions", machine.versions),
        ("extras", machine.extras),
        ("adapters", machine.adapters),
        ("clock", machine.own_clock),
        ("cache folder", folders.cache),
        ("state folder", folders.state),
        ("kill switch", folders.kill_switch),
        ("programs that order", folders.writers),
    ):
        yield from _checked(subject, check)


def _profile(name: str, profile: Profile | ConfigError, online: bool) -> Iterator[Finding]:
    if isinstance(profile, ConfigError):
        yield error(
            "profile",
            profile.words.rstrip("."),
            profile.remedy or "Correct that line; docs/configuration.md has all keys.",
        )
        return
    try:
        subject = profiles.subject_of(profile)
    except BrokerError as failure:
        advice = failure.remedy or "Correct the profile; docs/configuration.md lists its keys."
        yield error("profile", failure.words.rstrip("."), advice)
        return
    own: list[Finding] = []
    for title, check in (
        ("environment", profiles.environment),
        ("secrets", profiles.secrets),
        ("TLS", profiles.certificates),
        ("orders", profiles.envelope),
    ):
        own += _checked(title, partial(check, subject))
    yield from own
    if not subject.is_simulated:
        yield from _at_broker(subject, online, is_explained=any(each.state == "error" for each in own))


def _at_broker(subject: Subject, online: bool, *, is_explained: bool) -> Iterator[Finding]:
    """Look at what needs the broker's own side; `is_explained`: why there may be none was told already."""
    try:
        broker = profiles.broker_of(subject)
    except BrokerError as failure:
        if not is_explained:
            yield error("profile", failure.words.rstrip("."), failure.remedy or "Correct the profile.")
        return
    with broker:
        for title, check in _of_broker(broker, subject, online):
            yield from _checked(title, check)


def _of_broker(broker: Broker, subject: Subject, online: bool) -> Iterator[tuple[str, Check]]:
    if online:
        yield "question", partial(accounts.question, broker, subject)
    else:
        yield "address", partial(accounts.address, broker, subject)
    yield "token", partial(accounts.token, broker)
    yield "calls", partial(calls.calls, broker, subject.name)
    yield "journal", partial(journals.journal, broker, subject.name, may_ask=online)
    yield "stream", partial(streams.stream, broker)
    settings = broker.adapter.settings
    if (store := store_for(settings)) is not None:
        yield "state", partial(states.state, store, sends_without=settings.orders_without_state == "send")
        if not store.is_lost and (online or not journals.asks_for_account(broker)):
            yield "account", partial(leases.lease, broker, subject.name)


def _checked(subject: str, check: Check) -> list[Finding]:
    """Return what a check finds; one that fails itself is told, and takes no other with it."""
    try:
        return list(check())
    except BrokerError as failure:
        return [error(subject, failure.words, failure.remedy or "See docs/errors.md.")]
    except Exception as failure:  # noqa: BLE001 - a check that stumbles over a strange machine hides nothing else
        logger.debug("The check of %s failed.", subject, extra=about("check_failed", failure, check=subject))
        where = failure.__traceback__
        while where is not None and where.tb_next is not None:
            where = where.tb_next
        line = f"{where.tb_frame.f_code.co_filename.rpartition('/')[2]}:{where.tb_lineno}" if where else "?"
        words = f"this check itself failed ({type(failure).__name__} at {line})"
        return [error(subject, words, "Tell the authors, with `brokerkit --version`; the other findings count.")]
