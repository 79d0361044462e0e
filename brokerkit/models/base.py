"""What all common models share: immutable, nothing unknown gets in."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Base of the common models: immutable, nothing unknown gets in.

    Each of them is built when it is first used, as are all our models: a program uses few of them. Before pydantic 2.14
    two threads that used one for the first time could meet it half built.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", cache_strings="keys", defer_build=True)
