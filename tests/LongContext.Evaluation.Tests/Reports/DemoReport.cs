using System.Globalization;
using LongContext.Data;
using LongContext.Evaluation.Tasks;

namespace LongContext.Evaluation.Reports;

/// <summary>A report as a run gives it: three models, two strategies, five tasks, lengths and depths, failures, hostile texts; the same each time.</summary>
internal static class DemoReport
{
    public const string Hostile = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & \"'` \0\u0007 \u202Eevil\u202C \uD800 | =1+1\r\n# no heading";

    public static readonly int[] Lengths = [4096, 8192, 16384, 32768, 65536, 131072];
    public static readonly double[] Depths = [0, 0.25, 0.5, 0.75, 1];
    private static readonly (string Name, double Skill, decimal? Price)[] Models = [("atlas-70b", 1.25, 0.9m), ("meta-llama/Llama-3.1-8B-Instruct", 0.85, 0.1m), ("own, fine-tuned", 0.6, 0m)];
    private static readonly string[] Strategies = ["full context", "retrieval, 5 chunks"];

    private static readonly string Essay = string.Join(' ', Enumerable.Range(0, 60).Select(i => string.Create(CultureInfo.InvariantCulture, $"Sentence {i} of the essay says nothing about numbers.")));

    public static EvaluationReport Create(int repeats = 4, bool costs = true)
    {
        List<ItemResult> items = [];
        List<TaskSummary> tasks = [];
        ulong seed = 0;
        foreach ((string model, double skill, decimal? price) in Models)
        {
            foreach (string strategy in Strategies)
            {
                foreach (string task in (string[])["ruler/niah_single_2", "ruler/niah_multikey_3", "ruler/vt", "longbench/qasper", "perplexity/pg19"])
                {
                    int from = items.Count;
                    bool sized = task != "longbench/qasper";
                    foreach (int length in sized ? Lengths : [0])
                    {
                        int count = task == "longbench/qasper" ? 10 * repeats : 5 * repeats;
                        for (int i = 0; i < count; i++) items.Add(Item(model, skill, costs ? price : null, strategy, task, length, i, new SplitMix64(seed++)));
                    }

                    tasks.Add(Summary([.. items.Skip(from)], task.StartsWith("perplexity", StringComparison.Ordinal)));
                }
            }
        }

        return new EvaluationReport
        {
            Title = "Long context, November",
            Began = new DateTimeOffset(2026, 11, 28, 20, 15, 0, TimeSpan.Zero),
            Items = items,
            Tasks = tasks,
            Currency = costs ? "EUR" : null,
            Settings =
            [
                new("Parallel requests", "8"), new("Retries", "3"), new("Seed", "42"), new("Tasks", "RULER at six lengths, LongBench qasper, PG-19"),
                new("Truncation", "middle"), new("Library", "LongContext 0.1.0"),
            ],
        };
    }

