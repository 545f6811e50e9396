namespace LongContext.Chat.Templates;

/// <summary>A piece of a template.</summary>
/// <param name="Kind">'D' text outside tags, 'S' a string, 'T' any other token, '{' and '}' around an expression, '[' and ']' around a statement.</param>
/// <param name="Text">The text; a string's without quotes and escapes.</param>
internal readonly record struct TemplatePart(char Kind, string Text)
{
    public bool IsString => Kind == 'S';
}
