"""A TCP proxy that counts bytes: what really travelled, whatever either side believes."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

PIECE: Final = 1 << 18


class CountingProxy:
    """Listens on 127.0.0.1, forwards to a port of 127.0.0.1, counts both directions."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._counting = threading.Lock()
        self._sent = 0
        self._received = 0
        self._cut_at: int | None = None
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._accepting = threading.Thread(target=self._accept)
        self._accepting.start()

    @property
    def url(self) -> str:
        port: int = self._listener.getsockname()[1]
        return f"http://localhost:{port}"

    def sent_since_last_asked(self) -> int:
        """Return the bytes clients sent since the last call, and start again from zero."""
        with self._counting:
            sent, self._sent = self._sent, 0
            return sent

    def received_since_last_asked(self) -> int:
        """Return the bytes clients received since the last call, and start again from zero."""
        with self._counting:
            received, self._received = self._received, 0
            return received

    def cut_once_after(self, received: int) -> None:
        """Break, once, the connection in which clients have received so many bytes in all."""
        with self._counting:
            self._received = 0
            self._cut_at = received

    def close(self) -> None:
        """Stop listening, end every connection and wait for the threads."""
        # shutdown wakes the blocked accept; close alone does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join()
        self._listener.close()
        with self._counting:
            still_open = list(self._open)
        for end in still_open:
            _shut(end, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._forward, args=(client,))
            self._threads.append(thread)
            thread.start()

    def _forward(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            client.close()
            return
        with client, server:
            with self._counting:
                self._open |= {client, server}
            answers = threading.Thread(
                target=self._pump, args=(server, client, self._count_received)
            )
            answers.start()
            self._pump(client, server, self._count_sent)
            answers.join()
            with self._counting:
                self._open -= {client, server}

    def _pump(
        self, source: socket.socket, sink: socket.socket, may_pass: Callable[[int], bool]
    ) -> None:
        try:
            while piece := source.recv(PIECE):
                if not may_pass(len(piece)):
                    _shut(sink, socket.SHUT_RDWR)
                    _shut(source, socket.SHUT_RDWR)
                    return
                sink.sendall(piece)
        except OSError:
            _shut(source, socket.SHUT_RDWR)
        _shut(sink, socket.SHUT_WR)

    def _count_sent(self, size: int) -> bool:
        with self._counting:
            self._sent += size
        return True

    def _count_received(self, size: int) -> bool:
        with self._counting:
            self._received += size
            if self._cut_at is not None and self._received > self._cut_at:
                self._cut_at = None
                return False
        return True


def _shut(end: socket.socket, how: int) -> None:
    try:
        end.shutdown(how)
    except OSError:
        return  # the other side was quicker


@contextmanager
def counting(target: int) -> Iterator[CountingProxy]:
    """Run a counting proxy before `target` (a port of 127.0.0.1)."""
    proxy = CountingProxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
