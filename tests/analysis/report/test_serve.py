"""The server of finished pages: two addresses, one machine, nothing else; and what it adds to a page."""

import http.client
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from analysis.report.report import write_report
from analysis.report.serve import as_served, is_loopback, serving
from fusion_core.errors import FusionError
from tests.analysis.make import Made, make_run

PAGE = """<!doctype html><html><head>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'">
</head><body>numbers</body></html>"""


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    page = tmp_path / "report.html"
    page.write_text(PAGE, encoding="utf-8")
    (tmp_path / "results.sqlite").write_text("the table")
    (tmp_path / "report.html.bak").write_text("another")
    with serving({"report.html": page}) as address:
        yield address, page


def get(url: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], str]:
    request = urllib.request.Request(url, method=method, headers={k.replace("_", "-"): v for k, v in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as answer:
        return answer.code, dict(answer.headers), answer.read().decode()


def raw(address: str, request: bytes) -> bytes:
    """Send bytes as they are, for clients tidy paths up before they send them."""
    place = urlsplit(address)
    with socket.create_connection((str(place.hostname), int(place.port or 0)), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_the_page_is_at_the_root_and_under_its_name(site: tuple[str, Path]) -> None:
    for path in ("", "report.html", "report.html?x=1", "?all"):
        status, headers, body = get(site[0] + path)
        assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert "numbers" in body


@pytest.mark.parametrize(
    "path",
    [
        "results.sqlite", "report.html.bak", "../report.html", "%2e%2e/report.html", "..%2freport.html",
        "./report.html", "x/../report.html", "report.html/", "report.html%00", "REPORT.HTML", ".", "etc/passwd",
        "\\report.html",
    ],
)  # fmt: skip
def test_nothing_else_of_the_folder_can_be_had(site: tuple[str, Path], path: str) -> None:
    host = urlsplit(site[0]).netloc
    answer = raw(site[0], f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert answer.split(b"\r\n", 1)[0] == b"HTTP/1.1 404 Not Found"
    assert b"numbers" not in answer
    assert b"the table" not in answer


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200), ("127.0.0.1:1", 200), ("localhost:8000", 200), ("[::1]", 200), ("LOCALHOST", 200),
        ("evil.example", 403), ("127.0.0.1.evil.example", 403), ("localhost.evil.example:80", 403), ("10.0.0.1", 403),
        ("", 403), ("[", 403), ("a b", 403),
    ],
)  # fmt: skip
def test_a_name_of_somebody_else_that_points_here_is_refused(site: tuple[str, Path], host: str, status: int) -> None:
    answer = raw(site[0], f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert answer.split()[1] == str(status).encode()
    assert (b"numbers" in answer) == (status == 200)


def test_a_request_without_a_host_is_refused(site: tuple[str, Path]) -> None:
    assert raw(site[0], b"GET / HTTP/1.0\r\n\r\n").split()[1] == b"403"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_can_be_written(site: tuple[str, Path], method: str) -> None:
    assert get(site[0], method)[0] == 501


@pytest.mark.parametrize(("path", "method"), [("", "GET"), ("", "HEAD"), ("nothing", "GET"), ("", "POST")])
def test_every_answer_carries_the_headers_that_shut_others_out(site: tuple[str, Path], path: str, method: str) -> None:
    headers = get(site[0] + path, method)[1]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers
    assert "Python" not in headers["Server"]


def test_an_unchanged_page_is_not_sent_again_and_a_new_one_has_another_tag(site: tuple[str, Path]) -> None:
    address, page = site
    tag = get(address)[1]["ETag"]
    assert get(address, "HEAD")[1]["ETag"] == tag
    assert get(address, If_None_Match=tag)[0] == 304
    page.write_text(PAGE.replace("numbers", "other numbers"), encoding="utf-8")
    status, headers, body = get(address, If_None_Match=tag)
    assert (status, "other numbers" in body) == (200, True)
    assert headers["ETag"] != tag


def test_a_connection_is_kept_for_many_requests(site: tuple[str, Path]) -> None:
    connection = http.client.HTTPConnection(urlsplit(site[0]).netloc, timeout=10)
    for method in ("HEAD", "GET", "HEAD", "GET"):
        connection.request(method, "/")
        answer = connection.getresponse()
        assert (answer.status, b"numbers" in answer.read()) == (200, method == "GET")
    connection.close()


def test_a_page_that_is_not_there_yet_is_waited_for_in_the_browser(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    with serving({"report.html": page}) as address:
        status, headers, body = get(address)
        assert (status, headers["ETag"]) == (200, '"none"')
        assert "No report yet" in body
        assert 'data-tag="none"' in body
        page.write_text(PAGE)
        assert get(address, "HEAD")[1]["ETag"] != '"none"'


def test_the_page_as_served_may_ask_its_own_server_and_the_file_nobody(tmp_path: Path) -> None:
    file = write_report(make_run(tmp_path, [Made({"loss.max_ratio": i}, [{"a": {"Reward": i}}]) for i in (1, 2)]))
    saved = file.read_text(encoding="utf-8")
    with serving({"report.html": file}) as address:
        _, headers, served = get(address)
    tag = headers["ETag"].strip('"')
    assert (
        served.replace("; connect-src 'self'", "").replace(
            served[served.index(f'<script data-tag="{tag}"') : served.rindex("</body>")], ""
        )
        == saved
    )
    assert "connect-src" not in saved
    assert "data-tag" not in saved
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', served)
    assert policy is not None
    assert policy[1].endswith("; connect-src 'self'")
    assert headers["Content-Security-Policy"].startswith(policy[1] + "; frame-ancestors 'none'")


def test_the_script_is_added_to_a_page_of_any_length_at_its_end() -> None:
    long = PAGE.replace("numbers", "numbers" * 2000)
    for page in (PAGE, long, "no markup at all"):
        served = as_served(page.encode(), '"t"').decode()
        assert served.count("data-tag") == 1
        assert served.rstrip().endswith("</html>" if "html" in page else "</script>")


def test_a_port_that_is_taken_is_refused_with_a_remedy() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with (
            pytest.raises(FusionError, match=r"must be free to serve on, but: .*; give another port"),
            serving({"report.html": Path("x")}, taken.getsockname()[1]),
        ):
            pass


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("10.1.2.3", False), ("example.org", False)],
)  # fmt: skip
def test_only_loopback_addresses_stay_on_this_machine(host: str, alone: bool) -> None:
    assert is_loopback(host) is alone


def test_a_server_open_to_others_answers_to_addresses_but_to_no_foreign_name(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text(PAGE)
    with serving({"report.html": page}, host="0.0.0.0") as address:
        port = urlsplit(address).port
        for host, status in (("192.168.1.5", b"200"), ("evil.example", b"403"), ("localhost", b"200")):
            request = f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode()
            assert raw(f"http://127.0.0.1:{port}/", request).split()[1] == status
