"""Makes models/blazeface-*/model.onnx from the npm package @mediapipe/face_detection.

    pip install -r requirements.txt
    python blazeface.py                    # fetches the package with npm, checks its hash, writes the models
    python blazeface.py --package DIR      # uses an unpacked package

The weights stay the FP16 numbers of the original. Where a TFLite interpreter is installed (ai-edge-litert), the outputs of
both are compared on random images; the command fails when they differ.
"""

import sys
from pathlib import Path

from convert_package import Recipe, compare, run
from onnx_graph import to_onnx
from tflite_graph import read_graph

PACKAGE = "@mediapipe/face_detection@0.4.1657300184"
MODELS = {
    "blazeface-short": Recipe(
        file="face_detection_short_range.tflite",
        sha256="3bc182eb9f33925d9e58b5c8d59308a760f4adea8f282370e428c51212c26633",
        outputs={"regressors": "boxes", "classificators": "scores"},
    ),
    "blazeface-full": Recipe(
        file="face_detection_full_range.tflite",
        sha256="99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3",
        outputs={"reshaped_regressor_face_4": "boxes", "reshaped_classifier_face_4": "scores"},
    ),
}
# Largest difference allowed, in input pixels for boxes and logits for scores: float32 rounding in another order.
TOLERANCE = 2e-3


def convert(package: Path, models: Path) -> None:
    for model_id, recipe in MODELS.items():
        original = recipe.read(package)
        converted = to_onnx(read_graph(original), model_id, recipe.outputs).SerializeToString(deterministic=True)
        worst = compare(original, converted, recipe.outputs)
        if worst is None:
            print(f"{model_id}: not compared, ai-edge-litert is not installed")
        else:
            print(f"{model_id}: largest difference from TFLite {worst}")
            if max(worst.values()) > TOLERANCE:
                sys.exit(f"{model_id}: differs from the original by more than {TOLERANCE}")
        recipe.write(models / model_id / "model.onnx", converted)


if __name__ == "__main__":
    run(__doc__, PACKAGE, convert)
