"""The gated recurrent unit, in the two forms that go by this name."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bptt_lab.activations import sigmoid_slope, tanh_slope
from bptt_lab.arguments import Array, check_choice
from bptt_lab.cells.base import Arrays, Cell, Params, sum_of_outer_products, with_one
from bptt_lab.cells.jacobian_blocks import diagonal, times


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

    Notes
    -----
    Equations: eq-gru, eq-gru-after, eq-gru-backward, eq-gru-jacobian.

    Examples
    --------
    >>> params = GRU("after").init(np.random.default_rng(0), 3, 5, 2)
    >>> [name for name in params if params[name].shape == (5,)]
    ['b_z', 'b_r', 'b_n', 'c_n']
    """

    reset: str = "before"

    gates: ClassVar[str] = "zrn"
    logistic: ClassVar[str] = "zr"
    extra: ClassVar[tuple[str, ...]] = ("u",)  # r_t * h_{t-1} (before), h_{t-1} W_hn + c_n (after)

    def __post_init__(self) -> None:
        check_choice("reset", self.reset, ("before", "after"))

    @property
    def vectors(self) -> tuple[str, ...]:
        """The second bias of the candidate, if the reset comes after the matrix."""
        return ("c_n",) if self.reset == "after" else ()

    @property
    def n_deltas(self) -> int:
        """One for each gate; if the reset comes after the matrix, one more for u_t."""
        return 3 + len(self.vectors)

    def step(self, W: Any, before: Arrays, after: Arrays, kept: Arrays) -> None:
        """One step forward (eq-gru, eq-gru-after); a holds x_t W_x + b on entry."""
        (h_prev,), (h,), (a, z, r, h_tilde, u) = before, after, kept
        zr = a[:2]
        if self.reset == "before":
            zr += h_prev @ W.zr
            self.activate(zr, W)
            np.multiply(r, h_prev, out=u)
            h_tilde += u.dot(W.n)
        else:
            products = h_prev @ W.h
            zr += products[:2]
            self.activate(zr, W)
            np.add(products[2], W.c_n, out=u)
            h_tilde += r * u
        np.tanh(h_tilde, out=h_tilde)
        np.add(h_tilde, z * (h_prev - h_tilde), out=h)  # z h_{t-1} + (1 - z) htilde

    def partials(self, W: Any, before: Arrays, after: Arrays, kept: Arrays) -> Arrays:
        """Return the diagonals in eq-gru-jacobian; r_t acts on u_t (before) or a^n (after)."""
        (h_prev,), (_, z, r, h_tilde, u) = before, kept
        D_z = (h_prev - h_tilde) * sigmoid_slope(z)  # h_t with respect to a^z
        D_r = (h_prev if self.reset == "before" else u) * sigmoid_slope(r)  # u_t or a^n: to a^r
        D_n = (1 - z) * tanh_slope(h_tilde)  # h_t with respect to a^n
        return D_z, D_r, D_n, z, r

    def adjoint(self, W: Any, partials: Arrays, g: Arrays, out: Arrays) -> None:
        """One step back (eq-gru-backward); g becomes g_{t-1}, but for its own loss."""
        D_z, D_r, D_n, z, r = partials
        (g_h,), (delta, *delta_u, delta_z, delta_r, delta_n) = g, out
        np.multiply(g_h, D_z, out=delta_z)
        np.multiply(g_h, D_n, out=delta_n)
        g_h *= z
        if self.reset == "before":
            v = delta_n.dot(W.n_T)  # dL/du_t, at u_t = r_t * h_{t-1}
            np.multiply(v, D_r, out=delta_r)
            g_h += v * r
        else:
            np.multiply(delta_n, D_r, out=delta_r)
            np.multiply(delta_n, r, out=delta_u[0])  # dL/du_t, at u_t = h_{t-1} W_hn + c_n
        g_h += delta[:, : len(W.back)].dot(W.back)

    def jacobian(self, W: Any, partials: Arrays) -> Array:
        """dh_t/dh_{t-1}, shape (..., n, n) (eq-gru-jacobian)."""
        (D_z, D_r, D_n, z, r), (W_z, W_r, W_n) = partials, W.by_gate
        if self.reset == "before":
            through_u = W_n @ (diagonal(r) + times(D_r, W_r))
        else:
            through_u = times(r, W_n) + times(D_r, W_r)
        return diagonal(z) + times(D_z, W_z) + times(D_n, through_u)

    def forward_weights(self, params: Params) -> Any:
        """Besides, W_h of z and r together, and of n."""
        W = super().forward_weights(params)
        W.zr, W.n = W.h[:2], W.h[2]
        return W

    def backward_weights(self, params: Params) -> Any:
        """Besides, in one matrix what takes the deltas of z and r (and u) back to h_{t-1}.

        The delta of u stands before those of z, r and n: so both the deltas that belong to
        h_{t-1} and those that belong to x_t stand side by side.
        """
        W = super().backward_weights(params)
        n = W.h_T.shape[1]
        W.n_T = W.h_T[2 * n :]
        zr = W.h_T[: 2 * n]
        W.back = zr if self.reset == "before" else np.concatenate([W.n_T, zr])
        return W

    def products(
        self, x: Array, before: Arrays, after: Arrays, kept: Arrays, delta: Array
    ) -> Arrays:
        """Sum over B steps of what each matrix was used with, times the delta of its product."""
        (h_prev,), (*_, u) = before, kept
        n = u.shape[-1]
        of_x = sum_of_outer_products(with_one(x), delta[..., -3 * n :])  # z, r and n
        if self.reset == "before":
            of_zr = sum_of_outer_products(h_prev, delta[..., : 2 * n])
            return of_x, of_zr, sum_of_outer_products(u, delta[..., 2 * n :])
        return of_x, sum_of_outer_products(with_one(h_prev), delta[..., : 3 * n])  # u, z and r

    def gradients(self, total: Arrays) -> Params:
        """Gradients of the parameters, from the sum of ``products`` over all steps."""
        of_x, of_h, *of_u = total
        gradients = self.split("W_x", of_x[:-1]) | self.split("b_", of_x[-1])
        if self.reset == "before":
            return gradients | self.split("W_h", of_h, "zr") | {"W_hn": of_u[0]}
        c_n = self.split("c_", of_h[-1], "nzr")["c_n"]
        return gradients | self.split("W_h", of_h[:-1], "nzr") | {"c_n": c_n}
