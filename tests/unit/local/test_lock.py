"""One command at a time, also while the lock's own file comes and goes."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aerodrome.errors import HeldError
from aerodrome.local.machine.lock import alone


@dataclass
class Shared:
    """What only one may be in at a time."""

    path: Path
    inside: int = 0
    entered: int = 0
    together: int = 0

    def destroy(self, seconds: float) -> None:
        """Enter as often as possible, and remove the lock's file before leaving, as `destroy` does."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                with alone(self.path):
                    self.inside += 1
                    self.entered += 1
                    time.sleep(0.0005)
                    self.together += self.inside > 1
                    self.inside -= 1
                    self.path.unlink()
            except HeldError:
                continue


def test_two_commands_never_hold_a_lock_that_one_of_them_removes(tmp_path: Path) -> None:
    """Whoever opened the file before it was removed holds nothing with it."""
    shared = Shared(tmp_path / "state.lock")
    with ThreadPoolExecutor(6) as pool:
        for ended in [pool.submit(shared.destroy, 1.0) for _ in range(6)]:
            ended.result()
    assert shared.entered > 5 and shared.together == 0


def test_a_full_disk_keeps_nobody_from_destroying(tmp_path: Path, full_disk: Any) -> None:
    """The lock is held, though it cannot say by whom."""
    path = tmp_path / "state.lock"
    with full_disk(), alone(path), pytest.raises(HeldError, match="it just started"), alone(path):
        pass
