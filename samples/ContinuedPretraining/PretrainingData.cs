using LongContext.Data;
using LongContext.Packing;
using LongContext.Samples.Shared;
using LongContext.Tokenization;
using Recipe = LongContext.Recipes.ContinuedPretraining;

namespace LongContext.Samples.ContinuedPretraining;

/// <summary>What is trained on and what is measured on.</summary>
/// <param name="Documents">Documents to train on.</param>
/// <param name="HeldOutTokens">Text that training does not see.</param>
internal sealed record PretrainingData(IReadOnlyList<TokenSequence> Documents, int[] HeldOutTokens)
{
    private const int HeldOutChronicles = 8, HeldOutSeed = 1_000_000;

    /// <summary>Made-up chronicles of many lengths, as text has them, up to the context; those held out are all of that length.</summary>
    public static PretrainingData MadeUp(HuggingFaceTokenizer tokenizer, int contextLength, long tokens, int seed)
    {
        var chronicle = new Chronicle(tokenizer);
        var random = new Random(seed);
        int longest = contextLength - 1; // and a beginning-of-sentence token
        var texts = new List<string>();
        for (long left = tokens; left > 0;)
        {
            int words = random.Next(2) == 0 ? longest : longest >> random.Next(1, 5);
            texts.Add(chronicle.Write(random.Next(HeldOutSeed), words));
            left -= words;
        }

        string heldOut = string.Join(' ', Enumerable.Range(0, HeldOutChronicles).Select(i => chronicle.Write(HeldOutSeed + i, longest)));
        return new PretrainingData(Recipe.Sequences(texts, tokenizer, contextLength), tokenizer.Encode(heldOut, addSpecialTokens: false));
    }

    /// <summary>The user's text: its last documents, or of a single one the last tenth, are held out.</summary>
    public static PretrainingData Read(string path, HuggingFaceTokenizer tokenizer, int contextLength, bool joins)
    {
        string[] texts = [.. TextDocuments.Read(path)];
        int tenth = Math.Max(1, texts.Length / 10);
        (IEnumerable<string> training, string heldOut) = texts.Length == 1
            ? ([texts[0][..^(texts[0].Length / 10)]], texts[0][^(texts[0].Length / 10)..])
            : (texts[..^tenth], string.Join('\n', texts[^tenth..]));
        int[] tokens = tokenizer.Encode(heldOut, addSpecialTokens: false);
        if (tokens.Length < contextLength) throw new UsageException($"{path} is too short: {tokens.Length} tokens are held out, but --context needs {contextLength}.");
        return new PretrainingData(Recipe.Sequences(training, tokenizer, contextLength, joins), tokens);
    }
}
