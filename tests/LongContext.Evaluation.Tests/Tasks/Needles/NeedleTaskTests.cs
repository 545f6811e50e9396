using System.Text.Json;
using LongContext.Evaluation.Support;
using LongContext.Evaluation.Tasks.Judging;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Needles;

public sealed class NeedleTaskTests
{
    [Fact]
    public void Grids_Standard_AreThoseOfTheTests()
    {
        Assert.Equal([1_000, 1_441, 1_882, 2_324], NeedleGrid.StandardLengths.Take(4));
        Assert.Equal((35, 16_000), (NeedleGrid.StandardLengths.Count, NeedleGrid.StandardLengths[^1]));
        Assert.Equal([0, 0.03, 0.06, 0.09, 0.12, 0.15, 0.18, 0.21, 0.24, 0.26], NeedleGrid.StandardDepths.Take(10));
        Assert.Equal((35, 1.0), (NeedleGrid.StandardDepths.Count, NeedleGrid.StandardDepths[^1]));
        Assert.Equal([1_000, 7_556, 14_111, 20_667, 27_222, 33_778, 40_333, 46_889, 53_444, 60_000], NeedleGrid.LongAlignLengths);
        Assert.Equal([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9], NeedleGrid.LongAlignDepths);
        // The files of the published results name these: depth_0, 119, 159 or 160, 501 and so on, in hundredths of a percent.
        double[] sigmoid = [.. NeedleGrid.SigmoidDepths()];
        Assert.Equal(35, sigmoid.Length);
        Assert.Equal((0.0, 1.0), (sigmoid[0], sigmoid[^1]));
        foreach (double published in (double[])[0.0119, 0.0160, 0.0501, 0.1131, 0.5, 0.8869, 0.9881, 0.9910])
            Assert.Contains(sigmoid, depth => Math.Abs(depth - published) < 0.0002);
        Assert.Throws<ArgumentOutOfRangeException>(() => NeedleGrid.Depths(0.5, 0.4, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => NeedleGrid.Lengths(10, 9, 3));
    }

    [Theory]
    [InlineData("word", 1_000)]
    [InlineData("subword", 1_000)]
    [InlineData("subword", 16_000)]
    [InlineData("bpe", 4_000)]
    [InlineData("character", 6_000)]
    public void CreateItems_DepthsAndLengths_HidesTheNeedleOnceBehindAFullStop(string tokenizerName, int length)
    {
        Tokenizer tokenizer = TestTokenizers.Get(tokenizerName);
        NeedleTaskOptions options = new() { Depths = [0, 0.1, 0.33, 0.5, 0.9, 1], ItemsPerCell = 2 };
        NeedleTask task = new(options);
        EvaluationItem[] items = [.. task.CreateItems(tokenizer, length)];
        Assert.Equal(12, items.Select(item => item.Id).Distinct().Count());
        foreach (EvaluationItem item in items)
        {
            string[] parts = item.Prompt.Context.Split(options.Needle);
            Assert.Equal(2, parts.Length);
            Assert.True(parts[0].Length == 0 || item.Depth == 1 || parts[0].EndsWith(". ", StringComparison.Ordinal), "the needle stands inside a sentence");
            Assert.Equal(item.Depth == 0, parts[0].Length == 0);
            Assert.Equal(item.Depth == 1, parts[1].Length == 0);
            double before = tokenizer.CountTokens(parts[0]), all = before + tokenizer.CountTokens(parts[1]);
            // Back to the last full stop: less than one sentence before the place, and never behind it.
            Assert.InRange(before, (item.Depth!.Value * all) - tokenizer.CountTokens("The baker opens his shop when the street is still quiet, they say. ") - 2 - (all / 500), (item.Depth.Value * all) + 2);
            int tokens = tokenizer.CountTokens(item.Prompt.Text);
            Assert.Equal(tokens, item.PromptTokenCount);
            int whole = tokens + tokenizer.CountTokens(item.Prompt.System!) + 300 + 64;
            Assert.InRange(whole, length * 0.99, length);
            Assert.EndsWith($"\n\n{options.Question} Don't give information outside the document or repeat your findings", item.Prompt.Text, StringComparison.Ordinal);
        }

        Assert.NotEqual(items[0].Prompt.Context, items[1].Prompt.Context);
        Assert.Equal(items[3].Prompt, new NeedleTask(options).CreateItems(tokenizer, length).ElementAt(3).Prompt);
    }

    [Fact]
    public void CreateItems_OwnFiles_AreUsedFromTheirBeginningAndAgain()
    {
        string folder = Directory.CreateTempSubdirectory("needles").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "a.txt"), "It costs 3.14 each\nin  town. So it is. ");
            File.WriteAllText(Path.Combine(folder, "b.json"), JsonSerializer.Serialize(new { text = "Another text" }));
            NeedleTask task = new(new NeedleTaskOptions { Haystack = [folder], Depths = [0.5], Needle = "\nFind me.\n", Question = "What?", KeyPhrases = ["find me"], System = null });
            EvaluationItem item = task.Create(PieceTokenizer.Subword, 1_000, 0.5);
            string[] parts = item.Prompt.Context.Split("\nFind me.\n");
            Assert.Equal(2, parts.Length);
            // All as it stands in the files; a number's point is no full stop.
            string text = "It costs 3.14 each\nin  town. So it is. Another text\n";
            Assert.StartsWith(text + text, parts[0], StringComparison.Ordinal);
            Assert.True(parts[0].EndsWith("town.", StringComparison.Ordinal) || parts[0].EndsWith("is.", StringComparison.Ordinal));
            Assert.StartsWith(parts[0] + parts[1], string.Concat(Enumerable.Repeat(text, 100)), StringComparison.Ordinal);
            Assert.NotEqual(task.Identity, new NeedleTask(new NeedleTaskOptions { Depths = [0.5], Needle = "\nFind me.\n", Question = "What?", KeyPhrases = ["find me"], System = null }).Identity);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("words without an end ", false)]
    [InlineData("Is it so? It is! Well… ", true)]
    [InlineData("वह अपने घर गया। फिर वह सो गया। ", true)]
    [InlineData("灯台守は鍵を置く。海は今日も静かである！そして誰も来ない。", true)]
    [InlineData("灯台守は三つ目の青い植木鉢の下に予備の鍵を置き", false)]
    [InlineData("คนเฝ้าประภาคารเก็บกุญแจสำรองไว้ใต้กระถางดอกไม้", false)]
    public void CreateItems_AnyScript_FillsTheLengthAndHidesTheNeedleAtItsDepth(string text, bool hasStops)
    {
        string file = Path.GetTempFileName();
        try
        {
            // All in one line, and little of it: more than one copy fills the length.
            File.WriteAllText(file, string.Concat(Enumerable.Repeat(text, 60)));
            NeedleTask task = new(new NeedleTaskOptions { Haystack = [file], Needle = "NEEDLE", Question = "?", KeyPhrases = ["NEEDLE"], System = null });
            foreach (double depth in (double[])[0.1, 0.5, 0.9])
            {
                EvaluationItem item = task.Create(PieceTokenizer.CharacterLevel, 4_000, depth);
                Assert.InRange(item.PromptTokenCount!.Value + 364, 3_950, 4_000);
                string[] parts = item.Prompt.Context.Split("NEEDLE");
                Assert.Equal(depth, parts[0].Length / (double)item.Prompt.Context.Length, 0.03);
                char before = parts[0].TrimEnd()[^1];
                Assert.True(!hasStops || "。！।!?…".Contains(before, StringComparison.Ordinal), $"The needle stands behind '{before}'.");
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Needles stand in a text as its own sentences do.</summary>
    [Theory]
    [InlineData("海很静。天很蓝。海很静。天很蓝。海很静。天很蓝。", "灯是红的。", "海很静。天很蓝。海很静。天很蓝。灯是红的。海很静。天很蓝。灯是红的。")]
    [InlineData("海很静。天很蓝。海很静。天很蓝。海很静。天很蓝。", "The lamp is red.", "海很静。天很蓝。海很静。天很蓝。The lamp is red.海很静。天很蓝。The lamp is red.")]
    [InlineData("静かだ。\n青い。", "赤い。", "静かだ。赤い。\n青い。赤い。")]
    [InlineData("「静かだ。」空は青く海は広くて月は丸くて星は遠い", "赤い。", "「静かだ。」赤い。空は青く海は広くて月は丸くて星は遠い赤い。")]
    [InlineData("彼は「静か！？（そう。）」と言って「青い。」", "赤い。", "彼は「静か！？（そう。）」赤い。と言って「青い。」赤い。")]
    [InlineData("他说：“海很静。”“天很蓝啊，灯是红的。”", "风大。", "他说：“海很静。”风大。“天很蓝啊，灯是红的。”风大。")]
    [InlineData("It is calm. It is blue.", "灯是红的。", "It is calm. 灯是红的。 It is blue. 灯是红的。")]
    [InlineData("바다는 조용하다. 하늘은 푸르다.", "등은 붉다.", "바다는 조용하다. 등은 붉다. 하늘은 푸르다. 등은 붉다.")]
    [InlineData("ทะเลสงบ. ฟ้าใส", "ไฟสีแดง", "ทะเลสงบ. ไฟสีแดง ฟ้าใส ไฟสีแดง")]
    public void Insert_AnyScript_JoinsAsTheTextDoes(string text, string needle, string expected) =>
        Assert.Equal(expected, NeedlePlacing.Insert(PieceTokenizer.CharacterLevel, text, [(needle, 0.8), (needle, 1)]));

    [Fact]
    public void Insert_SeveralAtOnePlace_JoinsThemAsTheTextDoes()
    {
        Assert.Equal("甲。乙。海。", NeedlePlacing.Insert(PieceTokenizer.CharacterLevel, "海。", [("甲。", 0), ("乙。", 0)]));
        Assert.Equal("海。\n甲。乙。", NeedlePlacing.Insert(PieceTokenizer.CharacterLevel, "海。\n", [("甲。", 1), ("乙。", 1)]));
        Assert.Equal("A. B. Sea.", NeedlePlacing.Insert(PieceTokenizer.CharacterLevel, "Sea.", [("A.", 0), ("B.", 0)]));
        Assert.Equal("甲𠀋乙", NeedlePlacing.Insert(PieceTokenizer.CharacterLevel, "𠀋", [("甲", 0), ("乙", 1)]));
        Assert.Equal("甲 乙", NeedlePlacing.Insert(PieceTokenizer.CharacterLevel, "", [("甲", 0), ("乙", 1)]));
    }

    [Fact]
    public void CreateItems_LongStretchWithoutAFullStop_StaysAtTheDepth()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, "It begins. " + string.Concat(Enumerable.Repeat("a table of words ", 2_000)));
            NeedleTask task = new(new NeedleTaskOptions { Haystack = [file] });
            string context = task.Create(PieceTokenizer.WordLevel, 4_000, 0.5).Prompt.Context;
            Assert.Equal(0.5, context.IndexOf("The lighthouse", StringComparison.Ordinal) / (double)context.Length, 0.01);
            // In the first sentence as the test does: at the beginning.
            File.WriteAllText(file, string.Concat(Enumerable.Repeat("a line of words ", 60)) + "end. " + string.Concat(Enumerable.Repeat("So it is. ", 2_000)));
            Assert.StartsWith("The lighthouse", new NeedleTask(new NeedleTaskOptions { Haystack = [file] }).Create(PieceTokenizer.WordLevel, 4_000, 0.05).Prompt.Context, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void CreateItems_WordsTooLongForTheLength_AreRefused()
    {
        string file = Path.GetTempFileName();
        try
        {
            File.WriteAllText(file, string.Concat(Enumerable.Repeat(new string('x', 250) + " ", 20)));
            NeedleTask task = new(new NeedleTaskOptions { Haystack = [file], Needle = "NEEDLE", Question = "?", KeyPhrases = ["NEEDLE"], System = null });
            string message = Assert.Throws<ArgumentException>(() => task.Create(PieceTokenizer.CharacterLevel, 850, 1)).Message;
            Assert.Contains("of 850 tokens would have only", message, StringComparison.Ordinal);
            Assert.NotNull(task.Create(PieceTokenizer.CharacterLevel, 10_000, 1));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Score_PhrasesOrRouge_AsTheOptionsSay()
    {
        NeedleTask phrases = new(new NeedleTaskOptions { Needle = "A red and blue thing.", KeyPhrases = ["red", "blue"] });
        EvaluationItem item = phrases.Create(PieceTokenizer.WordLevel, 600, 0.5);
        Assert.Equal((0.5, 1.0, 0.0), (phrases.Score(item, "RED").Value, phrases.Score(item, "Blue, red").Value, phrases.Score(item, "none").Value));
        NeedleTask rouge = new(new NeedleTaskOptions { Needle = "A red and blue thing.", Answer = "red and blue", KeyPhrases = ["red"], Scoring = NeedleScoring.RougeL });
        ItemScore score = rouge.Score(item, "red blue");
        Assert.Equal(0.8, score.Value, 1e-12);
        Assert.Equal(1, score.Details["phrases"]);
    }

    [Fact]
    public async Task EvaluateAsync_WithAJudge_TakesItsScore()
    {
        using ScriptedClient client = new(_ => "");
        EvaluationModel model = new() { Name = "m", Client = client, Tokenizer = PieceTokenizer.WordLevel };
        DirectSession session = new(model, (asked, prompt, settings) => asked == model ? $"said in {settings.MaximumNewTokens}" : prompt.Text.Contains("said in 300", StringComparison.Ordinal) ? "[[7]]" : "[[1]]");
        NeedleTask task = new(new NeedleTaskOptions { Judge = new Judge(new EvaluationModel { Name = "j", Client = client, Tokenizer = PieceTokenizer.WordLevel }, JudgePrompt.Needle) });
        EvaluationItem item = task.Create(PieceTokenizer.WordLevel, 600, 0.5);
        Assert.Equal(0.7, (await task.EvaluateAsync(item, session, TestContext.Current.CancellationToken)).Value);
        Assert.Equal(0, (await new NeedleTask().EvaluateAsync(item, session, TestContext.Current.CancellationToken)).Value);
        Assert.NotEqual(task.Identity, new NeedleTask().Identity);
    }

    [Fact]
    public void MultiNeedle_Items_SpreadTheNeedlesFromTheDepthOn()
    {
        MultiNeedleTask task = new(new MultiNeedleTaskOptions { Depths = [0.2, 1] });
        string[] dishes = ["smoked trout", "chestnut soup", "plum dumplings", "rye pancakes", "pickled fennel"];
        EvaluationItem item = task.Create(PieceTokenizer.Subword, 8_000, 0.2);
        double[] places = [.. dishes.Select(dish => item.Prompt.Context.IndexOf(dish, StringComparison.Ordinal) / (double)item.Prompt.Context.Length)];
        Assert.Equal([0.2, 0.36, 0.52, 0.68, 0.84], places, (a, b) => Math.Abs(a - b) < 0.03);
        Assert.All(dishes, dish => Assert.Equal(2, item.Prompt.Context.Split(dish).Length));
        Assert.InRange(item.PromptTokenCount!.Value + PieceTokenizer.Subword.CountTokens(item.Prompt.System!) + 364, 7_920, 8_000);
        Assert.EndsWith("pickled fennel.", task.Create(PieceTokenizer.Subword, 2_000, 1).Prompt.Context, StringComparison.Ordinal);
        Assert.Equal(0.6, task.Score(item, "Smoked trout, rye pancakes and chestnut soup").Value, 1e-12);
    }

    [Fact]
    public void Summarize_Results_HasAFigureForEachLength()
    {
        ItemResult Result(int length, double score) => new() { Model = "m", Strategy = "s", Task = "t", Item = "i", Status = ItemStatus.Scored, Length = length, Score = score };
        Assert.Equal(
            [new TaskFigure("score", 50), new TaskFigure("1000", 75), new TaskFigure("2000", 0)],
            new NeedleTask().Summarize([Result(2_000, 0), Result(1_000, 1), Result(1_000, 0.5)]));
    }

    [Fact]
    public void Constructor_FaultyOptions_NamesAll()
    {
        string message = Assert.Throws<ArgumentException>(() => new NeedleTask(new NeedleTaskOptions
        {
            Lengths = [], Depths = [1.5], ItemsPerCell = 0, Needle = " ", KeyPhrases = ["x"], MaximumNewTokens = 0, TemplateTokens = -1,
        })).Message;
        foreach (string part in (string[])["Lengths", "Depths holds 1.5", "ItemsPerCell", "Needle is empty", "MaximumNewTokens", "TemplateTokens"])
            Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.Contains("not in Needle", Assert.Throws<ArgumentException>(() => new NeedleTask(new NeedleTaskOptions { KeyPhrases = ["elsewhere"] })).Message, StringComparison.Ordinal);
        Assert.Contains("key phrase in it", Assert.Throws<ArgumentException>(() => new MultiNeedleTask(new MultiNeedleTaskOptions { Needles = [new("a", "b")] })).Message, StringComparison.Ordinal);
        Assert.Throws<FileNotFoundException>(() => new NeedleTask(new NeedleTaskOptions { Haystack = ["/nowhere/none.txt"] }));
        Assert.Contains("more than", Assert.Throws<ArgumentException>(() => new NeedleTask().Create(PieceTokenizer.WordLevel, 230, 0.5)).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => new NeedleTask().Create(PieceTokenizer.WordLevel, 600, 2));
    }
}
