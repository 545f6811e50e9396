using LongContext.Evaluation.Strategies.Cutting;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies;

/// <summary>What a budget and a model's window leave of one prompt's context: the counting and cutting that every strategy needs.</summary>
public sealed class ContextRoom
{
    private readonly EvaluationPrompt prompt;
    private readonly int? limit, maximumPrompt;

    /// <summary>The room for a prompt's context.</summary>
    /// <param name="prompt">The prompt with all of its context.</param>
    /// <param name="context">The model and what fits into it.</param>
    /// <param name="budget">How much of the context may be kept.</param>
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

    /// <summary>The tokenizer of the model that is asked, which counts.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>Tokens of the context as the task gave it, counted by itself.</summary>
    public int ContextTokens { get; }

    /// <summary>The most tokens the context may have by itself as far as is known without trying; null where there is no limit.</summary>
    public int? Limit => maximumPrompt is { } most ? Math.Min(most, limit ?? int.MaxValue) : limit;

    /// <summary>Tokens too many with this as the context; 0 or less where it fits.</summary>
    /// <param name="context">A shorter context.</param>
    public int Excess(string context)
    {
        ArgumentNullException.ThrowIfNull(context);
        int excess = limit is { } own ? CountAlone(context) - own : 0;
        if (maximumPrompt is { } most) excess = Math.Max(excess, Tokenizer.CountTokens(string.Concat(prompt.Before, context, prompt.After)) - most);
        return excess;
    }

    /// <summary>Whether a context fits, into the budget by itself and into the window together with the question.</summary>
    /// <param name="context">A shorter context.</param>
    public bool Fits(string context) => Excess(context) <= 0;

    /// <summary>The text itself where it fits, else as much of it as fits; cut between tokens as the text is written, never inside a character.</summary>
    /// <param name="context">A context.</param>
    /// <param name="part">Which part of it is given up.</param>
    public string Cut(string context, TruncatedPart part) =>
        ContextCutter.Fit(context, Tokenizer, part, 0, Excess) ?? string.Empty;

    /// <summary>The prompt with another context, and as details how many tokens that has and the whole one had.</summary>
    /// <param name="context">The context that the model gets.</param>
    /// <param name="details">Further details, or null for none.</param>
    /// <param name="cost">What making it cost beside requests through the session, or null where nobody knows. Default: 0.</param>
    public PreparedPrompt With(string context, IEnumerable<KeyValuePair<string, double>>? details = null, decimal? cost = 0)
    {
        bool isSame = context == prompt.Context;
        Dictionary<string, double> all = [];
        // A retriever or compressor of the caller's may use the same names; those that come later are the strategy's own.
        foreach ((string name, double value) in details ?? []) all[name] = value;
        all[StrategyDetails.ContextTokens] = ContextTokens;
        all[StrategyDetails.KeptTokens] = isSame ? ContextTokens : CountAlone(context);
        return new PreparedPrompt(isSame ? prompt : prompt with { Context = context, Query = prompt.Query ?? prompt.After }) { Details = all, Cost = cost };
    }

    private int CountAlone(string context) => context.Length == 0 ? 0 : Tokenizer.CountTokens(context);
}
