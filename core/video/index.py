"""The frame index: which frame is the i-th, and where decoding towards it may start.

Two ways to build one. **Packets**: where packet times can be trusted, reading the packets (no
decoding) is enough: one packet a frame, sorted by presentation time. **Decoded**: else one pass
decodes everything and notes each frame's time, the packet it came from (its *origin*) and a
checksum of its pixels; whatever a later seek yields is compared with that checksum, so that a
decoder which starts differently in mid-stream (missing references, intra refresh) is never
believed: decoding then starts earlier, by a `warm_up` that grows until the pixels agree.

`pts` are ticks of `time_base`, strictly increasing. Where frames carry no usable times they are
numbered by the stream's rate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

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
    origins: NDArray[np.int64]
    """(T,) ordinal of the packet each frame came from; empty for an index from packets, and where
    the decoder does not tell (then frames are counted from the start of the file)."""
    warm_up: int = 0
    """Frames to be decoded between a seek point and the first frame believed."""
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

    @cached_property
    def by_origin(self) -> dict[int, int]:
        """The frame that came from each packet."""
        return {int(ordinal): i for i, ordinal in enumerate(self.origins)}

    def seek_point(self, i: int) -> int:
        """The number of the seek point decoding towards frame `i` starts from."""
        reach = max(0, i - self.warm_up)
        return int(np.searchsorted(self.seek_points["frame"], reach, side="right")) - 1

    def start_of(self, i: int) -> int:
        """The first frame decoded on the way to frame `i`."""
        return int(self.seek_points["frame"][self.seek_point(i)])

    def distrusting(self, i: int) -> FrameIndex | None:
        """The index after frame `i` came out wrong: a longer warm-up; None from the file's start.

        The warm-up more than doubles each time, so that a file without one good seek point costs
        no more than about two decodings of what lies before a frame.
        """
        number = self.seek_point(i)
        if number == 0:
            return None
        return replace(self, warm_up=2 * (i - int(self.seek_points["frame"][number])) + 1)

    def is_valid(self) -> bool:
        """Whether the parts fit together; what is read back from a cache is asked this."""
        frames = self.seek_points["frame"]
        return bool(
            self.frames > 0
            and (np.diff(self.pts) > 0).all()
            and len(self.checksums) in (0, self.frames)
            and len(self.origins) in (0, self.frames)
            and self.warm_up >= 0
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
    measured = (index.frames - 1) / float(ticks[-1] * float(index.time_base))
    if header_rate and abs(float(header_rate) / measured - 1.0) < 1e-3:
        return float(header_rate), varies
    return measured, varies


def duration_s(index: FrameIndex) -> float:
    """From the first frame's start to the last frame's end, seconds."""
    ticks = int(index.pts[-1] - index.pts[0]) + index.last_duration
    return float(ticks * index.time_base)
