"""Claims of the article's additional explanation: norms of Jacobians and their bounds."""

from __future__ import annotations

import numpy as np
import sympy as sp

from bptt_lab.activations import ACTIVATIONS
from bptt_lab.arguments import Array
from bptt_lab.bptt import forward
from bptt_lab.cells import RNN
from bptt_lab.claims import cited
from bptt_lab.claims.claim import Ledger, Numbers
from bptt_lab.claims.problems import jacobians, network, norm
from bptt_lab.initializers import gaussian, orthogonal, spectral_radius
from bptt_lab.jacobians import jacobian_product, log_gradient_norms, lyapunov_exponents, norm_bound

LEDGER = Ledger()


@LEDGER.enter(
    "norm-01", "norm of one step",
    states=r"$\left\lVert\frac{\partial h_{j+1}}{\partial h_j}\right\rVert\le"
    r"\lVert W_{hh}\rVert\,\lVert\mathrm{diag}(\phi_h'(\cdots))\rVert$",
    verdict="holds",
    holds="The norm of a product is at most the product of the norms. The missing transpose "
    r"(vg-05) does no harm here: $W_{hh}$ and $W_{hh}^\top$ have the same 2-norm, and the same "
    "Frobenius norm. Their largest row sums differ, and in that norm the inequality fails.",
    equations=("eq-norm-bound",),
)  # fmt: skip
def norm_of_one_step() -> Numbers:
    rng = np.random.default_rng(0)
    ratios: dict[str, list[float]] = {"2-norm": [], "Frobenius norm": []}
    for _ in range(100):
        W, x, h0 = gaussian(rng, 6), rng.standard_normal(6), rng.uniform(-1, 1, 6)
        J, D = jacobians(W, x[None], h0)[0], np.diag(1 - np.tanh(x + h0 @ W) ** 2)
        for name, size in (("2-norm", norm), ("Frobenius norm", np.linalg.norm)):
            ratios[name].append(float(size(J) / (size(W) * size(D))))
    largest = {f"{name} over its bound, largest of 100": max(ratios[name]) for name in ratios}
    assert max(largest.values()) <= 1
    W = np.array([[1.0, 0.0], [1.0, 0.0]])
    at_rest = jacobians(W, np.zeros((1, 2)))[0]  # D is the identity, whose row sums are 1
    row_sums = float(np.linalg.norm(at_rest, np.inf) / np.linalg.norm(W, np.inf))
    assert row_sums > 1
    return {**largest, "largest row sum over its bound": row_sums}


@LEDGER.enter(
    "norm-02", "the largest eigenvalue of a norm",
    states=r"$\gamma_W$, the largest eigenvalue of $\lVert W_{hh}\rVert$, as its upper bound",
    verdict="corrected", harm="wrong-number", cause="eigenvalues",
    holds="A norm is a number and has no eigenvalues. The 2-norm of $W_{hh}$ is its largest "
    r"singular value, $\sigma_{\max}=\sqrt{\lambda_{\max}(W_{hh}^\top W_{hh})}$. The largest "
    r"eigenvalue is a lower bound, $\rho(W_{hh})\le\sigma_{\max}(W_{hh})$, with equality for "
    "normal matrices, such as symmetric and orthogonal ones.",
    sources=(cited.SUFFICIENT,),
    equations=("eq-norm-bound",),
)  # fmt: skip
def eigenvalue_or_singular_value() -> Numbers:
    rng = np.random.default_rng(0)
    S = rng.standard_normal((256, 256))
    matrices = {
        "two by two": np.array([[0.5, 10.0], [0.0, 0.5]]),
        "random, 256 units": gaussian(rng, 256),
        "symmetric, 256 units": (S + S.T) / 32,
    }
    rho = {name: spectral_radius(W) for name, W in matrices.items()}
    steps = {name: jacobians(W, np.zeros((1, len(W))))[0] for name, W in matrices.items()}
    stretch = {name: norm(J) for name, J in steps.items()}  # tanh at rest
    for name, W in matrices.items():
        assert abs(stretch[name] / np.sqrt(np.linalg.eigvalsh(W.T @ W)[-1]) - 1) < 1e-12
    assert stretch["two by two"] > 20 * rho["two by two"]
    assert stretch["random, 256 units"] > 1.8 * rho["random, 256 units"]
    assert abs(stretch["symmetric, 256 units"] / rho["symmetric, 256 units"] - 1) < 1e-12
    return {
        f"{name}: {what}": values[name]
        for name in matrices
        for what, values in (("largest eigenvalue", rho), ("norm of a step", stretch))
    }


