"""Faces, landmarks and crops in Python, for the training caches: the twin of src/model's fast path.

Ignorant of emotions. Pictures are RGB uint8 [H, W, 3]; boxes are (x, y, width, height) in px.
"""

from dataclasses import dataclass

import numpy as np
import onnxruntime as ort
from PIL import Image

from common import WORK

DETECTORS = {
    "face-detector-short": {"size": 128, "layers": [{"stride": 8, "anchors": 2}, {"stride": 16, "anchors": 6}]},
    "face-detector-full": {"size": 192, "layers": [{"stride": 4, "anchors": 1}]},
}
LANDMARK_CROP = 1.5
LANDMARK_SIZE = 192


@dataclass
class FaceBox:
    box: tuple[float, float, float, float]
    roll: float
    score: float


@dataclass
class Candidate:
    """An anchor's face in px of a detector's square: x, y, width, height; right and left eye [2, 2]."""

    box: np.ndarray
    eyes: np.ndarray
    score: float


def session(name: str) -> ort.InferenceSession:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 2
    return ort.InferenceSession(str(WORK / "onnx" / f"{name}.onnx"), options, providers=["CPUExecutionProvider"])


def square_crop(picture: np.ndarray, centre: tuple[float, float], side: float, roll: float, size: int) -> np.ndarray:
    """Upright square of `side` px about `centre`, tilted by `roll`, as uint8 [size, size, 3]; edges repeat."""
    factor = int(min(8, max(1, np.ceil(side / size - 1e-6))))  # sample finer and average: no aliasing
    n = size * factor
    step = (np.arange(n) + 0.5) / n - 0.5
    dx, dy = np.meshgrid(step * side, step * side)
    cos, sin = np.cos(roll), np.sin(roll)
    x = centre[0] + cos * dx - sin * dy - 0.5
    y = centre[1] + sin * dx + cos * dy - 0.5
    h, w = picture.shape[:2]
    x, y = x.clip(0, w - 1), y.clip(0, h - 1)
    x0, y0 = np.floor(x).astype(int), np.floor(y).astype(int)
    x1, y1 = np.minimum(x0 + 1, w - 1), np.minimum(y0 + 1, h - 1)
    fx, fy = (x - x0)[..., None], (y - y0)[..., None]
    out = (picture[y0, x0] * (1 - fx) + picture[y0, x1] * fx) * (1 - fy) + (picture[y1, x0] * (1 - fx) + picture[y1, x1] * fx) * fy
    if factor > 1:
        out = out.reshape(size, factor, size, factor, 3).mean((1, 3))
    return (out + 0.5).astype(np.uint8)


def face_crop(picture: np.ndarray, face: FaceBox, scale: float, shift: tuple[float, float], size: int) -> np.ndarray:
    """The encoder's crop: side = scale × longer box side, moved by shift × side along the face's own axes."""
    x, y, w, h = face.box
    side = max(w, h) * scale
    cos, sin = np.cos(face.roll), np.sin(face.roll)
    dx, dy = shift[0] * side, shift[1] * side
    centre = (x + w / 2 + cos * dx - sin * dy, y + h / 2 + sin * dx + cos * dy)
    return square_crop(picture, centre, side, face.roll, size)


def grey(picture: np.ndarray) -> np.ndarray:
    return picture @ np.array([0.299, 0.587, 0.114])


