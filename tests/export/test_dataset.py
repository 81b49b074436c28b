"""One Parquet data set of many blogs."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pyarrow.dataset as ds
import pyarrow.fs as fs
import pyarrow.parquet as pq
import pytest
from moto.server import ThreadedMotoServer

from archiver.errors import ArchiverError, UsageError
from archiver.export import dataset, rows
from archiver.export.folder import MANIFEST
from archiver.store.library import Library
from archiver.store.location import database_url
from archiver.urls import Site

Open = Callable[[], AbstractContextManager[Library]]


@pytest.fixture(scope="module")
def opened(demo: Path) -> Open:
    return lambda: Library(database_url(demo), Site())


def broken() -> Library:
    raise ArchiverError("expected a server, found none")


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def held(place: Path, table: str, filters: Any = None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ds.dataset(place / table, partitioning="hive").to_table(filter=filters).to_pylist()
    return found


@pytest.fixture(scope="module")
def exported(opened: Open, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported") / "set"
    dataset.write({"one": opened, "other": opened}, str(folder))
    return folder


def test_every_row_of_every_blog_is_in_its_partition(exported: Path, opened: Open) -> None:
    with opened() as library:
        for table in rows.TABLES:
            wanted = list(rows.rows(library, table, lambda: None))
            assert wanted
            for blog in ("one", "other"):
                found = held(exported, table.name, ds.field("blog") == blog)
                years = [row.pop("year") for row in found] if "year" in found[0] else []
                assert [row.pop("blog") for row in found] == [blog] * len(wanted)
                assert sorted(map(repr, found)) == sorted(map(repr, wanted))
                if "published_on" in found[0] and years:
                    days = [row["published_on"] for row in found]
                    assert years == [int(day[:4]) if day else None for day in days]


def test_the_schema_is_documented(exported: Path) -> None:
    schema = pq.read_schema(next((exported / "formulas" / "blog=one").rglob("*.parquet")))
    assert schema.names == ["blog", *(column.name for column in rows.FORMULAS.columns)]
    assert all(field.metadata[b"description"] for field in schema)
    assert "CC BY" in schema.metadata[b"notice"].decode()
    readme = (exported / "README.md").read_text("utf-8")
    assert "| one | " in readme
    assert "## formulas" in readme


def test_again_only_what_changed_is_written_and_nothing_stale_is_left(opened: Open, tmp_path: Path) -> None:
    both: Mapping[str, Open] = {"one": opened, "other": opened}
    first = dataset.write(both, str(tmp_path))
    (tmp_path / "posts" / "mine.txt").write_text("not the program's")
    before = files(tmp_path)
    again = dataset.write(both, str(tmp_path))
    assert (again.written, again.same, again.removed) == (0, first.written, 0)
    assert files(tmp_path) == before

    changed, lost = sorted(tmp_path.glob("posts/blog=one/*/*.parquet"))[:2]
    changed.write_bytes(b"another")
    lost.unlink()
    stale = tmp_path / "posts" / "blog=one" / "year=1999" / dataset.FILE
    stale.parent.mkdir()
    stale.write_bytes(b"of a post that got another date")
    mended = dataset.write(both, str(tmp_path))
    assert (mended.written, mended.removed) == (2, 1)
    assert files(tmp_path) == before

    fewer = dataset.write({"one": opened}, str(tmp_path))
    assert fewer.removed * 2 == first.written
    assert not list(tmp_path.glob("*/blog=other"))
    assert (tmp_path / "posts" / "mine.txt").exists()
    listed = (line.split("  ") for line in (tmp_path / MANIFEST).read_text().splitlines())
    assert {name: digest for digest, name in listed} == {
        name: digest for name, digest in files(tmp_path).items() if name.endswith(".parquet")
    }


def test_a_blog_that_cannot_be_read_stays_as_it_was(opened: Open, tmp_path: Path) -> None:
    dataset.write({"one": opened, "other": opened}, str(tmp_path))
    before = files(tmp_path)
    report = dataset.write({"one": opened, "other": broken}, str(tmp_path))
    assert report.failed == {"other": "expected a server, found none"}
    after = files(tmp_path)
    assert {name: digest for name, digest in after.items() if name != "README.md"} == {
        name: digest for name, digest in before.items() if name != "README.md"
    }


def test_other_files_are_not_touched(opened: Open, tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "a.txt").write_text("mine")
    with pytest.raises(UsageError, match="other files"):
        dataset.write({"one": opened}, str(tmp_path))
    with pytest.raises(UsageError, match="s3://bucket/prefix"):
        dataset.write({"one": opened}, "nonsense://bucket")
    assert list(files(tmp_path)) == ["letters/a.txt"]


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server of S3 on this machine."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "someone")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    host, port = server.get_host_and_port()
    yield f"{host}:{port}"
    server.stop()


def test_object_storage_holds_the_same_files(service: str, opened: Open, exported: Path) -> None:
    asked = f"endpoint_override={service}&scheme=http&region=us-east-1"
    there, _ = fs.FileSystem.from_uri(f"s3://shelf?{asked}&allow_bucket_creation=true")
    there.create_dir("shelf")
    target = f"s3://shelf/some/where?{asked}"
    dataset.write({"one": opened, "gone": opened}, target)
    report = dataset.write({"one": opened, "other": opened}, target)
    assert report.same == report.written == report.removed
    found = there.get_file_info(fs.FileSelector("shelf/some/where", recursive=True))
    sizes = {info.path.removeprefix("shelf/some/where/"): info.size for info in found if info.is_file}
    assert sizes == {name: (exported / name).stat().st_size for name in files(exported)}
    with pytest.raises(ArchiverError, match="s3://none/where"):
        dataset.write({"one": opened}, f"s3://none/where?{asked}")
