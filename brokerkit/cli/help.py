"""The help page of the program: commands by group, none of them cut.

Plain text, because the parts of rich that draw boxes take longer to import than everything else that the page needs.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from typer.core import TyperGroup

MARKET, ORDERS, ACCOUNT, SETTING_UP = PANELS = ("Market", "Orders", "Account", "Setting up")


class Grouped(TyperGroup):
    """A group of commands whose help lists them by `rich_help_panel`."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a line a command; the terminal may wrap it, but nothing is left out."""
        commands = [self.commands[name] for name in self.list_commands(ctx) if not self.commands[name].hidden]
        width = max((len(command.name or "") for command in commands), default=0)
        for panel, members in groupby(sorted(commands, key=_place), key=_panel):
            with formatter.section(panel):
                for each in members:
                    formatter.write(f"  {each.name:{width}}  {each.get_short_help_str(1000)}\n")


def _panel(command: Any) -> str:
    panel = getattr(command, "rich_help_panel", None)
    return panel if isinstance(panel, str) else "Commands"


def _place(command: Any) -> int:
    panel = _panel(command)
    return PANELS.index(panel) if panel in PANELS else len(PANELS)
