using LongContext.Evaluation.Strategies;
using LongContext.Evaluation.Strategies.Retrieval;
using LongContext.Evaluation.Tasks;

namespace LongContext.Samples.CompareStrategies.Own;

/// <summary>The comparison with a model and questions of the user's.</summary>
internal sealed class OwnComparison(OwnOptions options)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // What is wrong with the questions is said before a model is loaded.
        IReadOnlyList<EvaluationTask> tasks = OwnData.Load(options, cancellationToken);
        using var models = new OwnModels(options);
        List<ContextBudget> budgets = [options.Budget is { } tokens ? ContextBudget.OfTokens(tokens) : ContextBudget.Window];
        if (options.Compression is { } share) budgets.Add(ContextBudget.OfShare(share));
        IReadOnlyList<IContextStrategy> strategies = new StrategyPlan
        {
            Budgets = budgets,
            Compressor = models.Compressor,
            Chunking = new ChunkingOptions { Size = options.Chunk },
            Retrievers = models.Retrievers,
            Counts = options.Counts,
            RetrievalBudget = budgets[0],
        }.Make();
        Console.WriteLine($"{models.Answering.Name} with {strategies.Count} strategies on {string.Join(", ", tasks.Select(task => task.Name))}.");
        // For a server; a model of ours says itself how many it answers at once.
        await new Comparison($"Strategies for long contexts: {models.Answering.Name}", options.Output) { RequestsAtOnce = 4 }
            .RunAsync([models.Answering], tasks, strategies, cancellationToken);
    }
}
