using LongContext.Data.Examples;
using LongContext.Data.Operators;

namespace LongContext.Data.Making;

public sealed class TextDenoiserTests
{
    [Fact]
    public void Make_T5_KeepsWhiteSpaceWhereItWas()
    {
        // 10 words: round(1.5) = 2 of them in round(2 / 3) = 1 gap, which T5 always puts at the end.
        TextDenoiser maker = new(new TextDenoiserOptions { Denoisers = Denoiser.T5 });
        PromptExample made = maker.Make("  one two\tthree\n\nfour five six seven  eight nine\u00A0 ten\n", 0);
        Assert.Equal("[NLU]   one two\tthree\n\nfour five six seven  eight <extra_id_0>\n", made.Prompt);
        Assert.Equal("<extra_id_0>nine\u00A0 ten", made.Completion);
        Assert.Equal("  one two\tthree\n\nfour five six seven  eight nine\u00A0 ten\n", maker.Restore(made));
        Assert.Equal(["Regular", "3", "0.15", "1"], ((string[])["mode", "meanSpanLength", "noiseRate", "gaps"]).Select(name => made.Properties[name]));
    }

    [Fact]
    public void Make_Instructions_ListsGapsByNumber()
    {
        // 4 words, half of them, mean 1: keep, take, keep, take.
        TextDenoiser maker = new(new TextDenoiserOptions
        {
            Denoisers = [new(DenoisingMode.Extreme, 1, 0.5)],
            Form = DenoisingForm.Instructions with { Prompts = new Dictionary<DenoisingMode, IReadOnlyList<string>> { [DenoisingMode.Extreme] = ["Fill in the missing parts:\n\n{text}\n\n"] } },
        });
        PromptExample made = maker.Make("The cat sat down.", 0);
        Assert.Equal("Fill in the missing parts:\n\nThe [words 1] sat [words 2]\n\n", made.Prompt);
        Assert.Equal("words 1: cat\nwords 2: down.", made.Completion);
        Assert.Equal("The cat sat down.", maker.Restore(made));
    }

    [Fact]
    public void Make_Sequential_CutsAfterAWord()
    {
        TextDenoiser maker = new(new TextDenoiserOptions { Denoisers = [new(DenoisingMode.Sequential, 1, 0.25)] });
        PromptExample made = maker.Make("a b c d e f\n\ng h ", 0);
        Assert.Equal(("[S2S] a b c d e f", "\n\ng h "), (made.Prompt, made.Completion));
    }

    [Fact]
    public void Make_Characters_TakesWholeCodePoints()
    {
        // 4 characters, half of them, mean 1: keep, take, keep, take; the second is a surrogate pair.
        TextDenoiser maker = new(new TextDenoiserOptions { Denoisers = [new(DenoisingMode.Extreme, 1, 0.5)], Unit = DenoisingUnit.Characters });
        PromptExample made = maker.Make("東😀京、", 0);
        Assert.Equal(("[NLG] 東<extra_id_0>京<extra_id_1>", "<extra_id_0>😀<extra_id_1>、"), (made.Prompt, made.Completion));
    }

    [Theory]
    [InlineData(false, DenoisingUnit.Words)]
    [InlineData(true, DenoisingUnit.Words)]
    [InlineData(false, DenoisingUnit.Characters)]
    [InlineData(true, DenoisingUnit.Characters)]
    public void Restore_OfAnything_IsTheText(bool instructions, DenoisingUnit unit)
    {
        TextDenoiser maker = new(new TextDenoiserOptions { Form = instructions ? DenoisingForm.Instructions : DenoisingForm.Sentinels, Unit = unit, Seed = 6 });
        HashSet<string> modes = [];
        int made = 0;
        for (int i = 0; i < 1500; i++)
        {
            string text = MakingTexts.Random(i, 1 + (i % 60));
            if (!maker.CanMake(text))
            {
                Assert.Throws<ArgumentException>("text", () => maker.Make(text, i));
                continue;
            }

            PromptExample example = maker.Make(text, i);
            Assert.Equal(text, maker.Restore(example));
            Assert.Equal(example, maker.Make(text, i));
            Assert.Equal(MakingTexts.HalfPairs(text), MakingTexts.HalfPairs(example.Prompt) + MakingTexts.HalfPairs(example.Completion));
            modes.Add(example.Properties["mode"]);
            made++;
        }

        Assert.Equal(3, modes.Count);
        Assert.True(made > 1000);
    }

    [Fact]
    public void Make_ManyWords_HasTheNoiseThatWasPromised()
    {
        string text = string.Join(' ', Enumerable.Range(0, 400).Select(i => $"w{i}"));
        TextDenoiser maker = new(new TextDenoiserOptions { Denoisers = Denoiser.T5 });
        PromptExample made = maker.Make(text, 3);
        // 400 · 0.15 = 60 words in 60 / 3 = 20 gaps.
        Assert.Equal("20", made.Properties["gaps"]);
        Assert.Equal(60, made.Completion.Split(["<extra_id_", " "], StringSplitOptions.RemoveEmptyEntries).Length);
        PromptExample other = maker.Make(text, 4);
        Assert.NotEqual(made.Prompt, other.Prompt);
    }

    [Fact]
    public void Make_BadInput_SaysWhy()
    {
        TextDenoiser maker = new();
        Assert.Contains("1 words", Assert.Throws<ArgumentException>("text", () => maker.Make(" one ", 0)).Message, StringComparison.Ordinal);
        Assert.Contains("<extra_id_{n}>", Assert.Throws<ArgumentException>("text", () => maker.Make("an <extra_id_17> in it", 0)).Message, StringComparison.Ordinal);
        Assert.True(maker.CanMake("an <extra_id_> or <extra_id_x> is nothing"));
        Assert.Throws<ArgumentException>(() => maker.Restore(new PromptExample("[NLU] nothing", "<extra_id_0>gone")));
        Assert.Throws<ArgumentException>(() => maker.Restore(new PromptExample("no form", "of ours")));
    }

    [Fact]
    public void Denoise_AsOperator_KeepsOriginAndResumes()
    {
        TrainingExample[] texts = [.. Enumerable.Range(0, 9).Select(i => new TextExample(i == 2 ? "short" : MakingTexts.Random(100 + i, 12)) { Origin = new RecordOrigin("a.jsonl", i + 1) })];
        IDataSource<PromptExample> Make() => DataSource.FromList(texts, seed: null).Denoise(new TextDenoiserOptions { Seed = 1 });
        Walks.AssertResumesAnywhere(Make);
        List<PromptExample> made = [.. Make().AsEnumerable(TestContext.Current.CancellationToken)];
        Assert.DoesNotContain(made, example => example.Origin!.Number == 3);
        Assert.All(made, example => Assert.Equal("a.jsonl", example.Origin!.Path));
        Assert.Throws<ArgumentException>(() => DataSource.FromList<TrainingExample>([new PromptExample("a", "b")]).Denoise().Next(TestContext.Current.CancellationToken));
    }
}
