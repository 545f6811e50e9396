namespace LongContext.Evaluation.Strategies.Own;

/// <summary>A strategy of one's own, as short as one can be: the first paragraphs, and the prompt that says so.</summary>
internal sealed class FirstParagraphsStrategy(int count) : IContextStrategy
{
    public string Name => $"first {count} paragraphs";

    // Everything that decides what becomes of a prompt: a run that is resumed with another one is refused.
    public string Identity => $"{Name}, split at blank lines";

    public ValueTask<PreparedPrompt> PrepareAsync(EvaluationPrompt prompt, StrategyContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        string[] paragraphs = prompt.Context.Split("\n\n");
        EvaluationPrompt shorter = prompt with { Context = string.Join("\n\n", paragraphs.Take(count)) };
        // Details stand beside the score in reports; what is still too long is cut as the task says.
        return ValueTask.FromResult(new PreparedPrompt(shorter) { Details = new Dictionary<string, double> { ["paragraphs"] = paragraphs.Length } });
    }
}
