"""WARC files in object storage: stored once they are closed, read from there, found when they never arrived."""

from __future__ import annotations

import gzip
import hashlib
import os
import signal
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from archiver.errors import ArchiveDamaged, ExitCode, StorageUnreachable, UsageError
from archiver.storage.bucket import Bucket
from archiver.warc.reader import iter_records
from tests.warc.samples import foreign_record, http
from tests.zygote import ROOT, Zygote

from .conftest import BUCKET, Machines
from .gate import HANG_UP, PASS, REFUSE, Gate

PLACES = "SELECT name, url, size, sha256, uploaded_at IS NOT NULL, spool IS NULL, lost_at IS NULL FROM warc_files"


def stored(machines: Machines) -> dict[str, str]:
    """Return the SHA-256 of each object of an archive, by name."""
    bucket = Bucket(machines.url)
    return {name: bucket.digest(name) for name in bucket.objects()}


def assert_in_order(machines: Machines, machine: str = "one") -> None:
    """Every file is stored as its row says, every row has its bytes and all bytes their row."""
    there = stored(machines)
    assert {row[0]: row[3] for row in machines.rows(PLACES)} == there
    assert machines.disorder(machine) == []
    done = machines("verify", machine=machine)
    assert (done.returncode, done.stderr) == (0, "")
    assert "lost" not in done.stdout


# -- stored, and read from there ---------------------------------------------------------------------------------------


def test_closed_files_are_stored_checked_and_dropped(machines: Machines) -> None:
    done = machines.crawl()
    assert (done.returncode, done.stderr) == (0, "")
    ((name, url, size, sha256, uploaded, no_copy, there),) = machines.rows(PLACES)
    assert (url, uploaded, no_copy, there) == (machines.url, 1, 1, 1)
    assert stored(machines) == {name: sha256}
    assert Bucket(machines.url).objects()[name].size == size
    assert machines.files() == set()
    assert_in_order(machines)


def test_everything_reads_records_that_are_nowhere_else(machines: Machines, tmp_path: Path) -> None:
    machines.crawl(keep=None)
    here = machines.files()
    outputs = {}
    for state in ("here", "elsewhere"):
        folder = tmp_path / state
        folder.mkdir()
        found = []
        for words in (
            ("export", "cdxj", str(folder / "x.cdxj")),
            ("export", "wacz", str(folder / "x.wacz")),
            ("export", "markdown", str(folder / "notes")),
            ("export", "epub", str(folder / "x.epub")),
            ("walk", "--json"),
            ("verify",),
        ):
            done = machines(*words)
            assert (done.returncode, done.stderr) == (0, ""), words
            found.append(done.stdout.replace(str(folder), ""))
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        outputs[state] = (found, [hashlib.sha256(path.read_bytes()).hexdigest() for path in files])
        for name in here:
            (machines.home("one") / "warc" / name).unlink(missing_ok=True)
    assert outputs["here"] == outputs["elsewhere"]


def test_an_archive_is_made_again_from_objects_alone(machines: Machines) -> None:
    machines.crawl()
    texts = "SELECT id, markdown FROM posts ORDER BY id"
    before = machines.rows(texts), machines.rows(PLACES), machines.rows("SELECT count(*) FROM captures")
    for path in machines.folder.glob("archive.db*"):
        path.unlink()
    done = machines.crawl()
    assert done.returncode == ExitCode.USAGE
    assert "archiver rebuild" in done.stderr
    assert machines.command(*machines.words("rebuild")).returncode == 0
    assert (machines.rows(texts), machines.rows(PLACES), machines.rows("SELECT count(*) FROM captures")) == before
    machines.blog.requests.clear()
    assert machines.crawl(machine="two").returncode == 0
    assert not [target for _, target, _ in machines.blog.requests if target.startswith("/usr/")]
    assert_in_order(machines, "two")


def test_another_archive_is_crawled_from_objects(machines: Machines, command: Zygote, tmp_path: Path) -> None:
    home = tmp_path / "alone"
    words = ("crawl", "--site", machines.site, "--delay", "0", "catalogue")
    assert command("--home", home, "--warc", machines.url, "--keep-local", "0", *words).returncode == 0
    assert not list((home / "warc").iterdir())
    machines.blog.requests.clear()
    copy = command("--home", tmp_path / "copy", "crawl", "catalogue", "--from", home)
    assert (copy.returncode, copy.stderr) == (0, "")
    assert "4 new" in copy.stdout
    assert machines.blog.requests == []


