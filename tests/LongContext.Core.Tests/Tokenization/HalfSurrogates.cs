using LongContext.Tokenization;

namespace LongContext.Core.Tests.Tokenization;

/// <summary>What every tokenizer does with half a surrogate pair.</summary>
internal static class HalfSurrogates
{
    // No theory: attributes are stored as UTF-8, which has no half pairs.
    private static readonly (string Text, string WellFormed)[] Cases =
        [("\ud800", "\ufffd"), ("a\udc00b", "a\ufffdb"), ("🙂\ud83d", "🙂\ufffd"), ("\udc00🙂", "\ufffd🙂")];

    public static void AssertCountAsReplacementCharacter(HuggingFaceTokenizer tokenizer)
    {
        foreach ((string text, string wellFormed) in Cases)
        {
            Assert.Equal(tokenizer.Encode(wellFormed), tokenizer.Encode(text));
            Assert.Equal(wellFormed, tokenizer.Decode(tokenizer.EncodeToIds(text)));
        }
    }
}
