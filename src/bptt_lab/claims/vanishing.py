"""Claims of the article on vanishing and exploding gradients in vanilla networks."""

from __future__ import annotations

import numpy as np
import sympy as sp

from bptt_lab.arguments import Array
from bptt_lab.bptt import backward, forward, loss_and_gradients
from bptt_lab.cells import GRU, LSTM, RNN
from bptt_lab.claims import cited
from bptt_lab.claims.claim import Ledger, Numbers
from bptt_lab.claims.problems import jacobians, last_state, network, norm, spread
from bptt_lab.initializers import gaussian, orthogonal, scaled, spectral_radius
from bptt_lab.jacobians import (
    attribution,
    jacobian_product,
    log_gradient_norms,
    lyapunov_exponents,
    step_jacobians,
)
from bptt_lab.losses import softmax
from bptt_lab.reference import complex_step, problem, relative_error
from bptt_lab.symbolic import slope_bound

LEDGER = Ledger()


@LEDGER.enter(
    "vg-01", "two factors of the gradient's size",
    states="the size of a gradient depends on two things it passes through, the weights and the "
    "derivatives of the activations",
    verdict="holds",
    holds=r"One step back multiplies the row by $\mathrm{diag}(\phi'(a_t))\,W_{hh}^\top$: these "
    "two factors and no third. The slopes depend on the states, hence on inputs, biases and $h_0$.",
    equations=("eq-jacobian",),
)  # fmt: skip
def weights_and_slopes() -> Numbers:
    rng = np.random.default_rng(0)
    W, weak, strong = gaussian(rng, 8), 0.1 * rng.standard_normal((20, 8)), np.full((20, 8), 2.0)
    h, g = rng.uniform(-1, 1, 8), rng.standard_normal(8)
    one_step = g @ complex_step(lambda h: np.tanh(weak[0] + h @ W), h)
    slopes = 1 - np.tanh(weak[0] + h @ W) ** 2
    error = relative_error((g * slopes) @ W.T, one_step)
    usual = norm(jacobian_product(jacobians(W, weak)))
    lower_weights = norm(jacobian_product(jacobians(W / 2, weak)))
    lower_slopes = norm(jacobian_product(jacobians(W, strong)))
    assert error < 1e-14
    assert lower_weights < usual / 100 and lower_slopes < usual / 100
    return {
        "error of slopes times weights": error,
        "norm after 20 steps": usual,
        "with half the weights": lower_weights,
        "with inputs that saturate": lower_slopes,
    }


@LEDGER.enter(
    "vg-02", "the recurrent connection, again and again",
    states=r"the problem comes from the repeated recurrent connections, through "
    r"$\prod_{j=k}^{t}\frac{\partial h_{j+1}}{\partial h_j}=\frac{\partial h_{t+1}}{\partial h_k}$",
    verdict="holds",
    holds=r"$\frac{\partial h_{t+1}}{\partial h_k}=J_{t+1}J_t\cdots J_{k+1}$: an ordered product, "
    "the newest factor on the left, and the same $W_{hh}$ in every factor.",
    equations=("eq-jacobian-product",),
)  # fmt: skip
def ordered_product() -> Numbers:
    rng = np.random.default_rng(0)
    W, x, h0 = gaussian(rng, 5), rng.standard_normal((6, 5)), rng.uniform(-1, 1, 5)
    exact = complex_step(lambda h: last_state(W, x, h), h0)
    J = jacobians(W, x, h0)
    newest_left = relative_error(np.linalg.multi_dot([*J[::-1]]), exact)
    oldest_left = relative_error(np.linalg.multi_dot([*J]), exact)
    assert newest_left < 1e-13
    assert oldest_left > 0.1
    return {"error, newest factor left": newest_left, "error, oldest factor left": oldest_left}


@LEDGER.enter(
    "vg-03", '"the gradient will vanish"',
    states='"the gradient will vanish"',
    verdict="condition", harm="wording", cause="product",
    holds="What vanishes with it is the long-range term "
    r"$\frac{\partial L_t}{\partial h_t}\frac{\partial h_t}{\partial h_k}"
    r"\frac{\partial^+h_k}{\partial\theta}$ with $k\ll t$. The gradient "
    r"$\frac{\partial L_t}{\partial\theta}$ that training uses is the sum over all $k$, and keeps "
    "the short ones.",
    condition=r"The gradient is $\frac{\partial h_{t+1}}{\partial h_k}$, as the article calls the "
    "product of the Jacobians; not that of the loss with respect to the weights.",
    sources=(cited.LONG_TERM,),
    equations=("eq-long-range",),
)  # fmt: skip
def long_range_terms() -> Numbers:
    cell, rng = RNN("tanh"), np.random.default_rng(0)
    params = cell.init(rng, 32, 32, 7, recurrent=lambda rng, n: gaussian(rng, n, gain=0.8))
    x, y = rng.standard_normal((50, 1, 32)), rng.integers(0, 7, (50, 1))
    terms = attribution(cell, params, x, y, parameter="W_xh")  # of dL_50/dW_xh, one for each k
    sizes = np.linalg.norm(terms, axis=(1, 2))
    short = np.linalg.norm(attribution(cell, params, x[-5:], y[-5:], parameter="W_xh").sum(axis=0))
    whole = np.linalg.norm(terms.sum(axis=0))
    assert sizes[0] < 1e-10 * sizes[-1]
    assert 0.5 < whole / short < 2
    return {
        "gradient over 5 steps": float(short),
        "gradient over 50 steps": float(whole),
        "its newest term": float(sizes[-1]),
        "its oldest term": float(sizes[0]),
    }


