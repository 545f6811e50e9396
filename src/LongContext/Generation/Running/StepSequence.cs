using LongContext.Generation.Sampling;
using LongContext.Positions;

namespace LongContext.Generation.Running;

/// <summary>One sequence's part of a step: its next tokens, which see what is cached of it and one another causally.</summary>
internal struct StepSequence
{
    /// <summary>First of its rows among the step's tokens.</summary>
    public int TokenStart;

    /// <summary>Its new tokens in this step, at least 1.</summary>
    public int TokenCount;

    /// <summary>Tokens of it that are in the cache already; the first new one has this position.</summary>
    public int CachedTokens;

    /// <summary>Length that frequencies are computed for where they depend on it (dynamic NTK, LongRoPE); at least CachedTokens + TokenCount.</summary>
    public int FrequencyLength;

    /// <summary>For how many of its last new tokens logits are wanted: 0 inside a prompt, 1 at its end and when decoding, more when guesses are checked or text is scored.</summary>
    public int LogitCount;

    /// <summary>What is wanted of those rows: the scores, by default, or the likeliest tokens. Runners that find no candidates give scores.</summary>
    public RowNeed Need;

    /// <summary>Pages that hold its cached tokens and have room for the new ones.</summary>
    public SequencePages Pages;

    /// <summary>How positions are remapped in layers without a window; null for not at all. The same from a sequence's first token to its last.</summary>
    public PositionRemapping? Remapping;

    /// <summary>Sinks and window that hold in layers without a window of their own; null for all tokens. The same from a sequence's first token to its last, and never with a remapping.</summary>
    public AttentionSinks? Sinks;

    /// <summary>Cached tokens that groups without a window hold no more: there a token at position p lies in slot p − Dropped, while its rotation stays that of p.</summary>
    public int Dropped;

    /// <summary>Takes what each head keeps, where this step ends the prompt; its last observed tokens are in the step, and their logits are wanted. Null for none.</summary>
    public PromptChoice? Choice;
}
