"""The explorer without a browser: what it packs, what it refuses, and its live face."""

# ruff: noqa: D400, D401 (here the first line of a docstring names a figure)

import gzip
import json
import re

import numpy as np
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure

from bptt_lab.book.explorer import Control, Explorer
from bptt_lab.book.plots import panels
from sample_explorer import ROUNDING, expected, markup, numbers, payload, reference


@pytest.fixture(scope="module")
def explorer():
    return reference()


@pytest.fixture
def scene():
    """A figure with one line."""
    figure, axes = panels(xlim=(0, 3), ylim=(0, 3))
    (line,) = axes.plot([0, 1, 2], [0, 1, 2], label="the line")
    return figure, axes, line


def slope(line):
    def update(slope):
        """A line"""
        line.set_ydata([0, slope, 2 * slope])
        return f"It rises by {slope}."

    return update


# -- an independent reading of the packed page ------------------------------------------------


def integers(text):
    values, value, shift = [], 0, 0
    for character in text:
        digit = ord(character) - 63
        value |= (digit & 31) << shift
        shift += 5
        if digit < 32:
            values.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    return np.array(values, dtype=np.int64)


def unpack(packed, default, scale):
    """Texts of all states of a slot."""
    if isinstance(packed, list):
        return packed
    places = np.cumsum(integers(packed["at"]))
    table = integers(packed["is"]).reshape(-1, len(places))
    for axis in (0, 1):
        for _ in range(packed["by"][axis]):
            table = np.cumsum(table, axis=axis)
    texts = []
    for row in table:
        parts = re.split(r"(-?\d+(?:\.\d+)?)", default)
        for place, value in zip(places, row, strict=True):
            parts[2 * place + 1] = str(value / scale)
        texts.append("".join(parts))
    return texts


def film(explorer):
    """For each slot (data-i, name): its text at every setting."""
    page, data = markup(explorer), payload(explorer)
    groups = [np.cumsum(integers(text)) for text in data["groups"]]
    texts = {}
    for group, place, name, packed in data["slots"]:
        element = page.find(attrs={"data-i": str(place)})
        states = unpack(packed, element.get(name, ""), data["scale"])
        texts[place, name] = [states[state] for state in groups[group]]
    return texts


def settings(explorer):
    rho, activation = explorer.parameters
    return [{"rho": r, "activation": a} for r in rho.values for a in activation.values]


def test_every_frame_shows_what_matplotlib_draws(explorer):
    texts = film(explorer)
    for number, line in enumerate(explorer.picture.moving[:4]):
        (path,) = explorer.picture.groups[number].findall("path")
        frames = texts[int(path.get("data-i")), "d"]
        for setting, text in zip(settings(explorer), frames, strict=True):
            explorer.show(setting)
            wanted = expected(line).clip(-1e5, 1e5)
            np.testing.assert_allclose(numbers(text), wanted, atol=ROUNDING)
    explorer.show(explorer.start)


def test_every_frame_has_its_sentence_and_its_words(explorer):
    texts = film(explorer)
    caption = markup(explorer).figcaption.span
    sentences = texts[int(caption["data-i"]), "#"]
    assert sentences == [explorer.show(setting) for setting in settings(explorer)]
    verdict = explorer.picture.groups[5].find("text")
    assert set(texts[int(verdict.get("data-i")), "#"]) == {"vanishes", "persists", "explodes"}
    explorer.show(explorer.start)


def test_a_line_across_sixty_decades_is_read_back_to_two_digits(explorer):
    line, texts = explorer.picture.moving[1], film(explorer)
    path = explorer.picture.groups[1].find("path")
    back = line.axes.transData.inverted()
    for setting, text in zip(settings(explorer), texts[int(path.get("data-i")), "d"], strict=True):
        explorer.show(setting)
        points = numbers(text)
        points[:, 1] = explorer.figure.bbox.height - points[:, 1]
        np.testing.assert_allclose(back.transform(points)[:, 1], line.get_ydata(), rtol=5e-3)
    explorer.show(explorer.start)


def test_what_depends_on_one_control_is_stored_for_that_control_only(explorer):
    data = payload(explorer)
    path = explorer.picture.groups[0].find("path")
    (packed,) = [p for _, i, n, p in data["slots"] if (i, n) == (int(path.get("data-i")), "d")]
    varying = len(integers(packed["at"]))  # without what stays, the heights of two real eigenvalues
    assert varying == 62 and len(integers(packed["is"])) == 57 * varying