@LEDGER.enter(
    "vg-04", "a diagonal matrix of slopes",
    states=r"$\mathrm{diag}$ turns the vector $\phi_h'$ into a diagonal matrix, since the "
    "derivative is a Jacobian",
    verdict="holds",
    holds=r"An element-wise function has the Jacobian $\mathrm{diag}(\phi'(a))$: each output "
    "depends on its own net input alone. Softmax, which is not element-wise, has entries off the "
    "diagonal.",
    equations=("eq-jacobian",),
)  # fmt: skip
def diagonal_of_slopes() -> Numbers:
    a = np.random.default_rng(0).standard_normal(5)
    exact = complex_step(np.tanh, a)
    mixing = complex_step(lambda a: np.exp(a) / np.exp(a).sum(), a)
    error = relative_error(np.diag(1 - np.tanh(a) ** 2), exact)
    off_diagonal = ~np.eye(5, dtype=bool)
    assert error < 1e-14 and not exact[off_diagonal].any()
    assert mixing[off_diagonal].all()
    return {
        "error of the diagonal": error,
        "largest other entry, tanh": float(np.abs(exact[off_diagonal]).max()),
        "largest other entry, softmax": float(np.abs(mixing[off_diagonal]).max()),
    }


@LEDGER.enter(
    "vg-05", "the Jacobian of one step",
    states=r"$\frac{\partial h_{j+1}}{\partial h_j}="
    r"\mathrm{diag}(\phi_h'(W_{xh}^T\cdot X_{j+1}+W_{hh}^T\cdot h_j+b_h))\,W_{hh}$",
    verdict="corrected", harm="wrong-number", cause="transpose",
    holds=r"$\frac{\partial h_{j+1}}{\partial h_j}=\mathrm{diag}(\phi'(a_{j+1}))\,W_{hh}^\top$, "
    r"for the article's columns as for rows. Without the transpose it belongs to "
    r"$h_{j+1}=\phi(Wh_j+\dots)$, the form of the text it is taken from; here it would need a "
    "symmetric $W_{hh}$.",
    sources=(cited.DERIVATION,),
    equations=("eq-jacobian",),
)  # fmt: skip
def transposed_weights() -> Numbers:
    p = problem(RNN("tanh"), m=1)
    W, readout, h0 = p.params["W_hh"], p.params["W_yh"], p.state0[0][0]
    x = p.x[0, 0] @ p.params["W_xh"] + p.params["b_h"]
    D = np.diag(1 - np.tanh(x + h0 @ W) ** 2)
    rows = complex_step(lambda h: np.tanh(x + h @ W), h0)
    columns = complex_step(lambda h: np.tanh(x + W.T @ h), h0)
    with_transpose = max(relative_error(D @ W.T, exact) for exact in (rows, columns))
    without = min(relative_error(D @ W, exact) for exact in (rows, columns))

    trace = forward(p.cell, p.params, p.x, p.state0)  # and what the slip does to the gradient
    h, arrives = trace.h[:, 0], (softmax(trace.logits)[:, 0] - np.eye(6)[p.y[:, 0]]) @ readout.T
    delta, gradient = np.zeros_like(x), np.zeros_like(W)
    for t in range(len(p.x), 0, -1):
        delta = (arrives[t - 1] + delta @ W) * (1 - h[t] ** 2)
        gradient += np.outer(h[t - 1], delta)
    exact = loss_and_gradients(p.cell, p.params, p.x, p.y, state0=p.state0, reduction="sum")[1]
    slip = relative_error(gradient, exact["W_hh"])
    assert with_transpose < 1e-14
    assert without > 0.3 and slip > 0.1
    return {
        "error with the transpose": with_transpose,
        "error without": without,
        "error of the whole gradient without": slip,
    }


@LEDGER.enter(
    "vg-06", "the number of steps back",
    states=r"$\prod_{j=k}^{t}\frac{\partial h_{j+1}}{\partial h_j}$ goes back through $t-k$ "
    "timesteps",
    verdict="corrected", harm="wrong-number", cause="number of steps",
    holds=r"From $h_{t+1}$ to $h_k$ there are $t-k+1$ steps, and as many factors.",
    equations=("eq-jacobian-product",),
)  # fmt: skip
def number_of_factors() -> Numbers:
    t, k = 9, 4
    W = orthogonal(np.random.default_rng(0), 6, gain=1.5)

    def from_k(h: Array) -> Array:
        for _ in range(k, t + 1):  # h_k -> h_{k+1} -> .. -> h_{t+1}
            h = np.tanh(h @ W)
        return h

    growth = norm(complex_step(from_k, np.zeros(6)))  # each step at rest stretches by 1.5
    factors = np.log(growth) / np.log(1.5)
    assert abs(factors - (t - k + 1)) < 1e-12
    assert abs(factors - (t - k)) > 0.9
    return {
        "factors, counted in the growth": float(factors),
        "t - k + 1": t - k + 1,
        "t - k": t - k,
    }


