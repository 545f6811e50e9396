using System.Globalization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies.Cutting;

/// <summary>Another kind, to a limit of its own where the model's is higher.</summary>
internal sealed class LimitedTruncation(PromptTruncation inner, int limit) : PromptTruncation
{
    public override string Name => string.Create(CultureInfo.InvariantCulture, $"{inner.Name}, at most {limit} tokens");

    internal override int? Limit => Math.Min(limit, inner.Limit ?? limit);

    public override EvaluationPrompt Fit(EvaluationPrompt prompt, Tokenizer tokenizer, int maximumTokens) =>
        inner.Fit(prompt, tokenizer, Math.Min(limit, maximumTokens));
}
