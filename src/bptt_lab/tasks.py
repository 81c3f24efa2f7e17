"""The tasks by which the literature measures how far back a network learns to look.

Each comes with the criterion by which its source calls a sequence, and a run, a success.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from bptt_lab.arguments import Array, check_generator, check_integer, fail

__all__ = [
    "Digits",
    "Task",
    "adding",
    "copying",
    "digits",
    "temporal_order",
]

Draw = Callable[[np.random.Generator], tuple[Array, Array]]
"""What gives a training its next sequences: ``draw(rng) -> x, y``."""


MakeSequences = Callable[[np.random.Generator, int, int], tuple[Array, Array]]


@dataclass(frozen=True)
class Task:
    """A task that can be posed at any length.

    Attributes
    ----------
    name : str
    n_inputs, n_outputs : int
    min_T : int
        The least T.
    max_error_rate : float
        Share of wrong sequences up to which the task counts as solved.
    sequences : int
        On how many sequences the source decides that.
    criterion, source : str
        The same in words, and whose it is.
    make_sequences : callable
        ``make_sequences(rng, T, m) -> x, y`` on arguments that are known to be good.
    wrong_rows : callable
        ``wrong_rows(logits, y) -> (m,)``: which sequences are wrong.
    max_squared_error : float
        Solved asks for a mean squared error below this too, where the source does.
    """

    name: str
    n_inputs: int
    n_outputs: int
    min_T: int
    max_error_rate: float
    sequences: int
    criterion: str
    source: str
    make_sequences: MakeSequences = field(repr=False)
    wrong_rows: Callable[[Array, Array], Array] = field(repr=False)
    max_squared_error: float = np.inf

    def generate(self, rng: np.random.Generator, T: int, m: int) -> tuple[Array, Array]:
        """Draw m sequences of T steps.

        Parameters
        ----------
        rng : numpy.random.Generator
        T : int
            Steps of a sequence, from the first input to the last target.
        m : int
            How many sequences.

        Returns
        -------
        x : array, shape (T, m, n_inputs)
        y : array
            Classes (T, m), -1 where a step has no target; or real targets (T, m, n_outputs),
            NaN where it has none.

        Raises
        ------
        ValueError
            If T is too short for the task, or an argument has the wrong type or range.
        """
        T = check_integer(f"T of the task {self.name}", T, least=self.min_T)
        return self.make_sequences(check_generator("rng", rng), T, check_integer("m", m))

    def draw(self, T: int, m: int) -> Draw:
        """Return a function of ``rng`` alone that draws m sequences of T steps."""
        check_integer(f"T of the task {self.name}", T, least=self.min_T)
        return partial(self.generate, T=T, m=check_integer("m", m))

    def wrong(self, logits: Array, y: Array) -> Array:
        """Which sequences the criterion calls wrong, shape (m,)."""
        check_outputs(logits, y, self.n_outputs)
        return self.wrong_rows(logits, y)

    def solved(self, logits: Array, y: Array) -> bool:
        """Tell whether these outputs meet the criterion."""
        few = float(self.wrong(logits, y).mean()) <= self.max_error_rate
        if not few or self.max_squared_error == np.inf:
            return few
        return float(np.nanmean((logits - y) ** 2)) < self.max_squared_error


def has_target(y: Array) -> Array:
    """At which steps of which sequences there is a target, shape (T, m)."""
    return np.asarray(y >= 0 if y.ndim == 2 else ~np.isnan(y).all(axis=2))


def check_outputs(logits: Array, y: Array, n_outputs: int) -> None:
    """Refuse outputs that are not those of these targets."""
    if logits.ndim != 3 or logits.shape[:2] != y.shape[:2] or logits.shape[2] != n_outputs:
        fail("logits", f"shape {(*y.shape[:2], n_outputs)} like the targets", str(logits.shape))


def wrong_class(logits: Array, y: Array) -> Array:
    """Tell where another class than the target's has the largest logit."""
    wrong: Array = ((logits.argmax(axis=-1) != y) & (y >= 0)).any(axis=0)
    return wrong


def wrong_number(logits: Array, y: Array, tolerance: float) -> Array:
    """Tell where a target is missed by ``tolerance`` or more."""
    with np.errstate(invalid="ignore"):  # NaN: no target
        missed: Array = (np.abs(logits - y) >= tolerance).any(axis=(0, 2))
    return missed


def one_hot(symbols: Array, n: int) -> Array:
    """Symbols (T, m) as rows of the identity, (T, m, n)."""
    return np.eye(n)[symbols]


