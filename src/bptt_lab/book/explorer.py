"""One matplotlib figure to explore, with a kernel and without.

matplotlib draws and a function moves the artists.  In Jupyter the controls are widgets and the
function runs in the kernel.  A page of HTML has no kernel, so every setting is drawn beforehand,
once, and the page keeps what differs between the settings:

* a *slot* is one attribute, or the text, of one element that is not the same at every setting;
* each distinct content of a slot is a *state*, kept once; slots that change together form a group,
  with one list that says which state belongs to which setting;
* states that differ in their numbers only become a table of integers, differenced along the curve
  and from state to state as often as makes them small.

``book/assets/explorer.js`` is the other half: it undoes this when a control moves.
"""

from __future__ import annotations

import html
import inspect
import itertools
import json
import math
import re
import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

import numpy as np
import numpy.typing as npt
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bptt_lab.book.svg import DECIMALS, GEOMETRY, ID, Picture, describe, prefix_ids, write_label

__all__ = ["Control", "Explorer"]

ROWS = 12
"""At most this many points of a line are listed in its table of numbers."""

TICK = 1600
"""Milliseconds that a value stays on screen while a slider plays, as in the script."""

Integers = npt.NDArray[np.int64]
Setting = dict[str, Any]
Columns = dict[str, list[str]]


# -- what can be set --------------------------------------------------------------------------


@dataclass(frozen=True)
class Control:
    r"""A control with a readable label and a default.

    Parameters
    ----------
    label : str
        What the reader sees; formulas as in matplotlib, ``r"radius $\rho$"``, are welcome.
    values : sequence
        Numbers, in increasing order, make a slider; strings or booleans make radio buttons.
    start : optional
        The value shown at first, one of `values`; the first one if left out.
    format : str or callable, optional
        How a value is written: a format string such as ``"{:.2f}"``, or a function of the value.
    play : bool
        Whether a button moves the slider along by itself, one value after the other.

    Examples
    --------
    >>> Control("spectral radius", [0.5, 1.0, 1.5], start=1.0, format="{:.1f}").label
    'spectral radius'
    """

    label: str
    values: Sequence[Any] | npt.NDArray[Any]
    start: Any = None
    format: str | Callable[[Any], str] | None = None
    play: bool = False

    def write(self, value: Any) -> str:
        """Return the text of a value."""
        if callable(self.format):
            return str(self.format(value))
        if self.format is not None:
            return self.format.format(value)
        if isinstance(value, bool):
            return "yes" if value else "no"
        return value if isinstance(value, str) else f"{value:g}"


class _Parameter:
    """An argument of `update`: its control, with the values checked."""

    def __init__(self, name: str, given: Control | Iterable[Any]) -> None:
        self.name = name
        self.control = given if isinstance(given, Control) else Control(name, list(given))
        self.label = self.control.label
        self.values = [v.item() if isinstance(v, np.generic) else v for v in self.control.values]
        _check_kind(name, self.values)
        self.texts = [self.control.write(value) for value in self.values]
        _check_distinct(name, "value", self.values, "leave one out")
        _check_distinct(name, "text", self.texts, "give a format that tells the values apart")
        self.start = self._start()
        if self.control.play and not self.numeric:
            raise ValueError(f"{name} cannot play: only numbers make a slider")

    def _start(self) -> int:
        start = self.control.start
        return 0 if start is None else self.place(start)

    def place(self, wanted: Any) -> int:
        """Return where a value stands among the values."""
        for place, value in enumerate(self.values):
            if value == wanted or (self.numeric and math.isclose(value, wanted, rel_tol=1e-9)):
                return place
        among = reprlib.repr(self.values)
        raise ValueError(f"{self.name} cannot be {wanted!r}: it is not among {among}")

    @property
    def numeric(self) -> bool:
        return not isinstance(self.values[0], str | bool)


def _check_kind(name: str, values: list[Any]) -> None:
    if not values:
        raise ValueError(f"{name} has no values: give it at least one")
    if all(isinstance(v, str) for v in values) or all(isinstance(v, bool) for v in values):
        return
    numbers = all(isinstance(v, Real) and not isinstance(v, bool) for v in values)
    if not numbers or not all(math.isfinite(v) for v in values):
        raise ValueError(
            f"{name} needs finite numbers, or strings, or booleans, all of one kind, "
            f"got {reprlib.repr(values)}"
        )
    if any(after < before for before, after in itertools.pairwise(values)):
        raise ValueError(f"the numbers of {name} must increase, got {reprlib.repr(values)}")


