using System.Globalization;
using LongContext.Data;
using LongContext.Packing;

namespace LongContext.Training;

/// <summary>Packs by number as a feed: its state is the next number.</summary>
/// <param name="source">The packs.</param>
/// <param name="limit">Packs in all, or null for no end.</param>
internal sealed class PackSourceFeed(IPackSource source, long? limit) : IPackFeed
{
    private const string StateKind = "packs-by-number";

    private long next;

    public PackedBatch? Next(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (next >= limit) return null;
        PackedBatch pack = source.GetPack(next);
        next++;
        return pack;
    }

    public StreamState Capture() => new StreamState(StateKind).Set("next", next).SetSettings(Settings());

    public void Restore(StreamState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.RequireKind(StateKind);
        state.RequireSettings(Settings(), PackSource.SeedSetting, PackSource.FingerprintSetting);
        next = state.GetNumber("next", 0);
    }

    private (string Name, string Value)[] Settings() =>
        [("count", source.Count?.ToString(CultureInfo.InvariantCulture) ?? "endless"), .. (source as IPackSourceIdentity)?.Identity ?? []];
}
