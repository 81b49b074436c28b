"""Archives of other programs: taken as they were written, and never to the harm of what is there."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archiver.errors import ArchiverError, DiskFull, UsageError
from archiver.rebuild import swap
from archiver.rebuild.importing import ImportReport, import_warc
from archiver.sample import SampleBlog, SampleResponse, serving
from archiver.store.timeline import Timeline
from archiver.urls import Site
from archiver.warc import recovery
from archiver.warc.findings import Severity
from archiver.warc.reader import iter_records
from archiver.warc.storage import SUFFIX, Storage
from archiver.warc.verify import verify, verify_file
from archiver.warc.wacz_checks import verify_wacz
from archiver.warc.writer import OPEN_SUFFIX, WarcWriter
from archiver.web.messages import Request
from archiver.web.replay import Replay
from tests.zygote import Zygote

from .crawl.conftest import Crawled
from .test_rebuild import rows
from .warc.samples import foreign_record, http

HOST = "https://kexue.fm"
POST, OTHER = 131, 207
URL = f"{HOST}/archives/{POST}"
FEW = ("--category", "Astronomy", "--limit", "2", "--no-images")
LATER = "2020-06-01T00:00:00Z"


@pytest.fixture(scope="module")
def crawled(archiver: Zygote, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    """An archive after one run over a category, and the blog it was fetched from."""
    blog = SampleBlog()
    with serving(blog) as site:
        archive = Crawled(archiver, tmp_path_factory.mktemp("small"), blog, site)
        assert archive.crawl("category", *FEW, index=False).returncode == 0
        yield archive


@pytest.fixture
def good(crawled: Crawled, tmp_path: Path) -> Path:
    """A copy of that archive."""
    return Path(shutil.copytree(crawled.home, tmp_path / "home"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An archive of nothing yet."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


def page(number: int = POST) -> bytes:
    return SampleBlog().respond("GET", f"/archives/{number}", {"Host": "kexue.fm"}).body


def taken(home: Path, *records: bytes, name: str = "theirs.warc.gz") -> ImportReport:
    """Import records, each in a gzip member of its own."""
    source = home.parent / name
    source.write_bytes(b"".join(map(gzip.compress, records)))
    return import_warc(source, home, processes=1)


def titles(home: Path, number: int = POST) -> list[str]:
    return [row["title"] for row in rows(home / "archive.db", "posts") if row["id"] == number]


def captures(home: Path, url: str = URL) -> list[dict[str, object]]:
    return [row for row in rows(home / "archive.db", "captures") if row["url"] == url and row["fetched_at"] < "2026"]


def replayed(home: Path, path: str, day: str = "2020") -> tuple[int, bytes]:
    timeline = Timeline(f"sqlite:///{home / 'archive.db'}")
    try:
        answer = Replay(Storage(home / "warc"), timeline, Site()).respond(
            Request("GET", f"/@{day}id_{path}", "http://127.0.0.1", {})
        )
        return answer.status, answer.body
    finally:
        timeline.close()


def is_sound(home: Path) -> bool:
    """Return whether nothing is damaged and the database can be made again."""
    swap.rebuild(home, processes=1)
    return not [found for found in verify(Storage(home / "warc")) if found.severity is Severity.DAMAGE]


def adds_up(report: ImportReport) -> bool:
    tally = report.tally
    beside = tally.beside + tally.elsewhere + tally.known + tally.damaged + tally.left_out.total()
    return tally.records == tally.copied + beside


ORIGINAL = foreign_record("response", URL, http(page()))
SHA1 = "sha1:" + base64.b32encode(hashlib.sha1(page()).digest()).decode()


# -- dates, addresses, heads -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "stored"),
    [
        ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
        ("20161231235900", "2016-12-31T23:59:00Z"),
        ("2016-12-31t23:59:00z", "2016-12-31T23:59:00Z"),
        ("2016", "2016-01-01T00:00:00Z"),
        ("2016-12-31T23:59:00.123456789Z", "2016-12-31T23:59:00Z"),
        ("2017-01-01T07:59:00+08:00", "2016-12-31T23:59:00Z"),
    ],
)
def test_a_date_of_the_standard_or_of_one_meaning_is_read(home: Path, date: str, stored: str) -> None:
    report = taken(home, foreign_record("response", URL, http(page()), WARC_Date=date))
    assert (report.tally.copied, report.tally.damaged) == (1, 0)
    assert [row["fetched_at"] for row in captures(home)] == [stored]
    assert titles(home)
    assert is_sound(home)


@pytest.mark.parametrize(
    "date", ["2020-01-02T24:00:00Z", "2020-02-30", "2008-10-294T05:21:46-0700", "0000", "9999-12-31T23:59:59-01:00"]
)
def test_a_record_with_another_date_is_named_and_harms_nothing(home: Path, date: str) -> None:
    odd = foreign_record("response", URL, http(page()), WARC_Date=date)
    report = taken(home, foreign_record("response", f"{HOST}/archives/{OTHER}", http(page(OTHER))), odd)
    assert (report.tally.copied, report.tally.damaged) == (1, 1)
    assert any("theirs.warc.gz, offset" in note and date in note for note in report.tally.notes)
    assert titles(home, OTHER)
    assert not captures(home)
    assert is_sound(home)


def test_a_record_with_no_date_that_is_there_already_stops_neither_crawl_nor_rebuild(
    good: Path, crawled: Crawled, archiver: Zygote
) -> None:
    home = good
    odd = foreign_record("response", URL, http(page()), WARC_Date="2008-10-294T05:21:46-0700")
    (home / "warc" / "older.warc.gz").write_bytes(gzip.compress(odd))
    again = Crawled(archiver, home, crawled.blog, crawled.site)
    assert again.crawl("category", *FEW, index=False).returncode == 0
    report = swap.rebuild(home, processes=1)
    assert any("older.warc.gz, offset 0" in note and "WARC-Date" in note for note in report.notes)
    assert taken(home, ORIGINAL).tally.copied == 1


@pytest.mark.parametrize("location", [b"http://[x/", b"//[", b"\xbf\xc6\xd1\xa7", b"http://a:99999999/", b"\x00"])
def test_a_redirect_to_what_is_no_address_is_harmless(home: Path, location: bytes) -> None:
    answer = http(b"", b"Location: " + location, b"Content-Length: 0", status=b"301 Moved")
    assert taken(home, foreign_record("response", URL, answer)).tally.copied == 1
    assert is_sound(home)


@pytest.mark.parametrize("record", [b"Response", b"RESPONSE"])
def test_the_case_of_a_type_does_not_matter(home: Path, record: bytes) -> None:
    assert taken(home, ORIGINAL.replace(b"WARC-Type: response", b"WARC-Type: " + record)).tally.copied == 1
    assert titles(home)


@pytest.mark.parametrize("kind", ["", "Application/HTTP; msgtype=response", "text/html"])
def test_a_response_is_read_whatever_content_type_its_record_has(home: Path, kind: str) -> None:
    assert taken(home, foreign_record("response", URL, http(page()), Content_Type=kind)).tally.copied == 1
    assert titles(home)


@pytest.mark.parametrize(
    "interim", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"]
)
def test_a_page_after_interim_answers_is_read_and_replayed(home: Path, interim: bytes) -> None:
    assert taken(home, foreign_record("response", URL, interim + http(page()))).tally.copied == 1
    assert titles(home)
    assert replayed(home, f"/archives/{POST}") == (200, page())


def test_a_page_in_a_transfer_coding_is_read_and_replayed(home: Path) -> None:
    coded = gzip.compress(page())
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(coded), coded)
    assert taken(home, foreign_record("response", URL, http(chunks, b"Transfer-Encoding: gzip, chunked"))).tally.copied
    assert titles(home)
    assert replayed(home, f"/archives/{POST}") == (200, page())


def test_a_live_redirect_to_what_is_no_address_is_a_gap_and_the_database_can_be_made_again(
    archiver: Zygote, tmp_path: Path
) -> None:
    blog = SampleBlog(overrides={f"/archives/{POST}": SampleResponse(301, {"Location": "http://[x/"}, b"")})
    with serving(blog) as site:
        archive = Crawled(archiver, tmp_path / "home", blog, site)
        done = archive.crawl("catalogue", "--no-images", "--no-comments", index=False)
    assert "Traceback" not in done.stdout + done.stderr
    before = rows(archive.home / "archive.db", "frontier", {"seq", "first_seen_at", "attempts", "not_before"})
    (gap,) = (row for row in before if row["url"] == URL)
    assert (gap["state"], gap["permanent"]) == ("failed", 1)
    assert is_sound(archive.home)
    after = rows(archive.home / "archive.db", "frontier", {"seq", "first_seen_at", "attempts", "not_before"})
    assert after == before


# -- lengths and damage ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [-1, 1, 2, 100, 10**9])
@pytest.mark.parametrize("form", ["members", "plain", "one member"])
def test_a_wrong_length_costs_its_record_and_no_other(home: Path, change: int, form: str) -> None:
    block = http(page())
    wrong = foreign_record("response", URL, block, Content_Length=str(len(block) + change))
    records = (wrong, foreign_record("response", f"{HOST}/archives/{OTHER}", http(page(OTHER))))
    source = home.parent / "theirs.warc"
    whole = b"".join(records)
    source.write_bytes(
        {"members": b"".join(map(gzip.compress, records)), "plain": whole, "one member": gzip.compress(whole)}[form]
    )
    report = import_warc(source, home, processes=1)
    assert (report.tally.copied, report.tally.damaged) == (1, 1)
    assert any(note.startswith("theirs.warc, offset 0: expected ") for note in report.tally.notes)
    assert not captures(home)
    assert titles(home, OTHER)
    assert adds_up(report)


def test_empty_members_and_members_of_blank_lines_are_no_damage(home: Path) -> None:
    report = taken(
        home, b"", ORIGINAL, b"", b"\r\n\r\n", foreign_record("response", f"{HOST}/archives/{OTHER}", http(b"x"))
    )
    assert (report.tally.copied, report.tally.damaged, report.tally.notes) == (2, 0, [])


def test_a_response_shorter_than_announced_is_not_whole(home: Path) -> None:
    taken(home, foreign_record("response", URL, http(page()[:-100], b"Content-Length: %d" % len(page()))))
    assert [row["truncated"] for row in captures(home)] == ["unspecified"]
    assert not [row for row in rows(home / "archive.db", "post_revisions") if row["seen_at"] < "2026"]


# -- what is what ------------------------------------------------------------------------------------------------------


def test_what_a_redirector_answered_is_not_the_page_it_leads_to(home: Path) -> None:
    uri = f"https://link.zhihu.com/?target=https%3A//kexue.fm/archives/{POST}"
    report = taken(
        home, ORIGINAL, foreign_record("response", uri, http(b"<p>Leaving"), WARC_Date="2021-01-01T00:00:00Z")
    )
    assert (report.tally.copied, report.tally.elsewhere) == (1, 1)
    assert len(captures(home)) == 1


@pytest.mark.parametrize("named_by", ["request", "response"])
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_a_request_comes_in_whichever_names_the_other_and_tells_the_method(
    home: Path, named_by: str, method: str
) -> None:
    request = f"{method} /archives/{POST} HTTP/1.1\r\nHost: kexue.fm\r\n\r\n".encode()
    ids = {"request": "<urn:x:question>", "response": "<urn:x:answer>"}
    names = {"WARC_Concurrent_To": ids["response" if named_by == "request" else "request"]}
    records = [
        foreign_record(kind, URL, block, WARC_Record_ID=ids[kind], **(names if kind == named_by else {}))
        for kind, block in (("response", http(page())), ("request", request))
    ]
    report = taken(home, *records)
    came = [record for path in sorted((home / "warc").glob(f"*{SUFFIX}")) for record in iter_records(path)
            if record.record_id in ids.values()]  # fmt: skip
    assert adds_up(report)
    if method == "GET":
        assert [record.type for record in came] == ["request", "response"]
        assert (report.tally.copied, report.tally.beside) == (1, 1)
    else:
        assert came == []
        assert report.tally.left_out[f"answers to {method}"] == 1


@pytest.mark.parametrize("block", [b"HTTP/1.1 200 OK\r\n\r\n", b"", b"get / HTTP/1.1\r\n\r\n"])
def test_a_request_record_that_tells_no_other_method_costs_no_page(home: Path, block: bytes) -> None:
    answer = foreign_record("response", URL, http(page()), WARC_Record_ID="<urn:x:answer>")
    assert taken(home, foreign_record("request", URL, block, WARC_Concurrent_To="<urn:x:answer>"), answer).tally.copied
    assert replayed(home, f"/archives/{POST}") == (200, page())


@pytest.mark.parametrize("kind", ["resource", "conversion"])
def test_a_page_saved_as_a_file_is_a_capture(home: Path, kind: str) -> None:
    assert taken(home, foreign_record(kind, URL, page(), Content_Type="text/html; charset=utf-8")).tally.copied == 1
    assert [(row["status"], row["content_type"]) for row in captures(home)] == [(200, "text/html; charset=utf-8")]
    assert titles(home)
    assert replayed(home, f"/archives/{POST}") == (200, page())
    assert is_sound(home)


def test_an_imported_page_that_cannot_be_read_is_named(home: Path) -> None:
    paper = foreign_record("response", f"{HOST}/archives/{OTHER}", http(b"%PDF-1.5\n$x$ and more"))
    report = taken(home, ORIGINAL, paper).rebuilt
    assert report is not None
    assert (report.pages, report.unrecognised) == ({"post": 1}, 0)  # no address waits for it: it is no gap
    assert report.notes == (
        f"imported, but not read: {HOST}/archives/{OTHER}: expected an HTML page, found a PDF document",
    )


def test_the_text_of_a_page_is_not_the_page(home: Path) -> None:
    report = taken(home, foreign_record("conversion", URL, b"its text", Content_Type="text/plain"))
    assert (report.tally.copied, sum(report.tally.left_out.values())) == (0, 1)


def test_segments_are_put_together_and_half_a_page_stays_outside(home: Path) -> None:
    block = http(page())
    half = len(block) // 2
    first = foreign_record("response", URL, block[:half], WARC_Record_ID="<urn:x:1>", WARC_Segment_Number="1",
                           WARC_Payload_Digest=SHA1)  # fmt: skip
    second = foreign_record("continuation", URL, block[half:], WARC_Segment_Number="2", Content_Type="",
                            WARC_Segment_Origin_ID="<urn:x:1>", WARC_Segment_Total_Length=str(len(block)))  # fmt: skip
    alone = taken(home, first)
    assert (alone.tally.copied, sum(alone.tally.left_out.values())) == (0, 1)
    both = taken(home, second, first, second)
    assert (both.tally.copied, both.tally.beside, sum(both.tally.left_out.values())) == (1, 1, 1)
    assert adds_up(both)
    assert replayed(home, f"/archives/{POST}") == (200, page())


def test_of_two_captures_in_one_second_the_later_is_current(home: Path) -> None:
    new = SampleBlog()
    new.source = new.source.edited(OTHER, title="后来的题目")
    body = new.respond("GET", f"/archives/{OTHER}", {"Host": "kexue.fm"}).body
    later = foreign_record("response", f"{HOST}/archives/{OTHER}", http(body), WARC_Date="2020-01-02T03:04:05.9Z")
    earlier = foreign_record(
        "response", f"{HOST}/archives/{OTHER}", http(page(OTHER)), WARC_Date="2020-01-02T03:04:05.100Z"
    )
    taken(home, later, earlier)
    assert titles(home, OTHER) == ["后来的题目"]


HEAD = http(b"")


# -- revisits ----------------------------------------------------------------------------------------------------------


def revisit(block: bytes = HEAD, **headers: str) -> bytes:
    return foreign_record("revisit", URL, block, WARC_Date=LATER, **headers)


REFERENCES = {
    "by id": {"WARC_Refers_To": "<urn:x:original>"},
    "by address and date": {
        "WARC_Refers_To_Target_URI": URL, "WARC_Refers_To_Date": "2020-01-02T03:04:05Z",
    },
    "by digest": {"WARC_Payload_Digest": SHA1},
    "by another digest": {"WARC_Payload_Digest": "sha-256:" + hashlib.sha256(page()).hexdigest()},
}  # fmt: skip


@pytest.mark.parametrize("order", ["before", "after", "another file before", "another file after"])
@pytest.mark.parametrize("reference", REFERENCES)
def test_a_revisit_finds_its_original_however_it_names_it(home: Path, reference: str, order: str) -> None:
    original = foreign_record("response", URL, http(page()), WARC_Record_ID="<urn:x:original>")
    records = [original, revisit(HEAD, **REFERENCES[reference])]
    if "before" in order:
        records.reverse()
    if "another" in order:
        for number, record in enumerate(records):
            taken(home, record, name=f"theirs-{number}.warc.gz")
    else:
        taken(home, *records)
    sha256 = hashlib.sha256(page()).hexdigest()
    found = sorted(captures(home), key=lambda row: str(row["fetched_at"]))
    assert [(row["payload_sha256"], row["truncated"]) for row in found] == [(sha256, None)] * 2
    assert found[1]["revisit_of"] == "<urn:x:original>"
    assert replayed(home, f"/archives/{POST}", "20200701") == (200, page())
    assert is_sound(home)


def test_a_revisit_of_half_a_page_is_half_a_page(home: Path) -> None:
    half = foreign_record(
        "response", URL, http(page()[:5000]), WARC_Record_ID="<urn:x:original>", WARC_Truncated="length"
    )
    taken(home, half, revisit(WARC_Refers_To="<urn:x:original>"))
    assert [row["truncated"] for row in captures(home)] == ["length", "length"]
    assert not titles(home)
    assert is_sound(home)


def test_a_revisit_whose_block_digest_is_that_of_nothing_comes_in(home: Path) -> None:
    """As wget writes it with --warc-dedup; of a response it is damage."""
    nothing = "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"
    later = revisit(WARC_Payload_Digest=SHA1, WARC_Block_Digest=nothing)
    wrong = foreign_record("response", URL, http(page()), WARC_Date="2021", WARC_Block_Digest=nothing)
    report = taken(home, ORIGINAL, later, wrong)
    assert (report.tally.copied, report.tally.damaged) == (2, 1)
    assert [row["revisit_of"] is not None for row in captures(home)] == [False, True]
    assert is_sound(home)


@pytest.mark.parametrize("block", [HEAD, b""], ids=["with a head", "without"])
@pytest.mark.parametrize(
    "reference",
    [{"WARC_Record_ID": "<urn:x:r>", "WARC_Refers_To": "<urn:x:r>"}, {}, {"WARC_Refers_To": "<urn:x:nowhere>"}],
    ids=["to itself", "to nothing", "to what is not there"],
)
def test_a_revisit_that_leads_nowhere_is_no_page_of_no_bytes(
    home: Path, reference: dict[str, str], block: bytes
) -> None:
    report = taken(home, revisit(block, **reference))
    assert report.rebuilt
    assert any("of a payload that no record has" in note for note in report.rebuilt.notes)
    status, body = replayed(home, f"/archives/{POST}", "20200701")
    assert (status, b"expected" in body) == (404, True)
    assert not [row for row in rows(home / "archive.db", "post_revisions") if row["seen_at"] < "2026"]
    assert is_sound(home)


# -- forms -------------------------------------------------------------------------------------------------------------

PAIR = (ORIGINAL, foreign_record("response", f"{HOST}/archives/{OTHER}", http(page(OTHER))))
WARCINFO = foreign_record("warcinfo", "", b"software: another/1\r\n", Content_Type="application/warc-fields")


def in_zstandard(records: tuple[bytes, ...], *, dictionary: bool) -> bytes:
    zstd = pytest.importorskip("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    if not dictionary:
        return b"".join(bytes(zstd.compress(record)) for record in records)
    words = zstd.ZstdDict(b"WARC/1.1 WARC-Type: response HTTP/1.1 200 OK" * 40, is_raw=True)
    frame: bytes = words.dict_content
    skipped = b"\x5d\x2a\x4d\x18" + len(frame).to_bytes(4, "little") + frame
    return skipped + b"".join(bytes(zstd.compress(record, zstd_dict=words)) for record in records)


def in_arc(records: dict[str, bytes]) -> bytes:
    text = b"1 0 Another\nURL IP-address Archive-date Content-type Archive-length\n"
    parts = [b"filedesc://a.arc 0.0.0.0 20200102030405 text/plain %d\n%s\n" % (len(text), text)]
    for url, block in records.items():
        parts.append(f"{url} 127.0.0.1 20200102030405 text/html {len(block)}\n".encode() + block + b"\n")
    return b"".join(parts)


def zipped(entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as package:
        for name, content in entries.items():
            package.writestr(name, content)
    return file.getvalue()


MEMBERS = b"".join(map(gzip.compress, PAIR))
FORMS: dict[str, Callable[[], bytes]] = {
    "a.warc": lambda: b"".join(PAIR),
    "a.warc.gz": lambda: MEMBERS,
    "b.warc.gz": lambda: gzip.compress(b"".join(PAIR)),
    "a.warc.zst": lambda: in_zstandard(PAIR, dictionary=False),
    "b.warc.zst": lambda: in_zstandard(PAIR, dictionary=True),
    "a.arc": lambda: in_arc({URL: http(page()), f"{HOST}/archives/{OTHER}": http(page(OTHER))}),
    "a.arc.gz": lambda: gzip.compress(in_arc({URL: http(page()), f"{HOST}/archives/{OTHER}": http(page(OTHER))})),
    "a.wacz": lambda: zipped({"archive/deep/er/a.warc.gz": MEMBERS}),
    "b.wacz": lambda: zipped({"archive/a.warc": PAIR[0], "archive/b.warc.gz": gzip.compress(PAIR[1])}),
    "c.wacz": lambda: zipped({"archive/a.warc.gz": MEMBERS}, zipfile.ZIP_DEFLATED),
    "multi.wacz": lambda: zipped({"one.wacz": zipped({"archive/a.warc": PAIR[0]}),
                                  "two.wacz": zipped({"archive/a.warc": PAIR[1]})}),
}  # fmt: skip


def test_what_a_compressed_entry_holds_before_it_breaks_comes_in(home: Path) -> None:
    source = home.parent / "theirs.wacz"
    whole = zipped({"archive/a.warc": b"".join(PAIR) + b"\r\n" * 200_000}, zipfile.ZIP_DEFLATED)
    crc = zipfile.ZipFile(io.BytesIO(whole)).infolist()[0].CRC.to_bytes(4, "little")
    source.write_bytes(whole.replace(crc, b"\0\0\0\0"))
    report = import_warc(source, home, processes=1)
    assert (report.tally.copied, report.tally.damaged) == (2, 1)
    assert any("archive/a.warc" in note and "CRC" in note for note in report.tally.notes)
    assert adds_up(report)


def test_a_package_that_lost_bytes_is_damaged_and_adds_up(home: Path) -> None:
    source, whole = home.parent / "theirs.wacz", FORMS["b.wacz"]()
    source.write_bytes(whole[:1000] + whole[1010:])
    report = import_warc(source, home, processes=1)
    assert report.tally.damaged
    assert adds_up(report)
    assert any(finding.severity is Severity.DAMAGE for finding in verify_wacz(source))


@pytest.mark.parametrize("name", FORMS)
def test_every_form_comes_in_and_comes_in_once(home: Path, name: str) -> None:
    source = home.parent / name
    source.write_bytes(FORMS[name]())
    report = import_warc(source, home, processes=1)
    assert (report.tally.copied, report.tally.damaged) == (2, 0)
    assert adds_up(report)
    assert titles(home)
    assert titles(home, OTHER)
    again = import_warc(source, home, processes=1)
    assert (again.tally.copied, again.tally.known, again.rebuilt) == (0, 2, None)
    assert is_sound(home)


def test_a_bad_line_of_an_arc_file_costs_its_record_and_no_other(home: Path) -> None:
    source = home.parent / "a.arc"
    bad = b"http://example.com/ 127.0.0.1 20140101000000 text/html -1\n\nwords\n"
    description, first, rest = in_arc({URL: http(page()), f"{HOST}/archives/{OTHER}": http(page(OTHER))}).partition(
        URL.encode()
    )
    source.write_bytes(bad.replace(b"http:", b"filedesc:") + description + bad + first + rest + bad)
    report = import_warc(source, home, processes=1)
    assert (report.tally.copied, report.tally.damaged) == (2, 3)
    assert adds_up(report)


def test_line_ends_that_are_counted_as_part_of_a_description_cost_nothing(home: Path) -> None:
    words = b"software: another/1\r\n\r\n\r\n"
    counted = foreign_record("warcinfo", "", words, Content_Type="application/warc-fields").removesuffix(b"\r\n\r\n")
    report = taken(home, counted, *PAIR)
    assert (report.tally.copied, report.tally.beside, report.tally.damaged) == (2, 1, 0)
    assert is_sound(home)


def test_a_large_record_of_another_site_stays_outside_and_costs_nothing_else(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("forms", "members", "reader"):
        monkeypatch.setattr(f"archiver.warc.{module}.MAX_RECORD", 1 << 20)
    large = foreign_record("response", "https://example.org/film", http(bytes(3 << 20)))
    for name, content in {
        "a.warc": ORIGINAL + large + PAIR[1], "a.warc.gz": b"".join(map(gzip.compress, (large, *PAIR))),
    }.items():  # fmt: skip
        (home.parent / name).write_bytes(content)
        report = import_warc(home.parent / name, home, processes=1)
        assert (report.tally.elsewhere, report.tally.damaged) == (1, 0)
        assert report.tally.copied + report.tally.known == 2


def test_what_is_no_file_is_refused_and_not_waited_for(home: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="expected a file"):
        import_warc(tmp_path / "pipe", home)


def test_a_file_in_a_coding_that_is_unknown_is_refused_and_not_called_damaged(home: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs.warc.lz4").write_bytes(b"\x04\x22\x4d\x18\x40\x40\xc0")
    with pytest.raises(UsageError, match="lz4 -d"):
        import_warc(tmp_path / "theirs.warc.lz4", home)
    with pytest.raises(UsageError, match="lz4 -d"):
        list(verify_file(tmp_path / "theirs.warc.lz4"))


@pytest.mark.parametrize("end", [b"", b"\r\n"])
def test_the_last_record_may_lack_line_ends(home: Path, end: bytes) -> None:
    source = home.parent / "a.warc"
    source.write_bytes(PAIR[1] + ORIGINAL[:-4] + end)
    assert import_warc(source, home, processes=1).tally.copied == 2


# -- as a whole or not at all ------------------------------------------------------------------------------------------


def state(home: Path) -> tuple[object, ...]:
    """Return what an archive is: its files, and what its database says."""
    files = {path.name: path.read_bytes() for path in sorted((home / "warc").iterdir())}
    return files, rows(home / "archive.db", "captures"), rows(home / "archive.db", "posts")


@pytest.mark.parametrize("place", ["write_metadata", "sync"])
def test_an_import_that_fails_leaves_the_archive_as_it_was(
    good: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    before = state(good)

    def fail(*_: object, **__: object) -> None:
        raise DiskFull("expected room, found none")

    monkeypatch.setattr(WarcWriter, place, fail)
    with pytest.raises(DiskFull):
        taken(good, ORIGINAL)
    assert state(good) == before


def test_an_import_whose_rebuild_fails_leaves_the_archive_as_it_was(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = state(good)
    monkeypatch.setattr("archiver.rebuild.build.Build.run", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        taken(good, ORIGINAL)
    assert state(good) == before
    monkeypatch.undo()
    assert taken(good, ORIGINAL).tally.copied == 1


def test_a_swap_that_fails_costs_nothing_of_what_the_database_had_only_in_its_log(
    good: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = (
        "import os, signal, sqlite3, sys\n"
        "database = sqlite3.connect(sys.argv[1])\n"
        "database.execute(\"UPDATE posts SET title = 'only in the log'\")\n"
        "database.commit()\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", code, good / "archive.db"], check=False)
    assert (good / "archive.db-wal").stat().st_size

    def fail(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(Path, "hardlink_to", fail)
    with pytest.raises(ArchiverError, match="no links here"):
        taken(good, ORIGINAL)
    assert {row["title"] for row in rows(good / "archive.db", "posts")} == {"only in the log"}


STOPS = {
    "before the first byte": ("archiver.warc.writer.WarcWriter.write_copy", False),
    "when the file is written": ("archiver.warc.writer.WarcWriter.sync", False),
    "when the database is built": ("archiver.rebuild.swap._swap", False),
    "when the database has taken its place": ("archiver.warc.writer.WarcWriter.close", True),
    "when the file is closed": ("archiver.warc.index.write_index", True),
}


@pytest.mark.parametrize("moment", STOPS)
def test_a_kill_leaves_one_of_two_states(good: Path, crawled: Crawled, archiver: Zygote, moment: str) -> None:
    source = good.parent / "theirs.warc.gz"
    source.write_bytes(b"".join(map(gzip.compress, PAIR)))
    place, happened = STOPS[moment]
    first = (
        "import importlib, os, signal\n"
        "from archiver.rebuild import swap\n"
        "swap.processors = lambda: 1\n"
        f"module, _, name = {place!r}.rpartition('.')\n"
        "owner, rest = module, []\n"
        "while True:\n"
        "    try:\n"
        "        owner = importlib.import_module(owner)\n"
        "        break\n"
        "    except ImportError:\n"
        "        owner, _, last = owner.rpartition('.')\n"
        "        rest.insert(0, last)\n"
        "for each in rest:\n"
        "    owner = getattr(owner, each)\n"
        "setattr(owner, name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))\n"
    )
    before = rows(good / "archive.db", "captures")
    done = archiver.after(first, "--home", good, "import", source)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not [found for found in verify(Storage(good / "warc")) if found.severity is Severity.DAMAGE]
    assert (rows(good / "archive.db", "captures") != before) == happened
    again = Crawled(archiver, good, crawled.blog, crawled.site)
    assert again.crawl("category", *FEW, index=False).returncode == 0
    assert (len(captures(good)) == 1) == happened
    report = import_warc(source, good, processes=1)
    assert report.tally.copied == (0 if happened else 2)
    assert [len(captures(good)), len(captures(good, f"{HOST}/archives/{OTHER}"))] == [1, 1]
    assert is_sound(good)


# -- whatever comes ----------------------------------------------------------------------------------------------------

VALUES = st.one_of(
    st.sampled_from(["", "http://[x/", "<urn:x:1>", "9" * 40, "-1", "2020-02-30", "sha1:", "gzip", "application/http"]),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r\n"), max_size=30),
)
FIELDS = ("WARC-Type", "WARC-Record-ID", "WARC-Date", "WARC-Target-URI", "Content-Type", "Content-Length",
          "WARC-Concurrent-To", "WARC-Refers-To", "WARC-Refers-To-Date", "WARC-Refers-To-Target-URI",
          "WARC-Payload-Digest", "WARC-Block-Digest", "WARC-Segment-Number", "WARC-Truncated")  # fmt: skip


ODD = st.tuples(
    st.sampled_from(FIELDS),
    VALUES,
    st.sampled_from(["instead", "beside", "none"]),
    st.sampled_from(["response", "revisit", "resource", "request", "metadata"]),
    st.binary(max_size=20).filter(lambda data: b"\n" not in data),
)
"""A header field, a value for it and where that goes, a type of record, a Location."""


def odd_record(field: str, value: str, change: str, kind: str, location: bytes) -> bytes:
    answer = http(b"x", b"Location: " + location, status=b"302 Found") if len(location) % 2 else http(page())
    lines = foreign_record(kind, URL, answer, WARC_Payload_Digest=SHA1 if kind == "revisit" else "").split(b"\r\n")
    added = f"{field}: {value}".encode()
    kept = [line for line in lines if change == "beside" or not line.startswith(field.encode() + b":")]
    return b"\r\n".join([kept[0], *([] if change == "none" else [added]), *kept[1:]])


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(odd=st.lists(ODD, min_size=5, max_size=15))  # all of a file at once: making a database takes the time
def test_records_with_anything_in_their_headers_harm_nothing(
    tmp_path_factory: pytest.TempPathFactory, odd: list[tuple[str, str, str, str, bytes]]
) -> None:
    home = tmp_path_factory.mktemp("any") / "home"
    home.mkdir()
    records = [odd_record(*each) for each in odd]
    report = taken(home, *records, PAIR[1])
    assert adds_up(report)
    assert titles(home, OTHER)
    assert replayed(home, f"/archives/{POST}")[0] in (200, 302, 404, 503)
    assert is_sound(home)
    assert taken(home, *records, PAIR[1]).tally.copied == 0
    left = home.parent / "left"
    (left / "warc").mkdir(parents=True)
    (left / "warc" / f"run{SUFFIX}{OPEN_SUFFIX}").write_bytes(b"".join(map(gzip.compress, [PAIR[1], *records])))
    assert len(recovery.recover(left / "warc").files) == 1
    assert [record.target_uri for record, _ in recovery.orphans(Storage(left / "warc"), {})]
    swap.rebuild(left, processes=1)
    assert titles(left, OTHER)
