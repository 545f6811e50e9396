using LongContext.Cuda.Emulation.Execution;

namespace LongContext.Cuda.Emulation.Hopper;

/// <summary>A bulk copy under way. Into shared memory it ends some time after its issue; out of it when its issuer waits.</summary>
internal sealed unsafe class BulkOperation(Warp issuer, int lane, Instruction source, MemoryBarrier? barrier)
{
    /// <summary>Pieces that lie together on both sides: shared address, global address (0 for what is filled in), bytes.</summary>
    private readonly List<(uint Shared, long Global, int Bytes)> pieces = [];
    private byte[]? data;

    public Warp Issuer => issuer;

    public int Lane => lane;

    public MemoryBarrier? Barrier => barrier;

    /// <summary>The group of a store: number of groups its lane had committed.</summary>
    public int Group { get; init; }

    /// <summary>Adds to what is in global memory instead of replacing it; the type's name.</summary>
    public string Reduction { get; init; } = "";

    public string ReductionType { get; init; } = "";

    public byte Fill { get; init; }

    public bool WasRead => data is not null;

    public int Bytes { get; private set; }

    public EmulationException Fault(EmulationFault fault, string message)
    {
        issuer.Current = source;
        return issuer.Fault(fault, 1u << lane, message);
    }

    public void Add(uint shared, long global, int bytes)
    {
        pieces.Add((shared, global, bytes));
        Bytes += bytes;
    }

    /// <summary>Checks both sides and marks shared memory as being in use.</summary>
    public void Issue()
    {
        Checking.SharedMemory shared = issuer.Block.Shared;
        foreach ((uint at, long global, int bytes) in pieces)
        {
            if (global != 0)
                CheckGlobal(global, bytes);
            if (barrier is not null)
                shared.BeginCopy(issuer, lane, at, bytes, true);
            else
                shared.BeginRead(issuer, lane, at, bytes);
        }
        if (barrier is null)
            issuer.Clock[issuer.Index]++;
    }

    private void CheckGlobal(long global, int bytes)
    {
        bool write = barrier is null;
        Allocation allocation = issuer.Block.Memory.Find(global, bytes) ?? throw MemoryAccess.OutOfBounds(issuer, lane, global, bytes, write);
        if (allocation.Written != null && (!write || Reduction.Length > 0))
            MemoryAccess.Shadow(issuer, lane, allocation, global, bytes, false);
    }

    /// <summary>Takes a store's data out of shared memory, which is free again then.</summary>
    public void Read()
    {
        if (data is not null)
            return;
        data = new byte[Bytes];
        int at = 0;
        foreach ((uint from, _, int bytes) in pieces)
        {
            new ReadOnlySpan<byte>(issuer.Block.Shared.Base + from, bytes).CopyTo(data.AsSpan(at));
            at += bytes;
            issuer.Block.Shared.EndRead(issuer, (int)from, bytes);
        }
    }

    public void Finish()
    {
        if (barrier is not null)
        {
            foreach ((uint to, long from, int bytes) in pieces)
            {
                var target = new Span<byte>(issuer.Block.Shared.Base + to, bytes);
                if (from == 0)
                    target.Fill(Fill);
                else
                    new ReadOnlySpan<byte>((void*)from, bytes).CopyTo(target);
                issuer.Block.Shared.EndCopy((int)to, bytes, barrier.Slot, barrier.Time);
            }
            barrier.Complete(issuer.Block, Bytes);
            return;
        }
        Read();
        int at = 0;
        foreach ((_, long to, int bytes) in pieces)
        {
            if (to != 0)
            {
                if (Reduction.Length == 0)
                    data.AsSpan(at, bytes).CopyTo(new Span<byte>((void*)to, bytes));
                else
                    BulkReduction.Apply(Reduction, ReductionType, (byte*)to, data.AsSpan(at, bytes));
                issuer.Block.Memory.MarkWritten(to, bytes);
            }
            at += bytes;
        }
    }
}

/// <summary>The operations of cp.reduce.async.bulk, element by element and atomic against other blocks.</summary>
internal static unsafe class BulkReduction
{
    public static void Apply(string operation, string type, byte* to, ReadOnlySpan<byte> data)
    {
        int size = type is "f16" or "bf16" ? 2 : type.EndsWith("64", StringComparison.Ordinal) ? 8 : 4;
        for (int i = 0; i < data.Length; i += size)
        {
            if (size == 4)
            {
                uint value = BitConverter.ToUInt32(data[i..]);
                for (; ; )
                {
                    uint old = Volatile.Read(ref *(uint*)(to + i));
                    if (Interlocked.CompareExchange(ref *(uint*)(to + i), Next32(operation, type, old, value), old) == old)
                        break;
                }
            }
            else if (size == 2)
            {
                ushort value = BitConverter.ToUInt16(data[i..]);
                bool half = type == "f16";
                for (; ; )
                {
                    ushort old = Volatile.Read(ref *(ushort*)(to + i));
                    float a = HalfMath.Widen(old, half), b = HalfMath.Widen(value, half);
                    double sum = operation switch { "add" => (double)a + b, "min" => Math.Min(a, b), _ => Math.Max(a, b) };
                    if (Interlocked.CompareExchange(ref *(ushort*)(to + i), HalfMath.Narrow(sum, half), old) == old)
                        break;
                }
            }
            else
                Interlocked.Add(ref *(ulong*)(to + i), BitConverter.ToUInt64(data[i..]));
        }
    }

    private static uint Next32(string operation, string type, uint old, uint value)
    {
        if (type == "f32")
            return BitConverter.SingleToUInt32Bits(BitConverter.UInt32BitsToSingle(old) + BitConverter.UInt32BitsToSingle(value));
        bool signed = type == "s32";
        return operation switch
        {
            "add" => old + value,
            "and" => old & value,
            "or" => old | value,
            "xor" => old ^ value,
            "min" => signed ? (uint)Math.Min((int)old, (int)value) : Math.Min(old, value),
            _ => signed ? (uint)Math.Max((int)old, (int)value) : Math.Max(old, value),
        };
    }
}