def test_copies_stay_as_long_as_there_is_room(machines: Machines) -> None:
    machines.crawl(keep=None)
    (first,) = machines.files()
    size = (machines.home("one") / "warc" / first).stat().st_size
    machines.crawl(keep=f"{size + 1000}")
    (second,) = machines.files()
    assert second != first
    assert [row[5] for row in sorted(machines.rows(PLACES))] == [1, 0]
    assert_in_order(machines)


def test_the_database_remembers_where_files_go(machines: Machines) -> None:
    machines.crawl()
    words = machines.crawl_words()
    del words[words.index("--warc") : words.index("--warc") + 2]
    assert machines.command(*words).returncode == 0
    assert len(stored(machines)) == 2
    assert_in_order(machines)


def test_files_of_an_archive_that_had_no_object_storage_are_stored(machines: Machines) -> None:
    words = machines.crawl_words()
    del words[words.index("--warc") : words.index("--keep-local") + 2]
    assert machines.command(*words).returncode == 0
    ((name, url, size, sha256, *_),) = machines.rows(PLACES)
    data = (machines.home("one") / "warc" / name).read_bytes()
    assert (url, size, sha256) == (None, len(data), hashlib.sha256(data).hexdigest())
    assert machines.crawl().returncode == 0
    assert len(stored(machines)) == 2
    assert_in_order(machines)


def test_a_mounted_folder_will_do(machines: Machines, tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    machines.url = f"file://{tmp_path}/share/blog"
    assert machines.crawl().returncode == 0
    assert machines.files() == set()
    assert len(list((tmp_path / "share" / "blog").iterdir())) == 1
    assert_in_order(machines)
    machines.url = f"file://{tmp_path}/not mounted/blog"
    done = machines.crawl()
    assert done.returncode == ExitCode.FAILED
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "not mounted").exists()
    machines.url = f"file://{tmp_path}/share/blog"
    (tmp_path / "share").rename(tmp_path / "taken away")
    done = machines.crawl()
    assert (done.returncode, done.stderr) == (ExitCode.INCOMPLETE, "")
    (tmp_path / "taken away").rename(tmp_path / "share")
    assert machines.crawl().returncode == 0
    assert_in_order(machines)


def test_an_imported_file_is_stored(machines: Machines, tmp_path: Path) -> None:
    machines.crawl()
    theirs = tmp_path / "theirs.warc"
    theirs.write_bytes(foreign_record("response", "https://kexue.fm/about.html", http(b"<html>me</html>")))
    done = machines("import", str(theirs))
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert len(stored(machines)) == 2
    assert_in_order(machines)


# -- what goes wrong ---------------------------------------------------------------------------------------------------


def test_a_service_that_fails_costs_a_note_and_the_next_run_stores(machines: Machines, service: Gate) -> None:
    machines.crawl()
    service.refuse("PUT")
    done = machines.crawl()
    assert done.returncode == ExitCode.INCOMPLETE
    assert "for the next run: 1 WARC file," in done.stdout
    assert len(machines.files()) == 1
    assert machines("verify").returncode == 0
    service.reset()
    assert machines.crawl().returncode == 0
    assert len(stored(machines)) == 3
    assert_in_order(machines)


def test_an_object_is_never_replaced(service: Gate, tmp_path: Path) -> None:
    bucket = Bucket(f"s3://{BUCKET}/{tmp_path.name}")
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"first")
    sha256 = hashlib.sha256(b"first").hexdigest()
    bucket.put(path, sha256)
    bucket.put(path, sha256)
    path.write_bytes(b"other")
    with pytest.raises(ArchiveDamaged, match="expected the 5 bytes"):
        bucket.put(path, hashlib.sha256(b"other").hexdigest())
    assert bucket.digest("a.warc.gz") == sha256


