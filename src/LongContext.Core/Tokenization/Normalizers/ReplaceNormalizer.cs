using LongContext.Tokenization.Patterns;

namespace LongContext.Tokenization.Normalizers;

/// <summary>Replaces every match of a pattern.</summary>
internal sealed class ReplaceNormalizer(TextReplacement replacement) : TextNormalizer
{
    public override string TypeName => "Replace";

    public TextReplacement Replacement => replacement;

    public override string Normalize(string text) => Normalize(text, new PatternBudget(text.Length));

    public override string Normalize(string text, PatternBudget budget) => replacement.Apply(text, budget);
}
