"""Evaluated once, when it is used, by whoever comes first."""

from __future__ import annotations

import gc
import threading
import time
import weakref

import numpy as np
import pytest

from reference_impl.layout import LazyArray


class Counted:
    def __init__(self, value=None):
        self.calls = 0
        self.data = np.arange(6.0).reshape(2, 3) if value is None else value

    def __call__(self):
        self.calls += 1
        return self.data


@pytest.mark.parametrize(
    "use",
    [
        np.asarray,
        np.sum,
        np.sin,
        len,
        lambda lazy: lazy[0],
        lambda lazy: lazy @ np.ones(3),
        lambda lazy: 2 - lazy,
        lambda lazy: lazy == lazy,  # noqa: PLR0124
        lambda lazy: np.add(1, lazy, out=np.empty((2, 3))),
        np.add.reduce,
        lambda lazy: np.concatenate([lazy, lazy]),
        list,
    ],
)
def test_used_like_an_array(use):
    producer = Counted()
    lazy = LazyArray(producer)
    assert (producer.calls, lazy.is_evaluated, repr(lazy)) == (0, False, "LazyArray(not evaluated)")
    for _ in range(2):
        assert np.array_equal(use(lazy), use(producer.data))
    assert (producer.calls, lazy.is_evaluated, repr(lazy)) == (
        1,
        True,
        "LazyArray(shape=(2, 3), dtype=float64)",
    )


def test_results_can_go_into_it():
    lazy = LazyArray(lambda: np.zeros(3))
    np.add(lazy, 2, out=lazy)
    assert lazy.value.tolist() == [2, 2, 2]


def test_copies_and_conversions_as_numpy_asks_for_them():
    lazy = LazyArray(Counted())
    assert lazy.__array__() is lazy.value
    assert lazy.__array__(copy=False) is lazy.value
    assert lazy.__array__(np.float64) is lazy.value
    assert not np.shares_memory(lazy.__array__(copy=True), lazy.value)
    assert np.asarray(lazy, np.float32).dtype == np.float32
    with pytest.raises(ValueError, match="copy=False and dtype int64, allowed: float64, or a copy"):
        lazy.__array__(np.int64, copy=False)


def test_the_producer_goes_with_all_it_holds():
    class Large:
        pass

    large = Large()
    gone = weakref.ref(large)
    lazy = LazyArray(lambda large=large: np.zeros(1))
    del large
    gc.collect()
    assert gone() is not None
    lazy.value  # noqa: B018 - using it is the point
    gc.collect()
    assert gone() is None


def test_threads_wait_for_one_evaluation():
    started, calls, results = threading.Barrier(8), [], []

    def produce():
        calls.append(threading.get_ident())
        time.sleep(0.05)
        return np.ones(10)

    lazy = LazyArray(produce)

    def use():
        started.wait()
        results.append(lazy.value)

    threads = [threading.Thread(target=use) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert len(results) == 8
    assert all(result is lazy.value for result in results)


def test_a_failure_is_the_caller_s_and_can_be_mended():
    answers = iter([ZeroDivisionError("first"), 7.0])

    def produce():
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    lazy = LazyArray(produce)
    with pytest.raises(ZeroDivisionError, match="first"):
        np.asarray(lazy)
    assert not lazy.is_evaluated
    assert lazy + 1 == 8


def test_a_producer_that_uses_its_own_value():
    lazy = LazyArray(lambda: lazy + 1)
    with pytest.raises(RuntimeError, match="uses its value"):
        np.asarray(lazy)
