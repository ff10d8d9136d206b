"""The report as one HTML page that needs nothing else: no network, no library, no server.

The page's policy allows exactly the script and the style that stand in it, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from html import escape
from importlib.resources import files
from string import Template

from usher.core.printable import printable
from usher.report.bundles import Budget, Bundled, bundle
from usher.report.figures import Figures, Findings, Powers, figures_of, findings_of
from usher.report.holdings import Holdings
from usher.report.page_data import PageData, data_block, finding_rows
from usher.report.picture import draw
from usher.report.source import Source, unread_words
from usher.report.why import FileView

_UNIT_BUDGET = Budget(people=10, groups=14, targets=12, accounts=18)


def render_page(
    holdings: Holdings, powers: Powers, source: Source, now: datetime, file: FileView | None = None
) -> str:
    """The whole page. `now` is aware; without `file`, nothing is said of rules."""
    figures, findings = figures_of(holdings, powers, file), findings_of(holdings, powers, now, file)
    pictures = _pictures(holdings, powers)
    rows = tuple(finding_rows(findings, holdings.access.accounts))
    script, style = _template("report.js"), _template("report.css")
    unread = "; ".join(unread_words(source.unread))
    words = {
        "instance": source.instance,
        "source": source.words,
        "unread": f"Not everything was read: {unread}.",
        "policy": _policy(script, style),
        "made": f"Made by usher access report on {now:%Y-%m-%d} at {now:%H:%M} UTC",
        **_figure_words(figures, findings),
    }
    return Template(_template("report.html")).substitute(
        {name: escape(printable(value)) for name, value in words.items()},
        complete="" if unread else "hidden",
        style=style,
        script=script,
        picture=draw(pictures["overview"], "overview"),
        units=_units(pictures),
        has_units="hidden" if len(pictures) == 1 else "",
        data=data_block(PageData(holdings, powers).document(rows, pictures)),
    )


def _template(name: str) -> str:
    return (files("usher.report") / "templates" / name).read_text("utf-8")


def _policy(script: str, style: str) -> str:
    return (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _pictures(holdings: Holdings, powers: Powers) -> dict[str, Bundled]:
    """The whole, and one picture for every piece of it that holds several accounts."""
    overview = bundle(holdings, powers.administrators)
    found = {"overview": overview}
    for number, accounts in enumerate(overview.account_ids):
        if 1 < len(accounts) < len(holdings.in_account):
            grants = [granted for account in accounts for granted in holdings.in_account[account]]
            found[str(number)] = bundle(holdings, powers.administrators, grants=grants, budget=_UNIT_BUDGET)
    return found


def _units(pictures: Mapping[str, Bundled]) -> str:
    template = Template(_template("unit.html"))
    overview = pictures["overview"]
    return "".join(
        template.substitute(
            number=name,
            label=escape(printable(overview.accounts[int(name)].label)),
            accounts=f"{len(overview.account_ids[int(name)]):,} accounts",
            picture=draw(bundled, name),
        )
        for name, bundled in pictures.items()
        if name != "overview"
    )


def _figure_words(figures: Figures, findings: Findings) -> dict[str, str]:
    """The figures as words, and the look of those that deserve one."""
    words = {name: f"{count:,}" for name, count in asdict(figures).items() if count is not None}
    words["roles"] = f"and {figures.roles:,} IAM roles" if figures.roles else "no IAM roles"
    if figures.standing is None:
        words |= {"temporary": "–", "standing": "known with the access file"}
    else:
        words["standing"] = f"{figures.standing:,} are standing"
    words["administrators_look"] = "look" if figures.administrators else ""
    counts = {
        "administrator_sets": findings.administrators,
        "direct": findings.direct,
        "deleted": findings.deleted,
        "unused": findings.unused,
        "empty_groups": findings.empty_groups,
        "suspended": findings.suspended,
        "past_review": findings.past_review,
        "expiring": findings.expiring,
    }
    for name, found in counts.items():
        words[name] = f"{len(found):,}"
        words[f"{name}_look"] = "look" if found else ""
    return words
