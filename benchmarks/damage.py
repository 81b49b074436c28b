"""How much damage to WARC files is found: by `archiver.warc.verify`, and by other programs where they are installed.

    python -m benchmarks.damage [--rounds N] [--speed MEGABYTES] [--no-others]

A round damages a file of 41 records in 44 ways: 12 times cut within a record, 4 times between two, 16 times one bit
flipped, 8 times 512 bytes zeroed, 4 times a record taken out; and offers 20 clean files. All of it follows from the
number of the round. Others count as having found something when they end with an error.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch
from uuid import UUID

from archiver.warc.reader import iter_records
from archiver.warc.storage import Storage
from archiver.warc.verify import KnownCapture, Severity, verify
from archiver.warc.writer import Location, WarcWriter

EXCHANGES = 20
CLEAN = 20
START = datetime(2026, 11, 21, 17, 45, tzinfo=UTC)

OTHERS = {
    "warcio check": ("warcio", "check"),
    "fastwarc check": ("fastwarc", "check", "-q"),
    "fastwarc check -p": ("fastwarc", "check", "-q", "-p"),
    "gzip -t": ("gzip", "-t"),
}


ALONE = """
import pathlib, sys
from archiver.warc.verify import verify
sys.exit(len(list(verify(pathlib.Path(sys.argv[1])))))
"""


@dataclass(frozen=True)
class Sample:
    """A WARC file that is whole, and what a database would know of it."""

    name: str
    data: bytes
    offsets: tuple[int, ...]
    """Where its records begin, and where the last one ends."""
    known: tuple[KnownCapture, ...]


@dataclass(frozen=True)
class Damage:
    """One way in which a file was harmed."""

    kind: str
    data: bytes


@contextmanager
def counted_ids(seed: int) -> Iterator[None]:
    """Replace the random ids of records, so that the same seed makes the same file."""
    source = random.Random(seed)
    with patch("archiver.warc.writer.uuid4", lambda: UUID(int=source.getrandbits(128), version=4)):
        yield


def make_sample(
    directory: Path, seed: int, *, exchanges: int = EXCHANGES, sizes: range = range(500, 8000), chunked: bool = False
) -> Sample:
    """Write a file of responses of such sizes that no compression makes smaller, as pictures and coded pages are."""
    source = random.Random(seed)
    shutil.rmtree(directory, ignore_errors=True)
    with (
        counted_ids(seed),
        WarcWriter(directory, "kexue.fm", software="blog-archiver/benchmark", now=lambda: START) as target,
    ):
        locations = [_exchange(target, number, source, sizes, chunked) for number in range(exchanges)]
    path = directory / locations[0].warc_file
    offsets = [record.offset for record in iter_records(path)]
    return Sample(path.name, path.read_bytes(), (*offsets, path.stat().st_size), tuple(map(known, locations)))


def _exchange(target: WarcWriter, number: int, source: random.Random, sizes: range, chunked: bool) -> Location:
    body = source.randbytes(source.choice(sizes))
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
    if chunked and number % 2:
        response = head + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    else:
        response = head + b"Content-Length: %d\r\n\r\n" % len(body) + body
    return target.write_exchange(
        target_uri=f"https://kexue.fm/usr/uploads/{number}.png",
        request=b"GET /usr/uploads/%d.png HTTP/1.1\r\nHost: kexue.fm\r\n\r\n" % number,
        response=response,
        fetched_at=START + timedelta(seconds=3 * number),
        ip_address="127.0.0.1",
    )


def known(location: Location) -> KnownCapture:
    """Return what a database would know of a response."""
    return KnownCapture(
        warc_file=location.warc_file,
        warc_offset=location.offset,
        warc_length=location.length,
        record_id=location.record_id,
        target_uri=location.target_uri,
        payload_sha256=location.payload_sha256,
    )


def damages(sample: Sample, seed: int) -> Iterator[Damage]:
    """Yield the 44 damaged versions of a file."""
    source = random.Random(seed)
    data = sample.data
    inner = sorted(set(range(1, len(data))) - set(sample.offsets))
    for position in source.sample(inner, 12):
        yield Damage("cut within a record", data[:position])
    for position in source.sample(sample.offsets[1:-1], 4):
        yield Damage("cut between records", data[:position])
    for bit in source.sample(range(8 * len(data)), 16):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << bit % 8
        yield Damage("one bit flipped", bytes(flipped))
    for position in source.sample(range(len(data) - 512), 8):
        yield Damage("512 bytes zeroed", data[:position] + bytes(512) + data[position + 512 :])
    for number in source.sample(range(len(sample.offsets) - 1), 4):
        yield Damage("a record taken out", data[: sample.offsets[number]] + data[sample.offsets[number + 1] :])


def found_by_us(sample: Sample, data: bytes, directory: Path, *, with_known: bool) -> bool:
    """Return whether our check says that something is damaged."""
    (directory / sample.name).write_bytes(data)
    findings = verify(Storage(directory), sample.known if with_known else None)
    return any(finding.severity is Severity.DAMAGE for finding in findings)


def command(arguments: Sequence[str]) -> list[str] | None:
    """Return how to start a program that is beside this Python or on the PATH."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    program = shutil.which(arguments[0], path=path)
    return [program, *arguments[1:]] if program else None


