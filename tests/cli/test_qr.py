"""The QR code of a device sign-in: what is drawn is what a scanner needs."""

import segno

from usher.cli.text.qr import qr_code

ADDRESS = "https://eu-central-1.signin.aws/platform/authorize?request_uri=urn:x:0123456789abcdef"
MODULES = {"█": (0, 0), "▀": (0, 1), "▄": (1, 0), " ": (1, 1)}


def drawn(text):
    rows = []
    for line in text.splitlines():
        pairs = [MODULES[each] for each in line]
        rows += [[upper for upper, _ in pairs], [lower for _, lower in pairs]]
    return rows


def test_the_blocks_are_the_codes_modules_with_a_quiet_zone():
    wanted = [list(row) for row in segno.make_qr(ADDRESS, error="l").matrix_iter(border=2)]
    rows = drawn(qr_code(ADDRESS, 200, colour=False))
    assert rows[: len(wanted)] == wanted
    assert all(set(row) == {0} for row in rows[len(wanted) :])


def test_with_colour_every_line_is_white_on_black_and_put_back():
    for line in qr_code(ADDRESS, 200, colour=True).splitlines():
        assert line.startswith("\x1b[38;5;231;48;5;16m")
        assert line.endswith("\x1b[0m")


def test_a_terminal_that_is_too_narrow_gets_none():
    width = len(qr_code(ADDRESS, 200, colour=False).splitlines()[0])
    assert qr_code(ADDRESS, width, colour=False)
    assert qr_code(ADDRESS, width - 1, colour=False) is None


def test_an_address_that_a_phone_cannot_open_gets_none():
    for address in (
        "http://127.0.0.1:8080/device",
        "javascript:alert(1)",
        "https://",
        "https://[",
        "https://ä",
    ):
        assert qr_code(address, 200, colour=False) is None
