"""A training on disk: written whole or not at all, and read only by the training it is of."""

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from bptt_lab.arguments import Array, fail

Tree = dict[str, Any]
"""Arrays, and dicts of arrays, under their names."""


def write_checkpoint(path: Path, arrays: Tree, facts: dict[str, Any]) -> None:
    """Write arrays and facts (what JSON can hold) to one file, whole or not at all."""
    flat = dict(flatten(arrays))
    flat["training"] = np.array(json.dumps(facts))
    write_whole(path, lambda file: np.savez(file, **flat))  # type: ignore[arg-type]


def read_checkpoint(path: Path) -> tuple[Tree, dict[str, Any]]:
    """Return arrays and facts as they were written.

    Raises
    ------
    ValueError
        If the file is no checkpoint.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            flat = dict(archive)
        facts = json.loads(str(flat.pop("training")))
        return nested(flat), facts
    except (ValueError, EOFError, TypeError, KeyError, zipfile.BadZipFile):
        fail("checkpoint", "a file that Training.save has written", f"the file {path.name}")


def flatten(tree: Tree, above: str = "") -> Iterator[tuple[str, Array]]:
    """Yield every array under its path.

    >>> list(flatten({"params": {"b": 1}, "optimiser": {"v": {"b": 2}}}))
    [('params/b', 1), ('optimiser/v/b', 2)]
    """
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from flatten(value, f"{above}{name}/")
        else:
            yield above + name, value


def nested(flat: dict[str, Array]) -> Tree:
    """Undo ``flatten``.

    >>> nested({"params/b": 1, "optimiser/v/b": 2})
    {'params': {'b': 1}, 'optimiser': {'v': {'b': 2}}}
    """
    tree: Tree = {}
    for path, array in flat.items():
        *groups, name = path.split("/")
        node = tree
        for group in groups:
            node = node.setdefault(group, {})
        node[name] = array
    return tree


def write_whole(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file so that a break at any moment leaves the old one or the new one whole.

    The content goes to another file of the same folder and reaches the disk before that file
    takes the name. A power cut can leave that other file behind; the next write replaces it.
    """
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # Windows opens no folders; its file system keeps a journal of names
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# -------------------------------------------------------------------------------------- identity


def describe_array(array: Array) -> str:
    """Type, shape and a digest of the numbers: equal for equal arrays only.

    >>> describe_array(np.eye(2))
    'float64 (2, 2) #7b38b86d9a7e'
    """
    array = np.ascontiguousarray(array)
    return f"{array.dtype} {array.shape} #{hashlib.sha256(array.tobytes()).hexdigest()[:12]}"


def describe_generator(rng: np.random.Generator) -> str:
    """Kind and seed, which stay the same while numbers are drawn.

    >>> describe_generator(np.random.default_rng(7))
    'PCG64 of seed 7'
    """
    seed = rng.bit_generator.seed_seq
    parts = [getattr(seed, "entropy", None), *getattr(seed, "spawn_key", ())]
    return f"{type(rng.bit_generator).__name__} of seed {', '.join(map(str, parts))}"


def generator_state(rng: np.random.Generator) -> str:
    """Where a generator stands, as text."""
    return json.dumps(rng.bit_generator.state, default=np.ndarray.tolist)


def refuse_another(found: dict[str, str], expected: dict[str, str]) -> None:
    """Refuse the checkpoint of another training, and say in what it differs.

    >>> refuse_another({"window": "5"}, {"window": "None"})
    Traceback (most recent call last):
    ValueError: checkpoint: expected one of this training, got one with window 5, not None
    """
    names = dict.fromkeys([*found, *expected])
    pairs = {name: (found.get(name, "none"), expected.get(name, "none")) for name in names}
    differing = [f"{name} {a}, not {b}" for name, (a, b) in pairs.items() if a != b]
    if differing:
        fail("checkpoint", "one of this training", f"one with {'; '.join(differing)}")
