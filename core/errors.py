"""Errors whose text is meant for a person: one sentence with what, where and what to do."""

from __future__ import annotations


class CoreError(Exception):
    """Base of every error the engine raises on purpose.

    Attributes:
        exit_code: What the command line exits with (2 input or environment, 130 cancelled).
    """

    exit_code = 2


class InputError(CoreError):
    """A file, value or option the user gave cannot be used."""


class StoreError(CoreError):
    """A project, run or model file is damaged, foreign, newer than this program or locked."""


class ResourceError(CoreError):
    """The machine cannot do it now: disk full, no permission, no memory, no such device."""


class JobCancelled(CoreError):
    """The person asked a job to stop."""

    exit_code = 130
