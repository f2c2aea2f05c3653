"""pynn: small neural networks, fast on any CPU, with numbers that never move.

Names, arguments and defaults are PyTorch's wherever PyTorch has the thing.
"""

from pynn import _core, _names
from pynn._core import (
    Generator as Generator,
    Tensor as Tensor,
    abs as abs,
    add as add,
    addmm as addmm,
    amax as amax,
    amin as amin,
    arange as arange,
    argmax as argmax,
    argmin as argmin,
    as_tensor as as_tensor,
    bfloat16 as bfloat16,
    bitwise_and as bitwise_and,
    bitwise_not as bitwise_not,
    bitwise_or as bitwise_or,
    bitwise_xor as bitwise_xor,
    bool as bool,
    capture as capture,
    clamp as clamp,
    clip as clip,
    clone as clone,
    default_generator as default_generator,
    div as div,
    double as double,
    dtype as dtype,
    empty as empty,
    empty_like as empty_like,
    enable_grad as enable_grad,
    eq as eq,
    exp as exp,
    eye as eye,
    flatten as flatten,
    float as float,
    float16 as float16,
    float32 as float32,
    float64 as float64,
    from_dlpack as from_dlpack,
    from_numpy as from_numpy,
    full as full,
    full_like as full_like,
    gather as gather,
    ge as ge,
    get_default_dtype as get_default_dtype,
    get_num_threads as get_num_threads,
    get_rng_state as get_rng_state,
    gt as gt,
    half as half,
    index_add as index_add,
    index_select as index_select,
    inference_mode as inference_mode,
    initial_seed as initial_seed,
    int as int,
    int8 as int8,
    int32 as int32,
    int64 as int64,
    is_grad_enabled as is_grad_enabled,
    is_inference as is_inference,
    is_inference_mode_enabled as is_inference_mode_enabled,
    is_tensor as is_tensor,
    le as le,
    linspace as linspace,
    log as log,
    log_softmax as log_softmax,
    long as long,
    lt as lt,
    manual_seed as manual_seed,
    matmul as matmul,
    max as max,
    maximum as maximum,
    mean as mean,
    min as min,
    minimum as minimum,
    mm as mm,
    mul as mul,
    narrow as narrow,
    ne as ne,
    neg as neg,
    no_grad as no_grad,
    numel as numel,
    ones as ones,
    ones_like as ones_like,
    permute as permute,
    pow as pow,
    promote_types as promote_types,
    rand as rand,
    rand_like as rand_like,
    randn as randn,
    randn_like as randn_like,
    relu as relu,
    reshape as reshape,
    result_type as result_type,
    scatter_add as scatter_add,
    seed as seed,
    select as select,
    set_default_dtype as set_default_dtype,
    set_grad_enabled as set_grad_enabled,
    set_num_threads as set_num_threads,
    set_rng_state as set_rng_state,
    sigmoid as sigmoid,
    sign as sign,
    softmax as softmax,
    sqrt as sqrt,
    squeeze as squeeze,
    std as std,
    sub as sub,
    sum as sum,
    t as t,
    tanh as tanh,
    tensor as tensor,
    transpose as transpose,
    uint8 as uint8,
    unsqueeze as unsqueeze,
    var as var,
    where as where,
    zeros as zeros,
    zeros_like as zeros_like,
)

__version__ = "0.1.0"

# What is imported at its first use, so that `import pynn` stays at the cost of
# NumPy and one extension module: name -> the module that has it, "" for a module.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from pynn import (
        autograd as autograd,
        data as data,
        io as io,
        nn as nn,
        optim as optim,
        tutorial as tutorial,
        utils as utils,
        viz as viz,
    )
    from pynn._config import config as config, show_config as show_config
    from pynn._functions.arithmetic import *
    from pynn._functions.creation import *
    from pynn._functions.distinct import *
    from pynn._functions.einsum import *
    from pynn._functions.indexing import *
    from pynn._functions.logic import *
    from pynn._functions.masks import *
    from pynn._functions.math import *
    from pynn._functions.movement import *
    from pynn._functions.norms import *
    from pynn._functions.patterns import *
    from pynn._functions.pieces import *
    from pynn._functions.products import *
    from pynn._functions.quantiles import *
    from pynn._functions.random import *
    from pynn._functions.reduction import *
    from pynn._functions.rounding import *
    from pynn._functions.scan import *
    from pynn._functions.scattering import *
    from pynn._functions.sorting import *
    from pynn._functions.views import *
    from pynn._limits import finfo as finfo, iinfo as iinfo
    from pynn._summary import summary as summary
    from pynn.io import load as load, save as save
    from pynn.tutorial import NeuralNetwork as NeuralNetwork, Perceptron as Perceptron

_LAZY = {
    "NeuralNetwork": "pynn.tutorial",
    "Perceptron": "pynn.tutorial",
    "autograd": "",
    "config": "pynn._config",
    "data": "",
    "finfo": "pynn._limits",
    "iinfo": "pynn._limits",
    "io": "",
    "load": "pynn.io",
    "nn": "",
    "optim": "",
    "save": "pynn.io",
    "show_config": "pynn._config",
    "summary": "pynn._summary",
    "tutorial": "",
    "utils": "",
    "viz": "",
}


def _late_method(name: str):  # type: ignore[no-untyped-def]
    def method(*args: object, **kwargs: object) -> object:
        import pynn._functions  # noqa: F401 - puts the functions into these places

        return getattr(Tensor, name)(*args, **kwargs)

    return method


_core._add_methods({name: _late_method(name) for name in _names.METHODS}, late=True)


def __getattr__(name: str) -> object:
    if name in _names.FUNCTIONS:
        from pynn import _functions

        globals().update({key: getattr(_functions, key) for key in _functions.__all__})
        return globals()[name]
    if name not in _LAZY:
        raise AttributeError(f"module 'pynn' has no attribute {name!r}")
    from importlib import import_module

    source = _LAZY[name]
    module = import_module(source or f"pynn.{name}")
    value: object = getattr(module, name) if source else module
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_LAZY, *_names.FUNCTIONS})
