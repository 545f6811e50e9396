namespace LongContext.Evaluation.Metrics;

/// <summary>A text as pltrdy's ROUGE sees it: sentences of numbered words, the same number for the same word in both texts.</summary>
internal sealed class PltrdyText
{
    private PltrdyText(int[][] sentences) => Sentences = sentences;

    /// <summary>The words of each sentence, at least one in each: a sentence of blanks has one empty word.</summary>
    public int[][] Sentences { get; }

    /// <summary>Reads a text; the words' numbers grow with what is new.</summary>
    public static PltrdyText Read(string text, Dictionary<string, int> numbers)
    {
        List<int[]> sentences = [];
        foreach (string piece in text.Split('.'))
        {
            if (piece.Length == 0) continue;
            string[] words = Words.Of(piece);
            sentences.Add(words.Length == 0 ? [Number("")] : [.. words.Select(Number)]);
        }

        return new PltrdyText([.. sentences]);

        int Number(string word)
        {
            if (!numbers.TryGetValue(word, out int number)) numbers[word] = number = numbers.Count;
            return number;
        }
    }

    /// <summary>rouge-1.</summary>
    public PltrdyRougeScore CommonWords(PltrdyText reference) => Common(DifferentWords(), reference.DifferentWords());

    /// <summary>rouge-2; pairs reach from a sentence into the next.</summary>
    public PltrdyRougeScore CommonPairs(PltrdyText reference) => Common(DifferentPairs(), reference.DifferentPairs());

    /// <summary>The words, each once.</summary>
    public HashSet<int> DifferentWords() => [.. Sentences.SelectMany(sentence => sentence)];

    private HashSet<(int First, int Second)> DifferentPairs()
    {
        int[] words = [.. Sentences.SelectMany(sentence => sentence)];
        return [.. words.Zip(words.Skip(1))];
    }

    private static PltrdyRougeScore Common<T>(HashSet<T> said, HashSet<T> wanted) => PltrdyRougeScore.Of(said.Count(wanted.Contains), said.Count, wanted.Count);
}
