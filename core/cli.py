"""Every job without a window: `lineament COMMAND …`.

stdout carries data, stderr speaks to people. `--json` prints one record, `--events jsonl` turns
stderr into one JSON progress record a line. Exit codes: 0 done, 2 input or environment (one
sentence), 130 cancelled, 1 our own bug.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import traceback
from collections.abc import Sequence

from core.commands import console
from core.errors import CoreError

COMMANDS = (
    "info",
    "predict",
    "export",
    "import",
    "synthesize",
    "train",
    "evaluate",
    "data",
    "study",
    "correlate",
    "sparse-format",
    "weak-study",
    "demo",
    "doctor",
)
"""Command names; `core.commands.<name>` holds `add_arguments(parser)` and `run(args, console)`."""

_MODULES = {"import": "import_files", "weak-study": "weak_study", "sparse-format": "sparse_format"}
"""Modules that cannot be called like their command, which is a word of the language."""
_GLOBAL_FLAGS = ("-h", "--help", "--version")


def is_command_line(arguments: Sequence[str]) -> bool:
    """Whether the arguments name a command (else they are paths for the window)."""
    return bool(arguments) and (arguments[0] in COMMANDS or arguments[0] in _GLOBAL_FLAGS)


def build_parser() -> argparse.ArgumentParser:
    """The parser of every command; imports no heavy library."""
    parser = argparse.ArgumentParser(
        prog="lineament",
        description="Masks and landmarks on face video. Without a command the window opens.",
    )
    parser.add_argument("--version", action="version", version=f"lineament {console.version()}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        module = importlib.import_module(f"core.commands.{_MODULES.get(name, name)}")
        summary = (module.__doc__ or "").strip().splitlines()[0]
        command = subparsers.add_parser(name, help=summary, description=summary)
        console.add_common_arguments(command)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str]) -> int:
    """Run one command and return its exit code."""
    try:
        args = build_parser().parse_args(list(argv))
    except SystemExit as stop:  # argparse has already printed its sentence
        return int(stop.code or 0)
    try:
        out = console.Console.from_arguments(args)
    except OSError as error:
        option = "--log" if args.job is None else "--job"
        print(f"lineament: {option}: {console.os_error_sentence(error)}", file=sys.stderr)
        return 2
    with out:
        code = _run(args, out)
        out.ended(code)
    return code


def _run(args: argparse.Namespace, out: console.Console) -> int:
    """The command's exit code; whatever goes wrong is told."""
    try:
        return int(args.run(args, out) or 0)
    except CoreError as error:
        out.error(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        out.error("Cancelled.")
        return 130
    except BrokenPipeError:
        # The reader of stdout has gone (`lineament … | head`): nothing is left to say to it.
        sys.stderr.close()
        return 0
    except OSError as error:
        out.error(console.os_error_sentence(error))
        return 2
    except MemoryError:
        out.error("The memory of this machine ran out; close other programs or take less at once.")
        return 2
    except Exception:
        out.error("This is a fault of Lineament itself; please report it with the lines below.")
        out.details(traceback.format_exc())
        return 1
