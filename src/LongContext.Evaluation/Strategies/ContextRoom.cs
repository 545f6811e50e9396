using LongContext.Evaluation.Strategies.Cutting;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies;

/// <summary>What a budget and the model's window leave for one prompt's context: for <see cref="IContextStrategy.PrepareAsync"/> of a strategy of your own.</summary>
public sealed class ContextRoom
{
    private readonly EvaluationPrompt prompt;
    private readonly int? limit, maximumPrompt;

    /// <summary>Counts the prompt.</summary>
    /// <param name="prompt">The prompt as the task made it.</param>
    /// <param name="context">What the strategy was given.</param>
    /// <param name="budget">What the context may have at most, beside what the window leaves.</param>
    /// <exception cref="PromptTooLongException">Not even the question alone fits.</exception>
    public ContextRoom(EvaluationPrompt prompt, StrategyContext context, ContextBudget budget)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(budget);
        this.prompt = prompt;
        Tokenizer = context.Session.Model.Tokenizer;
        ContextTokens = CountAlone(prompt.Context);
        limit = budget.Of(ContextTokens);
        maximumPrompt = context.MaximumPromptTokens;
        if (maximumPrompt is { } most && Tokenizer.CountTokens(prompt.Before + prompt.After) is var tokens && tokens > most)
            throw new PromptTooLongException(tokens, most);
    }

    /// <summary>The model's tokenizer, by which is counted.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Tokens of the prompt's whole context by itself.</summary>
    public int ContextTokens { get; }

    /// <summary>The most tokens the context may have by itself as far as is known without trying; null where there is no limit.</summary>
    public int? Limit => maximumPrompt is { } most ? Math.Min(most, limit ?? int.MaxValue) : limit;

    /// <summary>Tokens too many with this as the context; 0 or less where it fits.</summary>
    /// <param name="context">What would stand in the context's place.</param>
    public int Excess(string context)
    {
        int excess = limit is { } own ? CountAlone(context) - own : 0;
        if (maximumPrompt is { } most) excess = Math.Max(excess, Tokenizer.CountTokens(string.Concat(prompt.Before, context, prompt.After)) - most);
        return excess;
    }

    /// <summary>Whether this fits as the context.</summary>
    /// <param name="context">What would stand in the context's place.</param>
    public bool Fits(string context) => Excess(context) <= 0;

    /// <summary>The text itself where it fits, else as much of it as fits.</summary>
    /// <param name="context">What would stand in the context's place.</param>
    /// <param name="part">Where it is cut.</param>
    public string Cut(string context, TruncatedPart part) =>
        ContextCutter.Fit(context, Tokenizer, part, 0, Excess) ?? string.Empty;

    /// <summary>The prompt with another context, and how many tokens that has, by which reports say what was kept.</summary>
    /// <param name="context">The context that the model gets.</param>
    /// <param name="details">Further measures of it; default: none.</param>
    public PreparedPrompt With(string context, IEnumerable<KeyValuePair<string, double>>? details = null)
    {
        bool isSame = context == prompt.Context;
        Dictionary<string, double> all = new(details ?? [])
        {
            [StrategyDetails.ContextTokens] = ContextTokens,
            [StrategyDetails.KeptTokens] = isSame ? ContextTokens : CountAlone(context),
        };
        return new PreparedPrompt(isSame ? prompt : prompt with { Context = context, Query = prompt.Query ?? prompt.After }) { Details = all };
    }

    private int CountAlone(string context) => context.Length == 0 ? 0 : Tokenizer.CountTokens(context);
}
