"""The questions for a learning platform: read back, they are those of the book."""

import re

import pytest
from bs4 import BeautifulSoup

from test_quizzes import CHAPTERS
from tools import gift

QUESTION = re.compile(r"^::(.*?)::\[html\](.*?)(?<!\\)\{\n(.*?)\n\}$", re.M | re.S)
ANSWER = re.compile(r"^\t(=|~(?:%(-?[\d.]+)%)?)(.*?)(?<!\\)#(.*)$", re.M)


def plain(text: str) -> str:
    """Undo the escapes as Moodle does: doubled backslashes first, then the signs."""
    text = text.replace("\\\\", "\0")
    assert not re.search(r"(?<!\\)[~=#{}:]", text), text
    return re.sub(r"\\([~=#{}:])", r"\1", text).replace("\0", "\\")


def test_a_formula_and_code_survive():
    formula = (
        '<span class="math"><span class="katex"><span class="katex-mathml"><math><annotation>'
        r"a_{t} = \nabla L</annotation></math></span><span>no</span></span></span>"
    )
    rest = '&lt; 1, see <a href="x.html">2.1</a> and <code class="c">h[t] = {}</code>.'
    form = BeautifulSoup(f"<div>If {formula} {rest}</div>", "html.parser")
    text = gift.html(form.div)
    assert text == r"If \(a_{t} = \nabla L\) &lt; 1, see 2.1 and <code>h[t] = {}</code>."
    assert plain(gift.controlled(text)) == text
    assert "\\n" not in gift.controlled(text).replace("\\\\", "")  # Moodle reads it as a new line


@pytest.mark.site
@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_question_is_there_with_its_right_answers(site, chapter):
    text = gift.chapter(site / f"{chapter}.html", "Title")
    found = {plain(name).split(". ", 1)[1]: rest for name, *rest in QUESTION.findall(text)}
    assert set(found) == set(CHAPTERS[chapter])
    for title, question in CHAPTERS[chapter].items():
        asked, answers = found[title]
        assert plain(asked).startswith("<p>") and "headerlink" not in asked
        read = ANSWER.findall(answers)
        assert len(read) == len(question.answers) == answers.count("\n") + 1
        for (sign, share, said, why), (is_right, *_) in zip(read, question.answers, strict=True):
            assert plain(said) and plain(why).startswith("<p><strong>" + "Right." * is_right)
            assert (sign == "=" or float(share or 0) > 0) == is_right
        shares = [float(share) for _, share, *_ in read if share]
        assert not shares or abs(sum(share for share in shares if share > 0) - 100) < 0.01
        assert abs(sum(shares)) < 0.01
