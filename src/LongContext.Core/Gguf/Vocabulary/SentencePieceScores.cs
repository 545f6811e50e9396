using System.Text;
using LongContext.Tokenization;
using LongContext.Tokenization.Models;

namespace LongContext.Gguf.Vocabulary;

/// <summary>
/// Scores with which llama.cpp's SentencePiece merging gives the ids that the tokenizer's merges give.
/// </summary>
/// <remarks>
/// <para>The two differ: a tokenizer.json joins only listed pairs, the first listed first; llama.cpp joins any two neighbours whose joined
/// text is a token, the best scored first; both take the leftmost of equals. Let T be a token, and run the merges on T's text alone. Suppose
/// both programs were in the same state on some longer text, and two neighbours c and d there join to T's text. The merges inside that
/// stretch were those of T alone, in the same order, since none crossed its ends; so T alone passes through the state (c, d) as well.
/// Either T alone goes on from there to T, by the pair (c, d) of rank r, and T has the score −r: then both programs see this candidate at
/// the same place in their order. Or it ends there, and llama.cpp would join what the merges leave apart: such a tokenizer is refused. Hence
/// both see the same candidates at every step, and take the same one.</para>
/// <para>A tokenizer.model has scores, and its merges are all pairs of tokens that join to a token, by the joined token's score, then its
/// id. Scores that fall strictly in that order do what −r does above.</para>
/// <para>Tokens whose merges alone end in three pieces or more are joined by neither.</para>
/// </remarks>
internal sealed class SentencePieceScores
{
    /// <summary>What llama.cpp's converter gives to tokens that are added to a tokenizer.model's, and to rows that no token uses.</summary>
    private const float OfAdded = -1_000, OfUnused = -10_000;

    /// <summary>Between scores near 0, where the next number would be one that some programs take for 0.</summary>
    private const float LeastStep = 1e-6f;

    /// <summary>Pieces of real vocabularies have some dozen characters; merging one takes time with the square of its length.</summary>
    private const int LongestPiece = 4_096;

    private readonly HuggingFaceTokenizer tokenizer;
    private readonly TokenizerVocabulary vocabulary;
    private readonly Dictionary<(string Left, string Right), int> ranks = [];

    public SentencePieceScores(HuggingFaceTokenizer tokenizer)
    {
        (this.tokenizer, vocabulary) = (tokenizer, tokenizer.Vocabulary);
        for (int rank = 0; rank < vocabulary.Merges.Count; rank++) ranks.Add((vocabulary.Merges[rank].Left, vocabulary.Merges[rank].Right), rank);
    }

    /// <summary>The score of every id: a tokenizer.model's own, or those that stand for the merges.</summary>
    /// <param name="size">The number of ids, unused ones included.</param>
    /// <exception cref="NotSupportedException">A token could be joined in llama.cpp that the merges never make.</exception>
    public float[] OfAll(int size)
    {
        // Special tokens are cut out of the text before it is merged, and so are other added ones but for those with ▁, which spaces turn
        // into only later: Gemma lists its runs of spaces so.
        IReadOnlyDictionary<string, int> ids = tokenizer.Definition.Model.Vocabulary.Ids;
        List<string> pieces = [.. ids.Keys.Where(text => Kind(text) is not (TokenKind.Control or TokenKind.Unknown))];
        float[] computed = Compute(pieces, text => Kind(text) == TokenKind.Added && !text.Contains(SentencePieceForm.Space, StringComparison.Ordinal));
        if (tokenizer.Definition.Scores is { } own) return OfModel(own, size);
        var scores = new float[size];
        for (int i = 0; i < pieces.Count; i++) scores[ids[pieces[i]]] = computed[i];
        return scores;

        TokenKind Kind(string text) => vocabulary.GetKind(ids[text]);
    }

    /// <summary>
    /// A tokenizer.model's scores. Of pieces with equal ones transformers, and so this library, joins that of the lower id first; llama.cpp
    /// would the leftmost. So each piece that merges make gets at most a little less than the one before it.
    /// </summary>
    private float[] OfModel(float[] own, int size)
    {
        TokenModel model = tokenizer.Definition.Model;
        var scores = new float[size];
        Array.Fill(scores, OfUnused);
        for (int id = 0; id < vocabulary.Size; id++) scores[id] = vocabulary.GetText(id) is { } text && model.Vocabulary.TryGetId(text, out _) ? own[id] : OfAdded;
        float last = float.PositiveInfinity;
        foreach (int id in model.MergesInOrder().Select(merge => merge.Merged).Distinct())
            last = scores[id] = Math.Min(scores[id], Math.Min(MathF.BitDecrement(last), last - LeastStep));
        return scores;
    }

    /// <summary>The score of each of these tokens, in order.</summary>
    /// <param name="texts">The texts of all tokens that can be joined from characters.</param>
    /// <param name="isCutOut">Whether a text is found and cut out before anything is merged, so that it need not be held against the merges.</param>
    /// <exception cref="NotSupportedException">A token could be joined in llama.cpp that the merges never make.</exception>
    public float[] Compute(IReadOnlyList<string> texts, Func<string, bool> isCutOut)
    {
        float[] scores = new float[texts.Count];
        for (int i = 0; i < texts.Count; i++)
        {
            if (texts[i].Length > LongestPiece)
                throw new NotSupportedException($"{tokenizer.VocabularyFile}: token {tokenizer.Definition.Model.Vocabulary.Ids[texts[i]]} has {texts[i].Length} characters, at most {LongestPiece} are written.");
            (List<string> pieces, int? last) = Merge(texts[i]);
            if (pieces.Count == 2 && !isCutOut(texts[i]))
            {
                throw new NotSupportedException(
                    $"{tokenizer.VocabularyFile}: the merges leave token \"{texts[i]}\" (id {tokenizer.Definition.Model.Vocabulary.Ids[texts[i]]}) at \"{pieces[0]}\" and \"{pieces[1]}\", "
                    + "which llama.cpp would join; the ids would differ.");
            }

            // A single character is never the result of a merge, so that its score is never looked at; it comes after all merges.
            scores[i] = -(last ?? vocabulary.Merges.Count);
        }

        return scores;
    }

    /// <summary>Runs the merges on a text alone: the pieces at the end, and the rank of the last merge, null where there was none.</summary>
    private (List<string> Pieces, int? Last) Merge(string text)
    {
        List<string> pieces = Characters(text);
        int? last = null;
        while (pieces.Count > 1)
        {
            int best = int.MaxValue, at = -1;
            for (int i = 0; i + 1 < pieces.Count; i++)
            {
                if (ranks.TryGetValue((pieces[i], pieces[i + 1]), out int rank) && rank < best) (best, at) = (rank, i);
            }

            if (at < 0) break;
            pieces[at] += pieces[at + 1];
            pieces.RemoveAt(at + 1);
            last = best;
        }

        return (pieces, last);
    }

    private static List<string> Characters(string text)
    {
        var characters = new List<string>(text.Length);
        foreach (Rune rune in text.EnumerateRunes()) characters.Add(rune.ToString());
        return characters;
    }
}
