"""Which launcher a task asks: on a host each tenant has one of its own."""

from __future__ import annotations

import pytest
from aerodrome_airflow.launcher.client import Job, Launch, LauncherError, configured_path

_SETTING = "AIRFLOW__AERODROME__LAUNCHER_SOCKET"


def test_a_tenants_jobs_go_to_its_own_launcher(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the setting leaves room for its name; otherwise to the one of the zone."""
    monkeypatch.setenv(_SETTING, "/run/aerodrome/launcher/{tenant}.sock")
    assert str(configured_path("alpha")) == "/run/aerodrome/launcher/alpha.sock"
    monkeypatch.setenv(_SETTING, "/run/aerodrome/launcher/default.sock")
    assert str(configured_path("alpha")) == "/run/aerodrome/launcher/default.sock"


def test_a_tenant_that_the_host_does_not_serve_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the socket that is not there."""
    monkeypatch.setenv(_SETTING, "/run/aerodrome-of-nobody/{tenant}.sock")
    with pytest.raises(LauncherError, match=r"does not answer at /run/aerodrome-of-nobody/alpha\.sock"):
        Launch().run(Job("alpha", "stat", None, {"path": "x"}), print)


@pytest.mark.parametrize("name", ["../secrets", "a/b", "", "Alpha"])
def test_no_name_leads_to_another_socket(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Only what can name a tenant's folder is put in."""
    monkeypatch.setenv(_SETTING, "/run/aerodrome/launcher/{tenant}.sock")
    with pytest.raises(LauncherError, match="is no tenant"):
        configured_path(name)
