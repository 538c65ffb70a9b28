"""How much a job has printed, against how much it may."""

from __future__ import annotations

from aerodrome_airflow.launcher.config import Output


class Written:
    """Counts lines; *too_much* from the first on that goes beyond the limit."""

    def __init__(self, most: Output) -> None:
        self.most = most
        self.too_much = False
        self._bytes = self._lines = 0

    def takes(self, line: bytes) -> bool:
        """Count *line* and return whether it is still within the limit."""
        self._bytes += len(line)
        self._lines += 1
        self.too_much = self._bytes > self.most.output_bytes or self._lines > self.most.output_lines
        return not self.too_much
