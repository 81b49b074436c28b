"""Archived pages in a real browser: they work, and whatever their scripts try, nothing leaves the archive."""

from __future__ import annotations

import re
import shutil
import socket
import struct
import subprocess
import threading
import zlib
from collections.abc import Callable, Iterator
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template

import pytest

from archiver.web import policy

from .conftest import HTML, Client, Shelf

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
ALLOWLISTS = 156
"""A Chromium that knows Connection-Allowlist; some older ones do on trial."""

FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--virtual-time-budget=4000", "--dump-dom"),
    *("--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP *.test 127.0.0.1"),
)

SILENT = "a connection on which nothing was said"

Browse = Callable[[str], str]


class Witness:
    """Stands for the rest of the world: every name that ends in .test leads here. Notes whatever arrives."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        self.datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.datagrams.bind(("127.0.0.1", 0))
        self.udp_port: int = self.datagrams.getsockname()[1]
        for work in (self._connections, self._datagrams):
            threading.Thread(target=work, daemon=True).start()

    def _connections(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(0.5)
                try:
                    said = connection.recv(2000)
                except OSError:
                    said = b""
                host = re.search(rb"Host: ([^:\r]*)", said)
                self.seen.append(host[1].decode() if host else str(said[:20]) if said else SILENT)

    def _datagrams(self) -> None:
        while True:
            try:
                if not self.datagrams.recv(2000):
                    return
            except OSError:
                return
            self.seen.append("a datagram")

    def close(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.udp_port))
        self.datagrams.close()


@pytest.fixture
def witness() -> Iterator[Witness]:
    witness = Witness()
    yield witness
    witness.close()


@pytest.fixture(scope="module")
def chromium() -> str:
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        pytest.skip("no Chromium here; on Debian: apt-get install chromium")
    return found


@pytest.fixture(scope="module")
def holds(chromium: str) -> bool:
    """Whether this Chromium holds back everything; others connect ahead of need, without a word, before they refuse."""
    version = subprocess.run([chromium, "--version"], capture_output=True, text=True, check=True).stdout
    return int(re.findall(r"\d+", version)[0]) >= ALLOWLISTS


@pytest.fixture
def browse(chromium: str, tmp_path: Path) -> Browse:
    """A function that opens a page and returns what became of it, as HTML."""

    def open_page(url: str) -> str:
        command = [chromium, f"--user-data-dir={tmp_path / 'profile'}", *FLAGS, url]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout

    return open_page


ATTEMPTS = Template("""<!DOCTYPE html><html><head>
<link rel=icon href="http://icon.test:$port/"><link rel=manifest href="http://manifest.test:$port/">
<link rel=stylesheet href="http://css.test:$port/"><link rel=preload as=image href="http://preload.test:$port/">
<link rel=prefetch href="http://prefetch.test:$port/"><link rel=modulepreload href="http://modulepreload.test:$port/">
<script type=speculationrules>{"prefetch": [{"source": "list", "urls": ["http://speculation.test:$port/"]}]}</script>
<style>@import url(http://import.test:$port/); body { background: url(http://background.test:$port/) }
@font-face { font-family: f; src: url(http://font.test:$port/) } pre { font-family: f }</style>
</head><body><img src="http://img.test:$port/"><video src="http://video.test:$port/" autoplay></video>
<iframe src="http://iframe.test:$port/"></iframe><object data="http://object.test:$port/"></object>
<embed src="http://embed.test:$port/"><svg><image href="http://svg.test:$port/" /></svg>
<form id=form action="http://form.test:$port/" method=post><input name=a></form>
<a id=ping href="#a" ping="http://ping.test:$port/">a</a><pre id=report></pre>
<script src="http://script.test:$port/"></script>
<script>
const report = {};
const attempt = (name, action) => {
  const note = outcome => {
    report[name] = outcome;
    document.getElementById("report").textContent = JSON.stringify(report);
  };
  try { Promise.resolve(action()).then(() => note("done"), () => note("refused")); } catch { note("refused"); }
};
const frame = (name, setting, value) => attempt(name, () => {
  const made = document.createElement("iframe");
  made[setting] = value;
  document.body.append(made);
});
const picture = name => "<script>new Image().src = 'http://" + name + ".test:$port/'</" + "script>";
attempt("fetch", () => fetch("http://fetch.test:$port/", {mode: "no-cors"}));
attempt("xhr", () => { const x = new XMLHttpRequest(); x.open("GET", "http://xhr.test:$port/"); x.send(); });
attempt("socket", () => { new WebSocket("ws://socket.test:$port/"); });
attempt("events", () => { new EventSource("http://events.test:$port/"); });
attempt("beacon", () => { navigator.sendBeacon("http://beacon.test:$port/", "a"); });
attempt("dynamic import", () => import("http://dynamic.test:$port/a.js"));
attempt("image", () => { new Image().src = "http://image.test:$port/"; });
attempt("submit", () => document.getElementById("form").submit());
attempt("ping", () => document.getElementById("ping").click());
attempt("popup", () => { window.open("http://popup.test:$port/"); });
const meta = '<meta http-equiv="Content-Security-Policy" content="img-src *">';
attempt("meta", () => { document.head.innerHTML += meta; });
attempt("late image", () => { new Image().src = "http://late.test:$port/"; });
frame("srcdoc", "srcdoc", picture("srcdoc"));
frame("data frame", "src", "data:text/html," + picture("dataframe"));
frame("blob frame", "src", URL.createObjectURL(new Blob([picture("blobframe")], {type: "text/html"})));
frame("script frame", "src", "javascript:location='http://scriptframe.test:$port/'");
attempt("blob worker", () => {
  new Worker(URL.createObjectURL(new Blob(["fetch('http://worker.test:$port/', {mode: 'no-cors'})"])));
});
attempt("top", () => { if (top !== self) top.location = "http://top.test:$port/"; });
attempt("cookie", () => { document.cookie = "a=1"; });
attempt("storage", () => localStorage.setItem("a", "1"));
attempt("database", () => { indexedDB.open("a"); });
attempt("service worker", () => navigator.serviceWorker.register("/worker.js"));
attempt("worker", () => new Worker("/worker.js"));
attempt("other capture", () => fetch("/archives/2").then(answer => answer.text()));
attempt("own code", () => eval("1 + 1"));
</script></body></html>""")

ESCAPES = Template("""<!DOCTYPE html><html><head><link rel=preconnect href="http://preconnect.test:$port"></head><body>
<script>
const peer = new RTCPeerConnection({iceServers: [{urls: "stun:127.0.0.1:$udp"}]});
peer.createDataChannel("a");
peer.createOffer().then(offer => peer.setLocalDescription(offer));
setTimeout(() => { location = "http://navigation.test:$port/"; }, 1000);
</script></body></html>""")


def hostile(template: Template, witness: Witness) -> bytes:
    return template.substitute(port=witness.port, udp=witness.udp_port).encode()


def outcomes(page: str) -> dict[str, str]:
    found = re.search(r'<pre id="report">(.*?)</pre>', page, re.DOTALL)
    assert found, page[:500]
    return dict(re.findall(r'"([^"]+)":"([^"]+)"', unescape(found[1])))


class Unguarded(BaseHTTPRequestHandler):
    page = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.page)

    do_POST = do_GET  # noqa: N815 - a name the base class looks for

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Say nothing."""


def test_the_hostile_page_reaches_the_world_when_nothing_holds_it(browse: Browse, witness: Witness) -> None:
    Unguarded.page = hostile(ATTEMPTS, witness)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Unguarded)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        browse(f"http://127.0.0.1:{server.server_address[1]}/")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    expected = {f"{name}.test" for name in ("img", "css", "script", "fetch", "iframe", "image", "xhr", "font", "svg")}
    assert expected <= set(witness.seen)


def test_nothing_leaves_the_archive(
    shelf: Shelf, replayed: Callable[..., Client], browse: Browse, holds: bool, witness: Witness
) -> None:
    shelf.put("/archives/1", hostile(ATTEMPTS, witness), HTML)
    shelf.put("/archives/2", b"other", HTML)
    shelf.put("/worker.js", b"fetch('/archives/2')", "Content-Type: text/javascript")
    page = browse(f"http://127.0.0.1:{replayed(shelf.home).port}/archives/1")
    done = outcomes(page)
    refused = ("fetch", "dynamic import", "cookie", "storage", "database", "service worker", "worker", "other capture")
    assert {name: done.get(name) for name in refused} == dict.fromkeys(refused, "refused")
    assert done["own code"] == "done"
    assert [seen for seen in witness.seen if holds or seen != SILENT] == []


@pytest.mark.parametrize("kind", ["escape", "refresh"])
def test_pages_go_nowhere_by_themselves(
    shelf: Shelf, replayed: Callable[..., Client], browse: Browse, holds: bool, witness: Witness, kind: str
) -> None:
    if kind == "escape" and not holds:
        pytest.skip("this Chromium has nothing that holds a page which navigates by script")
    refresh = f'<meta http-equiv="refresh" content="0; url=http://refresh.test:{witness.port}/">'.encode()
    shelf.put("/archives/1", refresh if kind == "refresh" else hostile(ESCAPES, witness), HTML)
    browse(f"http://127.0.0.1:{replayed(shelf.home).port}/archives/1")
    assert witness.seen == []


PRECONNECT = Template('<link rel="preconnect" href="http://preconnect.test:$port">')


def test_no_link_connects_ahead_of_need_where_the_header_is_not_known(
    shelf: Shelf,
    replayed: Callable[..., Client],
    browse: Browse,
    witness: Witness,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = tuple(header for header in policy.ALWAYS if header[0] != "Connection-Allowlist")
    monkeypatch.setattr(policy, "ALWAYS", known)
    shelf.put("/archives/1", b"<!DOCTYPE html><html><head></head><body>" + hostile(PRECONNECT, witness), HTML)
    browse(f"http://127.0.0.1:{replayed(shelf.home).port}/archives/1")
    assert witness.seen == []


def png(width: int, height: int) -> bytes:
    """Return a grey picture."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * width) * height)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def test_pages_work_with_their_pictures_styles_and_scripts(
    shelf: Shelf, replayed: Callable[..., Client], browse: Browse
) -> None:
    page = b"""<!DOCTYPE html><html><head><link rel=stylesheet href="https://kexue.fm/a.css">
    <script type="text/x-config">document.body.dataset.evaluated = "yes";</script>
    <script src="//spaces.ac.cn/a.js?V=2.7.9" defer></script></head><body>
    <img src="/moved.png" onload="document.body.dataset.width = this.naturalWidth"><p id=text>text</p></body></html>"""
    script = b"""eval(document.querySelector("[type='text/x-config']").text);
    document.body.dataset.colour = getComputedStyle(document.getElementById("text")).color;"""
    shelf.put("/archives/1", page, HTML)
    shelf.put("/a.css", b"#text { color: rgb(1, 2, 3) }", "Content-Type: text/css")
    shelf.put("/a.js", script, "Content-Type: text/javascript")
    shelf.put("/moved.png", b"", "Location: https://www.kexue.fm/a.png", status="302 Found")
    shelf.put("/a.png", png(33, 5), "Content-Type: image/png")
    port = replayed(shelf.home).port
    for prefix in ("", "/@2026"):
        seen = browse(f"http://127.0.0.1:{port}{prefix}/archives/1")
        for found in ('data-evaluated="yes"', 'data-colour="rgb(1, 2, 3)"', 'data-width="33"'):
            assert found in seen
