"""Settings in files and in the environment: which one counts, and what is said of those that make no sense."""

from __future__ import annotations

import json
import os
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from archiver import config
from archiver.cli import main
from archiver.cli.settings import settings
from archiver.errors import UsageError


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own file."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    (tmp_path / "xdg" / "blog-archiver").mkdir(parents=True)
    return config.user_file()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def run(*words: str | Path, **environment: str) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words], env=environment)


def shown(home: Path, name: str, **environment: str) -> tuple[Any, str]:
    (row,) = json.loads(run("--home", home, "config", "--json", name, **environment).stdout)
    return row["value"], row["from"]


def test_an_option_counts_before_its_variable_the_homes_file_and_the_users(
    demo: Path, tmp_path: Path, user: Path
) -> None:
    (tmp_path / "archive.db").symlink_to(demo / "archive.db")

    def told(*words: str, **environment: str) -> str:
        text = run("--home", tmp_path, "show", "4", *words, **environment).stdout
        return "json" if text.startswith("{") else "markdown" if text.startswith("# ") else "text"

    assert told() == "markdown"
    user.write_text('[show]\nformat = "text"')
    assert told() == "text"
    (tmp_path / "config.toml").write_text('[show]\nformat = "json"')
    assert told() == "json"
    assert told(ARCHIVER_SHOW_FORMAT="text") == "text"
    assert told("--format", "markdown", ARCHIVER_SHOW_FORMAT="text") == "markdown"


def test_config_says_where_each_value_is_from(home: Path, user: Path) -> None:
    assert shown(home, "crawl.recheck") == (20, "default")
    user.write_text("[crawl]\nrecheck = 5\ndelay = 4.5\n[serve]\nport = 9000")
    (home / "config.toml").write_text("[crawl]\nrecheck = 6\n[schedule.cron]\nevery = '12h'")
    assert shown(home, "crawl.recheck") == (6, str(home / "config.toml"))
    assert shown(home, "crawl.delay") == (4.5, str(user))
    assert shown(home, "serve.port", ARCHIVER_SERVE_PORT="9001") == ("9001", "$ARCHIVER_SERVE_PORT")
    assert shown(home, "home") == (str(home), "option")
    table = run("--home", home, "config").stdout
    assert [line.split()[0] for line in table.splitlines()[2:]] == [
        *("home", "crawl.delay", "crawl.recheck", "schedule.cron.every", "serve.port")
    ]


def test_config_names_the_files_first_the_one_that_counts_first(home: Path, user: Path) -> None:
    assert run("--home", home, "config", "--path").stdout.splitlines() == [str(home / "config.toml"), str(user)]


def test_the_users_file_says_where_the_archive_is_and_an_archives_own_does_not(home: Path, user: Path) -> None:
    user.write_text(f"home = {json.dumps(str(home))}")
    (home / "config.toml").write_text("[crawl]\nrecheck = 7")
    (row,) = json.loads(run("config", "--json", "crawl.recheck").stdout)
    assert row["value"] == 7
    (home / "config.toml").write_text("home = '/elsewhere'")
    assert "in the user's own file only" in run("config").stderr


def test_secrets_are_not_shown(home: Path, user: Path) -> None:
    (home / "config.toml").write_text(
        'db = "postgresql://me:s3cret@db/blog"\n[serve]\ntoken = "s3cret"\n'
        '[notify]\napprise = ["tgram://s3cret/1"]\nntfy = "https://:s3cret@ntfy.example/blog"'
    )
    for words in ((), ("--json",), ("--all",), ("serve", "notify", "db")):
        done = run("--home", home, "config", *words)
        assert "s3cret" not in done.output
        assert "postgresql://me:***@db/blog" in done.output


@pytest.mark.parametrize("token", ["a", "a:", "://a:", "?a-", "?key", "a: ", "'a:"])
def test_a_huge_text_is_searched_for_secrets_once_not_from_each_beginning(token: str) -> None:
    hidden = config.without_secrets(f"https://me:word@host/?token=x {token * 200_000}")
    assert hidden.startswith("https://me:***@host/?token=*** ")
    assert len(hidden) > 200_000


