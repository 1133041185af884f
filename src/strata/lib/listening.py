"""Open the sockets that a server listens on."""

from __future__ import annotations

import socket


def bound(host: str, port: int, backlog: int) -> socket.socket:
    """Open a listening socket; a host with several addresses is served on the first.

    Bound before workers are forked, so that a taken port fails at once and all of them share it.

    Raises:
        OSError: the address cannot be bound.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6 and host == "::":
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind(address)
        listener.listen(backlog)
    except BaseException:
        listener.close()
        raise
    listener.set_inheritable(True)
    return listener
