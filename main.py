"""Start Lineament: `main.py [CLIP|PROJECT…]` opens the window, `main.py COMMAND …` needs none."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from core import cli


def main(argv: Sequence[str] | None = None, app: Any = None) -> int:
    """Run a command or the window and return the exit code.

    Args:
        argv: Arguments without the program's name; the process's own when None.
        app: A running QApplication to use (tests); one is made when None.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if cli.is_command_line(arguments):
        return cli.main(arguments)
    from app.application import open_window

    return int(open_window(arguments, app))


def run() -> None:
    """The entry point of the `lineament` script."""
    sys.exit(main())


if __name__ == "__main__":
    run()
