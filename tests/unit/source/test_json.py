"""JSON through the same model, with places as good as YAML's."""

from __future__ import annotations

import pytest
from aerodrome.errors import ProblemsFound
from aerodrome.source.document import parse_document
from aerodrome.source.place import Positions


def test_what_json_alone_allows_is_read() -> None:
    """Escaped slashes, surrogate pairs, tabs between values and characters that YAML forbids."""
    found = parse_document(
        '{"a":\t"\\/\\ud83d\\ude00\x7f\x85\u2028",\r\n"b": [1, -2.5e1, true, null]}', "x.json"
    )
    assert found.data == {"a": "/😀\x7f\x85\u2028", "b": [1, -25.0, True, None]}


def test_places_in_json_are_those_of_keys_and_values() -> None:
    """Line ends of all kinds count."""
    places = Positions(parse_document('{\n "a": [\r\n  {"b":\r1}]}', "x.json").place)
    assert (places.locate(("a", 0, "b")), places.locate_key(("a", 0, "b"))) == ((4, 1), (3, 4))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"a": 1,}', "x.json:1:9: not JSON: a key in double quotes belongs here"),
        ("{a: 1}", "x.json:1:2: not JSON: a key in double quotes belongs here"),
        ('{"a": 1,\n "a": 2}', "x.json:2:2: duplicate key 'a'"),
        ("[1 2]", "x.json:1:4: not JSON: ',' or ']' belongs here"),
        ('["\\ud83d"]', "x.json:1:2: text holds half of a surrogate pair"),
        ('["\\u0000"]', "x.json:1:2: text holds the character U+0000"),
        ("[NaN]", "x.json:1:2: not JSON: NaN is not a number that JSON can carry"),
        ("[1] 2", "x.json:1:5: not JSON: something follows the end of the document"),
        ('["a\tb"]', "x.json:1:4: not JSON: invalid control character"),
        ('["a', "x.json:1:2: not JSON: unterminated string"),
        ("[tru]", "x.json:1:2: not JSON: unknown word; text needs double quotes"),
        (" ", "x.json:1:1: the file is empty"),
        ("[" * 100_000, "x.json:1:41: more than 40 lists and mappings inside one another"),
    ],
)
def test_mistakes_in_json_are_placed(text: str, said: str) -> None:
    """Line, column and reason of each."""
    with pytest.raises(ProblemsFound) as found:
        parse_document(text, "x.json")
    assert str(found.value).partition("\n")[0] == said
