"""What another tenant wants to do meanwhile."""

from __future__ import annotations


def done() -> str:
    """Return a word."""
    return "done"
