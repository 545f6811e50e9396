using System.Globalization;
using System.IO.Hashing;
using System.Runtime.InteropServices;
using LongContext.Packing;

namespace LongContext.Data;

/// <summary>A list, walked in a seeded order of its own in each pass.</summary>
internal sealed class ListSequenceSource(IReadOnlyList<TokenSequence> sequences, int? seed, int? epochs) : ISequenceSource
{
    private const string StateKind = "list";
    private const int FingerprintSequences = 1024;

    private readonly int count = sequences.Count;
    private readonly int[] order = seed is null ? [] : new int[sequences.Count];
    private long orderedPass = -1;
    private long next;
    private string? fingerprint;

    public TokenSequence? Next(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        (long pass, long place) = Math.DivRem(next, count);
        if (epochs is { } last && pass >= last) return null;
        if (seed is { } given && pass != orderedPass)
        {
            // Each pass shuffles the list's own order, so that pass 7 needs no passes 0 to 6.
            for (int i = 0; i < order.Length; i++) order[i] = i;
            new SplitMix64(given, pass).Shuffle(order.AsSpan());
            orderedPass = pass;
        }

        int index = seed is null ? (int)place : order[place];
        TokenSequence sequence = sequences[index] ?? throw new ArgumentException($"Sequence {index} of the list is null.");
        next++;
        return sequence;
    }

    public StreamState Capture() => new StreamState(StateKind).Set("next", next).SetSettings(Settings());

    public void Restore(StreamState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.RequireKind(StateKind);
        state.RequireSettings(Settings());
        next = state.GetNumber("next", 0, epochs is { } last ? (long)last * count : long.MaxValue);
    }

    private (string Name, string Value)[] Settings() =>
    [
        ("count", count.ToString(CultureInfo.InvariantCulture)),
        ("seed", seed?.ToString(CultureInfo.InvariantCulture) ?? "none"),
        ("epochs", epochs?.ToString(CultureInfo.InvariantCulture) ?? "endless"),
        ("fingerprint", fingerprint ??= Fingerprint()),
    ];

    private string Fingerprint()
    {
        XxHash128 hash = new();
        int sampled = Math.Min(count, FingerprintSequences);
        for (int i = 0; i < sampled; i++)
        {
            TokenSequence sequence = sequences[(int)((long)i * count / sampled)];
            hash.Append(MemoryMarshal.AsBytes(new ReadOnlySpan<int>([sequence.Length, sequence.LossMask.Length])));
            hash.Append(MemoryMarshal.AsBytes(sequence.Tokens.Span));
            hash.Append(MemoryMarshal.AsBytes(sequence.LossMask.Span));
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}
