using System.Runtime.InteropServices;

namespace LongContext.Cuda.Driver;

/// <summary>
/// A range of device addresses under which memory comes and goes by chunks ("Virtual Memory Management" of the CUDA Driver API): what grows need not be
/// moved, and what is given back is free for others. Where the driver has no such management (some virtualised GPUs), all of it is plain memory that is taken at once.
/// </summary>
internal sealed unsafe class CudaArena : SafeHandle
{
    private const int PlainGranularity = 512;
    private const int Pinned = 1, OnDevice = 1, ReadWrite = 3, Minimum = 0; // CU_MEM_ALLOCATION_TYPE_PINNED, CU_MEM_LOCATION_TYPE_DEVICE, …

    private readonly CudaContext context;
    private readonly ulong[] chunks;
    private readonly long reservedBytes;

    /// <summary>Reserves addresses.</summary>
    /// <param name="context">Where.</param>
    /// <param name="bytes">How many, at least.</param>
    /// <param name="chunkBytes">Bytes of a chunk, rounded up to what the driver can map.</param>
    /// <exception cref="CudaException">The driver has not that many; or, where it manages no virtual memory, not that much memory.</exception>
    public CudaArena(CudaContext context, long bytes, long chunkBytes)
        : base(0, ownsHandle: true)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(chunkBytes);
        this.context = context;
        using CurrentContext current = context.Enter();
        ICudaDriver driver = context.Driver;
        IsVirtual = ManagesVirtualMemory(context);
        if (!IsVirtual)
        {
            ChunkBytes = Rounded(chunkBytes, PlainGranularity);
            reservedBytes = Rounded(bytes, ChunkBytes);
            chunks = new ulong[reservedBytes / ChunkBytes];
            CudaException.ThrowIfFailed(driver, driver.MemoryAllocate(out nint memory, (nuint)reservedBytes), $"cuMemAlloc({reservedBytes:N0} bytes)");
            context.Hold();
            SetHandle(memory);
            return;
        }

