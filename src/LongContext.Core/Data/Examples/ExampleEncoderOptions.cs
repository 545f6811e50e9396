using LongContext.Chat;

namespace LongContext.Data.Examples;

/// <summary>What an <see cref="ExampleEncoder"/> makes of examples.</summary>
public sealed record ExampleEncoderOptions
{
    /// <summary>
    /// Whether what the model is given counts in the loss as well: prompts, system prompts, questions and what stands around them. Default: false,
    /// only completions and answers count. Answers that are marked as not counting (<see cref="ChatTurn.CountsInLoss"/>) never do. Of texts every token counts either way.
    /// </summary>
    public bool LearnsPrompts { get; init; }

    /// <summary>
    /// Whether texts and completions end with the tokenizer's end-of-sentence token, where it has one and where it does not put one there itself. Default: true. Conversations
    /// end as their format says.
    /// </summary>
    public bool AddsEndOfSentence { get; init; } = true;

    /// <summary>How conversations are written; null (the default) for the format's defaults. Nothing in it may leave a turn open.</summary>
    public ChatRenderOptions? Rendering { get; init; }

    internal IEnumerable<string> FaultsOfSettings()
    {
        if (Rendering is { AddGenerationPrompt: true }) yield return "Rendering.AddGenerationPrompt opens an answer that never comes";
        if (Rendering is { ContinueFinalTurn: true }) yield return "Rendering.ContinueFinalTurn leaves the last answer without its end";
    }
}
