"""What type checkers know of user code with modules."""

from typing import assert_type

import pynn
from pynn import nn
from pynn.utils.checkpoint import checkpoint


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(2, 4)
        self.rest = nn.Sequential(nn.Tanh(), nn.Linear(4, 1))
        self.scale = nn.Parameter(pynn.ones(1))

    def forward(self, x: pynn.Tensor) -> pynn.Tensor:
        y: pynn.Tensor = self.rest(self.first(x))
        return y * self.scale


net = Net()
assert_type(net.train(), Net)
assert_type(net.double().eval(), Net)
assert_type(net.first, nn.Linear)
assert_type(net.first(pynn.ones(1, 2)), pynn.Tensor)
assert_type(net.first.weight, nn.Parameter)
assert_type([p.shape for p in net.parameters()], list[tuple[int, ...]])
handle = net.register_forward_hook(lambda module, args, output: None)
handle.remove()
loss = net(pynn.ones(1, 2)).sum()
loss.backward(inputs=list(net.parameters()))
assert_type(pynn.autograd.grad(pynn.ones(1).sum(), [net.scale]), tuple[pynn.Tensor, ...])
print(pynn.summary(net, (1, 2)).total_params)
checkpoint(net, pynn.ones(1, 2))


@pynn.no_grad()
def evaluate(x: pynn.Tensor) -> float:
    return float(net(x).item())


assert_type(evaluate(pynn.ones(1, 2)), float)
