using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Strategies.Retrieval;
using LongContext.Samples.Shared;

namespace LongContext.Samples.EvaluateAnyModel.Given;

/// <summary>What can be done with long contexts, by name. samples/CompareStrategies has more of them.</summary>
internal static class Strategies
{
    public static IReadOnlyList<IContextStrategy> Create(IReadOnlyList<string> names)
    {
        string? twice = names.GroupBy(name => name).FirstOrDefault(group => group.Count() > 1)?.Key;
        return twice is null ? [.. names.Select(Create)] : throw new UsageException($"--strategies has {twice} twice.");
    }

    private static IContextStrategy Create(string name) => name switch
    {
        "full" => new FullContextStrategy(),
        "middle" => new TruncationStrategy(TruncatedPart.Middle),
        "bm25" => new RetrievalStrategy(new Bm25Retriever()),
        _ => throw new UsageException($"--strategies has \"{name}\"; there are full, middle and bm25."),
    };
}
