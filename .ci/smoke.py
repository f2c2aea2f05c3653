"""What a freshly installed wheel must do: train, differentiate, capture, speak of itself."""

import numpy as np

import pynn
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
print(f"pynn {pynn.__version__} on NumPy {np.__version__}: fine")
