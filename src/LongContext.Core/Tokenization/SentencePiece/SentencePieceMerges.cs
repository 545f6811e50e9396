namespace LongContext.Tokenization.SentencePiece;

/// <summary>
/// The merges that a vocabulary with scores stands for: every way to make a piece of two others, the pieces of higher score
/// first, of one piece the way whose left part has the lower id. That is the order in which transformers converts such models
/// (its convert_slow_tokenizer.py), so ids are those of the tokenizer.json that it would write.
/// </summary>
/// <remarks>
/// What a piece begins and ends with is found by sorting, not by looking each part up: the time is that of sorting, and the
/// ways are no more than the pieces' letters, also where a file has pieces of every length.
/// </remarks>
internal static class SentencePieceMerges
{
    public static IEnumerable<(int Left, int Right, int Merged)> Of(SentencePieceModel model)
    {
        string[] pieces = [.. model.Pieces.Select(piece => piece.Text)];
        int[] beginnings = Beginnings(pieces), endings = Beginnings([.. pieces.Select(Backwards)]);
        var ways = new List<(int Left, int Right)>();
        foreach (int id in Enumerable.Range(0, pieces.Length).OrderByDescending(id => model.Pieces[id].Score))
        {
            ways.Clear();
            AddWays(id, pieces, beginnings, endings, ways);
            ways.Sort();
            foreach ((int left, int right) in ways) yield return (left, right, id);
        }
    }

    private static void AddWays(int id, string[] pieces, int[] beginnings, int[] endings, List<(int Left, int Right)> ways)
    {
        // Beginnings come from the longest on, and what is left of the piece grows with each: endings are wanted from the shortest on.
        var rights = new Stack<int>();
        for (int right = endings[id]; right >= 0; right = endings[right]) rights.Push(right);
        for (int left = beginnings[id]; left >= 0; left = beginnings[left])
        {
            int rest = pieces[id].Length - pieces[left].Length;
            while (rights.TryPeek(out int right) && pieces[right].Length < rest) rights.Pop();
            if (rights.TryPeek(out int other) && pieces[other].Length == rest) ways.Add((left, other));
        }
    }

    /// <summary>For each text the longest other one that it begins with, or −1.</summary>
    private static int[] Beginnings(string[] texts)
    {
        string[] sorted = [.. texts];
        int[] ids = [.. Enumerable.Range(0, texts.Length)], result = new int[texts.Length];
        Array.Sort(sorted, ids, StringComparer.Ordinal);
        int[] places = TextBeginnings.Of(sorted);
        for (int i = 0; i < places.Length; i++) result[ids[i]] = places[i] < 0 ? -1 : ids[places[i]];
        return result;
    }

    private static string Backwards(string text) => string.Create(text.Length, text, static (result, source) =>
    {
        source.CopyTo(result);
        result.Reverse();
    });
}
