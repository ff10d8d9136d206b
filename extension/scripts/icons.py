"""Draws icons/*.png from the two SVGs, with Chromium: `python scripts/icons.py [CHROMIUM]`.

The PNGs are kept in the repository, so that building the extension needs no browser.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

ICONS = Path(__file__).parents[1] / "icons"
DRAWINGS = {16: "usher-small.svg", 32: "usher-small.svg", 48: "usher.svg", 128: "usher.svg"}
STYLE = "<style>body { margin: 0 } svg { display: block }</style>"


def draw(chromium: str) -> None:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for size, drawing in DRAWINGS.items():
            page = browser.new_page(viewport={"width": size, "height": size})
            page.set_content(STYLE + (ICONS / drawing).read_text())
            page.screenshot(path=ICONS / f"{size}.png", omit_background=True)
        browser.close()


if __name__ == "__main__":
    draw(sys.argv[1] if len(sys.argv) > 1 else shutil.which("chromium") or "chromium")
