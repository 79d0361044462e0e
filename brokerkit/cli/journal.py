"""`brokerkit journal`: what is known of the orders that were sent. `halt`, `resume`, `take-over`: who may send any."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Annotated

import typer

from brokerkit import switch
from brokerkit.broker import Broker
from brokerkit.cli import exits
from brokerkit.cli.asking import confirm, is_terminal
from brokerkit.cli.help import Grouped
from brokerkit.cli.options import day_of
from brokerkit.cli.printing import Printer, Row, Said, coded, in_currencies, money, tell
from brokerkit.cli.session import JsonOption, Session, at_broker, with_table
from brokerkit.cli.waiting import waiting
from brokerkit.errors import Blocked, InvalidRequest
from brokerkit.market.markets import market_of
from brokerkit.models import Order
from brokerkit.orders import halting
from brokerkit.orders.intents import UNRESOLVED, Intent
from brokerkit.orders.journal import Journal
from brokerkit.orders.lease import Lease
from brokerkit.orders.reconcile import Reconciliation
from brokerkit.symbols import is_symbol

ENDING = 8
"""Characters of an id that people are shown: its end differs even where two were made in the same moment."""

IntentArgument = Annotated[
    str, typer.Argument(metavar="ID", help="An id of the journal, or its last characters as `list` shows them.")
]
AllOption = Annotated[bool, typer.Option("--all", help="Everything that the journal holds.")]
DayOption = Annotated[
    dt.date | None,
    typer.Option(
        "--day",
        metavar="YYYY-MM-DD",
        parser=day_of,
        help="Everything of one day.",
        show_default=False,
    ),
]
NumberOption = Annotated[
    str | None, typer.Option("--order-id", metavar="NUMBER", help="It is the order of this number.", show_default=False)
]
AbsentOption = Annotated[bool, typer.Option("--absent", help="It does not stand; needs --reason.")]
ReasonOption = Annotated[str, typer.Option("--reason", metavar="TEXT", help="How you know.", show_default=False)]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Write it down unasked.")]
WaitOption = Annotated[bool, typer.Option("--wait", help="Look again until all is decided.")]
TimeoutOption = Annotated[
    float | None,
    typer.Option(
        "--timeout",
        metavar="SECONDS",
        min=0,
        help="Longest wait; else somewhat more than the settle time.",
        show_default=False,
    ),
]
FileArgument = Annotated[str, typer.Argument(metavar="FILE", help="A file that there is not yet; - is the output.")]
ProfileArgument = Annotated[
    str | None, typer.Argument(metavar="PROFILE", help="A profile that names a state.", show_default=False)
]
RiskOption = Annotated[
    bool, typer.Option("--accept-risk", help="Also while orders of the other host may stand: it is gone.")
]
TakeOption = Annotated[bool, typer.Option("--yes", "-y", help="Take over unasked.")]
HaltArgument = Annotated[
    list[str] | None, typer.Argument(metavar="REASON", help="What others shall read.", show_default=False)
]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(cls=Grouped, no_args_is_help=True, help="Show and settle what became of orders (주문 일지).")
    group.command("list")(list_intents)
    for command in (show, reconcile, resolve, export):
        group.command()(command)
    app.add_typer(group, name="journal")
    app.command()(halt)
    app.command()(resume)
    app.command("take-over")(take_over)


@with_table
def list_intents(session: Session, everything: AllOption = False, day: DayOption = None) -> None:
    """List what may stand without our knowing, or more (미확인 주문)."""
    if everything and day is not None:
        raise InvalidRequest("--all and --day exclude each other.")
    with session.broker() as broker:
        found = broker.unresolved()
        journal = _journal(broker)
        if everything:
            found = tuple(journal.everything())
        elif day is not None:
            found = tuple(journal.of_day(day, market=None))
        _say_if_gone(session, broker)
    nothing = "Nothing is unresolved." if not everything and day is None else "The journal has nothing of that."
    session.printer.many(found, [_row(intent) for intent in found], nothing, of="Intent")


@at_broker
def show(session: Session, intent_id: IntentArgument) -> None:
    """Show all that is known of one order, amendment or cancellation, and how it was learnt."""
    with session.broker() as broker:
        intent = _found(broker, intent_id)
    _print_intent(session.printer, intent)


@at_broker
def resolve(
    session: Session,
    intent_id: IntentArgument,
    order_id: NumberOption = None,
    absent: AbsentOption = False,
    reason: ReasonOption = "",
    yes: YesOption = False,
) -> None:
    """Write down what you found out about an order of uncertain fate; nothing is sent."""
    if (order_id is None) == (not absent):
        raise InvalidRequest("Give either --order-id NUMBER or --absent.")
    if order_id is not None and not (order_id.isascii() and order_id.isalnum()):
        raise InvalidRequest(f"{order_id!r:.40} is no order number.")
    if absent and not reason.strip():
        raise InvalidRequest("--absent needs --reason: how do you know that it does not stand?")
    with session.broker() as broker:
        intent = _found(broker, intent_id)
        if not yes:
            verdict = "does not stand, and its side is free again" if absent else f"is order {order_id}"
            _ask(
                session.printer,
                f"{intent.what} ({intent.state}): write down that it {verdict}?",
                "Nothing was written.",
            )
        intent = broker.resolve(intent, order_id=order_id, absent=absent, reason=reason)
    _print_intent(session.printer, intent)


@at_broker
def reconcile(session: Session, wait: WaitOption = False, timeout: TimeoutOption = None) -> None:
    """Look at the broker's lists and settle what they prove; nothing is sent (주문 대사)."""
    if timeout is not None and not wait:
        raise InvalidRequest("--timeout goes with --wait.")
    with session.broker() as broker:
        _say_if_gone(session, broker)
        if wait:
            session.printer.say("Looking at the broker's lists until all is decided; Ctrl-C ends it, nothing is lost.")
        with waiting("reconciling"):
            report = broker.reconcile(wait=wait, timeout=timeout)
    if session.printer.as_json:
        session.printer.one(report)
    else:
        _print_report(session.printer, report)
    if report.unresolved:
        raise typer.Exit(exits.UNCERTAIN)


