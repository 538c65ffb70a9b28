"""Results that are no JSON on their way to database or store: one that holds a secret gets to neither."""

from __future__ import annotations

from aerodrome_airflow.secrets import scrub
from aerodrome_airflow.secrets.search import Search, SecretFoundError
from aerodrome_airflow.xcom.codec import Sink
from aerodrome_airflow.xcom.errors import RefusedError


class Watched:
    """Hands content on to *sink*, and looks through it for what this task has read."""

    def __init__(self, sink: Sink) -> None:
        self._sink, self._search = sink, Search(scrub.known())

    def write(self, content: bytes) -> int:
        """Take *content*; RefusedError where a secret was in what came until now."""
        try:
            self._search.feed(content)
        except SecretFoundError:
            raise _refused() from None
        return self._sink.write(content)

    def finish(self) -> None:
        """Raise RefusedError where a secret was in the rest."""
        try:
            self._search.finish()
        except SecretFoundError:
            raise _refused() from None


def _refused() -> RefusedError:
    return RefusedError(
        "the result holds a secret that this task has read: leave it out of what the task hands on"
    )
