"""Multi-perspective Visual Projection (MVP): scene and face tokens → image embeddings.

Idea: EmoLLM (arXiv 2406.16442), which looks at an image from two perspectives.
*Content*: learned queries attend to the visual tokens: what is there.
*Relation*: the visual tokens are nodes of a graph whose edges are learned similarity plus box
geometry; messages pass along them, then learned queries read the nodes: how the parts stand to
each other. The geometry term is that of Relation Networks (Hu et al., arXiv 1711.11575).
The baseline it must beat is `LinearProjection`: one linear map, pooled to as many tokens.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn as nn
import torch.nn.functional as F

GRID = 7
SCENE_TOKENS = GRID * GRID


@dataclass
class ProjectionConfig:
    scene_width: int = 320
    face_width: int = 192
    max_faces: int = 4
    face_tokens: int = 10
    width: int = 256
    heads: int = 4
    relation_layers: int = 2
    content_queries: int = 12
    """0 leaves this perspective out, and so for the next one."""
    relation_queries: int = 12
    hidden: int = 576
    scale: float = 0.15
    """Root mean square of the language model's own token embeddings: the output is brought to it."""

    @property
    def image_tokens(self) -> int:
        return self.content_queries + self.relation_queries


def patch_boxes() -> torch.Tensor:
    """[49, 4] centre x, centre y, width, height of the scene's cells, each over the picture's side."""
    c = (torch.arange(GRID) + 0.5) / GRID
    y, x = torch.meshgrid(c, c, indexing="ij")
    return torch.stack([x.flatten(), y.flatten(), torch.full((SCENE_TOKENS,), 1 / GRID), torch.full((SCENE_TOKENS,), 1 / GRID)], 1)


class Attention(nn.Module):
    """Multi-head attention with an additive bias [B, heads or 1, Q, K]."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width)
        self.kv = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)

    def forward(self, x: torch.Tensor, memory: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        b, n, d = x.shape
        m = memory.shape[1]
        q = self.q(x).view(b, n, self.heads, d // self.heads).transpose(1, 2)
        k, v = self.kv(memory).view(b, m, 2, self.heads, d // self.heads).permute(2, 0, 3, 1, 4)
        score = q @ k.transpose(2, 3) / math.sqrt(d // self.heads) + bias  # [B, heads, Q, K]
        return self.out((score.softmax(3) @ v).transpose(1, 2).reshape(b, n, d))


class Layer(nn.Module):
    """Pre-norm attention and MLP; `memory` is the layer's own input where it is None."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.norm_memory = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.norm2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(approximate="tanh"), nn.Linear(2 * width, width))

    def forward(self, x: torch.Tensor, memory: torch.Tensor | None, bias: torch.Tensor) -> torch.Tensor:
        y = self.norm1(x)
        x = x + self.attention(y, y if memory is None else self.norm_memory(memory), bias)
        return x + self.mlp(self.norm2(x))