def test_the_page_is_small(explorer, capsys):
    html = explorer._repr_html_()
    size = len(gzip.compress(html.encode()))
    with capsys.disabled():
        print(f"\nreference explorer: {len(html) / 1e3:.0f} kB, {size / 1e3:.1f} kB gzipped")
    assert size <= 90_000


def test_the_same_content_gives_the_same_bytes():
    one, same = (reference(np.linspace(0.5, 1.5, 3), ["tanh", "relu"]) for _ in range(2))
    other = reference(np.linspace(0.5, 1.5, 3), ["tanh", "relu"], name="Another")
    assert one._repr_html_() == same._repr_html_()
    ids = [set(re.findall(r'\bid="([^"]+)"', e._repr_html_())) for e in (one, other)]
    assert ids[0] and not ids[0] & ids[1]


# -- the page at its default ------------------------------------------------------------------


def test_the_default_stands_without_a_script(explorer):
    page = markup(explorer)
    assert page.figcaption.get_text() == explorer.sentence
    assert "tanh at radius 0.900" in explorer.sentence
    for number, line in enumerate(explorer.picture.moving[:4]):
        place = explorer.picture.groups[number].find("path").get("data-i")
        drawn = numbers(page.find(attrs={"data-i": place})["d"])
        np.testing.assert_allclose(drawn, expected(line).clip(-1e5, 1e5), atol=ROUNDING)


def test_controls_are_native_labelled_and_off_until_a_script_comes(explorer):
    page = markup(explorer)
    (slider,) = page.find_all("input", type="range")
    assert slider.parent.name == "label" and slider.parent.get_text(strip=True) == "spectral radius"
    assert (slider["min"], slider["max"], slider["value"]) == ("0", "56", "28")
    assert slider["aria-valuetext"] == page.output.get_text() == "0.900"
    assert page.fieldset.legend.get_text() == "activation"
    radios = page.fieldset.find_all("input", type="radio")
    assert [radio.parent.get_text(strip=True) for radio in radios] == explorer.parameters[1].values
    assert [radio.has_attr("checked") for radio in radios] == [True, False, False, False]
    assert all(control.has_attr("disabled") for control in [slider, *radios])
    assert "need JavaScript" in page.find(class_="note").get_text()


def test_the_setting_can_be_read_from_the_figure(explorer):
    assert json.loads(markup(explorer).figure["data-setting"]) == {
        "rho": "0.900",
        "activation": "tanh",
    }


def test_text_alternative_is_the_name_and_the_sentence(explorer):
    (image,) = markup(explorer).find_all(role="img")
    assert explorer.title == "Eigenvalues and the norm of a product"
    assert image["aria-label"] == f"{explorer.title}. {explorer.sentence}"
    assert all(svg["aria-hidden"] == "true" for svg in image.find_all("svg"))


def read(text):
    return float(text.replace("−", "-"))


def test_the_numbers_of_every_moving_line_are_in_a_table(explorer):
    tables = markup(explorer).details.find_all("table")
    names = [table.caption.get_text().replace("\u2009", "") for table in tables]
    assert names == ["eigenvalues", "measured", "bound", "ρt−k"]
    for table, line in zip(tables, explorer.picture.moving, strict=False):
        heads = table.thead.find_all("th")
        assert all(head["scope"] == "col" for head in heads)
        rows = [[read(td.get_text()) for td in tr.find_all("td")] for tr in table.tbody("tr")]
        assert len(rows) == min(12, len(line.get_xdata()))
        data = np.column_stack(line.get_data())
        for row in rows:  # three digits of a point of the line
            assert np.isclose(data, row, rtol=5e-3, atol=0).all(axis=1).any()
        np.testing.assert_allclose([rows[0], rows[-1]], data[[0, -1]], rtol=5e-3)
    assert [head.get_text() for head in tables[0].thead.find_all("th")] == ["Re λ", "y"]


def test_table_follows_the_setting(explorer):
    texts, body = film(explorer), markup(explorer).details.find_all("tbody")[1]
    columns = texts[int(body["data-i"]), "#1"]
    curve = explorer.picture.moving[1]
    for setting, column in zip(settings(explorer), columns, strict=True):
        explorer.show(setting)
        last = curve.get_ydata()[-1]
        assert read(column.split("\t")[-1]) == pytest.approx(last, rel=5e-3)
    explorer.show(explorer.start)


