"""The fonts that are shipped with the figure."""

import base64
from functools import lru_cache
from pathlib import Path

FONTS = Path(__file__).resolve().parent / "fonts"
FONT_FILES = [str(path) for path in sorted(FONTS.glob("*.otf"))]
FAMILY = "Inter"


@lru_cache(maxsize=1)
def embed_fonts() -> str:
    faces = []
    for path, weight in zip(FONT_FILES, (400, 600), strict=True):
        data = base64.b64encode(Path(path).read_bytes()).decode()
        source = f'url("data:font/otf;base64,{data}")'
        faces.append(f"@font-face{{font-family:{FAMILY};font-weight:{weight};src:{source} format('opentype')}}")
    return "".join(faces)
