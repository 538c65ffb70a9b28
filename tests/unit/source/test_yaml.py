"""YAML 1.2 as plain data, and what of it is refused, with the place."""

from __future__ import annotations

import pytest
from aerodrome.errors import ProblemsFound
from aerodrome.source.document import parse_document
from aerodrome.source.place import Positions


def refused(text: str) -> str:
    """Return the first line of what is said about *text*."""
    with pytest.raises(ProblemsFound) as found:
        parse_document(text, "x.yaml")
    return str(found.value).partition("\n")[0]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("yes", "yes"), ("no", "no"), ("on", "on"), ("off", "off"), ("true", True), ("False", False),
        ("~", None), ("null", None), ("", None), ("2024-01-01", "2024-01-01"), ("12:30:45", "12:30:45"),
        ("0o17", 15), ("0x1F", 31), ("017", 17), ("1_000", "1_000"), ("1e3", 1000.0), ("-.5", -0.5),
        ("+1", 1), ("1.", 1.0), ("0b1", "0b1"),
        ("'true'", "true"), ('"\\u00e4"', "ä"), ("=", "="), ("http://x/y?z", "http://x/y?z"),
    ],
)  # fmt: skip
def test_unquoted_words_mean_what_the_core_schema_of_yaml_1_2_says(written: str, meant: object) -> None:
    """Only null, booleans and numbers are not text."""
    found = parse_document(f"a: {written}", "x.yaml").data["a"]
    assert (type(found), found) == (type(meant), meant)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", "x.yaml:3:1: duplicate key 'a'"),
        ("a:\n\tb: 1", "x.yaml:2:1: a tab in the indentation"),
        ("a: &x [*x]", "x.yaml:1:8: the alias *x stands inside what it names"),
        ("a: *x", "x.yaml:1:4: the alias *x names nothing above it"),
        ("<<: {a: 1}", "x.yaml:1:1: merge keys are not YAML 1.2"),
        (
            "a: !!python/object/apply:os.system [x]",
            "x.yaml:1:4: the tag !!python/object/apply:os.system is not allowed",
        ),
        ("a: !foo 1", "x.yaml:1:4: the tag !foo is not allowed"),
        ("1: a", "x.yaml:1:1: the key 1 is not text"),
        ("true: a", "x.yaml:1:1: the key true is not text"),
        ("? [a]\n: b", "x.yaml:1:3: a list or mapping cannot be a key"),
        ("&k a: 1\n*k : 2", "x.yaml:2:1: an alias cannot be a key"),
        ("a: 1\n---\nb: 2", "x.yaml:2:1: a second document"),
        ("%YAML 1.1\n---\na: 1", "x.yaml:1:1: files are read as YAML 1.2"),
        ("", "x.yaml:1:1: the file is empty"),
        ("# only this\n", "x.yaml:1:1: the file is empty"),
        ("a: .nan", "x.yaml:1:4: .nan is not a number that JSON can carry"),
        ("a: 1e999", "x.yaml:1:4: 1e999 is too large a number"),
        ('a: "\\0"', "x.yaml:1:4: text holds the character U+0000"),
        ("a: b\x01", "x.yaml:1:5: the character U+0001 must not stand in a YAML file as it is"),
        ("a: b\x85c", "x.yaml:1:5: the character U+0085 must not stand in a YAML file as it is"),
        ("a: @b", "x.yaml:1:4: text must not start with '@'"),
        ("a: 'b", "x.yaml:1:6: not YAML: found unexpected end of stream"),
        ("a: b: c", "x.yaml:1:5: not YAML: mapping values are not allowed in this context"),
    ],
)
def test_what_json_could_not_say_or_nobody_means_is_refused_with_its_place(text: str, said: str) -> None:
    """Line, column and reason of each."""
    assert refused(text) == said


def test_an_anchors_bomb_is_refused_before_it_is_written_out() -> None:
    """Nine aliases of nine aliases, nine deep, would be 387 million values."""
    lines = ["a0: &a0 x"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    assert "more than 100,000 values" in refused("\n".join(lines))


def test_aliases_within_reason_stand_for_what_they_name() -> None:
    """An alias has the value of its anchor and a place of its own."""
    found = parse_document("a: &x {k: [1]}\nb: *x", "x.yaml")
    assert found.data["b"] == {"k": [1]}
    assert Positions(found.place).locate(("b",)) == (2, 4)


@pytest.mark.parametrize("character", ["[", "{a: "])
def test_endless_nesting_is_refused_at_once(character: str) -> None:
    """At the same place however many brackets follow: nothing is made of those."""
    found = {refused(character * number) for number in (41, 1_000, 100_000)}
    assert len(found) == 1 and "more than 40 lists and mappings" in found.pop()


def test_places_are_those_of_keys_and_of_values() -> None:
    """Lines and columns start at 1; unknown paths have the place of the nearest ancestor."""
    places = Positions(parse_document("a:\n  - b: 1\n    ä: 'x'\n", "x.yaml").place)
    assert places.locate(("a", 0, "ä")) == (3, 8)
    assert places.locate_key(("a", 0, "ä")) == (3, 5)
    assert places.locate(("a", 0, "zz", 7)) == (2, 5)
    assert places.locate(("zz",)) == (1, 1)
