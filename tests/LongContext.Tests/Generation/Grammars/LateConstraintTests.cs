using LongContext.Data;
using LongContext.Generation;
using LongContext.Generation.Grammars;
using LongContext.Tests.Generation.Chat;
using LongContext.Tokenization;

namespace LongContext.Tests.Generation.Grammars;

/// <summary>A grammar that begins behind a token.</summary>
public sealed class LateConstraintTests
{
    private const int Opening = 'x', Vocabulary = 260;

    private static readonly HuggingFaceTokenizer Tokenizer = ChatModels.Tokenizer;

    [Fact]
    public void Mask_BeforeTheToken_ForbidsTheEndAlone()
    {
        LateConstraint late = Create(out int[] stops);
        float[] scores = new float[Vocabulary];
        late.Mask(scores);
        Assert.All(Enumerable.Range(0, Vocabulary), id => Assert.Equal(stops.Contains(id), float.IsNegativeInfinity(scores[id])));
        Assert.False(late.TryAccept(stops[0]));
        Assert.True(late.TryAccept('}'));
        Assert.False(late.MustEnd);
        Assert.False(late.TakesAnything);
        Assert.True(late.TryAccept(Opening));
        // From here on as without it.
        scores = new float[Vocabulary];
        float[] expected = new float[Vocabulary];
        late.Mask(scores);
        new GrammarConstraint(Grammar().Texts, stops).Mask(expected);
        Assert.Equal(expected, scores);
        Assert.False(late.TryAccept('}'));
        foreach (char c in "true") Assert.True(late.TryAccept(c));
        Assert.True(late.TryAccept(stops[0]));
        Assert.True(late.MustEnd);
    }

    [Fact]
    public void Rollback_OfAnyNumber_LeavesWhatWasBefore()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            var random = new SplitMix64(seed, 5);
            LateConstraint late = Create(out int[] stops);
            List<int> taken = [];
            for (int i = 0; i < 30; i++)
            {
                if (random.Next() % 4 == 0)
                {
                    int count = (int)(random.Next() % (ulong)(taken.Count + 1));
                    late.Rollback(count);
                    taken.RemoveRange(taken.Count - count, count);
                }
                else
                {
                    int token = random.Next() % 3 == 0 ? Opening : "true"[(int)(random.Next() % 4)];
                    if (late.TryAccept(token)) taken.Add(token);
                }

                LateConstraint fresh = Create(out _);
                Assert.All(taken, token => Assert.True(fresh.TryAccept(token)));
                float[] scores = new float[Vocabulary], expected = new float[Vocabulary];
                late.Mask(scores);
                fresh.Mask(expected);
                Assert.Equal(expected, scores);
            }

            Assert.Throws<ArgumentOutOfRangeException>(() => late.Rollback(taken.Count + 1));
        }
    }

    private static JsonGrammar Grammar() => JsonGrammar.FromSchema("""{"const":true}""", Tokenizer);

    private static LateConstraint Create(out int[] stops)
    {
        stops = [ChatModels.EndOfTurn, 259];
        return new LateConstraint(Opening, stops, new GrammarConstraint(Grammar().Texts, stops));
    }
}
