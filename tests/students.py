"""Right solutions of the exercises as students write them, in which tests change single lines.

They share no code with the checker's references.
"""

import numpy as np

BPTT = """
def my_bptt(params, x, y, h_0):
    W_xh, W_hh, b_h = params["W_xh"], params["W_hh"], params["b_h"]
    W_yh, b_y = params["W_yh"], params["b_y"]
    T, m, _ = x.shape
    h = np.zeros((T + 1, m, len(W_hh)))
    h[0] = h_0
    for t in range(1, T + 1):
        h[t] = np.tanh(x[t - 1] @ W_xh + h[t - 1] @ W_hh + b_h)
    o = h[1:] @ W_yh + b_y
    p = np.exp(o - o.max(axis=-1, keepdims=True))
    yhat = p / p.sum(axis=-1, keepdims=True)
    target = np.eye(len(b_y))[y]
    e = yhat - target
    g = {name: np.zeros_like(value) for name, value in params.items()}
    back = np.zeros((m, len(W_hh)))
    for t in range(T, 0, -1):
        d_h = e[t - 1] @ W_yh.T + back
        delta = d_h * (1 - h[t] ** 2)
        g["W_yh"] += h[t].T @ e[t - 1]
        g["b_y"] += e[t - 1].sum(axis=0)
        g["W_hh"] += h[t - 1].T @ delta
        g["W_xh"] += x[t - 1].T @ delta
        g["b_h"] += delta.sum(axis=0)
        back = delta @ W_hh.T
    return g
"""

SUM = """
def my_sum(v, J, plus):
    total = 0
    for t in range(1, len(v)):
        for k in range(1, t + 1):
            row = v[t]
            for j in range(t, k, -1):
                row = row @ J[j]
            total = total + np.einsum("i,i...->...", row, plus[k])
    return total
"""

WINDOW = """
def my_window(v, J, plus, K):
    T, total = len(v) - 1, 0
    for t in range(1, T + 1):
        row = v[t]
        for k in range(t, max(0, t - K), -1):
            total = total + np.einsum("i,i...->...", row, plus[k])
            row = row @ J[k]
    return total
"""

JACOBIAN = """
def my_jacobian(params, x_t, h):
    h_t = np.tanh(x_t @ params["W_xh"] + h @ params["W_hh"] + params["b_h"])
    return np.diag(1 - h_t**2) @ params["W_hh"].T
"""

PRODUCT = """
def my_product(J, t, k):
    P = np.eye(J.shape[1])
    for j in range(k + 1, t + 1):
        P = J[j - 1] @ P
    return P
"""

BOUND = """
def my_bound(W_hh, gamma, lag):
    return (gamma * np.linalg.svd(W_hh)[1][0]) ** lag
"""

FORWARD = """
def my_forward(params, x, h_0):
    T = len(x)
    h = np.zeros((T + 1, *h_0.shape))
    h[0] = h_0
    for t in range(1, T + 1):
        a = x[t - 1] @ params["W_xh"] + h[t - 1] @ params["W_hh"] + params["b_h"]
        h[t] = np.tanh(a)
    return h, h[1:] @ params["W_yh"] + params["b_y"]
"""

LOSS = """
def my_loss(o, y):
    o = o - o.max(axis=-1, keepdims=True)
    p = np.exp(o) / np.exp(o).sum(axis=-1, keepdims=True)
    total = 0
    for t in range(len(y)):
        for i in range(y.shape[1]):
            if y[t, i] >= 0:
                total -= np.log(p[t, i, y[t, i]])
    return total
"""

LOGITS = """
def my_gradient(o, y):
    yhat = np.exp(o) / np.exp(o).sum(axis=1, keepdims=True)
    return y.sum(axis=1, keepdims=True) * yhat - y
"""

