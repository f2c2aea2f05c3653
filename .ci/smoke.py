"""What a freshly installed wheel must do: train, differentiate, capture, speak of itself."""

import numpy as np

import pynn
import pynn.nn as nn
import pynn.nn.functional as F
from pynn.tutorial import NeuralNetwork

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
y = np.array([[0], [1], [1], [0]])
net = NeuralNetwork(2, 4, 1, learning_rate=0.5, seed=0)
net.train(X, y, epochs=5000, verbose=False)
assert net.losses[-1] < 0.05 < net.losses[0], net.losses[-1]
assert (net.predict(X) == y).all()

w = pynn.tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
(w @ w).sum().backward()
assert w.grad.tolist() == [[7.0, 11.0], [9.0, 13.0]], w.grad

double = pynn.capture(lambda x: x * 2)
assert [double(pynn.tensor([float(i)])).item() for i in range(3)] == [0.0, 2.0, 4.0]
assert double.replays == 2
model = nn.Sequential(nn.Linear(2, 8), nn.LayerNorm(8), nn.GELU(), nn.Linear(8, 1))
adam = pynn.optim.Adam(model.parameters(), lr=0.05)
inputs, targets = pynn.tensor(X).float(), pynn.tensor(y).float()
losses = []
for _ in range(100):
    adam.zero_grad()
    loss = F.mse_loss(model(inputs), targets)
    loss.backward()
    adam.step()
    losses.append(loss.item())
assert losses[-1] < 0.05 < losses[0], losses[-1]

images = pynn.randn(2, 3, 8, 8, requires_grad=True)
conv = nn.Conv2d(3, 4, 3, padding=1)
F.max_pool2d(conv(images).relu(), 2).sum().backward()
assert images.grad.shape == images.shape
states, _ = nn.LSTM(4, 5, bidirectional=True)(pynn.randn(6, 2, 4))
assert nn.MultiheadAttention(10, 2)(states, states, states)[0].shape == states.shape
assert pynn.tensor([3.0, 1.0, 2.0]).sort().indices.tolist() == [1, 2, 0]

print(f"pynn {pynn.__version__} on NumPy {np.__version__}: fine")
