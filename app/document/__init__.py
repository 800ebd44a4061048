"""What is open: a project, or loose clips without one. The same questions are asked of both.

A document names its clips, says what is known of a face on a frame, and reads a clip's columns for
the timeline. `LooseClips` knows nothing of faces; `app.project_document` asks the project.
"""

from __future__ import annotations

from app.document.loose_clips import LooseClips
from app.document.protocol import Document
from app.document.records import (
    NO_SOURCE,
    ClipColumns,
    ClipEntry,
    RunEntry,
    RunModel,
    empty_columns,
)

__all__ = [
    "NO_SOURCE",
    "ClipColumns",
    "ClipEntry",
    "Document",
    "LooseClips",
    "RunEntry",
    "RunModel",
    "empty_columns",
]
