"""Run the checks, and keep what they saw."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bptt_lab.claims.claim import SIGNS, Claim, Numbers


@dataclass(frozen=True)
class Finding:
    """The result of one claim's check.

    Attributes
    ----------
    claim
        The claim.
    numbers
        What the check saw; empty if it failed, or if there is none.
    seconds
        The processor's time that it took.
    error
        Why it failed; None if it did not.
    """

    claim: Claim
    numbers: Numbers = field(default_factory=dict)
    seconds: float = 0.0
    error: Exception | None = None

    @property
    def status(self) -> str:
        """Whether the check passed, FAILED, or is missing, in a word or two."""
        if self.claim.check is None:
            return "no check"
        return "FAILED" if self.error else "passed"


def run_check(claim: Claim) -> Finding:
    """Run the check of a claim; a check that raises anything has failed."""
    if claim.check is None:
        return Finding(claim)
    start = time.process_time()
    try:
        numbers, error = claim.check(), None
    except Exception as raised:
        numbers, error = {}, raised
    return Finding(claim, numbers, time.process_time() - start, error)


class CheckFailed(AssertionError):
    """Checks that failed, named."""


class Findings(dict[str, Finding]):
    """Findings by the identifier of their claim; a notebook shows them as a table."""

    def __repr__(self) -> str:
        statuses = [finding.status for finding in self.values()]
        return (
            f"{len(self)} claims: {statuses.count('passed')} checks passed, "
            f"{statuses.count('FAILED')} failed; {statuses.count('no check')} have none."
        )

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, str], dict[str, Any]]:
        """Return the table, and as its metadata the numbers, which the book's ledger shows."""
        numbers = {id: list(finding.numbers.items()) for id, finding in self.items()}
        shown = {"text/plain": repr(self), "text/markdown": table(self.values())}
        return shown, {"scrapbook": {"name": "findings"}, "numbers": numbers}


def table(findings: Iterable[Finding]) -> str:
    """Return findings as a table in Markdown."""
    rows = ["| claim | verdict | of what | the check saw |", "|:--|:--|:--|:--|"]
    for finding in findings:
        claim, numbers = finding.claim, finding.numbers
        saw = "; ".join(f"{name}: {format_number(value)}" for name, value in numbers.items())
        cells = [claim.id, f"{SIGNS[claim.verdict]} {claim.graded}", claim.title]
        rows.append("| " + " | ".join([*cells, (saw or finding.status).replace("|", r"\|")]) + " |")
    return "\n".join(rows)


def format_number(value: float | int | str) -> str:
    """Write a number with four digits if it is real, and in full if it is whole.

    >>> [format_number(value) for value in (3325.2567300796504, 1.99e-16, 49, "2 of 3")]
    ['3325', '1.99e-16', '49', '2 of 3']
    """
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def check_each(claims: Mapping[str, Claim], shown: bool | None = None) -> Iterator[Finding]:
    """Run the checks one after the other, with a line that says how far they are.

    Parameters
    ----------
    claims
        Claims by identifier.
    shown
        Whether the line is shown. None: only on a terminal.
    """
    from tqdm import tqdm

    bar = tqdm(claims.values(), file=sys.stdout, disable=None if shown is None else not shown)
    for claim in bar:
        bar.set_postfix_str(claim.id)
        yield run_check(claim)


def check_all(claims: Mapping[str, Claim], shown: bool | None = None) -> Findings:
    """Run the checks of all claims.

    Parameters
    ----------
    claims
        Claims by identifier, such as `CLAIMS`.
    shown
        Whether a line says how far they are. None: only on a terminal.

    Returns
    -------
    Findings
        What the checks saw, by identifier.

    Raises
    ------
    CheckFailed
        If a check fails; all the others are run nevertheless.

    Examples
    --------
    >>> from bptt_lab.claims import CLAIMS
    >>> check_all({id: CLAIMS[id] for id in ("vg-06", "vg-16")})
    2 claims: 2 checks passed, 0 failed; 0 have none.
    """
    findings = Findings({one.claim.id: one for one in check_each(claims, shown)})
    failed = [finding for finding in findings.values() if finding.error]
    if failed:
        which = "; ".join(f"{one.claim.id} ({one.claim.title}): {one.error!r}" for one in failed)
        raise CheckFailed(f"{len(failed)} of {len(findings)} checks failed: {which}") from (
            failed[0].error
        )
    return findings
