using LongContext.Tokenization;

namespace LongContext.Samples.Shared.Words;

/// <summary>What the word model's texts are made of: sixteen signs and 983 plain words, each a token.</summary>
internal sealed class WordLanguage
{
    public const string AskSign = "<repeat>", EndSign = "<last>";

    public WordLanguage(HuggingFaceTokenizer tokenizer)
    {
        Tokenizer = tokenizer;
        // Signs hold brackets and counts hold digits; plain words hold letters alone.
        Words = [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.GetToken).Where(token => token.All(char.IsAsciiLetter))];
    }

    public static IReadOnlyList<string> Signs { get; } = [.. Enumerable.Range('a', 16).Select(letter => $"<{(char)letter}>")];

    public HuggingFaceTokenizer Tokenizer { get; }

    public IReadOnlyList<string> Words { get; }

    /// <summary>Its words alone: signs, which order or end things, say nothing themselves.</summary>
    public static string PlainWords(string text) => string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries).Where(token => token.All(char.IsAsciiLetter)));
}
