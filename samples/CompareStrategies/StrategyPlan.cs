using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Strategies.Compression;
using LongContext.Evaluation.Strategies.Retrieval;

namespace LongContext.Samples.CompareStrategies;

/// <summary>What is done with a long context: the strategies that are compared. Every one changes the context alone and leaves the question as it is.</summary>
internal sealed class StrategyPlan
{
    /// <summary>How much truncation and compression keep. Of equal budgets they are compared on equal terms.</summary>
    public required IReadOnlyList<ContextBudget> Budgets { get; init; }

    /// <summary>How many passages retrieval gives the model.</summary>
    public required IReadOnlyList<int> Counts { get; init; }

    /// <summary>How many tokens they may have together: with the same budget as truncation, retrieval is compared on equal terms.</summary>
    public ContextBudget RetrievalBudget { get; init; } = ContextBudget.Window;

    /// <summary>How contexts are cut into passages.</summary>
    public required ChunkingOptions Chunking { get; init; }

    /// <summary>What finds passages: by words, by meaning, with another model that ranks what was found.</summary>
    public required IReadOnlyList<IChunkRetriever> Retrievers { get; init; }

    /// <summary>Drops what a model of ours finds likely; null for no compression.</summary>
    public IContextCompressor? Compressor { get; init; }

    /// <summary>All of them. Full context comes first: the others are measured by it.</summary>
    public IReadOnlyList<IContextStrategy> Make()
    {
        List<IContextStrategy> strategies = [new FullContextStrategy()];
        foreach (ContextBudget budget in Budgets)
        {
            strategies.Add(new TruncationStrategy(TruncatedPart.End, budget));
            strategies.Add(new TruncationStrategy(TruncatedPart.Middle, budget));
            // What fits anyway is not worth two readings, so without a limit of its own there is no compression.
            if (Compressor is not null && budget != ContextBudget.Window) strategies.Add(new CompressionStrategy(Compressor, budget));
        }

        foreach (IChunkRetriever retriever in Retrievers)
        {
            foreach (int count in Counts) strategies.Add(new RetrievalStrategy(retriever, new RetrievalOptions { Count = count, Chunking = Chunking, Budget = RetrievalBudget }));
        }

        return strategies;
    }
}
