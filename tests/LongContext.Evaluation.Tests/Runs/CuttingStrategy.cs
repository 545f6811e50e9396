using LongContext.Evaluation.Strategies;

namespace LongContext.Evaluation.Runs;

/// <summary>Keeps the first words of a prompt's context, says so, and asks the model for advice first.</summary>
internal sealed class CuttingStrategy(int words = 3) : IContextStrategy
{
    public string Name { get; init; } = "cut";

    public string Identity { get; init; } = $"cut {words}";

    public bool Asks { get; init; }

    public async ValueTask<PreparedPrompt> PrepareAsync(EvaluationPrompt prompt, StrategyContext context, CancellationToken cancellationToken = default)
    {
        if (Asks) await context.Session.AskAsync(EvaluationPrompt.FromText("advice"), new AnswerSettings(), cancellationToken);
        string kept = string.Join(' ', prompt.Context.Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(words));
        return new PreparedPrompt(prompt with { Context = kept }) { Details = new Dictionary<string, double> { ["kept"] = words, ["room"] = context.MaximumPromptTokens ?? -1 } };
    }
}
