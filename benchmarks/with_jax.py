"""JAX: lax.scan over the steps, value_and_grad, jit; the input projection is one product."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np
from jax import lax
from jax import numpy as jnp

from benchmarks.problems import Arrays, Problem, named

VERSION = jax.__version__

jax.config.update("jax_enable_x64", True)

State = tuple[jax.Array, ...]


def rnn(W: Any, state: State, a: jax.Array) -> tuple[State, jax.Array]:
    h = jnp.tanh(a + state[0] @ W["W_h"])
    return (h,), h


def lstm(W: Any, state: State, a: jax.Array) -> tuple[State, jax.Array]:
    h, C = state
    a_i, a_f, a_o, a_C = jnp.split(a + h @ W["W_h"], 4, axis=-1)
    C = jax.nn.sigmoid(a_f) * C + jax.nn.sigmoid(a_i) * jnp.tanh(a_C)
    h = jax.nn.sigmoid(a_o) * jnp.tanh(C)
    return (h, C), h


def gru(W: Any, state: State, a: jax.Array) -> tuple[State, jax.Array]:
    (h,) = state
    (x_z, x_r, x_n), (h_z, h_r, h_n) = (jnp.split(v, 3, axis=-1) for v in (a, h @ W["W_h"]))
    z, r = jax.nn.sigmoid(x_z + h_z), jax.nn.sigmoid(x_r + h_r)
    h = (1 - z) * jnp.tanh(x_n + r * (h_n + W["c_n"])) + z * h
    return (h,), h


STEPS = {"RNN": rnn, "LSTM": lstm, "GRU": gru}


def stacked(problem: Problem) -> dict[str, Any]:
    """Parameters with the gates side by side."""
    params = problem.params
    gates = {
        prefix: np.concatenate([params[prefix + g] for g in problem.gates], axis=-1)
        for prefix in ("W_x", "W_h", "b_")
    }
    return gates | {k: params[k] for k in ("W_yh", "b_y", "c_n") if k in params}


def prepare(problem: Problem) -> Callable[[], Any]:
    """Return the work to be timed."""
    step, y = STEPS[problem.cell], problem.y

    def loss(params: Any, x: jax.Array, state0: State, y: jax.Array) -> jax.Array:
        a = x @ params["W_x"] + params["b_"]
        _, h = lax.scan(lambda state, a_t: step(params, state, a_t), state0, a)
        log_p = jax.nn.log_softmax(h @ params["W_yh"] + params["b_y"])
        return -jnp.take_along_axis(log_p, y[..., None], axis=-1).sum()

    work = jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2)))
    arguments = jax.device_put((stacked(problem), problem.x, problem.state0, y))
    return lambda: jax.block_until_ready(work(*arguments))


def results(problem: Problem, done: Any) -> Arrays:
    """Name what the work returned."""
    loss, (params, x, state0) = done
    gradients = {k: v for k, v in params.items() if k in problem.params} | {"x": x}
    gradients |= dict(zip(("h_0", "C_0"), state0, strict=False))
    for prefix in ("W_x", "W_h", "b_"):
        gates = jnp.split(params[prefix], len(problem.gates), axis=-1)
        gradients |= {prefix + g: v for g, v in zip(problem.gates, gates, strict=True)}
    return named(loss, gradients)
