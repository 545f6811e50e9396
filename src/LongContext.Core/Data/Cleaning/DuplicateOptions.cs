namespace LongContext.Data.Cleaning;

/// <summary>What counts as a duplicate.</summary>
public sealed record DuplicateOptions
{
    /// <summary>What counts as an exact duplicate. Default: <see cref="ExactMatching.Normalized"/>.</summary>
    public ExactMatching Exact { get; init; } = ExactMatching.Normalized;

    /// <summary>Whether near-duplicates are looked for as well. Default true.</summary>
    public bool Near { get; init; } = true;

    /// <summary>The Jaccard similarity of sets of shingles from which on texts are near-duplicates; between 0 and 1. Default 0.8.</summary>
    public double Threshold { get; init; } = 0.8;

    /// <summary>Shingles and permutations. Default: 128 permutations of 5-word shingles.</summary>
    public MinHashOptions MinHash { get; init; } = new();

    /// <summary>
    /// Bands and rows, at most as many places together as there are permutations. Default: null, <see cref="LshBands.ForThreshold"/>.
    /// </summary>
    public LshBands? Bands { get; init; }

    /// <summary>How candidates are checked. Default: <see cref="CandidateCheck.Estimated"/>.</summary>
    public CandidateCheck Check { get; init; } = CandidateCheck.Estimated;

    /// <summary>
    /// Documents that one document is compared with at most in a search for near-duplicates, the latest of each band first; at least 1. Reached only where very many documents
    /// share a band and yet are not similar enough, pages of one template for example: without a bound their number would count squared. Null for no bound. Default 2,000.
    /// </summary>
    public int? MaximumCandidates { get; init; } = 2000;

    /// <summary>Which document of a cluster a <see cref="DuplicateFinder"/> keeps. Default: <see cref="KeptDuplicate.First"/>.</summary>
    public KeptDuplicate Keep { get; init; } = KeptDuplicate.First;

    /// <summary>
    /// Threads of a <see cref="DuplicateFinder"/>, at least 1; the result is the same for any number. Default: null, one for each core.
    /// </summary>
    public int? DegreeOfParallelism { get; init; }

    internal LshBands EffectiveBands => Bands ?? LshBands.ForThreshold(Threshold, MinHash.Permutations);

    internal void Validate()
    {
        List<string> faults = [];
        if (!Enum.IsDefined(Exact)) faults.Add($"{nameof(Exact)} is {Exact}, expected one of {string.Join(", ", Enum.GetNames<ExactMatching>())}");
        if (Exact == ExactMatching.None && !Near) faults.Add($"{nameof(Exact)} is {Exact} and {nameof(Near)} is false: there is nothing to look for");
        if (!(Threshold is > 0 and < 1)) faults.Add(FormattableString.Invariant($"{nameof(Threshold)} is {Threshold}, expected a number between 0 and 1"));
        if (MinHash is null) faults.Add($"{nameof(MinHash)} is null");
        else faults.AddRange(MinHash.Faults().Select(fault => $"{nameof(MinHash)}.{fault}"));
        if (Bands is { } bands && (bands.Bands < 1 || bands.Rows < 1 || (long)bands.Bands * bands.Rows > MinHash?.Permutations))
            faults.Add($"{nameof(Bands)} is {bands.Bands} bands of {bands.Rows} rows, expected at least 1 of each and together at most the {MinHash?.Permutations} permutations");
        if (!Enum.IsDefined(Check)) faults.Add($"{nameof(Check)} is {Check}, expected one of {string.Join(", ", Enum.GetNames<CandidateCheck>())}");
        if (MaximumCandidates is < 1) faults.Add($"{nameof(MaximumCandidates)} is {MaximumCandidates}, expected at least 1");
        if (!Enum.IsDefined(Keep)) faults.Add($"{nameof(Keep)} is {Keep}, expected one of {string.Join(", ", Enum.GetNames<KeptDuplicate>())}");
        if (DegreeOfParallelism is < 1) faults.Add($"{nameof(DegreeOfParallelism)} is {DegreeOfParallelism}, expected at least 1");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(DuplicateOptions)}: {string.Join("; ", faults)}.");
    }
}
