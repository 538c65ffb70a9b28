"""Text of others on somebody's terminal."""

from __future__ import annotations

_PLAIN = frozenset("\t\n")


def visible(text: str) -> str:
    """Return *text* in which what would command a terminal, or turn the text around, is shown and not obeyed."""
    if text.isprintable():
        return text
    return "".join(sign if sign.isprintable() or sign in _PLAIN else ascii(sign)[1:-1] for sign in text)
