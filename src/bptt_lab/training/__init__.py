"""From gradients to learning: clipping, optimisers, the regulariser, and the loop.

Everything that changes is handed on, nothing is changed in place: parameters and the state of
an optimiser are dicts of arrays, and a step returns new ones.

>>> import numpy as np
>>> from bptt_lab.cells import RNN
>>> from bptt_lab.tasks import temporal_order
>>> from bptt_lab.training import Adam, Training, make_evaluator
>>> task, rng, cell = temporal_order(), np.random.default_rng(0), RNN("tanh")
>>> params = cell.init(rng, task.n_inputs, 20, task.n_outputs)
>>> evaluate = make_evaluator(task, cell, T=10, sequences=500)
>>> run = Training(cell, params, task.draw(T=10, m=20), rng, optimiser=Adam(0.01), clip_norm=1.0)
>>> for step in run.until(200):
...     if step % 50 == 0 and evaluate(run.params).solved:
...         break
>>> evaluate(run.params).solved, run.steps < 200
(True, True)
"""

from bptt_lab.training.clipping import clip_by_entry, clip_by_norm, global_norm
from bptt_lab.training.evaluation import Evaluation, make_evaluator
from bptt_lab.training.gradients import BatchGradients, batch_gradients
from bptt_lab.training.loop import History, Training, TrainingDiverged, train
from bptt_lab.training.optimisers import SGD, Adam, Optimiser, OptimiserState, RMSProp
from bptt_lab.training.regulariser import omega

__all__ = [
    "SGD",
    "Adam",
    "BatchGradients",
    "Evaluation",
    "History",
    "Optimiser",
    "OptimiserState",
    "RMSProp",
    "Training",
    "TrainingDiverged",
    "batch_gradients",
    "clip_by_entry",
    "clip_by_norm",
    "global_norm",
    "make_evaluator",
    "omega",
    "train",
]
