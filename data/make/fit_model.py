"""Roofline with efficiencies per operator type, and its regularised fit in log space.

    t = sum over rows of max(2 mac / (eta_c peak), byte / (eta_m bandwidth)) + rows * launch

Few dnns are published per machine, so each group (machine, runtime, precision) is pulled towards
the values of its class, and the class towards a weak common prior; both pulls are Gaussian in the
logarithm. Residuals are log ratios under a soft absolute loss: one odd row cannot steer the fit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from fit_graph import ACTIVATION_BYTE, WEIGHT_BYTE, Floats, Graph, Machine
from scipy.optimize import least_squares

# Types that do arithmetic; matmul shares the value of attention, both being batched products.
TYPES = ("conv", "depthwise", "linear", "attention")
NAMES = (*TYPES, "memory", "launch")
_INDEX = {"conv": 0, "depthwise": 1, "linear": 2, "recurrent": 2, "attention": 3, "matmul": 3}

# Efficiency above 1 is possible: fast convolution needs fewer multiplications than are counted.
LOWER = np.log([1e-4, 1e-5, 1e-4, 1e-4, 1e-3, 1e-8])
UPPER = np.log([1.6, 1.0, 1.0, 1.0, 1.0, 2e-2])
# No opinion on any type before the data: all alike, and wide.
START = np.log([0.3, 0.3, 0.3, 0.3, 0.5, 1e-5])


@dataclass(frozen=True)
class Pull:
    """Prior standard deviations in the logarithm.

    ``common`` is what a fast machine shares over all types, ``own`` what each type has alone.
    """

    common: float
    own: float
    memory: float
    launch: float

    def whiten(self) -> Floats:
        """Matrix that turns a deviation from the centre into independent unit residuals."""
        cov = np.diag([self.own**2] * len(TYPES) + [self.memory**2, self.launch**2])
        cov[: len(TYPES), : len(TYPES)] += self.common**2
        return np.asarray(np.linalg.inv(np.linalg.cholesky(cov)))


FREE = Pull(common=2.0, own=1.5, memory=1.0, launch=3.0)
TO_ANY = Pull(common=1.5, own=0.8, memory=0.7, launch=3.0)
TO_CLASS = Pull(common=1.0, own=0.4, memory=0.5, launch=1.0)
RESIDUAL_SCALE = 0.15


@dataclass(frozen=True)
class Observation:
    """One measured latency with the row arrays of its dnn on its machine at efficiency one."""

    group: str
    dnn: str
    batch: int
    seconds: float
    index: np.ndarray
    compute: Floats
    memory: Floats
    rows: int


def observe(
    group: str, dnn: str, batch: int, seconds: float, graph: Graph, machine: Machine, precision: str
) -> Observation:
    """Work and traffic of each row as times at efficiency one."""
    peak = machine.peak(precision)
    if peak is None:
        raise ValueError(f"{machine.name} has no peak usable at {precision}")
    moved = WEIGHT_BYTE[precision] * graph.weight
    moved = moved + ACTIVATION_BYTE[precision] * graph.activation * batch
    index = np.array([_INDEX.get(str(kind), -1) for kind in graph.kind])
    compute = np.where(index >= 0, 2.0 * graph.mac * batch / peak[1], 0.0)
    memory = np.nan_to_num(moved / machine.bandwidth)
    return Observation(group, dnn, batch, seconds, index, compute, memory, len(index))


class Stack:
    """Many observations as flat arrays, so that one evaluation is a handful of numpy calls."""

    def __init__(self, items: list[Observation]) -> None:
        self.items = items
        self.index = np.concatenate([i.index for i in items])
        self.compute = np.concatenate([i.compute for i in items])
        self.memory = np.concatenate([i.memory for i in items])
        self.rows = np.array([i.rows for i in items], dtype=float)
        self.starts = np.concatenate([[0], np.cumsum(self.rows[:-1])]).astype(int)
        self.target = np.log([i.seconds for i in items])

    def predict(self, theta: Floats) -> tuple[Floats, Floats]:
        """Log latency and its derivative by each log parameter."""
        slow = np.where(self.index >= 0, self.compute / np.exp(theta[self.index]), 0.0)
        moved = self.memory / np.exp(theta[4])
        bound = slow >= moved
        work = np.where(bound, slow, moved)
        launch = self.rows * np.exp(theta[5])
        total = np.add.reduceat(work, self.starts) + launch
        slope = np.zeros((len(self.items), len(NAMES)))
        for k in range(len(TYPES)):
            part = np.where(bound & (self.index == k), slow, 0.0)
            slope[:, k] = -np.add.reduceat(part, self.starts) / total
        slope[:, 4] = -np.add.reduceat(np.where(bound, 0.0, moved), self.starts) / total
        slope[:, 5] = launch / total
        return np.log(total), slope


def fit(items: list[Observation], centre: Floats, pull: Pull) -> Floats:
    """Log parameters closest to the data under the pull towards ``centre``."""
    stack = Stack(items)
    scale = 1 / RESIDUAL_SCALE
    whiten = pull.whiten()

    def residual(theta: Floats) -> Floats:
        error = scale * (stack.predict(theta)[0] - stack.target)
        # Soft absolute loss written as a residual, so that the prior stays quadratic.
        soft = np.sign(error) * np.sqrt(2 * (np.sqrt(1 + error**2) - 1))
        return np.concatenate([soft, whiten @ (theta - centre)])

    def jacobian(theta: Floats) -> Floats:
        value, slope = stack.predict(theta)
        error = scale * (value - stack.target)
        root = np.sqrt(1 + error**2)
        soft = np.sqrt(2 * (root - 1))
        gain = np.where(soft > 1e-9, np.abs(error) / (root * np.maximum(soft, 1e-9)), 1.0)
        return np.vstack([scale * gain[:, None] * slope, whiten])

    start = np.clip(centre, LOWER + 1e-6, UPPER - 1e-6)
    result = least_squares(residual, start, jacobian, bounds=(LOWER, UPPER), max_nfev=100)
    return np.asarray(result.x)


def fit_all(items: list[Observation], class_of: dict[str, str]) -> dict[str, Floats]:
    """Parameters of every group, of every class and of ``any``, each pulled to the next wider.

    Parameters
    ----------
    items
        Observations; a group without any is absent from the result.
    class_of
        Group to class, the class being machine kind and precision.
    """
    by_class: dict[str, list[Observation]] = {}
    by_group: dict[str, list[Observation]] = {}
    for item in items:
        by_class.setdefault(class_of[item.group], []).append(item)
        by_group.setdefault(item.group, []).append(item)
    # A core without caches, or a machine without a bandwidth figure, says nothing about the others.
    alone = {name for name in by_class if name.startswith("mcu")}
    alone |= {name for name, rows in by_class.items() if not any(i.memory.any() for i in rows)}
    found = {"any": fit([i for i in items if class_of[i.group] not in alone], START, FREE)}
    for name, rows in by_class.items():
        alike = name not in alone
        found[name] = fit(rows, *((found["any"], TO_ANY) if alike else (START, FREE)))
    for name, rows in by_group.items():
        found[name] = fit(rows, found[class_of[name]], TO_CLASS)
    return found


def predict(items: list[Observation], theta: Floats) -> Floats:
    """Latencies in seconds."""
    return np.asarray(np.exp(Stack(items).predict(theta)[0]))
