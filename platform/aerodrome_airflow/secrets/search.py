"""Looking for secrets in content that is too large, or of the wrong kind, to be gone through as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from aerodrome_airflow.secrets.forms import SHORTEST

BLOCK = 512 * 1024
"""Bytes of a sensible piece: what is worked out of so many stays in a processor's own memory."""
_SMALL = 64 * 1024
# Of a long form its middle is looked for: beginnings, such as those of keys, are the same in many.
_LONGEST = 48
_TABLE_BITS = 16
_SPREAD = 0x9E3779B97F4A7C15
# A needle of so many bytes holds, wherever it lies, at least five bytes of a word that begins at a multiple of these.
_STRIDES = {36: 32, 20: 16, 12: 8, 0: 4}
# What is read of a word may reach beyond the content.
_PADDING = bytes(7)
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
        content = b"".join((self._end, *pieces, _PADDING))
        if self._is_in(content):
            raise SecretFoundError
        size = len(content) - len(_PADDING)
        self._end = content[max(0, size - self._overlap) : size]

    def _is_in(self, content: bytes) -> bool:
        if len(content) < _SMALL:
            return _holds(content, self._needles)
        return any(words.are_in(content) for words in self._words)

    @cached_property
    def _words(self) -> tuple[_Words, ...]:
        long = [needle for needle in self._needles if len(needle) >= 12]
        short = [needle for needle in self._needles if len(needle) < 12]
        return tuple(_Words(needles) for needles in (long, short) if needles)


class _Words:
    """Needles by the words in them: wherever one lies, it covers the beginning of a word at a multiple of the stride.

    So each of those words of the content is looked up in a small table, and a needle is looked for where that says yes.
    """

    def __init__(self, needles: list[bytes]) -> None:
        import numpy

        shortest = min(map(len, needles))
        self._needles, self._reach = needles, max(map(len, needles))
        self._stride = next(stride for least, stride in _STRIDES.items() if shortest >= least)
        self._size = min(self._stride, 8)
        counting, bits = min(self._size, shortest - self._stride + 1), 8 * self._size
        word = numpy.dtype(f"<u{self._size}").type
        self._counts = word((1 << 8 * counting) - 1)
        # What does not count of a word is shifted out of it.
        factor = (_SPREAD >> (64 - bits) | 1) << (bits - 8 * counting)
        self._factor, self._shift = word(factor % (1 << bits)), word(bits - _TABLE_BITS)
        inside = {needle[at : at + counting] for needle in needles for at in range(self._stride)}
        padded = b"".join(one.ljust(self._size, b"\0") for one in inside)
        self._words = numpy.sort(numpy.frombuffer(padded, word))
        # Made once: that, for each block anew, takes longer than the looking.
        count = max(BLOCK // self._stride, len(inside))
        self._spread = numpy.empty(count, word)
        self._at = self._spread.view("intp") if self._size == 8 else numpy.empty(count, "intp")
        self._hit = numpy.empty(count, bool)
        self._table = numpy.zeros(1 << _TABLE_BITS, bool)
        self._table[self._places(self._words).copy()] = True

    def are_in(self, content: bytes) -> bool:
        """Return whether one of the needles is in *content*."""
        return any(self._are_near(content, start) for start in range(0, len(content), BLOCK))

    def _are_near(self, content: bytes, start: int) -> bool:
        import numpy

        count = min(BLOCK, len(content) - start) // self._size
        words = numpy.frombuffer(content, self._words.dtype, count, start)[:: self._stride // self._size]
        hit = numpy.take(self._table, self._places(words), mode="clip", out=self._hit[: len(words)])
        likely = numpy.flatnonzero(hit)
        found = words[likely] & self._counts
        near = numpy.searchsorted(self._words, found).clip(max=len(self._words) - 1)
        likely = likely[self._words[near] == found]
        if len(likely) > _MANY:
            return _holds(content, self._needles)
        return any(_holds(part, self._needles) for part in self._around(content, start, likely))

    def _places(self, words: Any) -> Any:
        import numpy

        spread, places = self._spread[: len(words)], self._at[: len(words)]
        numpy.multiply(words, self._factor, out=spread)
        numpy.right_shift(spread, self._shift, out=spread)
        if places.dtype.itemsize != spread.dtype.itemsize:
            places[:] = spread
        return places

    def _around(self, content: bytes, start: int, likely: Any) -> Iterator[bytes]:
        for word in likely.tolist():
            at = start + word * self._stride
            yield content[max(0, at - self._reach) : at + self._reach]


def _needle(form: bytes) -> bytes:
    start = max(0, (len(form) - _LONGEST) // 2)
    return form[start : start + _LONGEST]


def _holds(content: bytes, needles: list[bytes]) -> bool:
    return any(needle in content for needle in needles)
