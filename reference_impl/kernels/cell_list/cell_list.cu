// Atoms sorted by cell, those of one cell by number: assign and count, (scan,) scatter, put in order.
// Positions are coordinates of all atoms, x then y then z; box is three lengths and their inverses.

extern "C" __global__ void assign_cells(const double* __restrict__ positions, const double* __restrict__ box, int atoms,
                                        int nx, int ny, int nz, int* counts, int* cells, int* ranks) {
    int atom = blockIdx.x * blockDim.x + threadIdx.x;
    if (atom >= atoms) return;
    int sides[3] = {nx, ny, nz};
    int place[3];
    for (int axis = 0; axis < 3; ++axis) {
        double turns = positions[(long long)axis * atoms + atom] * box[3 + axis];
        double along = (turns - floor(turns)) * sides[axis];
        place[axis] = along >= 0.0 ? min((int)along, sides[axis] - 1) : 0;  // what is not a number comes first
    }
    int cell = (place[2] * ny + place[1]) * nx + place[0];
    cells[atom] = cell;
    ranks[atom] = atomicAdd(&counts[cell], 1);
}

// Within a cell as the atomics came: order_atoms makes that definite.
extern "C" __global__ void scatter_atoms(const int* __restrict__ cells, const int* __restrict__ ranks,
                                         const long long* __restrict__ starts, int atoms, int* members) {
    int atom = blockIdx.x * blockDim.x + threadIdx.x;
    if (atom < atoms) members[starts[cells[atom]] + ranks[atom]] = atom;
}

// An atom's place is the number of lower ones in its cell: quadratic in the atoms of a cell, but less than the sweep
// that follows, where each meets those of its own cell too.
extern "C" __global__ void order_atoms(const int* __restrict__ cells, const long long* __restrict__ starts,
                                       const int* __restrict__ members, int atoms, int* order, int* ordered_cells) {
    int slot = blockIdx.x * blockDim.x + threadIdx.x;
    if (slot >= atoms) return;
    int atom = members[slot], cell = cells[atom];
    long long first = starts[cell], stop = starts[cell + 1], place = first;
    for (long long other = first; other < stop; ++other) place += members[other] < atom;
    order[place] = atom;
    ordered_cells[place] = cell;
}
