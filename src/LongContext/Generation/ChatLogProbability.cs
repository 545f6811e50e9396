namespace LongContext.Generation;

/// <summary>A token of a chat client's answer, of its prompt, or one that ended the answer, and how likely the model found it.</summary>
/// <param name="TokenId">Its id in the vocabulary.</param>
/// <param name="LogProbability">Natural logarithm of the probability that the model gave it, before bias, penalties, temperature and filters; 0 or less, −∞ for what the model rules out, NaN for a prompt's first token, before which nothing stands.</param>
public sealed record ChatLogProbability(int TokenId, float LogProbability)
{
    /// <summary>What it spells, as text; bytes that are no whole characters by themselves are the mark of a damaged character (U+FFFD).</summary>
    public string Token { get; init; } = "";

    /// <summary>What it spells, in UTF-8. Those of an answer's tokens, one after another, are its text, but for a blank that decoding leaves out at the beginning and for special tokens.</summary>
    public ReadOnlyMemory<byte> Bytes { get; init; }

    /// <summary>
    /// Where in the answer's text, in UTF-16 units, the token's text begins. For the tokens that one character lies in: where the first of them begins. Of alternatives 0. Where
    /// thoughts come apart from the answer, it counts in what the model wrote, thoughts and tags included. Of a prompt's tokens: in the prompt's text, template included; 0 for what goes before every text.
    /// </summary>
    public int TextOffset { get; init; }

    /// <summary>Of a prompt's tokens and their alternatives: the place among all tokens by likelihood, 1 for the likeliest. Null for an answer's tokens and for a prompt's first.</summary>
    public int? Rank { get; init; }

    /// <summary>
    /// The likeliest tokens at its place, likeliest first, as many as were asked for (<see cref="Evaluation.ChatOptionKeys.TopLogProbabilities"/>, <see cref="Evaluation.ChatOptionKeys.PromptLogProbabilities"/>).
    /// </summary>
    public IReadOnlyList<ChatLogProbability> Alternatives { get; init; } = [];
}
