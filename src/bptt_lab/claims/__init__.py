"""The ledger: every claim of the article with a verdict, what holds, and a check that runs.

>>> from bptt_lab.claims import CLAIMS
>>> claim = CLAIMS["vg-16"]
>>> claim.title, claim.verdict
('slopes always less than 1', 'corrected')
>>> claim.check()["slope of tanh at 0"]
1.0
"""

from importlib import import_module
from importlib.util import find_spec

from bptt_lab.claims.claim import SECTIONS, VERDICTS, Claim, Ledger, Numbers

CLAIMS = Ledger()
"""All claims by identifier, in the article's order."""

for part in ("model", "bptt", "vanishing", "norms", "lstm", "sources"):
    if find_spec(f"bptt_lab.claims.{part}"):
        for claim in import_module(f"bptt_lab.claims.{part}").LEDGER.values():
            CLAIMS.add(claim)

__all__ = ["CLAIMS", "SECTIONS", "VERDICTS", "Claim", "Ledger", "Numbers"]