class Projection(nn.Module):
    """scene_tokens [B, 49, D_s], face_tokens [B, F·10, D_f], face_boxes [B, F, 4], face_mask [B, F]
    → image_embeddings [B, T_image, hidden]. Boxes: centre x, y, width, height over the picture's sides.
    """

    def __init__(self, config: ProjectionConfig):
        super().__init__()
        self.config = c = config
        self.scene_in = nn.Sequential(nn.LayerNorm(c.scene_width), nn.Linear(c.scene_width, c.width))
        self.face_in = nn.Sequential(nn.LayerNorm(c.face_width), nn.Linear(c.face_width, c.width))
        self.box_in = nn.Linear(4, c.width)
        self.part = nn.Parameter(torch.randn(c.face_tokens, c.width) * 0.02)
        self.kind = nn.Parameter(torch.randn(2, c.width) * 0.02)
        self.register_buffer("cells", patch_boxes(), persistent=False)
        if c.content_queries:
            self.content_query = nn.Parameter(torch.randn(c.content_queries, c.width) * 0.5)
            self.content = nn.ModuleList([Layer(c.width, c.heads) for _ in range(2)])
        if c.relation_queries:
            self.geometry = nn.Sequential(nn.Linear(4, 16), nn.GELU(approximate="tanh"), nn.Linear(16, c.heads))
            self.relation = nn.ModuleList([Layer(c.width, c.heads) for _ in range(c.relation_layers)])
            self.relation_query = nn.Parameter(torch.randn(c.relation_queries, c.width) * 0.5)
            self.relation_read = Layer(c.width, c.heads)
        self.norm = nn.LayerNorm(c.width)
        if c.content_queries:
            self.content_out = nn.Linear(c.width, c.hidden)
        if c.relation_queries:
            self.relation_out = nn.Linear(c.width, c.hidden)
        self.gain = nn.Parameter(torch.ones(c.image_tokens, 1))

    def forward(self, scene_tokens: torch.Tensor, face_tokens: torch.Tensor, face_boxes: torch.Tensor, face_mask: torch.Tensor) -> torch.Tensor:
        c = self.config
        b = scene_tokens.shape[0]
        cells = self.cells[None].expand(b, -1, -1)
        scene = self.scene_in(scene_tokens) + self.box_in(cells) + self.kind[0]
        boxes = face_boxes[:, :, None].expand(-1, -1, c.face_tokens, -1).reshape(b, -1, 4)
        faces = self.face_in(face_tokens) + self.box_in(boxes) + self.kind[1] + self.part.repeat(c.max_faces, 1)
        nodes = torch.cat([scene, faces], 1)  # [B, N, width]
        mask = face_mask[:, :, None].expand(-1, -1, c.face_tokens).reshape(b, -1)
        present = torch.cat([torch.ones_like(scene_tokens[:, :, 0]), mask], 1)  # [B, N]
        hidden = ((1 - present) * -1e4)[:, None, None]  # [B, 1, 1, N]

        perspectives = []
        if c.content_queries:
            content = self.content_query[None].expand(b, -1, -1)
            for layer in self.content:
                content = layer(content, nodes, hidden)
            perspectives.append((content, self.content_out))
        if c.relation_queries:
            place = torch.cat([cells, boxes], 1)  # [B, N, 4]
            centre, size = place[..., :2], place[..., 2:].clamp(min=0.01)
            offset = (centre[:, None] - centre[:, :, None]) / size[:, :, None]  # [B, N, N, 2]
            offset = torch.sign(offset) * torch.log1p(offset.abs())
            ratio = torch.log(size)[:, None] - torch.log(size)[:, :, None]
            geometry = self.geometry(torch.cat([offset, ratio], 3)).permute(0, 3, 1, 2)  # [B, heads, N, N]
            for layer in self.relation:
                nodes = layer(nodes, None, geometry + hidden)
            relation = self.relation_read(self.relation_query[None].expand(b, -1, -1), nodes, hidden)
            perspectives.append((relation, self.relation_out))

        out = torch.cat([out(self.norm(x)) for x, out in perspectives], 1)
        return F.layer_norm(out, (c.hidden,)) * (c.scale * self.gain)  # [B, T_image, hidden]


class LinearProjection(nn.Module):
    """The baseline: the same tokens, one linear map a kind, averaged to the same number of embeddings."""

    def __init__(self, config: ProjectionConfig):
        super().__init__()
        self.config = c = config
        self.scene = nn.Linear(c.scene_width, c.hidden)
        self.face = nn.Linear(c.face_width, c.hidden)

    def forward(self, scene_tokens: torch.Tensor, face_tokens: torch.Tensor, face_boxes: torch.Tensor, face_mask: torch.Tensor) -> torch.Tensor:
        c = self.config
        scene = self.scene(scene_tokens).transpose(1, 2).reshape(-1, c.hidden, GRID, GRID)
        scene = F.adaptive_avg_pool2d(scene, (2, 7)).flatten(2).transpose(1, 2)  # [B, 14, hidden]
        b = face_tokens.shape[0]
        each = self.face(face_tokens).view(b, c.max_faces, c.face_tokens, c.hidden)
        weight = face_mask[:, :, None, None]
        faces = (each * weight).sum(1) / weight.sum(1).clamp(min=1)  # [B, 10, hidden]
        out = torch.cat([scene, faces], 1)[:, : c.image_tokens]
        return F.layer_norm(out, (c.hidden,)) * c.scale
