"""A pseudonym hides the name and keeps the person."""

from __future__ import annotations

import pytest
from health.pseudonyms import pseudonym

KEY = "a key of the tests alone"


def test_the_same_person_keeps_one_pseudonym() -> None:
    """Case and spaces of a name change nothing."""
    assert pseudonym("Ana  Lima", KEY) == pseudonym(" ana lima ", KEY)


def test_another_key_gives_another_pseudonym() -> None:
    """Without the key a list of names is of no use."""
    assert pseudonym("Ana Lima", KEY) != pseudonym("Ana Lima", KEY + "!")


def test_a_short_key_is_refused() -> None:
    """A key that can be guessed is no key."""
    with pytest.raises(ValueError, match="fewer than 16 characters"):
        pseudonym("Ana Lima", "short")
