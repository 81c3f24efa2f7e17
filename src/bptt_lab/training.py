"""From gradients to learning: clipping, optimisers, the regulariser Omega, and the loop.

Everything that changes is handed on, nothing is changed in place: parameters and the memory of
an optimiser are dicts of arrays, and a step returns new ones.
"""

import json
import os
import zipfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np

from bptt_lab.arguments import (
    Array,
    as_array,
    check_function,
    check_generator,
    check_instance,
    check_integer,
    check_number,
    describe,
    fail,
)
from bptt_lab.bptt import (
    Trace,
    check_targets,
    forward,
    loss_at_output,
    net_input_gradients,
    through_time,
    weight_gradients,
)
from bptt_lab.cells import RNN
from bptt_lab.cells.base import Cell, Params, rows, sum_of_outer_products
from bptt_lab.progress import Progress
from bptt_lab.tasks import Digits, Draw, Task, asked

Memory = dict[str, Params]
"""What an optimiser remembers: for each of its quantities one array per parameter."""


# ------------------------------------------------------------------------------------ clipping


def global_norm(grads: Params) -> float:
    """2-norm of all gradients together, as one long vector; it cannot overflow on the way.

    Examples
    --------
    >>> global_norm({"W": np.array([[3e200]]), "b": np.array([4e200])}) / 1e200
    5.0
    """
    largest = float(np.max([np.abs(g).max() for g in grads.values()]))  # NaN stays NaN
    if largest == 0 or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(sum(float(((g / largest) ** 2).sum()) for g in grads.values())))


def clip_by_norm(grads: Params, threshold: float) -> Params:
    """Shorten the gradient to ``threshold`` if it is longer; its direction stays.

    Parameters
    ----------
    grads : dict of arrays
    threshold : float
        tau > 0, for the norm over all parameters together.

    Returns
    -------
    dict
        g min(1, tau / ||g||).

    Raises
    ------
    ValueError
        If ``threshold`` is not a positive number.

    Notes
    -----
    Pascanu, Mikolov and Bengio (2013), algorithm 1.

    Examples
    --------
    >>> clip_by_norm({"W": np.array([[3.0]]), "b": np.array([4.0])}, 1.0)
    {'W': array([[0.6]]), 'b': array([0.8])}
    """
    tau, size = positive("threshold", threshold), global_norm(grads)
    if size <= tau:
        return dict(grads)
    return {name: g / size * tau for name, g in grads.items()}  # tau / size may underflow


def clip_by_entry(grads: Params, threshold: float) -> Params:
    """Cut each entry of the gradient to [-threshold, threshold]; its direction may change.

    Raises
    ------
    ValueError
        If ``threshold`` is not a positive number.

    Notes
    -----
    Mikolov (2012).

    Examples
    --------
    >>> clip_by_entry({"b": np.array([4.0, -0.5, -2.0])}, 1.0)
    {'b': array([ 1. , -0.5, -1. ])}
    """
    tau = positive("threshold", threshold)
    return {name: np.clip(g, -tau, tau) for name, g in grads.items()}


def positive(name: str, value: Any) -> float:
    """Return ``value`` if it is a number above zero."""
    if check_number(name, value) <= 0:
        fail(name, "a number above 0", describe(value))
    return float(value)


def fraction(name: str, value: Any) -> float:
    """Return ``value`` if it is a number from 0 up to, but not, 1."""
    if not 0 <= check_number(name, value) < 1:
        fail(name, "a number of at least 0 and below 1", describe(value))
    return float(value)


# ---------------------------------------------------------------------------------- optimisers


class Optimiser(Protocol):
    """What ``train`` asks of an optimiser."""

    def start(self, params: Params) -> Memory:
        """Return the memory before the first step."""

    def step(self, t: int, params: Params, grads: Params, memory: Memory) -> tuple[Params, Memory]:
        """Return the parameters and the memory after step t = 1, 2, .."""


