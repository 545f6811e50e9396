using System.Buffers;
using System.IO.Hashing;
using System.Text;
using LongContext.Checkpoints;
using Microsoft.Win32.SafeHandles;

namespace LongContext.Evaluation.Runs;

/// <summary>
/// A file that JSON objects are appended to, one a line, each with a checksum as its last property. A line is with the operating system when
/// <see cref="Append"/> returns, so it outlives the process; it outlives the machine after <see cref="Flush"/>. A torn last line is cut off when the file is opened.
/// </summary>
internal sealed class LineFile : IDisposable
{
    private const int BlockSize = 1 << 20;

    // No line of ours comes near it: answers and prompts of that size are not kept.
    private const int LongestLine = 1 << 29;
    private static readonly TimeSpan FlushInterval = TimeSpan.FromSeconds(5);
    private static ReadOnlySpan<byte> ChecksumStart => ",\"checksum\":\""u8;
    private static ReadOnlySpan<byte> ChecksumEnd => "\"}"u8;
    private const int ChecksumDigits = 16;

    private readonly string path;
    private readonly byte[] beginning;
    private readonly int longestLine;
    private readonly TimeProvider time;
    private readonly SafeFileHandle handle;
    private readonly Lock appending = new();
    private long end;
    private long flushedEnd;
    private long flushed;

    private LineFile(string path, byte[] beginning, int longestLine, TimeProvider time, SafeFileHandle handle)
    {
        this.path = path;
        this.beginning = beginning;
        this.longestLine = longestLine;
        this.time = time;
        this.handle = handle;
        flushed = time.GetTimestamp();
    }

    public delegate void LineHandler(ReadOnlySpan<byte> line, long offset);

    /// <summary>Lines in the middle that were damaged and left out.</summary>
    public int DamagedLines { get; private set; }

    /// <summary>Opens a file, made where it is not there, and hands out its whole lines, checksums included.</summary>
    /// <param name="path">The file.</param>
    /// <param name="firstProperty">The name of every object's first property, whose value is a text: by it a torn line is known as ours.</param>
    /// <param name="time">Says when to flush.</param>
    /// <param name="read">Given each whole line and where it begins.</param>
    /// <param name="longestLine">Bytes that a line may have. Default: 512 MiB.</param>
    /// <exception cref="EvaluationRunException">It cannot be opened or read, or holds nothing of ours; it is then left as it is.</exception>
    public static LineFile Open(string path, string firstProperty, TimeProvider time, LineHandler read, int longestLine = LongestLine)
    {
        SafeFileHandle? handle = null;
        try
        {
            handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            LineFile file = new(path, Encoding.UTF8.GetBytes($"{{\"{firstProperty}\":\""), longestLine, time, handle);
            file.Scan(read);
            DirectoryFlush.TryFlush(Path.GetDirectoryName(Path.GetFullPath(path))!);
            return file;
        }
        catch (Exception exception)
        {
            handle?.Dispose();
            if (exception is IOException or UnauthorizedAccessException) throw Fault(path, "opened", exception);
            throw;
        }
    }

    /// <summary>Appends an object.</summary>
    /// <param name="json">A JSON object with at least one property, on one line.</param>
    /// <returns>Where the line begins and how many bytes it has without its end.</returns>
    /// <exception cref="EvaluationRunException">It cannot be written; the file is as before.</exception>
    public (long Offset, int Length) Append(ReadOnlySpan<byte> json)
    {
        if (json.Length > longestLine - 64) throw new EvaluationRunException($"{path}: a line of {json.Length} bytes is longer than the {longestLine} that can be read again.");
        ArrayBufferWriter<byte> line = new(json.Length + 64);
        line.Write(json[..^1]);
        line.Write(ChecksumStart);
        line.Write(Encoding.ASCII.GetBytes(Checksum(json[..^1])));
        line.Write(ChecksumEnd);
        line.Write("\n"u8);
        lock (appending)
        {
            long offset = end;
            try
            {
                // At a place of our own choosing: what a failed attempt left behind is written over by the next.
                RandomAccess.Write(handle, line.WrittenSpan, offset);
                end += line.WrittenCount;
                if (time.GetElapsedTime(flushed) >= FlushInterval) FlushHeld();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw Fault(path, "written", exception);
            }

            return (offset, line.WrittenCount - 1);
        }
    }

