"""The ledger: every claim of the article, a verdict, and a check that runs.

One module holds the claims of one part of the article. ``python -m bptt_lab.claims`` runs all checks.
"""

from bptt_lab.claims import bptt, lstm, model, norms, references, shapes, vanishing
from bptt_lab.claims.claim import SECTIONS, VERDICTS, Claim, Ledger, Numbers

CLAIMS: dict[str, Claim] = {
    id: claim
    for part in (model, shapes, bptt, vanishing, norms, lstm, references)
    for id, claim in part.LEDGER.items()
}
"""All claims by identifier, in the article's order."""

__all__ = ["CLAIMS", "SECTIONS", "VERDICTS", "Claim", "Ledger", "Numbers"]
