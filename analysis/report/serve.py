"""Serves finished pages to this machine's browser, and nothing else of their folder."""

from __future__ import annotations

import ipaddress
import re
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from analysis.report.html import TEMPLATES
from fusion_core.errors import FusionError

LOOPBACK = "127.0.0.1"
_HEAD = 4096
_POLICY = re.compile(rb'(Content-Security-Policy" content=")([^"]*)')
_OPEN_POLICY = b"default-src 'none'; img-src data: blob:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_ASK = b"; connect-src 'self'"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
_WAITING = (
    b'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
    b'<title>No report yet</title><body style="font: 16px system-ui; margin: 3em">'
    b"<p>No report yet: it appears here as soon as it is written.</p></body></html>"
)


@contextmanager
def serving(pages: Mapping[str, Path], port: int = 0, host: str = LOOPBACK) -> Iterator[str]:
    """Serve `pages` (name in the address -> file; / is the first) in the block; yields the address. Port 0: a free one.

    Raises FusionError if the port or the host is not available.
    """
    try:
        server = _Server(host, port, dict(pages))
    except (OSError, OverflowError) as problem:
        raise FusionError(
            f"--serve: {host} port {port} must be free to serve on, but: {problem}; give another port, or none for any"
        ) from problem
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach a server on `host`."""
    return host == "localhost" or ((address := _address(host)) is not None and address.is_loopback)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def as_served(page: bytes, tag: str) -> bytes:
    """Return the page with a script that polls for a newer one, and permission to; the file itself has neither."""
    page = _POLICY.sub(lambda found: found[1] + found[2] + _ASK, page[:_HEAD], count=1) + page[_HEAD:]
    script = (TEMPLATES / "page" / "reload.js").read_bytes()
    added = b'<script data-tag="' + tag.strip('"').encode() + b'">' + script + b"</script>\n"
    end = page.rfind(b"</body>")
    end = len(page) if end < 0 else end
    return page[:end] + added + page[end:]


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str, port: int, pages: dict[str, Path]) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.pages = pages
        self.host = host.casefold()
        super().__init__((host, port), _Handler)

    def answers_to(self, host: str) -> bool:
        """Return whether a request's Host is allowed: not a foreign name that points here (DNS rebinding)."""
        name = urlsplit(f"//{host}").hostname if host else None
        if name is None:
            return False
        if is_loopback(self.host):
            return is_loopback(name)
        return name in (self.host, "localhost", socket.gethostname().casefold()) or _address(name) is not None

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a browser that closed the connection; show any other error."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    timeout = 30
    error_message_format = "%(code)d %(message)s\n"
    error_content_type = "text/plain; charset=utf-8"

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def _answer(self) -> None:
        try:
            known = self.server.answers_to(self.headers.get("Host", ""))
            path = urlsplit(self.path).path
        except ValueError:
            known, path = False, ""
        if not known:
            self._send(403, b"This server answers to its own address only.\n", "text/plain; charset=utf-8")
            return
        pages = self.server.pages
        file = next(iter(pages.values())) if path == "/" else pages.get(path.removeprefix("/"))
        if file is None:
            self._send(404, b"There is no such page here.\n", "text/plain; charset=utf-8")
            return
        self._send_page(file)

    def _send_page(self, file: Path) -> None:
        try:
            with file.open("rb") as opened:
                state = file.stat()
                tag = f'"{state.st_mtime_ns:x}-{state.st_size:x}"'
                if self.headers.get("If-None-Match") == tag:
                    self._send(304, b"", None, tag)
                    return
                page = opened.read() if self.command == "GET" else b""
        except OSError:
            tag, page = '"none"', _WAITING
        self._send(200, as_served(page, tag) if page else b"", "text/html; charset=utf-8", tag)

    def _send(self, status: int, body: bytes, kind: str | None, tag: str | None = None) -> None:
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        if tag:
            self.send_header("ETag", tag)
        if self.command != "HEAD" and status != 304:
            self.send_header("Content-Length", str(len(body)))
        policy = _POLICY.search(body[:_HEAD])
        self.send_header(
            "Content-Security-Policy",
            (policy[2] if policy else _OPEN_POLICY + _ASK).decode("latin-1")
            + "; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        )
        self.end_headers()
        if self.command != "HEAD" and status != 304:
            self.wfile.write(body)

    def end_headers(self) -> None:
        for name, value in _HEADERS.items():
            self.send_header(name, value)
        super().end_headers()

    def version_string(self) -> str:
        return "analysis"

    def log_message(self, format: str, *args: object) -> None:
        """Do nothing: the console is used by the watching report command."""
