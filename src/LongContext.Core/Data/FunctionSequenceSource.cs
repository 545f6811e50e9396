using System.Globalization;
using LongContext.Packing;

namespace LongContext.Data;

/// <summary>Sequences by number.</summary>
internal sealed class FunctionSequenceSource(Func<long, TokenSequence> getSequence, long? count, string identity) : ISequenceSource
{
    private const string StateKind = "function";

    private long next;

    public TokenSequence? Next(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (next >= count) return null;
        TokenSequence sequence = getSequence(next) ?? throw new InvalidOperationException($"The function gave null for sequence {next}; expected a sequence.");
        next++;
        return sequence;
    }

    public StreamState Capture() => new StreamState(StateKind).Set("next", next).SetSettings(Settings());

    public void Restore(StreamState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.RequireKind(StateKind);
        state.RequireSettings(Settings());
        next = state.GetNumber("next", 0, count ?? long.MaxValue);
    }

    private (string Name, string Value)[] Settings() =>
        [("count", count?.ToString(CultureInfo.InvariantCulture) ?? "endless"), ("identity", identity)];
}
