using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Likelihood;

public sealed class ChoiceTaskTests
{
    private const int Beginning = 77;

    private static readonly Tokenizer Tokenizer = BlankTokenizer.Instance;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, string, string[], string[]> Pairs() => new()
    {
        // Context, continuation; the tokens of both as lm-evaluation-harness splits them (its _encode_pair, worked out by hand for these merges).
        { "x in", " the", ["x", " ", "in"], [" ", "the"] },
        { "x ", "the", ["x"], [" ", "the"] },
        { "x \n ", " the", ["x"], [" ", "\n", " ", " ", "the"] },
        { "x t", "he", ["x", " ", "t"], [] }, // the whole is x, blank, the: as many as the context has
        { "x t", "he in", ["x", " ", "t"], [" ", "in"] },
        { "", " in", ["<beginning>"], [" ", "in"] },
        { "  ", "in", ["<beginning>"], [" ", " ", "in"] },
    };

    [Theory, MemberData(nameof(Pairs))]
    public void Pair_OfContextAndContinuation_IsSplitAsTheHarnessDoes(string context, string continuation, string[] before, string[] after)
    {
        var scorer = new HashScorer(Tokenizer) { BeginningOfSentenceTokenId = Beginning, PrefixTokenId = Beginning };
        (int[] found, int[] rest) = ChoiceEncoding.Pair(scorer, context, continuation, beginning: null);
        Assert.Equal(Ids(before), found);
        Assert.Equal(Ids(after), rest);

        // With the special token in front of a text that has one.
        (found, int[] same) = ChoiceEncoding.Pair(scorer, context, continuation, Beginning);
        Assert.Equal(before[0] == "<beginning>" ? Ids(before) : [Beginning, .. Ids(before)], found);
        Assert.Equal(rest, same);
    }

    [Fact]
    public async Task Evaluate_AnswersThatAreLetters_AreTheChoicesOfThoseLetters()
    {
        string[] choices = ["ab", "cdef", "ghij"];
        for (int right = 0; right < choices.Length; right++)
        {
            double[] sums = [.. choices.Select((_, i) => i == right ? -1.0 : -5.0)];
            var scorer = new TableScorer(choices, [1, 1, 1], sums, [-1, -1, -1]);
            EvaluationItem item = Item("question", choices, ((char)('A' + right)).ToString());
            ItemScore score = await new ChoiceTask("choose", [item], new ChoiceTaskOptions { Delimiter = "" }).EvaluateAsync(item, HashScorer.Session(scorer), Token);
            Assert.Equal(1, score.Value);
        }
    }

