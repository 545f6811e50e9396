using System.Globalization;
using LongContext.Packing;

namespace LongContext.Data.Caching;

/// <summary>A cache's sequences, in a random order of its own in each pass; of several workers each gets every so-many-th.</summary>
internal sealed class TokenCacheSource(TokenCache cache, int? seed, int? epochs, int shard, int shardCount) : IDataSource<TokenSequence>
{
    private const string StateKind = "token-cache";

    private readonly long perPass = (cache.SequenceCount - shard + shardCount - 1) / shardCount;
    private IndexPermutation order;
    private long orderedPass = -1;
    private long next;

    public TokenSequence? Next(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        (long pass, long place) = Math.DivRem(next, perPass);
        if (epochs is { } last && pass >= last) return null;
        long index = (place * shardCount) + shard;
        if (seed is { } given)
        {
            if (pass != orderedPass) order = new IndexPermutation(cache.SequenceCount, given, pass);
            orderedPass = pass;
            index = order[index];
        }

        TokenSequence sequence = cache.Read(index);
        next++;
        return sequence;
    }

    public StreamState Capture() => new StreamState(StateKind).Set("next", next).SetSettings(Settings());

    public void Restore(StreamState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.RequireKind(StateKind);
        state.RequireSettings(Settings());
        next = state.GetNumber("next", 0, epochs is { } last ? last * perPass : long.MaxValue);
    }

    private (string Name, string Value)[] Settings() =>
    [
        ("cache", cache.Fingerprint),
        ("seed", seed?.ToString(CultureInfo.InvariantCulture) ?? "none"),
        ("epochs", epochs?.ToString(CultureInfo.InvariantCulture) ?? "endless"),
        ("shard", string.Create(CultureInfo.InvariantCulture, $"{shard} of {shardCount}")),
    ];
}