@LEDGER.enter(
    "vg-07", "the product written out",
    states=r"$\prod_{j=k}^{t}\frac{\partial h_{j+1}}{\partial h_j}="
    r"\prod_{j=k}^{t}\mathrm{diag}(\phi_h'(\cdots))\,W_{hh}$",
    verdict="corrected", harm="wrong-number", cause="transpose",
    holds=r"$D_{t+1}W_{hh}^\top\,D_tW_{hh}^\top\cdots D_{k+1}W_{hh}^\top$ with "
    r"$D_j=\mathrm{diag}(\phi'(a_j))$: transposed weights, the largest index on the left.",
    equations=("eq-jacobian-product",),
)  # fmt: skip
def product_of_slopes_and_weights() -> Numbers:
    rng = np.random.default_rng(0)
    W, x, h0 = gaussian(rng, 5), rng.standard_normal((4, 5)), rng.uniform(-1, 1, 5)
    exact = complex_step(lambda h: last_state(W, x, h), h0)
    h = forward(RNN("tanh"), network(W), x[:, None], (h0[None],)).h[1:, 0]
    D = [np.diag(1 - h_t**2) for h_t in h]
    corrected = relative_error(np.linalg.multi_dot([D_t @ W.T for D_t in reversed(D)]), exact)
    printed = relative_error(np.linalg.multi_dot([D_t @ W for D_t in reversed(D)]), exact)
    printed_reversed = relative_error(np.linalg.multi_dot([D_t @ W for D_t in D]), exact)
    assert corrected < 1e-13
    assert min(printed, printed_reversed) > 0.1
    return {
        "error, transposed": corrected,
        "error as printed, newest left": printed,
        "error as printed, oldest left": printed_reversed,
    }


@LEDGER.enter(
    "vg-08", "eigenvalues in strict order",
    states=r"the Jacobian has eigenvalues with $|\lambda_1|>|\lambda_2|>\dots>|\lambda_n|$ and "
    "eigenvectors to go with them",
    verdict="condition", harm="misleads", cause="eigenvalues",
    holds="Complex eigenvalues of a real matrix come in pairs of equal modulus, and large random "
    "matrices hardly ever do without them. A defective matrix has fewer than $n$ eigenvectors.",
    condition="The Jacobian is diagonalisable and no two eigenvalues have the same modulus.",
    sources=(
        'edelman1997, abstract: "the probability that A has all real eigenvalues is exactly '
        '$2^{-n(n-1)/4}$"',
    ),
)  # fmt: skip
def strict_order() -> Numbers:
    rng = np.random.default_rng(0)
    shares = {}
    for n in (2, 4, 8):
        eigenvalues = np.linalg.eigvals(rng.standard_normal((4000, n, n)))
        shares[n] = float((eigenvalues.imag == 0).all(axis=1).mean())
        assert abs(shares[n] - 2 ** (-n * (n - 1) / 4)) < 0.03  # Edelman's theorem
    J = jacobians(gaussian(rng, 32), rng.standard_normal((300, 32)))
    moduli = np.sort(np.abs(np.linalg.eigvals(J)), axis=1)
    ties = (np.diff(moduli, axis=1) < 1e-12).any(axis=1)
    defective = np.array([[4.0, -4.0], [4.0, -4.0]])  # eigenvalue 0 twice, one eigenvector
    assert not (defective @ defective).any() and np.linalg.matrix_rank(defective) == 1
    assert ties.mean() > 0.99
    return {
        **{f"share of {n} by {n} matrices with real eigenvalues": shares[n] for n in shares},
        "share of 32 by 32 Jacobians with equal moduli": float(ties.mean()),
    }


@LEDGER.enter(
    "vg-09", "a change along an eigenvector",
    states=r"a change $\Delta h_{j+1}$ in the direction of $v_i$ is multiplied by the eigenvalue, "
    r"$\lambda_i\,\Delta h_{j+1}$",
    verdict="condition", harm="wording", cause="eigenvalues",
    holds=r"$\Delta h_j=\epsilon v_i$ gives $\Delta h_{j+1}=\lambda_i\,\Delta h_j+O(\epsilon^2)$. "
    "A gradient is a row, and for it the left eigenvectors take this part.",
    condition="One Jacobian, a small change, and a real eigenvalue.",
    equations=("eq-jacobian",),
)  # fmt: skip
def change_along_an_eigenvector() -> Numbers:
    rng = np.random.default_rng(0)
    W, x, h = gaussian(rng, 5), rng.standard_normal(5), rng.uniform(-1, 1, 5)
    J = jacobians(W, x[None], h)[0]
    values, right = np.linalg.eig(J)
    i = np.abs(values.imag).argmin()  # of five eigenvalues one is real
    lam, v = values[i].real, right[:, i].real

    def error(epsilon: float) -> float:
        change = np.tanh(x + (h + epsilon * v) @ W) - np.tanh(x + h @ W)
        return relative_error(change, lam * epsilon * v)

    left = np.linalg.inv(right)[i].real
    left_error, right_error = (relative_error(g @ J, lam * g) for g in (left, v))
    assert 8 < error(1e-4) / error(1e-5) < 12  # relative error of order epsilon
    assert left_error < 1e-12 and right_error > 0.1
    return {
        "error of a change of 0.0001": error(1e-4),
        "error of a gradient along the left eigenvector": left_error,
        "error of a gradient along the right one": right_error,
    }


