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
                                int j, double limit) {
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

// The first of SPAN cells around that of an atom, in a row of `cells` that closes; of fewer, all are looked at once.
__device__ int first_of_span(int cell, int cells) {
    int first = cell - SPAN / 2;
    return cells <= SPAN ? 0 : first < 0 ? first + cells : first;
}

template <bool IS_FILL>
__device__ void sweep(const float4* __restrict__ places, const double* __restrict__ positions,
                      const int* __restrict__ cells, const long long* __restrict__ starts,
                      const double* __restrict__ box, int atoms, int nx, int ny, int nz, double limit, float band,
                      const long long* __restrict__ indptr, int* found) {
    unsigned thread = blockIdx.x * blockDim.x + threadIdx.x;
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
    int span_x = min(SPAN, nx), span_y = min(SPAN, ny), span_z = min(SPAN, nz);
    int first_x = first_of_span(cell % nx, nx), first_y = first_of_span(cell / nx % ny, ny);
    int first_z = first_of_span(cell / nx / ny, nz);
    int* row = IS_FILL ? found + indptr[atom] : nullptr;
    int count = 0;
    for (int z = first_z; z < first_z + span_z; ++z) {
        for (int y = first_y; y < first_y + span_y; ++y) {
            int row_of_cells = (z < nz ? z : z - nz) * ny + (y < ny ? y : y - ny);
            const long long* cells_of_row = starts + (long long)row_of_cells * nx;
            for (int part = 0; part < 2; ++part) {  // the second part: what goes round the end of the row
                int from = part ? 0 : first_x, to = part ? first_x + span_x - nx : min(first_x + span_x, nx);
                if (from >= to) continue;
                int stop = (int)cells_of_row[to];
                for (int first = (int)cells_of_row[from]; first < stop; first += LANES) {
                    int other = first + lane;
                    bool is_near = false;
                    if (other < stop && other != atom) {
                        float beyond = squared_distance(here, places[other], limits) - limits.squared;
                        is_near = fabsf(beyond) > limits.band
                                      ? beyond < 0.0f
                                      : is_near_exactly(positions, box, atoms, atom, other, limit);
                    }
                    if (IS_FILL) {
                        unsigned near = __ballot_sync(own_lanes, is_near) >> shift & ((1u << LANES) - 1u);
                        if (is_near) row[count + __popc(near & ((1u << lane) - 1u))] = other;
                        count += __popc(near);
                    } else {
                        count += is_near;
                    }
                }
            }
        }
    }
    if (!IS_FILL) {
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
