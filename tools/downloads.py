"""Put PDF, ePub and zip beside the site, and links into its pages. Called by `make publish`.

A page has an empty `<div class="downloads">`, which is filled when the files are there: their sizes
are known only then, and a site without them has no dead link.
"""

import re
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

KINDS = {
    ".pdf": "PDF, to print",
    ".epub": "ePub, for a reading device",
    ".zip": "zip, to take along",
}
EMPTY = '<div class="downloads"></div>'
PLACE = re.compile(r'<div class="downloads">.*?</div>', re.S)


def size(path: Path) -> str:
    """Return the size of a file in megabytes."""
    return f"{path.stat().st_size / 1e6:.1f} MB"


def listed(files: Iterable[Path]) -> str:
    """Return the list of links."""
    items = (
        f'<li><a href="{path.name}" download>{KINDS[path.suffix]}</a> ({size(path)})</li>'
        for path in files
    )
    return f'<div class="downloads"><ul>{"".join(items)}</ul></div>'


def publish(build: Path) -> list[str]:
    """Copy the files into the site and fill every place; return the names of the pages."""
    files = [path for kind in KINDS for path in sorted(build.glob(f"bptt-lab*{kind}"))]
    site, filled = build / "html", []
    for path in files:
        shutil.copyfile(path, site / path.name)
    links = listed(files)
    for page in sorted(site.glob("*.html")):
        text, count = PLACE.subn(lambda _: links, page.read_text(encoding="utf-8"))
        if count:
            page.write_text(text, encoding="utf-8")
            filled.append(page.name)
    return filled


if __name__ == "__main__":
    print(f"links on {', '.join(publish(Path(sys.argv[1])))}")
