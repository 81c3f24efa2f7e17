"""The ledger's form: what an entry on a claim of the article says, and how it is entered."""

from bptt_lab.claims.claim import SECTIONS, VERDICTS, Claim, Ledger, Numbers

__all__ = ["SECTIONS", "VERDICTS", "Claim", "Ledger", "Numbers"]
