"""The book's face, computed: its name in pixels seen by the kernel [1, −1], and the picture of the first page.

Warm is plus and cool is minus, here as in every figure.  The files go to ``docs/_generated`` and are drawn again when this
module or what it calls changes.
"""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from staleness import digest
from themed_figures import THEME, colors_of

LETTERS = {
    "C": [".###.", "#...#", "#....", "#....", "#....", "#...#", ".###."],
    "O": [".###.", "#...#", "#...#", "#...#", "#...#", "#...#", ".###."],
    "N": ["#...#", "##..#", "##..#", "#.#.#", "#..##", "#..##", "#...#"],
    "V": ["#...#", "#...#", "#...#", "#...#", ".#.#.", ".#.#.", "..#.."],
    "B": ["####.", "#...#", "#...#", "####.", "#...#", "#...#", "####."],
    "K": ["#...#", "#..#.", "#.#..", "##...", "#.#..", "#..#.", "#...#"],
}
PICTURE = 256  # pixels of the first page's photograph, each way


def pixels(word: str, scale: int = 1) -> list[list[int]]:
    """The word as rows of zeros and ones, a blank pixel around each letter, every pixel `scale` wide and high."""
    rows = ["." + ".".join(LETTERS[letter][r] for letter in word) + "." for r in range(7)]
    blank = "." * len(rows[0])
    return [
        [int(p == "#") for p in row for _ in range(scale)]
        for row in [blank, *rows, blank]
        for _ in range(scale)
    ]


def marked(image: list[list[int]]) -> list[list[str]]:
    """A role for each pixel: ink, and over it warm and cool where the kernel answers 1 and −1."""
    import torch

    from convbook import corr2d

    answer = corr2d(torch.tensor(image), torch.tensor([[1, -1]])).tolist()
    roles = {1: "warm", -1: "cool"}
    return [
        [roles.get(edge, "ink" if ink else "") for ink, edge in zip(row, edges, strict=False)]
        for row, edges in zip(image, answer, strict=True)
    ]


def drawing(image: list[list[str]], size: int, gap: int, side: int = 0) -> str:
    """An SVG of the pixels that follows its page into the dark; `side` makes it a square with the pixels in its middle."""
    width, height = len(image[0]) * size, len(image) * size
    left, top = (max(0, (side - extent) // 2) for extent in (width, height))
    paths = "".join(
        f'<path style="fill:var(--{role})" d="'
        + "".join(
            f"M{left + c * size} {top + r * size}h{size - gap}v{size - gap}h-{size - gap}z"
            for r, row in enumerate(image)
            for c, found in enumerate(row)
            if found == role
        )
        + '"/>\n'
        for role in ("ink", "warm", "cool")
    )
    width, height = side or width, side or height
    style = colors_of(("ink", "cool", "warm"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">\n'
        f"<title>ConvBook</title>\n{style}{paths}</svg>\n"
    )


def raster(image: list[list[str]], width: int, height: int, path: Path, words: str = "") -> None:
    """The pixels in the light colors as a PNG, with words below them."""
    from PIL import Image, ImageColor, ImageDraw, ImageFont

    size = min(width // (len(image[0]) + 4), height // (len(image) + 2))
    canvas = Image.new("RGB", (width, height), ImageColor.getrgb(THEME["paper"][0]))
    draw = ImageDraw.Draw(canvas)
    left = (width - size * len(image[0])) // 2
    top = (height - size * len(image)) // 2 - (height // 9 if words else 0)
    for r, row in enumerate(image):
        for c, role in enumerate(row):
            if role:
                corner = (left + c * size, top + r * size)
                draw.rectangle((*corner, corner[0] + size - 2, corner[1] + size - 2), fill=THEME[role][0])
    if words:
        font = ImageFont.truetype(path.with_name("figure-regular.ttf"), 44)
        draw.text((width / 2, height * 0.76), words, fill=THEME["ink"][0], font=font, anchor="mm")
    canvas.save(path, optimize=True)


def photographs(folder: Path) -> None:
    """The photograph for the first page and for the image laboratory, and what the kernel of vertical edges makes of it.

    It is warm and cool, and transparent where the kernel answers 0.
    """
    import torch
    from PIL import Image, ImageColor

    from convbook import corr2d, photograph

    def pack(photo: torch.Tensor, quality: int) -> bytes:
        file = io.BytesIO()
        image = Image.fromarray((photo * 255).round().byte().numpy())
        image.save(file, format="WEBP", quality=quality, method=6)
        return file.getvalue()

    # A browser lets no script read a picture from a folder, so there it comes as a script.
    shown = pack(photograph(2 * PICTURE, rows=(0, 512)), 60)
    (folder / "first.webp").write_bytes(shown)
    (folder / "explorer").mkdir(exist_ok=True)
    scripts = {"firstPicture": ("first-picture.js", shown)}
    scripts["convbookPhotograph"] = ("explorer/photograph.js", pack(photograph(512), 80))
    for name, (file, packed) in scripts.items():
        address = f"data:image/webp;base64,{base64.b64encode(packed).decode()}"
        (folder / file).write_text(f'globalThis.{name} = "{address}";\n', encoding="utf-8")

    kernel = torch.tensor([[1.0, 0, -1], [2, 0, -2], [1, 0, -1]])
    answer = torch.nn.functional.pad(corr2d(photograph(PICTURE, rows=(0, 512)), kernel), (1, 1, 1, 1))
    # Only in the circle that is seen before the script moves it (.first-lens in the style), in sixteen steps: a small file.
    rows, columns = torch.meshgrid(torch.arange(PICTURE), torch.arange(PICTURE), indexing="ij")
    seen = (columns - 0.588 * PICTURE) ** 2 + (rows - 0.36 * PICTURE) ** 2 < (0.31 * PICTURE) ** 2
    alpha = (answer.abs().clamp(0, 1) * seen * 16).round() / 16 * 255
    cool, warm = (torch.tensor(ImageColor.getrgb(THEME[role][0])) for role in ("cool", "warm"))
    rgb = torch.where(((answer > 0) & (alpha > 0))[..., None], warm, cool)
    image = Image.fromarray(torch.cat([rgb, alpha[..., None]], dim=-1).byte().numpy(), "RGBA")
    image.save(folder / "first-edges.webp", lossless=True, method=6)


def draw(app: Sphinx) -> None:
    """Write the files that are out of date."""
    folder, package = Path(app.srcdir) / "_generated", Path(app.srcdir).parent / "convbook"
    noted = folder / "key.txt"
    current = digest([Path(__file__), package / "correlation.py", package / "images.py"])
    if noted.exists() and noted.read_text(encoding="utf-8") == current:
        return
    folder.mkdir(exist_ok=True)
    letter, word = marked(pixels("C")), marked(pixels("CONVBOOK"))
    # In the logo, strokes are two pixels wide, so that ink is left between their edges.
    (folder / "logo.svg").write_text(drawing(marked(pixels("CONVBOOK", 2)[2:-2]), 4, 0), encoding="utf-8")
    (folder / "favicon.svg").write_text(drawing(letter, 8, 1, 72), encoding="utf-8")
    raster(letter, 180, 180, folder / "touch.png")
    raster(word, 1200, 630, folder / "card.png", "The convolution layer, from a definition you can run")
    photographs(folder)
    noted.write_text(current, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", lambda app, config: draw(app), priority=600)  # after the fonts
    return {"parallel_read_safe": True}
