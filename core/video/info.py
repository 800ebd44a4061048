"""What a clip is: the record `info` prints and everybody else reads sizes and rates from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class VideoInfo:
    """A clip's figures, measured on its frames rather than believed from its header."""

    frames: int
    """Decodable frames."""
    fps: float
    """Frames a second; the mean rate where the rate varies."""
    vfr: bool
    """Whether frame intervals vary by more than the rounding of the time base."""
    width: int
    """Width in pixels as shown, that is after rotation."""
    height: int
    """Height in pixels as shown."""
    duration_s: float
    """From the first frame's start to the last frame's end, seconds."""
    codec: str
    """FFmpeg's codec name, or the image format of a folder."""
    rotation: int
    """Degrees clockwise by which the stored picture is turned to be shown: 0, 90, 180 or 270."""
    has_audio: bool
    pix_fmt: str
    """FFmpeg's pixel format name ("yuv420p"), or Pillow's mode for images."""
    truncated: str | None
    """How much of a cut-short file can be read, in words; None when it is whole."""
    kind: Literal["video", "folder", "image"]
    mirrored: bool = False
    """Whether the display matrix also mirrors the stored picture."""
    container: str = ""
    """FFmpeg's container name ("matroska,webm"); empty for images."""
    index: Literal["packets", "decoded", "files"] = "packets"
    """Where the frame index came from: packet times, one decoding pass, or a list of files."""

    def record(self) -> dict[str, Any]:
        """The record as plain values, for JSON."""
        return asdict(self)
