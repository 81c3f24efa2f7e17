"""Claims of the article's part on ... (to be written)."""

from bptt_lab.claims.claim import Ledger

LEDGER = Ledger()
