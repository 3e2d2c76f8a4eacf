// starts[i] = counts[0] + ... + counts[i - 1], starts[n] the sum of all: reduce tiles, scan their sums, scan tiles.
// Integers only, so the result is the same however threads run. A tile is ITEMS elements for each thread of a block.

#define ITEMS 4
#define MOST_THREADS 1024

// What the threads before this one brought; `sum` becomes that of all. Every thread of the block calls it.
__device__ long long sum_before(long long own, long long* sum) {
    __shared__ long long sums[MOST_THREADS];
    int mine = threadIdx.x;
    sums[mine] = own;
    __syncthreads();
    for (int reach = 1; reach < (int)blockDim.x; reach *= 2) {
        long long before = mine >= reach ? sums[mine - reach] : 0;
        __syncthreads();
        sums[mine] += before;
        __syncthreads();
    }
    long long found = sums[mine] - own;
    *sum = sums[blockDim.x - 1];
    __syncthreads();  // the room is used again
    return found;
}

__device__ long long sum_of_items(const int* __restrict__ counts, int n, long long first) {
    long long own = 0;
    for (int item = 0; item < ITEMS; ++item)
        if (first + item < n) own += counts[first + item];
    return own;
}

extern "C" __global__ void scan_sums(const int* __restrict__ counts, int n, long long* totals) {
    long long first = ((long long)blockIdx.x * blockDim.x + threadIdx.x) * ITEMS;
    long long sum;
    sum_before(sum_of_items(counts, n, first), &sum);
    if (threadIdx.x == 0) totals[blockIdx.x] = sum;
}

// One block: totals[tile] becomes the sum of all tiles before it.
extern "C" __global__ void scan_totals(long long* totals, int tiles) {
    long long carry = 0;
    for (int base = 0; base < tiles; base += blockDim.x) {
        int tile = base + threadIdx.x;
        long long sum;
        long long before = sum_before(tile < tiles ? totals[tile] : 0, &sum);
        if (tile < tiles) totals[tile] = carry + before;
        carry += sum;
    }
}

extern "C" __global__ void scan_tiles(const int* __restrict__ counts, int n, const long long* __restrict__ totals,
                                      long long* starts) {
    long long first = ((long long)blockIdx.x * blockDim.x + threadIdx.x) * ITEMS;
    long long sum;
    long long start = totals[blockIdx.x] + sum_before(sum_of_items(counts, n, first), &sum);
    for (int item = 0; item < ITEMS; ++item) {
        if (first + item < n) {
            starts[first + item] = start;
            start += counts[first + item];
            if (first + item == n - 1) starts[n] = start;
        }
    }
}
