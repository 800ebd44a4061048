"""What commands say and where: data to stdout, words to stderr, progress as bar or JSON lines."""

from __future__ import annotations

import argparse
import errno
import json
import logging
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import metadata
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, TextIO

from core import paths
from core.annotations.job_files import JobFiles, Stop
from core.commands.background import give_way
from core.errors import InputError
from core.progress import Progress

_logger = logging.getLogger("lineament")
# Without a handler of its own, Python would print every error a second time.
_logger.addHandler(logging.NullHandler())


def version() -> str:
    """The installed version, or the tree's own when it is not installed."""
    try:
        return metadata.version("lineament")
    except metadata.PackageNotFoundError:
        return _tree_version()


def _tree_version() -> str:
    import tomllib

    project = paths.main_script().parent / "pyproject.toml"
    if not project.is_file():
        return "unknown"
    return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options every command has."""
    group = parser.add_argument_group("reporting")
    group.add_argument("--json", action="store_true", help="print the result as one JSON record")
    group.add_argument(
        "--events", choices=["jsonl"], help="write progress to stderr as one JSON record a line"
    )
    group.add_argument("-q", "--quiet", action="store_true", help="no progress, only errors")
    group.add_argument("-v", "--verbose", action="store_true", help="say more")
    group.add_argument("--log", type=Path, metavar="FILE", help="also write a log to FILE")
    group.add_argument(
        "--job", type=Path, metavar="FOLDER",
        help="be watched and stopped through a folder: job.json, events.jsonl, log.txt, stop",
    )  # fmt: skip
    group.add_argument(
        "--background", action="store_true",
        help="give way to other programs: lowest priority, one core left to them",
    )  # fmt: skip
    group.add_argument(
        "--cores", type=int, default=0, metavar="N",
        help="with --background: use at most N cores (default: all but one)",
    )  # fmt: skip


def os_error_sentence(error: OSError) -> str:
    """An operating-system error as a sentence with the file and a remedy."""
    where = f" ({error.filename})" if error.filename else ""
    remedies = {
        errno.ENOSPC: "the disk is full; free some space and run the command again",
        errno.EDQUOT: "your disk quota is used up; free some space and run the command again",
        errno.EACCES: "permission denied; choose a place you may write to",
        errno.EROFS: "the place is read-only; choose another one",
        errno.ENOENT: "no such file or folder; check the path",
        errno.EISDIR: "this is a folder where a file is expected",
        errno.ENOTDIR: "a plain file stands where a folder is expected",
    }
    reason = remedies.get(error.errno or 0, error.strerror or str(error))
    return f"Could not read or write{where}: {reason}."


class LogFile(logging.FileHandler):
    """A log that, once it cannot be written, is given up with one word; the work goes on."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, encoding="utf-8")
        self._given_up = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        if not self._given_up:
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:
        """Called by `logging` where it could not."""
        self._give_up(sys.exc_info()[1])

    def close(self) -> None:
        """Close the file; what is still in its buffer may find the disk full."""
        try:
            super().close()
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: BaseException | None) -> None:
        if not self._given_up:
            self._given_up = True
            print(f"lineament: {self.baseFilename}: log given up ({error}).", file=sys.stderr)


