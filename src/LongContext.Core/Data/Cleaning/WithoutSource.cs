using System.Globalization;
using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>A source without the examples of some origins. The list is copied, so what it gives does not change under way.</summary>
internal sealed class WithoutSource(IDataSource<TrainingExample> source, ExclusionList list) : IDataSource<TrainingExample>
{
    private const string StateKind = "without";

    private readonly HashSet<RecordOrigin> excluded = list.ToSet();
    private readonly string fingerprint = list.Fingerprint();

    public TrainingExample? Next(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            // What is left out is passed over for good: a call that throws later needs no way back before it.
            TrainingExample? example = source.Next(cancellationToken);
            if (example?.Origin is not { } origin || !excluded.Contains(origin)) return example;
        }
    }

    public StreamState Capture() => new StreamState(StateKind).Set("source", source.Capture()).SetSettings(Settings());

    public void Restore(StreamState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.RequireKind(StateKind);
        state.RequireSettings(Settings());
        source.Restore(state.GetState("source"));
    }

    private (string Name, string Value)[] Settings() => [("origins", excluded.Count.ToString(CultureInfo.InvariantCulture)), ("fingerprint", fingerprint)];
}
