using Microsoft.ML.Tokenizers;

namespace LongContext.Data.Making;

/// <summary>Options of a <see cref="MultiHopMaker"/>. The defaults are RULER's variable tracking.</summary>
public sealed class MultiHopOptions
{
    /// <summary>Counts tokens, special tokens as its own settings say. Required.</summary>
    public required Tokenizer Tokenizer { get; init; }

    /// <summary>Shortest item, in tokens of prompt and completion. Default: 1,024.</summary>
    public int MinimumTokens { get; init; } = 1_024;

    /// <summary>
    /// Longest item; each length between is drawn equally often. Default: 32,768. What an encoder adds (a beginning and an end of sentence, and a token where it encodes
    /// prompt and completion apart) is not counted: for a context to pack into, stay some tokens below it.
    /// </summary>
    public int MaximumTokens { get; init; } = 32_768;

    /// <summary>Tokens to keep for an answer in place of the completion's own, as RULER does (30); null, the default, counts the completion.</summary>
    public int? AnswerTokens { get; init; }

    /// <summary>What chains are made of. Default: <see cref="MultiHopForm.Variables"/>.</summary>
    public MultiHopForm Form { get; init; } = MultiHopForm.Variables;

    /// <summary>Steps of a chain, at least 1. Default: 4.</summary>
    public int Hops { get; init; } = 4;

    /// <summary>Chains, of which one is asked about, at least 1. Default: 1.</summary>
    public int Chains { get; init; } = 1;

    /// <summary>The text around. Default: <see cref="Haystack.Noise"/>.</summary>
    public Haystack Haystack { get; init; } = Haystack.Noise;

    /// <summary>Which half of names and values is used. Default: <see cref="ValueSplit.Training"/>.</summary>
    public ValueSplit Split { get; init; } = ValueSplit.Training;

    /// <summary>Decides all draws, together with each item's number. Default: 0.</summary>
    public int Seed { get; init; }

    /// <summary>
    /// The question, with {text}, {query} (the value, or the thing the chain begins with) and {count} (of answers). Null, the default, is RULER's for
    /// variables, and its like for facts.
    /// </summary>
    public string? Template { get; init; }

    /// <summary>The beginning of the answer, with {query} and {count}. Null, the default, is RULER's for variables, without the blank at its end.</summary>
    public string? AnswerPrefix { get; init; }

    internal string EffectiveTemplate => Template ?? (Form == MultiHopForm.Variables
        ? "Memorize and track the chain(s) of variable assignment hidden in the following text.\n\n{text}\nQuestion: Find all variables that are assigned the value {query} in the text above."
        : "The following text says of some things what they are inside of. Remember it.\n\n{text}\nQuestion: The {query} is inside something, which may be inside something else, and so on. What is the outermost of them?");

    internal string EffectivePrefix => AnswerPrefix ?? (Form == MultiHopForm.Variables
        ? " Answer: According to the chain(s) of variable assignment in the text above, {count} variables are assigned the value {query}, they are:"
        : " Answer: The outermost is the");

    internal void Validate()
    {
        List<string> faults = [];
        if (Tokenizer is null) faults.Add($"{nameof(Tokenizer)} is null");
        TokenRange.AddFaults(MinimumTokens, MaximumTokens, faults);
        if (AnswerTokens < 0) faults.Add($"{nameof(AnswerTokens)} is {AnswerTokens}, expected at least 0");
        if (!Enum.IsDefined(Form)) faults.Add($"{nameof(Form)} is {Form}, expected Variables or Facts");
        if (Hops < 1) faults.Add($"{nameof(Hops)} is {Hops}, expected at least 1");
        if (Chains < 1) faults.Add($"{nameof(Chains)} is {Chains}, expected at least 1");
        if (((long)Hops + 1) * Chains > 10_000) faults.Add($"{nameof(Hops)} + 1 times {nameof(Chains)} is {((long)Hops + 1) * Chains}, expected at most 10,000");
        if (Haystack is null) faults.Add($"{nameof(Haystack)} is null");
        else if (ReferenceEquals(Haystack, Haystack.Needles)) faults.Add($"{nameof(Haystack)} is {nameof(Haystack.Needles)}, which is only for a {nameof(NeedleMaker)}");
        if (!Enum.IsDefined(Split)) faults.Add($"{nameof(Split)} is {Split}, expected Training or Evaluation");
        if (PromptTemplate.Fault(EffectiveTemplate, nameof(Template)) is { } fault) faults.Add(fault);
        if (faults.Count > 0) throw new ArgumentException($"{nameof(MultiHopOptions)}: {string.Join("; ", faults)}.");
    }
}
