using LongContext.Tokenization;

namespace LongContext.Samples.ContinuedPretraining;

/// <summary>
/// Made-up text in the word model's vocabulary: a tale of random words, told again and again from some place on. Told for the first time it
/// cannot be foreseen; told again, every word can be, by who remembers what stood a whole tale before.
/// </summary>
internal sealed class Chronicle
{
    private readonly string[] words;

    public Chronicle(HuggingFaceTokenizer tokenizer)
    {
        // The first tokens are signs; plain words have letters alone.
        words = [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.GetToken).Where(word => word.All(char.IsAsciiLetter))];
    }

    /// <summary>A chronicle of so many words, the same for the same seed; the tale has an eighth to a third of them.</summary>
    public string Write(int seed, int count)
    {
        var random = new Random(seed);
        string[] tale = random.GetItems(words, random.Next(Math.Max(2, count / 8), Math.Max(3, count / 3) + 1));
        return string.Join(' ', Enumerable.Range(0, count).Select(i => tale[i % tale.Length]));
    }
}
