using System.Text.RegularExpressions;
using LongContext.Data.Operators;

namespace LongContext.Data.Making;

public sealed class NeedleMakerTests
{
    [Fact]
    public void MakeItem_Single_IsRulersPrompt()
    {
        NeedleMaker maker = new(new NeedleOptions { Tokenizer = PieceTokenizer.WordLevel, Haystack = Haystack.Repeated("Hay."), Depth = 0.5 });
        // Question 36 words, prefix 12, needle 10, answer 1: 59; 65 leaves 6 lines of one word, the needle after 3 of them.
        RetrievalItem item = maker.MakeItem(0, 65);
        string key = Regex.Match(item.Prompt, "magic numbers for ([a-z]+-[a-z]+) is").Groups[1].Value, value = Assert.Single(item.Answers);
        Assert.Equal(
            "A special magic number is hidden within the following text. Make sure to memorize it. I will quiz you about the number afterwards.\n" +
            $"Hay.\nHay.\nHay.\nOne of the special magic numbers for {key} is: {value}.\nHay.\nHay.\nHay.\n" +
            $"What is the special magic number for {key} mentioned in the provided text?",
            item.Question);
        Assert.Equal($" The special magic number for {key} mentioned in the provided text is", item.AnswerPrefix);
        Assert.Equal($" {value}.", item.Completion);
        Assert.Equal((65, 0.5), (item.TokenCount, Assert.Single(item.Depths)));
        Assert.Equal((item.Prompt, item.Completion, "0.5"), (item.ToExample().Prompt, item.ToExample().Completion, item.ToExample().Properties["depth"]));
    }

    [Theory]
    [InlineData(4, 1, 1, NeedleKind.Words, NeedleKind.Numbers)]
    [InlineData(1, 4, 1, NeedleKind.Words, NeedleKind.Uuids)]
    [InlineData(6, 2, 4, NeedleKind.Uuids, NeedleKind.Words)]
    [InlineData(50, 1, 2, NeedleKind.Numbers, NeedleKind.Numbers)]
    public void MakeItem_ManyKeysValuesQueries_AsksForValuesOfTheKeysAsked(int keys, int values, int queries, NeedleKind keyKind, NeedleKind valueKind)
    {
        NeedleMaker maker = new(new NeedleOptions { Tokenizer = PieceTokenizer.Subword, KeyCount = keys, ValuesPerKey = values, QueryCount = queries, KeyKind = keyKind, ValueKind = valueKind });
        for (int i = 0; i < 15; i++)
        {
            RetrievalItem item = maker.MakeItem(i, 4000);
            (string Key, string Value)[] needles = [.. Regex.Matches(item.Question, @"One of the special magic \w+ for (\S+) is: (\S+)\.").Select(match => (match.Groups[1].Value, match.Groups[2].Value))];
            Assert.Equal(keys * values, needles.Length);
            Assert.Equal(keys, needles.Select(needle => needle.Key).Distinct().Count());
            Assert.Equal(keys * values, needles.Select(needle => needle.Value).Distinct().Count());
            string[] asked = [.. Regex.Match(item.AnswerPrefix, " for (.*) mentioned").Groups[1].Value.Split(", ").Select(key => key.Replace("and ", "", StringComparison.Ordinal))];
            Assert.Equal(queries, asked.Length);
            Assert.Equal(asked.SelectMany(key => needles.Where(needle => needle.Key == key).Select(needle => needle.Value)).Order(), item.Answers.Order());
            Assert.All(item.Answers, answer => Assert.Contains(answer, item.Completion, StringComparison.Ordinal));
            Assert.Equal(item, maker.MakeItem(i, 4000) with { Answers = item.Answers, Depths = item.Depths, Properties = item.Properties });

            // A piece is a word of at most 10 letters.
            Assert.Equal(item.TokenCount, PieceTokenizer.Subword.CountTokens(item.Prompt + item.Completion));
            Assert.InRange(item.TokenCount, 3995, 4000);
        }
    }

    [Fact]
    public void MakeItem_Depths_AreWhereTheNeedleStands()
    {
        NeedleMaker maker = new(new NeedleOptions { Tokenizer = PieceTokenizer.WordLevel, AnswerTokens = 20 });
        foreach (double depth in (double[])[0, 0.1, 0.25, 0.5, 0.9, 1])
        {
            RetrievalItem item = maker.MakeItem(3, 5000, depth);
            string context = item.Question.Split('\n')[1];
            int at = context.IndexOf("One of the special", StringComparison.Ordinal), end = context.IndexOf('.', at) + 1;
            Assert.Equal(depth, at / (double)(context.Length - (end - at)), 0.01);
            Assert.True(at == 0 || end == context.Length || context[at - 2] == '.'); // only between sentences, of which the last may be cut
            Assert.Equal(5000 - 20, PieceTokenizer.WordLevel.CountTokens(item.Prompt));
            Assert.Equal(5000, item.TokenCount);
        }
    }

