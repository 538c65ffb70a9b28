"""The base of every model that people write as YAML or JSON."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, Strict

from aerodrome.names import NAME_PATTERN

T = TypeVar("T")


class Model(BaseModel):
    """Unknown keys refused, no silent conversion, immutable."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        validate_default=True,
        arbitrary_types_allowed=True,
    )


# A YAML list is a tuple past the loader; only the container is converted, its items stay strict.
Many = Annotated[tuple[T, ...], Strict(False)]
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
EMAIL_PATTERN = r"^[^@\s,;<>\"]+@[^@\s,;<>\"]+$"
# Airflow stores the address of an owner in 500 characters; 254 is the longest that mail knows.
Email = Annotated[str, Field(pattern=EMAIL_PATTERN, max_length=254)]

PATTERNS = {
    NAME_PATTERN: "a name is lower-case letters, digits and '_', "
    "starts with a letter and has 63 characters at most",
    EMAIL_PATTERN: "an address is one mailbox, as team@example.org",
}
"""What to say to a person whose text does not fit a pattern."""
