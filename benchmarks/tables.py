"""Tables and goals, as text and as Markdown, and what the machine is."""

import datetime
import os
import platform
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

README = Path(__file__).with_name("README.md")


@dataclass
class Table:
    """A heading and rows of text."""

    head: list[str]
    rows: list[list[str]] = field(default_factory=list)

    def __str__(self) -> str:
        """Return it in Markdown, with columns that line up."""
        lines = [self.head, *self.rows]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        padded = [[c.rjust(w) for c, w in zip(line, widths, strict=True)] for line in lines]
        rule = ["-" * (w - 1) + ":" for w in widths]
        return "\n".join("| " + " | ".join(line) + " |" for line in [padded[0], rule, *padded[1:]])


class Goal(NamedTuple):
    """A number that should not exceed its bound."""

    name: str
    value: float
    bound: float

    @property
    def met(self) -> bool:
        return self.value <= self.bound


def goal_table(goals: list[Goal]) -> Table:
    """All goals, met or missed."""
    verdict = {True: "met", False: "missed"}
    rows = [[g.name, f"{g.value:.2f}", f"{g.bound:g}", verdict[g.met]] for g in goals]
    return Table(["goal", "measured", "at most", ""], rows)


def processor() -> str:
    """Model of the processor, without what makes this one of them particular."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    named = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return re.sub(r"\((?:R|TM)\)", "", named[1]) if named else platform.machine()


def machine() -> str:
    """One line: date, processor, processors there are, and how busy they were."""
    load = os.getloadavg()[1] if hasattr(os, "getloadavg") else float("nan")
    today = datetime.date.today().isoformat()
    return f"{today}, {processor()}, {os.cpu_count()} processors, load {load:.1f}"


def write(section: str, text: str) -> None:
    """Replace a section of the README, which two comments enclose."""
    begin, end = f"<!-- {section} -->", f"<!-- end of {section} -->"
    pattern = f"{re.escape(begin)}.*?{re.escape(end)}"
    old = README.read_text(encoding="utf-8")
    new, found = re.subn(pattern, lambda _: f"{begin}\n{text}\n{end}", old, flags=re.DOTALL)
    if found != 1:
        raise ValueError(f"{README.name} has no section {section}")
    README.write_text(new, encoding="utf-8")