    [Fact]
    public void MakeItem_NeedleHaystack_HoldsNoOtherNeedleOfTheKey()
    {
        NeedleMaker maker = new(new NeedleOptions { Tokenizer = PieceTokenizer.WordLevel, Haystack = Haystack.Needles, KeyKind = NeedleKind.Words });
        for (int i = 0; i < 3; i++)
        {
            RetrievalItem item = maker.MakeItem(i, 20_000);
            string key = Regex.Match(item.AnswerPrefix, " for (.*) mentioned").Groups[1].Value;
            Assert.Single(Regex.Matches(item.Question, $"magic numbers for {key} is"));
            Assert.True(Regex.Count(item.Question, "One of the special") > 1900);
        }
    }

    [Fact]
    public void MakeItem_Splits_HaveNoKeyAndNoValueInCommon()
    {
        foreach (NeedleKind kind in Enum.GetValues<NeedleKind>())
        {
            HashSet<string>[] halves = [.. ((ValueSplit[])[ValueSplit.Training, ValueSplit.Evaluation]).Select(split => Draws(kind, split))];
            Assert.Empty(halves[0].Intersect(halves[1]));
            Assert.All(halves, half => Assert.Equal(2000, half.Count));
            if (kind == NeedleKind.Uuids) Assert.All(halves[0].Concat(halves[1]), text => Assert.Matches("^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$", text));
            if (kind == NeedleKind.Numbers)
            {
                Assert.All(halves[0], text => Assert.Matches("^[1-9][0-9]{6}$", text));
                // Nothing to learn of a single digit: each last digit about 200 times, five standard deviations 67.
                Assert.All(halves[0].GroupBy(text => text[^1]), group => Assert.InRange(group.Count(), 133, 267));
            }
        }

        static HashSet<string> Draws(NeedleKind kind, ValueSplit split)
        {
            RandomValues values = new(split, new SplitMix64(1, 1));
            return [.. Enumerable.Range(0, 2000).Select(_ => values.Next(kind))];
        }
    }

    [Fact]
    public void MakeItem_BadInput_SaysWhy()
    {
        NeedleMaker maker = new(new NeedleOptions { Tokenizer = PieceTokenizer.WordLevel });
        Assert.Contains("have more than 20 tokens", Assert.Throws<ArgumentException>("tokenCount", () => maker.MakeItem(0, 20)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>("depth", () => maker.MakeItem(0, 200, double.NaN));
        Assert.Throws<ArgumentOutOfRangeException>("tokenCount", () => maker.MakeItem(0, 0));
        string message = Assert.Throws<ArgumentException>(() => new NeedleMaker(new NeedleOptions
        {
            Tokenizer = null!, MinimumTokens = 0, MaximumTokens = -1, AnswerTokens = -1, Haystack = null!, KeyCount = 1, ValuesPerKey = 0, QueryCount = 2, KeyKind = (NeedleKind)9, ValueKind = (NeedleKind)9,
            Depth = 2, Split = (ValueSplit)9, Needle = "x", SingularTemplate = "y", PluralTemplate = "z",
        })).Message;
        foreach (string part in (string[])
        [
            "Tokenizer is null", "MinimumTokens is 0", "MaximumTokens is -1", "AnswerTokens is -1", "Haystack is null", "KeyCount is 1", "ValuesPerKey is 0", "KeyKind is 9", "ValueKind is 9", "Depth is 2",
            "Split is 9", "Needle is \"x\"", "SingularTemplate is \"y\"", "PluralTemplate is \"z\"",
        ])
        {
            Assert.Contains(part, message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void ToSource_StoppedAnywhere_GoesOn() => Assert.Equal(
        7, Walks.AssertResumesAnywhere(() => new NeedleMaker(new NeedleOptions { Tokenizer = PieceTokenizer.WordLevel, MinimumTokens = 100, MaximumTokens = 300, KeyCount = 3 }).ToSource(7)).Count);

    [Fact]
    public void MakeItem_DepthGivenWithManyKeys_IsThatOfTheFirstAsked()
    {
        NeedleMaker maker = new(new NeedleOptions { Tokenizer = PieceTokenizer.WordLevel, Haystack = Haystack.Repeated("Hay."), KeyCount = 5, QueryCount = 2 });
        for (int i = 0; i < 12; i++)
        {
            // 0.337 is none of the forty depths that are drawn.
            RetrievalItem item = maker.MakeItem(i, 400, 0.337);
            Assert.Equal(0.337, item.Depths[0]);
            Assert.NotEqual(0.337, item.Depths[1]);
            Assert.Equal("0.337", item.Properties["depth"]);
        }
    }

    [Fact]
    public void MakeItem_LengthOfQuestionAlone_IsTheLeastThatCanBeMade()
    {
        NeedleMaker maker = new(new NeedleOptions { Tokenizer = PieceTokenizer.WordLevel, Haystack = Haystack.Repeated("Hay.") });
        // 59 words as in MakeItem_Single_IsRulersPrompt, no line of the haystack.
        Assert.Equal(59, maker.MakeItem(0, 59).TokenCount);
        Assert.Throws<ArgumentException>(() => maker.MakeItem(0, 58));
    }

    [Fact]
    public void TokenRange_Draws_ReachBothEnds()
    {
        SplitMix64 random = new(3);
        int[] drawn = [.. Enumerable.Range(0, 300)];
        for (int i = 0; i < drawn.Length; i++) drawn[i] = TokenRange.Draw(5, 7, ref random);
        Assert.Equal([5, 6, 7], drawn.Distinct().Order());
    }
}
