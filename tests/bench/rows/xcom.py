"""A result of 1 GB through the XCom backend: what it takes of the worker's memory, and how fast it is."""

from __future__ import annotations

import json
import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingUnixStreamServer
from threading import Thread

from figures import Figure
from processes import clean_environment, run
from workshop import PYTHON, Workshop

PROGRAM = Path(__file__).parents[1] / "programs" / "xcom.py"
# The server is that of the tests.
sys.path.insert(0, str(Path(__file__).parents[2] / "shared"))
SIZE = 10**9
BLOCK = 8 * 1024 * 1024
EXTRA_MEGABYTES = 64
SHARE = 0.5
ACCESS, SECRET, BUCKET = "bench", "bench-secret", "results"
ROUTES = ("EWR,IAH", "LGA,MIA", "JFK,BQN", "LGA,ATL", "JFK,MCO", "EWR,ORD")
Settings = Mapping[str, str]
"""What a worker is told, by option of section [aerodrome]."""


@dataclass(frozen=True)
class Took:
    """What one run of the program took."""

    seconds: float
    megabytes: float


@dataclass(frozen=True)
class Turn:
    """One write and one read, next to those of what does no more, and to a task that does nothing."""

    nothing: Took
    write: Took
    read: Took
    peer_write: Took
    peer_read: Took


@dataclass(frozen=True)
class Way:
    """One way of a result: *store* opens it in a folder; *peer* moves the same bytes and does no more."""

    name: str
    shown: str
    block: Callable[[], bytes]
    store: Callable[[Path], AbstractContextManager[Settings]]
    peer: str
    share: str


def xcom(shop: Workshop) -> Iterator[Figure]:
    """Yield memory and throughput of writing to a folder and of reading from it."""
    yield from _figures(
        shop, Way("xcom", "XCom of 1 GB", _noise, _folder, "disk", "the disk's own throughput")
    )


def xcom_s3(shop: Workshop) -> Iterator[Figure]:
    """Yield the same of a bucket, for bytes that nothing makes smaller and for a table's."""
    for name, content, block in (("noise", "random bytes", _noise), ("csv", "CSV", _csv)):
        shown = f"XCom of 1 GB of {content} in S3"
        yield from _figures(
            shop, Way(f"xcom_s3_{name}", shown, block, _bucket, "boto3", "boto3's throughput")
        )


def _figures(shop: Workshop, way: Way) -> Iterator[Figure]:
    size = SIZE // 10 if shop.quick else SIZE
    turns = [_turn(shop, way, number, size) for number in range(shop.runs)]
    for name, doing in (("write", "written"), ("read", "read")):
        ours = [getattr(turn, name) for turn in turns]
        peers = [getattr(turn, f"peer_{name}") for turn in turns]
        extra = tuple(one.megabytes - turn.nothing.megabytes for one, turn in zip(ours, turns, strict=True))
        what = f"{way.shown} {doing}: memory beyond that of a task that does nothing"
        yield Figure(f"{way.name}_{name}_memory", what, "MB", extra, EXTRA_MEGABYTES)
        speed = tuple(size / 1e6 / one.seconds for one in ours)
        details = {f"{way.peer}_megabytes_per_second": [size / 1e6 / one.seconds for one in peers]}
        yield Figure(f"{way.name}_{name}_speed", f"{way.shown} {doing}", "MB/s", speed, details=details)
        share = tuple(peer.seconds / one.seconds for one, peer in zip(ours, peers, strict=True))
        what = f"{way.shown} {doing}: share of {way.share}"
        yield Figure(f"{way.name}_{name}_share", what, "times", share, SHARE, "higher")


def _turn(shop: Workshop, way: Way, number: int, size: int) -> Turn:
    folder = shop.folder / "xcom"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "block").write_bytes(way.block())
    took = {}
    # Each read follows its own write, and who goes first changes: a disk may have a memory of its own.
    pairs = (("peer-write", "peer-read"), ("write", "read"))
    with way.store(folder) as settings:
        for mode in ("nothing", *(mode for pair in pairs[:: (-1) ** number] for mode in pair)):
            shop.say(f"{way.shown}, turn {number + 1} of {shop.runs}: {mode}")
            took[mode.replace("-", "_")] = _run(folder, mode.replace("peer", way.peer), size, settings)
    shutil.rmtree(folder)
    return Turn(**took)


def _run(folder: Path, mode: str, size: int, settings: Settings) -> Took:
    environment = clean_environment(
        AIRFLOW_HOME=str(folder / "home"),
        AIRFLOW__CORE__XCOM_BACKEND="" if mode == "nothing" else "aerodrome_airflow.xcom.backend.TenantXCom",
        AIRFLOW__AERODROME__ENVIRONMENT="bench",
        AWS_ACCESS_KEY_ID=ACCESS,
        AWS_SECRET_ACCESS_KEY=SECRET,
        **{f"AIRFLOW__AERODROME__{name}": value for name, value in settings.items()},
    )
    file = folder / ("plain" if "-" in mode else "row")
    done = run([PYTHON, PROGRAM, mode, file, str(size), folder / "block"], environment)
    return Took(**json.loads(done.output.splitlines()[-1]))


def _noise() -> bytes:
    """Return what nothing makes smaller: every byte of it has to reach the store."""
    return os.urandom(BLOCK)


def _csv() -> bytes:
    """Return lines of a table of flights."""
    chance, lines = random.Random(1), bytearray()
    while len(lines) < BLOCK:
        minute, number, late = chance.randrange(1440), chance.randrange(6000), chance.gauss(5, 30)
        lines += (
            f"2013,{chance.randrange(365)},{minute},{chance.choice(ROUTES)},{number},{late:.1f}\n".encode()
        )
    return bytes(lines[:BLOCK])


@contextmanager
def _folder(folder: Path) -> Iterator[Settings]:
    (folder / "store").mkdir()
    yield {"XCOM_STORE": str(folder / "store")}


@contextmanager
def _bucket(folder: Path) -> Iterator[Settings]:
    """A bucket of a SeaweedFS of its own, and what stands for the agent: it lends the one login that there is."""
    import seaweedfs

    agent, login = folder / "agent", seaweedfs.Login(ACCESS, SECRET)
    with (
        seaweedfs.with_bucket(BUCKET, login) as (endpoint, _),
        ThreadingUnixStreamServer(str(agent), _Lender) as lent,
    ):
        Thread(target=lent.serve_forever, daemon=True).start()
        yield {
            "XCOM_STORE": f"s3://{BUCKET}",
            "XCOM_S3_ENDPOINT": endpoint,
            "XCOM_S3_REGION": seaweedfs.REGION,
            "XCOM_AGENT_SOCKET": str(agent),
        }
        lent.shutdown()


class _Lender(StreamRequestHandler):
    def handle(self) -> None:
        self.rfile.readline()
        lent = {
            "access_key": ACCESS,
            "secret_key": SECRET,
            "token": "",
            "expiry_time": "2999-01-01T00:00:00+00:00",
        }
        self.wfile.write(json.dumps({"value": lent}).encode() + b"\n")