def no_target(T: int, m: int) -> Array:
    """Classes of steps without a target."""
    return np.full((T, m), -1)


def adding() -> Task:
    """Remember two marked numbers among many and add them.

    Each step shows a number from [-1, 1] and a mark. One of the first ten numbers and another
    one of the first half are marked 1; the first and the last step are marked -1; the other
    marks are 0. The target at the end is 0.5 + (X_1 + X_2) / 4. A first number that is marked
    counts, and is shown, as 0.

    Returns
    -------
    Task
        2 inputs, 1 real output.

    Notes
    -----
    Hochreiter and Schmidhuber (1997), experiment 4. Their sequences have a random length from
    T to T + T/10; here all sequences have T steps. Below T = 22 the first of the two numbers is
    among the first T/2 - 1 instead of the first ten.

    Examples
    --------
    >>> x, y = adding().generate(np.random.default_rng(0), T=30, m=4)
    >>> x.shape, y.shape, int(np.isfinite(y).sum())
    ((30, 4, 2), (30, 4, 1), 4)
    """
    return Task(
        name="adding",
        n_inputs=2,
        n_outputs=1,
        min_T=6,
        max_error_rate=0.0,
        sequences=2000,
        criterion="2000 sequences in a row with an error below 0.04, mean squared error below 0.01",
        source="Hochreiter and Schmidhuber (1997), experiment 4",
        make_sequences=adding_sequences,
        wrong_rows=partial(wrong_number, tolerance=0.04),
        max_squared_error=0.01,
    )


def adding_sequences(rng: np.random.Generator, T: int, m: int) -> tuple[Array, Array]:
    """Make the sequences of the adding problem."""
    each, half = np.arange(m), T // 2 - 1
    first = rng.integers(0, min(10, half), m)
    second = rng.integers(0, half, m)  # among the half of those still unmarked
    second += second >= first
    x = np.zeros((T, m, 2))
    x[:, :, 0] = rng.uniform(-1, 1, (T, m))
    x[0, first == 0, 0] = x[0, second == 0, 0] = 0.0
    x[[0, -1], :, 1] = -1
    x[first, each, 1] = x[second, each, 1] = 1
    y = np.full((T, m, 1), np.nan)
    y[-1, :, 0] = 0.5 + (x[first, each, 0] + x[second, each, 0]) / 4
    return x, y


def temporal_order() -> Task:
    """Tell the order in which two letters came.

    A or B (inputs 0 and 1) is shown at a random step of the second tenth of the sequence, A or
    B again at one of the sixth tenth, and one of four other letters at every other step. The
    class at the end is 0 for AA, 1 for AB, 2 for BA, 3 for BB.

    Returns
    -------
    Task
        6 inputs, 4 classes.

    Notes
    -----
    Pascanu, Mikolov and Bengio (2013), after experiment 6a of Hochreiter and Schmidhuber
    (1997); the two places are those of both, in parts of T. Solved: at most 1 % of 10 000
    sequences in a wrong class.

    Examples
    --------
    >>> x, y = temporal_order().generate(np.random.default_rng(0), T=20, m=4)
    >>> x.shape, y[-1], int((y >= 0).sum())
    ((20, 4, 6), array([3, 3, 1, 0]), 4)
    """
    return Task(
        name="temporal order",
        n_inputs=6,
        n_outputs=4,
        min_T=10,
        max_error_rate=0.01,
        sequences=10_000,
        criterion="at most 1 % of 10 000 sequences in a wrong class",
        source="Pascanu, Mikolov and Bengio (2013)",
        make_sequences=temporal_order_sequences,
        wrong_rows=wrong_class,
    )


