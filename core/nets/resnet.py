"""ResNet-18 and ResNet-50 bodies of any width, with torchvision's parameter names.

He et al., "Deep residual learning", CVPR 2016. `width` scales every channel count: section E of
docs/METHODS.md uses 25 %. At width 1 published ImageNet state dicts load by name. Every strided
layer pads by k // 2, so cell i of a map with stride s lies at input pixel s · i: coordinates divide
by s with no half-pixel offset, which the landmark crops rely on.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Maps(NamedTuple):
    """Feature maps of one forward pass, fine to coarse."""

    level1: Tensor
    """conv1 after ReLU, stride 2, (B, C1, H/2, W/2)."""
    level2: Tensor
    """layer1, stride 4 (2 without stem pooling)."""
    level3: Tensor
    """layer2, stride 8 (4)."""
    level4: Tensor
    """layer3, stride 16 (8)."""
    level5: Tensor
    """layer4, stride 32 (16)."""


def conv3x3(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    """A padded 3×3 convolution without bias."""
    return nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False)


def projection(in_channels: int, out_channels: int, stride: int) -> nn.Sequential | None:
    """The 1×1 short cut a block needs when its shape changes, else None."""
    if stride == 1 and in_channels == out_channels:
        return None
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels)
    )


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a short cut."""

    expansion = 1

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = conv3x3(in_channels, channels, stride)
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = conv3x3(channels, channels)
        self.bn2 = nn.BatchNorm2d(channels)
        self.downsample = projection(in_channels, channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, channels, H/stride, W/stride)."""
        short = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(y)) + short)


class Bottleneck(nn.Module):
    """1×1, 3×3, 1×1 convolutions and a short cut; the stride is in the 3×3, as torchvision's."""

    expansion = 4

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        out_channels = channels * self.expansion
        self.conv1 = nn.Conv2d(in_channels, channels, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = conv3x3(channels, channels, stride)
        self.bn2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = projection(in_channels, out_channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) to (B, 4 · channels, H/stride, W/stride)."""
        short = x if self.downsample is None else self.downsample(x)
        y = self.relu(self.bn1(self.conv1(x)))
        y = self.relu(self.bn2(self.conv2(y)))
        return self.relu(self.bn3(self.conv3(y)) + short)


_LAYOUTS: dict[int, tuple[type[BasicBlock] | type[Bottleneck], tuple[int, int, int, int]]] = {
    18: (BasicBlock, (2, 2, 2, 2)),
    50: (Bottleneck, (3, 4, 6, 3)),
}


class ResNetBody(nn.Module):
    """A ResNet without its classifier that returns every level's map.

    Args:
        depth: 18 or 50.
        width: Share of the usual channel counts (64, 128, 256, 512).
        stem_pool: Keep the stem's max-pooling; without it all maps after level 1 are twice as fine.

    Raises:
        ValueError: If the depth is unknown.
    """

    def __init__(self, depth: int = 18, width: float = 0.25, stem_pool: bool = True) -> None:
        super().__init__()
        if depth not in _LAYOUTS:
            raise ValueError(f"ResNet depth {depth}: known are {', '.join(map(str, _LAYOUTS))}")
        block, repeats = _LAYOUTS[depth]
        planes = [max(8, round(c * width)) for c in (64, 128, 256, 512)]
        self.conv1 = nn.Conv2d(3, planes[0], 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(planes[0])
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1) if stem_pool else nn.Identity()
        self.strides = (2, 4, 8, 16, 32) if stem_pool else (2, 2, 4, 8, 16)
        channels = [planes[0]]
        layers = []
        for plane, repeat, stride in zip(planes, repeats, (1, 2, 2, 2), strict=True):
            blocks = [block(channels[-1], plane, stride)]
            channels.append(plane * block.expansion)
            blocks += [block(channels[-1], plane) for _ in range(repeat - 1)]
            layers.append(nn.Sequential(*blocks))
        self.layer1, self.layer2, self.layer3, self.layer4 = layers
        self.channels = tuple(channels)
        self._start()

    def forward(self, images: Tensor) -> Maps:
        """(B, 3, H, W) to the five maps."""
        level1 = self.relu(self.bn1(self.conv1(images)))
        level2 = self.layer1(self.maxpool(level1))
        level3 = self.layer2(level2)
        level4 = self.layer3(level3)
        return Maps(level1, level2, level3, level4, self.layer4(level4))

    def _start(self) -> None:
        """He's initialisation."""
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


def load_backbone(body: nn.Module, state: dict[str, torch.Tensor]) -> int:
    """Load the tensors of a published state dict that fit by name and shape; return how many.

    Raises:
        ValueError: If none fits (another net, or another width).
    """
    own = body.state_dict()
    fitting = {k: v for k, v in state.items() if k in own and own[k].shape == v.shape}
    if not fitting:
        raise ValueError("no tensor of these backbone weights fits this net's names and shapes")
    body.load_state_dict(fitting, strict=False)
    return len(fitting)
