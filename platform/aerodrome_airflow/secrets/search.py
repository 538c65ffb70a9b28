"""Looking for secrets in content that is too large, or of the wrong kind, to be gone through as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any

from aerodrome_airflow.secrets.forms import SHORTEST

BLOCK = 4 * 1024 * 1024
"""Bytes that are looked through at once."""
_SMALL = 64 * 1024
# Of a long form its middle is looked for: beginnings, such as those of keys, are the same in many.
_LONGEST = 48
_TABLE_BITS = 16
_SPREAD = 0x9E3779B97F4A7C15
# With more places than this to look at closely, looking everywhere is faster.
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
        self._block = bytearray()

    def feed(self, piece: bytes) -> None:
        """Take the next *piece*; it is looked through by and by."""
        if not self._needles:
            return
        self._block += piece
        if len(self._block) >= BLOCK:
            self._look()
            del self._block[: len(self._block) - self._overlap]

    def finish(self) -> None:
        """Look through what is left."""
        if self._needles:
            self._look()

    def _look(self) -> None:
        content = bytes(self._block)
        if len(content) < _SMALL:
            found = _holds(content, self._needles)
        else:
            found = any(words.are_in(content) for words in self._words)
        if found:
            raise SecretFoundError

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
        self._words = numpy.frombuffer(b"".join(sorted(inside)), f"<u{width}")
        self._table = numpy.zeros(1 << _TABLE_BITS, bool)
        self._table[self._places(self._words)] = True

    def are_in(self, content: bytes) -> bool:
        """Return whether one of the needles is in *content*."""
        import numpy

        words = numpy.frombuffer(content, f"<u{self._width}", len(content) // self._width)
        likely = numpy.flatnonzero(self._table[self._places(words)])
        likely = likely[numpy.isin(words[likely], self._words)]
        if len(likely) > _MANY:
            return _holds(content, self._needles)
        return any(_holds(part, self._needles) for part in self._around(content, likely))

    def _places(self, words: Any) -> Any:
        bits = 8 * self._width
        spread = words * words.dtype.type(_SPREAD >> (64 - bits) | 1)
        return (spread >> words.dtype.type(bits - _TABLE_BITS)).astype("intp")

    def _around(self, content: bytes, likely: Any) -> Iterator[bytes]:
        for word in likely.tolist():
            at = word * self._width
            yield content[max(0, at - self._reach) : at + self._reach]


def _needle(form: bytes) -> bytes:
    start = max(0, (len(form) - _LONGEST) // 2)
    return form[start : start + _LONGEST]


def _holds(content: bytes, needles: list[bytes]) -> bool:
    return any(needle in content for needle in needles)