@LEDGER.enter(
    "norm-03", "the largest slope",
    states=r"$\gamma_h$, the largest eigenvalue of $\lVert\mathrm{diag}(\phi_h'(\cdots))\rVert$, "
    "as its upper bound",
    verdict="condition", harm="wording", cause="eigenvalues",
    holds="The 2-norm of a diagonal matrix is its largest entry in modulus, and that is its "
    "largest eigenvalue in modulus: here the two agree. But it changes from step to step. The "
    r"constant that bounds it at every state is $\gamma_h=\sup_a|\phi'(a)|$.",
    condition="The supremum over all net inputs is meant, not the eigenvalue at one state.",
    equations=("eq-norm-bound",),
)  # fmt: skip
def largest_slope() -> Numbers:
    rng = np.random.default_rng(0)
    W, x = gaussian(rng, 5), 2 * rng.standard_normal((50, 1, 5))
    h = forward(RNN("tanh"), network(W), x).h[1:, 0]
    D = [np.diag(1 - h_t**2) for h_t in h]
    norms = [norm(D_t) for D_t in D]
    assert np.allclose(norms, [spectral_radius(D_t) for D_t in D], rtol=1e-12)
    assert np.allclose(norms, (1 - h**2).max(axis=1), rtol=1e-12)
    assert min(norms) < 0.9 * max(norms)  # so what bounds one step does not bound another
    assert max(norms) <= ACTIVATIONS["tanh"].bound
    return {
        "norm, least of 50 steps": min(norms),
        "largest of 50 steps": max(norms),
        "bound at every state": ACTIVATIONS["tanh"].bound,
    }


@LEDGER.enter(
    "norm-04", "one for tanh, a quarter for the sigmoid",
    states=r"$\gamma_h=1$ for the hyperbolic tangent, $\gamma_h=0.25$ for the sigmoid",
    verdict="holds",
    holds="Both are attained, at $a=0$ and nowhere else. For ReLU it is 1.",
    equations=("eq-norm-bound",),
)  # fmt: skip
def slope_bounds() -> Numbers:
    a, u = sp.symbols("a u", real=True)
    functions = {"tanh": sp.tanh(a), "sigmoid": 1 / (1 + sp.exp(-a))}
    slopes = {"tanh": 1 - u**2, "sigmoid": u * (1 - u)}  # by the value u of the function
    bounds = {}
    for name, f in functions.items():
        assert sp.simplify(f.diff(a) - slopes[name].subs(u, f)) == 0
        (steepest,) = sp.solve(slopes[name].diff(u), u)
        assert slopes[name].diff(u, 2) < 0 and steepest == f.subs(a, 0)
        bounds[name] = slopes[name].subs(u, steepest)
        assert float(bounds[name]) == ACTIVATIONS[name].bound
    assert bounds["tanh"] == 1 and bounds["sigmoid"] == sp.Rational(1, 4)
    return {f"largest slope, {name}": float(bound) for name, bound in bounds.items()}


@LEDGER.enter(
    "norm-05", "bound of one step",
    states=r"$\left\lVert\frac{\partial h_{j+1}}{\partial h_j}\right\rVert\le"
    r"\lVert W_{hh}\rVert\,\lVert\mathrm{diag}(\phi_h'(\cdots))\rVert\le\gamma_W\gamma_h$",
    verdict="condition", harm="wrong-number", cause="eigenvalues",
    holds=r"$\lVert J_t\rVert_2\le\gamma_h\,\sigma_{\max}(W_{hh})$ at every state.",
    condition=r"$\gamma_W=\sigma_{\max}(W_{hh})$. With the largest eigenvalue, as the article "
    "defines it, the inequality is false.",
    sources=(cited.SUFFICIENT,),
    equations=("eq-norm-bound",),
)  # fmt: skip
def bound_of_one_step() -> Numbers:
    rng, ratios, violated = np.random.default_rng(0), [], []
    for name in ("tanh", "sigmoid"):
        for _ in range(200):
            W, x = gaussian(rng, 6), 0.3 * rng.standard_normal((1, 6))
            size = norm(jacobians(W, x, activation=name)[0])
            ratios.append(size / norm_bound(RNN(name), network(W)))
            violated.append(size > ACTIVATIONS[name].bound * spectral_radius(W))
    assert max(ratios) <= 1
    assert np.mean(violated) > 0.5
    return {
        "norm over the bound, largest of 400": max(ratios),
        "share in which the eigenvalue is no bound": float(np.mean(violated)),
    }


