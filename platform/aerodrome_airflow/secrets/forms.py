"""The forms that a secret takes on its way into a log: encoded, quoted, cut into lines."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

SHORTEST = 8
"""Characters of a form: a shorter one would also be found where nothing is secret.

The secret itself is hidden from five characters on, which is Airflow's `[logging] min_length_masked_secret`.
"""
WIDTHS = (76, 64)
"""Characters of a line as `base64` and `openssl` write them."""
_ESCAPED = re.compile(r"%[0-9A-F]{2}")


def forms(secret: str) -> tuple[str, ...]:
    """Return every other form of *secret* that is hidden like the secret itself."""
    found = {*_encoded(secret), *_quoted(secret), *_escaped(secret), *_lines(secret)}
    return tuple(sorted(form for form in found if len(form) >= SHORTEST and form != secret))


def _encoded(secret: str) -> Iterator[str]:
    content = secret.encode(errors="surrogatepass")
    for standard in {_base64(content), _base64(content + b"\n"), *_inside(content)}:
        yield standard
        yield standard.translate(str.maketrans("+/", "-_"))
        yield standard.rstrip("=").translate(str.maketrans("+/", "-_"))
    yield content.hex()
    yield content.hex().upper()
    for width in WIDTHS:
        yield from re.findall(f".{{1,{width}}}", _base64(content)) if len(content) > width else ()


def _inside(content: bytes) -> Iterator[str]:
    """Yield base64 of *content* as a part of something longer: without the characters that others have a share in."""
    for before in range(3):
        whole = _base64(b"\0" * before + content)
        first = -(-before * 8 // 6)
        yield whole[first : (before + len(content)) * 8 // 6]


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode()


def _quoted(secret: str) -> Iterator[str]:
    for quoted in (_quote(secret, ""), _quote(secret, "/"), quote_plus(secret, errors="surrogatepass")):
        yield quoted
        yield _ESCAPED.sub(lambda found: found[0].lower(), quoted)


def _quote(secret: str, safe: str) -> str:
    return quote(secret, safe=safe, errors="surrogatepass")


def _escaped(secret: str) -> Iterator[str]:
    yield json.dumps(secret)[1:-1]
    yield json.dumps(secret, ensure_ascii=False)[1:-1]
    yield repr(secret)[1:-1]
    # A text in a text, as an extra within a connection that is written as JSON.
    yield json.dumps(json.dumps(secret)[1:-1])[1:-1]


def _lines(secret: str) -> Iterator[str]:
    lines = secret.splitlines()
    if len(lines) > 1:
        for line in (line.strip() for line in lines):
            yield line
            yield from _quoted(line)