@LEDGER.enter(
    "vg-10", "one eigenvalue to the power of t",
    states=r"over several steps the product of the Jacobians scales the change by $\lambda_i^t$",
    verdict="corrected", harm="misleads", cause="eigenvalues",
    holds=r"The factor is $\lVert J_t\cdots J_{k+1}v\rVert/\lVert v\rVert$. It is "
    r"$|\lambda_i|^{t-k}$ if all the Jacobians share the eigenvector and its eigenvalue: in a "
    "linear network, or at a fixed point. Otherwise all of them may have eigenvalues below one "
    "while the product explodes.",
    sources=(cited.EXPONENTS,),
    equations=("eq-jacobian-product", "eq-gelfand"),
)  # fmt: skip
def swapping_network() -> Numbers:
    W, k = np.array([[0.0, 2.0], [2.0, 0.0]]), 30
    s = np.sqrt(0.8)  # tanh' = 0.2 where h = s, and 1 where h = 0
    h = np.array([[s, 0.0], [0.0, s]] * k)[: k + 1]
    J = jacobians(W, np.arctanh(h[1:]) - h[:-1] @ W, h[0])  # inputs that keep h on this path
    radius = max(spectral_radius(J_t) for J_t in J)
    growth = norm(jacobian_product(J))
    linear = jacobian_product(jacobians(W, np.zeros((k, 2)), activation="identity"))
    v = np.array([1.0, 1.0])  # eigenvector of W, eigenvalue 2
    assert radius < 0.9 and abs(growth / 2**k - 1) < 1e-6
    assert relative_error(linear @ v, 2.0**k * v) < 1e-12
    return {
        "largest spectral radius of a step": radius,
        "its power 30": radius**k,
        "norm of the product of 30 steps": growth,
    }


@LEDGER.enter(
    "vg-11", '"this term grows exponentially fast"',
    states=r"in $\lambda_i^1\Delta h_1,\lambda_i^2\Delta h_2,\dots,\lambda_i^n\Delta h_n$ the "
    r"factor $\lambda_i^t$ dominates, because it grows exponentially fast",
    verdict="corrected", harm="misleads", cause="eigenvalues",
    holds=r"$\Delta h_{1+k}=\lambda_i^k\,\Delta h_1$. It grows for $|\lambda_i|>1$ and decays for "
    r"$|\lambda_i|<1$, always under the condition of vg-10. The number of steps $k$ is not the "
    "number of eigenvalues $n$.",
    equations=("eq-gelfand",),
)  # fmt: skip
def growth_or_decay() -> Numbers:
    k, v = 100, np.array([0.6, 0.8])
    rest = np.outer([0.8, -0.6], [0.8, -0.6]) / 2  # the other eigenvector, eigenvalue 1/2
    sizes = {}
    for lam in (0.9, 1.1):
        params = network(lam * np.outer(v, v) + rest)
        change = forward(RNN("identity"), params, np.zeros((k, 1, 2)), (v[None],)).h[:, 0]
        sizes[lam] = norm(change[k])
        assert relative_error(change[k], lam**k * v) < 1e-12
        assert relative_error(lam**2 * change[1], change[2]) > 0.09  # one power too many
    assert sizes[0.9] < 1e-4 and sizes[1.1] > 1e4
    return {"size after 100 steps, 0.9": sizes[0.9], "size after 100 steps, 1.1": sizes[1.1]}


@LEDGER.enter(
    "vg-12", "the largest eigenvalue decides",
    states=r"if $\lambda_1<1$ the gradient will vanish, if $\lambda_1>1$ it explodes",
    verdict="corrected", harm="misleads", cause="eigenvalues",
    holds=r"The modulus counts, the Jacobian must be constant, and then "
    r"$\lVert(W_{hh}^\top)^k\rVert^{1/k}\to\rho(W_{hh})$ (Gelfand) only in the long run. Before, "
    r"anything between $\rho^k$ and $\sigma_{\max}^k$ is possible, unless $W_{hh}$ is normal. For "
    "tanh networks the sign of the Lyapunov exponent decides.",
    sources=(
        "trefethen2005, for the growth of powers of non-normal matrices; not read",
        cited.EXPONENTS,
    ),
    equations=("eq-gelfand", "eq-lyapunov"),
)  # fmt: skip
def transient_growth() -> Numbers:
    n, k = 16, 4000
    W = 0.7 * np.eye(n) + np.eye(n, k=1)  # triangular: every eigenvalue is 0.7
    logs = log_gradient_norms(jacobians(W, np.zeros((k, n))))  # tanh at rest
    normal = 0.7 * orthogonal(np.random.default_rng(0), n)
    normal_logs = log_gradient_norms(jacobians(normal, np.zeros((100, n))))
    negative = jacobian_product(jacobians(np.array([[-1.5]]), np.zeros((20, 1))))
    assert logs.max() > np.log(1e6) and logs[200] < np.log(1e-6)
    assert abs(logs[k] / k - np.log(0.7)) < 0.05
    assert np.allclose(normal_logs, np.log(0.7) * np.arange(101))
    assert norm(negative) > 3000  # its eigenvalue is below 1, its modulus is not
    return {
        "largest norm": float(np.exp(logs.max())),
        "at step": int(logs.argmax()),
        "norm at step 200": float(np.exp(logs[200])),
        "rate per step, 4000 steps": float(np.exp(logs[k] / k)),
        "eigenvalue -1.5, 20 steps": norm(negative),
    }


