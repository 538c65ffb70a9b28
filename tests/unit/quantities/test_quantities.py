"""Durations and sizes as people write them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from aerodrome.quantities import (
    DURATION_PATTERN,
    Duration,
    format_duration,
    format_memory,
    parse_duration,
    parse_memory,
)
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from common_plugins.catalogue.base import Seconds

WRITTEN = st.text("0123456789dhms \u0661.-+\n", max_size=24) | st.from_regex(DURATION_PATTERN) | st.text()
OF_PARAMETERS = TypeAdapter(Seconds)


@given(st.integers(1, 3650 * 86400))
def test_a_duration_survives_being_written_and_read(seconds: int) -> None:
    """Whole seconds are what people can write."""
    assert parse_duration(format_duration(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@given(st.integers(1, 2**20), st.sampled_from([2**10, 2**20, 2**30]))
def test_a_size_survives_being_written_and_read(count: int, unit: int) -> None:
    """Multiples of the smallest unit are what people can write."""
    assert parse_memory(format_memory(count * unit)) == count * unit


@pytest.mark.parametrize(
    "text", ["", "1", "h", "1h 30m", "30m1h", "-1h", "1.5h", "1H", "\u0661h", 90, None, True]
)
def test_other_ways_to_write_a_duration_are_refused(text: object) -> None:
    """There is one way to write a duration."""
    with pytest.raises(ValueError, match="write a duration"):
        parse_duration(text)


def meant(parse: Callable[[str], timedelta], text: str) -> timedelta | None:
    """Return what *text* means to *parse*; None where it is refused."""
    try:
        return parse(text)
    except ValueError:
        return None


@given(WRITTEN)
def test_a_duration_means_the_same_wherever_it_is_written(text: str) -> None:
    """In a manifest's own fields and in the parameters of an operator; what is taken, an editor takes as well."""
    found = meant(parse_duration, text)
    assert found == meant(lambda said: timedelta(seconds=OF_PARAMETERS.validate_python(said)), text)
    assert found is None or re.search(DURATION_PATTERN, text)


@pytest.mark.parametrize("text", ["", "512", "512M", "0Mi", "1.5Gi", "Mi", 512, True, None])
def test_other_ways_to_write_a_size_are_refused(text: object) -> None:
    """A number without a unit is more often a mistake than bytes."""
    with pytest.raises(ValueError, match="write a size"):
        parse_memory(text)


@pytest.mark.parametrize("text", ["0s", "3651d"])
def test_no_time_at_all_and_more_than_ten_years_are_refused(text: str) -> None:
    """Either would break the scheduler's arithmetic."""
    with pytest.raises(ValidationError, match="must be more than 0s and 3650d at most"):
        TypeAdapter(Duration).validate_python(text)
