"""How Celery speaks to Redis here: as kombu does, but for Lua scripts, which no user of the broker may run."""

from __future__ import annotations

from time import time

from kombu.transport import redis


class QoS(redis.QoS):
    """The bookkeeping of a worker about messages that it took and has not finished."""

    def restore_visible(self, start: int = 0, num: int | None = 10, interval: int = 10) -> None:
        """Put *num* messages back, or all, that were taken too long ago; one call of *interval* looks, as kombu's does.

        kombu's lock around it is released by a script, and spares two workers the same work at the same time: each
        message goes back in one transaction, in which the second worker finds it gone.
        """
        self._vrestore_count += 1
        if (self._vrestore_count - 1) % (interval or 1):
            return
        oldest = time() - self.visibility_timeout
        with self.channel.conn_or_acquire() as client:
            for tag in client.zrange(
                self.unacked_index_key,
                oldest,
                0,
                desc=True,
                byscore=True,
                offset=start if num else None,
                num=num or None,
            ):
                self.restore_by_tag(tag, client)  # type: ignore[no-untyped-call]


class Channel(redis.Channel):
    """A channel whose bookkeeping runs no script."""

    QoS = QoS


class Transport(redis.Transport):
    """What Celery's `broker_transport` names."""

    Channel = Channel
