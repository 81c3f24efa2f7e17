"""Checkers of what a learner has written: they say what is wrong, and where the book explains it.

Write a function and hand it over. The answer is true if the function is right:

>>> import numpy as np
>>> from bptt_lab.exercises import check
>>> check.rnn_step
rnn_step(params, x_t, h): One step of a tanh network, h_t from x_t and h_{t-1}.
  params: W_xh (n_inputs, n), W_hh (n, n), b_h (n,), W_yh (n, n_outputs), b_y (n_outputs,)
  x_t: (m, n_inputs)
  h: (m, n)
  returns h_t (m, n)
>>> def my_step(params, x_t, h):
...     return np.tanh(x_t @ params["W_xh"] + h @ params["W_hh"].T + params["b_h"])
>>> print(check.rnn_step(my_step))
Not yet. This is a known mistake.
* The state is multiplied by the transpose of `W_hh`, as if examples were
  columns.
  Hint: In this book examples are rows and stand on the left, `h @ W_hh`.
  `W_hh` is square, so no shape complains.
  In the book: Forward pass, section "Rows here, columns there".

`check` alone lists what there is. A teacher makes more of the same kind: see `Exercise`.
"""

from bptt_lab.exercises import after, bptt, forward, lstm, training, vanishing
from bptt_lab.exercises.answers import Answer
from bptt_lab.exercises.checker import Check, Exercise
from bptt_lab.exercises.mistakes import Mistake
from bptt_lab.exercises.places import PAGES, Place
from bptt_lab.exercises.trials import Problem

__all__ = [
    "MISTAKES",
    "PAGES",
    "Answer",
    "Check",
    "Exercise",
    "Mistake",
    "Place",
    "Problem",
    "check",
]

CHAPTERS = (forward, bptt, vanishing, lstm, training, after)

check = Check(exercise for chapter in CHAPTERS for exercise in chapter.EXERCISES)

MISTAKES = {mistake.name: mistake for e in check.values() for mistake in e.mistakes}
"""All known mistakes by name, in the order of the book."""
