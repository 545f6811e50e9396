using LongContext.Core.Tests.Tokenization;
using LongContext.Data.Examples;
using LongContext.Data.Operators;

namespace LongContext.Data.Making;

public sealed class FillInTheMiddleTests
{
    private static readonly FillInTheMiddleFormat[] Formats =
    [
        FillInTheMiddleFormat.StarCoder, FillInTheMiddleFormat.SantaCoder, FillInTheMiddleFormat.CodeLlama, FillInTheMiddleFormat.Qwen25Coder, FillInTheMiddleFormat.DeepSeekCoder,
        FillInTheMiddleFormat.CodeGemma, FillInTheMiddleFormat.Codestral, FillInTheMiddleFormat.FromTokens("own", "<P>", "<S>", "<M>", "<E>", SpmVariant.First),
    ];

    public static TheoryData<int> FormatNumbers => [.. Enumerable.Range(0, Formats.Length)];

    [Fact]
    public void Formats_AreThoseOfTheModels()
    {
        // A document "prefix", "middle", "suffix" of P, M and S.
        Assert.Equal("<fim_prefix>P<fim_suffix>S<fim_middle>M", Write(FillInTheMiddleFormat.StarCoder.PrefixSuffixMiddle));
        Assert.Equal("<fim_prefix><fim_suffix>S<fim_middle>PM", Write(FillInTheMiddleFormat.StarCoder.SuffixPrefixMiddle));
        Assert.Equal("<fim-prefix>P<fim-suffix>S<fim-middle>M", Write(FillInTheMiddleFormat.SantaCoder.PrefixSuffixMiddle));
        Assert.Equal("<PRE> P <SUF>S <MID>M <EOT>", Write(FillInTheMiddleFormat.CodeLlama.PrefixSuffixMiddle));
        Assert.Equal("<PRE> <SUF>S <MID> PM <EOT>", Write(FillInTheMiddleFormat.CodeLlama.SuffixPrefixMiddle));
        Assert.Equal("<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>M", Write(FillInTheMiddleFormat.Qwen25Coder.PrefixSuffixMiddle));
        Assert.Equal("<\uFF5Cfim\u2581begin\uFF5C>P<\uFF5Cfim\u2581hole\uFF5C>S<\uFF5Cfim\u2581end\uFF5C>M", Write(FillInTheMiddleFormat.DeepSeekCoder.PrefixSuffixMiddle));
        Assert.Equal("<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>M<|file_separator|>", Write(FillInTheMiddleFormat.CodeGemma.PrefixSuffixMiddle));
        Assert.Equal("[SUFFIX]S[PREFIX] PM", Write(FillInTheMiddleFormat.Codestral.SuffixPrefixMiddle));
        Assert.Null(FillInTheMiddleFormat.Codestral.PrefixSuffixMiddle);
        Assert.Equal("<S>S<P>P<M>M<E>", Write(Formats[^1].SuffixPrefixMiddle));

        static string Write(string? template)
        {
            FillInTheMiddleTemplate parts = new(template!);
            return parts.Before("P", "S") + "M" + parts.End;
        }
    }

    [Theory]
    [MemberData(nameof(FormatNumbers))]
    public void Restore_OfAnything_IsTheDocument(int format)
    {
        foreach (FillInTheMiddleLoss loss in Enum.GetValues<FillInTheMiddleLoss>())
        {
            FillInTheMiddleMaker maker = new(new FillInTheMiddleOptions { Format = Formats[format], Rate = 0.9, Loss = loss, Seed = 2 });
            HashSet<string> orders = [];
            for (int i = 0; i < 400; i++)
            {
                string text = MakingTexts.Random(i, 1 + (i % 30));
                TrainingExample made = maker.Make(text, i);
                Assert.Equal(text, maker.Restore(made));
                Assert.Equal(made, maker.Make(text, i));
                string order = made.Properties["fim"];
                orders.Add(order);
                bool apart = order != "none" && loss == FillInTheMiddleLoss.Middle;
                // Where everything counts, only a middle that follows the prefix at once is apart.
                if (order != "spm" || loss == FillInTheMiddleLoss.Middle || format == Formats.Length - 1) Assert.Equal(apart, made is PromptExample);
                if (made is not PromptExample prompt) continue;
                Assert.NotEqual("", prompt.Completion);
                Assert.Equal(loss == FillInTheMiddleLoss.Everything, prompt.PromptCounts);
                if (loss == FillInTheMiddleLoss.Everything) continue;
                Assert.Equal(MakingTexts.HalfPairs(text), MakingTexts.HalfPairs(prompt.Prompt) + MakingTexts.HalfPairs(prompt.Completion));
            }

            bool both = Formats[format] is { PrefixSuffixMiddle: not null, SuffixPrefixMiddle: not null };
            Assert.Equal(both ? 3 : 2, orders.Count);
        }
    }

