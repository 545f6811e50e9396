// What only Hopper has (sm_90a, PTX ISA 8.0): mbarriers, the tensor memory accelerator (TMA), barriers among some warps, registers moved
// between warpgroups. Matrix products by a warpgroup are in wgmma.cuh. Names of instructions as in the PTX ISA manual.
#pragma once
#include "Common/cuda.cuh"

constexpr int WarpgroupThreads = 128;

/// Dynamic shared memory: swizzled tiles repeat every 1,024 bytes of address, so they have to start at a multiple of that.
extern "C" __shared__ __attribute__((aligned(1024))) char hopperShared[];

DEVICE int Lane() { return ThreadX() & 31; }
DEVICE void SyncWarp() { asm volatile("bar.warp.sync 0xffffffff;" ::: "memory"); }

/// The value of lane 0 in all lanes: tells ptxas that it is the same in the whole warp, which uniform registers and branches need. What comes
/// out of memory and steers a loop around products goes through it: to ptxas a branch that may part a warp there is a reason to run products one by one.
DEVICE int Uniform(int value) {
  int result;
  asm volatile("shfl.sync.idx.b32 %0, %1, 0, 31, 0xffffffff;" : "=r"(result) : "r"(value));
  return result;
}

/// The same value, of which the compiler does not know that it is: what is computed from it is computed here, not kept in a register from the
/// kernel's start on. Registers are what these kernels have least of.
DEVICE uint32 Opaque(uint32 value) {
  asm volatile("" : "+r"(value));
  return value;
}

/// Where this thread is, read anew, so that it costs no register meanwhile.
struct ThreadPlace {
  int lane, warp, warpgroup; // the warp within its warpgroup

  static DEVICE ThreadPlace Read() {
    int thread;
    asm volatile("mov.u32 %0, %%tid.x;" : "=r"(thread));
    return {thread & 31, thread >> 5 & 3, thread >> 7};
  }
};

template <int Distance> DEVICE float ShuffleXor(float value) {
  float result;
  asm volatile("shfl.sync.bfly.b32 %0, %1, %2, 31, 0xffffffff;" : "=f"(result) : "f"(value), "n"(Distance));
  return result;
}

// --- mbarriers: 8 bytes of shared memory; a phase ends when the awaited arrivals and the announced bytes are there. ---

DEVICE void BarrierInit(uint32 barrier, int arrivals) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(barrier), "r"(arrivals) : "memory");
}

/// Initialised barriers are made visible to the TMA. The block has to be synchronised after it.
DEVICE void BarrierInitFence() {
  asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
}

DEVICE void BarrierArrive(uint32 barrier) { asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(barrier) : "memory"); }

/// One arrival that also announces bytes which TMA loads will bring.
DEVICE void BarrierArriveExpect(uint32 barrier, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes) : "memory");
}

/// Waits until the phase of this parity is over. A fresh barrier's phase has parity 0: waiting for parity 1 passes at once.
DEVICE void BarrierWait(uint32 barrier, uint32 parity) {
  int done;
  do {
    asm volatile(
        "{\n\t.reg .pred p;\n\tmbarrier.try_wait.parity.shared::cta.b64 p, [%1], %2;\n\tselp.b32 %0, 1, 0, p;\n\t}"
        : "=r"(done)
        : "r"(barrier), "r"(parity)
        : "memory");
  } while (!done);
}

/// One arrival for the whole warp, after what its lanes did before. Without a branch, and the lane's number read anew: it stands amid the products.
DEVICE void WarpArrive(uint32 barrier) {
  SyncWarp();
  asm volatile(
      "{\n\t.reg .pred p;\n\t.reg .b32 t;\n\tmov.u32 t, %%laneid;\n\tsetp.eq.s32 p, t, 0;\n\t@p mbarrier.arrive.shared::cta.b64 _, [%0];\n\t}" ::"r"(barrier)
      : "memory");
}

// --- Named barriers: 1 to 15; 0 is the whole block's. ---

template <int Threads> DEVICE void NamedSync(int barrier) { asm volatile("bar.sync %0, %1;" ::"r"(barrier), "n"(Threads) : "memory"); }
template <int Threads> DEVICE void NamedArrive(int barrier) { asm volatile("bar.arrive %0, %1;" ::"r"(barrier), "n"(Threads) : "memory"); }

// --- Memory seen by two proxies: ordinary loads and stores, and the asynchronous one (TMA, wgmma). ---

