namespace LongContext.Attention;

/// <summary>Consecutive documents with the same numbers of queries and keys: one batched call for all of them.</summary>
/// <param name="QueryStart">First query of the run.</param>
/// <param name="KeyStart">First key of the run.</param>
/// <param name="Count">Number of documents.</param>
/// <param name="QueryLength">Queries of each document.</param>
/// <param name="KeyLength">Keys of each document.</param>
internal readonly record struct EqualLengthRun(int QueryStart, int KeyStart, int Count, int QueryLength, int KeyLength)
{
    public static List<EqualLengthRun> Enumerate(AttentionArguments arguments)
    {
        ReadOnlySpan<int> queries = arguments.CumulativeSequenceLengths.Span, keys = arguments.KeyLengths;
        var runs = new List<EqualLengthRun>();
        for (int i = 0; i + 1 < queries.Length; i++)
        {
            int queryLength = queries[i + 1] - queries[i], keyLength = keys[i + 1] - keys[i];
            if (runs.Count > 0 && runs[^1].QueryLength == queryLength && runs[^1].KeyLength == keyLength)
                runs[^1] = runs[^1] with { Count = runs[^1].Count + 1 };
            else
                runs.Add(new EqualLengthRun(queries[i], keys[i], 1, queryLength, keyLength));
        }

        return runs;
    }
}
