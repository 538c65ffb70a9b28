r"""Which regular expressions a manifest may use: those whose matching takes a time that grows with the text alone.

Airflow matches a param's pattern against what somebody sends, in the API server when a run is started by hand or by
another DAG. Python's matcher tries one way after another, and no other thread runs meanwhile: `^(a+)+$` and 40
characters stop the API server for hours, for all tenants.

The matcher's work is the number of ways in which the beginnings of a text can be read. `complaint` reads the pattern
as an automaton and follows, for all texts at once, how many ways are open: a pattern with never more than WAYS is fine.
That is exact but for `\b` and `$`, which count as always true. Without a `^` each character opens ways of its own.
"""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import pairwise
from typing import Any

from re import _constants as codes, _parser  # type: ignore[attr-defined]  # isort: skip

LONGEST = 500
WAYS = 32
_PARTS = 2000
_SITUATIONS = 3000

Ways = tuple[tuple[int, int], ...]
"""The parts of a pattern that the next character may meet, and in how many ways each."""


class _RefusedError(Exception):
    """The pattern is refused: message and remedy."""


_SLOW = (
    "some texts can be read in too many ways: matching them would stop Airflow for all",
    "begin it with '^', and let parts that repeat differ from what follows them: '^[a-z]+(-[a-z]+)*$'",
)
_LARGE = (
    "it is too large to be examined",
    "shorten it; minLength and maxLength limit a text's length",
)


def complaint(pattern: str) -> tuple[str, str] | None:
    """Return what is wrong with *pattern* and how to mend it, or None."""
    if len(pattern) > LONGEST:
        return f"may have {LONGEST} characters at most", ""
    try:
        with warnings.catch_warnings():
            # What a later Python may read differently is no mistake today.
            warnings.simplefilter("ignore", FutureWarning)
            re.compile(pattern)
    except (re.error, RecursionError, OverflowError, MemoryError) as problem:
        return f"not a regular expression: {problem}", ""
    try:
        _examine(_parser.parse(pattern))
    except RecursionError:
        return _LARGE
    except _RefusedError as refused:
        return refused.args[0], refused.args[1]
    return None


def _examine(tree: Any) -> None:
    if tree.state.flags & ~re.UNICODE:
        raise _RefusedError("flags such as '(?i)' are not allowed", "write the letters: '[Aa]'")
    # Python looks for plain text in one go, however often it begins.
    if not all(code is codes.LITERAL for code, _ in tree):
        automaton = _Automaton(_Alphabet.of(tree))
        start = automaton.build(tree, automaton.end)
        _follow(automaton, automaton.ways(start), anchored=_is_anchored(tree))


# Characters: each ASCII character for itself; the others in ranges, as the pattern tells them apart.


@dataclass(frozen=True)
class _Letter:
    """The characters from *low* to *high* that are of one *kind*: `d` digit, `w` other word, `s` space, or none."""

    low: int
    high: int
    kind: str


@dataclass(frozen=True)
class _Alphabet:
    letters: tuple[_Letter, ...]

    @classmethod
    def of(cls, tree: Any) -> _Alphabet:
        """Return the characters that the pattern can tell apart, or more."""
        bounds = {128, 0x110000}
        for low, high in _ranges(tree):
            bounds |= {bound for bound in (low, high + 1) if bound > 128}
        ascii_ = [_Letter(code, code, _kind(code)) for code in range(128)]
        others = [letter for low, after in pairwise(sorted(bounds)) for letter in _letters(low, after - 1)]
        return cls((*ascii_, *others))

    def matching(self, test: Callable[[_Letter], bool]) -> int:
        """Return a number with a bit for each letter that meets *test*."""
        return sum(1 << index for index, letter in enumerate(self.letters) if test(letter))


def _letters(low: int, high: int) -> Iterator[_Letter]:
    if low == high:
        yield _Letter(low, high, _kind(low))
    else:
        # Which of them the range really has is not asked: one too many refuses a pattern at worst.
        yield from (_Letter(low, high, kind) for kind in ("d", "w", "s", ""))


def _kind(code: int) -> str:
    character = chr(code)
    if character.isdecimal():
        return "d"
    return "w" if character.isalnum() or character == "_" else "s" if character.isspace() else ""


def _ranges(tree: Iterable[Any]) -> Iterator[tuple[int, int]]:
    """Yield the first and last character of each range that the pattern names."""
    for code, value in tree:
        if code in (codes.LITERAL, codes.NOT_LITERAL):
            yield value, value
        elif code is codes.RANGE:
            yield value
        elif code is codes.IN:
            yield from _ranges(value)
        else:
            for part in _inner(code, value):
                yield from _ranges(part)


def _inner(code: Any, value: Any) -> Sequence[Any]:
    if code is codes.BRANCH:
        return list(value[1])
    return [value[-1]] if code in (codes.SUBPATTERN, *_REPEATS) else []


_REPEATS = (codes.MAX_REPEAT, codes.MIN_REPEAT)
_KINDS: dict[Any, tuple[str, bool]] = {
    codes.CATEGORY_DIGIT: ("d", True),
    codes.CATEGORY_NOT_DIGIT: ("d", False),
    codes.CATEGORY_WORD: ("dw", True),
    codes.CATEGORY_NOT_WORD: ("dw", False),
    codes.CATEGORY_SPACE: ("s", True),
    codes.CATEGORY_NOT_SPACE: ("s", False),
}


