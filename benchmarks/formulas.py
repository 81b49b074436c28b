"""Set every formula of an archive in Chromium, in the reader's own pages, and list those MathJax reports an error for.

python benchmarks/formulas.py HOME [--chromium /usr/bin/chromium]
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from playwright.sync_api import sync_playwright

from archiver.store.location import database_url
from archiver.store.pool import ReadOnlyPool
from archiver.web.reader.serve import ServeOptions, serving

FAILED = """
() => [...document.querySelectorAll(".text [data-mjx-error]")].map((node) => [
  node.closest(".tex").dataset.tex,
  node.getAttribute("data-mjx-error") || node.textContent,
])
"""
COUNT = "() => document.querySelectorAll('.text .tex[data-tex] mjx-container').length"
ARGUMENTS = ["--disable-dev-shm-usage", "--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def main() -> None:
    """Set the formulas and print which failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("posts", type=int, nargs="*")
    parser.add_argument("--chromium", default="/usr/bin/chromium")
    options = parser.parse_args()
    database = database_url(options.home)
    posts = options.posts or [row["id"] for row in ReadOnlyPool(database).rows("SELECT id FROM posts ORDER BY id")]
    total, failures = 0, []
    with (
        serving(options.home, database, ServeOptions(port=0, replay_port=0)) as address,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=options.chromium, args=ARGUMENTS) as browser,
    ):
        page = browser.new_page()
        for post in posts:
            page.goto(f"{address}posts/{post}")
            page.wait_for_selector("html[data-formulas=set]", timeout=60_000)
            total += page.evaluate(COUNT)
            failures += [(post, *found) for found in page.evaluate(FAILED)]
    for post, tex, error in failures:
        print(f"{post}: {error}: {tex}")
    share = 100 * (1 - len(failures) / total)
    print(f"{len(posts)} posts, {total} formulas, {len(failures)} with an error: {share:.3f} % without")


if __name__ == "__main__":
    main()
