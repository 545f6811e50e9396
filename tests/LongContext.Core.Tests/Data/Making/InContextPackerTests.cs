using LongContext.Data.Examples;
using LongContext.Data.Operators;

namespace LongContext.Data.Making;

public sealed class InContextPackerTests
{
    [Fact]
    public void Pack_WordsByHand_FillsAndMarksAnswers()
    {
        // Words: 3, 3, 3 and 4; "||" is one more between two. 3 + 1 + 3 = 7 fits 9 − 1; a third would make 11.
        TrainingExample[] examples = [new PromptExample("q one:", " 1"), new PromptExample("q two:", " 2"), new PromptExample("q three:", " 3"), new PromptExample("the last q:", " 4")];
        InContextOptions Options(InContextLoss loss) => new() { Tokenizer = PieceTokenizer.WordLevel, ContextLength = 9, ReservedTokens = 1, Separator = " || ", Loss = loss };

        IReadOnlyList<TrainingExample> all = new InContextPacker(Options(InContextLoss.Everything)).Pack(examples);
        Assert.Equal(["q one: 1 || q two: 2", "q three: 3 || the last q: 4"], all.Select(example => ((TextExample)example).Text));
        Assert.Equal(["2 7", "2 8"], all.Select(example => $"{example.Properties["shots"]} {example.Properties["tokens"]}"));

        SegmentsExample answers = (SegmentsExample)new InContextPacker(Options(InContextLoss.Answers)).Pack(examples)[0];
        Assert.Equal([new("q one:", false), new(" 1 || ", true), new("q two:", false), new(" 2", true)], answers.Segments);
        SegmentsExample last = (SegmentsExample)new InContextPacker(Options(InContextLoss.LastAnswer)).Pack(examples)[0];
        Assert.Equal([new("q one: 1 || q two:", false), new(" 2", true)], last.Segments);

        examples[0] = new PromptExample("q one:", " 1") { PromptCounts = true };
        answers = (SegmentsExample)new InContextPacker(Options(InContextLoss.Answers)).Pack(examples)[0];
        Assert.Equal([new("q one: 1 || ", true), new("q two:", false), new(" 2", true)], answers.Segments);
    }

    [Fact]
    public void Pack_Groups_KeepTasksTogether()
    {
        TrainingExample[] examples = [.. Enumerable.Range(0, 12).Select(i => new PromptExample($"q{i}:", $" {i}") { Properties = new Dictionary<string, string> { ["task"] = i % 3 == 0 ? "a" : "b" } })];
        // An example has 2 words and the separator is white space: 4 of them fit 9 − 1.
        IReadOnlyList<TrainingExample> packed = new InContextPacker(new InContextOptions { Tokenizer = PieceTokenizer.WordLevel, ContextLength = 9, ReservedTokens = 1, Separator = "\n", GroupBy = example => example.Properties["task"] }).Pack(examples);
        // b is 1 2 4 5 | 7 8 10 11, a is 0 3 6 9. The first is known to be full when 7 comes; the others when all has been read.
        Assert.Equal(["b", "a", "b"], packed.Select(example => example.Properties["group"]));
        Assert.Equal("q1: 1\nq2: 2\nq4: 4\nq5: 5", ((TextExample)packed[0]).Text);
        Assert.Equal("q0: 0\nq3: 3\nq6: 6\nq9: 9", ((TextExample)packed[1]).Text);
        Assert.Equal("q7: 7\nq8: 8\nq10: 10\nq11: 11", ((TextExample)packed[2]).Text);
    }

