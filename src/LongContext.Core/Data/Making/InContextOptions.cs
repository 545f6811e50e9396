using LongContext.Data.Examples;
using Microsoft.ML.Tokenizers;

namespace LongContext.Data.Making;

/// <summary>Options of an <see cref="InContextPacker"/>.</summary>
public sealed class InContextOptions
{
    /// <summary>Counts tokens, special tokens as its own settings say. Required.</summary>
    public required Tokenizer Tokenizer { get; init; }

    /// <summary>The most tokens of a sequence, the reserved ones included; at least 2. Default: 32,768.</summary>
    public int ContextLength { get; init; } = 32_768;

    /// <summary>
    /// Tokens kept free for what the encoder adds to the text that <see cref="Tokenizer"/> does not count. Default: 2, a beginning and an end of sentence.
    /// </summary>
    public int ReservedTokens { get; init; } = 2;

    /// <summary>What stands between two examples; not empty. Default: a blank line.</summary>
    public string Separator { get; init; } = "\n\n";

    /// <summary>What counts. Default: <see cref="InContextLoss.Everything"/>.</summary>
    public InContextLoss Loss { get; init; } = InContextLoss.Everything;

    /// <summary>
    /// Puts only examples of the same group together, for example of the same task: <c>example => example.Properties["task"]</c>, where
    /// <see cref="ColumnMap.WithProperties"/> kept the field. Null, the default, mixes them as they come.
    /// </summary>
    public Func<TrainingExample, string>? GroupBy { get; init; }

    /// <summary>
    /// With groups: how many examples are held back at most while groups fill up; beyond that the group that has waited longest becomes a
    /// sequence though it is not full. At least 1. Default: 16,384.
    /// </summary>
    public int LookAhead { get; init; } = 16_384;

    /// <summary>The most examples of a sequence, at least 1; null, the default, for as many as fit.</summary>
    public int? MaximumShots { get; init; }

    /// <summary>Whether an example that does not fit even alone is left out; if not (the default), it is an error that names it.</summary>
    public bool SkipOverlong { get; init; }

    internal void Validate()
    {
        List<string> faults = [];
        if (Tokenizer is null) faults.Add($"{nameof(Tokenizer)} is null");
        if (ContextLength < 2) faults.Add($"{nameof(ContextLength)} is {ContextLength}, expected at least 2");
        if (ReservedTokens < 0 || ReservedTokens >= Math.Max(2, ContextLength)) faults.Add($"{nameof(ReservedTokens)} is {ReservedTokens}, expected 0 to less than {nameof(ContextLength)}");
        if (string.IsNullOrEmpty(Separator)) faults.Add($"{nameof(Separator)} is empty");
        if (!Enum.IsDefined(Loss)) faults.Add($"{nameof(Loss)} is {Loss}, expected Everything, Answers or LastAnswer");
        if (LookAhead < 1) faults.Add($"{nameof(LookAhead)} is {LookAhead}, expected at least 1");
        if (MaximumShots < 1) faults.Add($"{nameof(MaximumShots)} is {MaximumShots}, expected at least 1");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(InContextOptions)}: {string.Join("; ", faults)}.");
    }
}
