namespace LongContext.Data.Making;

/// <summary>How a denoised text is put to a model: what stands in a gap, how the answer names it, and what is said before.</summary>
public sealed record DenoisingForm
{
    /// <summary>
    /// T5's and UL2's: &lt;extra_id_0&gt; and so on in gaps and answer, and before the text the mode as the released UL2 models call it, [NLU], [NLG]
    /// or [S2S]. At most 100 gaps.
    /// </summary>
    public static DenoisingForm Sentinels { get; } = new();

    /// <summary>
    /// Instructions in plain words: fill in missing chunks, or complete the text. The form is near that of the UL2 data of OIG (Open Instruction
    /// Generalist, ul2_oscar.py), which the 32K Llama 2 was trained on: gaps are numbered from 1 as [words 1], the answer lists them a line each as
    /// "words 1: ". There long gaps are called "spans", some have no number, and all is a dialogue; most sentences here are our own. Gaps without end.
    /// </summary>
    public static DenoisingForm Instructions { get; } = new()
    {
        Prompts = new Dictionary<DenoisingMode, IReadOnlyList<string>>
        {
            [DenoisingMode.Regular] =
            [
                "Fill in the missing words:\n\n{text}\n\n",
                "Words are missing from the text below. Write what belongs in each gap.\n\n{text}\n\n",
                "Read this text and give the words for each numbered gap:\n\n{text}\n\n",
            ],
            [DenoisingMode.Extreme] =
            [
                "Fill in the missing parts:\n\n{text}\n\n",
                "Much of the text below is missing. Write a text for each gap.\n\n{text}\n\n",
                "Read what is left of this text and restore the rest, gap by gap:\n\n{text}\n\n",
            ],
            [DenoisingMode.Sequential] =
            [
                "Complete the text:\n\n{text}",
                "Go on with this text:\n\n{text}",
                "Here is the beginning of a text. Write the rest.\n\n{text}",
            ],
        },
        Gap = "[words {n}]",
        Label = "words {n}: ",
        Separator = "\n",
        FirstNumber = 1,
        MaximumGaps = int.MaxValue,
    };

    /// <summary>
    /// What the model is given, by mode, with {text} where the text goes; of several one is drawn. Default: the mode's name in brackets, a space
    /// and the text.
    /// </summary>
    public IReadOnlyDictionary<DenoisingMode, IReadOnlyList<string>> Prompts { get; init; } = new Dictionary<DenoisingMode, IReadOnlyList<string>>
    {
        [DenoisingMode.Regular] = ["[NLU] {text}"],
        [DenoisingMode.Extreme] = ["[NLG] {text}"],
        [DenoisingMode.Sequential] = ["[S2S] {text}"],
    };

    /// <summary>What stands in a gap, with {n} for its number. Default: &lt;extra_id_{n}&gt;.</summary>
    public string Gap { get; init; } = "<extra_id_{n}>";

    /// <summary>What stands in the answer before what was in a gap. Default: &lt;extra_id_{n}&gt;.</summary>
    public string Label { get; init; } = "<extra_id_{n}>";

    /// <summary>What stands in the answer between two gaps. Default: nothing.</summary>
    public string Separator { get; init; } = "";

    /// <summary>The first gap's number, at least 0. Default: 0.</summary>
    public int FirstNumber { get; init; }

    /// <summary>A text has no more gaps than this, at least 1. Default: 100, as many as T5 has sentinels.</summary>
    public int MaximumGaps { get; init; } = 100;

    internal void AddFaults(IEnumerable<DenoisingMode> modes, List<string> faults)
    {
        if (NumberedText.Fault(Gap) is { } gap) faults.Add($"{nameof(Gap)} {gap}");
        if (NumberedText.Fault(Label) is { } label) faults.Add($"{nameof(Label)} {label}");
        if (Separator is null) faults.Add($"{nameof(Separator)} is null");
        if (FirstNumber < 0) faults.Add($"{nameof(FirstNumber)} is {FirstNumber}, expected at least 0");
        if (MaximumGaps < 1) faults.Add($"{nameof(MaximumGaps)} is {MaximumGaps}, expected at least 1");
        if (Prompts is null)
        {
            faults.Add($"{nameof(Prompts)} is null");
            return;
        }

        foreach (DenoisingMode mode in modes)
        {
            if (!Prompts.TryGetValue(mode, out IReadOnlyList<string>? prompts) || prompts is null || prompts.Count == 0)
                faults.Add($"{nameof(Prompts)} has none for {mode}");
            foreach (string prompt in prompts ?? [])
            {
                if (PromptTemplate.Fault(prompt, $"{nameof(Prompts)}[{mode}]") is { } fault) faults.Add(fault);
            }
        }
    }
}
