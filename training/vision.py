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

    def _detect(self, name: str, picture: np.ndarray) -> list[FaceBox]:
        size = DETECTORS[name]["size"]
        h, w = picture.shape[:2]
        scale = size / max(h, w)
        nw, nh = max(1, round(w * scale)), max(1, round(h * scale))
        canvas = np.zeros((size, size, 3), np.float32)
        left, top = (size - nw) // 2, (size - nh) // 2
        small = np.asarray(Image.fromarray(picture).resize((nw, nh), Image.Resampling.BILINEAR), np.float32)
        canvas[:] = -1
        canvas[top : top + nh, left : left + nw] = small / 127.5 - 1
        graph = self.detectors[name]
        port = graph.get_inputs()[0]
        x = canvas[None] if port.shape[-1] == 3 else canvas.transpose(2, 0, 1)[None]
        outputs = graph.run(None, {port.name: x})
        raw = next(o for o in outputs if o.shape[-1] == 16)[0]
        logit = next(o for o in outputs if o.shape[-1] == 1)[0][:, 0]
        score = 1 / (1 + np.exp(-logit.clip(-60, 60)))
        keep = np.where(score >= self.threshold)[0]
        keep = keep[np.argsort(-score[keep])]
        anchors = self.anchors[name]
        found: list[tuple[np.ndarray, float, float]] = []
        for i in keep:
            cx, cy = raw[i, 0] / size + anchors[i, 0], raw[i, 1] / size + anchors[i, 1]
            bw, bh = raw[i, 2] / size, raw[i, 3] / size
            eyes = raw[i, 4:8].reshape(2, 2) / size + anchors[i]
            box = np.array([(cx - bw / 2) * size - left, (cy - bh / 2) * size - top, bw * size, bh * size]) / scale
            roll = float(np.arctan2(eyes[1, 1] - eyes[0, 1], eyes[1, 0] - eyes[0, 0]))
            if all(iou(box, other) < 0.3 for other, _, _ in found):
                found.append((box, roll, float(score[i])))
        return [FaceBox(tuple(float(v) for v in box), roll, s) for box, roll, s in found]

    def landmarks(self, picture: np.ndarray, face: FaceBox) -> tuple[np.ndarray, float]:
        """([468, 2] in the face's upright frame, px of the 192 crop; presence probability)."""
        crop = face_crop(picture, face, LANDMARK_CROP, (0, 0), LANDMARK_SIZE).astype(np.float32) / 255
        port = self.mesh.get_inputs()[0]
        x = crop[None] if port.shape[-1] == 3 else crop.transpose(2, 0, 1)[None]
        outputs = self.mesh.run(None, {port.name: x})
        points = next(o for o in outputs if o.size == 1404).reshape(468, 3)
        presence = next(o for o in outputs if o.size == 1).item()
        return points[:, :2], 1 / (1 + np.exp(-presence))


def iou(a: np.ndarray, b: np.ndarray) -> float:
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    return float(w * h / (a[2] * a[3] + b[2] * b[3] - w * h))
