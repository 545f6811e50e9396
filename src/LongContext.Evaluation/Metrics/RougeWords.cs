namespace LongContext.Evaluation.Metrics;

/// <summary>Texts as numbered words, the same number for the same word in all texts that one instance reads.</summary>
internal sealed class RougeWords(bool stems)
{
    private const int LongestUnstemmed = 3;
    private readonly Dictionary<string, int> numbers = [];

    /// <summary>How many different words there were so far.</summary>
    public int Count => numbers.Count;

    /// <summary>The words of each line; a line without words is empty.</summary>
    public int[][] Lines(string text) => [.. PythonText.ToLower(text).Split('\n').Select(Number)];

    private int[] Number(string line)
    {
        List<int> words = [];
        int start = -1;
        for (int i = 0; i <= line.Length; i++)
        {
            if (i < line.Length && (char.IsAsciiLetterLower(line[i]) || char.IsAsciiDigit(line[i])))
            {
                if (start < 0) start = i;
            }
            else if (start >= 0)
            {
                string word = line[start..i];
                if (stems && word.Length > LongestUnstemmed) word = PorterStemmer.Stem(word);
                if (!numbers.TryGetValue(word, out int number)) numbers[word] = number = numbers.Count;
                words.Add(number);
                start = -1;
            }
        }

        return [.. words];
    }
}
