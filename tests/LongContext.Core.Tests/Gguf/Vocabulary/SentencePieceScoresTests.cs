using LongContext.Core.Tests.Tokenization;
using LongContext.Core.Tests.Tokenization.Models;
using LongContext.Gguf.Vocabulary;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Core.Tests.Gguf.Vocabulary;

/// <summary>Merging by score, as llama.cpp does it, gives the pieces that merging by rank gives.</summary>
public sealed class SentencePieceScoresTests
{
    private const string Letters = "abc▁";

    [Fact]
    public void Compute_RandomVocabularies_MergingByScoreIsMergingByRank()
    {
        int accepted = 0;
        for (int seed = 0; seed < 400; seed++)
        {
            var random = new Random(seed);
            (string[] pieces, string[] merges) = Vocabulary(random, mergeCount: 4 + (seed % 12), everySplit: seed % 2 == 0);
            if (Scores(pieces, merges) is not { } scores) continue;
            accepted++;
            for (int round = 0; round < 30; round++)
            {
                string text = Text(random, random.Next(1, 25));
                Assert.Equal(NaiveBpe.Encode(text, pieces, merges, null, fuse: false, byteFallback: true), ByScore(text, scores));
            }
        }

        Assert.InRange(accepted, 100, 399); // neither accepting everything nor hardly anything
    }

    [Fact]
    public void OfAll_TokenizerModelWithSharedScores_MergingByScoreIsThisLibrarysTokenizer()
    {
        for (int seed = 0; seed < 40; seed++)
        {
            var random = new Random(seed);
            SentencePieceFile file = SentencePieceFile.OfPieces(Vocabulary(random, mergeCount: 14, everySplit: true).Pieces);
            for (int id = 259; id < file.Pieces.Count; id++) file.Pieces[id] = file.Pieces[id] with { Score = random.Next(-1 - (seed % 5), 1) };
            HuggingFaceTokenizer tokenizer = Load(file);
            float[] all = new SentencePieceScores(tokenizer).OfAll(tokenizer.VocabularySize);
            Dictionary<string, float> scores = Enumerable.Range(259, all.Length - 259).ToDictionary(tokenizer.GetToken, id => all[id]);
            Assert.All(scores, score => Assert.Equal(file.Pieces.Find(piece => piece.Text == score.Key).Score, score.Value, 1e-4));
            for (int round = 0; round < 30; round++)
            {
                string text = Text(random, random.Next(1, 25));
                Assert.Equal(ByScore("▁" + text, scores), tokenizer.EncodeToIds(text).Select(tokenizer.GetToken));
            }
        }
    }

    [Fact]
    public void OfAll_TokenizerModelWithDistinctScores_AreTheFiles()
    {
        SentencePieceFile file = SentencePieceFile.OfPieces("▁", "a", "b", "ab", "▁ab", "ba");
        Assert.Equal([0, -1, -2, -3, -4, -5], new SentencePieceScores(Load(file)).OfAll(265)[259..]);
        file.Pieces[264] = ("ba", -3, SentencePieceFile.Normal); // as "ab", whose id is lower
        float[] scores = new SentencePieceScores(Load(file)).OfAll(265)[259..];
        Assert.Equal(-3, scores[3]);
        Assert.InRange(scores[5], -3.0001f, MathF.BitDecrement(-3));
    }

    [Fact]
    public void Compute_Refused_IsBecauseAnotherTextDiffers()
    {
        // "abc" is listed as a + bc, but ab comes first: merges never make it, llama.cpp would out of ab and c.
        string[] pieces = ["a", "b", "c", "ab", "bc", "abc"];
        string message = Assert.Throws<NotSupportedException>(() => Scores(pieces, ["a b", "b c", "a bc"], orThrow: true)).Message;
        Assert.Contains("\"abc\"", message, StringComparison.Ordinal);
        Assert.Contains("\"ab\" and \"c\"", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Compute_TokenThatNothingJoins_IsAccepted()
    {
        // Neither program makes "cab" out of its characters: there is no "ca", and no "ab".
        Assert.NotNull(Scores(["a", "b", "c", "bb", "cab"], ["b b"]));
    }

    private static HuggingFaceTokenizer Load(SentencePieceFile file)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder["tokenizer.model"], file.ToBytes());
        return HuggingFaceTokenizer.Load(folder.Path);
    }

    private static Dictionary<string, float>? Scores(string[] pieces, string[] merges, bool orThrow = false)
    {
        HuggingFaceTokenizer tokenizer = TinyTokenizer.Load(TinyTokenizer.Bpe(pieces, merges));
        try
        {
            float[] scores = new SentencePieceScores(tokenizer).Compute(pieces, _ => false);
            return pieces.Zip(scores).ToDictionary(pair => pair.First, pair => pair.Second);
        }
        catch (NotSupportedException) when (!orThrow)
        {
            return null;
        }
    }

    /// <summary>llama.cpp's way: of all neighbours whose joined text is a token, the best scored first, the leftmost of equals.</summary>
    private static List<string> ByScore(string text, Dictionary<string, float> scores)
    {
        List<string> symbols = [.. text.Select(letter => letter.ToString())];
        while (true)
        {
            int best = -1;
            for (int i = 0; i + 1 < symbols.Count; i++)
            {
                if (scores.TryGetValue(symbols[i] + symbols[i + 1], out float score) && (best < 0 || score > scores[symbols[best] + symbols[best + 1]])) best = i;
            }

            if (best < 0) return symbols;
            symbols[best] += symbols[best + 1];
            symbols.RemoveAt(best + 1);
        }
    }

    /// <summary>Pieces joined at random; each listed once, or, as for tokenizers that come from SentencePiece, in every way it splits.</summary>
    private static (string[] Pieces, string[] Merges) Vocabulary(Random random, int mergeCount, bool everySplit)
    {
        List<string> pieces = [.. Letters.Select(letter => letter.ToString())];
        var merges = new List<string>();
        for (int i = 0; i < mergeCount; i++)
        {
            string left = pieces[random.Next(pieces.Count)], right = pieces[random.Next(pieces.Count)], joined = left + right;
            if (pieces.Contains(joined)) continue;
            if (everySplit)
            {
                for (int at = 1; at < joined.Length; at++)
                {
                    if (pieces.Contains(joined[..at]) && pieces.Contains(joined[at..])) merges.Add($"{joined[..at]} {joined[at..]}");
                }
            }
            else
            {
                merges.Add($"{left} {right}");
            }

            pieces.Add(joined);
        }

        return ([.. pieces], [.. merges]);
    }

    private static string Text(Random random, int length) => string.Concat(Enumerable.Range(0, length).Select(_ => Letters[random.Next(Letters.Length)]));
}
