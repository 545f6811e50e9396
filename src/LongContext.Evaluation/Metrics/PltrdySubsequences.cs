namespace LongContext.Evaluation.Metrics;

/// <summary>rouge-l of pltrdy's package.</summary>
internal static class PltrdySubsequences
{
    // Steps of the package's walk that fit below CPython's limit of 1,000 beside the calls that lead to it from a script (counted with CPython 3.11.2).
    private const int MostSteps = 992;

    /// <summary>
    /// Different words of all common subsequences by the different words of each side. The package adds up what each sentence of the reference brings to the united
    /// words, which is how many there are in the end.
    /// </summary>
    /// <remarks>
    /// The prediction's sentences are the rows, so that ties leave its words: the package's rule. Only pairs of sentences that share a word not
    /// united yet are looked at.
    /// </remarks>
    public static PltrdyRougeScore Score(PltrdyText prediction, PltrdyText reference)
    {
        HashSet<int> wanted = reference.DifferentWords(), said = prediction.DifferentWords();
        int alphabetSize = Math.Max(wanted.Max(), said.Max()) + 1;
        List<int>[] sentencesWith = SentencesWith(reference.Sentences, alphabetSize);
        int[] lastSeen = new int[reference.Sentences.Length];
        Array.Fill(lastSeen, -1);
        bool[] united = new bool[alphabetSize];
        var common = new CommonSubsequence(alphabetSize);
        for (int i = 0; i < prediction.Sentences.Length; i++)
        {
            int[] sentence = prediction.Sentences[i];
            bool[] marks = new bool[sentence.Length];
            common.SetRows(sentence);
            foreach (int word in sentence)
            {
                foreach (int other in sentencesWith[word] ?? [])
                {
                    if (united[word]) break;
                    if (lastSeen[other] == i) continue;
                    lastSeen[other] = i;
                    common.Mark(reference.Sentences[other], marks);
                    for (int k = 0; k < marks.Length; k++)
                    {
                        if (marks[k]) united[sentence[k]] = true;
                    }
                }
            }
        }

        return PltrdyRougeScore.Of(united.Count(one => one), said.Count, wanted.Count);
    }

    /// <summary>Whether the walk of any pair of sentences has too many steps; each function that calls the package takes one away.</summary>
    public static bool ExceedsRecursionLimit(PltrdyText prediction, PltrdyText reference, int callers)
    {
        int most = MostSteps - callers;
        int alphabetSize = Math.Max(reference.DifferentWords().Max(), prediction.DifferentWords().Max()) + 1;
        var common = new CommonSubsequence(alphabetSize);
        foreach (int[] sentence in prediction.Sentences)
        {
            // No walk has more steps than both sentences have words; even a long one may end early.
            int[][] others = [.. reference.Sentences.Where(other => other.Length + sentence.Length > most)];
            if (others.Length == 0) continue;
            common.SetRows(sentence);
            bool[] marks = new bool[sentence.Length];
            if (others.Any(other => common.Mark(other, marks) > most)) return true;
        }

        return false;
    }

    private static List<int>[] SentencesWith(int[][] sentences, int alphabetSize)
    {
        List<int>[] sentencesWith = new List<int>[alphabetSize];
        for (int i = 0; i < sentences.Length; i++)
        {
            foreach (int word in sentences[i])
            {
                List<int> list = sentencesWith[word] ??= [];
                if (list.Count == 0 || list[^1] != i) list.Add(i);
            }
        }

        return sentencesWith;
    }
}
