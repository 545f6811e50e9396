using System.Globalization;
using System.Text;

namespace LongContext.Gguf.Vocabulary;

/// <summary>
/// Scores with which llama.cpp's SentencePiece merging gives the ids that a tokenizer.json's merges give.
/// </summary>
/// <remarks>
/// <para>The two differ: tokenizer.json joins only listed pairs, the first listed first; llama.cpp joins any two neighbours whose joined
/// text is a token, the best scored first; both take the leftmost of equals. Let T be a token, and run the merges on T's text alone. Suppose
/// both programs were in the same state on some longer text, and two neighbours c and d there join to T's text. The merges inside that
/// stretch were those of T alone, in the same order, since none crossed its ends; so T alone passes through the state (c, d) as well.
/// Either T alone goes on from there to T, by the pair (c, d) of rank r, and T has the score −r: then both programs see this candidate at
/// the same place in their order. Or it ends there, and llama.cpp would join what the merges leave apart: such a tokenizer is refused. Hence
/// both see the same candidates at every step, and take the same one.</para>
/// <para>Tokens whose merges alone end in three pieces or more are joined by neither.</para>
/// </remarks>
internal sealed class SentencePieceScores
{
    private readonly TokenizerJson tokenizer;
    private readonly Dictionary<(string Left, string Right), int> ranks = [];

    public SentencePieceScores(TokenizerJson tokenizer)
    {
        this.tokenizer = tokenizer;
        for (int rank = 0; rank < tokenizer.Merges.Count; rank++) ranks.TryAdd(tokenizer.Merges[rank], rank);
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
            (List<string> pieces, int? last) = Merge(texts[i]);
            if (pieces.Count == 2 && !isCutOut(texts[i]))
            {
                throw new NotSupportedException(
                    $"{tokenizer.File}: the merges leave token \"{texts[i]}\" (id {tokenizer.Tokens[texts[i]]}) at \"{pieces[0]}\" and \"{pieces[1]}\", "
                    + "which llama.cpp would join; the ids would differ.");
            }

            // A single character is never the result of a merge, so that its score is never looked at; it comes after all merges.
            scores[i] = -(last ?? tokenizer.Merges.Count);
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

    /// <summary>The byte that a token of the form &lt;0x0A&gt; stands for.</summary>
    public static byte? ByteOf(string text) =>
        text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal) && text[5] == '>'
        && byte.TryParse(text.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte value)
            ? value
            : null;
}