    [Theory]
    [InlineData(false, 16_384, 0)]
    [InlineData(true, 16_384, 1)]
    [InlineData(true, 7, 0)]
    public void Pack_AnyTexts_LosesNothingFitsAndIsFull(bool grouped, int lookAhead, int beginningTokens)
    {
        PieceTokenizer tokenizer = new(@" ?\w{1,3}|.", beginningTokens);
        for (int seed = 0; seed < 20; seed++)
        {
            Random random = new(seed);
            TrainingExample[] examples =
            [
                .. Enumerable.Range(0, 60).Select(i => new PromptExample($"{i} {MakingTexts.Random(i + (100 * seed), random.Next(1, 9))}", $" {MakingTexts.Random(i, random.Next(1, 5))}")
                {
                    Properties = new Dictionary<string, string> { ["task"] = $"{random.Next(4)}" },
                }),
            ];
            InContextOptions options = new()
            {
                Tokenizer = tokenizer, ContextLength = 160, ReservedTokens = 2, Separator = "\n\n\n", Loss = InContextLoss.Answers, LookAhead = lookAhead,
                GroupBy = grouped ? example => example.Properties["task"] : null,
            };
            IReadOnlyList<TrainingExample> packed = new InContextPacker(options).Pack(examples);
            string[] texts = [.. packed.Select(example => ((SegmentsExample)example).Text)];
            Assert.All(texts, text => Assert.InRange(tokenizer.CountTokens(text), 1, 158));
            Assert.All(texts.Zip(packed), pair => Assert.Equal(tokenizer.CountTokens(pair.First), int.Parse(pair.Second.Properties["tokens"], null)));

            // Group by group, the sequences put one after the other are the examples put one after the other.
            foreach (IGrouping<string, TrainingExample> group in examples.GroupBy(example => grouped ? example.Properties["task"] : ""))
            {
                string[] own = [.. texts.Where((_, i) => !grouped || packed[i].Properties["group"] == group.Key)];
                Assert.Equal(string.Join("\n\n\n", group.Select(InContextPack.Text)), string.Join("\n\n\n", own));
                if (lookAhead < 100) continue;
                for (int i = 0; i + 1 < own.Length; i++)
                {
                    // The next sequence's first example would not have fitted.
                    string first = group.Select(InContextPack.Text).First(text => own[i + 1] == text || own[i + 1].StartsWith(text + "\n\n\n", StringComparison.Ordinal));
                    Assert.True(tokenizer.CountTokens($"{own[i]}\n\n\n{first}") > 158);
                }
            }
        }
    }

    [Fact]
    public void Pack_LongSequences_CountsEachTextAFewTimesOnly()
    {
        PieceTokenizer tokenizer = new(@"\S+");
        TrainingExample[] examples = [.. Enumerable.Range(0, 4000).Select(i => new PromptExample($"question {i} of them:", " the answer"))];
        IReadOnlyList<TrainingExample> packed = new InContextPacker(new InContextOptions { Tokenizer = tokenizer, ContextLength = 12_002 }).Pack(examples);
        Assert.Equal(["2000", "2000"], packed.Select(example => example.Properties["shots"])); // 6 words each
        long characters = packed.Sum(example => example.TextLength);
        Assert.InRange(tokenizer.Counted, characters, 4 * characters);
    }

    [Fact]
    public void Pack_TokenizerThatJoinsToMore_GivesExamplesBack()
    {
        // Each piece alone is one token; from the second separator on the joined text has more: "a--a--a" has the pieces a, --, a--, a.
        PieceTokenizer tokenizer = new("(?<=--)a|(?<!^)--|a$|^a|^--a$");
        TrainingExample[] examples = [.. Enumerable.Range(0, 10).Select(_ => new TextExample("a"))];
        Assert.Equal((1, 5), (tokenizer.CountTokens("--a"), tokenizer.CountTokens("a--a--a")));
        IReadOnlyList<TrainingExample> packed = new InContextPacker(new InContextOptions { Tokenizer = tokenizer, ContextLength = 7, ReservedTokens = 1, Separator = "--" }).Pack(examples);
        // Alone the parts would be 6 for six examples; joined, n examples are 2·n − 1: three make 5.
        Assert.All(packed, example => Assert.InRange(tokenizer.CountTokens(((TextExample)example).Text), 1, 6));
        Assert.Equal("a--a--a--a--a--a--a--a--a--a", string.Join("--", packed.Select(example => ((TextExample)example).Text)));
        Assert.Equal(["3", "3", "3", "1"], packed.Select(example => example.Properties["shots"]));
        Walks.AssertResumesAnywhere(() => DataSource.FromList(examples, seed: null).PackInContext(new InContextOptions { Tokenizer = tokenizer, ContextLength = 7, ReservedTokens = 1, Separator = "--" }));
    }

    [Theory]
    [InlineData(16_384, null)]
    [InlineData(5, null)]
    [InlineData(1, 3)]
    [InlineData(16_384, 2)]
    public void PackInContext_StoppedAnywhere_GoesOn(int lookAhead, int? shots)
    {
        TrainingExample[] examples =
        [
            .. Enumerable.Range(0, 60).Select(i => new PromptExample(string.Join(' ', Enumerable.Repeat($"q{i}", 1 + (i * 7 % 5) + (i % 13 == 12 ? 40 : 0))), $" {i}")
            {
                Properties = new Dictionary<string, string> { ["task"] = $"{i * i % 7}" },
            }),
        ];
        IDataSource<TrainingExample> Make() => DataSource.FromList(examples, seed: null).PackInContext(new InContextOptions
        {
            Tokenizer = PieceTokenizer.WordLevel, ContextLength = 30, LookAhead = lookAhead, MaximumShots = shots, SkipOverlong = true,
            GroupBy = example => example.Properties["task"],
        });
        Assert.True(Walks.AssertResumesAnywhere(Make).Count > 8);
    }

