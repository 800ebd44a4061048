"""The user guide's pictures, made from the running program: `make docs-pictures`.

    python -m docs.guide_pictures [NAME…] [--demo out/demo] [--out docs/pictures/guide]

One function a picture (`pages.py`), named like its file: it is given the open window on a fresh
copy of a project, drives it as a person would, and says what to take. Only faces the project
renders itself are shown: the demo's clip, and one joined from its two people. The same program on
the same machine makes the same bytes. A picture is stored with 256 colours, which keeps each below
200 KB.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # before Qt is imported

from docs.guide_pictures.making import make
from docs.guide_pictures.pages import PICTURES
from docs.guide_pictures.projects import prepare

ROOT = Path(__file__).parents[2]
OUT = ROOT / "docs" / "pictures" / "guide"


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the named pictures, or all."""
    parser = argparse.ArgumentParser(prog="python -m docs.guide_pictures")
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--demo", type=Path, default=ROOT / "out" / "demo")
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args(arguments)
    if unknown := set(args.names) - set(PICTURES):
        parser.error(f"no {', '.join(sorted(unknown))}; there are {', '.join(sorted(PICTURES))}")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = os.environ["XDG_DATA_HOME"] = f"{folder}/home"
        prepare(args.demo, Path(folder))
        for name in args.names or PICTURES:
            path = make(name, Path(folder), args.out)
            print(f"{path.stat().st_size:9,} bytes  {path.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