def test_lines_right_across_the_axes_show_the_one_number_they_have():
    figure, axes = panels(xlabel="step")
    line = axes.axvline(1.0, label="now")

    def update(t):
        """A moment"""
        line.set_xdata([t, t])
        return f"Now it is {t}."

    (table,) = markup(Explorer(figure, update, moving=[line], t=[1, 2])).find_all("table")
    assert [td.get_text() for td in table.find_all("td")] == ["1"]
    assert [th.get_text() for th in table.find_all("th")] == ["step"]


def test_nothing_to_list_no_table():
    figure, axes = panels()
    text = axes.text(0.5, 0.5, "")

    def update(word):
        """A word"""
        text.set_text(word)
        return f"It says {word}."

    explorer = Explorer(figure, update, moving=[text], word=["one", "two"])
    assert markup(explorer).details is None


def test_markup_in_words_stays_words(scene):
    figure, axes, line = scene
    note = axes.text(1, 1, "")

    def update(word):
        """Is a < b & "c"?"""
        note.set_text(f"{word}</text>")
        return f"{word}</script><b>bold</b> & so on."

    page = markup(
        Explorer(figure, update, moving=[note, line], word=Control("<i>w</i>", ["<u>", '"&']))
    )
    assert not page.find(["b", "i", "u"])
    assert page.figcaption.get_text() == "<u></script><b>bold</b> & so on."
    assert page.find("text", attrs={"data-i": True}).get_text() == "<u></text>"
    assert page.figure["data-name"] == 'Is a < b & "c"?'
    assert json.loads(page.script.string)


# -- what may move ----------------------------------------------------------------------------


def test_an_artist_may_hide(scene):
    figure, axes, line = scene
    note = axes.text(1, 1, "")

    def update(n):
        """Hide and seek"""
        line.set_visible(n % 2 == 1)
        line.set_ydata([0, n, n])
        note.set_text("odd" if n % 2 else "")
        return f"Number {n}."

    explorer = Explorer(figure, update, moving=[line, note], n=[0, 1, 2, 3])
    texts, page = film(explorer), markup(explorer)
    for group in explorer.picture.groups:
        place = int(group.get("data-i"))
        assert texts[place, "display"] == ["none", "", "none", ""]
        assert page.find(attrs={"data-i": str(place)})["display"] == "none"
    path = explorer.picture.groups[0].find("path")
    line.set(visible=True, ydata=[0, 3, 3])
    drawn = numbers(texts[int(path.get("data-i")), "d"][3])
    np.testing.assert_allclose(drawn, expected(line), atol=ROUNDING)