@at_broker
def export(session: Session, file: FileArgument) -> None:
    """Write the whole journal, an entry a line, as JSON."""
    with session.broker() as broker:
        broker.unresolved()
        lines = [intent.model_dump_json() for intent in _journal(broker).everything()]
    text = "".join(f"{line}\n" for line in lines)
    if file == "-":
        print(text, end="", flush=True)
        return
    _write_new(Path(file), text)
    session.printer.one({"file": file, "entries": len(lines)})


def halt(reason: HaltArgument = None, as_json: JsonOption = False) -> None:
    """Stop orders and amendments of all your programs, at once; cancellations go on (주문 중지)."""
    words = " ".join(reason or ())
    hosts = switch.halt(words)
    told = {"halted": True, "reason": words, "file": str(halting.halt_file()), "hosts": list(hosts)}
    Printer(as_json).one(told, {**told, "hosts": ", ".join(hosts) or Said("this one alone")})


def resume(as_json: JsonOption = False) -> None:
    """Let orders go out again (주문 재개)."""
    stopped = switch.resume()
    told = {"halted": False, "was_halted": stopped, "file": str(halting.halt_file())}
    Printer(as_json).one(told, {key.replace("_", " "): value for key, value in told.items()})


def take_over(
    profile: ProfileArgument = None,
    accept_risk: RiskOption = False,
    yes: TakeOption = False,
    as_json: JsonOption = False,
) -> None:
    """Let this host trade an account that several hosts share; the others' orders are refused then (거래 넘겨받기)."""
    session = Session(None, profile, None, as_json)
    with session.broker() as broker:
        if not yes:
            _ask(session.printer, _question(broker.lease()), "Nothing was taken over.")
        taken = broker.take_over(accept_risk=accept_risk)
    if taken is not None and taken.pending:
        session.printer.say("What may stand of other hosts holds up no order here: look at the broker's own list.")
    if taken is None:
        session.printer.one({"host": None}, {"host": Said("none: hosts share this account no more")}, of="Lease")
    else:
        session.printer.one(taken, _lease_rows(taken), of="Lease")


def _question(found: Lease | None) -> str:
    """Say what taking over ends."""
    if found is None:
        return "No host trades this account yet, or the Redis has forgotten which one. Does none, and shall this one?"
    since = f"{found.since:%Y-%m-%d %H:%M:%S}"
    if found.is_ours:
        return f"This host trades this account since {since}. Shall it go on?"
    pending = f" Of its orders may stand: {'; '.join(found.pending)}." if found.pending else ""
    return (
        f"{found.host} trades this account since {since}.{pending} Have its programs ended, and shall this host trade?"
    )


def _lease_rows(lease: Lease) -> Row:
    return {
        "host": lease.host,
        "since": f"{lease.since:%Y-%m-%d %H:%M:%S}",
        "fence": lease.fence,
        "pending": "; ".join(lease.pending) or Said("nothing"),
    }


def _journal(broker: Broker) -> Journal:
    return broker.journal


