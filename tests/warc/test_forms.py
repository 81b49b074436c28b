"""What counts as an archive (every form of one is in tests/test_import.py)."""

from __future__ import annotations

import gzip
from io import BytesIO
from pathlib import Path

import pytest

from archiver.warc import forms
from archiver.warc.members import Broken, Member
from archiver.warc.writer import WarcWriter
from tests.warc.samples import write_exchange


def test_an_archive_may_begin_with_something_else_but_has_a_record(tmp_path: Path) -> None:
    with WarcWriter(tmp_path, "kexue.fm", software="test") as target:
        write_exchange(target, "https://kexue.fm/a", b"HTTP/1.1 200 OK\r\n\r\nx", 1)
    (path,) = tmp_path.iterdir()
    records = gzip.decompress(path.read_bytes())
    first, *others = forms.walk(BytesIO(b"junk\n" + records), "a.warc")
    assert isinstance(first, Broken)
    assert (first.offset, first.length) == (0, len(b"junk\n"))
    assert {type(found) for found in others} == {Member}
    with pytest.raises(forms.NoArchive, match="which begins with b'junk"):
        list(forms.walk(BytesIO(b"junk\n"), "a.warc"))
