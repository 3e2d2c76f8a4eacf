// What belongs to atoms, in another order: to[k] = from[order[k]]. Vectors are x of all atoms, then y, then z.

extern "C" __global__ void gather_vectors(const double* __restrict__ from, const int* __restrict__ order, int atoms,
                                          double* to) {
    int slot = blockIdx.x * blockDim.x + threadIdx.x;
    if (slot >= atoms) return;
    int atom = order[slot];
    for (int axis = 0; axis < 3; ++axis) to[(long long)axis * atoms + slot] = from[(long long)axis * atoms + atom];
}

// The same, wrapped into the box: coordinates of a long run stay small.
extern "C" __global__ void gather_wrapped(const double* __restrict__ from, const int* __restrict__ order,
                                          const double* __restrict__ box, int atoms, double* to) {
    int slot = blockIdx.x * blockDim.x + threadIdx.x;
    if (slot >= atoms) return;
    int atom = order[slot];
    for (int axis = 0; axis < 3; ++axis) {
        double x = from[(long long)axis * atoms + atom];
        to[(long long)axis * atoms + slot] = x - box[axis] * floor(x * box[3 + axis]);
    }
}

extern "C" __global__ void gather_names(const int* __restrict__ from, const int* __restrict__ order, int atoms,
                                        int* to) {
    int slot = blockIdx.x * blockDim.x + threadIdx.x;
    if (slot < atoms) to[slot] = from[order[slot]];
}
