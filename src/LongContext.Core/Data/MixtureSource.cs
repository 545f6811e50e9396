using System.Globalization;

namespace LongContext.Data;

/// <summary>Draws by weight. Draw n depends on the seed, n and which sources have ended, on nothing else.</summary>
internal sealed class MixtureSource<T> : IDataSource<T>
    where T : class
{
    private const string StateKind = "mixture";

    private readonly IDataSource<T>[] sources;
    private readonly double[] weights;
    private readonly int seed;
    private readonly MixtureEnd end;
    private readonly bool[] ended;
    private readonly StreamState[] starts;
    private long draws;

    public MixtureSource(IReadOnlyList<WeightedSource<T>> sources, int seed, MixtureEnd end)
    {
        ArgumentNullException.ThrowIfNull(sources);
        Check(sources, end);
        this.sources = [.. sources.Select(source => source.Source)];
        weights = [.. sources.Select(source => source.Weight)];
        this.seed = seed;
        this.end = end;
        ended = new bool[weights.Length];
        starts = end == MixtureEnd.Repeat ? [.. this.sources.Select(source => source.Capture())] : [];
    }

    public T? Next(CancellationToken cancellationToken = default)
    {
        while (ended.Contains(false))
        {
            // The draw counts once it is answered: a source that throws (a cancellation, a bad line) is asked again.
            int drawn = Draw();
            T? item = sources[drawn].Next(cancellationToken);
            if (item is null && end == MixtureEnd.Repeat)
            {
                sources[drawn].Restore(starts[drawn]);
                item = sources[drawn].Next(cancellationToken)
                    ?? throw new InvalidOperationException($"Source {drawn} of the mixture has no item: it cannot be repeated.");
            }

            draws++;
            if (item is not null) return item;
            if (end == MixtureEnd.StopAtFirst) Array.Fill(ended, true);
            ended[drawn] = true;
        }

        return null;
    }

    public StreamState Capture()
    {
        StreamState state = new StreamState(StateKind).Set("draws", draws).SetSettings(Settings());
        for (int i = 0; i < sources.Length; i++)
        {
            state.Set(FormattableString.Invariant($"ended-{i}"), ended[i] ? 1 : 0).Set(FormattableString.Invariant($"source-{i}"), sources[i].Capture());
            if (starts.Length > 0) state.Set(FormattableString.Invariant($"start-{i}"), starts[i]);
        }

        return state;
    }

    public void Restore(StreamState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.RequireKind(StateKind);
        state.RequireSettings(Settings());
        long drawsThen = state.GetNumber("draws", 0);
        bool[] endedThen = new bool[ended.Length];
        StreamState[] startsThen = new StreamState[starts.Length], states = new StreamState[sources.Length];
        for (int i = 0; i < sources.Length; i++)
        {
            endedThen[i] = state.GetNumber(FormattableString.Invariant($"ended-{i}"), 0, 1) == 1;
            states[i] = state.GetState(FormattableString.Invariant($"source-{i}"));
            if (starts.Length > 0) startsThen[i] = state.GetState(FormattableString.Invariant($"start-{i}"));
        }

        for (int i = 0; i < sources.Length; i++) sources[i].Restore(states[i]);
        draws = drawsThen;
        endedThen.CopyTo(ended, 0);
        startsThen.CopyTo(starts, 0);
    }

    private int Draw()
    {
        double total = 0;
        for (int i = 0; i < weights.Length; i++) total += ended[i] ? 0 : weights[i];
        double point = new SplitMix64(seed, draws).NextDouble() * total, sum = 0;
        int last = -1;
        for (int i = 0; i < weights.Length; i++)
        {
            if (ended[i]) continue;
            last = i;
            if (point < (sum += weights[i])) return i;
        }

        // Only where the product above was rounded up to the total.
        return last;
    }

    private (string Name, string Value)[] Settings() =>
    [
        ("weights", string.Join(" ", weights.Select(weight => weight.ToString("R", CultureInfo.InvariantCulture)))),
        ("seed", seed.ToString(CultureInfo.InvariantCulture)),
        ("end", end.ToString()),
    ];

    private static void Check(IReadOnlyList<WeightedSource<T>> sources, MixtureEnd end)
    {
        List<string> faults = [];
        if (sources.Count == 0) faults.Add("there is no source");
        HashSet<IDataSource<T>> seen = new(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < sources.Count; i++)
        {
            if (sources[i]?.Source is not { } source)
            {
                faults.Add($"source {i} is null");
                continue;
            }

            if (!seen.Add(source)) faults.Add($"source {i} is given twice");
            if (!(sources[i].Weight > 0 && double.IsFinite(sources[i].Weight))) faults.Add($"the weight of source {i} is {sources[i].Weight}, expected a positive number");
        }

        if (!double.IsFinite(sources.Sum(source => source?.Weight ?? 0)) && faults.Count == 0) faults.Add("the sum of the weights is not finite");
        if (!Enum.IsDefined(end)) faults.Add($"the end is {end}, expected one of {string.Join(", ", Enum.GetNames<MixtureEnd>())}");
        if (faults.Count > 0) throw new ArgumentException($"A mixture cannot be made: {string.Join("; ", faults)}.", nameof(sources));
    }
}
