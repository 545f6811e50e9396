namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>Options of RULER's tasks. The defaults are the official ones, with built-in text where the official scripts download some.</summary>
public sealed record RulerOptions
{
    /// <summary>
    /// Lengths in tokens, each at least 1 and only once: the prompt, the beginning of the answer, the answer and <see cref="TemplateTokens"/> together. Default: 4,096 to
    /// 131,072, each twice the one before.
    /// </summary>
    public IReadOnlyList<int> Lengths { get; init; } = [4_096, 8_192, 16_384, 32_768, 65_536, 131_072];

    /// <summary>Items of each task and length, at least 1. Default: 500.</summary>
    public int ItemsPerLength { get; init; } = 500;

    /// <summary>
    /// Tokens of each length that are kept free for a chat template, at least 0. Default: 64, as <see cref="EvaluationModel.TemplateTokens"/>, so that an item of a model's whole
    /// window fits into it.
    /// </summary>
    public int TemplateTokens { get; init; } = 64;

    /// <summary>Decides all draws. Default: 42.</summary>
    public int Seed { get; init; } = 42;

    /// <summary>
    /// Files, folders and patterns of essays, as <see cref="LongContext.Data.Reading.DataFiles.Find"/> takes them: text files, or JSON with a field "text", such as the script's own
    /// PaulGrahamEssays.json. Figures are only comparable with published ones with those essays. Default: none, for thirty plain sentences in random order.
    /// </summary>
    public IReadOnlyList<string> Essays { get; init; } = [];

    /// <summary>
    /// SQuAD's file in its official JSON form for qa_1; the script's is dev-v2.0.json. Null (the default) for made-up passages, under the name qa_1-generated.
    /// </summary>
    public string? SquadFile { get; init; }

    /// <summary>
    /// HotpotQA's file in its official JSON form for qa_2; the script's is hotpot_dev_distractor_v1.json. Null (the default) for made-up passages, under the name qa_2-generated.
    /// </summary>
    public string? HotpotFile { get; init; }

    /// <summary>
    /// Words of cwe's lists: different, without white space, some 9,000 for 131,072 tokens. The script has those of the wonderwords package. Default: none, for some 800 common
    /// nouns and adjectives, and then pairs of them with a hyphen, 130,000 in all.
    /// </summary>
    public IReadOnlyList<string> CommonWords { get; init; } = [];

    /// <summary>Whether vt and cwe show a solved example first, as the script has it. Default: true. Without it they fit into shorter lengths.</summary>
    public bool SolvedExamples { get; init; } = true;

    internal void Validate()
    {
        List<string> faults = [];
        if (Lengths is null || Lengths.Count == 0) faults.Add($"{nameof(Lengths)} is empty, expected at least one");
        foreach (int bad in (Lengths ?? []).Where(length => length < 1).Take(1)) faults.Add($"{nameof(Lengths)} holds {bad}, expected at least 1");
        foreach (int twice in (Lengths ?? []).GroupBy(length => length).Where(group => group.Count() > 1).Select(group => group.Key).Take(1)) faults.Add($"{nameof(Lengths)} holds {twice} twice");
        if (ItemsPerLength < 1) faults.Add($"{nameof(ItemsPerLength)} is {ItemsPerLength}, expected at least 1");
        if (TemplateTokens < 0) faults.Add($"{nameof(TemplateTokens)} is {TemplateTokens}, expected at least 0");
        if (Essays is null) faults.Add($"{nameof(Essays)} is null");
        if (CommonWords is null) faults.Add($"{nameof(CommonWords)} is null");
        else if (CommonWords.Count > 0) AddWordFaults(CommonWords, faults);
        if (faults.Count > 0) throw new ArgumentException($"{nameof(RulerOptions)}: {string.Join("; ", faults)}.");
    }

    private static void AddWordFaults(IReadOnlyList<string> words, List<string> faults)
    {
        foreach (string bad in words.Where(word => Metrics.Words.Of(word ?? "") is not [var only] || only != word).Take(1))
            faults.Add($"{nameof(CommonWords)} holds \"{bad}\", expected words without white space");
        if (words.Count < 20) faults.Add($"{nameof(CommonWords)} has {words.Count} words, expected none or at least 20");
        if (words.Distinct(StringComparer.OrdinalIgnoreCase).Count() != words.Count) faults.Add($"{nameof(CommonWords)} holds a word twice");
    }
}
