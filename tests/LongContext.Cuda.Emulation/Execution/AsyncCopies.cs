namespace LongContext.Cuda.Emulation.Execution;

/// <summary>The cp.async copies of a warp that were issued and not waited for.</summary>
internal sealed class AsyncCopies
{
    private readonly List<AsyncCopy> pending = [];
    private readonly Stack<AsyncCopy> free = new();

    /// <summary>Number of groups that each lane has committed.</summary>
    public readonly int[] Committed = new int[32];

    public int Count => pending.Count;

    public List<AsyncCopy> Pending => pending;

    public AsyncCopy Add(uint mask, int bytes)
    {
        AsyncCopy copy = free.Count > 0 ? free.Pop() : new AsyncCopy();
        copy.Mask = mask;
        copy.Bytes = bytes;
        pending.Add(copy);
        return copy;
    }

    public void RemoveAt(int i)
    {
        free.Push(pending[i]);
        pending.RemoveAt(i);
    }

    public void Reset()
    {
        Array.Clear(Committed);
        pending.Clear();
    }
}

/// <summary>One cp.async instruction: a copy of 4, 8 or 16 bytes a lane.</summary>
internal sealed class AsyncCopy
{
    public uint Mask;
    public int Bytes;
    public readonly int[] Group = new int[32];
    public readonly uint[] Destination = new uint[32];
    public readonly long[] Source = new long[32];
    public readonly int[] SourceBytes = new int[32];
    public Instruction Issuer = null!;
}
