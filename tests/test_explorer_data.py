"""What explorers show at other settings lies beside the page, and comes when it is needed."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup

from bptt_lab.book.explorer import Control, Explorer
from bptt_lab.book.plots import panels
from tools.explorers import FOLDER, put_back, put_beside

ASSETS = Path(__file__).resolve().parent.parent / "book" / "assets"


@pytest.fixture(scope="module")
def explorer():
    figure, axes = panels(ylim=(0, 9))
    (line,) = axes.plot([0, 1], [0, 1])

    def update(slope, name):
        line.set_ydata([0, slope])
        return f"The line {name} </script> rises by {slope}."

    grid = {"slope": Control("slope", [1, 2, 3], start=2), "name": ["a", "b"]}
    return Explorer(figure, update, moving=[line], title="A line", **grid)


@pytest.fixture
def site(explorer, tmp_path):
    """Folder of a site with one page, two explorers on it, and their files."""
    markup = explorer._repr_html_()
    context = {"body": f"<p>Before.</p>{markup}<p>Between.</p>{markup}"}
    put_beside(SimpleNamespace(outdir=tmp_path), "page", "page.html", context, None)
    script = (ASSETS / "explorer.js").read_text(encoding="utf-8")
    text = f'<!doctype html><meta charset="utf-8">{context["body"]}<script>{script}</script>'
    (tmp_path / "page.html").write_text(text, encoding="utf-8")
    return tmp_path


def scripts(markup):
    return BeautifulSoup(markup, "html.parser").select("figure script")


def test_a_page_keeps_what_the_controls_need_and_names_the_rest(site):
    for script in scripts((site / "page.html").read_text(encoding="utf-8")):
        assert set(json.loads(script.string)) == {"controls", "start"}
        assert (site / script["data-src"]).is_file()
    assert len(list((site / FOLDER).iterdir())) == 1  # the same figure twice is one file


def test_a_page_in_a_folder_finds_the_same_file(explorer, tmp_path):
    context = {"body": explorer._repr_html_()}
    put_beside(SimpleNamespace(outdir=tmp_path), "folder/page", "page.html", context, None)
    (script,) = scripts(context["body"])
    assert (tmp_path / "folder" / script["data-src"]).resolve().is_file()


def test_put_back_is_what_was_put_beside(explorer, site):
    page = put_back(site, (site / "page.html").read_text(encoding="utf-8"))
    (before,) = scripts(explorer._repr_html_())
    for script in scripts(page):
        assert json.loads(script.string) == json.loads(before.string)
        assert not script.has_attr("data-src")


def steps(page, *places):
    """Move the first slider, and say what is shown after each step."""
    slider = page.locator("input[type=range]").first
    for place in places:
        slider.fill(str(place))
        yield page.locator("figcaption").first


@pytest.mark.browser
def test_a_figure_asks_for_its_data_and_shows_them(chromium, site):
    page = chromium.new_page()
    page.goto((site / "page.html").as_uri())
    for place, caption in enumerate(steps(page, 0, 1, 2)):
        caption.get_by_text(f"rises by {place + 1}.").wait_for()
    label = page.locator(".panels").first.get_attribute("aria-label")
    assert label == "A line. The line a </script> rises by 3."
    page.close()


@pytest.mark.browser
def test_data_that_do_not_come_are_missed_and_asked_for_again(chromium, site):
    (file,) = (site / FOLDER).iterdir()
    away = file.rename(site / "away.js")
    page = chromium.new_page()
    page.goto((site / "page.html").as_uri())
    status = page.locator(".status").first
    next(steps(page, 0))
    status.get_by_text("could not be loaded").wait_for()
    assert status.bounding_box()["height"] > 10  # and that can be seen
    away.rename(file)
    next(steps(page, 2)).get_by_text("rises by 3.").wait_for()
    page.wait_for_function("document.querySelector('.status').textContent.includes('rises by 3')")
    assert "fault" not in status.get_attribute("class")
    page.close()