class FaceFinder:
    """BlazeFace short range, then full range where it finds nothing; landmarks by the 468-point mesh."""

    def __init__(self, threshold: float = 0.5):
        self.threshold = threshold
        self.detectors = {name: session(name) for name in DETECTORS}
        self.mesh = session("face-landmarks")
        self.anchors = {}
        for name, entry in DETECTORS.items():
            rows = []
            for layer in entry["layers"]:
                n = entry["size"] // layer["stride"]
                for y in range(n):
                    for x in range(n):
                        rows += [((x + 0.5) / n, (y + 0.5) / n)] * layer["anchors"]
            self.anchors[name] = np.array(rows)

    def detect(self, picture: np.ndarray) -> list[FaceBox]:
        """Faces, largest first."""
        for name in DETECTORS:
            if faces := self._detect(name, picture):
                return sorted(faces, key=lambda f: -f.box[2] * f.box[3])
        return []

    def _candidates(self, name: str, square: np.ndarray) -> list[Candidate]:
        """All anchors above the threshold, likeliest first. `square`: RGB [size, size, 3] in 0..255."""
        size, graph, anchors = DETECTORS[name]["size"], self.detectors[name], self.anchors[name]
        port = graph.get_inputs()[0]
        x = square.astype(np.float32)[None] / 127.5 - 1
        outputs = graph.run(None, {port.name: x if port.shape[-1] == 3 else x.transpose(0, 3, 1, 2)})
        raw = next(o for o in outputs if o.shape[-1] == 16)[0]
        logit = next(o for o in outputs if o.shape[-1] == 1)[0][:, 0]
        score = 1 / (1 + np.exp(-logit.clip(-60, 60)))
        keep = np.where(score >= self.threshold)[0]
        found = []
        for i in keep[np.argsort(-score[keep])]:
            centre, sides = raw[i, :2] + anchors[i] * size, raw[i, 2:4]
            eyes = raw[i, 4:8].reshape(2, 2) + anchors[i] * size
            found.append(Candidate(np.concatenate([centre - sides / 2, sides]), eyes, float(score[i])))
        return found

    def _detect(self, name: str, picture: np.ndarray) -> list[FaceBox]:
        size = DETECTORS[name]["size"]
        h, w = picture.shape[:2]
        scale = size / max(h, w)
        nw, nh = max(1, round(w * scale)), max(1, round(h * scale))
        square = np.zeros((size, size, 3), np.float32)
        left, top = (size - nw) // 2, (size - nh) // 2
        square[top : top + nh, left : left + nw] = np.asarray(Image.fromarray(picture).resize((nw, nh), Image.Resampling.BILINEAR))
        kept: list[Candidate] = []
        for face in self._candidates(name, square):
            if all(iou(face.box, other.box) < 0.3 for other in kept):
                kept.append(face)
        return [FaceBox(tuple(float(v) for v in (f.box - [left, top, 0, 0]) / scale), roll_of(f.eyes), f.score) for f in kept]

    def detect_still(self, picture: np.ndarray) -> list[FaceBox]:
        """Faces of a still as the engine finds them, largest first: the twin of `detectFaces` in src/model/face-detector.ts and of
        what fast-path.ts leaves out. `detect`, with which the training caches were made, looks less hard.
        """
        h, w = picture.shape[:2]
        whole = (0, 0, w, h)
        found = merge_scales(self._detect_in("face-detector-short", picture, whole) + self._detect_in("face-detector-full", picture, whole))
        for tiles in tile_levels(w, h, DETECTORS["face-detector-full"]["size"]):
            if found and min(max(f.box[2:]) for f in found) > FACE_PER_TILE * tiles[0][2]:
                break
            more = [f for tile in tiles for f in self._detect_in("face-detector-full", picture, tile) if lies_inside(f.box, tile, w, h)]
            found = merge_scales(found + more)
        doubt = (1 + self.threshold) / 2
        sure = [f for f in found if f.score >= doubt or self.landmarks(picture, f)[1] >= PRESENCE]
        return sorted(sure, key=lambda f: -f.box[2] * f.box[3])

    def _detect_in(self, name: str, picture: np.ndarray, part: tuple[int, int, int, int]) -> list[FaceBox]:
        """Faces in x, y, width, height of the picture; boxes that overlap are averaged by score (arXiv 1907.05047, 4.3)."""
        size = DETECTORS[name]["size"]
        x, y, w, h = part
        scale = size / max(w, h)
        nw, nh = max(1, int(w * scale + 0.5)), max(1, int(h * scale + 0.5))
        left, top = (size - nw) // 2, (size - nh) // 2
        square = np.zeros((size, size, 3), np.float32)
        square[top : top + nh, left : left + nw] = shrink(picture[y : y + h, x : x + w], nw, nh)
        rest = [f for f in self._candidates(name, square) if f.box[2] > 0 and f.box[3] > 0]
        faces = []
        while rest:
            best = rest[0]
            near = [f is best or iou(f.box, best.box) > 0.3 for f in rest]
            group = [f for f, same in zip(rest, near, strict=True) if same]
            rest = [f for f, same in zip(rest, near, strict=True) if not same]
            share = np.array([f.score for f in group]) / sum(f.score for f in group)
            box = sum(s * f.box for s, f in zip(share, group, strict=True))
            eyes = sum(s * f.eyes for s, f in zip(share, group, strict=True))
            across, down = nw / w, nh / h
            at = ((box[0] - left) / across + x, (box[1] - top) / down + y, box[2] / across, box[3] / down)
            faces.append(FaceBox(tuple(float(v) for v in at), roll_of((eyes - [left, top]) / [across, down]), best.score))
        return faces

    def landmarks(self, picture: np.ndarray, face: FaceBox) -> tuple[np.ndarray, float]:
        """([468, 2] in the face's upright frame, px of the 192 crop; presence probability)."""
        crop = face_crop(picture, face, LANDMARK_CROP, (0, 0), LANDMARK_SIZE).astype(np.float32) / 255
        port = self.mesh.get_inputs()[0]
        x = crop[None] if port.shape[-1] == 3 else crop.transpose(2, 0, 1)[None]
        outputs = self.mesh.run(None, {port.name: x})
        points = next(o for o in outputs if o.size == 1404).reshape(468, 3)
        presence = next(o for o in outputs if o.size == 1).item()
        return points[:, :2], 1 / (1 + np.exp(-presence))


