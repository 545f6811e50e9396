using LongContext.Evaluation.Strategies.Retrieval;

namespace LongContext.Evaluation.Strategies;

/// <summary>Options of a <see cref="RetrievalStrategy"/>.</summary>
public sealed record RetrievalOptions
{
    /// <summary>Passages that the model gets at most, as far as the budget goes, at least 1. Default: 20. The studies have 4 to 500.</summary>
    public int Count { get; init; } = 20;

    /// <summary>How the context is cut into passages. Default: 1000 characters, at sentences, without overlap.</summary>
    public ChunkingOptions Chunking { get; init; } = new();

    /// <summary>How many tokens the passages may have together. Default: what fits into the model.</summary>
    public ContextBudget Budget { get; init; } = ContextBudget.Window;

    /// <summary>The order in which the model gets them. Default: as in the text, which LongBench v2 does too.</summary>
    public PassageOrder Order { get; init; } = PassageOrder.Position;

    /// <summary>What stands between two passages that are not neighbours. Default: a blank line.</summary>
    public string Separator { get; init; } = "\n\n";

    /// <summary>
    /// What stands before each passage, with {number} for its number from 1 as the model gets them, such as "Retrieved chunk {number}: "; null (the default) for nothing.
    /// Without it passages in the order of the text that touch or overlap are given as one, so that they read as they were written.
    /// </summary>
    public string? Label { get; init; }

    /// <summary>
    /// LongBench v2's form: every passage begins with "Retrieved chunk 1: ", "Retrieved chunk 2: " and so on in the order of the text, with a blank line between them
    /// (its pred.py; its passages are of 512 tokens).
    /// </summary>
    /// <param name="count">Passages at most.</param>
    public static RetrievalOptions LongBenchV2(int count) => new()
    {
        Count = count,
        Chunking = new ChunkingOptions { Unit = ChunkUnit.Tokens, Size = 512 },
        Label = "Retrieved chunk {number}: ",
    };

    internal string Identity =>
        $"{FormattableString.Invariant($"k={Count}")}, chunks {Chunking.Identity}, budget {Budget}, order {Order}, separator {StrategyNames.Quoted(Separator)}, label {(Label is null ? "none" : StrategyNames.Quoted(Label))}";

    internal IEnumerable<string> Faults()
    {
        if (Count < 1) yield return $"{nameof(Count)} is {Count}, expected at least 1";
        if (Budget is null) yield return $"{nameof(Budget)} is null";
        if (Separator is null) yield return $"{nameof(Separator)} is null";
        if (!Enum.IsDefined(Order)) yield return $"{nameof(Order)} is {(int)Order}, expected Position, Rank or ReversedRank";
        if (Chunking is null) yield return $"{nameof(Chunking)} is null";
        else foreach (string fault in Chunking.Faults()) yield return $"{nameof(Chunking)}.{fault}";
    }
}
