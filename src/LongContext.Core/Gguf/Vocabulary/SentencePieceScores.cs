using System.Globalization;
using System.Text;

namespace LongContext.Gguf.Vocabulary;

/// <summary>
/// Scores with which llama.cpp's SentencePiece merging gives the ids that a tokenizer.json's merges give.
/// </summary>
/// <remarks>
/// <para>The two differ: tokenizer.json joins only listed pairs, the first listed first; llama.cpp joins any two neighbours whose joined
/// text is a token, the best scored first; both take the leftmost of equals. Let T be a token that the merges, run on T's text alone, turn
/// into T, by a last merge of rank r, and give it the score −r. When in a longer text two neighbours c and d join to T's text, the merges
/// inside that stretch were those of T alone, since none crossed its ends, and in the same order; so (c, d) is T's own last pair, which is
/// listed with rank r. Hence both programs see the same candidates in the same order, and take the same step, at every step.</para>
/// <para>This needs every token that can be joined from two neighbours to be reached by the merges on its own text; that is checked.</para>
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
    /// <param name="texts">The texts of all tokens that are not added.</param>
    /// <exception cref="NotSupportedException">A token could be joined in llama.cpp that the merges never make.</exception>
    public float[] Compute(IReadOnlyList<string> texts)
    {
        float[] scores = new float[texts.Count];
        var unreached = new List<string>();
        var reached = new HashSet<string>(StringComparer.Ordinal);
        for (int i = 0; i < texts.Count; i++)
        {
            int? last = LastMerge(texts[i], out bool whole);
            if (whole) reached.Add(texts[i]);
            else unreached.Add(texts[i]);

            // A single character is never the result of a merge, so that its score is never looked at; it comes after all merges.
            scores[i] = -(last ?? tokenizer.Merges.Count);
        }

        foreach (string text in unreached) RequireNotJoined(text, reached);
        return scores;
    }

    /// <summary>Runs the merges on a text alone.</summary>
    /// <param name="text">The text.</param>
    /// <param name="whole">Whether one piece remains, which is a token.</param>
    /// <returns>The rank of the last merge; null where there was none.</returns>
    private int? LastMerge(string text, out bool whole)
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

        whole = pieces.Count == 1;
        return last;
    }

    private void RequireNotJoined(string text, HashSet<string> reached)
    {
        List<string> characters = Characters(text);
        for (int i = 1; i < characters.Count; i++)
        {
            string left = string.Concat(characters.Take(i)), right = string.Concat(characters.Skip(i));
            if ((i == 1 || reached.Contains(left)) && (i == characters.Count - 1 || reached.Contains(right)))
            {
                throw new NotSupportedException(
                    $"{tokenizer.File}: the merges never make token \"{text}\" (id {tokenizer.Tokens[text]}), but llama.cpp would, out of \"{left}\" and \"{right}\"; "
                    + "the ids would differ.");
            }
        }
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
