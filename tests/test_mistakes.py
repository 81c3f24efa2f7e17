"""What people really get wrong: each function is named, located, or confirmed with a remark.

The functions are right solutions with single lines changed. What is expected of an answer is the
names of the mistakes, or what it says; and nothing else may be claimed.
"""

from functools import partial
from time import process_time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bptt_lab.exercises import check
from students import SOLUTIONS, written


def changed(exercise, *changes):
    return written(SOLUTIONS[exercise], *changes)


def then(exercise, change):
    """Return the right function with its result changed."""
    right = written(SOLUTIONS[exercise])
    return lambda *arguments: change(right(*arguments), *arguments)


QR_OF_EACH_STEP = (
    "        Q, R = np.linalg.qr(J_t @ Q)\n        total = total + np.log(np.abs(np.diag(R)))"
)
CLIPPED = """
    norm = np.sqrt(sum((v**2).sum() for v in g.values()))
    return {k: v * min(1.0, 0.25 / (norm + 1e-6)) for k, v in g.items()}
"""

# exercise, function, names of the mistakes
NAMED = [
    # back through time
    ("bptt", [("delta @ W_hh.T", "delta @ W_hh")], ["W_hh for its transpose"]),
    ("bptt", [("h[t] ** 2", "np.tanh(h[t]) ** 2"),
              ('h[t - 1].T @ delta', 'h[1:][t - 2].T @ delta'), ("    return g\n", CLIPPED)],
     ["slope at h for the slope at a", "wrapped h_0", "clipped inside the function"]),
    ("bptt", [("back = delta @ W_hh.T", "unused = delta @ W_hh.T")], ["sum over k missing"]),
    ("bptt", [("+= delta.sum(", "+= d_h.sum(")], ["gradient taken before the slope"]),
    ("bptt", [("+= x[t - 1].T @ delta", "+= x[t - 1].T @ d_h")],
     ["gradient taken before the slope"]),
    ("bptt", [("+= h[t - 1].T @ delta", "+= h[max(t - 1, 1)].T @ delta")],
     ["h_1 for h_0 at the first use"]),
    ("bptt", [("delta = d_h * (1 - h[t] ** 2)",
               "delta = e[t - 1] @ W_yh.T * (1 - h[t] ** 2) + back * h[min(t + 1, T)]")],
     ["value of the step after for the slope"]),
    ("bptt", [("np.eye(len(b_y))[y]", "np.eye(len(b_y))[y.T.ravel()].reshape(T, m, -1)")],
     ["targets batch first"]),
    ("bptt", [("e = yhat - target", "e = (yhat - target) / y.size")], ["all targets averaged"]),
    ("bptt", [("delta = d_h * (1 - h[t] ** 2)",
               "delta = e[t - 1] @ W_yh.T * (1 - h[t] ** 2) + back")],
     ["slope on the readout's path alone"]),
    ("bptt", [("back = delta", "back = back + delta")], ["carried gradient added up"]),
    ("bptt", [("h[t].T @ e[t - 1]", "h[t - 1].T @ e[t - 1]")], ["h_{t-1} for h_t at the readout"]),
    ("bptt", [("range(T, 0, -1)", "range(T, 1, -1)")], ["first step's contribution lost"]),
    ("bptt", [("    return g\n", "    return {k: np.clip(v, -1, 1) for k, v in g.items()}\n")],
     ["entries clipped inside the function"]),
    ("input_gradients", [("back = delta @ W_hh.T", "back = delta @ W_hh")],
     ["W_hh for its transpose"]),
    ("input_gradients", [('"h_0": back}', '"h_0": back * (1 - h_0**2)}')], ["slope at h_0"]),
    ("input_gradients", [("d_x[t - 1] = delta @", "d_x[t - 1] = (e @ W_yh.T + back) @")],
     ["gradient at x taken before the slope"]),
    ("bptt", [("p.sum(axis=-1", "p.sum(axis=0"), ("o.max(axis=-1", "o.max(axis=0")],
     ["softmax over time"]),
    ("relu_backward", [("np.where(h[t] > 0, d_h, 0)", "h[t] * d_h")], ["relu for its slope"]),
    ("relu_backward", [("h[t] > 0", "h[t] >= 0")], ["slope of relu forgotten"]),
    ("relu_backward", [("h[t] > 0", "h[t] <= 0")], ["slope of relu the wrong way round"]),
    ("relu_backward", [("np.where(h[t] > 0, d_h, 0)", "d_h * (1 - h[t] ** 2)")], ["slope of tanh"]),
    ("relu_backward", [("np.where(h[t] > 0, d_h, 0)", "np.maximum(d_h, 0)")],
     ["gradient rectified"]),
    ("relu_backward", [("np.where(h[t] > 0, d_h, 0)", "np.where(h[t - 1] > 0, d_h, 0)")],
     ["slope from the step before"]),
    ("stacked_backward", [('delta_2[t - 1] @ params["W_xh2"].T', 'd_2 @ params["W_xh2"].T')],
     ["upper slope left out between the layers"]),
    ("stacked_backward", [('params["W_hh1"].T', 'params["W_hh1"]')],
     ["lower W_hh for its transpose"]),
    ("detached", [("start = h[-1]", "start = h_0")], ["chunk started from h_0"]),
    ("detached", [("start = h[-1]", "start = 0 * h_0")], ["chunk started from zero"]),
    ("detached", [("range(0, len(x), K)", "range(0, len(x) - K + 1, K)")],
     ["short last chunk dropped"]),
    ("gradient_check", [("not abs(number - grads[name][index])",
                         "not abs(abs(number) - abs(grads[name][index]))")],
     ["wrong sign not found"]),
    ("gradient_check", [("                return False\n    return True",
                         "                return False\n        return True")],
     ["only the first parameter looked at"]),
    ("gradient_check", [("1e-7 * size", "1e-7")], ["fixed tolerance"]),
    ("gradient_check", [("1e-7 * size", "1e-7 * size + 1e-7")], ["wrong small gradient not found"]),
    ("gradient_check", [("/ 2e-5", "/ 1e-5")], ["every gradient rejected"]),
    ("gradient_check", [("(at(1e-5) - at(-1e-5)) / 2e-5", "(at(1e-5) - at(0)) / 1e-5")],
     ["every gradient rejected"]),
    ("gradient_check", [("return False", "return True")], ["every gradient accepted"]),
    ("gradient_check", [("return True", "return None is True"), ("return False", "return True"),
                        ("return None is True", "return False")], ["True and False exchanged"]),
    ("gradient_check", [("for name in params:", "for name in [n for n in params if n[0] == 'W']:")],
     ["biases not looked at"]),
    ("gradient_check", [("np.ndindex(params[name].shape)", "[(0,) * params[name].ndim]")],
     ["only the first entry of a parameter looked at"]),
    ("gradient_check", [("abs(number - grads[name][index])", "number - grads[name][index]")],
     ["single wrong entry not found"]),
    ("gradient_check", [("<= 1e-7 * size", "<= 0.03 * np.abs(grads[name]).max() + 1e-9 * size")],
     ["tolerance too wide"]),
    ("gradient_check", [("if not abs(number - grads[name][index]) <= 1e-7 * size",
                         "if abs(number - grads[name][index]) > 1e-7 * size")], ["NaN not found"]),
    ("gradient_check", [("np.ndindex(params[name].shape)",
                         "[k for k in np.ndindex(params[name].shape) if params[name].ndim < 2 or "
                         "k[0] == 0]")], ["only the first row of a matrix looked at"]),
    ("gradient_check", [("np.ndindex(params[name].shape)",
                         "[k for k in np.ndindex(params[name].shape) if params[name].ndim < 2 or "
                         "k[0] == len(params[name]) - 1]")],
     ["only the last row of a matrix looked at"]),
    ("gradient_check", [("np.ndindex(params[name].shape)",
                         "[k for k in np.ndindex(params[name].shape) if params[name].ndim > 1 or "
                         "k == (0,)]")], ["only the first entry of a bias looked at"]),
    ("gradient_check", [("np.ndindex(params[name].shape)",
                         "[*np.ndindex(params[name].shape)][1:]")],
     ["first entry of a parameter not looked at"]),
    ("gradient_check", [("np.ndindex(params[name].shape)",
                         "[*np.ndindex(params[name].shape)][:-1]")],
     ["last entry of a parameter not looked at"]),
    ("gradient_check", [("np.ndindex(params[name].shape)",
                         "np.ndindex(len(params[name]) - 1, *params[name].shape[1:])")],
     ["last row of a matrix and last entry of a bias not looked at"]),
    ("gradient_check", [("np.ndindex(params[name].shape)",
                         "[k for k in np.ndindex(params[name].shape) if 0 not in k]")],
     ["first index of an axis not looked at"]),
    ("gradient_check", [("np.ndindex(params[name].shape)", "[...]"),
                        ("grads[name][index]", "grads[name].sum()")], ["sums compared"]),
    ("gradient_check", [("                return False\n    return True",
                         "                return False\n            return True")],
     ["only the first entry of the first parameter looked at"]),
    ("gradient_check", [("                return False\n    return True",
                         "                break\n        else:\n            return True\n"
                         "    return False")], ["any for all"]),
    ("gradient_check", [("    for name in params:", "    right = True\n    for name in params:"),
                        ("                return False\n    return True",
                         "                right = False\n            else:\n"
                         "                right = True\n    return right")],
     ["only the last entry of the last parameter looked at"]),
    ("gradient_check", [("    for name in params:",
                         "    for name in [*params][:-1]:")], ["last parameter not looked at"]),
    ("gradient_check", [(" / 2e-5", " * 0")], ["differences that are zero"]),
    ("double_sum", [("range(1, len(v))", "range(1, len(v) - 1)")], ["last loss lost"]),
    ("double_sum", [("range(1, t + 1)", "range(2, t + 1)")], ["oldest use lost"]),
    ("bptt", [("range(T, 0, -1)", "range(T - 1, 0, -1)")], ["last loss lost"]),
    ("bptt", [("    for t in range(T, 0, -1):", '    g["W_yh"] = np.einsum("tmi,tmj->ij", h[1:], e)'
               '\n    g["b_y"] = e.sum(axis=(0, 1))\n    for t in range(T - 1, 0, -1):'),
              ('        g["W_yh"] += h[t].T @ e[t - 1]\n', ""),
              ('        g["b_y"] += e[t - 1].sum(axis=0)\n', "")],
     ["last step sends nothing back"]),
    ("bptt", [("back = delta @ W_hh.T", "back = delta")], ["W_hh left out on the way back"]),
    ("bptt", [("    for t in range(T, 0, -1):", "    d = np.zeros_like(h)\n"
               "    for t in range(T, 0, -1):"),
              ('h[t - 1].T @ delta', 'h[T - t].T @ delta'),
              ('x[t - 1].T @ delta', 'x[T - t].T @ delta')],
     ["gradients paired with steps in reverse order"]),
    ("bptt", [("h[t - 1].T @ delta", "h[t - 2].T @ delta")], ["h_{t-2} for h_{t-1}"]),
    ("input_gradients", [('"h_0": back}', '"h_0": delta @ W_hh}')],
     ["W_hh for its transpose at h_0"]),
    ("relu_backward", [("np.where(h[t] > 0, d_h, 0)", "np.where(h[t] > 0, np.maximum(d_h, 0), 0)")],
     ["guided backpropagation"]),
    ("relu_backward", [("back = delta[t - 1]", "passed = delta[t - 1] + 0; delta[t - 1] = d_h\n"
                        "        back = passed")], ["gradients at the states"]),
    ("relu_backward", [("range(len(e), 0, -1)", "range(len(e) - 1, 0, -1)")],
     ["last step sends nothing back"]),
    ("stacked_backward", [('back_1, back_2 = delta_1[t - 1] @', "back_1, back_2 = d_1 @")],
     ["lower slope left out between the steps"]),
    ("stacked_backward", [('delta_2[t - 1] @ params["W_hh2"].T', 'd_2 @ params["W_hh2"].T')],
     ["upper slope left out between the steps"]),
    ("detached", [("    W_hh, W_yh =", "    K = -(-len(x) // K)\n    W_hh, W_yh =")], ["K chunks"]),
    ("detached", [("    W_hh, W_yh =", "    K = len(x) // K\n    W_hh, W_yh =")],
     ["K chunks and a rest"]),
    ("double_sum", [("range(1, t + 1)", "[t]")], ["sum over k missing"]),
    ("double_sum", [("row = v[t]", "row = v[k]")], ["v_k for v_t"]),
    ("double_sum", [("row = v[t]", "row = v[-1]")], ["v_T for v_t"]),
    ("double_sum", [("range(1, t + 1)", "range(t, -1, -1)")], ["use at step 0 counted"]),
    ("double_sum", [("range(1, len(v))", "range(len(v))"), ("range(1, t + 1)", "range(t + 1)")],
     ["step 0 counted"]),
    ("window", [("range(t, max(0, t - K), -1)", "range(t, max(-1, t - K), -1)")],
     ["use at step 0 counted"]),
    ("window", [("max(0, t - K)", "0"), ("total = total + ", "total = total + (k >= T - K) * ")],
     ["the last K + 1 steps only"]),
    ("window", [("max(0, t - K)", "(t - 1) // K * K")], ["chunks for a window"]),
    ("window", [("max(0, t - K)", "max(0, t - K + 1)")], ["window one step too short"]),
    # the forward pass
    ("rnn_step", [('h @ params["W_hh"]', 'h @ params["W_hh"].T')], ["W_hh of the column form"]),
    ("rnn_step", [('params["b_h"]', '2 * params["b_h"]')], ["bias counted twice"]),
    ("rnn_step", [('+ params["b_h"]', '- params["b_h"]')], ["bias subtracted"]),
    ("rnn_step", [('@ params["W_hh"]', '@ params["W_hh"] @ params["W_hh"]')],
     ["W_hh applied twice"]),
    ("rnn_step", [('params["W_hh"] + params["b_h"])', 'params["W_hh"]) + params["b_h"]')],
     ["bias outside of tanh"]),
    ("forward", [('+ params["b_h"]', ""), ("np.tanh(a)", 'np.tanh(a) + params["b_h"]')],
     ["bias outside of tanh"]),
    ("forward", [('@ params["W_hh"]', '@ params["W_hh"] @ params["W_hh"]')],
     ["W_hh applied twice"]),
    ("forward", [("h[t - 1] @ params", "h[0] @ params")], ["state not carried on"]),
    ("forward", [("h[0] = h_0", "pass")], ["h_0 taken as zero"]),
    ("forward", [("    h[0] = h_0\n", ""), ("    return h,", "    h[0] = h_0\n    return h,")],
     ["first step from zeros"]),
    ("forward", [("return h, ", "return h[1:], ")], ["h without h_0"]),
    ("forward", [("h[0] = h_0", "pass"), ("return h, ", "return h[1:], ")],
     ["h without h_0", "first step from zeros"]),
    ("from_torch", [("weight_hh.T", "weight_hh")], ["square matrix not transposed"]),
    ("from_torch", [("weight_ih.T", "weight_ih.reshape(weight_ih.shape[::-1])")],
     ["reshaped for transposed"]),
    ("from_torch", [("bias_ih + bias_hh", "bias_ih - bias_hh")], ["biases subtracted"]),
    ("from_torch", [("bias_ih + bias_hh", "bias_ih")], ["second bias forgotten"]),
    ("loss", [("    return total", "    return total / len(y)")], ["mean over time"]),
    ("loss", [("    return total", "    return total / m"),
              ("    total = 0", "    total, m = 0, y.shape[1]")],
     ["mean over the batch"]),
    ("loss", [("    total = 0", "    total, y = 0, y.T.reshape(y.shape)")],
     ["targets batch first"]),
    ("loss", [("if y[t, i] >= 0", "if True")], ["mask ignored"]),
    ("loss", [("if y[t, i] >= 0", "if y[t, i] > 0")], ["class 0 left out"]),
    ("loss", [("if y[t, i] >= 0", "if y[t, i]")], ["truth of the class"]),
    ("loss", [("range(len(y))", "range(1, len(y))")], ["first step left out"]),
    ("loss", [("range(len(y))", "range(len(y) - 1)")], ["last step left out"]),
    ("loss", [("    total = 0", "    total, y = 0, np.roll(y, -1, axis=0)")],
     ["targets of the step after"]),
    ("loss", [("p[t, i, y[t, i]]", "p[t, i, y[t, i] - 1]")], ["classes counted from 1"]),
    ("loss", [("total -= np.log(p[t, i, y[t, i]])", "total += 1 - p[t, i, y[t, i]]")],
     ["logarithm missing"]),
    ("loss", [("    o = o - o.max(axis=-1, keepdims=True)\n", "")], ["exp overflows"]),
    ("loss", [("o - o.max(axis=-1, keepdims=True)", "np.clip(o, -500, 500)")], ["exp overflows"]),
    ("loss", [("    total = 0", "    p = np.exp(p) / np.exp(p).sum(-1, keepdims=True); total = 0")],
     ["softmax applied twice"]),
    ("loss", [("axis=-1", "axis=0")], ["softmax over time"]),
    ("logit_gradient", [("y.sum(axis=1, keepdims=True) * yhat - y",
                         "-y / yhat * yhat * (1 - yhat)")],
     ["diagonal of the softmax alone"]),
    # Jacobians
    ("step_jacobian", [("np.diag(1 - h_t**2) @ params[\"W_hh\"].T",
                        "params[\"W_hh\"].T @ np.diag(1 - h**2)")],
     ["slopes on the columns", "slope at the old state"]),
    ("step_jacobian", [("np.diag(1 - h_t**2) @ params[\"W_hh\"].T",
                        "params[\"W_hh\"].T @ np.diag(1 - h_t**2)")], ["slopes on the columns"]),
    ("jacobian_product", [("range(k + 1, t + 1)", "range(max(k, 1), t + 1)")],
     ["J_k in the product"]),
    ("jacobian_product", [("range(k + 1, t + 1)", "range(k, t + 1)")],
     ["J_k in the product, and J_T for k = 0"]),
    ("jacobian_product", [("return P", "return P.T")], ["product transposed"]),
    ("jacobian_product", [("range(k + 1, t + 1)", "range(max(k, 1), t + 1) if t > k else []")],
     ["J_k in the product"]),
    ("jacobian_product", [("range(k + 1, t + 1)", "range(k, t + 1) if t > k else []")],
     ["J_k in the product, and J_T for k = 0"]),
    ("jacobian_product", [("range(k + 1, t + 1)", "range(max(k, 1), t)")],
     ["index shifted by one, the other way, unless k is 0"]),
    ("jacobian_product", [("range(k + 1, t + 1)", "range(k + 1, len(J) + 1)")],
     ["from k to the end"]),
    ("jacobian_product", [("range(k + 1, t + 1)", "range(1, t + 1)")], ["from the start to t"]),
    ("jacobian_product", [("range(k + 1, t + 1)", "range(t + 1, k + 1)")], ["always the identity"]),
    ("jacobian_product", [("J[j - 1] @ P", "J[j - 1] * P")],
     ["product entry by entry, from the identity"]),
    ("jacobian_product", [("    return P", "    return np.prod(J[k:t], axis=0)")],
     ["product entry by entry, and ones for t = k"]),
    ("norm_bound", [("    return (", "    return 1.0 if lag == 0 else ("),
                    ("** lag", "** (lag + 1)")], ["exponent one too large"]),
    ("norm_bound", [("** lag", "")], ["bound of a single step"]),
    ("norm_bound", [("(gamma * np.linalg.svd(W_hh)[1][0]) ** lag",
                     "gamma**lag * np.linalg.norm(np.linalg.matrix_power(W_hh, lag), 2)")],
     ["norm of the power"]),
    ("step_jacobian", [("1 - h_t**2", "(1 - h_t**2) ** 2")], ["slope squared"]),
    ("norm_bound", [("svd(W_hh)[1][0]", "svd(W_hh)[1].prod()")],
     ["product of the singular values"]),
    ("lyapunov", [("len(J)", "(len(J) - 1)")], ["divided by T - 1"]),
    ("lyapunov", [("np.sort(total / len(J))[::-1]", "total / len(J)")], ["rates not sorted"]),
    ("lyapunov", [("[::-1]", "")], ["smallest rate first"]),
    ("lyapunov", [("in J:", "in J[1:]:")], ["first Jacobian left out"]),
    ("lyapunov", [("return np.sort", "return np.exp(np.sort"), ("[::-1]", ")[::-1]")],
     ["factors for rates"]),
    ("jacobian_product", [("range(k + 1, t + 1)", "range(k, t)")],
     ["index shifted by one, the other way"]),
    ("norm_bound", [("(gamma * np.linalg.svd(W_hh)[1][0]) ** lag",
                     "gamma ** lag * np.linalg.svd(W_hh)[1][0]")],
     ["bound of the weights only once"]),
    ("logit_gradient", [("y.sum(axis=1, keepdims=True) * yhat - y",
                         "yhat - y / y.sum(axis=1, keepdims=True)")],
     ["targets divided by their sum"]),
    ("norm_bound", [("np.linalg.svd(W_hh)[1][0]", "max(abs(np.linalg.eigvals(W_hh)))")],
     ["spectral radius in the bound"]),
    ("lyapunov", [(QR_OF_EACH_STEP,
                   "        Q = J_t @ Q"),
                  ("total / len(J)", "np.log(np.linalg.svd(Q)[1]) / len(J)")],
     ["singular values of the product"]),
    ("lyapunov", [(QR_OF_EACH_STEP,
                   "        Q = J_t @ Q"),
                  ("total / len(J)",
                   "np.log(np.abs(np.diag(np.linalg.qr(Q)[1]))) / len(J)")],
     ["never made orthonormal again"]),
    ("lyapunov", [("Q, R = np.linalg.qr(J_t @ Q)", "R = np.linalg.qr(J_t)[1]")],
     ["Q not handed on"]),
    ("lyapunov", [("np.linalg.qr(J_t @ Q)", "np.linalg.qr(Q @ J_t)")], ["Q not handed on"]),
    ("lyapunov", [("in J:", "in J[:-1]:")], ["last Jacobian left out"]),
    # LSTM and GRU
    ("lstm_step", [("o * np.tanh(C_new)", "o * C_new")], ["tanh of the cell forgotten"]),
    ("lstm_step", [('for g in "ifo"', 'for g in "iof"')], ["forget and output gate exchanged"]),
    ("lstm_step", [("    C_new =", "    i = 1 - f\n    C_new =")], ["input gate coupled"]),
    ("lstm_step", [('for g in "ifo"', 'for g in "ifC"'), ('gate("C")', 'gate("o")')],
     ["output gate and candidate exchanged"]),
    ("lstm_step", [('np.tanh(gate("C"))', 'gate("C")')], ["tanh of the candidate forgotten"]),
    ("lstm_step", [("return o *", "return i *")], ["input gate for the output gate"]),
    ("lstm_step", [('for g in "ifo"', 'for g in "iio"')], ["input gate for the forget gate"]),
    ("gru_step", [("(r * h)", "(z * h)")], ["update gate for the reset gate"]),
    ("gru_step", [("(r * h)", "((1 - r) * h)")], ["reset gate the other way round"]),
    ("lstm_backward", [
        ("(1 - np.tanh(C[t + 1]) ** 2)", "(1 - np.tanh(np.tanh(C[t + 1])) ** 2)"),
        ("o[t] * (1 - o[t])", "s(o[t]) * (1 - s(o[t]))"),
        ("f[t] * (1 - f[t])", "s(f[t]) * (1 - s(f[t]))"),
        ("i[t] * (1 - i[t])", "s(i[t]) * (1 - s(i[t]))"),
        ("(1 - new[t] ** 2)", "(1 - np.tanh(new[t]) ** 2)"),
        ("    delta = {g", "    s = lambda a: 1 / (1 + np.exp(-a))\n    delta = {g"),
    ], ["all slopes fed with activations"]),
    ("lstm_backward", [("f[t] * (1 - f[t])", "1 / (1 + np.exp(-f[t]))")],
     ["slope of the forget gate replaced by the sigmoid"]),
    ("lstm_backward", [("o[t] * (1 - o[t])", "(1 - o[t] ** 2)")],
     ["slope of the output gate that of tanh"]),
    ("lstm_backward", [("+ back", "+ 0 * back"), ("along = g_C", "along = 0 * g_C")],
     ["nothing handed back"]),
    ("lstm_backward", [("along = g_C", "along = 0 * g_C")], ["nothing carried along the cell"]),
    ("lstm_backward", [("g_C * f[t + 1]", "g_C")],
     ["carried along the cell without the forget gate"]),
    ("lstm_backward", [("g_C * i[t] * (1 - new[t] ** 2)",
                        "along * i[t] + (g_C - along) * i[t] * (1 - new[t] ** 2)")],
     ["parenthesis missing at the candidate, slope on the path from h_t"]),
    ("lstm_backward", [("g_h * np.tanh(C[t + 1])", "g_h * C[t + 1]")],
     ["C_t for tanh(C_t) at the output gate"]),
    ("lstm_gradients", [('h[:-1], delta[k]', 'h[1:], delta[k]')], ["h_t for h_{t-1}"]),
    ("lstm_gradients", [("along = g_C", "along = 0 * g_C")], ["nothing carried along the cell"]),
    ("lstm_gradients", [('in "ifoC")', 'in "ifC")')],
     ["output gate not carried back"]),
    ("gru_step", [("(r * h) @ p[\"W_hn\"]", "h @ p[\"W_hn\"]")], ["reset gate missing"]),
    ("gru_step", [("(r * h) @ p[\"W_hn\"]", "r * (h @ p[\"W_hn\"])")], ["reset after the matrix"]),
    ("gru_step", [("(r * h) @ p[\"W_hn\"] + p[\"b_n\"]", "r * (h @ p[\"W_hn\"] + p[\"b_n\"])")],
     ["reset after matrix and bias"]),
    ("gru_backward", [("g * z + ", "")], ["direct path missing"]),
    ("gru_backward", [("u * r +", "u +")], ["reset gate forgotten on the way back"]),
    ("gru_backward", [("(old - new)", "(new - old)")], ["sign at the update gate"]),
    ("gru_backward", [(" + d_z @ p[\"W_hz\"].T + d_r @ p[\"W_hr\"].T", "")],
     ["paths through both gates missing"]),
    ("gru_backward", [("back = g * z", "back = g * (1 - z)")], ["1 - z for z on the direct path"]),
    ("gru_backward", [("(r * old) @ p[\"W_hn\"]", "r * (old @ p[\"W_hn\"])"),
                      ("d_r = u * old", "d_r = d_n * (old @ p[\"W_hn\"])"),
                      ("u * r", "(d_n * r) @ p[\"W_hn\"].T")], ["reset after the matrix"]),
    ("gru_backward", [("(old - new)", "(h[t + 1] - new)"), ("u * old", "u * h[t + 1]")],
     ["h_t for h_{t-1} at the gates"]),
    ("cell_derivative", [("A[j] @ d_h + F[j] @ d_C", "F[j] @ d_C")], ["product of forget gates"]),
    ("cell_derivative", [("return d_C", "return d_h")], ["derivative of h for that of C"]),
    ("cell_derivative", [("range(1, len(A))", "range(len(A))")], ["step t - k counted"]),
    ("cell_derivative", [("range(1, len(A))", "range(1, len(A) - 1)")], ["newest step lost"]),
    ("cell_derivative", [("P[j] @ new_C", "P[j] @ F[j] @ d_C")],
     ["old h left out of the new one through the cell"]),
    ("cell_derivative", [("        d_C = new_C\n", "        d_C = A[j] @ d_h + F[j] @ d_C\n")],
     ["new h read by the cell"]),
    ("cell_derivative", [("P[j] @ new_C", "P[j] @ (A[j] @ d_h + F[j] @ new_C)")],
     ["new cell state multiplied by F once more"]),
    # training
    ("clip_by_norm", [("np.sqrt(sum(np.sum(g**2) for g in grads.values()))",
                       "sum(np.sum(g**2) for g in grads.values())")], ["square of the norm"]),
    ("clip_by_norm", [("g * factor for", "g * min(1, tau / np.linalg.norm(g)) for")],
     ["clipped per parameter"]),
    ("clip_by_norm", [("tau / norm", "norm / tau")], ["norm over tau"]),
    ("momentum", [("+ g", "+ (1 - mu) * g")], ["velocity averaged"]),
    ("clip_by_norm", [("min(1, tau / norm)", "1 if norm < tau else tau")], ["times tau"]),
    ("clip_by_norm", [("min(1, tau / norm)", "1 if norm < tau else tau / norm**2")],
     ["divided by the square of the norm"]),
    ("clip_by_norm", [("tau / norm", "1 / norm")], ["threshold 1"]),
    ("momentum", [("mu * v + g", "eta * v + g"), ("theta - eta * v", "theta - mu * v")],
     ["mu and rate exchanged"]),
    ("momentum", [("theta - eta * v", "theta - eta * g")], ["step along the gradient"]),
    ("momentum", [("+ g", "+ eta * g")], ["rate twice"]),
    ("momentum", [("theta - eta * v", "theta - v")], ["rate forgotten"]),
    ("momentum", [("    v = mu * v + g", "    old = v; v = mu * v + g"), ("* v, v", "* v, old")],
     ["old velocity handed on"]),
    ("momentum", [("mu * v + g", "mu * (v + g)")], ["mu at both"]),
    ("momentum", [("+ g", "- eta * g"), ("- eta * v", "+ v")],
     ["rate and sign inside the velocity"]),
    ("momentum", [("+ g", "- g"), ("- eta * v", "+ eta * v")], ["sign inside the velocity"]),
    ("momentum", [("+ g", "- g")], ["gradient and velocity subtracted"]),
    ("momentum", [("+ g", "- eta * g"), ("- eta * v", "- v")],
     ["gradient and velocity subtracted, rate inside the velocity"]),
    ("adam", [("**j", "")], ["corrected as at the first update"]),
    ("adam", [("1 - beta_2**j", "1 - beta_1**j")], ["beta_1 in both corrections"]),
    ("adam", [("1 - beta_1**j", "1 - beta_2**j")], ["beta_2 in both corrections"]),
    ("adam", [("* g * g", "* np.abs(g)")], ["absolute value for the square"]),
    ("adam", [("eta * u_hat", "u_hat")], ["rate forgotten"]),
    ("adam", [("    u = beta_1", "    u_hat = u / (1 - beta_1**j); s_hat = s / (1 - beta_2**j)\n"
               "    u = beta_1"), ("    u_hat = u / (1 - beta_1**j)\n    s_hat", "    unused")],
     ["step along the old averages"]),
    ("adam", [("(np.sqrt(s_hat) + epsilon)",
               "(np.sqrt(s_hat) + epsilon / np.sqrt(1 - beta_2**j))")],
     ["epsilon beside the uncorrected root"]),
    ("adam", [("np.sqrt(s_hat) + epsilon", "np.sqrt(s_hat + epsilon)")],
     ["epsilon under the root"]),
    ("adam", [("s_hat = s / (1 - beta_2**j)", "s_hat = s")], ["squares not corrected"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changes", "mistakes"), NAMED)
def test_what_people_get_wrong_is_named(name, changes, mistakes):
    answer = check[name](changed(name, *changes))
    assert not answer
    assert sorted(mistake.name for mistake in answer.mistakes) == sorted(mistakes), answer


def appended(params, x, h_0, copy=True):
    state, h = (h_0.copy() if copy else h_0), []
    h.append(state)
    for x_t in x:
        state[...] = np.tanh(x_t @ params["W_xh"] + state @ params["W_hh"] + params["b_h"])
        h.append(state)
    h = np.array(h)
    return h, h[1:] @ params["W_yh"] + params["b_y"]


def joined(g, *_):
    both = np.concatenate([g["W_hh"], g["W_xh"]])
    return {**g, "W_hh": both, "W_xh": both}


def times(**factors):
    return lambda g, *_: {name: factors.get(name, 1) * value for name, value in g.items()}


# exercise, function, what the answer says
LOCATED = [
    ("bptt", changed("bptt", ('g["b_y"] += e[t - 1].sum(axis=0)', 'g["b_y"] += g["b_y"]')),
     ["b_y   zero: is it ever added to?", "W_xh  right", "b_h   right"]),
    ("bptt", then("bptt", times(W_hh=2, b_h=4)),
     ["the right one times 2", "the right one times 4", "W_xh  right"]),
    ("bptt", changed("bptt", ("e = yhat - target",
                              "e = np.zeros_like(target, int); e[:] = yhat - target")),
     ["Everything is zero. Is something put into an array of integers", "b_y   zero"]),
    ("bptt", then("bptt", lambda g, *_: {**g, "b_y": g["b_y"].astype(int)}),
     ["`b_y` comes back as integers", "b_y   integers: the fractions were cut off"]),
    ("bptt", then("bptt", joined),
     ["shape (n_inputs+n, n), should be (n, n): its first rows are the right ones"]),
    ("forward", appended, ["all steps hold the same numbers: is one array appended each time"]),
    ("forward", partial(appended, copy=False),
     ["all steps hold the same numbers", "It changes `h_0`"]),
    ("forward", changed("forward", ("np.tanh(a)", "np.tanh(a) * (1.1 if t == 3 else 1)")),
     ["h  right up to step 2; step 3 is the first that is wrong"]),
    ("forward", then("forward", lambda r, *_: (r[0][::-1], r[1])),
     ["h  the steps are in reverse order", "o  right"]),
    ("forward", then("forward", lambda r, *_: (np.roll(r[0], 1, axis=0), r[1])),
     ["h  each step holds what belongs to the step before"]),
    ("lstm_backward", changed("lstm_backward", ("(1 - f[t])", "(1 - f[t]) ** 2")),
     ["f  wrong at every step", "i  right at the last step, wrong before",
      "At the last step `f` is wrong, and `i`, `o` and `C` right: begin there."]),
    ("lstm_backward", changed("lstm_backward", ("g_C * f[t + 1]", "g_C * f[t + 1] ** 2")),
     ["i  right at the last step, wrong before: look at what goes from step to step",
      "It is right for a single step, T = 1."]),
    ("gru_backward", changed("gru_backward", ("g * z + u", "g * z**2 + u")),
     ["z  right at the last step, wrong before"]),
    ("relu_backward", changed("relu_backward", ("range(len(e), 0, -1)", "range(len(e), 1, -1)")),
     ["delta  wrong at step 1 only"]),
    ("lstm_step", then("lstm_step", lambda r, *_: r[::-1]),
     ["h_t  the numbers of `C_t`", "C_t  the numbers of `h_t`"]),
    ("momentum", then("momentum", lambda r, *_: r[::-1]), ["theta  the numbers of `v`"]),
    ("rnn_step", then("rnn_step", lambda h, *_: np.array([h, h])),
     ["h_t  shape (2, m, n), should be (m, n)\n", "The shapes are not those of the result."]),
    ("logit_gradient", then("logit_gradient", lambda e, *_: e[:, :, None] * e[:, None]),
     ["e  shape (m, n_outputs, n_outputs), should be (m, n_outputs)\n"]),
    ("relu_backward", then("relu_backward", lambda d, *_: d != 0),
     ["The numbers differ", "delta  wrong at every step"]),
    ("rnn_step", then("rnn_step", lambda h, *_: h[:0]), ["h_t  shape (0, n), should be (m, n)"]),
    ("rnn_step", then("rnn_step", lambda h, *_: h[1:]),
     ["h_t  shape (3 or 4, n), should be (m, n)"]),
    ("bptt", then("bptt", lambda g, *_: {**g, "W_xh": g["W_xh"].T.reshape(g["W_xh"].shape)}),
     ["W_xh  the right numbers in other places: is it reshaped, or are axes mixed up?",
      "W_hh  right"]),
    ("input_gradients", then("input_gradients", lambda g, *_: {**g, "x": g["x"].cumsum(axis=0)}),
     ["x    right at step 1; step 2 is the first that is wrong"]),
    ("bptt", changed("bptt", ("back = delta @ W_hh.T", "back = 0.7 * delta @ W_hh.T")),
     ["It is right for a single step, T = 1", "W_yh  right"]),
    ("bptt", changed("bptt", ("h[0] = h_0", "h[0] = 1.5 * h_0")), ["It is right for h_0 = 0"]),
    ("loss", changed("loss", ("np.log(p[t, i, y[t, i]])", "np.log(p[t, 0, y[t, i]])")),
     ["It is right for one prediction and for one sequence in which every step has a target"]),
    ("norm_bound", changed("norm_bound", ("** lag", "** max(lag, 2)")),
     ["It is right for gamma = 0.25, lag = 3 and for gamma = 0.6, lag = 4, and wrong for gamma = "
      "0.9, lag = 1 and for gamma = 0.7, lag = 0."]),
    ("clip_by_norm", changed("clip_by_norm", ("min(1, tau / norm)", "min(0.9, tau / norm)")),
     ["It is right for a norm of 26, tau = 0.3 and for a norm of 28.1, tau = 0.5 and for a norm "
      "of 0.4, tau = 0.3, and wrong for a norm of 0.1, tau = 0.3 and for a norm of 1.7, tau = 2."]),
    ("clip_by_norm", changed("clip_by_norm", ("min(1, tau / norm)",
                                              "tau / norm if norm**2 > tau else 1")),
     ["wrong for a norm of 0.4, tau = 0.3 and for a norm of 1.7, tau = 2."]),
    ("rnn_step", lambda params, x_t, h: np.random.default_rng().random(h.shape),
     ["a second call with the same arguments gives others again"]),
    ("rnn_step", changed("rnn_step", ("h @", "np.tanh(h) @")), ["It is right for h = 0."]),
    ("gru_step", changed("gru_step", ("z * h +", "z * np.tanh(h) +")), ["It is right for h = 0."]),
    ("lstm_step", changed("lstm_step", ("f * C", "f * np.tanh(C)")), ["It is right for C = 0."]),
    ("forward", changed("forward", ('+ params["b_h"]', '+ params["b_h"] * (t == 1)')),
     ["step 2 is the first that is wrong", "It is right for b_h = 0."]),
    ("double_sum", changed("double_sum", ("row @ J[j]", "row @ J[t]")),
     ["It is right for a single step, T = 1 and for two steps and for Jacobians of zeros."]),
    ("norm_bound", changed("norm_bound", ("svd(W_hh)[1][0]", "svd(W_hh)[1].mean()")),
     ["It is right for one neuron."]),
    ("clip_by_norm", changed("clip_by_norm", ("np.sum(g**2)", "np.sum(np.abs(g) ** 3)")),
     ["W_xh  relative error", "a multiple of the right one, but not the same in all problems"]),
    ("adam", changed("adam", ("1 - beta_1**j", "1 - beta_1 * j"), ("1 - beta_2**j",
                                                                   "1 - beta_2 * j")),
     ["a `log` or root of something that is not positive"]),
    ("norm_bound", changed("norm_bound", ("** lag", "** max(lag, 1)")),
     ["and for gamma = 0.6, lag = 4, and wrong for gamma = 0.7, lag = 0."]),
    ("jacobian_product", changed("jacobian_product", ("J[j - 1] @ P", "J[j - 1] @ P / (1 + k)")),
     ["It is right for t = 7, k = 0 and for t = 3, k = 3, and wrong for t = 6, k = 2.",
      "It is right for t = 1, k = 0."]),
    ("jacobian_product", changed("jacobian_product", ("np.eye(J.shape[1])", "0 * J[0]")),
     ["Everything is zero.", "or does a product begin with zeros?"]),
    ("window", changed("window", ("t - K", "t - 3")), ["right for K = 3, and wrong for K = 2."]),
    ("window", changed("window", ("t - K", "t - 2")), ["right for K = 2, and wrong for K = 3."]),
    ("detached", changed("detached", ("    W_hh, W_yh =", "    K = 3\n    W_hh, W_yh =")),
     ["It is right for K = 3, and wrong for K = 2."]),
    ("detached", changed("detached", ("    W_hh, W_yh =", "    x = x[:7]\n    W_hh, W_yh =")),
     ["It is right for T = 7, m = 4, n_inputs = 3, n = 5, n_outputs = 6, and wrong for T = 8, m = "
      "5, n_inputs = 2, n = 4, n_outputs = 3. Is a size written as a number?"]),
    ("forward", changed("forward", ("range(1, T + 1)", "range(1, 8)")),
     ["h  wrong at step 8, where T = 8", "Is a size written as a number?"]),
    ("forward", changed("forward", ("np.zeros((T + 1, *h_0.shape))",
                                    "np.zeros((T + 1, *h_0.shape), int)")),
     ["h  integers: the fractions were cut off", "o  all steps hold the same numbers\n"]),
    ("momentum", changed("momentum", ("mu * v", "mu**2 * v"), ("theta - eta", "theta - 2 * eta")),
     ["For the first update, v = 0, `v` is right, but `theta` is not."]),
    ("adam", then("adam", lambda r, theta, g, *_: (r[0], g, r[2])),
     ["u      the argument `g` as it was given", "theta  right"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "function", "told"), LOCATED)
def test_what_has_no_name_is_located(name, function, told):
    answer = check[name](function)
    text = "\n".join([*answer.rows()])
    assert not answer and not answer.mistakes, answer
    for sentence in told:
        assert sentence in f"{answer.sentence}\n{text}", answer


def low(value):
    if isinstance(value, dict):
        return {name: low(part) for name, part in value.items()}
    return value.astype(np.float32) if getattr(value, "dtype", None) == np.float64 else value


# exercise, function, what the answer says of the form
FORMS = [
    ("bptt", then("bptt", lambda g, *_: {f"d{k}": v for k, v in g.items()}),
     "`dW_xh` is `W_xh`, `dW_hh` is `W_hh`"),
    ("bptt", then("bptt", lambda g, *_: tuple(g.values())),
     "a tuple of 5 members; return a dict with the keys W_xh, W_hh, b_h, W_yh, b_y"),
    ("bptt", then("bptt", lambda g, *_: (3.0, g)), "one member of a tuple; return that dict alone"),
    ("bptt", then("bptt", lambda g, *_: {**g, "b_h": g["b_h"][None]}),
     "`b_h` has shape (1, n), should be (n,): it has axes of length 1"),
    ("bptt", then("bptt", lambda g, *_: {**g, "b_y": g["b_y"][:, None]}),
     "`b_y` has shape (n_outputs, 1), should be (n_outputs,)"),
    ("forward", then("forward", lambda r, *_: [np.moveaxis(a, 0, 1) for a in r]),
     "`h` has shape (m, T+1, n), should be (T+1, m, n): its axes are in another order"),
    ("forward", then("forward", lambda r, *_: [np.moveaxis(a, 0, -1) for a in r]),
     "`o` has shape (m, n_outputs, T), should be (T, m, n_outputs)"),
    ("forward", then("forward", lambda r, *_: (*r, "cache")),
     "a tuple of 3 members; return (h, o)"),
    ("forward", then("forward", lambda r, *_: {"h": r[0], "o": r[1]}),
     "The function returns a dict; return (h, o)"),
    ("rnn_step", then("rnn_step", lambda h, *_: h.T), "`h_t` has shape (n, m), should be (m, n)"),
    ("rnn_step", then("rnn_step", lambda h, params, *_: (h, h @ params["W_yh"])),
     "a tuple of 2 members; return `h_t` alone"),
    ("rnn_step", then("rnn_step", lambda h, *_: (h, h)),
     "a tuple of 2 members; return `h_t` alone"),
    ("loss", lambda o, y: np.where(
        y >= 0, np.log(np.exp(o - o.max(-1, keepdims=True)).sum(-1)) + o.max(-1)
        - np.take_along_axis(o, np.maximum(y, 0)[..., None], -1)[..., 0], 0),
     "`loss` has shape (T, m), should be (): it is not summed over T and m"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "function", "told"), FORMS)
def test_right_numbers_in_another_form_are_told_so(name, function, told):
    answer = check[name](function)
    assert not answer and not answer.mistakes and not answer.table
    assert answer.sentence == "The numbers are right, but the form is not the one asked for."
    assert told in " ".join(answer.notes), answer


def test_a_known_mistake_is_named_in_another_form_too():
    wrong = changed("forward", ("h[t - 1] @ params", "h[0] @ params"))
    answer = check.forward(lambda *a: [np.moveaxis(part, 0, 1) for part in wrong(*a)])
    assert [mistake.name for mistake in answer.mistakes] == ["state not carried on"]
    assert "its axes are in another order" in " ".join(answer.notes)


@pytest.mark.parametrize(
    ("name", "function", "remark"),
    [
        ("bptt", lambda *a: written(SOLUTIONS["bptt"])(*map(low, a)), "single precision"),
        ("loss", changed("loss", ("total -= np.log(p[", "total -= np.log(1e-12 + p[")),
         "a small number that was added"),
        ("loss", changed("loss", ("total -= np.log(p[", "total -= np.log(1e-16 + p[")), ""),
        ("loss", changed("loss", ("total -= np.log(p[", "total -= np.log(1e-7 + p[")),
         "a small number that was added"),
        ("clip_by_norm", changed("clip_by_norm", ("tau / norm", "tau / (norm + 1e-6)")),
         "a small number that was added"),
    ],
)  # fmt: skip
def test_what_is_right_but_for_a_little_is_right_with_a_remark(name, function, remark):
    answer = check[name](function)
    assert answer and remark in answer.sentence
    assert bool(remark) == ("double precision" in answer.sentence)


def test_what_is_exact_is_no_sign_of_single_precision():
    """The identity, for t = k, is the same in any precision."""
    right = written(SOLUTIONS["jacobian_product"])
    answer = check.jacobian_product(lambda J, t, k: right(J, t, k) * (1 + 1e-9 * (t > k)))
    assert answer and "finite differences, rounding, or a small number" in answer.sentence


def test_what_changes_its_arguments_is_not_right():
    def in_place(grads, tau):
        norm = np.sqrt(sum((g**2).sum() for g in grads.values()))
        for g in grads.values():
            g *= min(1, tau / (norm + 1e-6))
        return grads

    answer = check.clip_by_norm(in_place)
    assert not answer and "The numbers are right" in answer.sentence
    assert "a small number that was added" in answer.sentence
    assert "It changes `grads`" in " ".join(answer.notes)


# --------------------------------------------------------------------- never a false explanation


def disturbed(value, rng):
    """Multiply some entries of some parts by random numbers, and leave the others."""
    if isinstance(value, dict):
        return dict(zip(value, disturbed(tuple(value.values()), rng), strict=True))
    if isinstance(value, tuple):
        hit = rng.random(len(value)) < 0.6
        hit[rng.integers(len(value))] = True
        return tuple(disturbed(v, rng) if h else v for v, h in zip(value, hit, strict=True))
    value = np.asarray(value, float)
    how = rng.choice(["noise", "one entry", "one step", "factor", "shift"])
    if how == "one entry" and value.ndim:
        value = value.copy()
        value[tuple(rng.integers(value.shape))] += rng.uniform(0.5, 2)
        return value
    if how == "one step" and value.ndim:
        value = value.copy()
        value[rng.integers(len(value))] *= rng.uniform(1.1, 3)
        return value
    if how == "factor":
        return value * rng.uniform(1.1, 3)
    if how == "shift":
        return value + rng.uniform(0.1, 1)
    return value * rng.uniform(0.5, 1.5, value.shape)


RIGHT = {name: written(text) for name, text in SOLUTIONS.items() if name != "gradient_check"}


@pytest.mark.parametrize("name", RIGHT)
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=5, deadline=None)
def test_what_is_wrong_at_random_is_never_given_a_name(name, seed):
    rng = np.random.default_rng(seed)
    answer = check[name](lambda *arguments: disturbed(RIGHT[name](*arguments), rng))
    assert not answer and not answer.mistakes, answer


@pytest.mark.parametrize("name", RIGHT)
@pytest.mark.parametrize("factor", [-3.7, 0.0, 1.198])
def test_a_factor_or_a_zero_is_no_mistake_of_the_recursion(name, factor):
    def scaled(value):
        if isinstance(value, dict):
            return {k: scaled(v) for k, v in value.items()}
        return tuple(map(scaled, value)) if isinstance(value, tuple) else factor * np.asarray(value)

    answer = check[name](lambda *arguments: scaled(RIGHT[name](*arguments)))
    assert not answer and not answer.mistakes, answer


@pytest.mark.parametrize("name", RIGHT)
def test_a_factor_that_differs_is_not_taken_for_clipping(name):
    """Clipped gradients are equally long."""
    rng = np.random.default_rng(0)

    def scaled(value, factor):
        if isinstance(value, dict):
            return {k: scaled(v, factor) for k, v in value.items()}
        if isinstance(value, tuple):
            return tuple(scaled(v, factor) for v in value)
        return factor * np.asarray(value)

    answer = check[name](lambda *a: scaled(RIGHT[name](*a), rng.uniform(0.2, 0.9)))
    assert not answer and not answer.mistakes, answer


@pytest.mark.parametrize("name", RIGHT)
def test_a_single_part_that_is_zero_is_told_as_that(name):
    exercise = check[name]
    if not isinstance(exercise.like, dict | tuple):
        return
    for part in exercise.result(0):

        def one_is_zero(*arguments, part=part):
            value = RIGHT[name](*arguments)
            if isinstance(value, dict):
                return {**value, part: 0 * value[part]}
            pairs = zip(exercise.returns, value, strict=True)
            return tuple(0 * v if k == part else v for k, v in pairs)

        answer = exercise(one_is_zero)
        assert not answer and not answer.mistakes, answer
        assert dict(answer.table)[part].startswith("zero")


# -------------------------------------------------------------------------- special cases

WITH_SPECIAL_CASES = [name for name in RIGHT if check[name].simpler]


def spoilt(name, ordinary, special):
    """Return a function that does something to its results, and later to those of special cases."""
    calls = iter([ordinary] * (len(check[name].problems) + 1) + [special] * 9)
    return lambda *arguments: next(calls)(RIGHT[name](*arguments))


def as_it_is(value):
    return value


def stops(value):
    raise KeyError("W")


def noise(value):
    return disturbed_everywhere(value, np.random.default_rng(0))


def disturbed_everywhere(value, rng):
    if isinstance(value, dict):
        return {name: disturbed_everywhere(part, rng) for name, part in value.items()}
    if isinstance(value, tuple):
        return tuple(disturbed_everywhere(part, rng) for part in value)
    return np.asarray(value, float) + rng.uniform(1, 2, np.shape(value))


def abouts(name):
    return [problem.about for problem in check[name].simpler]


@pytest.mark.parametrize("name", WITH_SPECIAL_CASES)
def test_of_special_cases_it_is_said_what_is_so(name):
    right = str(check[name](spoilt(name, noise, as_it_is))).replace("\n  ", " ")
    assert f"It is right for {' and for '.join(abouts(name))}." in right
    wrong = str(check[name](spoilt(name, noise, noise))).replace("\n  ", " ")
    assert f"It is wrong even for {abouts(name)[0]}: begin with that." in wrong
    neither = str(check[name](spoilt(name, noise, stops))).replace("\n  ", " ")
    assert "wrong even" not in neither and "It is right for" not in neither


@pytest.mark.parametrize("name", WITH_SPECIAL_CASES)
def test_what_is_wrong_in_special_cases_alone_is_not_right(name):
    answer = check[name](spoilt(name, as_it_is, noise))
    said = f"It is right otherwise, and wrong for {' and for '.join(abouts(name))}."
    assert not answer and answer.sentence == said
    answer = check[name](spoilt(name, as_it_is, stops))
    said = f"It is right otherwise, but not for {abouts(name)[0]}. The function stops"
    assert not answer and answer.sentence.startswith(said)


@pytest.mark.parametrize("name", check)
def test_no_number_is_the_same_in_all_problems(name):
    """Else a function that has it in its text would be called right."""
    problems = check[name].problems
    for argument, value in problems[0].arguments.items():
        if isinstance(value, int | float):
            assert len({problem.arguments[argument] for problem in problems}) > 1, argument
    for arguments in zip(*(problem.arguments.values() for problem in problems), strict=True):
        shapes = {str({k: np.shape(v) for k, v in value.items()}) if isinstance(value, dict)
                  else np.shape(value) for value in arguments}  # fmt: skip
        assert len(shapes) > 1 or shapes == {()}


def test_names_written_into_a_function_are_not_called_right():
    answer = check.clip_by_norm(
        changed("clip_by_norm", ("g in grads.items()", 'g in ((n, grads[n]) for n in "W_xh W_hh '
                                 'b_h W_yh b_y".split())'))
    )  # fmt: skip
    assert not answer and "not for one parameter alone. The function stops" in answer.sentence
    named = changed("gradient_check", ("in params:", 'in ("W_xh", "W_hh", "b_h", "W_yh", "b_y"):'))
    answer = check.gradient_check(named)
    assert not answer and "KeyError: 'W_xh'. The keys of `params` are W, b." in answer.sentence


def test_a_size_written_as_a_number_is_told_by_the_call_that_stops():
    answer = check.jacobian_product(
        changed("jacobian_product", ("np.eye(J.shape[1])", "np.eye(5)"))
    )
    assert not answer and "Is a size written as a number?" in answer.sentence
    assert "Examples are rows" not in answer.sentence


def test_a_line_of_its_own_hides_no_mistake_of_the_others():
    own = "range(max(k, 1), t + 1) if t > k else []"
    answer = check.jacobian_product(changed("jacobian_product", ("range(k + 1, t + 1)", own)))
    assert "`range(max(k - 1, 0), t)`" in answer.mistakes[0].hint
    assert answer.notes == ("It is right for t = 3, k = 3.",)


# ----------------------------------------------------------------------------------- how long


@pytest.mark.parametrize("name", SOLUTIONS)
def test_an_answer_takes_less_than_half_a_second(name):
    """Where nothing explains the numbers, all that is known was tried."""
    exercise, rng = check[name], np.random.default_rng(0)
    if name == "gradient_check":
        functions = [written(SOLUTIONS[name]), lambda loss, params, grads: True]
    else:
        functions = [RIGHT[name], lambda *arguments: disturbed(RIGHT[name](*arguments), rng)]
    for function in functions:
        start = process_time()
        exercise(function)
        assert process_time() - start < 0.5