def _check_distinct(name: str, what: str, items: list[Any], remedy: str) -> None:
    twice = [item for place, item in enumerate(items) if item in items[:place]]
    if twice:
        raise ValueError(f"{name} has the {what} {twice[0]!r} twice: {remedy}")


# -- the explorer -----------------------------------------------------------------------------


class Explorer:
    """A figure whose parameters the reader sets, in static HTML as well as in Jupyter.

    Every setting of the grid is drawn when the object is made, so a mistake stops the notebook
    there and then.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        Every subfigure becomes a panel.  What is not in `moving` must stand still, the limits of
        the axes included.
    update : callable
        ``update(**setting)`` moves the artists and returns one sentence that says what is seen.
    moving : sequence of matplotlib.artist.Artist
        The artists that `update` moves.  They may change their numbers, colours and words, and
        hide, but not the parts they are made of.
    title : str, optional
        What the figure is called, as a reader who does not see it hears first; the first line of
        the docstring of `update` if left out.
    presets : mapping of str to dict, optional
        Settings to try, each a button: its words, and the arguments of `update` that it sets.  The
        others go back to where they start.
    **grid : sequence or Control
        The values of each argument of `update`.

    Raises
    ------
    ValueError
        If the grid or a preset cannot be used, an artist is not one of this figure, an artist
        changes its parts, `update` returns no sentence, or something moves that is not in `moving`.
    RuntimeError
        If `update` raises: the message names the setting.

    Examples
    --------
    >>> from bptt_lab.book.plots import panels
    >>> figure, axes = panels(ylim=(0, 4))
    >>> line, = axes.plot([0, 1], [0, 1])
    >>> def update(slope):
    ...     line.set_ydata([0, slope])
    ...     return f"The line rises by {slope}."
    >>> Explorer(figure, update, moving=[line], title="A straight line", slope=[1, 2, 3])
    The line rises by 1.
    """

    def __init__(
        self,
        figure: Figure,
        update: Callable[..., str],
        /,
        moving: Artist | Sequence[Artist] = (),
        title: str = "",
        presets: Mapping[str, Setting] | None = None,
        **grid: Control | Iterable[Any],
    ) -> None:
        if not grid:
            raise ValueError("the grid is empty: name at least one argument of update")
        self.figure, self.update = figure, update
        self.title = title or _first_line(update)
        self.parameters = [_Parameter(name, given) for name, given in grid.items()]
        self.start: Setting = {p.name: p.values[p.start] for p in self.parameters}
        self.presets = {words: self._places(words, to) for words, to in (presets or {}).items()}
        self.sentence = self.show(self.start)
        self.picture = Picture(figure, [moving] if isinstance(moving, Artist) else moving)
        self._html = _page(self)
        self._widget: Any = None
        self.show(self.start)

    def _places(self, words: str, setting: Setting) -> list[int]:
        """Return the place of each control at a preset."""
        unknown = set(setting) - set(self.start)
        if unknown:
            raise ValueError(f"the preset {words!r} sets {min(unknown)}, which has no control")
        return [p.place(setting[p.name]) if p.name in setting else p.start for p in self.parameters]

    def show(self, setting: Setting) -> str:
        """Move the artists to a setting and return the sentence."""
        try:
            sentence = self.update(**setting)
        except Exception as error:
            kind = type(error).__name__
            raise RuntimeError(f"{_call(setting)} raised {kind}: {error}") from error
        if not isinstance(sentence, str) or not sentence.strip():
            raise ValueError(
                f"{_call(setting)} returned {sentence!r}, not a sentence that says what is seen"
            )
        return sentence.strip()

    def alt(self, sentence: str) -> str:
        """Return the text alternative: the title, and what is seen."""
        return f"{self.title}. {sentence}"

    def widget(self) -> Any:
        """Return the live face, an ``ipywidgets.VBox``; it is made once."""
        if self._widget is None:
            self._widget = _widget(self)
        return self._widget

    def __repr__(self) -> str:
        return self.sentence

    def _repr_html_(self) -> str:
        return self._html

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        live = self.widget()._repr_mimebundle_()
        return {**live, "text/html": self._html, "text/plain": self.sentence}


def _first_line(update: Callable[..., str]) -> str:
    lines = (inspect.getdoc(update) or "").strip().splitlines()
    if not lines:
        raise ValueError("the figure needs a title, or update a docstring whose first line is one")
    return lines[0].strip().rstrip(".")


