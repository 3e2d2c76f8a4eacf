// CUDA C on one thread of the CPU: each thread of a block is a fiber. A fiber runs until it ends or waits (at a barrier,
// or for the lanes that a mask names); when none can run, those whose partners are all there go on. What would hang or
// be undefined on a device is told instead: see `problem`. Blocks are of one dimension. For tests only.
#pragma once
#include <setjmp.h>
#include <ucontext.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>  // it must be told of every change of stacks
#define LEAVE(kept, stack, size) __sanitizer_start_switch_fiber(kept, stack, size)
#define ARRIVE(kept, stack, size) __sanitizer_finish_switch_fiber(kept, stack, size)
#else
#define LEAVE(kept, stack, size) (void)(kept)
#define ARRIVE(kept, stack, size) (void)0
#endif

#define __global__
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __restrict__ __restrict
#define __align__(bytes) alignas(bytes)
#define __shared__ static  // blocks run one after the other

struct alignas(16) float4 { float x, y, z, w; };
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
struct dim3 { unsigned x = 1, y = 1, z = 1; };
using std::max;
using std::min;

namespace on_cpu {

constexpr int WARP = 32;
constexpr size_t STACK = 128 * 1024;
enum State { READY, AT_BARRIER, IN_WARP, DONE };

struct Fiber {
    ucontext_t context;  // to start with; from then on jumps, which are free of system calls
    jmp_buf place;
    bool started;
    std::unique_ptr<char[]> stack;
    State state;
    int line;              // of the last barrier that it came to
    unsigned mask;         // of the lanes it waits for
    uint64_t said, heard;  // in the last exchange of its warp
    void* kept;
};

inline std::vector<Fiber> fibers;
inline jmp_buf scheduler;
inline void* scheduler_kept;
inline const void* scheduler_stack;
inline size_t scheduler_size;
inline std::function<void()> body;
inline int current, threads;
inline dim3 block_index, block_size, grid_size, thread_index;
inline std::string problem;

inline void pause(State state) {
    Fiber& fiber = fibers[current];
    fiber.state = state;
    LEAVE(state == DONE ? nullptr : &fiber.kept, scheduler_stack, scheduler_size);
    if (!_setjmp(fiber.place)) _longjmp(scheduler, 1);
    ARRIVE(fiber.kept, &scheduler_stack, &scheduler_size);
}

inline void entry() {
    ARRIVE(nullptr, &scheduler_stack, &scheduler_size);
    body();
    pause(DONE);
}

inline void resume(int index) {
    current = index;
    thread_index.x = index;
    Fiber& fiber = fibers[index];
    LEAVE(&scheduler_kept, fiber.stack.get(), STACK);
    if (!_setjmp(scheduler)) {
        if (fiber.started) _longjmp(fiber.place, 1);
        fiber.started = true;
        setcontext(&fiber.context);
    }
    ARRIVE(scheduler_kept, nullptr, nullptr);
}

inline void start(int index) {
    Fiber& fiber = fibers[index];
    if (!fiber.stack) fiber.stack.reset(new char[STACK]);
    fiber.state = READY;
    fiber.line = 0;
    fiber.started = false;
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = fiber.stack.get();
    fiber.context.uc_stack.ss_size = STACK;
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, entry, 0);
}

inline std::string told(int index) {
    const Fiber& fiber = fibers[index];
    char text[100];
    const char* format = fiber.state == DONE      ? "thread %d has ended"
                         : fiber.state == IN_WARP ? "thread %d waits for lanes %#x"
                                                  : "thread %d waits at line %d";
    std::snprintf(text, sizeof text, format, index, fiber.state == IN_WARP ? (int)fiber.mask : fiber.line);
    return text;
}

// Lets the lanes of complete exchanges go on. Says whether there were any, and in `problem` what others miss.
inline bool release_warps() {
    bool any = false;
    problem.clear();
    for (int i = 0; i < threads; ++i) {
        if (fibers[i].state != IN_WARP) continue;
        int base = i / WARP * WARP, end = min(base + WARP, threads);
        unsigned mask = fibers[i].mask;
        auto is_named = [=](int other) { return (mask >> (other - base) & 1u) != 0; };
        int missing = is_named(i) ? end : i;
        for (int other = base; other < end && missing == end; ++other)
            if (is_named(other) && (fibers[other].state != IN_WARP || fibers[other].mask != mask)) missing = other;
        if (missing < end) {
            if (problem.empty()) problem = told(i) + (missing == i ? " and is not one" : ", but " + told(missing));
            continue;
        }
        for (int other = base; other < end; ++other)
            if (is_named(other)) {
                fibers[other].heard = fibers[other].said;
                fibers[other].state = READY;
            }
        any = true;
    }
    return any;
}

