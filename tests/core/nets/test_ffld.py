"""FFLD: shapes, stages that start as identity, gradient paths, names, confidence."""

from __future__ import annotations

import pytest
import torch

from core.errors import InputError
from core.nets.confidence import confidence_logits
from core.nets.ffld import FFLD
from core.nets.registry import build_net
from core.nets.resnet import ResNetBody, load_backbone

SMALL = {"num_points": 7, "input_size": 64, "width": 0.125, "crop_width": 16}


@pytest.mark.parametrize("depth", [18, 50])
@pytest.mark.parametrize(("stem_pool", "pool"), [(True, "average"), (False, "grid")])
def test_gives_landmarks_and_confidence(depth: int, stem_pool: bool, pool: str):
    net = FFLD(**SMALL, depth=depth, stem_pool=stem_pool, pool=pool).eval()
    landmarks, confidence = net(torch.rand(2, 3, 64, 64))
    assert landmarks.shape == (2, 7, 2)
    assert confidence.shape == (2, 7)
    assert torch.isfinite(landmarks).all()


def test_stages_begin_as_identity():
    found = FFLD(**SMALL).eval().stages(torch.rand(2, 3, 64, 64))
    assert len(found.landmarks) == 4
    for stage in found.landmarks[1:]:
        torch.testing.assert_close(stage, found.landmarks[0])


def test_without_stages_it_is_the_baseline():
    net = FFLD(**SMALL, stages=0)
    assert len(net.stages(torch.rand(2, 3, 64, 64)).landmarks) == 1


def test_the_thesis_net_has_the_size_the_thesis_says():
    net = FFLD(num_points=68, input_size=224)
    own = sum(p.numel() for n, p in net.named_parameters() if not n.startswith("confidence"))
    assert own / 1e6 == pytest.approx(2.28, abs=0.03)


def _stirred(net: FFLD) -> FFLD:
    """Corrections other than zero, so that gradients flow through the CropNets."""
    for crop_net in net.crop_nets:
        torch.nn.init.normal_(crop_net.fc.weight, std=0.05)
    return net


def _refinement_gradient(net: FFLD) -> tuple[float, float]:
    """What the last stage's correction sends to conv1 (low-level maps) and to S₀'s layer."""
    net.stages(torch.rand(4, 3, 64, 64)).landmarks[-1].sum().backward()
    conv, fc = net.body.conv1.weight.grad, net.fc.bias.grad
    return (
        0.0 if conv is None else float(conv.abs().sum()),
        0.0 if fc is None else float(fc.abs().sum()),
    )


def test_both_gradient_paths_can_be_cut():
    torch.manual_seed(0)
    both = _refinement_gradient(_stirred(FFLD(**SMALL)))
    no_maps = _refinement_gradient(_stirred(FFLD(**SMALL, low_level_gradient=False)))
    no_place = _refinement_gradient(_stirred(FFLD(**SMALL, crop_location_gradient=False)))
    neither = _refinement_gradient(
        _stirred(FFLD(**SMALL, low_level_gradient=False, crop_location_gradient=False))
    )
    assert both[0] > 0
    assert both[1] > 0
    assert no_maps[1] > 0  # through S₀ alone
    assert no_place[0] > 0
    assert no_place[1] == 0
    assert neither == (0.0, 0.0)


def test_the_confidence_head_sends_no_gradient_back():
    net = _stirred(FFLD(**SMALL))
    net.stages(torch.rand(2, 3, 64, 64)).log_scale.sum().backward()
    assert net.confidence.out.weight.grad is not None
    assert all(p.grad is None for n, p in net.named_parameters() if not n.startswith("confidence"))


def test_confidence_is_the_chance_of_a_small_error():
    log_scale = torch.tensor([-3.0, -1.0, 0.0, 1.0, 3.5], dtype=torch.float64)
    chance = torch.sigmoid(confidence_logits(log_scale))
    torch.testing.assert_close(chance, 1 - torch.exp(-torch.exp(-log_scale)))


def test_set_mean_shape_is_where_s0_starts():
    net = FFLD(**SMALL).eval()
    torch.nn.init.zeros_(net.fc.weight)
    mean = torch.rand(7, 2) * 64
    net.set_mean_shape(mean)
    torch.testing.assert_close(net(torch.rand(1, 3, 64, 64))[0][0], mean, atol=1e-3, rtol=0)


def test_bodies_have_torchvisions_names_and_shapes():
    state = ResNetBody(18, 1.0).state_dict()
    assert state["conv1.weight"].shape == (64, 3, 7, 7)
    assert state["layer2.0.downsample.0.weight"].shape == (128, 64, 1, 1)
    assert state["layer4.1.bn2.running_var"].shape == (512,)
    deep = ResNetBody(50, 1.0).state_dict()
    assert deep["layer1.0.conv3.weight"].shape == (256, 64, 1, 1)
    assert deep["layer3.5.bn3.weight"].shape == (1024,)


def test_published_weights_load_by_name_and_misfits_are_refused():
    source, target = ResNetBody(18, 0.25), ResNetBody(18, 0.25)
    published = source.state_dict() | {"fc.weight": torch.zeros(1000, 128)}
    assert load_backbone(target, published) == len(source.state_dict())
    torch.testing.assert_close(target.layer3[0].conv1.weight, source.layer3[0].conv1.weight)
    with pytest.raises(ValueError, match="no tensor"):
        load_backbone(target, {"features.0.weight": torch.zeros(3)})


def test_the_registry_names_what_it_knows_and_what_does_not_fit():
    assert isinstance(build_net("ffld", SMALL), FFLD)
    with pytest.raises(InputError, match=r"known are .*ffld"):
        build_net("nothing", {})
    with pytest.raises(InputError, match="0 to 3"):
        build_net("ffld", {"stages": 4})
    with pytest.raises(InputError, match="ffld"):
        build_net("ffld", {"colour": "red"})
