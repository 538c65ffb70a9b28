"""The notation in which helm/schema says what types keys have, and how texts find their keys."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aerodrome.errors import AerodromeError
from aerodrome.reference.chart import read_keys, values_schema
from aerodrome.reference.chart.schema import typed


@pytest.mark.parametrize(
    ("notation", "schema"),
    [
        ("string", {"type": "string"}),
        ("null or integer", {"type": ["null", "integer"]}),
        ("map", {"type": "object"}),
        ("object closed", {"type": "object", "additionalProperties": False}),
        ("one of A, B", {"enum": ["A", "B"]}),
        ("null or one of A", {"enum": ["A", None]}),
        ("null or array of string", {"type": ["null", "array"], "items": {"type": "string"}}),
        ("null or Probe", {"anyOf": [{"type": "null"}, {"$ref": "#/definitions/Probe"}]}),
        ("any", {}),
    ],
)
def test_a_type_becomes_a_schema(notation: str, schema: dict[str, Any]) -> None:
    """What a line of helm/schema/keys says is what is checked."""
    assert typed(notation) == schema


def written(folder: Path, keys: str, about: str) -> Path:
    """Write a source of a schema."""
    (folder / "keys").mkdir()
    (folder / "keys/all.yaml").write_text(keys)
    (folder / "about.yaml").write_text(f"names: {{a: the A}}\nabout:\n{about}")
    return folder


def test_the_pattern_that_spells_out_most_is_what_is_said(tmp_path: Path) -> None:
    """One sentence serves a key of all components; a component says otherwise by naming itself."""
    about = "  '**.name': any\n  '*.name': of {it}\n  b.name: B's own\n  '*': top\n"
    keys = "a: object\na.name: string\nb: object\nb.name: string\nb.c.name: string\nb.c: object\n"
    texts = {key.path: key.about for key in read_keys(written(tmp_path, keys, about + "  b.c: C\n"))}
    assert texts["a.name"] == "of the A"
    assert texts["b.name"] == "B's own"
    assert texts["b.c.name"] == "any"


def test_a_key_that_nothing_is_said_about_is_named(tmp_path: Path) -> None:
    """A key without a sentence is found when the pages are written."""
    with pytest.raises(AerodromeError, match="nothing about silent"):
        read_keys(written(tmp_path, "silent: string\n", "  other: text\n"))


def test_elements_of_lists_and_of_maps_have_keys_too(tmp_path: Path) -> None:
    """[] is each element of a list, {name} each key of a map."""
    keys = "a: map\na.{name}: object closed\na.{name}.b: array of object\na.{name}.b[].c: string\n"
    schema = json.loads(values_schema(read_keys(written(tmp_path, keys, "  '**': text\n")), "{}"))
    entry = schema["properties"]["a"]["additionalProperties"]
    assert entry["additionalProperties"] is False
    assert entry["properties"]["b"]["items"]["properties"]["c"]["type"] == "string"
