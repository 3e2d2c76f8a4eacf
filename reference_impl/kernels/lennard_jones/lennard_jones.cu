// Lennard-Jones forces: of all pairs, for systems so small that a list does not pay, and from a full neighbor list.
// sums are half the energies and half the virials of the pairs of each atom. No atomics: the same input gives the same bits.

#define TILE 128  // threads of a block at most, of all pairs
#define LANES 8   // threads of an atom, from a list

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
    for (int apart = LANES / 2; apart > 0; apart >>= 1) {  // all lanes of the warp take part, of no atom too
        pulls.x += __shfl_xor_sync(0xffffffffu, pulls.x, apart);
        pulls.y += __shfl_xor_sync(0xffffffffu, pulls.y, apart);
        pulls.z += __shfl_xor_sync(0xffffffffu, pulls.z, apart);
        pulls.energy += __shfl_xor_sync(0xffffffffu, pulls.energy, apart);
        pulls.virial += __shfl_xor_sync(0xffffffffu, pulls.virial, apart);
    }
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