def test_what_arrives_changed_is_found(service: Gate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = Bucket(f"s3://{BUCKET}/{tmp_path.name}")
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"first")
    sha256 = hashlib.sha256(b"first").hexdigest()
    bucket.put(path, sha256)
    with path.open("r+b") as file:
        file.write(b"x")  # as if it had been changed on its way
    with pytest.raises(ArchiveDamaged, match="found one of 5 bytes with others"):
        bucket.put(path, hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.mark.parametrize(
    ("url", "otherwise", "said"),
    [
        ("s3://none-such/x", {}, "no such bucket"),
        (f"s3://{BUCKET}/x", {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "is the service there"),
        ("bucket/x", {}, "expected a URL such as s3://bucket/prefix"),
        ("s3:///x", {}, "expected a URL such as s3://bucket/prefix"),
        ("s3://[", {}, "expected a URL such as s3://bucket/prefix"),
        ("ftp://bucket/x", {}, "expected a URL such as s3://bucket/prefix"),
        (f"s3://{BUCKET}/x", {"AWS_ACCESS_KEY_ID": ""}, "no credentials"),
    ],
)
def test_what_cannot_work_is_said_in_one_line(
    url: str, otherwise: dict[str, str], said: str, service: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in otherwise.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    with pytest.raises((StorageUnreachable, UsageError), match=said) as raised:
        Bucket(url).objects()
    assert "\n" not in str(raised.value)


def test_another_archives_place_is_refused(machines: Machines, command: Zygote, tmp_path: Path) -> None:
    machines.crawl()
    words = ("--home", tmp_path / "other", "--warc", machines.url, "crawl", "--site", machines.site)
    done = command(*words)
    assert done.returncode == ExitCode.USAGE
    assert "found 1 other," in done.stderr


LITTLE = """
import archiver.crawl.work
archiver.crawl.work.MAX_BYTES, archiver.crawl.work.COMMIT_ITEMS = 10_000, 1
"""


def test_files_are_stored_while_the_run_goes_on(machines: Machines, service: Gate) -> None:
    asked = []

    def note(method: str, _path: str) -> str:
        if method == "PUT":
            asked.append(len(machines.blog.requests))
        return PASS

    service.before = note
    assert machines.command.after(LITTLE, *machines.crawl_words("catalogue", "--delay", "0.2")).returncode == 0
    assert len(stored(machines)) > 2
    assert asked[0] < len(machines.blog.requests)
    assert machines.files() == set()
    assert_in_order(machines)


def test_a_first_run_into_nowhere_ends_before_it_asks_for_anything(machines: Machines) -> None:
    machines.url = "s3://none-such/blog"
    done = machines.crawl()
    assert done.returncode == ExitCode.FAILED
    assert done.stderr.count("\n") == 1
    assert machines.blog.requests == []


def test_an_object_that_is_gone_is_damage_and_not_asked_for_again(machines: Machines, service: Gate) -> None:
    machines.crawl()
    for path in ("", "2"):
        if path:
            machines.crawl()
    name = min(stored(machines))
    import obstore

    obstore.delete(obstore.store.from_url(machines.url), name)
    done = machines("verify")
    assert done.returncode == ExitCode.DAMAGED
    assert name in done.stdout
    machines.blog.requests.clear()
    machines.crawl("--recheck", "0")
    assert "/archives/58" not in [target for _, target, _ in machines.blog.requests]


def is_read_alike(member: bytes) -> bool:
    try:
        return bool(gzip.decompress(member))
    except (OSError, EOFError, zlib.error):
        return False


def test_another_file_under_the_same_name_is_damage(machines: Machines) -> None:
    """Bits that mean nothing to gzip are bits of the file."""
    machines.crawl(keep=None)
    (name,) = machines.files()
    path = machines.home("one") / "warc" / name
    whole = path.read_bytes()
    for record in iter_records(path):
        data = bytearray(whole)
        data[record.offset + record.length - 9] ^= 0x80  # the last bit before checksum and size: mostly a filling one
        if is_read_alike(bytes(data[record.offset : record.offset + record.length])):
            break
    path.write_bytes(data)
    done = machines("verify", "--json")
    assert done.returncode == ExitCode.DAMAGED
    assert "other file" in done.stdout


# -- killed ------------------------------------------------------------------------------------------------------------


KILLS = ("PUT has come", "PUT is done", "HEAD has come")


@pytest.mark.parametrize("moment", KILLS)
def test_killed_between_close_upload_and_row(moment: str, machines: Machines, service: Gate, tmp_path: Path) -> None:
    """No row without bytes, and no bytes without a row, after the next run."""
    method, _, when = moment.partition(" ")
    number = tmp_path / "number"

    def kill(asked: str, path: str) -> str:
        if asked != method or not path.endswith(".warc.gz"):
            return PASS
        os.kill(int(number.read_text()), signal.SIGKILL)
        return HANG_UP

    setattr(service, "before" if when == "has come" else "after", kill)
    told = f"import os, pathlib\npathlib.Path({str(number)!r}).write_text(str(os.getpid()))"
    assert machines.command.after(told, *machines.crawl_words()).returncode == -signal.SIGKILL
    service.reset()
    ((name, _, _, _, uploaded, *_),) = machines.rows(PLACES)
    assert not uploaded
    assert machines.files() == {name}
    assert machines.disorder() == []
    assert machines.crawl().returncode == 0
    assert len(stored(machines)) == 2
    assert_in_order(machines)


# -- lost --------------------------------------------------------------------------------------------------------------


def lose_second_run(machines: Machines, service: Gate) -> str:
    """Have a first machine store one run, and not the next; return the name of the file that never arrives."""
    assert machines.crawl().returncode == 0
    post = machines.blog.source.post(105)
    assert post
    machines.blog.source = machines.blog.source.edited(105, body=f"{post.body}<p>第一次修改。</p>")
    service.refuse("PUT")
    assert machines.crawl("--full").returncode == ExitCode.INCOMPLETE
    service.reset()
    (name,) = machines.files()
    return name


def test_what_never_arrived_is_asked_for_again(machines: Machines, service: Gate) -> None:
    name = lose_second_run(machines, service)
    done = machines("verify", machine="two")
    assert done.returncode == ExitCode.DAMAGED
    assert "missing file" in done.stdout
    asked = {url for (url,) in machines.rows(f"SELECT url FROM captures WHERE warc_file = '{name}'")}
    revisions = "SELECT id, post_id, title, markdown FROM post_revisions ORDER BY id"
    before = machines.rows(revisions)
    machines.blog.requests.clear()
    done = machines.crawl("--recheck", "0", machine="two")
    assert "neither in object storage nor in " in done.stdout
    again = {url for (url,) in machines.rows("SELECT url FROM captures WHERE run_id = (SELECT max(id) FROM runs)")}
    assert asked <= again
    assert machines.rows(revisions) == before
    held = "SELECT count(*) FROM captures JOIN warc_files ON name = warc_file WHERE lost_at IS NOT NULL"
    assert machines.rows(held) == [(0,)]
    assert machines.disorder("two") == []
    assert machines("verify", machine="two").returncode == 0


def test_a_text_whose_record_is_lost_stays_and_says_so(machines: Machines, service: Gate) -> None:
    lose_second_run(machines, service)
    post = machines.blog.source.post(105)
    assert post
    machines.blog.source = machines.blog.source.edited(105, body=post.body.replace("第一次", "第二次"))
    machines.crawl(machine="two")
    texts = [row[0] for row in machines.rows("SELECT markdown FROM post_revisions WHERE post_id = 105 ORDER BY id")]
    assert ["第一次" in text for text in texts] == [False, True, False]
    assert machines("history", "105", machine="two").stdout.count("its record is lost") == 1
    done = machines("verify", machine="two")
    assert done.returncode == 0
    assert "lost file" in done.stdout
    assert "Posts that were read from what is lost: 105" in done.stdout
    assert machines.disorder("two") == []


def test_a_revisit_whose_original_is_lost_gets_its_payload_back(machines: Machines, service: Gate) -> None:
    service.refuse("PUT")
    machines.crawl()
    (lost,) = machines.files()
    service.before = lambda method, path: REFUSE if method == "PUT" and path.endswith(lost) else PASS
    machines.crawl("--full")
    service.reset()
    pictures = "revisit_of IS NOT NULL AND run_id = 2 AND url LIKE '%/usr/%'"  # pages differ at every load
    revisits = f"SELECT record_id FROM captures WHERE {pictures}"
    assert machines.files() == {lost}
    assert machines.rows(revisits)
    assert machines.crawl(machine="two").returncode == 0
    originals = "SELECT record_id FROM captures WHERE revisit_of IS NULL AND truncated IS NULL"
    led = f"{revisits} AND truncated IS NULL AND revisit_of IN ({originals})"
    assert machines.rows(led) == machines.rows(revisits)
    assert machines("verify", machine="two").returncode == 0
    assert machines("walk", machine="two").returncode == 0
    assert machines.disorder("two") == []


def test_no_validator_of_a_lost_capture_is_sent(machines: Machines, service: Gate) -> None:
    service.refuse("PUT")
    machines.crawl()
    service.reset()
    with_validators = "SELECT count(*) FROM captures WHERE etag IS NOT NULL OR last_modified IS NOT NULL"
    assert machines.rows(with_validators)[0][0]
    machines.blog.requests.clear()
    done = machines.crawl("--full", machine="two")
    assert "neither in object storage nor in" in done.stdout
    assert [status for _, _, status in machines.blog.requests if status == 304] == []
    assert machines.disorder("two") == []


def test_a_machine_that_comes_back_brings_its_records(machines: Machines, service: Gate) -> None:
    name = lose_second_run(machines, service)
    post = machines.blog.source.post(105)
    assert post
    machines.blog.source = machines.blog.source.edited(105, body=post.body.replace("第一次", "第二次"))
    machines.crawl(machine="two")
    machines.crawl()
    assert name in stored(machines)
    assert "its record is lost" not in machines("history", "105").stdout
    assert_in_order(machines)


def test_a_file_that_arrived_without_a_row_is_taken_up_elsewhere(machines: Machines, service: Gate) -> None:
    """Its machine died between the upload and the row."""
    service.after = lambda method, _path: HANG_UP if method == "PUT" else PASS
    service.before = lambda method, _path: REFUSE if method == "HEAD" else PASS
    machines.crawl()
    service.reset()
    assert [row[4] for row in machines.rows(PLACES)] == [0]
    assert len(stored(machines)) == 1
    machines.blog.requests.clear()
    done = machines.crawl("--recheck", "0", machine="two")
    assert (done.returncode, done.stderr) == (0, "")
    assert "neither in object storage nor in" not in done.stdout
    assert_in_order(machines, "two")


def test_nothing_is_taken_for_lost_while_the_service_does_not_answer(machines: Machines, service: Gate) -> None:
    lose_second_run(machines, service)
    service.refuse("GET", "PUT")
    done = machines.crawl(machine="two")
    assert "not known to be stored" in done.stdout
    assert machines.rows("SELECT count(*) FROM warc_files WHERE lost_at IS NOT NULL") == [(0,)]


@pytest.mark.postgresql
def test_the_same_on_a_server(on_server: Machines, service: Gate) -> None:
    lose_second_run(on_server, service)
    done = on_server.crawl(machine="two")
    assert "neither in object storage nor in " in done.stdout
    assert on_server.disorder("two") == []
    again = on_server.words("rebuild", "--processes", "1", machine="two")
    assert on_server.command(*again).returncode in (0, ExitCode.DAMAGED)
    assert on_server("verify", machine="two").returncode == 0
    on_server.crawl()
    assert_in_order(on_server)


# -- read by ranges ----------------------------------------------------------------------------------------------------


def test_a_record_costs_one_request_and_again_none(machines: Machines, service: Gate) -> None:
    machines.crawl()
    held = machines.storage()
    file, offset, length = machines.rows("SELECT warc_file, warc_offset, warc_length FROM captures WHERE id = 3")[0]
    service.asked.clear()
    first = held.read(file, offset, length)
    assert len(service.asked) == 1
    assert held.read(file, offset, length) == first
    assert len(service.asked) == 1


def test_extras_are_not_imported_without_being_asked_for(tmp_path: Path) -> None:
    program = (
        "import sys, archiver.cli, archiver.crawl.runner, archiver.rebuild.importing, archiver.web.replay\n"
        "sys.exit('obstore' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
