"""What there is once is not copied: a copy would give back the same memory again."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from reference_impl.memory import (
    AdaptivePool,
    ArrayPool,
    BlockPool,
    ManagedMatrix,
    MappedMatrix,
    SmartArray,
    ThreadCaches,
    typed_pools,
)
from reference_impl.spectral import FFTWorkspaces

ONCE = {
    "Block": lambda path: BlockPool(1024).allocate(10),
    "BlockPool": lambda path: BlockPool(1024),
    "ThreadCaches": lambda path: ThreadCaches(BlockPool(1024)),
    "ArrayPool": lambda path: ArrayPool(),
    "AdaptivePool": lambda path: AdaptivePool(),
    "_Scope": lambda path: ArrayPool().array(3),
    "SmartArray": lambda path: SmartArray(3, pool=ArrayPool()),
    "ManagedMatrix": lambda path: ManagedMatrix(2, 3),
    "MappedMatrix": lambda path: MappedMatrix.create(path / "matrix", (2, 3)),
    "Workspace": lambda path: FFTWorkspaces().lease(8),
    "FFTWorkspaces": lambda path: FFTWorkspaces(),
}
WAYS = {"copy": copy.copy, "deepcopy": copy.deepcopy, "pickle": pickle.dumps}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", ONCE)
def test_no_copies(name, way, tmp_path):
    thing = ONCE[name](tmp_path)
    with pytest.raises(TypeError, match=f"got a copy or a pickle of a {name}, allowed: the {name} itself"):
        WAYS[way](thing)
    if isinstance(thing, MappedMatrix):
        thing.close()


@pytest.mark.parametrize("way", [copy.copy, copy.deepcopy, lambda array: pickle.loads(pickle.dumps(array))])
@pytest.mark.parametrize("pool", [ArrayPool, lambda: typed_pools(1024).real])
def test_a_copy_of_a_lease_is_an_array_of_its_own(pool, way):
    pool = pool()
    lease = pool.acquire(3)
    lease[:] = 1
    copied = way(lease)
    pool.release(lease)
    del lease
    pool.acquire(3)[:] = 2
    np.testing.assert_array_equal(copied, 1)
    with pytest.raises(ValueError, match="foreign"):
        pool.release(copied)
