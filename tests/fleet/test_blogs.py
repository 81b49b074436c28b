"""The list of blogs: files, and what is refused of them."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import ExitCode
from archiver.fleet import files
from archiver.fleet.blogs import Blog
from archiver.fleet.blogs import Fleet as Blogs
from archiver.schedule import format_duration
from tests.fleet.conftest import Fleet
from tests.zygote import ROOT, Zygote

FILE = """
every = "1d"
warc = "s3://bucket/prefix/"
[[blog]]
url = "https://kexue.fm/"
profile = "kexue"
every = "12h"
options = ["--recheck", "40", "--site", "http://127.0.0.1:1"]
[[blog]]
name = "other"
url = "http://127.0.0.1/blog/"
warc = "gs://else"
"""


@pytest.mark.postgresql
def test_a_file_is_put_on_the_list_and_changes_it_when_it_is_read_again(fleet: Fleet, tmp_path: Path) -> None:
    file = tmp_path / "fleet.toml"
    for text in (FILE, FILE, FILE.replace("12h", "6h")):
        file.write_text(text, "utf-8")
        assert fleet("add", str(file)).returncode == 0
    with Blogs(fleet.url) as known:
        first, other = known.blogs()
        assert known.database(first).endswith("-csearch_path%3D%22kexue_fm%22")
    assert (first.name, first.every, first.options[:2]) == ("kexue_fm", timedelta(hours=6), ("--recheck", "40"))
    assert (first.base, first.warc) == ("http://127.0.0.1:1", "s3://bucket/prefix/kexue_fm")
    assert 'origin = "https://kexue.fm"' in (first.profile or "")
    assert (other.name, other.profile, other.every, other.warc) == ("other", None, timedelta(days=1), "gs://else")
    assert fleet.rows("SELECT host, address FROM fleet.addresses") == [("127.0.0.1", "127.0.0.1")]
    assert fleet("remove", "other").returncode == 0
    assert set(fleet.status()) == {"kexue_fm"}
    again = fleet("add", "https://kexue.fm/", "--name", "again")
    assert (again.returncode, "found https://kexue.fm/, which is kexue_fm" in again.stderr) == (ExitCode.USAGE, True)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("every = ", "expected TOML in UTF-8"),
        ("", r"expected a \[\[blog\]\] for each blog, found none"),
        ("[[blog]]\nname = 'a'", "blog 1: expected a url, found none"),
        ("[[blog]]\nurl = 'ftp://x/'", "expected the address of a blog"),
        ("[[blog]]\nurl = 'https://[x/'", "expected the address of a blog"),
        ("[[blog]]\nurl = 'https://x.org'\nevry = '1d'", "expected some of name, url, .*, found evry"),
        ("urls = 'x'\n[[blog]]\nurl = 'https://x.org'", "expected some of every, warc, options, found urls"),
        ("[[blog]]\nurl = 'https://x.org'\nevery = 12", "every: expected text in quotes, found 12"),
        ("[[blog]]\nurl = 'https://x.org'\nevery = 'daily'", "expected a duration"),
        ("[[blog]]\nurl = 'https://x.org'\noptions = ['--recheck', 'x']", "options: Invalid value for '--recheck'"),
        ("[[blog]]\nurl = 'https://x.org'\noptions = ['--from', 'x']", "expected a crawl of the blog itself"),
        ("[[blog]]\nurl = 'https://x.org'\nname = 'X'", "expected a name of lower-case letters"),
        ("[[blog]]\nurl = 'https://x.org'\nname = 'fleet'", "expected a name of lower-case letters"),
        ("[[blog]]\nurl = 'https://x.org'\nprofile = 'nope'", "expected a file with a profile, or one of kexue"),
        ("[[blog]]\nurl = 'https://x.org'\nprofile = 'kexue'", "expected that of https://x.org, found that of"),
        ("[[blog]]\nurl = 'https://x.org'\nwarc = 'folder'", "expected a URL of object storage"),
        ("[[blog]]\nurl = 'https://x.org'\n[[blog]]\nurl = 'https://x.org'\nname = 'y'", "found https://x.org twice"),
        ("[[blog]]\nurl = 'https://x.org'\n[[blog]]\nurl = 'http://x.org'", "found x_org twice"),
    ],
)
def test_nonsense_in_a_file_is_refused_in_one_line(archiver: Zygote, tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "fleet.toml"
    file.write_text(text, "utf-8")
    done = archiver("--db", "postgresql://nobody@127.0.0.1:1/none", "fleet", "add", str(file))
    assert done.returncode == ExitCode.USAGE
    assert re.fullmatch(rf"Error: [^\n]*fleet\.toml: [^\n]*{reason}[^\n]*\n", done.stderr), done.stderr


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)


@given(
    st.lists(
        st.builds(
            Blog,
            name=st.from_regex(r"b[a-z0-9_]{0,9}", fullmatch=True),
            url=st.from_regex(r"https://[a-z]{1,9}\.org(/[a-z]{1,5})?", fullmatch=True),
            base=st.just(""),
            every=st.integers(1, 10**8).map(lambda seconds: timedelta(seconds=seconds)),
            options=st.lists(words, max_size=3).map(tuple),
            warc=st.none() | st.from_regex(r"s3://[a-z]{1,5}", fullmatch=True),
        ),
        min_size=1,
        max_size=3,
        unique_by=(lambda blog: blog.name, lambda blog: blog.url),
    )
)
def test_a_file_says_what_it_was_written_from(tmp_path_factory: pytest.TempPathFactory, blogs: list[Blog]) -> None:
    file = tmp_path_factory.getbasetemp() / "written.toml"
    lines = []
    for each in blogs:
        values: dict[str, Any] = {
            "name": each.name,
            "url": each.url,
            "every": format_duration(each.every),
            "warc": each.warc,
        }
        values |= {"options": list(each.options)}
        lines += [
            "[[blog]]",
            *(f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items() if value is not None),
        ]
    file.write_text("\n".join(lines), "utf-8", errors="strict")
    read = files.read(file, lambda _words: "https://base.org")
    assert [(b.name, b.url, b.every, b.options, b.warc) for b in read] == [
        (b.name, b.url, b.every, b.options, b.warc) for b in blogs
    ]


def test_without_the_extra_one_line_says_how_to_get_it() -> None:
    for missing in ("procrastinate", "psycopg"):
        code = f"import sys; sys.modules[{missing!r}] = None\nfrom archiver.cli import main\nmain()"
        words = ["--db", "postgresql://nobody@127.0.0.1:1/none", "fleet", "worker"]
        done = subprocess.run(
            [sys.executable, "-c", code, *words], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == ExitCode.USAGE
        assert re.fullmatch(r"Error: expected procrastinate [^\n]*pip install 'procrastinate[^\n]*\n", done.stderr)


def test_a_server_that_is_not_there_is_one_line(archiver: Zygote) -> None:
    for words in (["status"], ["worker"], ["run", "--due"], ["add", "https://example.org/"]):
        done = archiver("--db", "postgresql://nobody@127.0.0.1:1/none", "fleet", *words)
        assert done.returncode == ExitCode.FAILED
        assert re.fullmatch(r"Error: postgresql\+psycopg://[^\n]*is the server there[^\n]*\n", done.stderr)


@pytest.mark.postgresql
def test_a_database_without_a_fleet_is_one_line(fleet: Fleet) -> None:
    done = fleet("status")
    assert (done.returncode, "`archiver fleet add` creates one" in done.stderr) == (ExitCode.USAGE, True)
