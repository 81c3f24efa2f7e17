"""What a page folds: boxes about the article, the ledger's marks, and cells that only assert."""

import pytest

from test_paths import Built, cell, empty_page

BOX = """\
:::{admonition} The article differs: a transpose ({ledger}`vg-05`)
:class: article
Its form is that of columns.
:::
"""


@pytest.fixture
def page(tmp_path):
    def make(text: str):
        index = "# Book\n\n```{toctree}\nchapter\n```"
        chapter = empty_page(one=text)
        built = Built(tmp_path, extensions=["tools.ledger"], index=index, chapter=chapter)
        assert not built.warnings
        return built.page("chapter")

    return make


def test_a_box_about_the_article_is_a_title_with_a_button_and_a_body(page):
    (box,) = page(BOX).select(".admonition.article")
    title, body = box.find_all(recursive=False)
    (button,) = title.select("button")
    assert button["aria-controls"] == body["id"] and button["aria-expanded"] == "true"
    assert body["data-fold"] == "article" and not body.has_attr("hidden")
    assert body.get_text().strip() == "Its form is that of columns."


def test_other_boxes_are_left_alone(page):
    built = page(BOX.replace("article\n", "tip\n"))
    assert not built.select(".fold-body, .fold-button")


@pytest.mark.parametrize(
    ("text", "marks", "left"),
    [
        ("One ({ledger}`vg-05`).", " (✗vg-05)", "One."),
        ("One ({ledger}`vg-05`, {ledger}`vg-07`): two.", None, "One: two."),
        ("One ({ledger}`vg-05` and\n{ledger}`vg-07`), two.", None, "One, two."),
        ("{ledger}`vg-05` One.", "✗vg-05", " One."),
        ("One {ledger}`vg-05`, (two).", "✗vg-05", "One , (two)."),
    ],
)
def test_marks_are_set_aside_with_brackets_that_are_theirs(page, text, marks, left):
    paragraph = page(text).select_one("#one > p")
    spans = paragraph.select(".marks")
    assert len(spans) == 1 and spans[0].select("a.ledger")
    if marks:
        assert spans[0].get_text() == marks
    spans[0].decompose()
    assert paragraph.get_text() == left


def test_marks_stay_where_they_are_explained(tmp_path):
    built = Built(
        tmp_path,
        extensions=["tools.ledger"],
        index="# Book\n\nA mark ({ledger}`vg-05`).",
    )
    assert built.page().select("a.ledger") and not built.page().select(".marks")


def test_a_folded_check_says_what_holds_open_and_closed(page):
    sentence = "✓ Checked: one is one"
    options = (":tags: [hide-input, check]", ":mystnb:", f':  code_prompt_show: "{sentence}"')
    (summary,) = page(cell(1, *options)).select("details.hide > summary")
    assert [title.get_text() for title in summary.select("p")] == [sentence, sentence]
    assert not summary.has_attr("aria-label")  # its words are its name
