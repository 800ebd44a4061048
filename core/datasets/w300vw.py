"""300VW: one folder a clip, `vid.avi` with `annot/000001.pts` for every frame, from 1.

Written from the data set's description (Shen et al., ICCV-W 2015); never seen a real file. A file
`300vw_badly_annotated.txt` (lines `clip frame`, frames from 1) beside the clips, made from the
authors' lists, leaves frames out. The clip is the subject.
"""

from __future__ import annotations

from pathlib import Path

from core.datasets.project import frame_reader
from core.datasets.pts import read_pts
from core.datasets.sample import Sample, checked_landmarks
from core.errors import InputError

BAD_LIST = "300vw_badly_annotated.txt"
_LAYOUT = "CLIP/vid.avi with CLIP/annot/000001.pts …"


def read_folder(path: Path) -> list[Sample]:
    """All annotated frames of all clips.

    Raises:
        InputError: If there is no clip, or a file of one is missing or damaged.
    """
    clips = sorted(p.parent for p in path.rglob("annot") if p.is_dir())
    if not clips:
        raise InputError(f"{path}: no annot folder here; expected {_LAYOUT}.")
    bad = _bad_frames(path / BAD_LIST)
    return [s for clip in clips for s in _frames(clip) if s.name not in bad]


def _bad_frames(file: Path) -> set[str]:
    if not file.is_file():
        return set()
    try:
        pairs = [line.split() for line in file.read_text(encoding="utf-8").splitlines() if line]
        return {f"{clip}#{int(frame) - 1}" for clip, frame in pairs}
    except ValueError as error:
        raise InputError(f"{file}: lines must be 'clip frame' ({error}).") from error


def _frames(clip: Path) -> list[Sample]:
    video = clip / "vid.avi"
    if not video.is_file():
        raise InputError(f"{clip}: vid.avi is missing; expected {_LAYOUT}.")
    samples = []
    for file in sorted((clip / "annot").glob("*.pts")):
        if not file.stem.isdigit():
            raise InputError(f"{file}: its name is no frame number; expected {_LAYOUT}.")
        frame = int(file.stem) - 1
        samples.append(
            Sample(
                name=f"{clip.name}#{frame}",
                image=frame_reader(video, frame),
                scheme="ibug68",
                landmarks=checked_landmarks(read_pts(file) - 1.0, str(file), 68),
                subject=clip.name,
            )
        )
    return samples
