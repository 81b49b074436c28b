"""How fast pages are read, and with how much memory, beside the extractors people use; in one run.

    python benchmarks/extraction.py HOME [--rounds 3] [--renamed]
    python benchmarks/extraction.py --articles DIR

HOME is an archive; its article pages are read from the WARC first. Each variant then reads all of them in a process of
its own, in turn, round after round; the best round counts. readability + markdownify is left out when markdownify is
not installed. `--renamed` renames the id and class of every body, and says what the fallback engines keep.

DIR is a copy of the public article-extraction-benchmark: the general path's texts and trafilatura's own are written to
its `output` folder, for its `evaluate.py`.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import importlib.util
import json
import multiprocessing
import os
import pickle
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from archiver.urls import Site
from archiver.warc.reader import read_record
from archiver.warc.storage import Storage

Pages = list[tuple[str, bytes]]


def pages_of(home: Path) -> Pages:
    """Return address and HTML of every article page's latest capture."""
    query = (
        "SELECT c.target_uri, c.warc_file, c.warc_offset FROM captures AS c JOIN posts AS p ON p.url = c.url "
        "WHERE c.status = 200 AND c.truncated IS NULL GROUP BY c.url HAVING c.id = max(c.id)"
    )
    with sqlite3.connect(home / "archive.db") as database:
        rows = database.execute(query).fetchall()
    return [(url, read_record(Storage(home / "warc"), file, offset).body) for url, file, offset in rows]


def site_of(url: str) -> Site:
    """Return the server a page came from."""
    parts = urlsplit(url)
    return Site(base=f"{parts.scheme}://{parts.netloc}")


def trafilatura_default(url: str, body: bytes) -> str:
    """Extract text as `trafilatura.extract(html)` does."""
    import trafilatura

    return trafilatura.extract(body.decode()) or ""


def trafilatura_markdown(url: str, body: bytes) -> str:
    """Extract Markdown with everything trafilatura can keep."""
    import trafilatura

    options = {"include_formatting": True, "include_links": True, "include_images": True, "include_tables": True}
    return trafilatura.extract(body.decode(), output_format="markdown", include_comments=False, **options) or ""


def readability_markdownify(url: str, body: bytes) -> str:
    """Find the body with readability and convert it with markdownify."""
    from markdownify import markdownify
    from readability import Document

    return str(markdownify(Document(body.decode()).summary()))


def serializer(url: str, body: bytes) -> str:
    """Parse the page, cut the body out and write it as Markdown: our serializer alone."""
    from archiver.pages.document import parse
    from archiver.pages.post import prune
    from archiver.pages.selectors import first
    from archiver.text import markdown, notation, sources

    site, tree = site_of(url), parse(url, body)
    found = first(tree, *site.profile.post.text)
    if found is None:
        return ""
    prune(found, site.profile.post)
    return markdown.write(sources.settle(found, notation.of(tree)), site.resolve)[0]


def full_chain(url: str, body: bytes) -> str:
    """Read the page as the archive does: metadata, comments, Markdown, text and proof."""
    from archiver.pages.post import parse_post

    return parse_post(url, body, site_of(url)).content.markdown


VARIANTS: dict[str, Callable[[str, bytes], str]] = {
    "trafilatura default": trafilatura_default,
    "trafilatura Markdown": trafilatura_markdown,
    "readability + markdownify": readability_markdownify,
    "ours, serializer alone": serializer,
    "ours, full chain": full_chain,
}


def child(variant: str, pages: Path) -> None:
    """Read all pages; print CPU seconds, peak memory in MB and the digest of everything read."""
    read = VARIANTS[variant]
    found: Pages = pickle.loads(pages.read_bytes())
    read(*found[0])  # imports are not what is measured
    began = time.process_time()
    digest = hashlib.sha256()
    for url, body in found:
        digest.update(read(url, body).encode("utf-8", "surrogatepass"))
    seconds = time.process_time() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([seconds, memory, digest.hexdigest()]))


def measured(variant: str, pages: Path, hash_seed: str = "0") -> tuple[float, float, str]:
    """Run a variant in a process of its own."""
    command = [sys.executable, __file__, "--child", variant, str(pages)]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    seconds, memory, digest = json.loads(done.stdout)
    return seconds, memory, digest


def _warm(_: int) -> None:
    from archiver.pages import post

    assert post