// The same of a barrier: all threads of the block are to wait there, at one line.
inline bool release_barrier() {
    for (int i = 0; i < threads; ++i) {
        if (fibers[i].state == fibers[0].state && fibers[i].line == fibers[0].line) continue;
        problem = "divergent barrier: " + told(0) + ", " + told(i);
        return false;
    }
    for (int i = 0; i < threads; ++i) fibers[i].state = READY;
    return true;
}

inline bool run_block(bool backwards) {
    threads = block_size.x;
    if ((int)fibers.size() < threads) fibers.resize(threads);
    for (int i = 0; i < threads; ++i) start(i);
    for (;;) {
        for (int i = 0; i < threads; ++i) {
            int index = backwards ? threads - 1 - i : i;
            if (fibers[index].state == READY) resume(index);
        }
        auto is = [](State state) { return [=](const Fiber& fiber) { return fiber.state == state; }; };
        auto first = fibers.begin(), last = first + threads;
        if (std::all_of(first, last, is(DONE))) return true;
        if (release_warps()) continue;
        if (std::any_of(first, last, is(IN_WARP)) || !release_barrier()) return false;
    }
}

template <typename... Values, size_t... Indices>
bool launch_with(void (*kernel)(Values...), unsigned grid, unsigned block, bool backwards, void** arguments,
                 std::index_sequence<Indices...>) {
    body = [=] { kernel(*static_cast<std::remove_reference_t<Values>*>(arguments[Indices])...); };
    grid_size.x = grid;
    block_size.x = block;
    for (unsigned i = 0; i < grid; ++i) {
        block_index.x = backwards ? grid - 1 - i : i;
        if (!run_block(backwards)) return false;
    }
    return true;
}

// As cuLaunchKernel: pointers to the values of the arguments. Returns what went wrong, or nothing.
template <typename... Values>
const char* launch(void (*kernel)(Values...), unsigned grid, unsigned block, int backwards, void** arguments) {
    bool good = launch_with(kernel, grid, block, backwards != 0, arguments, std::index_sequence_for<Values...>{});
    return good ? nullptr : problem.c_str();
}

inline void barrier(int line) {
    fibers[current].line = line;
    pause(AT_BARRIER);
}

template <typename Value>
inline void say(unsigned mask, Value value) {
    static_assert(sizeof(Value) <= sizeof(uint64_t), "a lane says up to eight bytes");
    std::memcpy(&fibers[current].said, &value, sizeof value);
    fibers[current].mask = mask;
    pause(IN_WARP);
}

template <typename Value>
inline Value hear(int lane) {
    Value value;
    int index = current / WARP * WARP + lane;
    std::memcpy(&value, &fibers[index < threads ? index : current].heard, sizeof value);
    return value;
}

}  // namespace on_cpu

#define threadIdx (on_cpu::thread_index)
#define blockIdx (on_cpu::block_index)
#define blockDim (on_cpu::block_size)
#define gridDim (on_cpu::grid_size)
#define __syncthreads() on_cpu::barrier(__LINE__)

static inline void __syncwarp(unsigned mask = ~0u) { on_cpu::say(mask, 0); }
template <typename Value>
static inline Value __shfl_sync(unsigned mask, Value value, int lane) {
    on_cpu::say(mask, value);
    return on_cpu::hear<Value>(lane % on_cpu::WARP);
}
template <typename Value>
static inline Value __shfl_xor_sync(unsigned mask, Value value, int apart) {
    int lane = on_cpu::current % on_cpu::WARP;
    return __shfl_sync(mask, value, lane ^ apart);
}
template <typename Value>
static inline Value __shfl_down_sync(unsigned mask, Value value, int apart) {
    int lane = on_cpu::current % on_cpu::WARP;
    return __shfl_sync(mask, value, lane + apart < on_cpu::WARP ? lane + apart : lane);
}
static inline unsigned __ballot_sync(unsigned mask, int predicate) {
    on_cpu::say(mask, (int)(predicate != 0));
    unsigned votes = 0;
    for (int lane = 0; lane < on_cpu::WARP; ++lane)
        if (mask >> lane & 1u) votes |= (unsigned)on_cpu::hear<int>(lane) << lane;
    return votes;
}

static inline int __popc(unsigned bits) { return __builtin_popcount(bits); }
template <typename Value>
static inline Value __ldg(const Value* place) { return *place; }
template <typename Value, typename More>
static inline Value atomicAdd(Value* place, More more) { Value was = *place; *place = was + (Value)more; return was; }
template <typename Value, typename Other>
static inline Value atomicMax(Value* place, Other other) {
    Value was = *place;
    *place = std::max(was, (Value)other);
    return was;
}
static inline double __dadd_rn(double a, double b) { return a + b; }  // compiled with -ffp-contract=off
static inline double __dmul_rn(double a, double b) { return a * b; }
static inline float __fdividef(float a, float b) { return a / b; }
static inline long long __double_as_longlong(double value) {
    long long bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}
