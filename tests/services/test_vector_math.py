"""The stated error bounds of exp, log and power, measured against arithmetic of higher precision; ends and nodata."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal, localcontext
from typing import Any

import numpy as np
import pytest
from numba import njit

from ecocomp.services import vector_math

EXP, LOG = 3.0e-13, 3.5e-14
long_double = pytest.mark.skipif(np.finfo(np.longdouble).nmant < 63, reason="long double is no longer than double here")


@njit
def _exp(x, out):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        out[i] = vector_math.exp(x[i])


@njit
def _log(x, out):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        out[i] = vector_math.log(x[i])


@njit
def _power(x, y, out):  # type: ignore[no-untyped-def]
    for i in range(x.size):
        out[i] = vector_math.power(x[i], y[i])


def ours(kernel: Callable[..., None], *args: np.ndarray) -> np.ndarray:
    """Return the results of a loop that the compiler may vectorise, as models have."""
    out = np.empty(args[0].size)
    kernel(*args, out)
    return out


def relative(found: np.ndarray, exact: Any) -> np.ndarray:
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.abs((found - exact) / exact)).astype(float)


def exactly(work: Callable[..., Decimal], *args: np.ndarray) -> list[Decimal]:
    with localcontext() as context:
        context.prec, context.Emin, context.Emax = 40, -99999, 99999
        return [work(*(Decimal(float(v)) for v in row)) for row in zip(*args, strict=True)]


def relative_decimal(found: np.ndarray, exact: list[Decimal]) -> float:
    return max(float(abs((Decimal(float(f)) - e) / e)) for f, e in zip(found, exact, strict=True) if e)


rng = np.random.default_rng(7)
EVEN = {
    "exp": np.concatenate(
        [np.linspace(-708, 708, 1_000_001), np.linspace(-1, 1, 1_000_001), np.arange(-1021, 1022) * math.log(2) / 2]
    ),
    "log": np.concatenate(
        [10.0 ** rng.uniform(-300, 308, 1_000_000), np.linspace(0.25, 4, 1_000_001), 2.0 ** np.arange(-990, 1023)]
    ),
}


@long_double
def test_exp_is_within_its_bound_on_two_million_numbers() -> None:
    x = EVEN["exp"]
    error = relative(ours(_exp, x), np.exp(x.astype(np.longdouble)))
    assert 0.9 * EXP < error.max() <= EXP  # the bound is tight: it is measured, not guessed
    small = np.concatenate([10.0 ** rng.uniform(-300, -3, 100_000), -(10.0 ** rng.uniform(-300, -3, 100_000))])
    assert relative(ours(_exp, small), np.exp(small.astype(np.longdouble))).max() <= 2.0**-53


@long_double
def test_log_is_within_its_bound_on_two_million_numbers() -> None:
    error = relative(ours(_log, EVEN["log"]), np.log(EVEN["log"].astype(np.longdouble)))
    assert 0.9 * LOG < error.max() <= LOG
    near = 1.0 + rng.uniform(-1e-3, 1e-3, 200_000)
    exact = np.log(near.astype(np.longdouble))
    units = np.abs(ours(_log, near) - exact) / np.spacing(np.abs(exact.astype(float)))
    assert units.max() <= 2.0


@long_double
def test_power_is_within_its_bound_on_a_million_numbers() -> None:
    x, y = 10.0 ** rng.uniform(-100, 100, 1_000_000), rng.uniform(0, 3, 1_000_000)
    log = np.log(x.astype(np.longdouble))
    error = relative(ours(_power, x, y), np.exp(y * log))
    assert np.all(error <= EXP + LOG * np.abs(y * log))
    x, y = 10.0 ** rng.uniform(-4, 4, 1_000_000), rng.uniform(0, 1, 1_000_000)
    assert relative(ours(_power, x, y), np.exp(y * np.log(x.astype(np.longdouble)))).max() <= 6e-13


def test_bounds_against_forty_digits() -> None:
    x = np.concatenate([rng.uniform(-708, 708, 1500), rng.uniform(-1, 1, 500), [0.34657359, -0.34657359, 708.0, -708.0, 1e-308]])
    assert relative_decimal(ours(_exp, x), exactly(Decimal.exp, x)) <= EXP
    x = np.concatenate(
        [10.0 ** rng.uniform(-300, 308, 1500), rng.uniform(0.5, 2, 500), [1e-300, 1.7e308, math.sqrt(0.5), 0.9999999]]
    )
    assert relative_decimal(ours(_log, x), exactly(Decimal.ln, x)) <= LOG
    x, y = 10.0 ** rng.uniform(-20, 20, 1000), rng.uniform(0, 3, 1000)
    exact = exactly(lambda a, b: (a.ln() * b).exp(), x, y)
    found = ours(_power, x, y)
    for f, e, a, b in zip(found, exact, x, y, strict=True):
        assert float(abs((Decimal(float(f)) - e) / e)) <= EXP + LOG * abs(b * math.log(a))


def test_the_ends() -> None:
    inf, nan = math.inf, math.nan
    top = vector_math.exp(708.0)
    x = np.array([0.0, -0.0, 1e3, inf, -1e3, -inf, 5e-324, nan])
    low = vector_math.exp(-708.0)
    assert np.array_equal(ours(_exp, x), [1.0, 1.0, top, top, low, low, 1.0, nan], equal_nan=True) and 0 < low < top < inf
    held = vector_math.log(1e-300)
    x = np.array([1.0, 0.0, -0.0, 5e-324, 1e-301, -5e-324, -1.0, -inf, inf, nan])
    assert np.array_equal(ours(_log, x), [0.0, held, held, held, held, nan, nan, nan, inf, nan], equal_nan=True)
    x, y = (
        np.array([0.0, -0.0, 0.0, 1.0, -1.0, -inf, inf, nan, 2.0, 7.0]),
        np.array([0.5, 0.5, 3.56, 9.0, 2.0, 0.5, 0.5, 1.0, nan, 0.0]),
    )
    assert np.array_equal(ours(_power, x, y), [0.0, 0.0, 0.0, 1.0, nan, nan, top, nan, nan, 1.0], equal_nan=True)


def test_a_lone_call_gives_the_bits_of_the_loop() -> None:
    x, y = rng.uniform(0.001, 900, 1000), rng.uniform(0.01, 3, 1000)
    assert np.array_equal(ours(_exp, -x), [vector_math.exp(-v) for v in x])
    assert np.array_equal(ours(_log, x), [vector_math.log(v) for v in x])
    assert np.array_equal(ours(_power, x, y), [vector_math.power(a, b) for a, b in zip(x, y, strict=True)])


def test_results_grow_with_their_argument() -> None:
    """Monotone on steps far wider than the bound, over the seams of the reduction too."""
    x = np.linspace(-20, 20, 400_001)
    assert np.all(np.diff(ours(_exp, x)) > 0)
    assert np.all(np.diff(ours(_log, np.linspace(0.01, 50, 400_001))) > 0)
