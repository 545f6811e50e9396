namespace LongContext.Evaluation.Reports;

/// <summary>A report small enough to be computed by hand: two models, one strategy, two tasks.</summary>
internal static class SmallReport
{
    public static EvaluationReport Create() => new()
    {
        Title = "Small | run",
        Began = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.FromHours(2)),
        Currency = "USD",
        Settings = [new("Seed", "7")],
        Items =
        [
            Item("a", "niah", "4096-0", 1) with { Length = 4096, Depth = 0, Answer = "42", References = ["42"] },
            Item("a", "niah", "8192-1", 0) with { Length = 8192, Depth = 1, Answer = "=1+1", References = ["42", "\"x\""], Judged = "B" },
            Item("a", "niah", "8192-2", null) with { Status = ItemStatus.Failed, Length = 8192, Depth = 0, Fault = "HTTP 500" },
            Item("a", "ppl", "w0", 8) with { Details = new Dictionary<string, double> { ["nll"] = 2.5 } },
            Item("b_x", "niah", "4096-0", 1) with { Length = 4096, Depth = 0, Answer = "42" },
            Item("b_x", "ppl", "w0", 2),
        ],
        Tasks =
        [
            new() { Model = "a", Strategy = "full", Task = "niah", Scored = 2, Failed = 1, Mean = 0.5, Interval = new(0.25, 0.75, 0.95), Figures = [new("4096", 100), new("8192", 0)], InputTokens = 20000, OutputTokens = 7, Duration = TimeSpan.FromSeconds(1.5), Cost = 0.25m },
            new() { Model = "a", Strategy = "full", Task = "ppl", Scored = 1, Mean = 8, LowerIsBetter = true, Figures = [new("perplexity", 8)], InputTokens = 1000, Duration = TimeSpan.FromSeconds(2), Cost = 0.050m },
            new() { Model = "b_x", Strategy = "full", Task = "niah", Scored = 1, Mean = 1, Figures = [new("4096", 100), new("8192", null)], InputTokens = 3, Duration = TimeSpan.FromMinutes(200), Cost = 0m },
            new() { Model = "b_x", Strategy = "full", Task = "ppl", Scored = 1, Mean = 2, LowerIsBetter = true, Figures = [new("perplexity", 2.125)], Cost = 0m },
        ],
    };

    public static ItemResult Item(string model, string task, string item, double? score) =>
        new() { Model = model, Strategy = "full", Task = task, Item = item, Status = score is null ? ItemStatus.Failed : ItemStatus.Scored, Score = score };
}