@LEDGER.enter(
    "vg-13", "the product explodes, and so the gradient",
    states="the gradient explodes whenever the product of the Jacobians does",
    verdict="condition", harm="misleads", cause="product",
    holds="A gradient in general position feels the growth. One that has no part in the growing "
    "direction does not, and at $h_{k-1}=0$ nothing of it reaches $W_{hh}$.",
    condition=r"$\frac{\partial L_t}{\partial h_t}$ has a component on the growing direction, and "
    r"$\frac{\partial^+h_k}{\partial\theta}$ does not annihilate it.",
    equations=("eq-long-range",),
)  # fmt: skip
def direction_of_the_gradient() -> Numbers:
    k, rng = 20, np.random.default_rng(0)
    Q = orthogonal(rng, 4)
    W = Q @ np.diag([1.5, 0.5, 0.3, 0.2]) @ Q.T
    cell, params, x = RNN("tanh"), network(W), np.zeros((k, 1, 4))
    product = jacobian_product(jacobians(W, x[:, 0]))  # at rest, W^k
    generic, across = rng.standard_normal(4) @ product, Q[:, 1] @ product
    d_h = np.zeros((k, 1, 4))
    d_h[-1] = 1
    gradients = backward(forward(cell, params, x), d_h)
    assert norm(product) > 3000 and norm(generic) > 300
    assert norm(across) < 1e-5
    assert norm(gradients["b_h"]) > 300 and not gradients["W_hh"].any()
    return {
        "norm of the product": norm(product),
        "a random gradient": norm(generic),
        "a gradient across the growth": norm(across),
        "gradient of the bias": norm(gradients["b_h"]),
        "gradient of the recurrent weights": norm(gradients["W_hh"]),
    }


@LEDGER.enter(
    "vg-14", 'the dominant eigenvalue, "as also shown"',
    states="Pascanu et al. have shown that the gradient explodes if the dominant eigenvalue of "
    "$W_{hh}$ is greater than 1, and vanishes if it is less",
    verdict="corrected", harm="misleads", cause="eigenvalues",
    holds=r"Printed, the paper shows that $\gamma_h\sigma_{\max}(W_{hh})<1$ is sufficient for "
    r"vanishing and $\gamma_h\sigma_{\max}(W_{hh})>1$ necessary for exploding: with the largest "
    "singular value, and one direction each. The preprint, to which the article links, says the "
    "same of the largest eigenvalue; for eigenvalues it is false, and its proof uses the norm. "
    "That an eigenvalue greater than 1 makes the gradient explode neither of them says, and it is "
    "false too.",
    sources=(cited.CONDITIONS,),
    unsure="The words of the preprint, \"the absolute value of the largest eigenvalue of the "
    "recurrent weight matrix\", are known from two texts that quote its section 2.1, not from the "
    "preprint itself.",
    equations=("eq-nilpotent", "eq-norm-bound"),
)  # fmt: skip
def eigenvalues_both_ways(seeds: range = range(10)) -> Numbers:
    W = 4 * np.array([[1.0, 1.0], [-1.0, -1.0]])
    assert not (W @ W).any()  # so both eigenvalues are zero
    grown = []
    for seed in seeds:
        start = np.random.default_rng(seed).uniform(-1, 1, 2)
        J = jacobians(W, np.zeros((200, 2)), start, b=np.array([-1.0, -5.0]))
        grown.append(norm(jacobian_product(J, 200, 100)))
    assert min(grown) > 1e6

    norms = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        V = scaled(gaussian(rng, 32), 1.1)
        J = jacobians(V, 0.5 * rng.standard_normal((400, 32)))
        norms.append(norm(jacobian_product(J, 400, 200)))
        assert norm(V) > 1  # as it must be: the spectral radius is 1.1
    assert max(norms) < 1e-9
    return {
        f"spectral radius 0, 100 steps, {len(seeds)} starts": spread(grown),
        f"spectral radius 1.1, 200 steps, {len(seeds)} networks": spread(norms),
    }


@LEDGER.enter(
    "vg-15", '"either vanishing or exploding gradients"',
    states='the equation "leads to either vanishing or exploding gradients"',
    verdict="condition", harm="wording", cause="borderline",
    holds=r"With noisy inputs the rate $\lambda_1$ of the product is negative or positive in "
    r"general, so that one of the two happens. There is a borderline, $\lambda_1=0$: orthogonal "
    "linear networks, identity ReLU networks with active units, and tanh networks without input "
    "that turn round a circle, for a whole interval of gains.",
    condition=r"$\lambda_1\ne0$",
    sources=(cited.EXPONENTS,),
    equations=("eq-lyapunov",),
)  # fmt: skip
def borderline() -> Numbers:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((100, 16))
    linear = jacobian_product(jacobians(orthogonal(rng, 16), x, activation="identity"))
    stretch = np.linalg.svd(linear, compute_uv=False)
    turn = np.array([[np.cos(1), -np.sin(1)], [np.sin(1), np.cos(1)]])
    start, x_circle = np.array([[0.5, 0.0]]), np.zeros((4000, 1, 2))
    *circling, vanishing = (
        float(lyapunov_exponents(RNN("tanh"), network(gain * turn), x_circle, 1, 500, start)[0])
        for gain in (1.2, 1.4, 1.6, 0.9)
    )
    exploding = lyapunov_exponents(
        RNN("tanh"), network(gaussian(rng, 64, gain=4.0)), rng.standard_normal((600, 1, 64)), 1, 100
    )
    assert np.allclose(stretch, 1)
    assert np.abs(circling).max() < 0.001 and vanishing < -0.05 and exploding[0] > 0.05
    return {
        "orthogonal, least singular value": float(stretch.min()),
        "orthogonal, largest": float(stretch.max()),
        "exponent, tanh on a circle, gains 1.2, 1.4 and 1.6": spread(circling),
        "exponent, gain 0.9": vanishing,
        "exponent, random weights": float(exploding[0]),
    }


