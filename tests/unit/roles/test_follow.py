"""Runs that follow one another: each reads the login anew."""

from __future__ import annotations

from aerodrome_airflow.directory.settings import SettingsError
from aerodrome_airflow.roles.follow import run
from aerodrome_airflow.roles.reconcile import Follower
from aerodrome_airflow.roles.watch import ALERT_SECONDS, Watch


def test_a_login_that_cannot_be_read_any_more_is_told() -> None:
    """As a directory that is away is, and the next run tries again."""
    heard, now = [], 0.0

    def unreadable() -> Follower:
        raise SettingsError("login.json: is half written")

    watch = Watch(lambda kind, text: not heard.append((kind, text)), lambda: now)
    run(unreadable, watch)
    now = ALERT_SECONDS
    run(unreadable, watch)
    assert [kind for kind, _ in heard] == ["roles-stalled"] and heard[0][1].endswith("half written")
