"""All commands, and what becomes of their errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from io import StringIO
from typing import TYPE_CHECKING, Annotated, Any

import typer

from brokerkit import __version__
from brokerkit.cli import exits
from brokerkit.cli.consoles import abandon_output, flush, settle_home, tame
from brokerkit.cli.help import Program
from brokerkit.cli.speech import OPTION, asked, native, options_among
from brokerkit.errors import MAY_STAND, BrokerError
from brokerkit.languages import ENGLISH, language, speaking, translated

if TYPE_CHECKING:
    from brokerkit.cli.printing import Printer

app = typer.Typer(
    name="brokerkit",
    cls=Program,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_versions(wanted: bool) -> None:
    if wanted:
        from brokerkit.extensions import BROKERS, everything, version_of

        typer.echo(f"brokerkit {__version__}")
        for entry in everything(BROKERS):
            typer.echo(f"{entry.name} {version_of(entry) or '?'}")
        raise typer.Exit


@app.callback()
def _start(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_versions, is_eager=True, help="Show core and adapters.")
    ] = False,
    lang: Annotated[
        str | None,
        typer.Option(
            OPTION,
            metavar="LANGUAGE",
            help="ko or en: the language of what people read (언어).",
            show_default=False,
            expose_value=False,
        ),
    ] = None,
) -> None:
    """Trade Korean and US stocks at any broker: quote, order, cancel, balance, investor flow."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    settle_home()
    replacer = tame()
    with speaking(native()):
        code, say = _outcome(list(sys.argv[1:] if arguments is None else arguments))
        try:
            say()
            flush()
            if replacer.lacking:
                _say(f"this console ({replacer.lacking}) cannot show every character; set PYTHONUTF8=1 or use --json.")
        except OSError as error:
            if code == exits.DONE:
                code = exits.NOT_SHOWN
                with suppress(OSError):
                    _tell_unwritten(error)
            abandon_output()
    return code


def _outcome(given: list[str]) -> tuple[int, Callable[[], None]]:
    """Run the command; return its exit code, which no failing output changes any more, and what says why."""
    command = typer.main.get_command(app)
    printer = partial(_printer, command, given)
    try:
        if "_BROKERKIT_COMPLETE" in os.environ:
            language(ENGLISH)
            command.main(given, prog_name="brokerkit")
        _choose_language(command, given)
        with command.make_context("brokerkit", list(given)) as context:
            command.invoke(context)
    except typer.Exit as end:
        return end.exit_code, _nothing
    except BrokerError as error:
        return exits.code_of(error), partial(printer().error, error)
    except typer.TyperException as error:
        return exits.WRONG_USAGE, partial(_tell_wrong_usage, printer(), error)
    except (KeyboardInterrupt, typer.Abort) as interrupt:
        notes = getattr(interrupt, "__notes__", ())
        said = partial(printer().fault, "Interrupted", " ".join(("interrupted.", *notes)))
        return (exits.UNCERTAIN if MAY_STAND in notes else exits.INTERRUPTED), said
    except SystemExit as end:
        return (end.code if isinstance(end.code, int) else exits.DONE), _nothing
    except OSError as error:
        return exits.NOT_SHOWN, partial(_tell_unwritten, error)
    return exits.DONE, _nothing


def _nothing() -> None:
    """Say nothing: all has been said."""


def _printer(command: Any, given: list[str]) -> Printer:
    from brokerkit.cli.printing import Printer  # here, because it is slow to import and the help page needs none

    return Printer(asks_json(command, given))


def asks_json(command: Any, words: Iterable[str]) -> bool:
    """Say whether `--json` stands among the words as an option, and not as the value of one."""
    return any(name == "--json" for name, _ in options_among(command, words))


def _choose_language(command: Any, given: list[str]) -> None:
    try:
        wanted = asked(command, given)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=f"'{OPTION}'") from None
    if wanted is not None:
        language(wanted)


def _tell_wrong_usage(printer: Printer, error: Any) -> None:
    error.message = str(error.message).replace("Value error, ", "")
    if printer.as_json:
        printer.fault("WrongUsage", error.format_message())
    else:
        shown = StringIO()
        error.show(shown)
        print("\n".join(map(_in_usage, shown.getvalue().splitlines())), file=sys.stderr)


def _in_usage(line: str) -> str:
    """Return a line of Typer's in the language of the program."""
    head, error, words = line.partition("Error: ")
    return f"{translated('Error:')} {translated(words)}" if error and not head else translated(line)


def _tell_unwritten(error: OSError) -> None:
    if not isinstance(error, BrokenPipeError):  # whoever closed a pipe has seen enough
        _say(f"the output could not be written: {error.strerror or error}.")


def _say(words: str) -> None:
    print(f"brokerkit: {translated(words)}", file=sys.stderr, flush=True)
