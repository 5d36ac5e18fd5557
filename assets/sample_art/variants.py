"""What happens to a picture on its way through a chat: copies that a search should still find."""

from __future__ import annotations

import io
from typing import Callable

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from sample_art.canvas import Canvas, plane, to_image


def squeezed(image: Image.Image) -> Image.Image:
    """Saved as a JPEG of quality 35."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=35)
    return Image.open(buffer).convert("RGB")


def crop(image: Image.Image, share: float = 0.8) -> Image.Image:
    w, h = image.size
    left, top = int(w * (1 - share) * 0.62), int(h * (1 - share) * 0.35)
    return image.crop((left, top, left + int(w * share), top + int(h * share)))


def small(image: Image.Image) -> Image.Image:
    return image.resize((image.width * 3 // 8, image.height * 3 // 8), Image.Resampling.LANCZOS)


def mirrored(image: Image.Image) -> Image.Image:
    return ImageOps.mirror(image)


def captioned(image: Image.Image) -> Image.Image:
    """A white bar with a line of type above the picture."""
    canvas = Canvas(image.width, image.height + 96, "#ffffff")
    canvas.text(image.width / 2, 60, "me, replying to my own email", 36, "#111111", "ms", weight=0.03)
    canvas.paste(image, 0, 96, image.width, image.height)
    return canvas.done()


def framed(image: Image.Image) -> Image.Image:
    bordered = ImageOps.expand(ImageOps.expand(image, 34, "#f4efe4"), 12, "#2a2230")
    canvas = Canvas.over(bordered)
    canvas.text(bordered.width - 20, bordered.height - 20, "QUACK", 18, "#2a2230", "rs", weight=0.03, tracking=2)
    return canvas.done()


def bordered(image: Image.Image) -> Image.Image:
    return ImageOps.expand(image, 40, "#ffffff")


def recoloured(image: Image.Image) -> Image.Image:
    """Hue turned by a fifth of the circle, a little more saturation."""
    hsv = np.asarray(image.convert("HSV")).copy()
    hsv[..., 0] += 204
    hsv[..., 1] = np.minimum(255, hsv[..., 1] * 1.15)
    channels = [Image.fromarray(np.ascontiguousarray(hsv[..., k])) for k in range(3)]
    return Image.merge("HSV", channels).convert("RGB")


def photo(image: Image.Image) -> Image.Image:
    """Photographed off a screen: in perspective, with moiré, a glare and dark corners."""
    w, h = image.size
    x, y = plane(w, h)
    grid = 1 + 0.07 * np.sin(x * 1.9 + y * 0.16) * np.sin(y * 1.97 - x * 0.11)
    shot = to_image(np.asarray(image, np.float32) * grid[..., None])
    source = np.array([[-60, -40], [w + 34, -74], [w + 66, h + 60], [-30, h + 38]], dtype=float)
    target = np.array([[0, 0], [w, 0], [w, h], [0, h]], dtype=float)
    rows = []
    for (u, v), (a, b) in zip(target, source):
        rows += [[u, v, 1, 0, 0, 0, -a * u, -a * v], [0, 0, 0, u, v, 1, -b * u, -b * v]]
    terms = np.linalg.solve(np.array(rows), source.ravel())
    shot = shot.transform(
        (w, h), Image.Transform.PERSPECTIVE, tuple(terms), Image.Resampling.BICUBIC, fillcolor="#15131a"
    )
    shot = shot.filter(ImageFilter.GaussianBlur(0.7))
    pixels = np.asarray(shot, np.float32) * np.array([0.98, 1.0, 1.06])
    corner = np.hypot((x - w * 0.46) / w, (y - h * 0.45) / h)
    glare = 46 * np.exp(-(((x - w * 0.78) / (w * 0.2)) ** 2) - ((y - h * 0.2) / (h * 0.26)) ** 2)
    noise = np.random.default_rng(7).normal(0, 3, (h, w))
    return to_image(pixels * (1.05 - 0.8 * corner**2)[..., None] * 0.93 + (glare + noise)[..., None])


VARIANTS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "squeezed": squeezed,
    "crop": crop,
    "small": small,
    "mirrored": mirrored,
    "captioned": captioned,
    "framed": framed,
    "bordered": bordered,
    "recoloured": recoloured,
    "photo": photo,
}
