using LongContext.Tokenization.Patterns;

namespace LongContext.Tokenization.Normalizers;

/// <summary>One normalizer after the other.</summary>
internal sealed class SequenceNormalizer(TextNormalizer[] steps) : TextNormalizer
{
    public override string TypeName => "Sequence";

    public override IEnumerable<TextNormalizer> Steps => steps.SelectMany(step => step.Steps);

    public override string Normalize(string text) => Normalize(text, new PatternBudget(text.Length));

    public override string Normalize(string text, PatternBudget budget)
    {
        foreach (TextNormalizer step in steps) text = step.Normalize(text, budget);
        return text;
    }
}
