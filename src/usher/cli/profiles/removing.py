"""`usher profiles remove`: take an organization's block out of the file, and forget what was read of it."""

from __future__ import annotations

import argparse
import json

from usher.cli.context import Context
from usher.cli.text.profiles import difference
from usher.core.errors import ExitCode, NotFoundError
from usher.profiles.blocks import remove_block
from usher.profiles.config_file import edit_config, read_config
from usher.profiles.details import forget_details
from usher.profiles.index import forget_index
from usher.session.crawl import CRAWL_FOLDER, forget_crawl


def add_remove_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's arguments."""
    parser.add_argument("name", metavar="ORG", help="the organization's name")
    parser.add_argument("--dry-run", action="store_true", help="show the difference, change nothing")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def remove(options: argparse.Namespace, context: Context) -> ExitCode:
    """Remove the block; everything else in the file stays, and a back-up is kept."""
    path, name = context.aws_config_file, options.name
    text = read_config(path)
    after, names = remove_block(text, path, name)
    if after == text:
        raise NotFoundError(f"there is no block of '{name}' in {path}", hint="see 'usher profiles list'")
    if options.dry_run:
        context.terminal.result(difference(text, after, str(path)))
        return ExitCode.DONE
    edit_config(path, lambda now: remove_block(now, path, name)[0])
    forget_index(context.cache_dir, name)
    forget_details(context.cache_dir, name)
    forget_crawl(context.cache_dir / CRAWL_FOLDER, name)
    if options.json:
        context.terminal.result(json.dumps({"config_file": str(path), "removed": list(names)}))
    else:
        context.terminal.result(f"{len(names):,} profiles of {name} removed from {path}")
    return ExitCode.DONE
