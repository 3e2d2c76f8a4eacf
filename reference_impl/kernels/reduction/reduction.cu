// Sums of float64 in one order, whatever the device does first: a thread takes every so manieth element, a block adds
// its threads by halves. A second call with one block adds what the blocks found. Blocks are of a power of two.

#define MOST_THREADS 1024

template <bool IS_SQUARED>
__device__ void add_up(const double* __restrict__ values, long long count, double* sums) {
    __shared__ double partial[MOST_THREADS];
    double own = 0.0;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count;
         i += (long long)gridDim.x * blockDim.x)
        own += IS_SQUARED ? values[i] * values[i] : values[i];
    partial[threadIdx.x] = own;
    __syncthreads();
    for (int half = blockDim.x / 2; half > 0; half /= 2) {
        if ((int)threadIdx.x < half) partial[threadIdx.x] += partial[threadIdx.x + half];
        __syncthreads();
    }
    if (threadIdx.x == 0) sums[blockIdx.x] = partial[0];
}

extern "C" __global__ void sum_values(const double* __restrict__ values, long long count, double* sums) {
    add_up<false>(values, count, sums);
}

extern "C" __global__ void sum_squares(const double* __restrict__ values, long long count, double* sums) {
    add_up<true>(values, count, sums);
}
