"""The projection: padding must not leak, both perspectives must look."""

import torch

from projection import LinearProjection, Projection, ProjectionConfig

CONFIG = ProjectionConfig(scene_width=12, face_width=8, width=16, hidden=20, content_queries=3, relation_queries=3)


def inputs(seed: int = 0) -> list[torch.Tensor]:
    g = torch.Generator().manual_seed(seed)
    return [
        torch.randn(2, 49, 12, generator=g),
        torch.randn(2, 40, 8, generator=g),
        torch.rand(2, 4, 4, generator=g),
        torch.tensor([[1.0, 1, 0, 0], [0, 0, 0, 0]]),
    ]


def test_padding_does_not_reach_the_output():
    for kind in (Projection, LinearProjection):
        torch.manual_seed(0)
        module = kind(CONFIG).eval()
        a = inputs()
        b = [t.clone() for t in a]
        b[1][0, 20:] = 99.0  # tokens of faces 3 and 4, which are not there
        b[1][1] = -7.0
        assert torch.allclose(module(*a), module(*b), atol=1e-4)


def test_present_faces_do():
    torch.manual_seed(0)
    module = Projection(CONFIG).eval()
    a = inputs()
    b = [t.clone() for t in a]
    b[1][0, :20] += torch.randn(20, 8)
    change = (module(*a) - module(*b)).abs().amax(2)[0]
    assert change[:3].max() > 1e-3  # content
    assert change[3:].max() > 1e-3  # relation


def test_relation_sees_geometry():
    """Moving a face changes what the relation perspective says."""
    torch.manual_seed(0)
    module = Projection(CONFIG).eval()
    a = inputs()
    b = [t.clone() for t in a]
    b[2][0, 0, 0] = 1 - b[2][0, 0, 0]
    assert (module(*a) - module(*b)).abs().amax(2)[0, 3:].max() > 1e-4


def test_scale_is_that_of_words():
    torch.manual_seed(0)
    out = Projection(CONFIG)(*inputs())
    assert abs(out.pow(2).mean().sqrt().item() - CONFIG.scale) < 0.02
