"""The mobile hourglass: face parsing by a net of a tenth of a million weights ([Yan20] chapter 7).

An hourglass of depth 4 at the full resolution of its input, every block a MobileNet-V2 inverted
bottleneck, four dense layers at the end. For video the input is RGB and the last frame's mask as
one channel a class; without one (first frame, cut) those channels are zero.

The thesis gives no layer list. Ours has 13 blocks (skip, in and out at each level, one at the
bottom) between a stem and a head of 3×3 convolutions, and with a stem of 64 channels it meets all
four sizes of Table 7.1 (0.09, 0.12, 0.17, 0.27 M without the dense layers). Nearly all its time
goes into that stem, so `stem` may be made narrower.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

DEPTH = 4
DENSE_LAYERS = 4
GROWTH = 8


def conv_norm(in_channels: int, out_channels: int, size: int, groups: int = 1) -> nn.Sequential:
    """A padded convolution and BatchNorm: the thesis's purple block."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, size, padding=size // 2, groups=groups, bias=False),
        nn.BatchNorm2d(out_channels),
    )


class InvertedBottleneck(nn.Module):
    """MobileNet-V2's block: widen, 3×3 a channel, narrow without activation, add.

    Args:
        channels: f, in and out.
        expansion: τ.
    """

    def __init__(self, channels: int, expansion: int) -> None:
        super().__init__()
        wide = channels * expansion
        self.widen = conv_norm(channels, wide, 1)
        self.filter = conv_norm(wide, wide, 3, groups=wide)
        self.narrow = conv_norm(wide, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, f, H, W) to the same."""
        y = functional.relu6(self.widen(x))
        y = functional.relu6(self.filter(y))
        return x + self.narrow(y)


class Hourglass(nn.Module):
    """One level: a skip at this resolution beside all coarser levels.

    Args:
        depth: How often the map is halved from here on.
        channels: f.
        expansion: τ.
    """

    def __init__(self, depth: int, channels: int, expansion: int) -> None:
        super().__init__()
        self.skip = InvertedBottleneck(channels, expansion)
        self.down = InvertedBottleneck(channels, expansion)
        self.inner: nn.Module = (
            Hourglass(depth - 1, channels, expansion)
            if depth > 1
            else InvertedBottleneck(channels, expansion)
        )
        self.up = InvertedBottleneck(channels, expansion)

    def forward(self, x: Tensor) -> Tensor:
        """(B, f, H, W) to the same; H and W multiples of 2 ** depth."""
        low = self.up(self.inner(self.down(functional.max_pool2d(x, 2))))
        return self.skip(x) + functional.interpolate(low, scale_factor=2.0, mode="nearest")


class DenseLayers(nn.Module):
    """DenseNet layers (BatchNorm, ReLU, 3×3 convolution), each seeing all before it."""

    def __init__(self, channels: int, layers: int = DENSE_LAYERS, growth: int = GROWTH) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.Sequential(
                nn.BatchNorm2d(channels + i * growth),
                nn.ReLU(),
                nn.Conv2d(channels + i * growth, growth, 3, padding=1, bias=False),
            )
            for i in range(layers)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, C + layers · growth, H, W)."""
        for layer in self.layers:
            x = torch.cat([x, layer(x)], dim=1)
        return x


class MobileHourglass(nn.Module):
    """The whole net.

    Args:
        num_classes: K.
        previous_channels: Channels of the last frame's mask in the input: K, or 0 for stills.
        features: f, 16 or 32 in the thesis.
        expansion: τ, 3 or 6 in the thesis.
        stem: Channels of the stem.
        dense: With the four dense layers.

    Raises:
        ValueError: If a number is below 1, or the mask has another number of channels than K.
    """

    def __init__(
        self,
        num_classes: int = 14,
        previous_channels: int = 0,
        features: int = 32,
        expansion: int = 6,
        stem: int = 64,
        dense: bool = True,
    ) -> None:
        super().__init__()
        if min(num_classes, features, expansion, stem) < 1:
            raise ValueError("classes, features, expansion and stem are 1 or more")
        if previous_channels not in (0, num_classes):
            raise ValueError(f"previous_channels is 0 or {num_classes}, not {previous_channels}")
        self.num_classes = num_classes
        self.in_channels = 3 + previous_channels
        self.stem = nn.Sequential(
            conv_norm(self.in_channels, stem, 3), nn.ReLU(),
            conv_norm(stem, stem, 3), nn.ReLU(),
            conv_norm(stem, features, 3), nn.ReLU(),
        )  # fmt: skip
        self.hourglass = Hourglass(DEPTH, features, expansion)
        self.head = nn.Sequential(conv_norm(features, features, 3), nn.ReLU())
        self.dense = DenseLayers(features) if dense else nn.Identity()
        last = features + (DENSE_LAYERS * GROWTH if dense else 0)
        self.classify = nn.Conv2d(last, num_classes, 1)

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3 + previous, H, W), sides multiples of 16, to logits (B, K, H, W)."""
        x = self.head(self.hourglass(self.stem(images)))
        return self.classify(self.dense(x))
