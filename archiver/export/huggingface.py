"""A folder that Hugging Face's `datasets` loads: Parquet, and a card (README.md) that says what is in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from archiver.export import parquet, rows
from archiver.export.folder import replacing_folder
from archiver.export.notice import Attribution, commons, notice
from archiver.export.parquet import SUFFIX
from archiver.export.rows import POSTS, Step, Type
from archiver.profile import Profile
from archiver.store.library import Library
from archiver.text import front_matter

SPLIT = "train"
"""The only split; this is what `datasets` calls undivided data."""

_LICENSES = {
    "by": ("2.0", "2.5", "3.0", "4.0"),
    "by-sa": ("3.0", "4.0"),
    "by-nc": ("2.0", "3.0", "4.0"),
    "by-nd": ("4.0",),
    "by-nc-nd": ("3.0", "4.0"),
    "by-nc-sa": ("2.0", "3.0", "4.0"),
}
"""Creative Commons licences that the Hub has a name for: https://huggingface.co/docs/hub/repositories-licenses"""

_SIZES = ("n<1K", "1K<n<10K", "10K<n<100K", "100K<n<1M", "1M<n<10M", "10M<n<100M")
"""The Hub's names for numbers of rows: https://huggingface.co/docs/hub/datasets-cards"""

_TYPES: Mapping[Type, Mapping[str, str]] = {
    Type.INTEGER: {"dtype": "int64"},
    Type.TEXT: {"dtype": "string"},
    Type.FLAG: {"dtype": "bool"},
    Type.TEXTS: {"sequence": "string"},
    Type.INTEGERS: {"sequence": "int64"},
    Type.BYTES: {"dtype": "binary"},
}
"""Types of columns as a card names them, in the form that every version of `datasets` reads."""


def write(library: Library, target: Path, step: Step) -> None:
    """Write the folder: `load_dataset(target)` gives the posts, `load_dataset(target, "comments")` another table.

    Raises as `archiver.export.parquet.write` does.
    """
    parquet.expect_pyarrow()
    said = notice(library.posts(), library.site.profile)
    with replacing_folder(target) as folder:
        counts = parquet.write_tables(library, folder, step, said)
        folder.write("README.md", _card(said, library.site.profile, counts))


def _card(said: Attribution, profile: Profile, counts: Mapping[str, int]) -> str:
    """Return the card: what the Hub and `datasets` read, then what people read."""
    tables = [table for table in rows.TABLES if counts[table.name]] or [POSTS]
    fields: dict[str, object] = {
        "pretty_name": profile.title,
        "language": [profile.tongue.partition("-")[0]],
        **_license(said),
        "size_categories": [_SIZES[min(len(_SIZES) - 1, max(0, len(str(sum(counts.values()))) - 3))]],
        "tags": ["blog", "latex"],
        "configs": [
            {
                "config_name": table.name,
                "data_files": [{"split": SPLIT, "path": table.name + SUFFIX}],
                **({"default": True} if table is POSTS else {}),
            }
            for table in tables
        ],
        "dataset_info": [
            {
                "config_name": table.name,
                "features": [{"name": column.name, **_TYPES[column.type]} for column in table.columns],
            }
            for table in tables
        ],
    }
    parts = [
        front_matter.write(fields),
        f"# {profile.title}\n",
        "\n\n".join(said.sentences()),
        "\nWhoever passes this on passes on the texts: under their licence, with their author named.\n",
        "```python\nfrom datasets import load_dataset\n",
        'posts = load_dataset("DIR", split="train")',
        'comments = load_dataset("DIR", "comments", split="train")\n```\n',
        *(rows.described(table, table.columns, f" ({counts[table.name]:,} rows)") for table in tables),
    ]
    return "\n".join(parts)


def _license(said: Attribution) -> dict[str, str]:
    """Return the licence as a card names it: by the Hub's name, or else by its own with its address."""
    if not said.license_url:
        return {"license": "unknown"}
    kind, version = commons(said.license_url) or ("", "")
    if version in _LICENSES.get(kind, ()):
        return {"license": f"cc-{kind}-{version}"}
    name = re.sub(r"[^a-z0-9.]+", "-", said.license.lower()).strip("-.")
    return {"license": "other", "license_name": name or "other", "license_link": said.license_url}
