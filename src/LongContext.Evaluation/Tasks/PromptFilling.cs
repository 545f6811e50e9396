using LongContext.Data.Making;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks;

/// <summary>Fills prompts to a length in tokens, for <see cref="ISizedTask.CreateItems"/> of a task of your own.</summary>
public static class PromptFilling
{
    /// <summary>With how many parts (words, lines, documents) a prompt comes closest to a number of tokens without having more.</summary>
    /// <param name="tokenizer">Counts, special tokens as its own settings say.</param>
    /// <param name="maximumTokens">Tokens of the prompt at most: the length less the answer's and <see cref="ISizedTask.TemplateTokens"/>.</param>
    /// <param name="prompt">The whole prompt with so many parts; more parts make more tokens. It is asked for more parts than fit, at least <paramref name="fewest"/> + 8: a source that has fewer must repeat some.</param>
    /// <param name="fewest">The fewest parts it can have, at least 0. Default: 1.</param>
    /// <returns>The number of parts, such that one more would be too many.</returns>
    /// <remarks>A few prompts are made and counted: the next number of parts is guessed from the tokens that a part has had so far.</remarks>
    /// <exception cref="ArgumentException">Even the fewest parts are too long: a run then says that the items of that length cannot be made and goes on, a search leaves the length out; or parts have hardly any tokens.</exception>
    public static int MostParts(Tokenizer tokenizer, int maximumTokens, Func<int, string> prompt, int fewest = 1)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentOutOfRangeException.ThrowIfNegative(fewest);
        double perPart = Math.Max(0.25, (tokenizer.CountTokens(prompt(fewest + 8)) - tokenizer.CountTokens(prompt(fewest))) / 8.0);
        return PromptSizer.Largest(tokenizer, maximumTokens, fewest, prompt, perPart)?.Words
            ?? throw new ArgumentException(
                $"With {fewest} parts the prompt has more than {maximumTokens} tokens, namely {tokenizer.CountTokens(prompt(fewest))}; expected a length that holds it.", nameof(maximumTokens));
    }
}
