"""Everything before the language model, computed once and kept.

    python caches.py evidence [--faces 9000] [--tiny]   # detector, landmarks: work/cache/{faces,memes}_*.npz
    python caches.py features [--faces N] [--memes N]   # after train_face.py and action_units.py: tokens, readings
    python caches.py tokens                             # after another train_face.py: what the face encoder reads, put into the same files

`evidence` takes minutes on two cores; so does `features` (the scene encoder at 224 px is most of it).
"""

import argparse
import csv
import io
import json
import tarfile
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from PIL import Image

import action_units
import ferplus
from common import DATA, DEVICE, SEED, WORK
from vision import FaceBox, FaceFinder, face_crop, grey

CACHE = WORK / "cache"
# The crop of FER2013 against BlazeFace's box on the same faces: medians over 300 majority faces of
# train, set in a grey margin (side over longer box side; shift of the centre in units of the side).
CROP_SCALE, CROP_SHIFT = 1.18, (0.0, -0.09)
MAX_FACES = 4
SCENE = 224
"""Side of the scene encoder's picture, px."""


def box_of_crop(side: float) -> FaceBox:
    """The detector box that would have given this picture as its crop: how cropped faces enter."""
    inner = side / CROP_SCALE
    centre = (side / 2 - CROP_SHIFT[0] * side, side / 2 - CROP_SHIFT[1] * side)
    return FaceBox((centre[0] - inner / 2, centre[1] - inner / 2, inner, inner), 0.0, 1.0)


def choose_faces(split: str, count: int) -> np.ndarray:
    """Indices into the split: readable faces, rarer labels oversampled by the root of their rarity."""
    _, votes = ferplus.load(split)
    shares, usable = ferplus.soft_targets(votes)
    if split != "train":
        _, sure = ferplus.majority(votes)
        index = np.where(sure)[0]
        return np.random.default_rng(SEED).permutation(index)[:count]
    index = np.where(usable & (shares.max(1) > 0.5))[0]
    label = shares[index].argmax(1)
    weight = 1 / np.sqrt(np.bincount(label, minlength=8)[label])
    return np.random.default_rng(SEED).choice(index, size=min(count, len(index)), replace=False, p=weight / weight.sum())


def cache_faces(finder: FaceFinder, split: str, count: int) -> None:
    images, votes = ferplus.load(split)
    shares, _ = ferplus.soft_targets(votes)
    index = choose_faces(split, count)
    points, presence = np.zeros((len(index), 468, 2), np.float32), np.zeros(len(index), np.float32)
    face = box_of_crop(96)
    for row, i in enumerate(index):
        picture = np.asarray(Image.fromarray(images[i]).resize((96, 96), Image.Resampling.BICUBIC))
        points[row], presence[row] = finder.landmarks(np.repeat(picture[..., None], 3, 2), face)
    np.savez(CACHE / f"faces_{split}.npz", index=index, images=images[index], shares=shares[index], landmarks=points, presence=presence)
    print(f"faces {split}: {len(index)}, landmarks present {np.mean(presence > 0.5):.3f}", flush=True)


def pictures(folder: str, suffix: str = ".jpg") -> dict[str, bytes]:
    with tarfile.open(DATA / folder / "images.tar") as archive:
        return {member.name.rsplit("/", 1)[-1].removesuffix(suffix): archive.extractfile(member).read() for member in archive if member.isfile()}


