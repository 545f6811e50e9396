using LongContext.Packing;

namespace LongContext.Data.Examples;

/// <summary>The tokens of each example of a source.</summary>
internal sealed class EncodingSource(IDataSource<TrainingExample> examples, ExampleEncoder encoder, Action<DataFormatException>? onBadExample) : IDataSource<TokenSequence>
{
    private const string StateKind = "encoding";

    /// <summary>Read, but not given yet: encoding it failed. The place before it is the source's.</summary>
    private TrainingExample? waiting;
    private StreamState? beforeWaiting;

    public TokenSequence? Next(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (waiting is null)
            {
                beforeWaiting = examples.Capture();
                waiting = examples.Next(cancellationToken);
            }

            if (waiting is null) return null;
            TokenSequence? sequence = Encode(waiting);
            waiting = null;
            if (sequence is not null) return sequence;
        }
    }

    public StreamState Capture() =>
        new StreamState(StateKind).SetSettings(Settings()).Set("examples", waiting is null ? examples.Capture() : beforeWaiting!);

    public void Restore(StreamState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.RequireKind(StateKind);
        state.RequireSettings(Settings());
        examples.Restore(state.GetState("examples"));
        waiting = null;
    }

    private (string Name, string Value)[] Settings() => [("encoder", encoder.Identity)];

    private TokenSequence? Encode(TrainingExample example)
    {
        if (encoder.TryEncode(example, out TokenSequence? sequence, out DataFormatException? fault)) return sequence;
        if (onBadExample is null) throw fault;
        onBadExample(fault);
        return null;
    }
}
