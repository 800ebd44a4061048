"""A ResNet with two output branches: sparse points from one, all others from the other.

The net of dense-from-sparse training ([Yan20] 5.5.4): the main branch gives the m points that many
images are annotated with, the secondary branch the other M − m, each one fully connected layer on
the pooled features of a ResNet-18 that was trained on nothing before.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from core.nets.resnet import ResNetBody


class TwoBranchResNet(nn.Module):
    """Landmarks from a shared trunk and two branches.

    Args:
        num_points: M.
        sparse: The m points of the main branch, ascending; all of them = no secondary branch.
        input_size: Side of the square input in pixels.
        depth: ResNet depth, 18 or 50.
        width: Share of ResNet's channels.
        stem_pool: The stem's max-pooling.

    Raises:
        ValueError: If `sparse` is empty, not ascending or not within 0 … M − 1.
    """

    def __init__(
        self,
        num_points: int = 68,
        sparse: Sequence[int] = (),
        input_size: int = 224,
        depth: int = 18,
        width: float = 1.0,
        stem_pool: bool = True,
    ) -> None:
        super().__init__()
        main = [int(i) for i in sparse]
        if not main or main != sorted(set(main)) or not 0 <= main[0] <= main[-1] < num_points:
            raise ValueError(f"the sparse points are some of 0 … {num_points - 1}, ascending")
        rest = [i for i in range(num_points) if i not in set(main)]
        self.num_points, self.input_size = num_points, input_size
        self.sparse, self.rest = tuple(main), tuple(rest)
        self.body = ResNetBody(depth, width, stem_pool)
        features = self.body.channels[-1]
        self.main = _branch(features, len(main))
        self.secondary = _branch(features, len(rest)) if rest else None
        place = torch.tensor([*main, *rest]).argsort()
        self.register_buffer("place", place, persistent=False)
        self.place: Tensor

    def forward(self, images: Tensor) -> Tensor:
        """(B, 3, H, W) to landmarks (B, M, 2) in input pixels."""
        return self.points(self.features(images))

    def stage_landmarks(self, images: Tensor) -> tuple[Tensor, ...]:
        """See `core.nets.staged`: there is one stage."""
        return (self(images),)

    def features(self, images: Tensor) -> Tensor:
        """What both branches look at: the pooled last map, (B, F) float32."""
        return self.body(images).level5.mean((2, 3)).float()

    def points(self, features: Tensor) -> Tensor:
        """Features (B, F) to landmarks (B, M, 2) in the scheme's order."""
        found = [self.main_points(features)]
        if self.secondary is not None:
            found.append(self.secondary_points(features))
        return torch.cat(found, dim=1).index_select(1, self.place)

    def main_points(self, features: Tensor) -> Tensor:
        """The sparse points, (B, m, 2) input pixels."""
        return self._pixels(self.main(features))

    def secondary_points(self, features: Tensor) -> Tensor:
        """The others, (B, M − m, 2) input pixels; only where there are any."""
        assert self.secondary is not None
        return self._pixels(self.secondary(features))

    def set_mean_shape(self, mean_xy: Tensor) -> None:
        """Start both branches at a mean shape: (M, 2) in input pixels."""
        shares = mean_xy / self.input_size - 0.5
        with torch.no_grad():
            self.main.bias.copy_(shares[list(self.sparse)].flatten())
            if self.secondary is not None:
                self.secondary.bias.copy_(shares[list(self.rest)].flatten())

    def _pixels(self, shares: Tensor) -> Tensor:
        return (shares.unflatten(1, (-1, 2)) + 0.5) * self.input_size


def _branch(features: int, points: int) -> nn.Linear:
    branch = nn.Linear(features, 2 * points)
    nn.init.normal_(branch.weight, std=0.1 / features**0.5)
    nn.init.zeros_(branch.bias)
    return branch