LSTM_STEP = """
def my_lstm(params, x_t, h, C):
    def gate(g):
        return x_t @ params["W_x" + g] + h @ params["W_h" + g] + params["b_" + g]
    i, f, o = [1 / (1 + np.exp(-gate(g))) for g in "ifo"]
    C_new = f * C + i * np.tanh(gate("C"))
    return o * np.tanh(C_new), C_new
"""

GRU_STEP = """
def my_gru(params, x_t, h):
    p = params
    z = 1 / (1 + np.exp(-(x_t @ p["W_xz"] + h @ p["W_hz"] + p["b_z"])))
    r = 1 / (1 + np.exp(-(x_t @ p["W_xr"] + h @ p["W_hr"] + p["b_r"])))
    new = np.tanh(x_t @ p["W_xn"] + (r * h) @ p["W_hn"] + p["b_n"])
    return z * h + (1 - z) * new
"""

CELL = """
def my_derivative(A, B, P, F):
    d_C = np.eye(len(F[0]))
    d_h = P[0]
    for j in range(1, len(A)):
        new_C = A[j] @ d_h + F[j] @ d_C
        d_h = P[j] @ new_C + B[j] @ d_h
        d_C = new_C
    return d_C
"""

LSTM_BACKWARD = """
def my_backward(params, x, h, C, e):
    def gate(g):
        return x @ params["W_x" + g] + h[:-1] @ params["W_h" + g] + params["b_" + g]
    i, f, o = [1 / (1 + np.exp(-gate(g))) for g in "ifo"]
    new, T = np.tanh(gate("C")), len(x)
    delta = {g: np.zeros_like(i) for g in "ifoC"}
    g_C, back = np.zeros_like(h[0]), 0
    for t in range(T - 1, -1, -1):
        g_h = e[t] @ params["W_yh"].T + back
        along = g_C * f[t + 1] if t < T - 1 else 0
        g_C = g_h * o[t] * (1 - np.tanh(C[t + 1]) ** 2) + along
        delta["o"][t] = g_h * np.tanh(C[t + 1]) * o[t] * (1 - o[t])
        delta["f"][t] = g_C * C[t] * f[t] * (1 - f[t])
        delta["i"][t] = g_C * new[t] * i[t] * (1 - i[t])
        delta["C"][t] = g_C * i[t] * (1 - new[t] ** 2)
        back = sum(delta[g][t] @ params["W_h" + g].T for g in "ifoC")
    return delta
"""

LSTM_GRADIENTS = (
    LSTM_BACKWARD.replace("my_backward", "backward")
    + """
def my_gradients(params, x, h, C, e):
    delta = backward(params, x, h, C, e)
    g = {"W_yh": np.einsum("tmi,tmj->ij", h[1:], e), "b_y": e.sum(axis=(0, 1))}
    for k in "ifoC":
        g["W_x" + k] = np.einsum("tmi,tmj->ij", x, delta[k])
        g["W_h" + k] = np.einsum("tmi,tmj->ij", h[:-1], delta[k])
        g["b_" + k] = delta[k].sum(axis=(0, 1))
    return g
"""
)

GRU_BACKWARD = """
def my_gru_backward(params, x, h, e):
    p, delta = params, {k: np.zeros_like(h[1:]) for k in "zrn"}
    back = np.zeros_like(h[0])
    for t in range(len(x) - 1, -1, -1):
        old = h[t]
        z = 1 / (1 + np.exp(-(x[t] @ p["W_xz"] + old @ p["W_hz"] + p["b_z"])))
        r = 1 / (1 + np.exp(-(x[t] @ p["W_xr"] + old @ p["W_hr"] + p["b_r"])))
        new = np.tanh(x[t] @ p["W_xn"] + (r * old) @ p["W_hn"] + p["b_n"])
        g = e[t] @ p["W_yh"].T + back
        d_n = g * (1 - z) * (1 - new**2)
        d_z = g * (old - new) * z * (1 - z)
        u = d_n @ p["W_hn"].T
        d_r = u * old * r * (1 - r)
        back = g * z + u * r + d_z @ p["W_hz"].T + d_r @ p["W_hr"].T
        delta["z"][t], delta["r"][t], delta["n"][t] = d_z, d_r, d_n
    return delta
"""

