"""Makes vectors.json and vectors.bin: what OpenCV and numpy answer for pictures that the tests make from the same formulas.

    pip install opencv-python-headless==5.0.0.93 numpy==2.4.6 && python make.py

OpenCV 4.6 (Debian, without Intel IPP) gives the same bytes for area, linear and Lanczos resizing. IPP is turned off here: it computes
cubic resizing with other weights. Anyone may use the files; nothing in them comes from a photograph.
"""

import json
from pathlib import Path

import cv2
import numpy as np

cv2.ipp.setUseIPP(False)
HERE = Path(__file__).parent
INTERPOLATION = {
    'area': cv2.INTER_AREA,
    'linear': cv2.INTER_LINEAR,
    'cubic': cv2.INTER_CUBIC,
    'lanczos4': cv2.INTER_LANCZOS4,
}
BORDER = {'reflect101': cv2.BORDER_REFLECT_101, 'constant': cv2.BORDER_CONSTANT, 'replicate': cv2.BORDER_REPLICATE}


def picture(kind: str, width: int, height: int, seed: int) -> np.ndarray:
    """RGB bytes from integer formulas; `picture.ts` has the same ones."""
    y, x, c = np.meshgrid(np.arange(height), np.arange(width), np.arange(3), indexing='ij')
    mask = 0xFFFFFFFF
    h = (x * 374761393 + y * 668265263 + c * 362437 + seed * 974711) & mask
    h = ((h ^ (h >> 13)) * 1274126177) & mask
    noise = (h ^ (h >> 16)) & 255
    if kind == 'noise':
        return noise.astype(np.uint8)
    if kind == 'smooth':
        return ((x * 3 + y * 2 + c * 40 + (noise >> 4)) & 255).astype(np.uint8)
    if kind == 'checker':
        return ((((x // 3) + (y // 2)) % 2) * 200 + 20).astype(np.uint8)
    if kind == 'screen':  # skin-like shading under a pixel grid of 4 pixels
        return np.minimum(255, 60 + (x + y) // 2 + ((x % 4 == 0) | (y % 4 == 0)) * 40 + (noise >> 5)).astype(np.uint8)
    raise ValueError(kind)


def crop_of(image: np.ndarray, box: list[float], crop: dict, width: int, height: int) -> np.ndarray:
    frame_height, frame_width = image.shape[:2]
    x, y, w, h = box
    if crop['border'] == 'clamp':
        x, y = max(0.0, x), max(0.0, y)
        cx, cy = x + w / 2, y + h / 2
        if crop['square']:
            w = h = max(w, h)
        scale = min(crop['scale'], (frame_height - 1) / h, (frame_width - 1) / w)
        left, top, right, bottom = cx - w * scale / 2, cy - h * scale / 2, cx + w * scale / 2, cy + h * scale / 2
        if left < 0:
            right, left = right - left, 0
        if top < 0:
            bottom, top = bottom - top, 0
        if right > frame_width - 1:
            left, right = left - (right - (frame_width - 1)), frame_width - 1
        if bottom > frame_height - 1:
            top, bottom = top - (bottom - (frame_height - 1)), frame_height - 1
        cut = image[int(top) : int(bottom) + 1, int(left) : int(right) + 1]
    else:
        x, y, w, h = int(x), int(y), int(w), int(h)
        cx, cy = x + w / 2, y + h / 2
        if crop['square']:
            w = h = max(w, h)
        left, top = int(cx - crop['scale'] * w / 2), int(cy - crop['scale'] * h / 2)
        side_x, side_y = int(crop['scale'] * w), int(crop['scale'] * h)
        x0, y0 = max(0, left), max(0, top)
        x1, y1 = min(frame_width, left + side_x), min(frame_height, top + side_y)
        cut = cv2.copyMakeBorder(
            image[y0:y1, x0:x1], y0 - top, top + side_y - y1, x0 - left, left + side_x - x1, BORDER[crop['border']], value=0
        )
    shrinks = cut.shape[1] > width or cut.shape[0] > height
    return cv2.resize(cut, (width, height), interpolation=INTERPOLATION[crop['down' if shrinks else 'up']])


def log_spectrum(rgb: np.ndarray) -> np.ndarray:
    luma = rgb.astype(np.float64) @ np.array([0.299, 0.587, 0.114])
    return np.log1p(np.abs(np.fft.fftshift(np.fft.fft2(luma))))


def spectrum_target(spectrum: np.ndarray, side: int) -> np.ndarray:
    normal = (spectrum - spectrum.min()) / max(spectrum.max() - spectrum.min(), 1e-6)
    block = len(spectrum) // side
    return normal.reshape(side, block, side, block).mean((1, 3))


def radial_profile(spectrum: np.ndarray) -> np.ndarray:
    half = len(spectrum) // 2
    y, x = np.mgrid[: len(spectrum), : len(spectrum)] - half
    radius = np.floor(np.hypot(x, y) + 0.5).astype(int)
    return np.array([spectrum[radius == r].mean() for r in range(half + 1)])


RESIZES = [
    # kind, source, target: whole factors, odd factors, one axis enlarged, tiny, exact half
    ('noise', (96, 96), (32, 32)), ('noise', (64, 64), (32, 32)), ('noise', (75, 60), (32, 24)), ('checker', (64, 100), (40, 40)),
    ('smooth', (131, 97), (40, 24)), ('smooth', (20, 90), (33, 27)), ('noise', (30, 30), (48, 48)), ('checker', (17, 23), (24, 40)),
    ('smooth', (3, 2), (16, 16)), ('noise', (1, 1), (8, 8)), ('noise', (16, 16), (16, 16)), ('screen', (100, 240), (33, 30)),
]  # fmt: skip

SQUARE = {'scale': 1.5, 'square': True, 'border': 'reflect101', 'down': 'area', 'up': 'lanczos4'}
CLAMPED = {'scale': 2.7, 'square': False, 'border': 'clamp', 'down': 'linear', 'up': 'linear'}
CROPS = [
    ('smooth', (160, 120), (52.4, 31.7, 46.9, 60.2), SQUARE, (40, 40)),  # inside
    ('smooth', (160, 120), (-8.5, 12.2, 46.9, 60.2), SQUARE, (40, 40)),  # over the left edge
    ('noise', (90, 90), (60.5, 58.5, 40.0, 47.3), SQUARE, (32, 32)),  # over two edges
    ('noise', (64, 64), (20.0, 22.0, 18.7, 21.3), SQUARE, (32, 32)),  # enlarged
    ('noise', (30, 22), (-20.5, -9.0, 60.0, 38.0), SQUARE, (32, 32)),  # larger than the frame: mirrored several times
    ('screen', (210, 160), (30.2, 10.9, 141.0, 139.2), SQUARE, (64, 64)),
    ('smooth', (160, 120), (52.4, 31.7, 30.9, 40.2), CLAMPED, (40, 40)),  # shrinks its scale
    ('smooth', (300, 280), (2.4, 201.7, 30.9, 40.2), CLAMPED, (40, 40)),  # shifted from two edges
    ('noise', (64, 64), (20.0, 22.0, 8.7, 9.3), CLAMPED, (40, 40)),  # enlarged
    ('smooth', (160, 120), (52.4, 31.7, 30.9, 40.2), {**CLAMPED, 'square': True, 'scale': 2.0}, (40, 40)),
    ('smooth', (160, 120), (-8.5, 80.2, 46.9, 60.2), {**SQUARE, 'border': 'constant', 'down': 'linear', 'up': 'linear'}, (40, 40)),
    ('noise', (160, 120), (-8.5, 80.2, 46.9, 60.2), {**SQUARE, 'border': 'constant', 'down': 'area'}, (32, 32)),
    ('noise', (50, 50), (-8.5, 30.2, 20.9, 22.2), {**SQUARE, 'border': 'constant', 'up': 'lanczos4'}, (40, 40)),
    ('noise', (50, 50), (30.5, -3.2, 20.9, 22.2), {**SQUARE, 'border': 'replicate', 'up': 'cubic'}, (40, 40)),
    ('smooth', (160, 120), (100.3, 60.2, 46.9, 60.2), {**SQUARE, 'square': False, 'border': 'replicate', 'scale': 1.3}, (30, 40)),
]  # fmt: skip

SPECTRA = [('noise', 16), ('screen', 32), ('smooth', 64), ('screen', 128)]


def main() -> None:
    blob = bytearray()

    def store(values: np.ndarray) -> dict:
        start = len(blob)
        blob.extend(values.tobytes())
        return {'start': start, 'bytes': len(blob) - start}

    resizes, crops, spectra = [], [], []
    for seed, (kind, (width, height), target) in enumerate(RESIZES):
        image = picture(kind, width, height, seed)
        for name, flag in INTERPOLATION.items():
            expected = cv2.resize(image, target, interpolation=flag)
            resizes.append({'kind': kind, 'size': [width, height], 'seed': seed, 'target': target, 'interpolation': name, 'expected': store(expected)})
    for seed, (kind, (width, height), box, crop, target) in enumerate(CROPS):
        expected = crop_of(picture(kind, width, height, seed), list(box), crop, *target)
        crops.append({'kind': kind, 'size': [width, height], 'seed': seed, 'box': box, 'crop': crop, 'target': target, 'expected': store(expected)})
    for seed, (kind, size) in enumerate(SPECTRA):
        spectrum = log_spectrum(picture(kind, size, size, seed))
        spectra.append({
            'kind': kind, 'size': size, 'seed': seed,
            'spectrum': store(spectrum.astype('<f4')),
            'target': store(spectrum_target(spectrum, 16).astype('<f4')),
            'radial': store(radial_profile(spectrum).astype('<f4')),
        })  # fmt: skip
    made_by = {'opencv': cv2.__version__, 'numpy': np.__version__}
    (HERE / 'vectors.bin').write_bytes(blob)
    (HERE / 'vectors.json').write_text(json.dumps({'madeBy': made_by, 'resizes': resizes, 'crops': crops, 'spectra': spectra}, indent=1))
    print(f'{len(resizes)} resizes, {len(crops)} crops, {len(spectra)} spectra: {len(blob)} bytes')


main()
