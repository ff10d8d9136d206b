"""How an error is said."""

import io

from usher.cli.result import report_error
from usher.cli.terminal import Terminal
from usher.core.errors import UsageError


def test_nothing_that_an_error_quotes_speaks_to_the_terminal():
    told = io.StringIO()
    error = UsageError("there is no \x1b]0;x\x07program\nsecond line", hint="run \x1b[2Jthis\nor that")
    assert report_error(error, Terminal(io.StringIO(), told, colour=False)) == 2
    lines = told.getvalue().splitlines()
    assert lines == [
        "error: there is no �]0;x�program",
        "second line",
        "       run �[2Jthis",
        "       or that",
    ]
