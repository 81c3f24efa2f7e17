"""The gated recurrent unit, in the two forms that go by this name."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bptt_lab.arguments import Array, check_choice
from bptt_lab.cells.base import Arrays, Cell, Params, sum_of_outer_products, with_one
from bptt_lab.cells.jacobian_blocks import by_gate, diagonal, times


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
        if self.reset == "before":
            a[:2] += h_prev @ W.h[:2]
            self.activate(a[:2], W)
            u[:] = r * h_prev
            h_tilde += u @ W.h[2]
        else:
            products = h_prev @ W.h
            a[:2] += products[:2]
            self.activate(a[:2], W)
            u[:] = products[2] + W.c_n
            h_tilde += r * u
        np.tanh(h_tilde, out=h_tilde)
        h[:] = z * h_prev + (1 - z) * h_tilde

    def partials(self, W: Any, before: Arrays, after: Arrays, kept: Arrays) -> Arrays:
        """Return the diagonals in eq-gru-jacobian; r_t acts on u_t (before) or a^n (after)."""
        (h_prev,), (_, z, r, h_tilde, u) = before, kept
        D_z = (h_prev - h_tilde) * z * (1 - z)  # h_t with respect to a^z
        D_r = (h_prev if self.reset == "before" else u) * r * (1 - r)  # u_t or a^n wrt a^r
        D_n = (1 - z) * (1 - h_tilde**2)  # h_t with respect to a^n
        return np.stack([D_z, D_r, D_n], axis=1), z, r

    def adjoint(self, W: Any, partials: Arrays, g: Arrays, out: Arrays) -> None:
        """One step back (eq-gru-backward)."""
        (D_z, D_r, D_n), z, r = partials
        (g_h,), (delta, (delta_z, delta_r, delta_n, *delta_u)) = g, out
        n = z.shape[-1]
        W_zr, W_n = W.h_T[: 2 * n], W.h_T[2 * n :]
        delta_z[:] = g_h * D_z
        delta_n[:] = g_h * D_n
        if self.reset == "before":
            v = delta_n @ W_n  # at u_t = r_t * h_{t-1}
            delta_r[:] = v * D_r
            v *= r
        else:
            delta_r[:] = delta_n * D_r
            delta_u[0][:] = delta_n * r
            v = delta_u[0] @ W_n
        g_h *= z
        g_h += v
        g_h += delta[:, : 2 * n] @ W_zr  # g_{t-1}, but for its own loss

    def jacobian(self, W: Any, partials: Arrays) -> Array:
        """dh_t/dh_{t-1}, shape (..., n, n) (eq-gru-jacobian)."""
        D, z, r = partials
        (D_z, D_r, D_n), (W_z, W_r, W_n) = by_gate(D), W.by_gate
        if self.reset == "before":
            through_u = W_n @ (diagonal(r) + times(D_r, W_r))
        else:
            through_u = times(r, W_n) + times(D_r, W_r)
        return diagonal(z) + times(D_z, W_z) + times(D_n, through_u)

    def products(
        self, x: Array, before: Arrays, after: Arrays, kept: Arrays, delta: Array
    ) -> Arrays:
        """Sum over B steps of what each matrix was used with, times the delta of its product."""
        (h_prev,), (*_, u) = before, kept
        n = u.shape[-1]
        of_x = sum_of_outer_products(with_one(x), delta[..., : 3 * n])  # (n_inputs + 1, 3n)
        of_zr = sum_of_outer_products(h_prev, delta[..., : 2 * n])  # (n, 2n)
        if self.reset == "before":
            return of_x, of_zr, sum_of_outer_products(u, delta[..., 2 * n :])
        return of_x, of_zr, sum_of_outer_products(with_one(h_prev), delta[..., 3 * n :])

    def gradients(self, total: Arrays) -> Params:
        """Gradients of the parameters, from the sum of ``products`` over all steps."""
        of_x, of_zr, of_n = total
        gradients = self.split("W_x", of_x[:-1]) | self.split("b_", of_x[-1])
        gradients |= self.split("W_h", of_zr, "zr")
        if self.reset == "before":
            return gradients | {"W_hn": of_n}
        return gradients | {"W_hn": of_n[:-1], "c_n": of_n[-1]}
