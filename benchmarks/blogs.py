r"""What is made of article pages of any blog engine, by us and by others, in one run.

    python -m benchmarks.blogs FOLDER [--only 'hexo-*'] [--packages node_modules] [--json FILE]

FOLDER holds ENGINE/*.html: rendered pages, for example from the `gh-pages` branches of blogs. Beside a page there may
be PAGE.json with its `url`, its `title`, `author` and `date`, the CSS selector `article` of the element that holds the
article, `without`, one of what does not belong to it, and `script`, which configures its mathematics as a script of the
site does that cannot run here; and scripts of the site that can, which we are given as well. MathJax, KaTeX and
defuddle come from npm:

    npm install mathjax2@npm:mathjax@2 mathjax3@npm:mathjax@3 mathjax4@npm:mathjax@4 katex defuddle linkedom

What a page holds is said by `benchmarks.oracle`. Formulas are compared without their delimiters. `exact` are those of
the rows of `archiver.read` that are the same to the byte but for white space around them, `rows` those that are but for
white space. The text that a program writes, ours too, is searched, without white space and listings, for each formula
between `$`, `$$`, `\(` or `\[` (with one backslash or two), or, where it has a backslash, `^` or `_`, as it is, but not
within another: what counts is the largest number of formulas that stand there one after another in the page's order,
and, as `anywhere`, how many stand there at all: notes of a paper are within its text on a page, and at its end in
Markdown. `twice` counts how often one stands there more often than on the page. Markdown escapes are undone none, some
(`_*[]<>#~` and backquotes) or all: whatever finds most. A picture is found by its file name in the text or in what the
program lists beside it, a listing by its letters in the text, a title by its letters, an author by the name, a date by
its day or one beside it, as zones differ. Times are of the processor, as multiples of what trafilatura takes by
default.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import unicodedata
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

from playwright.sync_api import Error
from tabulate import tabulate

from benchmarks.oracle import Truth, file_name, oracle
from benchmarks.peers import BASE, OURS, Read, Reading, archiver_read, installed

Span = tuple[int, int]

_PLAIN = ("<title>一</title><article>" + "<p>这一段话没有公式。One paragraph, and no formula in it.</p>" * 20).encode()

_OPENERS = {"$$": "$$", "$": "$", "\\[": "\\]", "\\(": "\\)"}
_MARKS = [("$", "$"), ("\\[", "\\]"), ("\\(", "\\)"), ("\\[", "\\\\]"), ("\\(", "\\\\)")]
"""What is next to a formula between delimiters, also where two dollar signs or backslashes are."""
_CDATA = re.compile(r"%\s*<!\[CDATA\[|%\s*\]\]>")
"""How kramdown hides TeX from readers of XML."""


def source(tex: str) -> str:
    """Return a formula without its delimiters and what surrounds it."""
    tex = _CDATA.sub("", tex).strip()
    for opener, closer in _OPENERS.items():
        if tex.startswith(opener) and tex.endswith(closer) and len(tex) >= len(opener + closer):
            return tex[len(opener) : -len(closer)].strip()
    return tex


def folded(text: str) -> str:
    """Return a text without white space, characters that nobody sees and what quotes lines in Markdown."""
    return re.sub(r"\s*\n[\s>]*|[\s\u200b\ufeff]+", "", text)


def unescaped(text: str) -> str:
    """Return a text without the entities that markup cannot do without."""
    return re.sub(r"&(lt|gt|amp|quot|#39);", lambda found: _ENTITIES[found[1]], text)


def wordings(text: str) -> Iterator[str]:
    """Yield a text, folded, with none, some and all of its Markdown escapes undone."""
    plain = folded(unescaped(text))
    yield plain
    yield re.sub(r"\\([_*\[\]<>#~`])", r"\1", plain)
    yield re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", plain)


_ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "quot": '"', "#39": "'"}


def chain(spans: Iterable[list[Span]]) -> int:
    """Return how many can be had one after another, at most one of each list and in their order."""
    ends = [0]
    """Where the first few that can be had end at the earliest, by their number."""
    for several in spans:
        for begin, end in sorted(several, reverse=True):
            number = bisect_right(ends, begin)
            if number == len(ends):
                ends.append(end)
            else:
                ends[number] = min(ends[number], end)
    return len(ends) - 1


def standing(formulas: Iterable[str], text: str) -> list[tuple[Span, str]]:
    """Return where folded formulas stand in a text with a delimiter each side, but not within another."""
    spans: dict[Span, str] = {}
    for tex in set(formulas):
        forms = [f"{opener}{tex}{closer}" for opener, closer in _MARKS]
        for form in [*forms, tex] if re.search(r"[\\^_]", tex) else forms:
            at = text.find(form)
            while at >= 0:
                spans[at, at + len(form)] = tex
                at = text.find(form, at + 1)
    found, reached = [], 0
    for begin, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if end > reached:
            found.append(((begin, end), spans[begin, end]))
            reached = end
    return found


def in_order(formulas: list[str], text: str) -> tuple[int, int, int]:
    """Return how many formulas stand in a text in their order, how many in any, and how many are there too often."""
    places: dict[str, list[Span]] = defaultdict(list)
    times: Counter[str] = Counter()
    reached = 0
    for (begin, end), tex in standing(formulas, text):
        places[tex].append((begin, end))
        if begin >= reached:  # or else it is what stands between two formulas
            times[tex] += 1
            reached = end
    wanted = Counter(formulas)
    return chain(places[tex] for tex in formulas), (times & wanted).total(), (times - wanted).total()


def same(wanted: list[str], found: list[str]) -> int:
    """Return the length of the longest sequence two lists have in common."""
    places: dict[str, list[Span]] = defaultdict(list)
    for place, tex in enumerate(found):
        places[tex].append((place, place + 1))
    return chain(places[tex] for tex in wanted)


def without(listings: list[str], texts: list[str]) -> Iterator[str]:
    """Yield texts without the listings in them: what looks like a formula there is none."""
    for text in texts:
        for code in listings:
            text = text.replace(code, "")
        yield text


def near(said: str, known: str) -> bool:
    """Return whether two dates are of one day, or of two beside each other, as in different zones."""
    try:
        return abs(date.fromisoformat(said[:10]) - date.fromisoformat(known[:10])).days <= 1
    except ValueError:
        return False


def letters(text: str) -> str:
    """Return what is compared of a title or name."""
    return "".join(each for each in unicodedata.normalize("NFKC", text).casefold() if each.isalnum())


def score(truth: Truth, reading: Reading, said: dict[str, str]) -> dict[str, int | float]:
    """Count what a program found of a page."""
    texts = list(wordings(reading.text))
    listings = [folded("\n" + code) for code in truth.code]
    formulas = [folded(unescaped(source(tex))) for tex in truth.formulas]
    found, anywhere, less_often = max(
        (kept, there, -more) for kept, there, more in (in_order(formulas, text) for text in without(listings, texts))
    )
    beside = {file_name(address) for address in reading.pictures}
    counts: dict[str, int | float] = {
        "in order": found,
        "anywhere": anywhere,
        "twice": -less_often,
        "pictures": sum(any(name in beside or name in reading.text for name in names) for names in truth.pictures),
        "code": sum(any(code in text for text in texts) for code in listings),
        "seconds": reading.seconds,
    }
    if "title" in said:
        counts["title"] = letters(reading.title) == letters(said["title"])
    if "author" in said:
        counts["author"] = letters(said["author"]) in letters(reading.author)
    if "date" in said:
        counts["date"] = near(reading.date, said["date"])
    if reading.formulas is not None:
        ours = [source(tex) for tex in reading.formulas]
        wanted = [source(tex) for tex in truth.formulas]
        counts["exact"] = same(wanted, ours)
        counts["exact anywhere"] = (Counter(wanted) & Counter(ours)).total()
        counts["rows"] = same(formulas, [folded(unescaped(tex)) for tex in ours])
        counts["too many"] = max(0, len(ours) - len(formulas))
    return counts


def _faults(truth: Truth, reading: Reading) -> dict[str, list[str]]:
    """Return what of a page is not among our rows and what of our rows is not on the page."""
    wanted, ours = ([source(tex) for tex in each] for each in (truth.formulas, reading.formulas or ()))
    names = {file_name(address) for address in reading.pictures}
    told = {
        "not read": list((Counter(wanted) - Counter(ours)).elements()),
        "not there": list((Counter(ours) - Counter(wanted)).elements()),
        "pictures": [min(each) for each in truth.pictures if not each & names],
        "code": [code[:80] for code in truth.code if folded("\n" + code) not in folded(reading.text)],
    }
    return {what: each for what, each in told.items() if each}


def _asked(read: Read, url: str, body: bytes, scripts: dict[str, str]) -> tuple[Reading, str]:
    """Return what a program makes of a page, and why it makes nothing of it."""
    try:
        return read(url, body, scripts), ""
    except Exception as error:
        return Reading("", formulas=() if read is archiver_read else None), f"{type(error).__name__}: {error}"[:200]


Page = dict[str, Any]
"""A page's counts: of the oracle, and by program."""


