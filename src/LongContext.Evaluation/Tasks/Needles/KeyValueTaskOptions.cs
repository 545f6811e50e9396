namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>Options of a <see cref="KeyValueTask"/>.</summary>
public sealed record KeyValueTaskOptions
{
    /// <summary>Its name. Default: "key-value".</summary>
    public string Name { get; init; } = "key-value";

    /// <summary>
    /// Numbers of pairs, each at least 2. Null (the default): the paper's 75, 140 and 300, or none where there are <see cref="Lengths"/>. Not looked at where there are <see cref="Files"/>.
    /// </summary>
    public IReadOnlyList<int>? PairCounts { get; init; }

    /// <summary>
    /// Lengths in tokens of prompt, answer and <see cref="TemplateTokens"/>, each filled with as many pairs as fit; they come after the <see cref="PairCounts"/> or <see cref="Files"/>. Default: none.
    /// </summary>
    public IReadOnlyList<int> Lengths { get; init; } = [];

    /// <summary>
    /// The files of the paper (kv-retrieval-75_keys.jsonl.gz and so on), or others of their form: fields ordered_kv_records, key and value. Default: none, for pairs made from the
    /// seed.
    /// </summary>
    public IReadOnlyList<string> Files { get; init; } = [];

    /// <summary>
    /// Where the pair stands that is asked for, 0 to 1: of n pairs at ⌊(n − 1)·depth⌋. Empty (the default): of 75, 140 and 300 pairs the paper's positions, from 0: 0, 24, 49, 74; 0, 34, 69,
    /// 104, 139; 0, 49, 99, 149, 199, 249, 299. Of others, and of lengths, 0, 0.25, 0.5, 0.75 and 1.
    /// </summary>
    public IReadOnlyList<double> Depths { get; init; } = [];

    /// <summary>Items of each cell, that is of each number of pairs (or length) at each depth; of files the first so many records of each. At least 1. Default: 500, as in the paper.</summary>
    public int ItemsPerCell { get; init; } = 500;

    /// <summary>Whether the key stands before the pairs too. Default: false.</summary>
    public bool QueryAware { get; init; }

    /// <summary>Tokens of an answer at most, at least 1. Default: 100.</summary>
    public int MaximumNewTokens { get; init; } = 100;

    /// <summary>Tokens of each length kept free for a chat template, at least 0. Default: 64.</summary>
    public int TemplateTokens { get; init; } = 64;

    /// <summary>Decides keys and values. Default: 0.</summary>
    public int Seed { get; init; }

    internal IReadOnlyList<int> EffectivePairCounts => Files.Count > 0 ? [] : PairCounts ?? (Lengths.Count > 0 ? [] : KeyValuePositions.PairCounts);

    internal void Validate()
    {
        List<string> faults = [];
        if (string.IsNullOrWhiteSpace(Name)) faults.Add($"{nameof(Name)} is empty");
        if (Files is null) faults.Add($"{nameof(Files)} is null");
        if (PairCounts is not null) SizedOptionFaults.AddLengths(PairCounts, nameof(PairCounts), faults, mayBeEmpty: true);
        if (PairCounts is not null && PairCounts.Contains(1)) faults.Add($"{nameof(PairCounts)} holds 1, expected at least 2");
        SizedOptionFaults.AddLengths(Lengths, nameof(Lengths), faults, mayBeEmpty: true);
        if (PairCounts is { Count: 0 } && Lengths is { Count: 0 } && Files is { Count: 0 }) faults.Add($"{nameof(PairCounts)}, {nameof(Lengths)} and {nameof(Files)} are all empty");
        if (Depths is null || Depths.Count > 0) SizedOptionFaults.AddDepths(Depths, nameof(Depths), faults);
        SizedOptionFaults.AddAtLeast(ItemsPerCell, 1, nameof(ItemsPerCell), faults);
        SizedOptionFaults.AddAtLeast(MaximumNewTokens, 1, nameof(MaximumNewTokens), faults);
        SizedOptionFaults.AddAtLeast(TemplateTokens, 0, nameof(TemplateTokens), faults);
        if (faults.Count > 0) throw new ArgumentException($"{nameof(KeyValueTaskOptions)}: {string.Join("; ", faults)}.");
    }
}
