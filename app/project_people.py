"""The people of a project's clips: names, colours, who is hidden, and what was deleted."""

from __future__ import annotations

from app.document import RunModel
from core.annotations.project import Project

Person = tuple[str, str]
"""Name and colour (`#rrggbb`), empty where a person gave none."""


class ProjectPeople:
    """What `ProjectDocument` answers about people."""

    project: Project

    def __init__(self) -> None:
        self._hidden: dict[str, frozenset[int]] = {}

    def person(self, clip_id: str, track_id: int) -> Person:
        """Name and colour a person gave to a track."""
        track = self.project.named(clip_id).get(track_id)
        return ("", "") if track is None else (track.name, track.colour)

    def person_name(self, clip_id: str, track_id: int) -> str:
        """The name a person gave, else a number."""
        return self.person(clip_id, track_id)[0] or f"Face {track_id + 1}"

    def hidden_people(self, clip_id: str) -> frozenset[int]:
        """Tracks that are not shown for now; kept in the project's settings."""
        if clip_id not in self._hidden:
            kept = self.project.setting(_hidden_key(clip_id), [])
            good = isinstance(kept, list) and all(isinstance(track, int) for track in kept)
            self._hidden[clip_id] = frozenset(kept if good else ())
        return self._hidden[clip_id]

    def hide_people(self, clip_id: str, tracks: frozenset[int]) -> None:
        """Hide exactly these; in a project that cannot be written until it is closed."""
        self._hidden[clip_id] = tracks
        if not self.project.read_only:
            self.project.set_setting(_hidden_key(clip_id), sorted(tracks) or None)

    def deleted_faces(self, clip_id: str, frame_idx: int) -> list[int]:
        """Tracks a person said are no face on a frame."""
        found = self.project.annotations(clip_id, frame_idx, masks=False)
        return sorted(track for track, said in found.items() if said.present is False)

    def landmark_model(self, clip_id: str) -> RunModel | None:
        """What made the shown run; None without a run, or for one no model made."""
        active = self.project.active_run(clip_id)
        for header in self.project.runs(clip_id):
            if header.run_id == active:
                models = header.settings.get("models")
                first = models[0] if isinstance(models, list) and models else {}
                if isinstance(first, dict) and isinstance(first.get("name"), str):
                    return RunModel(active, first["name"], str(first.get("sha256", "")))
        return None


def _hidden_key(clip_id: str) -> str:
    return f"hidden_people/{clip_id}"
