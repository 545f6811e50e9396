using LongContext.Evaluation.Tasks.Records;

namespace LongContext.Evaluation.Runs;

public sealed class ModelValidationTests
{
    [Fact]
    public void EvaluationModel_OutOfRange_IsRefusedWhereItIsSet()
    {
        EvaluationModel model = RunModels.Of(RunModels.Echo());
        Assert.Equal("ContextLength", Assert.Throws<ArgumentOutOfRangeException>(() => model with { ContextLength = -5 }).ParamName);
        Assert.Equal("TemplateTokens", Assert.Throws<ArgumentOutOfRangeException>(() => model with { TemplateTokens = -1 }).ParamName);
        Assert.Equal("Tokenizer", Assert.Throws<ArgumentNullException>(() => model with { Tokenizer = null! }).ParamName);
        Assert.Equal("Client", Assert.Throws<ArgumentNullException>(() => model with { Client = null! }).ParamName);
        Assert.Equal("Name", Assert.Throws<ArgumentException>(() => model with { Name = "" }).ParamName);
        Assert.Equal((null, 64), (model.ContextLength, model.TemplateTokens));
    }

    [Fact]
    public void ModelPrice_BelowZero_IsRefused()
    {
        Assert.Equal("PerMillionInputTokens", Assert.Throws<ArgumentOutOfRangeException>(() => new ModelPrice(-1, 1)).ParamName);
        Assert.Equal("PerMillionOutputTokens", Assert.Throws<ArgumentOutOfRangeException>(() => new ModelPrice(1, 1) with { PerMillionOutputTokens = -0.1m }).ParamName);
        Assert.Equal(3m, new ModelPrice(1, 2).Of(1_000_000, 1_000_000));
    }

    [Fact]
    public void QuestionTask_EmptyQuestion_IsNamed() =>
        Assert.Contains("Question 1: the question is empty", Assert.Throws<ArgumentException>(() => new QuestionTask([new Question { Text = " ", Answers = ["a"] }])).Message, StringComparison.Ordinal);

    [Fact]
    public void ToString_ProgressAndStanding_AreLinesForPeople()
    {
        EvaluationProgress progress = new() { Done = 1_200, Total = 4_000, Failed = 3, Requests = 1_300, InputTokens = 5_000_000, OutputTokens = 1, Elapsed = TimeSpan.FromSeconds(90), Remaining = TimeSpan.FromMinutes(4) };
        Assert.Equal("1,200 of 4,000 items, 3 failed, 1,300 requests, 5,000,001 tokens, 90.0 s, about 4.0 min left", progress.ToString());
        Assert.Equal("0 items, 0 requests, 0 tokens, 0 ms", new EvaluationProgress { Done = 0 }.ToString());
        Assert.Equal("m, s: 0.93 of the baseline, 12 items, 3,400 tokens an item, on the front", new StrategyStanding { Model = "m", Strategy = "s", Answered = 1, Normalized = 0.93, Items = 12, InputTokens = 3_400, IsOnFront = true }.ToString());
    }
}
