"""The built pages as the Nu checker reads them: HTML, MathML and styles without an error."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from docutils import nodes
from docutils.frontend import get_default_settings
from docutils.utils import new_document

from conftest import missing
from tools import markup

CHECKER = Path(__file__).resolve().parent.parent / "node_modules/vnu-jar/build/dist/vnu.jar"


def errors(*paths: Path) -> list[str]:
    """Return what the checker has against pages: where, what, and the place in the page."""
    java = shutil.which("java")
    if not java or not CHECKER.exists():
        missing("the Nu checker needs a Java, and npm's vnu-jar in node_modules")
    # The default stack is too small for a formula in a formula in a formula.
    command = [java, "-Xss8m", "-jar", CHECKER, "--errors-only", "--format", "json", *paths]
    done = subprocess.run(command, capture_output=True, encoding="utf-8")
    return [
        f"{Path(m['url']).name}:{m.get('lastLine')}: {m['message']} {m.get('extract', '')!r}"
        for m in json.loads(done.stderr)["messages"]
    ]


@pytest.mark.site
def test_pages_are_valid(site):
    found = errors(*sorted(site.rglob("*.html")))
    assert not found, f"{len(found)} errors:\n" + "\n".join(found[:20])


WRONG_ONCE = [
    "<details><summary><p>Title</p></summary>Text</details>",
    "<math><msub><mi>x</mi><mi>max</mi><mo>\u2061</mo></msub></math>",
    '<table><tbody #0="1"><tr><td>1</td></tr></tbody></table>',
    '<p style="height:-1em">Text</p>',
]


def test_the_checker_sees_what_was_wrong_once(tmp_path):
    head = '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Page</title></head>'
    bodies = {f"{number}.html": wrong for number, wrong in enumerate(["<p>Text</p>", *WRONG_ONCE])}
    for name, body in bodies.items():
        text = f"{head}<body>{body}</body></html>"
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = errors(*(tmp_path / name for name in bodies))
    assert {error.split(":")[0] for error in found} == {*bodies} - {"0.html"}


MATH = '<math xmlns="http://www.w3.org/1998/Math/MathML">{}</math>'


@pytest.mark.parametrize(
    ("written", "mended"),
    [
        (
            "<msub><mi>σ</mi><mi>max</mi><mo>\u2061</mo></msub>",
            "<msub><mi>σ</mi><mi>max</mi></msub>",
        ),
        (
            "<msubsup><mi>max</mi><mo>\u2061</mo><mi>k</mi><mi>t</mi></msubsup>",
            "<msubsup><mi>max</mi><mi>k</mi><mi>t</mi></msubsup>",
        ),
        (
            '<mo rspace="0.2em"><mrow><mi>m</mi><mi>o</mi><mi>d</mi></mrow></mo>',
            '<mo rspace="0.2em">mod</mo>',
        ),
        # Beside its argument, and not in an index, the operator is right.
        (
            "<mrow><mi>log</mi><mo>\u2061</mo><mi>x</mi></mrow>",
            "<mrow><mi>log</mi><mo>\u2061</mo><mi>x</mi></mrow>",
        ),
        ("<mtext>a &lt; b &amp; c</mtext>", "<mtext>a &lt; b &amp; c</mtext>"),
    ],
)
def test_formulas_are_mended(written, mended):
    assert markup.mended(MATH.format(written)) == MATH.format(mended)


def test_lists_leave_the_paragraph_around_them():
    document = new_document("page", get_default_settings())
    item = nodes.list_item("", nodes.paragraph("", "Text"))
    words = nodes.paragraph("", "Words")
    document += [nodes.paragraph("", "", nodes.bullet_list("", item)), words]
    markup.part_paragraphs(None, document, "page")
    assert [type(child) for child in document.children] == [nodes.bullet_list, nodes.paragraph]


def test_code_has_spans_and_text_keeps_its_blocks():
    context = {"body": "<div><pre>a<div class='x'>b</div></pre></div>"}
    markup.tidy(None, "_modules/m", "page.html", context, None)
    assert context["body"] == "<div><pre>a<span class='x'>b</span></pre></div>"
