"""Copy the chapters to a folder in which a reader may write. Called by `make lab`.

What was changed in the copy stays as it is, also when the book changes.
"""

import hashlib
import json
import shutil
import sys
from pathlib import Path

COPIED = ".copied.json"
"""What the copies were like when they were made: a hash for each."""


def hashed(path: Path) -> str:
    """Return a hash of a file's content."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def refresh(source: Path, target: Path) -> list[str]:
    """Copy what nobody has changed in the copy; return what is new in the book and was left out."""
    target.mkdir(exist_ok=True)
    record = target / COPIED
    copied = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    left_out = []
    for page in sorted(source.glob("*.md")):
        own, now = target / page.name, hashed(page)
        if own.exists() and hashed(own) not in (copied.get(page.name), now):
            left_out += [page.name] * (copied.get(page.name) != now)
            continue
        shutil.copyfile(page, own)
        copied[page.name] = now
    record.write_text(json.dumps(copied, indent=1), encoding="utf-8")
    return left_out


def main() -> None:
    """Refresh the copy, and say what was left as it is."""
    source, target = map(Path, sys.argv[1:])
    for name in refresh(source, target):
        print(f"{target / name} is yours and stays; {source / name} has changed since.")


if __name__ == "__main__":
    main()
