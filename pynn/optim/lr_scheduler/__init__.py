"""Learning rate schedules, with the names and arguments of torch.optim.lr_scheduler.

They write "lr" (some of them the momentum too) of the optimiser's parameter
groups, which steps read, captured ones included.
"""

from pynn.optim.lr_scheduler.base import LRScheduler as LRScheduler
from pynn.optim.lr_scheduler.composed import (
    ChainedScheduler as ChainedScheduler,
    SequentialLR as SequentialLR,
)
from pynn.optim.lr_scheduler.cosine import (
    CosineAnnealingLR as CosineAnnealingLR,
    CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts,
)
from pynn.optim.lr_scheduler.cyclic import CyclicLR as CyclicLR, OneCycleLR as OneCycleLR
from pynn.optim.lr_scheduler.decay import (
    ConstantLR as ConstantLR,
    ExponentialLR as ExponentialLR,
    LambdaLR as LambdaLR,
    LinearLR as LinearLR,
    MultiplicativeLR as MultiplicativeLR,
    MultiStepLR as MultiStepLR,
    PolynomialLR as PolynomialLR,
    StepLR as StepLR,
)
from pynn.optim.lr_scheduler.plateau import ReduceLROnPlateau as ReduceLROnPlateau
