"""The height of a section, told before a browser lays it out."""

import pytest
from docutils import nodes

from tools import room
from tools.folds import ARTICLE
from tools.paths import ALL, CORE
from tools.quiz import html

TEXT = nodes.paragraph("", "word " * 34)  # two lines
TWO_LINES = 2 * room.LINE + room.GAP


@pytest.mark.parametrize(
    ("node", "height"),
    [
        (TEXT, TWO_LINES),
        (nodes.section("", nodes.title("", "A title"), TEXT), room.HEADING + TWO_LINES),
        (nodes.math_block("", "x"), room.DISPLAY),
        (nodes.literal_block("", "a\nb\nc"), 3 * room.CODE_LINE + 2 * room.GAP),
        (html("div", TEXT, **{"data-fold": CORE}), TWO_LINES),
        (html("div", TEXT, **{"data-fold": ALL}), 0),
        (html("div", TEXT, **{"data-fold": ARTICLE}), 0),
        (html("details", TEXT), room.FOLD),
        (html("label", "An answer"), room.LINE + room.GAP),
        (nodes.raw("", "<b>no</b>", format="html"), 0),
    ],
)
def test_height_follows_from_what_a_section_has(node, height):
    assert room.height(node) == height