@LEDGER.enter(
    "vg-16", 'slopes "always be less than 1"',
    states=r"the values of $\phi'_h$ are always less than 1, since the derivative of tanh is at "
    "most 1.0",
    verdict="condition", harm="wording", cause="at rest",
    holds=r"$\tanh'(a)\in(0,1]$, and it is 1 at $a=0$, as the article's next sentence has it. At "
    r"$h=x=b=0$ every $D_t=I$, and the product is $(W_{hh}^\top)^k$ without any damping. The "
    r"logistic slope is at most $\frac14$.",
    condition=r"$a\ne0$",
    equations=("eq-jacobian", "eq-norm-bound"),
)  # fmt: skip
def slope_at_zero() -> Numbers:
    a = sp.Symbol("a", real=True)
    at_zero = float(sp.tanh(a).diff(a).subs(a, 0))
    near_zero = float(1 - np.tanh(1e-9) ** 2)

    def twenty_steps(h: Array) -> Array:
        for _ in range(20):
            h = np.tanh(1.5 * h)
        return h

    growth = complex_step(twenty_steps, np.zeros(1)).item()
    assert at_zero == near_zero == float(slope_bound("tanh"))
    assert at_zero == 1 and float(slope_bound("sigmoid")) == 0.25
    assert abs(growth / 1.5**20 - 1) < 1e-12
    return {
        "slope of tanh at 0": at_zero,
        "in floating point at 1e-9": near_zero,
        "weight 1.5 at rest, 20 steps": growth,
        "1.5 to the power 20": 1.5**20,
    }


@LEDGER.enter(
    "vg-17", "weights that are too small",
    states="if the values of $W_{hh}$ are too small, the derivative inevitably goes to 0",
    verdict="condition", harm="misleads", cause="entries",
    holds=r"If $\sigma_{\max}(W_{hh})<1/\gamma_h$ it does, for all inputs and states. Small "
    r"entries alone are not enough, because many of them add up; $|w_{ij}|<1/(\gamma_hn)$ for all "
    r"of them is. Nor need they be small: $\rho(|W_{hh}|)<1/\gamma_h$ is enough, where $|W_{hh}|$ "
    "has the absolute values as its entries, and for a strictly triangular matrix that is 0.",
    condition=r"$\sigma_{\max}(W_{hh})<1/\gamma_h$, or $\rho(|W_{hh}|)<1/\gamma_h$; each is "
    "sufficient, neither is necessary.",
    sources=(
        cited.SUFFICIENT,
        'hochreiter1997, section 3.1: for the logistic function weights with "$|w_{ij}|\\le '
        'w_{max}<\\frac{4.0}{n}$" "result in exponential decay"',
    ),
    equations=("eq-norm-bound",),
)  # fmt: skip
def small_weights() -> Numbers:
    largest = {}
    for name, gamma in (("tanh", 1.0), ("sigmoid", 0.25)):
        norms = []
        for seed in range(10):
            rng = np.random.default_rng(seed)
            G, x = gaussian(rng, 32), rng.standard_normal((100, 32))
            J = jacobians(G * (0.95 / gamma / norm(G)), x, activation=name)
            norms.append(norm(jacobian_product(J)))
        largest[name] = max(norms)
        assert largest[name] < 0.95**100
    small = np.full((64, 64), 0.03)  # small entries, sigma_max = 64 * 0.03
    growth = norm(jacobian_product(jacobians(small, np.zeros((20, 64)))))
    assert growth > 1e5 and norm(small / 2) < 1  # half of it is below 1/64
    triangular = np.triu(np.full((8, 8), 50.0), k=1)  # rho of its absolute values is 0
    large = norm(
        jacobian_product(jacobians(triangular, steps := 0.01 * rng.standard_normal((8, 8))))
    )
    assert large == 0 and norm(jacobian_product(jacobians(triangular, steps[:3]))) > 100
    return {
        "tanh, 100 steps, largest of 10": largest["tanh"],
        "logistic, 100 steps, largest of 10": largest["sigmoid"],
        "bound": 0.95**100,
        "all entries 0.03, 64 units, 20 steps": growth,
        "8 units, entries 50 above the diagonal, 8 steps": large,
    }