    public byte[] Read(long offset, int length)
    {
        byte[] bytes = new byte[length];
        try
        {
            for (int done = 0; done < length;)
            {
                int count = RandomAccess.Read(handle, bytes.AsSpan(done), offset + done);
                if (count == 0) throw new EndOfStreamException("It ended early.");
                done += count;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Fault(path, "read", exception);
        }

        return bytes;
    }

    /// <summary>Through to the disk.</summary>
    public void Flush()
    {
        lock (appending)
        {
            try
            {
                FlushHeld();
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw Fault(path, "flushed to the disk", exception);
            }
        }
    }

    public void Dispose() => handle.Dispose();

    private void FlushHeld()
    {
        if (flushedEnd != end) RandomAccess.FlushToDisk(handle);
        flushedEnd = end;
        flushed = time.GetTimestamp();
    }

    private void Scan(LineHandler read)
    {
        byte[] buffer = new byte[BlockSize];
        int held = 0;
        long start = 0; // of what is held, in the file
        int whole = 0;
        bool isPartial = false; // what is held is the rest of a line whose beginning was let go
        while (true)
        {
            if (held >= longestLine)
            {
                // Nobody's line; its beginning need not be remembered to see that it is damaged.
                start += held;
                held = 0;
                isPartial = true;
            }

            if (held == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            int count = RandomAccess.Read(handle, buffer.AsSpan(held), start + held);
            if (count == 0) break;
            held += count;
            int used = 0;
            while (buffer.AsSpan(used, held - used).IndexOf((byte)'\n') is >= 0 and var length)
            {
                if (isPartial) DamagedLines++;
                else if (Take(buffer.AsSpan(used, length), start + used, read)) whole++;
                isPartial = false;
                used += length + 1;
                end = start + used;
            }

            buffer.AsSpan(used, held - used).CopyTo(buffer);
            held -= used;
            start += used;
        }

        // The last line may lack its end only, or be torn.
        if (held > 0 && !isPartial)
        {
            if (Take(buffer.AsSpan(0, held), start, read))
            {
                RandomAccess.Write(handle, "\n"u8, start + held);
                end = start + held + 1;
                return;
            }

            DamagedLines--;
        }

        // Not one line that is ours, and something that is not: somebody else's file, which is not for us to append to or to cut.
        if (whole == 0 && (DamagedLines > 0 || isPartial || !CanBeOurs(buffer.AsSpan(0, held))))
            throw new EvaluationRunException($"{path} has no line that a run has written, or every one was changed since: move it away, or give another folder.");
        // A last line without an end was torn when the process was killed; what is appended must begin on a line of its own.
        if (RandomAccess.GetLength(handle) > end) RandomAccess.SetLength(handle, end);
    }

    private bool Take(ReadOnlySpan<byte> line, long offset, LineHandler read)
    {
        if (IsWhole(line))
        {
            read(line, offset);
            return true;
        }

        DamagedLines++;
        return false;
    }

    /// <summary>Whether a torn line begins as ours do, as far as it goes.</summary>
    private bool CanBeOurs(ReadOnlySpan<byte> torn) => torn.StartsWith(beginning) || beginning.AsSpan().StartsWith(torn);

    private static bool IsWhole(ReadOnlySpan<byte> line)
    {
        int tail = ChecksumStart.Length + ChecksumDigits + ChecksumEnd.Length;
        if (line.Length <= tail || !line.EndsWith(ChecksumEnd) || !line[^tail..].StartsWith(ChecksumStart)) return false;
        return Encoding.ASCII.GetString(line[^(ChecksumDigits + ChecksumEnd.Length)..^ChecksumEnd.Length]) == Checksum(line[..^tail]);
    }

    private static string Checksum(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(XxHash64.Hash(bytes));

    private static EvaluationRunException Fault(string path, string done, Exception exception) =>
        new($"{path} cannot be {done}: {exception.Message}", exception);
}