    private static ItemResult Item(string model, double skill, decimal? price, string strategy, string task, int length, int number, SplitMix64 random)
    {
        bool lower = task.StartsWith("perplexity", StringComparison.Ordinal), needle = task.Contains("niah", StringComparison.Ordinal), full = strategy == Strategies[0];
        double depth = Depths[number % Depths.Length];
        double steps = length == 0 ? 3 : Math.Log2(length / 4096.0);
        double middle = needle ? 1 - (4 * (depth - 0.5) * (depth - 0.5)) : 0.5;
        double hard = task switch { "ruler/niah_single_2" => 0.12, "ruler/niah_multikey_3" => 0.3, _ => 0.25 };
        double chance = full ? 1 - (hard * (0.3 + middle) * steps * steps / (8 * skill)) : (task == "ruler/vt" ? 0.35 : 0.9 - (0.02 * steps));
        double draw = random.NextDouble();
        ItemStatus status = ItemStatus.Scored;
        string? fault = null;
        if (full && skill < 0.7 && length > 65536)
        {
            status = ItemStatus.TooLong;
            fault = "The prompt has 131,007 tokens and 128 are kept for the answer; the model takes 65,536.";
        }
        else if (draw > 0.996)
        {
            status = ItemStatus.Failed;
            fault = "HTTP 429 after 3 retries: {\"error\":\"<b>rate limit</b> reached\"}";
        }

        double? score = status != ItemStatus.Scored ? null
            : lower ? Math.Round(11 - (1.5 * skill) - (0.25 * steps) + (full ? 0 : 1.2) + (skill < 0.9 && full ? 0.1 * steps * steps * steps / 4 : 0) + draw, 4)
            : task is "longbench/qasper" or "ruler/vt" ? Math.Round(Math.Clamp(chance + (0.5 * (draw - 0.5)), 0, 1), 3)
            : draw < chance ? 1 : 0;
        int tokens = full ? Math.Max(length - 128, 3600) : 1500;
        return new ItemResult
        {
            Model = model,
            Strategy = strategy,
            Task = task,
            Item = string.Create(CultureInfo.InvariantCulture, $"{(length == 0 ? "q" : length)}-{number}"),
            Status = status,
            Score = score,
            Fault = fault,
            Length = length == 0 ? null : length,
            Depth = needle ? depth : null,
            Group = task == "longbench/qasper" ? (number % 2 == 0 ? "0-4k" : "4-8k") : null,
            Details = lower ? new Dictionary<string, double> { ["nll"] = Math.Log(score ?? 1) } : new Dictionary<string, double>(),
            Properties = needle ? new Dictionary<string, string> { ["key"] = "blue-whale" } : new Dictionary<string, string>(),
            References = lower ? [] : needle ? ["7148291"] : ["a recurrent network", "RNN"],
            Prompt = status == ItemStatus.Scored ? $"Some special magic numbers are hidden within the following text.\n{Essay}\nWhat is the special magic number for blue-whale?" : null,
            Answer = status != ItemStatus.Scored || lower ? null : score == 1 ? "7148291" : number % 3 == 0 ? "I could not find it. " + Hostile : number % 3 == 1 ? "" : "The special magic number is 7148219.",
            Requests = status == ItemStatus.TooLong ? 0 : 1,
            InputTokens = status == ItemStatus.Scored ? tokens : 0,
            OutputTokens = status == ItemStatus.Scored && !lower ? 12 : 0,
            Duration = status == ItemStatus.Scored ? TimeSpan.FromMilliseconds(250 + (tokens / 40)) : TimeSpan.Zero,
            Cost = price is { } given && status == ItemStatus.Scored ? given * tokens / 1_000_000m : price is null ? null : 0,
            Truncated = length == 131072 && full,
        };
    }

    /// <summary>What a runner makes of items; here the interval is plain.</summary>
    public static TaskSummary Summary(IReadOnlyList<ItemResult> items, bool lowerIsBetter)
    {
        double[] scores = [.. items.Select(item => item.Score).OfType<double>()];
        double mean = scores.DefaultIfEmpty().Average();
        double error = scores.Length < 2 ? 0 : 1.96 * Math.Sqrt(scores.Sum(score => (score - mean) * (score - mean)) / (scores.Length - 1) / scores.Length);
        int[] lengths = [.. items.Select(item => item.Length).OfType<int>().Distinct()];
        double? Of(IEnumerable<ItemResult> some) => some.Select(item => item.Score).Average() is { } value ? Math.Round(lowerIsBetter ? value : 100 * value, 2) : null;
        return new TaskSummary
        {
            Model = items[0].Model,
            Strategy = items[0].Strategy,
            Task = items[0].Task,
            Scored = scores.Length,
            Failed = items.Count(item => item.Status == ItemStatus.Failed),
            TooLong = items.Count(item => item.Status == ItemStatus.TooLong),
            Mean = scores.Length == 0 ? null : mean,
            Interval = scores.Length < 2 ? null : new ConfidenceInterval(lowerIsBetter ? mean - error : Math.Max(0, mean - error), lowerIsBetter ? mean + error : Math.Min(1, mean + error), 0.95),
            Figures = lengths.Length > 0
                ? [.. lengths.Select(length => new TaskFigure(length.ToString(CultureInfo.InvariantCulture), Of(items.Where(item => item.Length == length))))]
                : [new TaskFigure("score", Of(items))],
            LowerIsBetter = lowerIsBetter,
            InputTokens = items.Sum(item => item.InputTokens),
            OutputTokens = items.Sum(item => item.OutputTokens),
            Duration = items.Aggregate(TimeSpan.Zero, (sum, item) => sum + item.Duration),
            Cost = items.Any(item => item.Cost is null) ? null : items.Sum(item => item.Cost!.Value),
        };
    }
}
