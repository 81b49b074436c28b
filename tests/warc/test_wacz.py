from __future__ import annotations

import errno
import gzip
import hashlib
import io
import json
import random
import re
import stat
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver import errors
from archiver.warc import index, wacz_checks, zips
from archiver.warc.storage import Storage
from archiver.warc.verify import Severity, VerifiedCounts
from archiver.warc.wacz import WaczPage, verify_wacz, write_wacz
from archiver.warc.writer import WarcWriter
from tests.warc.samples import EXCHANGES, START, Judge, write_exchange, write_pages

PAGES = [
    WaczPage(
        url="https://kexue.fm/archives/1008",
        ts="2026-11-21T17:45:01Z",
        title="科学 \u2028 <b>",
        text="正文 $a_1<b$\n\n下",
    ),
    WaczPage(url="https://kexue.fm/archives/1", ts="2026-11-21T17:45:03.000001Z", title="", text="\ud800"),
]
EXTRA = WaczPage(url="https://kexue.fm/search?q=a b", ts="2026-11-21T17:45:08Z", title="找", text="q")


@pytest.fixture
def warcs(tmp_path: Path) -> Path:
    """Give a folder with several WARC files, and their index beside it."""
    directory = tmp_path / "warc"
    with WarcWriter(directory, "kexue.fm", software="blog-archiver/test", now=lambda: START, max_bytes=4000) as target:
        for number, (uri, response) in enumerate(EXCHANGES.values()):
            write_exchange(target, uri, response, number)
    index.update_index(Storage(directory), tmp_path / index.NAME)
    return directory


def pack(directory: Path, target: Path, pages: list[WaczPage] = PAGES, **details: Any) -> Path:
    with (directory.parent / index.NAME).open(encoding="utf-8") as lines:
        write_wacz(
            target,
            directory.iterdir(),
            lines,
            pages,
            [EXTRA],
            created="2026-11-21T18:00:00Z",
            software="test",
            **details,
        )
    return target


@pytest.fixture
def package(tmp_path: Path, warcs: Path) -> Path:
    """Give a package without a flaw."""
    return pack(warcs, tmp_path / "blog.wacz")


def found(path: Path) -> set[tuple[str, str]]:
    return {(finding.what, finding.file) for finding in verify_wacz(path) if finding.severity is Severity.DAMAGE}


def test_a_package_holds_what_the_format_asks_for(package: Path, warcs: Path) -> None:
    with zipfile.ZipFile(package) as content:
        names = content.namelist()
        assert names == [
            *(f"archive/{path.name}" for path in sorted(warcs.iterdir())),
            "indexes/index.cdx.gz",
            "indexes/index.idx",
            "pages/pages.jsonl",
            "pages/extraPages.jsonl",
            "datapackage.json",
            "datapackage-digest.json",
        ]
        for path in warcs.iterdir():
            assert content.read(f"archive/{path.name}") == path.read_bytes()
            assert content.getinfo(f"archive/{path.name}").compress_type == zipfile.ZIP_STORED
        assert content.getinfo("indexes/index.cdx.gz").compress_type == zipfile.ZIP_STORED
        assert gzip.decompress(content.read("indexes/index.cdx.gz")) == (warcs.parent / index.NAME).read_bytes()
        manifest = json.loads(content.read("datapackage.json"))
        assert (manifest["profile"], manifest["wacz_version"]) == ("data-package", "1.1.1")
        assert (manifest["created"], manifest["software"]) == ("2026-11-21T18:00:00Z", "test")
        assert [resource["path"] for resource in manifest["resources"]] == names[:-2]
        for resource in manifest["resources"]:
            data = content.read(resource["path"])
            assert resource["hash"] == "sha256:" + hashlib.sha256(data).hexdigest()
            assert resource["bytes"] == len(data)
        guard = json.loads(content.read("datapackage-digest.json"))
        assert guard["hash"] == "sha256:" + hashlib.sha256(content.read("datapackage.json")).hexdigest()


