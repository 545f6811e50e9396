using LongContext.Chat;
using LongContext.Packing;

namespace LongContext.Recipes;

/// <summary>What <see cref="InstructionTuning"/> takes.</summary>
public sealed record InstructionTuningOptions : RecipeOptions
{
    /// <summary>The context to train at, in tokens; positions are stretched where it is longer than the model's window. Null (the default) for that window.</summary>
    public int? ContextLength { get; init; }

    /// <summary>
    /// Held-out conversations with their masks, none longer than the context: the loss of their answers, by position, is measured before the first step and after the
    /// last. Default empty: nothing is measured.
    /// </summary>
    public IReadOnlyList<TokenSequence> HeldOut { get; init; } = [];

    /// <summary>
    /// The format that the conversations are written in, so that the saved model is asked as it was taught: its template goes into <see cref="RecipeOptions.OutputFolder"/>
    /// (<see cref="ChatFormat.SaveTemplate"/>). One without a template is told to the logger and in <see cref="RecipeReport.ChatFormatFault"/>. Null (the default): the folder has the template of the model's own folder, if any.
    /// </summary>
    public ChatFormat? ChatFormat { get; init; }

    private protected override IEnumerable<string> OwnFaults()
    {
        if (ContextLength is < 2) yield return $"ContextLength must be at least 2, but is {ContextLength}";
        if (HeldOut is null || HeldOut.Any(sequence => sequence is null)) yield return "HeldOut must not be null, nor hold null";
        else if (HeldOut.Count > 0 && HeldOut.All(sequence => sequence.CountTargets() == 0)) yield return "HeldOut has no target: no token of it is an answer's";
    }
}