@LEDGER.enter(
    "vg-18", "weights that are too big",
    states="with $W_{hh}$ too big the derivative goes to infinity, since the power of $W_{hh}$ "
    "overpowers the factors less than 1",
    verdict="corrected", harm="misleads", cause="entries",
    holds=r"Large weights saturate tanh. For $h_t=\tanh(wh_{t-1})$, $|w|>1$, $h_0\ne0$, the factor "
    r"tends to $\frac{2u}{\sinh2u}<1$ with $u=|w|h^*$: the gradient vanishes, the faster the "
    r"larger $|w|$. In a wide network without strong inputs growth can win.",
    sources=(
        cited.SATURATION,
        'sompolinsky1988, abstract, of a network without input in continuous time: "a transition '
        'from a stationary phase to a chaotic phase occurring at a critical value of the gain"',
    ),
    equations=("eq-saturation",),
)  # fmt: skip
def saturation() -> Numbers:
    u = sp.Symbol("u", positive=True)  # w h*, so that h* = tanh u and w = u / tanh u
    factor = u / sp.tanh(u) * (1 - sp.tanh(u) ** 2)
    assert sp.simplify((factor - 2 * u / sp.sinh(2 * u)).rewrite(sp.exp)) == 0

    after = {}
    for w in (1.1, 1.5, 3.0):
        J = jacobians(np.array([[w]]), np.zeros((150, 1)), np.array([0.5]))[:, 0, 0]
        after[w] = float(J[100:].prod())
        at_rest = w * np.sqrt(1 - J[-1] / w)  # u, from the last slope 1 - h*^2
        assert abs(J[-1] - 2 * at_rest / np.sinh(2 * at_rest)) < 1e-12
    assert 1e-2 > after[1.1] > after[1.5] > after[3.0]

    W = gaussian(np.random.default_rng(0), 128, gain=3.0)
    h0 = np.random.default_rng(1).uniform(-1, 1, 128)
    wide = norm(jacobian_product(jacobians(W, np.zeros((150, 128)), h0), 150, 100))
    assert wide > 1e3
    return {
        **{f"one unit, w = {w}, 50 steps": after[w] for w in after},
        "1.5 to the power 50": 1.5**50,
        "128 units without input, gain 3, 50 steps": wide,
    }


@LEDGER.enter(
    "vg-19", "not a matter of recurrent networks alone",
    states="deep feedforward networks have vanishing gradients too; recurrent networks are just "
    "very deep, which makes the problem more common",
    verdict="holds",
    holds="Depth does it in both. One difference: a recurrent network has the same matrix in every "
    "layer, so that nothing can be balanced layer by layer.",
    equations=("eq-jacobian-product",),
)  # fmt: skip
def depth() -> Numbers:
    def end_to_end(matrices: list[Array]) -> float:
        def network(h: Array) -> Array:
            for W in matrices:
                h = np.tanh(0.5 + h @ W)
            return h

        return norm(complex_step(network, np.zeros(16)))

    rng = np.random.default_rng(0)
    layers = [gaussian(rng, 16, gain=0.7) for _ in range(100)]
    shallow, deep, recurrent = (
        end_to_end(matrices) for matrices in (layers[:3], layers, layers[:1] * 100)
    )
    assert shallow > 0.1
    assert deep < 1e-9 and recurrent < 1e-9
    return {
        "feedforward, 3 layers": shallow,
        "feedforward, 100 layers": deep,
        "recurrent, 100 steps": recurrent,
    }


@LEDGER.enter(
    "vg-20", '"no real effect on the later hidden states"',
    states="if the gradient vanishes, earlier states have no real effect on later ones, and no "
    "long-term dependencies are learned",
    verdict="corrected", harm="misleads", cause="effect",
    holds="Infinitesimal changes have no effect; finite ones may. Two stable states store a bit "
    "for ever, and such robust storage makes the derivative vanish. What suffers is learning: "
    "gradient descent gets an exponentially small signal from long lags.",
    sources=(
        'bengio1994, abstract: "a trade-off between efficient learning by gradient descent and '
        'latching on information for long periods"',
    ),
    equations=("eq-saturation",),
)  # fmt: skip
def stored_bit() -> Numbers:
    W, x, h0 = (
        np.array([[2.0]]),
        np.zeros((50, 2, 1)),
        np.array([[0.5], [-0.5]]),
    )  # two trajectories
    trace = forward(RNN("tanh"), network(W), x, (h0,))
    difference = float(trace.h[-1, 0, 0] - trace.h[-1, 1, 0])
    J = step_jacobians(trace)
    slope = float(jacobian_product(J)[0, 0, 0])
    assert difference > 1.9
    assert 0 < slope < 1e-30
    return {"difference of the states after 50 steps": difference, "derivative": slope}


