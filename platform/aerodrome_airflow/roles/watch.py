"""What the log and the central alert channel hear of runs that fail or are held back: each thing once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from aerodrome_airflow.roles.brake import Brake

LINE_SECONDS = 60
"""At most one line in this time says that runs fail."""
ALERT_SECONDS = 300
"""The central channel hears of runs that have failed for so long."""
Clock = Callable[[], float]
Alert = Callable[[str, str], bool]
"""Tells kind and text to the central channel; false: it was not reached."""

log = logging.getLogger(__name__)


class Watch:
    """Remembers what was told."""

    def __init__(self, alert: Alert, clock: Clock = time.monotonic) -> None:
        self._alert = alert
        self._clock = clock
        self._failing_since: float | None = None
        self._failure_told = False
        self._brake_told = False
        self._last_line = float("-inf")

    def failed(self, reason: str) -> None:
        """Note that a run failed."""
        now = self._clock()
        self._failing_since = now if self._failing_since is None else self._failing_since
        due = not self._failure_told and now - self._failing_since >= ALERT_SECONDS
        if not self._line("roles stay as they are: %s", reason):
            return
        if due:
            minutes = (now - self._failing_since) / 60
            text = f"roles have not followed the directory for {minutes:.0f} minutes: {reason}"
            self._failure_told = self._alert("roles-stalled", text)

    def succeeded(self, brake: Brake | None) -> None:
        """Note that a run ended well, held back by *brake* or not."""
        if self._failing_since is not None:
            log.warning("roles follow the directory again")
            self._last_line = float("-inf")
        if self._failure_told:
            self._alert("roles-followed-again", "roles follow the directory again")
        self._failing_since, self._failure_told = None, False
        self._braked(brake)

    def _braked(self, brake: Brake | None) -> None:
        if brake is None:
            if self._brake_told:
                log.warning("roles: nothing is held back any more")
            self._brake_told = False
            return
        if self._line("roles stay as they are until somebody confirms: %s", brake) and not self._brake_told:
            text = f"{brake}: nothing was changed. See the runbook 'roles-brake'."
            self._brake_told = self._alert("roles-brake", text)

    def _line(self, text: str, value: object) -> bool:
        """Write a line, where the last one is old enough, and return whether it was."""
        now = self._clock()
        if now - self._last_line < LINE_SECONDS:
            return False
        self._last_line = now
        log.warning(text, value)
        return True
