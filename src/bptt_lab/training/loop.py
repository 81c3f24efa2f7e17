"""The loop: a training that the caller drives, breaks off and resumes."""

import copy
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bptt_lab.arguments import (
    Array,
    check_function,
    check_generator,
    check_instance,
    check_integer,
    check_positive,
    describe,
    fail,
)
from bptt_lab.cells.base import Cell, Params
from bptt_lab.tasks import Draw
from bptt_lab.training.checkpoints import (
    describe_array,
    describe_generator,
    generator_state,
    read_checkpoint,
    refuse_another,
    write_checkpoint,
)
from bptt_lab.training.clipping import clip_by_entry, clip_by_norm, global_norm
from bptt_lab.training.evaluation import Evaluate, Evaluation
from bptt_lab.training.gradients import batch_gradients, check_method
from bptt_lab.training.optimisers import SGD, Optimiser

PLAIN = SGD()
"""Gradient descent at its default rate."""


@dataclass(frozen=True, eq=False)
class History:
    """What happened at each update, and what the evaluations found.

    Attributes
    ----------
    loss, gradient_norm, omega : arrays, shape (steps,)
        Before the update; the norm is that before clipping, Omega included.
    evaluated_at : integer array, shape (k,)
        After how many updates the network was evaluated.
    error : array, shape (k,)
        The share of wrong sequences found then.
    """

    loss: Array
    gradient_norm: Array
    omega: Array
    evaluated_at: Array
    error: Array


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


