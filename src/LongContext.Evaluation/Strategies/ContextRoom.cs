using LongContext.Evaluation.Strategies.Cutting;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies;

/// <summary>What a budget leaves of one prompt's context.</summary>
internal sealed class ContextRoom
{
    private readonly EvaluationPrompt prompt;
    private readonly int? limit, maximumPrompt;

    /// <exception cref="PromptTooLongException">Not even the question alone fits.</exception>
    public ContextRoom(EvaluationPrompt prompt, StrategyContext context, ContextBudget budget)
    {
        this.prompt = prompt;
        Tokenizer = context.Session.Model.Tokenizer;
        ContextTokens = CountAlone(prompt.Context);
        limit = budget.Of(ContextTokens);
        maximumPrompt = context.MaximumPromptTokens;
        if (maximumPrompt is { } most && Tokenizer.CountTokens(prompt.Before + prompt.After) is var tokens && tokens > most)
            throw new PromptTooLongException(tokens, most);
    }

    public Tokenizer Tokenizer { get; }

    public int ContextTokens { get; }

    /// <summary>The most tokens the context may have by itself as far as is known without trying; null where there is no limit.</summary>
    public int? Limit => maximumPrompt is { } most ? Math.Min(most, limit ?? int.MaxValue) : limit;

    /// <summary>Tokens too many with this as the context; 0 or less where it fits.</summary>
    public int Excess(string context)
    {
        int excess = limit is { } own ? CountAlone(context) - own : 0;
        if (maximumPrompt is { } most) excess = Math.Max(excess, Tokenizer.CountTokens(string.Concat(prompt.Before, context, prompt.After)) - most);
        return excess;
    }

    public bool Fits(string context) => Excess(context) <= 0;

    /// <summary>The text itself where it fits, else as much of it as fits.</summary>
    public string Cut(string context, TruncatedPart part) =>
        ContextCutter.Fit(context, Tokenizer, part, 0, Excess) ?? string.Empty;

    /// <summary>The prompt with another context, and how many tokens that has.</summary>
    public PreparedPrompt With(string context, IEnumerable<KeyValuePair<string, double>>? details = null, decimal cost = 0)
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