def _call(setting: Setting) -> str:
    return f"update({', '.join(f'{name}={value!r}' for name, value in setting.items())})"


# -- drawing the settings, and finding what varies --------------------------------------------


@dataclass
class _Frame:
    """What one setting looks like."""

    sentence: str
    groups: list[Element]
    columns: list[Columns]


@dataclass
class _Slot:
    """Attribute `name` of `element`, with its value in each frame.

    "#" stands for its text, "#1" for a column of a table.
    """

    element: Element
    name: str
    values: list[str]


class _DrawnGrid:
    """Every setting of the grid, drawn; `slots` is what varies between them."""

    def __init__(self, explorer: Explorer) -> None:
        self.explorer, self.picture = explorer, explorer.picture
        names = [p.name for p in explorer.parameters]
        grid = itertools.product(*(p.values for p in explorer.parameters))
        self.settings: list[Setting] = [dict(zip(names, values, strict=True)) for values in grid]
        self.start = self.settings.index(explorer.start)
        self.slots: list[_Slot] = []
        self.lines = [a for a in self.picture.moving if isinstance(a, Line2D)]
        self.frames = self._draw_all()
        for number in range(len(self.picture.moving)):
            self._compare(number)

    def _draw_all(self) -> list[_Frame]:
        static = self.picture.draw_static()
        frames = [self._frame(setting) for setting in self.settings]
        if self.picture.draw_static() != static:
            self._report_what_moved(self.settings[-1])
        return frames

    def _frame(self, setting: Setting) -> _Frame:
        sentence = self.explorer.show(setting)
        return _Frame(sentence, self.picture.redraw(), [_columns(line) for line in self.lines])

    def _report_what_moved(self, setting: Setting) -> None:
        """Say what moved that should have stood still, if it can be drawn by itself."""
        now = self.picture.draw_each_static()
        self.explorer.show(self.explorer.start)
        before = self.picture.draw_each_static()
        changed = [describe(a) for a, look in before.items() if now.get(a, look) != look]
        raise ValueError(
            f"{_call(setting)} changes {changed[0] if changed else 'something'}, which is not in "
            "moving: put it there, or leave it as it is (the limits of axes cannot move)"
        )

    def _compare(self, number: int) -> None:
        """Put the default of an artist into the picture, and find its slots."""
        artist, groups = self.picture.moving[number], [f.groups[number] for f in self.frames]
        drawn = [len(group) > 0 for group in groups]
        if not any(drawn):
            raise ValueError(f"{describe(artist)} is in moving, but no setting draws it")
        groups = _hold_last_drawn(groups, drawn)
        versions = [list(group.iter())[1:] for group in groups]
        self._check_parts(artist, versions)
        home = self.picture.groups[number]
        home[:] = list(groups[self.start])
        self.vary(home, "display", ["" if seen else "none" for seen in drawn])
        for element, *others in zip(versions[self.start], *versions, strict=True):
            for name in dict.fromkeys(itertools.chain(*(other.attrib for other in others))):
                self.vary(element, name, [other.get(name, "") for other in others])
            self.vary(element, "#", [other.text or "" for other in others])

    def _check_parts(self, artist: Artist, versions: list[list[Element]]) -> None:
        """Hold that an artist has the same elements, and the same definitions, in every frame."""
        parts = [[(e.tag, _references(e)) for e in version] for version in versions]
        for setting, these in zip(self.settings, parts, strict=True):
            if these != parts[self.start]:
                raise ValueError(
                    f"{describe(artist)} at {_call(setting)} is made of other parts than at "
                    f"{_call(self.explorer.start)}. It may change its numbers, colours and words, "
                    "or hide; but not the number of its bars or dots, and a text that moves is "
                    "best written in plain characters, not as a formula"
                )

    def vary(self, element: Element, name: str, values: list[str]) -> None:
        """Give an element its default, and make a slot if the value is not always the same."""
        default = values[self.start]
        if name == "#":
            element.text = default
        elif default and not name.startswith("#"):  # a column's cells are written one by one
            element.set(name, default)
        if any(value != default for value in values):
            self.slots.append(_Slot(element, name, values))


def _hold_last_drawn(groups: list[Element], drawn: list[bool]) -> list[Element]:
    """Where an artist hides, let its group be that of the frame before: nothing has to change."""
    last = groups[drawn.index(True)]
    held = []
    for group, seen in zip(groups, drawn, strict=True):
        last = group if seen else last
        held.append(last)
    return held


