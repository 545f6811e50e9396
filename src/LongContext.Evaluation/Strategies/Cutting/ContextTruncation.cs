using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies.Cutting;

/// <summary>Cuts the context alone, so that all of the question is left.</summary>
/// <param name="name">The kind's name.</param>
/// <param name="part">Where the context is cut.</param>
internal sealed class ContextTruncation(string name, TruncatedPart part) : PromptTruncation
{
    public override string Name => name;

    public override EvaluationPrompt Fit(EvaluationPrompt prompt, Tokenizer tokenizer, int maximumTokens)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(tokenizer);
        string context = ContextCutter.Fit(
            prompt.Context, tokenizer, part, maximumTokens, cut => tokenizer.CountTokens(string.Concat(prompt.Before, cut, prompt.After)))
            ?? throw new PromptTooLongException(tokenizer.CountTokens(prompt.Text), maximumTokens);
        return ReferenceEquals(context, prompt.Context) ? prompt : prompt with { Context = context };
    }
}
