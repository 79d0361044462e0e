"""What all common models share: immutable, nothing unknown gets in."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Base of the common models: immutable, nothing unknown gets in."""

    model_config = ConfigDict(frozen=True, extra="forbid", cache_strings="keys")