@LEDGER.enter(
    "vg-21", "initialisation and regularisation as remedies",
    states="proper initialisation of the weights can reduce the effect of vanishing gradients, and "
    "so can regularisation",
    verdict="condition", harm="misleads", cause="remedy",
    holds="An orthogonal $W_{hh}$ keeps every singular value of a linear product at 1; with tanh "
    "it slows the decay near zero only. Weight decay, the L2 penalty, multiplies $W_{hh}$ by a "
    r"number below 1. In the check's networks of 32 neurons that takes the rate $\lambda_1$ closer "
    r"to $\ln\rho(W_{hh})$, which itself falls: the rate falls where the slopes are near 1, and "
    r"rises where they are saturated. An L1 penalty can even raise $\sigma_{\max}$.",
    condition=r"Initialisation: units near zero. Regularisation: one that asks for norms to be "
    r"kept, such as $\Omega$ of Pascanu et al.",
    sources=(
        'saxe2014, abstract: orthogonal weights "lead to faithful propagation of gradients even '
        'in deep nonlinear networks, as long as they operate" at "the edge of chaos"',
        cited.PENALTIES, cited.NORM_KEPT,
    ),
    equations=("eq-jacobian", "eq-omega"),
)  # fmt: skip
def remedies(seeds: range = range(10)) -> Numbers:
    rng = np.random.default_rng(0)
    Q, G, x = orthogonal(rng, 64), gaussian(rng, 64), rng.standard_normal((100, 64))
    kept, lost = (
        np.linalg.svd(jacobian_product(jacobians(W, x, activation="identity")), compute_uv=False)
        for W in (Q, G)
    )
    quiet, loud = (norm(jacobian_product(jacobians(Q, c * x))) for c in (0.1, 1))
    assert np.allclose(kept, 1) and lost.min() < 1e-9
    assert loud < 1e-9 < 1e-4 < quiet < 1

    def decayed(seed: int, own: float, gain: float) -> tuple[float, float]:
        """Change of the rate if all weights shrink by a tenth, and of its distance to ln rho."""
        rng = np.random.default_rng(seed)
        W, x = (
            own * np.eye(32) + gaussian(rng, 32, gain=gain),
            0.3 * rng.standard_normal((400, 1, 32)),
        )
        start = rng.choice([-0.3, 0.3], (1, 32))
        before, after = (
            lyapunov_exponents(RNN("tanh"), network(c * W), x, 1, 100, start)[0] for c in (1, 0.9)
        )
        distance = [
            abs(before - np.log(spectral_radius(W))),
            abs(after - np.log(spectral_radius(0.9 * W))),
        ]
        return float(after - before), float(distance[1] - distance[0])

    steep, closer_steep = zip(*(decayed(seed, 0, 0.8) for seed in seeds), strict=True)
    flat, closer_flat = zip(*(decayed(seed, 3, 0.2) for seed in seeds), strict=True)
    assert np.median(steep) < -0.05 and np.median(flat) > 0.2
    assert np.mean(np.array(steep) < 0) >= 0.9 and np.mean(np.array(flat) > 0) >= 0.9
    assert np.mean(np.array(closer_steep + closer_flat) < 0) >= 0.9

    A = np.full((100, 100), -0.01)  # many small entries, which cancel some of the few large ones
    for row in A:
        row[rng.permutation(100)[:9]] = 1
    penalised = np.sign(A) * np.maximum(np.abs(A) - 0.009, 0)  # a step of the L1 penalty
    assert norm(penalised) > 1.05 * norm(A)
    return {
        "linear, least singular value, orthogonal": float(kept.min()),
        "linear, least singular value, random": float(lost.min()),
        "tanh, orthogonal, weak and strong inputs": f"{quiet:.1e} and {loud:.1e}",
        f"weights less 10 %, slopes near 1: change of the rate in {len(seeds)} networks": spread(
            steep
        ),
        "the same, saturated": spread(flat),
        r"$\sigma_{\max}$ before a step of the L1 penalty": norm(A),
        "after": norm(penalised),
    }


@LEDGER.enter(
    "vg-22", "ReLU as a remedy",
    states="ReLU is a more preferred solution than tanh or the sigmoid: its derivative is a "
    "constant, 0 or 1, and less likely to vanish",
    verdict="condition", harm="misleads", cause="remedy",
    holds="Active units do not damp, inactive ones block, and nothing limits growth. A ReLU "
    "network vanishes, explodes or holds as $W_{hh}$ decides, and its states are unbounded. For "
    "recurrent networks it is not preferred in general.",
    condition="$W_{hh}$ begins as the identity, or close to it, and the biases at zero.",
    sources=(
        'le2015, abstract: "our solution is comparable to a standard implementation of LSTMs on '
        'our four benchmarks"',
    ),
    equations=("eq-jacobian",),
)  # fmt: skip
def relu_networks(seeds: range = range(10)) -> Numbers:
    def after_100_steps(W: Array, seed: int = 0) -> float:
        x = np.random.default_rng([seed, 1]).standard_normal((100, 64))
        return norm(jacobian_product(jacobians(W, x, activation="relu")))

    slopes = jacobians(
        np.eye(64), np.random.default_rng(0).standard_normal((9, 64)), activation="relu"
    )
    assert np.unique(slopes).tolist() == [0, 1]
    holding, growing = after_100_steps(np.eye(64)), after_100_steps(1.1 * np.eye(64))
    vanishing, exploding = (
        [
            after_100_steps(gaussian(np.random.default_rng(seed), 64, gain=gain), seed)
            for seed in seeds
        ]
        for gain in (0.5, 2)
    )
    assert holding == 1 and growing > 1e3
    assert max(vanishing) < 1e-30 and min(exploding) > 1e6
    return {
        "identity, 100 steps": holding,
        "1.1 times the identity": growing,
        f"random weights, gain 0.5, {len(seeds)} networks": spread(vanishing),
        f"random weights, gain 2, {len(seeds)} networks": spread(exploding),
    }


@LEDGER.enter(
    "vg-23", "LSTM or GRU as a remedy",
    states="an even more popular solution is the LSTM or the GRU",
    verdict="holds",
    holds="So it was in 2019. How popular, no computation can tell; that they are a remedy it can: "
    "with gates that keep the state, gradients last far longer than in a tanh network.",
    sources=(cited.CAROUSEL_AND_CUT, cited.GRU),
    equations=("eq-lstm", "eq-gru"),
)  # fmt: skip
def gated_cells() -> Numbers:
    norms = {}
    for name, cell, keep in (("RNN", RNN(), "b_h"), ("LSTM", LSTM(), "b_f"), ("GRU", GRU(), "b_z")):
        rng = np.random.default_rng(0)
        params = cell.init(rng, 4, 32, 7)
        if name != "RNN":
            params[keep] += 3  # gates that begin nearly open: they keep the state
        J = step_jacobians(forward(cell, params, rng.standard_normal((100, 1, 4))))
        norms[name] = norm(jacobian_product(J[:, 0]))
    assert norms["RNN"] < 1e-9
    assert min(norms["LSTM"], norms["GRU"]) > 1e6 * norms["RNN"]
    return {f"{name}, norm after 100 steps": norms[name] for name in norms}
