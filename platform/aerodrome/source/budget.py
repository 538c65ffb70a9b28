"""What a file may be at most, and the mistake of one that cannot be read."""

from __future__ import annotations

MAX_BYTES = 2**20
MAX_NODES = 100_000
MAX_DEPTH = 40
MAX_DIGITS = 1000


class UnreadableError(Exception):
    """A file that is no document: the place of the mistake (0: unknown), what it is and how to mend it."""

    def __init__(self, line: int, column: int, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.line, self.column, self.message, self.remedy = line, column, message, remedy


def too_deep(line: int, column: int) -> UnreadableError:
    """Return the mistake of lists and mappings inside one another without end."""
    return UnreadableError(line, column, f"more than {MAX_DEPTH} lists and mappings inside one another")


def too_many(line: int, column: int) -> UnreadableError:
    """Return the mistake of a document that is too large once its aliases are written out."""
    message = f"more than {MAX_NODES:,} values, counting each alias as what it stands for"
    return UnreadableError(line, column, message, "split the file, or use fewer aliases")


def duplicate_key(line: int, column: int, key: str, first: int) -> UnreadableError:
    """Return the mistake of a key that its mapping already has, in line *first*."""
    return UnreadableError(
        line, column, f"duplicate key '{key}'", f"line {first} has it already; keep one of them"
    )


def unstorable(line: int, column: int, text: str) -> UnreadableError | None:
    """Return the mistake of text that no database can store, or None."""
    if "\0" in text:
        return UnreadableError(
            line, column, "text holds the character U+0000", "it cannot be stored; leave it out"
        )
    # Only half of a surrogate pair cannot be encoded.
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        return UnreadableError(
            line, column, "text holds half of a surrogate pair", "write both halves or neither"
        )
    return None
