"""Which nets there are: one name, one class."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from core.errors import InputError
from core.nets.ffld import FFLD
from core.nets.forest import RegressionForest
from core.nets.hourglass import MobileHourglass
from core.nets.stacked_hourglass import StackedHourglass
from core.nets.two_branch import TwoBranchResNet
from core.nets.unet import UNet

NETS: dict[str, Callable[..., nn.Module]] = {
    "ffld": FFLD,
    "forest": RegressionForest,
    "mobile-hourglass": MobileHourglass,
    "stacked-hourglass": StackedHourglass,
    "two-branch": TwoBranchResNet,
    "unet": UNet,
}


def build_net(architecture: str, arguments: Mapping[str, Any]) -> nn.Module:
    """The net a model card or a recipe names, freshly initialised.

    Raises:
        InputError: If the name is unknown or the arguments do not fit it.
    """
    if architecture not in NETS:
        raise InputError(
            f"There is no net called {architecture!r}; known are {', '.join(sorted(NETS))}."
        )
    try:
        return NETS[architecture](**arguments)
    except (TypeError, ValueError) as error:
        raise InputError(f"The net {architecture!r} cannot be built: {error}.") from error
