"""Hiding what was read: Airflow's masker is told each secret, and knows all its forms.

What the masker knows is hidden in task logs (the lines of the launcher among them), tracebacks and rendered
templates; `redacted` hides it in results. A result that is no JSON cannot be changed: it is refused where it holds
what is `known`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import Any

from airflow.sdk._shared.secrets_masker import _secrets_masker
from airflow.sdk.log import amask_secret, mask_secret

from aerodrome_airflow.secrets.forms import forms
from aerodrome_airflow.secrets.parts import secrets_in

HIDDEN = "***"
DEEPEST = 30
"""Levels of a document that are looked through; Airflow's own five do not reach into a group of exceptions."""

log = logging.getLogger(__name__)

__all__ = ["aregister", "forms", "install", "known", "redacted", "register", "secrets_in"]


def install() -> None:
    """Make Airflow's masker of this process hide every form of what it is told.

    The process that writes a task's log does the same: both make a backend.
    """
    masker = _secrets_masker()
    masker.secret_mask_adapter = forms  # type: ignore[assignment]
    masker.MAX_RECURSION_DEPTH = max(masker.MAX_RECURSION_DEPTH, DEEPEST)
    masker.patterns = _LongestFirst(masker.patterns)
    masker.reset_masker = partial(_reset, masker)  # type: ignore[method-assign]


class _LongestFirst(set[str]):
    """Patterns in the order in which the masker tries them: a form's beginning must not hide before the whole form."""

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(super().__iter__(), key=lambda pattern: (-len(pattern), pattern)))


def _reset(masker: Any) -> None:
    masker.patterns, masker.replacer = _LongestFirst(), None


def register(secrets: Iterable[str]) -> None:
    """Have *secrets* hidden from now on, by this process and by the one that writes the task's log."""
    # In one message, and before the first line that could hold one of them.
    mask_secret(list(secrets))


async def aregister(secrets: Iterable[str]) -> None:
    """Do the same for a trigger."""
    await amask_secret(list(secrets))


def known() -> list[bytes]:
    """Return what is hidden, in each of its forms, as it stands in a file."""
    patterns = _secrets_masker().patterns
    texts = (re.sub(r"\\(.)", r"\1", pattern, flags=re.DOTALL) for pattern in patterns)
    return [text.encode(errors="surrogatepass") for text in texts]


def redacted(value: Any) -> Any:
    """Return *value*, a result of JSON's types, with each secret in it hidden; it is told where one was."""
    found: list[None] = []
    clean = _redacted(value, found)
    if found:
        log.warning("The result held a secret that this task has read: %s stands in its place", HIDDEN)
    return clean


def _redacted(value: Any, found: list[None]) -> Any:
    if isinstance(value, str):
        replacer = _secrets_masker().replacer
        clean, number = (value, 0) if replacer is None else replacer.subn(HIDDEN, value)
        found.extend([None] * number)
        # The same object where nothing was hidden: some texts are more than a str.
        return clean if number else value
    if isinstance(value, Mapping):
        return {_redacted(key, found): _redacted(part, found) for key, part in value.items()}
    if isinstance(value, list):
        return [_redacted(part, found) for part in value]
    if isinstance(value, tuple) and type(value) is tuple:
        return tuple(_redacted(part, found) for part in value)
    return value
