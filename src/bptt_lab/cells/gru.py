"""The gated recurrent unit, in the two forms that go by this name."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bptt_lab.activations import sigmoid, sigmoid_slope, tanh_slope
from bptt_lab.arguments import Array, choice
from bptt_lab.cells.base import Arrays, Cell, Memory, Params, product, rows
from bptt_lab.cells.blocks import diagonal, gate_views, times


@dataclass(frozen=True)
class GRU(Cell):
    """h_t = z_t * h_{t-1} + (1 - z_t) * htilde_t: z keeps the state, 1 - z renews it.

    z and r are logistic gates. They differ in where r acts on the candidate htilde_t:

    * ``reset="before"``: tanh(x_t W_xn + (r_t * h_{t-1}) W_hn + b_n), Cho et al. (2014);
    * ``reset="after"``: tanh(x_t W_xn + r_t * (h_{t-1} W_hn + c_n) + b_n), the form of cuDNN,
      with one more bias c_n.

    Parameters
    ----------
    reset : {"before", "after"}
        Before or after the matrix W_hn.

    Raises
    ------
    ValueError
        If ``reset`` is something else.

    Examples
    --------
    >>> params = GRU("after").init(np.random.default_rng(0), 3, 5, 2)
    >>> [name for name in params if params[name].shape == (5,)]
    ['b_z', 'b_r', 'b_n', 'c_n']
    """

    reset: str = "before"

    gates: ClassVar[tuple[str, ...]] = ("z", "r", "n")

    def __post_init__(self) -> None:
        choice("reset", self.reset, ("before", "after"))

    @property
    def vectors(self) -> tuple[str, ...]:
        """The second bias of the candidate, if the reset comes after the matrix."""
        return ("c_n",) if self.reset == "after" else ()

    def recurrent_weights(self, params: Params) -> Arrays:
        """W_h (n, 2n) of z and r, W_hn (n, n), and c_n if there is one."""
        W_zr = np.concatenate([params["W_hz"], params["W_hr"]], axis=1)
        return (W_zr, params["W_hn"], *(params[name] for name in self.vectors))

    def allocate(self, T: int, m: int, n: int, dtype: Any) -> Memory:
        """h, the gates, and u, what W_hn multiplies (before) or gives (after)."""
        h = np.empty((T + 1, m, n), dtype)
        a = np.empty((T, m, 3 * n), dtype)
        z, r, new = gate_views(a, 3)
        return Memory((h,), (a, a[..., : 2 * n], z, r, new, np.empty((T, m, n), dtype)))

    def step(self, W: Arrays, before: Arrays, after: Arrays, stored: Arrays) -> None:
        """One step forward; a holds x_t W_x + b on entry and the gates on return."""
        (W_zr, W_n, *c_n), (h_prev,), (h,) = W, before, after
        _, zr, z, r, new, u = stored
        zr += np.dot(h_prev, W_zr)  # (m, 2n)
        sigmoid(zr, out=zr)  # z_t, r_t
        if self.reset == "before":
            np.multiply(r, h_prev, out=u)  # u_t = r_t h_{t-1}, (m, n)
            new += np.dot(u, W_n)
        else:
            np.add(np.dot(h_prev, W_n), c_n[0], out=u)  # u_t = h_{t-1} W_hn + c_n, (m, n)
            new += r * u
        np.tanh(new, out=new)  # htilde_t, (m, n)
        np.subtract(h_prev, new, out=h)
        h *= z
        h += new  # h_t = htilde_t + z_t (h_{t-1} - htilde_t), (m, n)

    def partials(
        self, W: Arrays, before: Arrays, after: Arrays, stored: Arrays, D: Array
    ) -> Arrays:
        """Of h_t by the net inputs of z and the candidate; of the latter or u_t by that of r."""
        (h_prev,), (_, _, z, r, new, u) = before, stored
        D_z, D_r, D_new = gate_views(D, 3)
        np.multiply(sigmoid_slope(z, out=D_z), h_prev - new, out=D_z)
        np.multiply(tanh_slope(new, out=D_new), 1 - z, out=D_new)
        reset = h_prev if self.reset == "before" else u  # what r_t multiplies
        np.multiply(sigmoid_slope(r, out=D_r), reset, out=D_r)
        return D, D[..., : 2 * z.shape[-1]], D_z, D_r, D_new, z, r

    def adjoint(self, W: Arrays, partials: Arrays, d_after: Arrays) -> Arrays:
        """One step back; D becomes delta, the gradient at all three net inputs."""
        (W_zr, W_n), (d_h,) = W[:2], d_after
        _, delta_zr, delta_z, delta_r, delta_new, z, r = partials
        d_h_prev = d_h * z  # (m, n)
        delta_z *= d_h
        delta_new *= d_h
        if self.reset == "before":
            d_u = np.dot(delta_new, W_n.T)  # to u_t = r_t h_{t-1}, (m, n)
            delta_r *= d_u
            d_h_prev += d_u * r
        else:
            delta_r *= delta_new
            d_h_prev += np.dot(delta_new * r, W_n.T)  # to u_t = h_{t-1} W_hn + c_n
        d_h_prev += np.dot(delta_zr, W_zr.T)
        return (d_h_prev,)  # dL/dh_{t-1}, (m, n)

    def recurrent_gradients(
        self, before: Arrays, after: Arrays, stored: Arrays, delta: Array
    ) -> Params:
        """Sum over time what each matrix was used with, times the delta of its product."""
        (h_prev,), (*_, r, _, u) = before, stored
        delta_z, delta_r, delta_new = gate_views(delta, 3)
        gradients = {"W_hz": product(h_prev, delta_z), "W_hr": product(h_prev, delta_r)}
        if self.reset == "before":
            return {**gradients, "W_hn": product(u, delta_new)}
        d_u = delta_new * r
        return {**gradients, "W_hn": product(h_prev, d_u), "c_n": rows(d_u).sum(axis=0)}

    def jacobian(self, W: Arrays, partials: Arrays) -> Array:
        """dh_t/dh_{t-1}, shape (..., n, n) (ledger, section 8 item 13)."""
        _, _, D_z, D_r, D_new, z, r = partials
        W_z, W_r = gate_views(W[0], 2)
        W_n = W[1]
        if self.reset == "before":
            through_u = W_n.T @ (diagonal(r) + times(D_r, W_r.T))
        else:
            through_u = times(r, W_n.T) + times(D_r, W_r.T)
        return diagonal(z) + times(D_z, W_z.T) + times(D_new, through_u)
