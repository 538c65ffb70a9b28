"""The base of every model that people write as YAML or JSON."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, Strict

from aerodrome.names import NAME_PATTERN, TENANT_PATTERN

T = TypeVar("T")


class Model(BaseModel):
    """Unknown keys refused, no silent conversion, immutable."""

    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, populate_by_name=True, validate_default=True, arbitrary_types_allowed=True
    )


# A YAML list is a tuple past the loader; only the container is converted, its items stay strict.
Many = Annotated[tuple[T, ...], Strict(False)]
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
TenantName = Annotated[str, Field(pattern=TENANT_PATTERN)]
