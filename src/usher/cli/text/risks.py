"""The third layer of a plan: what to look at twice, for the terminal."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from usher.cli.terminal import printable
from usher.cli.text.styles import Style
from usher.plan.risk import PlanRisk, Severity

_STYLES: Mapping[Severity, str] = {Severity.HIGH: "error", Severity.MEDIUM: "warn", Severity.LOW: "dim"}
_WIDTH = len("medium")
_MOST_REASONS = 3
_COLUMNS = 100


def risk_blocks(risks: Iterable[PlanRisk], style: Style, *, details: bool) -> Iterator[list[str]]:
    """A block of lines for each risk, the gravest first."""
    for risk in risks:
        severity = style(_STYLES[risk.severity], f"{risk.severity:<{_WIDTH}}")
        why = textwrap.wrap("; ".join(reasons(risk, details=details)), _COLUMNS)
        yield [
            f"  {severity}  {printable(risk.words)}",
            *(style("dim", f"  {'':<{_WIDTH}}  {printable(line)}") for line in why),
        ]


def reasons(risk: PlanRisk, *, details: bool) -> list[str]:
    """Why it matters; the gravest reasons only, unless `details` are wanted."""
    if details or len(risk.reasons) <= _MOST_REASONS + 1:
        return list(risk.reasons)
    left = len(risk.reasons) - _MOST_REASONS
    return [*risk.reasons[:_MOST_REASONS], f"and {left} more reasons"]


def severities(risks: Iterable[PlanRisk]) -> str:
    """How many there are of each severity: `2 high, 1 low`."""
    counts = Counter(risk.severity for risk in risks)
    return ", ".join(f"{counts[each]} {each}" for each in Severity if counts[each])
