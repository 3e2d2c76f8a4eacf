"""What the probe takes for granted about CuPy's pool, of the fake and of the real one."""

import pytest


@pytest.fixture(params=["fake", pytest.param("cupy", marks=pytest.mark.gpu)])
def library(request):
    return request.getfixturevalue("cupy") if request.param == "fake" else pytest.importorskip("cupy")


@pytest.fixture
def pool(library):
    return library.cuda.MemoryPool()


def _largest_free(library, memory):
    index = getattr(memory.mem.pool(), "_debug_arena_get_index", None)
    if index is None:
        pytest.skip("CuPy does not tell its free blocks before 14.1")
    return max(size for size, _ in index(library.cuda.get_current_stream().ptr))


def test_sizes_are_rounded_up_to_512_bytes(pool):
    one, two = pool.malloc(1), pool.malloc(513)
    assert pool.used_bytes() == 512 + 1024
    del one
    assert pool.used_bytes() == 1024
    del two
    assert pool.used_bytes() == 0


def test_a_free_block_that_fits_best_is_used_again_and_split(pool):
    large = pool.malloc(1 << 20)
    start = large.ptr
    del large
    small = pool.malloc(1024)
    assert (small.ptr, pool.total_bytes(), pool.used_bytes()) == (start, 1 << 20, 1024)


def test_the_free_part_of_a_split_segment_is_not_released(pool):
    large = pool.malloc(1 << 20)
    del large
    keep = pool.malloc(1024)
    pool.free_all_blocks()
    assert pool.free_bytes() == (1 << 20) - 1024
    del keep
    pool.free_all_blocks()
    assert pool.total_bytes() == 0


def test_free_blocks_between_used_ones_do_not_merge(library, pool):
    large = pool.malloc(64 * 512)
    del large
    blocks = [pool.malloc(512) for _ in range(64)]
    del blocks[1::2]
    assert pool.free_bytes() == 32 * 512
    assert _largest_free(library, blocks[0]) == 512


def test_a_pointer_names_its_device_and_its_memory_the_pool(library, pool):
    memory = pool.malloc(512)
    assert memory.device_id == library.cuda.runtime.getDevice()
    assert memory.mem.pool().used_bytes() == 512


def test_an_allocator_leads_back_to_its_pool(pool):
    assert pool.malloc.__self__ is pool


@pytest.mark.parametrize(("asked", "given"), [(1, 512), (513, 1024), (1500, 2048), (3 << 20, 4 << 20)])
def test_sizes_of_pinned_buffers_are_powers_of_two(library, asked, given):
    assert library.cuda.PinnedMemoryPool().malloc(asked).mem.size == given
