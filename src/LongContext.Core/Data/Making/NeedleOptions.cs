using Microsoft.ML.Tokenizers;

namespace LongContext.Data.Making;

/// <summary>Options of a <see cref="NeedleMaker"/>. The defaults are RULER's single needle among plain sentences.</summary>
public sealed class NeedleOptions
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

    /// <summary>Tokens to keep for an answer in place of the completion's own, as RULER does (128); null, the default, counts the completion.</summary>
    public int? AnswerTokens { get; init; }

    /// <summary>The text around. Default: <see cref="Haystack.PlainSentences"/>.</summary>
    public Haystack Haystack { get; init; } = Haystack.PlainSentences;

    /// <summary>Keys that are hidden, at least <see cref="QueryCount"/>. Default: 1.</summary>
    public int KeyCount { get; init; } = 1;

    /// <summary>Values of each key, each in a needle of its own, at least 1. Default: 1.</summary>
    public int ValuesPerKey { get; init; } = 1;

    /// <summary>Keys that are asked about, at least 1. Default: 1.</summary>
    public int QueryCount { get; init; } = 1;

    /// <summary>What keys are. Default: <see cref="NeedleKind.Words"/>.</summary>
    public NeedleKind KeyKind { get; init; } = NeedleKind.Words;

    /// <summary>What values are. Default: <see cref="NeedleKind.Numbers"/>.</summary>
    public NeedleKind ValueKind { get; init; } = NeedleKind.Numbers;

    /// <summary>
    /// How deep the first value that is asked for is hidden, 0 to 1. Null, the default, draws it like all others: of 40 even steps without
    /// repetition, as RULER does, and anywhere where there are more needles.
    /// </summary>
    public double? Depth { get; init; }

    /// <summary>Which half of keys and values is used. Default: <see cref="ValueSplit.Training"/>.</summary>
    public ValueSplit Split { get; init; } = ValueSplit.Training;

    /// <summary>Decides all draws, together with each item's number. Default: 0.</summary>
    public int Seed { get; init; }

    /// <summary>What tells a value, with {kind}, {key} and {value}. Default: RULER's.</summary>
    public string Needle { get; init; } = "One of the special magic {kind} for {key} is: {value}.";

    /// <summary>The question about one value, with {text}, {kind} and {query}. Default: RULER's.</summary>
    public string SingularTemplate { get; init; } =
        "A special magic {kind} is hidden within the following text. Make sure to memorize it. I will quiz you about the {kind} afterwards.\n{text}\nWhat is the special magic {kind} for {query} mentioned in the provided text?";

    /// <summary>The question about several values, with {text}, {kind} and {query}. Default: RULER's.</summary>
    public string PluralTemplate { get; init; } =
        "Some special magic {kind} are hidden within the following text. Make sure to memorize it. I will quiz you about the {kind} afterwards.\n{text}\nWhat are all the special magic {kind} for {query} mentioned in the provided text?";

    /// <summary>The beginning of an answer of one value. Default: RULER's.</summary>
    public string SingularPrefix { get; init; } = " The special magic {kind} for {query} mentioned in the provided text is";

    /// <summary>The beginning of an answer of several values. Default: RULER's.</summary>
    public string PluralPrefix { get; init; } = " The special magic {kind} for {query} mentioned in the provided text are";

    /// <summary>
    /// Share of the length that may be left, for measurements at many lengths: fewer prompts are counted to find how much fits, and what a whole line more would
    /// overshoot is filled with words of <see cref="Haystack.Noise"/>. 0, the default: as many whole pieces as fit, which is what makers have always made.
    /// </summary>
    internal double LengthTolerance { get; init; }

    internal void Validate()
    {
        List<string> faults = [];
        if (Tokenizer is null) faults.Add($"{nameof(Tokenizer)} is null");
        TokenRange.AddFaults(MinimumTokens, MaximumTokens, faults);
        if (AnswerTokens < 0) faults.Add($"{nameof(AnswerTokens)} is {AnswerTokens}, expected at least 0");
        if (Haystack is null) faults.Add($"{nameof(Haystack)} is null");
        if (ValuesPerKey < 1) faults.Add($"{nameof(ValuesPerKey)} is {ValuesPerKey}, expected at least 1");
        if (QueryCount < 1) faults.Add($"{nameof(QueryCount)} is {QueryCount}, expected at least 1");
        if (KeyCount < QueryCount) faults.Add($"{nameof(KeyCount)} is {KeyCount}, expected at least {nameof(QueryCount)}, {QueryCount}");
        if ((long)KeyCount * ValuesPerKey > 10_000) faults.Add($"{nameof(KeyCount)} times {nameof(ValuesPerKey)} is {(long)KeyCount * ValuesPerKey}, expected at most 10,000 needles");
        if (!Enum.IsDefined(KeyKind)) faults.Add($"{nameof(KeyKind)} is {KeyKind}, expected Numbers, Words or Uuids");
        if (!Enum.IsDefined(ValueKind)) faults.Add($"{nameof(ValueKind)} is {ValueKind}, expected Numbers, Words or Uuids");
        if (Depth is { } depth && !(depth is >= 0 and <= 1)) faults.Add(FormattableString.Invariant($"{nameof(Depth)} is {depth}, expected 0 to 1"));
        if (!Enum.IsDefined(Split)) faults.Add($"{nameof(Split)} is {Split}, expected Training or Evaluation");
        if (Needle is null || Needle.Split("{key}").Length != 2 || Needle.Split("{value}").Length != 2) faults.Add($"{nameof(Needle)} is \"{Needle}\", expected {{key}} and {{value}} in it exactly once each");
        if (PromptTemplate.Fault(SingularTemplate, nameof(SingularTemplate)) is { } singular) faults.Add(singular);
        if (PromptTemplate.Fault(PluralTemplate, nameof(PluralTemplate)) is { } plural) faults.Add(plural);
        if (SingularPrefix is null || PluralPrefix is null) faults.Add($"{nameof(SingularPrefix)} or {nameof(PluralPrefix)} is null");
        if (faults.Count > 0) throw new ArgumentException($"{nameof(NeedleOptions)}: {string.Join("; ", faults)}.");
    }
}