@LEDGER.enter(
    "norm-06", "bound of the product, the exponent t - k",
    states=r"$\left\lVert\frac{\partial h_{t+1}}{\partial h_k}\right\rVert="
    r"\left\lVert\prod_{j=k}^{t}\frac{\partial h_{j+1}}{\partial h_j}\right\rVert\le"
    r"(\gamma_W\gamma_h)^{t-k}$",
    verdict="corrected", harm="wrong-number", cause="number of steps",
    holds=r"$\left\lVert\frac{\partial h_{t+1}}{\partial h_k}\right\rVert_2\le"
    r"(\gamma_h\sigma_{\max})^{t-k+1}$, for the product has $t-k+1$ factors. The exponent $t-k$ "
    r"belongs to $\frac{\partial h_t}{\partial h_k}$. As printed the bound fails where "
    r"$\gamma_h\sigma_{\max}>1$; below 1 it is true, and weaker than need be.",
    sources=(cited.SUFFICIENT,),
    equations=("eq-norm-bound",),
)  # fmt: skip
def exponent() -> Numbers:
    k = 3
    Q = orthogonal(np.random.default_rng(0), 6)
    growing, shrinking = (jacobians(gain * Q, np.zeros((13, 6))) for gain in (1.5, 0.5))
    numbers = {}
    for t in (3, 4, 7, 12):
        size = norm(jacobian_product(growing, t + 1, k))  # dh_{t+1}/dh_k, tanh at rest
        assert abs(size / 1.5 ** (t - k + 1) - 1) < 1e-12
        assert size > 1.4 * 1.5 ** (t - k)
        assert norm(jacobian_product(shrinking, t + 1, k)) < 0.6 * 0.5 ** (t - k)
        numbers[f"k = {k}, t = {t}: norm"] = size
        numbers[f"k = {k}, t = {t}: bound as printed"] = 1.5 ** (t - k)
    return numbers


@LEDGER.enter(
    "norm-07", '"very small or very large quickly"',
    states='the bound "can become very small or very large quickly", and the locality assumption '
    "of gradient descent breaks down as the sequence gets longer",
    verdict="condition", harm="wording", cause="bound",
    holds="A small bound forces a small product. A large bound says nothing: under it the product "
    "may be large or small. Where it is large, the straight line of the gradient describes the "
    "loss over a shorter stretch.",
    condition="What becomes small or large is the bound; for the product itself, only small is "
    "implied. Locality is lost where the product is large.",
    equations=("eq-norm-bound",),
)  # fmt: skip
def bound_and_product() -> Numbers:
    rng = np.random.default_rng(0)
    Q, x = orthogonal(rng, 8), 3 * rng.standard_normal((60, 8))
    quiet, loud = (norm(jacobian_product(jacobians(1.5 * Q, c * x))) for c in (0, 1))
    small = norm(jacobian_product(jacobians(0.8 * Q, x)))
    assert quiet > 1e10 and loud < 1e-10  # one bound for both, 1.5 to the power 60
    assert small <= 0.8**60

    def miss(T: int) -> float:
        """Part of the change of h_T that the derivative does not foresee."""
        start = np.array([np.zeros(8), 1e-6 * Q[0]])
        h = forward(RNN("tanh"), network(1.5 * Q), np.zeros((T, 2, 8)), start).h[-1]
        foreseen = 1.5**T * np.linalg.matrix_power(Q.T, T) @ start[1]
        return norm(h[1] - h[0] - foreseen) / norm(foreseen)

    near, far = miss(5), miss(60)
    assert near < 1e-9 and far > 0.9
    return {
        "bound 1.5, 60 steps at rest": quiet,
        "the same bound, strong inputs": loud,
        "not foreseen of a change by 0.000001, 5 steps": near,
        "60 steps": far,
    }