class Training:
    """A training that the caller drives: update by update, with whatever is wanted in between.

    Parameters
    ----------
    cell, params
        As ``cell.init`` returns them; not modified.
    draw : callable
        ``draw(rng) -> x, y`` gives the batch of an update, for example ``task.draw(T, m)``. If
        the training is to be resumed, the batch must depend on ``rng`` alone.
    rng : numpy.random.Generator
    optimiser : SGD, RMSProp, Adam or the like
    clip_norm, clip_entry : float, optional
        Thresholds of ``clip_by_norm`` and ``clip_by_entry``; at most one of them.
    omega : float
        Weight of the regulariser Omega.
    window, chunk : int, optional
        Truncation, as for ``batch_gradients``.

    Attributes
    ----------
    cell : Cell
    params : dict
        The present ones. An update makes new arrays and leaves these as they are.
    steps : int
        Number of updates done.
    evaluations : dict
        For the caller to fill: an ``Evaluation`` for a number of updates.
    snapshots : dict
        For the caller to fill: parameters for a number of updates.

    Raises
    ------
    ValueError
        If an argument has a wrong type or range.
    TrainingDiverged
        From ``update`` and ``until``, if the loss, the gradient or the parameters become
        infinite or NaN. It carries the last good parameters, and so does the training.

    Examples
    --------
    >>> from bptt_lab.cells import RNN
    >>> from bptt_lab.tasks import temporal_order
    >>> task, rng, cell = temporal_order(), np.random.default_rng(0), RNN("tanh")
    >>> params = cell.init(rng, task.n_inputs, 20, task.n_outputs)
    >>> run = Training(cell, params, task.draw(T=10, m=20), rng, optimiser=SGD(0.1))
    >>> for step in run.until(100):
    ...     if step % 50 == 0:
    ...         run.snapshots[step] = run.params
    >>> list(run.snapshots), run.history.loss.shape
    ([0, 50, 100], (100,))
    """

    def __init__(
        self,
        cell: Cell,
        params: Params,
        draw: Draw,
        rng: np.random.Generator,
        *,
        optimiser: Optimiser = PLAIN,
        clip_norm: float | None = None,
        clip_entry: float | None = None,
        omega: float = 0.0,
        window: int | None = None,
        chunk: int | None = None,
    ) -> None:
        check_instance("cell", cell, Cell, "a cell such as RNN('tanh')")
        check_method(cell, window, chunk, omega)
        self.cell = cell
        self.draw, self.rng = check_function("draw", draw), check_generator("rng", rng)
        self.gradients = partial(batch_gradients, cell, window=window, chunk=chunk, omega=omega)
        self.clip, self.optimiser = clipper(clip_norm, clip_entry), optimiser
        self.params = {name: p.copy() for name, p in cell.check(params).items()}
        self.optimiser_state = optimiser.start(self.params)
        self.evaluations: dict[int, Evaluation] = {}
        self.snapshots: dict[int, Params] = {}
        self._updates: list[tuple[float, float, float]] = []  # loss, gradient norm, Omega
        self._rng_at_start = generator_state(rng)
        self._first_batch: dict[str, str] = {}
        method = {"cell": cell, "optimiser": optimiser, "clip_norm": clip_norm}
        method |= {"clip_entry": clip_entry, "omega": omega, "window": window, "chunk": chunk}
        self._identity = {name: str(value) for name, value in method.items()}
        self._identity["generator"] = describe_generator(rng)
        for name, p in self.params.items():
            self._identity[f"initial {name}"] = describe_array(p)

    @property
    def steps(self) -> int:
        """Number of updates done."""
        return len(self._updates)

    @property
    def solved(self) -> bool:
        """Whether the last evaluation met the criterion."""
        return bool(self.evaluations) and next(reversed(self.evaluations.values())).solved

    @property
    def history(self) -> History:
        """What happened so far, as arrays."""
        loss, norm, penalty = np.array(self._updates, float).reshape(-1, 3).T.copy()
        error = np.array([evaluation.error for evaluation in self.evaluations.values()], float)
        return History(loss, norm, penalty, np.array(list(self.evaluations), int), error)

    def until(self, steps: int) -> Iterator[int]:
        """Do updates until there are ``steps`` of them, and let the caller look after each.

        Yields
        ------
        int
            The number of updates done: first the present one, then after every update.

        Raises
        ------
        ValueError
            If more updates are done already.
        """
        if check_integer("steps", steps, least=0) < self.steps:
            fail("steps", f"at least the {self.steps} updates done", str(steps))
        yield self.steps
        while self.steps < steps:
            self.update()
            yield self.steps

    def update(self) -> None:
        """Draw a batch and move the parameters, or raise and leave them as they are."""
        x, y = self.draw(self.rng)
        if self.steps == 0:
            self._first_batch = describe_batch(x, y)
        with np.errstate(over="ignore", invalid="ignore"):  # looked at below
            loss, grads, penalty = self.gradients(self.params, x, y)
            norm = global_norm(grads)
            good = bool(np.isfinite(loss) and np.isfinite(norm))
            if good:
                moved, state = self.optimiser.step(
                    self.steps + 1, self.params, self.clip(grads), self.optimiser_state
                )
                good = all(np.isfinite(p).all() for p in moved.values())
        if not good:
            raise TrainingDiverged(self.steps + 1, loss, norm, self.params, self.history)
        self.params, self.optimiser_state = moved, state
        self._updates.append((loss, norm, penalty))

    def save(self, path: str | Path) -> None:
        """Write everything that the rest depends on, for ``resume``.

        A break at any moment, even a power cut, leaves the old file or the new one whole.

        Parameters
        ----------
        path : path
            A file in a folder that exists (.npz).
        """
        arrays = {
            "params": self.params,
            "optimiser": self.optimiser_state,
            "snapshots": {str(step): params for step, params in self.snapshots.items()},
            "updates": np.array(self._updates, float).reshape(-1, 3),
        }
        facts = {
            "identity": self._identity,
            "first_batch": self.first_batch(self._rng_at_start),
            "rng_at_start": self._rng_at_start,
            "rng": generator_state(self.rng),
            "evaluations": list(self.evaluations.items()),
        }
        write_checkpoint(Path(path).resolve(), arrays, facts)

    def resume(self, path: str | Path) -> None:
        """Go on from a checkpoint, with the same result to the last bit as without a break.

        The training must be made as it was at first: the same cell, parameters to start from,
        way of computing an update, batches, and kind and seed of the generator. Where the
        generator stood comes from the file.

        Parameters
        ----------
        path : path
            Written by ``save``.

        Raises
        ------
        ValueError
            If the file is no checkpoint, or that of another training; it says what differs.
        """
        arrays, facts = read_checkpoint(Path(path))
        same_start = facts["rng_at_start"] == self._rng_at_start  # whatever its seed is called
        found, ours = facts["identity"], dict(self._identity)
        refuse_another(found, ours | ({"generator": found["generator"]} if same_start else {}))
        refuse_another(facts["first_batch"], self.first_batch(facts["rng_at_start"]))
        self._identity, self._first_batch = found, facts["first_batch"]
        self._rng_at_start = facts["rng_at_start"]
        self.rng.bit_generator.state = json.loads(facts["rng"])
        self.params, self.optimiser_state = arrays["params"], arrays.get("optimiser", {})
        self.snapshots = {int(step): p for step, p in arrays.get("snapshots", {}).items()}
        self.evaluations = {step: Evaluation(*what) for step, what in facts["evaluations"]}
        self._updates = [(loss, norm, omega) for loss, norm, omega in arrays["updates"].tolist()]

    def first_batch(self, rng_at_start: str) -> dict[str, str]:
        """Describe the batch of the first update, drawn once more if it is not known."""
        if not self._first_batch:
            rng = copy.deepcopy(self.rng)
            rng.bit_generator.state = json.loads(rng_at_start)
            self._first_batch = describe_batch(*self.draw(rng))
        return self._first_batch


