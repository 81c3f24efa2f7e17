"""The zip of the whole book: what it holds, and that its package works."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from conftest import ROOT
from tools.bundle import write_bundle

pytestmark = pytest.mark.site


def test_a_bundle_holds_the_site_the_notebooks_and_a_package_that_works(site, tmp_path):
    build = tmp_path / "_build"
    build.mkdir()
    (build / "html").symlink_to(site)
    with ZipFile(write_bundle(build)) as bundle:
        assert bundle.testzip() is None
        bundle.extractall(tmp_path / "there")
    (top,) = (tmp_path / "there").iterdir()
    pages = {page.name for page in site.glob("*.html")}
    assert pages == {page.name for page in (top / "site").glob("*.html")}
    for name in ("LICENSE", "LICENSE-TEXT"):
        assert (top / name).read_text(encoding="utf-8") == (ROOT / name).read_text(encoding="utf-8")
    notebooks = {path.stem for path in (top / "notebooks").glob("*.ipynb")}
    assert {"forward", "bptt", "vanishing", "lstm"} <= notebooks
    (wheel,) = (top / "notebooks").glob("*.whl")
    assert wheel.name in (top / "README.txt").read_text(encoding="utf-8")
    code = (
        f"import sys; sys.path.insert(0, {str(wheel)!r}); import bptt_lab; print(bptt_lab.__file__)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        encoding="utf-8",
        cwd=tmp_path,
        check=True,
    )
    assert str(wheel) in ran.stdout
    with ZipFile(wheel) as package:
        packed = {name for name in package.namelist() if name.startswith("bptt_lab/")}
    source = Path(__file__).resolve().parent.parent / "src"
    kept = {".py", ".js", ".css", ".typed"}
    expected = {
        p.relative_to(source).as_posix()
        for p in (source / "bptt_lab").rglob("*")
        if p.suffix in kept or p.name == "py.typed"
    }
    assert expected <= packed


def test_without_a_book_there_is_no_bundle(tmp_path):
    with pytest.raises(SystemExit, match="make book"):
        write_bundle(tmp_path)
