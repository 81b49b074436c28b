"""Programs that make text of an article page, each by the call its own documentation begins with."""

from __future__ import annotations

import importlib
import importlib.util
import json
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.extraction import readability_markdownify, trafilatura_default, trafilatura_markdown

Scripts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a program made of a page."""

    text: str
    title: str = ""
    author: str = ""
    date: str = ""
    pictures: tuple[str, ...] = ()
    """Addresses that it lists beside the text."""
    formulas: tuple[str, ...] | None = None
    """With their delimiters, in order; None where it lists none."""
    seconds: float = 0.0
    """Of processor time, for the text alone where metadata is another call."""


Read = Callable[[str, bytes, Scripts], Reading]


def archiver_read(url: str, body: bytes, scripts: Scripts) -> Reading:
    """Read as `archiver.read` does; it is one call for everything."""
    import archiver

    began = time.process_time()
    article = archiver.read(body, url, scripts or None)
    seconds = time.process_time() - began
    content = article.content
    return Reading(
        content.markdown,
        article.title,
        ", ".join(article.authors),
        article.published_at or "",
        tuple(image.url for image in content.images),
        tuple(formula.tex for formula in content.formulas),
        seconds,
    )


def _trafilatura(extract: Callable[[str, bytes], str], url: str, body: bytes, _: Scripts) -> Reading:
    import trafilatura

    began = time.process_time()
    text = extract(url, body)
    seconds = time.process_time() - began
    said = trafilatura.extract_metadata(body.decode(), default_url=url)
    return Reading(text, said.title or "", said.author or "", said.date or "", seconds=seconds)


def _readability(url: str, body: bytes, _: Scripts) -> Reading:
    from readability import Document

    began = time.process_time()
    text = readability_markdownify(url, body)
    seconds = time.process_time() - began
    return Reading(text, Document(body.decode()).short_title(), seconds=seconds)


def _resiliparse(url: str, body: bytes, _: Scripts) -> Reading:
    extract: Any = importlib.import_module("resiliparse.extract.html2text").extract_plain_text
    began = time.process_time()
    text = extract(body.decode(), main_content=True)
    return Reading(text, seconds=time.process_time() - began)


def _newspaper(url: str, body: bytes, _: Scripts) -> Reading:
    newspaper: Any = importlib.import_module("newspaper")
    began = time.process_time()
    article = newspaper.Article(url, fetch_images=False)
    article.download(input_html=body.decode())
    article.parse()
    seconds = time.process_time() - began
    authors, date = ", ".join(article.authors), str(article.publish_date or "")
    return Reading(article.text, article.title, authors, date, tuple(article.images), seconds=seconds)


_DEFUDDLE = """
import {createInterface} from "node:readline";
import {Defuddle} from "defuddle/node";
const log = console.log; console.log = console.warn = console.error = () => {};
for await (const line of createInterface({input: process.stdin})) {
  const {url, html} = JSON.parse(line), began = process.cpuUsage();
  let said;
  try { said = await Defuddle(html, url, {markdown: true, useAsync: false}); }
  catch (error) { said = {error: `${error}`}; }
  const {user, system} = process.cpuUsage(began), {content, title, author, published, error} = said;
  log(JSON.stringify({content, title, author, published, error, seconds: (user + system) / 1e6}));
}
"""


class Defuddle:
    """Node with defuddle in it, asked for one page after the other."""

    def __init__(self, packages: Path) -> None:
        command = ["node", "--input-type=module", "-e", _DEFUDDLE]
        self._node = subprocess.Popen(
            command,
            cwd=packages.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def __call__(self, url: str, body: bytes, _: Scripts) -> Reading:
        """Return its Markdown; raises RuntimeError where it says it failed."""
        assert self._node.stdin
        assert self._node.stdout
        self._node.stdin.write(json.dumps({"url": url, "html": body.decode()}) + "\n")
        self._node.stdin.flush()
        said = json.loads(self._node.stdout.readline())
        if said.get("error"):
            raise RuntimeError(said["error"])
        words = (said.get(name) or "" for name in ("content", "title", "author", "published"))
        return Reading(*words, seconds=said["seconds"])

    def close(self) -> None:
        """End it."""
        self._node.communicate()


OURS = "archiver"
BASE = "trafilatura default"
"""The program whose time is the unit."""

_PEERS: dict[str, tuple[str, Read]] = {
    OURS: ("archiver", archiver_read),
    BASE: ("trafilatura", partial(_trafilatura, trafilatura_default)),
    "trafilatura Markdown": ("trafilatura", partial(_trafilatura, trafilatura_markdown)),
    "readability + markdownify": ("markdownify", _readability),
    "resiliparse": ("resiliparse", _resiliparse),
    "newspaper4k": ("newspaper", _newspaper),
}


def installed(packages: Path) -> tuple[dict[str, Read], list[str]]:
    """Return the programs that can be asked, ours first, and the names of those that are not installed."""
    there: dict[str, Read] = {name: read for name, (module, read) in _PEERS.items() if importlib.util.find_spec(module)}
    if (packages / "defuddle").is_dir():
        there["defuddle"] = Defuddle(packages)
    return there, [name for name in (*_PEERS, "defuddle") if name not in there]