def _found(broker: Broker, ending: str) -> Intent:
    """Return the intent whose id ends so; InvalidRequest where that is none or several."""
    broker.unresolved()
    wanted = ending.strip().upper()
    found = [intent for intent in _journal(broker).everything() if wanted and intent.id.endswith(wanted)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise InvalidRequest(
            f"The journal has no entry {ending!r:.40}.", advice="`brokerkit journal list --all` shows them."
        )
    raise InvalidRequest(
        f"{len(found)} entries end in {ending!r:.40}: {', '.join(intent.id for intent in found[:10])}.",
        advice="Give more of the id.",
    )


def _ask(printer: Printer, question: str, refused: str) -> None:
    """Raise unless a person says yes; `refused` says what was not done then."""
    if printer.as_json:
        raise InvalidRequest("With --json nothing is asked.", advice=f"{refused} Add --yes.")
    if not is_terminal():
        raise Blocked("There is no terminal to ask at.", advice=f"{refused} Add --yes.")
    if not confirm(question):
        raise Blocked("That was not confirmed.", advice=refused)


def _say_if_gone(session: Session, broker: Broker) -> None:
    if _journal(broker).path is None:
        session.printer.say("This sandbox began with the command, and its journal too; `brokerkit sandbox` serves one.")


def _row(intent: Intent) -> Row:
    return {
        "id": intent.id[-ENDING:],
        "time": intent.sent_at or intent.created_at,
        "market": intent.market,
        "what": Said(intent.what),
        "state": coded(intent.state),
        "order": intent.order_id or "",
    }


def _print_intent(printer: Printer, intent: Intent) -> None:
    printer.one(intent, _lines(intent), intent.what)
    learnt = [{"step": number, "what was learnt": Said(words)} for number, words in enumerate(intent.evidence, 1)]
    printer.table(learnt, "", of="Intent")


def _lines(intent: Intent) -> Row:
    shown = {
        "id": intent.id,
        "kind": intent.kind,
        "state": coded(intent.state),
        "market": intent.market,
        "venue": intent.venue,
        "order": intent.order_id,
        "match": intent.confidence,
        "day": intent.day,
        "made at": intent.created_at,
        "sent at": intent.sent_at,
        "decided at": None if intent.state in UNRESOLVED else intent.decided_at,
        "bytes sent": intent.sent_bytes,
        "broker's code": intent.code,
        "broker's answer": intent.answer,
        "sent again for": intent.previous,
        "complete lists": sum(sighting.lists for sighting in intent.sightings) or None,
        "could be": ", ".join(intent.sightings[-1].fitting) if intent.sightings else "",
        "unexplained": ", ".join(intent.sightings[-1].unexplained) if intent.sightings else "",
    }
    return {label: value for label, value in shown.items() if value not in (None, "")}


def _print_report(printer: Printer, report: Reconciliation) -> None:
    printer.table([_decision(intent) for intent in report.decided], "Nothing was decided.", "Decided", of="Intent")
    if report.late:
        late = ", ".join(f"{intent.order_id}" for intent in report.late)
        tell(
            f"Late, presumed absent before: order {late}"
            if len(report.late) == 1
            else f"Late, presumed absent before: orders {late}"
        )
    if report.foreign:
        currencies = [market_of(order.symbol).currency if is_symbol(order.symbol) else None for order in report.foreign]
        rows = in_currencies(map(_foreign, report.foreign, currencies), currencies)
        printer.table(rows, "", "Placed by somebody else", of="Order")
    for row in report.unreadable:
        printer.say(f"A row could not be read, so nothing is presumed absent: {row}")
    for order in report.lacking:
        printer.say(f"A list lacks an order that stands, so nothing is presumed absent: {order}")
    for order in report.unlisted:
        printer.say(f"No list of the broker shows this order, so look at its own app: {order}")
    if report.problem:
        printer.say(f"A list could not be read to its end and decides nothing: {report.problem}")
    printer.table([_row(intent) for intent in report.unresolved], "Nothing is unresolved.", "Unresolved", of="Intent")


def _decision(intent: Intent) -> Row:
    return {**_row(intent), "match": intent.confidence or "", "because": Said(intent.evidence[-1])}


def _foreign(order: Order, currency: str | None) -> Row:
    return {
        "order": order.id,
        "time": order.submitted_at,
        "side": order.side,
        "symbol": order.symbol,
        "quantity": order.quantity,
        "price": money(order.price, currency),
    }


def _write_new(path: Path, text: str) -> None:
    """Write a file that only its owner can read; one that is there already is left alone."""
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        return
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "its name is no path here"
    raise InvalidRequest(f"{path} cannot be written: {reason}.", advice="Name a file that there is not yet.")
