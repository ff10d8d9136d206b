"""Opening Windows' browser from WSL: the programs that do it are shells, so nothing of theirs may pass."""

import pytest

from usher.console.windows import open_in_windows, windows_commands
from usher.core.errors import UsageError

URL = "http://127.0.0.1:8400/AbC-_9"


def program(folder, name, code):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f'#!/bin/sh\nprintf "%s\\n" "${{0##*/}}" "$@" >> "{folder}/said"\n{code}\n')
    path.chmod(0o755)


def test_the_best_program_that_is_here_gets_the_address(tmp_path):
    programs = tmp_path / "bin"
    for name in ("wslview", "powershell.exe", "cmd.exe"):
        program(programs, name, "exit 0")
    assert open_in_windows(URL, {"PATH": str(programs)}, tmp_path / "none")
    assert (programs / "said").read_text().split() == ["wslview", URL]


def test_one_that_fails_or_does_not_start_leaves_it_to_the_next(tmp_path):
    programs = tmp_path / "bin"
    program(programs, "wslview", "exit 1")
    program(programs, "powershell.exe", "exit 0")
    (programs / "powershell.exe").write_text("#!/no/such/interpreter\n")
    program(programs, "cmd.exe", "exit 0")
    assert open_in_windows(URL, {"PATH": str(programs)}, tmp_path)
    assert (programs / "said").read_text().splitlines()[-6:] == ["cmd.exe", "/d", "/c", "start", "", URL]


def test_without_windows_path_the_programs_are_found_where_windows_keeps_them(tmp_path):
    program(tmp_path / "WindowsPowerShell" / "v1.0", "powershell.exe", "exit 0")
    [command] = windows_commands(URL, {"PATH": ""}, tmp_path)
    assert command[0] == str(tmp_path / "WindowsPowerShell/v1.0/powershell.exe")
    assert command[-1] == f"Start-Process '{URL}'"


def test_nothing_that_opens_is_reported(tmp_path):
    assert not open_in_windows(URL, {"PATH": str(tmp_path)}, tmp_path)


@pytest.mark.parametrize(
    "url",
    [
        "https://portal.example/",
        "http://127.0.0.1:8400/a&calc",
        "http://127.0.0.1:8400/a'; calc; '",
        "http://127.0.0.1:8400/%PATH%",
        'http://127.0.0.1:8400/"^|calc',
        "http://127.0.0.1:8400/a\ncalc",
        "http://127.0.0.1:8400/a\n",
        "http://127.0.0.1:8400/$(calc)",
        "-e calc",
    ],
)
def test_an_address_that_a_shell_could_read_otherwise_is_refused(url, tmp_path):
    with pytest.raises(UsageError):
        open_in_windows(url, {"PATH": str(tmp_path)}, tmp_path)
