"""The archive in the players of others: formulas, files and bytes, beside our own replay and the blog itself.

    python -m benchmarks.players HOME [--live] [--pywb ~/pywb/bin/python] [--replaywebpage ~/package] [--posts 10]

HOME is packed as `archiver export wacz` does, and each player is given the package: pywb, from an environment that has
it, and ReplayWeb.page, the unpacked npm package `replaywebpage`. Chromium opens the posts with most formulas in each.
`--live` opens them on the blog too, at the address they were archived from: only for a blog on this machine.

`formulas` are those MathJax has set. Of what the pages ask for and the blog answers, `answered` is what the player
answers too, `refused` what it does not; `outside` is what they ask for elsewhere. `200` and `304` count the captures
of which it gives, at their date, the body that was recorded, as sent or decoded. For ReplayWeb.page also: the page it
opens with, the pages it lists, and how many posts a search for their titles finds. Ends with 1 when a player falls
short.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import urllib.request
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

import uvicorn
from playwright.sync_api import Browser, Frame, Page, sync_playwright
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

from archiver.export.records import export_wacz
from archiver.store import query
from archiver.store.location import database_url
from archiver.urls import Site
from archiver.warc.reader import read_record
from archiver.warc.storage import Storage
from archiver.web.exchange import MEMORY
from benchmarks.replay import MANAGER, SERVE, WAYBACK, free_port, running

BLOG = Site().origin

PACKAGE = "blog.wacz"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
PATIENCE = 30_000
"""Milliseconds a page has to be shown, and as many again for its formulas."""

POSTS = """
SELECT p.title, c.url, c.target_uri FROM posts AS p
JOIN post_revisions AS r ON r.id = p.current_revision_id JOIN captures AS c ON c.id = r.capture_id
ORDER BY (SELECT count(*) FROM formulas AS f WHERE f.post_id = p.id) DESC, p.id
"""
CAPTURES = """
SELECT c.url, c.target_uri, c.fetched_at, c.status, coalesce(o.warc_file, c.warc_file),
    coalesce(o.warc_offset, c.warc_offset)
