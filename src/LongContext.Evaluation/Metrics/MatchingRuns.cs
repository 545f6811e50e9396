namespace LongContext.Evaluation.Metrics;

/// <summary>Ratcliff and Obershelp's matching runs of two sequences of numbers as Python's difflib finds them.</summary>
/// <remarks>
/// <para>For each place of the first sequence the places of its symbol in the second are walked, with the length of the run that ends there; the earliest of the
/// longest runs is kept. What is left and right of it waits on a stack of its own: a text of one symbol nests as deep as it is long.</para>
/// <para>difflib walks a symbol's places from the first on; here a binary search finds the first within the window.</para>
/// </remarks>
internal sealed class MatchingRuns
{
    private const int FrequentFrom = 200, FrequentShare = 100;

    private readonly int[] first;
    private readonly int[] second;

    // The places of symbol s in the second sequence, in order: places[starts[s]..starts[s + 1]]. None of those that are too frequent, nor of what it lacks.
    private readonly int[] starts;
    private readonly int[] places;

    // Length of the run that ends at the place before, for the row above and for this one.
    private int[] above;
    private int[] current;

    public MatchingRuns(int[] first, int[] second, int alphabetSize)
    {
        this.first = first;
        this.second = second;
        int[] counts = new int[alphabetSize + 1];
        foreach (int symbol in second) counts[symbol]++;
        int most = second.Length >= FrequentFrom ? (second.Length / FrequentShare) + 1 : int.MaxValue;
        starts = new int[alphabetSize + 2];
        for (int symbol = 0; symbol <= alphabetSize; symbol++) starts[symbol + 1] = starts[symbol] + (counts[symbol] > most ? 0 : counts[symbol]);
        places = new int[starts[^1]];
        int[] next = starts[..^1];
        for (int j = 0; j < second.Length; j++)
        {
            if (counts[second[j]] <= most) places[next[second[j]]++] = j;
        }

        above = new int[second.Length + 1];
        current = new int[second.Length + 1];
    }

    /// <summary>How many symbols match.</summary>
    public int Total()
    {
        int total = 0;
        Stack<Window> waiting = new([new Window(0, first.Length, 0, second.Length)]);
        while (waiting.TryPop(out Window window))
        {
            (int i, int j, int length) = Longest(window);
            if (length == 0) continue;
            total += length;
            if (window.FirstStart < i && window.SecondStart < j) waiting.Push(window with { FirstEnd = i, SecondEnd = j });
            if (i + length < window.FirstEnd && j + length < window.SecondEnd) waiting.Push(window with { FirstStart = i + length, SecondStart = j + length });
        }

        return total;
    }

    private (int First, int Second, int Length) Longest(Window window)
    {
        int bestFirst = window.FirstStart, bestSecond = window.SecondStart, best = 0;
        ReadOnlySpan<int> placesAbove = [];
        for (int i = window.FirstStart; i < window.FirstEnd; i++)
        {
            ReadOnlySpan<int> here = PlacesFrom(first[i], window.SecondStart);
            int count = 0;
            for (; count < here.Length && here[count] < window.SecondEnd; count++)
            {
                int j = here[count], length = above[j] + 1;
                current[j + 1] = length;
                if (length > best) (bestFirst, bestSecond, best) = (i - length + 1, j - length + 1, length);
            }

            foreach (int j in placesAbove) above[j + 1] = 0;
            placesAbove = here[..count];
            (above, current) = (current, above);
        }

        foreach (int j in placesAbove) above[j + 1] = 0;
        return Lengthen(window, bestFirst, bestSecond, best);
    }

    /// <summary>A run with what is equal on both sides of it, frequent symbols too.</summary>
    private (int First, int Second, int Length) Lengthen(Window window, int i, int j, int length)
    {
        for (; i > window.FirstStart && j > window.SecondStart && first[i - 1] == second[j - 1]; length++)
        {
            i--;
            j--;
        }

        while (i + length < window.FirstEnd && j + length < window.SecondEnd && first[i + length] == second[j + length]) length++;
        return (i, j, length);
    }

    private ReadOnlySpan<int> PlacesFrom(int symbol, int from)
    {
        ReadOnlySpan<int> all = places.AsSpan(starts[symbol]..starts[symbol + 1]);
        int at = from == 0 ? 0 : all.BinarySearch(from);
        return all[(at < 0 ? ~at : at)..];
    }

    private readonly record struct Window(int FirstStart, int FirstEnd, int SecondStart, int SecondEnd);
}
