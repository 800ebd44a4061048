"""Stacked hourglasses: heat-maps, corrected by hourglass after hourglass.

Newell et al., "Stacked hourglass networks", ECCV 2016, with its pre-activated bottleneck; [Yan20]
5.4.1 stacks four. (FAN, which the thesis ran, has another block in the same frame.) Every stack is
supervised, so every stack has an answer.
"""

from __future__ import annotations

from typing import NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from core.nets.heatmaps import READ_OUTS

DEPTH = 4


class Bottleneck(nn.Module):
    """BatchNorm, ReLU, convolution thrice (1×1, 3×3, 1×1), and a short cut."""

    def __init__(self, in_channels: int, channels: int) -> None:
        super().__init__()
        half = max(1, channels // 2)
        self.convs = nn.Sequential(
            nn.BatchNorm2d(in_channels), nn.ReLU(), nn.Conv2d(in_channels, half, 1, bias=False),
            nn.BatchNorm2d(half), nn.ReLU(), nn.Conv2d(half, half, 3, padding=1, bias=False),
            nn.BatchNorm2d(half), nn.ReLU(), nn.Conv2d(half, channels, 1, bias=False),
        )  # fmt: skip
        self.short = (
            nn.Identity() if in_channels == channels else nn.Conv2d(in_channels, channels, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) to (B, channels, H, W)."""
        short: Tensor = self.short(x)
        return short + self.convs(x)


class HourglassLevel(nn.Module):
    """One resolution: a skip beside everything coarser."""

    def __init__(self, depth: int, channels: int) -> None:
        super().__init__()
        self.skip = Bottleneck(channels, channels)
        self.down = Bottleneck(channels, channels)
        self.inner: nn.Module = (
            HourglassLevel(depth - 1, channels) if depth > 1 else Bottleneck(channels, channels)
        )
        self.up = Bottleneck(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to the same."""
        low = self.up(self.inner(self.down(functional.max_pool2d(x, 2))))
        return self.skip(x) + functional.interpolate(low, scale_factor=2.0, mode="nearest")


class Stack(nn.Module):
    """One hourglass and its maps; hands on features that know the maps."""

    def __init__(self, channels: int, num_points: int, last: bool) -> None:
        super().__init__()
        self.hourglass = HourglassLevel(DEPTH, channels)
        self.residual = Bottleneck(channels, channels)
        self.linear = nn.Sequential(
            nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()
        )
        self.maps = nn.Conv2d(channels, num_points, 1)
        self.back = None if last else nn.Conv2d(channels, channels, 1)
        self.maps_back = None if last else nn.Conv2d(num_points, channels, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Features (B, C, H, W) to the next stack's features and maps (B, M, H, W)."""
        found = self.linear(self.residual(self.hourglass(x)))
        maps: Tensor = self.maps(found)
        if self.back is None or self.maps_back is None:
            return found, maps
        return x + self.back(found) + self.maps_back(maps), maps


class HeatmapStages(NamedTuple):
    """Everything training looks at."""

    maps: tuple[Tensor, ...]
    """One a stack, (B, M, H, W)."""
    stride: int
    """Input pixels a cell."""


class StackedHourglass(nn.Module):
    """Landmarks by heat-maps.

    Args:
        num_points: M.
        input_size: Side of the square input, a multiple of 16 · `stem_stride`.
        stacks: How many hourglasses.
        channels: Of every feature map.
        stem_stride: 2 (128² to 64² maps) or 4 (256² to 64²).
        read_out: "maximum", "soft" or "barycentre" (`core.nets.heatmaps`).

    Raises:
        ValueError: If an argument is outside its range.
    """

    def __init__(
        self,
        num_points: int = 68,
        input_size: int = 256,
        stacks: int = 4,
        channels: int = 256,
        stem_stride: int = 4,
        read_out: str = "maximum",
    ) -> None:
        super().__init__()
        if stem_stride not in (2, 4) or input_size % (2**DEPTH * stem_stride):
            raise ValueError(
                f"stem_stride is 2 or 4 and the input's side a multiple of 16 of it, not "
                f"{stem_stride} and {input_size}"
            )
        if stacks < 1 or channels < 2:
            raise ValueError("at least one stack and two channels")
        if read_out not in READ_OUTS:
            raise ValueError(f"read_out is one of {', '.join(READ_OUTS)}, not {read_out!r}")
        self.num_points, self.input_size, self.stride = num_points, input_size, stem_stride
        self.read_out = read_out
        half = max(1, channels // 2)
        self.stem = nn.Sequential(
            nn.Conv2d(3, half, 7, 2, 3, bias=False), nn.BatchNorm2d(half), nn.ReLU(),
            Bottleneck(half, channels),
            # Strided without padding beyond k // 2: cell i stays at pixel stride · i.
            nn.MaxPool2d(3, 2, 1) if stem_stride == 4 else nn.Identity(),
            Bottleneck(channels, channels),
        )  # fmt: skip
        self.stacks = nn.ModuleList(
            Stack(channels, num_points, n == stacks - 1) for n in range(stacks)
        )

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) to landmarks (B, M, 2) in input pixels."""
        return self.points(self.stages(images).maps[-1])

    def stage_landmarks(self, images: Tensor) -> tuple[Tensor, ...]:
        """Landmarks of every stack, see `core.nets.staged`."""
        return tuple(self.points(maps) for maps in self.stages(images).maps)

    def stages(self, images: Tensor) -> HeatmapStages:
        """Every stack's maps."""
        x, found = self.stem(images), []
        for stack in self.stacks:
            x, maps = stack(x)
            found.append(maps)
        return HeatmapStages(tuple(found), self.stride)

    def points(self, maps: Tensor) -> Tensor:
        """Maps (B, M, H, W) to landmarks (B, M, 2) in input pixels."""
        return self.stride * READ_OUTS[self.read_out](maps)
