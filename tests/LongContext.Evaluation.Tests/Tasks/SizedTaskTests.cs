using LongContext.Evaluation.Tasks.Needles;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks;

/// <summary>Passkey and repetition as tasks of a run: whole items of given lengths.</summary>
public sealed class SizedTaskTests
{
    [Theory]
    [MemberData(nameof(TestTokenizers.WithLengths), MemberType = typeof(TestTokenizers))]
    public void Passkey_Items_HaveTheLengthWithAnswerAndTemplate(string tokenizerName, int length)
    {
        Tokenizer tokenizer = TestTokenizers.Get(tokenizerName);
        PasskeyTask task = new(new PasskeyTaskOptions { Lengths = [length], Depths = [0, 0.5, 1], ItemsPerCell = 2 });
        EvaluationItem[] items = [.. task.CreateItems(tokenizer)];
        Assert.Equal([0, 1, 0.5, 0, 1, 0.5], items.Select(item => item.Depth!.Value));
        Assert.Equal(6, items.Select(item => (item.Id, item.Answer)).Distinct().Count());
        foreach (EvaluationItem item in items)
        {
            Assert.Equal((length, tokenizer.CountTokens(item.Prompt.Text)), (item.Length!.Value, item.PromptTokenCount!.Value));
            Assert.InRange(item.PromptTokenCount.Value + item.Settings.MaximumNewTokens + 64, length * 0.98, length);
            Assert.Contains(item.Answer, item.Prompt.Context, StringComparison.Ordinal);
            Assert.EndsWith("The pass key is", item.Prompt.After, StringComparison.Ordinal);
            Assert.Equal(1, task.Score(item, " " + item.Answer).Value);
        }
    }

    [Theory]
    [MemberData(nameof(TestTokenizers.WithLengths), MemberType = typeof(TestTokenizers))]
    public void Repetition_Items_HaveTheLengthWithAnswerAndTemplate(string tokenizerName, int length)
    {
        Tokenizer tokenizer = TestTokenizers.Get(tokenizerName);
        foreach (RepetitionForm form in Enum.GetValues<RepetitionForm>())
        {
            RepetitionTask task = new(new RepetitionTaskOptions { Form = form, Lengths = [length], ItemsPerCell = 8, MaximumCount = 40 });
            EvaluationItem[] items = [.. task.CreateItems(tokenizer)];
            Assert.Equal(8, items.Select(item => (item.Id, item.Answer)).Distinct().Count());
            foreach (EvaluationItem item in items)
            {
                Assert.Equal((length, tokenizer.CountTokens(item.Prompt.Text)), (item.Length!.Value, item.PromptTokenCount!.Value));
                Assert.InRange(item.Settings.MaximumNewTokens, Math.Max(16, tokenizer.CountTokens(item.Answer)), length);
                Assert.InRange(item.PromptTokenCount.Value + item.Settings.MaximumNewTokens + 64, 1, length);
                Assert.Contains(item.Answer, item.Prompt.Context, StringComparison.Ordinal);
                Assert.Equal(1, task.Score(item, item.Answer).Value);
            }

            Assert.Equal(items[5].Prompt, task.CreateItems(tokenizer, length).ElementAt(5).Prompt);
        }
    }

    [Fact]
    public void Repetition_FixedAnswerLength_FillsTheLength()
    {
        RepetitionTask task = new(new RepetitionTaskOptions { Form = RepetitionForm.AfterMarker, Depths = [0, 0.5], Lengths = [2_048], ItemsPerCell = 3, MaximumNewTokens = 256, CountsWords = true });
        EvaluationItem[] items = [.. task.CreateItems(PieceTokenizer.Subword)];
        Assert.Equal([0, 0.5, 0, 0.5, 0, 0.5], items.Select(item => item.Depth!.Value));
        Assert.All(items, item => Assert.InRange(item.PromptTokenCount!.Value + 256 + 64, 2_040, 2_048));
        ItemScore score = task.Score(items[0], items[0].Answer.Split(' ')[0]);
        Assert.Equal(score.Value, score.Details["words"]);
        Assert.NotEqual(score.Value, score.Details["characters"]);
    }

    /// <summary>Fixes the items: a change here makes figures of two versions incomparable.</summary>
    [Fact]
    public void CreateItems_DefaultSeeds_AreTheSameInEveryVersion()
    {
        EvaluationTask[] tasks =
        [
            new PasskeyTask(), new RepetitionTask(), new RepetitionTask(new RepetitionTaskOptions { Form = RepetitionForm.AfterMarker }), new NeedleTask(), new MultiNeedleTask(), new KeyValueTask(),
        ];
        string[] found = [.. tasks.Select(task => $"{task.Name} {ItemHash.Of(Fourth(task))}")];
        Assert.Equal(
            [
                "passkey 141a31561ad6d547",
                "repetition baeb7e99e839065d",
                "repetition/after-marker 2e9e28fd4376e0c7",
                "needle 1b1a4144c27330af",
                "multi-needle c5a717103fe81399",
                "key-value ff4449aebc1848e5",
            ],
            found);
    }

    /// <summary>Of a grid the fourth depth's first item, whichever the order in which depths are asked.</summary>
    private static EvaluationItem Fourth(EvaluationTask task)
    {
        if (task is not (PasskeyTask or NeedleTestTask)) return task.CreateItems(PieceTokenizer.Subword).ElementAt(3);
        ISizedTask sized = (ISizedTask)task;
        return sized.CreateItems(PieceTokenizer.Subword, sized.Lengths[0]).OrderBy(item => item.Depth).ElementAt(3);
    }

    [Fact]
    public void CreateItems_NoRoom_SaysSo()
    {
        Assert.Contains("all of the length", Assert.Throws<ArgumentException>(() => new PasskeyTask().CreateItems(PieceTokenizer.WordLevel, 80).First()).Message, StringComparison.Ordinal);
        Assert.Contains("more than", Assert.Throws<ArgumentException>(() => new PasskeyTask().CreateItems(PieceTokenizer.WordLevel, 90).First()).Message, StringComparison.Ordinal);
        Assert.ThrowsAny<ArgumentException>(() => new RepetitionTask().CreateItems(PieceTokenizer.WordLevel, 80).First());
        Assert.Contains("only the form", Assert.Throws<ArgumentException>(() => new RepetitionTask(new RepetitionTaskOptions { Depths = [0.5] })).Message, StringComparison.Ordinal);
        string fault = Assert.Throws<ArgumentException>(() => new PasskeyTask(new PasskeyTaskOptions { Lengths = [0], Depths = [2], ItemsPerCell = 0 })).Message;
        foreach (string part in (string[])["Lengths holds 0", "Depths holds 2", "ItemsPerCell is 0"]) Assert.Contains(part, fault, StringComparison.Ordinal);
    }

    [Fact]
    public void Identity_Options_TellTasksApart()
    {
        string[] identities =
        [
            new PasskeyTask().Identity, new PasskeyTask(new PasskeyTaskOptions { Seed = 1 }).Identity, new PasskeyTask(new PasskeyTaskOptions { Lengths = [1_024] }).Identity,
            new RepetitionTask().Identity, new RepetitionTask(new RepetitionTaskOptions { CountsWords = true }).Identity, new RepetitionTask(new RepetitionTaskOptions { MaximumCount = 98 }).Identity,
        ];
        Assert.Equal(identities.Length, identities.Distinct().Count());
        Assert.Equal(identities[0], new PasskeyTask().Identity);
    }
}
