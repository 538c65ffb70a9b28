"""The code model's text is Python that means what the model says."""

from __future__ import annotations

import ast
import math
from typing import Any

import pytest
from aerodrome.render import code
from aerodrome.render.emit import emit
from hypothesis import given
from hypothesis import strategies as st

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(st.characters(exclude_categories=()), max_size=300),
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4)
)

ONE = code.Literal(1)
MAKERS = (
    code.Name,
    lambda name: code.Assign(name, ONE),
    lambda name: code.Call(code.Name("f"), (), {name: ONE}),
)


def text_of(value: Any) -> str:
    """Return the file `x = value`."""
    return emit(code.Module([], [], [code.Assign("x", code.literal(value))]))


def value_of(text: str) -> Any:
    """Return what the file gives x."""
    names: dict[str, Any] = {}
    exec(compile(text, "x.py", "exec"), names)
    return names["x"]


@given(VALUES)
def test_any_json_value_comes_back(value: Any) -> None:
    """Literals, deep or long, with whatever text."""
    assert value_of(text_of(value)) == value


@given(st.text(st.characters(exclude_categories=())))
def test_a_text_is_plain_printable_characters(text: str) -> None:
    """No control character, none that turns the reading direction, no space that is not the plain one."""
    assert all(line.isprintable() for line in text_of({"k": [text]}).split("\n"))


@pytest.mark.parametrize(
    "value", [2**20_000, -(2**20_000), 10**4000, 0, -1, math.inf, -math.inf], ids=range(7)
)
def test_numbers_that_python_does_not_read_in_decimal(value: float) -> None:
    """Long integers are written in hexadecimal, the endless floats by name."""
    assert value_of(text_of(value)) == value


def test_not_a_number_stays_so() -> None:
    """NaN equals nothing, not even itself."""
    assert math.isnan(value_of(text_of(math.nan)))


@given(st.lists(st.text(alphabet="ab \n", max_size=200), max_size=3))
def test_long_texts_stand_in_short_lines(texts: list[str]) -> None:
    """A text of many lines or of one long line is cut into pieces."""
    assert max(len(line) for line in text_of({"key": texts}).split("\n")) <= 110


@pytest.mark.parametrize("name", ["", "a b", "a;b", "class", "x=1", "1a", "\uff41", "a\n", "None"])
def test_what_is_no_identifier_cannot_be_written_as_code(name: str) -> None:
    """Variables, attributes and keywords are checked where the model is made."""
    for make in MAKERS:
        with pytest.raises(ValueError, match="not an identifier"):
            make(name)


def test_a_comment_stays_one_line() -> None:
    """A file name with a line feed does not become code."""
    text = emit(code.Module(["from a\nimport os"], [], [code.Blank()]))
    assert ast.parse(text).body == []


def test_only_json_values_are_literals() -> None:
    """Anything else is a mistake of ours."""
    with pytest.raises(TypeError):
        code.literal(object())