    [Fact]
    public void Make_Shares_AreThoseAskedFor()
    {
        FillInTheMiddleMaker maker = new(new FillInTheMiddleOptions { Format = FillInTheMiddleFormat.StarCoder });
        Dictionary<string, int> orders = Enumerable.Range(0, 8000).Select(i => maker.Make("some text", i).Properties["fim"]).GroupBy(order => order).ToDictionary(group => group.Key, group => group.Count());
        // Half none, a quarter each: five standard deviations are 5·√(8000·0.25) = 224 and 5·√(8000·0.1875) = 194.
        Assert.InRange(orders["none"], 4000 - 224, 4000 + 224);
        Assert.InRange(orders["psm"], 2000 - 194, 2000 + 194);
        Assert.InRange(orders["spm"], 2000 - 194, 2000 + 194);
    }

    [Fact]
    public void Make_Cuts_AreUniformOverAllPlaces()
    {
        // "ab" has 3 places; two are drawn apart: 9 equally likely pairs, of which (0,1), (0,2), (1,2) come twice.
        FillInTheMiddleMaker maker = new(new FillInTheMiddleOptions { Format = FillInTheMiddleFormat.Qwen25Coder, Rate = 1 });
        Dictionary<string, int> cuts = Enumerable.Range(0, 9000).Select(i => ((TextExample)maker.Make("ab", i)).Text).GroupBy(text => text).ToDictionary(group => group.Key, group => group.Count());
        Assert.Equal(6, cuts.Count);
        Assert.InRange(cuts["<|fim_prefix|>a<|fim_suffix|>b<|fim_middle|>"], 1000 - 150, 1000 + 150);
        Assert.InRange(cuts["<|fim_prefix|><|fim_suffix|><|fim_middle|>ab"], 2000 - 200, 2000 + 200);
        Assert.InRange(cuts["<|fim_prefix|>a<|fim_suffix|><|fim_middle|>b"], 2000 - 200, 2000 + 200);
    }

    /// <summary>As Bavarian et al. write SPM (appendix D): Enc(prefix) and Enc(middle), not the encoding of both in one piece.</summary>
    [Fact]
    public void Make_SuffixFirst_PrefixAndMiddleAreEncodedApartAndCount()
    {
        FillInTheMiddleMaker maker = new(new FillInTheMiddleOptions { Format = FillInTheMiddleFormat.FromTokens("own", "P", "S", "M"), Rate = 1, SpmShare = 1 });
        HashSet<string> made = [];
        for (int i = 0; i < 200; i++)
        {
            TrainingExample example = maker.Make("ab", i);
            made.Add(example is PromptExample { PromptCounts: true } prompt ? $"{prompt.Prompt}|{prompt.Completion}" : ((TextExample)example).Text);
            Assert.Equal("ab", maker.Restore(example));
        }

        // The three cuts with a middle, and the three without, of which nothing is left to encode apart.
        Assert.Equal(new HashSet<string> { "PSbM|a", "PSM|ab", "PSMa|b", "PSabM", "PSbMa", "PSMab" }, made);
    }

    [Fact]
    public void MakeWindows_Pieces_FitAndAreTheDocument()
    {
        string text = string.Concat(Enumerable.Range(0, 400).Select(i => i % 9 == 0 ? $"line {i};\n" : $"{MakingTexts.Random(i, 6)} "));
        FillInTheMiddleMaker maker = new(new FillInTheMiddleOptions { Format = FillInTheMiddleFormat.StarCoder, Rate = 0.7 });
        foreach (int length in (int[])[40, 333, 100_000])
        {
            IReadOnlyList<TrainingExample> made = maker.MakeWindows(text, PieceTokenizer.Subword, length, 5);
            Assert.Equal(text, string.Concat(made.Select(maker.Restore)));
            // Prompt and completion are encoded apart.
            int[] tokens = [.. made.Select(example => (example is PromptExample prompt ? [prompt.Prompt, prompt.Completion] : new[] { ((TextExample)example).Text }).Sum(text => PieceTokenizer.Subword.CountTokens(text)))];
            Assert.All(tokens, count => Assert.InRange(count, 1, length));
            // All but the last are well filled: a border before a word may cost an eighth.
            if (length == 333) Assert.All(tokens[..^1], count => Assert.InRange(count, 280, 333));
            Assert.Equal(length == 100_000 ? 1 : tokens.Length, tokens.Length);
        }
    }

