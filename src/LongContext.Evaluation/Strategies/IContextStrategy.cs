namespace LongContext.Evaluation.Strategies;

/// <summary>What is done with a long context before a model is asked: all of it, the ends, what a search finds, what is left after compression.</summary>
public interface IContextStrategy
{
    /// <summary>Its name in reports, one a strategy in a run.</summary>
    string Name { get; }

    /// <summary>Everything that decides what becomes of a prompt. A resumed run must have the same.</summary>
    string Identity { get; }

    /// <summary>Shortens a prompt's context. Called for many prompts at once.</summary>
    /// <param name="prompt">The prompt with all of its context.</param>
    /// <param name="context">The model and what fits into it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    ValueTask<PreparedPrompt> PrepareAsync(EvaluationPrompt prompt, StrategyContext context, CancellationToken cancellationToken = default);
}
