using LongContext.Data.Examples;
using LongContext.Data.Making;
using LongContext.Tokenization;

namespace LongContext.Data.Mixing;

/// <summary>
/// The data of the 32K Llama 2's few-shot tuning: a fifth each of natural instructions, prompt collections, general text, books and papers, by tokens; of the first two as
/// many examples as fit are packed into one sequence, as in-context examples.
/// </summary>
/// <remarks>
/// Together, "Preparing for the era of 32K context" (28 July 2023): "20% Natural Instructions (NI), 20% Public Pool of Prompts (P3), 20% the Pile. To mitigate forgetting, we further
/// incorporate 20% RedPajama Book and 20% RedPajama ArXiv with abstracts. We decontaminated all data against HELM core scenarios … We teach the model to leverage the in-context
/// examples by packing as many examples as possible into one 32K-token sequence." For that, give <see cref="PublishedMixture.Decontaminator"/> the scenarios' texts. Whether examples of one
/// task were packed together is not said; <see cref="GroupBy"/> does it.
/// </remarks>
public sealed record FewShotTuningMixture : PublishedMixture
{
    /// <summary>20 %: natural instructions, prompts with completions. Required.</summary>
    public MixtureShare? NaturalInstructions { get; init; }

    /// <summary>20 %: prompt collections such as P3, prompts with completions. Required.</summary>
    public MixtureShare? PromptCollections { get; init; }

    /// <summary>20 %: general text, for example the Pile. Required.</summary>
    public MixtureShare? GeneralText { get; init; }

    /// <summary>20 %: books. Required.</summary>
    public MixtureShare? Books { get; init; }

    /// <summary>20 %: papers with their abstracts. Required.</summary>
    public MixtureShare? Papers { get; init; }

    /// <summary>The least tokens of a sequence; shorter ones are left out and counted. Default 1: for this phase no least length is published.</summary>
    public int MinimumTokens { get; init; } = 1;

    /// <summary>What stands between two in-context examples. Default: a blank line.</summary>
    public string Separator { get; init; } = "\n\n";

    /// <summary>Which tokens of in-context examples count. Default: all.</summary>
    public InContextLoss Loss { get; init; } = InContextLoss.Everything;

    /// <summary>
    /// Puts only examples of the same group into a sequence, for example of the same task: <c>example => example.Origin!.Path</c> where a file is a task, or
    /// <c>example => example.Properties["task"]</c> where the share's columns keep such a field (<see cref="ColumnMap.WithProperties"/>). Default: null, they are mixed as they come.
    /// </summary>
    public Func<TrainingExample, string>? GroupBy { get; init; }

    /// <inheritdoc/>
    internal override IReadOnlyList<PublishedShare> Shares =>
    [
        new(nameof(NaturalInstructions), "natural instructions", 0.2, ShareForm.InContext, NaturalInstructions),
        new(nameof(PromptCollections), "prompt collections", 0.2, ShareForm.InContext, PromptCollections),
        new(nameof(GeneralText), "general text", 0.2, ShareForm.AsTheyAre, GeneralText),
        new(nameof(Books), "books", 0.2, ShareForm.AsTheyAre, Books),
        new(nameof(Papers), "papers with abstracts", 0.2, ShareForm.AsTheyAre, Papers),
    ];

    internal override int LeastTokens => MinimumTokens;

    internal override InContextOptions InContext(HuggingFaceTokenizer tokenizer) => new()
    {
        Tokenizer = tokenizer,
        ContextLength = ContextLength,
        Separator = Separator,
        Loss = Loss,
        GroupBy = GroupBy,
        SkipOverlong = true,
    };

    private protected override IEnumerable<string> OtherFaults()
    {
        if (string.IsNullOrEmpty(Separator)) yield return $"{nameof(Separator)} is empty";
        if (!Enum.IsDefined(Loss)) yield return $"{nameof(Loss)} is {Loss}, expected one of {string.Join(", ", Enum.GetNames<InContextLoss>())}";
    }
}