def test_a_line_may_break_and_have_more_points_at_one_setting_than_at_another(scene):
    figure, axes, line = scene

    def update(n):
        """Points"""
        y = np.full(4, np.nan) if n == 0 else np.arange(float(n))
        y[n // 2] = np.nan
        line.set_data(np.arange(len(y)), y)
        return f"{n} points."

    explorer = Explorer(figure, update, moving=[line], n=[3, 5, 7])
    place = int(explorer.picture.groups[0].find("path").get("data-i"))
    shapes = [re.sub(r"[^ML]", "", text) for text in film(explorer)[place, "d"]]
    assert shapes == ["MM", "MLML", "MLLMLL"]
    column = markup(explorer).tbody.find_all("tr")
    assert len(column) == 7
    assert [td.get_text() for td in column[1].find_all("td")] == ["1", "–"]


def test_a_growing_line_of_markers_is_fine(scene):
    figure, axes, line = scene
    line.set(marker="o", linestyle="")

    def update(t):
        """Growth"""
        line.set_data(np.arange(t), np.arange(t))
        return f"{t} points."

    explorer = Explorer(figure, update, moving=[line], t=[0, 1, 2, 3])
    place = int(explorer.picture.groups[0].findall("path")[-1].get("data-i"))
    shapes = [re.sub(r"[^MLz]", "", text) for text in film(explorer)[place, "d"]]
    assert shapes[1:] == ["Mz", "ML", "MLL"]
    assert film(explorer)[place, "marker-end"][1] == ""  # or it would be drawn twice
    hidden = film(explorer)[int(explorer.picture.groups[0].get("data-i")), "display"]
    assert hidden == ["none", "", "", ""]


def test_zero_on_a_logarithmic_axis_falls_out_of_sight_and_is_listed_as_zero():
    figure, axes = panels(yscale="log", ylim=(1e-3, 1), xlim=(0, 1))
    (line,) = axes.plot([0, 1], [1, 1], label="a line")

    def update(y):
        """To nothing"""
        line.set_ydata([1, y])
        return f"It ends at {y}."

    explorer = Explorer(figure, update, moving=[line], y=[0, 1])
    place = int(explorer.picture.groups[0].find("path").get("data-i"))
    end = numbers(film(explorer)[place, "d"][0])[1]
    assert figure.bbox.height < end[1] <= 1e5
    assert markup(explorer).find_all("td")[-1].get_text() == "0"


def test_colours_widths_bars_and_pictures_may_change():
    figure, axes = panels(xlim=(-1, 3), ylim=(0, 4))
    bars = axes.bar([0, 1, 2], [1, 2, 3], color="#0a7fb5")
    picture = axes.imshow(np.eye(2), extent=(0, 1, 3, 4), aspect="auto", vmin=0, vmax=3)
    dots = axes.scatter([0, 1, 2], [1, 2, 3], s=[20, 30, 40])
    axes.set(xlim=(-1, 3), ylim=(0, 4))

    def update(n):
        """Everything"""
        for bar in bars:
            bar.set(height=n, facecolor=f"#{n}{n}0000", linewidth=n)
        picture.set_data(n * np.eye(2))
        dots.set_offsets([[n, 0], [n, 1], [n, 2]])
        return f"Number {n}."

    explorer = Explorer(figure, update, moving=[*bars, picture, dots], n=[1, 2, 3])
    names = {name for _, name in film(explorer)}
    assert {"d", "fill", "href"} <= names


# -- what is refused --------------------------------------------------------------------------


def test_update_that_raises_is_named_with_its_setting(scene):
    figure, axes, line = scene

    def update(n, kind):
        """A line"""
        if (n, kind) == (2, "b"):
            raise ZeroDivisionError("by nought")
        return "Fine."

    with pytest.raises(
        RuntimeError, match=r"update\(n=2, kind='b'\) raised ZeroDivisionError: by nought"
    ) as caught:
        Explorer(figure, update, moving=[line], n=[1, 2], kind=["a", "b"])
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


@pytest.mark.parametrize("said", [None, "", "  ", 3])
def test_update_must_return_a_sentence(scene, said):
    figure, axes, line = scene

    def update(n):
        """A line"""
        return "Fine." if n < 2 else said

    with pytest.raises(ValueError, match=r"update\(n=2\) returned .* not a sentence"):
        Explorer(figure, update, moving=[line], n=[1, 2])


def test_the_title_is_given_or_the_first_line_of_a_docstring(scene):
    figure, axes, line = scene

    def update(n):
        """A line.

        More words, which are not part of the title.
        """
        return "Fine."

    assert Explorer(figure, update, moving=[line], n=[1]).title == "A line"
    titled = Explorer(figure, update, moving=[line], title="Two lines", n=[1])
    assert titled.title == markup(titled).figure["data-name"] == "Two lines"
    with pytest.raises(ValueError, match="needs a title, or update a docstring"):
        Explorer(figure, lambda n: "Fine.", moving=[line], n=[1, 2])


def test_an_artist_that_changes_its_parts_is_named_with_the_setting(scene):
    figure, axes, line = scene
    dots = axes.scatter([0, 1, 2], [1, 2, 3], s=[10, 20, 30], label="the dots")

    def update(n):
        """Dots"""
        dots.set_offsets(np.ones((n, 2)))
        return f"{n} dots."

    with pytest.raises(
        ValueError, match=r"PathCollection 'the dots' at update\(n=5\) is made of other parts"
    ):
        Explorer(figure, update, moving=[dots], n=[3, 5])
    assert isinstance(dots, PathCollection)


def test_an_artist_that_changes_its_clip_region_is_refused(scene):
    figure, axes, line = scene

    def update(n):
        """A window"""
        line.set_clip_box(axes.bbox if n == 1 else figure.bbox)
        return f"{n}."

    with pytest.raises(ValueError, match=r"'the line' at update\(n=2\) is made of other parts"):
        Explorer(figure, update, moving=[line], n=[1, 2])


def grid_error(scene, match, **grid):
    figure, axes, line = scene

    def update(**setting):
        """A line"""
        return "Fine."

    with pytest.raises(ValueError, match=match):
        Explorer(figure, update, moving=[line], **grid)


@pytest.mark.parametrize(
    ("grid", "match"),
    [
        ({}, "the grid is empty"),
        ({"n": []}, "n has no values"),
        ({"n": Control("number", np.array([]))}, "n has no values"),
        ({"n": [1, 2, 2]}, "n has the value 2 twice"),
        ({"n": ["a", "a"]}, "n has the value 'a' twice"),
        ({"n": Control("n", [0.11, 0.12], format="{:.1f}")}, "n has the text '0.1' twice"),
        ({"n": Control("n", [1, 2], start=3)}, r"n cannot be 3: it is not among \[1, 2\]"),
        ({"n": Control("n", ["a", "b"], start="c")}, r"n cannot be 'c'"),
        ({"n": [3, 2, 1]}, "numbers of n must increase"),
        ({"n": [1, "a"]}, "all of one kind"),
        ({"n": [1, True]}, "all of one kind"),
        ({"n": [1, None]}, "all of one kind"),
        ({"n": [1.0, float("nan")]}, "finite numbers"),
        ({"n": [1.0, float("inf")]}, "finite numbers"),
    ],
)
def test_a_grid_that_cannot_be_used_is_refused(scene, grid, match):
    grid_error(scene, match, **grid)


def test_unknown_artists_are_refused(scene):
    figure, axes, line = scene
    with pytest.raises(ValueError, match=r"matplotlib artists, got 'curve'"):
        Explorer(figure, slope(line), moving=["curve"], slope=[1, 2])
    with pytest.raises(ValueError, match=r"got \[<.*: name its items"):
        Explorer(figure, slope(line), moving=[axes.plot([1, 2])], slope=[1, 2])
    (stranger,) = Figure().subplots().plot([1, 2], label="stranger")
    with pytest.raises(ValueError, match="Line2D 'stranger' is in moving, but not in this figure"):
        Explorer(figure, slope(line), moving=[line, stranger], slope=[1, 2])


def test_artists_that_are_not_drawn_are_refused(scene):
    figure, axes, line = scene
    line.set_visible(False)
    with pytest.raises(ValueError, match="'the line' is in moving, but no setting draws it"):
        Explorer(figure, slope(line), moving=[line], slope=[1, 2])
    line.set_visible(True)
    line.set_animated(False)
    axes.set_visible(False)
    with pytest.raises(ValueError, match="'the line' is in moving, but the figure does not draw"):
        Explorer(figure, slope(line), moving=[line], slope=[1, 2])
    axes.set_visible(True)
    line.remove()
    with pytest.raises(ValueError, match="'the line' is in moving, but not in this figure"):
        Explorer(figure, slope(line), moving=[line], slope=[1, 2])


def test_a_part_of_a_moving_artist_cannot_move_by_itself(scene):
    figure, axes, line = scene
    legend = axes.legend()
    with pytest.raises(ValueError, match="Legend and a part of it are both in moving"):
        Explorer(figure, slope(line), moving=[legend, legend.get_texts()[0]], slope=[1, 2])


def test_what_moves_unannounced_is_named(scene):
    figure, axes, line = scene
    with pytest.raises(ValueError, match=r"update\(slope=2\) changes Line2D 'the line', which is"):
        Explorer(figure, slope(line), slope=[1, 2])

    def update(n):
        """A title"""
        axes.set_title(f"n = {n}")
        return f"n is {n}."

    with pytest.raises(ValueError, match=r"changes Text 'n = 1', which is not in moving"):
        Explorer(figure, update, moving=[line], n=[1, 2])

    def stretch(n):
        """The limits"""
        axes.set_ylim(0, n)
        return f"n is {n}."

    with pytest.raises(ValueError, match="limits of axes cannot move"):
        Explorer(figure, stretch, moving=[line], n=[1, 2])


# -- controls ---------------------------------------------------------------------------------


def texts_of(values, **look):
    figure, axes = panels()

    def update(value):
        """A value"""
        seen.append(value)
        return f"It is {value}."

    seen = []
    explorer = Explorer(figure, update, value=Control("value", values, **look))
    assert all(type(value) in {int, float, str, bool} for value in seen)
    return explorer.parameters[0].texts, markup(explorer).find_all("input")[0]["type"]


@pytest.mark.parametrize(
    ("values", "look", "texts", "kind"),
    [
        (np.array([0.5, 1.0]), {}, ["0.5", "1"], "range"),
        (np.arange(2), {}, ["0", "1"], "range"),
        (range(2), {"format": lambda v: f"{v} steps"}, ["0 steps", "1 steps"], "range"),
        ([0.25, 0.5], {"format": "{:.2f}"}, ["0.25", "0.50"], "range"),
        (np.array(["a", "b"]), {}, ["a", "b"], "radio"),
        ([False, True], {}, ["no", "yes"], "radio"),
        (
            np.array([False, True]),
            {"format": {False: "off", True: "on"}.get},
            ["off", "on"],
            "radio",
        ),
    ],
)
def test_values_of_many_kinds(values, look, texts, kind):
    assert texts_of(values, **look) == (texts, kind)


PRESETS = {"steep & right": {"slope": 1.5, "side": "right"}, "steep": {"slope": 1.5}}


def with_presets(scene, presets=None):
    figure, _, line = scene

    def update(slope, side):
        """A line"""
        line.set_data([0, 1, 2] if side == "left" else [1, 2, 3], [0, slope, 2 * slope])
        return f"It rises by {slope} on the {side}."

    grid = {"slope": [0.5, 1.0, 1.5], "side": ["left", "right"]}
    return Explorer(figure, update, moving=[line], presets=presets or PRESETS, **grid)


def test_a_preset_is_a_button_that_names_the_place_of_every_control(scene):
    buttons = markup(with_presets(scene)).select(".presets button[type=button]")
    assert [button.text for button in buttons] == list(PRESETS)
    assert [button["value"] for button in buttons] == ["2 1", "2 0"]
    assert [button["aria-pressed"] for button in buttons] == ["false", "false"]


def test_without_presets_there_are_no_buttons(explorer):
    assert not markup(explorer).select("button, .presets")


def test_a_preset_moves_the_widgets(scene):
    explorer = with_presets(scene)
    (first, second), slope, side, picture = (
        explorer.widget().children[0].children,
        *explorer.widget().children[1:],
    )
    first.click()
    assert (slope.value, side.value) == (1.5, "right") and "1.5 on the right" in picture.value
    second.click()
    assert (slope.value, side.value) == (1.5, "left") and "1.5 on the left" in picture.value


@pytest.mark.parametrize(
    ("preset", "message"),
    [
        ({"radius": 1}, "'it' sets radius, which has no control"),
        ({"slope": 3}, "slope cannot be 3"),
    ],
)
def test_a_preset_that_the_controls_do_not_have(scene, preset, message):
    with pytest.raises(ValueError, match=message):
        with_presets(scene, {"it": preset})


def test_a_start_is_found_among_rounded_numbers(scene):
    figure, axes, line = scene
    control = Control("slope", np.linspace(0.2, 3, 57), start=1.1)
    explorer = Explorer(figure, slope(line), moving=[line], slope=control)
    assert explorer.parameters[0].texts[explorer.parameters[0].start] == "1.1"


def test_labels_may_hold_formulas(scene):
    figure, axes, line = scene

    def update(rho, kind):
        """A line"""
        return "Fine."

    label = r"radius $\rho$ of $W_{hh}$"
    page = markup(
        Explorer(figure, update, rho=Control(label, [1, 2]), kind=Control(label, ["a", "b"]))
    )
    for element in (page.label, page.legend):
        assert element.get_text().strip() == "radius ρ of Whh"
        assert element.find("sub").get_text() == "hh"


def test_generators_and_a_single_artist_are_taken(scene):
    figure, axes, line = scene
    explorer = Explorer(figure, slope(line), moving=line, slope=(n for n in range(3)))
    assert explorer.parameters[0].values == [0, 1, 2]


# -- the live face, without a kernel ----------------------------------------------------------


@pytest.fixture
def live(scene):
    figure, axes, line = scene

    def update(slope, dashed):
        """A line"""
        if slope > 2.5:
            raise ValueError("too <steep>")
        line.set(ydata=[0, slope, 2 * slope], linestyle="--" if dashed else "-")
        return f"It rises by {slope:g} & more."

    explorer = Explorer(
        figure, update, moving=[line], slope=Control("slope", [0.5, 1.0, 2.0]), dashed=[False, True]
    )
    return explorer, explorer.widget().children, line


def test_faces_of_an_explorer(live):
    explorer, children, _ = live
    bundle = explorer._repr_mimebundle_()
    assert set(bundle) == {
        "application/vnd.jupyter.widget-view+json",
        "text/html",
        "text/plain",
    }
    view = bundle["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == explorer.widget().model_id
    assert bundle["text/plain"] == repr(explorer) == "It rises by 0.5 & more."
    assert bundle["text/html"] is explorer._repr_html_()


def test_a_moved_slider_draws_anew(live):
    explorer, (slider, choice, picture), line = live
    before = picture.value
    assert "It rises by 0.5 &amp; more." in before
    slider.value = 0.77  # between the points of the grid
    assert picture.value != before and "It rises by 0.77 &amp; more." in picture.value
    (d,) = re.findall(r'<path d="([^"]+)"[^>]*stroke="#0a7fb5"', picture.value)
    np.testing.assert_allclose(numbers(d), expected(line), atol=ROUNDING)
    assert "stroke-dasharray" not in re.search(r"<path[^>]*#0a7fb5[^>]*>", picture.value)[0]
    choice.value = True
    assert "stroke-dasharray" in re.search(r"<path[^>]*#0a7fb5[^>]*>", picture.value)[0]
    assert 'role="img"' in picture.value and "A line. It rises by 0.77" in picture.value


def test_an_error_is_shown_in_place_and_passes(scene):
    figure, axes, line = scene

    def update(slope):
        """A line"""
        if slope == 1.5:
            raise ValueError("too <steep>")
        return f"It rises by {slope:g}."

    widget = Explorer(figure, update, moving=[line], slope=[1.0, 2.0]).widget()
    slider, picture = widget.children
    slider.value = 1.5
    assert "update(slope=1.5) raised ValueError: too &lt;steep&gt;" in picture.value
    assert 'role="alert"' in picture.value
    slider.value = 2.0
    assert "It rises by 2." in picture.value and "alert" not in picture.value


def test_live_controls_reach_every_value_between_the_ends(scene):
    figure, axes, line = scene

    def update(**setting):
        """Controls"""
        return "Fine."

    explorer = Explorer(
        figure,
        update,
        moving=[line],
        count=Control("count", [1, 5, 9], start=5),
        rate=Control("rate", [0.25, 0.5, 1.25], format="{:.2f}"),
        size=np.logspace(-3, 0, 4),
        kind=["a", "b"],
    )
    count, rate, size, kind, _ = explorer.widget().children
    assert [type(c).__name__ for c in (count, rate, size, kind)] == [
        "IntSlider",
        "FloatSlider",
        "FloatLogSlider",
        "ToggleButtons",
    ]
    assert (count.min, count.max, count.value, count.description) == (1, 9, 5, "count")
    assert (rate.min, rate.max, rate.readout_format) == (0.25, 1.25, ".2f")
    assert rate.step < 0.1
    assert (size.min, size.max) == pytest.approx((-3, 0))
    count.value, rate.value, size.value = 4, 0.3, 0.05
    assert (count.value, rate.value, size.value) == (4, 0.3, 0.05)


def test_the_page_is_not_touched_by_the_live_face(live):
    explorer, (slider, *_), _ = live
    before = explorer._repr_html_()
    slider.value = 2.0
    assert explorer._repr_html_() == before


# -- playing ----------------------------------------------------------------------------------


def test_a_slider_that_can_play_has_a_button_and_others_have_none(scene):
    figure, _, line = scene
    explorer = Explorer(figure, slope(line), moving=line, slope=Control("slope", [1, 2], play=True))
    button = markup(explorer).select_one(".control button.play")
    assert button["type"] == "button" and "disabled" in button.attrs  # the script enables it
    assert button.text == "Play"


def test_words_cannot_play(scene):
    figure, _, line = scene
    with pytest.raises(ValueError, match="slope cannot play: only numbers make a slider"):
        Explorer(figure, slope(line), moving=line, slope=Control("slope", ["1", "2"], play=True))


def test_the_live_slider_has_a_player(scene):
    figure, _, line = scene
    control = Control("slope", [1, 2, 3], start=2, play=True)
    row, _ = Explorer(figure, slope(line), moving=line, slope=control).widget().children
    player, slider = row.children
    assert (player.min, player.max, player.value) == (1, 3, 2)
    player.value = 3
    assert slider.value == 3 and list(line.get_ydata()) == [0, 3, 6]