    [Fact]
    public async Task Evaluate_AnswerThatIsOneChoiceByTextAndAnotherByLetter_IsRefused()
    {
        string[] choices = ["B", "A", "C"];
        EvaluationItem item = Item("question", choices, "A");
        ArgumentException fault = await Assert.ThrowsAsync<ArgumentException>(() =>
            new ChoiceTask("choose", [item]).EvaluateAsync(item, HashScorer.Session(new TableScorer(choices, [1, 1, 1], [-1, -2, -3], [-1, -1, -1])), Token).AsTask());
        Assert.Contains("by their letter", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evaluate_EachNormalisation_ChoosesByItsOwnFigure()
    {
        // Log-likelihoods by hand: sums -6, -7, -12, -6.5; characters 2, 4, 12, 1; bytes 2, 4, 12, 4; tokens 1, 7, 3, 1.
        string[] choices = ["ab", "cdef", "ghijklmnopqr", "😀"];
        int[] tokens = [1, 7, 3, 1];
        double[] sums = [-6, -7, -12, -6.5], alone = [-1, -2, -3, -9];
        var scorer = new TableScorer(choices, tokens, sums, alone);
        var expected = new Dictionary<ChoiceNormalization, int>
        {
            [ChoiceNormalization.None] = 0, // -6
            [ChoiceNormalization.Characters] = 2, // -3, -1.75, -1, -6.5
            [ChoiceNormalization.Bytes] = 2, // -3, -1.75, -1, -1.6
            [ChoiceNormalization.Tokens] = 1, // -6, -1, -4, -6.5
            [ChoiceNormalization.Unconditional] = 3, // -5, -5, -9, 2.5
        };
        foreach ((ChoiceNormalization normalization, int best) in expected)
        {
            for (int right = 0; right < choices.Length; right++)
            {
                EvaluationItem item = Item("question", choices, choices[right]);
                var task = new ChoiceTask("choose", [item], new ChoiceTaskOptions { Normalization = normalization, ScoresUnconditionally = true, Delimiter = "" });
                ItemScore score = await task.EvaluateAsync(item, HashScorer.Session(scorer), Token);
                Assert.Equal(right == best ? 1 : 0, score.Value);
                Assert.Equal(choices[best], score.Judged);
                Assert.Equal(best, score.Details["chosen"]);
                foreach ((ChoiceNormalization other, string name) in ChoiceScore.Names) Assert.Equal(right == expected[other] ? 1 : 0, score.Details[name]);
                for (int i = 0; i < choices.Length; i++)
                {
                    Assert.Equal(sums[i], score.Details[$"logprob[{i}]"], 1e-5);
                    Assert.Equal(alone[i], score.Details[$"unconditional[{i}]"], 1e-5);
                    Assert.Equal(tokens[i], score.Details[$"tokens[{i}]"]);
                }
            }
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Evaluate_ThroughAScorer_SumsTheChoicesTokensAfterThePrompt(bool shares)
    {
        EvaluationItem item = Item("in the order", ["an answer", "the string", "x"], "x") with
        {
            Prompt = new EvaluationPrompt { System = "sort", Before = "in ", Context = "the ", After = "order:", AnswerPrefix = " it" },
        };
        SharedHashScorer shared = new(Tokenizer) { BeginningOfSentenceTokenId = Beginning, PrefixTokenId = Beginning };
        HashScorer scorer = shares ? shared : new HashScorer(Tokenizer) { BeginningOfSentenceTokenId = Beginning, PrefixTokenId = Beginning };
        ItemScore score = await new ChoiceTask("choose", [item]).EvaluateAsync(item, HashScorer.Session(scorer), Token);
        int[] context = [Beginning, .. Tokenizer.EncodeToIds("sort\n\nin the order: it")];
        for (int i = 0; i < 3; i++)
        {
            int[] choice = [.. Tokenizer.EncodeToIds(" " + item.Choices[i])];
            double expected = Enumerable.Range(0, choice.Length).Sum(k => (double)HashScorer.Of([.. context, .. choice[..k]], choice[k]));
            Assert.Equal(expected, score.Details[$"logprob[{i}]"], 1e-5);
        }

        Assert.Equal(shares ? (1, 0) : (0, 3), (shared.SharedCalls, scorer.Read.Count));
        Assert.False(score.Details.ContainsKey("acc_mutual_info"));

        // Without the special token.
        score = await new ChoiceTask("choose", [item], new ChoiceTaskOptions { AddsBeginningOfSentence = false }).EvaluateAsync(item, HashScorer.Session(scorer), Token);
        Assert.Equal(HashScorer.Of(context.AsSpan(1), Ids([" "])[0]) + HashScorer.Of([.. context[1..], .. Ids([" "])], Ids(["x"])[0]), score.Details["logprob[2]"], 1e-5);
    }

    [Fact]
    public async Task Evaluate_WithTheChatTemplate_ScoresAfterIt()
    {
        var scorer = new HashScorer(Tokenizer) { BeginningOfSentenceTokenId = Beginning };
        EvaluationItem item = Item("in", ["an", "x"], "x");
        var options = new ChoiceTaskOptions { UsesChatTemplate = true };
        ItemScore score = await new ChoiceTask("choose", [item], options).EvaluateAsync(item, HashScorer.Session(scorer, renderer: new Bracketing()), Token);
        int[] context = [Beginning, .. Tokenizer.EncodeToIds("[in]")];
        Assert.Equal(HashScorer.Of(context, Ids(["x"])[0]), score.Details["logprob[1]"], 1e-6);
        Assert.Equal(1, score.Details["tokens[1]"]);

        // After the beginning of an answer the usual blank stands again.
        item = item with { Prompt = item.Prompt with { AnswerPrefix = "it:" } };
        score = await new ChoiceTask("choose", [item], options).EvaluateAsync(item, HashScorer.Session(scorer, renderer: new Bracketing()), Token);
        Assert.Equal(2, score.Details["tokens[1]"]);
        await Assert.ThrowsAsync<NotSupportedException>(async () => await new ChoiceTask("choose", [item], options).EvaluateAsync(item, HashScorer.Session(scorer), Token));
    }

    [Fact]
    public async Task Evaluate_PromptThatDoesNotFit_IsCutAsItSaysOrTooLong()
    {
        EvaluationItem item = Item("in the order in the order", ["an answer", "x"], "x");
        int needed = 1 + Tokenizer.CountTokens(item.Prompt.Text) + Tokenizer.CountTokens(" an answer") + 1;
        var task = new ChoiceTask("choose", [item]);
        await task.EvaluateAsync(item, HashScorer.Session(new HashScorer(Tokenizer) { ContextLength = needed }), Token);
        await Assert.ThrowsAsync<PromptTooLongException>(
            async () => await task.EvaluateAsync(item, HashScorer.Session(new HashScorer(Tokenizer) { ContextLength = needed - 1 }), Token));

        var scorer = new HashScorer(Tokenizer) { ContextLength = needed - 1 };
        item = item with { Prompt = item.Prompt with { Truncation = new Nothing() } };
        await task.EvaluateAsync(item, HashScorer.Session(scorer), Token);
        Assert.All(scorer.Read, read => Assert.True(read.Length < needed));
    }

    [Fact]
    public void Summarize_IsTheShareOfRightChoicesInPercent()
    {
        var task = new ChoiceTask("choose", [Item("in", ["an", "x"], "x")]);
        IReadOnlyList<TaskFigure> figures = task.Summarize([Result(1, 0), Result(1, 1), Result(0, 1)]);
        Assert.Equal(["acc", "acc_norm", "acc_bytes", "acc_tokens"], figures.Select(figure => figure.Name));
        double[] expected = [200.0 / 3, 200.0 / 3, 0, 100];
        Assert.All(figures.Zip(expected), pair => Assert.Equal(pair.Second, pair.First.Value!.Value, 1e-12));
        Assert.All(task.Summarize([]), figure => Assert.Null(figure.Value));

        static ItemResult Result(double plain, double normal) => new()
        {
            Model = "m", Strategy = "s", Task = "t", Item = "i", Status = ItemStatus.Scored, Score = plain,
            Details = new Dictionary<string, double> { ["acc"] = plain, ["acc_norm"] = normal, ["acc_bytes"] = 0, ["acc_tokens"] = 1 },
        };
    }

    [Fact]
    public void Over_ATaskWithLengths_HasThemToo()
    {
        EvaluationItem item = Item("in", ["an", "x"], "x");
        ChoiceTask task = ChoiceTask.Over(new Source(item));
        Assert.Equal(("source/likelihood", null), (task.Name, task.ItemCount));
        Assert.Equal(1, ChoiceTask.Over(new ChoiceTask("a", [item])).ItemCount);
        Assert.Equal([item], task.CreateItems(Tokenizer));
        ISizedTask sized = Assert.IsType<ISizedTask>(task, exactMatch: false);
        Assert.Equal([3, 4], sized.Lengths);
        Assert.Equal([item with { Length = 9 }], sized.CreateItems(Tokenizer, 9));
        Assert.IsNotType<ISizedTask>(ChoiceTask.Over(new ChoiceTask("a", [item])), exactMatch: false);
        Assert.NotEqual(task.Identity, ChoiceTask.Over(new Source(item), new ChoiceTaskOptions { Normalization = ChoiceNormalization.Bytes }).Identity);
        Assert.NotEqual(new ChoiceTask("a", [item]).Identity, new ChoiceTask("a", [item with { Answers = ["an"] }]).Identity);
        Assert.Equal(new ChoiceTask("a", [item]).Identity, new ChoiceTask("a", [Item("in", ["an", "x"], "x")]).Identity);
    }

    [Fact]
    public async Task Evaluate_WhatCannotBe_IsRefusedByName()
    {
        Assert.Throws<ArgumentException>(() => new ChoiceTask("a", []));
        Assert.Contains("\"q\"", Assert.Throws<ArgumentException>(() => new ChoiceTask("a", [Item("in", [], "x")])).Message, StringComparison.Ordinal);
        ArgumentException noAnswer = Assert.Throws<ArgumentException>(() => new ChoiceTask("a", [Item("in", ["an", "or"], "x")]));
        Assert.Contains("[x]", noAnswer.Message, StringComparison.Ordinal);
        Assert.Contains("[an, or]", noAnswer.Message, StringComparison.Ordinal);
        EvaluationItem item = Item("x t", ["he", "x"], "x");
        Assert.Throws<ArgumentException>(() => new ChoiceTask("a", [item], new ChoiceTaskOptions { Normalization = (ChoiceNormalization)9 }));

        var task = new ChoiceTask("a", [item], new ChoiceTaskOptions { Delimiter = "" });
        await Assert.ThrowsAsync<NotSupportedException>(async () => await task.EvaluateAsync(item, HashScorer.Session(null, Tokenizer), Token));
        InvalidOperationException merged = await Assert.ThrowsAsync<InvalidOperationException>(
            async () => await task.EvaluateAsync(item, HashScorer.Session(new HashScorer(Tokenizer)), Token));
        Assert.Contains("\"he\"", merged.Message, StringComparison.Ordinal);
        item = Item("", ["he", "x"], "x");
        await Assert.ThrowsAsync<NotSupportedException>(async () => await task.EvaluateAsync(item, HashScorer.Session(new HashScorer(Tokenizer)), Token));
    }

    private static EvaluationItem Item(string text, string[] choices, string answer) =>
        new() { Id = "q", Prompt = EvaluationPrompt.FromText(text), Answers = [answer], Choices = choices };

    private static int[] Ids(string[] tokens) => [.. tokens.SelectMany(token => token == "<beginning>" ? [Beginning] : Tokenizer.EncodeToIds(token))];

    private sealed class Bracketing : IPromptRenderer
    {
        public string Render(EvaluationPrompt prompt) => $"[{prompt.Text}]{prompt.AnswerPrefix}";
    }

    private sealed class Nothing : PromptTruncation
    {
        public override string Name => "nothing";

        public override EvaluationPrompt Fit(EvaluationPrompt prompt, Tokenizer tokenizer, int maximumTokens) => prompt with { After = "in" };
    }

    private sealed class Source(EvaluationItem item) : AnswerTask, ISizedTask
    {
        public override string Name => "source";

        public override string Identity => "source 1";

        public IReadOnlyList<int> Lengths => [3, 4];

        public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer) => [item];

        public IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer, int length) => [item with { Length = length }];

        public override ItemScore Score(EvaluationItem item, string answer) => new(0);
    }

    /// <summary>Every choice is one letter's tokens, as many as the table says, with the sum it says.</summary>
    private sealed class TableScorer(string[] choices, int[] tokens, double[] sums, double[] alone) : ITokenScorer
    {
        public Tokenizer Tokenizer { get; } = new Pieces(choices, tokens);

        public int? ContextLength => null;

        public int? BeginningOfSentenceTokenId => null;

        public int? PrefixTokenId => 1_000;

        public ValueTask<IReadOnlyList<float>> LogProbabilitiesAsync(ReadOnlyMemory<int> ids, int start, CancellationToken cancellationToken = default)
        {
            int choice = ids.Span[start];
            double sum = ids.Span[0] == PrefixTokenId ? alone[choice] : sums[choice];
            return ValueTask.FromResult<IReadOnlyList<float>>([.. Enumerable.Repeat((float)(sum / tokens[choice]), ids.Length - start)]);
        }
    }

    /// <summary>"question" is one token; a choice is its number as often as the table says.</summary>
    private sealed class Pieces(string[] choices, int[] counts) : Tokenizer
    {
        public override System.Buffers.OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten) =>
            throw new NotSupportedException();

        protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings)
        {
            text ??= textSpan.ToString();
            List<EncodedToken> tokens = [];
            if (text.StartsWith("question", StringComparison.Ordinal)) tokens.Add(new EncodedToken(999, "question", 0..8));
            int choice = Array.FindIndex(choices, candidate => text.EndsWith(candidate, StringComparison.Ordinal));
            if (choice >= 0) tokens.AddRange(Enumerable.Repeat(new EncodedToken(choice, choices[choice], (text.Length - choices[choice].Length)..text.Length), counts[choice]));
            return new EncodeResults<EncodedToken> { Tokens = tokens, CharsConsumed = text.Length };
        }
    }
}
