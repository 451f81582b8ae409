"""Silence: a server, or a way to one, that takes connections and what is sent to it, and says nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_POSTGRES_SOCKET = ".s.PGSQL.5432"


class Wire:
    """A way by TCP to the socket of PostgreSQL in `folder`, until `cut`: then all still connect, and hear nothing.

    Without a folder nobody ever hears anything.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._speaks = threading.Event()
        if folder is not None:
            self._speaks.set()
        self._server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self._ends: list[socket.socket] = [self._server]

    def url(self, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self._server.getsockname()[1]}/{name}"

    def cut(self) -> None:
        self._speaks.clear()

    def mend(self) -> None:
        """Let whoever connects from now on be heard; what was connected before is gone."""
        self._hang_up(self._ends[1:])
        self._speaks.set()

    def close(self) -> None:
        self._hang_up(self._ends)
        self._speaks.set()

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                near = self._server.accept()[0]
                self._ends.append(near)
                if self._speaks.is_set() and self._folder is not None:
                    far = socket.socket(socket.AF_UNIX)
                    far.connect(str(self._folder / _POSTGRES_SOCKET))
                    self._ends.append(far)
                    for way in ((near, far), (far, near)):
                        threading.Thread(target=self._carry, args=way, daemon=True).start()

    def _carry(self, source: socket.socket, to: socket.socket) -> None:
        with suppress(OSError):
            while carried := source.recv(65_536):
                self._speaks.wait()
                to.sendall(carried)
        self._hang_up([source, to])

    @staticmethod
    def _hang_up(ends: list[socket.socket]) -> None:
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@contextmanager
def wire(folder: Path | None = None) -> Iterator[Wire]:
    """Put up a wire to the server whose socket is in `folder`; without one, to nobody."""
    wire = Wire(folder)
    threading.Thread(target=wire.serve, daemon=True).start()
    try:
        yield wire
    finally:
        wire.close()
