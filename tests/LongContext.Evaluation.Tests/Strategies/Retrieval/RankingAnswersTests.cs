namespace LongContext.Evaluation.Strategies.Retrieval;

public class RankingAnswersTests
{
    [Theory]
    [InlineData("[2] > [3] > [1]", 3, "2 3 1")]
    [InlineData("[2] > [3] > [1] > [4]", 3, "2 3 1")]            // one that there is not
    [InlineData("[3]>[3] > [1]", 3, "3 1 2")]                    // one twice, one missing
    [InlineData("3 > 1 > 2", 3, "3 1 2")]
    [InlineData("[3, 1, 2]", 3, "3 1 2")]
    [InlineData("3, 1", 3, "3 1 2")]
    [InlineData("3\n1\n2", 3, "3 1 2")]
    [InlineData("1. [3]\n2. [1]\n3. [2]", 3, "3 1 2")]
    [InlineData("1) 3\n2) 2\n3) 1", 3, "3 2 1")]
    [InlineData("Passage [1] and [2] speak of cats. So my ranking is: [2] > [1] > [3].", 3, "2 1 3")]
    [InlineData("<think>[1] > [2] > [3]? no</think>[3] > [2] > [1]", 3, "3 2 1")]
    [InlineData("[1] > [2]\nOn reflection: [2] > [1]", 3, "2 1 3")]
    [InlineData("<think>[1] > [2] > [3], or rather [2] > [1]", 3, null)] // cut before it was done
    [InlineData("<think>[1] > [2]</think>[3] > [2]<think>[1] > [3] > [2]", 3, "3 2 1")]
    [InlineData("<THINK>[1] > [2]</THINK>[3] > [2]", 3, "3 2 1")]
    [InlineData("The best is [2].", 3, "2 1 3")]
    [InlineData(" 2 ", 3, "2 1 3")]
    [InlineData("2 passages help.", 3, null)]
    [InlineData("I cannot rank these.", 3, null)]
    [InlineData("", 3, null)]
    [InlineData("[7] > [8] > [0]", 3, null)]
    [InlineData("[99999999999999999999] > [2]", 3, "2 1 3")]
    public void Ranking_Answers_AreReadOrNot(string answer, int count, string? expected) =>
        Assert.Equal(expected, RankingAnswers.Ranking(answer, count) is { } ranking ? string.Join(' ', ranking.Select(place => place + 1)) : null);

    [Theory]
    [InlineData("[[7]]", 7.0)]
    [InlineData("It has 3 facts. [[2]] or rather [[ 8.5 ]]", 8.5)]
    [InlineData("Score: 6/10", 6.0)]
    [InlineData("I would say 4", 4.0)]
    [InlineData("**Relevance: 9**", 9.0)]
    [InlineData("[[11]]", null)]
    [InlineData("-3", null)]
    [InlineData("no idea", null)]
    [InlineData("<think>[[1]]</think>[[3]]", 3.0)]
    [InlineData("<think>It might be [[1]] or", null)]
    [InlineData("8 out of 10", 8.0)]
    [InlineData("I would give it 7.5 out of 10.", 7.5)]
    [InlineData("9 of 10", 9.0)]
    [InlineData("6 / 10", 6.0)]
    [InlineData("10/10", 10.0)]
    [InlineData("A relevance of 10", 10.0)]
    [InlineData("7 on a scale from 0 to 10", 7.0)]
    [InlineData("On a 1-10 scale: 4", 4.0)]
    [InlineData("Score (0–10): 5", 5.0)]
    [InlineData("2 of its 3 facts help: 6", 6.0)]
    [InlineData("", null)]
    public void Score_Answers_AreReadOrNot(string answer, double? expected) => Assert.Equal(expected, RankingAnswers.Score(answer, 10));

    [Fact]
    public void Ranking_Garbage_IsAlwaysAPermutationAndSoon()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            LongContext.Data.SplitMix64 random = new(seed, 5);
            string garbage = string.Concat(Enumerable.Range(0, 400).Select(_ => "[]>,;=0123456789 \n→a"[random.NextInt(20)]));
            if (RankingAnswers.Ranking(garbage, 9) is { } ranking) Assert.Equal(Enumerable.Range(0, 9), ranking.Order());
            RankingAnswers.Score(garbage, 10);
        }

        // Would take a very long time if rows were matched by trying.
        Assert.Null(RankingAnswers.Ranking(new string('>', 200_000) + new string('[', 200_000), 5));
        Assert.Null(RankingAnswers.Score(new string('[', 200_000), 5));
    }
}
