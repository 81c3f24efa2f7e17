"""The pack: all that Python in a page needs, as scripts that a page on a disk can load.

A pack is a row of bytes, cut into pieces, each the base64 of one script. `contents.js` says which
file lies where. Files are gzipped, so that each carries its own checksum.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
from collections.abc import Iterable
from importlib.metadata import distribution, version
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from . import wheels

PIECE = 786_432
"""Bytes of a piece; its script is a third longer."""

CORE = (
    "pyodide.asm.wasm", "pyodide.asm.js", "pyodide.js", "python_stdlib.zip",
)  # fmt: skip
"""The largest to compile comes first."""

ABOUT = 3_600_000
"""Bytes of the wheel of NumPy, to say before it is fetched; the lock file does not tell it."""

ALSO = ("threadpoolctl",)
"""What the package imports beside NumPy, and is small."""

ON_DEMAND = {
    "sympy": ("sympy", "mpmath"),
    "autograd": ("autograd",),
    "joblib": ("joblib",),
    "tqdm": ("tqdm",),
}
"""Packs that are loaded when a cell first imports them, and what they consist of."""


# ------------------------------------------------------------------ archives


def archive(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a zip, the same for the same content."""
    target = io.BytesIO()
    with ZipFile(target, "w") as packed:
        for name, content in files:
            packed.writestr(ZipInfo(name), content, ZIP_DEFLATED, 9)
    return target.getvalue()


def installed(name: str) -> bytes:
    """Return a wheel of an installed library of pure Python, without its tests."""
    files = distribution(name).files or []
    kept = [file for file in files if is_needed(file.parts) and Path(file.locate()).is_file()]
    return archive((file.as_posix(), Path(file.locate()).read_bytes()) for file in sorted(kept))


def is_needed(parts: tuple[str, ...]) -> bool:
    """Leave out tests, caches, commands and what lies outside of site-packages."""
    unwanted = {"tests", "__pycache__", "..", "benchmarks", "direct_url.json"}
    return not unwanted & {*parts} and not parts[-1].endswith((".pyc", ".pyi"))


def folder(root: Path, *patterns: str) -> list[tuple[str, bytes]]:
    """Return the files of a package by their names from the folder in which it lies."""
    paths = sorted({path for pattern in patterns for path in root.rglob(pattern)})
    return [(path.relative_to(root.parent).as_posix(), path.read_bytes()) for path in paths]


def package(root: Path) -> bytes:
    """Return the wheel of the book's own package, as it is at this build."""
    name, number = "bptt_lab", version("bptt-lab")
    metadata = f"Metadata-Version: 2.1\nName: bptt-lab\nVersion: {number}\n"
    wheel = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    info = f"{name}-{number}.dist-info"
    about = [(f"{info}/METADATA", metadata.encode()), (f"{info}/WHEEL", wheel.encode())]
    return archive(folder(root, "*.py", "*.json", "*.typed") + about)


# ------------------------------------------------------------------ packs


def pieces(content: bytes, name: str, out: Path) -> list[dict]:
    """Write a pack in pieces, and return their names and sizes."""
    written = []
    for number, start in enumerate(range(0, len(content), PIECE), start=1):
        part, piece = content[start : start + PIECE], f"pack-{name}-{number:02}"
        text = base64.b64encode(part).decode()
        script = f'((window.PYTHON_PACK ??= {{}}).pieces ??= {{}})["{piece}"] = "{text}";\n'
        (out / f"{piece}.js").write_text(script, encoding="utf-8")
        written.append({"name": piece, "size": len(part)})
    return written


def write(name: str, files: dict[str, bytes], out: Path) -> dict:
    """Write a pack, and return what the contents say of it."""
    content, ranges = b"", {}
    for file, data in files.items():
        packed = gzip.compress(data, 9, mtime=0)
        ranges[file] = (len(content), len(content) + len(packed))
        content += packed
    written = pieces(content, name, out)
    return {
        "size": len(content),
        "weight": sum((out / f"{piece['name']}.js").stat().st_size for piece in written),
        "pieces": written,
        "files": {file: rows(*span) for file, span in ranges.items()},
    }


def rows(start: int, end: int) -> list[tuple[int, int, int]]:
    """Return where a range of bytes lies: for each piece that it touches, from where to where."""
    first, last = start // PIECE, (end - 1) // PIECE
    return [
        (k, max(start - k * PIECE, 0), min(end - k * PIECE, PIECE)) for k in range(first, last + 1)
    ]


def core(source: Path, inside: Path) -> dict[str, bytes]:
    """Return the files of Python itself and of the book."""
    info = {"info": wheels.lock()["info"], "packages": {}}
    return {
        **{name: (wheels.PYODIDE / name).read_bytes() for name in CORE},
        "pyodide-lock.json": json.dumps(info).encode(),
        "in_page.whl": archive(folder(inside, "*.py")),
        "bptt_lab.whl": package(source),
        **{f"{name}.whl": installed(name) for name in ALSO},
    }


def build(out: Path, source: Path, inside: Path, numpy: Path | None) -> dict:
    """Write all packs into a folder, and return what the contents say of them."""
    packs = {"core": write("core", core(source, inside), out)}
    if numpy:
        packs["numpy"] = write("numpy", {numpy.name: numpy.read_bytes()}, out)
    for name, libraries in ON_DEMAND.items():
        packs[name] = write(name, {f"{one}.whl": installed(one) for one in libraries}, out)
    return {
        "python": wheels.lock()["info"]["python"],
        "numpy": about_numpy(numpy),
        "packs": packs,
        "brings": {library: name for name, all_of in ON_DEMAND.items() for library in all_of},
    }


def about_numpy(numpy: Path | None) -> dict:
    """Say which NumPy is packed, or which is to be fetched, from where."""
    if numpy:
        return {"packed": True, "version": wheels.version_of(numpy)}
    wheel = wheels.published()
    return {
        "packed": False,
        "version": wheel.version,
        "address": wheel.address,
        "integrity": wheel.integrity,
        "size": ABOUT,
    }
