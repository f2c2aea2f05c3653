"""XOR with a step of one's own: the tutorial's network, written with tensors.

Run: python examples/xor.py
"""

import pynn
import pynn.nn.functional as F

X = pynn.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
y = pynn.tensor([[0.0], [1.0], [1.0], [0.0]])

pynn.manual_seed(0)
W1, b1 = pynn.randn(2, 4).requires_grad_(), pynn.zeros(1, 4, requires_grad=True)
W2, b2 = pynn.randn(4, 1).requires_grad_(), pynn.zeros(1, 1, requires_grad=True)
optimiser = pynn.optim.SGD([W1, b1, W2, b2], lr=1.0, momentum=0.9)


def logits(X):
    """The network's answer before the last sigmoid, (m, 1)."""
    return pynn.addmm(b2, pynn.sigmoid(pynn.addmm(b1, X, W1)), W2)


@pynn.capture
def step(X, y):
    """One step of gradient descent on the binary cross-entropy."""
    optimiser.zero_grad()
    loss = F.binary_cross_entropy_with_logits(logits(X), y)
    loss.backward()
    optimiser.step()
    return loss


losses = step.run(1000, X, y)
print(f"loss {losses[0]:.4f} -> {losses[-1]:.6f}")
with pynn.no_grad():
    for inputs, output in zip(X.tolist(), pynn.sigmoid(logits(X)).tolist(), strict=True):
        print(f"{inputs[0]:.0f} xor {inputs[1]:.0f}: {output[0]:.3f}")
