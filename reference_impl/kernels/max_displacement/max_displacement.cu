// Square of the farthest that an atom is from where it was before, by nearest images; not a number if one is lost.

extern "C" __global__ void max_displacement(const double* __restrict__ positions, const double* __restrict__ before,
                                            const double* __restrict__ box, int atoms, long long* farthest) {
    int atom = blockIdx.x * blockDim.x + threadIdx.x;
    // Bits of doubles that are not negative sort as integers do, and those of what is not a number come last.
    long long own = 0;
    if (atom < atoms) {
        double squared = 0.0;
        for (int axis = 0; axis < 3; ++axis) {
            long long at = (long long)axis * atoms + atom;
            double moved = positions[at] - before[at];
            moved -= box[axis] * rint(moved * box[3 + axis]);
            squared += moved * moved;
        }
        own = __double_as_longlong(fabs(squared));
    }
    for (int apart = 16; apart > 0; apart >>= 1) {
        long long other = __shfl_xor_sync(0xffffffffu, own, apart);
        own = max(own, other);
    }
    if (threadIdx.x % 32 == 0) atomicMax(farthest, own);
}
