using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using LongContext.Cuda.Emulation.Execution;

namespace LongContext.Cuda.Emulation.Checking;

/// <summary>
/// Shared memory of one block with a shadow. Bytes are unwritten, written or the target of a copy under way; a word knows its last
/// writer and readers by vector clocks. Lanes of one warp count as ordered with each other (they run in lock-step here);
/// warps are ordered by barriers alone.
/// </summary>
internal sealed unsafe class SharedMemory : IDisposable
{
    /// <summary>Actors that write: 32 warps, and the copy engines behind 32 memory barriers.</summary>
    public const int Slots = 64;

    /// <summary>State of a byte that belongs to a barrier object; further: 0 unwritten, 1 written, 2 target of a copy, 3 source of a copy.</summary>
    public const byte BarrierState = 4;
    private const uint Atomic = 64;
    private const int ClockShift = 7;
    private readonly byte* state;
    private readonly uint* writers;
    private readonly uint* readers;
    private readonly uint* ordinaryReaders;
    private readonly int words;
    private readonly int warps;
    private readonly bool initialised;
    private readonly bool races;
    private readonly bool proxyReads;
    private readonly LaneOrder? lanes;

    public readonly byte* Base;
    public readonly int Bytes;

    public SharedMemory(int bytes, int warps, EmulationOptions options)
    {
        Bytes = bytes;
        this.warps = warps;
        initialised = options.CheckUninitialised;
        races = options.CheckRaces;
        proxyReads = options.CheckProxyReads;
        words = (bytes + 3) / 4;
        lanes = options.CheckLanes && races ? new LaneOrder(words) : null;
        Base = (byte*)NativeMemory.AlignedAlloc((nuint)(words * 4) + 128, 1024);
        state = (byte*)NativeMemory.AllocZeroed((nuint)(words * 4) + 16);
        writers = (uint*)NativeMemory.AllocZeroed((nuint)words + 4, 4);
        readers = (uint*)NativeMemory.AllocZeroed((nuint)(words + 4) * (nuint)warps, 4);
        ordinaryReaders = proxyReads ? (uint*)NativeMemory.AllocZeroed((nuint)(words + 4) * (nuint)warps, 4) : null;
    }

    public void Dispose()
    {
        NativeMemory.AlignedFree(Base);
        NativeMemory.Free(state);
        NativeMemory.Free(writers);
        NativeMemory.Free(readers);
        NativeMemory.Free(ordinaryReaders);
    }

    public void Reset()
    {
        new Span<byte>(Base, words * 4).Fill(0xff);
        new Span<byte>(state, words * 4).Clear();
        new Span<uint>(writers, words).Clear();
        new Span<uint>(readers, words * warps).Clear();
        if (proxyReads)
            new Span<uint>(ordinaryReaders, words * warps).Clear();
        lanes?.Reset();
    }

    public void Bounds(Warp w, int lane, long address, int bytes, string what)
    {
        if ((ulong)address + (ulong)bytes > (ulong)Bytes || address < 0)
            throw w.Fault(EmulationFault.OutOfBounds, 1u << lane, $"{what} of {bytes} bytes at shared address {address}: the block has {Bytes} bytes");
    }

