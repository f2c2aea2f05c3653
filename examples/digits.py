"""Handwritten digits with mini-batches: one captured step, one call per epoch.

Run: python examples/digits.py
"""

import numpy as np

import pynn
import pynn.nn.functional as F
from pynn.data import digits_parts

BATCH, EPOCHS = 32, 15

data = digits_parts()
pynn.manual_seed(0)
W1 = pynn.nn.init.kaiming_normal_(pynn.empty(64, 64)).requires_grad_()
b1 = pynn.zeros(64, requires_grad=True)
W2 = pynn.nn.init.kaiming_normal_(pynn.empty(10, 64)).requires_grad_()
b2 = pynn.zeros(10, requires_grad=True)
optimiser = pynn.optim.SGD([W1, b1, W2, b2], lr=0.1, momentum=0.9, weight_decay=1e-4)


def logits(x):
    """Images (n, 64) to scores (n, 10)."""
    return F.linear(F.relu(F.linear(x, W1, b1)), W2, b2)


@pynn.capture
def step(x, y):
    """One mini-batch."""
    optimiser.zero_grad()
    loss = F.cross_entropy(logits(x), y)
    loss.backward()
    optimiser.step()
    return loss


def accuracy(X, y):
    """The share of images that are read right."""
    with pynn.no_grad():
        return (logits(pynn.as_tensor(X)).argmax(1).numpy() == y).mean()


shuffle = np.random.RandomState(0).permutation
batches = len(data.y_train) // BATCH
for epoch in range(EPOCHS):
    optimiser.param_groups[0]["lr"] = 0.1 * 0.5 * (1 + np.cos(np.pi * epoch / EPOCHS))
    order = shuffle(len(data.y_train))[: batches * BATCH].reshape(batches, BATCH)
    losses = step.scan(data.X_train[order], data.y_train[order])
    if epoch % 5 == 4:
        right = accuracy(data.X_validation, data.y_validation)
        print(f"epoch {epoch + 1}: loss {losses.mean():.4f}, validation {right:.1%}")
print(f"test: {accuracy(data.X_test, data.y_test):.1%}")
