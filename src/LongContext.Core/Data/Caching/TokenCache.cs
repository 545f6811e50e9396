using System.Collections;
using LongContext.Packing;

namespace LongContext.Data.Caching;

/// <summary>
/// A data set as tokens on disk, mapped into memory: encoded once, read by every run, in any order. A list of sequences, whose lengths are
/// known without touching a token.
/// </summary>
/// <remarks>
/// <para>A folder holds caches, each a folder of its own named by its <see cref="TokenCacheKey"/>: another tokenizer, other data or other
/// settings are another cache. In it are safetensors files with the tokens (16 bits each where all ids fit) and an index, and <c>cache.json</c>.</para>
/// <para>A cache is built under another name and renamed when all of it is on disk, so it is whole or not there; two processes that want the same
/// cache build it once. What a killed process leaves is removed by the next that builds, or by <see cref="RemoveLeftovers"/>. That rests on file locks (flock): on a file system without
/// them (some network mounts) two processes that build the same cache at once would remove each other's work and one of them fails; nothing half-built is ever taken for a cache.
/// There, build with one process first.</para>
/// <para>Reading is safe for several threads, disposing while others read is not. Sequences are copies and outlive the cache. The files must not be
/// changed while they are open.</para>
/// </remarks>
public sealed partial class TokenCache : IReadOnlyList<TokenSequence>, IDisposable
{
    private readonly TokenShard[] shards;
    private readonly long[] starts; // of each file, the number of its first sequence; then the end
    private bool disposed;

    private TokenCache(string path, TokenCacheManifest manifest)
    {
        Path = path;
        Fingerprint = manifest.Checksum;
        List<TokenShard> opened = [];
        try
        {
            foreach (TokenShardInfo info in manifest.Shards) opened.Add(new TokenShard(path, info));
        }
        catch
        {
            foreach (TokenShard shard in opened) shard.Dispose();
            throw;
        }

        shards = [.. opened];
        starts = new long[shards.Length + 1];
        for (int i = 0; i < shards.Length; i++) starts[i + 1] = starts[i] + shards[i].Sequences;
        Report = new TokenCacheReport
        {
            Sequences = SequenceCount,
            Tokens = manifest.Shards.Sum(shard => shard.Tokens),
            Skipped = manifest.Skipped,
            Shards = shards.Length,
            Bytes = manifest.Shards.Sum(shard => shard.Bytes),
        };
    }

    /// <summary>The cache's own folder.</summary>
    public string Path { get; }

    /// <summary>Tells its content from any other: a hash over key, numbers and checksums.</summary>
    public string Fingerprint { get; }

    /// <summary>What is in it, and what opening or building it took.</summary>
    public TokenCacheReport Report { get; private set; }

    /// <summary>Number of sequences.</summary>
    public long SequenceCount => starts[^1];

    /// <summary>Number of sequences, where an int holds it.</summary>
    /// <exception cref="OverflowException">There are more than 2³¹ − 1; see <see cref="SequenceCount"/>.</exception>
    public int Count => checked((int)SequenceCount);

    /// <summary>A sequence; see <see cref="Read"/>.</summary>
    /// <param name="index">From 0 to <see cref="Count"/> − 1.</param>
    public TokenSequence this[int index] => Read(index);

    /// <summary>A copy of a sequence.</summary>
    /// <param name="index">From 0 to <see cref="SequenceCount"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence.</exception>
    /// <exception cref="DataFormatException">Its loss mask is damaged.</exception>
    /// <exception cref="ObjectDisposedException">The cache was disposed.</exception>
    public TokenSequence Read(long index)
    {
        TokenShard shard = Find(ref index);
        return shard.Read(index);
    }

    /// <summary>The number of a sequence's tokens, from the index alone.</summary>
    /// <param name="index">From 0 to <see cref="SequenceCount"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence.</exception>
    /// <exception cref="ObjectDisposedException">The cache was disposed.</exception>
    public int GetLength(long index)
    {
        TokenShard shard = Find(ref index);
        return shard.Length(index);
    }

