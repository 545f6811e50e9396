using System.Buffers;

namespace LongContext.Data.Reading;

/// <summary>What readers do with a buffer from the shared pool when they need room behind what they have read.</summary>
internal static class PooledBuffer
{
    /// <summary>Brings what is still needed to the front, into a buffer twice as large where that is asked for.</summary>
    /// <param name="buffer">The buffer; a larger one takes its place, and it goes back to the pool.</param>
    /// <param name="kept">The bytes that are still needed, a part of the buffer.</param>
    /// <param name="grows">Whether the buffer is to grow.</param>
    public static void MoveToFront(ref byte[] buffer, Range kept, bool grows)
    {
        ReadOnlySpan<byte> bytes = buffer.AsSpan(kept);
        if (grows)
        {
            byte[] larger = ArrayPool<byte>.Shared.Rent((int)Math.Min(Array.MaxLength, 2L * buffer.Length));
            bytes.CopyTo(larger);
            ArrayPool<byte>.Shared.Return(buffer);
            buffer = larger;
        }
        else if (!bytes.IsEmpty)
        {
            bytes.CopyTo(buffer);
        }
    }
}
