"""U-Net, the heavy peer of the mobile hourglass ([Yan20] Table 7.1; METHODS H).

Ronneberger et al., "U-Net", MICCAI 2015, in the padded form with BatchNorm and bilinear
up-sampling that has the 13.4 million weights of the thesis's table: five levels of 1, 2, 4, 8, 8
times `width` channels, two 3×3 convolutions each.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

LEVELS = (1, 2, 4, 8, 8)
"""Channels of each level over `width`."""


class DoubleConv(nn.Sequential):
    """Two times 3×3 convolution, BatchNorm, ReLU: (B, in, H, W) to (B, out, H, W)."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        layers: list[nn.Module] = []
        for channels in (in_channels, out_channels):
            layers += [
                nn.Conv2d(channels, out_channels, 3, padding=1, bias=False),
                nn.BatchNorm2d(out_channels),
                nn.ReLU(),
            ]
        super().__init__(*layers)


class UNet(nn.Module):
    """The whole net.

    Args:
        num_classes: K.
        previous_channels: Channels of the last frame's mask in the input: K, or 0 for stills.
        width: Channels of the first level, 64 in the thesis.

    Raises:
        ValueError: If a number is below 1, or the mask has another number of channels than K.
    """

    def __init__(self, num_classes: int = 14, previous_channels: int = 0, width: int = 64) -> None:
        super().__init__()
        if min(num_classes, width) < 1:
            raise ValueError("classes and width are 1 or more")
        if previous_channels not in (0, num_classes):
            raise ValueError(f"previous_channels is 0 or {num_classes}, not {previous_channels}")
        self.num_classes = num_classes
        self.in_channels = 3 + previous_channels
        sizes = [width * level for level in LEVELS]
        self.down = nn.ModuleList(
            DoubleConv(before, after)
            for before, after in zip([self.in_channels, *sizes[:-1]], sizes, strict=True)
        )
        # Upwards, a level gets the one below it and its own; it leaves with the next one's width.
        self.up = nn.ModuleList(
            DoubleConv(2 * sizes[level], sizes[max(level - 1, 0)]) for level in (3, 2, 1, 0)
        )
        self.classify = nn.Conv2d(width, num_classes, 1)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3 + previous, H, W), sides multiples of 16, to logits (B, K, H, W)."""
        kept = [self.down[0](images)]
        for level in self.down[1:]:
            kept.append(level(functional.max_pool2d(kept[-1], 2)))
        x = kept.pop()
        for level in self.up:
            x = functional.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
            x = level(torch.cat([kept.pop(), x], dim=1))
        logits: Tensor = self.classify(x)
        return logits
