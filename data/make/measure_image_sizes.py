"""Measure how many bits a coded photograph takes per element of a dnn's input.

The image rows of ``facts/encodings.csv`` with source ``image-size-measurement`` were made by
``python measure_image_sizes.py FOLDER 224 256`` on a folder of photographs, and for the other sizes
by ``FOLDER 384 384``, ``FOLDER 96 96`` and ``FOLDER 32 32``. The photographs are not shipped.
"""

from __future__ import annotations

import io
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

CODECS: dict[str, tuple[str, dict[str, int]]] = {
    **{f"jpeg-q{q}": ("JPEG", {"quality": q}) for q in (95, 90, 85, 75, 50, 30, 20, 10)},
    "jpeg-q95-444": ("JPEG", {"quality": 95, "subsampling": 0}),
    "webp-q75": ("WEBP", {"quality": 75}),
    "webp-q50": ("WEBP", {"quality": 50}),
    "png": ("PNG", {}),
}  # fmt: skip


def cropped(path: Path, size: int, resize: int) -> Image.Image:
    """Return the centre crop that classification dnns are evaluated on."""
    picture = Image.open(path).convert("RGB")
    scale = resize / min(picture.size)
    width, height = (max(resize, int(side * scale)) for side in picture.size)
    picture = picture.resize((width, height), Image.Resampling.BILINEAR)
    left, top = (width - size) // 2, (height - size) // 2
    return picture.crop((left, top, left + size, top + size))


def measured(picture: Image.Image, codec: str) -> tuple[float, float]:
    """Return bits and processor seconds per channel sample."""
    form, options = CODECS[codec]
    stream = io.BytesIO()
    start = time.process_time()
    picture.save(stream, form, **options)
    elapsed = time.process_time() - start
    elements = 3 * picture.width * picture.height
    return 8.0 * stream.tell() / elements, elapsed / elements


def main(folder: str, size: str, resize: str) -> None:
    """Print one row per codec: mean and percentiles of bits, and seconds, per element."""
    pictures = [
        cropped(path, int(size), int(resize))
        for path in sorted(Path(folder).iterdir())
        if path.suffix.lower() in {".jpeg", ".jpg", ".png"}
    ]
    print("codec,pictures,bits_mean,bits_p10,bits_p50,bits_p90,seconds_per_element")
    for codec in CODECS:
        bits, seconds = np.array([measured(picture, codec) for picture in pictures]).T
        low, middle, high = np.quantile(bits, (0.1, 0.5, 0.9))
        figures = (bits.mean(), low, middle, high, seconds.mean())
        print(codec, len(pictures), *(f"{figure:.4g}" for figure in figures), sep=",")


if __name__ == "__main__":
    main(*sys.argv[1:4])
