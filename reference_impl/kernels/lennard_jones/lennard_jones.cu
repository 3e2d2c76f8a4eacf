// Lennard-Jones forces: of all pairs, for systems so small that a list does not pay, from a full neighbor list, and from
// the cells themselves, for positions whose list would serve but once.
// sums are half the energies and half the virials of the pairs of each atom. No atomics: the same input gives the same bits.

#define TILE 128  // threads of a block at most, of all pairs
#define LANES 8   // threads of an atom, from a list and from cells
#define SPAN 5    // cells along an axis that may hold neighbors, as a cell is no thinner than half the cutoff

struct __align__(16) place64 { double x, y, z, w; };

__device__ float inverse(float x) { return __fdividef(1.0f, x); }  // to 2 units in the last place
__device__ double inverse(double x) { return 1.0 / x; }

// Half of what a pair says: its other atom counts it as well.
template <typename Real, typename Sum>
struct Pulls {
    Sum x, y, z, energy, virial;

    __device__ void add(Real dx, Real dy, Real dz, Real squared) {
        Real r2 = inverse(squared), r6 = r2 * r2 * r2;
        Real pull = Real(24) * r6 * (Real(2) * r6 - Real(1)) * r2;
        x += pull * dx;
        y += pull * dy;
        z += pull * dz;
        energy += Real(2) * r6 * (r6 - Real(1));
        virial += Real(0.5) * pull * squared;
    }

    // Of the LANES threads of an atom, by halves. All lanes of the warp take part, of no atom too.
    __device__ void add_lanes() {
        for (int apart = LANES / 2; apart > 0; apart >>= 1) {
            x += __shfl_xor_sync(0xffffffffu, x, apart);
            y += __shfl_xor_sync(0xffffffffu, y, apart);
            z += __shfl_xor_sync(0xffffffffu, z, apart);
            energy += __shfl_xor_sync(0xffffffffu, energy, apart);
            virial += __shfl_xor_sync(0xffffffffu, virial, apart);
        }
    }

    __device__ void store(double* forces, double* sums, int atom, int atoms) const {
        long long at = atom, step = atoms;
        forces[at] = x;
        forces[at + step] = y;
        forces[at + 2 * step] = z;
        sums[at] = energy;
        sums[at + step] = virial;
    }
};

// O(N * N). A block loads a tile of atoms to shared memory, all of its threads at once, and each thread meets all of the
// tile.
template <typename Real, typename Sum, typename Place>
__device__ void meet_all(const Place* __restrict__ places, const double* __restrict__ box, int atoms,
                         double cutoff_squared, double* forces, double* sums) {
    __shared__ Place tile[TILE];
    int atom = blockIdx.x * blockDim.x + threadIdx.x;
    Real lx = box[0], ly = box[1], lz = box[2], ux = box[3], uy = box[4], uz = box[5], limit = cutoff_squared;
    Place here = places[min(atom, atoms - 1)];
    Pulls<Real, Sum> pulls = {};
    for (int first = 0; first < atoms; first += blockDim.x) {
        if (first + (int)threadIdx.x < atoms) tile[threadIdx.x] = places[first + threadIdx.x];
        __syncthreads();
        int count = min((int)blockDim.x, atoms - first);
        for (int k = 0; k < count; ++k) {
            Real dx = here.x - tile[k].x, dy = here.y - tile[k].y, dz = here.z - tile[k].z;
            dx -= lx * rint(dx * ux);
            dy -= ly * rint(dy * uy);
            dz -= lz * rint(dz * uz);
            Real squared = dx * dx + dy * dy + dz * dz;
            if (squared < limit && first + k != atom) pulls.add(dx, dy, dz, squared);
        }
        __syncthreads();  // before the next tile comes
    }
    if (atom < atoms) pulls.store(forces, sums, atom, atoms);
}

extern "C" __global__ void all_pairs_float32(
    const float4* __restrict__ places, const double* __restrict__ box, int atoms,
    double cutoff_squared, double* forces, double* sums) {
    meet_all<float, float>(places, box, atoms, cutoff_squared, forces, sums);
}

extern "C" __global__ void all_pairs_mixed(
    const float4* __restrict__ places, const double* __restrict__ box, int atoms,
    double cutoff_squared, double* forces, double* sums) {
    meet_all<float, double>(places, box, atoms, cutoff_squared, forces, sums);
}

extern "C" __global__ void all_pairs_float64(
    const place64* __restrict__ places, const double* __restrict__ box, int atoms,
    double cutoff_squared, double* forces, double* sums) {
    meet_all<double, double>(places, box, atoms, cutoff_squared, forces, sums);
}

// LANES threads share an atom, read its row side by side, and add up what they found by halves.
template <typename Real, typename Sum, typename Place>
__device__ void meet_listed(const Place* __restrict__ places, const double* __restrict__ box,
                            const long long* __restrict__ indptr, const int* __restrict__ indices, int atoms,
                            double cutoff_squared, double* forces, double* sums) {
    unsigned thread = blockIdx.x * blockDim.x + threadIdx.x;
    int atom = thread / LANES, lane = thread % LANES;
    Pulls<Real, Sum> pulls = {};
    if (atom < atoms) {
        Real lx = box[0], ly = box[1], lz = box[2], ux = box[3], uy = box[4], uz = box[5], limit = cutoff_squared;
        Place here = places[atom];
        const int* row = indices + indptr[atom];
        int count = (int)(indptr[atom + 1] - indptr[atom]);
        for (int k = lane; k < count; k += LANES) {
            Place there = places[row[k]];
            Real dx = here.x - there.x, dy = here.y - there.y, dz = here.z - there.z;
            dx -= lx * rint(dx * ux);
            dy -= ly * rint(dy * uy);
            dz -= lz * rint(dz * uz);
            Real squared = dx * dx + dy * dy + dz * dz;
            if (squared < limit) pulls.add(dx, dy, dz, squared);
        }
    }
    pulls.add_lanes();
    if (atom < atoms && lane == 0) pulls.store(forces, sums, atom, atoms);
}

