using System.Collections.Concurrent;
using System.Runtime.InteropServices;

namespace LongContext.Cuda.Emulation;

/// <summary>Addresses apart from memory: a reservation is memory of the host that kernels may not touch before something is mapped there.</summary>
public sealed unsafe partial class EmulatedDriver
{
    private const int Granularity = 4096;
    private readonly ConcurrentDictionary<nint, nuint> reservations = new();
    private readonly ConcurrentDictionary<ulong, nuint> physical = new();
    private readonly ConcurrentDictionary<nint, (ulong Memory, nuint Bytes, bool Accessible)> mappings = new();

    /// <summary>Bytes of memory made for mapping and not yet released.</summary>
    public long MappedBytes => physical.Values.Sum(bytes => (long)bytes);

    /// <summary>Bytes that may be made for mapping in all.</summary>
    public long MappableBytes { get; set; } = long.MaxValue;

    public int MemoryGranularity(out nuint bytes, void* properties, int option)
    {
        bytes = Granularity;
        return IsDeviceMemory(properties) ? 0 : InvalidValue;
    }

    public int AddressReserve(out nint address, nuint bytes, nuint alignment, nint wished, ulong flags)
    {
        address = 0;
        if (bytes == 0 || bytes % Granularity != 0 || flags != 0)
            return InvalidValue;
        address = (nint)NativeMemory.AlignedAlloc(bytes, Math.Max(alignment, Granularity));
        reservations[address] = bytes;
        return 0;
    }

    public int AddressFree(nint address, nuint bytes)
    {
        if (!reservations.TryGetValue(address, out nuint reserved) || reserved != bytes || mappings.Keys.Any(mapped => mapped >= address && mapped < address + (nint)bytes))
            return InvalidValue;
        Free(address);
        return 0;
    }

    public int MemoryCreate(out ulong memory, nuint bytes, void* properties, ulong flags)
    {
        memory = 0;
        if (bytes == 0 || bytes % Granularity != 0 || flags != 0 || !IsDeviceMemory(properties))
            return InvalidValue;
        if (MappedBytes + (long)bytes > MappableBytes)
            return OutOfMemory;
        memory = (ulong)NewHandle();
        physical[memory] = bytes;
        return 0;
    }

    /// <summary>Memory that is mapped stays until it is unmapped, as the driver has it; here the order is held to.</summary>
    public int MemoryRelease(ulong memory) =>
        mappings.Values.Any(mapping => mapping.Memory == memory) || !physical.TryRemove(memory, out _) ? InvalidValue : 0;

    public int MemoryMap(nint address, nuint bytes, nuint offset, ulong memory, ulong flags)
    {
        bool reserved = reservations.Any(range => address >= range.Key && address + (nint)bytes <= range.Key + (nint)range.Value);
        bool taken = mappings.Any(range => address < range.Key + (nint)range.Value.Bytes && range.Key < address + (nint)bytes);
        if (!reserved || taken || offset != 0 || flags != 0 || !physical.TryGetValue(memory, out nuint size) || size != bytes)
            return InvalidValue;
        mappings[address] = (memory, bytes, false);
        // What was there before is somebody else's now.
        new Span<byte>((void*)address, checked((int)bytes)).Fill(0xff);
        return 0;
    }

    public int MemoryUnmap(nint address, nuint bytes)
    {
        if (!mappings.TryGetValue(address, out (ulong Memory, nuint Bytes, bool Accessible) mapping) || mapping.Bytes != bytes)
            return InvalidValue;
        if (mapping.Accessible)
            memory.Unregister(address);
        return mappings.TryRemove(address, out _) ? 0 : InvalidValue;
    }

    public int MemorySetAccess(nint address, nuint bytes, void* descriptions, nuint count)
    {
        int* access = (int*)descriptions; // CUmemAccessDesc: where, which, how
        if (!mappings.TryGetValue(address, out (ulong Memory, nuint Bytes, bool Accessible) mapping) || mapping.Bytes != bytes || count != 1 || access[0] != 1 || access[1] != 0 || access[2] != 3)
            return InvalidValue;
        mappings[address] = mapping with { Accessible = true };
        memory.Register(address, (long)bytes);
        return 0;
    }

    /// <summary>CUmemAllocationProp of memory on device 0: type 1 (pinned), no handles, location 1 (device), number 0, and zeros.</summary>
    private static bool IsDeviceMemory(void* properties) => new ReadOnlySpan<int>(properties, 8).SequenceEqual([1, 0, 1, 0, 0, 0, 0, 0]);

    private void Free(nint address)
    {
        if (reservations.TryRemove(address, out _))
            NativeMemory.AlignedFree((void*)address);
    }
}
