"""Optimisers: each step is one C call over all parameters."""

from pynn.optim import lr_scheduler as lr_scheduler, swa_utils as swa_utils
from pynn.optim.adam import (
    Adam as Adam,
    Adamax as Adamax,
    AdamW as AdamW,
    NAdam as NAdam,
    RAdam as RAdam,
)
from pynn.optim.optimizer import Optimizer as Optimizer
from pynn.optim.rmsprop import Adadelta as Adadelta, Adagrad as Adagrad, RMSprop as RMSprop
from pynn.optim.sgd import SGD as SGD
