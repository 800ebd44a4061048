"""Where things lie: bundled resources, the user's models, caches. The only module that knows."""

from __future__ import annotations

import os
from pathlib import Path

_APP = "lineament"


def resources() -> Path:
    """Bundled resources: `resources/` in the tree, `core/_resources/` in the wheel."""
    packaged = Path(__file__).parent / "_resources"
    return packaged if packaged.is_dir() else Path(__file__).parent.parent / "resources"


def main_script() -> Path:
    """`main.py`, which child processes are started with."""
    return Path(__file__).parent.parent / "main.py"


def user_data() -> Path:
    """Per-user data (models, schemes); not created here."""
    import platformdirs  # not at the top: a bare training machine has only bundled resources

    return Path(platformdirs.user_data_dir(_APP, appauthor=False))


def user_config() -> Path:
    """Per-user preferences of the window; not created here."""
    import platformdirs

    return Path(platformdirs.user_config_dir(_APP, appauthor=False))


def user_cache() -> Path:
    """Per-user cache (frame indexes of loose clips, backend timings); not created here."""
    import platformdirs

    return Path(platformdirs.user_cache_dir(_APP, appauthor=False))


def folder_from_env(name: str) -> Path | None:
    """The existing folder an environment variable names, or None.

    `LINEAMENT_REAL` names real clips for tests, `LINEAMENT_HEAD` the CC0 head for rendering.
    """
    value = os.environ.get(name)
    if not value:
        return None
    folder = Path(value).expanduser()
    return folder if folder.is_dir() else None
