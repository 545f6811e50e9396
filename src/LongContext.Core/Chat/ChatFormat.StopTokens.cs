using LongContext.Tokenization;

namespace LongContext.Chat;

public abstract partial class ChatFormat
{
    /// <summary>The ids at which generation stops: the format's stop tokens that the vocabulary has, and its end-of-sentence token.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <returns>At least one id, none twice, the usual one first.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="tokenizer"/> is null.</exception>
    /// <exception cref="ArgumentException">
    /// The vocabulary lacks the token that ends every answer of this format: format and model do not belong together.
    /// </exception>
    public int[] FindStopTokenIds(HuggingFaceTokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (!tokenizer.TryGetTokenId(StopTokens[0], out int usual))
        {
            throw new ArgumentException(
                $"The tokenizer has no token \"{StopTokens[0]}\", which ends an answer in the format \"{Name}\"; " +
                "expected the tokenizer of a model that knows it.",
                nameof(tokenizer));
        }

        List<int> ids = [usual];
        foreach (string token in StopTokens)
        {
            if (tokenizer.TryGetTokenId(token, out int id)) ids.Add(id);
        }

        if (tokenizer.EndOfSentenceId is { } end) ids.Add(end);
        return [.. ids.Distinct()];
    }
}