class Console:
    """The terminal of one command, or the pipe to the program that started it.

    SIGINT and SIGTERM set `cancelled()`, so that long work stops at its next safe point; a second
    SIGINT interrupts at once. With a job's folder the events go there, and its stop file counts as
    a signal.
    """

    def __init__(
        self,
        *,
        as_json: bool,
        events: bool,
        quiet: bool,
        verbose: bool,
        log: Path | None,
        job: JobFiles | None = None,
    ) -> None:
        self.as_json = as_json
        self._job = job
        self._events = events
        self._quiet = quiet
        self._verbose = verbose
        self._log = None if log is None else LogFile(log)
        self._stop_signal: int | None = None
        self._last_drawn_s = 0.0
        self._bar_open = False
        self._muted = False
        self._stack = ExitStack()

    @classmethod
    def from_arguments(cls, args: argparse.Namespace) -> Console:
        """The console the common options describe.

        Raises:
            OSError: If the log or the job's folder cannot be written.
        """
        if args.background:
            give_way(max(args.cores, 0))
        job = None if args.job is None else JobFiles(args.job)
        if job is not None:
            job.begin(tuple(sys.argv[1:]))
        return cls(
            as_json=args.json,
            events=args.events == "jsonl" or job is not None,
            quiet=args.quiet,
            verbose=args.verbose,
            log=args.log or (job.log if job else None),
            job=job,
        )

    def __enter__(self) -> Console:
        if self._log is not None:
            self._log.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
            _logger.addHandler(self._log)
            _logger.setLevel(logging.DEBUG if self._verbose else logging.INFO)
            self._stack.callback(self._log.close)
            self._stack.callback(_logger.removeHandler, self._log)
        for number in (signal.SIGINT, signal.SIGTERM):
            self._catch(number)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close_bar()
        self._stack.close()

    def result(self, record: dict[str, Any], text: str | None = None) -> None:
        """Print the command's result: the record under `--json`, else `text` (or the record)."""
        self._close_bar()
        if self._muted:
            return
        self._tell_watcher({"result": record})
        if self.as_json or text is None:
            print(json.dumps(record, ensure_ascii=False), flush=True)
        elif text:
            print(text, flush=True)

    @contextmanager
    def muted(self) -> Iterator[None]:
        """Keep results from stdout while one command runs others as its steps."""
        self._muted = True
        try:
            yield
        finally:
            self._muted = False

    def say(self, text: str) -> None:
        """One line for people, on stderr; silent under --quiet."""
        _logger.info(text)
        if self._events:
            self._event({"message": text})
        elif not self._quiet:
            self._close_bar()
            print(text, file=sys.stderr, flush=True)

    def error(self, text: str) -> None:
        """The sentence a failed command ends with."""
        _logger.error(text)
        self._close_bar()
        if self._events:
            self._event({"error": text})
        else:
            print(f"lineament: {text}", file=sys.stderr, flush=True)

    def details(self, text: str) -> None:
        """What stands behind an error: a traceback, the end of a log."""
        _logger.error(text)
        if self._events:
            self._event({"details": text})
        else:
            print(text, file=sys.stderr, flush=True)

    def note(self, record: dict[str, Any]) -> None:
        """A record only for the program that watches: which run is being written."""
        if self._events:
            self._event(record)

    def ended(self, code: int) -> None:
        """Tell a watching window the exit code; without this last record it was killed."""
        self._tell_watcher({"ended": code})

    def report(self, progress: Progress) -> None:
        """Show progress; serves as `core.progress.Report`. Drawn at most ten times a second."""
        finished = progress.total is not None and progress.done >= progress.total
        now = time.monotonic()
        if not finished and now - self._last_drawn_s < 0.1:
            return
        self._last_drawn_s = now
        if self._events:
            self._event(
                {"stage": progress.stage, "done": progress.done, "total": progress.total}
                | dict(progress.values)
            )
        elif not self._quiet and sys.stderr.isatty():
            self._draw(progress, sys.stderr)

    def cancelled(self) -> bool:
        """Whether a signal or a stop file has asked to stop; is a `core.progress.Cancelled`."""
        return self.stop_wanted() is not None

    def stop_wanted(self) -> Stop | None:
        """How to stop: `early` keeps what is done (also any signal), `cancel` throws it away."""
        asked = self._job.stop_wanted() if self._job is not None else None
        return asked or ("early" if self._stop_signal is not None else None)

    def _catch(self, number: int) -> None:
        try:
            previous = signal.signal(number, self._on_signal)
        except ValueError:  # not the main thread: whoever owns it also owns the signals
            return
        self._stack.callback(signal.signal, number, previous)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self._stop_signal is not None and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._stop_signal = number

    def _event(self, record: dict[str, Any]) -> None:
        if self._job is not None:
            self._tell_watcher(record)
            return
        print(json.dumps(record, ensure_ascii=False), file=sys.stderr, flush=True)

    def _tell_watcher(self, record: dict[str, Any]) -> None:
        """Add to the job's events; a full disk takes the watcher's news, not the work itself."""
        if self._job is None:
            return
        try:
            self._job.event(record)
        except OSError as error:
            _logger.warning("event not written (%s): %s", error, record)

    def _draw(self, progress: Progress, stream: TextIO) -> None:
        share = f"{progress.done}/{progress.total}" if progress.total else str(progress.done)
        figures = "  ".join(f"{k} {_short(v)}" for k, v in progress.values.items())
        stream.write(f"\r\x1b[K{progress.stage} {share}  {figures}")
        stream.flush()
        self._bar_open = True

    def _close_bar(self) -> None:
        if self._bar_open:
            sys.stderr.write("\n")
            self._bar_open = False


def _short(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"


def require_file(path: Path, what: str) -> Path:
    """The path, if it is there.

    Raises:
        InputError: If it is not, naming what was expected.
    """
    if not path.exists():
        raise InputError(f"{path}: there is no such {what}; check the path.")
    return path
