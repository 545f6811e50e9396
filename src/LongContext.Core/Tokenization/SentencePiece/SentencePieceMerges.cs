using LongContext.Tokenization.Models;

namespace LongContext.Tokenization.SentencePiece;

/// <summary>
/// The merges that a vocabulary with scores stands for: every way to make a piece of two others, the pieces of higher score
/// first, of one piece the way whose left part has the lower id. That is the order in which transformers converts such models
/// (its convert_slow_tokenizer.py), so ids are those of the tokenizer.json that it would write.
/// </summary>
internal static class SentencePieceMerges
{
    public static IEnumerable<(string Left, string Right)> Of(SentencePieceModel model, Vocabulary vocabulary)
    {
        var ways = new List<Way>();
        HashSet<int> lengths = [.. model.Pieces.Select(piece => piece.Text.Length)];
        for (int id = 0; id < model.Pieces.Count; id++) AddWays(id, model.Pieces[id].Text, vocabulary, lengths, ways);
        return ways
            .OrderByDescending(way => model.Pieces[way.Merged].Score)
            .ThenBy(way => way.Merged)
            .ThenBy(way => way.Left)
            .Select(way => (model.Pieces[way.Left].Text, model.Pieces[way.Right].Text));
    }

    private static void AddWays(int id, string piece, Vocabulary vocabulary, HashSet<int> lengths, List<Way> ways)
    {
        for (int i = 1; i < piece.Length; i++)
        {
            // Looking up a part costs its length, so in a long piece only parts are looked up that are as long as some piece.
            if (!lengths.Contains(i) || !lengths.Contains(piece.Length - i)) continue;
            if (char.IsLowSurrogate(piece[i])) continue;
            if (vocabulary.TryGetId(piece.AsSpan(0, i), out int left) && vocabulary.TryGetId(piece.AsSpan(i), out int right))
                ways.Add(new Way(id, left, right));
        }
    }

    private readonly record struct Way(int Merged, int Left, int Right);
}
