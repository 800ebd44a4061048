"""The paired test is scipy's; seeds are counted beside it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from core.metrics.significance import paired


def test_it_is_the_paired_t_test_of_seed_means():
    rng = np.random.default_rng(0)
    reference = rng.normal(5.0, 1.0, (3, 200))
    variant = reference - 0.05 + rng.normal(0.0, 0.3, (3, 200))
    found = paired(variant, reference)
    twin = stats.ttest_rel(variant.mean(axis=0), reference.mean(axis=0))
    assert found.p == pytest.approx(twin.pvalue)
    assert found.difference == pytest.approx((variant - reference).mean())
    assert (found.seeds, found.subjects) == (3, 200)


def test_subjects_that_were_not_measured_are_left_out():
    reference = np.array([[1.0, 2.0, np.nan, 4.0]])
    variant = np.array([[1.5, 2.5, 3.0, 4.6]])
    found = paired(variant, reference)
    assert found.subjects == 3
    assert found.difference == pytest.approx(1.6 / 3)
    assert np.isnan(found.seed_sd)


def test_seeds_that_disagree_are_told():
    reference = np.zeros((3, 10))
    variant = np.array([[1.0], [0.5], [-0.2]]) + np.linspace(-0.1, 0.1, 10)
    found = paired(variant, reference)
    assert found.same_sign == 2
    assert found.seed_sd == pytest.approx(np.std([1.0, 0.5, -0.2], ddof=1))


def test_equal_variants_do_not_differ():
    values = np.arange(8.0).reshape(2, 4)
    assert paired(values, values).p == 1.0
    assert paired(values + 1.0, values).p == 0.0


@pytest.mark.parametrize("other", [np.zeros((2, 3)), np.full((1, 3), np.nan)])
def test_what_cannot_be_paired_is_an_error(other: np.ndarray):
    with pytest.raises(ValueError, match=r"shapes differ|no subject"):
        paired(np.zeros((1, 3)), other)
