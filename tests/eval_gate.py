"""The quality gate: crawl a test server that knows the truth, and fail if any share falls below its floor.

    python tests/eval_gate.py --replica DIR [--seed N]... [--posts N] [--update]

DIR holds a `replica.py` that serves an imitation of the blog and writes the truth about it, and a `scorer.py` that
compares an archive with that truth. The floors are in `eval_floors.json` beside this file; `--update` raises them to
what was measured, and never lowers one.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FLOORS = Path(__file__).with_name("eval_floors.json")
PATIENCE = 60.0
"""Seconds the server may take to come up."""


def below(measured: dict[str, float], floors: dict[str, float]) -> list[str]:
    """Return a sentence for each share that is below its floor, or was not measured at all."""
    found = []
    for name, floor in floors.items():
        share = measured.get(name)
        if share is None or share < floor:
            found.append(
                f"{name}: expected at least {floor:.4%}, found {'nothing' if share is None else f'{share:.4%}'}"
            )
    return found


def raised(measured: dict[str, float], floors: dict[str, float]) -> dict[str, float]:
    """Return the floors after a better measurement: each the higher of the two."""
    return {name: max(share, floors.get(name, 0.0)) for name, share in measured.items()} | {
        name: floor for name, floor in floors.items() if name not in measured
    }


def measure(replica: Path, seed: int, posts: int, folder: Path) -> dict[str, float]:
    """Crawl one imitation of the blog and return the share of each metric."""
    truth, log = folder / "truth.json", folder / "log"
    command = [sys.executable, str(replica / "replica.py"), "serve", "--port", "0", "--posts", str(posts)]
    with log.open("w") as output:
        server = subprocess.Popen([*command, "--seed", str(seed), "--truth", str(truth)], stdout=output)
    try:
        site = _address(log)
        crawl = ["crawl", "catalogue", "category", "--site", site, "--delay", "0", "--concurrency", "8"]
        done = subprocess.run([sys.executable, "-m", "archiver", "--home", str(folder / "home"), *crawl])
        if done.returncode:
            sys.exit(f"seed {seed}: the crawl ended with exit code {done.returncode}")
    finally:
        server.terminate()
        server.wait()
    database = str(folder / "home" / "archive.db")
    scorer = [sys.executable, str(replica / "scorer.py"), "--db", database, "--truth", str(truth), "--json"]
    report = json.loads(subprocess.run(scorer, capture_output=True, text=True, check=True).stdout)
    return {name: metric["share"] for name, metric in report["metrics"].items()}


def _address(log: Path) -> str:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        words = log.read_text().split()
        if words and words[-1].startswith("http://"):
            return words[-1]
        time.sleep(0.1)
    sys.exit("expected the server to say where it listens, found nothing")


def main() -> None:
    """Measure every seed and compare the lowest shares with the floors."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replica", type=Path, required=True)
    parser.add_argument("--seed", type=int, action="append")
    parser.add_argument("--posts", type=int, default=60)
    parser.add_argument("--update", action="store_true")
    asked = parser.parse_args()
    lowest: dict[str, float] = {}
    for seed in asked.seed or [101]:
        with tempfile.TemporaryDirectory() as folder:
            for name, share in measure(asked.replica, seed, asked.posts, Path(folder)).items():
                lowest[name] = min(share, lowest.get(name, 1.0))
    floors: dict[str, float] = json.loads(FLOORS.read_text())
    if asked.update:
        FLOORS.write_text(json.dumps(raised(lowest, floors), indent=2) + "\n")
    problems = below(lowest, floors)
    print("\n".join(problems) or f"{len(floors)} shares at or above their floors")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