CLIP = """
def my_clip(grads, tau):
    norm = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
    factor = min(1, tau / norm)
    return {name: g * factor for name, g in grads.items()}
"""

MOMENTUM = """
def my_momentum(theta, g, v, eta, mu):
    v = mu * v + g
    return theta - eta * v, v
"""

ADAM = """
def my_adam(theta, g, u, s, j, eta, beta_1, beta_2, epsilon):
    u = beta_1 * u + (1 - beta_1) * g
    s = beta_2 * s + (1 - beta_2) * g * g
    u_hat = u / (1 - beta_1**j)
    s_hat = s / (1 - beta_2**j)
    return theta - eta * u_hat / (np.sqrt(s_hat) + epsilon), u, s
"""

TORCH = """
def my_params(weight_ih, weight_hh, bias_ih, bias_hh):
    return {"W_xh": weight_ih.T, "W_hh": weight_hh.T, "b_h": bias_ih + bias_hh}
"""

INPUTS = """
def my_input_gradients(params, x, y, h_0):
    W_xh, W_hh, W_yh = params["W_xh"], params["W_hh"], params["W_yh"]
    T = len(x)
    h = [h_0]
    for x_t in x:
        h.append(np.tanh(x_t @ W_xh + h[-1] @ W_hh + params["b_h"]))
    d_x, back = np.zeros_like(x), 0
    for t in range(T, 0, -1):
        o = h[t] @ W_yh + params["b_y"]
        e = np.exp(o) / np.exp(o).sum(axis=1, keepdims=True)
        e[np.arange(len(e)), y[t - 1]] -= 1
        delta = (e @ W_yh.T + back) * (1 - h[t] ** 2)
        d_x[t - 1] = delta @ W_xh.T
        back = delta @ W_hh.T
    return {"x": d_x, "h_0": back}
"""

RELU = """
def my_relu(params, h, e):
    delta, back = np.zeros_like(h[1:]), 0
    for t in range(len(e), 0, -1):
        d_h = e[t - 1] @ params["W_yh"].T + back
        delta[t - 1] = np.where(h[t] > 0, d_h, 0)
        back = delta[t - 1] @ params["W_hh"].T
    return delta
"""

GRADIENT_CHECK = """
def my_check(loss, params, grads):
    for name in params:
        for index in np.ndindex(params[name].shape):
            def at(s):
                moved = params[name].copy()
                moved[index] += s
                return loss({**params, name: moved})
            number = (at(1e-5) - at(-1e-5)) / 2e-5
            size = max(abs(loss(params)), 1e-30)
            if not abs(number - grads[name][index]) <= 1e-7 * size:
                return False
    return True
"""

DETACHED = """
def my_detached(params, x, y, h_0, K):
    W_hh, W_yh = params["W_hh"], params["W_yh"]
    g = {name: np.zeros_like(value) for name, value in params.items()}
    start = h_0
    for first in range(0, len(x), K):
        part, target = x[first : first + K], y[first : first + K]
        h = [start]
        for x_t in part:
            h.append(np.tanh(x_t @ params["W_xh"] + h[-1] @ W_hh + params["b_h"]))
        back = np.zeros_like(h_0)
        for t in range(len(part), 0, -1):
            o = h[t] @ W_yh + params["b_y"]
            e = np.exp(o) / np.exp(o).sum(axis=1, keepdims=True) - np.eye(o.shape[1])[target[t - 1]]
            delta = (e @ W_yh.T + back) * (1 - h[t] ** 2)
            g["W_yh"] += h[t].T @ e
            g["b_y"] += e.sum(axis=0)
            g["W_hh"] += h[t - 1].T @ delta
            g["W_xh"] += part[t - 1].T @ delta
            g["b_h"] += delta.sum(axis=0)
            back = delta @ W_hh.T
        start = h[-1]
    return g
"""