@pytest.mark.parametrize(
    "text",
    [
        'apprise = "mailto://me:s3cret@mail.example"',
        'ntfy = ["https://:s3cret@ntfy.example/blog"]',
        'ntfy = "https://me:s3c/s3cret@ntfy.example"',
        'smtp = "me:s3cret@mail.example"',
        'smtp = "me:a s3cret@mail.example"',
        'ntfy = "https://me:a s3cret@ntfy.example"',
        'ntfy = "https:///blog?auth=s3cret"',
    ],
)
def test_secrets_are_not_shown_where_they_make_no_sense(home: Path, user: Path, text: str) -> None:
    (home / "config.toml").write_text(f"[notify]\n{text}")
    for said in (
        run("--home", home, "config").stderr,
        run("--db", "postgresql://me:s3cret@db:port/blog", "status").stderr,
        run("--db", "postgresql://me@127.0.0.1:9/blog?password=s3cret", "migrate").stderr,
        run("--warc", "s4://me:a s3cret@bucket", "crawl", "--site", "http://127.0.0.1:9").stderr,
        run("crawl", "--site", "https://me:a s3cret@blog.example/?token=s3cret").stderr,
    ):
        assert "s3cret" not in said
        assert "***" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[crawl]\ndeley = 3", "crawl.deley: expected a setting of `archiver crawl`, found none of that name; did you"),
        ("[crawl]\nno_comments = true", "did you mean 'no-comments'?"),
        ("[crwal]", "did you mean 'crawl'?"),
        ("zzzz = 1", "`archiver config --all` lists all"),
        ("[migrate]\nx = 1", "migrate.x: expected no settings here"),
        ("crawl = 3", "crawl: expected a table [crawl], found 3"),
        ("[crawl]\ndelay = '3'", "crawl.delay: expected a number, found '3'"),
        ("[crawl]\ndelay = -1", "crawl.delay: expected what --delay takes, found that -1"),
        ("[crawl]\nconcurrency = 1.5", "crawl.concurrency: expected a whole number, found 1.5"),
        ("[crawl]\nconcurrency = true", "crawl.concurrency: expected a whole number, found true"),
        ("[crawl]\nfull = 'yes'", "crawl.full: expected true or false, found 'yes'"),
        ("[crawl]\ncategory = 'a'", "crawl.category: expected a list, each a string in quotes, found 'a'"),
        ("[crawl]\nwithout = 'front,backs'", "crawl.without: expected some of front, tags, pages, feeds, files"),
        ("[crawl]\nsite = 'example.org'", "crawl.site: --site: expected an origin such as https://example.org"),
        ("[schedule.cron]\nat = 04:30:00", "schedule.cron.at: expected a string in quotes, found 04:30:00"),
        ("[watch]\nevery = 'daily'", "watch.every: expected a duration such as 26h"),
        ("[notify]\non = ['brot']", "notify.on: expected what --on takes, found that 'brot' is not one of"),
        ("[notify]\nsmtp = 'smtp://me:secret@host'", "notify.smtp: expected no password in the address of a server"),
        ("keep-local = 'much'", "keep-local: expected a number of bytes such as 500MB"),
        ("[crawl\n", "expected TOML, found: "),
        (f"x = {'[' * 100_000}", "found lists nested without end"),
    ],
)
def test_what_makes_no_sense_is_one_line_with_file_and_key(home: Path, user: Path, text: str, said: str) -> None:
    for file in (home / "config.toml", user):
        file.write_text(text)
        done = run("--home", home, "status")
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr.startswith(f"Error: {file}: ")
        assert said in done.stderr
        assert done.stderr.count("\n") == 1
        file.unlink()


def test_an_empty_name_is_no_home(home: Path, user: Path) -> None:
    said = "--home: expected the folder of an archive, found ''; `.` is the current folder"
    done = run("--home", "", "status")
    assert (done.exit_code, done.stderr) == (2, f"Error: {said}\n")
    user.write_text("home = ''")
    done = run("status")
    assert (done.exit_code, done.stderr) == (2, f"Error: {user}: home: {said}; fix it there\n")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("CRAWL_DELAY", "abc", "expected a number for --delay, found that 'abc' is not"),
        ("CRAWL_CONCURRENCY", "0", "expected a whole number for --concurrency, found that 0 is not in the range"),
        ("CRAWL_FULL", "perhaps", "expected true or false for --full, found that 'perhaps' is not"),
        ("SHOW_FORMAT", "word", "expected what --format takes, found that 'word' is not one of"),
        ("WATCH_EVERY", "daily", "expected a duration such as 26h"),
        ("KEEP_LOCAL", "much", "expected a number of bytes such as 500MB"),
    ],
)
def test_a_variable_that_makes_no_sense_is_one_line_with_its_name(
    home: Path, user: Path, variable: str, value: str, said: str
) -> None:
    done = run("--home", home, "config", **{f"ARCHIVER_{variable}": value})
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: $ARCHIVER_{variable}: {said}")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("delay", ["nan", "inf", "1e300", "-1"])
def test_a_pause_that_is_none_is_refused_wherever_it_is_said(home: Path, user: Path, delay: str) -> None:
    assert run("--home", home, "crawl", "--delay", delay).exit_code == 2
    assert run("--home", home, "crawl", ARCHIVER_CRAWL_DELAY=delay).exit_code == 2
    (home / "config.toml").write_text(f"[crawl]\ndelay = {delay}\n", encoding="utf-8")
    assert run("--home", home, "config").exit_code == 2
    assert not (home / "warc").exists()


def test_a_file_with_a_byte_order_mark_is_read(home: Path, user: Path) -> None:
    (home / "config.toml").write_text("[crawl]\ndelay = 5\n", encoding="utf-8-sig")
    assert shown(home, "crawl.delay") == (5, str(home / "config.toml"))


def test_a_file_that_is_no_text_is_one_line(home: Path) -> None:
    (home / "config.toml").write_bytes(b"[crawl]\nindex = '\xff'")
    done = run("--home", home, "status")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "expected TOML in UTF-8" in done.stderr


@pytest.mark.parametrize("name", ["config.toml", "site.toml"])
def test_a_pipe_in_the_place_of_a_file_is_one_line(home: Path, user: Path, name: str) -> None:
    os.mkfifo(home / name)
    done = run("--home", home, "crawl", "--site", "http://127.0.0.1:1")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: {home / name}: expected a ")
    assert done.stderr.count("\n") == 1


@given(st.binary(max_size=60) | st.text("[]=.\"'\n\\#é1a", max_size=60).map(str.encode))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "any.toml"
    file.write_bytes(content)
    with suppress(UsageError):
        assert isinstance(config.read(file), dict)


def test_settings_have_names_and_variables_of_their_own() -> None:
    known = list(settings(main))
    assert [name for name, count in Counter(each.name for each in known).items() if count > 1] == []
    shared = {name for name, count in Counter(each.variable for each in known).items() if count > 1}
    assert shared == {"ARCHIVER_CONTACT", "ARCHIVER_TOKEN"}
    assert {"home", "db", "crawl.delay", "schedule.systemd.at", "fleet.worker.concurrency"} <= {e.name for e in known}
    # One of several words for the same thing is for one call.
    assert not {"runs.csv", "schedule.cron.install"} & {each.name for each in known}
