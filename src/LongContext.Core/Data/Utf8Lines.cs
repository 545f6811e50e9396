namespace LongContext.Data;

/// <summary>
/// The lines of a file as bytes, in memory of one line's size. Bytes rather than text, so that broken UTF-8 is found on its own
/// line and JSON is parsed without transcoding.
/// </summary>
internal static class Utf8Lines
{
    private const int BlockSize = 64 * 1024;

    /// <summary>Each line without its line feed; valid until the next one is asked for.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Read(string path)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1, FileOptions.SequentialScan);
        byte[] buffer = new byte[BlockSize];
        int filled = 0;
        bool first = true;
        while (true)
        {
            int read = stream.Read(buffer, filled, buffer.Length - filled);
            // What was there before has no line feed, else it would have been handed out.
            int searched = filled;
            filled += read;
            int start = 0;
            while (buffer.AsSpan(searched, filled - searched).IndexOf((byte)'\n') is >= 0 and var offset)
            {
                yield return Line(buffer.AsMemory(start, searched + offset - start), ref first);
                start = searched = searched + offset + 1;
            }

            if (read == 0)
            {
                if (filled > start) yield return Line(buffer.AsMemory(start, filled - start), ref first);
                yield break;
            }

            buffer.AsSpan(start, filled - start).CopyTo(buffer);
            filled -= start;
            if (filled < buffer.Length) continue;
            if (filled == Array.MaxLength) throw new DataFormatException(path, null, $"a line is longer than {filled} bytes.");
            Array.Resize(ref buffer, (int)Math.Min(Array.MaxLength, 2L * filled));
        }
    }

    public static ReadOnlySpan<byte> SkipByteOrderMark(ReadOnlySpan<byte> bytes) =>
        bytes.StartsWith("\uFEFF"u8) ? bytes[3..] : bytes;

    private static ReadOnlyMemory<byte> Line(ReadOnlyMemory<byte> line, ref bool first)
    {
        bool skip = first && line.Span.StartsWith("\uFEFF"u8);
        first = false;
        return skip ? line[3..] : line;
    }
}