def rows_of(folder: str) -> list[dict[str, str]]:
    with open(DATA / folder / "labels.csv", newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def cache_pictures(finder: FaceFinder, folder: str, limit: int | None) -> None:
    """Faces in memes or scenes: boxes over the picture's sides, crops, landmarks; small copies for the scene encoder."""
    data = pictures(folder)
    rows = rows_of(folder)[:limit]
    ids, small, owner, boxes, crops, points, counts = [], [], [], [], [], [], []
    for row in rows:
        picture = np.asarray(Image.open(io.BytesIO(data[row["id"]])).convert("RGB"))
        h, w = picture.shape[:2]
        faces = finder.detect(picture)
        counts.append(len(faces))
        for face in faces[:MAX_FACES]:
            x, y, bw, bh = face.box
            owner.append(len(ids))
            boxes.append([(x + bw / 2) / w, (y + bh / 2) / h, bw / w, bh / h])
            crops.append(grey(face_crop(picture, face, CROP_SCALE, CROP_SHIFT, 48)).round().astype(np.uint8))
            points.append(finder.landmarks(picture, face)[0])
        ids.append(row["id"])
        small.append(np.asarray(Image.fromarray(picture).resize((224, 224), Image.Resampling.BILINEAR)))
    np.savez(
        CACHE / f"{folder}.npz",
        ids=np.array(ids),
        counts=np.array(counts),
        small=np.array(small),
        owner=np.array(owner, np.int64),
        boxes=np.array(boxes, np.float32).reshape(-1, 4),
        crops=np.array(crops, np.uint8).reshape(-1, 48, 48),
        landmarks=np.array(points, np.float32).reshape(-1, 468, 2),
    )
    print(f"{folder}: {len(ids)} pictures, {len(owner)} faces", flush=True)


@torch.no_grad()
def read_faces(images: np.ndarray, augmented: bool) -> tuple[np.ndarray, np.ndarray]:
    """(probabilities [N, 8], face tokens float16 [N, 10, D_f]) by the trained face encoder, as the engine reads pictures: the mirror image has its
    say in what is read, not in the tokens.

    Training faces go through the training augmentation: on plain ones the reader is surer than
    it will be on faces that it has not seen.
    """
    from face_encoder import read_both_ways, restore

    state = torch.load(WORK / "face" / "face.pt", map_location="cpu", weights_only=False)
    model = restore(state)
    model.to(DEVICE, memory_format=torch.channels_last).eval()
    temperature = json.loads((WORK / "face" / "calibration.json").read_text())["temperature"]
    torch.manual_seed(SEED)
    probabilities, tokens = [], []
    for start in range(0, len(images), 256):
        x = torch.from_numpy(images[start : start + 256])[:, None].float().to(DEVICE)
        if augmented:
            x = ferplus.augment(x)
        x = ferplus.normalise(x)
        logits, token = read_both_ways(model, x)
        probabilities.append((logits / temperature).softmax(1).cpu().numpy())
        tokens.append(token.half().cpu().numpy())
    return np.concatenate(probabilities), np.concatenate(tokens)


def read_evidence(images: np.ndarray, landmarks: np.ndarray, augmented: bool = False) -> dict[str, np.ndarray]:
    """What the face encoder and the action-unit rules say of crops uint8 [N, 48, 48] with landmarks [N, 468, 2]."""
    rules = json.loads((WORK / "action_units.json").read_text())
    probabilities, tokens = read_faces(images, augmented)
    units = action_units.probabilities(rules, landmarks.astype(np.float64))
    circumplex = np.array([ferplus.CIRCUMPLEX[name] for name in ferplus.LABELS])
    return {"readings": probabilities, "affect": probabilities @ circumplex, "tokens": tokens, "units": np.array([json.dumps(u) for u in units])}


def light_of(images: np.ndarray) -> dict[str, np.ndarray]:
    """Mean and deviation of the crops' grey levels."""
    return {"light": images.mean((1, 2)), "contrast": images.std((1, 2))}


@torch.no_grad()
def scene_tokens(small: np.ndarray) -> np.ndarray:
    """uint8 RGB [N, 224, 224, 3] → float16 [N, 49, D_s]. On a CPU by the exported graph, which is five times as fast there."""
    import scene_encoder
    from convert import open_session
    from export import export_scene_encoder

    model = scene_encoder.load_scene_encoder().eval()
    if DEVICE.type == "cpu":
        mean, std = np.array(scene_encoder.MEAN, np.float32), np.array(scene_encoder.STD, np.float32)
        export_scene_encoder(model, scene_encoder.SIZE, scene_encoder.TOKEN_WIDTH, CACHE)
        session = open_session(str(CACHE / "scene-encoder.onnx"), torch.get_num_threads())
        pixels = (np.ascontiguousarray(((picture.astype(np.float32) / 255 - mean) / std).transpose(2, 0, 1))[None] for picture in small)
        return np.concatenate([session.run(["patch_tokens"], {"pixel_values": x})[0].astype(np.float16) for x in pixels])
    model.to(DEVICE)
    mean, std = (torch.tensor(values, device=DEVICE)[:, None, None] for values in (scene_encoder.MEAN, scene_encoder.STD))
    out = []
    for start in range(0, len(small), 128):
        x = torch.from_numpy(small[start : start + 128]).to(DEVICE).permute(0, 3, 1, 2).float() / 255
        out.append(model((x - mean) / std)[0].half().cpu().numpy())
    return np.concatenate(out)


def box_in(x: int, y: int, side: int) -> list[float]:
    """The box, as the projection takes it, of a face whose crop lies at x, y of a scene of 224 px."""
    inner = 1 / CROP_SCALE
    part = side / SCENE
    return [x / SCENE + part / 2, y / SCENE + part * (0.5 - CROP_SHIFT[1]), part * inner, part * inner]


def places_of(count: int, rng: np.random.Generator) -> list[tuple[int, int, int]]:
    """(x, y, side) of up to `count` faces in a scene, the largest first, none over another; those that find no room are left out."""
    largest = int(SCENE * (rng.uniform(0.2, 0.8) if count == 1 else rng.uniform(0.3, 0.55)))
    out: list[tuple[int, int, int]] = []
    for number in range(count):
        side = largest if number == 0 else int(largest * rng.uniform(0.45, 0.95))
        for _ in range(12):
            x, y = int(rng.integers(0, SCENE - side + 1)), int(rng.integers(0, SCENE - side + 1))
            if all(x + side <= a or a + s <= x or y + side <= b or b + s <= y for a, b, s in out):
                out.append((x, y, side))
                break
    return [out[0], *sorted(out[1:], key=lambda place: -place[2])]


def compose_scene(faces: list[np.ndarray], background: np.ndarray | None, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Faces set into a scene: (RGB uint8 [224, 224, 3], boxes [up to faces, 4] as the projection takes them), the largest first.

    FER+ faces fill their picture; a camera's do not. Without a background the first face is the picture.
    """
    if background is None:
        picture = np.asarray(Image.fromarray(faces[0]).resize((SCENE, SCENE), Image.Resampling.BILINEAR))
        return np.repeat(picture[..., None], 3, 2), np.array([box_in(0, 0, SCENE)], np.float32)
    picture, places = background.copy(), places_of(len(faces), rng)
    tint = np.clip(np.array([1.08, 0.97, 0.88]) * rng.uniform(0.9, 1.1), 0, 1.2)
    for face, (x, y, side) in zip(faces, places, strict=False):
        patch = np.asarray(Image.fromarray(face).resize((side, side), Image.Resampling.BILINEAR), np.float32)
        picture[y : y + side, x : x + side] = (patch[..., None] * tint).clip(0, 255).astype(np.uint8)
    return picture, np.array([box_in(*place) for place in places], np.float32)


def compose_scenes(images: np.ndarray, empty: np.ndarray, alone: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """→ (pictures, boxes [N, 4], other faces' rows [N, 3] with -1 for none, their boxes [N, 3, 4]). `alone`: each face is its picture,
    as in an evaluation. Else six in ten are set into a scene, three in ten of those among others.
    """
    others, other_boxes = np.full((len(images), MAX_FACES - 1), -1), np.zeros((len(images), MAX_FACES - 1, 4), np.float32)
    pictures, boxes = np.empty((len(images), SCENE, SCENE, 3), np.uint8), np.empty((len(images), 4), np.float32)

    def compose(i: int) -> None:
        rng = np.random.default_rng([SEED, i])
        background = empty[rng.integers(len(empty))] if not alone and rng.random() < 0.6 else None
        beside = rng.integers(0, len(images), rng.integers(1, MAX_FACES)) if background is not None and rng.random() < 0.3 else []
        pictures[i], found = compose_scene([images[i], *images[beside]], background, rng)
        boxes[i], rest = found[0], found[1:]
        others[i, : len(rest)], other_boxes[i, : len(rest)] = beside[: len(rest)], rest

    with ThreadPoolExecutor() as pool:
        list(pool.map(compose, range(len(images))))
    return pictures, boxes, others, other_boxes


def first_pictures(folder: str, count: int | None) -> dict[str, np.ndarray]:
    """The cache of a folder, cut to `count` pictures drawn over all of it, with their faces."""
    with np.load(CACHE / f"{folder}.npz") as archive:
        cache = {name: archive[name] for name in archive.files}
    if count is None or count >= len(cache["ids"]):
        return cache
    chosen = np.sort(np.random.default_rng(SEED).permutation(len(cache["ids"]))[:count])
    place = np.full(len(cache["ids"]), -1)
    place[chosen] = np.arange(count)
    kept = place[cache["owner"]] >= 0
    out = {name: cache[name][chosen] for name in ("ids", "counts", "small")}
    return out | {name: cache[name][kept] for name in ("boxes", "crops", "landmarks")} | {"owner": place[cache["owner"]][kept]}


def features(limits: dict[str, int | None]) -> None:
    """`limits`: how many items of train, valid, test (faces) and memes; None is all."""
    scenes = np.load(CACHE / "scenes.npz")
    train_scenes = np.array([row["split"] == "train" for row in rows_of("scenes")])[: len(scenes["ids"])]
    empty = scenes["small"][train_scenes & (scenes["counts"] == 0)]
    for split in ("train", "valid", "test"):
        with np.load(CACHE / f"faces_{split}.npz") as archive:
            cache = {name: archive[name][: limits[split]] for name in archive.files}
        pictures, boxes, others, other_boxes = compose_scenes(cache["images"], empty, alone=split != "train")
        np.savez(
            CACHE / f"features_faces_{split}.npz",
            **read_evidence(cache["images"], cache["landmarks"], augmented=split == "train"),
            boxes=boxes,
            others=others,
            other_boxes=other_boxes,
            scene=scene_tokens(pictures),
            shares=cache["shares"],
            presence=cache["presence"],
            **light_of(cache["images"]),
        )
        print(f"features of {len(pictures)} faces, {split}", flush=True)
    meme_features(limits["memes"])


def meme_features(limit: int | None) -> None:
    cache = first_pictures("memes", limit)
    np.savez(
        CACHE / "features_memes.npz",
        ids=cache["ids"],
        counts=cache["counts"],
        owner=cache["owner"],
        boxes=cache["boxes"],
        **read_evidence(cache["crops"], cache["landmarks"]),
        **light_of(cache["crops"]),
        scene=scene_tokens(cache["small"]),
    )
    print("features of memes", flush=True)


def read_again() -> None:
    """Face tokens, readings and action units of all that `features` wrote, by a face encoder and rules made since; the rest stays."""
    for name in ("faces_train", "faces_valid", "faces_test", "memes"):
        path = CACHE / f"features_{name}.npz"
        with np.load(path) as archive:
            kept = {key: archive[key] for key in archive.files}
        with np.load(CACHE / f"{name}.npz") as archive:
            images, landmarks = archive["crops" if name == "memes" else "images"], archive["landmarks"]
        count = len(kept["tokens"])
        if name == "memes" and len(images) != count:
            raise SystemExit("these features are of fewer memes: run `features` again")
        np.savez(path, **kept | read_evidence(images[:count], landmarks[:count], augmented=name == "faces_train"))
        print(f"tokens of {count} faces, {name}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("stage", choices=["evidence", "features", "tokens"])
    parser.add_argument("--faces", type=int, default=9000)
    parser.add_argument("--memes", type=int, default=None)
    parser.add_argument("--tiny", action="store_true")
    args = parser.parse_args()
    CACHE.mkdir(parents=True, exist_ok=True)
    if args.stage == "evidence":
        finder = FaceFinder()
        sizes = (40, 16, 16) if args.tiny else (args.faces, 800, 800)
        for split, count in zip(("train", "valid", "test"), sizes, strict=True):
            cache_faces(finder, split, count)
        for folder in ("scenes", "memes"):
            cache_pictures(finder, folder, 24 if args.tiny else None)
    elif args.stage == "tokens":
        read_again()
    else:
        features({"train": args.faces, "valid": 200, "test": 400, "memes": args.memes})


if __name__ == "__main__":
    main()