def _chain(page: tuple[str, bytes]) -> int:
    return len(full_chain(*page))


def speed_up(pages: Pages, rounds: int) -> float:
    """Return how much faster two processes read the pages than one, by the wall clock."""
    best = {}
    for processes in (1, 2):
        with multiprocessing.Pool(processes) as pool:
            pool.map(_warm, range(processes * 4))
            times = []
            for _ in range(rounds):
                began = time.monotonic()
                pool.map(_chain, pages, chunksize=4)
                times.append(time.monotonic() - began)
            best[processes] = min(times)
    return best[1] / best[2]


def compare(home: Path, rounds: int) -> None:
    """Measure all variants and print them beside trafilatura's default."""
    found = pages_of(home)
    print(f"{len(found)} pages, {sum(len(body) for _, body in found) / 1e6:.1f} MB")
    installed = {name for name in VARIANTS if "markdownify" not in name or importlib.util.find_spec("markdownify")}
    best: dict[str, tuple[float, float]] = {}
    with tempfile.NamedTemporaryFile() as file:
        Path(file.name).write_bytes(pickle.dumps(found))
        for _ in range(rounds):
            for variant in (name for name in VARIANTS if name in installed):
                seconds, memory, _ = measured(variant, Path(file.name))
                best[variant] = min(best.get(variant, (1e9, 0.0)), (seconds, memory))
        digests = {measured("ours, full chain", Path(file.name), seed)[2] for seed in ("0", "1", "random")}
    base = best["trafilatura default"][0]
    for variant, (seconds, memory) in best.items():
        print(f"{variant:<26} {len(found) / seconds:7.1f} pages/s  {base / seconds:5.2f} x  {memory:4.0f} MB")
    print(f"two processes: {speed_up(found, rounds):.2f} x one; output over three hash seeds: {len(digests)} digest(s)")


def renamed(home: Path) -> None:
    """Rename the body of every page and print what the fallback engines keep of it."""
    from archiver.pages.post import parse_post

    kept = total = leaks = 0
    engines: dict[str, int] = {}
    for url, body in pages_of(home):
        whole = parse_post(url, body, site_of(url))
        blind = parse_post(
            url, body.replace(b'id="PostContent"', b'id="Text"').replace(b'"PostContent"', b'"Text"'), site_of(url)
        )
        left = [formula.tex for formula in blind.content.formulas]
        total += len(whole.content.formulas)
        for formula in whole.content.formulas:
            if formula.tex in left:
                left.remove(formula.tex)
                kept += 1
        leaks += sum(len(said.content.text) > 20 and said.content.text in blind.content.text for said in whole.comments)
        engines[blind.quality.engine] = engines.get(blind.quality.engine, 0) + 1
    print(f"body renamed: {kept} of {total} formulas ({kept / max(1, total):.3%}), {leaks} comments leaked, {engines}")


def articles(folder: Path) -> None:
    """Write what the general path and trafilatura itself make of the public benchmark's pages."""
    import trafilatura

    from archiver.pages.document import parse
    from archiver.text import engines

    ours: dict[str, dict[str, str]] = {}
    theirs: dict[str, dict[str, str]] = {}
    for path in sorted((folder / "html").glob("*.html.gz")):
        name, body = path.name.removesuffix(".html.gz"), gzip.decompress(path.read_bytes())
        found = engines.find_body(parse(name, body))
        text = engines.read(found[0], lambda href: href).text if found else ""
        ours[name] = {"articleBody": text}
        theirs[name] = {"articleBody": trafilatura.extract(body, include_comments=False) or ""}
    for program, texts in (("archiver", ours), ("trafilatura-here", theirs)):
        (folder / "output" / f"{program}.json").write_text(json.dumps(texts, ensure_ascii=False))
    print(f"wrote {len(ours)} texts of each; now run `python evaluate.py` in {folder}")


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("home", nargs="?", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--renamed", action="store_true")
    parser.add_argument("--articles", type=Path)
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.child:
        child(asked.child[0], Path(asked.child[1]))
    elif asked.articles:
        articles(asked.articles)
    elif asked.home and asked.renamed:
        renamed(asked.home)
    elif asked.home:
        compare(asked.home, asked.rounds)
    else:
        parser.error("expected the folder of an archive, or --articles")


if __name__ == "__main__":
    main()
