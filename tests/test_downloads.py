"""PDF, ePub and zip beside the site: linked with their sizes where they are, nowhere else."""

import pytest
import yaml
from bs4 import BeautifulSoup

from conftest import ROOT
from tools.downloads import publish

PAGE = '<p>Before</p><div class="downloads"></div><p>After</p>'


def test_what_is_there_is_linked_with_its_size_also_the_second_time(tmp_path):
    site = tmp_path / "html"
    site.mkdir()
    (site / "a.html").write_text(PAGE, encoding="utf-8")
    (site / "b.html").write_text("<p>No place</p>", encoding="utf-8")
    for name, length in (("bptt-lab.pdf", 2_340_000), ("bptt-lab-0.2.0.zip", 60_000)):
        (tmp_path / name).write_bytes(b"x" * length)
    for _ in range(2):
        assert publish(tmp_path) == ["a.html"]
        page = BeautifulSoup((site / "a.html").read_text(encoding="utf-8"), "html.parser")
        items = [item.get_text() for item in page.select(".downloads li")]
        assert items == ["PDF, to print (2.3 MB)", "zip, to take along (0.1 MB)"]
        assert [p.get_text() for p in page.select("p")] == ["Before", "After"]
        for link in page.select(".downloads a"):
            assert (site / link["href"]).is_file()
    assert (site / "b.html").read_text(encoding="utf-8") == "<p>No place</p>"


def test_the_workflow_publishes_them():
    text = (ROOT / ".github" / "workflows" / "book.yml").read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"]["book"]["steps"]
    commands = [step.get("run", "") for step in steps]
    upload = next(k for k, step in enumerate(steps) if "upload-pages" in step.get("uses", ""))
    assert commands.index("make publish") < upload


@pytest.mark.site
def test_the_site_has_places_for_them_and_no_dead_link(site):
    for name in ("index", "colophon"):
        page = BeautifulSoup((site / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
        (place,) = page.select(".downloads")
        for link in place.select("a"):
            assert (site / link["href"]).is_file()
