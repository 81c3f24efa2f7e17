"""The ledger on a terminal."""

from __future__ import annotations

import argparse
import difflib
import sys
import textwrap
import traceback
from collections.abc import Sequence

from bptt_lab.claims import CLAIMS, HARMS, SECTIONS, VERDICTS
from bptt_lab.claims.claim import Claim, Ledger
from bptt_lab.claims.findings import Finding, check_each, format_number, run_check

WIDTH = 79


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    verdicts, harms, sections = (
        "\n".join(f"  {name:<13}{what}" for name, what in names.items())
        for names in (VERDICTS, HARMS, SECTIONS)
    )
    options = argparse.ArgumentParser(
        prog="python -m bptt_lab.claims",
        description="Run the check of every claim of the article and print the table of verdicts,\n"
        "or print the entries that are named in full, with what their checks see.",
        epilog=f"verdicts:\n{verdicts}\n\nharm of a condition or a correction:\n{harms}\n\n"
        f"parts of the article:\n{sections}\n\n"
        "The exit status is 1 if a check fails.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("entries", nargs="*", metavar="ENTRY", help="such as vg-12")
    options.add_argument("--section", choices=SECTIONS, help="only this part of the article")
    options.add_argument("--verdict", choices=VERDICTS, help="only claims of this verdict")
    options.add_argument("--harm", choices=HARMS, help="only claims that do this harm")
    return options


def unknown(entry: str) -> str:
    """Say that there is no such entry, and which ones may have been meant."""
    meant = difflib.get_close_matches(entry, CLAIMS, n=3)
    hint = f"Did you mean {', '.join(meant)}? " if meant else ""
    return f"there is no entry {entry!r}. {hint}Without a name the table of all is printed."


# ------------------------------------------------------------------ the table


def line(finding: Finding) -> str:
    """Return the row of a claim."""
    claim = finding.claim
    return f"{claim.id:<8} {claim.verdict:<9} {claim.harm:<12} {finding.status:<8} {claim.title}"


def print_table(claims: Ledger) -> int:
    """Run and print claim after claim; return how many checks failed."""
    findings = []
    for finding in check_each(claims):
        if sys.stdout.isatty():
            print("\r".ljust(WIDTH), end="\r")
        print(line(finding))
        findings.append(finding)
    counts = ", ".join(
        f"{sum(one.verdict == verdict for one in claims.values())} {verdict}"
        for verdict in VERDICTS
    )
    statuses = [finding.status for finding in findings]
    print(f"\n{len(claims)} claims: {counts}.")
    causes = claims.by_cause()
    print(
        f"{sum(map(len, causes.values()))} of them are conditions or corrected; "
        f"the slips behind these, each counted once, are {len(causes)}."
    )
    print(
        f"{statuses.count('passed')} checks passed, {statuses.count('FAILED')} failed, "
        f"{statuses.count('no check')} claims have none; "
        f"{sum(finding.seconds for finding in findings):.1f} s of processor time."
    )
    return statuses.count("FAILED")


# ------------------------------------------------------------------ one entry


def paragraph(name: str, text: str) -> str:
    """Return a part of an entry, indented below its name."""
    return f"{name}\n" + textwrap.fill(
        text, WIDTH, initial_indent="  ", subsequent_indent="  ", break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


def numbers(finding: Finding) -> str:
    """Return what a check saw, a line for each number."""
    width = max(map(len, finding.numbers), default=0)
    rows = [f"  {name:<{width}}  {format_number(value)}" for name, value in finding.numbers.items()]
    return "\n".join([f"The check {finding.status}, after {finding.seconds:.2f} s, and saw", *rows])


def entry(claim: Claim, finding: Finding) -> str:
    """Return an entry in full."""
    parts = [f"{claim.id}  {claim.title}: {claim.graded} ({VERDICTS[claim.verdict]})"]
    if claim.harm:
        parts.append(paragraph("Harm", HARMS[claim.harm]))
    parts += [paragraph(name, text) for name, text in claim.parts.items()]
    if finding.error:
        parts.append("The check FAILED\n" + "".join(traceback.format_exception(finding.error)))
    elif claim.check:
        parts.append(numbers(finding))
    if claim.check:
        parts.append("The check\n" + textwrap.indent(claim.code, "  "))
    return "\n\n".join(parts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is asked for; return the exit status."""
    options = parser()
    asked = options.parse_args(arguments)
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]  # a terminal in ASCII
    for name in asked.entries:
        if name not in CLAIMS:
            options.error(unknown(name))
    if asked.entries:
        findings = [run_check(CLAIMS[name]) for name in asked.entries]
        print("\n\n\n".join(entry(finding.claim, finding) for finding in findings))
        return int(any(finding.error for finding in findings))
    claims = Ledger(
        (id, claim)
        for id, claim in CLAIMS.items()
        if asked.section in (None, claim.section)
        and asked.verdict in (None, claim.verdict)
        and asked.harm in (None, claim.harm)
    )
    return int(print_table(claims) > 0)


if __name__ == "__main__":
    sys.exit(main())