def _test(code: Any, value: Any) -> Callable[[_Letter], bool]:
    if code is codes.LITERAL:
        return lambda letter: letter.low == value
    if code is codes.RANGE:
        return lambda letter: bool(value[0] <= letter.low <= value[1])
    if code is codes.CATEGORY:
        kinds, wanted = _KINDS[value]
        return lambda letter: (bool(letter.kind) and letter.kind in kinds) is wanted
    raise AssertionError(code)


# The automaton: parts that take a character, and places between them that take none.


@dataclass
class _Automaton:
    alphabet: _Alphabet
    takes: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Part → the letters that it takes, and the place after it."""
    leads: dict[int, list[int]] = field(default_factory=dict)
    """Place → the parts and places to go on with."""
    end: int = 0
    _known: dict[int, Counter[int]] = field(default_factory=dict)

    def build(self, tree: Iterable[Any], after: int) -> int:
        """Return where a text for *tree* begins; *after*: where what follows begins."""
        for code, value in reversed(list(tree)):
            after = self._item(code, value, after)
        return after

    def _item(self, code: Any, value: Any, after: int) -> int:
        if code is codes.AT:
            return after
        if code is codes.BRANCH:
            return self._place([self.build(one, after) for one in value[1]])
        if code is codes.SUBPATTERN and not value[1] and not value[2]:
            return self.build(value[3], after)
        if code in _REPEATS:
            least, most, body = value
            return self._repeat(least, most, body, after)
        return self._part(self._letters(code, value), after)

    def _letters(self, code: Any, value: Any) -> int:
        everything = self.alphabet.matching(lambda _: True)
        if code is codes.ANY:
            return everything & ~self.alphabet.matching(lambda letter: letter.low == ord("\n"))
        if code is codes.NOT_LITERAL:
            return everything & ~self.alphabet.matching(_test(codes.LITERAL, value))
        if code is codes.LITERAL:
            return self.alphabet.matching(_test(code, value))
        if code is codes.IN:
            tests = [self.alphabet.matching(_test(*one)) for one in value if one[0] is not codes.NEGATE]
            found = reduce(int.__or__, tests, 0)
            return everything & ~found if value[0][0] is codes.NEGATE else found
        name = str(code).lower().replace("_", " ")
        raise _RefusedError(
            f"'{name}' is not allowed",
            "no look-arounds, references to groups, flags or possessive repetitions",
        )

    def _repeat(self, least: int, most: Any, body: Any, after: int) -> int:
        if most is codes.MAXREPEAT:
            if body.getwidth()[0] == 0:
                raise _RefusedError(*_SLOW)
            loop = self._place([])
            self.leads[loop] = [self.build(body, loop), after]
            after = loop
        else:
            behind = after
            for _ in range(most - least):
                after = self._place([self.build(body, after), behind])
        for _ in range(least):
            after = self.build(body, after)
        return after

    def _part(self, letters: int, after: int) -> int:
        number = self._number()
        self.takes[number] = (letters, after)
        return number

    def _place(self, leads: list[int]) -> int:
        number = self._number()
        self.leads[number] = leads
        return number

    def _number(self) -> int:
        number = len(self.takes) + len(self.leads) + 1
        if number > _PARTS:
            raise _RefusedError(*_LARGE)
        return number

    def ways(self, place: int) -> Counter[int]:
        """Return the parts that may take the next character at *place*, and in how many ways each is reached."""
        if place in self.takes:
            return Counter({place: 1})
        if place not in self._known:
            self._known[place] = sum((self.ways(one) for one in self.leads.get(place, ())), Counter())
        return self._known[place]


def _is_anchored(tree: Any) -> bool:
    if not tree:
        return False
    code, value = tree[0]
    if code is codes.BRANCH:
        return all(_is_anchored(one) for one in value[1])
    if code is codes.SUBPATTERN:
        return _is_anchored(value[3])
    return code is codes.AT and value in (codes.AT_BEGINNING, codes.AT_BEGINNING_STRING)


def _follow(automaton: _Automaton, start: Counter[int], *, anchored: bool) -> None:
    """Refuse the pattern where some text opens more than WAYS."""
    letters = _distinct(automaton)
    always = Counter[int]() if anchored else start
    seen, waiting = {_frozen(start)}, [start]
    while waiting:
        ways = waiting.pop()
        if ways.total() > WAYS:
            raise _RefusedError(*_SLOW)
        for letter in letters:
            after = always + _step(automaton, ways, letter)
            if (frozen := _frozen(after)) not in seen:
                seen.add(frozen)
                waiting.append(after)
        if len(seen) > _SITUATIONS:
            raise _RefusedError(*_LARGE)


def _step(automaton: _Automaton, ways: Counter[int], letter: int) -> Counter[int]:
    after: Counter[int] = Counter()
    for part, number in ways.items():
        taken, place = automaton.takes[part]
        if taken & letter:
            for other, more in automaton.ways(place).items():
                after[other] += number * more
    return after


def _frozen(ways: Counter[int]) -> Ways:
    return tuple(sorted(ways.items()))


def _distinct(automaton: _Automaton) -> list[int]:
    """Return one letter, as a bit, of each set of letters that no part tells apart."""
    sets = sorted({taken for taken, _ in automaton.takes.values()})
    examples: dict[tuple[bool, ...], int] = {}
    for index in range(len(automaton.alphabet.letters)):
        examples.setdefault(tuple(bool(one >> index & 1) for one in sets), 1 << index)
    return list(examples.values())
