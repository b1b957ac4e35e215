"""Makes models/blazeface-*/model.onnx from the npm package @mediapipe/face_detection.

    pip install -r requirements.txt
    python blazeface.py                    # fetches the package with npm, checks its hash, writes the models
    python blazeface.py --package DIR      # uses an unpacked package

The weights stay the FP16 numbers of the original. Where a TFLite interpreter is installed (ai-edge-litert), the outputs of
both are compared on random pictures; the command fails when they differ.
"""

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime

from onnx_graph import to_onnx
from tflite_graph import read_graph

PACKAGE = "@mediapipe/face_detection@0.4.1657300184"
MODELS = {
    "blazeface-short": {
        "file": "face_detection_short_range.tflite",
        "sha256": "3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
        "outputs": {"regressors": "boxes", "classificators": "scores"},
    },
    "blazeface-full": {
        "file": "face_detection_full_range.tflite",
        "sha256": "99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3",
        "outputs": {"reshaped_regressor_face_4": "boxes", "reshaped_classifier_face_4": "scores"},
    },
}
# Largest difference allowed, in input pixels for boxes and logits for scores: float32 rounding in another order.
TOLERANCE = 2e-3


def fetch(folder: Path) -> Path:
    """Downloads the npm package and unpacks it."""
    archive = subprocess.run(
        ["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()
    with tarfile.open(folder / archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / "package"


def compare(original: bytes, converted: bytes, outputs: dict[str, str]) -> dict[str, float] | None:
    """Largest absolute difference of each output over random pictures; None where no interpreter is installed."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        return None
    interpreter = Interpreter(model_content=original)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]
    targets = {outputs[detail["name"]]: detail["index"] for detail in interpreter.get_output_details()}
    session = onnxruntime.InferenceSession(converted, providers=["CPUExecutionProvider"])
    random = np.random.default_rng(1)
    worst = dict.fromkeys(targets, 0.0)
    for index in range(20):
        # From flat to busy: noise on blocks of 1, 2, 4, ... pixels.
        block = 2 ** (index % 5)
        small = random.uniform(-1, 1, [1, -(-source["shape"][1] // block), -(-source["shape"][2] // block), 3])
        image = small.repeat(block, 1).repeat(block, 2)[:, : source["shape"][1], : source["shape"][2]].astype(np.float32)
        interpreter.set_tensor(source["index"], image)
        interpreter.invoke()
        values = dict(zip(targets, session.run(list(targets), {"input": image.transpose(0, 3, 1, 2)})))
        for name, tensor in targets.items():
            difference = np.abs(interpreter.get_tensor(tensor) - values[name]).max()
            worst[name] = max(worst[name], float(difference))
    return worst


def convert(package: Path, models: Path) -> None:
    for model_id, recipe in MODELS.items():
        original = (package / recipe["file"]).read_bytes()
        digest = hashlib.sha256(original).hexdigest()
        if digest != recipe["sha256"]:
            sys.exit(f"{recipe['file']}: expected SHA-256 {recipe['sha256']}, found {digest}")
        model = to_onnx(read_graph(original), model_id, recipe["outputs"])
        converted = model.SerializeToString(deterministic=True)
        worst = compare(original, converted, recipe["outputs"])
        if worst is None:
            print(f"{model_id}: not compared, ai-edge-litert is not installed")
        else:
            print(f"{model_id}: largest difference from TFLite {worst}")
            if max(worst.values()) > TOLERANCE:
                sys.exit(f"{model_id}: differs from the original by more than {TOLERANCE}")
        target = models / model_id / "model.onnx"
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(converted)
        print(f"{target}: {len(converted)} bytes, sha256 {hashlib.sha256(converted).hexdigest()}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--package", type=Path, help="an unpacked copy of the npm package")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent, help="the models folder")
    options = parser.parse_args()
    if options.package is not None:
        convert(options.package, options.out)
        return
    with tempfile.TemporaryDirectory() as folder:
        convert(fetch(Path(folder)), options.out)


if __name__ == "__main__":
    main()