def _references(element: Element) -> list[str]:
    """Clip regions, hatches and the like, which exist once; the marker of a point may be absent."""
    names = [n for n, value in element.attrib.items() if ID in value and n[:7] != "marker-"]
    return [element.attrib[name] for name in sorted(names)]


# -- the numbers of a line --------------------------------------------------------------------


def _columns(line: Line2D) -> Columns:
    """List the points of a line in data units, thinned: header -> texts."""
    axes = line.axes
    assert isinstance(axes, Axes)
    points = [np.asarray(values, dtype=float) for values in line.get_data(orig=False)]
    rows = np.unique(np.linspace(0, max(len(points[0]) - 1, 0), ROWS).round().astype(int))
    columns = {
        header: [_digits(value) for value in values[rows[: len(values)]]]
        for header, values, in_data_units in zip(
            _headers(axes),
            points,
            line.get_transform().contains_branch_seperately(axes.transData),
            strict=True,
        )
        if in_data_units
    }
    if len(columns) == 1:  # a line right across the axes, such as axhline, is one number
        columns = {header: list(dict.fromkeys(texts)) for header, texts in columns.items()}
    return columns


def _headers(axes: Axes) -> tuple[str, str]:
    across, up = axes.get_xlabel() or "x", axes.get_ylabel() or "y"
    return (across, up) if across != up else (f"{across} (across)", f"{up} (up)")


def _digits(value: float) -> str:
    """Write a number with three significant digits.

    >>> _digits(-1.23456e-07), _digits(1e5), _digits(float("nan"))
    ('−1.23e−7', '1e5', '–')
    """
    if not math.isfinite(value):
        return "–" if math.isnan(value) else "∞" if value > 0 else "−∞"
    mantissa, _, exponent = f"{value:.3g}".partition("e")
    return (f"{mantissa}e{int(exponent)}" if exponent else mantissa).replace("-", "−")


def _tables(grid: _DrawnGrid) -> list[Element]:
    """Make a table for each line with a label; its columns are slots of the grid."""
    tables = []
    for number, line in enumerate(grid.lines):
        frames = [frame.columns[number] for frame in grid.frames]
        label = str(line.get_label())
        if frames[0] and not label.startswith("_"):  # so Matplotlib marks what is no data
            tables.append(_table(grid, label, frames))
    return tables


def _table(grid: _DrawnGrid, name: str, frames: list[Columns]) -> Element:
    table = Element("table")
    write_label(SubElement(table, "caption"), name)
    head = SubElement(SubElement(table, "thead"), "tr")
    body = SubElement(table, "tbody")
    length = max(len(column) for frame in frames for column in frame.values())
    rows = [SubElement(body, "tr") for _ in range(length)]
    for place, header in enumerate(frames[0]):
        write_label(SubElement(head, "th", scope="col"), header)
        columns = [frame[header] + [""] * (length - len(frame[header])) for frame in frames]
        for row, text in zip(rows, columns[grid.start], strict=True):
            SubElement(row, "td").text = text
        grid.vary(body, f"#{place}", ["\t".join(column) for column in columns])
    return table


# -- the page ---------------------------------------------------------------------------------


def _page(explorer: Explorer) -> str:
    """Return the explorer as HTML."""
    grid = _DrawnGrid(explorer)
    sentences = [frame.sentence for frame in grid.frames]
    caption = Element("figcaption", {"data-longest": max(sentences, key=len)})
    grid.vary(SubElement(caption, "span"), "#", sentences)
    tables = _tables(grid)
    data = in_script(_data(grid))
    setting = {p.name: p.texts[p.start] for p in explorer.parameters}
    return prefix_ids(
        f'<figure class="explorer" data-name="{html.escape(explorer.title)}" '
        f'data-setting="{html.escape(json.dumps(setting, ensure_ascii=False))}">'
        f'{_presets(explorer)}<div class="controls">'  # browsers lay out every <form> at once
        f"{''.join(map(_control, explorer.parameters))}"
        '<p class="note">The controls need JavaScript. The figure shows one setting.</p></div>'
        f"{explorer.picture.markup(explorer.alt(explorer.sentence))}{_details(tables)}"
        f'<p class="status" role="status"></p><script type="application/json">{data}</script>'
        f"{_html(caption)}</figure>"
    )


