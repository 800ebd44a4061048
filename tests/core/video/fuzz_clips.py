"""Opens and reads byte-damaged clips; run by test_video_fuzz.py in a process of its own.

`python fuzz_clips.py SEED_FOLDER COUNT FIRST_SEED` damages the clips of the folder in COUNT ways
and prints one JSON record (seconds are the processor's, so that a busy machine changes nothing). A
crash ends the process, a hang is ended by the watchdog.
"""

from __future__ import annotations

import faulthandler
import json
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[3]))

from core.errors import InputError
from core.video.reader import VideoReader

HANG_S = 120


def damage(data: bytes, rng: random.Random) -> bytes:
    """Flip, zero, overwrite, cut, repeat or remove bytes, a few times."""
    out = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        if len(out) < 32:
            break
        start = rng.randrange(len(out) - 16) if rng.random() < 0.6 else rng.randrange(16)
        length = rng.choice([1, 1, 2, 4, 16, 200])
        kind = rng.randrange(6)
        if kind == 0:
            out[start] ^= 1 << rng.randrange(8)
        elif kind == 1:
            out[start : start + length] = bytes(min(length, len(out) - start))
        elif kind == 2:
            out[start : start + length] = rng.randbytes(length)
        elif kind == 3:
            out[start : start + 4] = b"\xff\xff\xff\xff"
        elif kind == 4:
            del out[rng.randrange(len(out) // 2, len(out)) :]
        else:
            out[start:start] = out[start : start + length]
    return bytes(out)


def read(path: Path, folder: Path) -> str:
    """Open a clip and read from it; what came of it."""
    try:
        with VideoReader(path, folder) as reader:
            last = reader.info.frames - 1
            for i in (last, last // 2, 0, last):
                frame = reader.frame(min(i, reader.info.frames - 1))
                assert frame.shape == (reader.info.height, reader.info.width, 3)
            for _ in reader.frames(0, min(reader.info.frames, 8)):
                pass
            return reader.info.index
    except InputError as error:
        return "refused" if "\n" not in str(error) else "refused in more than a sentence"


def main(folder: Path, count: int, first_seed: int) -> None:
    """Fuzz and print the record."""
    seeds = sorted(folder.iterdir())
    outcomes: Counter[str] = Counter()
    worst_s, worst_seed = 0.0, -1
    with tempfile.TemporaryDirectory() as work:
        for seed in range(first_seed, first_seed + count):
            rng = random.Random(seed)
            source = rng.choice(seeds)
            victim = Path(work) / f"victim{source.suffix}"
            victim.write_bytes(damage(source.read_bytes(), rng))
            faulthandler.dump_traceback_later(HANG_S, exit=True)
            print(f"seed {seed} {source.name}", file=sys.stderr, flush=True)
            start = time.process_time()
            outcomes[read(victim, Path(work))] += 1
            spent = time.process_time() - start
            faulthandler.cancel_dump_traceback_later()
            if spent > worst_s:
                worst_s, worst_seed = spent, seed
    print(json.dumps({
        "count": count, "outcomes": outcomes, "worst_s": worst_s, "worst_seed": worst_seed,
        "peak_mib": peak_mib(),
    }))  # fmt: skip


def peak_mib() -> float:
    """The most memory this process has held.

    Linux's `ru_maxrss` starts from what the parent held when it forked, so its own mark is read.
    """
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
