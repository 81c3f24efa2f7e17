"""The gated recurrent unit, in the two forms that go by this name."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from bptt_lab.activations import sigmoid_slope, squash, tanh_slope
from bptt_lab.arguments import Array, choice
from bptt_lab.cells.base import Arrays, Cell, Memory, Params, product, with_one
from bptt_lab.cells.blocks import by_gate, diagonal, times


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
    order: ClassVar[str] = "nzr"  # deltas n z r (u): W_x makes the first three, W_h the last

    def __post_init__(self) -> None:
        choice("reset", self.reset, ("before", "after"))

    @property
    def vectors(self) -> tuple[str, ...]:
        """The second bias of the candidate, if the reset comes after the matrix."""
        return ("c_n",) if self.reset == "after" else ()

    @property
    def halved(self) -> slice:
        """The logistic gates z and r."""
        return slice(1, 3)

    @property
    def n_deltas(self) -> int:
        """Three, and if the reset comes after the matrix one more for u_t."""
        return 3 + len(self.vectors)

    def recurrent_weights(self, params: Params) -> Arrays:
        """W_h (3, n, n), halved for z and r; 1/2; c_n (1, n) if there is one."""
        W_h, half = self.halved_weights(params)
        return (W_h, half, *(params[name][None] for name in self.vectors))

    def transposed_weights(self, params: Params) -> Arrays:
        """W_h^T (3n, n) of z, r and the candidate."""
        return (self.transposed(params, "W_h", "zrn"),)

    def allocate(self, T: int, m: int, n: int, dtype: Any) -> Memory:
        """h; u, what W_hn multiplies (before) or gives (after); z and r together; all gates."""
        h = np.empty((T + 1, m, n), dtype)
        a = np.empty((T, 3, m, n), dtype)
        return Memory((h,), a, (np.empty((T, m, n), dtype), a[:, 1:], *by_gate(a)))

    def step(self, W: Arrays, before: Arrays, after: Arrays, stored: Arrays) -> None:
        """One step forward; a holds x_t W_x + b on entry and the gates on return."""
        (W_h, half, *c_n), (h_prev,), (h,), (u, zr, new, z, r) = W, before, after, stored
        if self.reset == "before":
            zr += h_prev @ W_h[1:]  # (2, m, n)
            squash(zr, zr, half)  # z_t, r_t
            np.multiply(r, h_prev, out=u)  # u_t = r_t h_{t-1}, (m, n)
            new += u.dot(W_h[0])
        else:
            products = h_prev @ W_h  # (3, m, n)
            zr += products[1:]
            squash(zr, zr, half)  # z_t, r_t
            np.add(products[0], c_n[0], out=u)  # u_t = h_{t-1} W_hn + c_n, (m, n)
            new += r * u
        np.tanh(new, out=new)  # htilde_t, (m, n)
        np.subtract(h_prev, new, out=h)
        h *= z
        h += new  # h_t = htilde_t + z_t (h_{t-1} - htilde_t), (m, n)

    def partials(self, W: Arrays, before: Arrays, after: Arrays, stored: Arrays) -> Arrays:
        """Of h_t by the net inputs of the candidate and z; of u_t or a^n by that of r."""
        (h_prev,), (u, zr, new, z, r) = before, stored
        B, m, n = u.shape
        D = np.empty((B, self.n_deltas, m, n), u.dtype)
        D_new, D_z, D_r, *D_u = by_gate(D)
        tanh_slope(new, out=D_new)
        D_new *= 1 - z  # (1 - z_t) tanh'(a^n)
        sigmoid_slope(zr, out=D[:, 1:3])
        D_z *= h_prev - new  # (h_{t-1} - htilde_t) sigma'(a^z)
        if self.reset == "before":
            D_r *= h_prev  # of u_t: h_{t-1} sigma'(a^r)
        else:
            D_r *= u  # of a^n: u_t sigma'(a^r)
            D_u[0][...] = r  # of a^n by u_t
        return D, z, r

    def adjoint(self, W: Arrays, partials: Arrays, d_state: Arrays, out: Arrays) -> None:
        """One step back; with the reset after the matrix u_t has a delta of its own."""
        (W_T,), (D, z, r), (d_h,), (delta, delta_by_gate) = W, partials, d_state, out
        n = z.shape[-1]
        np.multiply(D[:2], d_h, out=delta_by_gate[:2])  # delta^n, delta^z, (m, n) each
        if self.reset == "before":
            d_u = delta[:, :n].dot(W_T[2 * n :])  # to u_t = r_t h_{t-1}, (m, n)
            np.multiply(D[2], d_u, out=delta_by_gate[2])  # delta^r
            d_h *= z
            d_h += d_u * r
            d_h += delta[:, n:].dot(W_T[: 2 * n])  # dL/dh_{t-1}, (m, n)
        else:
            np.multiply(D[2:], delta_by_gate[0], out=delta_by_gate[2:])  # delta^r, delta^u
            d_h *= z
            d_h += delta[:, n:].dot(W_T)  # dL/dh_{t-1}, (m, n)

    def products(
        self, x: Array, before: Arrays, after: Arrays, stored: Arrays, delta: Array
    ) -> Arrays:
        """Sum over B steps of what each matrix was used with, times the delta of its product."""
        (h_prev,), (u, *_) = before, stored
        n = u.shape[-1]
        of_x = product(with_one(x), delta[..., : 3 * n])  # (n_inputs + 1, 3n) of n, z and r
        if self.reset == "before":
            return of_x, product(h_prev, delta[..., n:]), product(u, delta[..., :n])
        return of_x, product(with_one(h_prev), delta[..., n:])  # (n + 1, 3n) of z, r and u

    def gradients(self, total: Arrays) -> Params:
        """Gradients of the parameters, from the sum of ``products`` over all steps."""
        of_x, of_h, *of_u = total
        gradients = self.split("W_x", of_x[:-1]) | self.split("b_", of_x[-1])
        if self.reset == "before":
            return gradients | self.split("W_h", of_h, "zr") | {"W_hn": of_u[0]}
        c_n = self.split("c_", of_h[-1], "zrn")["c_n"]
        return gradients | self.split("W_h", of_h[:-1], "zrn") | {"c_n": c_n}

    def jacobian(self, W: Arrays, partials: Arrays) -> Array:
        """dh_t/dh_{t-1}, shape (..., n, n) (ledger, section 8 item 13)."""
        (W_T,), (D, z, r) = W, partials
        D_new, D_z, D_r, *_ = by_gate(D)
        W_z, W_r, W_n = np.split(W_T, 3)  # transposed
        if self.reset == "before":
            through_u = W_n @ (diagonal(r) + times(D_r, W_r))
        else:
            through_u = times(r, W_n) + times(D_r, W_r)
        return diagonal(z) + times(D_z, W_z) + times(D_new, through_u)
