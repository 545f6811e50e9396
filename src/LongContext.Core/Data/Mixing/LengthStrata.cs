using System.Globalization;
using LongContext.Data.Caching;
using LongContext.Packing;

namespace LongContext.Data.Mixing;

/// <summary>
/// Samples by length: sequences are sorted into strata, each of which gets a share of the tokens whatever share it has in the data, for example so that long documents
/// are more than the few that any collection has.
/// </summary>
/// <remarks>
/// Fu et al. 2024 ("Data engineering for scaling language models to 128K context", arXiv 2402.10171) keep the mixture of domains and, within each, raise
/// documents longer than 4K tokens from about 30 % of the tokens to about 70 %; <see cref="PerSourceUpsampling"/> is that. Upsampling long data without
/// regard to domains shifts the domains, and they found it less balanced: so stratify each source, then mix the sources.
/// <para>
/// The report of what is made names each stratum, what it gave, how often it was gone through, and whether it ran dry: with
/// <see cref="MixtureEnd.StopAtFirst"/> (the default) the rest of the other strata is left out when one has, with <see cref="MixtureEnd.GoOnWithOthers"/> it comes
/// without shares, and with <see cref="MixtureEnd.StopAtLast"/> or <see cref="MixtureEnd.Repeat"/> the dry one begins anew.
/// </para>
/// </remarks>
public static class LengthStrata
{
    /// <summary>Shorter than 4,096 tokens 30 %, all others 70 % of the tokens, as Fu et al. 2024 have it.</summary>
    public static IReadOnlyList<LengthStratum> PerSourceUpsampling { get; } = [new(1, 4096, 0.3), new(4096, null, 0.7)];

