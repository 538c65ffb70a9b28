"""What a zone's broker user can do."""

from __future__ import annotations

import pytest
import redis
from aerodrome.local.machine.platform import Platform
from aerodrome.local.stores import broker


@pytest.fixture
def pii(platform: Platform) -> redis.Redis:
    """The connection of the pii zone's workers."""
    return redis.Redis.from_url(
        broker.broker_url(platform, broker.zone_user(platform, "pii")), decode_responses=True
    )


def test_a_zone_takes_its_own_messages(pii: redis.Redis) -> None:
    """Its queue and its bookkeeping are open to it."""
    pii.hset("unacked.pii", "tag", "message")
    assert pii.hget("unacked.pii", "tag") == "message"
    assert pii.hdel("unacked.pii", "tag") == 1
    assert pii.llen("pii\x06\x163") == 0


@pytest.mark.parametrize(
    "command",
    [
        ("LRANGE", "default", "0", "-1"),
        ("BRPOP", "default", "1"),
        ("LPUSH", "onprem", "message"),
        ("HGET", "unacked.default", "tag"),
        ("HGET", "unacked", "tag"),
        ("KEYS", "*"),
        ("SCAN", "0"),
        ("MONITOR",),
        ("SUBSCRIBE", "celery-task-meta-1"),
        ("CONFIG", "GET", "*"),
        ("ACL", "LIST"),
        ("CLIENT", "LIST"),
        ("FLUSHALL",),
        ("EVAL", "return redis.call('lpop', 'default')", "0"),
    ],
)
def test_a_zone_reaches_nothing_else(pii: redis.Redis, command: tuple[str, ...]) -> None:
    """Other queues, other bookkeeping and every command that looks around are refused."""
    with pytest.raises(redis.exceptions.ResponseError, match=r"permission|can't run this command"):
        pii.execute_command(*command)


def test_nobody_enters_without_a_password(platform: Platform) -> None:
    """The default user is off."""
    with pytest.raises(redis.exceptions.AuthenticationError):
        redis.Redis(port=platform.ports.redis).ping()
