"""Values put into Korean texts: a particle (조사) has the form that the word before it wants."""

from __future__ import annotations

import re
from collections.abc import Sequence


def filled(korean: str, values: Sequence[str]) -> str:
    """Put values into their places, each with the form of its particle (조사) that its last letter wants."""

    def put(part: re.Match[str]) -> str:
        if part[1] is None:
            return part[0][0]  # a brace that is one, as the table has it twice
        return values[int(part[1])] + _form(values[int(part[1])], part[2] or "")

    return _PARTS.sub(put, korean)


_PARTICLES = {"은(는)": "은는", "이(가)": "이가", "을(를)": "을를", "과(와)": "과와", "(으)로": ("으로", "로")}
_PARTS = re.compile(rf"\{{\{{|\}}\}}|\{{([0-9]+)\}}({'|'.join(map(re.escape, _PARTICLES))})?")
_RIEUL = 8
"""Number of the final consonant ㄹ, after which (으)로 is 로."""
_FINALS = {**dict.fromkeys("036", 1), **dict.fromkeys("178LR", _RIEUL), **dict.fromkeys("MN", 1)}
"""Final consonants of digits and capitals as they are read out; the others have none."""


def _form(value: str, particle: str) -> str:
    """Return a particle as it follows a value; both forms where it is not known how the value is read."""
    forms = _PARTICLES.get(particle)
    letters = re.sub(r"\([^()]*\)|[^\w%]", "", value[-60:])
    last = letters[-1:]
    if forms is None or not last or (last.isascii() and last.islower()):
        return particle
    if "가" <= last <= "힣":
        final = (ord(last) - ord("가")) % 28
    elif last == "%" or (last.isascii() and last.isalnum()):
        final = _FINALS.get(last, 0)
    else:
        return particle
    return forms[0] if final and not (final == _RIEUL and particle == "(으)로") else forms[1]
