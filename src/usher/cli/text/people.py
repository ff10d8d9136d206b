"""The second layer of a plan: who gains and loses what, for the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from usher.cli.terminal import printable
from usher.cli.text.styles import STYLE_OF_SIGN, Style
from usher.plan.bundles import Bundle, Direction
from usher.plan.impact import Impact
from usher.plan.impact_words import (
    bundle_words,
    by_heading,
    content_differences,
    content_words,
    headed,
    what_words,
)
from usher.plan.places import Places, counted, names_in_words
from usher.plan.review import Review
from usher.plan.words import Sign

SIGN_OF_DIRECTION: dict[Direction, Sign] = {Direction.GAINED: "+", Direction.LOST: "-", Direction.MOVED: "~"}


def people_blocks(review: Review, style: Style, *, details: bool) -> Iterator[list[str]]:
    """Blocks of lines, the one that concerns most people first; what only moves is told with `details`."""
    places = review.places
    shown = [each for each in review.bundles if details or each.direction is not Direction.MOVED]
    for heading, bundles in headed(by_heading(shown), review.impact):
        yield _block(heading, bundles, review.impact, places, style)
    for content in review.impact.contents:
        if content.people or content.whoever:
            words = f"{content_words(content, places)}: "
            words += names_in_words(list(content_differences(content.before, content.after)), 6)
            yield [style(STYLE_OF_SIGN["~"], f"  ~ {printable(words)}")]


def people_notes(review: Review, *, details: bool) -> Iterator[str]:
    """What the lines do not show."""
    impact = review.impact
    moved = sum(bool(each.moved) for each in impact.people.values())
    if moved and not details:
        yield f"{counted(moved, 'person keeps', 'people keep')} access that comes another way (--details)"
    if impact.dangling:
        yield (
            f"{counted(impact.dangling, 'assignment')} of users and groups that no longer exist "
            f"{'goes' if impact.dangling == 1 else 'go'}, which concerns nobody"
        )
    if impact.unread.members_of:
        yield f"not counted: the members of {counted(len(impact.unread.members_of), 'group')} were not read"


def people_title(impact: Impact) -> str:
    """How many gain and how many lose."""
    parts = []
    if impact.gaining:
        parts.append(counted(impact.gaining, "gains access", "gain access"))
    if impact.losing:
        parts.append(counted(impact.losing, "loses some", "lose some"))
    return f"Who it concerns: {', '.join(parts)}" if parts else "Who it concerns"


def _block(heading: str, bundles: list[Bundle], impact: Impact, places: Places, style: Style) -> list[str]:
    if len(bundles) == 1:
        (bundle,) = bundles
        sign = SIGN_OF_DIRECTION[bundle.direction]
        return [style(STYLE_OF_SIGN[sign], f"  {sign} {printable(bundle_words(bundle, impact, places))}")]
    lines = [f"  {printable(heading)}"]
    for bundle in bundles:
        sign = SIGN_OF_DIRECTION[bundle.direction]
        lines.append(style(STYLE_OF_SIGN[sign], f"    {sign} {printable(what_words(bundle, places))}"))
    return lines
