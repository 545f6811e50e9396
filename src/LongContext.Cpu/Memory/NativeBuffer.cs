using System.Runtime.InteropServices;

namespace LongContext.Cpu.Memory;

/// <summary>Memory outside the managed heap that grows when more is asked for and keeps its place otherwise. What was in it is lost when it grows.</summary>
internal sealed unsafe class NativeBuffer : IDisposable
{
    private const int Alignment = 64;
    private byte* memory;

    /// <summary>Bytes held now.</summary>
    public long Bytes { get; private set; }

    /// <summary>An address, a multiple of 64, of at least that many bytes.</summary>
    /// <exception cref="OutOfMemoryException">There is none left.</exception>
    public byte* Ensure(long bytes)
    {
        if (bytes <= Bytes) return memory;
        Dispose();
        long size = (bytes + (bytes / 4) + Alignment - 1) / Alignment * Alignment;
        memory = (byte*)NativeMemory.AlignedAlloc((nuint)size, Alignment);
        Bytes = size;
        return memory;
    }

    /// <inheritdoc />
    public void Dispose()
    {
        NativeMemory.AlignedFree(memory);
        memory = null;
        Bytes = 0;
    }
}
