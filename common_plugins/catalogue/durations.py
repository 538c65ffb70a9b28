"""How a length of time is written, in manifests and in operators' parameters alike: '90s', '15m', '1h30m', '2d'."""

from __future__ import annotations

import re

PATTERN = r"^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$"
"""For editors, which know no `\\d{1,6}` of ASCII digits alone."""
_WRITTEN = re.compile(r"^(?=\d)(?:(\d{1,6})d)?(?:(\d{1,8})h)?(?:(\d{1,9})m)?(?:(\d{1,10})s)?$", re.ASCII)


def seconds(value: object) -> int:
    """Return the seconds that *value* says; ValueError tells how to write them."""
    match = _WRITTEN.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError("write a duration as days, hours, minutes and seconds: '90s', '15m', '1h30m', '2d'")
    days, hours, minutes, rest = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest
