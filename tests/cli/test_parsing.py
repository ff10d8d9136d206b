"""Arguments that are not understood: one clear message, and the help that would have told."""

from __future__ import annotations

import pytest

from usher.cli.commands import access, status
from usher.cli.parsing import read_arguments
from usher.core.errors import UsageError


@pytest.mark.parametrize(
    ("name", "module", "arguments", "help_of"),
    [
        ("access", access, ["report", "--colour"], "usher access report --help"),
        ("access", access, ["reprot"], "usher access --help"),
        ("status", status, ["--colour"], "usher status --help"),
    ],
)
def test_a_mistake_leads_to_the_help_of_what_was_meant(name, module, arguments, help_of):
    with pytest.raises(UsageError) as caught:
        read_arguments(name, module, arguments)
    assert arguments[-1] in caught.value.message
    assert caught.value.hint == f"see '{help_of}'"
