"""The language in which the program speaks to people (언어). Programs are told the same in every language."""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from brokerkit.cli.consoles import can_write
from brokerkit.languages import ENGLISH, KOREAN, LANGUAGES, VARIABLE, Language, named

OPTION = "--lang"
FOR_PROGRAMS = ("--json", "--csv")
"""Options with which programs read what is printed."""
LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")
"""Variables by which a system says its language; the first that is set counts, as POSIX has it."""
OURS = (KOREAN, "korean")
"""How locales of Korean begin; the second is that of Windows."""
SAMPLE = "가힣"


def native(environment: Mapping[str, str] = os.environ) -> Language:
    """Return the language of a run whose command line asks for none."""
    if environment.get(VARIABLE, "").strip():
        return _written(named(environment[VARIABLE]) or ENGLISH)
    said = next((environment[name] for name in LOCALES if environment.get(name)), "") or _of_windows()
    return _written(KOREAN if said.replace("_", ".").partition(".")[0].lower() in OURS else ENGLISH)


def _of_windows() -> str:
    """Return the locale of the user where that stands in no variable: Korean_Korea.949; else a blank."""
    return locale.setlocale(locale.LC_CTYPE) if sys.platform == "win32" else ""


def asked(command: Any, words: Iterable[str]) -> Language | None:
    """Return the language that a command line asks for, None where it leaves it to its surroundings.

    ValueError for one that there is not.
    """
    words = list(words)
    if not any(word.partition("=")[0] in (OPTION, *FOR_PROGRAMS) for word in words):
        return None
    options = dict(options_among(command, words))
    word = options.get(OPTION)
    wanted = None if word is None else named(word)
    if word is not None and wanted is None:
        raise ValueError(f"{word!r} is no language. There are {' and '.join(LANGUAGES)}.")
    if any(option in options for option in FOR_PROGRAMS):
        return ENGLISH
    return None if wanted is None else _written(wanted)


def options_among(command: Any, words: Iterable[str]) -> Iterator[tuple[str, str | None]]:
    """Yield the options among the words, each with its value: none that is a value itself, nor stands after `--`."""
    words = iter(words)
    for word in words:
        if word == "--":
            return
        name, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
        options = [each for each in command.params if each.param_type_name == "option" and name in each.opts]
        takes_value = name == OPTION or any(not each.is_flag for each in options)
        if options or name in (OPTION, *FOR_PROGRAMS):
            yield name, value if equals else next(words, None) if takes_value else None
        else:
            command = getattr(command, "commands", {}).get(word, command)


def _written(language: Language) -> Language:
    """Return a language that these consoles can write: English rather than question marks."""
    return language if all(can_write(stream, SAMPLE) for stream in (sys.stdout, sys.stderr)) else ENGLISH
