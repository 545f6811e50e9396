namespace LongContext.Evaluation.Tasks.Likelihood;

/// <summary>Options of a <see cref="ChoiceTask"/>.</summary>
public sealed record ChoiceTaskOptions
{
    /// <summary>Which likelihood decides an item's score; the others are reported beside it. Default: <see cref="ChoiceNormalization.None"/>.</summary>
    public ChoiceNormalization Normalization { get; init; }

    /// <summary>
    /// Whether choices are also scored with nothing before them, which costs a short computation each. Default: false; it is done all the same where
    /// <see cref="Normalization"/> needs it.
    /// </summary>
    public bool ScoresUnconditionally { get; init; }

    /// <summary>
    /// Stands between prompt and choice, and is scored with the choice. Null (the default): a blank, as lm-evaluation-harness has it; nothing after a chat template
    /// without the beginning of an answer.
    /// </summary>
    public string? Delimiter { get; init; }

    /// <summary>
    /// Whether the model's chat template goes around the prompt. Default: false: the prompt's text is gone on with, as for base models. The client must know its
    /// template (<see cref="IPromptRenderer"/>).
    /// </summary>
    public bool UsesChatTemplate { get; init; }

    /// <summary>
    /// Whether the model's beginning-of-sentence token goes before the text, where it has one and the text does not begin with it. Default: true, as the tokenizer of such a model does it;
    /// lm-evaluation-harness did not until add_bos_token was given.
    /// </summary>
    public bool AddsBeginningOfSentence { get; init; } = true;

    internal void Validate()
    {
        if (!Enum.IsDefined(Normalization)) throw new ArgumentException($"{nameof(ChoiceTaskOptions)}: {nameof(Normalization)} is {Normalization}, expected one of the named values.");
    }
}
