"""nn.Module: registration, walks, state, hooks, copies, looks; live against torch too."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref

import pytest

import pynn
from pynn import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 4)
        self.block = nn.Sequential(nn.Tanh(), nn.Linear(4, 2))
        self.scale = nn.Parameter(pynn.ones(2))
        self.register_buffer("mean", pynn.zeros(2))
        self.register_buffer("scratch", pynn.zeros(1), persistent=False)

    def forward(self, x):
        return self.block(self.first(x)) * self.scale + self.mean


def same(a, b):
    return a.tolist() == b.tolist()


# ---- parameters --------------------------------------------------------------------


def test_parameter_is_a_tensor_that_shares_memory():
    t = pynn.arange(3, dtype=pynn.float32)
    p = nn.Parameter(t)
    assert isinstance(p, nn.Parameter)
    assert isinstance(p, pynn.Tensor)
    assert p.requires_grad
    assert p.is_leaf
    assert p.data_ptr() == t.data_ptr()
    assert repr(p).startswith("Parameter containing:\ntensor([0., 1., 2.]")
    assert not nn.Parameter(t, requires_grad=False).requires_grad
    assert nn.Parameter().shape == (0,)
    p.tag = "no decay"
    assert copy.deepcopy(p).tag == "no decay"
    with pytest.raises(TypeError, match="list"):
        nn.Parameter([1.0])
    with pytest.raises(RuntimeError, match="floating point"):
        nn.Parameter(pynn.arange(3))


def test_parameters_work_as_operands():
    p = nn.Parameter(pynn.ones(2, 2))
    out = (2 * p + p * p - p / 2) @ p
    out.sum().backward()
    assert p.grad.shape == (2, 2)
    p.grad = None
    with pynn.no_grad():
        p -= 0.5
        p.mul_(2)
    assert p.tolist() == [[1, 1], [1, 1]]


def test_data_replaces_memory_in_place():
    p = nn.Parameter(pynn.ones(2))
    saved = p * p
    p.data = pynn.zeros(2, 3, dtype=pynn.float64)
    assert p.shape == (2, 3)
    assert p.dtype == pynn.float64
    with pytest.raises(RuntimeError, match=r"inplace|shape"):
        saved.sum().backward()
    q = nn.Parameter(pynn.ones(2))
    (q * 2).sum().backward()
    with pytest.raises(RuntimeError, match="cannot replace"):
        q.data = pynn.zeros(3)
    q.data = pynn.zeros(2)
    assert q.tolist() == [0, 0]
    late = (q * 3).sum()
    q.grad = None
    q.data = pynn.zeros(4)
    with pytest.raises(RuntimeError, match="whose shape has become"):
        late.backward()


# ---- registration --------------------------------------------------------------------


def test_assignment_registers():
    net = Net()
    assert [n for n, _ in net.named_parameters()] == [
        "scale", "first.weight", "first.bias", "block.1.weight", "block.1.bias"
    ]  # fmt: skip
    assert [n for n, _ in net.named_buffers()] == ["mean", "scratch"]
    assert [n for n, _ in net.named_modules()] == ["", "first", "block", "block.0", "block.1"]
    assert [n for n, _ in net.named_children()] == ["first", "block"]
    assert net.first is net._modules["first"]
    net.first = None
    assert net.first is None
    assert [n for n, _ in net.named_children()] == ["block"]
    del net.scale
    assert not hasattr(net, "scale")
    with pytest.raises(AttributeError, match="nothing"):
        _ = net.nothing


def test_registries_and_attributes_agree():
    net = Net()
    linear = nn.Linear(3, 4)
    net._modules["first"] = linear
    assert net.first is linear
    net._parameters["scale"] = nn.Parameter(pynn.zeros(2))
    assert net.scale.tolist() == [0, 0]
    assert net._modules.pop("first") is linear
    assert not hasattr(net, "first")
    net.mean = pynn.ones(2)
    assert net._buffers["mean"].tolist() == [1, 1]
    net.scale = None
    net.mean = None
    assert "scale" in net._parameters
    assert [n for n, _ in net.named_parameters(recurse=False)] == []
    net.register_parameter("scale", nn.Parameter(pynn.ones(2)))
    assert net.scale.tolist() == [1, 1]


def test_buffers_by_assignment():
    net = nn.Module()
    net.seen = nn.Buffer(pynn.zeros(2))
    net.scratch = nn.Buffer(pynn.ones(1), persistent=False)
    assert isinstance(net.seen, pynn.Tensor)
    assert list(dict(net.named_buffers())) == ["seen", "scratch"]
    assert list(net.state_dict()) == ["seen"]
    again = copy.deepcopy(net)
    assert list(again.state_dict()) == ["seen"]
    assert again.seen is not net.seen
    net.seen = pynn.ones(2)
    assert net.state_dict()["seen"].tolist() == [1, 1]
    with pytest.raises(TypeError, match="Buffer"):
        nn.Buffer(3)


def test_a_forward_in_c_sees_replaced_parameters():
    linear = nn.Linear(2, 2)
    x = pynn.ones(1, 2)
    linear(x)
    linear.weight = nn.Parameter(pynn.zeros(2, 2))
    linear.bias = nn.Parameter(pynn.ones(2))
    assert linear(x).tolist() == [[1, 1]]
    linear.bias = None
    assert linear(x).tolist() == [[0, 0]]
    del linear.weight
    linear.weight = pynn.ones(2, 2)  # an ordinary tensor, as weight norm leaves it
    assert linear(x).tolist() == [[2, 2]]
    sequential = nn.Sequential(nn.Identity(), nn.Identity())
    sequential(x)
    sequential[1] = nn.ReLU()
    assert sequential(-x).tolist() == [[0, 0]]
    sequential.append(nn.Linear(2, 1))
    assert sequential(x).shape == (1, 1)


def test_forward_may_be_overridden_everywhere():
    class Twice(nn.Linear):
        def forward(self, input):
            return 2 * super().forward(input)

    x = pynn.ones(1, 2)
    twice = Twice(2, 2)
    assert same(twice(x), 2 * (x @ twice.weight.t() + twice.bias))
    linear = nn.Linear(2, 2)
    linear.forward = lambda x: "mine"
    assert linear(x) == "mine"
    del linear.forward
    assert linear(x).shape == (1, 2)
    assert linear(input=x).shape == (1, 2)

    class Called(nn.ReLU):
        def __call__(self, x):
            return "called"

    assert nn.Sequential(Called())(x) == "called"
    relu = nn.ReLU(inplace=True)
    y = -x
    assert relu(y) is y
    assert y.tolist() == [[0, 0]]
    with pytest.raises(NotImplementedError, match=r'Module \[Module\].*"forward"'):
        nn.Module()(x)
    with pytest.raises(TypeError):
        nn.Linear(2, 2)("text")
    assert nn.Identity(3, unused=4)("anything") == "anything"


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda m: setattr(m, "scale", 3), TypeError, "cannot assign 'int' as parameter 'scale'"),
        (lambda m: setattr(m, "scale", pynn.ones(2)), TypeError, "Parameter or None expected"),
        (lambda m: setattr(m, "first", 3), TypeError, "as child module 'first'"),
        (lambda m: setattr(m, "mean", "x"), TypeError, "as buffer 'mean'"),
        (lambda m: m.register_parameter("a.b", None), KeyError, "t contain"),
        (lambda m: m.register_parameter("", None), KeyError, "t be empty"),
        (lambda m: m.register_parameter(3, None), TypeError, "should be a string"),
        (lambda m: m.register_parameter("train", None), KeyError, "already exists"),
        (lambda m: m.register_parameter("q", pynn.ones(1)), TypeError, "cannot assign"),
        (lambda m: m.register_buffer("q", 3), TypeError, "cannot assign"),
        (lambda m: m.add_module("q", 3), TypeError, "int is not a Module subclass"),
        (lambda m: m.get_submodule("block.9"), AttributeError, "has no attribute `9`"),
        (lambda m: m.get_parameter("mean"), AttributeError, "is not an nn.Parameter"),
        (lambda m: m.get_buffer("scale"), AttributeError, "is not a buffer"),
        (lambda m: m.train("yes"), ValueError, "expected to be boolean"),
        (lambda m: m.to(pynn.int64), TypeError, "only accepts floating point"),
        (lambda m: m.to("cuda"), ValueError, "cuda"),
        (lambda m: m.load_state_dict([1]), TypeError, "dict-like"),
        (lambda m: pickle.dumps(m), TypeError, "state_dict"),
    ],
)
def test_errors(change, error, words):
    with pytest.raises(error, match=words):
        change(Net())


def test_by_path():
    net = Net()
    assert net.get_submodule("block.1") is net.block[1]
    assert net.get_submodule("") is net
    assert net.get_parameter("block.1.weight") is net.block[1].weight
    assert net.get_buffer("mean") is net.mean
    net.set_submodule("block.0", nn.ReLU())
    assert isinstance(net.block[0], nn.ReLU)
    assert "scale" in dir(net)


# ---- modes and conversion --------------------------------------------------------------


def test_modes_and_gradients():
    net = Net()
    assert net.training
    assert net.eval() is net
    assert not any(m.training for m in net.modules())
    net.train()
    assert all(m.training for m in net.modules())
    net(pynn.ones(1, 3)).sum().backward()
    net.zero_grad(set_to_none=False)
    assert all(p.grad.tolist() == pynn.zeros_like(p).tolist() for p in net.parameters())
    net.zero_grad()
    assert all(p.grad is None for p in net.parameters())
    assert not any(p.requires_grad for p in net.requires_grad_(False).parameters())
    seen = []
    net.apply(lambda m: seen.append(type(m).__name__))
    assert seen == ["Linear", "Tanh", "Linear", "Sequential", "Net"]


def test_conversion_keeps_the_parameters():
    net = Net()
    net.register_buffer("count", pynn.zeros(1, dtype=pynn.int64))
    before = list(net.parameters())
    net(pynn.ones(1, 3)).sum().backward()
    assert net.double() is net
    assert all(a is b for a, b in zip(before, net.parameters(), strict=True))
    assert {p.dtype for p in net.parameters()} == {pynn.float64}
    assert {p.grad.dtype for p in net.parameters()} == {pynn.float64}
    assert net.mean.dtype == pynn.float64
    assert net.count.dtype == pynn.int64
    assert net(pynn.ones(1, 3, dtype=pynn.float64)).dtype == pynn.float64
    assert net.to(pynn.ones(1)).mean.dtype == pynn.float32
    assert net.half().mean.dtype == pynn.float16
    assert net.bfloat16().mean.dtype == pynn.bfloat16
    assert net.to("cpu", dtype=pynn.float32).float().cpu().mean.dtype == pynn.float32


# ---- state -----------------------------------------------------------------------------


def test_state_round_trip():
    a, b = Net(), Net()
    state = a.state_dict()
    assert list(state) == [
        "scale", "mean", "first.weight", "first.bias", "block.1.weight", "block.1.bias"
    ]  # fmt: skip
    assert not state["scale"].requires_grad
    assert a.state_dict(keep_vars=True)["scale"] is a.scale
    assert repr(b.load_state_dict(state)) == "<All keys matched successfully>"
    x = pynn.rand(2, 3)
    assert same(a(x), b(x))
    with pynn.no_grad():
        a.scale.fill_(9)
    assert state["scale"].tolist() == [9, 9]  # it shares the memory
    assert b.scale.tolist() == [1, 1]  # it was copied


def test_state_mismatches_are_named():
    net = Net()
    state = net.state_dict()
    state["first.weight"] = pynn.zeros(1, 1)
    state["stranger"] = pynn.zeros(1)
    state["first.other"] = pynn.zeros(1)
    del state["block.1.bias"]
    with pytest.raises(RuntimeError) as raised:
        net.load_state_dict(state)
    text = str(raised.value)
    assert text.startswith("Error(s) in loading state_dict for Net:\n\t")
    assert 'Missing key(s) in state_dict: "block.1.bias". ' in text
    assert 'Unexpected key(s) in state_dict: "stranger", "first.other". ' in text
    assert "size mismatch for first.weight: copying a param with shape" in text
    del state["first.weight"]
    keys = net.load_state_dict(state, strict=False)
    assert keys.missing_keys == ["first.weight", "block.1.bias"]
    assert keys.unexpected_keys == ["stranger", "first.other"]


def test_state_assign():
    net = Net()
    given = {k: v.double() for k, v in net.state_dict().items()}
    net.load_state_dict(given, assign=True)
    assert net.scale.dtype == pynn.float64
    assert isinstance(net.scale, nn.Parameter)
    assert net.scale.data_ptr() == given["scale"].data_ptr()


def test_state_hooks_and_extra_state():
    class Extra(nn.Linear):
        seen = None

        def get_extra_state(self):
            return {"epoch": 3}

        def set_extra_state(self, state):
            self.seen = state

    net = nn.Sequential(Extra(1, 1))
    calls = []
    net[0].register_state_dict_pre_hook(lambda m, prefix, keep: calls.append(prefix))
    net.register_state_dict_post_hook(lambda m, state, prefix, meta: calls.append(len(state)))
    net[0].register_load_state_dict_pre_hook(lambda m, state, *rest: calls.append(rest[0]))
    handle = net.register_load_state_dict_post_hook(lambda m, keys: calls.append("post"))
    state = net.state_dict()
    assert state["0._extra_state"] == {"epoch": 3}
    net.load_state_dict(state)
    assert net[0].seen == {"epoch": 3}
    assert calls == ["0.", 3, "0.", "post"]
    handle.remove()
    net.load_state_dict(state)
    assert calls[-1] == "0."


def test_shared_parameters_are_listed_once():
    net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    net[1].weight = net[0].weight
    assert len(list(net.parameters())) == 3
    assert len(list(net.named_parameters(remove_duplicate=False))) == 4
    assert len(net.state_dict()) == 4
    again = copy.deepcopy(net)
    assert again[1].weight is again[0].weight
    assert again[0].weight is not net[0].weight


# ---- hooks -----------------------------------------------------------------------------


def test_forward_hooks():
    net = nn.Linear(1, 1, bias=False)
    with pynn.no_grad():
        net.weight.fill_(1)
    x = pynn.ones(1, 1)
    order = []
    with net.register_forward_pre_hook(lambda m, args: (args[0] * 2,)):
        assert net(x).item() == 2
    with net.register_forward_hook(lambda m, args, out: out + 1):
        assert net(x).item() == 2
        with net.register_forward_hook(lambda m, a, out: order.append("first"), prepend=True):
            net.register_forward_hook(lambda m, a, out: order.append("second"))
            net(x)
    assert order == ["first", "second"]
    assert net(x).item() == 1

    class Keyword(nn.Module):
        def forward(self, x, *, k=1):
            return x * k

    module = Keyword()
    module.register_forward_pre_hook(lambda m, a, kw: (a, {"k": kw["k"] + 1}), with_kwargs=True)
    module.register_forward_hook(lambda m, a, kw, out: out * kw["k"], with_kwargs=True)
    assert module(x, k=2).item() == 9


def test_always_called_hooks_see_failures():
    class Broken(nn.Module):
        def forward(self, x):
            raise ZeroDivisionError("broken")

    module, calls = Broken(), []
    module.register_forward_hook(lambda m, a, out: calls.append(out), always_call=True)
    module.register_forward_hook(lambda m, a, out: calls.append("never"))
    with pytest.raises(ZeroDivisionError):
        module(1)
    assert calls == [None]


def test_backward_hooks():
    net = nn.Sequential(nn.Linear(2, 3), nn.Sigmoid())
    seen = []

    def hook(module, grad_input, grad_output):
        seen.append((module, [g.shape for g in grad_input], [g.shape for g in grad_output]))
        return (grad_input[0] * 2,)

    x = pynn.ones(4, 2, requires_grad=True)
    net(x).sum().backward()
    plain, x.grad = x.grad, None
    handle = net.register_full_backward_hook(hook)
    net(x).sum().backward()
    assert seen == [(net, [(4, 2)], [(4, 3)])]
    assert same(x.grad, plain * 2)
    handle.remove()
    x.grad = None
    with net.register_full_backward_pre_hook(lambda m, grad_output: (grad_output[0] * 3,)):
        net(x).sum().backward()
    assert same(x.grad, plain * 3) or abs(x.grad - plain * 3).max().item() < 1e-6
    seen.clear()
    net.register_full_backward_hook(lambda m, gi, go: seen.append((gi, len(go))))
    net(x.detach()).sum().backward()
    assert seen == [((None,), 1)]


# ---- copies, life, looks -----------------------------------------------------------------


def test_copies():
    net = Net()
    deep, shallow = copy.deepcopy(net), copy.copy(net)
    x = pynn.rand(2, 3)
    assert same(deep(x), net(x))
    assert deep.first.weight is not net.first.weight
    assert shallow.first is net.first
    assert deep.state_dict().keys() == net.state_dict().keys()
    deep.eval()
    assert net.training


def test_modules_die_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        net = Net()
        net(pynn.ones(1, 3)).sum().backward()
        dead = [weakref.ref(net), weakref.ref(net.first), weakref.ref(net.first.weight)]
        del net
        assert [r() for r in dead] == [None, None, None]
    finally:
        gc.enable()


def test_containers():
    rows = nn.ModuleList([nn.Linear(1, 1), nn.ReLU()])
    rows.append(nn.Tanh()).insert(1, nn.Sigmoid())
    rows += [nn.Identity()]
    assert [type(m).__name__ for m in rows] == ["Linear", "Sigmoid", "ReLU", "Tanh", "Identity"]
    del rows[1:3]
    assert list(rows._modules) == ["0", "1", "2"]
    assert isinstance(rows.pop(-1), nn.Identity)
    assert isinstance(rows[-1], nn.Tanh)
    assert len(rows[:1] + list(rows)) == 3
    with pytest.raises(IndexError, match="out of range"):
        rows[7]
    named = nn.ModuleDict({"a": nn.ReLU(), "b": nn.Tanh()})
    named["c"] = nn.Identity()
    assert "b" in named
    assert list(named.keys()) == ["a", "b", "c"]
    assert isinstance(named.pop("a"), nn.ReLU)
    assert len(named) == 2
    weights = nn.ParameterList([pynn.ones(2), pynn.zeros(1)])
    assert [n for n, _ in weights.named_parameters()] == ["0", "1"]
    assert len(weights[1:]) == 1
    table = nn.ParameterDict({"w": pynn.ones(2)})
    table |= nn.ParameterDict({"v": pynn.ones(1)})
    assert sorted(n for n, _ in table.named_parameters()) == ["v", "w"]
    assert table.pop("w").requires_grad
    with pytest.raises(RuntimeError, match="should not be called"):
        table(1)


def test_capture_follows_replaced_data():
    net = nn.Linear(1, 1, bias=False)
    step = pynn.capture(lambda x: net(x).detach())
    x = pynn.ones(1, 1)
    step(x)
    net.weight.data = pynn.full((1, 1), 5.0)
    assert step(x).item() == 5


# ---- against PyTorch -----------------------------------------------------------------------


def build(nn_):
    """The same tree in either library."""
    return nn_.Sequential(
        nn_.Linear(4, 3),
        nn_.ModuleList([nn_.Linear(2, 2), nn_.Linear(2, 2), nn_.ReLU(inplace=True)]),
        nn_.ModuleDict({"a": nn_.Flatten(), "b": nn_.Sequential(nn_.Tanh())}),
        nn_.Identity(),
    )


def test_looks_like_torch():
    torch = pytest.importorskip("torch")
    assert repr(build(nn)) == repr(build(torch.nn))
    assert list(build(nn).state_dict()) == list(build(torch.nn).state_dict())


def test_signatures_are_torchs():
    torch = pytest.importorskip("torch")
    import inspect

    names = [n for n in vars(nn.Module) if not n.startswith("_")]
    names += [n for base in nn.Module.__mro__ for n in vars(base) if not n.startswith("_")]
    for name in sorted(set(names)):
        theirs = getattr(torch.nn.Module, name, None)
        ours = getattr(nn.Module, name)
        if theirs is None or not callable(ours) or name in ("forward", "to", "state_dict"):
            continue
        mine = list(inspect.signature(ours).parameters)
        want = list(inspect.signature(theirs).parameters)
        assert mine == want, (name, mine, want)


def test_linear_starts_as_torchs():
    pytest.importorskip("torch")
    linear = nn.Linear(100, 50)
    bound = 0.1
    assert abs(linear.weight).max().item() <= bound
    assert abs(linear.bias).max().item() <= bound
    assert abs(linear.weight.std().item() - bound / 3**0.5) < 0.003
