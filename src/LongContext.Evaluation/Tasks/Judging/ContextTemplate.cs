using LongContext.Evaluation.Tasks.Records;

namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>A prompt's text with a place for the long part, which alone may be shortened.</summary>
internal sealed class ContextTemplate
{
    private readonly FormatString places;
    private readonly string context;

    /// <param name="template">The text.</param>
    /// <param name="context">The name of the place for the long part.</param>
    /// <param name="others">The names of the other places, which must be there.</param>
    /// <param name="parameter">Where the text is set.</param>
    /// <exception cref="ArgumentException">A place is missing, comes twice or has another name.</exception>
    public ContextTemplate(string template, string context, IReadOnlyList<string> others, string parameter)
    {
        this.context = context;
        places = FormatString.ParseOption(template, parameter, parameter);
        string expected = $"expected {string.Join(" and ", others.Prepend(context).Select(name => $"{{{name}}}"))}";
        foreach (string name in places.Names)
        {
            if (name != context && !others.Contains(name)) throw new ArgumentException($"{parameter} has a place {{{name}}}, {expected}.", parameter);
        }

        if (others.FirstOrDefault(name => !places.Names.Contains(name)) is { } missing) throw new ArgumentException($"{parameter} has no place {{{missing}}}, {expected}.", parameter);
        int contexts = places.Names.Count(name => name == context);
        if (contexts != 1) throw new ArgumentException(FormattableString.Invariant($"{parameter} has {contexts} places {{{context}}}, expected one."), parameter);
    }

    /// <summary>The prompt with the long part in it.</summary>
    public EvaluationPrompt Fill(string longPart, Func<string, string> others)
    {
        (string before, string after) = places.FillAround(context, others);
        return new EvaluationPrompt { Before = before, Context = longPart, After = after };
    }
}
