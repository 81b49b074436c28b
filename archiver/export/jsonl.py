"""JSON Lines: one object per line, for any program."""

from __future__ import annotations

import json
from pathlib import Path

from archiver.export import rows
from archiver.export.folder import replacing_folder
from archiver.export.notice import notice
from archiver.export.rows import Step
from archiver.media import encoded
from archiver.store.library import Library


def write(library: Library, target: Path, step: Step) -> None:
    """Write a folder of one file per table, for posts, pages and what belongs to them, and a page that describes them.

    Raises as `replacing_folder` does.
    """
    with replacing_folder(target) as folder:
        for table in rows.TABLES:
            with folder.path(f"{table.name}.jsonl").open("w", encoding="utf-8", newline="\n") as file:
                for row in rows.rows(library, table, step):
                    file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":"), default=encoded) + "\n")
        folder.write("README.md", rows.readme(notice(library.posts(), library.site.profile), ".jsonl"))