def measured(path: Path, said: dict[str, str], truth_of: Callable[..., Truth], readers: dict[str, Read]) -> Page:
    """Ask the oracle and every program about a page."""
    url = said.get("url") or f"https://{path.parent.name}.example/{path.stem}/"
    truth = truth_of(path, url, *(said.get(name, "") for name in ("article", "without", "script")))
    body = path.read_bytes().decode("utf-8", "replace").encode()
    page: Page = {"page": f"{path.parent.name}/{path.name}", "programs": {}, "failed": {}}
    page |= {"formulas": len(truth.formulas), "pictures": len(truth.pictures), "code": len(truth.code)}
    for name, read in readers.items():
        reading, why = _asked(read, url, body, truth.scripts)
        page["programs"][name] = score(truth, reading, said)
        if why:
            page["failed"][name] = why
        if name == OURS:
            page["faults"] = _faults(truth, reading)
    return page


def by_engine(pages: dict[str, list[Page]], readers: Iterable[str], what: str) -> str:
    """Return a table of formulas "in order" or "anywhere": a line for each engine, a column for each program."""
    rows = []
    everything = [page for each in pages.values() for page in each]
    for engine, some in [*pages.items(), ("all", everything)]:
        total = sum(page["formulas"] for page in some)
        ours = [_sum(some, OURS, column) for column in _ROWS]
        rows.append([engine, len(some), total, *ours, *(_sum(some, name, what) for name in readers)])
    return tabulate(rows, [what, "pages", "formulas", *_ROWS, *readers])


