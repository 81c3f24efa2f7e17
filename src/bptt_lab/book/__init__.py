"""What the pages of the book are drawn with: explorable figures, and the book's own plots.

Nothing here computes a network. ``Explorer`` makes one matplotlib figure that a reader can
explore with and without a kernel; ``plots`` turns arrays into the figures of the chapters.
"""

from bptt_lab.book import plots
from bptt_lab.book.explorer import Control, Explorer
from bptt_lab.book.svg import Drawing

__all__ = ["Control", "Drawing", "Explorer", "plots"]
