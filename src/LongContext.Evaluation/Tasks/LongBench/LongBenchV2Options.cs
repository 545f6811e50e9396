namespace LongContext.Evaluation.Tasks.LongBench;

/// <summary>How LongBench v2 is evaluated.</summary>
public sealed record LongBenchV2Options
{
    /// <summary>How the questions are asked. Default: <see cref="LongBenchV2Mode.ZeroShot"/>.</summary>
    public LongBenchV2Mode Mode { get; init; } = LongBenchV2Mode.ZeroShot;

    /// <summary>The folder with 0shot.txt and the other prompts; null (the default) for the folder "prompts" beside the data file.</summary>
    public string? PromptFolder { get; init; }

    /// <summary>
    /// A prompt with more tokens loses its middle; so does one that does not fit into the model. Default: 120,000, as the script has it for models of 128k (200,000 for Claude 3.5). At
    /// least 2.
    /// </summary>
    public int MaximumPromptTokens { get; init; } = 120_000;

    /// <summary>For <see cref="LongBenchV2Mode.RetrievedContext"/>: how many of a record's passages are shown, the best ones. Default: 5. At least 1.</summary>
    public int RetrievedPassages { get; init; } = 5;

    /// <summary>
    /// Only the first so many questions, which the task's name says; null (the default) for all. Figures of fewer are no LongBench v2 scores.
    /// </summary>
    public int? MaximumItems { get; init; }

    /// <summary>
    /// Whether the figures are followed by those in which an answer that names no choice counts a quarter instead of nothing: the script's "compensated". Default: false.
    /// </summary>
    public bool Compensated { get; init; }

    internal void Validate()
    {
        List<string> faults = [];
        if (!Enum.IsDefined(Mode)) faults.Add($"{nameof(Mode)} is {Mode}, expected a value of the enumeration");
        if (PromptFolder is not null && string.IsNullOrWhiteSpace(PromptFolder)) faults.Add($"{nameof(PromptFolder)} is blank, expected a folder, or null");
        if (MaximumPromptTokens < 2) faults.Add(FormattableString.Invariant($"{nameof(MaximumPromptTokens)} is {MaximumPromptTokens}, expected at least 2"));
        if (RetrievedPassages < 1) faults.Add(FormattableString.Invariant($"{nameof(RetrievedPassages)} is {RetrievedPassages}, expected at least 1"));
        if (MaximumItems < 1) faults.Add(FormattableString.Invariant($"{nameof(MaximumItems)} is {MaximumItems}, expected at least 1"));
        if (faults.Count > 0) throw new ArgumentException($"{nameof(LongBenchV2Options)}: {string.Join("; ", faults)}.");
    }
}
