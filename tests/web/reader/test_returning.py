"""What the reader has for who comes back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from archiver import clock
from archiver.store.location import database_url
from archiver.web.reader.serve import ServeOptions, serving
from tests.web.reader.conftest import Client
from tests.web.reader.library import Library


def test_what_is_new_since_a_moment_is_listed(reader: Client) -> None:
    found = reader.get("/new?since=2026-01-15", Accept_Language="en").text
    assert 'href="/posts/1002/difference">Changed</a>' in found
    assert "/posts/1003" not in found
    earlier = reader.get("/new?since=2025-01-01T00:00:00Z", Accept_Language="en").text
    assert 'data-count="4"' in earlier
    assert "39 new comments" in earlier
    assert 'data-count="0"' in reader.get("/new?since=2026-02-01T01:00:00Z").text


def test_what_is_new_this_month_needs_no_moment(reader: Client) -> None:
    found = reader.get("/new", Accept_Language="en").text
    assert f'name="since" value="{clock.now().date().replace(day=1)}"' in found
    assert 'href="/new">New this month →' in reader.get("/", Accept_Language="en").text


@pytest.mark.parametrize("moment", ["yesterday", "2026-13", "2026-01-01T25:00:00", "2026-01-01' OR 1"])
def test_what_is_no_date_is_refused(reader: Client, moment: str) -> None:
    assert reader.get(f"/new?since={moment.replace(' ', '%20')}").status == 400


def test_a_random_post_is_an_old_one(reader: Client) -> None:
    answers = [reader.get("/random") for _ in range(20)]
    assert {answer.headers["location"] for answer in answers} <= {f"/posts/{n}" for n in (1002, 1003, 1004)}
    assert {answer.headers["cache-control"] for answer in answers} == {"no-store"}


def test_posts_of_this_day_are_on_the_front_page(tmp_path: Path) -> None:
    today = clock.now().astimezone().date()
    library = Library(tmp_path)
    library.post(1, "当年", "文。", on=f"{today.year - 4:04}-{today:%m-%d}")
    library.post(2, "昨日", "文。", on=f"{today.year - 4:04}-{today - timedelta(days=1):%m-%d}")
    library.close()
    with serving(tmp_path, database_url(tmp_path), ServeOptions(port=0, replay_port=0)) as address:
        client = Client(int(address.rstrip("/").rpartition(":")[2]))
        text = client.get("/", Accept_Language="en").text
    section = text[text.index("On this day") : text.index("A random old post")]
    assert ">当年</a>" in section
    assert "昨日" not in section