_ROWS = ("exact", "exact anywhere", "rows", "too many")
"""What is counted of rows, which others do not have."""


def by_program(pages: list[Page], readers: Iterable[str]) -> str:
    """Return a table of everything: a line for each program."""
    base = _sum(pages, BASE, "seconds")
    wanted = [sum(page[what] for page in pages) for what in ("formulas", "pictures", "code")]
    known = [sum(what in page["programs"][OURS] for page in pages) for what in ("title", "author", "date")]
    rows: list[list[Any]] = [["(there are)", wanted[0], wanted[0], "", *wanted[1:], *known, ""]]
    for name in readers:
        time = _sum(pages, name, "seconds") / base if base else 0.0
        rows.append([name, *(_sum(pages, name, what) for what in _COLUMNS), f"{time:.2f}"])
    return tabulate(rows, ["program", *_COLUMNS, "time"])


_COLUMNS = ("in order", "anywhere", "twice", "pictures", "code", "title", "author", "date")
"""What is counted of every program; the first two of formulas."""


def _sum(pages: Iterable[Page], program: str, what: str) -> float:
    return float(sum(page["programs"][program].get(what, 0) for page in pages))


def main() -> None:
    """Measure a folder of pages and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="*", help="engines, as a pattern of folder names")
    parser.add_argument("--packages", type=Path, default=Path("node_modules"), help="npm's folder of packages")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "/usr/bin/chromium")
    parser.add_argument("--json", type=Path, help="where everything measured is written")
    asked = parser.parse_args()
    readers, absent = installed(asked.packages.resolve())
    if absent:
        print("not installed, left out:", ", ".join(absent))
    for read in readers.values():
        _asked(read, "https://blog.example/", _PLAIN, {})  # imports are not what is measured
    pages: dict[str, list[Page]] = defaultdict(list)
    with oracle(asked.packages.resolve(), asked.chromium) as asking:
        for path in sorted(asked.folder.glob(f"{asked.only}/*.html")):
            about = path.with_suffix(".json")
            said = (
                {key: words for key, words in json.loads(about.read_text()).items() if words} if about.is_file() else {}
            )
            try:
                page = measured(path, said, asking.truth, readers)
            except Error as error:
                print(f"{path}: left out, Chromium says {error.message.splitlines()[0]}")
                continue
            pages[path.parent.name].append(page)
            _tell(page)
    if asked.json:
        asked.json.write_text(json.dumps(pages, ensure_ascii=False, indent=1))
    everything = [page for some in pages.values() for page in some]
    tables = (by_engine(pages, readers, "in order"), by_engine(pages, readers, "anywhere"))
    print(*tables, by_program(everything, readers), sep="\n\n")


def _tell(page: Page) -> None:
    """Print where a page is not read as the oracle reads it, as it goes."""
    counts = page["programs"][OURS]
    print(f"{page['page']}: {counts['exact']} of {page['formulas']} formulas", file=sys.stderr)
    for what, each in (page["faults"] | page["failed"]).items():
        print(f"  {what}: {each}"[:600], file=sys.stderr)


if __name__ == "__main__":
    main()
