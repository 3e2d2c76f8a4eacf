// Where pair loops read an atom: one aligned vector, wrapped and seen from the middle of the box, which is where
// float32 is finest. The fourth number is room to spare: a vector of four is one load, one of three is three.

struct __align__(16) place64 { double x, y, z, w; };

template <typename Place>
__device__ void put_places(const double* __restrict__ positions, const double* __restrict__ box, int atoms,
                           Place* places) {
    int atom = blockIdx.x * blockDim.x + threadIdx.x;
    if (atom >= atoms) return;
    double at[3];
    for (int axis = 0; axis < 3; ++axis) {
        double x = positions[(long long)axis * atoms + atom];
        at[axis] = x - box[axis] * floor(x * box[3 + axis]) - 0.5 * box[axis];
    }
    Place place;
    place.x = at[0];
    place.y = at[1];
    place.z = at[2];
    place.w = 0;
    places[atom] = place;
}

extern "C" __global__ void places_float32(const double* __restrict__ positions, const double* __restrict__ box,
                                          int atoms, float4* places) {
    put_places(positions, box, atoms, places);
}

extern "C" __global__ void places_float64(const double* __restrict__ positions, const double* __restrict__ box,
                                          int atoms, place64* places) {
    put_places(positions, box, atoms, places);
}