        AllocationProperties properties = Properties();
        CudaException.ThrowIfFailed(driver, driver.MemoryGranularity(out nuint granularity, &properties, Minimum), "cuMemGetAllocationGranularity");
        ChunkBytes = Rounded(chunkBytes, (long)granularity);
        reservedBytes = Rounded(bytes, ChunkBytes);
        chunks = new ulong[reservedBytes / ChunkBytes];
        CudaException.ThrowIfFailed(driver, driver.AddressReserve(out nint address, (nuint)reservedBytes, 0, 0, 0), $"cuMemAddressReserve({reservedBytes:N0} bytes)");
        context.Hold();
        SetHandle(address);
    }

    /// <inheritdoc />
    public override bool IsInvalid => handle == 0;

    /// <summary>The first address.</summary>
    /// <exception cref="ObjectDisposedException">It was given back.</exception>
    public nint Address
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, this);
            return handle;
        }
    }

    /// <summary>Whether memory comes and goes; else all of it is there from the beginning to the end.</summary>
    public bool IsVirtual { get; }

    /// <summary>Bytes that are held whether chunks are mapped or not.</summary>
    public long PlainBytes => IsVirtual ? 0 : reservedBytes;

    /// <summary>Bytes of a chunk.</summary>
    public long ChunkBytes { get; }

    /// <summary>Chunks that there are addresses for.</summary>
    public int ChunkCount => chunks.Length;

    /// <summary>Whether the driver manages virtual memory on a GPU.</summary>
    /// <exception cref="CudaException">The driver failed.</exception>
    public static bool ManagesVirtualMemory(CudaContext context)
    {
        CudaException.ThrowIfFailed(context.Driver, context.Driver.DeviceGet(out int device, context.Ordinal), $"cuDeviceGet({context.Ordinal})");
        int status = context.Driver.DeviceGetAttribute(out int value, DeviceAttributes.VirtualMemoryManagement, device);
        CudaException.ThrowIfFailed(context.Driver, status, $"cuDeviceGetAttribute({DeviceAttributes.VirtualMemoryManagement}, {context.Ordinal})");
        return value != 0;
    }

    /// <summary>Puts memory under a chunk's addresses; what is in it is undefined.</summary>
    /// <exception cref="CudaException">The GPU has none left; nothing is changed then.</exception>
    public void Map(int chunk)
    {
        nint address = Address + (nint)(chunk * ChunkBytes);
        if (chunks[chunk] != 0) throw new InvalidOperationException($"Chunk {chunk} has memory already.");
        if (!IsVirtual)
        {
            chunks[chunk] = 1;
            return;
        }

        using CurrentContext current = context.Enter();
        ICudaDriver driver = context.Driver;
        AllocationProperties properties = Properties();
        CudaException.ThrowIfFailed(driver, driver.MemoryCreate(out ulong memory, (nuint)ChunkBytes, &properties, 0), $"cuMemCreate({ChunkBytes:N0} bytes)");
        int status = driver.MemoryMap(address, (nuint)ChunkBytes, 0, memory, 0);
        string call = "cuMemMap";
        if (status == 0)
        {
            var access = new AccessDescription { LocationType = OnDevice, Location = context.Ordinal, Flags = ReadWrite };
            (status, call) = (driver.MemorySetAccess(address, (nuint)ChunkBytes, &access, 1), "cuMemSetAccess");
            if (status != 0) _ = driver.MemoryUnmap(address, (nuint)ChunkBytes);
        }

        if (status != 0) _ = driver.MemoryRelease(memory);
        CudaException.ThrowIfFailed(driver, status, call);
        chunks[chunk] = memory;
    }

    /// <summary>Gives a chunk's memory back. Nothing on any stream may use it any more.</summary>
    /// <exception cref="CudaException">The driver failed.</exception>
    public void Unmap(int chunk)
    {
        nint address = Address + (nint)(chunk * ChunkBytes);
        if (chunks[chunk] == 0) throw new InvalidOperationException($"Chunk {chunk} has no memory.");
        if (!IsVirtual)
        {
            chunks[chunk] = 0;
            return;
        }

        using CurrentContext current = context.Enter();
        CudaException.ThrowIfFailed(context.Driver, context.Driver.MemoryUnmap(address, (nuint)ChunkBytes), "cuMemUnmap");
        CudaException.ThrowIfFailed(context.Driver, context.Driver.MemoryRelease(chunks[chunk]), "cuMemRelease");
        chunks[chunk] = 0;
    }

    /// <inheritdoc />
    protected override bool ReleaseHandle()
    {
        if (!IsVirtual) return context.Free(handle, static (driver, held) => driver.MemoryFree(held));
        bool released = true;
        for (int chunk = 0; chunk < chunks.Length; chunk++)
        {
            if (chunks[chunk] == 0) continue;
            context.Hold(); // each is freed as a thing of its own
            (nint address, ulong memory, nuint bytes) = (handle + (nint)(chunk * ChunkBytes), chunks[chunk], (nuint)ChunkBytes);
            released &= context.Free(address, (driver, held) => driver.MemoryUnmap(held, bytes) | driver.MemoryRelease(memory));
        }

        return context.Free(handle, (driver, held) => driver.AddressFree(held, (nuint)reservedBytes)) & released;
    }

    private static long Rounded(long bytes, long unit) => (bytes + unit - 1) / unit * unit;

    private AllocationProperties Properties() => new() { Type = Pinned, LocationType = OnDevice, Location = context.Ordinal };

    /// <summary>CUmemAllocationProp.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct AllocationProperties
    {
        public int Type;
        public int HandleTypes;
        public int LocationType;
        public int Location;
        public nint Win32HandleMetaData;
        public ulong Flags;
    }

    /// <summary>CUmemAccessDesc.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct AccessDescription
    {
        public int LocationType;
        public int Location;
        public int Flags;
    }
}