def temporal_order_sequences(rng: np.random.Generator, T: int, m: int) -> tuple[Array, Array]:
    """Make the sequences of the temporal order problem."""
    each = np.arange(m)
    symbols = rng.integers(2, 6, (T, m))
    letters = rng.integers(0, 2, (2, m))
    symbols[rng.integers(T // 10, 2 * T // 10, m), each] = letters[0]
    symbols[rng.integers(5 * T // 10, 6 * T // 10, m), each] = letters[1]
    y = no_target(T, m)
    y[-1] = 2 * letters[0] + letters[1]
    return one_hot(symbols, 6), y


def copying(symbols: int = 8, length: int = 10) -> Task:
    """Keep a pattern over many blank steps, then repeat it.

    The first ``length`` steps show a random pattern of ``symbols`` letters, then come blanks
    (input ``symbols``), and ``length`` steps before the end a cue (input ``symbols + 1``) stands
    for the first of them. From there on the targets are the letters of the pattern.

    Parameters
    ----------
    symbols, length : int

    Returns
    -------
    Task
        ``symbols + 2`` inputs, ``symbols`` classes.

    Raises
    ------
    ValueError
        If an argument has the wrong type or range.

    Notes
    -----
    The noiseless memorization of Pascanu, Mikolov and Bengio (2013), and their criterion: at
    most 1 % of 10 000 sequences with a wrong letter in them. Sizes as in Arjovsky, Shah and
    Bengio (2016), who compare losses. Both have the blanks before the cue as targets too.

    Examples
    --------
    >>> x, y = copying(symbols=2, length=3).generate(np.random.default_rng(0), T=9, m=1)
    >>> x.argmax(axis=-1)[:, 0], y[:, 0]
    (array([1, 1, 1, 2, 2, 2, 3, 2, 2]), array([-1, -1, -1, -1, -1, -1,  1,  1,  1]))
    """
    symbols, length = check_integer("symbols", symbols, least=2), check_integer("length", length)
    return Task(
        name="copying",
        n_inputs=symbols + 2,
        n_outputs=symbols,
        min_T=2 * length,
        max_error_rate=0.01,
        sequences=10_000,
        criterion="at most 1 % of 10 000 sequences with a wrong letter",
        source="Arjovsky, Shah and Bengio (2016); criterion of Pascanu, Mikolov and Bengio (2013)",
        make_sequences=partial(copying_sequences, symbols=symbols, length=length),
        wrong_rows=wrong_class,
    )


def copying_sequences(
    rng: np.random.Generator, T: int, m: int, symbols: int, length: int
) -> tuple[Array, Array]:
    """Make the sequences of the copying problem."""
    pattern = rng.integers(0, symbols, (length, m))
    shown = np.full((T, m), symbols)
    shown[:length] = pattern
    shown[T - length] = symbols + 1
    y = no_target(T, m)
    y[T - length :] = pattern
    return one_hot(shown, symbols + 2), y


@dataclass(frozen=True, eq=False)
class Digits:
    """Handwritten digits of 8 x 8 pixels, read one pixel a step.

    Attributes
    ----------
    train_x, test_x : array, shape (64, m, 1)
        Ink of the pixels row by row, from 0 to 1; m is 1437 and 360.
    train_y, test_y : array, shape (64, m)
        -1, and the digit at the last step.
    """

    train_x: Array
    train_y: Array
    test_x: Array
    test_y: Array

    def draw(self, m: int) -> Draw:
        """Return a function of ``rng`` that draws m different training digits."""
        m = check_integer("m", m, most=self.train_x.shape[1])
        return partial(self.sample, m=m)

    def sample(self, rng: np.random.Generator, m: int) -> tuple[Array, Array]:
        """Draw m different training digits."""
        chosen = check_generator("rng", rng).choice(self.train_x.shape[1], m, replace=False)
        return self.train_x[:, chosen], self.train_y[:, chosen]

    def wrong(self, logits: Array, y: Array) -> Array:
        """Which digits are taken for another one, shape (m,)."""
        check_outputs(logits, y, 10)
        return wrong_class(logits, y)


def digits(seed: int = 0) -> Digits:
    """Load the digits that scikit-learn ships, split into 1437 to learn from and 360 to test.

    Parameters
    ----------
    seed : int
        Of the shuffle before the split; the book keeps to 0.

    Raises
    ------
    ValueError
        If ``seed`` is no integer of at least 0.
    ImportError
        If scikit-learn is not installed.

    Notes
    -----
    Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning
    Repository: the 1797 digits of its test part, as ``sklearn.datasets.load_digits`` gives them.

    Examples
    --------
    >>> x, y = digits().draw(m=20)(np.random.default_rng(0))
    >>> x.shape, bool(np.all(y[:-1] == -1))  # a pixel a step, the class at the last
    ((64, 20, 1), True)
    """
    rng = np.random.default_rng(check_integer("seed", seed, least=0))
    data = load_digits()
    order = rng.permutation(len(data.target))
    x = data.data[order].T[:, :, None] / 16  # (64, m, 1)
    y = no_target(64, len(order))
    y[-1] = data.target[order]
    cut = 1437
    return Digits(x[:, :cut], y[:, :cut], x[:, cut:], y[:, cut:])


def load_digits() -> Any:
    """Return the data set, or say what is missing."""
    try:
        from sklearn import datasets
    except ImportError as error:
        raise ImportError("digits needs scikit-learn: pip install scikit-learn") from error
    return datasets.load_digits()
