"""A secrets agent in a thread of this process, with the same parts as the program, whose time the test moves."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from aerodrome_airflow.secrets import agent, config


class Time:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Unhurried(asyncio.SelectorEventLoop):
    """A loop on which a second lasts a quarter of an hour: nothing ends by its time, however busy the machine is."""

    def time(self) -> float:
        """Return its seconds."""
        return super().time() / 1000


@contextmanager
def running_agent(file: Path, *, hurried: bool = True) -> Iterator[tuple[Path, Time]]:
    """Run an agent with the configuration *file* until the block ends; yield its socket and its clock.

    One that is not *hurried* gives each attempt all the time that it takes.
    """
    loop = asyncio.new_event_loop() if hurried else Unhurried()
    clock, ended = Time(), threading.Event()
    made = config.load(file)
    # As the program does: what loads for long does so before anybody can ask.
    stores = made.open_stores(clock)
    listener = agent.listen(made)
    stop = asyncio.Event()

    def work() -> None:
        with contextlib.closing(loop):
            loop.run_until_complete(agent.serve_until(stop, made, stores, listener, clock))
        ended.set()

    threading.Thread(target=work, daemon=True).start()
    try:
        yield made.socket, clock
    finally:
        loop.call_soon_threadsafe(stop.set)
        assert ended.wait(10)
