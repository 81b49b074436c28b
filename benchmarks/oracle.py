"""What a page of a blog holds, by Chromium, the page's own renderer of mathematics and its own annotations.

Nothing here is shared with `archiver`. The page is opened as its server sent it; what it asks for of MathJax or KaTeX
comes from npm's packages, a script that lies beside the page comes from there, and everything else is refused. Where no
renderer came though the page configures one, that one is added; MathJax as it is by itself where there are its
brackets, and nothing configures or renders them. Once it has set the page, everything that says its own TeX is read in
the order of the page: what MathJax found (`MathJax.startup.document.math`, the scripts MathJax 2 makes), annotations of
KaTeX and MathML, `alttext`, and what pictures of formulas have as `alt` or in their address. Several forms of one
formula count once. MathML and drawings without a source, AsciiMath, and references in the text (of `eqref`, which
MathJax sets as formulas of their own) are passed over.
"""

from __future__ import annotations

import mimetypes
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Browser, Request, Route, sync_playwright

ARGUMENTS = ["--disable-dev-shm-usage", "--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]

ARTICLE = (
    "[itemprop~=articleBody]",
    ".entry-content, .post-content, .e-content, .article-content, .post-body, .markdown-body, .mw-parser-output",
    "article",
    "main, [role=main]",
    ".post, #content, .content",
    "body",
)
"""Where an article is if nothing else is known: the longest element that the first of these finds."""

EXCEPT = (
    "nav, .toc, #toc, #TOC, #table-of-contents, [role=doc-toc], .navbox, .vertical-navbox, .comments, "
    "#comments, #disqus_thread, "
    "[class*=avatar], .hidden, .d-none, [hidden], [style*='display:none'], [style*='display: none']"
)
"""Parts that are no part of the article even within it, and what nobody is shown."""

SECONDS = 120

_MARK = """
addEventListener("DOMContentLoaded", () => {
  for (const math of document.querySelectorAll("math")) {
    const source = math.querySelector("annotation[encoding*=tex i]")?.textContent ?? math.getAttribute("alttext");
    if (source) math.dataset.source = encodeURIComponent(source);
  }
}, true);
"""
"""Notes what MathML says its source is, before a renderer changes it."""

_FIND = b";MathJax.Hub.Process = () => {};"
"""Has MathJax 2 find formulas without setting them, which takes it many times as long."""

_TYPESET = """
async () => {
  const M = window.MathJax;
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error("MathJax did not end")), 120000));
  if (M?.Hub?.Register) {
    const set = new Promise((done) => M.Hub.Register.StartupHook("End", () => M.Hub.Queue(["Typeset", M.Hub], done)));
    M.Hub.Configured();
    await Promise.race([set, late]);
  } else if (M?.startup?.promise) {
    const found = () => [...(M.startup.document?.math ?? [])].length;
    const set = M.startup.promise.then(() => found() || M.typesetPromise()).catch(() => {});
    await Promise.race([set, late]);
  }
}
"""

_CONFIGURED = """
() => {
  if (window.MathJax?.version || window.katex) return null;
  const scripts = [...document.scripts].filter((each) => !each.src);
  const says = (words) => scripts.some((each) => words.test(each.textContent));
  if (document.querySelector("script[type^='text/x-mathjax-config']") || says(/MathJax\\.Hub\\.Config/))
    return "https://mathjax2.npm/mathjax2/MathJax.js?config=TeX-MML-AM_CHTML";
  const said = document.querySelector(
    "annotation, math[alttext], script[type^='math/tex'], mjx-container, .katex, d-math, dt-math, dt-article");
  const delimited = !said && /\\\\[(\\[]/.test(document.body.textContent);
  const configured = window.MathJax || says(/MathJax\\s*=/);
  return configured || delimited ? "https://mathjax3.npm/mathjax3/es5/tex-mml-chtml.js" : null;
}
"""

_READ = """
([selectors, except]) => {
  const longest = (selector) => [...document.querySelectorAll(selector)]
    .sort((a, b) => b.textContent.length - a.textContent.length)[0];
  let root = null;
  for (const selector of selectors) if ((root = longest(selector))) break;
  if (!root) throw new Error(`expected an element ${selectors}, found none`);
  const inside = (node) => root.contains(node) && !node.parentElement.closest(except);
  const PICTURE = 'img.latex, img[class*="mwe-math-fallback"], img[eeimg], img[src*="latex.php"], ' +
    'img[src*="latex.codecogs.com"], img[src*="equation?tex="], img[class*="ql-img-"]';
  const OWN = 'annotation[encoding="application/x-tex"], annotation[encoding="TeX"], script[type^="math/tex"], ' +
    'script[type^="math/mml"], math[alttext], .ztext-math[data-tex], d-math, dt-math, math-renderer, .katex-error, ' +
    'mjx-container [data-latex], .mjx-math[aria-label], .katex-mathml, ' + PICTURE;
  const FORMULA = '.mwe-math-element, .ztext-math, .katex, .mjx-chtml, mjx-container, math, math-renderer';
  const RENDERED = '.MathJax, .MathJax_Display, .MathJax_SVG, .MathJax_SVG_Display, .mjx-chtml, .MathJax_Preview';

  const group = (node) => {
    let outermost = node;
    for (let up = node; up && up !== root; up = up.parentElement) if (up.matches(FORMULA)) outermost = up;
    return outermost;
  };
  const address = (node) => {
    const src = node.currentSrc || node.src || "";
    const [, query = ""] = /(?:[?&](?:latex|tex)=|\\?)([^]*)/.exec(src) ?? [];
    const said = /[?&](?:latex|tex)=([^&]*)/.exec(src)?.[1] ?? query;
    try { return decodeURIComponent(said.replaceAll("+", " ")); } catch { return said; }
  };
  const parsed = (mathml) => new DOMParser().parseFromString(mathml, "text/html").querySelector("math");
  const left = (math) => math?.dataset.source && decodeURIComponent(math.dataset.source);
  const said = (node) =>
    node.matches("math") ? left(node)
    : node.matches("script[type^='math/mml']") ? left(parsed(node.textContent))
    : node.matches(".katex-mathml:has(math)") ? null
    : node.matches(".katex-mathml") ? node.textContent.trim().split(/\\n\\s*\\n/).at(-1)
    : node.matches(".mjx-math") ? node.getAttribute("aria-label")
    : node.matches("img") ? node.getAttribute("alt") || address(node)
    : node.getAttribute("data-tex") ?? node.getAttribute("data-latex") ?? node.textContent;

  const found = new Map();
  const take = (node, tex) => {
    const formula = group(node);
    const reference = /^\\s*\\\\(eq)?ref\\s*\\{[^{}]*\\}\\s*$/.test(tex);
    if (inside(formula) && tex && tex.trim() && !reference && !found.has(formula)) found.set(formula, tex);
  };
  for (const item of window.MathJax?.startup?.document?.math ?? []) {
    const node = item.typesetRoot?.isConnected ? item.typesetRoot : item.start.node?.parentElement;
    if (!node || item.display === null) continue;
    if (item.inputJax.name === "TeX") take(node, item.math);
    else if (item.inputJax.name === "MathML") take(node, left(parsed(item.math)));
  }
  const scripted = root.querySelector('script[type^="math/"]');
  for (const node of root.querySelectorAll(OWN)) if (!(scripted && node.closest(RENDERED))) take(node, said(node));
  const order = (a, b) => a[0].compareDocumentPosition(b[0]) & Node.DOCUMENT_POSITION_FOLLOWING ? -1 : 1;

  const pictures = [];
  for (const node of root.querySelectorAll("img")) {
    if (!inside(node) || found.has(group(node)) || node.matches(`${PICTURE}, [width="1"]`)) continue;
    const names = ["data-src", "data-original", "data-lazy-src", "data-actualsrc", "src"]
      .map((name) => node.getAttribute(name)).concat(node.srcset.split(/\\s+/))
      .filter((src) => src?.includes(".") && !/^(data|blob):|^[\\d.]+[wx],?$/.test(src));
    if (names.length) pictures.push(names);
  }
  const GUTTER = ".gutter, .lineno, .linenos, .linenodiv, .ln, .lnt, .rouge-gutter, .hljs-ln-numbers, button, " +
    ".line-numbers-rows, .copy-btn, .clipboard-btn, [data-line-number]:empty";
  const code = [];
  for (const node of root.querySelectorAll("pre")) {
    if (!inside(node) || node.closest(GUTTER) || node.parentElement.closest("pre") || group(node) !== node) continue;
    const copy = node.cloneNode(true);
    copy.querySelectorAll(GUTTER).forEach((each) => each.remove());
    copy.querySelectorAll("br").forEach((each) => each.replaceWith("\\n"));
    if (/[^\\s\\d]/.test(copy.textContent)) code.push(copy.textContent);
  }
  return {formulas: [...found].sort(order).map((each) => each[1]), pictures, code};
}
"""


@dataclass(frozen=True, slots=True)
class Truth:
    """What the article of a page holds."""

    formulas: list[str]
    """Sources as the page or its renderer says them, in its order."""
    pictures: list[frozenset[str]]
    """File names under which each may be had."""
    code: list[str]
    """Text of each listing, without line numbers."""
    scripts: dict[str, str]
    """Scripts of its own that it was given, by address."""


@dataclass
class Oracle:
    """Opens pages; `packages` is the `node_modules` folder with MathJax and KaTeX."""

    browser: Browser
    packages: Path
    _served: dict[str, str] = field(default_factory=dict)

    def truth(self, path: Path, url: str, article: str = "", without: str = "", script: str = "") -> Truth:
        """Return what the page holds in the element `article`, if one is named, but not within `without`.

        `script` runs before those of the page.
        """
        self._served.clear()
        page = self.browser.new_page(service_workers="block")
        try:
            page.add_init_script(_MARK + script)
            page.route("**/*", lambda route, request: self._answer(route, request, path, url))
            page.goto(url, wait_until="load", timeout=1000 * SECONDS)
            page.wait_for_load_state("networkidle", timeout=1000 * SECONDS)
            if missing := page.evaluate(_CONFIGURED):
                page.add_script_tag(url=missing)
            page.evaluate(_TYPESET)
            except_ = f"{EXCEPT}, {without}" if without else EXCEPT
            found = page.evaluate(_READ, [[article] if article else list(ARTICLE), except_])
        finally:
            page.close()
        pictures = [frozenset(map(file_name, addresses)) for addresses in found["pictures"]]
        return Truth(found["formulas"], pictures, found["code"], dict(self._served))

    def _answer(self, route: Route, request: Request, path: Path, url: str) -> None:
        name = urlsplit(request.url).path
        if request.is_navigation_request() and request.url == url:
            # Another version of the renderer than the page's does not have its digest.
            body = re.sub(rb"""\sintegrity=("[^"]*"|'[^']*'|[^\s>]+)""", b"", path.read_bytes())
            route.fulfill(body=body, content_type="text/html; charset=utf-8")
        elif request.is_navigation_request():
            route.fulfill(status=204)  # stays where it is
        elif packaged := self._packaged(unquote(urlsplit(request.url).netloc + name)):
            kind = mimetypes.guess_type(packaged.name)[0] or "application/octet-stream"
            body = packaged.read_bytes() + (_FIND if packaged.name == "MathJax.js" else b"")
            route.fulfill(body=body, content_type=kind, headers={"Access-Control-Allow-Origin": "*"})
        elif name.endswith(".js") and (own := path.parent / file_name(name)).is_file():
            self._served[request.url] = own.read_text("utf-8", "replace")
            route.fulfill(path=own, content_type="text/javascript")
        else:
            route.abort()

    def _packaged(self, name: str) -> Path | None:
        """Return the file of the renderer that an address means: of its version, with the longest path in common."""
        lower = name.lower()
        if "mathjax" in lower:
            asked = re.search(r"mathjax[@/-]?v?([234])", lower) or re.search(r"[@/]v?([234])\.\d", lower)
            version = asked[1] if asked else "3" if "/es5/" in lower else ""
            folders = [f"mathjax{each}" for each in (version or "234")]
        elif "katex" in lower or "auto-render" in lower:
            folders = ["katex/dist", "katex/dist/contrib"]
        else:
            return None
        parts = [part for part in name.split("/") if part not in ("", "..")]
        for start in range(len(parts)):
            for folder in folders:
                if (file := self.packages.joinpath(folder, *parts[start:])).is_file():
                    return file
        return None


def file_name(address: str) -> str:
    """Return the last part of an address, without its query."""
    return unquote(urlsplit(address).path.rstrip("/").rpartition("/")[2])


@contextmanager
def oracle(packages: Path, chromium: str) -> Iterator[Oracle]:
    """Start Chromium for as long as pages are asked about."""
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS) as browser,
    ):
        yield Oracle(browser, packages)
