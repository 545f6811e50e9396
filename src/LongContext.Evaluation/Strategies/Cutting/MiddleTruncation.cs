using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies.Cutting;

/// <summary>Takes tokens out of the middle of the whole text, in one of the two ways that benchmarks have.</summary>
/// <param name="name">The kind's name.</param>
/// <param name="joined">Whether the two ends are decoded together, and an odd number of tokens is used up.</param>
/// <param name="bare">Whether special tokens around the text are left out from the beginning.</param>
internal sealed class MiddleTruncation(string name, bool joined, bool bare = false) : PromptTruncation
{
    public override string Name => name;

    public override EvaluationPrompt Fit(EvaluationPrompt prompt, Tokenizer tokenizer, int maximumTokens)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        ArgumentNullException.ThrowIfNull(tokenizer);
        string text = prompt.Text;
        IReadOnlyList<int> ids = bare ? [.. TokenText.EncodeBare(tokenizer, text, out _).Select(token => token.Id)] : TokenText.Encode(tokenizer, text);
        if (ids.Count <= maximumTokens) return prompt;
        // Of one token the script of LongBench would keep half of it at each end, which Python takes as the whole text.
        if (maximumTokens < (joined ? 1 : 2)) throw new PromptTooLongException(ids.Count, maximumTokens);
        TokenCut cut = new TokenTruncation { MaximumTokens = joined ? maximumTokens : maximumTokens / 2 * 2 }.Cut(ids.Count);
        IEnumerable<int> head = ids.Take(cut.Start), tail = ids.Skip(cut.End);
        string kept = joined
            ? TokenText.Decode(tokenizer, head.Concat(tail))
            : TokenText.Decode(tokenizer, head) + TokenText.Decode(tokenizer, tail);
        return prompt with { Before = string.Empty, Context = string.Empty, After = kept, Query = prompt.Query ?? prompt.After };
    }
}
