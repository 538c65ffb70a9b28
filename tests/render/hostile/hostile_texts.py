"""Texts that could break out of where they stand, and the ways in which a template can say one."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from hypothesis import strategies as st

OPENERS = ("{{", "{%", "{#")
FRAGMENTS = [
    '"', "'", '"""', "'''", "\\", "\\n", "\n", "\r\n", "\r", "\t", ")", "(", "]", "}", "{", ",", "#", ";",
    "\n#", "\\\n", "{{ ds }}", "{{", "}}", "{%", "%}", "{#", "#}", "{# x #}", "{{ ti.xcom_pull() }}",
    "{% raw %}", "{% endraw %}", "{{ 7 * 7 }}", "{{ conn.warehouse }}", "{%- if x -%}", "{{ ''.__class__ }}",
    "%(x)s", "%s", "{0}", "import os\n", "\nimport os; os._exit(1)\n", '")\nimport os\n("',
    "'+__import__('os').name+'", "f'{1}'", "\\x41", "\\u0041", "\\N{BULLET}", "$x", "$f", "{$x: a}",
    "!!python/object:os.system", "&a", "*a", "<<: *a", "- a", "a: b", "? a", "---", "...", "| ", "> ",
    "|2-\n", "%YAML 1.1", "null", "yes", "0o7", "1e3", "~", "@daily", ".md", ".sql", "x.sql", ".sh", ".html",
    "\u202e", "\u2066", "\u200b", "\ufeff", "\u2028", "\u2029", "\x85", "\xa0", "\x01", "\x1b[2J", "\x7f",
    "\x80", "\ufffe", "😀", "\U000e0041", "é", "e\u0301", "\uff0e\uff0f", "../../etc/passwd", "tenant:other",
    "  # line 9", "   ", "\x0b", "\x0c", "\x1c", "return_value", "airflow.sdk", "Reference(task='a')",
]  # fmt: skip
ENDS = ["", "", "", "\n", "\r\n", "\n\n", " ", "\\", ".sql", ".md"]
# What no file can say and no database can store.
UNSTORABLE = ["\x00", "\ud800", "\udfff"]


def texts(*more: str) -> st.SearchStrategy[str]:
    """Return hostile texts; *more*: further fragments of them."""
    fragments = st.sampled_from([*FRAGMENTS, *more])
    anything = st.characters(exclude_categories=() if more else ("Cs",), exclude_characters="\0")
    several = st.lists(fragments, min_size=2, max_size=9).map("".join)
    long = st.tuples(fragments, st.text(anything, min_size=30, max_size=300), fragments).map("".join)
    short = st.text(anything, max_size=40)
    # The end of a text is where file names, line ends and escapes of quotes are looked for.
    return st.tuples(several | short | long, st.sampled_from(ENDS)).map("".join)


@dataclass(frozen=True)
class Draw:
    """A text, and the number of the way in which a template says it."""

    text: str
    way: int


@dataclass(frozen=True)
class Pool:
    """The texts of one example; which place gets which is another in each example.

    *fixed*: texts of some places, by name, that stand there as they are; *fitted*: those that were asked for.
    """

    draws: Sequence[Draw]
    seed: int
    fixed: Mapping[str, str] = field(default_factory=dict)
    fitted: dict[str, str] = field(default_factory=dict, init=False, compare=False, repr=False)

    def draw(self, place: str) -> Draw:
        """Return the text for the place of that name, always the same."""
        return self.draws[zlib.crc32(f"{self.seed} {place}".encode()) % len(self.draws)]


def holds_opener(text: str) -> bool:
    """Return whether Jinja would see more than text in *text*."""
    return any(opener in text for opener in OPENERS)


def as_text(text: str) -> str:
    """Return *text* itself where it is no template."""
    return literal(text) if holds_opener(text) else text


def raw(text: str) -> str:
    """Return *text* in a raw block, where it can stand in one."""
    # Jinja writes every line end of a template as a line feed.
    return literal(text) if "endraw" in text or "\r" in text else f"{{% raw %}}{text}{{% endraw %}}"


def literal(text: str) -> str:
    """Return an expression that is a literal of *text*."""
    return f"{{{{ {_quoted(text)} }}}}"


def behind_comment(text: str) -> str:
    """Return *text* behind a comment that looks like other things."""
    return "{# ' {{ ds }} {% raw %} #}" + literal(text)


def from_variable(text: str) -> str:
    """Return a template that sets a name to *text* and writes it."""
    return f"{{% set x = {_quoted(text)} %}}{{{{ x }}}}"


def from_condition(text: str) -> str:
    """Return a template that chooses *text*."""
    return f"{{% if true %}}{literal(text)}{{% else %}}{literal('no')}{{% endif %}}"


def beside(text: str) -> str:
    """Return *text* behind an expression that is empty, where it is text to Jinja."""
    return literal(text) if holds_opener(text) or "\r" in text else "{{ '' }}" + text


WAYS: Sequence[Callable[[str], str]] = (
    as_text, as_text, beside, raw, literal, behind_comment, from_variable, from_condition,
)  # fmt: skip
POOLS = st.builds(
    Pool,
    st.lists(st.builds(Draw, texts(), st.integers(0, len(WAYS) - 1)), min_size=6, max_size=6),
    st.integers(0, 999),
)


def _quoted(text: str) -> str:
    return "'" + text.encode("unicode_escape").decode().replace("'", "\\'") + "'"
