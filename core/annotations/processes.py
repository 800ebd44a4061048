"""Which process wrote something, and whether it still lives.

A process id alone is reused by the system; id and start time together are not.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class ProcessMark:
    """One process of one machine."""

    pid: int
    started: str
    """Start time in the system's own words, "" where it cannot be told."""
    host: str

    @classmethod
    def own(cls) -> ProcessMark:
        """The mark of this process."""
        return cls(os.getpid(), process_started(os.getpid()) or "", socket.gethostname())

    @classmethod
    def from_json(cls, record: Any) -> ProcessMark:
        """The mark a JSON object describes.

        Raises:
            ValueError: If it describes none.
        """
        try:
            return cls(int(record["pid"]), str(record["started"]), str(record["host"]))
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise ValueError("no mark of a process") from error

    def to_json(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)

    def is_alive(self) -> bool:
        """Whether the process still runs; one on another machine counts as alive."""
        if self.host != socket.gethostname():
            return True
        started = process_started(self.pid)
        if started is None:
            return False
        return not self.started or not started or started == self.started


def process_started(pid: int) -> str | None:
    """When a process of this machine started; "" if that cannot be told, None if it is gone."""
    if pid <= 0 or pid >= 1 << 31:
        return None
    if Path("/proc/self/stat").exists():
        return _started_linux(pid)
    if sys.platform == "win32":
        return _started_windows(pid)
    return _started_posix(pid)


def _started_linux(pid: int) -> str | None:
    """Clock ticks since boot, and which boot (`man proc_pid_stat`, field 22; state is field 3)."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    after_name = stat.rpartition(")")[2].split()
    if len(after_name) < 20 or after_name[0] in "ZX":
        return None
    return f"{after_name[19]}@{_boot_id()}"


def _boot_id() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _started_posix(pid: int) -> str | None:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return None
    except PermissionError:
        return ""
    said = subprocess.run(
        ["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return said.stdout.strip()


def _started_windows(pid: int) -> str | None:
    """Creation time by GetProcessTimes; os.kill(pid, 0) would end the process there."""
    import ctypes

    kernel = ctypes.windll.kernel32  # type: ignore[attr-defined,unused-ignore]
    handle = kernel.OpenProcess(0x1000, False, pid)  # PROCESS_QUERY_LIMITED_INFORMATION
    if not handle:
        return None
    try:
        times = (ctypes.c_ulonglong * 4)()
        pointers = [ctypes.byref(times, 8 * i) for i in range(4)]
        known = kernel.GetProcessTimes(handle, *pointers)
        if known and times[1]:  # exit time: the process has ended
            return None
        return str(times[0]) if known else ""
    finally:
        kernel.CloseHandle(handle)
