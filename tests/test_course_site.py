"""The built site as a course: quizzes, the list of what can be done, glossary, formulas."""

import json
import re
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import pytest
from bs4 import BeautifulSoup

import bptt_lab
from bptt_lab.exercises.places import PAGES, at
from parsed import by_id, parse, without_visible_halves
from test_quizzes import CHAPTERS
from tools.progress import FORMER, OUTCOMES

ROOT = Path(__file__).resolve().parent.parent
pytestmark = [pytest.mark.site, pytest.mark.xdist_group("pages")]


@pytest.fixture(scope="session")
def pages(site):
    return {path.stem: parse(path) for path in site.glob("*.html")}


@pytest.fixture(scope="session")
def contents(site):
    text = (site / "_static" / "contents.js").read_text(encoding="utf-8")
    return json.loads(text.removeprefix("window.BOOK = ").removesuffix(";\n"))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_chapters_begin_with_outcomes_and_end_with_a_summary(pages, chapter):
    article = pages[chapter].find("article")
    outcomes = article.select_one("div.admonition > .admonition-title")
    assert outcomes.get_text() == "After this chapter you can"
    assert len(outcomes.parent.select("li")) >= 4
    titles = [re.sub(r"^[\d.]+\s*|#$", "", h.get_text()).strip() for h in article.find_all("h2")]
    assert titles.index("Quiz") < titles.index("Summary") >= len(titles) - 2
    last = article.find_all("p")[-1]
    assert last.select_one(f'a[href^="{chapter}-exercises.html"]')


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_exercises_are_numbered_with_their_chapter_and_found_at_their_old_place(pages, chapter):
    page, place = pages[f"{chapter}-exercises"], pages[chapter]
    number = place.select_one("h1 .section-number").get_text().strip()
    for heading in page.select("article :is(h1, h2)"):
        assert heading.select_one(".section-number").get_text().startswith(number)
    moved = {tag["id"] for tag in place.select("p .moved")}
    anchors = {tag["id"] for tag in page.select("article section[id], article section > span[id]")}
    assert moved and moved - anchors <= {"exercises", *FORMER.get(chapter, {})}
    assert anchors - moved <= {tag["id"] for tag in place.find_all(id=True)}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_questions_are_native_forms(pages, chapter):
    forms = pages[chapter].select(".question")
    assert len(forms) == len(CHAPTERS[chapter])
    for form, question in zip(forms, CHAPTERS[chapter].values(), strict=True):
        kind = "radio" if len(question.right) == 1 else "checkbox"
        boxes = form.select(f"fieldset label > input[type={kind}]")
        assert len(boxes) == len(question.answers) == len(form.select("input"))
        assert len({box["name"] for box in boxes}) == 1
        assert question.title in form.select_one("fieldset > legend").get_text()
        assert form.select_one("[role=status]").get_text() == ""
        assert not form.select("label a")
        reasons = form.select("details.answers li")
        right = ["right" in reason.get("class", []) for reason in reasons]
        assert right == [is_right for is_right, *_ in question.answers]
        assert all(reason.get_text().startswith(("Right. ", "Not this. ")) for reason in reasons)
        assert all(len(reason.get_text()) > 25 for reason in reasons)


def test_the_list_of_what_can_be_done_names_what_is_there(pages, contents, site):
    assert set(CHAPTERS) <= set(contents)
    for name, page in contents.items():
        assert page["title"] in pages[name].find("h1").get_text()
        for kind in ("sections", "questions", "exercises"):
            assert page[kind] or (name not in CHAPTERS and kind == "exercises"), (name, kind)
            assert len(set(page[kind])) == len(page[kind])
            on = f"{name}-exercises" if kind == "exercises" and page[kind] else name
            assert {*page[kind]} <= {*by_id(site / f"{on}.html")}, (name, kind)
        assert len(page["questions"]) == len(pages[name].select(".question"))
    for name in CHAPTERS:
        exercises = pages[f"{name}-exercises"].select("article h2")
        assert len(contents[name]["exercises"]) == len(exercises)
        # Their names are labels, which stay when a title changes.
        labelled = contents[name]["exercises"] + contents[name]["sections"]
        loose = [one for one in labelled if not one.startswith(("ex-", "sec-"))]
        assert set(loose) <= {"summary", "further-reading"}, loose
        known = {label for label in FORMER.get(name, {}).values() if label.startswith("ex-")}
        assert known <= set(contents[name]["exercises"])
    assert next(iter(contents)) == "prerequisites"
    assert "notation" not in contents


