"""`make remove` ends what a host may do, at once. The last file: what it removes is not set up again."""

from __future__ import annotations

from control.workers import Workers

ASK = (
    "import os, redis, sys; url = sys.stdin.read().strip(); "
    "print(redis.Redis.from_url(url, socket_timeout=5).llen('onprem'))"
)
LEFT = """
ls -d /etc/aerodrome /opt/aerodrome /var/lib/aerodrome 2>/dev/null
getent passwd | grep -E '^(_mill|aerodrome-)'
systemctl list-unit-files 'aerodrome-*' --no-legend
"""
PYTHON = "/opt/aerodrome/current/bin/python"


def test_the_credentials_of_a_removed_host_open_nothing(workers: Workers) -> None:
    """The broker refuses its password at once, also a copy that somebody made before."""
    host = workers.hosts["hadoop2"]
    url = host.read("/etc/aerodrome/secrets/broker-url")
    asking = workers.hosts["hadoop1"]
    assert asking.run(PYTHON, "-I", "-c", ASK, text=url, check=False).returncode == 0
    workers.control.command("remove-host", "--limit", "hadoop2", "--yes")
    refused = asking.run(PYTHON, "-I", "-c", ASK, text=url, check=False)
    assert "AuthenticationError: invalid username-password pair or user is disabled" in refused.stderr


def test_nothing_of_the_platform_is_left_on_it(workers: Workers) -> None:
    """Neither files nor units nor users."""
    host = workers.hosts["hadoop2"]
    left = host.run("sh", "-c", LEFT, check=False)
    assert left.stdout.split() == []