    /// <summary>Copies a sequence's tokens to where there is room for them.</summary>
    /// <param name="index">From 0 to <see cref="SequenceCount"/> − 1.</param>
    /// <param name="destination">Room for at least <see cref="GetLength"/> tokens.</param>
    /// <returns>How many there are.</returns>
    /// <exception cref="ArgumentException">There is less room.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence.</exception>
    /// <exception cref="ObjectDisposedException">The cache was disposed.</exception>
    public int CopyTokens(long index, Span<int> destination)
    {
        TokenShard shard = Find(ref index);
        int length = shard.Length(index);
        if (length > destination.Length) throw new ArgumentException($"The sequence has {length} tokens, but there is room for {destination.Length}.", nameof(destination));
        shard.CopyTokens(index, destination);
        return length;
    }

    /// <summary>All lengths in order, from the index alone: for <see cref="LengthHistogram.FromLengths"/> and <see cref="HistogramPacking.Assign"/>.</summary>
    /// <exception cref="OverflowException">There are more than 2³¹ − 1 sequences.</exception>
    /// <exception cref="ObjectDisposedException">The cache was disposed.</exception>
    public int[] GetLengths()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        int[] lengths = new int[Count];
        int at = 0;
        foreach (TokenShard shard in shards)
        {
            for (long i = 0; i < shard.Sequences; i++) lengths[at++] = shard.Length(i);
        }

        return lengths;
    }

    /// <summary>
    /// The sequences as a stream that can be resumed, in another order in each pass. The order takes no memory, however many there are, and the
    /// stream reads only what it gives.
    /// </summary>
    /// <param name="seed">The same seed gives the same orders; null keeps the cache's own order in every pass. Default 0.</param>
    /// <param name="epochs">Passes, or null for a stream without end. Default 1.</param>
    /// <param name="shard">This worker's number, from 0. Default 0.</param>
    /// <param name="shardCount">
    /// How many workers share each pass: together they get every sequence once, some of them one more than others. Default 1.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">Less than one pass, or a worker's number that is not below their count.</exception>
    /// <exception cref="InvalidOperationException">There are fewer sequences than workers.</exception>
    public IDataSource<TokenSequence> AsSource(int? seed = 0, int? epochs = 1, int shard = 0, int shardCount = 1)
    {
        if (epochs is { } given) ArgumentOutOfRangeException.ThrowIfLessThan(given, 1, nameof(epochs));
        ArgumentOutOfRangeException.ThrowIfLessThan(shardCount, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(shard);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(shard, shardCount);
        if (SequenceCount < shardCount) throw new InvalidOperationException($"{Path}: {SequenceCount} sequences cannot be shared among {shardCount} workers.");
        return new TokenCacheSource(this, seed, epochs, shard, shardCount);
    }

    /// <summary>Reads all tokens and compares their checksums.</summary>
    /// <param name="cancellationToken">Ends it early.</param>
    /// <exception cref="DataFormatException">Tokens were damaged; the message names the file.</exception>
    /// <exception cref="ObjectDisposedException">The cache was disposed.</exception>
    public void Verify(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        foreach (TokenShard shard in shards) shard.VerifyTokens(cancellationToken);
    }

    /// <summary>The sequences in order.</summary>
    public IEnumerator<TokenSequence> GetEnumerator()
    {
        for (long i = 0; i < SequenceCount; i++) yield return Read(i);
    }

    /// <summary>Unmaps the files. Sequences that were read stay as they are.</summary>
    public void Dispose()
    {
        if (disposed) return;
        disposed = true;
        foreach (TokenShard shard in shards) shard.Dispose();
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The file of a sequence; the number becomes that within the file.</summary>
    private TokenShard Find(ref long index)
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        if ((ulong)index >= (ulong)SequenceCount) throw new ArgumentOutOfRangeException(nameof(index), index, $"Expected 0 to {SequenceCount - 1}.");
        int found = Array.BinarySearch(starts, index);
        if (found < 0) found = ~found - 1;
        index -= starts[found];
        return shards[found];
    }
}