FROM captures AS c LEFT JOIN captures AS o ON o.record_id = c.revisit_of
WHERE c.status IN (200, 304) AND c.truncated IS NULL ORDER BY c.id
"""
SET = f"""
() => Promise.race([
    new Promise(done => window.MathJax?.Hub ? MathJax.Hub.Queue(done) : done()),
    new Promise(done => setTimeout(done, {PATIENCE})),
]).then(() => document.querySelectorAll(".MathJax").length)
"""
DIGEST = """
async url => {
    const digest = await crypto.subtle.digest("SHA-256", await (await fetch(url)).arrayBuffer());
    return [...new Uint8Array(digest)].map(byte => byte.toString(16).padStart(2, "0")).join("");
}
"""
EMBEDDED = f"""<!DOCTYPE html><title>Embedded</title><script src="ui.js"></script>
<replay-web-page source="/{PACKAGE}" url="page:0" embed="default" replayBase="/"></replay-web-page>"""
"""As a site shows a package, opened with its first page."""

_REWRITTEN = re.compile(r"/\d*[a-z]{2}_/(https?://.*)")
_DATED = re.compile(r"/\d*mp_/.*")
_NO_DIGIT = re.compile(r"\D")

Ask = Callable[[str], str]
"""Returns the SHA-256 of what an address gives."""


@dataclass(frozen=True)
class Post:
    """A page to open."""

    title: str
    url: str
    target_uri: str


@dataclass(frozen=True)
class Capture:
    """A capture, and the SHA-256 of its body by the records alone, as sent and decoded."""

    url: str
    target_uri: str
    date: str
    status: int
    digests: frozenset[str]


@dataclass(frozen=True)
class Player:
    """Something that shows the pages."""

    name: str
    page: Callable[[Post], str]
    """The address at which it shows a page."""
    recorded: Callable[[str, Capture], str] | None = None
    """The address at which it gives what was recorded, from that of a page it shows."""
    worker: bool = False
    """Whether it lives in the browser, and answers there alone."""


@dataclass
class Seen:
    """What became of the pages in one player."""

    formulas: int = 0
    answered: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    equal: Counter[int] = field(default_factory=Counter)


def captures(home: Path) -> list[Capture]:
    """Return all whole captures; a 304 is to give the body it refers to."""
    found = []
    for url, target_uri, fetched_at, status, warc_file, offset in query.run(database_url(home), CAPTURES).rows:
        record = read_record(Storage(home / "warc"), str(warc_file), int(offset))
        digests = frozenset(hashlib.sha256(body).hexdigest() for body in (record.response.entity, record.body))
        found.append(Capture(url, target_uri, _NO_DIGIT.sub("", fetched_at)[:14], status, digests))
    return found


def look(browser: Browser, player: Player, posts: list[Post], known: list[Capture]) -> Seen:
    """Open the posts in a player one after the other, then ask it for every capture."""
    seen = Seen()
    for post in posts:
        with watched(browser, player.page(post), seen, post) as page:
            frame = shown(page, post)
            seen.formulas += frame.evaluate(SET)
            if player.recorded and post == posts[-1]:
                ask = _in_browser(frame) if player.worker else _digest
                for capture in known:
                    seen.equal[capture.status] += ask(player.recorded(frame.url, capture)) in capture.digests
    return seen


@contextmanager
def watched(browser: Browser, address: str, seen: Seen, post: Post) -> Iterator[Page]:
    """Open an address in a browser that knows nothing; note what was asked for until the block ends."""
    context = browser.new_context()
    asked: list[tuple[str, int]] = []
    context.on("response", lambda answer: asked.append((answer.url, answer.status)))
    context.on("requestfailed", lambda request: asked.append((request.url, 0)))
    page = context.new_page()
    page.goto(address)
    yield page
    context.close()
    origin, site = _origin(address), _origin(post.target_uri)
    for url, status in asked:
        rewritten = _REWRITTEN.search(url)
        if _origin(url) != origin:
            seen.outside.add(url)
        else:
            told = seen.answered if status == 200 else seen.refused
            told.add(rewritten[1] if rewritten else site + url.removeprefix(origin))


def shown(page: Page, post: Post) -> Frame:
    """Return the frame that shows a post, once it does."""
    places = (f"mp_/{post.target_uri}", urlsplit(post.target_uri).path)
    for _ in range(PATIENCE // 100):
        for frame in reversed(page.frames):
            if frame.url.endswith(places) and frame.evaluate("document.readyState") == "complete":
                return frame
        page.wait_for_timeout(100)
    raise SystemExit(f"expected {post.target_uri} in {page.url}, found {[frame.url for frame in page.frames]}")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _in_browser(frame: Frame) -> Ask:
    return lambda url: str(frame.evaluate(DIGEST, url))


def _digest(url: str) -> str:
    request = urllib.request.Request(quote(url, safe=":/?&=%@#,;+~"), headers={"Accept-Encoding": "gzip"})
    try:
        with urllib.request.urlopen(request) as answer:
            return hashlib.sha256(answer.read()).hexdigest()
    except OSError as error:
        return str(error)


def our_replay(home: Path, folder: Path, stack: ExitStack) -> Player:
    """Start our own replay."""
    port = free_port()
    code = SERVE.format(str(home), database_url(home), port, MEMORY)
    stack.enter_context(running([sys.executable, "-c", code], port, folder))
    base = f"http://127.0.0.1:{port}"
    return Player(
        "archiver replay",
        lambda post: base + post.url.removeprefix(BLOG),
        lambda _, capture: f"{base}/@{capture.date}id_{capture.url.removeprefix(BLOG)}",
    )


def pywb(python: str, package: Path, stack: ExitStack) -> Player:
    """Give pywb the package, and start it."""
    folder, port = package.parent, free_port()
    for words in (["init", "blog"], ["add", "--unpack-wacz", "blog", str(package)]):
        code = MANAGER.format(", ".join(map(repr, words)))
        subprocess.run([python, "-c", code], cwd=folder, check=True, capture_output=True)
    stack.enter_context(running([python, "-c", WAYBACK.format(port)], port, folder))
    version = "import importlib.metadata as m; print(m.version('pywb'))"
    told = subprocess.run([python, "-c", version], check=True, capture_output=True, text=True).stdout.strip()
    return Player(f"pywb {told}", lambda post: f"http://127.0.0.1:{port}/blog/mp_/{post.target_uri}", _at_its_date)


def replay_web_page(unpacked: Path, package: Path, stack: ExitStack) -> Player:
    """Serve ReplayWeb.page with the package beside it."""
    folder, port = package.parent / "rwp", free_port()
    folder.mkdir()
    for name in ("index.html", "ui.js", "sw.js"):
        shutil.copy(unpacked / name, folder)
    shutil.copy(package, folder / PACKAGE)
    (folder / "embedded.html").write_text(EMBEDDED, encoding="utf-8")
    files = Starlette(routes=[Mount("/", StaticFiles(directory=folder, html=True))])
    server = uvicorn.Server(uvicorn.Config(files, port=port, log_level="critical"))
    thread = threading.Thread(target=server.run)
    thread.start()
    stack.callback(thread.join)
    stack.callback(setattr, server, "should_exit", True)
    base = f"http://127.0.0.1:{port}/?source=http://127.0.0.1:{port}/{PACKAGE}"
    version = json.loads((unpacked / "package.json").read_text(encoding="utf-8"))["version"]
    return Player(
        f"ReplayWeb.page {version}",
        lambda post: f"{base}#view=pages&url={quote(post.target_uri, safe='')}",
        _at_its_date,
        worker=True,
    )


def _at_its_date(shown: str, capture: Capture) -> str:
    return _DATED.sub(lambda _: f"/{capture.date}id_/{capture.target_uri}", shown)


def opened(browser: Browser, player: Player, posts: list[Post], package: Path) -> bool:
    """Print what ReplayWeb.page makes of the package as a whole; return whether that is all of it."""
    with zipfile.ZipFile(package) as parts:
        main_page = json.loads(parts.read("datapackage.json"))["mainPageUrl"]
        pages = len(parts.read("pages/pages.jsonl").splitlines()) - 1
    address = player.page(posts[0]).partition("#")[0]
    found = 0
    with browser.new_context() as context:
        page = context.new_page()
        page.goto(_origin(address) + "/embedded.html")
        title = shown(page, Post("", main_page, main_page)).title()
        page.goto(address)
        entries = page.locator("wr-page-entry")
        entries.first.wait_for(timeout=PATIENCE)
        listed = entries.first.evaluate("entry => entry.getRootNode().host.collInfo.pages.length")
        for post in posts:
            page.get_by_placeholder("Search by Page URL").fill(post.title)
            page.wait_for_timeout(1000)
            found += post.target_uri in entries.evaluate_all("all => all.map(entry => entry.page.url)")
    print(f"{player.name} opens with {title!r}, lists {listed} of {pages} pages, finds {found} of {len(posts)} titles")
    return listed == pages and found == len(posts)


def main() -> int:
    """Measure; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", type=Path)
    parser.add_argument("--live", action="store_true", help="the blog is where it was archived from")
    parser.add_argument("--pywb", metavar="PYTHON", help="a Python that can import pywb")
    parser.add_argument("--replaywebpage", metavar="FOLDER", type=Path, help="an unpacked npm package")
    parser.add_argument("--posts", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        return measure(Path(folder), options, stack)


def measure(folder: Path, options: argparse.Namespace, stack: ExitStack) -> int:
    """Pack the archive, start the players, look at each, and print what they do; return the exit code."""
    package = folder / PACKAGE
    export_wacz(options.home, database_url(options.home), Site(), package)
    posts = [Post(*map(str, row)) for row in query.run(database_url(options.home), POSTS).rows[: options.posts]]
    elsewhere = [post.target_uri for post in posts if urlsplit(post.target_uri).hostname != "127.0.0.1"]
    if options.live and elsewhere:
        raise SystemExit(f"--live: expected a blog archived from 127.0.0.1, found {elsewhere[0]}")
    known = captures(options.home)
    players = [Player("the blog", lambda post: post.target_uri)] if options.live else []
    players.append(our_replay(options.home, folder, stack))
    if options.pywb:
        players.append(pywb(options.pywb, package, stack))
    if options.replaywebpage:
        players.append(replay_web_page(options.replaywebpage, package, stack))
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    with sync_playwright() as driver, driver.chromium.launch(executable_path=chromium, args=FLAGS) as browser:
        seen = {player.name: look(browser, player, posts, known) for player in players}
        short = report(seen, Counter(capture.status for capture in known))
        if options.replaywebpage:
            short |= not opened(browser, players[-1], posts, package)
    return 1 if short else 0


def report(seen: dict[str, Seen], recorded: Counter[int]) -> bool:
    """Print a line for each player, then what it falls short of; return whether one does."""
    print(f"{'player':<22}{'formulas':>9}{'answered':>9}{'refused':>9}{'outside':>9}{'200':>12}{'304':>12}")
    blog = seen.get("the blog", Seen())
    short = []
    for name, player in seen.items():
        answered = blog.answered & player.answered
        refused = blog.answered & player.refused - player.answered
        files = (len(answered), len(refused)) if blog.answered else ("-", "-")
        line = "".join(f"{figure:>9}" for figure in (player.formulas, *files, len(player.outside)))
        if player is not blog:
            line += "".join(f"{f'{player.equal[status]}/{recorded[status]}':>12}" for status in (200, 304))
            short += [f"{name} refuses {url}" for url in sorted(refused)]
            short += [f"{name} lets out {url}" for url in sorted(player.outside)]
            short += [f"{name} sets fewer formulas"] * (player.formulas < blog.formulas)
            short += [f"{name} gives other bodies"] * (player.equal != recorded)
        print(f"{name:<22}{line}")
    for words in short:
        print(words)
    return bool(short)


if __name__ == "__main__":
    sys.exit(main())