STACKED = """
def my_stacked(params, h_1, h_2, e):
    delta_1, delta_2 = np.zeros_like(h_1[1:]), np.zeros_like(h_2[1:])
    back_1 = back_2 = 0
    for t in range(len(e), 0, -1):
        d_2 = e[t - 1] @ params["W_yh"].T + back_2
        delta_2[t - 1] = d_2 * (1 - h_2[t] ** 2)
        d_1 = delta_2[t - 1] @ params["W_xh2"].T + back_1
        delta_1[t - 1] = d_1 * (1 - h_1[t] ** 2)
        back_1, back_2 = delta_1[t - 1] @ params["W_hh1"].T, delta_2[t - 1] @ params["W_hh2"].T
    return delta_1, delta_2
"""

LYAPUNOV = """
def my_rates(J):
    Q, total = np.eye(J.shape[1]), 0
    for J_t in J:
        Q, R = np.linalg.qr(J_t @ Q)
        total = total + np.log(np.abs(np.diag(R)))
    return np.sort(total / len(J))[::-1]
"""

STEP = """
def my_step(params, x_t, h):
    return np.tanh(x_t @ params["W_xh"] + h @ params["W_hh"] + params["b_h"])
"""

SCAN = """
def my_scan(a, b):
    reach = 1
    while reach < len(a):
        late_a, late_b = a[reach:], b[reach:]
        b = np.concatenate([b[:reach], late_a * b[:-reach] + late_b])
        a = np.concatenate([a[:reach], late_a * a[:-reach]])
        reach = 2 * reach
    return b
"""

TRACE_GRADIENT = """
def my_trace_gradient(params, x, v):
    w = params["w_hh"]
    h, E, G = np.zeros(len(w)), np.zeros(len(w)), np.zeros(len(w))
    for t in range(len(x)):
        old = h
        h = np.tanh(x[t] @ params["W_xh"] + w * h + params["b_h"])
        E = (1 - h ** 2) * (old + w * E)
        G = G + v[t] * E
    return G
"""

CHECKPOINT_COST = """
def my_cost(T, slots):
    if T == 1:
        return 0
    if slots == 0:
        return T * (T - 1) // 2
    best = T * T
    for y in range(1, T):
        best = min(best, y + my_cost(T - y, slots - 1) + my_cost(y, slots))
    return best
"""

NEWTON_STEP = """
def my_newton_step(params, x, s):
    new, d = s.copy(), np.zeros(s.shape[1])
    for t in range(1, len(s)):
        f = np.tanh(x[t - 1] @ params["W_xh"] + s[t - 1] @ params["W_hh"] + params["b_h"])
        d = (1 - f ** 2) * (d @ params["W_hh"]) + f - s[t]
        new[t] = s[t] + d
    return new
"""

SOLUTIONS = {
    "rnn_step": STEP,
    "forward": FORWARD,
    "from_torch": TORCH,
    "loss": LOSS,
    "logit_gradient": LOGITS,
    "bptt": BPTT,
    "double_sum": SUM,
    "window": WINDOW,
    "input_gradients": INPUTS,
    "relu_backward": RELU,
    "stacked_backward": STACKED,
    "detached": DETACHED,
    "gradient_check": GRADIENT_CHECK,
    "step_jacobian": JACOBIAN,
    "jacobian_product": PRODUCT,
    "norm_bound": BOUND,
    "lyapunov": LYAPUNOV,
    "lstm_step": LSTM_STEP,
    "gru_step": GRU_STEP,
    "cell_derivative": CELL,
    "lstm_backward": LSTM_BACKWARD,
    "lstm_gradients": LSTM_GRADIENTS,
    "gru_backward": GRU_BACKWARD,
    "clip_by_norm": CLIP,
    "momentum": MOMENTUM,
    "adam": ADAM,
    "scan": SCAN,
    "trace_gradient": TRACE_GRADIENT,
    "checkpoint_cost": CHECKPOINT_COST,
    "newton_step": NEWTON_STEP,
}

