"""The command that tells what changed, on an archive whose versions are known."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from archiver.cli import main
from archiver.store import models
from archiver.store.database import Archive
from archiver.store.location import database_url

VERSIONS = (
    ("再谈梯度", "设$x=1$，首先计算梯度。", "good"),
    ("再谈梯度", "设$x=2$，首先估计梯度。", "good"),
    ("再谈梯度（修订）", "设$x=2$，首先估计梯度。", "good"),
    ("再谈梯度（修订）", "短", "review"),
)

CHANGED = "2026-01-03T00:00:00Z"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("history")
    with Archive(database_url(home)) as archive:
        for row in rows():
            archive.session.add(row)
            archive.session.flush()
        archive.session.get_one(models.Post, 8).current_revision_id = 3
        archive.commit()
    return home


def rows() -> list[models.Base]:
    at = {"first_seen_at": "2026-01-01T00:00:00Z", "last_seen_at": "2026-01-01T00:00:00Z"}
    title, text, _ = VERSIONS[2]
    url = "https://kexue.fm/archives/8"
    capture = {"content_type": "text/html", "payload_sha256": "0", "warc_file": "a.warc.gz", "warc_length": 1}
    found: list[models.Base] = [
        models.Run(id=1, started_at="2026-01-01T00:00:00Z", command="test", version="0"),
        models.Post(id=8, title=title, url=url, author="苏", markdown=text, text=text, last_changed_at=CHANGED, **at),
        models.Comment(id=5, post_id=8, page=1, author="读者", is_owner=False, markdown="在", text="在", **at),
        models.Comment(
            id=6,
            post_id=8,
            page=1,
            author="过客",
            is_owner=False,
            markdown="",
            text="不在",
            deleted_at="2026-02-01",
            **at,
        ),
        models.CommentRevision(
            comment_id=5,
            seen_at="2026-01-01",
            replaced_at="2026-01-09",
            author="读者",
            markdown="原",
            text="原话\n" * 50,
        ),
    ]
    for number, (name, markdown, status) in enumerate(VERSIONS, 1):
        seen_at = f"2026-01-0{number}T00:00:00Z"
        found.append(
            models.Capture(
                id=number, url=url, target_uri=url, run_id=1, fetched_at=seen_at, status=200, warc_offset=number,
                record_id=f"<urn:{number}>", **capture,
            )
        )  # fmt: skip
        found.append(
            models.PostRevision(
                id=number, post_id=8, capture_id=number, seen_at=seen_at, content_sha256=str(number), title=name,
                markdown=markdown, text=markdown, extractor_version=1, engine="site", status=status,
                issues='["the text shrank"]' if status == "review" else "[]",
            )
        )  # fmt: skip
    return found


@pytest.fixture
def history(home: Path) -> Callable[..., Any]:
    def run(*arguments: str) -> Any:
        return CliRunner().invoke(main, ["--home", str(home), "history", *arguments])

    return run


def test_every_version_is_listed_with_what_changed(history: Callable[..., Any]) -> None:
    assert history("8").output.splitlines() == [
        "8  再谈梯度（修订）",
        "    1  2026-01-01T00:00:00Z  first seen, 14 characters",
        "    2  2026-01-02T00:00:00Z  +7 -7 characters, 1 formula changed",
        "*   3  2026-01-03T00:00:00Z  title: 再谈梯度 -> 再谈梯度（修订）",
        "    4  2026-01-04T00:00:00Z  +1 -14 characters, 1 formula changed, held for review: the text shrank",
        "  comment 6 by 过客: no longer on the blog since 2026-02-01",
        f"  comment 5 by 读者: edited by 2026-01-09, before: {'原话 ' * 19}原话…",
    ]


def test_a_difference_begins_with_the_formulas(history: Callable[..., Any]) -> None:
    lines = history("8", "--diff", "1", "2").output.splitlines()
    assert lines == [
        "8  version 1 (2026-01-01T00:00:00Z) -> version 2 (2026-01-02T00:00:00Z)",
        *("", "Formulas", "", "$x=[-1-]{+2+}$"),
        *("", "Text", "", "设[-$x=1$-]{+$x=2$+}，首先[-计算-]{+估计+}梯度。"),
    ]


@pytest.mark.parametrize(("asked", "compared"), [((), [3, 4]), (("2",), [1, 2]), (("1", "3"), [1, 3])])
def test_versions_are_chosen_by_number(
    history: Callable[..., Any], asked: tuple[str, ...], compared: list[int]
) -> None:
    found = json.loads(history("8", "--json", "--diff", *asked).output)
    assert found["difference"]["versions"] == compared
    assert [version["current"] for version in found["versions"]] == [False, False, True, False]
    assert found["comments_gone"] == [{"id": 6, "author": "过客", "deleted_at": "2026-02-01", "text": "不在"}]
    segments = found["difference"]["prose"]
    assert "".join(one["text"] for one in segments if one["kind"] != "insert") == VERSIONS[compared[0] - 1][1]


def since(home: Path, day: str) -> list[dict[str, Any]]:
    done = CliRunner().invoke(main, ["--home", str(home), "history", "--since", day, "--json"])
    return list(json.loads(done.output))


def test_all_posts_with_something_new_since_a_day_are_listed(home: Path) -> None:
    (post,) = since(home, "2000-01-01")
    assert (post["id"], post["is_new"], post["is_changed"]) == (8, 1, 1)
    assert post["new_comments"] > 0
    (post,) = since(home, "2026-01-02")
    assert (post["id"], post["is_new"], post["is_changed"], post["new_comments"]) == (8, 0, 1, 0)
    assert since(home, "2999-01-01T00:00:00Z") == []


def test_a_post_that_has_one_version_is_new_and_not_changed(demo: Path) -> None:
    assert {(post["is_new"], post["is_changed"]) for post in since(demo, "2000")} == {(1, 0)}


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (("9",), "expected post 9"),
        (("8", "5"), "from 1 to 4, found 5"),
        (("8", "1", "2", "3"), "at most two"),
        ((), "found neither"),
        (("8", "--since", "2026-01-01"), "found both"),
        (("--since", "March"), "expected a date such as 2026-01-01"),
    ],
)
def test_what_is_not_there_is_a_usage_error(history: Callable[..., Any], asked: tuple[str, ...], message: str) -> None:
    done = history(*asked)
    assert done.exit_code == 2
    assert message in done.output


def test_the_former_wording_of_an_edited_comment_is_shown(home: Path) -> None:
    shown = CliRunner().invoke(main, ["--home", str(home), "history", "8"]).output
    (line,) = (line for line in shown.splitlines() if "comment 5" in line)
    assert line.startswith("  comment 5 by 读者: edited by 2026-01-09, before: 原话 原话")
    assert line.endswith("…")
    found = json.loads(CliRunner().invoke(main, ["--home", str(home), "history", "8", "--json"]).output)
    assert [(each["comment_id"], each["replaced_at"]) for each in found["comments_edited"]] == [(5, "2026-01-09")]
