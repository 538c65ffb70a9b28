"""Whatever is written comes back, and whatever is not a document is told, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from aerodrome.errors import ProblemsFound
from aerodrome.source.document import parse_document, read_document
from aerodrome.source.place import Positions
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

text = st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=30)
numbers = st.integers(-(2**64), 2**64) | st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | text,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(text, inner, max_size=5),
    max_leaves=20,
)


class Quoting(yaml.SafeDumper):
    """Writes all text in double quotes: what is text without them is not the same in YAML 1.1 and 1.2."""

    def represent_str(self, data: str) -> yaml.ScalarNode:
        """Return *data* as a quoted scalar."""
        return self.represent_scalar("tag:yaml.org,2002:str", data, style='"')


Quoting.add_representer(str, Quoting.represent_str)


def paths(data: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Return the path of every value in *data*."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path, *(found for key, value in items for found in paths(value, (*path, key)))]


@given(values, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_any_value_written_as_json_comes_back_equal_and_placed(
    value: Any, ascii_only: bool, indent: Any
) -> None:
    """With and without escapes and line ends."""
    document = parse_document(json.dumps(value, ensure_ascii=ascii_only, indent=indent), "x.json")
    assert document.data == value
    assert all(Positions(document.place).find(path) for path in paths(value))


@given(values, st.sampled_from([True, False, None]))
def test_any_value_written_as_yaml_comes_back_equal_and_placed(value: Any, flow: bool | None) -> None:
    """In block and in flow style, as a YAML library writes it."""
    written = yaml.dump({"value": value}, Dumper=Quoting, default_flow_style=flow)
    document = parse_document(written, "x.yaml")
    assert document.data == {"value": value}
    assert all(Positions(document.place).find(path) for path in paths(document.data))


@given(text)
def test_any_text_written_as_a_yaml_1_2_string_comes_back_unaltered(value: str) -> None:
    """A JSON string of ASCII only is a YAML string, but for its surrogate pairs."""
    if all(ord(character) < 0x10000 for character in value):
        assert parse_document(f"a: {json.dumps(value)}", "x.yaml").data == {"a": value}


@pytest.mark.parametrize("name", ["x.yaml", "x.json"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=200) | st.text("[]{}:,-?&*!|>'\"%@`#\n\t ab1\\~<", max_size=60).map(str.encode)
)
def test_any_bytes_are_a_document_or_a_placed_mistake(tmp_path: Path, name: str, content: bytes) -> None:
    """Nothing but ProblemsFound is raised."""
    (tmp_path / name).write_bytes(content)
    try:
        read_document(tmp_path / name, name)
    except ProblemsFound as found:
        assert found.problems[0].line >= 1
