// Full neighbor list of atoms sorted by cell: count, (scan,) fill. LANES threads share an atom and sweep runs of
// cells that are contiguous in memory, together: loads and stores of neighboring threads are neighbors too, and the
// order of a row depends on nothing but the order of the atoms.
//
// The sweep is float32. Where rounding could decide, float64 does, step for step as the oracle rounds (no fused
// multiply-add): the pairs are those of reference_impl.neighbors.brute_force, exactly.

#define LANES 8
#define SPAN 5  // cells along an axis that may hold neighbors, as a cell is no thinner than half the reach

struct Limits {
    float lengths[3], inverses[3], squared, band;
};

__device__ bool is_near_exactly(const double* __restrict__ positions, const double* __restrict__ box, int atoms, int i,
                                long long j, double limit) {
    double squared = 0.0;
    for (int axis = 0; axis < 3; ++axis) {
        const double* along = positions + (long long)axis * atoms;
        double apart = along[i] - along[j];
        double whole = rint(__dmul_rn(apart, box[3 + axis]));
        apart = __dadd_rn(apart, -__dmul_rn(whole, box[axis]));
        squared = __dadd_rn(squared, __dmul_rn(apart, apart));
    }
    return squared < limit;
}

__device__ float squared_distance(float4 a, float4 b, const Limits& limits) {
    float x = a.x - b.x, y = a.y - b.y, z = a.z - b.z;
    x -= limits.lengths[0] * rintf(x * limits.inverses[0]);
    y -= limits.lengths[1] * rintf(y * limits.inverses[1]);
    z -= limits.lengths[2] * rintf(z * limits.inverses[2]);
    return x * x + y * y + z * z;
}

template <bool IS_FILL>
__device__ void sweep(const float4* __restrict__ places, const double* __restrict__ positions,
                      const int* __restrict__ cells, const long long* __restrict__ starts,
                      const double* __restrict__ box, int atoms, int nx, int ny, int nz, double limit, float band,
                      const long long* __restrict__ indptr, int* found) {
    int thread = blockIdx.x * blockDim.x + threadIdx.x;
    int atom = thread / LANES, lane = thread % LANES;
    if (atom >= atoms) return;  // all lanes of an atom at once: they never wait for others
    int shift = threadIdx.x % 32 / LANES * LANES;
    unsigned own_lanes = ((1u << LANES) - 1u) << shift;
    Limits limits;
    for (int axis = 0; axis < 3; ++axis) {
        limits.lengths[axis] = (float)box[axis];
        limits.inverses[axis] = (float)box[3 + axis];
    }
    limits.squared = (float)limit;
    limits.band = band;
    float4 here = places[atom];
    int cell = cells[atom];
    // In a row of few cells all are looked at once; otherwise SPAN of them around that of the atom.
    int first_x = nx > SPAN ? (cell % nx - SPAN / 2 + nx) % nx : 0;
    int first_y = ny > SPAN ? (cell / nx % ny - SPAN / 2 + ny) % ny : 0;
    int first_z = nz > SPAN ? (cell / nx / ny - SPAN / 2 + nz) % nz : 0;
    int stop_x = first_x + min(SPAN, nx);
    long long cursor = IS_FILL ? indptr[atom] : 0;
    for (int row = 0; row < min(SPAN, nz) * min(SPAN, ny); ++row) {
        int y = (first_y + row % min(SPAN, ny)) % ny, z = (first_z + row / min(SPAN, ny)) % nz;
        long long base = ((long long)z * ny + y) * nx;
        for (int part = 0; part < 2; ++part) {  // the second part: what goes round the end of the row
            int from = part ? 0 : first_x, to = part ? stop_x - nx : min(stop_x, nx);
            if (from >= to) continue;
            long long stop = starts[base + to];
            for (long long k = starts[base + from]; k < stop; k += LANES) {
                long long other = k + lane;
                bool is_near = false;
                if (other < stop && other != atom) {
                    float beyond = squared_distance(here, places[other], limits) - limits.squared;
                    is_near = fabsf(beyond) > limits.band
                                  ? beyond < 0.0f
                                  : is_near_exactly(positions, box, atoms, atom, other, limit);
                }
                if (IS_FILL) {
                    unsigned near = __ballot_sync(own_lanes, is_near) >> shift & ((1u << LANES) - 1u);
                    if (is_near) found[cursor + __popc(near & ((1u << lane) - 1u))] = (int)other;
                    cursor += __popc(near);
                } else {
                    cursor += is_near;
                }
            }
        }
    }
    if (!IS_FILL) {
        int count = (int)cursor;
        for (int apart = LANES / 2; apart > 0; apart >>= 1) count += __shfl_xor_sync(own_lanes, count, apart);
        if (lane == 0) found[atom] = count;
    }
}

extern "C" __global__ void count_neighbors(const float4* __restrict__ places, const double* __restrict__ positions,
                                           const int* __restrict__ cells, const long long* __restrict__ starts,
                                           const double* __restrict__ box, int atoms, int nx, int ny, int nz,
                                           double limit, float band, int* counts) {
    sweep<false>(places, positions, cells, starts, box, atoms, nx, ny, nz, limit, band, nullptr, counts);
}

extern "C" __global__ void fill_neighbors(const float4* __restrict__ places, const double* __restrict__ positions,
                                          const int* __restrict__ cells, const long long* __restrict__ starts,
                                          const double* __restrict__ box, int atoms, int nx, int ny, int nz,
                                          double limit, float band, const long long* __restrict__ indptr,
                                          int* indices) {
    sweep<true>(places, positions, cells, starts, box, atoms, nx, ny, nz, limit, band, indptr, indices);
}
