"""Where the book explains what: its sections by their labels."""

from dataclasses import dataclass

PAGES = {
    "forward": "Forward pass",
    "bptt": "Backpropagation through time",
    "vanishing": "Vanishing and exploding gradients",
    "lstm": "LSTM and GRU",
    "training": "Training",
    "after": "After the LSTM: what became of the gradient through time",
}
"""Title of a chapter by the name of its file."""

SECTIONS = {
    "forward": {
        "sec-cell": "The cell",
        "sec-shapes": "A mini-batch, and every shape",
        "sec-concatenation": "One product instead of two",
        "sec-columns": "Rows here, columns there",
        "sec-softmax": "Softmax acts on the row",
        "sec-cross-entropy": "Cross-entropy",
        "sec-yhat-minus-y": "The derivative: ŷ - y, and when it is not",
        "sec-steps": "Steps, masks, sums and means",
        "sec-initial-state": "Where the sequence starts",
    },
    "bptt": {
        "sec-bptt-readout": "The readout: no path through time",
        "sec-bptt-two-steps": "The same weight, used twice",
        "sec-bptt-sum": "The sum over all uses",
        "sec-bptt-all": "All losses: the triangle",
        "sec-bptt-order": "Order, transpose, layout",
        "sec-bptt-recursion": "The recursion",
        "sec-bptt-four": "Four ways to one gradient",
        "sec-bptt-truncated": "Truncated backpropagation",
    },
    "vanishing": {
        "sec-jacobian": "One step back",
        "sec-jacobian-product": "Many steps back",
        "sec-norm-bound": "A bound",
        "sec-non-normal": "Eigenvalues are not enough",
        "sec-exact-rate": "The exact rate",
        "sec-clipping": "Clipping",
    },
    "lstm": {
        "sec-carousel": "A memory that only adds",
        "sec-lstm-forget": "A gate that forgets",
        "sec-gru": "The gated recurrent unit",
        "sec-one-step": "One step back: four terms",
        "sec-k-steps": "k steps back: the missing path",
        "sec-gru-jacobian": "The GRU has no such trap",
        "sec-lstm-backward": "The backward pass",
    },
    "training": {
        "sec-update": "From a gradient to a step",
    },
    "after": {
        "sec-after-scan": "All steps in a few rounds",
        "sec-after-newton": "Newton over the sequence",
        "sec-after-forward": "Forward again",
        "sec-after-memory": "Less memory",
    },
}
"""Heading of a section, its mathematics in plain letters, by page and label."""


@dataclass(frozen=True)
class Place:
    """A section of the book.

    Attributes
    ----------
    page : str
        Name of the chapter's file.
    label : str
        The label before the section's heading, which is its anchor in the page.
    title : str
        The heading.
    """

    page: str
    label: str
    title: str

    def __str__(self) -> str:
        return f'{PAGES[self.page]}, section "{self.title}"'


def at(label: str) -> Place:
    """Return the section that has this label.

    >>> print(at("sec-bptt-order"))
    Backpropagation through time, section "Order, transpose, layout"
    """
    for page, titles in SECTIONS.items():
        if label in titles:
            return Place(page, label, titles[label])
    raise KeyError(label)
