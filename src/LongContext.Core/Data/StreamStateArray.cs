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

    /// <summary>Copies an array out of a file, also one of more bytes than a span can have.</summary>
    /// <exception cref="CheckpointFormatException">It is not a row of 32-bit numbers, or longer than an array can be.</exception>
    public static unsafe StreamStateArray Read(SafetensorsFile file, string name)
    {
        TensorInfo info = file.Tensors[name];
        if (info.DataType != TensorDataType.Int32 || info.Shape is not [var length] || length > Array.MaxLength)
        {
            throw new CheckpointFormatException(
                $"{file.Path}: the array '{name}' is {info.DataType} of shape [{string.Join(", ", info.Shape)}], expected {TensorDataType.Int32} in one row of at most {Array.MaxLength}.");
        }

        int[] values = new int[length];
        fixed (int* target = values)
        {
            if (length > 0) Buffer.MemoryCopy(file.GetPointer(name), target, info.ByteLength, info.ByteLength);
        }

        return new StreamStateArray(values);
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
