using System.Runtime.InteropServices;

namespace LongContext.Cuda.Emulation.Execution;

/// <summary>A range of memory that kernels may touch.</summary>
internal sealed unsafe class Allocation(long start, long bytes, byte* written, bool owned)
{
    public readonly long Start = start;
    public readonly long End = start + bytes;

    /// <summary>One byte for each: 0 where nothing was written yet. Null where the host vouches for all.</summary>
    public readonly byte* Written = written;

    public readonly bool Owned = owned;
}

/// <summary>The emulated device's memory: native memory of the host, with what is known of it.</summary>
internal sealed unsafe class DeviceMemory(bool allowHost, bool checkUninitialised)
{
    private readonly Lock sync = new();
    private readonly Allocation everything = new(1 << 16, AddressSpaces.Shared - (1 << 16), null, false);
    private Allocation[] sorted = [];

    public int Count => sorted.Length;

    public long Bytes { get; private set; }

    public nint Allocate(nuint bytes)
    {
        byte* start = (byte*)NativeMemory.AlignedAlloc(Math.Max(bytes, 1), 256);
        byte* written = null;
        // Poison: what a kernel fails to write is a NaN in every float type.
        new Span<byte>(start, (int)Math.Min(bytes, int.MaxValue)).Fill(0xff);
        if (checkUninitialised)
            written = (byte*)NativeMemory.AllocZeroed(Math.Max(bytes, 1));
        Insert(new Allocation((long)start, (long)bytes, written, true));
        Bytes += (long)bytes;
        return (nint)start;
    }

    public bool Free(nint pointer)
    {
        Allocation? found = Remove(pointer, true);
        if (found is null)
            return false;
        NativeMemory.AlignedFree((void*)found.Start);
        NativeMemory.Free(found.Written);
        Bytes -= found.End - found.Start;
        return true;
    }

    public void Register(nint pointer, long bytes) => Insert(new Allocation(pointer, bytes, null, false));

    public bool Unregister(nint pointer) => Remove(pointer, false) is not null;

    private void Insert(Allocation allocation)
    {
        lock (sync)
        {
            foreach (Allocation other in sorted)
            {
                if (allocation.Start < other.End && other.Start < allocation.End)
                    throw new ArgumentException($"{allocation.Start:x}…{allocation.End:x} overlaps memory that is known already ({other.Start:x}…{other.End:x})");
            }
            var next = new Allocation[sorted.Length + 1];
            int at = 0;
            while (at < sorted.Length && sorted[at].Start < allocation.Start)
                at++;
            Array.Copy(sorted, next, at);
            next[at] = allocation;
            Array.Copy(sorted, at, next, at + 1, sorted.Length - at);
            sorted = next;
        }
    }

    private Allocation? Remove(nint pointer, bool owned)
    {
        lock (sync)
        {
            Allocation? found = Array.Find(sorted, x => x.Start == pointer && x.Owned == owned);
            if (found is not null)
                sorted = Array.FindAll(sorted, x => x != found);
            return found;
        }
    }

    /// <summary>The allocation that holds all of the range, or null.</summary>
    public Allocation? Find(long address, long bytes)
    {
        Allocation[] all = sorted;
        int low = 0, high = all.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            if (address < all[middle].Start)
                high = middle - 1;
            else if (address >= all[middle].End)
                low = middle + 1;
            else
                return address + bytes <= all[middle].End || ContinuesTo(all, middle, address + bytes) ? all[middle] : null;
        }
        return allowHost && address >= everything.Start && address + bytes <= everything.End ? everything : null;
    }

    /// <summary>Whether what the host vouches for goes on without a gap, as chunks mapped side by side do.</summary>
    private static bool ContinuesTo(Allocation[] all, int index, long end)
    {
        while (all[index].Written == null && !all[index].Owned && index + 1 < all.Length && all[index + 1].Start == all[index].End)
        {
            index++;
            if (end <= all[index].End) return all[index].Written == null && !all[index].Owned;
        }

        return false;
    }

    /// <summary>The range as the host's calls use it; throws where it is no device memory.</summary>
    public Allocation Require(long address, long bytes) =>
        Find(address, bytes) ?? throw new EmulationException(EmulationFault.OutOfBounds, $"{bytes} bytes at {address:x} are not device memory. {Nearest(address)}");

    public void MarkWritten(long address, long bytes)
    {
        Allocation? allocation = Find(address, bytes);
        if (allocation is not null && allocation.Written != null)
            new Span<byte>(allocation.Written + (address - allocation.Start), checked((int)bytes)).Fill(1);
    }

    public string Nearest(long address)
    {
        Allocation? best = null;
        foreach (Allocation allocation in sorted)
        {
            if (best is null || Distance(allocation, address) < Distance(best, address))
                best = allocation;
        }
        if (best is null)
            return "Nothing is allocated.";
        string where = address < best.Start ? $"{best.Start - address} bytes before" : $"{address - best.Start} bytes into";
        return $"The address is {where} an allocation of {best.End - best.Start} bytes.";
    }

    private static long Distance(Allocation allocation, long address) =>
        address < allocation.Start ? allocation.Start - address : address >= allocation.End ? address - allocation.End : 0;
}