def zeros(params: Params) -> Params:
    """One array of zeros for each parameter."""
    return {name: np.zeros_like(value) for name, value in params.items()}


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent, with momentum if asked for.

    v <- mu v + g,  theta <- theta - eta v.

    Parameters
    ----------
    rate : float
        eta > 0.
    momentum : float
        mu, 0 <= mu < 1.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    Polyak (1964), in the form of Sutskever, Martens, Dahl and Hinton (2013) with the rate drawn
    out of v.

    Examples
    --------
    >>> sgd, params, grads = SGD(0.1, momentum=0.5), {"w": np.array([1.0])}, {"w": np.array([2.0])}
    >>> params, memory = sgd.step(1, params, grads, sgd.start(params))
    >>> sgd.step(2, params, grads, memory)[0]
    {'w': array([0.5])}
    """

    rate: float = 0.01
    momentum: float = 0.0

    def __post_init__(self) -> None:
        positive("rate", self.rate)
        fraction("momentum", self.momentum)

    def start(self, params: Params) -> Memory:
        """Start from v = 0."""
        return {"v": zeros(params)}

    def step(self, t: int, params: Params, grads: Params, memory: Memory) -> tuple[Params, Memory]:
        """One step along v."""
        v = {name: self.momentum * memory["v"][name] + g for name, g in grads.items()}
        return {name: p - self.rate * v[name] for name, p in params.items()}, {"v": v}


@dataclass(frozen=True)
class RMSProp:
    """A step of its own size for every parameter: the gradient over its recent size.

    s <- rho s + (1 - rho) g**2,  theta <- theta - eta g / (sqrt(s) + epsilon).

    Parameters
    ----------
    rate, decay, epsilon : float
        eta > 0, 0 <= rho < 1, epsilon > 0.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    Tieleman and Hinton (2012), lecture 6.5.

    Examples
    --------
    >>> rms, params = RMSProp(0.1, decay=0.75), {"w": np.array([1.0])}
    >>> rms.step(1, params, {"w": np.array([7.0])}, rms.start(params))[0]["w"].round(6)
    array([0.8])
    """

    rate: float = 0.001
    decay: float = 0.9
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        positive("rate", self.rate)
        fraction("decay", self.decay)
        positive("epsilon", self.epsilon)

    def start(self, params: Params) -> Memory:
        """Start from s = 0."""
        return {"s": zeros(params)}

    def step(self, t: int, params: Params, grads: Params, memory: Memory) -> tuple[Params, Memory]:
        """One step along g / sqrt(s)."""
        rho, s = self.decay, memory["s"]
        s = {name: rho * s[name] + (1 - rho) * g * g for name, g in grads.items()}
        moved = {
            name: p - self.rate * grads[name] / (np.sqrt(s[name]) + self.epsilon)
            for name, p in params.items()
        }
        return moved, {"s": s}


@dataclass(frozen=True)
class Adam:
    """Momentum and recent size, both freed from the zeros they start with.

    m <- beta1 m + (1 - beta1) g,  s <- beta2 s + (1 - beta2) g**2,
    theta <- theta - eta m / (1 - beta1**t) / (sqrt(s / (1 - beta2**t)) + epsilon).

    Parameters
    ----------
    rate, beta1, beta2, epsilon : float
        eta > 0, 0 <= beta1, beta2 < 1, epsilon > 0.

    Raises
    ------
    ValueError
        If a number is out of its range.

    Notes
    -----
    Kingma and Ba (2015), algorithm 1.

    Examples
    --------
    >>> adam, params = Adam(0.1), {"w": np.array([1.0])}
    >>> adam.step(1, params, {"w": np.array([7.0])}, adam.start(params))[0]["w"].round(6)
    array([0.9])
    """

    rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        positive("rate", self.rate)
        fraction("beta1", self.beta1)
        fraction("beta2", self.beta2)
        positive("epsilon", self.epsilon)

    def start(self, params: Params) -> Memory:
        """Start from m = s = 0."""
        return {"m": zeros(params), "s": zeros(params)}

    def step(self, t: int, params: Params, grads: Params, memory: Memory) -> tuple[Params, Memory]:
        """One step along the corrected m / sqrt(s)."""
        m = {k: self.beta1 * memory["m"][k] + (1 - self.beta1) * g for k, g in grads.items()}
        s = {k: self.beta2 * memory["s"][k] + (1 - self.beta2) * g * g for k, g in grads.items()}
        rate, size = self.rate / (1 - self.beta1**t), 1 - self.beta2**t
        moved = {
            k: p - rate * m[k] / (np.sqrt(s[k] / size) + self.epsilon) for k, p in params.items()
        }
        return moved, {"m": m, "s": s}


# ----------------------------------------------------------------------------------- gradients


def omega(W_hh: Array, g: Array, delta: Array) -> tuple[float, Array]:
    """Penalty on every step at which the gradient going back changes its norm.

    Parameters
    ----------
    W_hh : array, shape (n, n)
    g : array, shape (T, m, n)
        g_t = dL/dh_t, from all losses at t and later.
    delta : array, shape (T, m, n)
        delta_t = dL/da_t = g_t * phi'(a_t).

    Returns
    -------
    value : float
        Mean over steps and sequences of (||r_t|| / ||g_t|| - 1)**2 with r_t = delta_t W_hh^T,
        what arrives at h_{t-1}. Steps that no gradient reaches do not count.
    gradient : array, shape (n, n)
        The immediate derivative by W_hh: g and delta are held constant.

    Notes
    -----
    Pascanu, Mikolov and Bengio (2013), equations 9 and 10. The paper writes the sum over the
    steps, the authors' program takes the mean: only so one weight does for all lengths.

    Examples
    --------
    A network that halves every gradient:

    >>> g = np.random.default_rng(0).standard_normal((5, 3, 2))
    >>> omega(0.5 * np.eye(2), g, delta=g)[0]
    0.25
    """
    g, delta = rows(g), rows(delta)
    r = np.dot(delta, W_hh.T)
    size_g, size_r = (np.linalg.norm(v, axis=1, keepdims=True) for v in (g, r))
    reached = size_g > 0
    size_g = np.where(reached, size_g, 1)
    change = np.where(reached, size_r / size_g - 1, 0)  # (T m, 1)
    direction = r / np.where(size_r > 0, size_r, 1)
    count = max(1, int(reached.sum()))
    gradient = 2 / count * np.dot((change * direction).T, delta / size_g)
    return float((change**2).sum() / count), gradient


class BatchGradients(NamedTuple):
    """What one batch says: see ``batch_gradients``."""

    loss: float
    grads: Params
    omega: float


def batch_gradients(
    cell: Cell,
    params: Params,
    x: Array,
    y: Array,
    window: int | None = None,
    chunk: int | None = None,
    weight: float = 0.0,
) -> BatchGradients:
    """Mean loss over the targets of a batch, and its gradient, truncated or regularised.

    Parameters
    ----------
    cell, params, x
        As for ``loss_and_gradients``.
    y : array
        As there, and NaN stands for no target among real ones, (T, m, n_outputs).
    window : int, optional
        Each loss reaches K steps back (truncation by a window).
    chunk : int, optional
        The gradient is cut after every K steps, the state is carried on.
    weight : float
        Of the regulariser Omega: its gradient is added to that of W_hh. RNN without truncation.

    Returns
    -------
    loss : float
        Without Omega.
    grads : dict
        The keys of ``params``.
    omega : float
        Omega, or 0 if its weight is 0.

    Raises
    ------
    ValueError
        If an argument has a wrong type, shape or range, or two of them exclude each other.

    Examples
    --------
    >>> cell, rng = RNN("tanh"), np.random.default_rng(0)
    >>> params = cell.init(rng, n_inputs=6, n_neurons=5, n_outputs=4)
    >>> from bptt_lab.tasks import temporal_order
    >>> x, y = temporal_order().generate(rng, T=20, m=3)
    >>> loss, grads, _ = batch_gradients(cell, params, x, y, window=5)
    >>> sorted(grads) == sorted(params)
    True
    """
    check_method(cell, window, chunk, weight)
    trace = forward(cell, params, x)
    y = as_array("y", y, "an array of targets")
    known = np.where(np.isnan(y), 0, y) if y.ndim == 3 and y.dtype.kind == "f" else y
    check_targets(params, trace.x, known)
    loss, d_logits = mean_loss(trace.logits, y)
    d_h = np.dot(rows(d_logits), params["W_yh"].T).reshape(trace.h[1:].shape)
    grads = {
        "W_yh": sum_of_outer_products(trace.h[1:], d_logits),
        "b_y": rows(d_logits).sum(axis=0),
    }
    penalty = 0.0
    if weight > 0:
        delta, _ = net_input_gradients(trace, d_h)
        grads |= weight_gradients(trace, delta)
        g = d_h.copy()
        g[:-1] += np.dot(rows(delta[1:]), params["W_hh"].T).reshape(g[1:].shape)
        penalty, d_W = omega(params["W_hh"], g, delta)
        grads["W_hh"] = grads["W_hh"] + weight * d_W
    elif chunk is not None:
        grads |= chunked(trace, d_h, chunk)
    else:
        grads |= through_time(trace, d_h, window)
    return BatchGradients(loss, {name: grads[name] for name in params}, penalty)


def check_method(cell: Cell, window: int | None, chunk: int | None, weight: float) -> None:
    """Refuse what does not go together."""
    check_number("omega", weight, least=0)
    for name, K in (("window", window), ("chunk", chunk)):
        if K is not None:
            check_integer(name, K)
    if window is not None and chunk is not None:
        fail("chunk", "None beside a window: one truncation at a time", describe(chunk))
    if weight > 0 and not isinstance(cell, RNN):
        fail("omega", "0 for a gated cell: Omega is defined for an RNN", describe(weight))
    if weight > 0 and (window is not None or chunk is not None):
        fail("omega", "0 beside a truncation: Omega needs the whole gradient", describe(weight))


def mean_loss(logits: Array, y: Array) -> tuple[float, Array]:
    """Mean of the loss over the targets, and its gradient at the logits."""
    targets = int(asked(y).sum())
    if targets == 0:
        fail("y", "at least one target", "none")
    if y.ndim == 3:  # where there is none, the output is its own target: the error is 0
        y = np.where(np.isnan(y), logits, y).astype(logits.dtype, copy=False)
    loss, d_logits = loss_at_output(logits, y)
    d_logits /= targets
    return float(loss) / targets, d_logits


def chunked(trace: Trace, d_h: Array, K: int) -> Params:
    """Add up the gradients of pieces of K steps: the states are known, nothing runs anew."""
    total: Params = {}
    for first in range(0, len(d_h), K):
        piece = slice(first, first + K)
        states = tuple(part[first : first + K + 1] for part in trace.states)
        kept = tuple(array[piece] for array in trace.kept)
        part = replace(trace, x=trace.x[piece], states=states, kept=kept)
        grads = through_time(part, d_h[piece], None)
        total = {name: total.get(name, 0) + grad for name, grad in grads.items()}
    return total


# ------------------------------------------------------------------------------------ the loop


class Score(NamedTuple):
    """What an examination finds: the share of wrong sequences, and whether that will do."""

    error: float
    solved: bool


Examine = Callable[[Params], Score]


@dataclass(frozen=True, eq=False)
class History:
    """What happened at each update.

    Attributes
    ----------
    loss, gradient_norm, omega : arrays, shape (steps,)
        Before the update; the norm is that before clipping, Omega included.
    examined : integer array, shape (k,)
        After how many updates the network was examined.
    error : array, shape (k,)
        The share of wrong sequences found then.
    """

    loss: Array
    gradient_norm: Array
    omega: Array
    examined: Array
    error: Array


@dataclass(frozen=True, eq=False)
class Result:
    """A training that came to its end.

    Attributes
    ----------
    params : dict
    history : History
    solved : bool
        Whether the last examination was passed.
    snapshots : dict
        Parameters after the steps that were asked for.
    """

    params: Params
    history: History
    solved: bool
    snapshots: dict[int, Params]

    @property
    def steps(self) -> int:
        """Number of updates."""
        return len(self.history.loss)


PLAIN = SGD()
"""Gradient descent at its default rate."""


class TrainingDiverged(ArithmeticError):
    """Loss, gradient or parameters are no longer finite.

    Attributes
    ----------
    step : int
        The update at which it happened, from 1.
    loss, gradient_norm : float
    params : dict
        The last good ones: those before this update.
    history : History
    """

    def __init__(
        self, step: int, loss: float, gradient_norm: float, params: Params, history: History
    ) -> None:
        super().__init__(step, loss, gradient_norm, params, history)  # all of it, for pickle
        self.step, self.loss, self.gradient_norm = step, loss, gradient_norm
        self.params, self.history = params, history

    def __str__(self) -> str:
        return (
            f"training diverged at step {self.step}: loss {self.loss:g}, "
            f"gradient norm {self.gradient_norm:g}; .params holds the last good parameters"
        )


def train(
    cell: Cell,
    params: Params,
    draw: Draw,
    rng: np.random.Generator,
    *,
    steps: int,
    optimiser: Optimiser = PLAIN,
    clip_norm: float | None = None,
    clip_entry: float | None = None,
    omega: float = 0.0,
    window: int | None = None,
    chunk: int | None = None,
    examine: Examine | None = None,
    every: int = 100,
    snapshots: Iterable[int] = (),
    checkpoint: str | Path | None = None,
    progress: bool | None = None,
) -> Result:
    """Train until a criterion is met or the updates are used up.

    Parameters
    ----------
    cell, params
        As ``cell.init`` returns them; not modified.
    draw : callable
        ``draw(rng) -> x, y`` gives the batch of an update, for example ``task.draw(T, m)``.
    rng : numpy.random.Generator
    steps : int
        At most so many updates.
    optimiser : SGD, RMSProp, Adam or the like
    clip_norm, clip_entry : float, optional
        Thresholds of ``clip_by_norm`` and ``clip_by_entry``; at most one of them.
    omega : float
        Weight of the regulariser.
    window, chunk : int, optional
        Truncation, as for ``batch_gradients``.
    examine : callable, optional
        ``examine(params) -> Score``, called before the first update and after every
        ``every`` of them; a score that is ``solved`` ends the training. See ``examination``.
    every : int
        Updates between two examinations, and between two checkpoints.
    snapshots : iterable of int
        After which updates to keep the parameters, 0 for those at the start.
    checkpoint : path, optional
        File (.npz) to which everything is written every ``every`` updates and at the end. If
        it exists, the training goes on from there, with the same result to the last bit as
        without a break.
    progress : bool, optional
        Show a bar; None: only on a terminal.

    Returns
    -------
    Result

    Raises
    ------
    ValueError
        If an argument has a wrong type or range, or the checkpoint is of another training.
    TrainingDiverged
        If the loss, the gradient or the parameters become infinite or NaN. It carries the
        last good parameters.

    Examples
    --------
    >>> from bptt_lab.tasks import temporal_order
    >>> task, rng, cell = temporal_order(), np.random.default_rng(0), RNN("tanh")
    >>> params = cell.init(rng, task.n_inputs, 20, task.n_outputs)
    >>> examine = examination(task, cell, T=10, sequences=500)
    >>> result = train(cell, params, task.draw(T=10, m=20), rng, steps=200,
    ...     optimiser=Adam(0.01), clip_norm=1.0, examine=examine)
    >>> result.solved, result.history.loss.shape == (result.steps,)
    (True, True)
    """
    check_generator("rng", rng)
    check_function("draw", draw)
    steps, every = check_integer("steps", steps, least=0), check_integer("every", every)
    check_method(cell, window, chunk, omega)
    clip = clipper(clip_norm, clip_entry)
    kept = {check_integer("snapshots", step, least=0) for step in snapshots}
    cell.check(params)
    settings = f"{cell} {optimiser} {clip_norm} {clip_entry} {omega} {window} {chunk} {every}"
    run = Run({name: p.copy() for name, p in params.items()}, optimiser.start(params))
    if checkpoint is not None and Path(checkpoint).exists():
        run = read_checkpoint(Path(checkpoint), run, settings, rng)
        run.forget_the_end(every)
        if run.done > steps:
            fail("steps", f"at least the {run.done} updates of the checkpoint", str(steps))

    def pause(done: int) -> None:
        """Keep, examine and save what is due after so many updates."""
        if done in kept:
            run.snapshots[done] = run.params
        if done % every and done != steps:
            return
        if examine is not None and done not in run.examined:
            with np.errstate(over="ignore", invalid="ignore"):
                score = examine(run.params)
            run.examined.append(done)
            run.errors.append(float(score.error))
            run.solved = bool(score.solved)
        if checkpoint is not None:
            write_checkpoint(Path(checkpoint), run, settings, rng)

    with Progress(steps, progress) as bar:
        pause(run.done)
        while run.done < steps and not run.solved:
            x, y = draw(rng)
            with np.errstate(over="ignore", invalid="ignore"):  # looked at below
                found = batch_gradients(cell, run.params, x, y, window, chunk, omega)
                norm = global_norm(found.grads)
                run.update(optimiser, found, norm, clip)
            pause(run.done)
            bar.update(run.done, f"loss {found.loss:.3g}")
    return Result(run.params, run.history(), run.solved, run.snapshots)


class Run:
    """What a training carries from one update to the next."""

    def __init__(self, params: Params, memory: Memory) -> None:
        self.params, self.memory = params, memory
        self.updates: list[tuple[float, float, float]] = []  # loss, gradient norm, Omega
        self.examined: list[int] = []
        self.errors: list[float] = []
        self.snapshots: dict[int, Params] = {}
        self.solved = False

    @property
    def done(self) -> int:
        """Number of updates."""
        return len(self.updates)

    def update(
        self,
        optimiser: Optimiser,
        found: BatchGradients,
        norm: float,
        clip: Callable[[Params], Params],
    ) -> None:
        """Move the parameters, or raise TrainingDiverged and leave them as they are."""
        good = np.isfinite(found.loss) and np.isfinite(norm)
        if good:
            step = optimiser.step(self.done + 1, self.params, clip(found.grads), self.memory)
            good = all(np.isfinite(p).all() for p in step[0].values())
        if not good:
            raise TrainingDiverged(self.done + 1, found.loss, norm, self.params, self.history())
        self.params, self.memory = step
        self.updates.append((found.loss, norm, found.omega))

    def forget_the_end(self, every: int) -> None:
        """Drop the examination that was due only because the updates had been used up."""
        if self.examined and self.examined[-1] % every and not self.solved:
            self.examined.pop()
            self.errors.pop()

    def history(self) -> History:
        """Return the lists as arrays."""
        loss, norm, penalty = np.array(self.updates, float).reshape(-1, 3).T.copy()
        examined, errors = np.array(self.examined, int), np.array(self.errors, float)
        return History(loss, norm, penalty, examined, errors)


def clipper(clip_norm: float | None, clip_entry: float | None) -> Callable[[Params], Params]:
    """Return the way of clipping that was asked for, with its threshold."""
    if clip_norm is not None and clip_entry is not None:
        fail("clip_entry", "None beside clip_norm: one kind of clipping", describe(clip_entry))
    if clip_norm is not None:
        tau = positive("clip_norm", clip_norm)
        return lambda grads: clip_by_norm(grads, tau)
    if clip_entry is not None:
        tau = positive("clip_entry", clip_entry)
        return lambda grads: clip_by_entry(grads, tau)
    return lambda grads: grads


def examination(
    task: Task | Digits,
    cell: Cell,
    T: int | None = None,
    *,
    seed: int = 2**32,
    sequences: int | None = None,
    batch: int = 500,
) -> Examine:
    """Make an examination of a network by the criterion of its task.

    The test sequences are the same at every examination. A network that fails on the first
    ``batch`` of them by far is not asked about the others, to save time.

    Parameters
    ----------
    task : Task or Digits
        Digits are examined on their test part and never count as solved.
    cell : Cell
    T : int
        Length of the sequences; left out for Digits.
    seed : int
        Of the test sequences, which a training from another seed does not see.
    sequences : int, optional
        How many; as many as the source of the task takes when None.
    batch : int
        How many at a time.

    Returns
    -------
    callable
        ``examine(params) -> Score(error, solved)``.

    Raises
    ------
    ValueError
        If an argument has a wrong type or range.
    """
    if isinstance(task, Digits):
        data = task

        def examine_digits(params: Params) -> Score:
            logits = forward(cell, params, data.test_x).logits
            return Score(float(data.wrong(logits, data.test_y).mean()), False)

        return examine_digits
    check_instance("task", task, Task, "a Task or Digits")
    posed = task
    count = check_integer("sequences", posed.sequences if sequences is None else sequences)
    size = min(check_integer("batch", batch), count)
    T = posed.shortest if T is None else T
    posed.draw(T, size)  # refuses what cannot be posed

    def examine(params: Params) -> Score:
        rng, outputs = np.random.default_rng(seed), []
        for first in range(0, count, size):
            x, y = posed.generate(rng, T, min(size, count - first))
            steps = asked(y).any(axis=1)  # the others need not be kept
            outputs.append((forward(cell, params, x).logits[steps], y[steps]))
            if posed.wrong(*outputs[0]).mean() > 2 * posed.allowed + 0.02:
                break
        logits, y = (np.concatenate(part, axis=1) for part in zip(*outputs, strict=True))
        return Score(float(posed.wrong(logits, y).mean()), posed.solved(logits, y))

    return examine


# ---------------------------------------------------------------------------------- checkpoints


def write_checkpoint(path: Path, run: Run, settings: str, rng: np.random.Generator) -> None:
    """Write everything that the rest of the training depends on; a break leaves the old file."""
    groups = {"params": run.params}
    groups |= {f"memory/{name}": group for name, group in run.memory.items()}
    groups |= {f"snapshots/{step}": group for step, group in run.snapshots.items()}
    arrays = {f"{name}/{key}": a for name, group in groups.items() for key, a in group.items()}
    facts = {
        "settings": settings,
        "rng": rng.bit_generator.state,
        "updates": run.updates,
        "examined": run.examined,
        "errors": run.errors,
        "solved": run.solved,
    }
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        np.savez(file, facts=np.array(json.dumps(facts, default=np.ndarray.tolist)), **arrays)  # type: ignore[arg-type]
    os.replace(part, path)


def read_checkpoint(path: Path, run: Run, settings: str, rng: np.random.Generator) -> Run:
    """Return the run as it was written, and set ``rng`` back to where it was."""
    arrays = load(path)
    facts = json.loads(str(arrays.pop("facts")))
    came = {name: array.shape for name, array in group(arrays, "params").items()}
    if facts["settings"] != settings or came != {k: p.shape for k, p in run.params.items()}:
        fail("checkpoint", f"one of the training {settings}", f"one of {facts['settings']}")
    if facts["rng"]["bit_generator"] != type(rng.bit_generator).__name__:
        fail("rng", f"one of kind {facts['rng']['bit_generator']}", repr(rng))
    rng.bit_generator.state = facts["rng"]
    found = Run(group(arrays, "params"), {k: group(arrays, f"memory/{k}") for k in run.memory})
    steps = {int(name.split("/")[1]) for name in arrays if name.startswith("snapshots/")}
    found.snapshots = {step: group(arrays, f"snapshots/{step}") for step in sorted(steps)}
    found.updates = [tuple(update) for update in facts["updates"]]
    found.examined, found.errors = facts["examined"], facts["errors"]
    found.solved = facts["solved"]
    return found


def load(path: Path) -> dict[str, Array]:
    """Read the arrays of a checkpoint."""
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile):
        arrays = {}
    if "facts" not in arrays:
        fail("checkpoint", "a file that train has written", f"the file {path.name}")
    return arrays


def group(arrays: dict[str, Array], name: str) -> Params:
    """Return the arrays below a name."""
    start = f"{name}/"
    return {key.removeprefix(start): a for key, a in arrays.items() if key.startswith(start)}
