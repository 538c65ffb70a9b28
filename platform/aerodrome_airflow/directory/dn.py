r"""Distinguished names, which directories spell in several ways: `CN=Doe\, Jane,OU=x` is `cn=doe\2c jane, ou=X`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_PART = re.compile(
    r"\s*(?P<type>[A-Za-z][A-Za-z0-9-]*|\d+(?:\.\d+)*)\s*="
    r'(?P<value>(?:\\[0-9A-Fa-f]{2}|\\[^0-9A-Fa-f]|[^\\,+;"<>])*)'
    r"(?P<end>[,+;]|$)"
)
_ESCAPED = re.compile(r"(?P<octets>(?:\\[0-9A-Fa-f]{2})+)|\\(?P<sign>.)", re.DOTALL)
# Of uniqueMember: a name may be followed by a number that tells apart who had it before.
_UNIQUE = re.compile(r"#'[01]*'B$")
Pair = tuple[str, str]
Key = tuple[tuple[Pair, ...], ...]


@dataclass(frozen=True)
class Dn:
    """A distinguished name: *text* as it was read, *first* its leading attributes with their values."""

    text: str
    first: tuple[Pair, ...]
    key: Key
    """Equal for all spellings of the same name."""

    def within(self, other: Dn) -> bool:
        """Return whether this is *other* or something below it."""
        return len(self.key) >= len(other.key) and self.key[len(self.key) - len(other.key) :] == other.key


@lru_cache(maxsize=50_000)
def parse(text: str) -> Dn | None:
    """Return the distinguished name that *text* spells, or None where it spells none."""
    rest, parts, names = _UNIQUE.sub("", text), list[Pair](), list[tuple[Pair, ...]]()
    position, end = 0, ","
    while end:
        found = _PART.match(rest, position)
        if found is None:
            return None
        parts.append((found["type"], _plain_value(found["value"])))
        position, end = found.end(), found["end"]
        if end != "+":
            names.append(tuple(parts))
            parts = []
    return Dn(text, names[0], tuple(_key(name) for name in names))


def _plain_value(text: str) -> str:
    # Blanks at the ends count for nothing, escaped or not.
    return _ESCAPED.sub(_unescaped, text).strip()


def _unescaped(found: re.Match[str]) -> str:
    if found["octets"]:
        return bytes.fromhex(found["octets"].replace("\\", "")).decode(errors="replace")
    return found["sign"]


def _key(name: tuple[Pair, ...]) -> tuple[Pair, ...]:
    return tuple(sorted((kind.lower(), " ".join(value.lower().split())) for kind, value in name))
