"""The door for other processes: plain HTTP, for `AWS_ENDPOINT_URL`."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from playground.aws.errors import Crash, LostAnswer
from playground.aws.wire import HttpRequest

if TYPE_CHECKING:
    from playground.aws.strict import StrictAws


@contextmanager
def serve(
    aws: "StrictAws",
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    on_crash: Callable[[Crash], None] | None = None,
    sleeps: bool = False,
) -> Iterator[str]:
    """Let `aws` answer on a port, a free one by default; gives the address.

    `on_crash` is called where a fault says that the client's process dies, and may kill it; the connection breaks then
    in any case. With `sleeps`, faults that make calls slow really do.
    """

    class Handler(_Handler):
        world = aws
        crashed = staticmethod(on_crash or (lambda _: None))
        really_sleeps = sleeps

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    server.block_on_close = False  # kept-alive connections would be waited for
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, name="strict-aws")
    thread.start()
    try:
        yield f"http://{host}:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    """One connection. Without the next three lines each call takes 44 ms instead of 1.5."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    world: "StrictAws"
    crashed: Callable[[Crash], None]
    really_sleeps: bool

    def _answer(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = HttpRequest(self.command, self._url(), headers, self.rfile.read(length))
        try:
            answered = self.world.answer(request)
        except LostAnswer:
            self.close_connection = True
            return
        except Crash as crash:
            self.close_connection = True
            self.crashed(crash)
            return
        if self.really_sleeps:
            time.sleep(answered.latency.total_seconds())
        self.send_response(answered.status)
        for name, value in answered.headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("content-length", str(len(answered.body)))
        self.end_headers()
        self.wfile.write(answered.body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 - the standard library's names

    def _url(self) -> str:
        return f"http://{self.headers.get('host', 'localhost')}{self.path}"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
        """Say nothing: the journal has it all."""
