using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation;

/// <summary>How a prompt that does not fit into a model is cut.</summary>
public abstract class PromptTruncation
{
    /// <summary>Not at all: what does not fit is not asked.</summary>
    public static PromptTruncation None { get; } = new NoTruncation();

    /// <summary>Its name, which is part of a run's settings.</summary>
    public abstract string Name { get; }

    /// <summary>Cuts a prompt.</summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="tokenizer">The model's tokenizer; special tokens are none of the text's.</param>
    /// <param name="maximumTokens">Tokens of the text at most.</param>
    /// <returns>The prompt itself where it fits, else one that does.</returns>
    /// <exception cref="PromptTooLongException">It cannot be cut so far.</exception>
    public abstract EvaluationPrompt Fit(EvaluationPrompt prompt, Tokenizer tokenizer, int maximumTokens);

    private sealed class NoTruncation : PromptTruncation
    {
        public override string Name => "none";

        public override EvaluationPrompt Fit(EvaluationPrompt prompt, Tokenizer tokenizer, int maximumTokens)
        {
            ArgumentNullException.ThrowIfNull(prompt);
            ArgumentNullException.ThrowIfNull(tokenizer);
            int tokens = tokenizer.CountTokens(prompt.Text);
            return tokens <= maximumTokens ? prompt : throw new PromptTooLongException(tokens, maximumTokens);
        }
    }
}
