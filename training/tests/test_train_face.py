"""Training of the face encoder: its quick way backwards computes the same, the head knows where."""

import pytest
import torch

import norms
import train_face
from face_encoder import ConvNorm, FaceEncoder, FaceEncoderConfig
from tiny import random_face_encoder


@pytest.mark.parametrize("side", [6, 12])
def test_a_strided_layer_computes_in_training_what_it_computes_after_it(side):
    layer = ConvNorm(4, 4, 3, stride=2, groups=4).eval()
    torch.nn.init.uniform_(layer.norm.bias, 1, 3)  # within ReLU6's reach
    x = torch.randn(3, 4, side, side, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        after = layer(x)
        layer.training = True  # the layer alone: its norm keeps to the running statistics
        during = layer(x)
    assert after.shape == (3, 4, side // 2, side // 2) and after.std() > 0.3
    torch.testing.assert_close(during, after)


def test_the_head_knows_where():
    """Two faces whose tokens differ in their order alone are read differently: a mean would not tell them apart."""
    torch.manual_seed(3)
    model = FaceEncoder(FaceEncoderConfig(stem=4, blocks=((8, 2), (8, 2), (8, 2)), token_width=8, zoom=1)).eval()
    tokens = torch.randn(1, 10, 8)
    turned = tokens[:, [*range(8, -1, -1), 9]]
    assert (model.head(tokens.flatten(1)) - model.head(turned.flatten(1))).abs().max() > 0.01
    x = torch.randn(2, 1, 48, 48)
    logits, read = model(x)
    torch.testing.assert_close(logits, model.head(read.flatten(1)))


@pytest.mark.parametrize("folded", [True, False])
def test_norms_are_renewed_without_a_change_of_function(folded):
    torch.manual_seed(4)
    model = random_face_encoder()
    for layer in (*model.body, model.neck):  # as they come back from a pack: they pass everything through
        norms.pass_through(layer.norm, torch.randn(layer.norm.num_features) + 0.5)
        if not folded:  # as training leaves them
            layer.norm.running_mean.normal_()
            layer.norm.running_var.uniform_(0.5, 2)
    images = torch.randn(64, 1, 48, 48)
    with torch.no_grad():
        before = model.eval()(images)
        norms.renew_all(model, [(layer.conv, layer.norm) for layer in (*model.body, model.neck)], images)
        after = model.eval()(images)
        during = model.train()(images)[1]
    torch.testing.assert_close(after, before)
    assert train_face.moved(during, before[1]) < 0.01  # in training, too, it begins where it was
    assert train_face.moved(torch.zeros_like(before[1]), before[1]) >= 1