def shared(a: np.ndarray | tuple[float, ...], b: np.ndarray | tuple[float, ...]) -> float:
    """The area that two boxes have in common."""
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    return float(w * h) if w > 0 and h > 0 else 0.0


def iou(a: np.ndarray | tuple[float, ...], b: np.ndarray | tuple[float, ...]) -> float:
    both = shared(a, b)
    return both / (a[2] * a[3] + b[2] * b[3] - both) if both else 0.0


def roll_of(eyes: np.ndarray) -> float:
    return float(np.arctan2(eyes[1, 1] - eyes[0, 1], eyes[1, 0] - eyes[0, 0]))


def area_weights(old: int, new: int) -> np.ndarray:
    """[new, old]: the share of each old pixel under a new one; growing is bilinear."""
    scale, pixel = old / new, np.arange(old)
    if scale > 1:
        low = np.arange(new)[:, None] * scale
        weights = np.minimum(low + scale, pixel + 1) - np.maximum(low, pixel)
    else:
        weights = 1 - abs(pixel + 0.5 - (np.arange(new)[:, None] + 0.5) * scale)
    weights = weights.clip(0)
    return weights / weights.sum(1, keepdims=True)


def shrink(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """As `resize` of src/model/image.ts with its area filter, in whole grey levels."""
    h, w = picture.shape[:2]
    rows = np.tensordot(area_weights(h, height), picture.astype(np.float64), 1)  # [height, w, 3]
    return np.rint(np.einsum("xw,hwc->hxc", area_weights(w, width), rows))


# As in src/model/face-detector.ts, which says why.
TILES_ACROSS = (1.5, 3, 6)
TILE_OVERLAP = 1 / 3
MAX_TILES_A_LEVEL = 64
FACE_PER_TILE = 0.5
SAME_FACE = 0.6
PRESENCE = 0.5


def tile_levels(width: int, height: int, detector: int) -> list[list[tuple[int, int, int, int]]]:
    def starts(length: int, side: int) -> list[int]:
        steps = max(0, int(np.ceil((length - side) / (side * (1 - TILE_OVERLAP)))))
        return [int(i * (length - side) / steps + 0.5) if steps else 0 for i in range(steps + 1)]

    levels = []
    for across in TILES_ACROSS:
        side = int(min(width, height) / across + 0.5)
        if side < detector or len(starts(width, side)) * len(starts(height, side)) > MAX_TILES_A_LEVEL:
            break
        levels.append([(x, y, side, side) for y in starts(height, side) for x in starts(width, side)])
    return levels


def lies_inside(box: tuple[float, ...], tile: tuple[int, ...], width: int, height: int) -> bool:
    margin = 0.02 * tile[2]
    return (
        (tile[0] == 0 or box[0] > tile[0] + margin)
        and (tile[1] == 0 or box[1] > tile[1] + margin)
        and (tile[0] + tile[2] >= width or box[0] + box[2] < tile[0] + tile[2] - margin)
        and (tile[1] + tile[3] >= height or box[1] + box[3] < tile[1] + tile[3] - margin)
    )


def merge_scales(faces: list[FaceBox]) -> list[FaceBox]:
    """The likeliest box of each face stays; those that lie mostly in it or around it go."""
    kept: list[FaceBox] = []
    for face in sorted(faces, key=lambda f: -f.score):
        area = face.box[2] * face.box[3]
        if not any(iou(o.box, face.box) > 0.3 or shared(o.box, face.box) / min(area, o.box[2] * o.box[3]) > SAME_FACE for o in kept):
            kept.append(face)
    return kept
