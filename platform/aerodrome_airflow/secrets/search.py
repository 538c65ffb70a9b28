"""Looking for secrets in content that is too large, or of the wrong kind, to be gone through as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from aerodrome_airflow.secrets.forms import SHORTEST

BLOCK = 256 * 1024
"""Bytes of a sensible piece: what is worked out of so many stays in a processor's own memory."""
_SMALL = 64 * 1024
# Of a long form its middle is looked for: beginnings, such as those of keys, are the same in many.
_LONGEST = 48
_TABLE_BITS = 16
_SPREAD = 0x9E3779B97F4A7C15
# With more places in a block than this to look at closely, looking everywhere is faster.
_MANY = 2000


class SecretFoundError(Exception):
    """The content holds a form of a secret."""


class Search:
    """Takes content in pieces, and raises SecretFoundError when one of *forms* is in it, across pieces too.

    Forms of fewer than eight bytes are not looked for: they would be found where nothing is secret.
    """

    def __init__(self, forms: Iterable[bytes]) -> None:
        self._needles = sorted({_needle(form) for form in forms if len(form) >= SHORTEST})
        self._overlap = max(map(len, self._needles), default=1) - 1
        self._end = b""

    def __bool__(self) -> bool:
        """Return whether there is something to look for."""
        return bool(self._needles)

    def feed(self, pieces: Iterable[bytes | memoryview]) -> None:
        """Look through the next *pieces*, which stand in memory a second time meanwhile."""
        if not self._needles:
            return
        content = b"".join((self._end, *pieces))
        if self._is_in(content):
            raise SecretFoundError
        self._end = content[max(0, len(content) - self._overlap) :]

    def _is_in(self, content: bytes) -> bool:
        if len(content) < _SMALL:
            return _holds(content, self._needles)
        return any(words.are_in(content) for words in self._words)

    @cached_property
    def _words(self) -> tuple[_Words, ...]:
        long = [needle for needle in self._needles if len(needle) >= 15]
        short = [needle for needle in self._needles if len(needle) < 15]
        return tuple(_Words(needles, width) for needles, width in ((long, 8), (short, 4)) if needles)


class _Words:
    """Needles by the words of *width* bytes in them: wherever one lies, it covers one word of the content as a whole.

    So each word of the content is looked up in a small table, and a needle is looked for where that says yes.
    """

    def __init__(self, needles: list[bytes], width: int) -> None:
        import numpy

        self._needles, self._width = needles, width
        self._reach = max(map(len, needles))
        inside = {needle[at : at + width] for needle in needles for at in range(width)}
        self._words = numpy.sort(numpy.frombuffer(b"".join(inside), f"<u{width}"))
        # Made once: that, for each block anew, takes longer than the looking.
        count = BLOCK // width
        self._spread = numpy.empty(count, f"<u{width}")
        self._at = self._spread.view("intp") if width == 8 else numpy.empty(count, "intp")
        self._hit = numpy.empty(count, bool)
        self._table = numpy.zeros(1 << _TABLE_BITS, bool)
        self._table[self._places(self._words).copy()] = True

    def are_in(self, content: bytes) -> bool:
        """Return whether one of the needles is in *content*."""
        return any(self._are_near(content, start) for start in range(0, len(content), BLOCK))

    def _are_near(self, content: bytes, start: int) -> bool:
        import numpy

        count = min(BLOCK, len(content) - start) // self._width
        words = numpy.frombuffer(content, f"<u{self._width}", count, start)
        hit = numpy.take(self._table, self._places(words), mode="clip", out=self._hit[:count])
        likely = numpy.flatnonzero(hit)
        near = numpy.searchsorted(self._words, words[likely]).clip(max=len(self._words) - 1)
        likely = likely[self._words[near] == words[likely]]
        if len(likely) > _MANY:
            return _holds(content, self._needles)
        return any(_holds(part, self._needles) for part in self._around(content, start, likely))

    def _places(self, words: Any) -> Any:
        import numpy

        bits, spread, places = 8 * self._width, self._spread[: len(words)], self._at[: len(words)]
        numpy.multiply(words, words.dtype.type(_SPREAD >> (64 - bits) | 1), out=spread)
        numpy.right_shift(spread, words.dtype.type(bits - _TABLE_BITS), out=spread)
        if places.dtype.itemsize != spread.dtype.itemsize:
            places[:] = spread
        return places

    def _around(self, content: bytes, start: int, likely: Any) -> Iterator[bytes]:
        for word in likely.tolist():
            at = start + word * self._width
            yield content[max(0, at - self._reach) : at + self._reach]


def _needle(form: bytes) -> bytes:
    start = max(0, (len(form) - _LONGEST) // 2)
    return form[start : start + _LONGEST]


def _holds(content: bytes, needles: list[bytes]) -> bool:
    return any(needle in content for needle in needles)
