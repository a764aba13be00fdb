"""Samplers that are made anew for every question, from a seed that says which question it is."""

from __future__ import annotations

import warnings

import optuna
from optuna.samplers import BaseSampler, NSGAIISampler, TPESampler

from mtl_core.randomness.seeding import stream_seed


def tpe(num_told: int, place: int, *stream: str, at_random: int) -> BaseSampler:
    """Return a multivariate TPE sampler.

    Args:
        num_told: trials that the study was told of.
        place: of the question among those asked since.
        stream: tells the studies of one journal apart.
        at_random: trials before the sampler goes by results.
    """
    options = {"n_startup_trials": at_random, "constant_liar": True, "multivariate": True, "group": True}
    with warnings.catch_warnings():
        # group: for factors that depend on others
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return TPESampler(seed=_seed(num_told, place, *stream), **options)


def nsga(num_told: int, place: int, *stream: str, population: int) -> BaseSampler:
    """Return an NSGA-II sampler with generations of ``population`` trials; else as :func:`tpe`."""
    return NSGAIISampler(seed=_seed(num_told, place, *stream), population_size=population)


def _seed(num_told: int, place: int, *stream: str) -> int:
    return stream_seed(0, "optuna", *stream, num_told, place) % 2**31
