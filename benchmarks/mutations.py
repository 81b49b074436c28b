"""Change the markup of a blog's pages in many small ways, and see whether every post is archived all the same.

    python -m benchmarks.mutations [--site URL] [--mutations N] [--seed N]

Each mutation concerns one id or class of the blog's pages: renamed, or the element that bears it wrapped, unwrapped,
doubled or moved to the end of its parent, or a counter gone. For each a new archive is crawled from the mutated blog,
the bundled one or one served at URL. Every post must be there with the text and the formulas it has without the
mutation, and the crawl must end with 0, or with 6 where it says what is not as expected.
"""

from __future__ import annotations

import argparse
import copy
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import lxml.html
from lxml.html import HtmlElement

from archiver.bundled import sample_folder
from archiver.sample import SampleBlog, SampleResponse, serving

MARKS = (
    *("#archives", "#content", "#PostContent", "#comments", "#breadcrumb", "#how_to_cite", "#content_tips", "#pay"),
    *(".Post", ".PostHead", ".title-wrap", ".submitted", ".tools", ".cat", ".page-navigator", ".AllComments"),
    *(".ListUser", ".ListContent", ".comment_reply", ".current", ".more", "#tools", "#sidebar", "#topmenu", "#footer"),
)
"""Ids and classes of the blog's pages."""

COUNTERS = (r"\d+\s*位读者", r"\d+\s*评论", r"\(共\d+篇\)", r"<link rel=\"license\"[^>]*>", r"creativecommons\.org")
"""What is counted or claimed, as the pages write it."""

BODY = "#PostContent"
"""What holds the text: doubled or moved it is another page, so only its name and what is around it are changed."""

Change = Callable[[HtmlElement], None]


@dataclass(frozen=True, slots=True)
class Mutation:
    """One change to all pages."""

    name: str
    change: Callable[[str], str]


def mutations() -> list[Mutation]:
    """Return every mutation there is."""
    found = [Mutation(f"no {counter}", _without(counter)) for counter in COUNTERS]
    for mark in MARKS:
        for name, change in _CHANGES.items():
            if mark != BODY or name in ("renamed", "wrapped"):
                found.append(Mutation(f"{mark} {name}", _of_tree(mark, change)))
    return found


def some(number: int, seed: int) -> list[Mutation]:
    """Return so many mutations, chosen by a seed."""
    known = mutations()
    return random.Random(seed).sample(known, min(number, len(known)))


def _without(pattern: str) -> Callable[[str], str]:
    expression = re.compile(pattern)
    return lambda page: expression.sub("", page)


def _of_tree(mark: str, change: Callable[[HtmlElement, str], None]) -> Callable[[str], str]:
    def changed(page: str) -> str:
        tree = lxml.html.document_fromstring(page.encode(), parser=lxml.html.HTMLParser(encoding="utf-8"))
        bearers = list(_bearers(tree, mark))
        for element in bearers:
            change(element, mark[1:])
        return lxml.html.tostring(tree, encoding="unicode", doctype="<!DOCTYPE html>") if bearers else page

    return changed


def _bearers(tree: HtmlElement, mark: str) -> Iterator[HtmlElement]:
    for element in tree.iter("*"):
        names = (element.get("class") or "").split() if mark[0] == "." else [element.get("id")]
        if mark[1:] in names and element.getparent() is not None:
            yield element


def _rename(element: HtmlElement, name: str) -> None:
    for attribute in ("id", "class"):
        words = (element.get(attribute) or "").split()
        if name in words:
            element.set(attribute, " ".join(f"new-{word}" if word == name else word for word in words))


def _wrap(element: HtmlElement, _name: str) -> None:
    box = lxml.html.Element("div", {"class": "wrapper"})
    parent = element.getparent()
    parent.replace(element, box)
    box.tail, element.tail = element.tail, None
    box.append(element)


def _unwrap(element: HtmlElement, _name: str) -> None:
    element.drop_tag()


def _double(element: HtmlElement, _name: str) -> None:
    element.addnext(copy.deepcopy(element))


def _move(element: HtmlElement, _name: str) -> None:
    parent = element.getparent()
    tail, element.tail = element.tail, None
    before = element.getprevious()
    if before is None:
        parent.text = (parent.text or "") + (tail or "")
    else:
        before.tail = (before.tail or "") + (tail or "")
    parent.append(element)


_CHANGES: dict[str, Callable[[HtmlElement, str], None]] = {
    "renamed": _rename, "wrapped": _wrap, "unwrapped": _unwrap, "doubled": _double, "moved": _move,
}  # fmt: skip


