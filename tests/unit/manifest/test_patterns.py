"""Patterns of params: those that Python matches in linear time are accepted, no others."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from aerodrome.manifest.patterns import LONGEST, complaint
from hypothesis import example, given, settings
from hypothesis import strategies as st

FINE = [
    "",
    "^$",
    "hello",
    "a" * LONGEST,
    "[A-Z]{3}",
    "JFK|LGA|EWR",
    r"^\d{4}-\d{2}-\d{2}$",
    "^[a-z0-9_-]+$",
    "^(dev|demo|test|prod)$",
    "^(a|b|c)*$",
    "^.{1,400}$",
    "^a{0,1000}$",
    r"^[^@]+@[^@.]+(\.[^@.]+)+$",
    r"^s3://[a-z0-9.-]{3,63}/.*$",
    r"^(?:v|V)?\d+\.\d+(\.\d+)??$",
    r"^\s*\S+\s*$",
    r"^[0-9]+\D+$",
    "^[ä-ü]+[^ä-ü]$",
    r"^\w+-é?$",
    r"^(?P<name>x+)y\b",
]
SLOW = [
    "^(a+)+$",
    "(a+)+$",
    "^(a*)*$",
    "^(a|a)*$",
    "^(a|ab|b)*$",
    "^a*a*$",
    r"^\d*\.?\d*$",
    r"^\d+\w+$",
    r"^(\w+\s?)*$",
    r"^[^@]+@[^@]+\.[^@]+$",
    "^(a?){30}a{30}$",
    "^" + "a?" * 100 + "a" * 100 + "$",
    "^((a{1,10}){1,10}){1,10}$",
    "^.*foo.*$",
    "a+b",
    "[a-z]*",
    "^a|b+c",
    "^[é-ü]*[ê-ÿ]*$",
]
NOT_ALLOWED = {
    r"^(a)\1$": "'groupref' is not allowed",
    "^(?=a)": "'assert' is not allowed",
    "^(?<!a)b": "'assert not' is not allowed",
    "^(?>a+)b": "'atomic group' is not allowed",
    "^a++b": "'possessive repeat' is not allowed",
    "^(a)?(?(1)b|c)": "'groupref exists' is not allowed",
    "(?i)a": "flags such as '(?i)' are not allowed",
    "^(?s:.)": "'subpattern' is not allowed",
    "^a{1,3000}$": "it is too large to be examined",
    "^(a?){900}$": "it is too large to be examined",
    "(": "not a regular expression: missing ), unterminated subpattern at position 0",
    "a" * (LONGEST + 1): f"may have {LONGEST} characters at most",
}


@pytest.mark.parametrize("pattern", FINE)
def test_patterns_that_people_write_are_accepted(pattern: str) -> None:
    """Anchored, or without parts that repeat without end."""
    assert complaint(pattern) is None


@pytest.mark.parametrize("pattern", SLOW)
def test_a_pattern_that_some_text_makes_slow_is_refused(pattern: str) -> None:
    """Exponential or quadratic: the length of the text is not limited."""
    message, remedy = complaint(pattern) or ("", "")
    assert message.startswith("some texts can be read in too many ways")
    assert "begin it with '^'" in remedy


@pytest.mark.parametrize("pattern", NOT_ALLOWED)
def test_what_cannot_be_examined_is_refused(pattern: str) -> None:
    """Look-arounds, references, flags, and what is too large."""
    message, _ = complaint(pattern) or ("", "")
    assert message == NOT_ALLOWED[pattern]


def test_an_examination_is_short() -> None:
    """Whatever stands in the pattern."""
    patterns = [
        *FINE,
        *SLOW,
        *NOT_ALLOWED,
        "^(" * 60 + "a" + ")*" * 60,
        "^[ab]*a[ab]{20}$",
        "^(((a{9}){9}){9}){9}$",
    ]
    for pattern in patterns:
        begun = time.process_time()
        complaint(pattern)
        assert time.process_time() - begun < 1, pattern


parts = st.recursive(
    st.sampled_from(["a", "b", "ab", "[ab]", "[^a]", ".", r"\w"]),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map("".join),
        st.lists(inner, min_size=2, max_size=3).map(lambda several: f"({'|'.join(several)})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "*?", "{2}", "{0,3}", "{1,}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(["", "^"]), parts, st.sampled_from(["", "$", "c$"]))
@example("^", "(?:a|b)*", "c$")
def test_what_is_accepted_is_fast(begin: str, body: str, end: str) -> None:
    """On long texts that almost fit; a slow one would hold this test until its time limit."""
    pattern = begin + body + end
    if complaint(pattern) is not None:
        return
    compiled = re.compile(pattern)
    for text in ("a" * 3000, "ab" * 1500, "b" * 3000, "aab" * 1000):
        begun = time.process_time()
        compiled.search(text + "\n!")
        assert time.process_time() - begun < 0.5, pattern


def test_a_slow_pattern_is_told_at_its_place(repository: Any) -> None:
    """With what would mend it."""
    found, place = repository.marked(
        "dag_id: daily\nparams: {x: {default: a, pattern: →'^(a+)+$'}}\ntasks: [{id: a, uses: flow.empty}]\n"
    )
    assert found[0].startswith(f"{place}params.x.pattern: some texts can be read in too many ways")
