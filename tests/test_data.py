"""The embedded data sets."""

import numpy as np
import pytest

from pynn.data import digits_parts, load_digits, make_moons


def test_digits_have_their_published_counts():
    images, labels = load_digits()
    assert images.shape == (1797, 8, 8) and images.dtype == np.uint8
    assert labels.shape == (1797,) and labels.dtype == np.int64
    assert images.min() == 0 and images.max() == 16
    # class sizes of the UCI test file, digit 0 to digit 9
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_digits_equal_scikit_learns_copy():
    datasets = pytest.importorskip("sklearn.datasets")
    theirs = datasets.load_digits()
    images, labels = load_digits()
    assert np.array_equal(images, theirs.images)
    assert np.array_equal(labels, theirs.target)


def test_digits_are_fresh_and_writable():
    first, second = load_digits(), load_digits()
    first.images[:] = 0
    first.labels[:] = 0
    assert second.images.max() == 16 and second.labels.max() == 9


def test_parts_are_fixed_disjoint_and_complete():
    parts, again = digits_parts(), digits_parts()
    for a, b in zip(parts, again, strict=True):
        assert np.array_equal(a, b) and a.flags.c_contiguous
    assert [len(a) for a in parts] == [1197, 1197, 300, 300, 300, 300]
    X = np.concatenate(parts[0::2])
    y = np.concatenate(parts[1::2])
    assert X.dtype == np.float32 and X.min() == 0 and X.max() == 1
    images, labels = load_digits()
    whole = np.column_stack([images.reshape(-1, 64), labels])
    parted = np.column_stack([X * 16, y]).astype(np.int64)
    assert sorted(whole.tolist()) == sorted(parted.tolist())


@pytest.mark.parametrize("n_samples", [1, 2, 3, 200, (5, 9)])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("noise", [None, 0.2])
def test_moons_are_scikit_learns_bit_for_bit(n_samples, shuffle, noise):
    datasets = pytest.importorskip("sklearn.datasets")
    ours = make_moons(n_samples, shuffle=shuffle, noise=noise, random_state=42)
    theirs = datasets.make_moons(n_samples, shuffle=shuffle, noise=noise, random_state=42)
    assert ours[0].tobytes() == np.ascontiguousarray(theirs[0]).tobytes()
    assert ours[1].dtype == theirs[1].dtype and np.array_equal(ours[1], theirs[1])


@pytest.mark.parametrize("n_samples", [0, (0, 4), (4, 0)])
def test_moons_may_be_empty(n_samples):
    X, y = make_moons(n_samples, noise=0.1, random_state=3)
    assert X.shape == (np.sum(n_samples), 2) and y.shape == (np.sum(n_samples),)


def test_moons_random_states():
    stream = np.random.RandomState(7)
    first, second = make_moons(20, random_state=stream), make_moons(20, random_state=stream)
    assert not np.array_equal(first[1], second[1])
    saved = np.random.get_state()
    try:
        np.random.seed(7)
        from_global = make_moons(20)
    finally:
        np.random.set_state(saved)
    assert np.array_equal(from_global[0], first[0])


@pytest.mark.parametrize("n_samples", [-1, (1, 2, 3), "ten", (2, -2)])
def test_moons_refuse_what_is_no_count(n_samples):
    with pytest.raises(ValueError, match="n_samples"):
        make_moons(n_samples)