def describe_batch(x: Array, y: Array) -> dict[str, str]:
    """Describe a batch such that another T or m, task or data set is seen."""
    sizes = zip(("T", "m", "n_inputs"), map(str, np.shape(x)), strict=False)
    return {**dict(sizes), "first inputs": describe_array(x), "first targets": describe_array(y)}


def clipper(clip_norm: float | None, clip_entry: float | None) -> Callable[[Params], Params]:
    """Return the way of clipping that was asked for, with its threshold."""
    if clip_norm is not None and clip_entry is not None:
        fail("clip_entry", "None beside clip_norm: one kind of clipping", describe(clip_entry))
    if clip_norm is not None:
        tau = check_positive("clip_norm", clip_norm)
        return lambda grads: clip_by_norm(grads, tau)
    if clip_entry is not None:
        tau = check_positive("clip_entry", clip_entry)
        return lambda grads: clip_by_entry(grads, tau)
    return lambda grads: grads


def train(
    cell: Cell,
    params: Params,
    draw: Draw,
    rng: np.random.Generator,
    *,
    steps: int,
    evaluate: Evaluate | None = None,
    every: int = 100,
    snapshots: Iterable[int] = (),
    checkpoint: str | Path | None = None,
    progress: bool | None = None,
    **method: Any,
) -> Training:
    """Train until a criterion is met or the updates are used up: the usual loop.

    Parameters
    ----------
    cell, params, draw, rng
        As for ``Training``.
    steps : int
        At most so many updates.
    evaluate : callable, optional
        ``evaluate(params) -> Evaluation``, called before the first update, after every
        ``every`` of them and at the end; one that is ``solved`` ends the training. See
        ``make_evaluator``.
    every : int
        Updates between two evaluations, and between two checkpoints.
    snapshots : iterable of int
        After which updates to keep the parameters, 0 for those at the start.
    checkpoint : path, optional
        File (.npz) to which the training is saved every ``every`` updates and at the end. If
        it exists, the training goes on from there.
    progress : bool, optional
        Show a bar; None: only if standard error is a terminal.
    **method
        ``optimiser``, ``clip_norm``, ``clip_entry``, ``omega``, ``window``, ``chunk``, as for
        ``Training``.

    Returns
    -------
    Training
        With ``params``, ``history``, ``solved``, ``steps`` and ``snapshots``.

    Raises
    ------
    ValueError
        If an argument has a wrong type or range, or the checkpoint is of another training.
    TrainingDiverged
        If the loss, the gradient or the parameters become infinite or NaN.

    Examples
    --------
    >>> from bptt_lab.cells import RNN
    >>> from bptt_lab.tasks import temporal_order
    >>> from bptt_lab.training import Adam, make_evaluator
    >>> task, rng, cell = temporal_order(), np.random.default_rng(0), RNN("tanh")
    >>> params = cell.init(rng, task.n_inputs, 20, task.n_outputs)
    >>> evaluate = make_evaluator(task, cell, T=10, sequences=500)
    >>> run = train(cell, params, task.draw(T=10, m=20), rng, steps=200,
    ...     optimiser=Adam(0.01), clip_norm=1.0, evaluate=evaluate)
    >>> run.solved, run.history.loss.shape == (run.steps,)
    (True, True)
    """
    run = Training(cell, params, draw, rng, **method)
    every = check_integer("every", every)
    wanted = {check_integer("snapshots", step, least=0) for step in snapshots}
    if checkpoint is not None and Path(checkpoint).exists():
        run.resume(checkpoint)
    for step in with_bar(run, run.until(steps), steps, progress):
        if step in wanted:
            run.snapshots[step] = run.params
        due = step % every == 0 or step == steps
        if due and evaluate is not None and step not in run.evaluations:
            run.evaluations[step] = evaluate(run.params)
        if due and checkpoint is not None and step > 0:
            run.save(checkpoint)
        if run.solved:
            break
    return run


def with_bar(
    run: Training, updates: Iterator[int], steps: int, progress: bool | None
) -> Iterator[int]:
    """Show how many updates are done, and the loss, if asked to."""
    if not (sys.stderr.isatty() if progress is None else progress):
        yield from updates
        return
    from tqdm import tqdm  # here: who wants no bar needs NumPy only

    with tqdm(total=steps, initial=run.steps, unit="update") as bar:
        for step in updates:
            if step > bar.n:
                bar.set_postfix_str(f"loss {run._updates[-1][0]:.3g}", refresh=False)
            bar.update(step - bar.n)
            yield step