def page_list(package: Path, name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    with zipfile.ZipFile(package) as content:
        header, *pages = map(json.loads, content.read(f"pages/{name}.jsonl").split(b"\n")[:-1])
    return header, pages


def test_pages_come_with_their_text(package: Path) -> None:
    header, pages = page_list(package, "pages")
    assert header == {"format": "json-pages-1.0", "id": "pages", "title": "Pages to Start From", "hasText": True}
    assert [(page["url"], page["ts"], page["title"], page["text"]) for page in pages] == [
        (page.url, page.ts, page.title, page.text) for page in PAGES
    ]
    ids = [page["id"] for page in pages]
    assert sorted(set(ids)) == ids  # the order in which players that keep pages by id show them


def test_the_list_that_players_search_has_every_page_those_to_start_from_first(package: Path) -> None:
    header, pages = page_list(package, "extraPages")
    assert header == {"format": "json-pages-1.0", "id": "extra-pages", "title": "All Pages", "hasText": True}
    assert pages[:-1] == page_list(package, "pages")[1]
    assert (pages[-1]["url"], pages[-1]["text"]) == (EXTRA.url, EXTRA.text)


def test_what_a_package_says_of_itself(tmp_path: Path, warcs: Path) -> None:
    package = pack(warcs, tmp_path / "blog.wacz", title="科学空间", description="*all*", main_page=PAGES[0])
    with zipfile.ZipFile(package) as content:
        manifest = json.loads(content.read("datapackage.json"))
    assert (manifest["title"], manifest["description"]) == ("科学空间", "*all*")
    assert (manifest["mainPageUrl"], manifest["mainPageDate"]) == (PAGES[0].url, PAGES[0].ts)
    assert list(verify_wacz(package)) == []


def test_a_package_is_accepted(package: Path, warcs: Path) -> None:
    tally = VerifiedCounts()
    assert list(verify_wacz(package, tally)) == []
    assert tally.files == len(list(warcs.iterdir()))
    assert tally.records == 2 * len(EXCHANGES) + tally.files


def test_the_same_archive_gives_the_same_bytes(tmp_path: Path, warcs: Path) -> None:
    first = pack(warcs, tmp_path / "1.wacz").read_bytes()
    assert pack(warcs, tmp_path / "2.wacz").read_bytes() == first


def test_wacz_validate_accepts_our_packages(package: Path, judge: Judge) -> None:
    done = judge("wacz", "validate", "-f", package)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Validation succeeded" in done.stdout


def test_packages_of_other_programs_are_accepted(tmp_path: Path, warcs: Path, judge: Judge) -> None:
    other = tmp_path / "other.wacz"
    done = judge("wacz", "create", "--url", PAGES[0].url, "-o", other, *warcs.iterdir())
    assert done.returncode == 0, done.stdout + done.stderr
    assert [str(finding) for finding in verify_wacz(other)] == []


def test_an_index_of_many_blocks(tmp_path: Path) -> None:
    lines = [f'fm,kexue)/{number:05} 20260101000000 {{"filename": "a.warc.gz"}}\n' for number in range(3000)]
    target = tmp_path / "blog.wacz"
    write_pages(tmp_path / "warc", 1)
    write_wacz(target, (tmp_path / "warc").iterdir(), lines, [], created="2026-01-01T00:00:00Z", software="test")
    with zipfile.ZipFile(target) as content:
        data = content.read("indexes/index.cdx.gz")
        meta, *blocks = content.read("indexes/index.idx").decode().splitlines()
    assert json.loads(meta.removeprefix("!meta 0 ")) == {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}
    assert [block.split(" {")[0] for block in blocks] == [lines[number].split(" {")[0] for number in (0, 1024, 2048)]
    for number, block in enumerate(blocks):
        place = json.loads(block[block.index("{") :])
        member = data[place["offset"] : place["offset"] + place["length"]]
        assert gzip.decompress(member).decode() == "".join(lines[1024 * number : 1024 * (number + 1)])
        assert place["digest"] == "sha256:" + hashlib.sha256(member).hexdigest()


def test_memory_does_not_grow_with_the_archive(tmp_path: Path) -> None:
    def peak(megabytes: int) -> int:
        directory = tmp_path / str(megabytes)
        write_pages(directory / "warc", megabytes * 2, size=500_000)
        index.update_index(Storage(directory / "warc"), directory / index.NAME)
        tracemalloc.start()
        pack(directory / "warc", directory / "blog.wacz")
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size

    assert peak(24) < peak(6) + 100_000


def test_a_name_that_is_none(tmp_path: Path, warcs: Path) -> None:
    with pytest.raises(errors.UsageError, match=r"ends in \.wacz, found .*blog\.zip"):
        pack(warcs, tmp_path / "blog.zip")


def test_nothing_to_pack(tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError, match="found none: run `archiver crawl` first"):
        write_wacz(tmp_path / "blog.wacz", [], [], [], created="", software="")


def test_lines_in_disorder(tmp_path: Path, warcs: Path) -> None:
    lines = (tmp_path / index.NAME).read_text(encoding="utf-8").splitlines(keepends=True)
    with pytest.raises(errors.ArchiveDamaged, match="expected the sorted lines of an index"):
        write_wacz(tmp_path / "blog.wacz", warcs.iterdir(), lines[::-1], [], created="", software="")
    assert not list(tmp_path.glob("blog.wacz*"))


def test_a_warc_file_that_cannot_be_read(tmp_path: Path, warcs: Path) -> None:
    with pytest.raises(errors.ArchiveDamaged, match=r"expected the WARC file .*gone\.warc\.gz, found: No such file"):
        write_wacz(tmp_path / "blog.wacz", [warcs / "gone.warc.gz"], [], [], created="", software="")


def test_a_full_disk_leaves_the_old_package(
    tmp_path: Path, package: Path, warcs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No room")

    before = package.read_bytes()
    monkeypatch.setattr(zipfile.ZipFile, "writestr", full)
    with pytest.raises(errors.DiskFull, match=r"expected to write .*blog\.wacz, found: No room"):
        pack(warcs, package)
    assert package.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blog.wacz", index.NAME, "warc"]


@dataclass
class Contents:
    """A package taken apart, to be put together otherwise."""

    entries: dict[str, bytes]
    deflated: set[str] = field(default_factory=set)
    extra: list[tuple[zipfile.ZipInfo, bytes]] = field(default_factory=list)
    stale_manifest: bool = False
    stale_digest: bool = False

    def drop(self, prefix: str) -> None:
        """Leave out what begins so."""
        self.entries = {name: data for name, data in self.entries.items() if not name.startswith(prefix)}

    def change(self, prefix: str, change: Callable[[bytes], bytes]) -> None:
        """Change the first entry whose name begins so."""
        name = next(name for name in self.entries if name.startswith(prefix))
        self.entries[name] = change(self.entries[name])

    def manifest(self, **fields: object) -> None:
        """Change fields of the manifest."""
        self.change("datapackage.json", lambda data: json.dumps(json.loads(data) | fields).encode())

    def write(self, path: Path) -> None:
        """Put the package together, with a manifest that fits unless it is to be stale."""
        if not self.stale_manifest and "datapackage.json" in self.entries:
            self.manifest(resources=[resource(name, data) for name, data in self.entries.items() if "/" in name])
        if not self.stale_digest and "datapackage-digest.json" in self.entries:
            label = "sha256:" + hashlib.sha256(self.entries.get("datapackage.json", b"")).hexdigest()
            self.entries["datapackage-digest.json"] = json.dumps({"path": "datapackage.json", "hash": label}).encode()
        with zipfile.ZipFile(path, "w") as package:
            for name, data in self.entries.items():
                method = zipfile.ZIP_DEFLATED if name in self.deflated else zipfile.ZIP_STORED
                package.writestr(zipfile.ZipInfo(name), data, method)
            for info, data in self.extra:
                package.writestr(info, data)


def resource(path: str, data: bytes) -> dict[str, object]:
    label = "sha256:" + hashlib.sha256(data).hexdigest()
    return {"name": path.rpartition("/")[2].lower(), "path": path, "hash": label, "bytes": len(data)}


@pytest.fixture
def contents(package: Path) -> Contents:
    """Give a package taken apart."""
    with zipfile.ZipFile(package) as content:
        return Contents({name: content.read(name) for name in content.namelist()})


def test_a_package_put_together_again_is_accepted(tmp_path: Path, contents: Contents) -> None:
    contents.write(tmp_path / "again.wacz")
    assert list(verify_wacz(tmp_path / "again.wacz")) == []


def signed(contents: Contents, signature: object) -> None:
    label = "sha256:" + hashlib.sha256(contents.entries["datapackage.json"]).hexdigest()
    guard = {"path": "datapackage.json", "hash": label, "signedData": signature}
    contents.entries["datapackage-digest.json"] = json.dumps(guard).encode()
    contents.stale_manifest = contents.stale_digest = True


@pytest.mark.parametrize("of", ["the manifest", "something it does not name"])
def test_that_nobody_checked_a_signature_is_said(tmp_path: Path, contents: Contents, of: str) -> None:
    label = "sha256:" + hashlib.sha256(contents.entries["datapackage.json"]).hexdigest()
    signed(contents, {"signature": "bad"} | ({"hash": label} if of == "the manifest" else {}))
    contents.write(tmp_path / "signed.wacz")
    (finding,) = verify_wacz(tmp_path / "signed.wacz")
    assert (finding.severity, finding.what, finding.file) == (
        Severity.WARNING,
        "signature",
        "datapackage-digest.json",
    )
    assert "not checked" in finding.found


@pytest.mark.parametrize("signature", [{"hash": "sha256:00", "signature": "x"}, {"hash": None}, "x", [1]])
def test_a_signature_of_something_else_is_damage(tmp_path: Path, contents: Contents, signature: object) -> None:
    signed(contents, signature)
    contents.write(tmp_path / "signed.wacz")
    assert found(tmp_path / "signed.wacz") == {("manifest", "datapackage.json")}


def test_no_signature_where_one_could_be_is_none(tmp_path: Path, contents: Contents) -> None:
    signed(contents, None)
    contents.write(tmp_path / "unsigned.wacz")
    assert list(verify_wacz(tmp_path / "unsigned.wacz")) == []


def flip(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def unlisted_pages(contents: Contents) -> None:
    contents.drop("pages/")


def listed_pages(contents: Contents) -> None:
    contents.write(Path("/dev/null"))
    contents.stale_manifest = True
    contents.drop("pages/")


def no_indexes(contents: Contents) -> None:
    contents.drop("indexes/")


def no_warcs(contents: Contents) -> None:
    contents.drop("archive/")


def one_warc_less(contents: Contents) -> None:
    contents.drop(next(iter(contents.entries)))


def deflated_warc(contents: Contents) -> None:
    contents.deflated.add(next(iter(contents.entries)))


def deflated_index(contents: Contents) -> None:
    contents.deflated.add("indexes/index.cdx.gz")


def stale_digest(contents: Contents) -> None:
    contents.stale_digest = contents.stale_manifest = True
    contents.manifest(title="another")


def no_digest(contents: Contents) -> None:
    contents.drop("datapackage-digest")


def no_manifest(contents: Contents) -> None:
    contents.drop("datapackage.json")


def flipped_warc(contents: Contents) -> None:
    contents.stale_manifest = True
    contents.change("archive/", flip)


def flipped_warc_everywhere(contents: Contents) -> None:
    contents.change("archive/", flip)


def torn_warc(contents: Contents) -> None:
    contents.change("archive/", lambda data: data[:-1])


def unlisted_entry(contents: Contents) -> None:
    contents.write(Path("/dev/null"))
    contents.stale_manifest = True
    contents.entries["notes.txt"] = b""


def stray_file(contents: Contents) -> None:
    contents.entries["archive/notes.txt"] = b""


def wrong_size(contents: Contents) -> None:
    contents.stale_manifest = True
    resources = json.loads(contents.entries["datapackage.json"])["resources"]
    contents.manifest(resources=[{**each, "bytes": 1} for each in resources])


def listed_twice(contents: Contents) -> None:
    contents.stale_manifest = True
    contents.manifest(resources=json.loads(contents.entries["datapackage.json"])["resources"] * 2)


def hash_by_nothing(contents: Contents) -> None:
    contents.stale_manifest = True
    resources = json.loads(contents.entries["datapackage.json"])["resources"]
    contents.manifest(resources=[{**each, "hash": "crc:1"} for each in resources])


def resources_that_are_none(contents: Contents) -> None:
    contents.stale_manifest = True
    contents.manifest(resources=[1, {"path": 2}, {"path": "a"}])


def other_profile(contents: Contents) -> None:
    contents.manifest(profile="zip")


def other_version(contents: Contents) -> None:
    contents.manifest(wacz_version="0.1.0")


def manifest_of_nothing(contents: Contents) -> None:
    contents.stale_manifest = True
    contents.entries["datapackage.json"] = b"[]"


def manifest_that_is_none(contents: Contents) -> None:
    contents.stale_manifest = True
    contents.entries["datapackage.json"] = b"[" * 100_000


def page_without_time(contents: Contents) -> None:
    contents.entries["pages/pages.jsonl"] = b'{"format": "x"}\n{"url": "http://a/"}\n'


def page_with_a_local_time(contents: Contents) -> None:
    contents.entries["pages/pages.jsonl"] = b'{"url": "http://a/", "ts": "2026-01-01T00:00:00"}\n'


def page_that_is_none(contents: Contents) -> None:
    contents.entries["pages/pages.jsonl"] = b"page\n"


def without_blocks(contents: Contents, lines: Callable[[bytes], bytes]) -> None:
    data = contents.entries.pop("indexes/index.cdx.gz")
    contents.drop("indexes/")
    contents.entries["indexes/index.cdxj"] = lines(gzip.decompress(data))


def index_with_a_line_less(contents: Contents) -> None:
    without_blocks(contents, lambda data: data.partition(b"\n")[2])


def index_with_a_wrong_line(contents: Contents) -> None:
    without_blocks(contents, lambda data: data.replace(b'"status": "404"', b'"status": "200"'))


def index_with_a_line_too_many(contents: Contents) -> None:
    without_blocks(contents, lambda data: data + b'z 2026 {"filename": "gone.warc.gz", "offset": "0"}\n')


def index_in_disorder(contents: Contents) -> None:
    without_blocks(contents, lambda data: b"".join(data.splitlines(keepends=True)[::-1]))


def index_that_is_none(contents: Contents) -> None:
    without_blocks(contents, lambda data: b"index\n")


def index_that_is_not_gzip(contents: Contents) -> None:
    contents.drop("indexes/index.idx")
    contents.entries["indexes/index.cdx.gz"] = b"index"


def blocks_with_a_gap(contents: Contents) -> None:
    contents.change("indexes/index.idx", lambda data: data.replace(b'"offset": 0', b'"offset": 1'))


def blocks_with_a_wrong_digest(contents: Contents) -> None:
    contents.change("indexes/index.idx", lambda data: data.replace(b'"digest": "sha256:', b'"digest": "sha256:0'))


def blocks_of_another_index(contents: Contents) -> None:
    contents.change("indexes/index.idx", lambda data: data.replace(b"index.cdx.gz", b"other.cdx.gz"))


def blocks_of_half_an_index(contents: Contents) -> None:
    contents.change("indexes/index.idx", lambda data: data.split(b"\n")[0] + b"\n")


def blocks_that_are_none(contents: Contents) -> None:
    contents.entries["indexes/index.idx"] = b"index\n"


def as_a_draft(contents: Contents) -> None:
    """As py-wacz wrote packages in 2020."""
    contents.stale_manifest = contents.stale_digest = True
    del contents.entries["datapackage-digest.json"]
    listed = [
        {
            "path": name,
            "stats": {"hash": hashlib.sha256(data).hexdigest(), "bytes": len(data)},
            "hashing": "sha256",
        }
        for name, data in contents.entries.items()
        if "/" in name
    ]
    contents.manifest(wacz_version="1.0.0", resources=listed)


def test_a_package_of_the_draft_is_whole_and_checked(tmp_path: Path, contents: Contents) -> None:
    as_a_draft(contents)
    contents.write(tmp_path / "draft.wacz")
    (finding,) = verify_wacz(tmp_path / "draft.wacz")
    assert (finding.severity, finding.expected) == (Severity.WARNING, "datapackage-digest.json")
    contents.change("pages/", lambda data: data + data.splitlines(keepends=True)[-1])
    contents.write(tmp_path / "bad.wacz")
    assert {each.what for each in verify_wacz(tmp_path / "bad.wacz")} == {"missing entry", "size", "hash"}


def as_others_write_it(lines: bytes) -> bytes:
    """Numbers as numbers, digests without a name or with another one, and no line for what is no answer."""
    kept = [line for line in lines.decode().splitlines(keepends=True) if '"resource"' not in line]
    numbers = re.sub(r'"(offset|length|status)": "(\d+)"', r'"\1": \2', "".join(kept))
    return re.sub(r'"sha1:([A-Z2-7]{32})"', r'"\1"', numbers, count=1).replace('"sha1:', '"sha-1:').encode()


def test_an_index_as_others_write_it_contradicts_nothing(tmp_path: Path, contents: Contents) -> None:
    without_blocks(contents, as_others_write_it)
    contents.write(tmp_path / "other.wacz")
    assert list(verify_wacz(tmp_path / "other.wacz")) == []
    contents.change("indexes/index.cdxj", lambda lines: re.sub(rb'"length": \d', b'"length": 9', lines, count=1))
    contents.write(tmp_path / "bad.wacz")
    assert [finding.what for finding in verify_wacz(tmp_path / "bad.wacz")] == ["index"]


THE_EIGHT = [
    flipped_warc, listed_pages, stale_digest, unlisted_pages, no_indexes, no_warcs, deflated_warc, no_digest
]  # fmt: skip
"""The damaged packages of which `wacz validate` 0.6.0 rejects the first three."""

OTHERS = [
    one_warc_less, deflated_index, no_manifest, flipped_warc_everywhere, torn_warc, unlisted_entry, stray_file,
    wrong_size, listed_twice, hash_by_nothing, resources_that_are_none, other_profile, other_version,
    manifest_of_nothing, manifest_that_is_none, page_without_time, page_with_a_local_time, page_that_is_none,
    index_with_a_line_less, index_with_a_wrong_line, index_with_a_line_too_many, index_in_disorder,
    index_that_is_none, index_that_is_not_gzip, blocks_with_a_gap, blocks_with_a_wrong_digest,
    blocks_of_another_index, blocks_of_half_an_index, blocks_that_are_none,
]  # fmt: skip


@pytest.mark.parametrize("harm", THE_EIGHT + OTHERS, ids=lambda harm: harm.__name__)
def test_a_bad_package_is_rejected(tmp_path: Path, contents: Contents, harm: Callable[[Contents], None]) -> None:
    harm(contents)
    contents.write(tmp_path / "bad.wacz")
    assert found(tmp_path / "bad.wacz")


def entry(name: str, mode: int = stat.S_IFREG | 0o644) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("name")
    info.filename = name
    info.create_system = 3
    info.external_attr = mode << 16
    return info


NAMES = [
    "../secret", "archive/../../secret", "/etc/passwd", "C:/x", "a\\..\\b", "a//b", "./a", "a/./b", "a\nb", "a\x7f",
    "..",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, contents: Contents, name: str) -> None:
    """Case 45."""
    contents.extra.append((entry(name), b"evil"))
    contents.write(tmp_path / "bad.wacz")
    assert ("entry", name) in found(tmp_path / "bad.wacz")


def test_a_name_that_is_cut_at_a_zero_byte_is_refused(tmp_path: Path, contents: Contents) -> None:
    contents.extra.append((entry("evil.txtXarchive"), b"evil"))
    path = tmp_path / "bad.wacz"
    contents.write(path)
    path.write_bytes(path.read_bytes().replace(b"evil.txtXarchive", b"evil.txt\0archive"))
    assert ("entry", "evil.txt") in found(path)


@pytest.mark.parametrize("mode", [stat.S_IFLNK | 0o777, stat.S_IFIFO | 0o644, stat.S_IFCHR | 0o644])
def test_links_and_devices_are_refused(tmp_path: Path, contents: Contents, mode: int) -> None:
    contents.extra.append((entry("notes", mode), b"/etc/passwd"))
    contents.write(tmp_path / "bad.wacz")
    assert ("entry", "notes") in found(tmp_path / "bad.wacz")


def test_folders_are_allowed(tmp_path: Path, contents: Contents) -> None:
    contents.extra.append((entry("archive/", stat.S_IFDIR | 0o755), b""))
    contents.write(tmp_path / "good.wacz")
    assert list(verify_wacz(tmp_path / "good.wacz")) == []


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["pages/pages.jsonl", "Pages/Pages.jsonl", "datapackage.json"])
def test_names_that_are_used_twice_are_refused(tmp_path: Path, contents: Contents, name: str) -> None:
    contents.extra.append((entry(name), b"{}"))
    contents.write(tmp_path / "bad.wacz")
    assert ("entry", name) in found(tmp_path / "bad.wacz")


def test_a_wrong_checksum_is_found(tmp_path: Path, contents: Contents) -> None:
    path = tmp_path / "bad.wacz"
    contents.write(path)
    data = path.read_bytes()
    checksum = struct.pack("<L", zlib.crc32(contents.entries["pages/pages.jsonl"]))
    assert data.count(checksum) == 2
    path.write_bytes(data.replace(checksum, b"\0\0\0\0"))
    assert ("entry", "pages/pages.jsonl") in found(path)


def test_a_header_that_contradicts_the_directory_is_found(tmp_path: Path, contents: Contents) -> None:
    path = tmp_path / "bad.wacz"
    contents.write(path)
    checksum = struct.pack("<L", zlib.crc32(contents.entries["pages/pages.jsonl"]))
    path.write_bytes(path.read_bytes().replace(checksum, b"\0\0\0\0", 1))
    assert ("entry", "pages/pages.jsonl") in found(path)


def test_an_entry_of_absurd_size_is_refused_before_it_is_read(
    tmp_path: Path, contents: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 45."""
    monkeypatch.setattr(zips, "SMALL", 1 << 20)
    bomb = entry("notes.txt")
    bomb.compress_type = zipfile.ZIP_DEFLATED
    contents.extra.append((bomb, bytes(40_000_000)))
    contents.write(tmp_path / "bad.wacz")
    tracemalloc.start()
    assert ("entry", "notes.txt") in found(tmp_path / "bad.wacz")
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()


def test_a_size_that_is_a_lie_is_found(tmp_path: Path, contents: Contents) -> None:
    path = tmp_path / "bad.wacz"
    contents.write(path)
    size = struct.pack("<L", len(contents.entries["pages/pages.jsonl"]))
    path.write_bytes(path.read_bytes().replace(size, struct.pack("<L", 10_000_000_000 & 0xFFFFFFF0)))
    assert found(path)


def test_an_index_that_bursts_is_refused(tmp_path: Path, contents: Contents) -> None:
    line = b'a 2026 {"filename": "x", "offset": "%d"}\n'
    contents.drop("indexes/")
    contents.entries["indexes/index.cdx.gz"] = gzip.compress(b"".join(line % number for number in range(100_000)))
    contents.write(tmp_path / "bad.wacz")
    assert ("index", "indexes/index.cdx.gz") in found(tmp_path / "bad.wacz")


def test_a_line_without_end_is_refused(tmp_path: Path, contents: Contents, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wacz_checks, "MOST_LINE", 1000)
    contents.entries["pages/pages.jsonl"] = b" " * 5000
    contents.write(tmp_path / "bad.wacz")
    assert ("page list", "pages/pages.jsonl") in found(tmp_path / "bad.wacz")


def test_a_manifest_that_would_fill_the_memory_is_refused(
    tmp_path: Path, contents: Contents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wacz_checks, "MOST_MANIFEST", 1000)
    contents.write(tmp_path / "bad.wacz")
    assert ("manifest", "datapackage.json") in found(tmp_path / "bad.wacz")


@pytest.mark.parametrize("where", ["before", "after"])
def test_bytes_that_belong_to_nothing_are_found(tmp_path: Path, package: Path, where: str) -> None:
    data = package.read_bytes()
    with zipfile.ZipFile(package) as content:
        start = content.start_dir
    hidden = b"hidden" if where == "before" else b""
    bad = tmp_path / "bad.wacz"
    bad.write_bytes(hidden + data if where == "before" else data[:start] + b"hidden" + data[start:])
    assert found(bad)


def test_what_is_no_zip_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "bad.wacz"
    path.write_bytes(b"no zip")
    assert found(path) == {("zip", "bad.wacz")}
    assert found(tmp_path / "gone.wacz") == {("unreadable file", "gone.wacz")}


@pytest.fixture(scope="module")
def worn(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    """Give a package for tests that replace it each time, and its bytes."""
    directory = tmp_path_factory.mktemp("home")
    write_pages(directory / "warc", 2)
    index.update_index(Storage(directory / "warc"), directory / index.NAME)
    package = pack(directory / "warc", directory / "blog.wacz")
    return package, package.read_bytes()


@given(cut=st.floats(0, 1, exclude_max=True))
def test_half_a_package_is_rejected(worn: tuple[Path, bytes], cut: float) -> None:
    package, data = worn
    package.write_bytes(data[: int(cut * len(data))])
    assert found(package)


@given(position=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_in_a_stored_entry_is_found(worn: tuple[Path, bytes], position: float, bit: int) -> None:
    package, data = worn
    with zipfile.ZipFile(io.BytesIO(data)) as content:
        starts = [info.header_offset for info in content.infolist() if info.compress_type == zipfile.ZIP_STORED]
        end = content.getinfo("indexes/index.idx").header_offset
    flipped = bytearray(data)
    byte = int(position * end)
    flipped[byte] ^= 1 << bit
    package.write_bytes(flipped)
    in_header = any(start <= byte < start + 30 for start in starts)  # versions and dates say nothing
    assert found(package) or in_header


def test_a_damaged_record_is_named_in_its_file(tmp_path: Path, contents: Contents) -> None:
    name = next(iter(contents.entries))
    contents.change("archive/", lambda data: data[:-6] + bytes([data[-6] ^ 1]) + data[-5:])  # in the last member's CRC
    contents.write(tmp_path / "bad.wacz")
    (finding,) = [finding for finding in verify_wacz(tmp_path / "bad.wacz") if finding.what == "gzip member"]
    assert finding.file == name.removeprefix("archive/")
    assert finding.offset is not None
    assert "data check" in finding.found


def test_random_bytes_raise_nothing_but_findings(tmp_path: Path, package: Path) -> None:
    source = random.Random(3)
    data = package.read_bytes()
    bad = tmp_path / "bad.wacz"
    for _ in range(150):
        harmed = bytearray(data)
        for _ in range(source.randrange(1, 20)):
            harmed[source.randrange(len(harmed) - 2000, len(harmed))] = source.randrange(256)
        bad.write_bytes(harmed)
        assert all(str(finding) for finding in verify_wacz(bad))