class MutatedBlog(SampleBlog):
    """A blog with one mutation on all its pages: the bundled one, or one served elsewhere."""

    def __init__(self, mutation: Mutation | None, site: str = "", **options: object) -> None:
        super().__init__(**options)  # type: ignore[arg-type]
        self.mutation = mutation
        self.site = site

    def respond(self, method: str, target: str, headers: Mapping[str, str]) -> SampleResponse:
        """Return the blog's response, its page mutated."""
        plain = {name: value for name, value in headers.items() if name.lower() != "accept-encoding"}
        found = self._elsewhere(target, plain) if self.site else super().respond(method, target, plain)
        if self.mutation is None or not found.headers.get("Content-Type", "").startswith("text/html"):
            return found
        page = self.mutation.change(found.body.decode("utf-8", "surrogateescape"))
        return SampleResponse(found.status, found.headers, page.encode("utf-8", "surrogateescape"), found.fault)

    def _elsewhere(self, target: str, headers: Mapping[str, str]) -> SampleResponse:
        request = urllib.request.Request(self.site + target, headers=dict(headers))
        try:
            with urllib.request.urlopen(request) as answer:
                kind = answer.headers.get("Content-Type", "")
                return SampleResponse(answer.status, {"Content-Type": kind}, answer.read())
        except urllib.error.HTTPError as error:
            kind = error.headers.get("Content-Type", "")
            return SampleResponse(error.code, {"Content-Type": kind}, error.read())


Texts = dict[int, tuple[str, str, tuple[str, ...], bool]]
"""Title, text without white space, and formulas of each post; and whether nothing speaks against trusting them."""


def texts(home: Path) -> Texts:
    """Return what an archive holds of each post."""
    with closing(sqlite3.connect(f"file:{home / 'archive.db'}?mode=ro", uri=True)) as database:
        formulas: dict[int, list[str]] = {}
        for number, tex in database.execute("SELECT post_id, tex FROM formulas ORDER BY post_id, position"):
            formulas.setdefault(number, []).append(tex)
        joined = "posts AS p JOIN post_revisions AS r ON r.id = p.current_revision_id"
        query = f"SELECT p.id, p.title, p.text, r.issues FROM {joined}"
        posts = database.execute(query).fetchall()
    return {
        number: (title, "".join(text.split()), tuple(formulas.get(number, ())), issues == "[]")
        for number, title, text, issues in posts
    }


def lost(whole: Texts, found: Texts) -> list[str]:
    """Return a sentence for each post that is not as it is without the mutation."""
    said = [f"{number} is missing" for number in whole if number not in found]
    for number in whole.keys() & found.keys():
        title, text, formulas, _ = whole[number]
        now = found[number]
        said += [f"the title of {number} differs"] if now[0] != title else []
        said += [f"the formulas of {number} are not whole"] if now[2][: len(formulas)] != formulas else []
        said += [f"the text of {number} is not whole"] if text not in now[1] else []
        said += [f"{number} has more, unmarked"] if (text, formulas) != now[1:3] and now[3] else []
    return said


def crawl(home: Path, site: str) -> subprocess.CompletedProcess[str]:
    """Crawl a site into a new archive."""
    words = (
        "crawl",
        "--site",
        site,
        "--index",
        str(sample_folder() / "index.md"),
        "--delay",
        "0",
        "--concurrency",
        "4",
    )
    command = (sys.executable, "-m", "archiver", "--home", str(home), *words)
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def main(words: Iterable[str] | None = None) -> int:
    """Try mutations one by one; return how many lost something or stopped a crawl."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", default="")
    parser.add_argument("--mutations", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args(words if words is None else list(words))
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        with serving(MutatedBlog(None, asked.site)) as site:
            crawl(Path(folder) / "whole", site)
        whole = texts(Path(folder) / "whole")
        print(f"{len(whole)} posts, {sum(len(each[2]) for each in whole.values())} formulas without a mutation")
        for number, mutation in enumerate(some(asked.mutations, asked.seed)):
            home = Path(folder) / str(number)
            with serving(MutatedBlog(mutation, asked.site)) as site:
                done = crawl(home, site)
            said = lost(whole, texts(home)) if (home / "archive.db").exists() else ["no archive"]
            wrong = bool(said) or done.returncode not in (0, 6)
            bad += wrong
            lines = done.stdout.splitlines() or done.stderr.splitlines() or [""]
            verdict = f"{'BAD' if wrong else 'ok '} exit {done.returncode}  {mutation.name:<28}"
            print(verdict, "; ".join(said[:3]), lines[0][:150])
    print(f"{bad} of {asked.mutations} mutations lost something or stopped the crawl")
    return bad


if __name__ == "__main__":
    sys.exit(min(main(), 1))
