namespace LongContext.Chat.Formats;

/// <summary>Llama 3: headers with the role, contents trimmed; from 3.1 on a system block with the date.</summary>
internal static class Llama3Formats
{
    /// <summary>The date that Llama 3.1's template has where none is given.</summary>
    private static readonly DateOnly FixedDate = new(2024, 7, 26);

    /// <param name="beginning">The beginning-of-sentence token.</param>
    /// <param name="alwaysPrompts">Whether the generation prompt stands there unasked, as in Llama 3's first template.</param>
    public static ChatFormat Version30(string beginning, bool alwaysPrompts = false) =>
        Create("llama3", beginning, (system, _) => system is null ? null : PythonText.Strip(system), alwaysPrompts);

    public static ChatFormat Version31(string beginning) =>
        Create("llama3.1", beginning, (system, options) => SystemDates.Llama(system, options.Date ?? FixedDate));

    public static ChatFormat Version32(string beginning) =>
        Create("llama3.2", beginning, (system, options) => SystemDates.Llama(system, options.DateOrToday()));

    private static BlockFormat Create(
        string name, string beginning, Func<string?, ChatRenderOptions, string?> system, bool alwaysPrompts = false) =>
        new(name, "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>")
        {
            Header = role => $"<|start_header_id|>{role}<|end_header_id|>\n\n",
            EndOfTurn = "<|eot_id|>",
            Beginning = beginning,
            Trims = true,
            System = system,
            AlwaysPrompts = alwaysPrompts,
        };
}
