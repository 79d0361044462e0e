"""`brokerkit token`: the access token that is kept for a key. Its text is never shown."""

from __future__ import annotations

import typer

from brokerkit.cli.help import Grouped
from brokerkit.cli.session import Session, at_broker


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    group = typer.Typer(cls=Grouped, no_args_is_help=True, help="Show or revoke the access token (접근토큰).")
    group.command()(show)
    group.command()(revoke)
    app.add_typer(group, name="token")


@at_broker
def show(session: Session) -> None:
    """Tell whether a token is kept, and until when; none is asked for."""
    with session.broker() as broker:
        kept = broker.client.kept_token()
    session.printer.one(
        {
            "broker": broker.name,
            "environment": broker.environment,
            "kept": kept is not None,
            "issued_at": kept and kept.issued_at,
            "expires_at": kept and kept.expires_at,
        }
    )


@at_broker
def revoke(session: Session) -> None:
    """Revoke the token at the broker and forget it here (토큰 폐기)."""
    with session.broker() as broker:
        revoked = broker.client.revoke()
    session.printer.one({"broker": broker.name, "environment": broker.environment, "revoked": revoked})