    /// <summary>Strata between borders.</summary>
    /// <param name="borders">Ascending lengths in tokens, at which a stratum ends and the next begins; the first stratum begins at 1 token, the last has no end.</param>
    /// <param name="weights">Their shares of the tokens, one more than borders.</param>
    /// <exception cref="ArgumentException">Another number of weights, or strata that cannot be used; the message lists all faults.</exception>
    public static IReadOnlyList<LengthStratum> Between(IReadOnlyList<int> borders, IReadOnlyList<double> weights)
    {
        ArgumentNullException.ThrowIfNull(borders);
        ArgumentNullException.ThrowIfNull(weights);
        if (weights.Count != borders.Count + 1)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"There are {weights.Count} weights for {borders.Count} borders, expected {borders.Count + 1}."), nameof(weights));
        LengthStratum[] strata = [.. weights.Select((weight, i) => new LengthStratum(i == 0 ? 1 : borders[i - 1], i < borders.Count ? borders[i] : null, weight))];
        Check(strata);
        return strata;
    }

    /// <summary>Samples sequences that lie in memory or in a cache, each stratum in an order of its own in each pass.</summary>
    /// <param name="sequences">The sequences; their lengths are looked at once, of a <see cref="TokenCache"/> without reading its tokens.</param>
    /// <param name="strata">The strata, which must not overlap; sequences of no stratum are left out.</param>
    /// <param name="end">What happens when a stratum runs dry. Default: the sampling ends.</param>
    /// <param name="seed">Decides the orders; null keeps the list's. Default 0.</param>
    /// <exception cref="ArgumentException">Strata that overlap or cannot be used, or one without a sequence; the message lists all faults.</exception>
    public static MixtureSource<TokenSequence> Sample(
        IReadOnlyList<TokenSequence> sequences, IReadOnlyList<LengthStratum> strata, MixtureEnd end = MixtureEnd.StopAtFirst, int? seed = 0)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        Check(strata);
        List<int>[] members = [.. strata.Select(_ => new List<int>())];
        for (int i = 0; i < sequences.Count; i++)
        {
            // A cache knows its lengths without its tokens, which may be more than memory holds.
            int length = sequences is TokenCache cache ? cache.GetLength(i) : sequences[i].Length;
            for (int s = 0; s < strata.Count; s++)
            {
                if (strata[s].Contains(length)) members[s].Add(i);
            }
        }

        string[] empty = [.. strata.Where((_, s) => members[s].Count == 0).Select(stratum => stratum.Name)];
        if (empty.Length > 0)
            throw new ArgumentException(string.Create(CultureInfo.InvariantCulture, $"None of the {sequences.Count} sequences has {string.Join("; none has ", empty)}."), nameof(sequences));

        return Mix([.. members.Select(some => (Func<long, IDataSource<TokenSequence>>)(pass => Pass(new Members(sequences, some), seed, pass)))], strata, end);
    }

    /// <summary>Samples a stream, in memory of a few sequences: each stratum reads the stream for itself and passes over what is of other lengths.</summary>
    /// <param name="newSource">Makes the stream; called once for each stratum's pass. As all of it is read for each, it is best read from a cache of tokens.</param>
    /// <param name="strata">The strata, which must not overlap; sequences of no stratum are left out.</param>
    /// <param name="end">What happens when a stratum runs dry. Default: the sampling ends.</param>
    /// <exception cref="ArgumentException">Strata that overlap or cannot be used; the message lists all faults.</exception>
    public static MixtureSource<TokenSequence> Sample(Func<IDataSource<TokenSequence>> newSource, IReadOnlyList<LengthStratum> strata, MixtureEnd end = MixtureEnd.StopAtFirst)
    {
        ArgumentNullException.ThrowIfNull(newSource);
        Check(strata);
        return Mix([.. strata.Select(stratum => (Func<long, IDataSource<TokenSequence>>)(_ => newSource().Where(sequence => stratum.Contains(sequence.Length), stratum.Name)))], strata, end);
    }

    private static ListSource<TokenSequence> Pass(Members members, int? seed, long pass) =>
        new(members, seed is { } given ? unchecked((int)new SplitMix64(given, pass).Next()) : null, epochs: 1);

    private static MixtureSource<TokenSequence> Mix(Func<long, IDataSource<TokenSequence>>[] passes, IReadOnlyList<LengthStratum> strata, MixtureEnd end) => DataSource.Mixture(
        [.. strata.Select((stratum, i) => new WeightedSource<TokenSequence>(passes[i](0), stratum.Weight) { Name = stratum.Name, Epochs = stratum.Epochs, NewPass = passes[i] })],
        new MixtureOptions<TokenSequence> { End = end });

    private static void Check(IReadOnlyList<LengthStratum> strata)
    {
        ArgumentNullException.ThrowIfNull(strata);
        List<string> faults = [];
        if (strata.Count == 0) faults.Add("there is no stratum");
        foreach (LengthStratum stratum in strata)
        {
            if (stratum.MinimumTokens < 1) faults.Add($"'{stratum.Name}' begins below 1 token");
            if (stratum.BelowTokens <= stratum.MinimumTokens) faults.Add($"'{stratum.Name}' holds no length");
            if (!(stratum.Weight > 0 && double.IsFinite(stratum.Weight))) faults.Add(string.Create(CultureInfo.InvariantCulture, $"the weight of '{stratum.Name}' is {stratum.Weight}, expected a positive number"));
            if (stratum.Epochs < 1) faults.Add(string.Create(CultureInfo.InvariantCulture, $"the epochs of '{stratum.Name}' are {stratum.Epochs}, expected at least 1"));
        }

        LengthStratum[] ordered = [.. strata.OrderBy(stratum => stratum.MinimumTokens)];
        for (int i = 1; i < ordered.Length; i++)
        {
            if (!(ordered[i - 1].BelowTokens <= ordered[i].MinimumTokens)) faults.Add($"'{ordered[i - 1].Name}' and '{ordered[i].Name}' overlap");
        }

        if (faults.Count > 0) throw new ArgumentException($"The strata cannot be used: {string.Join("; ", faults)}.", nameof(strata));
    }

    /// <summary>Some of a list.</summary>
    private sealed class Members(IReadOnlyList<TokenSequence> all, List<int> members) : IReadOnlyList<TokenSequence>
    {
        public int Count => members.Count;

        public TokenSequence this[int index] => all[members[index]];

        public IEnumerator<TokenSequence> GetEnumerator() => members.Select(i => all[i]).GetEnumerator();

        System.Collections.IEnumerator System.Collections.IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
