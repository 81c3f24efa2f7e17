"""Write the book to one zip: the site, the notebooks, and the package that they need.

Called by `make bundle` with the folder of a whole build, `_build`.
"""

import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

from tools.downloads import EMPTY, KINDS, PLACE

ROOT = Path(__file__).resolve().parent.parent
README = """Backpropagation through time, version {version}

site/index.html      the book: open it by double click; it needs no network
notebooks/           the chapters as Jupyter notebooks, and the package that they use
LICENSE              of the code: MIT
LICENSE-TEXT         of text and figures: CC BY 4.0

To run a notebook, in the folder notebooks:

    pip install "{wheel}[notebooks]" jupyterlab
    jupyter lab
"""


def build_wheel(folder: Path) -> Path:
    """Build the package's wheel, from a copy that setuptools may litter, and return its path."""
    source = folder / "source"
    shutil.copytree(ROOT / "src", source / "src", ignore=shutil.ignore_patterns("*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy2(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(source)]
    subprocess.run(command, check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


def content(path: Path) -> bytes:
    """Return what is in a file; a page without its links to the bundle, which is not in itself."""
    found = path.read_bytes()
    if path.suffix != ".html":
        return found
    return PLACE.sub(EMPTY, found.decode("utf-8")).encode("utf-8")


def write_bundle(build: Path) -> Path:
    """Write `bptt-lab-VERSION.zip` into the folder of the build and return its path."""
    site, notebooks = build / "html", sorted((build / "html" / "notebooks").glob("*.ipynb"))
    if not (site / "index.html").exists() or not notebooks:
        sys.exit(f"no whole book in {build}: run `make book` first")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "version"
    ]
    top = f"bptt-lab-{version}"
    with tempfile.TemporaryDirectory() as scratch:
        wheel = build_wheel(Path(scratch))
        inside = [p for p in sorted(site.rglob("*")) if p.is_file() and p.suffix not in KINDS]
        files = {f"site/{p.relative_to(site)}": p for p in inside}
        files |= {f"notebooks/{p.name}": p for p in [*notebooks, wheel]}
        files |= {name: ROOT / name for name in ("LICENSE", "LICENSE-TEXT")}
        target = build / f"{top}.zip"
        with ZipFile(target, "w", ZIP_DEFLATED) as bundle:
            bundle.writestr(f"{top}/README.txt", README.format(version=version, wheel=wheel.name))
            for name, path in files.items():
                bundle.writestr(f"{top}/{name}", content(path))
    return target


if __name__ == "__main__":
    written = write_bundle(Path(sys.argv[1]))
    print(f"{written}: {written.stat().st_size / 1e6:.1f} MB")
