"""Compare gradients with three derivatives that know nothing of backpropagation.

Central differences move one entry up and down: (L(w + h) - L(w - h)) / 2h. They subtract two
nearly equal numbers and so lose half of the digits. The complex step, Im L(w + ih) / h,
subtracts nothing and keeps all of them, because every function here is analytic (relu off its
kink). A random direction tests all entries together in two evaluations.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np

from bptt_lab.arguments import (
    Array,
    check_choice,
    check_generator,
    check_integer,
    check_keys,
    check_real,
    describe,
    fail,
)
from bptt_lab.bptt import (
    check_input,
    check_targets,
    loss_and_gradients,
    loss_at_output,
    target_weight,
    unroll,
)
from bptt_lab.cells import Cell, OriginalLSTM
from bptt_lab.cells.base import Params

TINY = 1e-30
"""Complex step: so small that its square is far below rounding, at no loss of digits."""

HEADER = ("parameter", "entries", "differences", "expected", "complex step", "worst entry")


@dataclass(frozen=True)
class Entry:
    """One entry of a parameter: where it is, the gradient under test, the complex step."""

    index: tuple[int, ...]
    gradient: float
    derivative: float

    def __str__(self) -> str:
        place = ", ".join(map(str, self.index))
        return f"[{place}] {self.gradient:.6g} against {self.derivative:.6g}"


@dataclass(frozen=True)
class ParameterCheck:
    """What the comparison says about one parameter.

    Attributes
    ----------
    name : str
    entries : int
        How many entries were compared.
    error : float
        ||gradient - differences|| / max of the two norms.
    expected : float
        Largest ``error`` that rounding and the finite step explain.
    complex_error : float
        The same as ``error`` against the complex step.
    precision : float
        Largest ``complex_error`` that rounding explains.
    worst : Entry
        The entry in which gradient and complex step are furthest apart.
    """

    name: str
    entries: int
    error: float
    expected: float
    complex_error: float
    precision: float
    worst: Entry

    @property
    def passed(self) -> bool:
        """Whether both errors are no larger than expected."""
        return self.excess <= 1

    @property
    def excess(self) -> float:
        """By what factor the errors exceed what is expected of them."""
        return max(self.error / self.expected, self.complex_error / self.precision)

    def cells(self) -> tuple[str, ...]:
        """One row of the report's table."""
        errors = (f"{e:.1e}" for e in (self.error, self.expected, self.complex_error))
        return (self.name, str(self.entries), *errors, str(self.worst))


