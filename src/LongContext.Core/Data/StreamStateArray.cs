using System.Runtime.InteropServices;
using LongContext.Checkpoints;

namespace LongContext.Data;

/// <summary>An array of a state, fetched when it is first looked at.</summary>
internal sealed class StreamStateArray(Func<IReadOnlyList<ReadOnlyMemory<int>>> parts)
{
    private readonly Lazy<IReadOnlyList<ReadOnlyMemory<int>>> parts = new(parts);

    public StreamStateArray(ReadOnlyMemory<int> whole)
        : this(() => [whole])
    {
    }

    public ReadOnlyMemory<int> Joined()
    {
        if (parts.Value.Count == 1) return parts.Value[0];
        int[] joined = new int[checked((int)parts.Value.Sum(part => (long)part.Length))];
        int start = 0;
        foreach (ReadOnlyMemory<int> part in parts.Value)
        {
            part.Span.CopyTo(joined.AsSpan(start));
            start += part.Length;
        }

        return joined;
    }

    public SafetensorsEntry ToEntry(string name) =>
        new(name, TensorDataType.Int32, [parts.Value.Sum(part => (long)part.Length)], stream =>
        {
            foreach (ReadOnlyMemory<int> part in parts.Value) stream.Write(MemoryMarshal.AsBytes(part.Span));
        });
}
