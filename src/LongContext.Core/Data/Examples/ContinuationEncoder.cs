using LongContext.Tokenization;

namespace LongContext.Data.Examples;

/// <summary>
/// Encodes a text as one that goes on with another. Tokenizers of SentencePiece's kind put a blank before the first word of a text; in the midst of one there is
/// none, so that a completion encoded by itself would begin with a blank that nobody wrote.
/// </summary>
/// <remarks>
/// Where the tokenizer does so, the text is encoded behind a character that does not join with it, whose tokens are then taken off. "\n" is a token of its own in
/// Llama's vocabularies; the others are for texts that join with it.
/// </remarks>
internal sealed class ContinuationEncoder
{
    private const string Probe = "a";
    private static readonly string[] Anchors = ["\n", ".", "0", ")"];

    private readonly HuggingFaceTokenizer tokenizer;
    private readonly (string Text, int[] Tokens)[] anchors;

    public ContinuationEncoder(HuggingFaceTokenizer tokenizer)
    {
        this.tokenizer = tokenizer;
        // A tokenizer that knows no such character tells nothing by it.
        (string Text, int[] Tokens)[] usable =
            [.. Anchors.Select(anchor => (anchor, tokenizer.Encode(anchor, addSpecialTokens: false)))
                .Where(anchor => anchor.Item2.Length > 0 && tokenizer.Decode(anchor.Item2).Contains(anchor.anchor, StringComparison.Ordinal))];
        int[] alone = tokenizer.Encode(Probe, addSpecialTokens: false);
        bool differs = usable.Any(anchor => TryBehind(anchor, Probe) is { } behind && !behind.AsSpan().SequenceEqual(alone));
        anchors = differs ? usable : [];
    }

    public int[] Encode(string text)
    {
        foreach ((string Text, int[] Tokens) anchor in anchors)
        {
            if (TryBehind(anchor, text) is { Length: > 0 } tokens) return tokens;
        }

        return tokenizer.Encode(text, addSpecialTokens: false);
    }

    private int[]? TryBehind((string Text, int[] Tokens) anchor, string text)
    {
        int[] tokens = tokenizer.Encode(anchor.Text + text, addSpecialTokens: false);
        return tokens.AsSpan().StartsWith(anchor.Tokens) ? tokens[anchor.Tokens.Length..] : null;
    }
}
