// sums = first + second; one element after the other, and `stride` apart. The same result at another cost: neighboring
// threads that touch neighboring elements share the 32-byte sectors of memory, those far apart take one each.

extern "C" __global__ void add_coalesced(const float* __restrict__ first, const float* __restrict__ second, float* sums,
                                         int count) {
    long long step = (long long)gridDim.x * blockDim.x;
    for (long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += step)
        sums[i] = first[i] + second[i];
}

extern "C" __global__ void add_strided(const float* __restrict__ first, const float* __restrict__ second, float* sums,
                                       int count, int stride) {
    long long rows = ((long long)count + stride - 1) / stride;
    long long step = (long long)gridDim.x * blockDim.x;
    for (long long k = (long long)blockIdx.x * blockDim.x + threadIdx.x; k < rows * stride; k += step) {
        long long i = k % rows * stride + k / rows;
        if (i < count) sums[i] = first[i] + second[i];
    }
}
