using LongContext.Data.Making;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>How long an item is to be.</summary>
/// <param name="Tokenizer">Counts.</param>
/// <param name="Length">Tokens of everything.</param>
/// <param name="Reserved">Of these, tokens for the answer and a template.</param>
internal readonly record struct RulerSize(Tokenizer Tokenizer, int Length, int Reserved)
{
    /// <summary>Share of a length that may be left.</summary>
    public const double Tolerance = 0.01;

    /// <summary>Tokens of prompt and answer prefix at most.</summary>
    public int PromptTokens => Length - Reserved;

    /// <summary>Tokens that may be left without a further count.</summary>
    public int Slack => (int)(Length * Tolerance / 4);

    /// <summary>Whether too much is left.</summary>
    public bool IsShort(int tokens) => PromptTokens - tokens > (int)(Length * Tolerance);

    /// <param name="what">What does not fit.</param>
    /// <param name="shortest">The shortest prompt there is.</param>
    public ArgumentException TooShort(string what, string shortest) => LengthFault.Create(
        $"{what} has more than {PromptTokens} tokens, which is what {Reserved} for template and answer leave of {Length}; expected a length that holds it.", Tokenizer.CountTokens(shortest) + Reserved);
}