def in_script(data: dict[str, Any]) -> str:
    r"""Return data as JSON that can stand in a script: no text in it ends the element.

    >>> in_script({"name": "</script>"})
    '{"name":"\\u003c/script>"}'
    """
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c")


def _presets(explorer: Explorer) -> str:
    start = [p.start for p in explorer.parameters]
    buttons = "".join(
        f'<button type="button" value="{" ".join(map(str, places))}" '
        f'aria-pressed="{str(places == start).lower()}" disabled>{html.escape(words)}</button> '
        for words, places in explorer.presets.items()
    )
    legend = "<legend>Settings to try</legend>"
    return buttons and (
        f'<fieldset class="control presets">{legend}<div class="choices">{buttons}</div></fieldset>'
    )


def _control(parameter: _Parameter) -> str:
    return _slider(parameter) if parameter.numeric else _radio_buttons(parameter)


PLAY = '<button class="play" type="button" disabled>Play</button>'
"""Moves the slider beside it; the script says what it does next."""


def _slider(p: _Parameter) -> str:
    text = html.escape(p.texts[p.start])
    return (
        f'<div class="control"><label>{_label(p)} '
        f'<input type="range" name="{ID}{p.name}" min="0" max="{len(p.values) - 1}" '
        f'value="{p.start}" aria-valuetext="{text}" disabled></label> '
        f'<output aria-live="off">{text}</output>{PLAY if p.control.play else ""}</div>'
    )


def _radio_buttons(p: _Parameter) -> str:
    buttons = "".join(
        f'<label><input type="radio" name="{ID}{p.name}" value="{number}"'
        f"{' checked' if number == p.start else ''} disabled> {html.escape(text)}</label> "
        for number, text in enumerate(p.texts)
    )
    legend = f"<legend>{_label(p)}</legend>"
    return f'<fieldset class="control">{legend}<div class="choices">{buttons}</div></fieldset>'


def _label(p: _Parameter) -> str:
    label = Element("span")
    write_label(label, p.label)
    return _html(label)


def _details(tables: list[Element]) -> str:
    if not tables:
        return ""
    inside = "".join(map(_html, tables))
    return f'<details><summary>The numbers</summary><div class="tables">{inside}</div></details>'


def _html(element: Element) -> str:
    return tostring(element, encoding="unicode", method="html")


# -- packing ----------------------------------------------------------------------------------


def _data(grid: _DrawnGrid) -> dict[str, Any]:
    """Put the slots into the form that the script reads."""
    groups: dict[tuple[int, ...], int] = {}
    slots = []
    for number, slot in enumerate(grid.slots):
        states, frames = _states(slot.values)
        place = slot.element.attrib.setdefault("data-i", str(number))
        group = groups.setdefault(frames, len(groups))
        slots.append([group, int(place), slot.name, _pack(states, slot.name)])
    controls = [{"name": p.name, "texts": p.texts} for p in grid.explorer.parameters]
    return {
        "controls": controls,
        "start": grid.start,
        "scale": 10**DECIMALS,
        "groups": [_increasing(frames) for frames in groups],
        "slots": slots,
    }


def _states(values: Sequence[str]) -> tuple[list[str], tuple[int, ...]]:
    """Return the distinct values in order of appearance, and the number of each value.

    >>> _states(["a", "b", "a"])
    (['a', 'b'], (0, 1, 0))
    """
    numbers = {value: number for number, value in enumerate(dict.fromkeys(values))}
    return list(numbers), tuple(numbers[value] for value in values)


_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def _pack(states: list[str], name: str) -> list[str] | dict[str, Any]:
    """Pack states that differ in their coordinates only: which numbers vary, and their values."""
    if name not in GEOMETRY or len({_NUMBER.sub("0", state) for state in states}) > 1:
        return states
    table = np.array([[float(number) for number in _NUMBER.findall(state)] for state in states])
    table = np.rint(table * 10**DECIMALS).astype(np.int64)
    varying = np.flatnonzero((table != table[0]).any(axis=0))
    varying = np.concatenate([varying[varying % 2 == 0], varying[varying % 2 == 1]])  # x, then y
    orders, small = _differences(table[:, varying])
    return {"at": _increasing(varying), "by": orders, "is": _integers(small.ravel())}


