"""What runs inside the page: a namespace, cells, checkers, and results that can be shown.

It needs the standard library alone, so that it starts where NumPy is missing. The browser's worker
imports it; so do the tests, outside of any browser.
"""

from .page import Page, prepare

__all__ = ["Page", "prepare"]
