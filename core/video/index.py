"""The frame index: which frame is the i-th, and where decoding towards it may start.

Two ways to build one. **Packets**: where packet times can be trusted, reading the packets (no
decoding) is enough: one packet a frame, sorted by presentation time. **Decoded**: else one pass
decodes everything and notes each frame's time, the packet it came from and a checksum of its
pixels; whatever a later seek yields is compared with that checksum, so that a decoder which starts
differently in mid-stream (missing references, intra refresh, GIF canvases) can never be believed.

`pts` are ticks of `time_base`, strictly increasing. Where frames carry no usable times they are
numbered by the stream's rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

NO_TIME = np.iinfo(np.int64).min
"""Stands for a missing PTS, DTS or byte position in an array."""

SEEK_DTYPE = np.dtype(
    [
        ("frame", np.int64),  # presentation index of the key packet's own frame
        ("ordinal", np.int64),  # number of the packet in file order
        ("pts", np.int64),
        ("dts", np.int64),
        ("pos", np.int64),  # byte position in the file
        ("size", np.int64),  # with crc: recognises the packet after a seek
        ("crc", np.int64),
    ]
)


@dataclass(frozen=True)
class FrameIndex:
    """Frames in presentation order and the seek points towards them."""

    pts: NDArray[np.int64]
    """(T,) presentation times in ticks, strictly increasing."""
    time_base: Fraction
    """Seconds a tick."""
    last_duration: int
    """Ticks the last frame is shown."""
    seek_points: NDArray[np.void]
    """(S,) SEEK_DTYPE, `frame` strictly increasing from 0."""
    checksums: NDArray[np.uint32]
    """(T,) CRC-32 of each frame's rgb24 pixels; empty for an index from packets."""
    stamped: bool
    """Whether decoded frames carry these very `pts` (else frames are counted)."""
    damage: str | None = None
    """What went wrong while indexing, in words."""

    @property
    def frames(self) -> int:
        """Number of decodable frames T."""
        return len(self.pts)

    @property
    def from_packets(self) -> bool:
        """Whether packet times were trusted."""
        return len(self.checksums) == 0

    def find(self, pts: int) -> int:
        """The frame with exactly this time, or −1."""
        i = int(np.searchsorted(self.pts, pts))
        return i if i < len(self.pts) and self.pts[i] == pts else -1

    def seek_point(self, i: int) -> int:
        """The number of the last seek point at or before frame `i`."""
        return int(np.searchsorted(self.seek_points["frame"], i, side="right")) - 1

    def span(self, i: int) -> tuple[int, int]:
        """Frames [start, stop) decoded from the same seek point as frame `i`."""
        number = self.seek_point(i)
        start = int(self.seek_points["frame"][number])
        last = number + 1 == len(self.seek_points)
        return start, self.frames if last else int(self.seek_points["frame"][number + 1])

    def without_seek_point(self, number: int) -> FrameIndex:
        """The same index with one seek point fewer; the first one always stays."""
        if number == 0:
            return self
        from dataclasses import replace

        return replace(self, seek_points=np.delete(self.seek_points, number))

    def is_valid(self) -> bool:
        """Whether the parts fit together; what is read back from a cache is asked this."""
        frames = self.seek_points["frame"]
        return bool(
            self.frames > 0
            and (np.diff(self.pts) > 0).all()
            and len(self.checksums) in (0, self.frames)
            and len(frames) > 0
            and frames[0] == 0
            and frames[-1] < self.frames
            and (np.diff(frames) > 0).all()
            and self.time_base > 0
        )


def frame_rate(index: FrameIndex, header_rate: Fraction | None) -> tuple[float, bool]:
    """Frames a second and whether the rate varies.

    Constant means: every frame lies within one tick of the straight line through the first and the
    last. The header's fraction is reported where the frames agree with it to 0.1 %.
    """
    if index.frames < 2:
        return float(header_rate or Fraction(25)), False
    ticks = index.pts.astype(np.float64) - float(index.pts[0])
    line = np.linspace(0.0, ticks[-1], index.frames)
    varies = bool(np.abs(ticks - line).max() > 1.0 + 1e-9 * ticks[-1])
    measured = (index.frames - 1) / (ticks[-1] * float(index.time_base))
    if header_rate and abs(float(header_rate) / measured - 1.0) < 1e-3:
        return float(header_rate), varies
    return measured, varies


def duration_s(index: FrameIndex) -> float:
    """From the first frame's start to the last frame's end, seconds."""
    ticks = int(index.pts[-1] - index.pts[0]) + index.last_duration
    return float(ticks * index.time_base)
