namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>Options of a <see cref="LongBenchChatTask"/>.</summary>
public sealed record LongBenchChatOptions
{
    /// <summary>The task's name in reports. Default: "longbench-chat".</summary>
    public string Name { get; init; } = "longbench-chat";

    /// <summary>LongAlign's test_cases.json: an array of objects with idx, prompt (the document and the query), query and answer. Required.</summary>
    public required string CasesPath { get; init; }

    /// <summary>
    /// LongAlign's few_shots.json: for each case by its idx, from 1, an array of objects with answer and score. Null (the default) for judging without rated answers.
    /// </summary>
    public string? ExamplesPath { get; init; }

    /// <summary>The judges, at least one, of different names. Required.</summary>
    public required IReadOnlyList<Judge> Judges { get; init; }

    /// <summary>Tokens of a prompt at most, at least 2; of a longer one the middle goes, also where the model's window is larger. Default: 64000.</summary>
    public int MaximumPromptTokens { get; init; } = 64_000;

    /// <summary>
    /// How answers are generated. Default: at most 1024 tokens, temperature 1, seed 42, as the authors' script sets them. It leaves it to a model's own generation settings whether tokens are drawn at
    /// all: without them transformers takes the likeliest each time, which here is a temperature of 0.
    /// </summary>
    public AnswerSettings Settings { get; init; } = new() { MaximumNewTokens = 1024, Temperature = 1, Seed = 42 };

    internal void Validate()
    {
        List<string> faults = [];
        if (string.IsNullOrWhiteSpace(Name)) faults.Add($"{nameof(Name)} is empty, expected text");
        if (string.IsNullOrEmpty(CasesPath)) faults.Add($"{nameof(CasesPath)} is empty, expected the path of a file");
        if (ExamplesPath is { Length: 0 }) faults.Add($"{nameof(ExamplesPath)} is empty, expected the path of a file, or null");
        if (MaximumPromptTokens < 2) faults.Add(FormattableString.Invariant($"{nameof(MaximumPromptTokens)} is {MaximumPromptTokens}, expected at least 2"));
        if (Settings is null) faults.Add($"{nameof(Settings)} is null");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(LongBenchChatOptions)}: {string.Join("; ", faults)}.");
    }
}
