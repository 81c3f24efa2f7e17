"""NumPy for the browser: where its wheel is, and how to get it.

`python -m tools.live.wheels FOLDER` fetches it from Pyodide's distribution into FOLDER, checked
against the lock file of the npm package. No registry has such a wheel yet. The day one has, pip can
fetch it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

NODE_MODULES = Path(__file__).resolve().parents[2] / "node_modules"
PYODIDE = NODE_MODULES / "pyodide"


@dataclass(frozen=True)
class Wheel:
    """A wheel of Pyodide's distribution: its version, its file, and where that is published."""

    version: str
    file: str
    sha256: str
    address: str

    @property
    def integrity(self) -> str:
        """The checksum in the form that a browser compares."""
        return "sha256-" + base64.b64encode(bytes.fromhex(self.sha256)).decode()


def lock() -> dict:
    """Return the lock file of the pinned Pyodide."""
    return json.loads((PYODIDE / "pyodide-lock.json").read_text(encoding="utf-8"))


def published() -> Wheel:
    """Return NumPy as the pinned Pyodide names it."""
    entry = lock()["packages"]["numpy"]
    return Wheel(
        entry["version"], entry["file_name"], entry["sha256"], distribution() + entry["file_name"]
    )


def distribution() -> str:
    """Return the address of Pyodide's distribution, which its own loader names."""
    version = json.loads((PYODIDE / "package.json").read_text(encoding="utf-8"))["version"]
    loader = (PYODIDE / "pyodide.js").read_text(encoding="utf-8")
    named = re.search(r"https://[^`\"']+/v\$\{\w+\}/full/", loader)
    if not named:
        raise RuntimeError(f"pyodide {version} does not say where its distribution is")
    return re.sub(r"\$\{\w+\}", version, named[0])


def fits(name: str) -> bool:
    """Tell whether a file is a wheel of NumPy for the pinned Pyodide."""
    info = lock()["info"]
    python = "cp" + "".join(info["python"].split(".")[:2])
    end = rf"{python}-{python}-py\w+_{info['abi_version']}_wasm32\.whl"
    return bool(re.fullmatch(rf"numpy-[\d.]+-{end}", name))


def find(folder: Path | None) -> Path | None:
    """Return the wheel of NumPy that lies in a folder, the newest if there are several."""
    if folder is None or not folder.is_dir():
        return None
    found = [path for path in folder.glob("numpy-*.whl") if fits(path.name)]
    return max(found, key=lambda path: [int(n) for n in version_of(path).split(".")], default=None)


def version_of(path: Path) -> str:
    """Return the version that the name of a wheel tells."""
    return path.name.split("-")[1]


def fetch(folder: Path) -> Path:
    """Fetch the wheel into a folder, unless a whole one is there; raise if it cannot be had."""
    wheel = published()
    target = folder / wheel.file
    if target.exists() and is_whole(target.read_bytes(), wheel):
        return target
    with urllib.request.urlopen(wheel.address, timeout=30) as answer:
        content = answer.read()
    if not is_whole(content, wheel):
        raise ValueError("its checksum is not that of the lock file")
    folder.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    return target


def is_whole(content: bytes, wheel: Wheel) -> bool:
    """Compare the checksum."""
    return hashlib.sha256(content).hexdigest() == wheel.sha256


def main() -> None:
    """Fetch, and say what came of it."""
    folder = Path(sys.argv[1])
    try:
        print(fetch(folder))
    except (OSError, urllib.error.URLError, ValueError) as error:
        sys.exit(
            f"NumPy for the browser could not be fetched from {published().address}: {error}.\n"
            f"The book can be built without it; its pages then ask their reader for leave to fetch "
            f"it. Or put the file into a folder yourself: make book BOOK_WHEELS=FOLDER."
        )


if __name__ == "__main__":
    main()
