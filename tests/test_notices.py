"""Word of a crawl: by servers and programs that are really there, and never at the cost of the crawl."""

from __future__ import annotations

import json
import socketserver
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archiver import extras, notices
from archiver.cli import main
from archiver.errors import ArchiverError, ExitCode, UsageError
from archiver.notices import Notice, Ways, deliver, delivery
from archiver.sample import SampleBlog, serving
from archiver.store.lock import locked
from tests.certificates import Certificates
from tests.zygote import Zygote

NOTICE = Notice(
    title="科学空间: 2 new posts",
    text="New: 低秩近似\n  https://kexue.fm/archives/274\nRun 3: complete (exit code 0).",
    events=frozenset({"failed", "brought"}),
    facts={"run": "3", "exit_code": "0"},
    reader="http://nas:8000/",
)


class Posted:
    """A server on this machine that takes what is posted to it."""

    def __init__(self, status: int) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        posted = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                posted.requests.append((self.path, dict(self.headers), body))
                self.send_response(status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def do_GET(self) -> None:
                posted.requests.append((self.path, {}, b""))
                self.send_error(404)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/my-blog"


@contextmanager
def running(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def posted() -> Iterator[Callable[..., Posted]]:
    with ExitStack() as stack:

        def made(status: int = 200) -> Posted:
            server = Posted(status)
            stack.enter_context(running(server.server))
            return server

        yield made


class Mailbox(socketserver.ThreadingTCPServer):
    """Takes e-mail as RFC 5321 has it: enough of it for one that is sent."""

    daemon_threads = True

    def __init__(self, *offers: str, context: ssl.SSLContext | None = None) -> None:
        self.offers, self.said, self.data, self.context = offers, [], b"", context
        self.refused: dict[str, str] = {}
        super().__init__(("127.0.0.1", 0), _Session)
        self.url = f"smtp://127.0.0.1:{self.server_address[1]}"

    said: list[str]
    data: bytes


class _Session(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        with suppress(OSError):  # whoever sent has left
            self.converse()
        for each in (self.rfile, self.wfile, self.request):
            each.close()

    def converse(self) -> None:
        self.answer("220 box")
        while line := self.rfile.readline().decode().rstrip("\r\n"):
            self.server.said.append(line)
            verb = line.partition(" ")[0].upper()
            if verb in self.server.refused:
                self.answer(self.server.refused[verb])
            elif verb == "EHLO":
                lines = ["box", *self.server.offers]
                self.answer("\r\n".join(f"250{' ' if each is lines[-1] else '-'}{each}" for each in lines))
            elif verb == "STARTTLS" and self.server.context:
                self.answer("220 now")
                self.request = self.server.context.wrap_socket(self.request, server_side=True)
                self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)
            elif verb == "DATA":
                self.answer("354 go on")
                while (part := self.rfile.readline()) != b".\r\n":
                    self.server.data += part
                self.answer("250 taken")
            else:
                self.answer({"QUIT": "221 bye", "AUTH": "235 known"}.get(verb, "250 fine"))

    def answer(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


def run(home: Path, *words: str | Path, **environment: str) -> Result:
    return CliRunner().invoke(main, ["--home", str(home), *map(str, words)], env=environment)


def test_ntfy_gets_a_post_with_title_text_and_a_link_to_the_reader(posted: Callable[..., Posted]) -> None:
    server = posted()
    assert deliver(NOTICE, Ways(ntfy=server.url.replace("://", "://:tk_1@"))) == []
    ((path, headers, body),) = server.requests
    assert (path, body.decode()) == ("/my-blog", NOTICE.text)
    assert str(make_header(decode_header(headers["Title"]))) == NOTICE.title
    assert (headers["Click"], headers["Priority"]) == ("http://nas:8000/", "high")
    assert headers["Authorization"] == "Basic OnRrXzE="  # `:tk_1`


def test_ntfy_gets_no_more_than_it_takes_for_a_message(posted: Callable[..., Posted]) -> None:
    server = posted()
    assert deliver(Notice(title="t", text="数" * 5000), Ways(ntfy=server.url)) == []
    ((_, _, body),) = server.requests
    assert 3900 < len(body) <= 4096
    assert body.decode().lstrip("数") == "…"


@pytest.mark.parametrize("status", [302, 403, 500])
def test_a_server_that_does_not_take_it_is_told_of_and_no_redirect_followed(
    posted: Callable[..., Posted], status: int
) -> None:
    server = posted(status)
    (failure,) = deliver(NOTICE, Ways(ntfy=server.url))
    assert str(status) in failure
    assert failure.startswith("expected to send a notification by ntfy, found: ")
    assert len(server.requests) == 1


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_a_refusal_says_what_the_server_answered_and_what_to_do(posted: Callable[..., Posted]) -> None:
    wants_name, closed = posted(403).url, posted(429).url
    told = deliver(NOTICE, Ways(ntfy=wants_name, apprise=(wants_name.replace("http", "json", 1),)))
    assert ["answered 403 Forbidden; check the name and password" in each for each in told] == [True, True]
    (told_later,) = deliver(NOTICE, Ways(ntfy=closed))
    assert "answered 429 Too Many Requests; it takes no more for now" in told_later


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_a_server_that_is_not_there_is_named_without_pythons_words() -> None:
    url = "127.0.0.1:1/topic"
    for each in deliver(
        NOTICE, Ways(ntfy=f"http://me:s3cret@{url}", email=("a@example.org",), smtp="smtp://127.0.0.1:1")
    ):
        assert each.endswith(
            "127.0.0.1:1: no connection (Connection refused); check the address, and that the server runs"
        )
    (failure,) = deliver(NOTICE, Ways(apprise=(f"json://me:s3cret@{url}",)))
    assert failure.endswith("a service was not reached; check its URL, and that its server runs")


@pytest.mark.parametrize(
    ("verb", "answer", "said"),
    [
        ("AUTH", "535 5.7.8 no", "answered 535 5.7.8 no; check the user in its URL, and the password"),
        ("MAIL", "550 no", "answered 550 no; check the sender, or ask whoever runs it"),
        ("RCPT", "550 who?", "answered 550 who? to a@example.org; check that address"),
        ("RCPT", "450 busy", "answered 450 busy to a@example.org; try again later"),
        ("DATA", "554 spam", "answered 554 spam; check the sender, or ask whoever runs it"),
        (
            "MAIL",
            f"550-\x1b[2J\r\n550 {'x' * 5000}",
            f"550 \N{REPLACEMENT CHARACTER}[2J {'x' * 191}; check the sender, or ask whoever runs it",
        ),
    ],
)
def test_an_e_mail_that_is_refused_says_how(monkeypatch: pytest.MonkeyPatch, verb: str, answer: str, said: str) -> None:
    monkeypatch.setenv("ARCHIVER_SMTP_PASSWORD", "s3cret")
    box = Mailbox("AUTH PLAIN")
    box.refused = {verb: answer}
    with running(box):
        (failure,) = deliver(NOTICE, Ways(email=("a@example.org",), smtp=box.url.replace("://", "://me@")))
    assert failure.endswith(said)


def test_a_server_for_e_mail_without_any_way_to_log_in_that_we_know_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_SMTP_PASSWORD", "s3cret")
    with running(box := Mailbox("AUTH OTHER")):
        (failure,) = deliver(NOTICE, Ways(email=("a@example.org",), smtp=box.url.replace("://", "://me@")))
    assert "cannot do what is needed: No suitable authentication method found" in failure


def test_a_password_that_cannot_be_sent_is_told_of_without_a_letter_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHIVER_SMTP_PASSWORD", "gehei\xdf")
    (failure,) = deliver(NOTICE, Ways(email=("a@example.org",), smtp="smtp://me@127.0.0.1:1"))
    assert failure.endswith("127.0.0.1: expected a user and password in ASCII, found other characters")


@pytest.mark.parametrize(
    "answer",
    [
        "302 \r\nLocation: http://[/\r\nContent-Length: 0\r\n\r\n",
        "400 \r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        f"400 \r\nContent-Length: 2000\r\n\r\n{'[' * 2000}",
    ],
)
def test_a_refusal_that_makes_no_sense_is_a_refusal(answer: str) -> None:
    class Garbled(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline().strip():
                continue
            self.wfile.write(f"HTTP/1.1 {answer}".encode())

    server = socketserver.TCPServer(("127.0.0.1", 0), Garbled)
    with running(server):
        (failure,) = deliver(NOTICE, Ways(ntfy=f"http://127.0.0.1:{server.server_address[1]}/topic"))
    assert f"answered {answer[:3]} " in failure


def test_an_e_mail_arrives_with_its_chinese(tmp_path: Path) -> None:
    box = Mailbox("AUTH PLAIN")
    (tmp_path / "password").write_text("s3cret\n")
    with running(box):
        url = box.url.replace("://", "://me@")
        ways = Ways(email=("a@example.org", "b@example.org"), smtp=url, password_file=tmp_path / "password")
        assert deliver(NOTICE, ways) == []
    message = message_from_bytes(box.data, policy=policy.default)
    assert (message["Subject"], message["To"]) == (NOTICE.title, "a@example.org, b@example.org")
    assert message["From"] == "a@example.org"
    assert message.get_content().replace("\r\n", "\n") == NOTICE.text + "\n"
    assert "AUTH PLAIN AG1lAHMzY3JldA==" in box.said  # me, s3cret
    assert "rcpt to:<b@example.org>" in map(str.lower, box.said)  # as smtplib of Python 3.13 writes it


def test_an_e_mail_needs_its_password_from_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    box = Mailbox("AUTH PLAIN")
    ways = Ways(email=("a@example.org",), smtp=box.url.replace("://", "://me@"))
    monkeypatch.delenv("ARCHIVER_SMTP_PASSWORD", raising=False)
    with running(box):
        (failure,) = deliver(NOTICE, ways)
        assert "$ARCHIVER_SMTP_PASSWORD" in failure
        assert box.data == b""
        monkeypatch.setenv("ARCHIVER_SMTP_PASSWORD", "s3cret")
        assert deliver(NOTICE, ways) == []
    assert box.data


@pytest.mark.parametrize("kind", ["good", "self-signed"])
def test_an_e_mail_goes_over_tls_where_the_server_is_who_it_says(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificates = Certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates.authority_file))
    monkeypatch.setenv("ARCHIVER_SMTP_PASSWORD", "s3cret")
    box = Mailbox("STARTTLS", "AUTH PLAIN", context=certificates.context(kind))
    with running(box):
        failures = deliver(NOTICE, Ways(email=("a@example.org",), smtp=box.url.replace("://", "://me@")))
    signed_in = any(line.startswith("AUTH") for line in box.said)
    assert (bool(box.data), signed_in) == ((True, True) if kind == "good" else (False, False))
    assert ["its certificate is not trusted (self-signed" in failure for failure in failures] == (
        [] if kind == "good" else [True]
    )
    if kind == "good":
        assert box.said.index("STARTTLS") < min(n for n, line in enumerate(box.said) if line.startswith("AUTH"))


def test_a_command_gets_the_text_and_what_there_is_to_know(tmp_path: Path) -> None:
    got = tmp_path / "got"
    command = f'{{ cat; echo "$NOTICE_TITLE|$NOTICE_EVENTS|$NOTICE_RUN|$NOTICE_READER"; }} > {got}; echo noise'
    assert deliver(NOTICE, Ways(command=command)) == []
    assert got.read_text() == f"{NOTICE.text}\n{NOTICE.title}|brought failed|3|http://nas:8000/\n"
    (failure,) = deliver(NOTICE, Ways(command="echo s3cret; echo no such list >&2; exit 3"))
    assert failure == "expected to send a notification by command, found: exit code 3: no such list"


def test_what_does_not_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(delivery, "LONGEST", 0.3)
    silent = Mailbox()
    ways = Ways(command=f"sleep 60; touch {tmp_path}/late", email=("a@example.org",), smtp=silent.url)
    try:  # it listens, and nobody answers
        failures = deliver(NOTICE, ways)
    finally:
        silent.server_close()
    assert sorted(failure.split(",")[0] for failure in failures) == [
        "expected to send a notification by command",
        "expected to send a notification by e-mail",
    ]


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")
def test_apprise_is_asked_for_only_by_who_wants_it(
    posted: Callable[..., Posted], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    code = "import sys; from archiver import notices; print('apprise' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"
    server = posted()
    assert deliver(NOTICE, Ways(apprise=(server.url.replace("http://", "json://"),))) == []
    ((_, _, body),) = server.requests
    assert json.loads(body)["message"] == NOTICE.text
    (failure,) = deliver(NOTICE, Ways(apprise=("nonsense://s3cret",)))
    assert "s3cret" not in failure + caplog.text
    monkeypatch.setitem(sys.modules, "apprise", None)
    assert extras.missing("notify") in deliver(NOTICE, Ways(apprise=("json://127.0.0.1",)))[0]


@pytest.mark.parametrize(
    ("changes", "title", "events"),
    [
        ({}, "b: complete", set()),
        ({"new": 1, "comments_new": 2}, "b: 1 new post, 2 new comments", {"brought"}),
        ({"changed": 3, "exit_code": 3, "outcome": "incomplete"}, "b: 3 changed", {"brought"}),
        ({"exit_code": 7, "outcome": "unreachable"}, "b: unreachable", {"failed"}),
        ({"new": 2, "exit_code": 8, "outcome": "disk full"}, "b: 2 new posts; disk full", {"brought", "failed"}),
        ({"exit_code": None, "outcome": None}, "b: not ended", {"failed"}),
    ],
)
def test_a_notice_says_what_came_and_what_failed(changes: dict[str, object], title: str, events: set[str]) -> None:
    figures = dict.fromkeys(("new", "changed", "gone", "comments_new", "failed"), 0)
    row = figures | {"id": 3, "exit_code": 0, "outcome": "complete"} | changes
    posts = [(f"T{number}", f"https://b/{number}") for number in range(12)]
    notice = notices.about_run("b", row, posts, [], tolerated=(3, 5, 130), reader="http://r/")
    assert (notice.title, set(notice.events)) == (title, events)
    assert {each for each in ("brought", "failed") if notices.wanted(notice, [each])} == events
    assert notices.wanted(notice, ["always"])
    assert notice.text.startswith("New: T0\n  https://b/0\n")
    assert "\nNew: 2 more\n" in notice.text
    assert notice.text.endswith("\nRead it at http://r/")


def test_a_crawl_sends_word_of_what_it_brought_and_of_its_failure_and_ends_as_it_would(
    archiver: Zygote, tmp_path: Path
) -> None:
    home, got = tmp_path / "home", tmp_path / "got"
    home.mkdir()
    ways = f'command = "cat >> {got}"\nntfy = "http://127.0.0.1:9/nobody"\nreader = "http://r/"'
    (home / "config.toml").write_text(f"[notify]\n{ways}\n")
    with serving(SampleBlog()) as site:
        words = ("--home", home, "crawl", "catalogue", "--delay", "0", "--no-images", "--no-comments", "--limit", "2")
        first = archiver(*words, "--site", site)
        assert first.returncode == 0
        said = got.read_text()
        assert said.count("New: ") == 2
        assert "Run 1: stopped after 2 posts as asked" in said
        assert first.stderr.startswith("Warning: expected to send a notification by ntfy, found: ")
        assert '"expected to send a notification by ntfy' in (home / "logs" / "run-000001.jsonl").read_text()
        got.unlink()
    dead = archiver(*words, "--site", site)
    assert dead.returncode == 7
    assert "(exit code 7).\nRead it at http://r/\n" in got.read_text()


def test_a_crawl_that_cannot_begin_sends_word_but_not_of_another_at_work(tmp_path: Path) -> None:
    got = tmp_path / "got"
    ways = {"ARCHIVER_NOTIFY_COMMAND": f'echo "$NOTICE_TITLE"; cat > {got}'}
    with locked(tmp_path):
        assert run(tmp_path, "crawl", **ways).exit_code == ExitCode.LOCKED
    assert not got.exists()
    (tmp_path / "site.toml").write_text("nonsense = 1")
    done = run(tmp_path, "crawl", **ways)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert got.read_text().startswith(f"{tmp_path}/site.toml: ")
    assert got.read_text().endswith("(exit code 2).\n")


def test_notify_tells_of_the_last_crawl_and_tries_a_way(demo: Path, tmp_path: Path) -> None:
    got = tmp_path / "got"
    done = run(demo, "notify", "--command", f"cat > {got}")
    assert (done.exit_code, done.stdout) == (0, "Sent 1 of 1: kexue.fm: 16 new posts, 51 new comments\n")
    assert "New: 6 more\n" in got.read_text()
    done = run(tmp_path, "notify", "--test", ARCHIVER_NOTIFY_COMMAND=f"cat > {got}")
    assert (done.exit_code, got.read_text()) == (0, "Notifications about crawls of kexue.fm arrive here.\n")
    done = run(demo, "notify", "--command", "exit 4")
    assert (done.exit_code, done.stdout[:11]) == (1, "Sent 0 of 1")
    assert done.stderr == "Error: expected to send a notification by command, found: exit code 4\n"
    done = run(demo, "notify")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)


def test_the_address_of_a_server_for_e_mail_is_one_and_has_no_password() -> None:
    from archiver.notices import mail

    with pytest.raises(UsageError, match="expected no password"):
        mail.check("smtp://me:secret@mail.example.org")
    for url in ("mail.example.org", "http://mail.example.org", "smtp://", "smtp://a:b:c"):
        with pytest.raises(ArchiverError):
            mail.check(url)