def _differences(table: Integers) -> tuple[tuple[int, ...], Integers]:
    """Difference a table down its columns and along its rows as often as makes it smallest."""

    def differenced(orders: tuple[int, ...]) -> Integers:
        small = table
        for axis, order in enumerate(orders):
            for _ in range(order):
                small = np.diff(small, axis=axis, prepend=0)
        return small

    def bits(orders: tuple[int, ...]) -> float:
        return float(np.log2(1 + np.abs(differenced(orders))).sum())

    best = min(itertools.product(range(3), repeat=2), key=bits)
    return best, differenced(best)


def _increasing(values: Sequence[int] | Integers) -> str:
    table = np.asarray(values, dtype=np.int64)
    return _integers(table - np.concatenate([[0], table[:-1]]))


def _integers(values: Integers) -> str:
    """Write integers as text: zigzag, base 32 with the lowest digits first, offset 63.

    >>> _integers(np.array([0, -1, 1, 16]))
    '?@A_@'
    """
    return "".join(map(_integer, np.where(values < 0, ~(2 * values), 2 * values).tolist()))


def _integer(value: int) -> str:
    text = ""
    while value >= 32:
        text += chr(63 + 32 + value % 32)
        value //= 32
    return text + chr(63 + value)


# -- the live face ----------------------------------------------------------------------------


def _widget(explorer: Explorer) -> Any:
    import ipywidgets

    controls = {p.name: _live_control(p) for p in explorer.parameters}
    picture = ipywidgets.HTML()

    def show(_: Any = None) -> None:
        setting = {name: control.value for name, control in controls.items()}
        try:
            picture.value = _live(explorer, setting)
        except Exception as error:  # say it where the reader looks, not in a log
            picture.value = f'<p role="alert">{html.escape(str(error))}</p>'

    for control in controls.values():
        control.observe(show, names="value")
    show()
    rows = [_live_row(p, controls[p.name]) for p in explorer.parameters]
    return ipywidgets.VBox([*_live_presets(explorer, controls), *rows, picture])


def _live_row(p: _Parameter, control: Any) -> Any:
    """Put a player beside a slider that can play."""
    import ipywidgets

    if not p.control.play or not isinstance(control, ipywidgets.IntSlider):
        return control
    player = ipywidgets.Play(
        value=control.value, min=control.min, max=control.max, interval=TICK, show_repeat=False
    )
    ipywidgets.link((player, "value"), (control, "value"))
    return ipywidgets.HBox([player, control])


def _live_presets(explorer: Explorer, controls: dict[str, Any]) -> list[Any]:
    """Return a row of buttons that set all controls, or nothing without presets."""
    import ipywidgets

    def button(words: str, places: list[int]) -> Any:
        def choose(_: Any) -> None:
            for p, place in zip(explorer.parameters, places, strict=True):
                controls[p.name].value = p.values[place]

        made = ipywidgets.Button(description=words, layout={"width": "auto"})
        made.on_click(choose)
        return made

    made = [button(*one) for one in explorer.presets.items()]
    return [ipywidgets.HBox(made, layout={"flex_flow": "row wrap"})] if made else []


def _live(explorer: Explorer, setting: Setting) -> str:
    sentence = explorer.show(setting)
    markup = explorer.picture.now(explorer.alt(sentence))
    return prefix_ids(f'{markup}<p style="line-height:1.5">{html.escape(sentence)}</p>')


def _live_control(p: _Parameter) -> Any:
    import ipywidgets

    shared = {
        "description": p.label,
        "style": {"description_width": "initial"},
        "layout": {"width": "30rem", "max_width": "100%"},
    }
    if not p.numeric:
        choices = list(zip(p.texts, p.values, strict=True))
        return ipywidgets.ToggleButtons(options=choices, value=p.values[p.start], **shared)
    kind, options = _slider_kind(p)
    return getattr(ipywidgets, kind)(value=p.values[p.start], **options, **shared)


def _slider_kind(p: _Parameter) -> tuple[str, dict[str, Any]]:
    """Choose a slider on which every value between the ends can be set."""
    low, high = p.values[0], p.values[-1]
    if all(isinstance(value, Integral) for value in p.values):
        return "IntSlider", {"min": low, "max": high}
    written = re.search(r"\{:([^}]+)\}", str(p.control.format))
    look = {"readout_format": written[1] if written else ".3g"}
    if low > 0 and len(p.values) > 2 and np.ptp(np.diff(np.log(p.values))) < 1e-9:
        return "FloatLogSlider", look | {"min": math.log10(low), "max": math.log10(high)}
    step = min(np.diff(p.values), default=1.0) / 10
    return "FloatSlider", look | {"min": low, "max": high, "step": float(step)}
