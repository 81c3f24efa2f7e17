"""The ledger: every claim of the article with a verdict, what holds, and a check that runs.

>>> from bptt_lab.claims import CLAIMS
>>> claim = CLAIMS["vg-16"]
>>> claim.title, claim.verdict
('slopes always less than 1', 'corrected')
>>> claim.check()["slope of tanh at 0"]
1.0
"""

from bptt_lab.claims import bptt, lstm, model, norms, sources, vanishing
from bptt_lab.claims.claim import SECTIONS, SIGNS, VERDICTS, Claim, Ledger, Numbers
from bptt_lab.claims.findings import CheckFailed, Finding, Findings, check_all

CLAIMS = Ledger()
"""All claims by identifier, in the article's order."""

for part in (model, bptt, vanishing, norms, lstm, sources):
    for claim in part.LEDGER.values():
        CLAIMS.add(claim)

__all__ = [
    "CLAIMS",
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