@LEDGER.enter(
    "norm-08", "gamma decides",
    states=r"the value of $\gamma$ will determine the fate of the gradient: for $\gamma<1$ it "
    r"tends to vanish, for $\gamma>1$ it tends to explode",
    verdict="corrected", harm="misleads", cause="bound",
    holds=r"Take $\gamma=\gamma_h\,\sigma_{\max}(W_{hh})$, which the article does not define. "
    r"$\gamma<1$ is sufficient for vanishing. $\gamma>1$ is necessary for exploding, and not "
    r"sufficient. What decides is the Lyapunov exponent $\lambda_1$ of the trajectory; in "
    r"general it is neither $\ln\gamma$ nor $\ln\rho(W_{hh})$.",
    sources=(
        cited.CONDITIONS,
        'engelken2023, abstract: "Lyapunov spectrum analysis provides a quantification of error '
        'propagation and stability"',
    ),
    equations=("eq-norm-bound", "eq-lyapunov"),
)  # fmt: skip
def gamma_above_one() -> Numbers:
    seen: dict[str, float | str] = {}
    for name, gamma in (("tanh", 1.5), ("sigmoid", 1.5), ("tanh", 0.95)):
        logs = []
        for seed in range(5):
            rng = np.random.default_rng(seed)
            G, x = gaussian(rng, 32), rng.standard_normal((100, 32))
            W = G * gamma / (ACTIVATIONS[name].bound * norm(G))
            logs.append(log_gradient_norms(jacobians(W, x, activation=name))[-1])
        assert max(logs) < np.log(1e-9)  # they vanish, though 1.5^100 is 4e17
        seen[f"{name}, gamma = {gamma}, 100 steps, largest of 5"] = float(np.exp(max(logs)))

    def rates(gain: float) -> tuple[float, float, float]:
        rng = np.random.default_rng(1)
        W, x = gaussian(rng, 64, gain=gain), 0.5 * rng.standard_normal((800, 1, 64))
        exponent = lyapunov_exponents(RNN("tanh"), network(W), x, k=1, discard=200)
        return float(exponent[0]), float(np.log(spectral_radius(W))), float(np.log(norm(W)))

    for gain in (1.1, 3.0):
        lam, rho, gamma = rates(gain)
        assert 0 < rho < gamma
        assert (lam < -0.1) if gain == 1.1 else (0.1 < lam < rho / 2)
        seen[rf"gain {gain}: $\lambda_1$, $\ln\rho$, $\ln\gamma$"] = (
            f"{lam:.2f}, {rho:.2f}, {gamma:.2f}"
        )
    return seen


@LEDGER.enter(
    "norm-09", "leading eigenvalues of the factors",
    states=r"since $\gamma$ is associated with the leading eigenvalues of "
    r"$\frac{\partial h_{j+1}}{\partial h_j}$, the product of $t-k$ Jacobians influences the "
    "overall gradient",
    verdict="corrected", harm="misleads", cause="eigenvalues",
    holds=r"$\gamma$ bounds the leading singular values. The eigenvalues of the factors do not "
    "govern the product: all of them may exceed 1 while it vanishes, and all of them may lie "
    "below 1 while it explodes. The factors are $t-k+1$.",
    sources=(cited.EXPONENTS,),
    equations=("eq-jacobian-product",),
)  # fmt: skip
def eigenvalues_of_factors() -> Numbers:
    k = 60
    s = np.sqrt(0.8)  # tanh' = 0.2 where h = s, and 1 where h = 0
    h = np.array([[s, 0.0], [0.0, s]] * k)[: k + 1]

    def along(W: Array) -> tuple[list[float], float]:
        J = jacobians(W, np.arctanh(h[1:]) - h[:-1] @ W, h[0])  # inputs that keep h on this path
        assert abs(max(map(norm, J)) / norm(W) - 1) < 1e-6  # gamma, the same for both
        return [spectral_radius(J_t) for J_t in J], norm(jacobian_product(J))

    straight, vanishing = along(np.array([[2.0, 0.0], [0.0, 2.0]]))
    crossed, exploding = along(np.array([[0.0, 2.0], [2.0, 0.0]]))
    assert min(straight) > 1.9 and vanishing < 0.01
    assert max(crossed) < 0.9 and exploding > 1e15
    return {
        "least of the leading eigenvalues, first network": min(straight),
        "norm after 60 steps": vanishing,
        "largest of them, second network": max(crossed),
        "norm after 60 steps, second": exploding,
    }
