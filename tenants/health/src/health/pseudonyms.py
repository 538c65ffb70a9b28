"""Pseudonyms that only the holder of the key can link to a name."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

SHORTEST_KEY = 16


def pseudonym(name: str, key: str) -> str:
    """Return 16 hexadecimal digits: the same for the same name and key, however the name is spaced or cased.

    A plain hash would not do: whoever has a list of names could hash them all and compare.
    """
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"the key of the pseudonyms has fewer than {SHORTEST_KEY} characters")
    normal = " ".join(unicodedata.normalize("NFKC", name).casefold().split())
    return hmac.new(key.encode(), normal.encode(), hashlib.sha256).hexdigest()[:16]