    [Fact]
    public void Pack_BadInput_SaysWhy()
    {
        InContextOptions options = new() { Tokenizer = PieceTokenizer.WordLevel, ContextLength = 5 };
        TrainingExample tooLong = new PromptExample("one two three four", " five") { Origin = new RecordOrigin("a.jsonl", 3) };
        string message = Assert.Throws<ArgumentException>(() => new InContextPacker(options).Pack([tooLong])).Message;
        Assert.Contains("a.jsonl, line 3: the example has 5 tokens, a sequence holds 3", message, StringComparison.Ordinal);
        Assert.Single(new InContextPacker(new InContextOptions { Tokenizer = PieceTokenizer.WordLevel, ContextLength = 5, SkipOverlong = true }).Pack([tooLong, new TextExample("fits")]));
        Assert.Contains("ChatExample", Assert.Throws<ArgumentException>(() => new InContextPacker(options).Pack([new ChatExample([new("user", "hi")])])).Message, StringComparison.Ordinal);
        Assert.Empty(new InContextPacker(options).Pack([]));
        message = Assert.Throws<ArgumentException>(() => new InContextPacker(new InContextOptions
        {
            Tokenizer = null!, ContextLength = 1, ReservedTokens = 9, Separator = "", Loss = (InContextLoss)4, LookAhead = 0, MaximumShots = 0,
        })).Message;
        foreach (string part in (string[])["Tokenizer is null", "ContextLength is 1", "ReservedTokens is 9", "Separator is empty", "Loss is 4", "LookAhead is 0", "MaximumShots is 0"])
            Assert.Contains(part, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Pack_LastAnswerAfterGivingBack_IsThatOfWhatStayed()
    {
        // The tokenizer of Pack_TokenizerThatJoinsToMore: six are estimated to fit, three do; the answer that counts is the third's, not the sixth's.
        PieceTokenizer tokenizer = new("(?<=--)a|(?<!^)--|a$|^a|^--a$");
        TrainingExample[] examples = [.. Enumerable.Range(0, 6).Select(_ => new PromptExample("", "a"))];
        InContextOptions options = new() { Tokenizer = tokenizer, ContextLength = 7, ReservedTokens = 1, Separator = "--", Loss = InContextLoss.LastAnswer };
        SegmentsExample first = (SegmentsExample)new InContextPacker(options).Pack(examples)[0];
        Assert.Equal([new("a--a--", false), new("a", true)], first.Segments);
    }

    [Fact]
    public void PackInContext_MoreGivenBackThanLookAhead_GoesOnAnywhere()
    {
        // Of the first six of task a three are given back, which with b's first is more than is held back: going on must look at all of them again.
        PieceTokenizer tokenizer = new("(?<=--)a|(?<!^)--|a$|^a|^--a$");
        TrainingExample[] examples = [.. "aaaaaabbaabbbaaabababbbaaa".Select(task => new TextExample("a") { Properties = new Dictionary<string, string> { ["task"] = $"{task}" } })];
        foreach (int lookAhead in new[] { 1, 2, 3 })
        {
            Walks.AssertResumesAnywhere(() => DataSource.FromList(examples, seed: null).PackInContext(new InContextOptions
            {
                Tokenizer = tokenizer, ContextLength = 7, ReservedTokens = 1, Separator = "--", LookAhead = lookAhead, GroupBy = example => example.Properties["task"],
            }));
        }
    }

    [Fact]
    public void Pack_MostShots_EndTheSequence()
    {
        TrainingExample[] examples = [.. Enumerable.Range(0, 5).Select(i => new TextExample($"t{i}"))];
        IReadOnlyList<TrainingExample> packed = new InContextPacker(new InContextOptions { Tokenizer = PieceTokenizer.WordLevel, ContextLength = 100, Separator = " ", MaximumShots = 2 }).Pack(examples);
        Assert.Equal(["t0 t1", "t2 t3", "t4"], packed.Select(example => ((TextExample)example).Text));
    }
}