extern "C" __global__ void list_forces_float32(
    const float4* __restrict__ places, const double* __restrict__ box,
    const long long* __restrict__ indptr, const int* __restrict__ indices, int atoms,
    double cutoff_squared, double* forces, double* sums) {
    meet_listed<float, float>(places, box, indptr, indices, atoms, cutoff_squared, forces, sums);
}

extern "C" __global__ void list_forces_mixed(
    const float4* __restrict__ places, const double* __restrict__ box,
    const long long* __restrict__ indptr, const int* __restrict__ indices, int atoms,
    double cutoff_squared, double* forces, double* sums) {
    meet_listed<float, double>(places, box, indptr, indices, atoms, cutoff_squared, forces, sums);
}

extern "C" __global__ void list_forces_float64(
    const place64* __restrict__ places, const double* __restrict__ box,
    const long long* __restrict__ indptr, const int* __restrict__ indices, int atoms,
    double cutoff_squared, double* forces, double* sums) {
    meet_listed<double, double>(places, box, indptr, indices, atoms, cutoff_squared, forces, sums);
}

// The first of SPAN cells around that of an atom, in a row of `cells` that closes; of fewer, all are looked at once.
__device__ int first_of_span(int cell, int cells) {
    int first = cell - SPAN / 2;
    return cells <= SPAN ? 0 : first < 0 ? first + cells : first;
}

// LANES threads share an atom and meet, side by side, those of runs of cells that are contiguous in memory.
template <typename Real, typename Sum, typename Place>
__device__ void meet_cells(const Place* __restrict__ places, const double* __restrict__ box,
                           const int* __restrict__ cells, const long long* __restrict__ starts, int atoms, int nx,
                           int ny, int nz, double cutoff_squared, double* forces, double* sums) {
    unsigned thread = blockIdx.x * blockDim.x + threadIdx.x;
    int atom = thread / LANES, lane = thread % LANES;
    Pulls<Real, Sum> pulls = {};
    if (atom < atoms) {
        Real lx = box[0], ly = box[1], lz = box[2], ux = box[3], uy = box[4], uz = box[5], limit = cutoff_squared;
        Place here = places[atom];
        int cell = cells[atom];
        int span_x = min(SPAN, nx), span_y = min(SPAN, ny), span_z = min(SPAN, nz);
        int first_x = first_of_span(cell % nx, nx), first_y = first_of_span(cell / nx % ny, ny);
        int first_z = first_of_span(cell / nx / ny, nz);
        for (int z = first_z; z < first_z + span_z; ++z) {
            for (int y = first_y; y < first_y + span_y; ++y) {
                int row_of_cells = (z < nz ? z : z - nz) * ny + (y < ny ? y : y - ny);
                const long long* cells_of_row = starts + (long long)row_of_cells * nx;
                for (int part = 0; part < 2; ++part) {  // the second part: what goes round the end of the row
                    int from = part ? 0 : first_x, to = part ? first_x + span_x - nx : min(first_x + span_x, nx);
                    if (from >= to) continue;
                    int stop = (int)cells_of_row[to];
                    for (int other = (int)cells_of_row[from] + lane; other < stop; other += LANES) {
                        Place there = places[other];
                        Real dx = here.x - there.x, dy = here.y - there.y, dz = here.z - there.z;
                        dx -= lx * rint(dx * ux);
                        dy -= ly * rint(dy * uy);
                        dz -= lz * rint(dz * uz);
                        Real squared = dx * dx + dy * dy + dz * dz;
                        if (squared < limit && other != atom) pulls.add(dx, dy, dz, squared);
                    }
                }
            }
        }
    }
    pulls.add_lanes();
    if (atom < atoms && lane == 0) pulls.store(forces, sums, atom, atoms);
}

extern "C" __global__ void cell_forces_float32(
    const float4* __restrict__ places, const double* __restrict__ box, const int* __restrict__ cells,
    const long long* __restrict__ starts, int atoms, int nx, int ny, int nz,
    double cutoff_squared, double* forces, double* sums) {
    meet_cells<float, float>(places, box, cells, starts, atoms, nx, ny, nz, cutoff_squared, forces, sums);
}

extern "C" __global__ void cell_forces_mixed(
    const float4* __restrict__ places, const double* __restrict__ box, const int* __restrict__ cells,
    const long long* __restrict__ starts, int atoms, int nx, int ny, int nz,
    double cutoff_squared, double* forces, double* sums) {
    meet_cells<float, double>(places, box, cells, starts, atoms, nx, ny, nz, cutoff_squared, forces, sums);
}

extern "C" __global__ void cell_forces_float64(
    const place64* __restrict__ places, const double* __restrict__ box, const int* __restrict__ cells,
    const long long* __restrict__ starts, int atoms, int nx, int ny, int nz,
    double cutoff_squared, double* forces, double* sums) {
    meet_cells<double, double>(places, box, cells, starts, atoms, nx, ny, nz, cutoff_squared, forces, sums);
}