def judges(directory: Path, *, others: bool) -> dict[str, Callable[[Sample, bytes], bool]]:
    """Return, by name, what says of a sample's data whether something is wrong."""

    def ours(with_known: bool) -> Callable[[Sample, bytes], bool]:
        return lambda sample, data: found_by_us(sample, data, directory, with_known=with_known)

    def other(start: list[str]) -> Callable[[Sample, bytes], bool]:
        def judge(sample: Sample, data: bytes) -> bool:
            path = directory / sample.name
            path.write_bytes(data)
            return subprocess.run([*start, str(path)], capture_output=True, check=False).returncode != 0

        return judge

    found = {"verify, with the database": ours(True), "verify, the file alone": ours(False)}
    installed = {name: start for name, arguments in OTHERS.items() if (start := command(arguments))} if others else {}
    return found | {name: other(start) for name, start in installed.items()}


def run_round(number: int, work: Path, *, others: bool) -> tuple[dict[str, Counter[str]], dict[str, int], Counter[str]]:
    """Return what each judge found by kind of damage, its false alarms, and how many there were of each kind."""
    sample = make_sample(work / "sample", number)
    clean = [make_sample(work / "clean", 1000 * number + each, chunked=bool(each % 2)) for each in range(CLEAN)]
    tries = list(damages(sample, number))
    found: dict[str, Counter[str]] = {}
    alarms: dict[str, int] = {}
    for name, judge in judges(_empty(work / "case"), others=others).items():
        found[name] = Counter(damage.kind for damage in tries if judge(sample, damage.data))
        alarms[name] = sum(judge(each, each.data) for each in clean)
    return found, alarms, Counter(damage.kind for damage in tries)


def _empty(directory: Path) -> Path:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    return directory


def measure_speed(megabytes: int, work: Path, *, others: bool) -> None:
    """Print how long each program takes for a file of that size: median wall clock and CPU of five interleaved runs."""
    directory = work / "speed"
    sample = make_sample(directory, 7, exchanges=megabytes * 25, sizes=range(20_000, 60_000))
    path = directory / sample.name
    starts = {"verify, the file alone": [sys.executable, "-c", ALONE, str(directory)]}
    for name, arguments in OTHERS.items() if others else ():
        if start := command(arguments):
            starts[name] = [*start, str(path)]
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in starts}
    for _ in range(5):
        for name, start in starts.items():
            times[name].append(_timed(start))
    print(f"\n{len(sample.data) / 1e6:.1f} MB, {len(sample.offsets) - 1} records; medians of 5, start-up included")
    for name, pairs in times.items():
        wall, cpu = (statistics.median(column) for column in zip(*pairs, strict=True))
        print(f"{name:28} {wall:6.2f} s wall {cpu:6.2f} s CPU {len(sample.data) / 1e6 / wall:6.0f} MB/s")


def _timed(start: Sequence[str]) -> tuple[float, float]:
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(start, capture_output=True, check=False)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - begun
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Run the rounds and print the table; return 1 when our check missed a damage or raised a false alarm."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--speed", type=int, metavar="MEGABYTES")
    parser.add_argument("--no-others", action="store_true")
    options = parser.parse_args()
    found: dict[str, Counter[str]] = {}
    alarms: Counter[str] = Counter()
    tries: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, options.rounds + 1):
            hits, wrong, there = run_round(number, Path(folder), others=not options.no_others)
            tries += there
            for name, counter in hits.items():
                found[name] = found.get(name, Counter()) + counter
                alarms[name] += wrong[name]
        report(found, alarms, tries, CLEAN * options.rounds)
        if options.speed:
            measure_speed(options.speed, Path(folder), others=not options.no_others)
    ours = next(iter(found))
    return int(found[ours] != tries or alarms[ours] > 0)


def report(found: dict[str, Counter[str]], alarms: Counter[str], tries: Counter[str], clean: int) -> None:
    """Print what each judge found, by kind of damage."""
    print(f"{'':28}" + "".join(f"{kind:>22}" for kind in [*tries, "all", "false alarms"]))
    for name, counter in found.items():
        cells = [f"{counter[kind]}/{tries[kind]}" for kind in tries]
        cells += [f"{counter.total()}/{tries.total()}", f"{alarms[name]}/{clean}"]
        print(f"{name:28}" + "".join(f"{cell:>22}" for cell in cells))


if __name__ == "__main__":
    sys.exit(main())
