using System.Globalization;
using LongContext.Data.Operators;

namespace LongContext.Data;

/// <summary>Several sources as one, by shares. Made by <see cref="DataSource.Mixture{T}(IReadOnlyList{WeightedSource{T}}, MixtureOptions{T})"/>.</summary>
/// <typeparam name="T">What the sources give.</typeparam>
/// <remarks>
/// <para>
/// Exact shares. With shares wᵢ that sum to 1 and gᵢ of T tokens given, source i lags wᵢT − gᵢ behind. The largest lag is at least 0, as all lags sum
/// to 0; so a source that is chosen has less than one item more than its share, ever: gᵢ − wᵢT ≤ (1 − wᵢ)L, L the longest item. Nor can one fall far
/// behind. Let S(k) be the largest sum of k lags. Giving an item leaves the sum of k lags as it was or smaller if the chosen source is one of them;
/// else the chosen one, whose lag is the largest, stood beside them, so that S(k) ≤ k/(k+1)·S(k+1) + L·W(k), W(k) being the k largest shares together. With S(n) = 0
/// that gives a lag of at most L·Σ W(k)/k for k = 1 … n−1: for n equal shares L(n−1)/n, less than one item, and for any shares at most
/// L(1 + 1/2 + … + 1/(n−1)).
/// </para>
/// <para>
/// The shares of items are met likewise, each item counting 1. When a source has ended and the others go on, shares count anew from there. A draw
/// depends on the seed, its number and which sources have ended, on nothing else.
/// </para>
/// <para>
/// For workers, <see cref="DataSourceExtensions.Shard"/> of the mixture gives disjoint parts that are the whole together; of each source
/// it gives every worker a mixture of its own, whose shares are exact.
/// </para>
/// </remarks>
public sealed class MixtureSource<T> : IDataSource<T>
    where T : class
{
    private const string StateKind = "mixture", DrawsName = "draws", StoppedName = "stopped", SettingsOfSources = "sources";

    private readonly MixturePart<T>[] parts;
    private readonly MixtureOptions<T> options;
    private readonly Func<T, long>? size;
    private readonly (string Name, string Value)[] settings;
    private long draws;
    private bool stopped;

    internal MixtureSource(IReadOnlyList<WeightedSource<T>> sources, MixtureOptions<T> options)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(options);
        Check(sources, options);
        this.options = options;
        size = options.EffectiveSize();
        parts = [.. sources.Select((source, i) => new MixturePart<T>(source, NameOf(source, i), repeats: source.Epochs > 1 || options.End is MixtureEnd.Repeat or MixtureEnd.StopAtLast))];
        settings =
        [
            (SettingsOfSources, string.Join(", ", parts.Select(part => part.Name))),
            ("weights", string.Join(" ", parts.Select(part => part.Weight.ToString("R", CultureInfo.InvariantCulture)))),
            ("epochs", string.Join(" ", parts.Select(part => part.Epochs.ToString(CultureInfo.InvariantCulture)))),
            ("shares", options.Shares.ToString()),
            ("end", options.End.ToString()),
            ("seed", options.Seed.ToString(CultureInfo.InvariantCulture)),
        ];
    }

    /// <summary>What each source has given so far.</summary>
    public MixtureReport Report
    {
        get
        {
            double total = parts.Sum(part => part.Weight);
            return new MixtureReport([.. parts.Select(part => new MixtureSourceReport(part.Name, part.Weight / total, part.Items, part.Tokens, part.Passes, part.Ended))]);
        }
    }

    /// <inheritdoc/>
    /// <remarks>What a source or the size of an item throws comes out as it is; the mixture has not moved, and asks the same source again.</remarks>
    public T? Next(CancellationToken cancellationToken = default)
    {
        while (!stopped && Array.Exists(parts, part => !part.Ended))
        {
            cancellationToken.ThrowIfCancellationRequested();
            MixturePart<T> chosen = options.Shares == MixtureShares.Draws ? Draw() : Lagging();
            bool repeats = options.End == MixtureEnd.Repeat || (options.End == MixtureEnd.StopAtLast && Array.Exists(parts, part => part != chosen && part.Passes < part.Epochs));
            T? item = chosen.Read(repeats, cancellationToken);

            // The draw counts once it is answered: a source that throws (a cancellation, a bad line) is asked again, and so is one whose item's size cannot be told.
            long tokens = item is null ? 0 : Math.Max(0, size?.Invoke(item) ?? 0);
            draws++;
            if (item is not null)
            {
                // An item without tokens counts as one token in choosing, or a source of such items alone would be chosen for ever.
                chosen.Give(tokens, options.Shares == MixtureShares.Tokens ? Math.Max(1, tokens) : 1);
                return item;
            }

            stopped = options.End is MixtureEnd.StopAtFirst or MixtureEnd.StopAtLast;
            foreach (MixturePart<T> part in parts) part.Given = 0;
        }

        return null;
    }

    /// <inheritdoc/>
    public StreamState Capture()
    {
        StreamState state = new StreamState(StateKind).Set(DrawsName, draws).Set(StoppedName, stopped ? 1 : 0).SetSettings(settings);
        for (int i = 0; i < parts.Length; i++) state.Set(Name(i), parts[i].Capture());
        return state;
    }

    /// <inheritdoc/>
    public void Restore(StreamState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        state.RequireKind(StateKind);
        state.RequireSettings(settings);
        long drawsThen = state.GetNumber(DrawsName, 0);
        bool stoppedThen = state.GetNumber(StoppedName, 0, 1) == 1;
        StreamState[] states = [.. parts.Select((_, i) => state.GetState(Name(i)))];
        Action[] settle = [.. parts.Select((part, i) => part.Restore(states[i]))];
        StreamState before = Capture();
        try
        {
            foreach (Action part in settle) part();
        }
        catch
        {
            // One source refused its state when others had gone to theirs.
            for (int i = 0; i < parts.Length; i++) parts[i].Restore(before.GetState(Name(i)))();
            throw;
        }

        (draws, stopped) = (drawsThen, stoppedThen);
    }

    private MixturePart<T> Draw()
    {
        double total = 0;
        foreach (MixturePart<T> part in parts) total += part.Ended ? 0 : part.Weight;
        double point = new SplitMix64(options.Seed, draws).NextDouble() * total, sum = 0;
        MixturePart<T>? last = null;
        foreach (MixturePart<T> part in parts)
        {
            if (part.Ended) continue;
            last = part;
            if (point < (sum += part.Weight)) return part;
        }

        // Only where the product above was rounded up to the total.
        return last!;
    }

    private MixturePart<T> Lagging()
    {
        double weights = 0, given = 0, most = double.NegativeInfinity;
        foreach (MixturePart<T> part in parts)
        {
            if (part.Ended) continue;
            weights += part.Weight;
            given += part.Given;
        }

        MixturePart<T>? chosen = null;
        foreach (MixturePart<T> part in parts)
        {
            if (part.Ended || (part.Weight / weights * given) - part.Given is var lag && lag <= most) continue;
            (chosen, most) = (part, lag);
        }

        return chosen!;
    }

    private static string Name(int index) => string.Create(CultureInfo.InvariantCulture, $"source-{index}");

    private static string NameOf(WeightedSource<T> source, int index) => source.Name ?? string.Create(CultureInfo.InvariantCulture, $"source {index}");

    private static void Check(IReadOnlyList<WeightedSource<T>> sources, MixtureOptions<T> options)
    {
        List<string> faults = [];
        if (sources.Count == 0) faults.Add("there is no source");
        HashSet<IDataSource<T>> seen = new(ReferenceEqualityComparer.Instance);
        HashSet<string> names = [];
        for (int i = 0; i < sources.Count; i++)
        {
            string name = sources[i] is { } given ? NameOf(given, i) : "";
            string shown = sources[i]?.Name is null ? string.Create(CultureInfo.InvariantCulture, $"source {i}") : $"'{name}'";
            if (sources[i]?.Source is not { } source)
            {
                faults.Add($"{shown} is null");
                continue;
            }

            if (!seen.Add(source)) faults.Add($"{shown} is given twice");
            if (!names.Add(name)) faults.Add($"the name '{name}' is given twice");
            if (!(sources[i].Weight > 0 && double.IsFinite(sources[i].Weight)))
                faults.Add(string.Create(CultureInfo.InvariantCulture, $"the weight of {shown} is {sources[i].Weight}, expected a positive number"));
            if (sources[i].Epochs < 1) faults.Add(string.Create(CultureInfo.InvariantCulture, $"the epochs of {shown} are {sources[i].Epochs}, expected at least 1"));
        }

        if (!double.IsFinite(sources.Sum(source => source?.Weight ?? 0)) && faults.Count == 0) faults.Add("the sum of the weights is not finite");
        faults.AddRange(options.Faults());
        if (faults.Count > 0) throw new ArgumentException($"A mixture cannot be made: {string.Join("; ", faults)}.", nameof(sources));
    }
}
