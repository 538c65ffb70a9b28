"""A line to the API server that a test can cut, and the kubeconfig of a cluster that is reached over it."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import yaml

_CALLED = "kubernetes.default.svc"
"""A name that the certificate of every API server has."""


class Line:
    """Passes on whatever comes to its port of this machine, until it is cut."""

    def __init__(self, host: str, port: int) -> None:
        self._there = (host, port)
        self._open: set[socket.socket] = set()
        self._whole = True
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection, and every one that comes."""
        self._whole = False
        for end in list(self._open):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Pass on again."""
        self._whole = True

    def close(self) -> None:
        """End it for good."""
        self.cut()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                if not self._whole:
                    here.close()
                    continue
                there = socket.create_connection(self._there)
                for ends in ((here, there), (there, here)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        self._open.add(source)
        with contextlib.suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
        self._open.discard(source)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def line(folder: Path) -> Iterator[tuple[Line, Path]]:
    """Yield a line to the cluster of KUBECONFIG, and a kubeconfig in *folder* that uses it."""
    config = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text(encoding="utf-8"))
    cluster = config["clusters"][0]["cluster"]
    server = urlsplit(cluster["server"])
    assert server.hostname is not None
    made = Line(server.hostname, server.port or 443)
    cluster |= {"server": f"https://127.0.0.1:{made.port}", "tls-server-name": _CALLED}
    file = folder / "kubeconfig"
    file.write_text(yaml.safe_dump(config), encoding="utf-8")
    file.chmod(0o600)
    try:
        yield made, file
    finally:
        made.close()
