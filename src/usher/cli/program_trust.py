"""Whose programs `credential_process` may run: those of the person's own config, not of a cloned project.

A project can ship an `.aws/config` and point `AWS_CONFIG_FILE` at it from an `.env` file or a hook; its
`credential_process` would run with all rights of whoever works there.
"""

from __future__ import annotations

from pathlib import Path

from usher.cli.context import Context
from usher.core.errors import UsageError
from usher.core.hops import Chain, ProcessHop
from usher.session.settings import load_settings


def check_programs(context: Context, chain: Chain) -> None:
    """Raise UsageError when `chain` runs a program that a file inside a repository names."""
    for link in chain.links:
        if not isinstance(link.hop, ProcessHop):
            continue
        for setting in link.settings:
            file = Path(setting.place.file).resolve()
            if setting.key != "credential_process" or not _is_a_projects(context, file):
                continue
            if file in _trusted(context):
                continue
            raise UsageError(
                f"{setting.place}: this file lies in a repository, so its credential_process is not run: "
                f"{setting.value}",
                hint=f"if you trust it: [process] config_files = ['{file}'] in {_settings_path(context)}",
            )


def _is_a_projects(context: Context, file: Path) -> bool:
    own = (context.home / ".aws").resolve()
    return own not in file.parents and any((folder / ".git").exists() for folder in file.parents)


def _trusted(context: Context) -> set[Path]:
    settings = load_settings(context.config_dir)
    table = settings.table("process")
    table.only("config_files")
    named = table.texts("config_files")
    if named:
        from usher.cli.passphrases import check_may_name_commands

        check_may_name_commands(settings.path)
    return {Path(name).expanduser().resolve() for name in named}


def _settings_path(context: Context) -> Path:
    return load_settings(context.config_dir).path