def test_the_page_for_teachers_names_what_is_there(pages):
    page = pages["instructors"].find("article")
    known = {
        re.sub(r"^[\d.]+\s*|#$", "", h3.get_text()).strip()
        for name in CHAPTERS
        for h3 in pages[f"{name}-exercises"].find_all("h2")
    }
    named = [em.get_text() for em in page.select("table em")]
    assert len(named) >= 8 and set(named) <= known
    outcomes = [
        li.get_text()
        for li in page.select("#sec-instructors-outcomes li, #what-they-can-do-afterwards li")
    ]
    for name in CHAPTERS:
        box = pages[name].select_one(".admonition.tip li")
        assert box.get_text() in outcomes
    assert len(page.select("details dt")) >= 100


@pytest.fixture(scope="session")
def about(site):
    """Return what a page that lists open items knows of them."""
    text = (site / "_static" / "contents-names.js").read_text(encoding="utf-8")
    return json.loads(text.removeprefix("window.BOOK_NAMES = ").removesuffix(";\n"))


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_outcomes_and_titles_of_open_items_have_their_formulas(pages, about, contents, chapter):
    box = pages[chapter].select_one(".admonition.tip")
    for told, item in zip(about[chapter]["outcomes"], box.select("li"), strict=True):
        text = BeautifulSoup(without_visible_halves(told["text"]), "html.parser").get_text()
        assert text == re.sub(r"\s+", " ", item.get_text()).strip().rstrip(".;")
        assert told["text"].count('class="katex"') == len(item.select(".katex"))
    for name, title in about[chapter]["names"].items():
        on = f"{chapter}-exercises" if name in contents[chapter]["exercises"] else chapter
        named = pages[on].find(id=name)
        heading = named.find(["legend", "h2"]) or named.find_parent("section").find("h2")
        assert title.count('class="katex"') == len(heading.select(".katex")), name


def test_open_items_have_names_minutes_and_outcomes(about, contents):
    assert set(about) == set(contents)
    for name, page in contents.items():
        items = [*page["sections"], *page["questions"], *page["exercises"]]
        assert all(about[name]["names"][item].strip() for item in items)
        assert {*page["sections"]} <= {*about[name]["reading"]}
        for first, *minutes in about[name]["reading"].values():
            assert first in (0, 1, 2) and minutes == sorted(minutes)
    for name in CHAPTERS:
        told, page_of = about[name]["outcomes"], contents[name]
        assert len(told) == len(OUTCOMES[name]) >= 5
        rests_on = [item for one in told for item in one["items"]]
        known = {item for kind in ("sections", "questions", "exercises") for item in page_of[kind]}
        assert {*rests_on} <= known, {*rests_on} - known
        assert {*contents[name]["exercises"]} <= {*rests_on}
        assert all(one["text"] and one["items"] for one in told)


def test_scripts_of_every_page_are_small(site):
    """What only some pages need is loaded by them alone."""
    static = site / "_static"
    for name, most in (("progress.js", 10_500), ("quiz.js", 4_500), ("book.js", 4_500)):
        assert (static / name).stat().st_size < most
    for page in site.glob("*.html"):
        text = page.read_text(encoding="utf-8")
        needs = "data-progress" in text
        assert ("progress-page.js" in text) == ("contents-names.js" in text) == needs, page.name


def test_only_pages_with_questions_load_their_script(pages):
    for name, page in pages.items():
        loaded = [tag["src"] for tag in page.select("script[src]")]
        has = any("quiz.js" in address for address in loaded)
        assert has == bool(page.select(".question"))
        assert any("progress.js" in address for address in loaded) == (name != "404")


# ---------------------------------------------------------------- checkers


@pytest.mark.parametrize("chapter", PAGES)
def test_attempts_are_answered_and_solutions_folded(pages, chapter):
    headings = pages[f"{chapter}-exercises"].find_all("h2")
    written = [h2.parent for h2 in headings if "Write it yourself" in h2.get_text()]
    assert len(written) >= 3
    for exercise in written:
        (answer,) = exercise.select(".cell_output .answer")
        assert answer.find("strong").get_text() == "Not yet."
        assert "known mistake" in answer.p.get_text() and answer.select("details > summary")
        solution = exercise.select_one("details.hide.below-input, details.hide.above-input")
        assert solution is not None and not solution.has_attr("open")
        assert "assert check." in exercise.select("details.hide")[-1].get_text()


