namespace LongContext.Evaluation.Strategies;

/// <summary>Names of the measures that the strategies of this namespace put into <see cref="PreparedPrompt.Details"/>.</summary>
public static class StrategyDetails
{
    /// <summary>Tokens of the context as the task gave it, counted by itself.</summary>
    public const string ContextTokens = "context tokens";

    /// <summary>Tokens of the context as the model gets it, counted by itself.</summary>
    public const string KeptTokens = "kept tokens";

    /// <summary>Passages that the model gets.</summary>
    public const string Passages = "passages";

    /// <summary>Passages that the context was cut into.</summary>
    public const string Chunks = "chunks";

    /// <summary>
    /// Tokens of the passages and the question that a retriever compares by their embeddings, as the tokenizer of the model that is asked counts them, those that were kept included.
    /// </summary>
    public const string EmbeddedTokens = "embedded tokens";

    /// <summary>Requests to a ranking model.</summary>
    public const string RankingRequests = "ranking requests";

    /// <summary>Answers of a ranking model that no ranking or score could be read from; there the order of the retrieval was kept.</summary>
    public const string UnreadableRankings = "unreadable rankings";

    /// <summary>Tokens that a model scored for compression, those scored twice counted twice.</summary>
    public const string ScoredTokens = "scored tokens";

    /// <summary>The measures of two steps together: what both count is added up.</summary>
    internal static IReadOnlyDictionary<string, double> Sum(IReadOnlyDictionary<string, double> first, IReadOnlyDictionary<string, double> second)
    {
        Dictionary<string, double> sum = new(first);
        foreach ((string name, double value) in second) sum[name] = sum.GetValueOrDefault(name) + value;
        return sum;
    }
}