    /// <summary>A context is met by what the encoder makes: its beginning and end, and a middle that it encodes by itself.</summary>
    [Theory]
    [InlineData("llama2")]
    [InlineData("llama3_1")]
    [InlineData("qwen3")]
    public void FillInTheMiddle_ByAnEncoder_FitsOnceEncoded(string name)
    {
        const int Context = 200;
        ExampleEncoder encoder = new(TokenizerFolders.Load(name));
        TextExample[] texts = [.. Enumerable.Range(0, 3).Select(i => new TextExample(MakingTexts.Random(i, 400)) { Origin = new RecordOrigin("a", i) })];
        foreach (FillInTheMiddleLoss loss in Enum.GetValues<FillInTheMiddleLoss>())
        {
            FillInTheMiddleOptions options = new() { Format = FillInTheMiddleFormat.StarCoder, Rate = 0.8, Loss = loss };
            IDataSource<TrainingExample> Source() => DataSource.FromList<TrainingExample>(texts, seed: null).FillInTheMiddle(options, encoder, Context);
            TrainingExample[] made = [.. Source().AsEnumerable(TestContext.Current.CancellationToken)];
            Assert.InRange(made.Max(example => encoder.Encode(example).Length), Context - 8, Context);
            FillInTheMiddleMaker maker = new(options);
            foreach (TextExample text in texts) Assert.Equal(text.Text, string.Concat(made.Where(example => example.Origin == text.Origin).Select(maker.Restore)));
            Walks.AssertResumesAnywhere(Source);
        }
    }

    [Fact]
    public void Make_BadInput_SaysWhy()
    {
        FillInTheMiddleMaker maker = new(new FillInTheMiddleOptions { Format = FillInTheMiddleFormat.CodeLlama });
        Assert.Throws<ArgumentException>("text", () => maker.Make("", 0));
        Assert.Contains("\"<SUF>\"", Assert.Throws<ArgumentException>("text", () => maker.Make("a <SUF> b", 0)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>("contextLength", () => maker.MakeWindows("a", PieceTokenizer.Subword, 3, 0));
        Assert.Throws<ArgumentException>("made", () => maker.Restore(new PromptExample("no", "order")));
        string message = Assert.Throws<ArgumentException>(() => new FillInTheMiddleMaker(new FillInTheMiddleOptions
        {
            Format = new FillInTheMiddleFormat("bad", "{prefix}{suffix}|{middle}", null), Rate = 2, SpmShare = 0.5, Loss = (FillInTheMiddleLoss)5,
        })).Message;
        foreach (string part in (string[])["between the first two places", "Rate is 2", "SpmShare is 0.5, but bad knows no suffix before prefix", "Loss is 5"])
            Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.Contains("not blanks alone", Assert.Throws<ArgumentException>(() => new FillInTheMiddleMaker(new FillInTheMiddleOptions { Format = new FillInTheMiddleFormat("bad", "<A>{prefix}\n{suffix}<B>{middle}", null) })).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => new FillInTheMiddleMaker(new FillInTheMiddleOptions { Format = new FillInTheMiddleFormat("bad", "{middle}|{prefix}|{suffix}", null) }));
        Assert.Throws<ArgumentException>(() => new FillInTheMiddleMaker(new FillInTheMiddleOptions { Format = FillInTheMiddleFormat.Codestral, SpmShare = 0.5 }));
    }

    [Fact]
    public void FillInTheMiddle_AsOperator_Resumes()
    {
        TrainingExample[] texts = [.. Enumerable.Range(0, 8).Select(i => new TextExample(i == 2 ? "a <fim_suffix> in it" : string.Join(' ', Enumerable.Range(i, 40))))];
        FillInTheMiddleOptions options = new() { Format = FillInTheMiddleFormat.StarCoder };
        Assert.Equal(7, Walks.AssertResumesAnywhere(() => DataSource.FromList(texts, seed: null).FillInTheMiddle(options)).Count);
        Assert.True(Walks.AssertResumesAnywhere(() => DataSource.FromList(texts, seed: null).FillInTheMiddle(options, PieceTokenizer.WordLevel, 20)).Count > 14);
    }
}
