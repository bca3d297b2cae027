"""Batch norms of a network whose norms were folded into its convolutions: put back so that it can be trained, without a change of function.

Training went far slower without them.
"""

import torch
import torch.nn as nn


@torch.no_grad()
def pass_through(norm: nn.BatchNorm2d, bias: torch.Tensor) -> None:
    """A norm that was folded into its convolution: it adds `bias` [C] and does nothing else."""
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)
    norm.weight.fill_(1)
    norm.bias.copy_(bias)


@torch.no_grad()
def renew(norm: nn.BatchNorm2d, y: torch.Tensor) -> None:
    """Gives a norm the statistics of `y` [N, C, H, W], which comes to it, and the scale and offset with which its function stays."""
    mean, variance = y.mean((0, 2, 3)), y.var((0, 2, 3)).clamp(min=1e-4)
    gain = norm.weight / (norm.running_var + norm.eps).sqrt()
    norm.bias.add_(gain * (mean - norm.running_mean))
    norm.weight.copy_(gain * (variance + norm.eps).sqrt())
    norm.running_mean.copy_(mean)
    norm.running_var.copy_(variance)


@torch.no_grad()
def renew_all(model: nn.Module, pairs: list[tuple[nn.Conv2d, nn.BatchNorm2d]], sample: torch.Tensor) -> None:
    """`renew` of each norm behind its convolution with what `sample` brings there, in one pass of the model."""
    hooks = [conv.register_forward_hook(lambda _module, _inputs, y, norm=norm: renew(norm, y)) for conv, norm in pairs]
    model.eval()
    try:
        model(sample)
    finally:
        for hook in hooks:
            hook.remove()
