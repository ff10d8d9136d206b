"""The browsers in a line: whether consoles open side by side; `usher browser doctor` says all of it."""

from __future__ import annotations

from collections.abc import Iterator

from usher.cli.context import Context
from usher.cli.doctor.verdict import State, Verdict, bad, good, note

_SETUP = "usher browser setup"


def check_browsers(context: Context) -> Iterator[Verdict]:
    """The worst of what the doctor of browsers finds, once anything was set up."""
    from usher.cli.browser.doctor import examine, is_set_up
    from usher.cli.browser.finding import find_browsers

    found, boxes = find_browsers(context)
    if not found:
        yield note(
            "browsers",
            "none is here that the extension could work in",
            boxes[0].advice if boxes else "",
        )
        return
    if not is_set_up(context):
        yield note("browsers", "no extension: no containers in Firefox, no bar on console pages", _SETUP)
        return
    findings = list(examine(context, found, boxes))
    wrong = [each for each in findings if each.verdict.state is State.BAD]
    if wrong:
        first, more = wrong[0], f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        of = f"{first.browser}: " if first.browser else ""
        yield bad("browsers", f"{of}{first.verdict.words}{more}", "usher browser doctor")
        return
    ready = dict.fromkeys(
        each.browser
        for each in findings
        if each.verdict.check == "extension" and each.verdict.state is State.GOOD
    )
    yield good("browsers", f"consoles open side by side in {', '.join(ready) or 'a profile set apart'}")
