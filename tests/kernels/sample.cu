// One kernel for every number that ptxas tells. No headers: NVRTC brings none.
extern "C" __global__ void scale(float* x, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) x[i] *= 2.0f;
}

namespace md {
template <class T, int N>
__global__ void reversed(T* x) {  // static shared memory and a barrier
  __shared__ T tile[N];
  tile[threadIdx.x] = x[threadIdx.x];
  __syncthreads();
  x[threadIdx.x] = tile[N - 1 - threadIdx.x];
}
}  // namespace md
template __global__ void md::reversed<float, 256>(float*);

__global__ void __launch_bounds__(1024) spills(const float* x, float* y) {  // 64 registers for 90 live values
  float v[90];
#pragma unroll
  for (int i = 0; i < 90; ++i) v[i] = x[i * 1024 + threadIdx.x];
#pragma unroll
  for (int i = 0; i < 90; ++i) y[i * 1024 + threadIdx.x] = v[i] * v[(i + 1) % 90];
}

__device__ __noinline__ float from_table(const float* x, int n) {  // its array lies on the stack
  float table[16];
  for (int i = 0; i < 16; ++i) table[i] = x[i * n];
  float sum = 0.0f;
  for (int i = 0; i < n; ++i) sum += table[(7 * i) % 16];
  return sum;
}
__global__ void calls(float* x, int n) { x[threadIdx.x] = from_table(x, n); }
