namespace LongContext.Data.Making;

/// <summary>A prompt with places like {text} to fill in.</summary>
internal static class PromptTemplate
{
    public const string TextPlace = "{text}";

    /// <summary>What is wrong with a template, or null.</summary>
    public static string? Fault(string? template, string name) =>
        template is null ? $"{name} is null"
        : template.Split(TextPlace).Length != 2 ? $"{name} is \"{template}\", expected {TextPlace} in it exactly once"
        : null;

    /// <summary>Fills in all places at once, so that braces inside what is filled in stay as they are.</summary>
    public static string Fill(string template, string text, params ReadOnlySpan<(string Place, string Value)> others)
    {
        (string before, string after) = Around(template, others);
        return string.Concat(before, text, after);
    }

    /// <summary>What stands before the text and after it.</summary>
    public static (string Before, string After) Around(string template, params ReadOnlySpan<(string Place, string Value)> others)
    {
        string[] parts = template.Split(TextPlace);
        foreach ((string place, string value) in others)
        {
            for (int i = 0; i < parts.Length; i++) parts[i] = parts[i].Replace(place, value, StringComparison.Ordinal);
        }

        return (parts[0], parts[1]);
    }
}
