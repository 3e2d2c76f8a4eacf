// Kernels with one fault each: what runs kernels on the CPU must tell.

extern "C" __global__ void reads_beyond(const float* __restrict__ values, float* sums, int count) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    sums[i < count ? i : 0] = values[i < count ? i + 1 : 0];  // FAULT: read beyond the end
}

extern "C" __global__ void writes_beyond_shared(float* sums, int count) {
    __shared__ float room[64];
    room[threadIdx.x] = count;  // FAULT: write beyond shared memory
    __syncthreads();
    sums[0] = room[0];
}

extern "C" __global__ void overflows(int* sums, int count) {
    sums[threadIdx.x] = count + (int)threadIdx.x;  // FAULT: signed overflow
}

extern "C" __global__ void waits_at_two_lines(float* sums, int count) {
    if ((int)threadIdx.x < count)
        __syncthreads();
    else
        __syncthreads();
    sums[threadIdx.x] = 1.0f;
}

extern "C" __global__ void leaves_before_a_barrier(float* sums, int count) {
    if ((int)threadIdx.x >= count) return;
    __syncthreads();
    sums[threadIdx.x] = 1.0f;
}

extern "C" __global__ void leaves_before_a_shuffle(float* sums, int count) {
    if ((int)threadIdx.x >= count) return;
    sums[threadIdx.x] = __shfl_sync(0xffffffffu, 1.0f, 0);
}

extern "C" __global__ void names_other_lanes(float* sums, int count) {
    unsigned mask = (int)threadIdx.x < count ? 0xffffffffu : 0xfffffff0u;
    sums[threadIdx.x] = __shfl_sync(mask, 1.0f, 8);
}

extern "C" __global__ void is_not_in_its_mask(float* sums, int count) {
    sums[threadIdx.x] = __shfl_sync((1u << count) - 1u, 1.0f, 0);
}

extern "C" __global__ void forgets_a_barrier(float* sums, int count) {
    __shared__ float room[64];
    room[threadIdx.x] = threadIdx.x + count;
    sums[threadIdx.x] = room[(threadIdx.x + 1) % blockDim.x];
}

// And one that does all of it right.
extern "C" __global__ void exchanges(int* sums, int count) {
    __shared__ int room[64];
    int lane = threadIdx.x % 32;
    room[threadIdx.x] = __shfl_down_sync(0xffffffffu, lane, count);
    __syncthreads();
    unsigned half = lane < 16 ? 0xffffu : 0xffff0000u;
    int votes = lane % 2 ? __popc(__ballot_sync(0xaaaaaaaau, lane < 8)) : 0;
    __syncwarp();
    sums[threadIdx.x] = room[63 - threadIdx.x] + 100 * votes + 10000 * __shfl_sync(half, lane, lane & 16);
}