# What students hand in: exercise, lines changed (old, new), names of the mistakes.
ATTEMPTS = [
    ("bptt", [("back = delta @ W_hh.T", "back = 0")], ["sum over k missing"]),
    ("bptt", [("delta @ W_hh.T", "delta @ W_hh")], ["W_hh for its transpose"]),
    ("bptt", [("h[t - 1].T @ delta", "h[t].T @ delta")], ["h_t for h_{t-1}"]),
    ("bptt", [("(1 - h[t] ** 2)", "(1 - np.tanh(h[t]) ** 2)")],
     ["slope at h for the slope at a"]),
    ("bptt", [("(1 - h[t] ** 2)", "(1 - h[t])")], ["1 - h for 1 - h^2"]),
    ("bptt", [("(1 - h[t] ** 2)", "h[t] * (1 - h[t])")], ["slope of the sigmoid"]),
    ("bptt", [("(1 - h[t] ** 2)", "(1 - h[t - 1] ** 2)")], ["slope of the step before"]),
    ("bptt", [(" * (1 - h[t] ** 2)", "")], ["slope forgotten"]),
    ("bptt", [("back = delta @", "back = d_h @")], ["slope left out between the steps"]),
    ("bptt", [("e = yhat - target", "e = (yhat - target) / m")], ["batch averaged"]),
    ("bptt", [("e = yhat - target", "e = (yhat - target) / y.size")], ["all targets averaged"]),
    ("bptt", [("    return g", "    return {k: v / T for k, v in g.items()}")],
     ["time averaged"]),
    ("bptt", [("d_h = e[t - 1] @ W_yh.T + back",
               "d_h = e[t - 1] @ W_yh.T if t == T else back")], ["own readout lost on the way"]),
    ("bptt", [("g[\"W_hh\"] += h[t - 1].T @ delta",
               "hs = h[1:]; g[\"W_hh\"] += hs[t - 2].T @ delta")], ["wrapped h_0"]),
    ("bptt", [("h[0] = h_0", "pass")], ["h_0 taken as zero"]),
    ("bptt", [("e = yhat - target", "e = yhat - target; e[:-1] = 0")],
     ["loss of the last step only"]),
    ("bptt", [("e = yhat - target", "e = yhat - target; e[0] = 0")], ["first loss lost"]),
    ("bptt", [("+= ", "= ")], ["overwritten instead of added"]),
    ("bptt", [("g[\"W_hh\"] +=", "g[\"W_hh\"] =")], ["overwritten instead of added"]),
    ("bptt", [("h[t].T @ e[t - 1]", "e[t - 1].T @ h[t]"),
              ("np.zeros_like(value)", "0")], ["outer product the wrong way round"]),
    ("bptt", [("h[t - 1].T @ delta", "delta.T @ h[t - 1]")],
     ["outer product the wrong way round"]),
    ("bptt", [("yhat - target", "yhat")], ["one-hot target not subtracted"]),
    ("bptt", [("yhat - target", "target - yhat")], ["target minus prediction"]),
    ("bptt", [("yhat - target", "o - target")], ["softmax missing from the error"]),
    ("bptt", [("h[t - 1] @ W_hh + b_h", "h[t - 1] @ W_hh")], ["bias forgotten"]),
    ("bptt", [("W_yh + b_y", "W_yh")], ["output bias forgotten"]),
    ("bptt", [("d_h = e[t - 1] @ W_yh.T + back", "d_h = e[t - 1] @ W_yh.T + back\n        d_h = "
               "d_h + (extra * (1 - h[t + 1] ** 2) @ W_hh.T if t < T else 0); extra = d_h"),
              ("back = delta @ W_hh.T", "back = (e[t - 1] @ W_yh.T + back) * (1 - h[t] ** 2) @ "
               "W_hh.T")], ["total for immediate derivative"]),
    ("double_sum", [("range(t, k, -1)", "range(k + 1, t + 1)")], ["Jacobians in the wrong order"]),
    ("double_sum", [("row @ J[j]", "J[j] @ row")], ["Jacobians transposed"]),
    ("double_sum", [("range(t, k, -1)", "range(t, k - 1, -1)")], ["one Jacobian too many"]),
    ("double_sum", [("range(t, k, -1)", "range(t - 1, k, -1)")], ["newest Jacobian lost"]),
    ("double_sum", [("range(1, t + 1)", "range(1, t)")], ["newest use lost"]),
    ("double_sum", [("range(1, t + 1)", "[t]")], ["sum over k missing"]),
    ("double_sum", [("range(1, len(v))", "range(2, len(v))")], ["first loss lost"]),
    ("double_sum", [("range(1, len(v))", "[len(v) - 1]")], ["loss of the last step only"]),
    ("double_sum", [("total = 0", "total, plus = 0, plus.copy()\n    for k in range(2, len(v)):\n"
                     "        plus[k] += np.tensordot(J[k], plus[k - 1], 1)")],
     ["total for immediate derivative"]),
    ("window", [("t - K)", "t - K - 1)")], ["window one step too long"]),
    ("window", [("max(0, t - K)", "0")], ["not truncated"]),
    ("window", [("max(0, t - K)", "(t - 1) // K * K")], ["chunks for a window"]),
    ("window", [("max(0, t - K)", "T - K")], ["the last K steps only"]),
    ("step_jacobian", [("[\"W_hh\"].T", "[\"W_hh\"]")], ["Jacobian without the transpose"]),
    ("step_jacobian", [("np.diag(1 - h_t**2) @", "(1 - h_t**2) *")], ["slopes on the columns"]),
    ("step_jacobian", [("np.diag(1 - h_t**2) @ params[\"W_hh\"].T",
                        "params[\"W_hh\"] @ np.diag(1 - h_t**2)")], ["denominator layout"]),
    ("step_jacobian", [("1 - h_t**2", "1 - h_t")], ["slope 1 - h"]),
    ("step_jacobian", [("1 - h_t**2", "1 - h**2")], ["slope at the old state"]),
    ("jacobian_product", [("J[j - 1] @ P", "P @ J[j - 1]")], ["oldest Jacobian on the left"]),
    ("jacobian_product", [("range(k + 1, t + 1)", "range(max(k, 1), t + 1)")],
     ["J_k in the product"]),
    ("jacobian_product", [("range(k + 1, t + 1)", "range(k + 1, t)")], ["J_t left out"]),
    ("norm_bound", [("np.linalg.svd(W_hh)[1][0]", "max(abs(np.linalg.eigvals(W_hh)))")],
     ["spectral radius in the bound"]),
    ("norm_bound", [("np.linalg.svd(W_hh)[1][0]", "np.linalg.norm(W_hh)")], ["Frobenius norm"]),
    ("norm_bound", [("** lag", "** (lag - 1)")], ["exponent one too small"]),
    ("norm_bound", [("gamma * ", "")], ["bound of the slope forgotten"]),
    ("rnn_step", [(" + params[\"b_h\"]", "")], ["bias forgotten"]),
    ("rnn_step", [("h @ params[\"W_hh\"]", "h @ params[\"W_hh\"].T")],
     ["W_hh of the column form"]),
    ("forward", [("h[0] = h_0", "pass")], ["h_0 taken as zero"]),
    ("forward", [("return h, h[1:]", "return h, h[:-1]")], ["output of the state before"]),
    ("forward", [("return h, ", "return h[1:], ")], ["h without h_0"]),
    ("loss", [("if y[t, i] >= 0", "if True")], ["mask ignored"]),
    ("loss", [("return total", "return total / (y >= 0).sum()")], ["mean for sum"]),
    ("loss", [("return total", "return total / y.size")], ["mean over all steps"]),
    ("loss", [("axis=-1", "axis=1")], ["softmax over the batch"]),
    ("logit_gradient", [("y.sum(axis=1, keepdims=True) * ", "")], ["condition on the targets"]),
    ("logit_gradient", [("axis=1, keepdims=True) * yhat - y", "axis=1, keepdims=True) * yhat")],
     ["target not subtracted"]),
    ("logit_gradient", [("(o).sum(axis=1", "(o).sum(axis=0")], ["softmax over the batch"]),
    ("lstm_step", [("f * C + i * np.tanh(gate(\"C\"))", "f * (C + i * np.tanh(gate(\"C\")))")],
     ["forget gate applied after writing"]),
    ("lstm_step", [("\"ifo\"", "\"fio\"")], ["input and forget gate exchanged"]),
    ("lstm_step", [("o * np.tanh(C_new)", "o * C_new")], ["tanh of the cell forgotten"]),
    ("gru_step", [("z * h + (1 - z) * new", "(1 - z) * h + z * new")],
     ["update gate the other way round"]),
    ("gru_step", [("(r * h) @ p[\"W_hn\"]", "r * (h @ p[\"W_hn\"])")],
     ["reset after the matrix"]),
    ("cell_derivative", [(" + B[j] @ d_h", "")], ["path through the output gate missing"]),
    ("cell_derivative", [("A[j] @ d_h + F[j] @ d_C", "F[j] @ d_C")],
     ["product of forget gates"]),
    ("cell_derivative", [("d_h = P[0]", "d_h = 0 * P[0]")],
     ["hidden state held fixed at the start"]),
    ("lstm_backward", [("f[t + 1] if t < T - 1 else 0", "f[t]")],
     ["forget gate of the wrong step"]),
    ("lstm_backward", [("for g in \"ifoC\")", "for g in \"ifC\")")],
     ["output gate not carried back"]),
    ("lstm_backward", [("g_C * C[t] *", "g_C * C[t + 1] *")],
     ["C_t for C_{t-1} at the forget gate"]),
    ("clip_by_norm", [("g * factor for", "g * min(1, tau / np.linalg.norm(g)) for")],
     ["clipped per parameter"]),
    ("clip_by_norm", [("g * factor for", "np.clip(g, -tau, tau) for")],
     ["clipped entry by entry"]),
    ("clip_by_norm", [("min(1, tau / norm)", "tau / norm")], ["short gradients lengthened"]),
    ("clip_by_norm", [("np.sqrt(sum(np.sum(g**2) for g in grads.values()))",
                       "sum(np.sum(g**2) for g in grads.values())")], ["square of the norm"]),
    ("momentum", [("v = mu * v + g", "theta = theta - eta * v; v = mu * v + g"),
                  ("theta - eta * v, v", "theta, v")], ["step along the old velocity"]),
    ("momentum", [("+ g", "+ eta * g"), ("- eta * v", "- v")], ["rate inside the velocity"]),
    ("momentum", [("+ g", "+ (1 - mu) * g")], ["velocity averaged"]),
    ("momentum", [("theta - eta", "theta + eta")], ["uphill"]),
    ("adam", [("u_hat = u / (1 - beta_1**j)", "u_hat = u"), ("s_hat = s / (1 - beta_2**j)",
              "s_hat = s")], ["averages not corrected"]),
    ("adam", [("**j", "")], ["corrected as at the first update"]),
    ("adam", [("epsilon), u, s", "epsilon), u_hat, s_hat")], ["corrected averages handed on"]),
    ("adam", [("np.sqrt(s_hat) + epsilon", "np.sqrt(s_hat + epsilon)")],
     ["epsilon under the root"]),
    ("adam", [("np.sqrt(s_hat)", "s_hat")], ["root forgotten"]),
    ("adam", [("beta_1 * u + (1 - beta_1)", "beta_2 * u + (1 - beta_2)"),
              ("beta_2 * s + (1 - beta_2)", "beta_1 * s + (1 - beta_1)"),
              ("1 - beta_1**j", "1 - beta_0**j"), ("1 - beta_2**j", "1 - beta_1**j"),
              ("1 - beta_0**j", "1 - beta_2**j")], ["betas exchanged"]),
    ("scan", [("late_a * b[:-reach] + late_b", "late_b * a[:-reach] + b[:-reach]")],
     ["steps joined in the wrong order"]),
    ("scan", [("late_a * b[:-reach] + late_b", "b[:-reach] + late_b")],
     ["increments only added"]),
    ("scan", [("reach = 2 * reach", "reach = 1 + reach")], ["reach grows by one"]),
    ("scan", [("return b", "return a")], ["factors for states"]),
    ("trace_gradient", [("(old + w * E)", "old")], ["trace without memory"]),
    ("trace_gradient", [("(old + w * E)", "(h + w * E)")], ["new state in the trace"]),
    ("trace_gradient", [("(1 - h ** 2) * (old + w * E)", "(1 - h ** 2) * old + w * E")],
     ["slope on the new use alone"]),
    ("trace_gradient", [("G = G + v[t] * E", "G = v[t] * E")], ["last loss alone"]),
    ("checkpoint_cost", [("slots - 1", "slots")], ["checkpoint takes no room"]),
    ("checkpoint_cost", [("y + my_cost(T - y", "my_cost(T - y")],
     ["way to the checkpoint not counted"]),
    ("checkpoint_cost", [("range(1, T)", "[T // 2]")], ["always in the middle"]),
    ("newton_step", [("(1 - f ** 2) * (d @ params[\"W_hh\"]) + f", "f")], ["no Jacobians"]),
    ("newton_step", [("(d @ params[\"W_hh\"])", "(params[\"W_hh\"] @ d)")],
     ["Newton with an untransposed matrix"]),
    ("newton_step", [("(1 - f ** 2)", "(1 - s[t] ** 2)")], ["slope at the guess"]),
    ("newton_step", [("new[t] = s[t] + d", "new[t] = d")], ["correction alone"]),
    # Two at once, alone in different parameters or one behind the other.
    ("bptt", [("delta @ W_hh.T", "delta @ W_hh"), ("(1 - h[t] ** 2)", "(1 - h[t])")],
     ["1 - h for 1 - h^2", "W_hh for its transpose"]),
    ("bptt", [("h[t - 1].T @ delta", "h[t].T @ delta"), ("g[\"b_h\"] +=", "g[\"b_h\"] =")],
     ["h_t for h_{t-1}", "overwritten instead of added"]),
    ("bptt", [("h[0] = h_0", "pass"), ("e = yhat - target", "e = (yhat - target) / m")],
     ["batch averaged", "h_0 taken as zero"]),
    ("loss", [("if y[t, i] >= 0", "if True"), ("return total", "return total / y.size")],
     ["mask ignored", "mean over all steps"]),
    ("clip_by_norm", [("min(1, tau / norm)", "tau / norm"),
                      ("np.sqrt(sum(np.sum(g**2) for g in grads.values()))",
                       "sum(np.sum(g**2) for g in grads.values())")],
     ["short gradients lengthened", "square of the norm"]),
]  # fmt: skip


def changed(source, *changes):
    """Return a source after some changes to its lines."""
    for old, new in changes:
        assert old in source, old
        source = source.replace(old, new)
    return source


def written(source, *changes):
    """Return the function that a source defines, after some changes to its lines."""
    names = {"np": np}
    exec(compile(changed(source, *changes), "<a notebook>", "exec"), names)
    return next(value for name, value in names.items() if name.startswith("my_"))
