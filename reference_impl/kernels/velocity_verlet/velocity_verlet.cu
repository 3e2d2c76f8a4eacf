// A step of unit masses: half a kick and a drift, (forces,) half a kick (W. C. Swope et al., J. Chem. Phys. 76, 637
// (1982)). Coordinates do not know each other: `count` of them, three per atom.

extern "C" __global__ void first_half(double* positions, double* velocities, const double* __restrict__ forces,
                                      long long count, double time_step) {
    long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= count) return;
    double velocity = velocities[i] + 0.5 * time_step * forces[i];
    velocities[i] = velocity;
    positions[i] += time_step * velocity;
}

extern "C" __global__ void second_half(double* velocities, const double* __restrict__ forces, long long count,
                                       double time_step) {
    long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i < count) velocities[i] += 0.5 * time_step * forces[i];
}
