"""The jobs a project started: what `project.db` remembers of them after they and the window end."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.annotations.history import transaction
from core.annotations.migrations import now

_COLUMNS = "job_id, kind, title, folder, state, created, changed, record"


@dataclass(frozen=True)
class Job:
    """One long piece of work in a child process; its folder holds the rest."""

    job_id: str
    kind: str
    """"predict", "train", "export", "import"."""
    title: str
    folder: str
    """Job folder, with `job.json`, `events.jsonl`, `log.txt`."""
    state: str
    """"running", "done", "failed", "cancelled"."""
    created: str = ""
    changed: str = ""
    record: Mapping[str, Any] = field(default_factory=dict)
    """What the window wants to remember: command, result, run made."""


def save_job(connection: sqlite3.Connection, job: Job) -> Job:
    """Add a job or replace what is known of it; its times are filled in."""
    row = connection.execute("SELECT created FROM jobs WHERE job_id = ?", (job.job_id,)).fetchone()
    created = row[0] if row else job.created or now()
    saved = Job(
        job.job_id, job.kind, job.title, job.folder, job.state, created, now(), dict(job.record)
    )
    with transaction(connection):
        connection.execute(
            f"INSERT OR REPLACE INTO jobs ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                saved.job_id, saved.kind, saved.title, saved.folder, saved.state, saved.created,
                saved.changed, json.dumps(saved.record),
            ),
        )  # fmt: skip
    return saved


def read_jobs(connection: sqlite3.Connection) -> list[Job]:
    """Every job, oldest first.

    Raises:
        ValueError: If a row is damaged.
    """
    rows = connection.execute(f"SELECT {_COLUMNS} FROM jobs ORDER BY created, job_id")
    found = [dict(zip(_COLUMNS.split(", "), row, strict=True)) for row in rows]
    return [Job(**values | {"record": json.loads(values["record"])}) for values in found]
