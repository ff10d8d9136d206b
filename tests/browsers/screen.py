"""A desktop for browsers: a screen whose pixels can be read, and a session bus.

Firefox hands an address to a window that is open through the bus. The screen keeps its picture in a
file (Xvfb's `-fbdir`, in the format of `xwd`), which is read here: what a person would see, with the
browser's own bars and colours, and without anything that the pages could know of.
"""

from __future__ import annotations

import os
import struct
import subprocess
import time
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

WIDTH, HEIGHT = 1280, 800
LONGEST_WAIT_SECONDS = 20


@dataclass(frozen=True)
class Picture:
    """What was on the screen: `rows` of red, green and blue bytes."""

    width: int
    height: int
    rows: list[bytes]

    def pixel(self, x, y):
        return tuple(self.rows[y][3 * x : 3 * x + 3])

    def colours(self, top=0, bottom=None):
        """How many pixels there are of each colour between two heights."""
        content = b"".join(self.rows[top:bottom])
        return Counter(zip(content[0::3], content[1::3], content[2::3], strict=True))

    def save(self, path):
        """As PNG."""
        header = struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0)
        body = zlib.compress(b"".join(b"\0" + row for row in self.rows), 6)
        chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
        path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*each) for each in chunks))


def _chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


class Desktop:
    """A screen and a session bus of the tests' own."""

    def __init__(self, folder: Path):
        self._folder = folder
        quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        size = f"{WIDTH}x{HEIGHT}x24"
        screen = ["Xvfb", "-displayfd", "1", "-screen", "0", size, "-fbdir", str(folder), "-nolisten", "tcp"]
        bus = ["dbus-daemon", "--session", "--nofork", "--print-address"]
        self._processes = [subprocess.Popen(each, **quiet) for each in (screen, bus)]
        display, address = (each.stdout.readline().strip() for each in self._processes)
        self.environ = {"DISPLAY": f":{display}", "DBUS_SESSION_BUS_ADDRESS": address}

    def picture(self):
        """What is on the screen now."""
        content = (self._folder / "Xvfb_screen0").read_bytes()
        header = struct.unpack_from(">25I", content)
        size, width, height, line, colours = header[0], header[4], header[5], header[12], header[19]
        start = size + colours * 12
        rows = []
        for number in range(height):
            row = content[start + number * line : start + number * line + width * 4]
            rgb = bytearray(3 * width)  # little-endian pixels: blue, green, red, nothing
            rgb[0::3], rgb[1::3], rgb[2::3] = row[2::4], row[1::4], row[0::4]
            rows.append(bytes(rgb))
        return Picture(width, height, rows)

    def until(self, seen):
        """The picture as soon as it is as wanted: nothing tells when something has been drawn."""
        deadline = time.monotonic() + LONGEST_WAIT_SECONDS
        while not seen(picture := self.picture()):
            if time.monotonic() > deadline:
                pytest.fail("it was never on the screen")
            time.sleep(0.05)
        return picture

    def type(self, text):
        """Type a text, as a person does."""
        self._xdotool("type", text)

    def press(self, keys):
        """Press keys together: `press("alt+Return")`."""
        self._xdotool("key", keys)

    def focus(self, window_class):
        """Let a program's window have the keyboard: no window manager is here that would."""
        self._xdotool(
            "search", "--sync", "--onlyvisible", "--class", window_class, "windowfocus", "--sync", "%1"
        )

    def _xdotool(self, *words):
        subprocess.run(["xdotool", *words], env={**os.environ, **self.environ}, check=True, timeout=20)

    def close(self):
        for each in self._processes:
            each.kill()
            each.communicate()