@pytest.mark.parametrize("chapter", PAGES)
def test_answers_link_to_the_section_that_explains(pages, chapter):
    exercises = pages[f"{chapter}-exercises"]
    links = exercises.select(".answer a")
    assert len(links) >= 3 and not exercises.select(".answer [data-section]")
    for link in links:
        page, anchor = link["href"].split("#")
        page = page.removesuffix(".html") or chapter
        named, titles = pages[page].find(id=anchor), ["h2", "h3", "h4"]
        heading = named.find(titles) or named.find_parent("section").find(titles)
        place = at(anchor)
        assert (place.page, PAGES[place.page]) == (page, link.get_text().split(", section")[0])
        assert place.title.split(":")[0].split(" ")[-1] in heading.get_text()


# ---------------------------------------------------------------- glossary


WORDS = """RNN; BPTT; truncated BPTT; RTRL; immediate partial derivative; total derivative; readout;
adjoint; long-range term; vanish; explode; normal matrix; Lyapunov exponent; LSTM of 1997; LSTM;
peephole; GRU; clipping; IRNN; chrono initialisation; article; ledger; Jacobian; forget gate; state;
spectral radius; singular value; pseudospectrum; softmax; cross-entropy; finite differences"""


def test_the_glossary_explains_every_word(pages):
    terms = [dt.find(string=True).strip() for dt in pages["glossary"].select("dl.glossary dt")]
    assert {word.strip() for word in WORDS.split(";")} <= set(terms)
    assert len(set(terms)) == len(terms)
    explained = [dd.get_text() for dd in pages["glossary"].select("dl.glossary dd")]
    assert all(len(text) > 20 for text in explained)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_word_is_linked_once_where_it_stands_first(pages, chapter):
    links = pages[chapter].select('article a.term[href^="glossary.html#"]')
    targets = [link["href"] for link in links]
    assert len(links) >= 10 and len(set(targets)) == len(targets)
    for link in links:
        assert pages["glossary"].find(id=link["href"].split("#")[1])
        assert not link.find_parent(["h1", "h2", "h3", "pre", "code", "table", "label"])
    # An independent look at the text: nothing earlier in running text is the same word.
    paragraphs = [
        p for p in pages[chapter].select("article p")
        if not p.find_parent(class_=["admonition", "question", "output"])
        and not p.find_parent("table")
        and "equation-code" not in p.get("class", [])
    ]  # fmt: skip
    for word in ("Jacobian", "unrolled", "spectral radius", "forget gate"):
        linked = [
            link for link in links if link.get_text().lower().removesuffix("s") == word.lower()
        ]
        for paragraph in paragraphs:
            if re.search(rf"(?i)\b{word}s?\b", paragraph.get_text()) and linked:
                assert linked[0] in paragraph.find_all("a"), (word, paragraph.get_text()[:80])
                break


# ---------------------------------------------------------------- formulas


def test_every_formula_has_name_shape_and_code(pages):
    rows = pages["formulas"].select(".formulas tbody tr")
    assert len(rows) >= 25
    used = set()
    for row in rows:
        name, formula, shape, code = row.find_all("td")
        assert name.find("a")["href"].split(".html#")[0] in CHAPTERS
        assert formula.select_one(".katex") and shape.get_text().strip()
        used |= {one.get_text() for one in code.find_all("code")}
    topics = [import_module(f"bptt_lab.{one.name}") for one in iter_modules(bptt_lab.__path__)]
    assert used <= {name for topic in (bptt_lab, *topics) for name in getattr(topic, "__all__", ())}
    wanted = {"forward", "loss_and_gradients", "step_jacobians", "norm_bound", "lyapunov_exponents"}
    assert wanted <= used


# ---------------------------------------------------------------- notebooks


def test_pages_that_run_code_offer_a_notebook(pages, site):
    for name, page in pages.items():
        links = page.select('a[href$=".ipynb"][download]')
        source = ROOT / "book" / f"{name}.md"
        runs = source.exists() and "kernelspec:" in source.read_text(encoding="utf-8")
        assert [link["href"] for link in links] == [f"notebooks/{name}.ipynb"] * runs
        for link in links:
            assert link["aria-label"] and (site / link["href"]).is_file()


def test_no_dead_button(pages):
    """Without the address of a repository nothing is offered that would need one."""
    for page in pages.values():
        for service in ("mybinder.org", "colab.research", "git-pull"):
            assert not page.select(f'a[href*="{service}"]')
