"""nginx beside the hub: the same file, and the same repository by `git http-backend`."""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.outcome import PartSkipped
from clients.hub import free_port

BACKEND = Path("/usr/lib/git-core/git-http-backend")  # where Debian and Fedora's git keep it
STARTED_WITHIN_S = 10.0

_FILES = """
        location /files/ { alias %(root)s/; }
"""
_GIT = """
        location /git/ {
            client_max_body_size 0;
            fastcgi_pass unix:%(socket)s;
            fastcgi_param SCRIPT_FILENAME %(backend)s;
            fastcgi_param GIT_PROJECT_ROOT %(root)s;
            fastcgi_param GIT_HTTP_EXPORT_ALL 1;
            fastcgi_param HOME %(folder)s;
            fastcgi_param PATH_INFO $git_path;
            fastcgi_param QUERY_STRING $query_string;
            fastcgi_param REQUEST_METHOD $request_method;
            fastcgi_param CONTENT_TYPE $content_type;
            fastcgi_param CONTENT_LENGTH $content_length;
            fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding;
            fastcgi_param HTTP_GIT_PROTOCOL $http_git_protocol;
            fastcgi_param GIT_PROTOCOL $http_git_protocol;
        }
"""
_CONFIGURATION = """
daemon off;
master_process off;
pid %(folder)s/pid;
error_log %(folder)s/errors.log;
events { worker_connections 256; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    client_body_temp_path %(folder)s/body;
    proxy_temp_path %(folder)s/proxy;
    fastcgi_temp_path %(folder)s/fastcgi;
    uwsgi_temp_path %(folder)s/uwsgi;
    scgi_temp_path %(folder)s/scgi;
    map $uri $git_path { ~^/git(?<rest>/.*)$ $rest; }
    server {
        listen 127.0.0.1:%(port)s;
        %(location)s
    }
}
"""


@dataclass(frozen=True, slots=True)
class Front:
    """A running nginx."""

    port: int
    pid: int


def require(*programs: str) -> None:
    """Insist that programs are here.

    Raises:
        PartSkipped: names those that are missing.
    """
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise PartSkipped(f"needs {', '.join(missing)} (apt-get install nginx fcgiwrap git)")


@contextmanager
def files_served(folder: Path, root: Path) -> Iterator[Front]:
    """Serve the files of `root` below `/files/`."""
    require("nginx")
    with _nginx(folder, _FILES % {"root": root}) as front:
        yield front


@contextmanager
def git_served(folder: Path, root: Path, *, workers: int) -> Iterator[Front]:
    """Serve the bare repositories of `root` below `/git/`."""
    require("nginx", "fcgiwrap", "git")
    if not BACKEND.exists():
        raise PartSkipped(f"needs {BACKEND} (part of git)")
    folder.mkdir()
    place = folder / "fcgi.sock"
    command = ["fcgiwrap", "-c", str(workers), "-s", f"unix:{place}"]
    names = {"socket": place, "backend": BACKEND, "root": root, "folder": folder}
    with ExitStack() as stack:
        stack.enter_context(_run(command))
        yield stack.enter_context(_nginx(folder / "nginx", _GIT % names))


@contextmanager
def _nginx(folder: Path, location: str) -> Iterator[Front]:
    folder.mkdir()
    port = free_port()
    configuration = folder / "nginx.conf"
    configuration.write_text(
        _CONFIGURATION % {"folder": folder, "port": port, "location": location}
    )
    with _run(["nginx", "-c", str(configuration), "-p", str(folder)]) as pid:
        _wait_for(port)
        yield Front(port, pid)


@contextmanager
def _run(command: list[str]) -> Iterator[int]:
    """Run a program and its children; yields its process id."""
    process = subprocess.Popen(  # noqa: S603 -- programs named in this file
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # fcgiwrap does not end its own children
        process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + STARTED_WITHIN_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "nginx did not start"
            time.sleep(0.02)
        else:
            return
