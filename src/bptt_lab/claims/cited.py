"""What the ledger's sources say: the key in the book's bibliography, the place, and the words."""

IMMEDIATE = (
    'pascanu2013, section 1.1, of the last factor of eq. 4: "where $\\mathbf x_{k-1}$ is taken as '
    'a constant with respect to $\\theta$"'
)
LONG_TERM = (
    'pascanu2013, section 2: vanishing is "when long term components go exponentially fast to '
    'norm 0"'
)
SUFFICIENT = (
    'pascanu2013, section 2.1 of the printed version: "sufficient for '
    "$\\lambda_1<\\frac1\\gamma$, where $\\lambda_1$ is the largest singular value of "
    '$\\mathbf W_{rec}$, for the vanishing gradient problem to occur"'
)
CONDITIONS = (
    f'{SUFFICIENT}, and "the necessary condition for exploding gradients, namely that the largest '
    'singular value $\\lambda_1$ is larger than $\\frac1\\gamma$"'
)
PENALTIES = (
    'pascanu2013, section 3.1: "Using an L1 or L2 penalty on the recurrent weights can help with '
    'exploding gradients"'
)
NORM_KEPT = (
    'pascanu2013, section 3.3: "The regularizer we propose prefers solutions for which the error '
    'preserves norm as it travels back in time"'
)
LSTM_EXPLODES = (
    'pascanu2013, section 3.1, of the LSTM: "This solution does not address explicitly the '
    'exploding gradients problem"'
)

CAROUSEL_AND_CUT = (
    "hochreiter1997, section 7: \"Each memory cell's internal architecture guarantees constant "
    "error flow within its constant error carrousel CEC, provided that truncated backprop cuts "
    'off error flow trying to leak out of memory cells"'
)
LIKE_TRUNCATED = (
    'hochreiter1997, section 4: errors at the net inputs are not propagated further "as with '
    'truncated BPTT", though "they do serve to change the incoming weights"'
)
INSIDE = (
    'hochreiter1997, section 4: an error within the carousel "can flow back indefinitely without '
    'ever being scaled"'
)
DRIFT = (
    'hochreiter1997, section 4: with inputs "mostly positive or mostly negative" the state "will '
    'tend to drift away over time"; the remedy is "to initially bias the input gate"'
)
SATURATION = (
    'hochreiter1997, section 3.1: as the weight grows "the relevant derivative goes to zero '
    "'faster' than the absolute weight can grow\""
)

GROWTH = (
    'gers2000, abstract: "Without resets, the state may grow indefinitely and eventually cause '
    'the network to break down"'
)
FORGET_GATE = (
    "gers2000, abstract: \"a novel, adaptive 'forget gate' that enables an LSTM cell to learn to "
    'reset itself"'
)
FULL_GRADIENT = (
    'graves2005, abstract: "a modified, full gradient version of the LSTM learning algorithm"'
)
GRU = (
    'cho2014, section 2.3, "Hidden Unit that Adaptively Remembers and Forgets", of which the '
    "title was read"
)
FORGET_BIAS = (
    "jozefowicz2015, abstract: \"adding a bias of 1 to the LSTM's forget gate closes the gap "
    'between the LSTM and the GRU"'
)

EXPONENTS = "oseledets1968, for the theorem that the exponents exist; not read"
SHAPES = (
    'geron2017, read in a later edition, in which the output is the state: "the connection '
    'weights for the outputs of the previous time step" stand where $W_{hh}$ should'
)
DERIVATION = (
    "weber2017, read: there the states are columns, and nothing is transposed, "
    "$h_t=\\tanh(W_Ix_t+W_Rh_{t-1})$"
)
