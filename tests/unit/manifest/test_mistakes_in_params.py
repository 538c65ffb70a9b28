"""Every mistake in a param is told with file, line, column, field and a way to mend it. → marks the place."""

# ruff: noqa: E501 - a table with one case a line
from __future__ import annotations

from typing import Any

import pytest

ALTERED = (
    "a list with mappings in it, and other values beside them, is changed when Airflow stores it\n"
    "    let each item be a mapping, or put the list into one: {default: {rows: [...]}}"
)
HEAD = "dag_id: daily\nschedule: '@daily'\nstart_date: 2024-01-01\n"
TASKS = "tasks: [{id: a, uses: flow.empty}]\n"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("params: {day: {default: →5, type: string}}", "params.day.default: must be of type string, not 5"),
        ("params: {day: {default: →true, type: integer}}", "params.day.default: must be of type integer, not True"),
        ("params: {day: {default: →9, maximum: 5}}", "params.day.default: must be 5 or less"),
        ("params: {day: {default: →c, enum: [a, b]}}", "params.day.default: 'c' is not in enum"),
        ("params: {day: {default: →[true], enum: [[1]]}}", "params.day.default: [True] is not in enum"),
        ("params: {day: {default: →{a: 1}, enum: [{a: true}]}}", "params.day.default: {'a': 1} is not in enum"),
        ("params: {day: →{type: string}}", "params.day: needs a default: scheduled runs get no value from anybody\n    add default:"),
        ("params: {day: {default: a, →defalt: b}}", "params.day.defalt: unknown key 'defalt'\n    did you mean 'default'?"),
        ("params: {day: {default: a, type: →strin}}", "params.day.type: unknown value 'strin'\n    did you mean 'string'?"),
        ("params: {day: {default: a, pattern: →'('}}", "params.day.pattern: not a regular expression: missing ), unterminated subpattern at position 0"),
        ("params: {day: {default: [], items: {→$ref: 'http://x'}}}", "params.day.items.$ref: unknown key '$ref'\n    allowed: description, enum, format, items, maxLength, maximum, minLength, minimum, title, type"),
        ("params: {day: {default: [], items: {type: →strin}}}", "params.day.items.type: unknown value 'strin'\n    did you mean 'string'?"),
        ("params: {day: {default: [], items: {minLength: 2, maxLength: →1}}}", "params.day.items.maxLength: must not be less than minLength (2)"),
        ("params: {day: {default: [a, →5], items: {type: string}}}", "params.day.default[1]: must be of type string, not 5"),
        ("params: {day: {default: →31.1.2024, format: date}}", "params.day.default: '31.1.2024' is not of format date, such as 2024-01-31"),
        ("params: {day: {default: →2024-01-31T06:00:00, format: date-time}}", "params.day.default: '2024-01-31T06:00:00' is not of format date-time, such as 2024-01-31T06:00:00Z"),
        ("params: {day: {default: →6 h, format: time}}", "params.day.default: '6 h' is not of format time, such as 06:00:00"),
        ("params: {day: {default: →nobody, format: email}}", "params.day.default: 'nobody' is not of format email, such as team@example.org"),
        ("params: {day: {default: →no address, format: uri}}", "params.day.default: 'no address' is not of format uri, such as https://example.org/data"),
        ("params: {day: {default: x, type: →null}}", "params.day.type: write 'null' in quotes: without them it means no value at all"),
        ("params: {day: {default: x, type: →[string, null]}}", "params.day.type: write 'null' in quotes: without them it means no value at all"),
        ("params: {day: {default: x, type: →[string, string]}}", "params.day.type: needs one or more types, each of them once"),
        ("params: {day: {default: [], items: {type: →[]}}}", "params.day.items.type: needs one or more types, each of them once"),
        ("params: {day: {default: →jfk, pattern: '^[A-Z]{3}$'}}", "params.day.default: 'jfk' does not match the pattern '^[A-Z]{3}$'"),
        ("params: {day: {default: →[1, {a: 1}]}}", f"params.day.default: {ALTERED}"),
        ("params: {day: →[[{a: 1}]]}", f"params.day: {ALTERED}"),
        ("environments: {local: {params: {day: →[1, {a: 1}]}}}", f"params.day: {ALTERED}"),
    ],
)  # fmt: skip
def test_mistakes_in_params(repository: Any, line: str, said: str) -> None:
    """Each default must meet what its param declares, and come back from Airflow's database as it is."""
    found, place = repository.marked(f"{HEAD}{line}\n{TASKS}")
    assert found == [place + said]


def test_a_catastrophic_pattern_does_not_hold_the_loader(repository: Any) -> None:
    """A pattern is matched only when it was found to be harmless, and this one is not."""
    param = "params: {x: {default: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!, pattern: '(a+)+$'}}"
    (told,) = repository.problems(f"dag_id: daily\n{param}\ntasks: [{{id: a, uses: flow.empty}}]\n")
    assert "params.x.pattern: some texts can be read in too many ways" in told
