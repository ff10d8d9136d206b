"""An address as a QR code for a phone, drawn with half blocks: two modules to a character."""

from __future__ import annotations

from urllib.parse import urlsplit

_QUIET_MODULES = 2
_HALVES = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
"""Light modules are the ones that are painted; indexed by (upper, lower), 1 is dark."""


def qr_code(address: str, columns: int, *, colour: bool) -> str | None:
    """The code's lines; None where it would not fit in `columns`, or a phone could not open `address`.

    With `colour` it is white on black whatever the terminal's colours are, as scanners like it; without,
    it relies on a dark background.
    """
    if not _opens_elsewhere(address):
        return None
    import segno

    code = segno.make_qr(address, error="l")
    rows = [list(row) for row in code.matrix_iter(border=_QUIET_MODULES)]
    if len(rows[0]) > columns:
        return None
    if len(rows) % 2:
        rows.append([0] * len(rows[0]))
    lines = [
        "".join(_HALVES[upper, lower] for upper, lower in zip(*pair, strict=True))
        for pair in zip(rows[::2], rows[1::2], strict=True)
    ]
    return "\n".join(f"\x1b[38;5;231;48;5;16m{line}\x1b[0m" if colour else line for line in lines)


def _opens_elsewhere(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme == "https" and bool(parts.hostname) and address.isascii() and address.isprintable()
