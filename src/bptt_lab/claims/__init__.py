"""The ledger: every claim of the article with a verdict, what holds, and a check that runs.

>>> from bptt_lab.claims import CLAIMS
>>> claim = CLAIMS["vg-05"]
>>> claim.title, claim.verdict, claim.harm, claim.cause
('the Jacobian of one step', 'corrected', 'wrong-number', 'transpose')
>>> round(claim.check()["error without"], 2) > 0.3
True
"""

from bptt_lab.claims import bptt, lstm, model, norms, sources, vanishing
from bptt_lab.claims.claim import (
    CAUSES,
    HARMS,
    SECTIONS,
    SIGNS,
    VERDICTS,
    Claim,
    Ledger,
    Numbers,
)
from bptt_lab.claims.findings import CheckFailed, Finding, Findings, check_all

CLAIMS = Ledger()
"""All claims by identifier, in the article's order."""

for part in (model, bptt, vanishing, norms, lstm, sources):
    for claim in part.LEDGER.values():
        CLAIMS.add(claim)

__all__ = [
    "CAUSES",
    "CLAIMS",
    "HARMS",
    "SECTIONS",
    "SIGNS",
    "VERDICTS",
    "CheckFailed",
    "Claim",
    "Finding",
    "Findings",
    "Ledger",
    "Numbers",
    "check_all",
]