/// What this thread wrote to shared memory by ordinary stores is seen by the TMA and by wgmma, once others are told of it.
DEVICE void AsyncProxyFence() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

// --- TMA ---

/// A box of a tensor [z, y, x], x contiguous, to shared memory; rows outside the tensor are filled with zeros and count as bytes that came.
DEVICE void TmaLoad(uint32 destination, uint64 map, int x, int y, int z, uint32 barrier) {
  asm volatile("cp.async.bulk.tensor.3d.shared::cluster.global.tile.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3, %4}], [%5];" ::"r"(destination),
               "l"(map), "r"(x), "r"(y), "r"(z), "r"(barrier)
               : "memory");
}

/// destination[i] += source[i] of float32 in global memory, for bytes / 4 numbers; both addresses and bytes are multiples of 16.
/// Started by lane 0 for the warp, as a group of its own; without a branch, as WarpArrive.
DEVICE void WarpBulkReduceAdd(uint64 destination, uint32 source, int bytes) {
  asm volatile(
      "{\n\t.reg .pred p;\n\t.reg .b32 t;\n\tmov.u32 t, %%laneid;\n\tsetp.eq.s32 p, t, 0;\n\t"
      "@p cp.reduce.async.bulk.global.shared::cta.bulk_group.add.f32 [%0], [%1], %2;\n\t@p cp.async.bulk.commit_group;\n\t}" ::"l"(destination), "r"(source), "r"(bytes)
      : "memory");
}
/// This thread's bulk operations have read their sources.
DEVICE void BulkWaitRead() { asm volatile("cp.async.bulk.wait_group.read 0;" ::: "memory"); }
/// This thread's bulk operations are done.
DEVICE void BulkWait() { asm volatile("cp.async.bulk.wait_group 0;" ::: "memory"); }

// --- Copies by single threads ---

/// Float `Index` from global to shared memory while the thread goes on; 0, and nothing read, where `valid` is false.
template <int Index> DEVICE void CopyAsync(uint32 destination, const float* source, bool valid) {
  asm volatile("cp.async.ca.shared.global [%0+%3], [%1+%3], 4, %2;" ::"r"(destination), "l"(source), "r"(valid ? 4 : 0), "n"(4 * Index) : "memory");
}
/// This thread's copies are there.
DEVICE void CopiesWait() { asm volatile("cp.async.wait_all;" ::: "memory"); }

// --- Registers: a warpgroup gives away or takes registers per thread; all four of its warps execute it. ---

template <int Registers> DEVICE void ReleaseRegisters() { asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(Registers)); }
template <int Registers> DEVICE void TakeRegisters() { asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(Registers)); }

// --- Shared and global memory by address ---

DEVICE void SharedStore(uint32 address, uint32 value) { asm volatile("st.shared.b32 [%0], %1;" ::"r"(address), "r"(value) : "memory"); }
DEVICE void SharedStore(uint32 address, float x, float y) {
  asm volatile("st.shared.v2.f32 [%0], {%1, %2};" ::"r"(address), "f"(x), "f"(y) : "memory");
}
DEVICE void SharedStore(uint32 address, uint32 x, uint32 y, uint32 z, uint32 w) {
  asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(address), "r"(x), "r"(y), "r"(z), "r"(w) : "memory");
}
DEVICE void SharedLoad(uint32 address, float& x, float& y) {
  asm volatile("ld.shared.v2.f32 {%0, %1}, [%2];" : "=f"(x), "=f"(y) : "r"(address) : "memory");
}
DEVICE void SharedLoad(uint32 address, uint32& x, uint32& y, uint32& z, uint32& w) {
  asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];" : "=r"(x), "=r"(y), "=r"(z), "=r"(w) : "r"(address) : "memory");
}
DEVICE void SharedLoad(uint32 address, int& x, int& y, int& z, int& w) {
  asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];" : "=r"(x), "=r"(y), "=r"(z), "=r"(w) : "r"(address) : "memory");
}
DEVICE int SharedLoad(uint32 address) {
  int result;
  asm volatile("ld.shared.b32 %0, [%1];" : "=r"(result) : "r"(address) : "memory");
  return result;
}
DEVICE void GlobalStore(void* pointer, uint32 x, uint32 y, uint32 z, uint32 w) {
  asm volatile("st.global.v4.b32 [%0], {%1, %2, %3, %4};" ::"l"(pointer), "r"(x), "r"(y), "r"(z), "r"(w) : "memory");
}
