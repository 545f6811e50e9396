using System.Buffers.Binary;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using System.Text;
using LongContext.Packing;

namespace LongContext.Data.Caching;

/// <summary>
/// Writes one file of tokens as they come: a safetensors file with room for its header kept free, since the numbers in it are known at the
/// end. In it, in this order: <c>tokens</c> (U16 or I32, all sequences' one after the other), <c>padding</c> (to a multiple of 8 bytes),
/// <c>offsets</c> (I64, where each sequence begins, and the end), and where a sequence has a loss mask <c>mask-offsets</c> (I64) and
/// <c>mask-runs</c> (I32, see <see cref="LossMaskRuns"/>; no run where there is no mask).
/// </summary>
internal sealed class TokenShardWriter : IDisposable
{
    public const int HeaderBytes = 1024;
    private const int BufferBytes = 1 << 20, MostSequences = 1 << 22;

    /// <summary>Numbers written at a time: a span of bytes is no longer than 2³¹ − 1, but 2²⁹ tokens have more.</summary>
    private const int PartLength = 1 << 20;

    private readonly string path;
    private readonly FileStream stream;
    private readonly XxHash128 tokenHash = new();
    private readonly List<long> offsets = [0];
    private readonly List<long> maskOffsets = [0];
    private readonly List<int> maskRuns = [];
    private ushort[] narrow = [];

    public TokenShardWriter(string path, bool wide)
    {
        this.path = path;
        IsWide = wide;
        stream = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes);
        stream.Write(new byte[HeaderBytes]);
    }

    /// <summary>Whether tokens take 32 bits, not 16.</summary>
    public bool IsWide { get; }

    public int Sequences => offsets.Count - 1;

    private int TokenBytes => IsWide ? sizeof(int) : sizeof(ushort);

    /// <summary>Whether the sequence belongs into the next file.</summary>
    public bool IsFullFor(int tokens, long shardBytes) =>
        Sequences > 0 && (Sequences == MostSequences || maskRuns.Count > Array.MaxLength / 4 || (offsets[^1] + tokens) * TokenBytes > shardBytes);

    public void Add(TokenSequence sequence)
    {
        for (ReadOnlySpan<int> rest = sequence.Tokens.Span; !rest.IsEmpty;)
        {
            ReadOnlySpan<int> part = rest[..Math.Min(rest.Length, PartLength)];
            rest = rest[part.Length..];
            if (IsWide)
            {
                WriteHashed(MemoryMarshal.AsBytes(part), tokenHash);
                continue;
            }

            if (narrow.Length < part.Length) narrow = new ushort[Math.Min(PartLength, Math.Max(part.Length, 2 * narrow.Length))];
            TokenConversion.Narrow(part, narrow);
            WriteHashed(MemoryMarshal.AsBytes(narrow.AsSpan(0, part.Length)), tokenHash);
        }

        offsets.Add(offsets[^1] + sequence.Length);
        LossMaskRuns.Append(maskRuns, sequence.LossMask.Span);
        maskOffsets.Add(maskRuns.Count);
    }

    /// <summary>Writes the index and the header, through to the disk.</summary>
    public TokenShardInfo Complete()
    {
        long tokens = offsets[^1];
        int padding = (int)(-(tokens * TokenBytes) & 7);
        XxHash128 indexHash = new();
        WriteHashed(new byte[padding], indexHash);
        WriteHashed(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(offsets)), indexHash);
        if (maskRuns.Count > 0)
        {
            WriteHashed(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(maskOffsets)), indexHash);
            for (int at = 0; at < maskRuns.Count; at += PartLength)
                WriteHashed(MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(maskRuns).Slice(at, Math.Min(PartLength, maskRuns.Count - at))), indexHash);
        }

        long bytes = stream.Position;
        WriteBytes([], flush: true);
        stream.Position = 0;
        WriteBytes(Header(tokens, padding), flush: true);
        return new TokenShardInfo(Path.GetFileName(path), bytes, Sequences, tokens, Hex(tokenHash), Hex(indexHash));
    }

    public void Dispose()
    {
        try
        {
            stream.Dispose();
        }
        catch (Exception exception) when (exception is IOException or ArgumentOutOfRangeException)
        {
            // Closing tries to write what is still buffered; on a full disk that fails again, and the first failure counts.
        }
    }

    private void WriteHashed(ReadOnlySpan<byte> bytes, XxHash128 hash)
    {
        hash.Append(bytes);
        WriteBytes(bytes);
    }

    public static string Hex(XxHash128 hash) => Convert.ToHexStringLower(hash.GetCurrentHash());

    /// <exception cref="IOException">The disk is full, or whatever else; .NET says "argument out of range" of a file that may not grow further.</exception>
    private void WriteBytes(ReadOnlySpan<byte> bytes, bool flush = false)
    {
        try
        {
            stream.Write(bytes);
            if (flush) stream.Flush(flushToDisk: true);
        }
        catch (ArgumentOutOfRangeException exception)
        {
            throw new IOException($"{path}: {exception.Message}", exception);
        }
    }

    private byte[] Header(long tokens, int padding)
    {
        StringBuilder json = new("{\"__metadata__\":{\"format\":\"" + TokenCacheManifest.Format + "\"}");
        long offset = 0;
        void Tensor(string name, string type, long count, int size)
        {
            json.Append(System.Globalization.CultureInfo.InvariantCulture, $",\"{name}\":{{\"dtype\":\"{type}\",\"shape\":[{count}],\"data_offsets\":[{offset},{offset + (count * size)}]}}");
            offset += count * size;
        }

        Tensor(TokenShard.TokensName, IsWide ? "I32" : "U16", tokens, TokenBytes);
        Tensor(TokenShard.PaddingName, "U8", padding, 1);
        Tensor(TokenShard.OffsetsName, "I64", offsets.Count, sizeof(long));
        if (maskRuns.Count > 0)
        {
            Tensor(TokenShard.MaskOffsetsName, "I64", maskOffsets.Count, sizeof(long));
            Tensor(TokenShard.MaskRunsName, "I32", maskRuns.Count, sizeof(int));
        }

        byte[] header = new byte[HeaderBytes];
        header.AsSpan().Fill((byte)' ');
        BinaryPrimitives.WriteInt64LittleEndian(header, HeaderBytes - sizeof(long));
        Encoding.ASCII.GetBytes(json.Append('}').ToString(), header.AsSpan(sizeof(long)));
        return header;
    }
}
