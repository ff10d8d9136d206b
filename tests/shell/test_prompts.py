"""Prompts in real shells: a name that stands in one is shown and never run."""

import pytest

from .conftest import USHER, hostile_names

_BASH = """
{hook}
PS1='$({usher} prompt --format bash)$ '
while IFS= read -r name; do
    AWS_PROFILE=$name USHER_PROFILE=$name
    export AWS_PROFILE USHER_PROFILE
    printf '%s\\n' "${{PS1@P}}"
    marked='(${{USHER_LABEL:+$USHER_LABEL }}${{USHER_PROFILE-}}) '
    printf '%s\\n' "${{marked@P}}"
done < {names}
"""
_ZSH = """
{hook}
setopt prompt_subst
segment='$({usher} prompt --format zsh)$ '
while IFS= read -r name; do
    export AWS_PROFILE=$name USHER_PROFILE=$name
    print -rP -- $segment
    psvar=("${{USHER_LABEL:+$USHER_LABEL }}${{USHER_PROFILE-}}")
    print -rP -- "(%1v) "
done < {names}
"""


@pytest.mark.once
@pytest.mark.parametrize(
    ("shell", "text"),
    [
        pytest.param("bash", _BASH, id="bash"),
        pytest.param("zsh", _ZSH, id="zsh", marks=pytest.mark.client("zsh")),
    ],
)
def test_no_name_runs_in_a_prompt(machine, shell, text):
    marker = machine.home / "ran"
    names = [name for name in hostile_names(40, marker, seed=7) if name.isprintable()]
    file = machine.home / "names"
    file.write_text("".join(f"{name}\n" for name in names))
    hook = f'eval "$({USHER} shell-init {shell})"'
    done = machine.script(shell, text.format(hook=hook, usher=USHER, names=file))
    lines = done.stdout.decode().splitlines()
    assert not marker.exists()
    assert lines == [line for name in names for line in (f"{name}$ ", f"({name}) ")], done.stderr.decode()