class GradientReport(Mapping[str, float]):
    """Relative error of each parameter's gradient, and a table that says where.

    A mapping from the name of a parameter to its relative error against central differences. It
    is true if every gradient passed, so that ``assert check_gradients(...)`` says what it seems to.

    Attributes
    ----------
    checks : tuple of ParameterCheck
    direction_error : float
        Relative error of the derivative along one random direction of all parameters.
    note : str
        A warning about the comparison itself; empty if there is none.
    """

    def __init__(
        self, checks: tuple[ParameterCheck, ...], direction_error: float, note: str = ""
    ) -> None:
        self.checks = checks
        self.direction_error = direction_error
        self.note = note

    def __getitem__(self, name: str) -> float:
        return {check.name: check.error for check in self.checks}[name]

    def __iter__(self) -> Iterator[str]:
        return (check.name for check in self.checks)

    def __len__(self) -> int:
        return len(self.checks)

    def __bool__(self) -> bool:
        return self.passed

    @property
    def passed(self) -> bool:
        """Whether every parameter's errors are no larger than expected."""
        return all(check.passed for check in self.checks)

    @property
    def worst(self) -> ParameterCheck:
        """The parameter whose errors exceed the expected ones by the largest factor."""
        return max(self.checks, key=lambda check: check.excess)

    def summary(self) -> str:
        """Say in one sentence whether the gradients are right, and if not, where."""
        if self.passed:
            return "Every gradient agrees with both, as well as they can tell."
        wrong = [check.name for check in self.checks if not check.passed]
        return (
            f"Not the derivative of the loss: {', '.join(wrong)}. "
            f"Furthest off: {self.worst.name}{self.worst.worst}."
        )

    def lines(self) -> Iterator[str]:
        """Yield what is to be said below the table."""
        yield f"Along a random direction of all parameters: {self.direction_error:.1e}"
        yield self.summary()
        if self.note:
            yield self.note

    def __str__(self) -> str:
        table = [HEADER, *(check.cells() for check in self.checks)]
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        rows = (
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in table
        )
        return "\n".join([*rows, *self.lines()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{name}</th>' for name in HEADER)
        body = "".join(html_row(check) for check in self.checks)
        below = "".join(f"<p>{escape(line)}</p>" for line in self.lines())
        caption = "<caption>Relative error of each gradient</caption>"
        return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}"


def html_row(check: ParameterCheck) -> str:
    """One row of the table; a parameter that failed is set in bold."""
    name, *cells = map(escape, check.cells())
    tag = "td" if check.passed else "th"
    first = f'<th scope="row">{name}</th>'
    return f"<tr>{first}{''.join(f'<{tag}>{cell}</{tag}>' for cell in cells)}</tr>"


def check_gradients(
    cell: Cell,
    params: Params,
    x: Array,
    y: Array,
    state0: Any = None,
    reduction: str = "sum",
    *,
    gradients: dict[str, Any] | None = None,
    names: tuple[str, ...] | None = None,
    entries: int | None = None,
    rng: np.random.Generator | None = None,
) -> GradientReport:
    """Compare gradients with finite differences and with the complex step.

    Parameters
    ----------
    cell, params, x, y, state0, reduction
        As for ``loss_and_gradients``. The comparison itself is made in float64.
    gradients : dict, optional
        Gradients to be tested, for example one's own; those of ``loss_and_gradients`` when
        None. Those of ``"x"`` and ``"state0"`` are attributes or further keys.
    names : tuple of str, optional
        What to test: keys of ``params``, and ``"x"`` and ``"state0"`` for the inputs. All of
        ``params`` when None.
    entries : int, optional
        Compare at most so many entries of each, drawn at random; all when None. Each takes
        three forward passes.
    rng : numpy.random.Generator, optional
        Draws the entries and the random direction.

    Returns
    -------
    GradientReport
        A mapping from name to relative error, false if one is too large. Printed, it is a table
        that also names the worst entry of each parameter and the error to expect.

    Raises
    ------
    ValueError
        If an argument has a wrong type or shape or is not finite.

    Notes
    -----
    Step h = max(1, |w|) * eps**(1/3), which balances the truncation error h**2 against the
    rounding error eps / h: about 1e-10 of the loss. A gradient much smaller than the loss is
    therefore known to fewer digits, and ``expected`` grows. Complex step: Squire and Trapp
    (1998).

    Examples
    --------
    >>> from bptt_lab.cells import GRU
    >>> cell, rng = GRU(), np.random.default_rng(0)
    >>> params = cell.init(rng, n_inputs=3, n_neurons=5, n_outputs=2)
    >>> x, y = rng.standard_normal((8, 4, 3)), rng.integers(0, 2, (8, 4))
    >>> report = check_gradients(cell, params, x, y, entries=3)
    >>> report.passed, max(report.values()) < 1e-7
    (True, True)
    """
    params, x, state0 = check_input(cell, params, x, state0)
    y = check_targets(params, x, y)
    scale = target_weight(reduction, y)
    if gradients is None:
        gradients = loss_and_gradients(cell, params, x, y, state0, reduction)[1]
    leaves = {**params, "x": x, **named_state(state0)}
    names = tuple(params) if names is None else expand_names(names, params, state0)
    tested = {name: pick(gradients, name, leaves[name]) for name in names}
    rng = np.random.default_rng(0) if rng is None else check_generator("rng", rng)
    count = None if entries is None else check_integer("entries", entries)

    def loss(values: Params) -> Any:
        parts = tuple(values[name] for name in named_state(state0))
        trace = unroll(cell, {name: values[name] for name in params}, values["x"], parts)
        return loss_at_output(trace.logits, y)[0] * scale

    numeric = Numeric(loss, leaves, float(np.finfo(x.dtype).eps) ** 0.75)
    checks = tuple(numeric.compare(name, tested[name], rng, count) for name in names)
    return GradientReport(checks, numeric.along_direction(tested, rng), note_on(cell))


@dataclass(frozen=True)
class Numeric:
    """Derivatives of ``loss`` by evaluation alone.

    Attributes
    ----------
    loss : callable
        From a dict of arrays, real or complex, to a scalar.
    leaves : dict
        Where to differentiate.
    precision : float
        Of the gradients under test, relative.
    """

    loss: Callable[[Params], Any]
    leaves: Params
    precision: float

    def compare(
        self, name: str, gradient: Array, rng: np.random.Generator, count: int | None
    ) -> ParameterCheck:
        """Compare one parameter's gradient entry by entry."""
        indices = list(np.ndindex(gradient.shape))
        if count is not None and count < len(indices):
            indices = [indices[k] for k in sorted(rng.permutation(len(indices))[:count])]
        got = np.array([gradient[index] for index in indices], float)
        differences, steps = self.central_differences(name, indices)
        derivatives = self.complex_steps(name, indices)
        worst = int(np.abs(got - derivatives).argmax())
        return ParameterCheck(
            name=name,
            entries=len(indices),
            error=relative_difference(got, differences),
            expected=self.expected(derivatives, steps),
            complex_error=relative_difference(got, derivatives),
            precision=10 * self.precision,
            worst=Entry(indices[worst], float(got[worst]), float(derivatives[worst])),
        )

    def central_differences(self, name: str, indices: list[tuple[int, ...]]) -> tuple[Array, Array]:
        """(L(w + h) - L(w - h)) / 2h for each entry, and the steps h."""
        values = {key: value.astype(float) for key, value in self.leaves.items()}
        differences, steps = np.empty((2, len(indices)))
        for k, index in enumerate(indices):
            w = values[name][index]
            h = steps[k] = max(1, abs(w)) * np.finfo(float).eps ** (1 / 3)
            values[name][index] = w + h
            above = self.loss(values)
            values[name][index] = w - h
            differences[k] = (above - self.loss(values)) / (2 * h)
            values[name][index] = w
        return differences, steps

    def complex_steps(self, name: str, indices: list[tuple[int, ...]]) -> Array:
        """Im L(w + ih) / h for each entry."""
        values = {key: value.astype(complex) for key, value in self.leaves.items()}
        derivatives = np.empty(len(indices))
        for k, index in enumerate(indices):
            w = values[name][index]
            values[name][index] = w + 1j * TINY
            derivatives[k] = self.loss(values).imag / TINY
            values[name][index] = w
        return derivatives

    def along_direction(self, gradients: Params, rng: np.random.Generator) -> float:
        """Relative error of the derivative along one random direction of all that is tested."""
        values = {key: value.astype(complex) for key, value in self.leaves.items()}
        slope = 0.0
        for name, gradient in gradients.items():
            direction = rng.standard_normal(gradient.shape)
            values[name] += 1j * TINY * direction
            slope += float((gradient * direction).sum())
        return relative_difference(np.array([slope]), np.array([self.loss(values).imag / TINY]))

    def expected(self, derivatives: Array, steps: Array) -> float:
        """Largest relative error of the differences that needs no other explanation.

        Ten times the sum of rounding error, truncation error and the precision of the
        gradient. At 2, the largest relative error there is, the differences tell nothing.
        """
        size = np.linalg.norm(derivatives) / np.sqrt(derivatives.size)  # root mean square
        value = abs(self.loss({key: leaf.astype(float) for key, leaf in self.leaves.items()}))
        rounding = np.finfo(float).eps * (1 + value) / steps.min()
        relative = rounding / max(size, np.finfo(float).tiny) + steps.max() ** 2
        return float(min(10 * (relative + self.precision), 2))


def relative_difference(got: Array, other: Array) -> float:
    """||got - other|| / max(||got||, ||other||); 0 where both are zero.

    Unlike ``reference.relative_error`` it knows no truth to divide by: where a gradient has
    vanished, the differences are nothing but rounding, and may be exactly zero.
    """
    size = max(np.linalg.norm(got), np.linalg.norm(other))
    return float(np.linalg.norm(got - other) / size) if size else 0.0


def named_state(state0: tuple[Array, ...]) -> Params:
    """Name the parts of the initial state as arrays of their own."""
    return {f"state0[{k}]": part for k, part in enumerate(state0)}


def expand_names(
    names: tuple[str, ...], params: Params, state0: tuple[Array, ...]
) -> tuple[str, ...]:
    """Check the names and write the initial state as its parts."""
    if isinstance(names, str) or not isinstance(names, tuple | list):
        fail("names", "a tuple of names", describe(names))
    known = (*params, "x", "state0")
    checked = (check_choice("names", name, known) for name in names)
    return tuple(
        leaf
        for name in checked
        for leaf in (tuple(named_state(state0)) if name == "state0" else (name,))
    )


def pick(gradients: dict[str, Any], name: str, leaf: Array) -> Array:
    """Return the gradient called ``name``, which must have the shape of ``leaf``."""
    if not isinstance(gradients, dict):
        check_keys("gradients", gradients, [name])
    key, _, part = name.partition("[")
    gradient = gradients.get(key, getattr(gradients, key, None))
    if gradient is None:
        fail("gradients", f"an entry {key}", f"the keys {', '.join(gradients)}")
    return check_real(
        f"gradients[{key!r}]", gradient[int(part[:-1])] if part else gradient, leaf.shape
    )


def note_on(cell: Cell) -> str:
    """Warn where the gradient is not meant to be the derivative of the loss."""
    if isinstance(cell, OriginalLSTM) and cell.truncated:
        return "truncated=True cuts these gradients on purpose: they are not this derivative."
    return ""