    public void Aligned(Warp w, int lane, long address, int bytes, string what)
    {
        if ((address & (bytes - 1)) != 0)
            throw w.Fault(EmulationFault.Misaligned, 1u << lane, $"{what} of {bytes} bytes at shared address {address}, which is not a multiple of {bytes}");
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Read(Warp w, int lane, long address, int bytes, bool forOthers = false)
    {
        if ((ulong)address + (ulong)bytes > (ulong)Bytes || address < 0)
            Bounds(w, lane, address, bytes, "read");
        CheckState(w, lane, (int)address, bytes);
        if (!races)
            return;
        lanes?.Read(w, lane, (int)address, bytes, forOthers);
        int last = (int)(address + bytes - 1) >> 2;
        uint[] clock = w.Clock;
        uint* mine = readers + ((long)w.Index * words);
        uint now = clock[w.Index];
        if (proxyReads)
            new Span<uint>(ordinaryReaders + ((long)w.Index * words) + ((int)address >> 2), last - ((int)address >> 2) + 1).Fill(now);
        if (bytes == 16)
        {
            // Mostly the four words were written together.
            int first = (int)address >> 2;
            uint writer = writers[first];
            if (Vector128.Load(writers + first) == Vector128.Create(writer) && ((writer >> ClockShift) <= clock[writer & 63] || (writer & 63) == (uint)w.Index))
            {
                Vector128.Create(now).Store(mine + first);
                return;
            }
        }
        for (int word = (int)address >> 2; word <= last; word++)
        {
            uint writer = writers[word];
            if ((writer >> ClockShift) > clock[writer & 63] && (writer & 63) != (uint)w.Index)
                throw Race(w, lane, word, "read", writer & 63, "written");
            mine[word] = now;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CheckState(Warp w, int lane, int address, int bytes)
    {
        const ulong ones = 0x0101010101010101;
        bool plain = bytes switch
        {
            4 => *(uint*)(state + address) == 0x01010101u,
            8 => *(ulong*)(state + address) == ones,
            16 => ((*(ulong*)(state + address) ^ ones) | (*(ulong*)(state + address + 8) ^ ones)) == 0,
            _ => false,
        };
        if (!plain)
            CheckBytes(w, lane, address, bytes);
    }

    private void CheckBytes(Warp w, int lane, int address, int bytes)
    {
        for (int i = address; i < address + bytes; i++)
        {
            if (state[i] is 1 or 3)
                continue;
            if (state[i] == BarrierState)
                throw w.Fault(EmulationFault.Barrier, 1u << lane, $"shared byte {i} is read as data but belongs to a barrier object");
            if (state[i] == 2)
                throw w.Fault(EmulationFault.PendingCopy, 1u << lane, $"shared byte {i} is read while an asynchronous copy into it is not waited for");
            if (initialised)
                throw w.Fault(EmulationFault.Uninitialised, 1u << lane, $"shared byte {i} is read, which nothing has written");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Write(Warp w, int lane, long address, int bytes, bool atomic = false)
    {
        if ((ulong)address + (ulong)bytes > (ulong)Bytes || address < 0)
            Bounds(w, lane, address, bytes, "write");
        if (atomic)
            CheckState(w, lane, (int)address, bytes);
        MarkWritten(w, lane, (int)address, bytes);
        if (!atomic)
            lanes?.Write(w, lane, (int)address, bytes);
        if (races)
            RecordWrite(w, lane, (int)address, bytes, (uint)w.Index, w.Clock[w.Index], w.Clock, atomic);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void MarkWritten(Warp w, int lane, int address, int bytes)
    {
        const ulong ones = 0x0101010101010101;
        ulong* eights = (ulong*)(state + address);
        if (bytes == 16 && ((eights[0] | eights[1]) & ~ones) == 0)
        {
            eights[0] = eights[1] = ones;
            return;
        }
        if (bytes == 4 && (*(uint*)eights & ~0x01010101u) == 0)
        {
            *(uint*)eights = 0x01010101u;
            return;
        }
        for (int i = address; i < address + bytes; i++)
        {
            if (state[i] > 1)
                throw NotFree(w, lane, i);
            state[i] = 1;
        }
    }

    /// <summary>Checks that all earlier accesses are ordered before this one by <paramref name="clock"/>, and notes the writer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void RecordWrite(Warp w, int lane, int address, int bytes, uint slot, uint now, uint[] clock, bool atomic)
    {
        CheckOrdered(w, lane, address, bytes, clock, atomic);
        uint stamp = (now << ClockShift) | slot | (atomic ? Atomic : 0);
        int last = (address + bytes - 1) >> 2;
        for (int word = address >> 2; word <= last; word++)
            writers[word] = stamp;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CheckOrdered(Warp w, int lane, int address, int bytes, uint[] clock, bool atomic)
    {
        int last = (address + bytes - 1) >> 2;
        bool together = bytes == 16 && Vector128.Load(writers + (address >> 2)) == Vector128.Create(writers[address >> 2]);
        for (int word = together ? last : address >> 2; word <= last; word++)
        {
            uint writer = writers[word];
            if ((writer >> ClockShift) > clock[writer & 63] && (writer & 63) != (uint)w.Index && !(atomic && (writer & Atomic) != 0))
                throw Race(w, lane, word, "written", writer & 63, "written");
        }
        int first = address >> 2;
        for (int v = 0; v < warps; v++)
        {
            uint* read = readers + ((long)v * words) + first;
            if (v == w.Index)
                continue;
            if (last - first == 3)
            {
                if (!Vector128.GreaterThanAny(Vector128.Load(read), Vector128.Create(clock[v])))
                    continue;
            }
            for (int word = first; word <= last; word++)
            {
                if (read[word - first] > clock[v])
                    throw Race(w, lane, word, "written", (uint)v, "read");
            }
        }
    }

    private static EmulationException Race(Warp w, int lane, int word, string now, uint slot, string before) =>
        w.Fault(EmulationFault.Race, 1u << lane, $"shared word at {word * 4} is {now} by warp {w.Index} and {before} by "
            + (slot < 32 ? $"warp {slot}" : "an asynchronous copy") + ", with nothing between that orders the two");

    /// <summary>
    /// A copy into the range begins: what was there must not be in use any more, and is not readable until it ends. A bulk copy writes
    /// through the asynchronous proxy (cp.async does not).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void BeginCopy(Warp w, int lane, long address, int bytes, bool bulk)
    {
        Bounds(w, lane, address, bytes, "copy");
        if (races)
        {
            CheckOrdered(w, lane, (int)address, bytes, w.Clock, false);
            if (bulk)
                CheckPassedOn(w, lane, (int)address, bytes);
        }
        for (int i = (int)address; i < (int)address + bytes; i++)
        {
            if (state[i] > 1)
                throw NotFree(w, lane, i);
            state[i] = 2;
        }
    }

    /// <summary>
    /// Ordinary accesses before a write of the copy engine need a proxy fence between, or the two may change places: always after an ordinary
    /// write, and after an ordinary read where that is asked for. Accesses of the engine itself and of the matrix units need none.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void CheckPassedOn(Warp w, int lane, int address, int bytes)
    {
        int last = (address + bytes - 1) >> 2;
        for (int word = address >> 2; word <= last; word++)
        {
            uint writer = writers[word], slot = writer & 63;
            if (slot < 32 && (writer >> ClockShift) > w.Fenced[slot])
                throw Unfenced(w, lane, word, slot, "written", "an ordinary store", "overwritten by an asynchronous copy");
            for (int v = 0; proxyReads && v < warps; v++)
            {
                if (ordinaryReaders[((long)v * words) + word] > w.Fenced[v])
                    throw Unfenced(w, lane, word, (uint)v, "read", "an ordinary load", "overwritten by an asynchronous copy");
            }
        }
    }

    private static EmulationException Unfenced(Warp w, int lane, int word, uint slot, string done, string how, string now) => w.Fault(EmulationFault.Proxy, 1u << lane,
        $"shared word at {word * 4}, {done} by warp {slot} with {how}, is {now} without fence.proxy.async between");

    /// <summary>A copy has arrived; from here on the range counts as written by <paramref name="slot"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void EndCopy(int address, int bytes, uint slot, uint now)
    {
        new Span<byte>(state + address, bytes).Fill(1);
        int last = (address + bytes - 1) >> 2;
        for (int word = address >> 2; word <= last; word++)
            writers[word] = (now << ClockShift) | slot;
    }

    private EmulationException NotFree(Warp w, int lane, int i) => state[i] == BarrierState
        ? w.Fault(EmulationFault.Barrier, 1u << lane, $"shared byte {i} is overwritten but belongs to a barrier object")
        : w.Fault(EmulationFault.PendingCopy, 1u << lane, $"shared byte {i} is overwritten while an asynchronous copy {(state[i] == 2 ? "into it" : "out of it")} is not waited for");

    /// <summary>A copy out of the range begins; until it is waited for, nobody may write there.</summary>
    public void BeginRead(Warp w, int lane, long address, int bytes)
    {
        AsyncRead(w, lane, address, bytes, w.Clock, w.Fenced);
        new Span<byte>(state + address, bytes).Fill(3);
    }

    /// <summary>The copy's data was taken: who writes next must be ordered after the warp that waited.</summary>
    public void EndRead(Warp w, int address, int bytes)
    {
        new Span<byte>(state + address, bytes).Fill(1);
        if (!races)
            return;
        for (int word = address >> 2; word <= (address + bytes - 1) >> 2; word++)
            readers[((long)w.Index * words) + word] = w.Clock[w.Index];
    }

    /// <summary>Memory that a barrier object takes: neither data nor unwritten.</summary>
    public void Reserve(int address, int bytes, byte value) => new Span<byte>(state + address, bytes).Fill(value);

    /// <summary>
    /// A read through the asynchronous proxy: it must see only what is ordered before it and what a proxy fence
    /// has passed on to it.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AsyncRead(Warp w, int lane, long address, int bytes, uint[] clock, uint[] fenced)
    {
        Bounds(w, lane, address, bytes, "asynchronous read");
        CheckState(w, lane, (int)address, bytes);
        if (!races)
            return;
        int last = (int)(address + bytes - 1) >> 2;
        uint now = w.Clock[w.Index];
        bool together = bytes == 16 && Vector128.Load(writers + (address >> 2)) == Vector128.Create(writers[address >> 2]);
        if (together)
            Vector128.Create(now).Store(readers + ((long)w.Index * words) + (address >> 2));
        for (int word = together ? last : (int)address >> 2; word <= last; word++)
        {
            uint writer = writers[word], slot = writer & 63;
            if ((writer >> ClockShift) > clock[slot] && slot != (uint)w.Index)
                throw Race(w, lane, word, "read asynchronously", slot, "written");
            if (slot < 32 && (writer >> ClockShift) > fenced[slot])
                throw Unfenced(w, lane, word, slot, "written", "an ordinary store", "read through the asynchronous proxy");
            readers[((long)w.Index * words) + word] = now;
        }
    }
}
